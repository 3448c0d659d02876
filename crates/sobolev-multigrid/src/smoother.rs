//! One visit to a level: smooth and restrict on the way down, correct and smooth on the way up.
//!
//! Each visit reads the level once. All half-sweeps, the residual and the transfer move over the slabs together, every one
//! a slab behind its predecessor (time skewing), so that a slab is in cache while everything is done to it. On the way
//! down the sweeps go through the colours forwards from a zero initial guess, on the way up backwards: the cycle is then
//! symmetric, as preconditioned conjugate gradients need.
//!
//! A level is divided into blocks of slabs, one for each thread. A block computes the neighbouring slabs that it needs
//! itself, in its own memory: the same numbers that the neighbour computes, so the division does not change the result.

#[cfg(test)]
pub(crate) mod tests;

use crate::row::{self, At, AtMut, Entry};
use crate::stencil::{Ordering, Relaxation, STAGES, Stencil};
use crate::storage::{Buffer, Layout, interleave};
use crate::transfer::Transfer;
use sobolev_tensor::Real;
use sobolev_tensor::simd::{Kernel, fused};
use std::ops::Range;

/// What a visit reads.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) dimensions: usize,
    pub(crate) layout: &'a Layout,
    pub(crate) ordering: Ordering,
    pub(crate) relaxation: &'a Relaxation,
    pub(crate) stencil: &'a Stencil<T>,
    pub(crate) transfer: &'a Transfer<T>,
    /// Sweeps on the way down, and again on the way up.
    pub(crate) sweeps: usize,
    pub(crate) rhs: &'a [T],
}

/// The working memory of a block of slabs.
#[derive(Debug, Clone)]
pub(crate) struct Block<T> {
    /// The block's own slabs, and those of the coarse grid.
    pub(crate) slabs: Range<usize>,
    pub(crate) coarse: Range<usize>,
    /// Elements before the first slab that is stored.
    base: usize,
    x: Buffer<T>,
    ring: Buffer<T>,
    row: Buffer<T>,
}

impl<T: Real> Block<T> {
    pub(crate) fn new(transfer: &Transfer<T>, coarse: Range<usize>, sweeps: usize) -> Self {
        let layout = &transfer.fine;
        let total = layout.slabs;
        let end =
            if coarse.end == transfer.coarse.slabs { total } else { transfer.first_fine(0, coarse.end) };
        let slabs = transfer.first_fine(0, coarse.start)..end;
        let halo = (2 * STAGES * sweeps) as isize;
        let first = (slabs.start as isize - halo).max(-1);
        let last = (slabs.end as isize + halo).min(total as isize + 1);
        let x = Buffer::zeros((last - first + 1) as usize * layout.slab_stride + layout.half);
        let row =
            Buffer::zeros((transfer.cells.half + transfer.lead).max(2 * transfer.coarse.half) + layout.half);
        Self { slabs, coarse, base: layout.base(first), x, ring: Buffer::zeros(transfer.ring_len()), row }
    }

    pub(crate) fn clear(&mut self) {
        for memory in [&mut self.x, &mut self.ring, &mut self.row] {
            memory.fill(T::zero());
        }
    }

    /// Elements of working memory.
    pub(crate) fn len(&self) -> usize {
        self.x.len() + self.ring.len() + self.row.len()
    }
}

/// Direction in which a sweep goes through the colours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// Forwards, from a zero initial guess.
    First,
    Forward,
    Backward,
}

impl<T: Real> Matrix<'_, T> {
    /// Rows of a given parity.
    #[inline(always)]
    fn rows(&self, parity: usize) -> impl Iterator<Item = usize> + use<T> {
        (parity ^ self.layout.row_parity(0)..self.layout.rows).step_by(2)
    }

    /// One stage of a sweep on one slab.
    #[inline(always)]
    fn relax<const FUSED: bool>(
        &self,
        block: &mut Block<T>,
        slab: usize,
        stage: usize,
        direction: Direction,
    ) {
        let backward = direction == Direction::Backward;
        let row_parities = if backward { [0, 1] } else { [1, 0] };
        for row_parity in row_parities {
            let columns = self.ordering.columns(stage, slab % 2, row_parity);
            for row in self.rows(row_parity) {
                for index in 0..columns.len() {
                    let parity = columns[if backward { columns.len() - 1 - index } else { index }];
                    let links = match direction {
                        Direction::First => self.relaxation.earlier([slab % 2, row_parity, parity]),
                        _ => &self.relaxation.all[parity],
                    };
                    let at = self.layout.offset(slab as isize, row, parity);
                    row::relax::<T, FUSED>(
                        links,
                        self.layout.half,
                        At(&self.stencil.weights, at),
                        AtMut(&mut block.x, at - block.base),
                        At(self.rhs, at),
                        At(&self.stencil.inverse_diagonal, at),
                    );
                }
            }
        }
    }

    /// The residual of one slab into the ring, but for the last colour, where it vanishes.
    #[inline(always)]
    fn residual<const FUSED: bool>(&self, block: &mut Block<T>, slab: usize) {
        for row in 0..self.layout.rows {
            for parity in 0..2 {
                let colour = [slab % 2, self.layout.row_parity(row), parity];
                if self.ordering.is_last(self.dimensions, colour) {
                    continue;
                }
                let at = self.layout.offset(slab as isize, row, parity);
                let weights = At(&self.stencil.weights[..], at);
                let x = At(&block.x[..], at - block.base);
                let out = AtMut(&mut block.ring, self.transfer.ring_offset(slab, row, parity));
                let half = self.layout.half;
                if self.sweeps == 1 {
                    row::sum::<T, FUSED>(self.relaxation.later(colour), half, weights, x, out, Entry::Set);
                } else {
                    let all = &self.relaxation.all[parity];
                    let (rhs, diagonal) = (At(self.rhs, at), At(&self.stencil.diagonal[..], at));
                    row::residual::<T, FUSED>(all, half, weights, x, rhs, diagonal, out);
                }
            }
        }
    }
}

/// The way down: smooths from zero and restricts the residual.
pub(crate) struct Descend<'a, T> {
    pub(crate) matrix: Matrix<'a, T>,
    pub(crate) block: &'a mut Block<T>,
    /// The block's slabs of the coarse right-hand side.
    pub(crate) coarse_rhs: &'a mut [T],
}

impl<T: Real> Descend<'_, T> {
    #[inline(always)]
    fn restrict<const FUSED: bool>(&mut self, slab: usize) {
        let transfer = self.matrix.transfer;
        let coarse = &transfer.coarse;
        let base = coarse.base(self.block.coarse.start as isize);
        for row in 0..coarse.rows {
            transfer.restrict::<FUSED>(slab, row, &self.block.ring, &mut self.block.row);
            let start = coarse.offset(slab as isize, row, 0) - base;
            let (even, odd) = self.coarse_rhs[start..start + coarse.row_stride].split_at_mut(coarse.half);
            crate::storage::split(&self.block.row, even, odd);
        }
    }
}

impl<T: Real> Kernel for Descend<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(mut self) {
        let matrix = self.matrix;
        let stages = (STAGES * matrix.sweeps) as isize;
        let total = matrix.layout.slabs as isize;
        let (low, high) = (self.block.slabs.start as isize, self.block.slabs.end as isize);
        let mut next = self.block.coarse.start;
        let residuals = low..matrix.transfer.last_fine(0, self.block.coarse.end - 1) as isize + 1;
        let end = (high + 2 * stages - 2).max(residuals.end - 1 + stages);
        for time in low - 2 * stages + 1..=end {
            for stage in 0..stages {
                let slab = time - stage;
                let reach = 2 * stages - 1 - stage;
                if ((low - reach).max(0)..(high + reach).min(total)).contains(&slab) {
                    let direction =
                        if stage < STAGES as isize { Direction::First } else { Direction::Forward };
                    matrix.relax::<FUSED>(self.block, slab as usize, stage as usize % STAGES, direction);
                }
            }
            let slab = time - stages;
            if residuals.contains(&slab) {
                matrix.residual::<FUSED>(self.block, slab as usize);
                while next < self.block.coarse.end && matrix.transfer.last_fine(0, next) as isize <= slab {
                    self.restrict::<FUSED>(next);
                    next += 1;
                }
            }
        }
    }
}

/// The way up: adds the interpolated correction and smooths.
pub(crate) struct Ascend<'a, T> {
    pub(crate) matrix: Matrix<'a, T>,
    pub(crate) block: &'a mut Block<T>,
    /// The coarse correction, columns in natural order.
    pub(crate) coarse: &'a [T],
    /// The block's slabs of the solution.
    pub(crate) solution: &'a mut [T],
    /// Whether the solution has its columns in natural order, as the interpolation to a finer level reads it.
    pub(crate) natural: bool,
    /// `<rhs, solution>` of each of the block's slabs.
    pub(crate) products: &'a mut [f64],
}

impl<T: Real> Ascend<'_, T> {
    #[inline(always)]
    fn correct<const FUSED: bool>(&mut self, slab: usize) {
        let Matrix { layout, ordering, dimensions, transfer, .. } = self.matrix;
        for row in 0..layout.rows {
            for parity in 0..2 {
                // The last colour is overwritten before it is read.
                if !ordering.is_last(dimensions, [slab % 2, layout.row_parity(row), parity]) {
                    let at = layout.offset(slab as isize, row, parity) - self.block.base;
                    transfer.prolong::<FUSED>(slab, row, parity, self.coarse, AtMut(&mut self.block.x, at));
                }
            }
        }
    }

    #[inline(always)]
    fn finish<const FUSED: bool>(&mut self, slab: usize) {
        let layout = self.matrix.layout;
        let base = layout.base(self.block.slabs.start as isize);
        let mut product = 0.0;
        for row in 0..layout.rows {
            let at = layout.offset(slab as isize, row, 0);
            let x = &self.block.x[at - self.block.base..][..layout.row_stride];
            let out = &mut self.solution[at - base..][..layout.row_stride];
            if self.natural {
                let (even, odd) = x.split_at(layout.half);
                interleave(even, odd, out);
            } else {
                out.copy_from_slice(x);
                product += dot::<T, FUSED>(&self.matrix.rhs[at..][..layout.row_stride], x);
            }
        }
        self.products[slab - self.block.slabs.start] = product;
    }
}

impl<T: Real> Kernel for Ascend<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(mut self) {
        let matrix = self.matrix;
        let stages = (STAGES * matrix.sweeps) as isize;
        let total = matrix.layout.slabs as isize;
        let (low, high) = (self.block.slabs.start as isize, self.block.slabs.end as isize);
        for time in low - stages..high + stages {
            if (0..total).contains(&time) {
                self.correct::<FUSED>(time as usize);
            }
            for stage in 0..stages {
                let slab = time - 1 - stage;
                let reach = stages - 1 - stage;
                if ((low - reach).max(0)..(high + reach).min(total)).contains(&slab) {
                    let forward = STAGES - 1 - stage as usize % STAGES;
                    matrix.relax::<FUSED>(self.block, slab as usize, forward, Direction::Backward);
                }
            }
            let slab = time - stages;
            if (low..high).contains(&slab) {
                self.finish::<FUSED>(slab as usize);
            }
        }
    }
}

/// Inner product with sums in double precision, in a fixed order that vectorises.
#[inline(always)]
pub(crate) fn dot<T: Real, const FUSED: bool>(a: &[T], b: &[T]) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] = fused::<FUSED, _>(a[lane].to_f64(), b[lane].to_f64(), sums[lane]);
        }
    }
    sums.iter().sum()
}
