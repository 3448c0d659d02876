//! Conjugate gradients with the cycle in the precision that suits the coefficient.

use crate::conjugate_gradients::{CgInfo, CgParams, ConjugateGradients};
use crate::cycle::Cycle;
use crate::grid::Grid;
use crate::hierarchy::{Multigrid, Parallelism};
use crate::vectors::Forcing;
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};
use sobolev_tensor::{Error, Monitor, Real, Result};
use std::fmt;

/// Precision of the multigrid cycle. Vectors, operator and residual are in double precision in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Single up to a contrast (largest over smallest coefficient) of 1e3, double beyond it and where single fails.
    #[default]
    Automatic,
    /// `f32`: half the memory traffic, about half the time.
    Single,
    /// `f64`.
    Double,
}

/// Contrast up to which a cycle in single precision takes about as many iterations as one in double. Where coefficients jump along
/// smooth curves that is 1e6; along curves that are rough on the scale of the cells (a two-phase medium from a Gaussian field of
/// covariance `(-Laplacian + 9)^-2`) single may take twice as many as double from 1025 x 1025 on.
const SINGLE_CONTRAST: f64 = 1e3;

/// Solver of `-div(a grad u) = f` on a grid, with all its memory: made once, used for any number of coefficients.
///
/// ```
/// use sobolev_multigrid::{CgParams, DiffusionSolver, Forcing, Grid, Parallelism, gallery};
/// let grid = Grid::new(&[64, 64])?;
/// let mut solver = DiffusionSolver::new(&grid, Parallelism::Serial);
/// for seed in 0..3 {
///     solver.set_coefficient(gallery::jump(&grid, seed, 12.0, 3.0).view())?;
///     let info = solver.solve(&Forcing::Constant(1.0), &CgParams::default(), &())?;
///     assert!(info.iterations <= 10 && info.relative_residual <= 1e-8);
///     let u = solver.solution();
///     assert!(u.iter().all(|u| *u > 0.0));
/// }
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
pub struct DiffusionSolver {
    grid: Grid,
    /// Of the user's choice.
    cycle: Option<Cycle>,
    parallelism: Parallelism,
    precision: Precision,
    single: Option<Box<dyn Engine>>,
    double: Option<Box<dyn Engine>>,
    in_double: bool,
    coefficient_is_set: bool,
}

/// A hierarchy with the vectors of conjugate gradients.
trait Engine: Send + Sync + fmt::Display {
    fn read(&mut self, coefficient: ArrayViewD<'_, f64>) -> Result<()>;
    fn contrast(&self) -> f64;
    fn set_up(&mut self) -> Result<()>;
    fn start(&mut self, forcing: &Forcing<'_>) -> Result<()>;
    fn step(&mut self) -> Result<f64>;
    fn info(&self) -> CgInfo;
    fn write_solution(&self, out: ArrayViewMutD<'_, f64>) -> Result<()>;
}

struct Pair<T> {
    multigrid: Multigrid<T>,
    iteration: ConjugateGradients,
}

impl<T: Real> Pair<T> {
    fn boxed(grid: &Grid, cycle: Cycle, parallelism: Parallelism) -> Result<Box<dyn Engine>> {
        let multigrid = Multigrid::<T>::new(grid, cycle, parallelism);
        let iteration = ConjugateGradients::new(&multigrid)?;
        Ok(Box::new(Self { multigrid, iteration }))
    }
}

impl<T: Real> fmt::Display for Pair<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.multigrid.fmt(f)
    }
}

impl<T: Real> Engine for Pair<T> {
    fn read(&mut self, coefficient: ArrayViewD<'_, f64>) -> Result<()> {
        self.multigrid.read(coefficient)
    }
    fn set_up(&mut self) -> Result<()> {
        self.multigrid.set_up()
    }
    fn contrast(&self) -> f64 {
        let (smallest, largest) = self.multigrid.coefficient_range();
        largest / smallest
    }
    fn start(&mut self, forcing: &Forcing<'_>) -> Result<()> {
        self.iteration.start(&mut self.multigrid, forcing)
    }
    fn step(&mut self) -> Result<f64> {
        self.iteration.step(&mut self.multigrid)
    }
    fn info(&self) -> CgInfo {
        self.iteration.info()
    }
    fn write_solution(&self, out: ArrayViewMutD<'_, f64>) -> Result<()> {
        self.iteration.write_solution(&self.multigrid, out)
    }
}

impl DiffusionSolver {
    /// A solver for `grid` by V(1,1), and by V(2,2) where [`Precision::Automatic`] takes double precision: for contrasts that high
    /// it needs a quarter fewer iterations and no more time. Memory is taken at the first coefficient.
    pub fn new(grid: &Grid, parallelism: Parallelism) -> Self {
        Self {
            grid: grid.clone(),
            cycle: None,
            parallelism,
            precision: Precision::Automatic,
            single: None,
            double: None,
            in_double: false,
            coefficient_is_set: false,
        }
    }

    /// The same solver with another cycle.
    ///
    /// # Errors
    /// When the cycle is not symmetric.
    pub fn with_cycle(self, cycle: Cycle) -> Result<Self> {
        if !cycle.is_symmetric() {
            return Err(Error::value("cycle", "a symmetric one", cycle).with_hint("use a V- or W-cycle"));
        }
        Ok(Self { cycle: Some(cycle), single: None, double: None, coefficient_is_set: false, ..self })
    }

    /// The same solver with another precision of the cycle.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, single: None, double: None, coefficient_is_set: false, ..self }
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Sets up operator and coarse grids for `coefficient`, an array of the grid's shape.
    ///
    /// # Errors
    /// When the shape differs, a value is not positive and finite, or single precision was asked for and does not suffice.
    pub fn set_coefficient(&mut self, coefficient: ArrayViewD<'_, f64>) -> Result<()> {
        self.coefficient_is_set = false;
        self.in_double = self.precision == Precision::Double;
        let automatic = self.precision == Precision::Automatic;
        let engine = self.engine()?;
        engine.read(coefficient.view())?;
        if automatic {
            // Whatever the reason is for which single precision does not do.
            self.in_double = engine.contrast() > SINGLE_CONTRAST || engine.set_up().is_err();
            if self.in_double {
                let engine = self.engine()?;
                engine.read(coefficient)?;
                engine.set_up()?;
            }
        } else {
            engine.set_up()?;
        }
        self.coefficient_is_set = true;
        Ok(())
    }

    /// Starts anew from zero for a right-hand side.
    ///
    /// # Errors
    /// When it has the wrong shape or is not finite, or there is no coefficient.
    pub fn start(&mut self, forcing: &Forcing<'_>) -> Result<()> {
        self.ready()?.start(forcing)
    }

    /// One iteration; returns the relative residual.
    ///
    /// # Errors
    /// [`Error::NoConvergence`] when the cycle is not positive definite, for want of precision.
    pub fn step(&mut self) -> Result<f64> {
        self.ready()?.step()
    }

    /// Starts anew and iterates to the tolerance. The monitor may cancel between iterations.
    ///
    /// # Errors
    /// As [`ConjugateGradients::solve`].
    pub fn solve(
        &mut self,
        forcing: &Forcing<'_>,
        params: &CgParams,
        monitor: &dyn Monitor,
    ) -> Result<CgInfo> {
        params.check()?;
        let engine = self.ready()?;
        engine.start(forcing)?;
        crate::conjugate_gradients::iterate(
            params,
            "conjugate gradients",
            engine.info().relative_residual,
            monitor,
            || engine.step(),
        )?;
        Ok(engine.info())
    }

    /// What has been done since the start; all zero before the first.
    pub fn info(&self) -> CgInfo {
        self.current().map_or_else(CgInfo::default, |engine| engine.info())
    }

    /// The iterate, an array of the grid's shape; zero before the first start.
    pub fn solution(&self) -> ArrayD<f64> {
        let mut out = ArrayD::zeros(self.grid.cells());
        // The shape is the grid's own, and nothing else can be wrong.
        let _ = self.write_solution(out.view_mut());
        out
    }

    /// Writes the iterate into an array of the grid's shape.
    ///
    /// # Errors
    /// When the shape differs.
    pub fn write_solution(&self, mut out: ArrayViewMutD<'_, f64>) -> Result<()> {
        self.grid.check_shape("solution", out.shape())?;
        match self.current() {
            Some(engine) => engine.write_solution(out),
            None => {
                out.fill(0.0);
                Ok(())
            }
        }
    }

    fn current(&self) -> Option<&dyn Engine> {
        let slot = if self.in_double { &self.double } else { &self.single };
        slot.as_deref()
    }

    fn engine(&mut self) -> Result<&mut dyn Engine> {
        let (grid, parallelism) = (&self.grid, self.parallelism);
        let sweeps = if self.in_double && self.precision == Precision::Automatic { 2 } else { 1 };
        let cycle = match self.cycle {
            Some(cycle) => cycle,
            None => Cycle::default().with_sweeps(sweeps)?,
        };
        let (slot, make): (_, fn(&Grid, Cycle, Parallelism) -> _) = if self.in_double {
            (&mut self.double, Pair::<f64>::boxed)
        } else {
            (&mut self.single, Pair::<f32>::boxed)
        };
        if slot.is_none() {
            *slot = Some(make(grid, cycle, parallelism)?);
        }
        Ok(slot.as_deref_mut().expect("made just now"))
    }

    fn ready(&mut self) -> Result<&mut dyn Engine> {
        if self.coefficient_is_set {
            return self.engine();
        }
        Err(Error::value("coefficient", "a coefficient before the first solve", "none"))
    }
}

impl fmt::Debug for DiffusionSolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiffusionSolver")
            .field("grid", &self.grid)
            .field("cycle", &self.cycle)
            .field("parallelism", &self.parallelism)
            .field("precision", &self.precision)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for DiffusionSolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.current() {
            Some(engine) => engine.fmt(f),
            None => write!(f, "DiffusionSolver {:?} without a coefficient", self.grid.cells()),
        }
    }
}
