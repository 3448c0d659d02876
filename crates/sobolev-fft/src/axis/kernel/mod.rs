//! The inner loops of the matrix form: folding, products and unfolding of a block of columns in registers.
//!
//! A tile is R modes (or points) of a few vectors of columns: R cosine sums and R sine sums a vector. Each pair of points is
//! folded while it is loaded, so the points are read once per tile and nothing is stored between.
//!
//! Every number is computed by the same operations in the same order whatever the width of its vector, so the bits of a
//! column do not depend on its neighbours.

mod complex;
mod real;
#[cfg(test)]
mod tests;

pub(super) use complex::{ComplexAnalysis, ComplexSynthesis, Rows};
pub(super) use real::{RealAnalysis, RealSynthesis};

use crate::vector::{Plain, Vector};
use sobolev_tensor::Real;
#[cfg(target_arch = "x86_64")]
use sobolev_tensor::simd::{InstructionSet, Vectors};

/// Modes or points of the largest tile.
const TILE: usize = 6;

/// A loop over all rows for a few columns, compiled once for each vector.
pub(super) trait Kernel<T: Real> {
    /// Handles N vectors of columns from `at`. `WIDE` tells that there are 32 vector registers and not 16.
    ///
    /// # Safety
    /// The slices must hold what the fields say for these columns, and the instruction set of V enabled in the function this is inlined into.
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize);
}

/// Runs `kernel` on the columns `0..columns` with the widest vectors of the processor.
///
/// # Safety
/// The slices of the kernel must hold what its fields say, for `columns` columns.
#[inline]
pub(super) unsafe fn run<T: Real>(columns: usize, kernel: &mut impl Kernel<T>) {
    // SAFETY: the instruction sets are detected; columns are passed on.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        match InstructionSet::detected().vectors() {
            Vectors::Avx512 => return avx512(columns, kernel),
            Vectors::Avx2 => return avx2(columns, kernel),
            Vectors::Base => {}
        }
        // Four f32 or two f64 are a vector in the base set of x86-64 and of AArch64, which also has fused operations.
        if cfg!(target_arch = "aarch64") {
            walk::<T, _, Plain<T, 4, true>, Plain<T, 2, true>, Plain<T, 1, true>, 2, true>(columns, kernel);
        } else {
            walk::<T, _, Plain<T, 4, false>, Plain<T, 2, false>, Plain<T, 1, false>, 1, false>(
                columns, kernel,
            );
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn avx512<T: Real>(columns: usize, kernel: &mut impl Kernel<T>) {
    use crate::vector::x86::{Avx512, Sse};
    // SAFETY: passed on.
    unsafe { walk::<T, _, Avx512<T>, Sse<T>, Plain<T, 1, true>, 2, true>(columns, kernel) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<T: Real>(columns: usize, kernel: &mut impl Kernel<T>) {
    use crate::vector::x86::{Avx, Sse};
    // SAFETY: passed on.
    unsafe { walk::<T, _, Avx<T>, Sse<T>, Plain<T, 1, true>, 1, false>(columns, kernel) }
}

/// Blocks of N vectors V, then single ones, then the shorter vectors S and single numbers for the rest.
#[inline(always)]
unsafe fn walk<T, K, V, S, P, const N: usize, const WIDE: bool>(columns: usize, kernel: &mut K)
where
    T: Real,
    K: Kernel<T>,
    V: Vector<T>,
    S: Vector<T>,
    P: Vector<T>,
{
    let mut at = 0;
    // SAFETY: all blocks lie in `0..columns`, which the caller vouches for.
    unsafe {
        while at + N * V::LANES <= columns {
            kernel.block::<V, N, WIDE>(at);
            at += N * V::LANES;
        }
        while at + V::LANES <= columns {
            kernel.block::<V, 1, WIDE>(at);
            at += V::LANES;
        }
        while at + S::LANES <= columns {
            kernel.block::<S, 1, WIDE>(at);
            at += S::LANES;
        }
        while at < columns {
            kernel.block::<P, 1, WIDE>(at);
            at += P::LANES;
        }
    }
}

/// Runs `$tile` for tiles of R = 6, 4 or 2, at most `$most`, that cover `0..$count`.
macro_rules! tiles {
    ($most:expr, $count:expr, |$first:ident, $rows:ident| $tile:expr) => {{
        let (most, count) = ($most, $count);
        let mut $first = 0;
        while $first < count {
            let left = count - $first;
            if most >= TILE && left > 4 {
                const $rows: usize = TILE;
                $tile;
                $first += TILE;
            } else if most >= 4 && left > 2 {
                const $rows: usize = 4;
                $tile;
                $first += 4;
            } else {
                const $rows: usize = 2;
                $tile;
                $first += 2;
            }
        }
    }};
}

/// Columns that lie together in a table: whole tiles of 6, 4 and 2.
const GROUP: usize = 12;

/// Weights in the order of one direction: `[columns / 12, depth, 2, 12]`, cosines then sines, padded with zeros.
///
/// A tile walks through the depth, so it reads on and on. With all columns of a depth in a row it would jump: 41 GFLOP/s
/// for the inverse of 16 of 4096 modes, whose jumps of 16 KiB meet in one set of the first-level cache.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    depth: usize,
    values: Vec<T>,
}

impl<T: Real> Table<T> {
    /// `entry(i, j)` is the cosine and sine for depth i and column j.
    pub(super) fn new(depth: usize, columns: usize, entry: impl Fn(usize, usize) -> (f64, f64)) -> Self {
        let mut values = vec![T::zero(); columns.div_ceil(GROUP) * depth * 2 * GROUP];
        for (group, rows) in values.chunks_exact_mut(depth * 2 * GROUP).enumerate() {
            for (i, row) in rows.chunks_exact_mut(2 * GROUP).enumerate() {
                for j in 0..GROUP.min(columns - group * GROUP) {
                    let (cosine, sine) = entry(i, group * GROUP + j);
                    row[j] = T::cast(cosine);
                    row[GROUP + j] = T::cast(sine);
                }
            }
        }
        Self { depth, values }
    }

    /// Where the cosines of one depth start at a column; the sines follow [`GROUP`] later.
    #[inline(always)]
    unsafe fn at(&self, depth: usize, column: usize) -> *const T {
        let row = column / GROUP * self.depth + depth;
        // SAFETY: the caller stays inside the depth and the padded columns.
        unsafe { self.values.as_ptr().add(row * 2 * GROUP + column % GROUP) }
    }
}

/// Sums of one tile: R rows of N vectors.
type Sums<V, const N: usize, const R: usize> = [[V; N]; R];

/// `sums_r += weight_r * values` for R weights in a row.
#[inline(always)]
unsafe fn add_products<T: Real, V: Vector<T>, const N: usize, const R: usize>(
    sums: &mut Sums<V, N, R>,
    weights: *const T,
    values: [V; N],
) {
    // SAFETY: the caller vouches for R weights and the instruction set.
    unsafe {
        for r in 0..R {
            let weight = V::splat(*weights.add(r));
            for v in 0..N {
                sums[r][v] = sums[r][v].plus_product(weight, values[v]);
            }
        }
    }
}

/// Whether point j of the half axis `0..=n/2` has a mirror image n - j other than itself.
#[inline(always)]
fn has_partner(n: usize, j: usize) -> bool {
    j > 0 && 2 * j < n
}

use tiles;
