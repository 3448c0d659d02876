//! The hierarchy of lattices, its cycles, and full multigrid.

use super::coarsest::Coarsest;
use super::galerkin;
use super::lattice::{Centring, Lattice};
use super::operator::StencilOperator;
use super::scalar::Scalar;
use super::scalar::check_finite;
use super::settings::{Coarsening, DENSE_LIMIT, MultigridParams};
use super::smoother::Relaxation;
use super::transfer::{AxisGeometry, Interpolation, Transfer};
use crate::cycle::Visits;
use crate::vectors::{MEAN_TOLERANCE, inconsistent};
use ndarray::{ArrayD, ArrayViewD};
use sobolev_tensor::{Error, Result, bytes_in_words};
use std::fmt;
use std::sync::Arc;

/// Multigrid for any [`StencilOperator`]: one to three axes, vertices or cells, real or complex entries, symmetric or not.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_multigrid::general::{Lattice, MultigridParams, SolveParams, StencilMultigrid, StencilOperator};
/// let lattice = Lattice::new(&[127, 127])?;
/// let laplacian = StencilOperator::from_fn(&lattice, |_, offset| match offset {
///     [0, 0] => 4.0 * 128.0_f64.powi(2),
///     [0, _] | [_, 0] => -128.0_f64.powi(2),
///     _ => 0.0,
/// })?;
/// let mut multigrid = StencilMultigrid::new(laplacian, MultigridParams::default())?;
/// println!("{multigrid}");                                   // the hierarchy
/// let f = ArrayD::ones(vec![127, 127]);
/// let (u, info) = multigrid.solve(f.view(), &SolveParams::default(), &())?;
/// assert!((u[[63, 63]] - 0.07367).abs() < 1e-4 && info.iterations() < 15);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct StencilMultigrid<S: Scalar> {
    params: MultigridParams,
    threads: usize,
    levels: Vec<Level<S>>,
    coarsest: Coarsest<S>,
    /// Whether constants are in the kernel.
    singular: bool,
    /// Whether the matrix is its own transpose.
    symmetric: bool,
}

/// The order of colours and lines in the sweeps after the visit to the coarser level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As in the sweeps before: reduces the error most.
    Forward,
    /// The other way round: the cycle is its own adjoint.
    Reversed,
}

#[derive(Debug, Clone)]
struct Level<S> {
    operator: Arc<StencilOperator<S>>,
    /// None on the coarsest level, which is solved directly.
    relaxation: Option<Relaxation<S>>,
    /// To the next coarser level; none on the coarsest.
    transfer: Option<Transfer<S>>,
    f: Vec<S>,
    x: Vec<S>,
    scratch: [Vec<S>; 2],
}

impl<S: Scalar> Level<S> {
    fn new(operator: StencilOperator<S>) -> Self {
        let zeros = || vec![S::default(); operator.storage().len];
        let (f, x, scratch) = (zeros(), zeros(), [zeros(), zeros()]);
        Self { operator: Arc::new(operator), relaxation: None, transfer: None, f, x, scratch }
    }

    fn sweep(&mut self, count: usize, forward: bool, threads: usize) {
        let Self { operator, relaxation, f, x, scratch, .. } = self;
        let Some(relaxation) = relaxation else { return };
        for _ in 0..count {
            relaxation.sweep(operator, f, x, scratch, forward, threads);
        }
    }

    /// Restricted residual into the right-hand side of the coarser level.
    fn restrict_residual(&mut self, coarse: &mut Self, threads: usize) {
        let Self { operator, transfer, f, x, scratch, .. } = self;
        let residual = &mut scratch[0];
        operator.residual(f, x, residual, threads);
        if let Some(transfer) = transfer {
            transfer.restrict(residual, &mut coarse.f, threads);
        }
    }

    /// Adds the interpolated solution of the coarser level.
    fn correct(&mut self, coarse: &Self, threads: usize) {
        if let Some(transfer) = &self.transfer {
            transfer.prolong(&coarse.x, &mut self.x, threads);
        }
        self.operator.storage().fill_ghosts(&mut self.x);
    }
}

/// Makes the operator of a coarse lattice: its arguments are the lattice and the spacings of each axis relative to the
/// finest, powers of two.
pub type Rediscretise<'a, S> = &'a dyn Fn(&Lattice, &[usize]) -> Result<StencilOperator<S>>;

impl<S: Scalar> StencilMultigrid<S> {
    /// The hierarchy with Galerkin products as coarse operators.
    ///
    /// # Errors
    /// When the parameters make no sense; when linear interpolation is asked for between cells, whose Galerkin products
    /// reach too far; when a coarse operator is singular, or that of a singular problem has more than 4096 points.
    pub fn new(operator: StencilOperator<S>, params: MultigridParams) -> Result<Self> {
        let between_cells = operator.lattice().centring() == Centring::Cell;
        if between_cells && params.interpolation == Interpolation::Linear {
            let expected = "operator-induced interpolation between cells";
            return Err(Error::value("interpolation", expected, "linear")
                .with_hint("or re-discretise the coarse operators: StencilMultigrid::rediscretised"));
        }
        Self::build(operator, params, None)
    }

    /// The hierarchy with coarse operators that are discretised anew.
    ///
    /// # Errors
    /// As [`new`](Self::new); and when points along an axis cannot be halved evenly, or a coarse operator has the wrong
    /// lattice.
    pub fn rediscretised(
        operator: StencilOperator<S>,
        params: MultigridParams,
        rediscretise: Rediscretise<'_, S>,
    ) -> Result<Self> {
        Self::build(operator, params, Some(rediscretise))
    }

    fn build(
        operator: StencilOperator<S>,
        params: MultigridParams,
        rediscretise: Option<Rediscretise<'_, S>>,
    ) -> Result<Self> {
        let lattice = operator.lattice().clone();
        params.check(lattice.dimensions())?;
        let threads = params.parallelism.threads();
        let singular = operator.is_singular();
        let mut geometry: Vec<AxisGeometry> =
            (0..lattice.dimensions()).map(|axis| AxisGeometry::new(&lattice, axis)).collect();
        let mut spacings = vec![1; lattice.dimensions()];
        let mut levels = vec![Level::new(operator)];
        while levels.len() < params.levels {
            let fine = levels.last_mut().expect("there is a finest level");
            if fine.operator.lattice().unknowns() <= params.coarsest {
                break;
            }
            let halved = halved(&fine.operator, params.coarsening);
            if halved == [false; 3] {
                break;
            }
            let transfer = Transfer::new(&fine.operator, &geometry, halved, params.interpolation);
            let missing = 3 - lattice.dimensions();
            for axis in (missing..3).filter(|axis| halved[*axis]) {
                geometry[axis - missing] = geometry[axis - missing].coarse(&transfer.axes[axis]);
                spacings[axis - missing] *= 2;
            }
            let operator = match rediscretise {
                None => galerkin::product(&fine.operator, &transfer, threads)?,
                Some(rediscretise) => {
                    if let Some(axis) = geometry.iter().position(|axis| !axis.is_even()) {
                        let points = lattice.points()[axis];
                        let got = format!("{points} along axis {axis}, for level {}", levels.len());
                        return Err(Error::value("points", "numbers that can be halved evenly", got)
                            .with_hint("use Galerkin products: StencilMultigrid::new"));
                    }
                    let operator = rediscretise(&transfer.lattice, &spacings)?;
                    transfer.lattice.check_shape("coarse operator", operator.lattice().points())?;
                    operator
                }
            };
            let fine = levels.last_mut().expect("there is a finest level");
            fine.relaxation = Some(Relaxation::new(&fine.operator, params.smoother)?);
            fine.transfer = Some(transfer);
            levels.push(Level::new(operator));
        }
        let last = &levels[levels.len() - 1].operator;
        if singular && last.lattice().unknowns() > DENSE_LIMIT {
            let got = format!("{} points", last.lattice().unknowns());
            let expected = format!("a coarsest grid of at most {DENSE_LIMIT} points for a singular problem");
            return Err(Error::value("levels", expected, got));
        }
        let coarsest = Coarsest::new(last, singular)?;
        let symmetric = levels[0].operator.is_symmetric();
        Ok(Self { params, threads, levels, coarsest, singular, symmetric })
    }

    /// The operator.
    pub fn operator(&self) -> &StencilOperator<S> {
        &self.levels[0].operator
    }

    /// The operator, shared.
    pub(crate) fn shared_operator(&self) -> Arc<StencilOperator<S>> {
        Arc::clone(&self.levels[0].operator)
    }

    /// The lattice.
    pub fn lattice(&self) -> &Lattice {
        self.operator().lattice()
    }

    /// The choices it was made with.
    pub fn params(&self) -> &MultigridParams {
        &self.params
    }

    /// Whether constants are in the kernel of the operator.
    pub fn is_singular(&self) -> bool {
        self.singular
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Points of each level, the finest first.
    pub fn unknowns(&self) -> Vec<usize> {
        self.levels.iter().map(|level| level.operator.lattice().unknowns()).collect()
    }

    /// Entries of all matrices over those of the finest.
    pub fn operator_complexity(&self) -> f64 {
        let entries =
            |level: &Level<S>| level.operator.lattice().unknowns() * level.operator.entries_per_row();
        self.levels.iter().map(entries).sum::<usize>() as f64 / entries(&self.levels[0]) as f64
    }

    /// Work of one full-multigrid run in sweeps over the finest grid: sweeps and residuals of all cycles.
    pub fn full_multigrid_work(&self) -> f64 {
        let finest = self.lattice().unknowns() as f64;
        (0..self.levels.len()).map(|level| self.cycle_work(level, self.params.visits)).sum::<f64>() / finest
    }

    /// Point updates of a cycle that starts on a level; computing a residual counts as a sweep.
    fn cycle_work(&self, level: usize, visits: Visits) -> f64 {
        if level + 1 == self.levels.len() {
            return 0.0;
        }
        let own = self.unknowns()[level] * (self.params.before + self.params.after + 1);
        let below = match visits {
            Visits::V => self.cycle_work(level + 1, Visits::V),
            Visits::W => 2.0 * self.cycle_work(level + 1, Visits::W),
            Visits::F => self.cycle_work(level + 1, Visits::F) + self.cycle_work(level + 1, Visits::V),
        };
        own as f64 + below
    }

    /// One cycle from zero for `A z = r`: the preconditioner. With as many sweeps after as before it is its own adjoint.
    ///
    /// # Errors
    /// When the shape differs.
    pub fn precondition(&mut self, r: ArrayViewD<'_, S>) -> Result<ArrayD<S>> {
        self.lattice().check_shape("r", r.shape())?;
        let r = self.operator().scatter(r);
        let mut z = vec![S::default(); r.len()];
        self.precondition_storage(&r, &mut z, Order::Reversed);
        Ok(self.operator().collect(&z))
    }

    /// Full multigrid (Brandt, Mathematics of Computation 31, 1977): solves on the coarsest grid, and on each finer one by
    /// one cycle from the interpolated solution of the coarser. The error left is about that of the discretisation, at the
    /// cost of about ten sweeps; [`full_multigrid_work`](Self::full_multigrid_work) counts them.
    ///
    /// # Errors
    /// When the shape differs, a value is not finite, or the operator is singular and `f` not in its range.
    pub fn full_multigrid(&mut self, f: ArrayViewD<'_, S>) -> Result<ArrayD<S>> {
        let f = self.right_hand_side(f)?;
        let last = self.levels.len() - 1;
        let mut sides = vec![f];
        for level in 0..last {
            let mut coarse = vec![S::default(); self.levels[level + 1].f.len()];
            if let Some(transfer) = &self.levels[level].transfer {
                transfer.restrict(&sides[level], &mut coarse, self.threads);
            }
            sides.push(coarse);
        }
        for level in (0..=last).rev() {
            self.levels[level].f.copy_from_slice(&sides[level]);
            self.levels[level].x.fill(S::default());
            if level < last {
                let (fine, coarse) = self.levels.split_at_mut(level + 1);
                fine[level].correct(&coarse[0], self.threads);
            }
            self.visit(level, self.params.visits, Order::Forward);
        }
        let mut x = std::mem::take(&mut self.levels[0].x);
        self.project(&mut x);
        let u = self.operator().collect(&x);
        self.levels[0].x = x;
        Ok(u)
    }

    /// Checks a right-hand side and spreads it over its storage. Where the matrix is symmetric and constants are in its kernel,
    /// what rounding left of the mean is taken off.
    pub(crate) fn right_hand_side(&self, f: ArrayViewD<'_, S>) -> Result<Vec<S>> {
        self.lattice().check_shape("f", f.shape())?;
        check_finite("f", &f)?;
        if !(self.singular && self.symmetric) {
            return Ok(self.operator().scatter(f));
        }
        let (sum, size): (S, f64) = (f.iter().copied().sum(), f.iter().map(|value| value.modulus()).sum());
        let mean = sum.scaled(1.0 / f.len() as f64);
        if sum.modulus() > MEAN_TOLERANCE * size {
            return Err(inconsistent(mean.modulus()));
        }
        Ok(self.operator().scatter(f.mapv(|value| value - mean).view()))
    }

    /// Subtracts the mean where constants are in the kernel.
    pub(crate) fn project(&self, x: &mut [S]) {
        if !self.singular {
            return;
        }
        let storage = self.operator().storage();
        let sum = storage.each().map(|point| x[storage.at(point)]).sum::<S>();
        let mean = sum.scaled(1.0 / self.lattice().unknowns() as f64);
        storage.each().for_each(|point| x[storage.at(point)] -= mean);
        storage.fill_ghosts(x);
    }

    /// One cycle from zero, in storage; the ghosts of `z` are filled.
    pub(crate) fn precondition_storage(&mut self, r: &[S], z: &mut [S], after: Order) {
        self.levels[0].f.copy_from_slice(r);
        self.levels[0].x.fill(S::default());
        self.visit(0, self.params.visits, after);
        z.copy_from_slice(&self.levels[0].x);
        self.project(z);
    }

    fn visit(&mut self, index: usize, visits: Visits, after: Order) {
        let threads = self.threads.min(self.levels[index].f.len() / POINTS_OF_A_THREAD).max(1);
        if index + 1 == self.levels.len() {
            let Level { operator, f, x, .. } = &mut self.levels[index];
            self.coarsest.solve(f, x);
            return operator.storage().fill_ghosts(x);
        }
        self.levels[index].sweep(self.params.before, true, threads);
        let (fine, coarse) = self.levels.split_at_mut(index + 1);
        fine[index].restrict_residual(&mut coarse[0], threads);
        coarse[0].x.fill(S::default());
        self.visit(index + 1, visits, after);
        if visits != Visits::V && index + 2 < self.levels.len() {
            self.visit(index + 1, if visits == Visits::F { Visits::V } else { visits }, after);
        }
        let (fine, coarse) = self.levels.split_at_mut(index + 1);
        fine[index].correct(&coarse[0], threads);
        self.levels[index].sweep(self.params.after, after == Order::Forward, threads);
    }
}

/// Points for which one more thread pays.
const POINTS_OF_A_THREAD: usize = 1 << 14;

/// The axes to halve, of those that are long enough.
fn halved<S: Scalar>(operator: &StencilOperator<S>, coarsening: Coarsening) -> [bool; 3] {
    let storage = operator.storage();
    let long = [0, 1, 2].map(|axis| storage.points[axis] > if storage.is_periodic(axis) { 3 } else { 2 });
    if coarsening == Coarsening::Full {
        return long;
    }
    let strength = [0, 1, 2].map(|axis| operator.coupling(axis));
    let strongest = (0..3).filter(|axis| long[*axis]).map(|axis| strength[axis]).fold(0.0, f64::max);
    [0, 1, 2].map(|axis| long[axis] && strength[axis] >= strongest / 3.0)
}

impl<S: Scalar> fmt::Display for StencilMultigrid<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if S::IS_COMPLEX { "complex" } else { "real" };
        writeln!(
            f,
            "Multigrid for a {kind} stencil of {} entries, {}",
            self.operator().entries_per_row(),
            self.params
        )?;
        let bytes = |level: &Level<S>| {
            let arrays = level.operator.entries_per_row() + 5 + if level.transfer.is_some() { 8 } else { 0 };
            (level.f.len() * arrays * size_of::<S>()) as u64
        };
        let total: u64 = self.levels.iter().map(bytes).sum();
        writeln!(
            f,
            "  operator complexity {:.2}, about {}",
            self.operator_complexity(),
            bytes_in_words(total)
        )?;
        writeln!(f, "  level   unknowns   entries a row   points")?;
        for (index, level) in self.levels.iter().enumerate() {
            let lattice = level.operator.lattice();
            let points: Vec<String> = lattice.points().iter().map(usize::to_string).collect();
            write!(
                f,
                "  {index:>5} {:>10} {:>15}   {}",
                lattice.unknowns(),
                level.operator.entries_per_row(),
                points.join(" x ")
            )?;
            writeln!(f, "{}", if index + 1 == self.levels.len() { "   (direct)" } else { "" })?;
        }
        Ok(())
    }
}
