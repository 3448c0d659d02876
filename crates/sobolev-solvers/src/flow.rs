//! Incompressible flow in a rectangle with walls, inflow, outflow and bodies:
//! `u_t + (u . grad) u = -grad p + nu Laplacian u + f`, `div u = 0`.
//!
//! States `[batch, n1, n2, 2]` hold the velocity on a staggered grid: channel 0 is u_1 at the lower face of each cell along the
//! first axis, `(i h1, (j + 1/2) h2)`, channel 1 is u_2 at `((i + 1/2) h1, j h2)`. The velocity of the upper faces follows from
//! the sides. Units: lengths, times and nu in any that fit each other; pressures are divided by the density.
//!
//! Behaviour: vortices behind edges and bodies, boundary layers as thin as `Re^-1/2`. Exact relations: no divergence in any
//! cell; without sides that do work, energy decays by viscosity alone.
//!
//! Method: central differences on the staggered grid (Harlow and Welch 1965), which conserve momentum and, but for viscosity,
//! energy; Williamson's Runge-Kutta scheme, and after each stage the projection onto flows without divergence (Chorin 1968) by a
//! direct solution of the pressure. Order: 2 in space, 3 in time; with bodies 2 in space, where boundary layers have a few
//! cells, and 2 in time. Sides hold the mean of the values inside and beyond them. At an outflow the pressure vanishes and the
//! flow leaves by upwind differences. Bodies hold the faces inside and beside them ([`Body`]).
//!
//! Stability limit: `C^4 + D^4 <= 1` with `C = dt (|u_1| / h1 + |u_2| / h2) / 1.73` of convection and
//! `D = 4 nu dt (1 / h1^2 + 1 / h2^2) / 2.51` of diffusion. A longer step is refused. Very viscous flows therefore take many steps.
//!
//! Fails when: cells are wider than boundary layers and wakes (|u| h / nu far above 2 where the flow changes): wiggles, then
//! an error that names the time. Good start: a lid-driven cavity of Reynolds number 100 with 64 cells a side.
//!
//! Sources: Harlow and Welch, Phys. Fluids 8 (1965); Chorin, Math. Comput. 22 (1968); Williamson, J. Comput. Phys. 35 (1980);
//! Fadlun et al., J. Comput. Phys. 161 (2000).

mod body;
mod mac;
mod problem;
mod projection;
mod rates;
mod sides;
mod step;
#[cfg(test)]
mod tests;

pub use body::Body;
pub use problem::{FlowProblem, FlowSettings, INCOMPRESSIBLE_FLOW};
pub use sides::{FlowSide, Profile};

use crate::explicit_step::ExplicitStep;
use crate::solver::TimeSolver;
use crate::walls::check_lengths;
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis, Ix3, IxDyn};
use rayon::prelude::*;
use sobolev_tensor::{Error, Monitor, Result, check_channels_last, check_finite};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use step::Plan;

/// Fewest cells along an axis.
const FEWEST: usize = 3;

type Force = Arc<dyn Fn([f64; 2]) -> [f64; 2] + Send + Sync>;

/// Solver of incompressible flow with walls; the module page has equation, method and limits.
///
/// Samples of a batch run in parallel. Grids may have any size from 3 x 3 cells; those of small prime factors are fastest.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_solvers::{IncompressibleFlow, FlowSide, TimeSolver};
/// // The lid-driven cavity: three walls at rest, the top slides.
/// let cavity = IncompressibleFlow::new([1.0, 1.0], 0.01)?.with_side(1, 1, FlowSide::moving_wall(1.0))?;
/// let u = cavity.solve(ArrayD::zeros(vec![1, 16, 16, 2]).view(), 1.0)?;
/// assert!(u[[0, 8, 15, 0]] > 0.3 && cavity.divergence(u.view())?[0] < 1e-12);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[must_use]
pub struct IncompressibleFlow {
    lengths: [f64; 2],
    viscosity: f64,
    sides: [[FlowSide; 2]; 2],
    bodies: Vec<Body>,
    force: Option<Force>,
    step: ExplicitStep,
    plan: Mutex<Option<Arc<Plan>>>,
}

impl fmt::Debug for IncompressibleFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncompressibleFlow")
            .field("lengths", &self.lengths)
            .field("viscosity", &self.viscosity)
            .field("sides", &self.sides)
            .field("bodies", &self.bodies.len())
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl IncompressibleFlow {
    /// A box of side `lengths` between walls at rest, with steps of 0.8 times the stability limit.
    ///
    /// # Errors
    /// [`Error::Value`] for lengths that are not positive and a viscosity that is negative or not finite.
    pub fn new(lengths: [f64; 2], viscosity: f64) -> Result<Self> {
        check_lengths("lengths", &lengths, 2)?;
        if !(viscosity.is_finite() && viscosity >= 0.0) {
            return Err(Error::value("viscosity", "a finite number of at least 0", viscosity));
        }
        Ok(Self {
            lengths,
            viscosity,
            sides: [[FlowSide::WALL, FlowSide::WALL], [FlowSide::WALL, FlowSide::WALL]],
            bodies: Vec::new(),
            force: None,
            step: ExplicitStep::Courant(0.8),
            plan: Mutex::default(),
        })
    }

    /// Sets what holds at the lower (`side` 0) or upper (1) end of an axis.
    ///
    /// # Errors
    /// [`Error::Value`] for an axis or side other than 0 and 1; whether the sides fit each other is seen when solving.
    pub fn with_side(mut self, axis: usize, side: usize, what: FlowSide) -> Result<Self> {
        if axis > 1 || side > 1 {
            return Err(Error::value("side", "axis 0 or 1, end 0 or 1", format!("axis {axis}, end {side}")));
        }
        self.sides[axis][side] = what;
        Ok(Self { plan: Mutex::default(), ..self })
    }

    /// Makes an axis periodic.
    ///
    /// # Errors
    /// As [`with_side`](Self::with_side).
    pub fn with_periodic(self, axis: usize) -> Result<Self> {
        self.with_side(axis, 0, FlowSide::Periodic)?.with_side(axis, 1, FlowSide::Periodic)
    }

    /// Puts a body into the flow.
    pub fn with_body(mut self, body: Body) -> Self {
        self.bodies.push(body);
        Self { plan: Mutex::default(), ..self }
    }

    /// Sets a steady force per mass, a function of the place.
    pub fn with_force(self, force: impl Fn([f64; 2]) -> [f64; 2] + Send + Sync + 'static) -> Self {
        Self { force: Some(Arc::new(force)), plan: Mutex::default(), ..self }
    }

    /// Sets the time steps.
    ///
    /// # Errors
    /// [`Error::Value`] for a fixed step that is not positive and a part of the limit outside (0, 1].
    pub fn with_step(self, step: ExplicitStep) -> Result<Self> {
        Ok(Self { step: step.checked()?, ..self })
    }

    /// The largest divergence in each sample of a state `[batch, n1, n2, 2]`; after a step at the level of rounding.
    ///
    /// # Errors
    /// As [`TimeSolver::check`].
    pub fn divergence(&self, state: ArrayViewD<'_, f64>) -> Result<Vec<f64>> {
        self.check(state.view())?;
        let plan = self.plan(state.shape())?;
        let mut work = plan.work();
        let one = |sample: ArrayViewD<'_, f64>| {
            let sample = three_axes(sample)?;
            plan.load_faces(&sample, &mut work);
            Ok(plan.divergence(&mut work))
        };
        state.outer_iter().map(one).collect()
    }

    /// The nearest flow without divergence that fits the sides: what a rollout starts from.
    ///
    /// # Errors
    /// As [`TimeSolver::check`].
    pub fn projected(&self, state: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>> {
        self.check(state.view())?;
        let plan = self.plan(state.shape())?;
        let mut work = plan.work();
        let mut result = ArrayD::zeros(state.raw_dim());
        for (from, mut to) in state.outer_iter().zip(result.outer_iter_mut()) {
            plan.load(&three_axes(from)?, &mut work)?;
            let shape = to.shape().to_vec();
            let to = to.view_mut().into_dimensionality::<Ix3>();
            plan.store(&work, to.map_err(|_| Error::shape("state", "[n1, n2, 2]", &shape))?);
        }
        Ok(result)
    }

    /// Advances as [`TimeSolver::advance`] and returns the mean force of the flow on the bodies in each sample, `[drag, lift]` along
    /// the two axes, per depth and density: the momentum that they took from the flow over the duration.
    ///
    /// # Errors
    /// As [`TimeSolver::advance`].
    pub fn advance_with_forces(
        &self,
        mut state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Vec<[f64; 2]>> {
        if duration == 0.0 {
            return Ok(vec![[0.0; 2]; state.len_of(Axis(0))]);
        }
        let plan = self.plan(state.shape())?;
        let samples: Vec<_> = state.outer_iter_mut().collect();
        let one = |work: &mut step::Work, sample: ArrayViewMutD<'_, f64>| {
            let shape = sample.shape().to_vec();
            let misfit = |_| Error::shape("state", "[n1, n2, 2]", &shape);
            let sample = sample.into_dimensionality::<Ix3>().map_err(misfit)?;
            plan.load(&sample.view(), work)?;
            let force = plan.march(work, duration, self.step, monitor)?;
            plan.store(work, sample);
            Ok(force)
        };
        // The first error in the order of the batch, whichever thread was first.
        let forces: Vec<Result<[f64; 2]>> = samples.into_par_iter().map_init(|| plan.work(), one).collect();
        forces.into_iter().collect()
    }

    /// The plan for states of this shape, that of the last call if it fits.
    fn plan(&self, shape: &[usize]) -> Result<Arc<Plan>> {
        let mut kept = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let cells = [shape[1], shape[2]];
        if let Some(plan) = kept.as_ref().filter(|plan| plan.mac.cells == cells) {
            return Ok(Arc::clone(plan));
        }
        self.check_sides()?;
        let force = self.force.as_deref();
        let plan = Plan::new(cells, self.lengths, self.viscosity, &self.sides, &self.bodies, force)?;
        Ok(Arc::clone(kept.insert(Arc::new(plan))))
    }

    /// Periodic sides come in pairs; outflows stand along one axis.
    fn check_sides(&self) -> Result<()> {
        let mut outflow = [false; 2];
        for (axis, ends) in self.sides.iter().enumerate() {
            let periodic = ends.each_ref().map(|side| matches!(side, FlowSide::Periodic));
            if periodic[0] != periodic[1] {
                return Err(Error::value(
                    "sides",
                    "an axis periodic at both ends or at none",
                    format!("axis {axis}"),
                ));
            }
            outflow[axis] = ends.iter().any(|side| matches!(side, FlowSide::Outflow));
        }
        if outflow == [true; 2] {
            return Err(Error::value("sides", "outflows along one axis", "outflows along both"));
        }
        Ok(())
    }
}

fn three_axes(sample: ArrayViewD<'_, f64>) -> Result<ndarray::ArrayView3<'_, f64>> {
    let shape = sample.shape().to_vec();
    sample.into_dimensionality::<Ix3>().map_err(|_| Error::shape("state", "[n1, n2, 2]", &shape))
}

impl TimeSolver for IncompressibleFlow {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        check_channels_last("flow state", state.shape(), 2, 2)?;
        if state.shape()[1..3].iter().any(|n| *n < FEWEST) {
            let expected = format!("at least {FEWEST} cells along each axis");
            return Err(Error::shape("flow state", expected, state.shape()));
        }
        check_finite("flow state", state.shape(), state.iter())?;
        self.plan(state.shape()).map(|_| ())
    }

    /// A state that has divergence is projected first.
    fn advance(&self, state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        self.advance_with_forces(state, duration, monitor).map(|_| ())
    }
}

/// The velocity at cell centres `[batch, n1, n2, 2]` of staggered states of the same shape, for pictures: means of the faces. The
/// upper face of the last cells is taken to be their lower one.
#[must_use]
pub fn centred(state: ArrayViewD<'_, f64>) -> ArrayD<f64> {
    let shape = state.shape().to_vec();
    ArrayD::from_shape_fn(IxDyn(&shape), |i| {
        let mut next = i.clone();
        let axis = 1 + i[3];
        next[axis] = (i[axis] + 1).min(shape[axis] - 1);
        0.5 * (state[i] + state[next])
    })
}
