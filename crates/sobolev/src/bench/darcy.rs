//! Seconds and iterations of one Darcy solve with a piecewise constant coefficient, as published or with other values.

use super::Timings;
use serde::Serialize;
use sobolev_multigrid::{CgParams, DiffusionSolver, Forcing, Grid, Parallelism};
use sobolev_solvers::random_field::{Boundary, FieldEntry, GaussianField};
use sobolev_tensor::Result;

/// What to solve: `-div(a grad u) = 1`, `a` = `high` or `low` by the sign of the published Gaussian field, `u = 0` on the
/// boundary, to a relative residual of 1e-8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// Cells along each side.
    pub size: usize,
    /// 2 or 3.
    pub dimension: usize,
    /// Smaller value.
    pub low: f64,
    /// Larger value.
    pub high: f64,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Cells along each axis.
    pub grid: Vec<usize>,
    /// Threads of one solve.
    pub threads: usize,
    /// Seconds of set-up and solve together, median.
    pub seconds: f64,
    /// The same, best.
    pub min: f64,
    /// Distance of the quartiles over the median.
    pub spread: f64,
    /// Seconds of the set-up (coarse operators and interpolations), median.
    pub setup_seconds: f64,
    /// Iterations of conjugate gradients.
    pub iterations: usize,
    /// Relative residual reached.
    pub relative_residual: f64,
}

/// Solves a case for about `seconds` seconds, on the threads of the current pool.
///
/// # Errors
/// When the size or a value is out of range or a solve does not converge.
pub fn run(case: &Case, seconds: f64) -> Result<Report> {
    let Case { size, dimension, low, high } = *case;
    let shape = vec![size; dimension];
    let covariance = FieldEntry::named("darcy")?.covariance;
    let field =
        GaussianField::new(covariance, Boundary::Neumann, &vec![1.0; dimension])?.sample(0, 0, &shape)?;
    let coefficient = field.mapv(|value| if value >= 0.0 { high } else { low });
    let mut solver = DiffusionSolver::new(&Grid::new(&shape)?, Parallelism::Pool);
    let setup = Timings::of(5, seconds / 4.0, || solver.set_coefficient(coefficient.view()))?;
    let mut info = None;
    let timings = Timings::of(5, seconds, || {
        solver.set_coefficient(coefficient.view())?;
        info = Some(solver.solve(&Forcing::Constant(1.0), &CgParams::default(), &())?);
        Ok::<(), sobolev_tensor::Error>(())
    })?;
    let info = info.unwrap_or_else(|| solver.info());
    Ok(Report {
        grid: shape,
        threads: rayon::current_num_threads(),
        seconds: timings.median(),
        min: timings.min(),
        spread: timings.spread(),
        setup_seconds: setup.median(),
        iterations: info.iterations,
        relative_residual: info.relative_residual,
    })
}
