//! Time steps that the estimated error chooses, of one sample at a time: its bits depend on no other one.

use super::equal::LOOK_EVERY;
use super::equation::SemiLinear;
use super::resolution::{Check, Resolutions, square_sum};
use super::scheme::TimeScheme;
use super::time_step::TimeStep;
use super::work::Work;
use crate::etdrk::{Control, Ladder, Outcome, Report};
use sobolev_tensor::{Buffer, Error, Monitor, Real, Result};

/// First step in parts of the time in which the state would change by itself, where an error of one is allowed.
const FIRST: f64 = 0.1;

/// An equation with all that its samples share on their way over one interval.
pub(crate) struct Adaptive<'a, T: Real, E> {
    pub(crate) equation: &'a E,
    pub(crate) scheme: TimeScheme,
    pub(crate) resolutions: &'a Resolutions<T>,
    /// The steps of each resolution.
    pub(crate) ladders: &'a [Ladder<TimeStep<T>>],
    pub(crate) interval: f64,
    /// Whether there are threads without a sample of their own.
    pub(crate) spread: bool,
    pub(crate) monitor: &'a dyn Monitor,
}

impl<T: Real, E: SemiLinear> Adaptive<'_, T, E> {
    /// Advances `sample`, `[points.., channels]`. The tolerance is the sum of the estimated errors that is allowed, and the time in
    /// which it is spent.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; [`Error::Diverged`] when the shortest step is too long; what `check` finds.
    pub(crate) fn integrate(
        &self,
        sample: &mut [f64],
        tolerance: (f64, f64),
        mut check: Option<Check>,
    ) -> Result<Report> {
        let mut state = Carried { works: (0..self.resolutions.len()).map(|_| None).collect(), level: 0 };
        let on = self.resolutions.on(0);
        on.load(&[sample], self.work(&mut state))?;
        on.rate_of_state(self.equation, self.work(&mut state))?;
        let first = self.first_step(tolerance.0, self.work(&mut state));
        let power = self.scheme.estimate_power();
        let mut control = Control::new(self.interval, tolerance, power, T::EPSILON.to_f64(), first);
        while !control.finished() {
            let report = control.report();
            if self.monitor.cancelled() {
                let left = (self.interval - control.time()) / control.step();
                let total = report.steps + left.ceil() as u64;
                return Err(Error::Cancelled { task: on.name.to_string(), done: report.steps, total });
            }
            let error = self.attempt(control.level(), &mut state)?;
            match control.judge(error) {
                Outcome::Rejected => {}
                Outcome::Stuck => return Err(self.stuck(&control, error)),
                Outcome::Accepted => self.accept(control.report().steps, &mut state, &mut check)?,
            }
        }
        while state.level > 0 {
            self.carry(&mut state, -1);
        }
        on.store(&mut [sample], self.work(&mut state))?;
        Ok(control.report())
    }

    /// The memory of the present resolution.
    fn work<'a>(&self, state: &'a mut Carried<T>) -> &'a mut Work<T> {
        let Carried { works, level } = state;
        let make = || self.resolutions.on(*level).work(self.scheme.tableau().stages.len(), self.spread);
        works[*level].get_or_insert_with(make)
    }

    /// A step in which the nonlinear part changes the state little.
    fn first_step(&self, tolerance: f64, work: &Work<T>) -> f64 {
        let squares = |field: &Buffer<T>| square_sum(field.as_slice());
        let norm = |fields: &[Buffer<T>]| fields.iter().map(squares).sum::<f64>().sqrt();
        let rate = work.rates.first().map_or(0.0, |rate| norm(rate));
        if rate == 0.0 {
            return self.interval;
        }
        let share = tolerance.powf(1.0 / f64::from(self.scheme.estimate_power()));
        FIRST * share * norm(&work.state) / rate
    }

    /// A step of a rung; its estimated error relative to the state in the Euclidean norm.
    fn attempt(&self, rung: usize, state: &mut Carried<T>) -> Result<f64> {
        let on = self.resolutions.on(state.level);
        let make = |length| TimeStep::new(self.equation, on, self.scheme, length);
        let Ok(step) = self.ladders[state.level].rung(rung, make) else {
            // The linear part grows too much within it.
            return Ok(f64::INFINITY);
        };
        let work = self.work(state);
        step.take(on, self.equation, work)?;
        let (mut error, mut size) = (0.0, 0.0);
        step.estimate(on, self.equation, work, |difference, next| {
            error += square_sum(difference);
            size += square_sum(next);
        })?;
        Ok(if error == 0.0 { 0.0 } else { (error / size).sqrt() })
    }

    /// Takes the step, and as many waves as the state that it reached needs.
    fn accept(&self, steps: u64, state: &mut Carried<T>, check: &mut Option<Check>) -> Result<()> {
        let work = self.work(state);
        work.accept_with_rate();
        if steps.is_multiple_of(LOOK_EVERY) {
            self.resolutions.on(state.level).make_real(self.work(state))?;
        }
        if let Some(check) = check {
            let level = state.level;
            check(&self.resolutions.spectrum(level, &self.work(state).state))?;
        }
        loop {
            let level = state.level;
            match self.resolutions.choose(level, &self.work(state).state) {
                chosen if chosen > level => self.carry(state, 1),
                chosen if chosen < level => {
                    self.carry(state, -1);
                    // Waves that the rate lacks.
                    let on = self.resolutions.on(state.level);
                    return on.rate_of_state(self.equation, self.work(state));
                }
                _ => return Ok(()),
            }
        }
    }

    /// Goes to the next coarser (1) or finer (-1) resolution.
    fn carry(&self, state: &mut Carried<T>, direction: isize) {
        let from = state.level;
        let Some(source) = state.works[from].take() else { return };
        state.level = from.saturating_add_signed(direction);
        let to = state.level;
        self.resolutions.carry((from, &source), (to, self.work(state)));
        state.works[from] = Some(source);
    }

    #[cold]
    fn stuck(&self, control: &Control, error: f64) -> Error {
        let (length, allowed) = (control.step(), control.allowed());
        let hint = if error.is_finite() {
            format!(
                "a step of {length:.1e} has an estimated error of {error:.1e} where {allowed:.1e} is allowed: the equation blows up, \
                 or the tolerance is too small"
            )
        } else {
            format!(
                "a step of {length:.1e} is still too long: the equation blows up, or the state is too large"
            )
        };
        let report = control.report();
        let solver = self.resolutions.on(0).name.to_string();
        Error::Diverged { solver, time: control.time(), step: report.steps, hint }
    }
}

/// The state of a sample on the grids that it has been on.
struct Carried<T: Real> {
    works: Vec<Option<Work<T>>>,
    /// Number of the present grid.
    level: usize,
}
