//! Constant speed: every mode turns in the plane of u and u_t, exactly.

use super::{check_speed, check_state};
use crate::random_field::Boundary;
use crate::solver::TimeSolver;
use crate::walls::{BoxLaplacian, Symbol};
use ndarray::{ArrayViewD, ArrayViewMutD, Axis};
use rayon::prelude::*;
use sobolev_tensor::{Error, Monitor, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// Solver of `u_tt = c^2 Laplacian u` with constant c by sine, cosine or Fourier modes: exact in time, spectral in space for
/// states that keep the conditions on the sides.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_solvers::random_field::Boundary;
/// use sobolev_solvers::{SpectralWave, TimeSolver};
/// let x = |i: usize| (i as f64 + 0.5) / 16.0;
/// let mode = ArrayD::from_shape_fn(vec![1, 16, 2], |i| if i[2] == 0 { (std::f64::consts::PI * x(i[1])).sin() } else { 0.0 });
/// let back = SpectralWave::new(&[1.0], 1.0, &[[Boundary::Dirichlet; 2]])?.solve(mode.view(), 2.0)?;   // a whole period
/// assert!((back - mode).iter().all(|v| v.abs() < 1e-13));
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct SpectralWave {
    lengths: Vec<f64>,
    speed: f64,
    boundary: Vec<[Boundary; 2]>,
    plan: Mutex<Option<Arc<BoxLaplacian>>>,
}

impl SpectralWave {
    /// A box of side `lengths` with the conditions at the lower and upper end of each axis.
    ///
    /// # Errors
    /// [`Error::Value`] for lengths and a speed that are not positive, and an axis that is periodic at one end only.
    pub fn new(lengths: &[f64], speed: f64, boundary: &[[Boundary; 2]]) -> Result<Self> {
        check_speed([&speed])?;
        // Made to see whether there is such an operator.
        BoxLaplacian::new(&vec![1; lengths.len()], lengths, boundary, Symbol::Spectral)?;
        let (lengths, boundary) = (lengths.to_vec(), boundary.to_vec());
        Ok(Self { lengths, speed, boundary, plan: Mutex::default() })
    }

    /// The energy `1/2 integral u_t^2 + c^2 |grad u|^2` of each sample of a state.
    ///
    /// # Errors
    /// As [`TimeSolver::check`].
    pub fn energy(&self, state: ArrayViewD<'_, f64>) -> Result<Vec<f64>> {
        self.check(state.view())?;
        let cells = &state.shape()[1..=self.lengths.len()];
        let plan = self.plan(cells)?;
        let volume: f64 = self.lengths.iter().zip(cells).map(|(length, n)| length / *n as f64).product();
        let one = |sample: ArrayViewD<'_, f64>| {
            let values: Vec<f64> = sample.iter().copied().collect();
            let u: Vec<f64> = values.iter().step_by(2).copied().collect();
            let tension = plan.apply(1, &u)?;
            let potential: f64 = u.iter().zip(&tension).map(|(u, f)| u * f).sum();
            let kinetic: f64 = values.iter().skip(1).step_by(2).map(|v| v * v).sum();
            Ok(0.5 * volume * (kinetic + self.speed * self.speed * potential))
        };
        state.outer_iter().map(one).collect()
    }

    fn plan(&self, cells: &[usize]) -> Result<Arc<BoxLaplacian>> {
        let mut kept = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = kept.as_ref().filter(|plan| plan.cells() == cells) {
            return Ok(Arc::clone(plan));
        }
        let plan = BoxLaplacian::new(cells, &self.lengths, &self.boundary, Symbol::Spectral)?;
        Ok(Arc::clone(kept.insert(Arc::new(plan))))
    }
}

impl TimeSolver for SpectralWave {
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
        check_state(&state, self.lengths.len())
    }

    fn advance(&self, mut state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()> {
        let plan = self.plan(&state.shape()[1..=self.lengths.len()])?;
        // Rows of [[cos, sin / omega], [-omega sin, cos]].
        let turn = |value: f64| {
            let omega = self.speed * value.sqrt();
            let (sin, cos) = (omega * duration).sin_cos();
            if omega == 0.0 { [1.0, duration, 0.0, 1.0] } else { [cos, sin / omega, -omega * sin, cos] }
        };
        let turns: Vec<[f64; 4]> = plan.eigenvalues().iter().map(|value| turn(*value)).collect();
        let samples: Vec<_> = state.axis_iter_mut(Axis(0)).collect();
        let total = samples.len() as u64;
        let one = |mut sample: ArrayViewMutD<'_, f64>| {
            if monitor.cancelled() {
                return Err(Error::Cancelled { task: "spectral wave".to_string(), done: 0, total });
            }
            let mut values: Vec<f64> = sample.iter().copied().collect();
            plan.to_modes(1, 2, &mut values)?;
            for (pair, [a, b, c, d]) in values.chunks_exact_mut(2).zip(&turns) {
                let (u, v) = (pair[0], pair[1]);
                (pair[0], pair[1]) = (a * u + b * v, c * u + d * v);
            }
            plan.to_values(1, 2, &mut values)?;
            sample.iter_mut().zip(values).for_each(|(to, value)| *to = value);
            Ok(())
        };
        let outcomes: Vec<Result<()>> = samples.into_par_iter().map(one).collect();
        outcomes.into_iter().collect()
    }
}
