//! Tables of factors, one for each coefficient, and sums of products with them.

use num_complex::Complex64;
use sobolev_fft::column::lanes;
use sobolev_tensor::simd::{self, fused};
use sobolev_tensor::{Buffer, Real};

/// Factors of all coefficients of a field, in their order; real where all of them are.
#[derive(Debug, Clone)]
pub(crate) struct Table<T: Real> {
    real: Buffer<T>,
    imaginary: Option<Buffer<T>>,
}

impl<T: Real> Table<T> {
    pub(crate) fn new(factors: &[Complex64]) -> Self {
        let part = |pick: fn(&Complex64) -> f64| {
            let mut buffer = Buffer::detached(factors.len());
            buffer.as_mut_slice().iter_mut().zip(factors).for_each(|(to, z)| *to = T::cast(pick(z)));
            buffer
        };
        let is_real = factors.iter().all(|z| z.im == 0.0);
        Self { real: part(|z| z.re), imaginary: (!is_real).then(|| part(|z| z.im)) }
    }
}

/// `out = sum_n table_n * operand_n`, or `out +=` that.
pub(crate) fn combine<T: Real>(out: &mut [T], terms: &[(&Table<T>, &[T])], accumulate: bool) {
    match terms {
        [] if !accumulate => out.fill(T::zero()),
        [] => {}
        [a] => sum(out, [*a], accumulate),
        [a, b] => sum(out, [*a, *b], accumulate),
        [a, b, c] => sum(out, [*a, *b, *c], accumulate),
        [a, b, c, d] => sum(out, [*a, *b, *c, *d], accumulate),
        [a, b, c, d, e] => sum(out, [*a, *b, *c, *d, *e], accumulate),
        [first @ .., last] => {
            combine(out, first, accumulate);
            sum(out, [*last], true);
        }
    }
}

fn sum<T: Real, const N: usize>(out: &mut [T], terms: [(&Table<T>, &[T]); N], accumulate: bool) {
    let terms = terms.map(|(table, operand)| {
        let imaginary = table.imaginary.as_ref().map_or(&[][..], Buffer::as_slice);
        Factors { real: table.real.as_slice(), imaginary, operand }
    });
    // As many numbers as a vector has, known to the compiler.
    if lanes::<T>() == 8 {
        simd::run(Sum::<'_, T, N, 8> { out, terms, accumulate });
    } else {
        simd::run(Sum::<'_, T, N, 4> { out, terms, accumulate });
    }
}

#[derive(Clone, Copy)]
struct Factors<'a, T> {
    real: &'a [T],
    /// Empty for real factors.
    imaginary: &'a [T],
    operand: &'a [T],
}

/// Sums of N terms on rows of W neighbours.
struct Sum<'a, T, const N: usize, const W: usize> {
    out: &'a mut [T],
    terms: [Factors<'a, T>; N],
    accumulate: bool,
}

impl<T: Real, const N: usize, const W: usize> simd::Kernel for Sum<'_, T, N, W> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Self { out, terms, accumulate } = self;
        for (number, out) in out.as_chunks_mut::<W>().0.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            // Sums in arrays of their own stay in registers.
            let mut sum = if accumulate { *out } else { [[T::zero(); W]; 2] };
            for term in &terms {
                let [x, y] = row::<T, W, 2>(term.operand, number);
                let [factor] = row::<T, W, 1>(term.real, number);
                for i in 0..W {
                    sum[0][i] = fused::<FUSED, _>(factor[i], x[i], sum[0][i]);
                    sum[1][i] = fused::<FUSED, _>(factor[i], y[i], sum[1][i]);
                }
                if !term.imaginary.is_empty() {
                    let [factor] = row::<T, W, 1>(term.imaginary, number);
                    for i in 0..W {
                        sum[0][i] = fused::<FUSED, _>(-factor[i], y[i], sum[0][i]);
                        sum[1][i] = fused::<FUSED, _>(factor[i], x[i], sum[1][i]);
                    }
                }
            }
            *out = sum;
        }
    }
}

/// Row `number` of an array of rows of `M` times W numbers.
#[inline(always)]
fn row<T: Real, const W: usize, const M: usize>(values: &[T], number: usize) -> [[T; W]; M] {
    let values = values[M * W * number..][..M * W].as_chunks::<W>().0;
    let mut row = [[T::zero(); W]; M];
    row.copy_from_slice(values);
    row
}
