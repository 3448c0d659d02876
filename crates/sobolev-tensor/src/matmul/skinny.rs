//! Products whose right factor has contiguous rows and is small enough to stay in a near cache, without packing.
//!
//! A tile of `ROWS x VECTORS` of the result lives in registers; for each step of the depth, `VECTORS` vectors of the
//! right factor are loaded and one number of each row of the left factor is spread over a vector. Register budget:
//! `ROWS * VECTORS` sums + `VECTORS` loads + 1 spread number, at most 32 (AVX-512) or 16 (AVX2): a 3 x 32 tile in AVX2
//! (17) ran at half speed.

use super::vectors::Simd;
use crate::Real;
use crate::simd::InstructionSet;

/// One product, sizes in elements.
pub(super) struct Product<T> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) depth: usize,
    pub(super) lhs: *const T,
    pub(super) lhs_row_stride: usize,
    pub(super) lhs_column_stride: usize,
    pub(super) rhs: *const T,
    pub(super) rhs_row_stride: usize,
    pub(super) dst: *mut T,
    pub(super) dst_row_stride: usize,
    pub(super) add: bool,
}

/// Depth of one pass: 256 rows of both factors at width 32 in f32 fill 64 KiB, a part of the second-level cache.
const DEPTH_BLOCK: usize = 256;

/// Whether the unpacked kernel is the faster one. Beyond these sizes the right factor leaves the near caches and a
/// packing kernel wins; a product of a few columns leaves most lanes empty.
pub(super) fn suits(rows: usize, columns: usize, depth: usize) -> bool {
    // A deep product of many rows runs through the right factor once per tile of rows: worth it while both are narrow.
    columns >= 3 && columns * depth.min(DEPTH_BLOCK) <= 64 * 1024 && (rows <= 512 || depth <= 512)
}

/// Runs the product if there is a kernel for the instructions; false if there is not.
///
/// # Safety
/// All elements named by sizes and strides must lie in memory that may be read (`lhs`, `rhs`) or written (`dst`), and
/// `dst` must not overlap the factors.
#[cfg(target_arch = "x86_64")]
pub(super) unsafe fn run<T: Real>(set: InstructionSet, product: &Product<T>) -> bool {
    use super::vectors::x86;
    use crate::simd::Vectors;
    use std::any::TypeId;
    let double = TypeId::of::<T>() == TypeId::of::<f64>();
    let product: *const Product<T> = product;
    // SAFETY: the instruction set was detected, the cast is the identity by the type test, the caller vouches for the rest.
    unsafe {
        match (double, set.vectors()) {
            (_, Vectors::Base) => return false,
            (true, Vectors::Avx512) => avx512_blocks::<x86::Avx512F64>(&*product.cast()),
            (false, Vectors::Avx512) => avx512_blocks::<x86::Avx512F32>(&*product.cast()),
            (true, Vectors::Avx2) => avx2_blocks::<x86::Avx2F64>(&*product.cast()),
            (false, Vectors::Avx2) => avx2_blocks::<x86::Avx2F32>(&*product.cast()),
        }
    }
    true
}

/// Without a kernel for this processor the general product is used.
///
/// # Safety
/// None needed.
#[cfg(not(target_arch = "x86_64"))]
pub(super) unsafe fn run<T: Real>(_: InstructionSet, _: &Product<T>) -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512_blocks<S: Simd>(product: &Product<S::Scalar>) {
    // SAFETY: passed on from the caller.
    unsafe { depth_blocks::<S, 12>(product) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2_blocks<S: Simd>(product: &Product<S::Scalar>) {
    // SAFETY: passed on from the caller.
    unsafe { depth_blocks::<S, 6>(product) }
}

#[inline(always)]
unsafe fn depth_blocks<S: Simd, const ROWS: usize>(p: &Product<S::Scalar>) {
    let mut start = 0;
    loop {
        let depth = DEPTH_BLOCK.min(p.depth - start);
        let block = Product {
            depth,
            // SAFETY: `start` is at most the depth, so the pointers stay in (or one past) their arrays.
            lhs: unsafe { p.lhs.add(start * p.lhs_column_stride) },
            // SAFETY: as above.
            rhs: unsafe { p.rhs.add(start * p.rhs_row_stride) },
            add: p.add || start > 0,
            ..*p
        };
        // SAFETY: a sub-block of the caller's product.
        unsafe { row_blocks::<S, ROWS>(&block) };
        start += depth;
        if start >= p.depth {
            break;
        }
    }
}

/// Walks blocks of rows whose part of the left factor stays in the first-level cache while the columns are walked.
#[inline(always)]
unsafe fn row_blocks<S: Simd, const ROWS: usize>(p: &Product<S::Scalar>) {
    let wide = 2 * S::LANES;
    let mut row = 0;
    while row < p.rows {
        let rows = (8 * ROWS).min(p.rows - row);
        let mut column = 0;
        while column < p.columns {
            let columns = wide.min(p.columns - column);
            let mut i = 0;
            while i < rows {
                let at = Tile { row: row + i, column, columns };
                // SAFETY: the tiles cover the caller's product exactly once; each call gets at least its rows.
                i += unsafe {
                    match rows - i {
                        left if left >= ROWS => tile_of_columns::<S, ROWS>(p, at),
                        left if left >= 4 => tile_of_columns::<S, 4>(p, at),
                        left if left >= 2 => tile_of_columns::<S, 2>(p, at),
                        _ => tile_of_columns::<S, 1>(p, at),
                    }
                };
            }
            column += columns;
        }
        row += rows;
    }
}

#[derive(Clone, Copy)]
struct Tile {
    row: usize,
    column: usize,
    columns: usize,
}

#[inline(always)]
unsafe fn tile_of_columns<S: Simd, const ROWS: usize>(p: &Product<S::Scalar>, at: Tile) -> usize {
    // SAFETY: passed on from the caller; the vector count is that of the columns.
    unsafe {
        if at.columns == 2 * S::LANES {
            tile::<S, ROWS, 2, true>(p, at);
        } else if at.columns > S::LANES {
            tile::<S, ROWS, 2, false>(p, at);
        } else if at.columns == S::LANES {
            tile::<S, ROWS, 1, true>(p, at);
        } else {
            tile::<S, ROWS, 1, false>(p, at);
        }
    }
    ROWS
}

/// One tile of `ROWS` rows and `VECTORS` vectors; unless `FULL`, the last vector holds fewer numbers.
#[inline(always)]
unsafe fn tile<S: Simd, const ROWS: usize, const VECTORS: usize, const FULL: bool>(
    p: &Product<S::Scalar>,
    at: Tile,
) {
    let last = at.columns - (VECTORS - 1) * S::LANES;
    // SAFETY: rows `at.row..at.row + ROWS`, columns `at.column..at.column + at.columns` and the whole depth lie in the
    // arrays; partial vectors touch only their first `last` numbers.
    unsafe {
        let load = |from: *const S::Scalar, v: usize| {
            if FULL || v + 1 < VECTORS {
                S::load(from.add(v * S::LANES))
            } else {
                S::load_first(from.add(v * S::LANES), last)
            }
        };
        let mut sums = [[S::zero(); VECTORS]; ROWS];
        let mut lhs = p.lhs.add(at.row * p.lhs_row_stride);
        let mut rhs = p.rhs.add(at.column);
        for _ in 0..p.depth {
            let mut vectors = [S::zero(); VECTORS];
            for v in 0..VECTORS {
                vectors[v] = load(rhs, v);
            }
            for i in 0..ROWS {
                let spread = S::splat(*lhs.add(i * p.lhs_row_stride));
                for v in 0..VECTORS {
                    sums[i][v] = S::fused(spread, vectors[v], sums[i][v]);
                }
            }
            lhs = lhs.wrapping_add(p.lhs_column_stride);
            rhs = rhs.wrapping_add(p.rhs_row_stride);
        }
        for i in 0..ROWS {
            let to = p.dst.add((at.row + i) * p.dst_row_stride + at.column);
            for v in 0..VECTORS {
                let mut value = sums[i][v];
                if p.add {
                    value = S::add(load(to, v), value);
                }
                if FULL || v + 1 < VECTORS {
                    S::store(to.add(v * S::LANES), value);
                } else {
                    S::store_first(to.add(v * S::LANES), value, last);
                }
            }
        }
    }
}
