//! The hierarchy of grids, and the cycle over them.

use crate::bodies::Bodies;
use crate::coarsest::{Coarsest, LARGEST};
use crate::cycle::{Cycle, Visits};
use crate::grid::{Grid, in_slots};
use crate::level::Level;
use crate::operator::Diffusion;
use crate::stencil::Neighbours;
use ndarray::{ArrayD, ArrayViewD};
use sobolev_tensor::{Error, Real, Result};
use std::fmt;

/// Threads of one set-up or solve. Results do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parallelism {
    /// The calling thread alone: right where every thread has a sample of its own.
    #[default]
    Serial,
    /// All threads of the rayon pool in which the hierarchy is made.
    Pool,
}

impl Parallelism {
    pub(crate) fn threads(self) -> usize {
        match self {
            Self::Serial => 1,
            Self::Pool => rayon::current_num_threads(),
        }
    }
}

/// Geometric multigrid for `-div(a grad u) = f`: operator, coarse grids and all working memory, made once for a grid and
/// set up anew for each coefficient. `T` is the precision of the cycle; the operator itself is in `f64`.
///
/// Coarse grids keep every second point along each axis; where cells are much longer than wide, only along their short
/// sides at first. Interpolation is induced by the operator and coarse operators are Galerkin products, so that jumps of
/// the coefficient are seen on every level. Coloured Gauss-Seidel sweeps smooth, and a dense Cholesky factorisation solves
/// on the coarsest grid.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_multigrid::{Cycle, Grid, Multigrid, Parallelism};
/// let mut multigrid = Multigrid::<f32>::new(&Grid::new(&[85, 85])?, Cycle::default(), Parallelism::Serial);
/// multigrid.set_coefficient(ArrayD::from_elem(vec![85, 85], 3.0).view())?;
/// println!("{multigrid}");
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Multigrid<T> {
    diffusion: Diffusion,
    cycle: Cycle,
    threads: usize,
    levels: Vec<Level<T>>,
    coarsest: Coarsest,
    bodies: Bodies,
    /// The levels hold this multiple of the operator.
    scale: f64,
    ready: bool,
}

/// An axis is coarsened with the one of the smallest spacing when its own is at most this much larger: then no two spacings
/// differ by more once all axes are coarsened.
const ANISOTROPY: f64 = std::f64::consts::SQRT_2;

/// Contrast from which bodies of large coefficient are balanced: below it coarse grids are good enough.
const FLOATING_CONTRAST: f64 = 100.0;

impl<T: Real> Multigrid<T> {
    /// Makes the grids and their memory. A coefficient must be set before use.
    pub fn new(grid: &Grid, cycle: Cycle, parallelism: Parallelism) -> Self {
        let threads = parallelism.threads();
        let dimensions = grid.dimensions();
        let diffusion = Diffusion::new(grid);
        let spacing = grid.spacing();
        let by_slot: Vec<f64> = grid.storage_axes().iter().map(|axis| spacing[*axis]).collect();
        let mut spacing = in_slots(&by_slot, f64::INFINITY);
        let finest = Level::new(dimensions, diffusion.layout, 0, Neighbours::Faces, threads);
        let mut levels: Vec<Level<T>> = vec![finest];
        while levels[levels.len() - 1].unknowns.iter().product::<usize>() > LARGEST {
            let last = levels.len() - 1;
            let fine = &mut levels[last];
            let long = |axis: usize| fine.unknowns[axis] > 1;
            let smallest = (0..3).filter(|a| long(*a)).map(|a| spacing[a]).fold(f64::INFINITY, f64::min);
            // Columns are always coarsened: their storage relies on it, and a single column is carried along.
            let coarsened: [bool; 3] =
                std::array::from_fn(|a| a == 2 || long(a) && spacing[a] <= ANISOTROPY * smallest);
            for axis in 0..3 {
                if coarsened[axis] && long(axis) {
                    spacing[axis] *= 2.0;
                }
            }
            let mut coarse = fine.coarsen(coarsened, cycle.sweeps(), threads);
            if cycle.visits() != Visits::V {
                coarse.allow_second_visit();
            }
            levels.push(coarse);
        }
        let last = &levels[levels.len() - 1];
        let lead = last.layout.columns - last.unknowns[2];
        let coarsest = Coarsest::new(&last.layout, last.stencil.offsets, lead);
        Self {
            diffusion,
            cycle,
            threads,
            levels,
            coarsest,
            bodies: Bodies::default(),
            scale: 1.0,
            ready: false,
        }
    }

    /// Sets up operator and coarse grids for `coefficient`, an array of the grid's shape. All memory is reused.
    ///
    /// # Errors
    /// When the shape differs, a value is not positive and finite, or the contrast is too high for `T`.
    pub fn set_coefficient(&mut self, coefficient: ArrayViewD<'_, f64>) -> Result<()> {
        self.read(coefficient)?;
        self.set_up()
    }

    /// The first part of [`set_coefficient`](Self::set_coefficient), after which its contrast is known.
    pub(crate) fn read(&mut self, coefficient: ArrayViewD<'_, f64>) -> Result<()> {
        self.ready = false;
        self.diffusion.set(coefficient, self.threads)
    }

    /// The rest of it: all levels.
    pub(crate) fn set_up(&mut self) -> Result<()> {
        // Entries of order one, whatever the units, keep `f32` away from its limits.
        let spacing = self.diffusion.grid.spacing();
        let largest = spacing.iter().map(|h| self.diffusion.range.1 / (h * h)).fold(0.0, f64::max);
        self.scale = 1.0 / largest;
        self.diffusion.fill(self.scale, &mut self.levels[0].stencil, self.threads);
        for index in 1..self.levels.len() {
            let (fine, coarse) = self.levels.split_at_mut(index);
            fine[index - 1].set_up(&mut coarse[0]);
        }
        let last = self.levels.len() - 1;
        self.coarsest.factorise(&self.levels[last].stencil, self.grid().is_singular())?;
        let floating = self.diffusion.range.1 > FLOATING_CONTRAST * self.diffusion.range.0;
        let balanced = floating && !self.coarsest_is_finest();
        self.bodies = if balanced { Bodies::new(&self.diffusion, self.scale) } else { Bodies::default() };
        self.ready = true;
        Ok(())
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.diffusion.grid
    }

    /// The cycle.
    pub fn cycle(&self) -> Cycle {
        self.cycle
    }

    /// Smallest and largest value of the coefficient.
    pub fn coefficient_range(&self) -> (f64, f64) {
        self.diffusion.range
    }

    /// Unknowns of each level, the finest first.
    pub fn unknowns(&self) -> Vec<usize> {
        self.levels.iter().map(|level| level.unknowns.iter().product()).collect()
    }

    /// Entries of all matrices over those of the finest: memory and work of a cycle relative to one level.
    pub fn operator_complexity(&self) -> f64 {
        let entries: Vec<usize> = self.levels.iter().map(entries).collect();
        entries.iter().sum::<usize>() as f64 / entries[0] as f64
    }

    /// Bytes of working memory of the levels.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(Level::bytes).sum::<usize>() + self.bodies.bytes()
    }

    /// `A u` for an array of the grid's shape.
    ///
    /// # Errors
    /// When the shape differs, or no coefficient has been set.
    pub fn apply(&self, u: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>> {
        self.check_ready()?;
        self.grid().check_shape("u", u.shape())?;
        let mut values = ArrayD::zeros(u.raw_dim());
        let layout = self.diffusion.layout;
        let (mut from, mut to) = (vec![0.0; layout.len()], vec![0.0; layout.len()]);
        self.diffusion.scatter(u, 1.0, 0.0, &mut from);
        self.diffusion.apply(&from, &mut to);
        self.diffusion.collect(&to, 1.0, 0.0, values.view_mut());
        Ok(values)
    }

    /// One cycle from zero for `A z = r`: the preconditioner, an approximation of the inverse.
    ///
    /// # Errors
    /// When the shape differs, or no coefficient has been set.
    pub fn precondition(&mut self, r: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>> {
        self.check_ready()?;
        self.grid().check_shape("r", r.shape())?;
        let mut z = ArrayD::zeros(r.raw_dim());
        let layout = self.diffusion.layout;
        let mut buffer = vec![0.0; layout.len()];
        self.diffusion.scatter(r, 1.0, 0.0, &mut buffer);
        let largest = buffer.iter().fold(0.0, |m: f64, v| m.max(v.abs())).max(f64::MIN_POSITIVE);
        for (to, from) in self.levels[0].rhs.iter_mut().zip(&buffer) {
            *to = T::cast(from / largest);
        }
        self.run_cycle();
        for (to, from) in buffer.iter_mut().zip(self.levels[0].solution.iter()) {
            *to = from.to_f64() * largest * self.scale;
        }
        self.diffusion.collect(&buffer, 1.0, 0.0, z.view_mut());
        Ok(z)
    }

    pub(crate) fn check_ready(&self) -> Result<()> {
        if self.ready {
            return Ok(());
        }
        Err(Error::value("coefficient", "a coefficient before the first solve", "none"))
    }

    pub(crate) fn diffusion(&self) -> &Diffusion {
        &self.diffusion
    }

    /// Factor from the cycle's solution for a right-hand side to that of the operator.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    pub(crate) fn finest(&self) -> &Level<T> {
        &self.levels[0]
    }

    pub(crate) fn finest_mut(&mut self) -> &mut Level<T> {
        &mut self.levels[0]
    }

    /// One cycle on the finest level: its right-hand side to its solution; returns their inner product.
    pub(crate) fn run_cycle(&mut self) -> f64 {
        let bodies = self.bodies.project(&mut self.levels[0].rhs);
        self.visit(0, self.cycle.visits());
        self.bodies.balance(&mut self.levels[0].solution);
        if self.coarsest_is_finest() {
            let finest = &self.levels[0];
            return finest.rhs.iter().zip(finest.solution.iter()).map(|(r, z)| r.to_f64() * z.to_f64()).sum();
        }
        self.levels[0].products.iter().sum::<f64>() + bodies
    }

    /// Zeros in all vectors, so that values that are not finite do not live on in the padding.
    pub(crate) fn clear(&mut self) {
        self.levels.iter_mut().for_each(Level::clear);
    }

    fn coarsest_is_finest(&self) -> bool {
        self.levels.len() == 1
    }

    fn visit(&mut self, index: usize, visits: Visits) {
        let sweeps = self.cycle.sweeps();
        if index + 1 == self.levels.len() {
            let natural = !self.coarsest_is_finest();
            let Level { rhs, solution, .. } = &mut self.levels[index];
            return self.coarsest.solve(rhs, solution, natural);
        }
        let pair = |levels: &mut [Level<T>], visit: &dyn Fn(&mut Level<T>, &mut Level<T>)| {
            let (fine, coarse) = levels.split_at_mut(index + 1);
            visit(&mut fine[index], &mut coarse[0]);
        };
        pair(&mut self.levels, &|fine, coarse| fine.descend(coarse, sweeps));
        self.visit(index + 1, visits);
        if visits != Visits::V && index + 2 < self.levels.len() {
            self.levels[index + 1].begin_second_visit();
            self.visit(index + 1, if visits == Visits::F { Visits::V } else { visits });
            self.levels[index + 1].end_second_visit();
        }
        pair(&mut self.levels, &|fine, coarse| fine.ascend(coarse, sweeps, index == 0));
    }
}

/// Entries of the matrix of a level, those that a boundary cuts off included.
fn entries<T: Real>(level: &Level<T>) -> usize {
    level.unknowns.iter().product::<usize>() * (2 * level.stencil.offsets.len() + 1)
}

impl<T: Real> fmt::Display for Multigrid<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells: Vec<String> = self.grid().cells().iter().map(usize::to_string).collect();
        writeln!(f, "Multigrid {} in {}, {}", cells.join(" x "), T::NAME, self.cycle)?;
        writeln!(
            f,
            "  operator complexity {:.2}, {:.1} MB",
            self.operator_complexity(),
            self.bytes() as f64 / 1e6
        )?;
        writeln!(f, "  level   unknowns   entries a row   points")?;
        for (index, level) in self.levels.iter().enumerate() {
            let unknowns: usize = level.unknowns.iter().product();
            let row = 2 * level.stencil.offsets.len() + 1;
            let axes = level.unknowns.iter().enumerate();
            let shape: Vec<String> = axes
                .filter(|(axis, _)| *axis != 1 || self.grid().dimensions() == 3)
                .map(|(_, points)| points.to_string())
                .collect();
            write!(f, "  {index:>5} {unknowns:>10} {row:>15}   {}", shape.join(" x "))?;
            writeln!(f, "{}", if index + 1 == self.levels.len() { "   (direct)" } else { "" })?;
        }
        Ok(())
    }
}
