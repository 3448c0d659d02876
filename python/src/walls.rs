//! The solvers of boxes with sides, in `sobolev.solvers`. Arrays have all their axes here; the Python side adds and removes
//! those of length one.

use crate::multigrid::{Words, choice, condition, raise};
use crate::work;
use numpy::{Complex64, IntoPyArray, PyArrayDyn, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use sobolev::solvers::heat::Heat;
use sobolev::solvers::helmholtz::{Cavity, Edge, Flux, Helmholtz, Method};
use sobolev::solvers::random_field::Boundary;
use sobolev::solvers::walls::Symbol;
use sobolev::solvers::{Eikonal, ExplicitStep, Poisson, SteadySolver, TimeSolver, Wave, WaveEnd};
use sobolev::tensor::Error;

type Array<'py> = Bound<'py, PyArrayDyn<f64>>;

/// `u0` `[batch, x1, .., xd, 1]`, conductivity and source `[x1, .., xd]` -> `[batch, time, x1, .., xd, 1]`.
#[pyfunction]
#[pyo3(signature = (u0, conductivity, times, sides, *, extent, source, step, tolerance, progress))]
pub(crate) fn heat<'py>(
    py: Python<'py>,
    u0: PyReadonlyArrayDyn<'py, f64>,
    conductivity: PyReadonlyArrayDyn<'py, f64>,
    times: Vec<f64>,
    sides: Vec<(Words<'py>, Words<'py>)>,
    extent: Vec<f64>,
    source: Option<PyReadonlyArrayDyn<'py, f64>>,
    step: Option<f64>,
    tolerance: Option<f64>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Array<'py>> {
    let sides = sides.iter().map(|(low, high)| Ok([condition(low)?, condition(high)?]));
    let sides = sides.collect::<PyResult<Vec<_>>>()?;
    let (u0, conductivity) = (u0.as_array(), conductivity.as_array().to_owned());
    let source = source.as_ref().map(|source| source.as_array());
    let trajectory = work::run(py, progress.as_ref(), |watch| {
        let mut solver = Heat::new(conductivity, &extent, sides)?;
        if let Some(source) = source {
            solver = solver.with_source(source)?;
        }
        if let Some(step) = step {
            solver = solver.with_step(step)?;
        }
        if let Some(tolerance) = tolerance {
            solver = solver.with_tolerance(tolerance)?;
        }
        Ok(solver.rollout(u0, &times, watch)?)
    })?;
    Ok(trajectory.into_pyarray(py))
}

/// `k` `[n1, n2]`, `f` of the same shape -> complex `u`; an edge is a word and the cells of its layer.
#[pyfunction]
#[pyo3(signature = (k, f, spacing, edges, *, tolerance))]
pub(crate) fn helmholtz<'py>(
    py: Python<'py>,
    k: PyReadonlyArrayDyn<'py, f64>,
    f: PyReadonlyArrayDyn<'py, Complex64>,
    spacing: f64,
    edges: [[(String, usize); 2]; 2],
    tolerance: Option<f64>,
) -> PyResult<Bound<'py, PyArrayDyn<Complex64>>> {
    let edge = |(word, cells): &(String, usize)| {
        let list = [
            ("fixed", Edge::Fixed),
            ("wall", Edge::Wall),
            ("radiating", Edge::Radiating),
            ("absorbing", Edge::Absorbing { cells: *cells }),
        ];
        choice("sides", word, &list)
    };
    let [[a, b], [c, d]] = &edges;
    let edges = [[edge(a)?, edge(b)?], [edge(c)?, edge(d)?]];
    let (k, f) = (k.as_array(), f.as_array());
    let u = work::run(py, None, |watch| {
        let method = tolerance.map_or(Method::Direct, |tolerance| Method::ShiftedLaplacian { tolerance });
        Ok(Helmholtz::new(k, spacing, edges)?.with_method(method)?.solve(f, watch)?)
    })?;
    Ok(u.into_pyarray(py))
}

/// `k` and `f` `[n1, n2]`, normal derivatives on (lower, upper) sides of each axis -> `u`.
#[pyfunction]
pub(crate) fn cavity<'py>(
    py: Python<'py>,
    k: PyReadonlyArrayDyn<'py, f64>,
    f: PyReadonlyArrayDyn<'py, f64>,
    spacing: f64,
    flux: [[PyReadonlyArrayDyn<'py, f64>; 2]; 2],
) -> PyResult<Array<'py>> {
    let own = |axis: usize, upper: usize| flux[axis][upper].as_array().to_owned();
    let flux = Flux { lower: [own(0, 0), own(1, 0)], upper: [own(0, 1), own(1, 1)] };
    let (k, f) = (k.as_array(), f.as_array());
    let u = work::run(py, None, |_| Ok(Cavity::new(k, spacing)?.solve(f, &flux)?))?;
    Ok(u.into_pyarray(py))
}

/// `f` `[batch, x1, .., xd, 1]`, conditions with values over each side -> `u` of the same shape.
#[pyfunction]
#[pyo3(signature = (f, sides, *, extent, spectral, project))]
pub(crate) fn poisson<'py>(
    py: Python<'py>,
    f: PyReadonlyArrayDyn<'py, f64>,
    sides: Vec<(Words<'py>, Words<'py>)>,
    extent: Vec<f64>,
    spectral: bool,
    project: bool,
) -> PyResult<Array<'py>> {
    let list = [
        ("dirichlet", Boundary::Dirichlet),
        ("neumann", Boundary::Neumann),
        ("periodic", Boundary::Periodic),
    ];
    let kind = |words: &Words<'_>| choice("sides", &words.0, &list);
    let boundary = sides.iter().map(|(low, high)| Ok([kind(low)?, kind(high)?]));
    let boundary = boundary.collect::<PyResult<Vec<_>>>()?;
    let mut solver =
        Poisson::new(extent.len()).and_then(|solver| solver.with_lengths(&extent)).map_err(raise)?;
    solver = solver.with_boundary(&boundary).map_err(raise)?;
    for (axis, (low, high)) in sides.iter().enumerate() {
        for (side, (_, _, value)) in [low, high].into_iter().enumerate() {
            let value: PyReadonlyArrayDyn<'_, f64> = value.extract()?;
            let value = value.as_array();
            solver = match value.first() {
                Some(&number) if value.ndim() == 0 => solver.with_value(axis, side, number),
                _ => solver.with_value_field(axis, side, value.to_owned()),
            }
            .map_err(raise)?;
        }
    }
    if spectral {
        solver = solver.with_symbol(Symbol::Spectral);
    }
    if project {
        solver = solver.with_projection();
    }
    let f = f.as_array();
    Ok(work::run(py, None, |_| Ok(solver.solve(f)?))?.into_pyarray(py))
}

/// `u0` `[batch, x1, .., xd, 2]`, speed a number or `[x1, .., xd]` -> `[batch, time, x1, .., xd, 2]`.
#[pyfunction]
#[pyo3(signature = (u0, speed, field, times, ends, *, extent, step, courant, progress))]
pub(crate) fn wave<'py>(
    py: Python<'py>,
    u0: PyReadonlyArrayDyn<'py, f64>,
    speed: f64,
    field: Option<PyReadonlyArrayDyn<'py, f64>>,
    times: Vec<f64>,
    ends: Vec<(String, String)>,
    extent: Vec<f64>,
    step: Option<f64>,
    courant: f64,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Array<'py>> {
    let list = [
        ("dirichlet", WaveEnd::Dirichlet),
        ("neumann", WaveEnd::Neumann),
        ("periodic", WaveEnd::Periodic),
        ("absorbing", WaveEnd::Absorbing),
    ];
    let end = |word: &str| choice("sides", word, &list);
    let ends = ends.iter().map(|(low, high)| Ok([end(low)?, end(high)?])).collect::<PyResult<Vec<_>>>()?;
    let (u0, field) = (u0.as_array(), field.as_ref().map(|field| field.as_array().to_owned()));
    let trajectory = work::run(py, progress.as_ref(), |watch| {
        let step = step.map_or(ExplicitStep::Courant(courant), ExplicitStep::Fixed);
        let mut solver = Wave::new(&extent, speed)?.with_ends(&ends)?.with_step(step)?;
        if let Some(field) = field {
            solver = solver.with_speed_field(field)?;
        }
        Ok(solver.rollout(u0, &times, watch)?)
    })?;
    Ok(trajectory.into_pyarray(py))
}

/// `speed` `[batch, x1, .., xd, 1]`, points `[source, d]` or times `[x1, .., xd]` -> arrival times of the shape of `speed`.
#[pyfunction]
#[pyo3(signature = (speed, *, extent, points, times))]
pub(crate) fn eikonal<'py>(
    py: Python<'py>,
    speed: PyReadonlyArrayDyn<'py, f64>,
    extent: Vec<f64>,
    points: Option<Vec<Vec<f64>>>,
    times: Option<PyReadonlyArrayDyn<'py, f64>>,
) -> PyResult<Array<'py>> {
    let (speed, times) = (speed.as_array(), times.as_ref().map(|times| times.as_array().to_owned()));
    let arrivals = work::run(py, None, |_| {
        let solver = match (&points, times) {
            (Some(points), _) => {
                let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
                Eikonal::from_points(&extent, &points)?
            }
            (None, Some(times)) => Eikonal::from_times(&extent, times)?,
            (None, None) => return Err(Error::value("sources", "points or times", "none").into()),
        };
        Ok(solver.solve(speed)?)
    })?;
    Ok(arrivals.into_pyarray(py))
}
