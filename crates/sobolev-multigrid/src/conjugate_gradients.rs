//! Conjugate gradients (Hestenes and Stiefel 1952) preconditioned by a multigrid cycle.
//!
//! Three passes over the grid an iteration: the cycle, the search direction with its image under the operator, and the
//! update of solution and residual. Vectors and operator are in double precision whatever the precision of the cycle, so
//! the residual that is reported belongs to the operator itself.

use crate::hierarchy::Multigrid;
use crate::vectors::{Forcing, Vectors};
use ndarray::{ArrayD, ArrayViewMutD};
use sobolev_tensor::{Error, Monitor, Real, Result};

/// When an iteration ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CgParams {
    /// Relative residual `|f - A u| / |f|` (Euclidean norms) to reach.
    pub relative_tolerance: f64,
    /// Iterations after which to give up.
    pub iteration_limit: usize,
}

impl Default for CgParams {
    fn default() -> Self {
        Self { relative_tolerance: 1e-8, iteration_limit: 200 }
    }
}

impl CgParams {
    pub(crate) fn check(&self) -> Result<()> {
        if self.relative_tolerance > 0.0 && self.relative_tolerance < 1.0 {
            return Ok(());
        }
        Err(Error::value("tolerance", "between 0 and 1", self.relative_tolerance))
    }
}

/// What an iteration did.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CgInfo {
    /// Iterations done.
    pub iterations: usize,
    /// `|f - A u|`.
    pub absolute_residual: f64,
    /// `|f - A u| / |f|`; zero when `f` is.
    pub relative_residual: f64,
}

/// The vectors of conjugate gradients on a grid, reused from one system to the next.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_multigrid::{CgParams, ConjugateGradients, Cycle, Forcing, Grid, Multigrid, Parallelism};
/// let mut multigrid = Multigrid::<f32>::new(&Grid::new(&[64, 64])?, Cycle::default(), Parallelism::Serial);
/// multigrid.set_coefficient(ArrayD::ones(vec![64, 64]).view())?;
/// let mut solver = ConjugateGradients::new(&multigrid)?;
/// let info = solver.solve(&mut multigrid, &Forcing::Constant(1.0), &CgParams::default(), &())?;
/// assert!(info.iterations <= 9);
/// let u = solver.solution(&multigrid);
/// assert!((u[[32, 32]] - 0.0736).abs() < 1e-3);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ConjugateGradients {
    vectors: Vectors,
    /// `<r, B r>` of the iteration before.
    rho: f64,
    iterations: usize,
}

impl ConjugateGradients {
    /// Makes the vectors for the grid of `multigrid`.
    ///
    /// # Errors
    /// When its cycle is not symmetric.
    pub fn new<T: Real>(multigrid: &Multigrid<T>) -> Result<Self> {
        if !multigrid.cycle().is_symmetric() {
            return Err(Error::value("cycle", "a symmetric one", multigrid.cycle())
                .with_hint("use a V- or W-cycle, or iterate with Cycles"));
        }
        Ok(Self { vectors: Vectors::new(multigrid), rho: 0.0, iterations: 0 })
    }

    /// Starts anew from zero for `A u = f`. Without any face with `u = 0` the problem is
    /// singular and `f` must have mean zero.
    ///
    /// # Errors
    /// When `f` has the wrong shape, is not finite or, for a singular problem, has a mean; when `multigrid` has no
    /// coefficient.
    pub fn start<T: Real>(&mut self, multigrid: &mut Multigrid<T>, forcing: &Forcing<'_>) -> Result<()> {
        self.vectors.start(multigrid, forcing)?;
        self.rho = 0.0;
        self.iterations = 0;
        Ok(())
    }

    /// One iteration of the system that was started; returns the relative residual.
    ///
    /// # Errors
    /// [`Error::NoConvergence`] when the preconditioner turns out not to be positive definite.
    pub fn step<T: Real>(&mut self, multigrid: &mut Multigrid<T>) -> Result<f64> {
        if self.vectors.absolute_residual() == 0.0 {
            return Ok(0.0);
        }
        let rho = self.vectors.precondition(multigrid);
        let beta = if self.iterations == 0 { 0.0 } else { rho / self.rho };
        let curvature = self.vectors.search(multigrid, beta);
        let alpha = rho / curvature;
        if !(rho > 0.0 && curvature > 0.0 && alpha.is_finite()) {
            multigrid.clear();
            return Err(Error::NoConvergence {
                solver: "conjugate gradients".to_string(),
                iterations: self.iterations,
                residual: self.vectors.relative_residual(),
                tolerance: 0.0,
                hint: "the cycle is not positive definite: use double precision".to_string(),
            });
        }
        self.vectors.update(multigrid, alpha);
        self.rho = rho;
        self.iterations += 1;
        Ok(self.vectors.relative_residual())
    }

    /// What has been done since the start.
    pub fn info(&self) -> CgInfo {
        CgInfo {
            iterations: self.iterations,
            absolute_residual: self.vectors.absolute_residual(),
            relative_residual: self.vectors.relative_residual(),
        }
    }

    /// Starts anew and iterates to the tolerance. The monitor may cancel between iterations.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`step`](Self::step); [`Error::NoConvergence`] at the iteration limit;
    /// [`Error::Cancelled`]; a tolerance outside (0, 1).
    pub fn solve<T: Real>(
        &mut self,
        multigrid: &mut Multigrid<T>,
        forcing: &Forcing<'_>,
        params: &CgParams,
        monitor: &dyn Monitor,
    ) -> Result<CgInfo> {
        params.check()?;
        self.start(multigrid, forcing)?;
        let residual = self.vectors.relative_residual();
        iterate(params, "conjugate gradients", residual, monitor, || self.step(multigrid))?;
        Ok(self.info())
    }

    /// The iterate, an array of the grid's shape. Its mean is zero when there is no face with `u = 0`.
    pub fn solution<T: Real>(&self, multigrid: &Multigrid<T>) -> ArrayD<f64> {
        let mut out = ArrayD::zeros(multigrid.grid().cells());
        self.vectors.write(multigrid, out.view_mut());
        out
    }

    /// Writes the iterate into an array of the grid's shape.
    ///
    /// # Errors
    /// When the shape differs.
    pub fn write_solution<T: Real>(
        &self,
        multigrid: &Multigrid<T>,
        out: ArrayViewMutD<'_, f64>,
    ) -> Result<()> {
        multigrid.grid().check_shape("solution", out.shape())?;
        self.vectors.write(multigrid, out);
        Ok(())
    }
}

/// Multigrid cycles alone: `u = u + B (f - A u)`. Unlike conjugate gradients it takes any cycle; it needs a few iterations
/// more, and many more where the coefficient jumps far.
#[derive(Debug, Clone)]
pub struct Cycles {
    vectors: Vectors,
    iterations: usize,
}

impl Cycles {
    /// Makes the vectors for the grid of `multigrid`.
    pub fn new<T: Real>(multigrid: &Multigrid<T>) -> Self {
        Self { vectors: Vectors::new(multigrid), iterations: 0 }
    }

    /// Starts anew from zero for `A u = f`, as [`ConjugateGradients::start`].
    ///
    /// # Errors
    /// As there.
    pub fn start<T: Real>(&mut self, multigrid: &mut Multigrid<T>, forcing: &Forcing<'_>) -> Result<()> {
        self.vectors.start(multigrid, forcing)?;
        self.iterations = 0;
        Ok(())
    }

    /// One cycle; returns the relative residual.
    ///
    /// # Errors
    /// [`Error::NoConvergence`] when the residual is no longer finite.
    pub fn step<T: Real>(&mut self, multigrid: &mut Multigrid<T>) -> Result<f64> {
        self.vectors.precondition(multigrid);
        self.vectors.search(multigrid, 0.0);
        self.vectors.update(multigrid, 1.0);
        self.iterations += 1;
        let residual = self.vectors.relative_residual();
        if residual.is_finite() {
            return Ok(residual);
        }
        multigrid.clear();
        Err(Error::NoConvergence {
            solver: multigrid.cycle().to_string(),
            iterations: self.iterations,
            residual,
            tolerance: 0.0,
            hint: "the cycle diverges: use conjugate gradients".to_string(),
        })
    }

    /// Starts anew and iterates to the tolerance.
    ///
    /// # Errors
    /// As [`ConjugateGradients::solve`].
    pub fn solve<T: Real>(
        &mut self,
        multigrid: &mut Multigrid<T>,
        forcing: &Forcing<'_>,
        params: &CgParams,
        monitor: &dyn Monitor,
    ) -> Result<CgInfo> {
        params.check()?;
        self.start(multigrid, forcing)?;
        let name = multigrid.cycle().to_string();
        let residual = self.vectors.relative_residual();
        iterate(params, &name, residual, monitor, || self.step(multigrid))?;
        Ok(CgInfo {
            iterations: self.iterations,
            absolute_residual: self.vectors.absolute_residual(),
            relative_residual: self.vectors.relative_residual(),
        })
    }

    /// The iterate, an array of the grid's shape. Its mean is zero when there is no face with `u = 0`.
    pub fn solution<T: Real>(&self, multigrid: &Multigrid<T>) -> ArrayD<f64> {
        let mut out = ArrayD::zeros(multigrid.grid().cells());
        self.vectors.write(multigrid, out.view_mut());
        out
    }
}

/// Steps until the residual meets the tolerance. An iteration has no known end, so that the monitor hears of no progress.
pub(crate) fn iterate(
    params: &CgParams,
    name: &str,
    mut residual: f64,
    monitor: &dyn Monitor,
    mut step: impl FnMut() -> Result<f64>,
) -> Result<()> {
    let (tolerance, limit) = (params.relative_tolerance, params.iteration_limit);
    for iterations in 0.. {
        if residual <= tolerance {
            return Ok(());
        }
        if iterations == limit {
            let solver = name.to_string();
            let hint =
                "allow more iterations, or ask for less than about 1e-16 n^2 on n points a side".to_string();
            return Err(Error::NoConvergence { solver, iterations, residual, tolerance, hint });
        }
        if monitor.cancelled() {
            let (done, total) = (iterations as u64, limit as u64);
            return Err(Error::Cancelled { task: name.to_string(), done, total });
        }
        residual = step()?;
    }
    Ok(())
}
