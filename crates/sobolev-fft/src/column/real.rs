//! Transforms of real columns.

use super::complex::{ColumnFourier, check};
use super::kernel::{Place, Work, dispatch, product};
use super::{ColumnScratch, Rows, lanes};
use crate::vector::Vector;
use sobolev_tensor::{Error, Real, Result};
use std::f64::consts::TAU;

/// Transforms of n real rows to the lowest waves and back, for all columns of an array; see the [module](super).
///
/// An even number of rows is transformed as half as many complex ones, whose real and imaginary parts are the rows of even and
/// odd number; an odd number as complex rows.
#[derive(Debug, Clone)]
pub struct RealColumnFourier<T: Real> {
    points: usize,
    waves: usize,
    /// Of n/2 rows, or n for odd n.
    complex: ColumnFourier<T>,
    /// Offsets of every real row for odd n, of every other one for even n.
    offsets: Vec<usize>,
    /// Distance between real rows.
    pitch: usize,
    /// `exp(-2 pi i k / n)` for the waves k up to n/2.
    turns: Vec<[T; 2]>,
}

impl<T: Real> RealColumnFourier<T> {
    /// A plan for `points` rows that lie `pitch` numbers apart, and the waves `0..waves`; the others are taken to be zero.
    ///
    /// # Errors
    /// [`Error::Value`] unless there are 1 to n/2 + 1 waves.
    pub fn new(points: usize, waves: usize, pitch: usize) -> Result<Self> {
        if points == 0 {
            return Err(Error::value("points", "at least 1", points));
        }
        if waves == 0 || waves > points / 2 + 1 {
            return Err(Error::value("waves", format!("1 to {}", points / 2 + 1), waves));
        }
        let even = points.is_multiple_of(2);
        let (length, step) = if even { (points / 2, 2 * pitch) } else { (points, pitch) };
        let turn = |k: usize| TAU * k as f64 / points as f64;
        Ok(Self {
            points,
            waves,
            complex: ColumnFourier::new(length)?,
            offsets: (0..length).map(|row| row * step).collect(),
            pitch,
            turns: (0..=points / 2).map(|k| [T::cast(turn(k).cos()), T::cast(-turn(k).sin())]).collect(),
        })
    }

    /// Rows n.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Waves that are kept, from wave 0 on.
    pub fn waves(&self) -> usize {
        self.waves
    }

    /// `to_k = sum_j from_j exp(-2 pi i j k / n)` for the kept waves and the first `columns` columns. Row j of `from` begins
    /// at j times the pitch.
    ///
    /// # Errors
    /// [`Error::Shape`] unless the rows lie in their slices and `columns` is a multiple of [`lanes`], at most the pitch.
    pub fn forward(
        &self,
        from: &[T],
        to: (&mut [T], &Rows),
        columns: usize,
        scratch: &mut ColumnScratch<T>,
    ) -> Result<()> {
        self.check_rows(from.len(), columns)?;
        check::<T>(to.0.len(), to.1, self.waves, columns)?;
        let from = self.place(from.as_ptr().cast_mut());
        let to = wave_place(to.0.as_mut_ptr(), to.1);
        // SAFETY: checked just now; `from` is only read.
        unsafe { self.dispatch(from, to, columns, scratch, true) };
        Ok(())
    }

    /// `to_j = sum_k from_k exp(2 pi i j k / n)` over the kept waves and their conjugates at -k: not divided by n. The imaginary
    /// part of wave 0 and, for even n, n/2 is ignored.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn inverse(
        &self,
        from: (&[T], &Rows),
        to: &mut [T],
        columns: usize,
        scratch: &mut ColumnScratch<T>,
    ) -> Result<()> {
        self.check_rows(to.len(), columns)?;
        check::<T>(from.0.len(), from.1, self.waves, columns)?;
        let from = wave_place(from.0.as_ptr().cast_mut(), from.1);
        let to = self.place(to.as_mut_ptr());
        // SAFETY: checked just now; `from` is only read.
        unsafe { self.dispatch(from, to, columns, scratch, false) };
        Ok(())
    }

    fn check_rows(&self, len: usize, columns: usize) -> Result<()> {
        if columns > self.pitch || len < (self.points - 1) * self.pitch + columns {
            let expected = format!("[{}, {}] with at most as many columns", self.points, self.pitch);
            return Err(Error::shape("real rows", expected, &[len, columns]));
        }
        Ok(())
    }

    /// Real rows as complex ones; for odd n without imaginary part.
    fn place(&self, base: *mut T) -> Place<T> {
        Place { base, offsets: self.offsets.as_ptr(), real: 0, imaginary: self.pitch }
    }

    /// # Safety
    /// The places must have the real rows and the waves, for `columns` columns.
    unsafe fn dispatch(
        &self,
        from: Place<T>,
        to: Place<T>,
        columns: usize,
        scratch: &mut ColumnScratch<T>,
        forward: bool,
    ) {
        let rows = 2 * lanes::<T>() * self.complex.points();
        let len = 2 * rows + self.complex.scratch_len();
        let work = Tiles { plan: self, from, to, columns, scratch: scratch.take(len), rows, forward };
        // SAFETY: passed on; the scratch is as long as the tiles ask for.
        unsafe { dispatch(work) }
    }
}

fn wave_place<T>(base: *mut T, rows: &Rows) -> Place<T> {
    Place { base, offsets: rows.offsets().as_ptr(), real: 0, imaginary: rows.imaginary() }
}

struct Tiles<'a, T: Real> {
    plan: &'a RealColumnFourier<T>,
    from: Place<T>,
    to: Place<T>,
    columns: usize,
    scratch: *mut T,
    /// Length of one scratch array of complex rows; there are two, and the scratch of the complex transform behind.
    rows: usize,
    forward: bool,
}

impl<T: Real> Work<T> for Tiles<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let even = self.plan.points.is_multiple_of(2);
        for first in (0..self.columns).step_by(lanes::<T>()) {
            let moved = |place: Place<T>, offset: usize| {
                // SAFETY: a column of the place.
                unsafe { Place { base: place.base.add(offset), ..place } }
            };
            let (from, to) = (moved(self.from, first), moved(self.to, first));
            // SAFETY: the caller's promise for these columns.
            unsafe {
                match (self.forward, even) {
                    (true, true) => self.forward_even::<V>(from, to),
                    (true, false) => self.forward_odd::<V>(from, to),
                    (false, true) => self.inverse_even::<V>(from, to),
                    (false, false) => self.inverse_odd::<V>(from, to),
                }
            }
        }
    }
}

/// All methods: the places must have the rows that the fields describe, and the instruction set of V must be enabled.
impl<T: Real> Tiles<'_, T> {
    /// Scratch array 0 or 1.
    #[inline(always)]
    unsafe fn work(&self, number: usize) -> Place<T> {
        // SAFETY: inside of the scratch.
        unsafe { self.plan.complex.narrow_place(self.scratch.add(number * self.rows)) }
    }

    #[inline(always)]
    unsafe fn complex<V: Vector<T>>(&self, from: Place<T>, to: Place<T>) {
        // SAFETY: the scratch of the complex transform lies behind the two arrays.
        unsafe { self.plan.complex.tile::<V>(from, to, self.scratch.add(2 * self.rows)) }
    }

    /// With Z the transform of the complex rows and h = n/2:
    /// `X_k = (Z_k + conj Z_(h-k))/2 - i w^k (Z_k - conj Z_(h-k))/2`, `w = exp(-2 pi i / n)`.
    #[inline(always)]
    unsafe fn forward_even<V: Vector<T>>(&self, from: Place<T>, to: Place<T>) {
        let plan = self.plan;
        let h = plan.complex.points();
        // SAFETY: rows below h of the scratch, waves below their number.
        unsafe {
            let z = self.work(0);
            self.complex::<V>(from, z);
            let half = V::splat(T::cast(0.5));
            for k in 0..plan.waves {
                let (a, b) = (z.load::<V>(k % h), z.load::<V>((h - k) % h));
                let sum = [a[0].plus(b[0]).times(half), a[1].minus(b[1]).times(half)];
                let difference = [a[0].minus(b[0]).times(half), a[1].plus(b[1]).times(half)];
                let turned = product(difference, turn(plan.turns[k]));
                to.store(k, [sum[0].plus(turned[1]), sum[1].minus(turned[0])]);
            }
        }
    }

    /// `Z_k = (X_k + conj X_(h-k)) + i w^-k (X_k - conj X_(h-k))`.
    #[inline(always)]
    unsafe fn inverse_even<V: Vector<T>>(&self, from: Place<T>, to: Place<T>) {
        let plan = self.plan;
        let h = plan.complex.points();
        // SAFETY: as above.
        unsafe {
            let z = self.work(0);
            let zero = V::splat(T::zero());
            let first = from.load::<V>(0)[0];
            let last = if h < plan.waves { from.load::<V>(h)[0] } else { zero };
            z.store(0, [first.plus(last), first.minus(last)]);
            for k in 1..h {
                let a = if k < plan.waves { from.load::<V>(k) } else { [zero; 2] };
                let b = if h - k < plan.waves { from.load::<V>(h - k) } else { [zero; 2] };
                let sum = [a[0].plus(b[0]), a[1].minus(b[1])];
                let difference = [a[0].minus(b[0]), a[1].plus(b[1])];
                let [cosine, sine] = plan.turns[k];
                let turned = product(difference, turn([cosine, -sine]));
                z.store(k, [sum[0].minus(turned[1]), sum[1].plus(turned[0])]);
            }
            self.complex::<V>(exchanged(z), exchanged(to));
        }
    }

    #[inline(always)]
    unsafe fn forward_odd<V: Vector<T>>(&self, from: Place<T>, to: Place<T>) {
        // SAFETY: as above.
        unsafe {
            let (z, x) = (self.work(0), self.work(1));
            let zero = V::splat(T::zero());
            for row in 0..self.plan.points {
                z.store(row, [V::load(from.base.add(*from.offsets.add(row))), zero]);
            }
            self.complex::<V>(z, x);
            for k in 0..self.plan.waves {
                to.store(k, x.load::<V>(k));
            }
        }
    }

    #[inline(always)]
    unsafe fn inverse_odd<V: Vector<T>>(&self, from: Place<T>, to: Place<T>) {
        let (n, waves) = (self.plan.points, self.plan.waves);
        // SAFETY: as above.
        unsafe {
            let (z, x) = (self.work(0), self.work(1));
            let zero = V::splat(T::zero());
            for row in waves..=n - waves {
                z.store(row, [zero; 2]);
            }
            z.store(0, [from.load::<V>(0)[0], zero]);
            for k in 1..waves {
                let [re, im] = from.load::<V>(k);
                z.store(k, [re, im]);
                z.store(n - k, [re, zero.minus(im)]);
            }
            self.complex::<V>(exchanged(z), exchanged(x));
            for row in 0..n {
                x.load::<V>(row)[0].store(to.base.add(*to.offsets.add(row)));
            }
        }
    }
}

/// Real and imaginary parts in each other's place: transforms with the other sign.
fn exchanged<T>(place: Place<T>) -> Place<T> {
    Place { real: place.imaginary, imaginary: place.real, ..place }
}

#[inline(always)]
unsafe fn turn<T: Real, V: Vector<T>>([re, im]: [T; 2]) -> [V; 2] {
    // SAFETY: the instruction set is the caller's.
    unsafe { [V::splat(re), V::splat(im)] }
}
