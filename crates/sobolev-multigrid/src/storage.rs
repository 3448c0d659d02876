//! Where the points of a grid lie in memory, and the aligned arrays that hold them.
//!
//! A grid is a stack of slabs (axis 0), a slab a stack of rows (axis 1; a single row in two dimensions), a row a run of
//! columns (the last axis). A row is stored *split*: first its even columns, then its odd ones. All points of one colour
//! in a row are then contiguous, and so are their neighbours, the coarse points, and the points between coarse points:
//! every inner loop of the crate is a plain vector loop. Each half is padded to whole cache lines with zeros, which are
//! also the ghost points left and right of the row; a row and a slab of ghosts surround the rest.

use sobolev_tensor::Real;
use std::ops::{Deref, DerefMut};

/// Half-rows are padded to a multiple of this: one cache line of `f32`, two of `f64`.
pub(crate) const LINE: usize = 16;

/// Shape and strides of the split storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) slabs: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Padded length of a half-row.
    pub(crate) half: usize,
    pub(crate) row_stride: usize,
    pub(crate) slab_stride: usize,
    /// Ghost rows before each slab: 1 in three dimensions, 0 in two.
    ghost_rows: usize,
}

impl Layout {
    pub(crate) fn new(dimensions: usize, shape: [usize; 3]) -> Self {
        let [slabs, rows, columns] = shape;
        let half = (columns.div_ceil(2) + 1).next_multiple_of(LINE);
        let ghost_rows = usize::from(dimensions == 3);
        let row_stride = 2 * half;
        let slab_stride = (rows + ghost_rows) * row_stride;
        Self { slabs, rows, columns, half, row_stride, slab_stride, ghost_rows }
    }

    pub(crate) fn shape(&self) -> [usize; 3] {
        [self.slabs, self.rows, self.columns]
    }

    pub(crate) fn points(&self) -> usize {
        self.slabs * self.rows * self.columns
    }

    /// Length of an array, ghosts included.
    pub(crate) fn len(&self) -> usize {
        self.base(self.slabs as isize + 1) + self.ghost_rows * self.row_stride + LINE
    }

    /// Start of a half-row; slab and row may be the ghosts just outside.
    #[inline(always)]
    pub(crate) fn offset(&self, slab: isize, row: usize, parity: usize) -> usize {
        self.base(slab) + (row + self.ghost_rows) * self.row_stride + parity * self.half
    }

    /// Start of a row; slab and row may be the ghosts just outside.
    #[inline(always)]
    pub(crate) fn row_start(&self, slab: isize, row: isize) -> usize {
        self.base(slab) + (row + self.ghost_rows as isize) as usize * self.row_stride
    }

    /// Number of points in a half-row; the rest is padding.
    #[inline(always)]
    pub(crate) fn filled(&self, parity: usize) -> usize {
        (self.columns + 1 - parity) / 2
    }

    /// Place of one point.
    pub(crate) fn place(&self, slab: usize, row: usize, column: usize) -> usize {
        self.offset(slab as isize, row, column % 2) + column / 2
    }

    /// Place of the point or ghost before a point along an axis.
    pub(crate) fn before(&self, [slab, row, column]: [usize; 3], axis: usize) -> usize {
        let (slab, row, column) = (slab as isize, row as isize, column);
        match axis {
            0 => self.row_start(slab - 1, row) + (column % 2) * self.half + column / 2,
            1 => self.row_start(slab, row - 1) + (column % 2) * self.half + column / 2,
            // The odd column -1 stands before the first odd one.
            _ if column == 0 => self.row_start(slab, row) + self.half - 1,
            _ => self.row_start(slab, row) + ((column - 1) % 2) * self.half + (column - 1) / 2,
        }
    }

    /// Number of elements before `slab`: the first index of an array that starts there. A line stands before all slabs, so
    /// that the ghost column before the first ghost row exists.
    #[inline(always)]
    pub(crate) fn base(&self, slab: isize) -> usize {
        LINE + (slab + 1) as usize * self.slab_stride
    }

    /// Parity of the column at a place.
    pub(crate) fn column_parity(&self, place: usize) -> usize {
        (place - LINE) % self.row_stride / self.half
    }

    /// Parity class of a row for the colouring; the single row of a slab in two dimensions counts as odd, as coarse points do.
    #[inline(always)]
    pub(crate) fn row_parity(&self, row: usize) -> usize {
        if self.ghost_rows == 0 { 1 } else { row % 2 }
    }
}

/// A zero-initialised array whose start is aligned to cache lines: vector loads that straddle lines cost double.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    data: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Real> Buffer<T> {
    pub(crate) fn zeros(len: usize) -> Self {
        let data = vec![T::default(); len + ALIGNMENT / size_of::<T>()];
        let start = aligned_start(&data);
        Self { data, start, len }
    }
}

impl<T: Clone> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut data = self.data.clone();
        let start = aligned_start(&data);
        data.rotate_left(self.start);
        data.rotate_right(start);
        Self { data, start, len: self.len }
    }
}

const ALIGNMENT: usize = 64;

/// First element on a cache line; the slack at the end of `data` leaves room for any.
fn aligned_start<T>(data: &[T]) -> usize {
    data.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT / size_of::<T>())
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.data[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Buffer<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.data[self.start..self.start + self.len]
    }
}

/// Even and odd columns of a row, one after the other.
#[inline(always)]
pub(crate) fn interleave<T: Copy>(even: &[T], odd: &[T], row: &mut [T]) {
    for ((pair, &first), &second) in row.chunks_exact_mut(2).zip(even).zip(odd) {
        pair[0] = first;
        pair[1] = second;
    }
}

/// The inverse of [`interleave`].
#[inline(always)]
pub(crate) fn split<T: Copy>(row: &[T], even: &mut [T], odd: &mut [T]) {
    for ((pair, first), second) in row.chunks_exact(2).zip(even).zip(odd) {
        *first = pair[0];
        *second = pair[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_a_place_of_its_own_and_none_is_a_ghost() {
        for (dimensions, shape) in [(2, [5, 1, 33]), (2, [4, 1, 16]), (3, [3, 4, 31]), (3, [2, 1, 2])] {
            let layout = Layout::new(dimensions, shape);
            let mut count = vec![0; layout.len()];
            for slab in 0..shape[0] {
                for row in 0..shape[1] {
                    for column in 0..shape[2] {
                        count[layout.place(slab, row, column)] += 1;
                    }
                    for parity in 0..2 {
                        // The ghost before and the ghost after each half-row.
                        let start = layout.offset(slab as isize, row, parity);
                        let filled = layout.filled(parity);
                        count[start - 1] += 10;
                        count[start + filled] += 10;
                    }
                }
            }
            assert_eq!(count.iter().filter(|c| **c == 1).count(), layout.points());
            assert!(count.iter().all(|c| *c <= 1 || c % 10 == 0));
        }
    }

    #[test]
    fn buffers_start_on_a_cache_line_also_when_cloned() {
        let mut buffer = Buffer::<f32>::zeros(100);
        buffer.iter_mut().zip(0_u8..).for_each(|(v, i)| *v = f32::from(i));
        // Several clones, so that some differ from the original in their distance to a cache line.
        for _ in 0..8 {
            buffer = buffer.clone();
            assert_eq!(buffer.as_ptr() as usize % ALIGNMENT, 0);
            assert!(buffer.len() == 100 && buffer.iter().zip(0_u8..).all(|(v, i)| *v == f32::from(i)));
        }
    }

    #[test]
    fn split_undoes_interleave() {
        let row: Vec<f64> = (0..10).map(f64::from).collect();
        let (mut even, mut odd, mut back) = ([0.0; 5], [0.0; 5], [0.0; 10]);
        split(&row, &mut even, &mut odd);
        interleave(&even, &odd, &mut back);
        assert_eq!(even, [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(row, back);
    }
}
