//! Complex transforms of columns.

use super::kernel::{Pass, Place, Work, dispatch, passes};
use super::{ColumnScratch, Rows, lanes};
use crate::vector::Vector;
use num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use sobolev_tensor::{Error, Real, Result};
use std::fmt;
use std::sync::Arc;

/// Complex transforms of n rows, for all columns of an array; see the [module](super).
#[derive(Clone)]
pub struct ColumnFourier<T: Real> {
    points: usize,
    algorithm: Algorithm<T>,
    /// Row offsets of a scratch array of one vector of columns.
    narrow: Vec<usize>,
    /// 0, 1, .., n - 1: rows of a single column.
    line: Vec<usize>,
}

#[derive(Clone)]
enum Algorithm<T> {
    Passes(Vec<Pass<T>>),
    /// Column by column, for lengths with large prime factors.
    Lines(Arc<dyn Fft<T>>),
}

impl<T: Real> fmt::Debug for ColumnFourier<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnFourier").field("points", &self.points).finish_non_exhaustive()
    }
}

/// Which sign the exponent has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Inverse,
}

impl<T: Real> ColumnFourier<T> {
    /// A plan for `points` rows.
    ///
    /// # Errors
    /// [`Error::Value`] when `points` is zero.
    pub fn new(points: usize) -> Result<Self> {
        if points == 0 {
            return Err(Error::value("points", "at least 1", points));
        }
        let algorithm = match passes(points) {
            Some(passes) => Algorithm::Passes(passes),
            None => Algorithm::Lines(FftPlanner::new().plan_fft_forward(points)),
        };
        let narrow = (0..points).map(|row| 2 * lanes::<T>() * row).collect();
        Ok(Self { points, algorithm, narrow, line: (0..points).collect() })
    }

    /// Rows n.
    pub fn points(&self) -> usize {
        self.points
    }

    /// `to_k = sum_j from_j exp(-2 pi i j k / n)` for the first `columns` columns.
    ///
    /// # Errors
    /// [`Error::Shape`] unless both lists have n rows that lie in their slices, and `columns` is a multiple of [`lanes`].
    pub fn forward(
        &self,
        from: (&[T], &Rows),
        to: (&mut [T], &Rows),
        columns: usize,
        scratch: &mut ColumnScratch<T>,
    ) -> Result<()> {
        self.transform(Direction::Forward, from, to, columns, scratch)
    }

    /// `to_j = sum_k from_k exp(2 pi i j k / n)`: not divided by n.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn inverse(
        &self,
        from: (&[T], &Rows),
        to: (&mut [T], &Rows),
        columns: usize,
        scratch: &mut ColumnScratch<T>,
    ) -> Result<()> {
        self.transform(Direction::Inverse, from, to, columns, scratch)
    }

    fn transform(
        &self,
        direction: Direction,
        (from, from_rows): (&[T], &Rows),
        (to, to_rows): (&mut [T], &Rows),
        columns: usize,
        scratch: &mut ColumnScratch<T>,
    ) -> Result<()> {
        check::<T>(from.len(), from_rows, self.points, columns)?;
        check::<T>(to.len(), to_rows, self.points, columns)?;
        // Transforming with real and imaginary parts exchanged on both sides is transforming with the other sign.
        let place = |base: *mut T, rows: &Rows| {
            let (real, imaginary) = match direction {
                Direction::Forward => (0, rows.imaginary()),
                Direction::Inverse => (rows.imaginary(), 0),
            };
            Place { base, offsets: rows.offsets().as_ptr(), real, imaginary }
        };
        let from = place(from.as_ptr().cast_mut(), from_rows);
        let to = place(to.as_mut_ptr(), to_rows);
        // SAFETY: all rows and columns lie in the slices (checked above), which cannot overlap; `from` is only read.
        unsafe { self.tiles(from, to, columns, scratch) };
        Ok(())
    }

    /// Length of the scratch of [`tile`](Self::tile).
    pub(super) fn scratch_len(&self) -> usize {
        4 * lanes::<T>() * self.points
    }

    /// Transforms forward, one vector of columns after the other.
    ///
    /// # Safety
    /// Both places must have n rows of `columns` columns, a multiple of [`lanes`], and not overlap.
    unsafe fn tiles(&self, from: Place<T>, to: Place<T>, columns: usize, scratch: &mut ColumnScratch<T>) {
        let work = Tiles { plan: self, from, to, columns, scratch: scratch.take(self.scratch_len()) };
        // SAFETY: passed on; the scratch has the length that a tile asks for.
        unsafe { dispatch(work) }
    }

    /// Transforms one vector of columns forward.
    ///
    /// # Safety
    /// As for [`tiles`](Self::tiles), with `scratch_len` numbers of scratch; the instruction set of V must be enabled.
    #[inline(always)]
    pub(super) unsafe fn tile<V: Vector<T>>(&self, from: Place<T>, to: Place<T>, scratch: *mut T) {
        let width = lanes::<T>();
        // SAFETY: both halves of the scratch have n rows of two vectors.
        unsafe {
            let half = |number: usize| self.narrow_place(scratch.add(number * 2 * width * self.points));
            match &self.algorithm {
                Algorithm::Passes(passes) => {
                    let mut source = from;
                    for (number, pass) in passes.iter().enumerate() {
                        let target = if number + 1 == passes.len() { to } else { half(number % 2) };
                        pass.run::<V>(source, target);
                        source = target;
                    }
                    if passes.is_empty() {
                        to.store(0, from.load::<V>(0));
                    }
                }
                Algorithm::Lines(fft) => self.lines::<V>(fft.as_ref(), from, to, half(0)),
            }
        }
    }

    /// A scratch array of one vector of columns.
    pub(super) fn narrow_place(&self, base: *mut T) -> Place<T> {
        Place { base, offsets: self.narrow.as_ptr(), real: 0, imaginary: lanes::<T>() }
    }

    /// The numbers of a single column.
    pub(super) fn line(&self) -> &[usize] {
        &self.line
    }

    /// Whether [`single`](Self::single) can do it: there are passes between which the scratch has its padding.
    pub(super) fn suits_a_line(&self) -> bool {
        matches!(&self.algorithm, Algorithm::Passes(passes) if passes.len() > 1)
    }

    /// Transforms one column, a line of numbers, forward: along itself, with the operations of a block of columns.
    ///
    /// # Safety
    /// The places must have the [`line`](Self::line) as offsets and n numbers, those of `work` one vector more; a plan that
    /// [suits](Self::suits_a_line); the instruction set of V must be enabled.
    #[inline(always)]
    pub(super) unsafe fn single<V: Vector<T>>(&self, from: Place<T>, to: Place<T>, work: [Place<T>; 2]) {
        let Algorithm::Passes(passes) = &self.algorithm else { return };
        let mut source = from;
        for (number, pass) in passes.iter().enumerate() {
            let target = if number + 1 == passes.len() { to } else { work[number % 2] };
            // SAFETY: passed on.
            unsafe { pass.run_along::<V>(source, target) };
            source = target;
        }
    }

    /// Column by column.
    ///
    /// # Safety
    /// As for [`tile`](Self::tile).
    #[inline(always)]
    unsafe fn lines<V: Vector<T>>(&self, fft: &dyn Fft<T>, from: Place<T>, to: Place<T>, work: Place<T>) {
        let width = lanes::<T>();
        let mut line = vec![Complex::<T>::default(); self.points];
        // SAFETY: the work array has n rows of two vectors.
        unsafe {
            for row in 0..self.points {
                work.store(row, from.load::<V>(row));
            }
            for column in 0..width {
                let at = |row: usize| work.base.add(2 * width * row + column);
                for (row, value) in line.iter_mut().enumerate() {
                    *value = Complex::new(*at(row), *at(row).add(width));
                }
                fft.process(&mut line);
                for (row, value) in line.iter().enumerate() {
                    *at(row) = value.re;
                    *at(row).add(width) = value.im;
                }
            }
            for row in 0..self.points {
                to.store(row, work.load::<V>(row));
            }
        }
    }
}

struct Tiles<'a, T: Real> {
    plan: &'a ColumnFourier<T>,
    from: Place<T>,
    to: Place<T>,
    columns: usize,
    scratch: *mut T,
}

impl<T: Real> Work<T> for Tiles<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        for first in (0..self.columns).step_by(lanes::<T>()) {
            // SAFETY: the columns from `first` on are columns of both places.
            unsafe {
                let moved = |place: Place<T>| Place { base: place.base.add(first), ..place };
                self.plan.tile::<V>(moved(self.from), moved(self.to), self.scratch);
            }
        }
    }
}

/// Checks that `rows` has `points` rows with `columns` columns, whole vectors, in a slice of length `len`.
pub(super) fn check<T>(len: usize, rows: &Rows, points: usize, columns: usize) -> Result<()> {
    if rows.len() != points || !columns.is_multiple_of(lanes::<T>()) {
        return Err(Error::shape(
            "rows",
            format!("[{points}, a multiple of the lanes]"),
            &[rows.len(), columns],
        ));
    }
    if len < rows.extent(columns) {
        return Err(Error::shape("rows", format!("at least {} numbers", rows.extent(columns)), &[len]));
    }
    Ok(())
}
