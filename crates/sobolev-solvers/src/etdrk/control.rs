//! Steps of equal length, or chosen by the estimated error on a ladder of halved steps.

use sobolev_tensor::{Error, Result};
use std::sync::OnceLock;

/// Rungs below the whole interval: the shortest step is `2^-26` of it.
const DEEPEST: usize = 26;

/// Part of the tolerance that any step may take, however short, until all of such parts are another whole. Without it rough
/// initial states, whose finest waves die at once, would ask for very short first steps that gain nothing.
const FLOOR: f64 = 1e-3;

/// Roundings of the state that no step can be asked to beat.
const ROUNDINGS: f64 = 16.0;

/// How long time steps are. A number is [`Step::Fixed`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Step {
    /// [`Step::Tolerance`] of 1e-8.
    #[default]
    Auto,
    /// As the error allows: the estimated errors of all steps of a run, each relative to the state in the root mean square,
    /// are together at most about this, spread evenly over its time. A run is a `rollout` up to its last time, a `solve`, or
    /// one call of `step`. The estimate of the fourth order is that of a third order, so that the true error is often 10
    /// to 200 times smaller; equations that amplify errors, such as chaotic ones, amplify these too. From 1e-13 to 0.1;
    /// rounding of each step comes on top.
    Tolerance(f64),
    /// Equal steps of at most this length; an error says when they are unstable.
    Fixed(f64),
}

impl From<f64> for Step {
    fn from(step: f64) -> Self {
        Self::Fixed(step)
    }
}

impl Step {
    /// The error that is asked for; none with equal steps.
    pub(crate) fn tolerance(self) -> Option<f64> {
        match self {
            Self::Auto => Some(1e-8),
            Self::Tolerance(tolerance) => Some(tolerance),
            Self::Fixed(_) => None,
        }
    }

    /// Checks that the number makes sense.
    ///
    /// # Errors
    /// [`Error::Value`] that names `step` or `tolerance`.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Fixed(step) if !(step.is_finite() && step > 0.0) => {
                Err(Error::value("step", "a positive finite number", step))
            }
            Self::Tolerance(tolerance) if !(1e-13..=0.1).contains(&tolerance) => {
                Err(Error::value("tolerance", "1e-13 to 0.1", tolerance))
            }
            _ => Ok(()),
        }
    }
}

/// What an integration cost and how well it went.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[must_use]
pub struct Report {
    /// Steps taken.
    pub steps: u64,
    /// Steps computed and thrown away because their error was too large.
    pub rejected: u64,
    /// Sum of the estimated errors of the steps, relative to the state in the Euclidean norm. For the fourth order an
    /// upper estimate of the error of a problem that does not amplify errors.
    pub error: f64,
}

/// What becomes of a step that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is taken.
    Accepted,
    /// It is tried again at half its length.
    Rejected,
    /// It is too long, and there is no shorter one.
    Stuck,
}

/// The way of one sample over an interval, in steps of `interval / 2^level`.
///
/// Steps that are binary fractions of the interval end exactly on it, and few distinct steps mean few tables.
#[derive(Debug)]
pub(crate) struct Control {
    interval: f64,
    /// Estimated error allowed per unit of time.
    rate: f64,
    /// Estimated error allowed to any step as long as `spare` lasts, and always.
    floor: f64,
    rounding: f64,
    spare: f64,
    /// By what the allowed error must exceed that of a step before one of twice the length is tried.
    growth: f64,
    /// In units of the shortest step.
    position: u64,
    level: usize,
    report: Report,
}

impl Control {
    /// The way over `interval`, a part of a run of length `run` with estimated errors of `tolerance` together, by a scheme whose
    /// estimate falls as the step to the power `power`, in numbers of relative distance `epsilon`, from steps of
    /// about `first` on.
    pub(crate) fn new(
        interval: f64,
        (tolerance, run): (f64, f64),
        power: i32,
        epsilon: f64,
        first: f64,
    ) -> Self {
        let deepest_first = DEEPEST - 2;
        let level = (interval / first).log2().ceil().clamp(0.0, deepest_first as f64);
        Self {
            interval,
            rate: tolerance / run,
            floor: FLOOR * tolerance,
            rounding: ROUNDINGS * epsilon,
            spare: tolerance * interval / run,
            // Twice the step makes `2^power` times the error, of which twice as much is allowed; a further factor of two
            // spares rejections.
            growth: 2.0_f64.powi(power),
            position: 0,
            level: level as usize,
            report: Report::default(),
        }
    }

    /// The rung of the next step.
    pub(crate) fn level(&self) -> usize {
        self.level
    }

    /// Length of the next step.
    pub(crate) fn step(&self) -> f64 {
        self.interval / (1_u64 << self.level) as f64
    }

    /// Time since the begin of the interval.
    pub(crate) fn time(&self) -> f64 {
        self.interval * self.position as f64 / (1_u64 << DEEPEST) as f64
    }

    /// Whether the end is reached.
    pub(crate) fn finished(&self) -> bool {
        self.position == 1 << DEEPEST
    }

    /// Steps so far.
    pub(crate) fn report(&self) -> Report {
        self.report
    }

    /// Estimated error allowed to the next step.
    pub(crate) fn allowed(&self) -> f64 {
        (self.rate * self.step()).max(self.floor.min(self.spare)).max(self.rounding)
    }

    /// Judges the next step by its estimated error, relative to the state; one far too long makes NaN.
    pub(crate) fn judge(&mut self, error: f64) -> Outcome {
        let allowed = self.allowed();
        if error.is_nan() || error > allowed {
            self.report.rejected += 1;
            if self.level == DEEPEST {
                return Outcome::Stuck;
            }
            self.level += 1;
            return Outcome::Rejected;
        }
        self.spare = (self.spare - (error - self.rate * self.step()).max(0.0)).max(0.0);
        self.report.steps += 1;
        self.report.error += error;
        self.position += 1 << (DEEPEST - self.level);
        let aligned = self.level > 0 && self.position.is_multiple_of(1 << (DEEPEST - self.level + 1));
        if aligned && error * self.growth <= allowed {
            self.level -= 1;
        }
        Outcome::Accepted
    }
}

/// The tables of steps of `interval / 2^level`, each made when it is first needed and shared by all samples.
#[derive(Debug)]
pub(crate) struct Ladder<R> {
    interval: f64,
    rungs: Vec<OnceLock<Result<R>>>,
}

impl<R> Ladder<R> {
    pub(crate) fn new(interval: f64) -> Self {
        Self { interval, rungs: (0..=DEEPEST).map(|_| OnceLock::new()).collect() }
    }

    /// The tables of a level, those kept or what `make` makes of the length of the step.
    ///
    /// # Errors
    /// That of `make`, such as for a linear part that grows too much within the step.
    pub(crate) fn rung(&self, level: usize, make: impl FnOnce(f64) -> Result<R>) -> Result<&R> {
        let step = self.interval / (1_u64 << level) as f64;
        self.rungs[level].get_or_init(|| make(step)).as_ref().map_err(Clone::clone)
    }
}
