//! Products with the cosine and sine matrices of a half axis.
//!
//! With `even_j = x_j + x_(n-j)` and `odd_j = x_j - x_(n-j)`, `sum_j x_j cos(2 pi j k / n)` runs over `n/2 + 1` even parts
//! and `sum_j x_j sin(2 pi j k / n)` over `(n - 1)/2` odd parts: half of the multiplications of the plain sums.

use super::passes::{Rows, fold, has_partner, unfold};
use crate::turn::turn;
use sobolev_tensor::{Accumulate, Mat, MatMut, Real, matmul};

/// Values of one block of even (or odd) parts: 16 KiB in f32, so that both stay in the first-level cache with the tables.
const BLOCK_VALUES: usize = 4096;

/// Blocks are whole tiles of the product kernels, which have 12 (or 6) rows.
const TILE: usize = 12;

/// Cuts a scratch slice into parts that start on a cache line when the slice does.
pub(super) struct Carve<'a, T> {
    rest: &'a mut [T],
}

impl<'a, T> Carve<'a, T> {
    pub(super) fn new(scratch: &'a mut [T]) -> Self {
        Self { rest: scratch }
    }

    pub(super) fn take(&mut self, len: usize) -> &'a mut [T] {
        let (part, rest) = std::mem::take(&mut self.rest).split_at_mut(padded::<T>(len));
        self.rest = rest;
        &mut part[..len]
    }

    pub(super) fn rest(self) -> &'a mut [T] {
        self.rest
    }
}

/// `len` rounded up to whole cache lines.
pub(super) const fn padded<T>(len: usize) -> usize {
    let line = 64 / size_of::<T>();
    len.div_ceil(line) * line
}

/// Cosines and sines of the modes `first..first + modes` at the points of a half axis, times a weight of each mode.
#[derive(Debug, Clone)]
pub(super) struct Folded<T> {
    points: usize,
    modes: usize,
    /// `[modes, n/2 + 1]`
    cosines: Vec<T>,
    /// `[modes, (n - 1)/2]`, from point 1.
    sines: Vec<T>,
}

/// Where the two products of [`Folded::analyse`] go: row k at `cosine + k * stride` and `sine + k * stride`.
pub(super) struct Target<'a, T> {
    pub(super) values: &'a mut [T],
    pub(super) cosine: usize,
    pub(super) sine: usize,
    pub(super) stride: usize,
}

impl<T: Real> Folded<T> {
    /// `cosine_weight` and `sine_weight` multiply the rows of mode k.
    pub(super) fn new(
        points: usize,
        first: usize,
        modes: usize,
        cosine_weight: impl Fn(usize) -> f64,
        sine_weight: impl Fn(usize) -> f64,
    ) -> Self {
        let half = points / 2;
        let odd = (points - 1) / 2;
        let all = first..first + modes;
        let cosines = all.clone().flat_map(|k| (0..=half).map(move |j| (j, k)));
        let sines = all.flat_map(|k| (1..=odd).map(move |j| (j, k)));
        Self {
            points,
            modes,
            cosines: cosines.map(|(j, k)| T::cast(cosine_weight(k) * turn(j * k, points).0)).collect(),
            sines: sines.map(|(j, k)| T::cast(sine_weight(k) * turn(j * k, points).1)).collect(),
        }
    }

    /// Points of the half axis in one block when a full row has `columns` values.
    fn block(&self, columns: usize) -> usize {
        let block = (BLOCK_VALUES / columns / TILE).max(1) * TILE;
        block.min(self.points / 2 + 1)
    }

    /// Scratch for rows of up to `columns` values.
    pub(super) fn scratch_len(&self, columns: usize) -> usize {
        2 * padded::<T>(self.block(columns) * columns)
    }

    /// Blocks `(first point, even parts, odd parts)` of the half axis.
    fn blocks(&self, length: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let n = self.points;
        (0..=n / 2).step_by(length).map(move |first| {
            let count = length.min(n / 2 + 1 - first);
            let odd = (first..first + count).filter(|&j| has_partner(n, j)).count();
            (first, count, odd)
        })
    }

    /// `cosine_k = sum_j w_k cos(2 pi j k / n) x_j` and the same with sines; the `x_j` are added up in `sum` unless empty.
    ///
    /// The blocks of the sum follow from `full`, the values of a full row, and not from those of this one: the last row of
    /// a group, or the last chunk, gets the bits it would have elsewhere.
    pub(super) fn analyse(
        &self,
        full: usize,
        x: &[T],
        rows: Rows,
        target: Target<'_, T>,
        sum: &mut [T],
        scratch: &mut [T],
    ) {
        let columns = rows.columns();
        let (half, odd_points) = (self.points / 2 + 1, (self.points - 1) / 2);
        let mut carve = Carve::new(scratch);
        let block = self.block(full);
        let (even, odd) = (carve.take(block * columns), carve.take(block * columns));
        sum.fill(T::zero());
        let mut accumulate = Accumulate::Replace;
        for (first, count, odd_count) in self.blocks(block) {
            let (even, odd) = (&mut even[..count * columns], &mut odd[..odd_count * columns]);
            fold(self.points, first, count, x, rows, even, odd, sum);
            let table = Mat::strided(&self.cosines[first..], self.modes, count, half, 1);
            let to = &mut target.values[target.cosine..];
            let to = MatMut::strided(to, self.modes, columns, target.stride);
            matmul(to, accumulate, table, Mat::new(even, count, columns));
            let start = first.saturating_sub(1).min(self.sines.len());
            let table = Mat::strided(&self.sines[start..], self.modes, odd_count, odd_points, 1);
            let to = &mut target.values[target.sine..];
            let to = MatMut::strided(to, self.modes, columns, target.stride);
            matmul(to, accumulate, table, Mat::new(odd, odd_count, columns));
            accumulate = Accumulate::Add;
        }
    }

    /// The transpose of [`Folded::analyse`]: `y_j = constant + sum_k w_k (cos(2 pi j k / n) cosine_k + sin(..) sine_k)`.
    pub(super) fn synthesise(
        &self,
        full: usize,
        cosine: Mat<'_, T>,
        sine: Mat<'_, T>,
        constant: &[T],
        y: &mut [T],
        rows: Rows,
        accumulate: Accumulate,
        scratch: &mut [T],
    ) {
        let columns = rows.columns();
        let (half, odd_points) = (self.points / 2 + 1, (self.points - 1) / 2);
        let mut carve = Carve::new(scratch);
        let block = self.block(full);
        let (even, odd) = (carve.take(block * columns), carve.take(block * columns));
        for (first, count, odd_count) in self.blocks(block) {
            let (even, odd) = (&mut even[..count * columns], &mut odd[..odd_count * columns]);
            let table = Mat::strided(&self.cosines[first..], count, self.modes, 1, half);
            matmul(MatMut::new(even, count, columns), Accumulate::Replace, table, cosine);
            let start = first.saturating_sub(1).min(self.sines.len());
            let table = Mat::strided(&self.sines[start..], odd_count, self.modes, 1, odd_points);
            matmul(MatMut::new(odd, odd_count, columns), Accumulate::Replace, table, sine);
            unfold(self.points, first, count, even, odd, constant, y, rows, accumulate);
        }
    }
}
