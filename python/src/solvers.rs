//! The solvers of `sobolev.solvers`. Arrays have all their axes here; the Python side adds and removes those of length one.

use crate::convert::table;
use crate::multigrid::{Words, condition, raise};
use crate::work;
use ndarray::{ArrayD, Axis};
use numpy::{IntoPyArray, PyArrayDyn, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sobolev::multigrid::general::Condition;
use sobolev::solvers::random_field::Boundary;
use sobolev::solvers::{Burgers, Darcy, EQUATIONS, Problem, Step, TimeSolver};
use sobolev::tensor::Error;

type Array<'py> = Bound<'py, PyArrayDyn<f64>>;

/// `a` `[batch, x1, .., xd, 1]` -> `u` of the same shape; `f` a number, or a field of the shape of `a` or with one sample.
#[pyfunction]
#[pyo3(signature = (a, f, field, sides, *, extent, tolerance, iterations, progress))]
pub(crate) fn darcy<'py>(
    py: Python<'py>,
    a: PyReadonlyArrayDyn<'py, f64>,
    f: f64,
    field: Option<PyReadonlyArrayDyn<'py, f64>>,
    sides: Vec<(Words<'py>, Words<'py>)>,
    extent: Option<Vec<f64>>,
    tolerance: f64,
    iterations: usize,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Array<'py>> {
    let sides = sides.iter().map(|(low, high)| Ok([side(low)?, side(high)?]));
    let sides = sides.collect::<PyResult<Vec<_>>>()?;
    let (a, field) = (a.as_array(), field.as_ref().map(|field| field.as_array().to_owned()));
    let solution = work::run(py, progress.as_ref(), |watch| {
        let mut solver =
            Darcy::new().with_tolerance(tolerance)?.with_iteration_limit(iterations).with_sides(&sides)?;
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

/// A side of Darcy flow: one number along the whole of it.
fn side(words: &Words<'_>) -> PyResult<(Boundary, f64)> {
    let (boundary, value) = match condition::<f64>(words)? {
        Condition::Dirichlet(value) => (Boundary::Dirichlet, value),
        Condition::Neumann(value) => (Boundary::Neumann, value),
        Condition::Robin { .. } => {
            return Err(raise(Error::value("sides", "\"dirichlet\" or \"neumann\"", "\"robin\"")));
        }
        Condition::Periodic => (Boundary::Periodic, ArrayD::zeros(vec![])),
    };
    match value.as_slice().unwrap_or_default() {
        [value] => Ok((boundary, *value)),
        _ => Err(raise(Error::shape("sides", "one number for each side", value.shape()))),
    }
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

/// `u0` `[batch,] x1, .., xd[, channel]` of an equation in the list -> `[batch,] time, x1, .., xd[, channel]`; `settings` are
/// those of the equation.
#[pyfunction]
#[pyo3(signature = (equation, u0, times, settings, *, progress))]
pub(crate) fn evolve<'py>(
    py: Python<'py>,
    equation: &str,
    u0: PyReadonlyArrayDyn<'py, f64>,
    times: Vec<f64>,
    settings: &Bound<'py, PyDict>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Array<'py>> {
    let u0 = u0.as_array();
    let settings = table("settings", settings)?;
    let trajectory = work::run(py, progress.as_ref(), |watch| {
        let (problem, dimensions, channels) = problem(equation, settings, u0.shape())?;
        let solver = problem.time_solver().ok_or_else(|| {
            Error::value("equation", "one with time steps", format!("\"{equation}\""))
                .with_hint("it has a function of its own")
        })?;
        let axes = dimensions + usize::from(channels > 1);
        let single = u0.ndim() == axes;
        if !single && u0.ndim() != axes + 1 {
            let space = (1..=dimensions).map(|axis| format!("x{axis}")).collect::<Vec<_>>().join(", ");
            let last = if channels > 1 { format!(", {channels}") } else { String::new() };
            let expected = format!("[{space}{last}] or [batch, {space}{last}] (channels last)");
            return Err(Error::shape("u0", expected, u0.shape()).into());
        }
        let batch = if single { u0.insert_axis(Axis(0)) } else { u0 };
        let state = if channels > 1 { batch } else { batch.insert_axis(Axis(dimensions + 1)) };
        let mut frames = solver.rollout(state, &times, watch)?;
        if channels == 1 {
            frames = frames.index_axis_move(Axis(dimensions + 2), 0);
        }
        Ok(if single { frames.index_axis_move(Axis(0), 0) } else { frames })
    })?;
    Ok(trajectory.into_pyarray(py))
}

/// The problem of an equation on grids like that of `u0`, its dimensions and channels.
fn problem(
    equation: &str,
    mut settings: toml::Table,
    shape: &[usize],
) -> Result<(Box<dyn Problem>, usize, usize), Error> {
    let names: Vec<&str> = EQUATIONS.iter().map(|entry| entry.name).collect();
    let entry = EQUATIONS.iter().find(|entry| entry.name == equation);
    let entry = entry.ok_or_else(|| Error::unknown_name("equation", &names, equation))?;
    // The state is the user's: the distribution of initial states only has to fit some grid.
    if shape.is_empty() {
        return Err(Error::shape("u0", "at least one axis", shape));
    }
    if (entry.settings)().iter().any(|setting| setting.name == "initial") {
        let any = toml::Table::from_iter([("bumps".to_string(), 1.into())]);
        settings.entry("initial").or_insert(any.into());
    }
    let problem = (entry.build)(settings)?;
    let dimensions = problem.input().axes.len();
    let channels = problem.input().channels.len();
    Ok((problem, dimensions, channels))
}
