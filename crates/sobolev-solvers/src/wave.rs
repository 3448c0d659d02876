//! Wave equation:  u_tt = div(c^2 grad u)  in a box of one to three dimensions; c may vary from place to place.
//!
//! States `[batch, n.., 2]` hold u and u_t at the cell centres `x_i = (i + 1/2) L / n`. Units: c in length over time.
//!
//! Behaviour: waves travel at speed c, turn around at walls (upside down where u = 0), and split where c jumps from c1 to c2: the
//! part `(c1 - c2) / (c1 + c2)` comes back. Exact relations: the energy `1/2 integral u_t^2 + c^2 |grad u|^2` is constant without
//! absorbing sides, and the equation runs backwards as well as forwards.
//!
//! [`Wave`]: finite volumes with harmonic means of c^2 on the faces, and the leapfrog scheme (in its form with u and u_t at the
//! same times); order 2 in space and time, reversible and symplectic: the energy stays within O(dt^2) for ever. Stability limit:
//! `c dt <= h / sqrt(d)`; a longer step is refused. Absorbing sides: `u_t + c du/dn = 0` (Engquist and Majda 1977, first order) at
//! the centres of the last cells; straight waves leave, of those at an angle a to the normal the part `(1 - cos a) / (1 + cos a)`
//! comes back.
//!
//! [`SpectralWave`]: constant c; sine, cosine or Fourier modes, each turned exactly through any time.
//!
//! Fails when: a wave has fewer than about ten cells: it then runs too slowly (leapfrog). Good start: c = 1, 64 cells a side.
//!
//! Source: Engquist and Majda, Absorbing boundary conditions, Math. Comput. 31 (1977).

mod leapfrog;
mod problem;
mod spectral;
#[cfg(test)]
mod tests;

pub use problem::{WAVE, WaveMethod, WaveProblem, WaveSettings};
pub use spectral::SpectralWave;

use crate::explicit_step::ExplicitStep;
use crate::solver::{TimeSolver, steps_of};
use crate::walls::check_lengths;
use leapfrog::{Leapfrog, Work};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis};
use rayon::prelude::*;
use sobolev_tensor::{Error, Monitor, Result, check_channels_last, check_finite};
use std::sync::{Arc, Mutex, PoisonError};

/// What holds at one end of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaveEnd {
    /// u = 0: waves come back upside down.
    Dirichlet,
    /// du/dn = 0: waves come back.
    Neumann,
    /// The box wraps around; at both ends of an axis.
    Periodic,
    /// Waves leave.
    Absorbing,
}

/// c.
#[derive(Debug, Clone)]
enum Speed {
    Constant(f64),
    Field(ArrayD<f64>),
}

/// Solver of the wave equation by the leapfrog scheme; the module page has equation, method and limits.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_solvers::{TimeSolver, Wave, WaveEnd};
/// // A bump in the middle of an open field splits in two, and both halves leave.
/// let bump = ArrayD::from_shape_fn(vec![1, 200, 2], |i| {
///     if i[2] == 0 { (-0.01 * (i[1] as f64 - 99.5).powi(2)).exp() } else { 0.0 }
/// });
/// let wave = Wave::new(&[1.0], 1.0)?.with_ends(&[[WaveEnd::Absorbing; 2]])?;
/// let frames = wave.rollout(bump.view(), &[0.25, 1.0], &())?;
/// assert!((frames[[0, 0, 50, 0]] - 0.5).abs() < 0.01 && frames[[0, 1, 50, 0]].abs() < 0.001);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Wave {
    lengths: Vec<f64>,
    speed: Speed,
    ends: Vec<[WaveEnd; 2]>,
    step: ExplicitStep,
    plan: Mutex<Option<Arc<Leapfrog>>>,
}

impl Wave {
    /// Constant speed in a box of side `lengths` with u = 0 on all sides, with steps of at most 0.9 times the stability limit.
    ///
    /// # Errors
    /// [`Error::Value`] unless there are 1 to 3 positive lengths and the speed is positive.
    pub fn new(lengths: &[f64], speed: f64) -> Result<Self> {
        if !(1..=3).contains(&lengths.len()) {
            return Err(Error::value("lengths", "1 to 3 of them", lengths.len()));
        }
        check_lengths("lengths", lengths, lengths.len())?;
        check_speed([&speed])?;
        Ok(Self {
            lengths: lengths.to_vec(),
            speed: Speed::Constant(speed),
            ends: vec![[WaveEnd::Dirichlet; 2]; lengths.len()],
            step: ExplicitStep::Courant(0.9),
            plan: Mutex::default(),
        })
    }

    /// Sets a speed that varies: c at the cell centres `[n..]`, shared by the batch. States then have to have this grid.
    ///
    /// # Errors
    /// [`Error::Value`] unless all are positive and finite, [`Error::Shape`] for another number of axes.
    pub fn with_speed_field(self, speed: ArrayD<f64>) -> Result<Self> {
        if speed.ndim() != self.lengths.len() {
            let expected = format!("{} axes, without batch and channel", self.lengths.len());
            return Err(Error::shape("speed", expected, speed.shape()));
        }
        check_speed(&speed)?;
        Ok(Self { speed: Speed::Field(speed), plan: Mutex::default(), ..self })
    }

    /// Sets what holds at the lower and upper end of each axis.
    ///
    /// # Errors
    /// [`Error::Value`] unless there is a pair for each axis, periodic at both ends or at none.
    pub fn with_ends(self, ends: &[[WaveEnd; 2]]) -> Result<Self> {
        if ends.len() != self.lengths.len() {
            return Err(Error::value("ends", format!("{} pairs", self.lengths.len()), ends.len()));
        }
        let half = |pair: &&[WaveEnd; 2]| (pair[0] == WaveEnd::Periodic) != (pair[1] == WaveEnd::Periodic);
        if let Some(pair) = ends.iter().find(half) {
            let expected = "an axis that is periodic at both ends or at none";
            return Err(Error::value("ends", expected, format!("{pair:?}")));
        }
        Ok(Self { ends: ends.to_vec(), plan: Mutex::default(), ..self })
    }

    /// Sets the time steps.
    ///
    /// # Errors
    /// [`Error::Value`] for a fixed step that is not positive and a part of the limit outside (0, 1].
    pub fn with_step(self, step: ExplicitStep) -> Result<Self> {
        Ok(Self { step: step.checked()?, ..self })
    }

    /// The longest stable time step on a grid of `cells`.
    ///
    /// # Errors
    /// As [`TimeSolver::check`].
    pub fn stability_limit(&self, cells: &[usize]) -> Result<f64> {
        Ok(self.plan(cells)?.limit())
    }

    /// The energy `1/2 integral u_t^2 + c^2 |grad u|^2` of each sample of a state.
    ///
    /// # Errors
    /// As [`TimeSolver::check`].
    pub fn energy(&self, state: ArrayViewD<'_, f64>) -> Result<Vec<f64>> {
        self.check(state.view())?;
        let plan = self.plan(&state.shape()[1..=self.lengths.len()])?;
        let mut work = plan.work();
        let one = |sample: ArrayViewD<'_, f64>| {
            work.load(&sample);
            plan.energy(&mut work)
        };
        Ok(state.outer_iter().map(one).collect())
    }

    /// What the scheme keeps to rounding without absorbing sides, of each sample of a state, when it advances by `duration`
    /// again and again: the energy minus `dt^2 / 8` times the integral of the squared acceleration.
    ///
    /// # Errors
    /// As [`TimeSolver::check`], and for a step above the stability limit.
    pub(crate) fn kept_energy(&self, state: ArrayViewD<'_, f64>, duration: f64) -> Result<Vec<f64>> {
        self.check(state.view())?;
        let plan = self.plan(&state.shape()[1..=self.lengths.len()])?;
        let (_, step) = self.steps(&plan, duration)?;
        let mut work = plan.work();
        let one = |sample: ArrayViewD<'_, f64>| {
            work.load(&sample);
            plan.kept_energy(&mut work, step)
        };
        Ok(state.outer_iter().map(one).collect())
    }

    /// Number and length of the steps that make up `duration`.
    fn steps(&self, plan: &Leapfrog, duration: f64) -> Result<(u64, f64)> {
        let limit = plan.limit();
        let longest = match self.step {
            ExplicitStep::Courant(part) => part * limit,
            ExplicitStep::Fixed(step) => step,
        };
        let steps = steps_of(duration, longest)?;
        let step = duration / steps as f64;
        if step > limit * (1.0 + 1e-9) {
            let words = format!("{limit:.3e}, the stability limit c dt <= h / sqrt(d)");
            return Err(ExplicitStep::too_long(step, &words));
        }
        Ok((steps, step))
    }

    /// The plan for a grid, that of the last call if it fits.
    fn plan(&self, cells: &[usize]) -> Result<Arc<Leapfrog>> {
        let mut kept = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = kept.as_ref().filter(|plan| plan.cells() == cells) {
            return Ok(Arc::clone(plan));
        }
        if cells.len() != self.lengths.len() || cells.iter().any(|n| *n < 2) {
            let expected = format!("{} axes of at least 2 cells", self.lengths.len());
            return Err(Error::shape("wave state", expected, cells));
        }
        let speed = match &self.speed {
            Speed::Constant(speed) => vec![*speed; cells.iter().product()],
            Speed::Field(field) if field.shape() == cells => field.iter().copied().collect(),
            Speed::Field(field) => {
                let expected = format!("the grid of the speed, {:?}", field.shape());
                return Err(Error::shape("wave state", expected, cells));
            }
        };
        let plan = Leapfrog::new(cells, &self.lengths, &self.ends, &speed);
        Ok(Arc::clone(kept.insert(Arc::new(plan))))
    }
}

fn check_speed<'a>(speed: impl IntoIterator<Item = &'a f64>) -> Result<()> {
    match speed.into_iter().find(|c| !(c.is_finite() && **c > 0.0)) {
        Some(wrong) => Err(Error::value("speed", "positive finite numbers", wrong)),
        None => Ok(()),
    }
}

/// Checks a state of u and u_t.
fn check_state(state: &ArrayViewD<'_, f64>, dimensions: usize) -> Result<()> {
    check_channels_last("wave state", state.shape(), dimensions, 2)?;
    check_finite("wave state", state.shape(), state.iter())
}

impl TimeSolver for Wave {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        let d = self.lengths.len();
        check_state(&state, d)?;
        self.plan(&state.shape()[1..=d]).map(|_| ())
    }

    fn advance(&self, mut state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        if duration == 0.0 {
            return Ok(());
        }
        let plan = self.plan(&state.shape()[1..=self.lengths.len()])?;
        let (steps, step) = self.steps(&plan, duration)?;
        let samples: Vec<_> = state.axis_iter_mut(Axis(0)).collect();
        let one = |work: &mut Work, mut sample: ArrayViewMutD<'_, f64>| {
            work.load(&sample.view());
            plan.march(work, step, steps, monitor)?;
            work.store(&mut sample);
            Ok(())
        };
        let outcomes: Vec<Result<()>> = samples.into_par_iter().map_init(|| plan.work(), one).collect();
        outcomes.into_iter().collect()
    }
}
