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
    if terms.iter().all(|(table, _)| table.imaginary.is_none()) {
        simd::run(RealSum { out, terms, accumulate });
    } else {
        simd::run(ComplexSum { out, terms, accumulate });
    }
}

struct RealSum<'a, T: Real, const N: usize> {
    out: &'a mut [T],
    terms: [(&'a Table<T>, &'a [T]); N],
    accumulate: bool,
}

impl<T: Real, const N: usize> simd::Kernel for RealSum<'_, T, N> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Self { out, terms, accumulate } = self;
        let width = lanes::<T>();
        for (row, out) in out.chunks_exact_mut(2 * width).enumerate() {
            let (re, im) = out.split_at_mut(width);
            if !accumulate {
                re.fill(T::zero());
                im.fill(T::zero());
            }
            for (table, operand) in terms {
                let factor = &table.real.as_slice()[row * width..][..width];
                let (x, y) = operand[2 * row * width..][..2 * width].split_at(width);
                for i in 0..width {
                    re[i] = fused::<FUSED, _>(factor[i], x[i], re[i]);
                    im[i] = fused::<FUSED, _>(factor[i], y[i], im[i]);
                }
            }
        }
    }
}

struct ComplexSum<'a, T: Real, const N: usize> {
    out: &'a mut [T],
    terms: [(&'a Table<T>, &'a [T]); N],
    accumulate: bool,
}

impl<T: Real, const N: usize> simd::Kernel for ComplexSum<'_, T, N> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Self { out, terms, accumulate } = self;
        let width = lanes::<T>();
        for (row, out) in out.chunks_exact_mut(2 * width).enumerate() {
            let (re, im) = out.split_at_mut(width);
            if !accumulate {
                re.fill(T::zero());
                im.fill(T::zero());
            }
            for (table, operand) in terms {
                let factor = &table.real.as_slice()[row * width..][..width];
                let (x, y) = operand[2 * row * width..][..2 * width].split_at(width);
                for i in 0..width {
                    re[i] = fused::<FUSED, _>(factor[i], x[i], re[i]);
                    im[i] = fused::<FUSED, _>(factor[i], y[i], im[i]);
                }
                if let Some(imaginary) = &table.imaginary {
                    let factor = &imaginary.as_slice()[row * width..][..width];
                    for i in 0..width {
                        re[i] = fused::<FUSED, _>(-factor[i], y[i], re[i]);
                        im[i] = fused::<FUSED, _>(factor[i], x[i], im[i]);
                    }
                }
            }
        }
    }
}
