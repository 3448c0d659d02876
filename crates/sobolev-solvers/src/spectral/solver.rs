//! The solver of semi-linear equations on periodic boxes.

use super::adaptive::Adaptive;
use super::equal::march;
use super::equation::{SemiLinear, Term};
use super::grid::PeriodicGrid;
use super::kept::{Kept, Latest, OnGrid};
use super::resolution::{Check, Resolutions};
use super::scheme::TimeScheme;
use super::time_step::TimeStep;
use super::work::Work;
use crate::etdrk::{Order, Report, Step};
use crate::solver::{SteppedSolver, TimeSolver, steps_of};
use ndarray::{ArrayViewD, ArrayViewMutD};
use rayon::prelude::*;
use sobolev_tensor::{Error, Monitor, Real, Result, check_channels_last, check_finite};
use std::sync::Arc;

/// Number type of the computation; states are f64 in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// f32: twice as fast, about six digits of every step.
    Single,
    /// f64.
    #[default]
    Double,
}

/// Which waves are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dealiasing {
    /// Those onto which products alias nothing: a third of the points a side for quadratic terms, a quarter for cubic ones.
    #[default]
    Full,
    /// All of them, for solutions so smooth that the highest waves are empty.
    None,
}

/// Solver of a [`SemiLinear`] equation on a periodic box, by Fourier transforms in space and exponential Runge-Kutta schemes in time.
///
/// States are `[batch, x1, .., xd, channels]` in f64, at the points `i length / n`; trajectories have a time axis after the batch.
/// Lengths, times and parameters are in any units that fit each other.
///
/// Waves that a product of values would alias onto others are left out (the 2/3 rule for quadratic terms, 1/2 for cubic ones):
/// the state is projected onto the others. **So is the initial state**: what it has above a third (a quarter) of the points a side
/// is missing from all later states, the first of which is smoother than what was given.
///
/// Time steps are equal, the last one of an interval ending at its end, which makes all of them a little shorter; or as long as
/// a [tolerance](Step::Tolerance) allows. Then each sample of a batch has steps of its own, and is carried on by fewer waves once its
/// upper ones are below rounding. The bits of a sample depend neither on the number of threads nor on the rest of the batch.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_solvers::semilinear::KortewegDeVries;
/// use sobolev_solvers::spectral::PeriodicSolver;
/// use sobolev_solvers::{Step, TimeSolver};
/// // A soliton of height 1/2 moves with speed 1.
/// let soliton = |t: f64| move |i: usize| 0.5 / (0.5 * (40.0 * i as f64 / 256.0 - 20.0 - t)).cosh().powi(2);
/// let initial = ArrayD::from_shape_fn(vec![1, 256, 1], |i| soliton(0.0)(i[1]));
/// let solver = PeriodicSolver::new(KortewegDeVries::default(), &[40.0], Step::Tolerance(1e-6))?;
/// let u = solver.solve(initial.view(), 2.0)?;
/// assert!(u.indexed_iter().all(|(i, u)| (u - soliton(2.0)(i[1])).abs() < 1e-6));
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct PeriodicSolver<E> {
    equation: E,
    lengths: Vec<f64>,
    scheme: TimeScheme,
    step: Step,
    precision: Precision,
    dealiasing: Dealiasing,
    single: Kept<f32>,
    double: Kept<f64>,
}

/// What a solver wants for one sample.
pub(crate) struct Guide {
    /// The time in which a tolerance is spent.
    pub(crate) run: f64,
    pub(crate) check: Option<Check>,
}

/// What makes the guide of a sample from its values; none for a run of given length without checks.
pub(crate) type Guides<'a> = Option<&'a (dyn Fn(&[f64]) -> Guide + Sync)>;

impl<E: SemiLinear> PeriodicSolver<E> {
    /// The solver of `equation` on a box of side `lengths`, of fourth order; `step` is a [`Step`], or the longest of equal steps.
    ///
    /// # Errors
    /// [`Error::Value`] for lengths and steps that are not positive and finite, tolerances outside 1e-13 to 0.1, and dimensions
    /// in which the equation makes no sense.
    pub fn new(equation: E, lengths: &[f64], step: impl Into<Step>) -> Result<Self> {
        let step = step.into();
        equation.check(lengths.len())?;
        if !lengths.iter().all(|length| length.is_finite() && *length > 0.0) {
            return Err(Error::value("length", "positive finite numbers", format!("{lengths:?}")));
        }
        step.check()?;
        Ok(Self {
            equation,
            lengths: lengths.to_vec(),
            scheme: TimeScheme::Exponential(Order::Fourth),
            step,
            precision: Precision::default(),
            dealiasing: Dealiasing::default(),
            single: Latest::default(),
            double: Latest::default(),
        })
    }

    /// The same solver with another time scheme.
    #[must_use]
    pub fn with_scheme(self, scheme: TimeScheme) -> Self {
        Self { scheme, single: Latest::default(), double: Latest::default(), ..self }
    }

    /// The same solver with another precision.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The same solver with another choice of waves.
    #[must_use]
    pub fn with_dealiasing(self, dealiasing: Dealiasing) -> Self {
        Self { dealiasing, single: Latest::default(), double: Latest::default(), ..self }
    }

    /// The grid of so many points.
    ///
    /// # Errors
    /// As [`PeriodicGrid::new`].
    pub(crate) fn grid(&self, points: &[usize]) -> Result<PeriodicGrid> {
        let degree = match self.dealiasing {
            Dealiasing::Full => self.equation.degree(),
            Dealiasing::None => 1,
        };
        PeriodicGrid::new(points, &self.lengths, degree)
    }

    /// The equation.
    pub fn equation(&self) -> &E {
        &self.equation
    }

    /// How long the time steps are.
    pub fn step_control(&self) -> Step {
        self.step
    }

    fn on_grid<T: Real>(&self, kept: &Kept<T>, points: &[usize]) -> Result<Arc<OnGrid<T>>> {
        let coarser = self.step.tolerance().is_some();
        let make = || {
            let resolutions = Resolutions::new(&self.equation, &self.grid(points)?, coarser)?;
            Ok(OnGrid { resolutions, ladders: Latest::default() })
        };
        kept.get(points.to_vec(), make)
    }

    /// Advances a state by an interval, a part of a run of some length.
    fn advance_in<T: Real>(
        &self,
        kept: &Kept<T>,
        mut state: ArrayViewMutD<'_, f64>,
        times: (f64, f64),
        guides: Guides<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Report>> {
        let shape = state.shape().to_vec();
        let on_grid = self.on_grid(kept, &shape[1..shape.len() - 1])?;
        let run = |values: &mut [f64]| match self.step.tolerance() {
            Some(tolerance) => self.adaptive(&on_grid, values, &shape, tolerance, times, guides, monitor),
            None => self.equal(&on_grid, values, &shape, times.0, guides, monitor),
        };
        if let Some(values) = state.as_slice_mut() {
            return run(values);
        }
        let mut values: Vec<f64> = state.iter().copied().collect();
        let outcome = run(&mut values);
        state.iter_mut().zip(values).for_each(|(to, from)| *to = from);
        outcome
    }

    /// In equal steps.
    fn equal<T: Real>(
        &self,
        on_grid: &OnGrid<T>,
        values: &mut [f64],
        shape: &[usize],
        duration: f64,
        guides: Guides<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Report>> {
        let Step::Fixed(longest) = self.step else { return Ok(Vec::new()) };
        let steps = steps_of(duration, longest)?;
        let ladders = on_grid.ladders(duration / steps as f64)?;
        let on = on_grid.resolutions.on(0);
        let step = ladders[0].rung(0, |length| TimeStep::new(&self.equation, on, self.scheme, length))?;
        // A guide is for one sample.
        let together = if guides.is_some() { 1 } else { on.samples() };
        let spread = shape[0].div_ceil(together) < rayon::current_num_threads();
        let len: usize = shape[1..].iter().product();
        let stages = self.scheme.tableau().stages.len();
        let groups = values.par_chunks_mut(together * len);
        let outcomes: Vec<Result<Vec<Report>>> = groups
            .map_init(
                || on.work(stages, spread),
                |work: &mut Work<T>, group| {
                    let samples: Vec<&[f64]> = group.chunks(len).collect();
                    let check = guides.and_then(|guide| guide(samples[0]).check);
                    on.load(&samples, work)?;
                    let errors = march(step, on, &self.equation, work, steps, check, monitor)?;
                    let mut samples: Vec<&mut [f64]> = group.chunks_mut(len).collect();
                    on.store(&mut samples, work)?;
                    let report = |error: &f64| Report { steps, rejected: 0, error: *error };
                    Ok(errors[..samples.len()].iter().map(report).collect())
                },
            )
            .collect();
        let reports: Result<Vec<Vec<Report>>> = outcomes.into_iter().collect();
        Ok(reports?.concat())
    }

    /// In steps that a tolerance chooses, each sample by itself.
    fn adaptive<T: Real>(
        &self,
        on_grid: &OnGrid<T>,
        values: &mut [f64],
        shape: &[usize],
        tolerance: f64,
        (interval, run): (f64, f64),
        guides: Guides<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Report>> {
        let ladders = on_grid.ladders(interval)?;
        let adaptive = Adaptive {
            equation: &self.equation,
            scheme: self.scheme,
            resolutions: &on_grid.resolutions,
            ladders: &ladders,
            interval,
            spread: shape[0] < rayon::current_num_threads(),
            monitor,
        };
        let samples = values.par_chunks_mut(shape[1..].iter().product());
        let outcomes: Vec<Result<Report>> = samples
            .map(|sample| {
                let guide = guides.map_or(Guide { run, check: None }, |guide| guide(sample));
                adaptive.integrate(sample, (tolerance, guide.run), guide.check)
            })
            .collect();
        outcomes.into_iter().collect()
    }

    /// Advances a checked state by `duration`, a part of a run of length `run`, with a report of each sample; `guides`
    /// may say more of them.
    ///
    /// # Errors
    /// As [`TimeSolver::advance`], and those of the checks of the guides.
    pub(crate) fn advance_with_reports(
        &self,
        state: ArrayViewMutD<'_, f64>,
        (duration, run): (f64, f64),
        guides: Guides<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Report>> {
        if duration == 0.0 {
            return Ok(vec![Report::default(); state.shape()[0]]);
        }
        let times = (duration, run.max(duration));
        match self.precision {
            Precision::Single => self.advance_in(&self.single, state, times, guides, monitor),
            Precision::Double => self.advance_in(&self.double, state, times, guides, monitor),
        }
    }

    /// Advances a checked state as [`TimeSolver::advance`]; returns for each sample an estimate of the error relative to its
    /// state in the Euclidean norm: the sum of the errors of all steps, equal ones judged from one in 64. It falls with an equal step
    /// as its first, second, second and third power for the orders 1 to 4, lies above the error of problems that do not amplify errors,
    /// and says nothing of the waves that the grid lacks.
    ///
    /// # Errors
    /// As there.
    pub fn advance_with_errors(
        &self,
        state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        let reports = self.advance_with_reports(state, (duration, duration), None, monitor)?;
        Ok(reports.iter().map(|report| report.error).collect())
    }
}

impl<E: SemiLinear> TimeSolver for PeriodicSolver<E> {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        let dimensions = self.lengths.len();
        let name = format!("{} state", self.equation.name());
        check_channels_last(&name, state.shape(), dimensions, self.equation.channels(dimensions))?;
        self.grid(&state.shape()[1..=dimensions])?;
        check_finite(&name, state.shape(), state.iter())
    }

    fn advance(&self, state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        self.advance_part(state, duration, duration, monitor)
    }

    fn advance_part(
        &self,
        state: ArrayViewMutD<'_, f64>,
        duration: f64,
        run: f64,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        self.advance_with_reports(state, (duration, run), None, monitor).map(|_| ())
    }
}

impl<E: SemiLinear> SteppedSolver for PeriodicSolver<E> {
    /// Infinite where a tolerance chooses the steps.
    fn step_size(&self) -> f64 {
        if let Step::Fixed(step) = self.step { step } else { f64::INFINITY }
    }

    /// `5/2 n log2 n` for a real transform of n points and twice as much for a complex one, of all lines of an axis that hold
    /// kept waves.
    fn operations_per_step(&self, points: &[usize]) -> Result<f64> {
        let grid = self.grid(points)?;
        let d = points.len();
        let complex = self.equation.is_complex();
        let (mut lines, mut operations) = (grid.len() as f64, 0.0);
        for (axis, &n) in points.iter().enumerate() {
            lines /= n as f64;
            let each = if axis == 0 && !complex { 2.5 } else { 5.0 } * n as f64 * (n as f64).log2();
            operations += lines * each;
            lines *= if axis == 0 && !complex { grid.kept(0) + 1 } else { grid.kept_rows(axis).len() } as f64;
        }
        let slots = |terms: Vec<Term>| terms.iter().map(|term| term.slot + 1).max().unwrap_or(0);
        let transforms = slots(self.equation.inputs(d)) + slots(self.equation.outputs(d));
        Ok(operations * (transforms * self.scheme.tableau().stages.len()) as f64)
    }
}
