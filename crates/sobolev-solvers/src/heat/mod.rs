//! Heat in a medium:  u_t = div(a(x) grad u) + f(x)  in a box of one to three dimensions, with any condition on each side.
//!
//! State u `[batch, n.., 1]` at cell centres `x_i = (i + 1/2) L / n`; conductivity a `[n.., 1]`, positive. Units: with lengths
//! in m and times in s, a (a diffusivity) is in m^2/s and f in K/s.
//!
//! Behaviour: differences decay, the shortest waves first; heat is conserved where no side lets it through and f is zero;
//! without f the largest value never grows.
//!
//! Method: finite volumes with harmonic face means (order 2 where a is smooth) and the two-stage diagonally implicit
//! Runge-Kutta scheme of order 2 with gamma = 1 - 1/sqrt(2), L-stable, so that there is no limit on the time step (Alexander,
//! SIAM Journal on Numerical Analysis 14, 1977). Each stage is solved by conjugate gradients with a multigrid cycle, some three
//! to six iterations. Steps are equal, or chosen by the estimated error ([`Heat::with_tolerance`]).
//!
//! Error of a step: the rates r0 at its begin and k1, k2 of its stages make a formula of third order for linear equations; what it
//! differs by,
//!
//! ```text
//! e = (1 + gamma h A)^-2 h (sqrt(2) r0 - 2 k1 + (2 - sqrt(2)) k2) / 3
//! ```
//!
//! falls as h^3. Without the implicit operators in front (one of which Hosea and Shampine, Applied Numerical Mathematics 20, 1996,
//! put there for TR-BDF2) short waves would drown it; with both it is 0.74 to 1.14 times the error of the step, for waves of
//! any rate of decay.
//!
//! Fails when: the first time steps of a rough initial state are long: the scheme damps its short waves, but not on their own
//! time scale. Good start: steps of a hundredth of the time asked for.

mod problem;
mod step;
#[cfg(test)]
mod tests;

pub use problem::{HEAT, HeatProblem, HeatSettings};

use crate::solver::TimeSolver;
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis, IxDyn};
use rayon::prelude::*;
use sobolev_multigrid::Parallelism;
use sobolev_multigrid::general::{
    Centring, Condition, Elliptic, MultigridParams, StencilMultigrid, StencilOperator,
};
use sobolev_tensor::{Error, Monitor, Result, check_channels_last, check_finite};
use std::f64::consts::FRAC_1_SQRT_2;
use std::sync::{Arc, Mutex, PoisonError};
use step::Stepper;

/// gamma of the scheme.
const GAMMA: f64 = 1.0 - FRAC_1_SQRT_2;

/// Solver of the heat equation for one medium; the module page has equation, method and limits. Samples of a batch are advanced in
/// parallel; the bits depend neither on the number of threads nor on the rest of the batch.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_multigrid::general::Condition;
/// use sobolev_solvers::TimeSolver;
/// use sobolev_solvers::heat::Heat;
/// let a = ArrayD::from_shape_fn(vec![64, 32], |i| if i[0] < 32 { 1.0 } else { 0.1 });
/// let insulated = || [Condition::no_flux(), Condition::no_flux()];
/// let heat = Heat::new(a, &[2.0, 1.0], vec![[Condition::value(1.0), Condition::zero()], insulated()])?.with_step(1e-3)?;
/// let frames = heat.rollout(ArrayD::zeros(vec![1, 64, 32, 1]).view(), &[0.05, 0.1], &())?;
/// assert!(frames.iter().all(|u| (-1e-9..=1.0).contains(u)));
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Heat {
    problem: Elliptic<f64>,
    operator: StencilOperator<f64>,
    /// What drives the equation: f and the values on the sides.
    drive: ArrayD<f64>,
    step: f64,
    /// Of the steps; they are equal without it.
    tolerance: Option<f64>,
    /// Whether to stay on the calling thread.
    serial: bool,
    /// The hierarchies of the stage equation for the latest time steps.
    stages: Arc<Mutex<Vec<Kept>>>,
}

/// Hierarchies to keep: steps by tolerance go back and forth between two lengths.
const KEPT: usize = 2;

/// A hierarchy with its time step and threads.
type Kept = ((f64, Parallelism), Arc<StencilMultigrid<f64>>);

impl Heat {
    /// A solver for the conductivity `a` `[n..]` in a box of side lengths `extent`, without a source.
    ///
    /// # Errors
    /// When a is not positive and finite, or an extent or condition does not fit: see [`Elliptic::new`].
    pub fn new(a: ArrayD<f64>, extent: &[f64], sides: Vec<[Condition<f64>; 2]>) -> Result<Self> {
        let problem = Elliptic::new(a.shape(), extent, Centring::Cell, sides)?.with_diffusion(a.view())?;
        let drive = problem.right_hand_side(ArrayD::zeros(a.raw_dim()).view())?;
        let operator = problem.operator()?;
        let step = f64::INFINITY;
        Ok(Self { problem, operator, drive, step, tolerance: None, serial: false, stages: Arc::default() })
    }

    /// The same with a source f `[n..]`.
    ///
    /// # Errors
    /// When the shape differs or a value is not finite.
    pub fn with_source(mut self, f: ArrayViewD<'_, f64>) -> Result<Self> {
        self.drive = self.problem.right_hand_side(f)?;
        Ok(self)
    }

    /// The same with time steps of at most `step`. Without it, each interval between two times of an answer is one step.
    ///
    /// # Errors
    /// Unless it is positive.
    pub fn with_step(mut self, step: f64) -> Result<Self> {
        if step.is_nan() || step <= 0.0 {
            return Err(Error::value("step", "a positive number", step));
        }
        self.step = step;
        Ok(self)
    }

    /// The same with time steps that the estimated error chooses: the interval between two times of an answer, halved until
    /// each step errs by at most `tolerance` relative to the state, in the root mean square. The error of the answer falls as
    /// `tolerance^(2/3)`. Every new length of a step costs a hierarchy.
    ///
    /// # Errors
    /// [`Error::Value`] unless it is between 1e-8 and 0.1.
    pub fn with_tolerance(mut self, tolerance: f64) -> Result<Self> {
        if !(1e-8..=0.1).contains(&tolerance) {
            return Err(Error::value("tolerance", "1e-8 to 0.1", tolerance));
        }
        self.tolerance = Some(tolerance);
        Ok(self)
    }

    /// The same on the calling thread alone: right where every thread has a sample of its own.
    #[must_use]
    pub(crate) fn serial(mut self) -> Self {
        self.serial = true;
        self
    }

    fn points(&self) -> &[usize] {
        self.problem.lattice().points()
    }

    /// The hierarchy for `A + 1 / (gamma h)`, that of an earlier call or a new one.
    fn stage(&self, step: f64, parallelism: Parallelism) -> Result<Arc<StencilMultigrid<f64>>> {
        let lock = || self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let find = |kept: &[Kept]| {
            kept.iter().find(|(key, _)| *key == (step, parallelism)).map(|(_, stage)| Arc::clone(stage))
        };
        if let Some(stage) = find(&lock()) {
            return Ok(stage);
        }
        // Without the lock: the pool may give this thread another sample, which asks for it, while its hierarchy is made.
        let reaction = ArrayD::from_elem(IxDyn(self.points()), 1.0 / (GAMMA * step));
        let params = MultigridParams { parallelism, ..MultigridParams::default() };
        let made = Arc::new(self.problem.clone().with_reaction(reaction.view())?.multigrid(params)?);
        let mut kept = lock();
        if let Some(stage) = find(&kept) {
            return Ok(stage);
        }
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(((step, parallelism), Arc::clone(&made)));
        Ok(made)
    }

    /// Advances as [`TimeSolver::advance`] and estimates the error, at the cost of two solutions to two digits a step; returns, for
    /// each sample, the sum of the estimated errors of its steps relative to the state, both in the root mean square.
    ///
    /// # Errors
    /// As [`TimeSolver::advance`].
    pub fn integrate(
        &self,
        state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        self.run(state, duration, true, monitor)
    }

    fn run(
        &self,
        mut state: ArrayViewMutD<'_, f64>,
        duration: f64,
        estimate: bool,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        let batch = state.shape()[0];
        if duration == 0.0 {
            return Ok(vec![0.0; batch]);
        }
        let serial = self.serial || batch >= rayon::current_num_threads();
        let parallelism = if serial { Parallelism::Serial } else { Parallelism::Pool };
        let channel = Axis(self.points().len());
        let advance = |mut sample: ArrayViewMutD<'_, f64>| {
            let mut values = sample.index_axis_mut(channel, 0);
            let mut stepper = Stepper::new(self, parallelism, values.to_owned(), monitor);
            let error = match self.tolerance {
                Some(tolerance) => stepper.march_by_error(duration, tolerance)?,
                None => stepper.march_equally(duration, estimate)?,
            };
            values.assign(stepper.state());
            Ok(error)
        };
        let samples: Vec<_> = state.outer_iter_mut().collect();
        let outcomes: Vec<Result<f64>> =
            samples.into_par_iter().map(|sample| advance(sample.into_dyn())).collect();
        outcomes.into_iter().collect()
    }
}

impl TimeSolver for Heat {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        let points = self.points();
        check_channels_last("initial", state.shape(), points.len(), 1)?;
        if &state.shape()[1..=points.len()] != points {
            return Err(Error::shape(
                "initial",
                format!("[batch, {points:?}, 1] as the conductivity"),
                state.shape(),
            ));
        }
        check_finite("initial", state.shape(), &state)
    }

    fn advance(&self, state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        self.run(state, duration, false, monitor).map(|_| ())
    }
}
