//! Viscous Burgers on a periodic interval:  u_t + (u^2/2)_x = nu u_xx,  x in [0, L).
//!
//! State `[batch, n, 1]` at the points `i L / n`; trajectory `[batch, time, n, 1]`. Units: L in m, u in m/s, nu in m^2/s
//! (or all 1).
//!
//! Behaviour: waves steepen to fronts of width `4 nu / jump`, then decay. Keeps the mean of u; the energy never grows:
//! `d/dt integral u^2/2 = -nu integral u_x^2`.
//!
//! Method: [`PeriodicSolver`]: Fourier coefficients, product by the 2/3 rule, ETDRK4 ([`etdrk`](crate::etdrk)): diffusion
//! exact, order 4 in time, spectral in space. Steps follow the estimated error ([`Step`]). Waves above a third of the points are
//! left out, those of the initial state too.
//!
//! Fails when: `nu n / (L max|u|)` is below about 1 and a front forms, which the grid then cannot hold: an error says so.
//! Good start: nu = 0.01, n = 256, t = 1.
//!
//! Exact solutions, for tests: E. Hopf, Comm. Pure Appl. Math. 3 (1950); J. D. Cole, Quart. Appl. Math. 9 (1951). Set-up of
//! the published data of Fourier neural operators: [`BurgersProblem::published`].

mod guide;
mod problem;

pub use problem::{BURGERS, BurgersProblem, BurgersSettings};

use crate::etdrk::{Report, Step};
use crate::semilinear::VectorBurgers;
use crate::solver::TimeSolver;
use crate::spectral::PeriodicSolver;
use ndarray::{ArrayViewD, ArrayViewMutD};
use sobolev_tensor::{Error, Monitor, Result};
use std::sync::Arc;

/// Fewest points of a grid: two waves that interact.
const FEWEST_POINTS: usize = 8;

/// Solver of the periodic viscous Burgers equation; the module page has equation, method and limits.
///
/// Samples of a batch are solved in parallel, each with its own steps: its bits depend neither on the number of threads nor
/// on the rest of the batch. Plans and step tables are kept from call to call and shared by clones.
///
/// ```
/// use ndarray::Array3;
/// use sobolev_solvers::{Burgers, TimeSolver};
/// use std::f64::consts::TAU;
/// let u0 = Array3::from_shape_fn((1, 256, 1), |(_, i, _)| (TAU * i as f64 / 256.0).sin());
/// let u = Burgers::new(0.01)?.solve(u0.view().into_dyn(), 0.5)?;
/// assert!((u[[0, 64, 0]] - 0.371607124).abs() < 1e-8);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Burgers {
    viscosity: f64,
    length: f64,
    solver: Arc<PeriodicSolver<VectorBurgers>>,
}

fn positive(argument: &str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    let error = Error::value(argument, "a positive finite number", value);
    Err(if argument == "viscosity" && value == 0.0 {
        error.with_hint("without viscosity shocks are jumps, which this method cannot hold")
    } else {
        error
    })
}

impl Burgers {
    /// The equation of `viscosity` on the unit interval, with [`Step::Auto`].
    ///
    /// # Errors
    /// [`Error::Value`] when the viscosity is not positive and finite.
    pub fn new(viscosity: f64) -> Result<Self> {
        Self::with(positive("viscosity", viscosity)?, 1.0, Step::Auto)
    }

    fn with(viscosity: f64, length: f64, step: Step) -> Result<Self> {
        let solver = PeriodicSolver::new(VectorBurgers { viscosity }, &[length], step)?;
        Ok(Self { viscosity, length, solver: Arc::new(solver) })
    }

    /// Sets the length of the interval.
    ///
    /// # Errors
    /// [`Error::Value`] when it is not positive and finite.
    pub fn with_length(self, length: f64) -> Result<Self> {
        Self::with(self.viscosity, positive("length", length)?, self.step_control())
    }

    /// Sets how long the time steps are. The run of which [`Step::Tolerance`] speaks is the time in which the fastest point crosses the
    /// interval once, so that a tolerance means the same in calls of any length. Fixed steps below the advective limit `dx / max|u|` are stable; longer ones may be, and
    /// an error says when they are not.
    ///
    /// # Errors
    /// [`Error::Value`] when a fixed step is not positive and finite, or a tolerance is outside 1e-13 to 0.1.
    pub fn with_step(self, step: Step) -> Result<Self> {
        Self::with(self.viscosity, self.length, step)
    }

    /// nu.
    pub fn viscosity(&self) -> f64 {
        self.viscosity
    }

    /// L.
    pub fn length(&self) -> f64 {
        self.length
    }

    /// How long the time steps are.
    pub fn step_control(&self) -> Step {
        self.solver.step_control()
    }

    /// [`TimeSolver::advance`] that checks the state and reports: steps of all samples, and the largest error estimate.
    ///
    /// # Errors
    /// Those of [`TimeSolver::step`]; [`Error::Cancelled`].
    pub fn integrate(
        &self,
        state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Report> {
        self.check(state.view())?;
        if !(duration.is_finite() && duration >= 0.0) {
            return Err(Error::value("duration", "a finite number of at least 0", duration));
        }
        let guides = |u: &[f64]| guide::of(self, u);
        let reports =
            self.solver.advance_with_reports(state, (duration, duration), Some(&guides), monitor)?;
        let add = |total: Report, report: Report| Report {
            steps: total.steps + report.steps,
            rejected: total.rejected + report.rejected,
            error: total.error.max(report.error),
        };
        Ok(reports.into_iter().fold(Report::default(), add))
    }
}

impl TimeSolver for Burgers {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        let shape = state.shape();
        if shape.len() == 3 && shape[2] == 1 && shape[1] < FEWEST_POINTS {
            let expected = format!("[batch, {FEWEST_POINTS} or more points, 1]");
            return Err(Error::shape("Burgers state", expected, shape));
        }
        self.solver.check(state)
    }

    fn advance(&self, state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        self.integrate(state, duration, monitor).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
