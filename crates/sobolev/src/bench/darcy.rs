//! Seconds and iterations of one Darcy solve with the published piecewise constant coefficient.

use super::Timings;
use serde::Serialize;
use sobolev_multigrid::{CgParams, DiffusionSolver, Forcing, Grid, Parallelism};
use sobolev_solvers::random_field::FieldEntry;
use sobolev_tensor::Result;

/// What was measured: `-div(a grad u) = 1`, `a` = 12 or 3 by the sign of the published Gaussian field, `u = 0` on the
/// boundary, to a relative residual of 1e-8.
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

/// Solves on a square of `size` x `size` cells for about `seconds` seconds, on the threads of the current pool.
///
/// # Errors
/// When the size is out of range or a solve does not converge.
pub fn run(size: usize, seconds: f64) -> Result<Report> {
    let shape = [size, size];
    let field = FieldEntry::named("darcy")?.build()?.sample(0, 0, &shape)?;
    let coefficient = field.mapv(|value| if value >= 0.0 { 12.0 } else { 3.0 });
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
        grid: shape.to_vec(),
        threads: rayon::current_num_threads(),
        seconds: timings.median(),
        min: timings.min(),
        spread: timings.spread(),
        setup_seconds: setup.median(),
        iterations: info.iterations,
        relative_residual: info.relative_residual,
    })
}
