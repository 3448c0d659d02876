//! Viscous Burgers on a periodic interval:  u_t + (u^2/2)_x = nu u_xx,  x in [0, L).
//!
//! State `[batch, n, 1]` at the points `i L / n`; trajectory `[batch, time, n, 1]`. Units: L in m, u in m/s, nu in m^2/s
//! (or all 1).
//!
//! Behaviour: waves steepen to fronts of width `4 nu / jump`, then decay. Keeps the mean of u; the energy never grows:
//! `d/dt integral u^2/2 = -nu integral u_x^2`.
//!
//! Method: Fourier coefficients, product by the 2/3 rule, ETDRK4 ([`etdrk`](crate::etdrk)): diffusion exact, order 4 in
//! time, spectral in space. Steps follow the estimated error ([`Step`]). Of the initial state all waves are kept and decay;
//! those below n/3 interact.
//!
//! Fails when: `nu n / (L max|u|)` is below about 1 and a front forms, which the grid then cannot hold: an error says so.
//! Good start: nu = 0.01, n = 256, t = 1.
//!
//! Exact solutions, for tests: E. Hopf, Comm. Pure Appl. Math. 3 (1950); J. D. Cole, Quart. Appl. Math. 9 (1951). Set-up of
//! the published data of Fourier neural operators: [`BurgersProblem::published`].

mod problem;
mod spectral;

pub use problem::{BURGERS, BurgersProblem, BurgersSettings};

use crate::etdrk::Report;
use crate::solver::TimeSolver;
use ndarray::{ArrayViewD, ArrayViewMutD};
use rayon::prelude::*;
use sobolev_tensor::{Error, Monitor, Result, check_channels_last, check_finite};
use spectral::SpectralGrid;
use std::sync::{Arc, Mutex, PoisonError};

/// Fewest points of a grid: two waves that interact.
const FEWEST_POINTS: usize = 8;

/// Grids whose plans are kept.
const KEPT_GRIDS: usize = 4;

/// How long the time steps are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Step {
    /// [`Step::Tolerance`] of 1e-8.
    #[default]
    Auto,
    /// As the error allows: about this error relative to the state (root mean square) while the fastest point crosses
    /// the domain once, by an estimate of third order. The true error was 10 to 200 times smaller for the published
    /// random fields. From 1e-13 to 0.1.
    Tolerance(f64),
    /// Equal steps of at most this length. Below the advective limit `dx / max|u|` they are stable; longer ones may be,
    /// and an error says when they are not.
    Fixed(f64),
}

impl Step {
    fn tolerance(self) -> f64 {
        if let Self::Tolerance(tolerance) = self { tolerance } else { 1e-8 }
    }
}

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
    step: Step,
    grids: Arc<Mutex<Vec<Arc<SpectralGrid>>>>,
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
        let viscosity = positive("viscosity", viscosity)?;
        Ok(Self { viscosity, length: 1.0, step: Step::Auto, grids: Arc::default() })
    }

    /// Sets the length of the interval.
    ///
    /// # Errors
    /// [`Error::Value`] when it is not positive and finite.
    pub fn with_length(self, length: f64) -> Result<Self> {
        Ok(Self { length: positive("length", length)?, grids: Arc::default(), ..self })
    }

    /// Sets how long the time steps are.
    ///
    /// # Errors
    /// [`Error::Value`] when a fixed step is not positive and finite, or a tolerance is outside 1e-13 to 0.1.
    pub fn with_step(self, step: Step) -> Result<Self> {
        match step {
            Step::Auto => {}
            Step::Tolerance(tolerance) if (1e-13..=0.1).contains(&tolerance) => {}
            Step::Tolerance(tolerance) => return Err(Error::value("tolerance", "1e-13 to 0.1", tolerance)),
            Step::Fixed(length) => {
                positive("step", length)?;
            }
        }
        Ok(Self { step, grids: Arc::default(), ..self })
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
        self.step
    }

    /// [`TimeSolver::advance`] that checks the state and reports: steps of all samples, and the largest error estimate.
    ///
    /// # Errors
    /// Those of [`TimeSolver::step`]; [`Error::Cancelled`].
    pub fn integrate(
        &self,
        mut state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Report> {
        self.check(state.view())?;
        if !(duration.is_finite() && duration >= 0.0) {
            return Err(Error::value("duration", "a finite number of at least 0", duration));
        }
        if duration == 0.0 {
            return Ok(Report::default());
        }
        let points = state.shape()[1];
        if let Some(values) = state.as_slice_mut() {
            return self.integrate_rows(values, points, duration, monitor);
        }
        let mut values: Vec<f64> = state.iter().copied().collect();
        let outcome = self.integrate_rows(&mut values, points, duration, monitor);
        state.iter_mut().zip(values).for_each(|(to, from)| *to = from);
        outcome
    }

    fn integrate_rows(
        &self,
        values: &mut [f64],
        points: usize,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Report> {
        let grid = self.grid(points)?;
        let samples = values.par_chunks_exact_mut(points);
        let outcomes: Vec<Result<Report>> = samples.map(|u| grid.advance(u, duration, monitor)).collect();
        let mut total = Report::default();
        for outcome in outcomes {
            let report = outcome?;
            total.steps += report.steps;
            total.rejected += report.rejected;
            total.error = total.error.max(report.error);
        }
        Ok(total)
    }

    /// The plan of a grid, from those kept or a new one.
    fn grid(&self, points: usize) -> Result<Arc<SpectralGrid>> {
        // The list is whole between any two operations on it.
        let mut grids = self.grids.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(grid) = grids.iter().find(|grid| grid.points() == points) {
            return Ok(Arc::clone(grid));
        }
        if grids.len() == KEPT_GRIDS {
            grids.remove(0);
        }
        let grid = Arc::new(SpectralGrid::new(points, self.length, self.viscosity, self.step)?);
        grids.push(Arc::clone(&grid));
        Ok(grid)
    }
}

impl TimeSolver for Burgers {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        let shape = state.shape();
        check_channels_last("Burgers state", shape, 1, 1)?;
        if shape[1] < FEWEST_POINTS {
            let expected = format!("[batch, {FEWEST_POINTS} or more points, 1]");
            return Err(Error::shape("Burgers state", expected, shape));
        }
        check_finite("Burgers state", shape, state.iter())
    }

    fn advance(&self, state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        self.integrate(state, duration, monitor).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
