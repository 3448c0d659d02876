//! The classes of `sobolev.multigrid`: multigrid for stencils and elliptic problems, real or complex.

use crate::error::exception;
use crate::work;
use numpy::ndarray::ArrayD;
use numpy::{Complex64, Element, IntoPyArray, PyArrayDyn, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use sobolev::Error;
use sobolev::multigrid::general::{
    Centring, Coarsening, Condition, Elliptic, Interpolation, Iteration, Lattice, MultigridParams, Scalar,
    Side, Smoother, SolveParams, StencilMultigrid, StencilOperator,
};
use sobolev::multigrid::{Parallelism, Visits};
use sobolev::tensor::Error as NumericError;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A word of a list, or the error that names those it may be.
pub(crate) fn choice<T: Copy>(argument: &str, got: &str, list: &[(&str, T)]) -> PyResult<T> {
    let names: Vec<&str> = list.iter().map(|(name, _)| *name).collect();
    let found = list.iter().find(|(name, _)| *name == got).map(|(_, value)| *value);
    found.ok_or_else(|| raise(NumericError::unknown_name(argument, &names, got)))
}

pub(crate) fn raise(error: NumericError) -> PyErr {
    Python::attach(|py| exception(py, &Error::from(error)))
}

/// The choices of a hierarchy, from a dictionary of the Python side.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Params {
    cycle: String,
    before: usize,
    after: usize,
    smoother: String,
    weight: f64,
    degree: usize,
    axes: Vec<usize>,
    interpolation: String,
    coarsening: String,
    levels: usize,
    coarsest: usize,
}

impl Params {
    fn read(self) -> PyResult<MultigridParams> {
        let mut axes = [false; 3];
        for axis in self.axes {
            *axes.get_mut(axis).ok_or_else(|| raise(NumericError::value("axes", "axes below 3", axis)))? =
                true;
        }
        let smoothers = [
            ("gauss-seidel", Smoother::GaussSeidel),
            ("jacobi", Smoother::Jacobi { weight: self.weight }),
            ("lines", Smoother::Lines { axes }),
            ("chebyshev", Smoother::Chebyshev { degree: self.degree }),
        ];
        let interpolations =
            [("operator-induced", Interpolation::OperatorInduced), ("linear", Interpolation::Linear)];
        let coarsenings = [("strong", Coarsening::Strong), ("full", Coarsening::Full)];
        Ok(MultigridParams {
            visits: choice("cycle", &self.cycle, &[("V", Visits::V), ("W", Visits::W), ("F", Visits::F)])?,
            before: self.before,
            after: self.after,
            smoother: choice("smoother", &self.smoother, &smoothers)?,
            interpolation: choice("interpolation", &self.interpolation, &interpolations)?,
            coarsening: choice("coarsening", &self.coarsening, &coarsenings)?,
            levels: self.levels,
            coarsest: self.coarsest,
            parallelism: Parallelism::Pool,
        })
    }
}

fn centring(word: &str) -> PyResult<Centring> {
    choice("centring", word, &[("vertex", Centring::Vertex), ("cell", Centring::Cell)])
}

/// A number type of both sides.
pub(crate) trait Number: Scalar + Element {}
impl Number for f64 {}
impl Number for Complex64 {}

fn array<S: Number>(value: &Bound<'_, PyAny>) -> PyResult<ArrayD<S>> {
    Ok(value.extract::<PyReadonlyArrayDyn<'_, S>>()?.as_array().to_owned())
}

/// A hierarchy of either number type, behind a lock that is only waited for without the interpreter: whoever holds it
/// works, and looks at the interpreter meanwhile.
enum Hierarchy {
    Real(Mutex<StencilMultigrid<f64>>),
    Complex(Mutex<StencilMultigrid<Complex64>>),
}

fn lock<S: Number>(multigrid: &Mutex<StencilMultigrid<S>>) -> MutexGuard<'_, StencilMultigrid<S>> {
    multigrid.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What does not change, so that it is told while another thread solves.
struct About {
    unknowns: Vec<usize>,
    operator_complexity: f64,
    full_multigrid_work: f64,
    points: Vec<usize>,
    text: String,
}

/// The native side of `sobolev.multigrid.Multigrid`. Arrays have the shape of the points, and the number type of the stencil.
#[pyclass(frozen, module = "sobolev._core")]
pub(crate) struct Multigrid {
    hierarchy: Hierarchy,
    about: About,
}

impl Multigrid {
    fn of<S: Number>(
        multigrid: StencilMultigrid<S>,
        hierarchy: fn(Mutex<StencilMultigrid<S>>) -> Hierarchy,
    ) -> Self {
        let about = About {
            unknowns: multigrid.unknowns(),
            operator_complexity: multigrid.operator_complexity(),
            full_multigrid_work: multigrid.full_multigrid_work(),
            points: multigrid.lattice().points().to_vec(),
            text: multigrid.to_string(),
        };
        Self { hierarchy: hierarchy(Mutex::new(multigrid)), about }
    }
}

fn stencil<S: Number>(
    py: Python<'_>,
    lattice: &Lattice,
    entries: &Bound<'_, PyAny>,
    params: MultigridParams,
) -> PyResult<StencilMultigrid<S>> {
    let entries = array::<S>(entries)?;
    work::run(py, None, |_| {
        let operator = if entries.ndim() == lattice.dimensions() {
            StencilOperator::constant(lattice, entries.view())?
        } else {
            StencilOperator::from_array(lattice, entries.view())?
        };
        Ok(StencilMultigrid::new(operator, params)?)
    })
}

/// `S -> f -> (u, residuals, norm)`.
fn solve<'py, S: Number>(
    py: Python<'py>,
    multigrid: &Mutex<StencilMultigrid<S>>,
    f: &Bound<'py, PyAny>,
    initial: Option<&Bound<'py, PyAny>>,
    params: SolveParams,
) -> PyResult<(Bound<'py, PyAny>, Vec<f64>, f64)> {
    let f = array::<S>(f)?;
    let initial = initial.map(array::<S>).transpose()?;
    let (u, info) = work::run(py, None, |watch| {
        let initial = initial.as_ref().map(|initial| initial.view());
        Ok(lock(multigrid).solve_from(f.view(), initial, &params, watch)?)
    })?;
    Ok((u.into_pyarray(py).into_any(), info.residuals, info.norm))
}

/// What `action` makes of an array.
fn map<'py, S: Number>(
    py: Python<'py>,
    multigrid: &Mutex<StencilMultigrid<S>>,
    values: &Bound<'py, PyAny>,
    action: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let values = array::<S>(values)?;
    let out = work::run(py, None, |_| {
        let mut multigrid = lock(multigrid);
        Ok(match action {
            "apply" => multigrid.operator().apply(values.view())?,
            "precondition" => multigrid.precondition(values.view())?,
            _ => multigrid.full_multigrid(values.view())?,
        })
    })?;
    Ok(out.into_pyarray(py).into_any())
}

#[pymethods]
impl Multigrid {
    /// `entries` `[3, .., 3]` or `[points.., 3, .., 3]`, float64 or complex128; `sides` a pair of words for each axis.
    #[new]
    fn new(
        py: Python<'_>,
        entries: &Bound<'_, PyAny>,
        points: Vec<usize>,
        centring: &str,
        sides: Vec<(String, String)>,
        params: Params,
    ) -> PyResult<Self> {
        let params = params.read()?;
        let mut lattice = Lattice::new(&points).map_err(raise)?.with_centring(self::centring(centring)?);
        let words = [("zero", Some(Side::Zero)), ("natural", Some(Side::Natural)), ("periodic", None)];
        for (axis, (low, high)) in sides.iter().enumerate() {
            lattice = match (choice("sides", low, &words)?, choice("sides", high, &words)?) {
                (None, None) => lattice.with_periodic(axis),
                (Some(low), Some(high)) => lattice.with_sides(axis, [low, high]),
                _ => Err(NumericError::value(
                    "sides",
                    "both sides of an axis periodic, or none",
                    format!("{low} and {high}"),
                )),
            }
            .map_err(raise)?;
        }
        Ok(if entries.cast::<PyArrayDyn<f64>>().is_ok() {
            Self::of(stencil(py, &lattice, entries, params)?, Hierarchy::Real)
        } else {
            Self::of(stencil(py, &lattice, entries, params)?, Hierarchy::Complex)
        })
    }

    /// `(u, residuals, norm of f)`.
    #[pyo3(signature = (f, initial, *, iteration, tolerance, absolute_tolerance, iterations))]
    fn solve<'py>(
        &self,
        py: Python<'py>,
        f: &Bound<'py, PyAny>,
        initial: Option<&Bound<'py, PyAny>>,
        iteration: &str,
        tolerance: f64,
        absolute_tolerance: f64,
        iterations: usize,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<f64>, f64)> {
        let list = [
            ("conjugate-gradients", Iteration::ConjugateGradients),
            ("bicgstab", Iteration::BiCgStab),
            ("cycles", Iteration::Cycles),
        ];
        let params = SolveParams {
            iteration: choice("iteration", iteration, &list)?,
            relative_tolerance: tolerance,
            absolute_tolerance,
            iteration_limit: iterations,
        };
        match &self.hierarchy {
            Hierarchy::Real(multigrid) => solve(py, multigrid, f, initial, params),
            Hierarchy::Complex(multigrid) => solve(py, multigrid, f, initial, params),
        }
    }

    /// `A u`, one cycle for `A z = r`, or full multigrid for `A u = f`.
    fn map<'py>(
        &self,
        py: Python<'py>,
        values: &Bound<'py, PyAny>,
        action: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        match &self.hierarchy {
            Hierarchy::Real(multigrid) => map(py, multigrid, values, action),
            Hierarchy::Complex(multigrid) => map(py, multigrid, values, action),
        }
    }

    #[getter]
    fn is_complex(&self) -> bool {
        matches!(self.hierarchy, Hierarchy::Complex(_))
    }

    #[getter]
    fn unknowns(&self) -> Vec<usize> {
        self.about.unknowns.clone()
    }

    #[getter]
    fn operator_complexity(&self) -> f64 {
        self.about.operator_complexity
    }

    #[getter]
    fn full_multigrid_work(&self) -> f64 {
        self.about.full_multigrid_work
    }

    #[getter]
    fn points(&self) -> Vec<usize> {
        self.about.points.clone()
    }

    fn __str__(&self) -> String {
        self.about.text.clone()
    }
}

/// A problem of either number type.
enum AnyProblem {
    Real(Elliptic<f64>),
    Complex(Elliptic<Complex64>),
}

/// The native side of `sobolev.multigrid.Elliptic`.
#[pyclass(frozen, module = "sobolev._core")]
pub(crate) struct EllipticProblem {
    problem: AnyProblem,
}

/// A condition: its name, `alpha`, `value`.
pub(crate) type Words<'py> = (String, Bound<'py, PyAny>, Bound<'py, PyAny>);

pub(crate) fn condition<S: Number>((name, alpha, value): &Words<'_>) -> PyResult<Condition<S>> {
    let kind = choice("sides", name, &[("dirichlet", 0), ("neumann", 1), ("robin", 2), ("periodic", 3)])?;
    Ok(match kind {
        0 => Condition::Dirichlet(array(value)?),
        1 => Condition::Neumann(array(value)?),
        2 => Condition::Robin { alpha: array(alpha)?, value: array(value)? },
        _ => Condition::Periodic,
    })
}

fn elliptic<S: Number>(
    cells: &[usize],
    extent: &[f64],
    centring: Centring,
    sides: &[(Words<'_>, Words<'_>)],
    diffusion: &[Bound<'_, PyAny>],
    reaction: Option<&Bound<'_, PyAny>>,
) -> PyResult<Elliptic<S>> {
    let sides = sides
        .iter()
        .map(|(low, high)| Ok([condition(low)?, condition(high)?]))
        .collect::<PyResult<Vec<_>>>()?;
    let mut problem = Elliptic::new(cells, extent, centring, sides).map_err(raise)?;
    let diffusion: Vec<ArrayD<S>> = diffusion.iter().map(array).collect::<PyResult<_>>()?;
    problem = match &diffusion[..] {
        [] => problem,
        [one] => problem.with_diffusion(one.view()).map_err(raise)?,
        several => {
            let views: Vec<_> = several.iter().map(|a| a.view()).collect();
            problem.with_diffusions(&views).map_err(raise)?
        }
    };
    match reaction {
        Some(reaction) => problem.with_reaction(array::<S>(reaction)?.view()).map_err(raise),
        None => Ok(problem),
    }
}

#[pymethods]
impl EllipticProblem {
    /// Arrays are complex128 throughout when `complex`, float64 otherwise.
    #[new]
    fn new(
        cells: Vec<usize>,
        extent: Vec<f64>,
        centring: &str,
        sides: Vec<(Words<'_>, Words<'_>)>,
        diffusion: Vec<Bound<'_, PyAny>>,
        reaction: Option<Bound<'_, PyAny>>,
        complex: bool,
    ) -> PyResult<Self> {
        let centring = self::centring(centring)?;
        let reaction = reaction.as_ref();
        let problem = if complex {
            AnyProblem::Complex(elliptic(&cells, &extent, centring, &sides, &diffusion, reaction)?)
        } else {
            AnyProblem::Real(elliptic(&cells, &extent, centring, &sides, &diffusion, reaction)?)
        };
        Ok(Self { problem })
    }

    fn multigrid(&self, py: Python<'_>, params: Params) -> PyResult<Multigrid> {
        let params = params.read()?;
        Ok(match &self.problem {
            AnyProblem::Real(problem) => {
                Multigrid::of(work::run(py, None, |_| Ok(problem.multigrid(params)?))?, Hierarchy::Real)
            }
            AnyProblem::Complex(problem) => {
                Multigrid::of(work::run(py, None, |_| Ok(problem.multigrid(params)?))?, Hierarchy::Complex)
            }
        })
    }

    fn right_hand_side<'py>(&self, py: Python<'py>, f: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Ok(match &self.problem {
            AnyProblem::Real(problem) => {
                let f = problem.right_hand_side(array::<f64>(f)?.view()).map_err(raise)?;
                f.into_pyarray(py).into_any()
            }
            AnyProblem::Complex(problem) => {
                let f = problem.right_hand_side(array::<Complex64>(f)?.view()).map_err(raise)?;
                f.into_pyarray(py).into_any()
            }
        })
    }

    fn coordinates(&self, axis: usize) -> PyResult<Vec<f64>> {
        match &self.problem {
            AnyProblem::Real(problem) => problem.coordinates(axis),
            AnyProblem::Complex(problem) => problem.coordinates(axis),
        }
        .map_err(raise)
    }

    #[getter]
    fn points(&self) -> Vec<usize> {
        match &self.problem {
            AnyProblem::Real(problem) => problem.lattice().points().to_vec(),
            AnyProblem::Complex(problem) => problem.lattice().points().to_vec(),
        }
    }
}
