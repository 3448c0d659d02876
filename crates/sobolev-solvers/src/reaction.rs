//! Diffusion and reaction between walls: FitzHugh and Nagumo's activator u and inhibitor v without flux through the sides,
//! `u_t = diffusivity_u Laplacian u + u - u^3 - threshold - v`, `v_t = diffusivity_v Laplacian v + u - v`.
//!
//! States `[batch, n.., 2]` in one to three dimensions hold u and v at the cell centres `x_i = (i + 1/2) L / n`.
//!
//! Behaviour: noise decays into spots and stripes that turn and merge; u tends towards values of about one. Exact relations: states
//! that do not depend on place stay so and follow the ordinary differential equations; states that are mirrored stay so.
//!
//! Method: cosine transforms diagonalise the second difference of cell averages (second order, conservative, as in the published
//! data) or the derivative itself (spectral); exponential Runge-Kutta steps of fourth order ([`etdrk`](crate::etdrk)) whose length
//! the estimated error chooses. Any step is stable in the diffusion.
//!
//! Fails when: patterns, about `sqrt(diffusivity)` wide, have fewer than a few cells. Good start: the published set-up, the defaults
//! of [`DiffusionReactionSettings`].
//!
//! Sources: FitzHugh, Biophys. J. 1 (1961); Takamoto et al., PDEBench, arXiv:2210.07182 (2022), for the data set.

mod problem;
#[cfg(test)]
mod tests;

pub use problem::{DIFFUSION_REACTION, DiffusionReactionProblem, DiffusionReactionSettings};

use crate::etdrk::{Control, Ladder, Order, Report, System, Workspace};
use crate::random_field::Boundary;
use crate::solver::TimeSolver;
use crate::walls::{BoxLaplacian, Symbol, check_lengths};
use ndarray::{ArrayViewD, ArrayViewMutD, Axis};
use num_complex::Complex64;
use rayon::prelude::*;
use sobolev_tensor::{Error, Monitor, Result, check_channels_last, check_finite};
use std::sync::{Arc, Mutex, PoisonError};

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
#[derive(Debug)]
#[must_use]
pub struct DiffusionReaction {
    lengths: Vec<f64>,
    diffusivities: [f64; 2],
    threshold: f64,
    symbol: Symbol,
    tolerance: f64,
    plan: Mutex<Option<Arc<Plan>>>,
}

/// Tables for a grid and a duration.
#[derive(Debug)]
struct Plan {
    laplacian: BoxLaplacian,
    ladder: Ladder<f64>,
}

impl DiffusionReaction {
    /// A box of side `lengths` with the diffusivities of u and v, to an estimated relative error of 1e-6 per duration.
    ///
    /// # Errors
    /// [`Error::Value`] unless there are 1 to 3 positive lengths, the diffusivities are at least 0 and the threshold is finite.
    pub fn new(lengths: &[f64], diffusivities: [f64; 2], threshold: f64) -> Result<Self> {
        if !(1..=3).contains(&lengths.len()) {
            return Err(Error::value("lengths", "1 to 3 of them", lengths.len()));
        }
        check_lengths("lengths", lengths, lengths.len())?;
        if let Some(wrong) = diffusivities.iter().find(|d| !(d.is_finite() && **d >= 0.0)) {
            return Err(Error::value("diffusivity", "a finite number of at least 0", wrong));
        }
        if !threshold.is_finite() {
            return Err(Error::value("threshold", "a finite number", threshold));
        }
        Ok(Self {
            lengths: lengths.to_vec(),
            diffusivities,
            threshold,
            symbol: Symbol::SecondOrder,
            tolerance: 1e-6,
            plan: Mutex::default(),
        })
    }

    /// Chooses between second order and spectral accuracy in space.
    pub fn with_symbol(self, symbol: Symbol) -> Self {
        Self { symbol, plan: Mutex::default(), ..self }
    }

    /// Sets the estimated relative error that each call of [`advance`](TimeSolver::advance) may make.
    ///
    /// # Errors
    /// [`Error::Value`] unless it is between 1e-13 and 0.1.
    pub fn with_tolerance(self, tolerance: f64) -> Result<Self> {
        if !(1e-13..=0.1).contains(&tolerance) {
            return Err(Error::value("tolerance", "1e-13 to 0.1", tolerance));
        }
        Ok(Self { tolerance, ..self })
    }

    fn plan(&self, cells: &[usize], duration: f64) -> Result<Arc<Plan>> {
        let mut kept = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |plan: &&Arc<Plan>| plan.laplacian.cells() == cells && plan.ladder.interval() == duration;
        if let Some(plan) = kept.as_ref().filter(fits) {
            return Ok(Arc::clone(plan));
        }
        let walls = vec![[Boundary::Neumann; 2]; cells.len()];
        let laplacian = BoxLaplacian::new(cells, &self.lengths, &walls, self.symbol)?;
        let [u, v] = self.diffusivities;
        let rates = |value: &f64| [1.0 - u * value, -1.0 - v * value];
        let symbol = laplacian.eigenvalues().iter().flat_map(rates).collect();
        let ladder = Ladder::new(Order::Fourth, symbol, duration);
        Ok(Arc::clone(kept.insert(Arc::new(Plan { laplacian, ladder }))))
    }

    /// Advances as [`TimeSolver::advance`]; returns steps and estimated error of each sample.
    ///
    /// # Errors
    /// As [`TimeSolver::advance`].
    pub fn integrate(
        &self,
        mut state: ArrayViewMutD<'_, f64>,
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Report>> {
        if duration == 0.0 {
            return Ok(vec![Report::default(); state.len_of(Axis(0))]);
        }
        let plan = self.plan(&state.shape()[1..=self.lengths.len()], duration)?;
        let samples: Vec<_> = state.axis_iter_mut(Axis(0)).collect();
        let one = |mut sample: ArrayViewMutD<'_, f64>| {
            let mut values: Vec<f64> = sample.iter().copied().collect();
            plan.laplacian.to_modes(1, 2, &mut values)?;
            let mut work = Workspace::new(values.len());
            work.state.iter_mut().zip(&values).for_each(|(mode, value)| *mode = Complex64::from(*value));
            let system = Reaction { plan: &plan, threshold: self.threshold, values, steps: 0, monitor };
            let control = Control {
                error_rate: self.tolerance / duration,
                error_floor: 1e-3 * self.tolerance,
                first_step: 0.1,
            };
            let report = plan.ladder.integrate(&mut work, control, system)?;
            let mut values: Vec<f64> = work.state.iter().map(|mode| mode.re).collect();
            plan.laplacian.to_values(1, 2, &mut values)?;
            sample.iter_mut().zip(values).for_each(|(to, value)| *to = value);
            Ok(report)
        };
        let reports: Vec<Result<Report>> = samples.into_par_iter().map(one).collect();
        reports.into_iter().collect()
    }
}

/// The part of the equations that cosines do not diagonalise.
struct Reaction<'a> {
    plan: &'a Plan,
    threshold: f64,
    values: Vec<f64>,
    steps: u64,
    monitor: &'a dyn Monitor,
}

impl System for Reaction<'_> {
    fn rate(&mut self, state: &[Complex64], rate: &mut [Complex64]) {
        self.values.iter_mut().zip(state).for_each(|(value, mode)| *value = mode.re);
        // Both lengths are the plan's.
        let _ = self.plan.laplacian.to_values(1, 2, &mut self.values);
        for pair in self.values.chunks_exact_mut(2) {
            let (u, v) = (pair[0], pair[1]);
            (pair[0], pair[1]) = (-(u * u * u) - self.threshold - v, u);
        }
        let _ = self.plan.laplacian.to_modes(1, 2, &mut self.values);
        rate.iter_mut().zip(&self.values).for_each(|(mode, value)| *mode = Complex64::from(*value));
    }

    fn reached(&mut self, state: &[Complex64]) -> Result<usize> {
        self.steps += 1;
        if self.monitor.cancelled() {
            let (done, total) = (self.steps, self.steps + 1);
            return Err(Error::Cancelled { task: "diffusion-reaction".to_string(), done, total });
        }
        Ok(state.len())
    }
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
