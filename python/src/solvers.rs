//! The solvers of `sobolev.solvers`. Arrays have all their axes here; the Python side adds and removes those of length one.

use crate::work;
use numpy::{IntoPyArray, PyArrayDyn, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use sobolev::solvers::{Burgers, Darcy, Step, TimeSolver};

type Array<'py> = Bound<'py, PyArrayDyn<f64>>;

/// `a` `[batch, x1, .., xd, 1]` -> `u` of the same shape; `f` a number, or a field of the shape of `a` or with one sample.
#[pyfunction]
#[pyo3(signature = (a, f, field, *, extent, tolerance, iterations, progress))]
pub(crate) fn darcy<'py>(
    py: Python<'py>,
    a: PyReadonlyArrayDyn<'py, f64>,
    f: f64,
    field: Option<PyReadonlyArrayDyn<'py, f64>>,
    extent: Option<Vec<f64>>,
    tolerance: f64,
    iterations: usize,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Array<'py>> {
    let (a, field) = (a.as_array(), field.as_ref().map(|field| field.as_array().to_owned()));
    let solution = work::run(py, progress.as_ref(), |watch| {
        let mut solver = Darcy::new().with_tolerance(tolerance)?.with_iteration_limit(iterations);
        if let Some(extent) = &extent {
            solver = solver.with_extent(extent)?;
        }
        solver = match field {
            Some(field) => solver.with_forcing_field(field)?,
            None => solver.with_forcing(f)?,
        };
        Ok(solver.solve_batch(a, watch)?.u)
    })?;
    Ok(solution.into_pyarray(py))
}

/// `u0` `[batch, n, 1]` -> `[batch, time, n, 1]`.
#[pyfunction]
#[pyo3(signature = (u0, viscosity, times, *, length, tolerance, step, progress))]
pub(crate) fn burgers<'py>(
    py: Python<'py>,
    u0: PyReadonlyArrayDyn<'py, f64>,
    viscosity: f64,
    times: Vec<f64>,
    length: f64,
    tolerance: Option<f64>,
    step: Option<f64>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Array<'py>> {
    let u0 = u0.as_array();
    let step = match (step, tolerance) {
        (Some(step), _) => Step::Fixed(step),
        (None, Some(tolerance)) => Step::Tolerance(tolerance),
        (None, None) => Step::Auto,
    };
    let trajectory = work::run(py, progress.as_ref(), |watch| {
        let solver = Burgers::new(viscosity)?.with_length(length)?.with_step(step)?;
        Ok(solver.rollout(u0, &times, watch)?)
    })?;
    Ok(trajectory.into_pyarray(py))
}
