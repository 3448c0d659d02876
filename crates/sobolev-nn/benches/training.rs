//! The parts of a training step beside the model: `cargo bench -p sobolev-nn --bench training`.

use sobolev_nn::OptimiserSettings;
use sobolev_nn::loss::{Derivative, Loss, Reduction};
use sobolev_nn::optimiser::gradient_norm;
use sobolev_tensor::{Parameters, Pool, Result, Tape, Tensor};
use std::time::Instant;

/// Best milliseconds of `call` over 40 repeats.
fn best(mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..40 {
        let start = Instant::now();
        call()?;
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}

fn ramp(pool: &Pool, shape: &[usize], scale: f32) -> Tensor<f32> {
    let mut tensor = Tensor::zeros(pool, shape);
    tensor.data_mut().iter_mut().enumerate().for_each(|(i, x)| *x = scale * ((i % 1009) as f32 - 500.0));
    tensor
}

fn main() -> Result<()> {
    let pool = Pool::new();
    println!("f32, {} threads", rayon::current_num_threads());

    // The weights of the published two-dimensional Fourier neural operator: 2.4 million numbers, 17 MB with the moments.
    let mut parameters = Parameters::new();
    let shape = [4, 288, 32, 64];
    let id = parameters.add("weights", ramp(&pool, &shape, 1e-3));
    let mut tape = Tape::recording(&pool);
    let weights = tape.parameter(&parameters, id);
    let loss = Loss::MeanSquared {}.on(&shape[1..])?;
    let loss = loss.forward(&mut tape, weights, &Tensor::zeros(&pool, &shape), Reduction::Mean)?;
    let gradients = tape.backward(loss.value)?;
    let mut optimiser = OptimiserSettings::default().build(&parameters)?;
    let step = best(|| {
        optimiser.step(&mut parameters, &gradients, 1e-3, 1.0);
        Ok(())
    })?;
    // Three arrays are read and written, one is read.
    let rate = 28.0 * parameters.count() as f64 / step * 1e-6;
    println!("Adam, {} numbers: {step:.2} ms, {rate:.1} GB/s", parameters.count());
    let norm = best(|| {
        std::hint::black_box(gradient_norm(&parameters, &gradients));
        Ok(())
    })?;
    println!("norm of the gradient: {norm:.2} ms");

    let shape = [20, 85, 85, 1];
    let (prediction, target) = (ramp(&pool, &shape, 1e-3), ramp(&pool, &shape, 2e-3));
    for loss in [
        Loss::RelativeL2 {},
        Loss::RelativeH1 { derivative: Some(Derivative::Fourier) },
        Loss::RelativeH1 { derivative: Some(Derivative::FiniteDifference) },
    ] {
        let sample = loss.on::<f32>(&shape[1..])?;
        let both = best(|| {
            let mut tape = Tape::recording(&pool);
            let mut copy = Tensor::uninitialised(&pool, &shape);
            copy.data_mut().copy_from_slice(prediction.data());
            let input = tape.input(copy);
            let value = sample.forward(&mut tape, input, &target, Reduction::Mean)?;
            tape.backward(value.value).map(|_| ())
        })?;
        println!("{loss:?} on {shape:?}, forward and backward: {both:.2} ms");
    }
    Ok(())
}
