//! The product of a spectrum with one complex matrix per mode, and its adjoint.
//!
//! A complex row `[re | im]` of `2 c` numbers is doubled to the two real rows `[re | -im]` and `[im | re]`; times the stacked
//! weight `[Re R; Im R]` (`2 c_in x c_out`, as it is stored) they give the real and the imaginary part of the product.
//! So one real product of `2 batch` rows a mode does it, and the weight is read once, where it lies.

use rayon::prelude::*;
use sobolev_tensor::{Accumulate, Mat, MatMut, Pool, Real, matmul};

/// Sizes of a per-mode product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) modes: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

/// Modes that one task handles. A mode of width 32 and batch 20 takes about 3 microseconds.
const MODES_PER_TASK: usize = 8;

/// Rows `[re | -im]` for the first half and `[im | re]` for the second, of mode `mode` of `spectrum` `[batch, modes, 2 c]`.
fn doubled<T: Real>(spectrum: &[T], sizes: Sizes, mode: usize, rows: &mut [T]) {
    let c = sizes.inputs;
    let (first, second) = rows.split_at_mut(sizes.batch * 2 * c);
    for (b, (first, second)) in first.chunks_exact_mut(2 * c).zip(second.chunks_exact_mut(2 * c)).enumerate()
    {
        let (re, im) = spectrum[(b * sizes.modes + mode) * 2 * c..][..2 * c].split_at(c);
        first[..c].copy_from_slice(re);
        first[c..].iter_mut().zip(im).for_each(|(to, im)| *to = -*im);
        second[..c].copy_from_slice(im);
        second[c..].copy_from_slice(re);
    }
}

/// `result[mode, batch, 2 c_out] = spectrum[batch, mode, 2 c_in] * weight[mode, 2, c_in, c_out]`.
pub(super) fn product<T: Real>(pool: &Pool, sizes: Sizes, spectrum: &[T], weight: &[T], result: &mut [T]) {
    let Sizes { batch, inputs, outputs, .. } = sizes;
    let mode_len = batch * 2 * outputs;
    result.par_chunks_mut(MODES_PER_TASK * mode_len).enumerate().for_each(|(task, results)| {
        let mut rows = pool.take::<T>(2 * batch * 2 * inputs);
        let mut products = pool.take::<T>(2 * batch * outputs);
        for (i, result) in results.chunks_exact_mut(mode_len).enumerate() {
            let mode = task * MODES_PER_TASK + i;
            doubled(spectrum, sizes, mode, rows.as_mut_slice());
            matmul(
                MatMut::new(products.as_mut_slice(), 2 * batch, outputs),
                Accumulate::Replace,
                Mat::new(rows.as_slice(), 2 * batch, 2 * inputs),
                Mat::new(&weight[mode * 2 * inputs * outputs..][..2 * inputs * outputs], 2 * inputs, outputs),
            );
            let (re, im) = products.as_slice().split_at(batch * outputs);
            for (b, row) in result.chunks_exact_mut(2 * outputs).enumerate() {
                row[..outputs].copy_from_slice(&re[b * outputs..][..outputs]);
                row[outputs..].copy_from_slice(&im[b * outputs..][..outputs]);
            }
        }
    });
}

/// Adjoint of [`product`]: from `gradient` `[batch, modes, 2 c_out]`, the gradients with respect to the weight
/// `[modes, 2, c_in, c_out]` and to the spectrum, the latter as `[modes, batch, 2 c_in]`.
pub(super) fn product_adjoint<T: Real>(
    pool: &Pool,
    sizes: Sizes,
    spectrum: &[T],
    weight: &[T],
    gradient: &[T],
    weight_gradient: &mut [T],
    spectrum_gradient: &mut [T],
) {
    let Sizes { batch, modes, inputs, outputs } = sizes;
    let (weight_len, mode_len) = (2 * inputs * outputs, batch * 2 * inputs);
    weight_gradient
        .par_chunks_mut(MODES_PER_TASK * weight_len)
        .zip(spectrum_gradient.par_chunks_mut(MODES_PER_TASK * mode_len))
        .enumerate()
        .for_each(|(task, (weight_gradients, spectrum_gradients))| {
            let mut rows = pool.take::<T>(2 * batch * 2 * inputs);
            let mut gradient_rows = pool.take::<T>(2 * batch * outputs);
            let mut rows_gradient = pool.take::<T>(2 * batch * 2 * inputs);
            let per_mode = weight_gradients.chunks_exact_mut(weight_len);
            for (i, (weight_gradient, result)) in
                per_mode.zip(spectrum_gradients.chunks_exact_mut(mode_len)).enumerate()
            {
                let mode = task * MODES_PER_TASK + i;
                doubled(spectrum, sizes, mode, rows.as_mut_slice());
                let (re, im) = gradient_rows.as_mut_slice().split_at_mut(batch * outputs);
                for b in 0..batch {
                    let row = &gradient[(b * modes + mode) * 2 * outputs..][..2 * outputs];
                    re[b * outputs..][..outputs].copy_from_slice(&row[..outputs]);
                    im[b * outputs..][..outputs].copy_from_slice(&row[outputs..]);
                }
                let rows = Mat::new(rows.as_slice(), 2 * batch, 2 * inputs);
                let gradient_rows = Mat::new(gradient_rows.as_slice(), 2 * batch, outputs);
                matmul(
                    MatMut::new(weight_gradient, 2 * inputs, outputs),
                    Accumulate::Replace,
                    rows.transposed(),
                    gradient_rows,
                );
                let weight = Mat::new(&weight[mode * weight_len..][..weight_len], 2 * inputs, outputs);
                matmul(
                    MatMut::new(rows_gradient.as_mut_slice(), 2 * batch, 2 * inputs),
                    Accumulate::Replace,
                    gradient_rows,
                    weight.transposed(),
                );
                let (first, second) = rows_gradient.as_slice().split_at(batch * 2 * inputs);
                let doubled = first.chunks_exact(2 * inputs).zip(second.chunks_exact(2 * inputs));
                for (row, (first, second)) in result.chunks_exact_mut(2 * inputs).zip(doubled) {
                    for c in 0..inputs {
                        row[c] = first[c] + second[inputs + c];
                        row[inputs + c] = second[c] - first[inputs + c];
                    }
                }
            }
        });
}
