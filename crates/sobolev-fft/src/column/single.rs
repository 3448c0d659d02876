//! The transform of one real column, vectorised along itself: the same operations on every number as in a block of columns.

use super::complex::ColumnFourier;
use super::kernel::{Place, Work, dispatch, product};
use super::{ColumnScratch, lanes};
use crate::vector::Vector;
use sobolev_tensor::{Error, Real, Result};
use std::f64::consts::TAU;

/// Transform of a single real column of even length n, whose bits are those of [`RealColumnFourier`](super::RealColumnFourier).
///
/// Values are split: those of even number, then those of odd number. Waves stand in rows of [`lanes`] neighbours, the real parts
/// before the imaginary ones, `[waves / lanes rounded up, 2, lanes]`; what is left over in the last row is padding, which holds
/// anything after a forward transform and is not read by an inverse one.
#[derive(Debug, Clone)]
pub struct SingleFourier<T: Real> {
    complex: ColumnFourier<T>,
    waves: usize,
    /// `exp(-2 pi i k / n)`: cosines, then negative sines, each with padding.
    turns: Vec<T>,
}

impl<T: Real> SingleFourier<T> {
    /// A plan for `points` values and the waves `0..waves`; nothing for lengths that are odd, short, or have large prime
    /// factors.
    ///
    /// # Errors
    /// [`Error::Value`] unless there are 1 to n/2 + 1 waves.
    pub fn new(points: usize, waves: usize) -> Result<Option<Self>> {
        if waves == 0 || waves > points / 2 + 1 {
            return Err(Error::value("waves", format!("1 to {}", points / 2 + 1), waves));
        }
        let complex = ColumnFourier::new(points / 2)?;
        if !points.is_multiple_of(2) || !complex.suits_a_line() {
            return Ok(None);
        }
        let len = Self::plane(points / 2);
        let angle = |k: usize| TAU * k as f64 / points as f64;
        let cosines = (0..len).map(|k| T::cast(angle(k).cos()));
        let turns = cosines.chain((0..len).map(|k| T::cast(-angle(k).sin()))).collect();
        Ok(Some(Self { complex, waves, turns }))
    }

    /// Length of a plane of the scratch: n/2 numbers, the first one again, and a vector on both sides.
    fn plane(half: usize) -> usize {
        (half + 1 + 2 * lanes::<T>()).next_multiple_of(16)
    }

    /// Rows of waves.
    pub fn rows(&self) -> usize {
        self.waves.div_ceil(lanes::<T>())
    }

    fn check(&self, values: usize, waves: usize) -> Result<()> {
        let expected = [2 * self.complex.points(), 2 * lanes::<T>() * self.rows()];
        if [values, waves] == expected {
            return Ok(());
        }
        Err(Error::shape("values and waves", format!("{expected:?} numbers"), &[values, waves]))
    }

    /// Values to waves: plain sums.
    ///
    /// # Errors
    /// [`Error::Shape`] for slices of other lengths.
    pub fn forward(&self, values: &[T], waves: &mut [T], scratch: &mut ColumnScratch<T>) -> Result<()> {
        self.check(values.len(), waves.len())?;
        let (values, waves) = (values.as_ptr().cast_mut(), waves.as_mut_ptr());
        // SAFETY: the lengths were checked; `values` is only read.
        unsafe { self.dispatch(values, waves, scratch, true) };
        Ok(())
    }

    /// Waves to values: plain sums over the waves and their conjugates, not divided by n.
    ///
    /// # Errors
    /// [`Error::Shape`] for slices of other lengths.
    pub fn inverse(&self, waves: &[T], values: &mut [T], scratch: &mut ColumnScratch<T>) -> Result<()> {
        self.check(values.len(), waves.len())?;
        let (values, waves) = (values.as_mut_ptr(), waves.as_ptr().cast_mut());
        // SAFETY: the lengths were checked; `waves` is only read.
        unsafe { self.dispatch(values, waves, scratch, false) };
        Ok(())
    }

    /// # Safety
    /// The pointers must be good for the lengths of [`check`](Self::check).
    unsafe fn dispatch(&self, values: *mut T, waves: *mut T, scratch: &mut ColumnScratch<T>, forward: bool) {
        let plane = Self::plane(self.complex.points());
        // Z, and two arrays between passes.
        let scratch = scratch.take(6 * plane);
        // SAFETY: passed on, and the scratch has three arrays of two planes.
        unsafe { dispatch(Single { plan: self, values, waves, scratch, plane, forward }) }
    }
}

struct Single<'a, T: Real> {
    plan: &'a SingleFourier<T>,
    values: *mut T,
    waves: *mut T,
    scratch: *mut T,
    plane: usize,
    forward: bool,
}

impl<T: Real> Work<T> for Single<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        // SAFETY: the caller's promise.
        unsafe { if self.forward { self.forward::<V>() } else { self.inverse::<V>() } }
    }
}

/// All methods: the pointers must be good for what the fields say, and the instruction set of V must be enabled.
impl<T: Real> Single<'_, T> {
    /// Scratch array 0, 1 or 2, behind a vector of padding.
    #[inline(always)]
    unsafe fn array(&self, number: usize) -> Place<T> {
        // SAFETY: inside of the scratch.
        let base = unsafe { self.scratch.add(2 * number * self.plane + lanes::<T>()) };
        Place { base, offsets: self.plan.complex.line().as_ptr(), real: 0, imaginary: self.plane }
    }

    fn values(&self) -> Place<T> {
        let h = self.plan.complex.points();
        Place { base: self.values, offsets: self.plan.complex.line().as_ptr(), real: 0, imaginary: h }
    }

    /// A vector of numbers from `k` on.
    #[inline(always)]
    unsafe fn at<V: Vector<T>>(place: Place<T>, k: usize) -> [V; 2] {
        // SAFETY: the caller vouches for the numbers.
        unsafe { [V::load(place.base.add(place.real + k)), V::load(place.base.add(place.imaginary + k))] }
    }

    /// The numbers h - k, h - k - 1, ..
    #[inline(always)]
    unsafe fn partners<V: Vector<T>>(&self, place: Place<T>, k: usize) -> [V; 2] {
        let h = self.plan.complex.points();
        // SAFETY: padding begins one vector before the array.
        unsafe {
            let first = place.base.add(h + 1).sub(k + lanes::<T>());
            [V::load(first).reversed(), V::load(first.add(self.plane)).reversed()]
        }
    }

    #[inline(always)]
    unsafe fn turn<V: Vector<T>>(&self, k: usize) -> [V; 2] {
        let turns = self.plan.turns.as_ptr();
        // SAFETY: the table has padding.
        unsafe { [V::load(turns.add(k)), V::load(turns.add(self.plane + k))] }
    }

    #[inline(always)]
    unsafe fn forward<V: Vector<T>>(&self) {
        let h = self.plan.complex.points();
        let width = lanes::<T>();
        // SAFETY: as the callee asks; waves are whole rows.
        unsafe {
            let z = self.array(0);
            self.plan.complex.single::<V>(self.values(), z, [self.array(1), self.array(2)]);
            // Wave h is wave 0 again.
            *z.base.add(h) = *z.base;
            *z.base.add(self.plane + h) = *z.base.add(self.plane);
            let half = V::splat(T::cast(0.5));
            for row in 0..self.plan.rows() {
                let k = row * width;
                let (a, b) = (Self::at::<V>(z, k), self.partners::<V>(z, k));
                let sum = [a[0].plus(b[0]).times(half), a[1].minus(b[1]).times(half)];
                let difference = [a[0].minus(b[0]).times(half), a[1].plus(b[1]).times(half)];
                let turned = product(difference, self.turn::<V>(k));
                let to = self.waves.add(2 * k);
                sum[0].plus(turned[1]).store(to);
                sum[1].minus(turned[0]).store(to.add(width));
            }
        }
    }

    #[inline(always)]
    unsafe fn inverse<V: Vector<T>>(&self) {
        let plan = self.plan;
        let h = plan.complex.points();
        let width = lanes::<T>();
        // SAFETY: as the callee asks; waves are whole rows.
        unsafe {
            let (x, z) = (self.array(1), self.array(0));
            // The waves in their order, with zeros before and behind.
            let zero = V::splat(T::zero());
            for plane in [0, self.plane] {
                zero.store(x.base.add(plane).sub(width));
                for k in (plan.waves / width * width..h + width).step_by(width) {
                    zero.store(x.base.add(plane + k));
                }
            }
            for row in 0..plan.waves / width {
                let from = self.waves.add(2 * row * width);
                V::load(from).store(x.base.add(row * width));
                V::load(from.add(width)).store(x.base.add(self.plane + row * width));
            }
            for k in plan.waves / width * width..plan.waves {
                let from = self.waves.add(2 * (k / width * width) + k % width);
                *x.base.add(k) = *from;
                *x.base.add(self.plane + k) = *from.add(width);
            }
            let negative = V::splat(T::zero() - T::one());
            for k in (0..h).step_by(width) {
                let (a, b) = (Self::at::<V>(x, k), self.partners::<V>(x, k));
                let sum = [a[0].plus(b[0]), a[1].minus(b[1])];
                let difference = [a[0].minus(b[0]), a[1].plus(b[1])];
                let [cosine, sine] = self.turn::<V>(k);
                let turned = product(difference, [cosine, sine.times(negative)]);
                sum[0].minus(turned[1]).store(z.base.add(k));
                sum[1].plus(turned[0]).store(z.base.add(self.plane + k));
            }
            let (first, last) = (*x.base, *x.base.add(h));
            *z.base = first + last;
            *z.base.add(self.plane) = first - last;
            let exchanged = |place: Place<T>| Place { real: place.imaginary, imaginary: place.real, ..place };
            let work = [exchanged(self.array(1)), exchanged(self.array(2))];
            plan.complex.single::<V>(exchanged(z), exchanged(self.values()), work);
        }
    }
}
