//! Darcy flow, or diffusion in a medium:  -div(a grad u) = f  in a box, with a value of u or a flux a du/dn on each side.
//!
//! Coefficient a `[batch, n.., 1]`, positive; solution u of the same shape, in two or three dimensions, at the cell centres
//! `x_i = (i + 1/2) L / n`. Units: with a in m^2/(Pa s), f in 1/s and lengths in m, u is a pressure in Pa (or all 1).
//!
//! Behaviour: u is smooth where a is, bends where a jumps, and is positive where f is. Exact relations: scaling
//! `u(s a) = u(a) / s`, linearity in f and what the sides hold, and `integral a |grad u|^2 = integral f u` where u = 0 on all sides.
//! Without a value on any side u is fixed up to a constant (its mean is zero), and exists only if fluxes and f balance.
//!
//! Method: finite volumes with harmonic face means, second order where a is smooth; conjugate gradients with a multigrid
//! cycle, 8 to 14 iterations to 1e-10 at any size and for jumps up to 1e6 ([`sobolev_multigrid`]).
//!
//! Fails when: a is as rough as the grid and varies by many orders of magnitude: iterations grow, and the discrete answer
//! means little. Good start: a from 3 to 12, f = 1, n = 64.
//!
//! Source of the data set: Li et al., Fourier neural operator, arXiv:2010.08895 (2020). Its solutions come from arithmetic
//! means on a grid of vertices with a coefficient interpolated between cells; they differ from these by about a per cent near
//! jumps, where those are only first order. Set-up of the published data: [`DarcyProblem::published`].

mod coefficient;
mod problem;
#[cfg(test)]
mod tests;

pub use coefficient::Coefficient;
pub use problem::{DARCY, DarcyProblem, DarcySettings};

use crate::random_field::Boundary;
use crate::solver::SteadySolver;
use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn};
use rayon::prelude::*;
use sobolev_multigrid::{CgInfo, CgParams, Cycle, DiffusionSolver, Forcing, Grid, Parallelism};
use sobolev_tensor::{Error, Monitor, Result, check_channels_last, check_finite};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Solver of Darcy flow; the module page has equation, method and limits.
///
/// Samples of a batch are solved in parallel, one on each thread; a single sample uses all threads. The bits depend neither
/// on the number of threads nor on the rest of the batch. Working memory is kept from call to call and shared by clones.
///
/// ```
/// use ndarray::Array4;
/// use sobolev_solvers::{Darcy, SteadySolver};
/// let a = Array4::from_shape_fn((1, 85, 85, 1), |(_, i, j, _)| if i + j < 85 { 12.0 } else { 3.0 });
/// let u = Darcy::new().solve(a.view().into_dyn())?;
/// assert_eq!(u.shape(), [1, 85, 85, 1]);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Darcy {
    forcing: Source,
    extent: Option<Vec<f64>>,
    /// Of the user's choice.
    cycle: Option<Cycle>,
    sides: Option<Vec<[(Boundary, f64); 2]>>,
    params: CgParams,
    memory: Arc<Mutex<Vec<(Parallelism, DiffusionSolver)>>>,
}

/// The right-hand side.
#[derive(Debug, Clone)]
enum Source {
    Constant(f64),
    Field(Arc<ArrayD<f64>>),
}

/// Solutions of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct DarcySolution {
    /// u, `[batch, n.., 1]`.
    pub u: ArrayD<f64>,
    /// Iterations and residual of each sample.
    pub info: Vec<CgInfo>,
}

impl Default for Darcy {
    fn default() -> Self {
        Self::new()
    }
}

impl Darcy {
    /// f = 1 on the unit square or cube, u = 0 on all sides, to a relative residual of 1e-8.
    pub fn new() -> Self {
        Self {
            forcing: Source::Constant(1.0),
            extent: None,
            cycle: None,
            sides: None,
            params: CgParams::default(),
            memory: Arc::default(),
        }
    }

    /// Sets a constant f.
    ///
    /// # Errors
    /// [`Error::NonFinite`].
    pub fn with_forcing(self, forcing: f64) -> Result<Self> {
        check_finite("forcing", &[1], &[forcing])?;
        Ok(Self { forcing: Source::Constant(forcing), ..self })
    }

    /// Sets f as a field: `[batch, n.., 1]`, or `[1, n.., 1]` for one that all samples share.
    ///
    /// # Errors
    /// [`Error::NonFinite`]; whether the shape fits is seen when solving.
    pub fn with_forcing_field(self, forcing: ArrayD<f64>) -> Result<Self> {
        check_finite("forcing", forcing.shape(), &forcing)?;
        Ok(Self { forcing: Source::Field(Arc::new(forcing)), ..self })
    }

    /// Sets the side lengths of the box, one for each dimension.
    ///
    /// # Errors
    /// [`Error::Value`] when one is not positive and finite.
    pub fn with_extent(self, extent: &[f64]) -> Result<Self> {
        if extent.is_empty() || !extent.iter().all(|length| length.is_finite() && *length > 0.0) {
            return Err(Error::value("extent", "positive lengths", format!("{extent:?}")));
        }
        Ok(Self { extent: Some(extent.to_vec()), memory: Arc::default(), ..self })
    }

    /// Sets what the lower and the upper side of each axis hold: `u = value` where the condition is Dirichlet, the flux
    /// `a du/dn = value` (outwards) where it is Neumann.
    ///
    /// # Errors
    /// [`Error::Value`] for periodic sides, [`Error::NonFinite`]; whether there are as many as axes is seen when solving.
    pub fn with_sides(self, sides: &[[(Boundary, f64); 2]]) -> Result<Self> {
        if sides.iter().flatten().any(|(boundary, _)| *boundary == Boundary::Periodic) {
            return Err(Error::value("sides", "Dirichlet or Neumann conditions", "Periodic"));
        }
        check_finite("sides", &[sides.len(), 2], sides.iter().flatten().map(|(_, value)| value))?;
        Ok(Self { sides: Some(sides.to_vec()), memory: Arc::default(), ..self })
    }

    /// Sets the relative residual `|f - A u| / |f|` to reach, with what the sides hold in f.
    ///
    /// # Errors
    /// [`Error::Value`] unless it is between 1e-14 and 0.1. Below about 1e-16 n^2 rounding is in the way.
    pub fn with_tolerance(mut self, tolerance: f64) -> Result<Self> {
        if !(1e-14..=0.1).contains(&tolerance) {
            return Err(Error::value("tolerance", "1e-14 to 0.1", tolerance));
        }
        self.params.relative_tolerance = tolerance;
        Ok(self)
    }

    /// Sets the iterations after which to give up; 200 at first.
    pub fn with_iteration_limit(mut self, limit: usize) -> Self {
        self.params.iteration_limit = limit;
        self
    }

    /// Sets the multigrid cycle; that of [`DiffusionSolver::new`] at first. W(1,1) takes fewer iterations for very rough coefficients.
    ///
    /// # Errors
    /// [`Error::Value`] when the cycle is not symmetric.
    pub fn with_cycle(self, cycle: Cycle) -> Result<Self> {
        if !cycle.is_symmetric() {
            return Err(Error::value("cycle", "a symmetric one", cycle).with_hint("use a V- or W-cycle"));
        }
        Ok(Self { cycle: Some(cycle), memory: Arc::default(), ..self })
    }

    /// Solves a batch `[batch, n.., 1]`. The monitor is told the samples finished, and may cancel between iterations.
    ///
    /// # Errors
    /// [`Error::Shape`] for a coefficient or forcing of the wrong shape, [`Error::Value`] and [`Error::NonFinite`] for
    /// values that are not positive and finite, [`Error::NoConvergence`], [`Error::Cancelled`].
    pub fn solve_batch(
        &self,
        coefficient: ArrayViewD<'_, f64>,
        monitor: &dyn Monitor,
    ) -> Result<DarcySolution> {
        let grid = self.grid(&coefficient)?;
        let batch = coefficient.len_of(Axis(0));
        let parallelism = if batch == 1 { Parallelism::Pool } else { Parallelism::Serial };
        let mut u = ArrayD::zeros(coefficient.raw_dim());
        let total = batch as u64;
        let done = AtomicU64::new(0);
        let samples: Vec<_> = coefficient.outer_iter().zip(u.outer_iter_mut()).enumerate().collect();
        let solve = |(index, (a, mut u)): (usize, (ArrayViewD<'_, f64>, ndarray::ArrayViewMutD<'_, f64>))| {
            let cancelled = |error| match error {
                Error::Cancelled { .. } => {
                    let done = done.load(Ordering::Relaxed);
                    Error::Cancelled { task: "darcy".to_string(), done, total }
                }
                other => other,
            };
            let info = self.with_memory(&grid, parallelism, |solver| {
                let channel = Axis(a.ndim() - 1);
                let a = a.index_axis(channel, 0);
                solver.set_coefficient(a.view()).map_err(|error| in_batch(error, index))?;
                let solve = |forcing: &Forcing<'_>| solver.solve(forcing, &self.params, monitor);
                let info = self.with_forcing_of(&grid, index, &a, solve)?;
                solver.write_solution(u.index_axis_mut(channel, 0))?;
                Ok(info)
            });
            let info = info.map_err(cancelled)?;
            monitor.progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok(info)
        };
        // The first error in the order of the batch, whichever thread was first.
        let results: Vec<Result<CgInfo>> = samples.into_par_iter().map(solve).collect();
        Ok(DarcySolution { info: results.into_iter().collect::<Result<_>>()?, u })
    }

    /// Solves one coefficient `[n..]` on the calling thread. The monitor may cancel between iterations.
    fn solve_one(
        &self,
        coefficient: ArrayViewD<'_, f64>,
        monitor: &dyn Monitor,
    ) -> Result<(ArrayD<f64>, CgInfo)> {
        let grid = self.grid_of(coefficient.shape())?;
        self.with_memory(&grid, Parallelism::Serial, |solver| {
            solver.set_coefficient(coefficient.view())?;
            let solve = |forcing: &Forcing<'_>| solver.solve(forcing, &self.params, monitor);
            let info = self.with_forcing_of(&grid, 0, &coefficient, solve)?;
            Ok((solver.solution(), info))
        })
    }

    /// The grid of a batch of coefficients whose shape, and that of the forcing, fit.
    fn grid(&self, coefficient: &ArrayViewD<'_, f64>) -> Result<Grid> {
        let shape = coefficient.shape();
        if !(4..=5).contains(&shape.len()) {
            let expected = "[batch, x1, x2, 1] or [batch, x1, x2, x3, 1] (channels last)";
            let error = Error::shape("coefficient", expected, shape);
            return Err(match shape.len() {
                2 => {
                    error.with_hint("add a batch axis of length 1 at the start and a channel axis at the end")
                }
                3 => error.with_hint("add the missing batch or channel axis of length 1"),
                _ => error,
            });
        }
        let dimensions = shape.len() - 2;
        check_channels_last("coefficient", shape, dimensions, 1)?;
        let cells = &shape[1..=dimensions];
        if cells.iter().any(|n| *n < 2) {
            let expected = "at least 2 cells along each axis";
            return Err(Error::shape("coefficient", expected, shape));
        }
        if let Source::Field(forcing) = &self.forcing {
            let batch = forcing.shape().first().copied().unwrap_or(0);
            if forcing.ndim() != shape.len()
                || forcing.shape()[1..] != shape[1..]
                || (batch != 1 && batch != shape[0])
            {
                let expected = format!("{shape:?}, or 1 in place of {} for all samples", shape[0]);
                return Err(Error::shape("forcing", expected, forcing.shape()));
            }
        }
        self.grid_of(cells)
    }

    /// The box with so many cells.
    fn grid_of(&self, cells: &[usize]) -> Result<Grid> {
        let mut grid = Grid::new(cells)?;
        if let Some(extent) = &self.extent {
            grid = grid.with_extent(extent)?;
        }
        let Some(sides) = &self.sides else { return Ok(grid) };
        if sides.len() != cells.len() {
            return Err(Error::value("sides", format!("{} pairs", cells.len()), sides.len()));
        }
        let kind = |(boundary, _): (Boundary, f64)| match boundary {
            Boundary::Neumann => sobolev_multigrid::Boundary::Neumann,
            Boundary::Dirichlet | Boundary::Periodic => sobolev_multigrid::Boundary::Dirichlet,
        };
        sides.iter().enumerate().try_fold(grid, |grid, (axis, ends)| grid.with_boundary(axis, ends.map(kind)))
    }

    /// Lends the right-hand side of one sample to `work`: f, and what the sides of the coefficient `a` `[n..]` contribute.
    fn with_forcing_of<R>(
        &self,
        grid: &Grid,
        index: usize,
        a: &ArrayViewD<'_, f64>,
        work: impl FnOnce(&Forcing<'_>) -> Result<R>,
    ) -> Result<R> {
        let forcing = match &self.forcing {
            Source::Constant(value) => Forcing::Constant(*value),
            Source::Field(field) => {
                let index = if field.len_of(Axis(0)) == 1 { 0 } else { index };
                let sample = field.index_axis(Axis(0), index);
                Forcing::Field(sample.index_axis_move(Axis(grid.dimensions()), 0))
            }
        };
        let sides = self.sides.as_deref().unwrap_or_default();
        if sides.iter().flatten().all(|(_, value)| *value == 0.0) {
            return work(&forcing);
        }
        let mut f = match forcing {
            Forcing::Constant(value) => ArrayD::from_elem(IxDyn(grid.cells()), value),
            Forcing::Field(field) => field.to_owned(),
        };
        for (axis, (ends, h)) in sides.iter().zip(grid.spacing()).enumerate() {
            for (side, &(boundary, value)) in ends.iter().enumerate() {
                let cell = if side == 0 { 0 } else { grid.cells()[axis] - 1 };
                let mut f = f.index_axis_mut(Axis(axis), cell);
                match boundary {
                    // The side is half a cell away from the centre.
                    Boundary::Dirichlet => {
                        f.scaled_add(2.0 * value / (h * h), &a.index_axis(Axis(axis), cell))
                    }
                    Boundary::Neumann | Boundary::Periodic => f += value / h,
                }
            }
        }
        work(&Forcing::Field(f.view()))
    }

    fn solver(&self, grid: &Grid, parallelism: Parallelism) -> Result<DiffusionSolver> {
        let solver = DiffusionSolver::new(grid, parallelism);
        match self.cycle {
            Some(cycle) => solver.with_cycle(cycle),
            None => Ok(solver),
        }
    }

    /// Lends a solver for `grid` to `work`, one that has been used before if there is one.
    fn with_memory<R>(
        &self,
        grid: &Grid,
        parallelism: Parallelism,
        work: impl FnOnce(&mut DiffusionSolver) -> Result<R>,
    ) -> Result<R> {
        let lock = || self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = {
            let mut memory = lock();
            let fits = memory.iter().position(|(p, solver)| *p == parallelism && solver.grid() == grid);
            fits.map(|index| memory.swap_remove(index).1)
        };
        let mut solver = match kept {
            Some(solver) => solver,
            None => self.solver(grid, parallelism)?,
        };
        let result = work(&mut solver)?;
        let mut memory = lock();
        // A solver that failed is not kept, nor those of grids that are no longer in use.
        memory.retain(|(_, other)| other.grid() == grid);
        memory.push((parallelism, solver));
        Ok(result)
    }
}

/// Puts the number of the sample in front of the position in it.
fn in_batch(mut error: Error, sample: usize) -> Error {
    if let Error::NonFinite { index, .. } = &mut error {
        index.insert(0, sample);
    }
    match error {
        Error::Value { argument, expected, got, hint } => {
            Error::Value { argument, expected, got: format!("{got} of sample {sample}"), hint }
        }
        other => other,
    }
}

/// A batch on its way to the solution, for programs that iterate themselves.
#[derive(Debug)]
pub struct DarcyState {
    solvers: Vec<DiffusionSolver>,
    shape: Vec<usize>,
}

impl SteadySolver for Darcy {
    type State = DarcyState;

    fn start(&self, coefficient: ArrayViewD<'_, f64>) -> Result<DarcyState> {
        let grid = self.grid(&coefficient)?;
        let samples: Vec<_> = coefficient.outer_iter().enumerate().collect();
        let parallelism = if samples.len() == 1 { Parallelism::Pool } else { Parallelism::Serial };
        let start = |(index, a): (usize, ArrayViewD<'_, f64>)| {
            let mut solver = self.solver(&grid, parallelism)?;
            let a = a.index_axis(Axis(a.ndim() - 1), 0);
            solver.set_coefficient(a.view()).map_err(|error| in_batch(error, index))?;
            self.with_forcing_of(&grid, index, &a, |forcing| solver.start(forcing))?;
            Ok(solver)
        };
        let solvers: Vec<Result<DiffusionSolver>> = samples.into_par_iter().map(start).collect();
        Ok(DarcyState {
            solvers: solvers.into_iter().collect::<Result<_>>()?,
            shape: coefficient.shape().to_vec(),
        })
    }

    fn step(&self, state: &mut DarcyState) -> Result<f64> {
        let step = |solver: &mut DiffusionSolver| {
            let residual = solver.info().relative_residual;
            if residual > self.params.relative_tolerance { solver.step() } else { Ok(residual) }
        };
        let residuals: Vec<Result<f64>> = state.solvers.par_iter_mut().map(step).collect();
        residuals.into_iter().try_fold(0.0, |largest: f64, residual| Ok(largest.max(residual?)))
    }

    fn residual(&self, state: &DarcyState) -> f64 {
        state.solvers.iter().map(|solver| solver.info().relative_residual).fold(0.0, f64::max)
    }

    fn solution(&self, state: &DarcyState) -> ArrayD<f64> {
        let mut u = ArrayD::zeros(state.shape.clone());
        for (solver, mut sample) in state.solvers.iter().zip(u.outer_iter_mut()) {
            let channel = Axis(sample.ndim() - 1);
            sample.index_axis_mut(channel, 0).assign(&solver.solution());
        }
        u
    }

    fn tolerance(&self) -> f64 {
        self.params.relative_tolerance
    }

    fn iteration_limit(&self) -> usize {
        self.params.iteration_limit
    }

    /// As [`solve_batch`](Darcy::solve_batch), whose memory is kept from call to call.
    fn solve(&self, coefficient: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>> {
        Ok(self.solve_batch(coefficient, &())?.u)
    }
}
