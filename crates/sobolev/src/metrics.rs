//! How far predictions are from their targets: the measures of the field, per sample and in the mean.
//!
//! Arrays are `[batch, x1, .., xd, channel]`, d = 1 to 3, f32 or f64; everything is summed in f64. With `e = prediction -
//! target`, `t = target`, N grid points and C channels, each measure is defined for one sample, and the mean over samples
//! is the plain mean of these:
//!
//! | measure | definition for one sample |
//! |---|---|
//! | relative L2 | `|e| / |t|`, Euclidean norms over grid and channels together (the loss of Li et al. 2021) |
//! | relative H1 | `|e|_H1 / |t|_H1`, `|v|_H1^2 = |v|^2 + sum_a |d_a v|^2`, over grid and channels together; see [`Derivative`] |
//! | RMSE | `sqrt(mean_x e^2)` for each channel, then the mean over channels (Takamoto et al. 2022, PDEBench) |
//! | nRMSE | `sqrt(mean_x e^2) / sqrt(mean_x t^2)` for each channel, then the mean over channels (PDEBench) |
//! | largest error | `max |e|` over grid and channels |
//! | Fourier error low, mid, high | see [`Evaluation::fourier_low`] |
//!
//! A quotient whose denominator, as a root mean square, is below 1e-100 divides by 1e-100 instead: a target that vanishes
//! gives 0 if the prediction vanishes too, and else a huge finite number that cannot be overlooked. No other epsilon is used.

mod evaluation;
mod spectrum;

pub use evaluation::{Evaluation, Measure};
pub use sobolev_nn::loss::Derivative;

use evaluation::SampleMeasures;
use ndarray::{Array, ArrayD, ArrayView, ArrayViewD, Axis, Dimension, IxDyn, Slice};
use rayon::prelude::*;
use sobolev_fft::FourierPlan;
use sobolev_tensor::{Error, Real, Result, check_channels_last, check_finite};
use std::f64::consts::TAU;

/// Least root mean square by which a relative measure divides.
const SMALLEST_DENOMINATOR: f64 = 1e-100;

/// Compares predictions with targets on one grid.
///
/// ```
/// use ndarray::Array3;
/// use sobolev::metrics::Evaluator;
/// let target = Array3::from_shape_fn((4, 32, 1), |(b, i, _)| (b as f32 + i as f32 * 0.2).sin());
/// let evaluation = Evaluator::new(&[32])?.evaluate((&target * 1.01).view(), target.view())?;
/// assert!((evaluation.relative_l2().mean() - 0.01).abs() < 1e-6);
/// println!("{evaluation}");
/// # Ok::<(), sobolev::tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Evaluator {
    grid: Vec<usize>,
    volume: f64,
    derivative: Derivative,
    plan: FourierPlan<f64>,
}

impl Evaluator {
    /// For the grid `[n1, .., nd]`, each axis of length 1, with Fourier derivatives.
    ///
    /// # Errors
    /// [`Error::Shape`] when the grid has no or more than 3 axes, or an empty one.
    pub fn new(grid: &[usize]) -> Result<Self> {
        Ok(Self {
            grid: grid.to_vec(),
            volume: 1.0,
            derivative: Derivative::Fourier,
            plan: FourierPlan::new(grid)?,
        })
    }

    /// The lengths of the axes, which scale the errors by Fourier band and nothing else.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Value`] unless there is one positive finite length for each axis.
    pub fn with_lengths(mut self, lengths: &[f64]) -> Result<Self> {
        if lengths.len() != self.grid.len() {
            let expected = format!("one length for each of {} axes", self.grid.len());
            return Err(Error::shape("lengths", expected, &[lengths.len()]));
        }
        if let Some(wrong) = lengths.iter().find(|length| !(length.is_finite() && **length > 0.0)) {
            return Err(Error::value("lengths", "positive finite numbers", wrong));
        }
        self.volume = lengths.iter().product();
        Ok(self)
    }

    /// How the H1 norm takes derivatives.
    ///
    /// # Errors
    /// [`Error::Shape`] for [`Derivative::FiniteDifference`] on a grid with fewer than 3 points along an axis.
    pub fn with_derivative(mut self, derivative: Derivative) -> Result<Self> {
        if derivative == Derivative::FiniteDifference && self.grid.iter().any(|n| *n < 3) {
            let expected = "at least 3 points along each axis for finite differences";
            return Err(Error::shape("grid", expected, &self.grid));
        }
        self.derivative = derivative;
        Ok(self)
    }

    /// All measures of `prediction` against `target`, both `[batch, x1, .., xd, channel]`. Samples are independent of each
    /// other: evaluating parts and [appending](Evaluation::append) them gives the same bits.
    ///
    /// # Errors
    /// [`Error::Shape`] when the target is not on the grid or empty, or the prediction has another shape;
    /// [`Error::NonFinite`] when either holds NaN or an infinity.
    pub fn evaluate<T: Real, D: Dimension>(
        &self,
        prediction: ArrayView<'_, T, D>,
        target: ArrayView<'_, T, D>,
    ) -> Result<Evaluation> {
        let (prediction, target) = (prediction.into_dyn(), target.into_dyn());
        let channels = target.shape().last().copied().unwrap_or(0);
        check_channels_last("target", target.shape(), self.grid.len(), channels)?;
        if target.shape()[1..=self.grid.len()] != self.grid {
            let axes: Vec<String> = self.grid.iter().map(usize::to_string).collect();
            let expected = format!("[batch, {}, channel] on the evaluator's grid", axes.join(", "));
            return Err(Error::shape("target", expected, target.shape()));
        }
        if prediction.shape() != target.shape() {
            let expected = format!("the shape of the target, {:?}", target.shape());
            return Err(Error::shape("prediction", expected, prediction.shape()));
        }
        check_finite("target", target.shape(), target.iter())?;
        check_finite("prediction", prediction.shape(), prediction.iter())?;
        let samples: Result<Vec<SampleMeasures>> = (0..target.shape()[0])
            .into_par_iter()
            .map(|index| {
                let sample = |array: &ArrayViewD<'_, T>| {
                    array.slice_axis(Axis(0), Slice::from(index..index + 1)).mapv(Real::to_f64)
                };
                let target = sample(&target);
                self.measure(&(sample(&prediction) - &target), &target)
            })
            .collect();
        Ok(Evaluation::new(&self.grid, channels, self.derivative, samples?))
    }

    /// All measures of one sample from its error and its target, both `[1, x1, .., xd, channel]`.
    fn measure(&self, error: &ArrayD<f64>, target: &ArrayD<f64>) -> Result<SampleMeasures> {
        let points = self.grid.iter().product::<usize>() as f64;
        let channel_axis = Axis(self.grid.len() + 1);
        let channels = error.len_of(channel_axis) as f64;
        let mean_squares = |array: &ArrayD<f64>| -> Vec<f64> {
            array.axis_iter(channel_axis).map(|v| squares(&v) / points).collect()
        };
        let (error_squares, target_squares) = (mean_squares(error), mean_squares(target));
        let roots = || error_squares.iter().zip(&target_squares).map(|(e, t)| (e.sqrt(), t.sqrt()));
        let root_mean = |squares: &[f64]| (squares.iter().sum::<f64>() / channels).sqrt();
        let spectrum = self.plan.forward_real(error.view())?;
        let (error_h1, target_h1) = match self.derivative {
            Derivative::Fourier => {
                let norm = |v| spectrum::h1_square(v, &self.grid);
                (norm(&spectrum), norm(&self.plan.forward_real(target.view())?))
            }
            Derivative::FiniteDifference => (h1_square(error), h1_square(target)),
        };
        let h1 = |square: f64| (square / (points * channels)).sqrt();
        Ok(SampleMeasures {
            relative_l2: quotient(root_mean(&error_squares), root_mean(&target_squares)),
            relative_h1: quotient(h1(error_h1), h1(target_h1)),
            rmse: roots().map(|(e, _)| e).sum::<f64>() / channels,
            nrmse: roots().map(|(e, t)| quotient(e, t)).sum::<f64>() / channels,
            largest_error: error.iter().fold(0.0, |largest: f64, v| largest.max(v.abs())),
            fourier: spectrum::bands(&spectrum, &self.grid, self.volume / points),
        })
    }
}

/// `numerator / denominator`, both root mean squares.
fn quotient(numerator: f64, denominator: f64) -> f64 {
    numerator / denominator.max(SMALLEST_DENOMINATOR)
}

/// Sum of squares in the order of the array.
fn squares<D: Dimension>(values: &ArrayView<'_, f64, D>) -> f64 {
    values.iter().map(|v| v * v).sum()
}

/// `|v|^2 + sum_a |d_a v|^2` by finite differences, for `[1, x1, .., xd, channel]`, as a sum over grid and channels.
fn h1_square(values: &ArrayD<f64>) -> f64 {
    let spatial = 1..values.ndim() - 1;
    spatial.fold(squares(&values.view()), |sum, axis| sum + squares(&difference(values, Axis(axis)).view()))
}

/// First derivative along an axis that is 2 pi long, of second order up to the ends.
fn difference(values: &ArrayD<f64>, axis: Axis) -> Array<f64, IxDyn> {
    let n = values.len_of(axis);
    let scale = n as f64 / TAU / 2.0;
    let at = |index: usize| values.index_axis(axis, index);
    let mut derivative = Array::zeros(values.raw_dim());
    for index in 0..n {
        // The end in question first, then its neighbours inwards.
        let (weights, places) = match index {
            0 => ([-3.0, 4.0, -1.0], [0, 1, 2]),
            _ if index == n - 1 => ([3.0, -4.0, 1.0], [n - 1, n - 2, n - 3]),
            _ => ([-1.0, 1.0, 0.0], [index - 1, index + 1, index]),
        };
        let mut line = derivative.index_axis_mut(axis, index);
        for (weight, place) in weights.into_iter().zip(places) {
            line.scaled_add(scale * weight, &at(place));
        }
    }
    derivative
}

#[cfg(test)]
mod tests;
