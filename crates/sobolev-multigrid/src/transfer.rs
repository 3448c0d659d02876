//! Interpolation between a grid and the next coarser one, induced by the fine operator (Dendy, "Black box multigrid",
//! Journal of Computational Physics 48, 1982): the flux stays continuous across jumps of the coefficient, which makes the
//! method robust where bilinear interpolation fails.
//!
//! Along a coarsened axis every odd point is a coarse point, whatever the length: `n` points give `n / 2`. A fine point
//! lies *between* coarse points along a set of axes. Its value is found from its own equation, after the couplings across
//! all other axes are lumped on the point itself, from the neighbours that are coarse or were interpolated before: points
//! between along one axis first, then two, then three. Restriction is the transpose.
//!
//! The weights of a point belong to a *cell* (index halved along the coarsened axes) and to a *corner*: the direction of the
//! coarse point, -1 or +1 along the axes on which it lies between and 0 along the others.

use crate::chunks::{Chunks, run, split_planes};
use crate::row::{self, At, AtMut, Entry, Link, Links};
use crate::stencil::{Offset, Ordering, Stencil, couplings};
use crate::storage::{Buffer, LINE, Layout};
use sobolev_tensor::Real;
use sobolev_tensor::simd::{self, Kernel};

/// Storage of the weights of one corner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells {
    slabs: usize,
    pub(crate) half: usize,
    slab_stride: usize,
    front: usize,
    /// Length of a plane.
    pub(crate) plane: usize,
}

impl Cells {
    fn new(fine: &Layout, coarsened: [bool; 3]) -> Self {
        // One more than needed for an odd length, so that the cell beyond the last coarse point exists and holds zeros.
        let count = |axis: usize| {
            let points = fine.shape()[axis];
            if coarsened[axis] { points / 2 + 1 } else { points }
        };
        let (slabs, rows, half) = (count(0), count(1), fine.half);
        let slab_stride = rows * half;
        let front = slab_stride + half + LINE;
        Self { slabs, half, slab_stride, front, plane: 2 * front + slabs * slab_stride }
    }

    #[inline(always)]
    pub(crate) fn offset(&self, slab: usize, row: usize) -> usize {
        self.front + slab * self.slab_stride + row * self.half
    }

    fn distance(&self, cell: Offset) -> isize {
        cell[0] * self.slab_stride as isize + cell[1] * self.half as isize + cell[2]
    }
}

/// The interpolation of one kind of fine point.
#[derive(Debug, Clone, Default)]
struct Kind {
    /// Couplings that are lumped on the point, each with weight one.
    lumped: Links,
    /// All other couplings, each with weight one.
    towards: Links,
    /// Plane of a corner, and the sum that gives its weight before the division.
    corners: Vec<(usize, Links)>,
}

/// Interpolation, its transpose, and the lists from which it is built.
#[derive(Debug, Clone)]
pub(crate) struct Transfer<T> {
    pub(crate) coarsened: [bool; 3],
    pub(crate) fine: Layout,
    pub(crate) coarse: Layout,
    /// Columns before the first coarse one: 1 when a single column is left, which then stands where coarse points stand.
    pub(crate) lead: usize,
    pub(crate) cells: Cells,
    /// Corners in the order of their planes; those with fewer directions first.
    corners: Vec<Offset>,
    /// One plane for each corner. The first, of coarse points themselves, is one everywhere.
    pub(crate) weights: Buffer<T>,
    kinds: [Kind; 8],
    prolongation: [Links; 8],
    restriction: [Links; 4],
}

/// Slabs of residuals that restriction keeps: those around one coarse slab, and the next.
pub(crate) const RING: usize = 4;

impl<T: Real> Transfer<T> {
    pub(crate) fn new(
        dimensions: usize,
        fine: Layout,
        offsets: &'static [Offset],
        ordering: Ordering,
        coarsened: [bool; 3],
    ) -> Self {
        let halved = |axis: usize| {
            let points = fine.shape()[axis];
            if coarsened[axis] { points / 2 } else { points }
        };
        let lead = usize::from(halved(2) == 1);
        let coarse = Layout::new(dimensions, [halved(0), halved(1), halved(2) + lead]);
        let cells = Cells::new(&fine, coarsened);
        let mut corners: Vec<Offset> = directions(coarsened).collect();
        corners.sort_by_key(|corner| corner.iter().filter(|c| **c != 0).count());
        let mut weights = Buffer::zeros(corners.len() * cells.plane);
        weights[..cells.plane].fill(T::one());
        let mut transfer = Self {
            coarsened,
            fine,
            coarse,
            lead,
            cells,
            corners,
            weights,
            kinds: std::array::from_fn(|_| Kind::default()),
            prolongation: std::array::from_fn(|_| Links::default()),
            restriction: std::array::from_fn(|_| Links::default()),
        };
        transfer.kinds = std::array::from_fn(|between| transfer.kind(offsets, axes(between)));
        transfer.prolongation = std::array::from_fn(|between| transfer.prolongation_links(axes(between)));
        transfer.restriction = std::array::from_fn(|phase| {
            transfer.restriction_links(dimensions, ordering, [phase / 2, phase % 2])
        });
        transfer
    }

    pub(crate) fn plane(&self, corner: Offset) -> usize {
        self.corners.iter().position(|c| *c == corner).expect("a corner lies along coarsened axes")
    }

    /// Distance of the weight of `corner` in the cell `cell` cells away.
    pub(crate) fn distance(&self, corner: Offset, cell: Offset) -> isize {
        (self.plane(corner) * self.cells.plane) as isize + self.cells.distance(cell)
    }

    /// Corners of the points that lie between along exactly the given axes.
    fn corners_of(&self, between: [bool; 3]) -> Vec<Offset> {
        let along = |corner: &Offset| corner.map(|c| c != 0);
        self.corners.iter().filter(|corner| along(corner) == between).copied().collect()
    }

    fn kind(&self, offsets: &'static [Offset], between: [bool; 3]) -> Kind {
        let column_parity = usize::from(!between[2]);
        let all = || couplings(&self.fine, offsets, column_parity);
        // The part of an offset along the axes on which the point lies between.
        let part =
            |offset: Offset| -> Offset { std::array::from_fn(|a| if between[a] { offset[a] } else { 0 }) };
        let with_weight_one = |across: bool| -> Links {
            let chosen = all().filter(|(offset, _)| (part(*offset) == [0, 0, 0]) == across);
            chosen.map(|(_, link)| Link { weight: link.weight, value: 0 }).collect()
        };
        let corners =
            self.corners_of(between).into_iter().filter(|corner| *corner != [0, 0, 0]).map(|corner| {
                let sum = all().filter_map(|(offset, link)| {
                    let step = part(offset);
                    let towards = step != [0, 0, 0] && (0..3).all(|a| step[a] == 0 || step[a] == corner[a]);
                    // From a point between (even) one step back leads into the cell before, one step ahead stays.
                    let rest = std::array::from_fn(|a| if step[a] == 0 { corner[a] } else { 0 });
                    let cell = step.map(|s| s.min(0));
                    towards.then(|| Link { weight: link.weight, value: self.distance(rest, cell) })
                });
                (self.plane(corner), sum.collect())
            });
        Kind { lumped: with_weight_one(true), towards: with_weight_one(false), corners: corners.collect() }
    }

    fn prolongation_links(&self, between: [bool; 3]) -> Links {
        let stride = [self.coarse.slab_stride as isize, self.coarse.row_stride as isize, 1];
        let link = |corner: Offset| Link {
            weight: self.distance(corner, [0, 0, 0]),
            value: (0..3).map(|a| corner[a].min(0) * stride[a]).sum(),
        };
        self.corners_of(between).into_iter().map(link).collect()
    }

    fn restriction_links(&self, dimensions: usize, ordering: Ordering, phase: [usize; 2]) -> Links {
        let fine = &self.fine;
        // Fine points around a coarse one along an axis: (index from the first, parity, corner, cell).
        let around = |axis: usize| -> Vec<(isize, usize, isize, isize)> {
            if self.coarsened[axis] {
                vec![(0, 0, 1, 0), (1, 1, 0, 0), (2, 0, -1, 1)]
            } else {
                vec![(0, if axis == 1 && dimensions == 2 { 1 } else { phase[axis] }, 0, 0)]
            }
        };
        let first_slot = self.ring_slot(phase[0]) as isize;
        let mut links = Vec::new();
        for (slab, slab_parity, slab_corner, slab_cell) in around(0) {
            let slot = (first_slot + slab) % RING as isize;
            for (row, row_parity, row_corner, row_cell) in around(1) {
                for (column, column_parity, column_corner, column_cell) in around(2) {
                    if ordering.is_last(dimensions, [slab_parity, row_parity, column_parity]) {
                        continue;
                    }
                    let value = (slot - first_slot) * fine.slab_stride as isize
                        + row * fine.row_stride as isize
                        + column_parity as isize * fine.half as isize
                        + column / 2;
                    let corner = [slab_corner, row_corner, column_corner];
                    links.push(Link {
                        weight: self.distance(corner, [slab_cell, row_cell, column_cell]),
                        value,
                    });
                }
            }
        }
        links.into_iter().collect()
    }

    /// First fine index around a coarse one.
    #[inline(always)]
    pub(crate) fn first_fine(&self, axis: usize, coarse: usize) -> usize {
        if self.coarsened[axis] { 2 * coarse } else { coarse }
    }

    /// Last fine index around a coarse one.
    #[inline(always)]
    pub(crate) fn last_fine(&self, axis: usize, coarse: usize) -> usize {
        if self.coarsened[axis] { (2 * coarse + 2).min(self.fine.shape()[axis] - 1) } else { coarse }
    }

    #[inline(always)]
    fn cell(&self, axis: usize, fine: usize) -> usize {
        if self.coarsened[axis] { fine / 2 } else { fine }
    }

    /// Place in the ring of the first fine slab around a coarse one.
    #[inline(always)]
    fn ring_slot(&self, coarse_slab: usize) -> usize {
        self.first_fine(0, coarse_slab) % RING
    }

    /// Length of a ring of residuals.
    pub(crate) fn ring_len(&self) -> usize {
        self.fine.base(RING as isize) + self.fine.slab_stride
    }

    /// Start of a half-row in the ring.
    #[inline(always)]
    pub(crate) fn ring_offset(&self, slab: usize, row: usize, parity: usize) -> usize {
        self.fine.offset((slab % RING) as isize - 1, row, parity)
    }

    /// `coarse row = P^T residual`, columns in their natural order, from a ring that holds the slabs around the row.
    #[inline(always)]
    pub(crate) fn restrict<const FUSED: bool>(&self, slab: usize, row: usize, ring: &[T], out: &mut [T]) {
        let links = &self.restriction[slab % 2 * 2 + row % 2];
        let weights = At(&self.weights, self.cells.offset(slab, row));
        let start = self.ring_offset(self.first_fine(0, slab), self.first_fine(1, row), 0);
        row::sum::<T, FUSED>(
            links,
            self.cells.half,
            weights,
            At(ring, start),
            AtMut(out, self.lead),
            Entry::Set,
        );
    }

    /// `x = x + P e` for a half-row; the coarse correction `e` has its columns in their natural order.
    #[inline(always)]
    pub(crate) fn prolong<const FUSED: bool>(
        &self,
        slab: usize,
        row: usize,
        parity: usize,
        e: &[T],
        x: AtMut<T>,
    ) {
        let between = [slab % 2, row % 2, parity];
        let index = (0..3).fold(0, |i, a| 2 * i + usize::from(self.coarsened[a] && between[a] == 0));
        let (cell_slab, cell_row) = (self.cell(0, slab), self.cell(1, row));
        let coarse = self.coarse.offset(cell_slab as isize, cell_row, 0) + self.lead;
        let weights = At(&self.weights, self.cells.offset(cell_slab, cell_row));
        row::sum::<T, FUSED>(
            &self.prolongation[index],
            self.cells.half,
            weights,
            At(e, coarse),
            x,
            Entry::Add,
        );
    }

    /// Builds the interpolation from the fine operator.
    pub(crate) fn build(&mut self, stencil: &Stencil<T>, chunks: usize) {
        let plane = self.cells.plane;
        for level in 1..=3 {
            let directions = |corner: &Offset| corner.iter().filter(|c| **c != 0).count();
            let first = self.corners.iter().position(|c| directions(c) == level);
            let Some(first) = first else { continue };
            let count = self.corners.iter().filter(|c| directions(c) == level).count();
            let (known, rest) = self.weights.split_at_mut(first * plane);
            let parts = Chunks::new(self.cells.slabs, chunks);
            let cuts: Vec<usize> = parts.bounds().iter().map(|&slab| self.cells.offset(slab, 0)).collect();
            let outputs = split_planes(&mut rest[..count * plane], plane, &cuts);
            let passes = parts.ranges().zip(outputs).map(|(cells, out)| Build {
                fine: &self.fine,
                coarsened: self.coarsened,
                cells: &self.cells,
                kinds: &self.kinds,
                stencil,
                known,
                level,
                first,
                range: cells.clone(),
                base: self.cells.offset(cells.start, 0),
                out,
            });
            run(passes.collect(), simd::run);
        }
    }
}

/// Interpolation to the points that lie between along `level` axes, for a range of cells.
struct Build<'a, T> {
    fine: &'a Layout,
    coarsened: [bool; 3],
    cells: &'a Cells,
    kinds: &'a [Kind; 8],
    stencil: &'a Stencil<T>,
    known: &'a [T],
    level: usize,
    first: usize,
    range: std::ops::Range<usize>,
    base: usize,
    out: Vec<&'a mut [T]>,
}

impl<T: Real> Kernel for Build<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(mut self) {
        let half = self.cells.half;
        let mut inverse = vec![T::zero(); half];
        for index in 0..8 {
            let between = axes(index);
            let fits = (0..3).all(|a| self.coarsened[a] || !between[a]);
            if !fits || between.iter().filter(|b| **b).count() != self.level {
                continue;
            }
            let kind = &self.kinds[index];
            let points = |axis: usize, cells: std::ops::Range<usize>| {
                let (coarsened, between) = (self.coarsened[axis], between[axis]);
                let fine = move |cell: usize| if coarsened { 2 * cell + usize::from(!between) } else { cell };
                let end = self.fine.shape()[axis];
                cells.map(move |cell| (cell, fine(cell))).filter(move |(_, point)| *point < end)
            };
            let all_rows = 0..self.cells.slab_stride / half;
            for (cell_slab, slab) in points(0, self.range.clone()) {
                for (cell_row, row) in points(1, all_rows.clone()) {
                    let at = self.fine.offset(slab as isize, row, usize::from(!between[2]));
                    let cell = self.cells.offset(cell_slab, cell_row);
                    let weights = At(&self.stencil.weights[..], at);
                    let known = At(self.known, cell);
                    let diagonal = At(&self.stencil.diagonal[..], at);
                    let out = AtMut(&mut inverse, 0);
                    row::sum::<T, FUSED>(&kind.towards, half, weights, known, out, Entry::Set);
                    let out = AtMut(&mut inverse, 0);
                    row::inverse_of_rest::<T, FUSED>(&kind.lumped, half, weights, known, diagonal, out);
                    for (plane, links) in &kind.corners {
                        let out = AtMut(self.out[plane - self.first], cell - self.base);
                        row::scaled_sum::<T, FUSED>(links, half, weights, known, At(&inverse, 0), out);
                    }
                }
            }
        }
    }
}

/// The axes of a bit set; the first axis is the highest bit.
fn axes(bits: usize) -> [bool; 3] {
    [bits & 4 != 0, bits & 2 != 0, bits & 1 != 0]
}

/// All directions along the coarsened axes, with none included.
pub(crate) fn directions(coarsened: [bool; 3]) -> impl Iterator<Item = Offset> {
    let along = move |axis: usize| if coarsened[axis] { -1..=1 } else { 0..=0 };
    along(0).flat_map(move |s| along(1).flat_map(move |r| along(2).map(move |c| [s, r, c])))
}
