//! The solver of semi-linear equations on periodic boxes.

use super::equation::{SemiLinear, Term};
use super::grid::PeriodicGrid;
use super::scheme::TimeScheme;
use super::stepper::{Stepper, Work};
use crate::etdrk::Order;
use crate::solver::{SteppedSolver, TimeSolver, steps_of};
use ndarray::{ArrayViewD, ArrayViewMutD};
use rayon::prelude::*;
use sobolev_tensor::{Error, Monitor, Real, Result, check_channels_last, check_finite};
use std::sync::{Arc, Mutex, PoisonError};

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

/// Steppers that are kept: a grid and a step have large tables.
const KEPT: usize = 4;

/// Solver of a [`SemiLinear`] equation on a periodic box, by Fourier transforms in space and exponential Runge-Kutta schemes in time.
///
/// States are `[batch, x1, .., xd, channels]` in f64, at the points `i length / n`; trajectories have a time axis after the batch.
/// Lengths, times and parameters are in any units that fit each other.
///
/// Waves that a product of values would alias onto others are left out (the 2/3 rule for quadratic terms, 1/2 for cubic ones):
/// the state is projected onto the others. Time steps are equal; the last one of an interval ends at its end, which makes all
/// of them a little shorter.
#[derive(Debug)]
pub struct PeriodicSolver<E> {
    equation: E,
    lengths: Vec<f64>,
    scheme: TimeScheme,
    step: f64,
    precision: Precision,
    dealiasing: Dealiasing,
    single: Kept<f32>,
    double: Kept<f64>,
}

type Kept<T> = Mutex<Vec<(Key, Arc<Stepper<T>>)>>;

/// Points and bits of the time step.
type Key = (Vec<usize>, u64);

impl<E: SemiLinear> PeriodicSolver<E> {
    /// The solver of `equation` on a box of side `lengths` with time steps of at most `step`, of fourth order.
    ///
    /// # Errors
    /// [`Error::Value`] for lengths and steps that are not positive and finite, and dimensions in which the equation makes no
    /// sense.
    pub fn new(equation: E, lengths: &[f64], step: f64) -> Result<Self> {
        equation.check(lengths.len())?;
        if !lengths.iter().all(|length| length.is_finite() && *length > 0.0) {
            return Err(Error::value("length", "positive finite numbers", format!("{lengths:?}")));
        }
        if !(step.is_finite() && step > 0.0) {
            return Err(Error::value("step", "a positive finite number", step));
        }
        Ok(Self {
            equation,
            lengths: lengths.to_vec(),
            scheme: TimeScheme::Exponential(Order::Fourth),
            step,
            precision: Precision::default(),
            dealiasing: Dealiasing::default(),
            single: Mutex::default(),
            double: Mutex::default(),
        })
    }

    /// The same solver with another time scheme.
    #[must_use]
    pub fn with_scheme(self, scheme: TimeScheme) -> Self {
        Self { scheme, single: Mutex::default(), double: Mutex::default(), ..self }
    }

    /// The same solver with another precision.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The same solver with another choice of waves.
    #[must_use]
    pub fn with_dealiasing(self, dealiasing: Dealiasing) -> Self {
        Self { dealiasing, single: Mutex::default(), double: Mutex::default(), ..self }
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

    /// Tables for a grid and a step, those kept or new ones.
    fn stepper<T: Real>(&self, kept: &Kept<T>, points: &[usize], step: f64) -> Result<Arc<Stepper<T>>> {
        // The list is whole between any two operations on it.
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (points.to_vec(), step.to_bits());
        if let Some((_, found)) = kept.iter().find(|(other, _)| *other == key) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(Stepper::new(&self.equation, &self.grid(points)?, self.scheme, step)?);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((key, Arc::clone(&made)));
        Ok(made)
    }

    fn advance_in<T: Real>(
        &self,
        kept: &Kept<T>,
        mut state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        let steps = steps_of(duration, self.step)?;
        let shape = state.shape().to_vec();
        let points = &shape[1..shape.len() - 1];
        let stepper = self.stepper(kept, points, duration / steps as f64)?;
        let len: usize = shape[1..].iter().product();
        let spread = shape[0].div_ceil(stepper.samples()) < rayon::current_num_threads();
        let run = |values: &mut [f64]| -> Result<Vec<f64>> {
            let groups = values.par_chunks_mut(stepper.samples() * len);
            let outcomes: Vec<Result<Vec<f64>>> = groups
                .map_init(
                    || stepper.work(spread),
                    |work: &mut Work<T>, group| {
                        let samples: Vec<&[f64]> = group.chunks(len).collect();
                        stepper.load(&samples, work)?;
                        stepper.march(&self.equation, work, steps, monitor)?;
                        let mut samples: Vec<&mut [f64]> = group.chunks_mut(len).collect();
                        stepper.store(&mut samples, work)?;
                        Ok(work.errors()[..samples.len()].to_vec())
                    },
                )
                .collect();
            let errors: Result<Vec<Vec<f64>>> = outcomes.into_iter().collect();
            Ok(errors?.concat())
        };
        if let Some(values) = state.as_slice_mut() {
            return run(values);
        }
        let mut values: Vec<f64> = state.iter().copied().collect();
        let outcome = run(&mut values);
        state.iter_mut().zip(values).for_each(|(to, from)| *to = from);
        outcome
    }
}

impl<E: SemiLinear> PeriodicSolver<E> {
    /// Advances a checked state as [`TimeSolver::advance`]; returns for each sample an estimate of the error relative to its
    /// state in the Euclidean norm: the sum of the errors of all steps, judged from one in 64. It falls with the step as its
    /// first, second, second and third power for the orders 1 to 4, lies above the error of problems that do not amplify errors, and
    /// says nothing of the waves that the grid lacks.
    ///
    /// # Errors
    /// As there.
    pub fn advance_with_errors(
        &self,
        state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        if duration == 0.0 {
            return Ok(vec![0.0; state.shape()[0]]);
        }
        match self.precision {
            Precision::Single => self.advance_in(&self.single, state, duration, monitor),
            Precision::Double => self.advance_in(&self.double, state, duration, monitor),
        }
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
        self.advance_with_errors(state, duration, monitor).map(|_| ())
    }
}

impl<E: SemiLinear> SteppedSolver for PeriodicSolver<E> {
    fn step_size(&self) -> f64 {
        self.step
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
