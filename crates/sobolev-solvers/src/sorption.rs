//! Diffusion of a substance in water that sticks to the grains around it (Freundlich's law), in one dimension:
//! `R(u) u_t = D u_xx`, `R = 1 + (1 - porosity) / porosity * density * coefficient * exponent * u^(exponent - 1)`,
//! with u = 1 at x = 0 and `u + D u_x = 0` at the other end.
//!
//! States `[batch, n, 1]` hold the concentration u >= 0 at the cell centres `x_i = (i + 1/2) L / n`. Units (of the published set):
//! metres, seconds, D in m^2/s, density in kg/m^3, the others such that R has none.
//!
//! Behaviour: a front creeps in from x = 0, slower and steeper than without sorption. Exact relations: what flows in and not out
//! is found in water and on grains, `d/dt integral M(u) = D u_x(L) - D u_x(0)` with `M' = R`; 0 <= u <= 1 is kept; with exponent 1
//! the equation is that of heat.
//!
//! Method: finite volumes for M(u), second order and conservative; Alexander's diagonally implicit Runge-Kutta scheme of second
//! order, stable for any step and any stiffness, whose steps the estimated error chooses; Newton's iteration with tridiagonal
//! matrices. As in the published data `u + 1e-6` stands for u in the power, so that R is finite at u = 0.
//!
//! Fails when: u is negative. Good start: the published set-up, the defaults of [`DiffusionSorptionSettings`].
//!
//! Sources: Takamoto et al., PDEBench, arXiv:2210.07182 (2022); Alexander, SIAM J. Numer. Anal. 14 (1977).

mod problem;
mod step;
#[cfg(test)]
mod tests;

pub use problem::{DIFFUSION_SORPTION, DiffusionSorptionProblem, DiffusionSorptionSettings};

use crate::solver::TimeSolver;
use ndarray::{ArrayViewD, ArrayViewMutD, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, check_channels_last, check_finite};
use step::Stepper;

/// Added to u in the power.
const OFFSET: f64 = 1e-6;

/// The medium; the default is the published one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Medium {
    /// D, positive.
    pub diffusivity: f64,
    /// Share of the volume that is water, above 0 and below 1.
    pub porosity: f64,
    /// Density of the grains, at least 0.
    pub density: f64,
    /// Freundlich's coefficient, at least 0.
    pub coefficient: f64,
    /// Freundlich's exponent, positive.
    pub exponent: f64,
}

impl Default for Medium {
    fn default() -> Self {
        Self { diffusivity: 5e-4, porosity: 0.29, density: 2880.0, coefficient: 3.5e-4, exponent: 0.874 }
    }
}

impl Medium {
    fn check(&self) -> Result<()> {
        let positive = [("diffusivity", self.diffusivity), ("exponent", self.exponent)];
        let at_least_zero = [("density", self.density), ("coefficient", self.coefficient)];
        for (name, value) in positive.into_iter().chain(at_least_zero) {
            let least = if name == "diffusivity" || name == "exponent" { f64::MIN_POSITIVE } else { 0.0 };
            if !(value.is_finite() && value >= least) {
                let expected =
                    if least > 0.0 { "a positive finite number" } else { "a finite number of at least 0" };
                return Err(Error::value(name, expected, value));
            }
        }
        if !(self.porosity > 0.0 && self.porosity < 1.0) {
            return Err(Error::value("porosity", "a number above 0 and below 1", self.porosity));
        }
        if !(self.capacity().is_finite()
            && self.retardation(0.0).is_finite()
            && self.retardation(1.0).is_finite())
        {
            let expected = "one that makes a finite retardation with density, porosity and exponent";
            return Err(Error::value("coefficient", expected, self.coefficient));
        }
        Ok(())
    }

    /// What sticks to the grains at u = 1, per water.
    fn capacity(&self) -> f64 {
        (1.0 - self.porosity) / self.porosity * self.density * self.coefficient
    }

    /// R(u), the retardation factor.
    #[must_use]
    pub fn retardation(&self, u: f64) -> f64 {
        // Below zero as at zero, so that Newton's iteration may pass there.
        1.0 + self.capacity() * self.exponent * (u.max(0.0) + OFFSET).powf(self.exponent - 1.0)
    }

    /// M(u), the substance per water, of derivative R.
    #[must_use]
    pub fn content(&self, u: f64) -> f64 {
        let sorbed = (u.max(0.0) + OFFSET).powf(self.exponent) - OFFSET.powf(self.exponent);
        let below = u.min(0.0) * (self.retardation(0.0) - 1.0);
        u + self.capacity() * sorbed + below
    }
}

/// Solver of diffusion with sorption; the module page has equation and method.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_solvers::{DiffusionSorption, Medium, TimeSolver};
/// assert!((Medium::default().retardation(1.0) - 3.156911).abs() < 1e-6);
/// let solver = DiffusionSorption::new(1.0, Medium::default())?;
/// let frames = solver.rollout(ArrayD::from_elem(vec![1, 64, 1], 0.1).view(), &[100.0, 200.0], &())?;
/// assert!(frames[[0, 0, 0, 0]] < frames[[0, 1, 0, 0]] && frames[[0, 1, 0, 0]] < 1.0);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct DiffusionSorption {
    length: f64,
    medium: Medium,
    tolerance: f64,
}

impl DiffusionSorption {
    /// An interval of `length`, with steps of estimated error up to 1e-4.
    ///
    /// # Errors
    /// [`Error::Value`] for a length that is not positive and parameters of the medium outside their ranges.
    pub fn new(length: f64, medium: Medium) -> Result<Self> {
        crate::walls::check_lengths("length", &[length], 1)?;
        medium.check()?;
        Ok(Self { length, medium, tolerance: 1e-4 })
    }

    /// Sets the largest estimated error of u in a step. The estimate is that of a scheme of first order: the error of the
    /// solution is smaller.
    ///
    /// # Errors
    /// [`Error::Value`] unless it is between 1e-10 and 0.1.
    pub fn with_tolerance(mut self, tolerance: f64) -> Result<Self> {
        if !(1e-10..=0.1).contains(&tolerance) {
            return Err(Error::value("tolerance", "1e-10 to 0.1", tolerance));
        }
        self.tolerance = tolerance;
        Ok(self)
    }

    /// Advances as [`TimeSolver::advance`]; returns, for each sample, the sum of the estimated errors of u in its steps, relative to the
    /// concentration 1 at the end.
    ///
    /// # Errors
    /// As [`TimeSolver::advance`].
    pub fn integrate(
        &self,
        mut state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        if duration == 0.0 {
            return Ok(vec![0.0; state.len_of(Axis(0))]);
        }
        let cells = state.len_of(Axis(1));
        let samples: Vec<_> = state.axis_iter_mut(Axis(0)).collect();
        let one = |stepper: &mut Stepper, mut sample: ArrayViewMutD<'_, f64>| {
            let mut u: Vec<f64> = sample.iter().copied().collect();
            let error = stepper.march(&mut u, duration, self.tolerance, monitor)?;
            sample.iter_mut().zip(u).for_each(|(to, value)| *to = value);
            Ok(error)
        };
        let stepper = || Stepper::new(self.medium, cells, self.length);
        let errors: Vec<Result<f64>> = samples.into_par_iter().map_init(stepper, one).collect();
        errors.into_iter().collect()
    }

    /// The medium.
    pub fn medium(&self) -> &Medium {
        &self.medium
    }
}

impl TimeSolver for DiffusionSorption {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        check_channels_last("diffusion-sorption state", state.shape(), 1, 1)?;
        check_finite("diffusion-sorption state", state.shape(), state.iter())?;
        if state.shape()[1] < 2 {
            return Err(Error::shape("diffusion-sorption state", "at least 2 cells", state.shape()));
        }
        match state.iter().find(|u| **u < 0.0) {
            Some(wrong) => {
                Err(Error::value("diffusion-sorption state", "concentrations of at least 0", wrong))
            }
            None => Ok(()),
        }
    }

    fn advance(&self, state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        self.integrate(state, duration, monitor).map(|_| ())
    }
}
