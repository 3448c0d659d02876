//! Seconds and memory of a training step of a Fourier neural operator, beside the floor that the machine sets.

use super::Timings;
use super::machine::{self, Machine};
use super::memory::peak_above_idle;
use serde::Serialize;
use sobolev_nn::loss::Reduction;
use sobolev_nn::{Loss, Model, OptimiserSettings};
use sobolev_operators::{Fno, FnoSettings};
use sobolev_tensor::{Pool, Random, Result, Tape, Tensor, Var};

/// A training step to measure: forward, relative L2 loss, backward, Adam, in f32.
#[derive(Debug, Clone)]
pub struct Step {
    /// Points along each axis.
    pub grid: Vec<usize>,
    /// The model.
    pub model: FnoSettings,
    /// Samples in a batch.
    pub batch: usize,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Points along each axis.
    pub grid: Vec<usize>,
    /// The model.
    pub model: FnoSettings,
    /// Samples in a batch.
    pub batch: usize,
    /// Numbers in its parameters, a complex weight counted as two.
    pub parameters: usize,
    /// Seconds of a training step, median.
    pub seconds: f64,
    /// The same, best.
    pub min: f64,
    /// Distance of the quartiles over the median.
    pub spread: f64,
    /// Seconds of the prediction for one batch, median.
    pub inference_seconds: f64,
    /// Peak memory of the training steps above the memory before them, MB; absent where the system does not tell.
    pub peak_memory_mb: Option<f64>,
    /// Least seconds of a training step on this machine; see [`floor_seconds`].
    pub floor_seconds: f64,
    /// Multiply-adds (two operations each) of a step in the folded form, in 10^9 operations.
    pub floor_gflop: f64,
    /// The rates behind the floor.
    pub machine: Machine,
}

/// Operations of one training step with folded transforms: an axis of n points costs half of the plain product with its
/// cosines and sines (real axis) or a quarter (complex axis). Transforms run twice forward and twice backward in each layer;
/// a product with a weight runs once forward and twice backward, but for the lifting, whose input needs no gradient.
pub fn operations(step: &Step) -> f64 {
    let FnoSettings { modes, width, depth, inputs, outputs, projection, coordinates, padding, .. } =
        &step.model;
    let size = |n: usize| n as f64;
    let part = |axis: usize| padding.get(axis).copied().unwrap_or(0.0);
    let padded: Vec<f64> =
        step.grid.iter().enumerate().map(|(axis, &n)| size(n) + (part(axis) * size(n)).round()).collect();
    let last = modes.len() - 1;
    // Multiply-adds of the transform of one sample, from the last axis to the first.
    let mut values = padded.iter().product::<f64>() * size(*width);
    let mut transform = values * size(modes[last]);
    values *= 2.0 * size(modes[last]) / padded[last];
    for axis in (0..last).rev() {
        transform += values * size(modes[axis]);
        values *= 2.0 * size(modes[axis]) / padded[axis];
    }
    let points = step.grid.iter().map(|&n| size(n)).product::<f64>();
    let padded_points = padded.iter().product::<f64>();
    let layer = 4.0 * transform + 3.0 * (2.0 * values * size(*width) + padded_points * size(width * width));
    let lifted = inputs + coordinates.channels(modes.len());
    let ends = 2.0 * size(lifted * width) + 3.0 * size((width + outputs) * projection);
    2.0 * size(step.batch) * (size(*depth) * layer + points * ends)
}

/// The floor: operations over the best product rate, activations at their cost in cache, the optimiser's bytes (gradient
/// read; weight and two moments read and written) over the bandwidth. Intermediate values count nothing.
pub fn floor_seconds(step: &Step, parameters: usize, machine: &Machine) -> f64 {
    let points: f64 = step.grid.iter().map(|&n| n as f64).product::<f64>() * step.batch as f64;
    let activated = points * (step.model.width * (step.model.depth - 1) + step.model.projection) as f64;
    let activations =
        activated * (machine.gelu_ns + machine.gelu_backward_ns) * 1e-9 / machine.threads as f64;
    let optimiser = (7 * size_of::<f32>() * parameters) as f64 / (machine.copy_gb_per_s * 1e9);
    operations(step) / (machine.matmul_gflops * 1e9) + activations + optimiser
}

/// Measures a training step in about `seconds` seconds, on the threads of the current pool.
///
/// # Errors
/// When the settings or the grid are out of range.
pub fn run(step: &Step, seconds: f64) -> Result<Report> {
    let mut model = Fno::<f32>::new(step.model.clone(), 0)?;
    let parameters = model.parameters().count();
    let field = |channels: usize, stream: u64| {
        let shape = [&[step.batch], &step.grid[..], &[channels]].concat();
        let mut numbers = Random::new(0, "bench").stream(stream);
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| numbers.normal() as f32).collect();
        Tensor::from_slice(&shape, &values)
    };
    let (input, target) = (field(step.model.inputs, 0)?, field(step.model.outputs, 1)?);
    let loss = Loss::RelativeL2 {}.on::<f32>(&target.shape()[1..])?;
    let pool = Pool::new();
    let (timings, peak_memory_mb) = peak_above_idle(|| {
        let mut optimiser = OptimiserSettings::default().build(model.parameters())?;
        Timings::of(5, seconds, || {
            let mut tape = Tape::recording(&pool);
            let prediction = model.forward(&mut tape, Var::constant(input.clone()))?;
            let value = loss.forward(&mut tape, prediction, &target, Reduction::Mean)?;
            let gradients = tape.backward(value.value)?;
            optimiser.step(model.parameters_mut(), &gradients, 1e-3, 1.0);
            Ok(())
        })
    });
    let timings = timings?;
    let inference = Timings::of(5, seconds / 4.0, || {
        model.forward(&mut Tape::inference(&pool), Var::constant(input.clone())).map(|_| ())
    })?;
    drop(pool);
    let machine = machine::run();
    Ok(Report {
        grid: step.grid.clone(),
        model: step.model.clone(),
        batch: step.batch,
        parameters,
        seconds: timings.median(),
        min: timings.min(),
        spread: timings.spread(),
        inference_seconds: inference.median(),
        peak_memory_mb,
        floor_seconds: floor_seconds(step, parameters, &machine),
        floor_gflop: operations(step) * 1e-9,
        machine,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_of_the_published_darcy_layer_are_counted_by_hand() {
        // 85 x 85, 12 modes, width 32, batch 20, no padding. Per sample and transform: last axis 85 * 85 * 12 * 32
        // multiply-adds, first axis 85 * (12 * 64) * 12; product of modes 288 * 4 * 32 * 32; pointwise 85 * 85 * 32 * 32.
        let step = Step { grid: vec![85, 85], model: FnoSettings::default(), batch: 20 };
        let transform = 85.0 * 85.0 * 12.0 * 32.0 + 85.0 * 12.0 * 64.0 * 12.0;
        let layer = 4.0 * transform + 3.0 * (288.0 * 4.0 * 1024.0 + 7225.0 * 1024.0);
        let ends = 7225.0 * (2.0 * 3.0 * 32.0 + 3.0 * 33.0 * 128.0);
        let expected = 2.0 * 20.0 * (4.0 * layer + ends);
        assert!((operations(&step) / expected - 1.0).abs() < 1e-12);
    }
}
