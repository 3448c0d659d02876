//! Multigrid for any stencil on Poisson's equation: what full multigrid leaves of the error, and what it costs.

use super::Timings;
use ndarray::{ArrayD, IxDyn};
use serde::Serialize;
use sobolev_multigrid::Parallelism;
use sobolev_multigrid::general::{Centring, Condition, Elliptic, MultigridParams, SolveParams};
use sobolev_tensor::{Error, Result};
use std::f64::consts::PI;

/// What was measured: `-Laplacian u = f` at vertices of the unit box, `u = 0` on its boundary, with the solution
/// `u = prod (sin pi x + sin(3 pi x) / 3)`; V(1,1) by Gauss-Seidel.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Unknowns along each axis.
    pub points: Vec<usize>,
    /// Threads.
    pub threads: usize,
    /// Seconds to set up all grids.
    pub setup_seconds: f64,
    /// Seconds of full multigrid.
    pub full_seconds: f64,
    /// Its work in sweeps over the finest grid.
    pub full_work: f64,
    /// Root mean square of what it leaves of the solution of the discrete equations.
    pub full_error: f64,
    /// Root mean square error of the discrete equations.
    pub discretisation_error: f64,
    /// Seconds of conjugate gradients to a relative residual of 1e-8.
    pub seconds: f64,
    /// Their iterations.
    pub iterations: usize,
}

/// Solves on `size` cells along each of `dimension` axes, for about `seconds` seconds each.
///
/// # Errors
/// When size or dimension are out of range.
pub fn run(size: usize, dimension: usize, seconds: f64) -> Result<Report> {
    if !(1..=3).contains(&dimension) {
        return Err(Error::value("dim", "1 to 3", dimension));
    }
    let sides = (0..dimension).map(|_| [Condition::zero(), Condition::zero()]).collect();
    let problem =
        Elliptic::<f64>::new(&vec![size; dimension], &vec![1.0; dimension], Centring::Vertex, sides)?;
    let params = MultigridParams { parallelism: Parallelism::Pool, ..MultigridParams::default() };
    let setup = Timings::of(1, 0.0, || problem.multigrid(params).map(|_| ()))?;
    let mut multigrid = problem.multigrid(params)?;
    let (exact, f) = manufactured(size, dimension);
    let f = problem.right_hand_side(f.view())?;
    let mut fast = ArrayD::zeros(exact.raw_dim());
    let full = Timings::of(3, seconds / 2.0, || {
        fast = multigrid.full_multigrid(f.view())?;
        Ok::<(), Error>(())
    })?;
    let mut iterations = 0;
    let solve = Timings::of(3, seconds / 2.0, || {
        iterations = multigrid.solve(f.view(), &SolveParams::default(), &())?.1.iterations();
        Ok::<(), Error>(())
    })?;
    let tight = SolveParams { relative_tolerance: 1e-11, ..SolveParams::default() };
    let (converged, _) = multigrid.solve(f.view(), &tight, &())?;
    let size_of =
        |values: ArrayD<f64>| (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
    Ok(Report {
        points: exact.shape().to_vec(),
        threads: rayon::current_num_threads(),
        setup_seconds: setup.median(),
        full_seconds: full.median(),
        full_work: multigrid.full_multigrid_work(),
        full_error: size_of(&fast - &converged),
        discretisation_error: size_of(&converged - &exact),
        seconds: solve.median(),
        iterations,
    })
}

/// The solution at the inner vertices, and minus its Laplacian.
fn manufactured(size: usize, dimension: usize) -> (ArrayD<f64>, ArrayD<f64>) {
    let profile = |x: f64| (PI * x).sin() + (3.0 * PI * x).sin() / 3.0;
    let curvature = |x: f64| PI * PI * ((PI * x).sin() + 3.0 * (3.0 * PI * x).sin());
    let at = |f: &dyn Fn(&[f64]) -> f64| {
        ArrayD::from_shape_fn(IxDyn(&vec![size - 1; dimension]), |index| {
            let x: Vec<f64> = (0..dimension).map(|a| (index[a] + 1) as f64 / size as f64).collect();
            f(&x)
        })
    };
    let exact = at(&|x| x.iter().map(|x| profile(*x)).product());
    let f = at(&|x| {
        let along = |axis: usize| -> f64 {
            (0..x.len()).map(|b| if b == axis { curvature(x[b]) } else { profile(x[b]) }).product()
        };
        (0..x.len()).map(along).sum()
    });
    (exact, f)
}
