//! f(x) = tanh x, f' = 1 - f^2.
//!
//! Single precision: x P(x^2) / Q(x^2) with P of degree 5 and Q of degree 3 on [-7.9, 7.9], constant beyond; a minimax fit
//! of the relative error of this project, relative error 2.9e-7 in f32 arithmetic.

use super::kernel::{AllKernels, Formula, horner};
use super::{Activation, ActivationEntry, Smoothness};
use sobolev_tensor::simd::fused;

/// The hyperbolic tangent.
pub const TANH: Activation = Activation(&ENTRY);

static ENTRY: ActivationEntry = ActivationEntry {
    name: "tanh",
    formula: "tanh(x)",
    source: "LeCun, Bottou, Orr and Mueller, Efficient BackProp, 1998",
    smoothness: Smoothness::Analytic,
    good_for: "physics-informed networks, branch and trunk networks",
    kernels: AllKernels::of::<Tanh>(),
};

pub(super) struct Tanh;

const LIMIT: f32 = 7.9;
const P: [f32; 6] = [1.0, 0.129_849_18, 0.002_992_106, 9.939_262e-6, -1.490_644_2e-8, 2.410_563e-11];
const Q: [f32; 4] = [1.0, 0.463_182_36, 0.024_053_13, 0.000_238_088_03];

impl Formula for Tanh {
    #[inline(always)]
    fn value_f32<const FUSED: bool>(x: f32) -> f32 {
        let x = if x > LIMIT { LIMIT } else { x };
        let x = if x < -LIMIT { -LIMIT } else { x };
        let square = x * x;
        x * horner::<FUSED, 6>(square, &P) / horner::<FUSED, 4>(square, &Q)
    }

    #[inline(always)]
    fn slope_f32<const FUSED: bool>(x: f32) -> f32 {
        let value = Self::value_f32::<FUSED>(x);
        fused::<FUSED, _>(-value, value, 1.0)
    }

    fn value_f64(x: f64) -> f64 {
        x.tanh()
    }

    fn slope_f64(x: f64) -> f64 {
        // 1 / cosh^2, which keeps its relative accuracy where 1 - tanh^2 cancels.
        let value = 1.0 / x.cosh();
        value * value
    }
}
