//! The loops over slices, compiled once per formula and number type.

use std::any::TypeId;
use std::marker::PhantomData;

use sobolev_tensor::Real;
use sobolev_tensor::simd::{self, Kernel};

/// What an activation must offer. The f32 forms are branch-free, so that loops over them are vectorised: absolute error
/// below 6e-7. The f64 forms are accurate to a few units of rounding.
pub(super) trait Formula {
    /// f(x) in single precision; `FUSED` as in [`fused`](sobolev_tensor::simd::fused).
    fn value_f32<const FUSED: bool>(x: f32) -> f32;
    /// f'(x) in single precision.
    fn slope_f32<const FUSED: bool>(x: f32) -> f32;
    /// f(x) in double precision.
    fn value_f64(x: f64) -> f64;
    /// f'(x) in double precision.
    fn slope_f64(x: f64) -> f64;
}

/// The loops of one activation on one number type.
pub(super) struct Kernels<T: 'static> {
    pub(super) apply: fn(&mut [T]),
    pub(super) apply_to: fn(&[T], &mut [T]),
    pub(super) backward: fn(&[T], &mut [T]),
}

/// The loops of one activation.
pub(super) struct AllKernels {
    single: Kernels<f32>,
    double: Kernels<f64>,
}

impl AllKernels {
    /// The loops of a formula.
    pub(super) const fn of<F: Formula>() -> Self {
        Self {
            single: Kernels {
                apply: |values| simd::run(Apply::<F>(values, PhantomData)),
                apply_to: |x, y| simd::run(ApplyTo::<F>(x, y, PhantomData)),
                backward: |pre, gradient| simd::run(Backward::<F>(pre, gradient, PhantomData)),
            },
            double: Kernels {
                apply: |values| values.iter_mut().for_each(|v| *v = F::value_f64(*v)),
                apply_to: |x, y| x.iter().zip(y).for_each(|(x, y)| *y = F::value_f64(*x)),
                backward: |pre, gradient| {
                    pre.iter().zip(gradient).for_each(|(x, g)| *g *= F::slope_f64(*x));
                },
            },
        }
    }

    /// The loops on a number type.
    pub(super) fn on<T: Real>(&self) -> &Kernels<T> {
        if TypeId::of::<T>() == TypeId::of::<f32>() {
            // SAFETY: `T` is `f32`, so this casts a type to itself.
            unsafe { &*(&raw const self.single).cast() }
        } else {
            // SAFETY: `Real` is sealed: `T` is `f64`, so this casts a type to itself.
            unsafe { &*(&raw const self.double).cast() }
        }
    }
}

struct Apply<'a, F>(&'a mut [f32], PhantomData<F>);

impl<F: Formula> Kernel for Apply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        for value in self.0 {
            *value = F::value_f32::<FUSED>(*value);
        }
    }
}

struct ApplyTo<'a, F>(&'a [f32], &'a mut [f32], PhantomData<F>);

impl<F: Formula> Kernel for ApplyTo<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        for (x, y) in self.0.iter().zip(self.1) {
            *y = F::value_f32::<FUSED>(*x);
        }
    }
}

struct Backward<'a, F>(&'a [f32], &'a mut [f32], PhantomData<F>);

impl<F: Formula> Kernel for Backward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        for (x, gradient) in self.0.iter().zip(self.1) {
            *gradient *= F::slope_f32::<FUSED>(*x);
        }
    }
}

/// A polynomial by Horner's rule, constant term first.
#[inline(always)]
pub(super) fn horner<const FUSED: bool, const N: usize>(x: f32, coefficients: &[f32; N]) -> f32 {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = simd::fused::<FUSED, _>(sum, x, coefficients[i]);
    }
    sum
}

/// A polynomial as `even(x^2) + x odd(x^2)`, both by Horner's rule: half the latency of one long chain.
#[inline(always)]
pub(super) fn two_chains<const FUSED: bool, const E: usize, const O: usize>(
    x: f32,
    even: &[f32; E],
    odd: &[f32; O],
) -> f32 {
    let square = x * x;
    simd::fused::<FUSED, _>(horner::<FUSED, O>(square, odd), x, horner::<FUSED, E>(square, even))
}
