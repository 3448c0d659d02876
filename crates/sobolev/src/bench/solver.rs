//! Seconds of a number of time steps of a batch.

use super::{Timings, machine};
use ndarray::{ArrayD, ArrayViewMutD, IxDyn};
use serde::Serialize;
use sobolev_solvers::EQUATIONS;
use sobolev_tensor::{Error, Random, Result};
use std::f64::consts::TAU;

/// What to run.
#[derive(Debug, Clone)]
pub struct Run {
    /// A name of the list of equations, one with time steps.
    pub equation: String,
    /// Points along each axis.
    pub size: usize,
    /// Samples.
    pub batch: usize,
    /// Time steps.
    pub steps: usize,
    /// Settings of the equation that differ from those of the bench, such as `order` and `step`.
    pub settings: toml::Table,
}

/// What was measured: `steps` time steps of all samples, from fields on the grid to fields on the grid.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The equation.
    pub equation: String,
    /// Points along each axis.
    pub grid: Vec<usize>,
    /// Samples.
    pub batch: usize,
    /// Time steps.
    pub steps: usize,
    /// Threads.
    pub threads: usize,
    /// Seconds of all steps, median.
    pub seconds: f64,
    /// The same, best.
    pub min: f64,
    /// Distance of the quartiles over the median.
    pub spread: f64,
    /// Microseconds of a step of the whole batch, median.
    pub microseconds_per_step: f64,
    /// Operations of the transforms over the rate of matrix products: what is left when everything else costs nothing.
    pub floor_seconds: f64,
    /// All settings of the equation.
    pub settings: toml::Table,
}

/// Settings that make the case of the common benchmarks out of the defaults of an equation.
fn usual(equation: &str) -> toml::Table {
    let text = match equation {
        "burgers-vector" => "dimension = 1\nlength = 1.0\nviscosity = 0.01\nstep = 1e-4",
        "kuramoto-sivashinsky" => "length = 100.0\nstep = 0.01\nform = \"combustion\"",
        "navier-stokes" => "length = 1.0\nviscosity = 1e-3\nforcing = \"none\"\nstep = 1e-4",
        _ => "",
    };
    text.parse().unwrap_or_default()
}

/// Runs for about `seconds` seconds, on the threads of the current pool.
///
/// # Errors
/// When there is no such equation or it has no time steps, and those of its settings.
pub fn run(run: &Run, seconds: f64) -> Result<Report> {
    // The published data of Burgers' equation are solved with steps that the error chooses.
    let name = if run.equation == "burgers" { "burgers-vector" } else { run.equation.as_str() };
    let names: Vec<&str> = EQUATIONS.iter().map(|entry| entry.name).collect();
    let entry = EQUATIONS.iter().find(|entry| entry.name == name);
    let entry = entry.ok_or_else(|| Error::unknown_name("equation", &names, &run.equation))?;
    for (name, count) in [("batch", run.batch), ("steps", run.steps)] {
        if count == 0 {
            return Err(Error::value(name, "at least 1", 0));
        }
    }
    let mut table = usual(name);
    table.insert("size".to_string(), (run.size as i64).into());
    if (entry.settings)().iter().any(|setting| setting.name == "solve_size") {
        table.insert("solve_size".to_string(), (run.size as i64).into());
    }
    table.extend(run.settings.clone());
    let problem = (entry.build)(table)?;
    let solver = problem.stepped_solver().ok_or_else(|| {
        Error::value("equation", "one with equal time steps", format!("\"{}\"", run.equation))
    })?;
    let mut shape = problem.input().shape();
    let grid = shape[..shape.len() - 1].to_vec();
    shape.insert(0, run.batch);
    let initial = smooth_noise(&shape);
    let duration = solver.step_size() * run.steps as f64;
    let mut state = initial.clone();
    let timings = Timings::of(5, seconds, || {
        state.assign(&initial);
        let view: ArrayViewMutD<'_, f64> = state.view_mut();
        solver.advance(view, duration, &())
    })?;
    let single = problem.settings().get("precision").and_then(toml::Value::as_str) == Some("f32");
    let rate =
        1e9 * if single { machine::best_product_rate::<f32>() } else { machine::best_product_rate::<f64>() };
    let operations = solver.operations_per_step(&grid)? * (run.steps * run.batch) as f64;
    Ok(Report {
        equation: run.equation.clone(),
        grid,
        batch: run.batch,
        steps: run.steps,
        threads: rayon::current_num_threads(),
        seconds: timings.median(),
        min: timings.min(),
        spread: timings.spread(),
        microseconds_per_step: 1e6 * timings.median() / run.steps as f64,
        floor_seconds: operations / rate,
        settings: problem.settings(),
    })
}

/// Fields of a few long waves with amplitudes `exp(-k^2 / 18)`, of absolute value up to about one: `[batch, x1, .., xd, channels]`.
fn smooth_noise(shape: &[usize]) -> ArrayD<f64> {
    const HIGHEST: u64 = 8;
    let random = Random::new(0, "bench solver");
    let d = shape.len() - 2;
    ArrayD::from_shape_fn(IxDyn(shape), |i| {
        let stream = (i[0] * shape[d + 1] + i[d + 1]) as u64;
        (1..=HIGHEST)
            .map(|k| {
                let along = |axis: usize| {
                    let [phase, size] = random.uniforms(stream, k * 4 + axis as u64);
                    let x = i[axis + 1] as f64 / shape[axis + 1] as f64;
                    size * (TAU * (k as f64 * x + phase)).sin()
                };
                (-((k * k) as f64) / 18.0).exp() * (0..d).map(along).sum::<f64>() / (3 * d) as f64
            })
            .sum()
    })
}
