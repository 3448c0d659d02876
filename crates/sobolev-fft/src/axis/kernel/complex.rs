//! The kernels of a leading axis.

use super::{GROUP, Kernel, Sums, TILE, Table, add_products, has_partner, tiles};
use crate::vector::Vector;
use sobolev_tensor::Real;

/// Rows of a tile of the complex axis at most; real and imaginary parts take two registers a sum.
const fn complex_tile(wide: bool) -> usize {
    if wide { TILE } else { 2 }
}

/// Where the rows of a block of 2c columns lie: row j at `offset + j * stride`, c real parts first.
#[derive(Debug, Clone, Copy)]
pub(in crate::axis) struct Rows {
    pub(in crate::axis) offset: usize,
    pub(in crate::axis) stride: usize,
}

/// Complex points `[n, 2c]` to the modes 0 .. m-1, -m .. -1 `[2m, 2c]`.
///
/// With the cosine sums A and sine sums B of a mode k > 0, `X_k = A_k - i B_k` and `X_(-k) = A_k + i B_k`; mode 0 is the sum of
/// the points.
pub(in crate::axis) struct ComplexAnalysis<'a, T> {
    pub(in crate::axis) points: usize,
    pub(in crate::axis) modes: usize,
    pub(in crate::axis) channels: usize,
    /// Depth: points of the half axis; columns: modes 1 .. m.
    pub(in crate::axis) table: &'a Table<T>,
    /// Factor of mode 0.
    pub(in crate::axis) scale: T,
    /// Holds n rows of 2c values at `from`.
    pub(in crate::axis) x: &'a [T],
    pub(in crate::axis) from: Rows,
    /// Holds 2m rows of 2c values at `to`.
    pub(in crate::axis) y: &'a mut [T],
    pub(in crate::axis) to: Rows,
}

impl<T: Real> ComplexAnalysis<'_, T> {
    #[inline(always)]
    unsafe fn point<V: Vector<T>>(&self, at: usize, j: usize) -> [V; 2] {
        // SAFETY: the caller stays in the rows and columns of the fields.
        unsafe {
            let x = self.x.as_ptr().add(self.from.offset + j * self.from.stride + at);
            [V::load(x), V::load(x.add(self.channels))]
        }
    }

    #[inline(always)]
    unsafe fn write<V: Vector<T>>(&mut self, at: usize, row: usize, [re, im]: [V; 2]) {
        // SAFETY: the caller stays in the rows and columns of the fields.
        unsafe {
            let y = self.y.as_mut_ptr().add(self.to.offset + row * self.to.stride + at);
            re.store(y);
            im.store(y.add(self.channels));
        }
    }

    /// Mode 0.
    #[inline(always)]
    unsafe fn mean<V: Vector<T>>(&mut self, at: usize) {
        // SAFETY: all rows of the fields.
        unsafe {
            let zero = V::splat(T::zero());
            // Even and odd rows apart, so that fewer additions wait for the one before them.
            let mut sums = [[zero; 2]; 2];
            for j in 0..self.points / 2 {
                for half in 0..2 {
                    let x = self.point::<V>(at, 2 * j + half);
                    sums[half] = [sums[half][0].plus(x[0]), sums[half][1].plus(x[1])];
                }
            }
            if !self.points.is_multiple_of(2) {
                let x = self.point::<V>(at, self.points - 1);
                sums[0] = [sums[0][0].plus(x[0]), sums[0][1].plus(x[1])];
            }
            let scale = V::splat(self.scale);
            let [re, im] = [sums[0][0].plus(sums[1][0]), sums[0][1].plus(sums[1][1])];
            self.write(at, 0, [zero.plus_product(scale, re), zero.plus_product(scale, im)]);
        }
    }

    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const R: usize>(&mut self, at: usize, first: usize) {
        let (n, m) = (self.points, self.modes);
        // SAFETY: rows 0..n of x and 0..2m of y hold the columns; the table is padded.
        unsafe {
            let mut cosine: Sums<V, 2, R> = [[V::splat(T::zero()); 2]; R];
            let mut sine = cosine;
            for j in 1..n.div_ceil(2) {
                let (a, b) = (self.point::<V>(at, j), self.point::<V>(at, n - j));
                let weights = self.table.at(j, first);
                add_products(&mut cosine, weights, [a[0].plus(b[0]), a[1].plus(b[1])]);
                let odd = [a[0].minus(b[0]), a[1].minus(b[1])];
                add_products(&mut sine, weights.add(GROUP), odd);
            }
            for (j, there) in [(0, true), (n / 2, n.is_multiple_of(2))] {
                if there {
                    let x = self.point::<V>(at, j);
                    add_products(&mut cosine, self.table.at(j, first), x);
                }
            }
            for r in 0..R {
                let k = first + r + 1;
                if k <= m {
                    let ([a_re, a_im], [b_re, b_im]) = (cosine[r], sine[r]);
                    self.write(at, 2 * m - k, [a_re.minus(b_im), a_im.plus(b_re)]);
                    if k < m {
                        self.write(at, k, [a_re.plus(b_im), a_im.minus(b_re)]);
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for ComplexAnalysis<'_, T> {
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize) {
        for v in 0..N {
            let at = at + v * V::LANES;
            // SAFETY: passed on.
            unsafe { self.mean::<V>(at) };
            // SAFETY: passed on.
            tiles!(complex_tile(WIDE), self.modes, |first, R| unsafe { self.tile::<V, R>(at, first) });
        }
    }
}

/// Modes `[2m, 2c]` to complex points `[n, 2c]`: the transpose of [`ComplexAnalysis`].
pub(in crate::axis) struct ComplexSynthesis<'a, T> {
    pub(in crate::axis) points: usize,
    pub(in crate::axis) modes: usize,
    pub(in crate::axis) channels: usize,
    /// Depth: modes 1 .. m; columns: points of the half axis.
    pub(in crate::axis) table: &'a Table<T>,
    /// Factor of mode 0.
    pub(in crate::axis) scale: T,
    /// Holds 2m rows of 2c values at `from`.
    pub(in crate::axis) y: &'a [T],
    pub(in crate::axis) from: Rows,
    /// Holds n rows of 2c values at `to`.
    pub(in crate::axis) x: &'a mut [T],
    pub(in crate::axis) to: Rows,
}

impl<T: Real> ComplexSynthesis<'_, T> {
    #[inline(always)]
    unsafe fn mode<V: Vector<T>>(&self, at: usize, row: usize) -> [V; 2] {
        // SAFETY: the caller stays in the rows and columns of the fields.
        unsafe {
            let y = self.y.as_ptr().add(self.from.offset + row * self.from.stride + at);
            [V::load(y), V::load(y.add(self.channels))]
        }
    }

    #[inline(always)]
    unsafe fn write<V: Vector<T>>(&mut self, at: usize, row: usize, [re, im]: [V; 2]) {
        // SAFETY: the caller stays in the rows and columns of the fields.
        unsafe {
            let x = self.x.as_mut_ptr().add(self.to.offset + row * self.to.stride + at);
            re.store(x);
            im.store(x.add(self.channels));
        }
    }

    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const R: usize>(&mut self, at: usize, first: usize) {
        let (n, m) = (self.points, self.modes);
        // SAFETY: rows 0..2m of y and 0..n of x hold the columns; the table is padded.
        unsafe {
            let (zero, scale) = (V::splat(T::zero()), V::splat(self.scale));
            let constant = self.mode::<V>(at, 0).map(|part| zero.plus_product(scale, part));
            let mut cosine: Sums<V, 2, R> = [constant; R];
            let mut sine: Sums<V, 2, R> = [[zero; 2]; R];
            for k in 1..m + 1 {
                let minus = self.mode::<V>(at, 2 * m - k);
                // Of the highest frequency only -m is kept.
                let plus = if k < m { self.mode::<V>(at, k) } else { [zero; 2] };
                let weights = self.table.at(k - 1, first);
                add_products(&mut cosine, weights, [plus[0].plus(minus[0]), plus[1].plus(minus[1])]);
                let odd = [minus[1].minus(plus[1]), plus[0].minus(minus[0])];
                add_products(&mut sine, weights.add(GROUP), odd);
            }
            for r in 0..R {
                let j = first + r;
                if j <= n / 2 {
                    let (a, b) = (cosine[r], sine[r]);
                    self.write(at, j, [a[0].plus(b[0]), a[1].plus(b[1])]);
                    if has_partner(n, j) {
                        self.write(at, n - j, [a[0].minus(b[0]), a[1].minus(b[1])]);
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for ComplexSynthesis<'_, T> {
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize) {
        for v in 0..N {
            let at = at + v * V::LANES;
            // SAFETY: passed on.
            tiles!(complex_tile(WIDE), self.points / 2 + 1, |first, R| unsafe {
                self.tile::<V, R>(at, first)
            });
        }
    }
}
