//! Matrix products on slices: `dst = lhs * rhs` or `dst += lhs * rhs`.
//!
//! Operator layers multiply tall, skinny matrices: `[points, width] [width, width]`, `[modes, points] [points, channels]`,
//! `[width, points] [points, width]`. There the right factor and the result have contiguous rows of a few vectors, and
//! packing (what general kernels do first) costs as much as the product. The kernels for skinny shapes pack nothing; all other
//! shapes go to the crate `gemm`. Both are serial: callers parallelise over blocks of fixed length, so the bits of a
//! result do not depend on the number of threads.
//!
//! Measured on 2 cores of an AMD EPYC with AVX-512, f32: see `sobolev bench machine`.

mod skinny;
mod vectors;

use crate::Real;

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

/// Elements that a strided matrix reaches into its slice.
fn reach(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> usize {
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * row_stride + (columns - 1) * column_stride + 1 }
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
        if reach(rows, columns, row_stride, column_stride) > data.len() {
            too_short(rows, columns, data.len());
        }
        Self { data, rows, columns, row_stride, column_stride }
    }

    /// The same elements with other strides.
    ///
    /// # Panics
    /// When the slice is too short.
    #[inline]
    #[must_use]
    pub fn with_strides(self, row_stride: usize, column_stride: usize) -> Self {
        Self::strided(self.data, self.rows, self.columns, row_stride, column_stride)
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
        if reach(rows, columns, row_stride, 1) > data.len() || (rows > 1 && row_stride < columns) {
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
        if unsafe { skinny::run::<T>(&product) } {
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
            m in 1_usize..40, n in 1_usize..80, k in 1_usize..50,
            transpose_lhs: bool, transpose_rhs: bool, add: bool, gap in 0_usize..5,
        ) {
            let a = noise(m * k, 1);
            let b = noise(k * n, 2);
            let lhs = if transpose_lhs { Mat::new(&a, k, m).transposed() } else { Mat::new(&a, m, k) };
            let rhs = if transpose_rhs { Mat::new(&b, n, k).transposed() } else { Mat::new(&b, k, n) };
            let start = noise(m * (n + gap), 3);
            let mut dst = start.clone();
            let accumulate = if add { Accumulate::Add } else { Accumulate::Replace };
            matmul(MatMut::strided(&mut dst, m, n, n + gap), accumulate, lhs, rhs);
            let product = slow(lhs, rhs);
            for i in 0..m {
                for j in 0..n + gap {
                    let before = start[i * (n + gap) + j];
                    let expected = match (j < n, add) {
                        (true, true) => before + product[i * n + j],
                        (true, false) => product[i * n + j],
                        (false, _) => before,
                    };
                    // Each product sums k terms below 1: error at most k^2 eps.
                    prop_assert!((dst[i * (n + gap) + j] - expected).abs() < 1e-12);
                }
            }
            // The same in single precision: error k eps relative to the norm.
            let single = |v: &[f64]| v.iter().map(|x| *x as f32).collect::<Vec<f32>>();
            let (a, b) = (single(&a), single(&b));
            let lhs = if transpose_lhs { Mat::new(&a, k, m).transposed() } else { Mat::new(&a, m, k) };
            let rhs = if transpose_rhs { Mat::new(&b, n, k).transposed() } else { Mat::new(&b, k, n) };
            let mut dst = vec![0_f32; m * n];
            matmul(MatMut::new(&mut dst, m, n), Accumulate::Replace, lhs, rhs);
            let dst: Vec<f64> = dst.iter().map(|x| f64::from(*x)).collect();
            prop_assert!(relative_error(&dst, &product) < 1e-5);
        }
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
