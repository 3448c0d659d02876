//! Matrix products on slices: `dst = lhs * rhs` or `dst += lhs * rhs`.
//!
//! Operator layers multiply tall, skinny matrices: `[points, width] [width, width]`, `[modes, points] [points, channels]`,
//! `[width, points] [points, width]`. There the right factor and the result have contiguous rows of a few vectors, and
//! packing (what general kernels do first) costs as much as the product. The kernels for skinny shapes pack nothing; all other
//! shapes go to the crate `gemm`. Both are serial: callers parallelise over blocks of fixed length, so the bits of a
//! result do not depend on the number of threads.
//!
//! Rates on one core of an AMD EPYC with AVX-512, GFLOP/s, by `cargo bench -p sobolev-tensor` (the factors are one sample, the
//! number after the cross the samples; `T` is a transposed left factor):
//!
//! | shape | f32 ours | f32 `gemm` | f64 ours | f64 `gemm` |
//! |---|---|---|---|---|
//! | `[2048, 32] [32, 32]` | 113 | 109 | 56 | 53 |
//! | `[2048, 20] [20, 20]` | 66 | 51 | 46 | 37 |
//! | `[12, 43] [43, 32]` x 1700 | 103 | 87 | 30 | 33 |
//! | `[43, 12] [12, 32]` x 1700 | 94 | 73 | 27 | 38 |
//! | `[24, 85] [85, 32]` x 1700 | 67 | 61 | 27 | 26 |
//! | `[40, 64] [64, 32]` x 288 | 114 | 106 | 54 | 52 |
//! | `[32, 7225]T [7225, 32]` | 117 | 112 | 57 | 57 |
//! | `[144500, 32] [32, 32]` | 110 | 107 | 30 | 52 |

mod skinny;
mod vectors;

use crate::Real;
use crate::simd::InstructionSet;

/// Whether a product replaces its destination or is added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accumulate {
    /// `dst = lhs * rhs`
    Replace,
    /// `dst += lhs * rhs`
    Add,
}

/// A read-only matrix on a slice.
#[derive(Debug, Clone, Copy)]
pub struct Mat<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

/// A writable matrix on a slice, row-major with any distance between rows.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
}

/// Elements that a strided matrix reaches into its slice; nothing when they are beyond the range of numbers.
fn reach(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> Option<usize> {
    if rows == 0 || columns == 0 {
        return Some(0);
    }
    let down = (rows - 1).checked_mul(row_stride)?;
    let across = (columns - 1).checked_mul(column_stride)?;
    down.checked_add(across)?.checked_add(1)
}

#[cold]
#[inline(never)]
fn too_short(rows: usize, columns: usize, len: usize) -> ! {
    panic!("a matrix of {rows} x {columns} does not fit into {len} elements")
}

impl<'a, T> Mat<'a, T> {
    /// A row-major matrix with contiguous rows.
    ///
    /// # Panics
    /// When the slice is too short.
    #[inline]
    pub fn new(data: &'a [T], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns, 1)
    }

    /// A matrix whose element (i, j) is `data[i * row_stride + j * column_stride]`.
    ///
    /// # Panics
    /// When the slice is too short.
    #[inline]
    pub fn strided(
        data: &'a [T],
        rows: usize,
        columns: usize,
        row_stride: usize,
        column_stride: usize,
    ) -> Self {
        if reach(rows, columns, row_stride, column_stride).is_none_or(|reach| reach > data.len()) {
            too_short(rows, columns, data.len());
        }
        Self { data, rows, columns, row_stride, column_stride }
    }

    /// The transposed matrix, on the same elements.
    #[inline]
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

impl<'a, T> MatMut<'a, T> {
    /// A row-major matrix with contiguous rows.
    ///
    /// # Panics
    /// When the slice is too short.
    #[inline]
    pub fn new(data: &'a mut [T], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// A matrix whose element (i, j) is `data[i * row_stride + j]`.
    ///
    /// # Panics
    /// When the slice is too short, or rows overlap.
    #[inline]
    pub fn strided(data: &'a mut [T], rows: usize, columns: usize, row_stride: usize) -> Self {
        let fits = reach(rows, columns, row_stride, 1).is_some_and(|reach| reach <= data.len());
        if !fits || (rows > 1 && row_stride < columns) {
            too_short(rows, columns, data.len());
        }
        Self { data, rows, columns, row_stride }
    }
}

/// `dst = lhs * rhs` or `dst += lhs * rhs`, serial.
///
/// # Panics
/// When the sizes do not fit together.
pub fn matmul<T: Real>(dst: MatMut<'_, T>, accumulate: Accumulate, lhs: Mat<'_, T>, rhs: Mat<'_, T>) {
    matmul_on(InstructionSet::detected(), dst, accumulate, lhs, rhs);
}

/// [`matmul`] with the kernels of an instruction set.
fn matmul_on<T: Real>(
    set: InstructionSet,
    dst: MatMut<'_, T>,
    accumulate: Accumulate,
    lhs: Mat<'_, T>,
    rhs: Mat<'_, T>,
) {
    assert!(
        dst.rows == lhs.rows && dst.columns == rhs.columns && lhs.columns == rhs.rows,
        "product of {} x {} and {} x {} into {} x {}",
        lhs.rows,
        lhs.columns,
        rhs.rows,
        rhs.columns,
        dst.rows,
        dst.columns
    );
    if dst.rows == 0 || dst.columns == 0 {
        return;
    }
    if rhs.column_stride == 1 && skinny::suits(dst.rows, dst.columns, lhs.columns) {
        let product = skinny::Product {
            rows: dst.rows,
            columns: dst.columns,
            depth: lhs.columns,
            lhs: lhs.data.as_ptr(),
            lhs_row_stride: lhs.row_stride,
            lhs_column_stride: lhs.column_stride,
            rhs: rhs.data.as_ptr(),
            rhs_row_stride: rhs.row_stride,
            dst: dst.data.as_mut_ptr(),
            dst_row_stride: dst.row_stride,
            add: accumulate == Accumulate::Add,
        };
        // SAFETY: the constructors of `Mat` and `MatMut` checked that all elements lie in their slices, `dst` is
        // borrowed mutably and so overlaps neither factor, and the sizes agree.
        if unsafe { skinny::run::<T>(set, &product) } {
            return;
        }
    }
    general(dst, accumulate, lhs, rhs);
}

/// The product by the crate `gemm`.
fn general<T: Real>(dst: MatMut<'_, T>, accumulate: Accumulate, lhs: Mat<'_, T>, rhs: Mat<'_, T>) {
    // SAFETY: as in `matmul`; `gemm` reads and writes only the elements described by sizes and strides.
    unsafe {
        gemm::gemm(
            dst.rows,
            dst.columns,
            lhs.columns,
            dst.data.as_mut_ptr(),
            1,
            dst.row_stride as isize,
            accumulate == Accumulate::Add,
            lhs.data.as_ptr(),
            lhs.column_stride as isize,
            lhs.row_stride as isize,
            rhs.data.as_ptr(),
            rhs.column_stride as isize,
            rhs.row_stride as isize,
            T::one(),
            T::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sobolev_testing::{noise, relative_error};

    fn slow(lhs: Mat<'_, f64>, rhs: Mat<'_, f64>) -> Vec<f64> {
        let mut dst = vec![0.0; lhs.rows * rhs.columns];
        for i in 0..lhs.rows {
            for j in 0..rhs.columns {
                dst[i * rhs.columns + j] = (0..lhs.columns)
                    .map(|p| {
                        lhs.data[i * lhs.row_stride + p * lhs.column_stride]
                            * rhs.data[p * rhs.row_stride + j * rhs.column_stride]
                    })
                    .sum();
            }
        }
        dst
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn products_equal_the_definition(
            m in 1_usize..40, n in 1_usize..80,
            // Beyond 256 the kernels make several passes.
            k in prop_oneof![4 => 1_usize..50, 1 => 200_usize..600],
            transpose_lhs: bool, transpose_rhs: bool, add: bool, gap in 0_usize..5,
            set in proptest::sample::select(InstructionSet::available()),
        ) {
            let (lhs_stride, rhs_stride) = (k + gap, n + gap);
            let a = noise(m.max(k) * (m.max(k) + gap), 1);
            let b = noise(n.max(k) * (n.max(k) + gap), 2);
            let lhs = if transpose_lhs { Mat::new(&a, k, m).transposed() } else { Mat::strided(&a, m, k, lhs_stride, 1) };
            let rhs = if transpose_rhs { Mat::new(&b, n, k).transposed() } else { Mat::strided(&b, k, n, rhs_stride, 1) };
            let start = noise(m * (n + gap), 3);
            let mut dst = start.clone();
            let accumulate = if add { Accumulate::Add } else { Accumulate::Replace };
            matmul_on(set, MatMut::strided(&mut dst, m, n, n + gap), accumulate, lhs, rhs);
            let product = slow(lhs, rhs);
            for i in 0..m {
                for j in 0..n + gap {
                    let before = start[i * (n + gap) + j];
                    let expected = match (j < n, add) {
                        (true, true) => before + product[i * n + j],
                        (true, false) => product[i * n + j],
                        (false, _) => before,
                    };
                    // Each product sums k terms below 1: error at most k^2 eps, and a rounding of the result.
                    let allowed = (k * k + 4) as f64 * f64::EPSILON;
                    prop_assert!((dst[i * (n + gap) + j] - expected).abs() < allowed, "{set:?}");
                }
            }
            // The same in single precision: error k eps relative to the norm.
            let single = |v: &[f64]| v.iter().map(|x| *x as f32).collect::<Vec<f32>>();
            let (a, b) = (single(&a), single(&b));
            let lhs = if transpose_lhs { Mat::new(&a, k, m).transposed() } else { Mat::strided(&a, m, k, lhs_stride, 1) };
            let rhs = if transpose_rhs { Mat::new(&b, n, k).transposed() } else { Mat::strided(&b, k, n, rhs_stride, 1) };
            let mut dst = vec![0_f32; m * n];
            matmul_on(set, MatMut::new(&mut dst, m, n), Accumulate::Replace, lhs, rhs);
            let dst: Vec<f64> = dst.iter().map(|x| f64::from(*x)).collect();
            prop_assert!(relative_error(&dst, &product) < 2.0 * k as f64 * f64::from(f32::EPSILON));
        }
    }

    #[test]
    fn strides_that_wrap_around_are_refused() {
        let refused = |call: fn()| assert!(std::panic::catch_unwind(call).is_err());
        // (2 - 1) * (2^64 - 1) + 1 is zero in 64 bits.
        refused(|| _ = Mat::strided(&[0.0], 2, 1, usize::MAX, 1));
        refused(|| _ = Mat::new(&[0.0], 1 << 33, 1 << 33));
        refused(|| _ = MatMut::strided(&mut [0.0], 2, 1, usize::MAX));
    }

    #[test]
    fn a_block_of_rows_has_the_bits_of_the_whole() {
        let (m, k, n) = (1000, 32, 32);
        let a: Vec<f32> = noise(m * k, 4).iter().map(|x| *x as f32).collect();
        let b: Vec<f32> = noise(k * n, 5).iter().map(|x| *x as f32).collect();
        let (mut whole, mut parts) = (vec![0_f32; m * n], vec![0_f32; m * n]);
        matmul(MatMut::new(&mut whole, m, n), Accumulate::Replace, Mat::new(&a, m, k), Mat::new(&b, k, n));
        for (rows, dst) in a.chunks(37 * k).zip(parts.chunks_mut(37 * n)) {
            let count = rows.len() / k;
            let lhs = Mat::new(rows, count, k);
            matmul(MatMut::new(dst, count, n), Accumulate::Replace, lhs, Mat::new(&b, k, n));
        }
        assert_eq!(whole, parts);
    }
}
