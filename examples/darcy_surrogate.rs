//! A surrogate of Darcy flow in one program, without files: solve, train, compare.
//!
//! `cargo run --release --example darcy_surrogate` (some seconds; `SOBOLEV_SMALL=1` trains less).

use ndarray::{ArrayD, Axis, stack};
use sobolev::prelude::*;
use sobolev::solvers::{DarcyProblem, DarcySettings};

/// Solves samples of Darcy flow with coefficients 12 and 3: `[samples, size, size, 1]` each.
fn solve(size: usize, samples: std::ops::Range<u64>) -> sobolev::Result<Dataset> {
    // Fields of the same waves are the same function on every grid.
    let problem = DarcyProblem::new(DarcySettings {
        size: (size as i64).into(),
        modes: Some(15),
        ..DarcySettings::default()
    })?;
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for index in samples {
        let sample = problem.sample(3, index, &())?;
        inputs.push(sample.input);
        targets.push(sample.target);
    }
    let batch = |arrays: &[ArrayD<f64>]| -> sobolev::Result<ArrayD<f64>> {
        let views: Vec<_> = arrays.iter().map(|array| array.view()).collect();
        Ok(stack(Axis(0), &views).map_err(|_| sobolev::tensor::Error::shape("samples", "one shape", &[]))?)
    };
    Ok(Dataset::from_arrays(batch(&inputs)?, batch(&targets)?)?
        .with_fields(problem.input(), problem.target())?)
}

fn main() -> sobolev::Result<()> {
    let small = std::env::var("SOBOLEV_SMALL").is_ok_and(|value| value == "1");
    let (samples, epochs) = if small { (100, 10) } else { (400, 30) };
    let (train, test) = (solve(32, 0..samples)?, solve(32, 1000..1020)?);
    let settings = serde_json::json!({ "modes": 8, "width": 16 });
    let mut surrogate = Surrogate::new("fno", settings, NormaliserKinds::default(), &train, 0)?;
    let settings = TrainerSettings {
        epochs,
        batch: 10,
        learning_rate: 4e-3,
        schedule: Schedule::Cosine { last: 0.0 },
        ..TrainerSettings::default()
    };
    let report = surrogate.fit(settings, &train, None, &())?;
    println!("training loss by epoch:");
    for record in &report.history {
        println!("  {:>3}  {:.4}", record.epoch, record.train_loss);
    }
    println!("\n{}", surrogate.evaluate(&test, &())?);
    println!(
        "\nthe same model on a grid it was never trained on:\n{}",
        surrogate.evaluate(&solve(64, 1000..1020)?, &())?
    );
    Ok(())
}
