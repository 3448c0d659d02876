//! One grid of the hierarchy, with everything that a visit needs.

use crate::chunks::{Chunks, run, split_at};
use crate::galerkin::Galerkin;
use crate::row::{self, At, AtMut};
use crate::smoother::{Ascend, Block, Descend, Matrix};
use crate::stencil::{Neighbours, Ordering, Relaxation, Stencil, offsets};
use crate::storage::{Buffer, Layout, split};
use crate::transfer::Transfer;
use sobolev_tensor::Real;
use sobolev_tensor::simd::{self, Kernel};

/// A grid, its matrix and vectors, and the way to the next coarser grid, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Level<T> {
    dimensions: usize,
    pub(crate) layout: Layout,
    /// Unknowns, without the column that stands in for a missing one.
    pub(crate) unknowns: [usize; 3],
    ordering: Ordering,
    relaxation: Relaxation,
    pub(crate) stencil: Stencil<T>,
    /// In split storage.
    pub(crate) rhs: Buffer<T>,
    /// In split storage on the finest level; with columns in natural order on the others.
    pub(crate) solution: Buffer<T>,
    /// `<rhs, solution>` of each slab, on the finest level.
    pub(crate) products: Vec<f64>,
    chunks: usize,
    down: Option<Down<T>>,
    second: Option<Second<T>>,
}

/// The way to the coarser grid.
#[derive(Debug, Clone)]
struct Down<T> {
    transfer: Transfer<T>,
    galerkin: Galerkin,
    blocks: Vec<Block<T>>,
}

/// Vectors of a second visit, in W- and F-cycles.
#[derive(Debug, Clone)]
struct Second<T> {
    first_solution: Buffer<T>,
    split: Buffer<T>,
}

/// Points for which one more thread pays.
const POINTS_OF_A_THREAD: usize = 1 << 13;

impl<T: Real> Level<T> {
    pub(crate) fn new(
        dimensions: usize,
        layout: Layout,
        lead: usize,
        neighbours: Neighbours,
        threads: usize,
    ) -> Self {
        let offsets = offsets(dimensions, neighbours);
        let ordering = Ordering::of(neighbours);
        let zeros = || Buffer::zeros(layout.len());
        Self {
            dimensions,
            layout,
            unknowns: [layout.slabs, layout.rows, layout.columns - lead],
            ordering,
            relaxation: Relaxation::new(&layout, offsets, ordering),
            stencil: Stencil::zeros(&layout, offsets),
            rhs: zeros(),
            solution: zeros(),
            products: vec![0.0; layout.slabs],
            chunks: threads.min(layout.points() / POINTS_OF_A_THREAD).max(1),
            down: None,
            second: None,
        }
    }

    /// Prepares the way to a coarser grid; returns that grid.
    pub(crate) fn coarsen(&mut self, coarsened: [bool; 3], sweeps: usize, threads: usize) -> Self {
        let offsets = self.stencil.offsets;
        let transfer = Transfer::new(self.dimensions, self.layout, offsets, self.ordering, coarsened);
        let galerkin = Galerkin::new(self.dimensions, offsets, &transfer);
        let ranges = Chunks::new(transfer.coarse.slabs, self.chunks);
        let blocks = ranges.ranges().map(|coarse| Block::new(&transfer, coarse, sweeps)).collect();
        let coarse = Self::new(self.dimensions, transfer.coarse, transfer.lead, Neighbours::All, threads);
        self.down = Some(Down { transfer, galerkin, blocks });
        coarse
    }

    /// Makes room for second visits.
    pub(crate) fn allow_second_visit(&mut self) {
        let zeros = || Buffer::zeros(self.layout.len());
        self.second = Some(Second { first_solution: zeros(), split: zeros() });
    }

    /// Builds interpolation and coarse matrix from the level's own matrix.
    pub(crate) fn set_up(&mut self, coarse: &mut Self) {
        let Some(down) = &mut self.down else { return };
        down.transfer.build(&self.stencil, self.chunks);
        down.galerkin.build(&self.stencil, &down.transfer, &mut coarse.stencil, self.chunks);
    }

    /// Smooths from zero and restricts the residual to `coarse`.
    pub(crate) fn descend(&mut self, coarse: &mut Self, sweeps: usize) {
        let Some(Down { transfer, blocks, .. }) = &mut self.down else { return };
        let matrix = Matrix {
            dimensions: self.dimensions,
            layout: &self.layout,
            ordering: self.ordering,
            relaxation: &self.relaxation,
            stencil: &self.stencil,
            transfer,
            sweeps,
            rhs: &self.rhs,
        };
        let mut cuts: Vec<usize> =
            blocks.iter().map(|block| coarse.layout.base(block.coarse.start as isize)).collect();
        cuts.push(coarse.layout.base(coarse.layout.slabs as isize));
        let parts = split_at(&mut coarse.rhs, &cuts);
        let tasks =
            blocks.iter_mut().zip(parts).map(|(block, coarse_rhs)| Descend { matrix, block, coarse_rhs });
        run(tasks.collect(), simd::run);
    }

    /// Adds the correction of `coarse` and smooths; the result is the level's solution.
    pub(crate) fn ascend(&mut self, coarse: &Self, sweeps: usize, finest: bool) {
        let Some(Down { transfer, blocks, .. }) = &mut self.down else { return };
        let matrix = Matrix {
            dimensions: self.dimensions,
            layout: &self.layout,
            ordering: self.ordering,
            relaxation: &self.relaxation,
            stencil: &self.stencil,
            transfer,
            sweeps,
            rhs: &self.rhs,
        };
        let mut bounds: Vec<usize> = blocks.iter().map(|block| block.slabs.start).collect();
        bounds.push(self.layout.slabs);
        let cuts: Vec<usize> = bounds.iter().map(|&slab| self.layout.base(slab as isize)).collect();
        let solutions = split_at(&mut self.solution, &cuts);
        let products = split_at(&mut self.products, &bounds);
        let parts = blocks.iter_mut().zip(solutions).zip(products);
        let tasks = parts.map(|((block, solution), products)| Ascend {
            matrix,
            block,
            coarse: &coarse.solution,
            solution,
            natural: !finest,
            products,
        });
        run(tasks.collect(), simd::run);
    }

    /// Keeps the solution of a first visit and replaces the right-hand side by its residual.
    pub(crate) fn begin_second_visit(&mut self) {
        let Some(Second { first_solution, split }) = &mut self.second else { return };
        first_solution.copy_from_slice(&self.solution);
        simd::run(Remainder {
            layout: &self.layout,
            relaxation: &self.relaxation,
            stencil: &self.stencil,
            natural: first_solution,
            split,
            rhs: &mut self.rhs,
        });
    }

    /// Adds the solution of the first visit to that of the second.
    pub(crate) fn end_second_visit(&mut self) {
        let Some(Second { first_solution, .. }) = &self.second else { return };
        self.solution.iter_mut().zip(first_solution.iter()).for_each(|(x, first)| *x += *first);
    }

    /// Zeros in all vectors.
    pub(crate) fn clear(&mut self) {
        self.rhs.fill(T::zero());
        self.solution.fill(T::zero());
        self.down.iter_mut().flat_map(|down| &mut down.blocks).for_each(Block::clear);
    }

    /// Parts into which work on the level is divided.
    pub(crate) fn chunks(&self) -> usize {
        self.chunks
    }

    /// Bytes of all arrays.
    pub(crate) fn bytes(&self) -> usize {
        let stencil = (self.stencil.offsets.len() + 2) * self.layout.len();
        let transfer = self.down.as_ref().map_or(0, |down| down.transfer.weights.len());
        let blocks = self.down.iter().flat_map(|down| &down.blocks).map(Block::len).sum::<usize>();
        let second = if self.second.is_some() { 2 * self.layout.len() } else { 0 };
        (stencil + transfer + blocks + second + 2 * self.layout.len()) * size_of::<T>()
    }
}

/// `rhs = rhs - A x`.
struct Remainder<'a, T> {
    layout: &'a Layout,
    relaxation: &'a Relaxation,
    stencil: &'a Stencil<T>,
    natural: &'a [T],
    split: &'a mut [T],
    rhs: &'a mut [T],
}

impl<T: Real> Kernel for Remainder<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Layout { half, row_stride, .. } = *self.layout;
        let rows =
            || (0..self.layout.slabs).flat_map(|slab| (0..self.layout.rows).map(move |row| (slab, row)));
        for (slab, row) in rows() {
            let at = self.layout.offset(slab as isize, row, 0);
            let (even, odd) = self.split[at..at + row_stride].split_at_mut(half);
            split(&self.natural[at..at + row_stride], even, odd);
        }
        let mut out = vec![T::zero(); half];
        for (slab, row) in rows() {
            for parity in 0..2 {
                let at = self.layout.offset(slab as isize, row, parity);
                row::residual::<T, FUSED>(
                    &self.relaxation.all[parity],
                    half,
                    At(&self.stencil.weights, at),
                    At(self.split, at),
                    At(self.rhs, at),
                    At(&self.stencil.diagonal, at),
                    AtMut(&mut out, 0),
                );
                self.rhs[at..at + half].copy_from_slice(&out);
            }
        }
    }
}
