//! Diffusion and reaction between walls: FitzHugh and Nagumo's activator u and inhibitor v without flux through the sides,
//! `u_t = diffusivity_u Laplacian u + u - u^3 - threshold - v`, `v_t = diffusivity_v Laplacian v + u - v`.
//!
//! States `[batch, n.., 2]` in one to three dimensions hold u and v at the cell centres `x_i = (i + 1/2) L / n`.
//!
//! Behaviour: noise decays into spots and stripes that turn and merge; u tends towards values of about one. Exact relations: states
//! that do not depend on place stay so and follow the ordinary differential equations; states that are mirrored stay so.
//!
//! Method: second differences of cell averages (second order, conservative), as in the published data; Dormand and Prince's explicit
//! Runge-Kutta pair of order 5(4) (1980), whose steps the estimated error chooses. Diffusion limits them to about
//! `3.3 / (4 diffusivity (1/h1^2 + ..))`, which the error control finds by itself: 0.02 in the published set-up.
//!
//! Fails when: patterns, about `sqrt(diffusivity)` wide, have fewer than a few cells. Good start: the published set-up, the defaults
//! of [`DiffusionReactionSettings`].
//!
//! Sources: FitzHugh, Biophys. J. 1 (1961); Takamoto et al., PDEBench, arXiv:2210.07182 (2022), for the data set.

mod problem;
mod step;
#[cfg(test)]
mod tests;

pub use problem::{DIFFUSION_REACTION, DiffusionReactionProblem, DiffusionReactionSettings};

use crate::solver::TimeSolver;
use crate::walls::check_lengths;
use ndarray::{ArrayViewD, ArrayViewMutD, Axis};
use rayon::prelude::*;
use sobolev_tensor::{Error, Monitor, Result, check_channels_last, check_finite};
use step::Stepper;

/// Solver of the FitzHugh-Nagumo equations between walls; the module page has equation and method.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_solvers::{DiffusionReaction, TimeSolver};
/// let solver = DiffusionReaction::new(&[2.0, 2.0], [1e-3, 5e-3], 5e-3)?;
/// let state = ArrayD::from_shape_fn(vec![1, 16, 16, 2], |i| ((i[1] * i[2] + i[3]) as f64 * 0.4).sin());
/// let frames = solver.rollout(state.view(), &[0.5, 1.0], &())?;
/// assert_eq!(frames.shape(), [1, 2, 16, 16, 2]);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct DiffusionReaction {
    lengths: Vec<f64>,
    diffusivities: [f64; 2],
    threshold: f64,
    tolerance: f64,
}

impl DiffusionReaction {
    /// A box of side `lengths` with the diffusivities of u and v, with steps of estimated relative error up to 1e-6.
    ///
    /// # Errors
    /// [`Error::Value`] unless there are 1 to 3 positive lengths, the diffusivities are at least 0 and the threshold is finite.
    pub fn new(lengths: &[f64], diffusivities: [f64; 2], threshold: f64) -> Result<Self> {
        if !(1..=3).contains(&lengths.len()) {
            return Err(Error::value("lengths", "1 to 3 of them", lengths.len()));
        }
        check_lengths("lengths", lengths, lengths.len())?;
        diffusivities.iter().try_for_each(|value| check_diffusivity("diffusivities", *value))?;
        if !threshold.is_finite() {
            return Err(Error::value("threshold", "a finite number", threshold));
        }
        Ok(Self { lengths: lengths.to_vec(), diffusivities, threshold, tolerance: 1e-6 })
    }

    /// Sets the estimated error that each time step may make, relative to the value (and a thousandth of this for small values).
    ///
    /// # Errors
    /// [`Error::Value`] unless it is between 1e-13 and 0.1.
    pub fn with_tolerance(self, tolerance: f64) -> Result<Self> {
        if !(1e-13..=0.1).contains(&tolerance) {
            return Err(Error::value("tolerance", "1e-13 to 0.1", tolerance));
        }
        Ok(Self { tolerance, ..self })
    }

    /// Advances as [`TimeSolver::advance`]; returns, for each sample, the sum of the estimated errors of its steps relative to the
    /// state, both in the root mean square.
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
        let cells = state.shape()[1..=self.lengths.len()].to_vec();
        let samples: Vec<_> = state.axis_iter_mut(Axis(0)).collect();
        let one = |stepper: &mut Stepper, mut sample: ArrayViewMutD<'_, f64>| {
            stepper.load(&sample.view());
            let error = stepper.march(duration, self.tolerance, monitor)?;
            stepper.store(&mut sample);
            Ok(error)
        };
        let stepper = || Stepper::new(&cells, &self.lengths, self.diffusivities, self.threshold);
        let errors: Vec<Result<f64>> = samples.into_par_iter().map_init(stepper, one).collect();
        errors.into_iter().collect()
    }
}

fn check_diffusivity(name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Error::value(name, "a finite number of at least 0", value))
}

impl TimeSolver for DiffusionReaction {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        check_channels_last("diffusion-reaction state", state.shape(), self.lengths.len(), 2)?;
        check_finite("diffusion-reaction state", state.shape(), state.iter())
    }

    fn advance(&self, state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        self.integrate(state, duration, monitor).map(|_| ())
    }
}
