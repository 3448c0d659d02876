//! The kernels of the last axis.

use super::{GROUP, Kernel, Sums, TILE, Table, add_products, has_partner, tiles};
use crate::vector::Vector;
use sobolev_tensor::Real;

/// Rows of a tile of the real axis at most. With 16 registers, tiles of 6 rows leave one to spare, and the compiler then
/// moves sums about: 53 GFLOP/s instead of 90.
const fn real_tile(wide: bool) -> usize {
    if wide { TILE } else { 4 }
}

/// Points `[n, c]` to modes `[m, 2c]`: `cosine_k = sum_j w_jk x_j`, then the sine sums.
pub(in crate::axis) struct RealAnalysis<'a, T> {
    pub(in crate::axis) points: usize,
    pub(in crate::axis) modes: usize,
    pub(in crate::axis) channels: usize,
    /// Depth: points of the half axis; columns: modes.
    pub(in crate::axis) table: &'a Table<T>,
    /// n c values.
    pub(in crate::axis) x: &'a [T],
    /// 2 m c values.
    pub(in crate::axis) y: &'a mut [T],
}

impl<T: Real> RealAnalysis<'_, T> {
    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const N: usize, const R: usize>(&mut self, at: usize, first: usize) {
        let (n, c) = (self.points, self.channels);
        // SAFETY: rows 0..n of x and 0..m of y hold the columns `at..at + N * LANES` of both parts; the table is padded.
        unsafe {
            let x = self.x.as_ptr().add(at);
            let point = |j: usize, v: usize| V::load(x.add(j * c + v * V::LANES));
            let mut cosine: Sums<V, N, R> = [[V::splat(T::zero()); N]; R];
            let mut sine = cosine;
            let mut even = [V::splat(T::zero()); N];
            let mut odd = even;
            for j in 1..n.div_ceil(2) {
                for v in 0..N {
                    let (a, b) = (point(j, v), point(n - j, v));
                    even[v] = a.plus(b);
                    odd[v] = a.minus(b);
                }
                let weights = self.table.at(j, first);
                add_products(&mut cosine, weights, even);
                add_products(&mut sine, weights.add(GROUP), odd);
            }
            for (j, there) in [(0, true), (n / 2, n.is_multiple_of(2))] {
                if there {
                    for v in 0..N {
                        even[v] = point(j, v);
                    }
                    add_products(&mut cosine, self.table.at(j, first), even);
                }
            }
            let y = self.y.as_mut_ptr().add(at);
            for r in 0..R {
                if first + r < self.modes {
                    for v in 0..N {
                        let to = y.add((first + r) * 2 * c + v * V::LANES);
                        cosine[r][v].store(to);
                        sine[r][v].store(to.add(c));
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for RealAnalysis<'_, T> {
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize) {
        // SAFETY: passed on.
        tiles!(real_tile(WIDE), self.modes, |first, R| unsafe { self.tile::<V, N, R>(at, first) });
    }
}

/// Modes `[m, 2c]` to points `[n, c]`: the transpose of [`RealAnalysis`].
pub(in crate::axis) struct RealSynthesis<'a, T> {
    pub(in crate::axis) points: usize,
    pub(in crate::axis) modes: usize,
    pub(in crate::axis) channels: usize,
    /// Depth: modes; columns: points of the half axis.
    pub(in crate::axis) table: &'a Table<T>,
    /// 2 m c values.
    pub(in crate::axis) y: &'a [T],
    /// n c values.
    pub(in crate::axis) x: &'a mut [T],
    /// Whether to add to `x`.
    pub(in crate::axis) add: bool,
}

impl<T: Real> RealSynthesis<'_, T> {
    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const N: usize, const R: usize>(&mut self, at: usize, first: usize) {
        let (n, c) = (self.points, self.channels);
        // SAFETY: as in `RealAnalysis::tile`.
        unsafe {
            let y = self.y.as_ptr().add(at);
            let mut cosine: Sums<V, N, R> = [[V::splat(T::zero()); N]; R];
            let mut sine = cosine;
            let mut re = [V::splat(T::zero()); N];
            let mut im = re;
            for k in 0..self.modes {
                for v in 0..N {
                    let mode = y.add(k * 2 * c + v * V::LANES);
                    re[v] = V::load(mode);
                    im[v] = V::load(mode.add(c));
                }
                let weights = self.table.at(k, first);
                add_products(&mut cosine, weights, re);
                add_products(&mut sine, weights.add(GROUP), im);
            }
            let x = self.x.as_mut_ptr().add(at);
            for r in 0..R {
                let j = first + r;
                if j <= n / 2 {
                    for v in 0..N {
                        let (a, b) = (cosine[r][v], sine[r][v]);
                        put(x.add(j * c + v * V::LANES), a.plus(b), self.add);
                        if has_partner(n, j) {
                            put(x.add((n - j) * c + v * V::LANES), a.minus(b), self.add);
                        }
                    }
                }
            }
        }
    }
}

/// Writes or adds a vector.
#[inline(always)]
unsafe fn put<T: Real, V: Vector<T>>(to: *mut T, value: V, add: bool) {
    // SAFETY: the caller vouches for the memory and the instruction set.
    unsafe { if add { V::load(to).plus(value).store(to) } else { value.store(to) } }
}

impl<T: Real> Kernel<T> for RealSynthesis<'_, T> {
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize) {
        // SAFETY: passed on.
        tiles!(real_tile(WIDE), self.points / 2 + 1, |first, R| unsafe { self.tile::<V, N, R>(at, first) });
    }
}
