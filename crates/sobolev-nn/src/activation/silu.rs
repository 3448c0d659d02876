//! f(x) = x s(x) with the logistic function s(x) = 1 / (1 + exp(-x)); f' = s (1 + x (1 - s)).

use super::kernel::{AllKernels, Formula, horner};
use super::{Activation, ActivationEntry, Smoothness};
use sobolev_tensor::simd::fused;

/// The sigmoid linear unit, f(x) = x / (1 + exp(-x)), also called swish.
pub const SILU: Activation = Activation(&ENTRY);

static ENTRY: ActivationEntry = ActivationEntry {
    name: "silu",
    formula: "x / (1 + exp(-x))",
    source: "Elfwing, Uchibe and Doya, Neural Networks 107, 2018, arXiv:1702.03118",
    smoothness: Smoothness::Analytic,
    good_for: "neural operators and physics-informed networks",
    kernels: AllKernels::of::<Silu>(),
};

pub(super) struct Silu;

/// exp(x), relative error 1e-7, for |x| <= 87 and constant beyond: exp(r) 2^n with n = round(x / ln 2), where
/// exp(r) = 1 + r + r^2 p(r) with a minimax fit p.
#[inline(always)]
fn exp<const FUSED: bool>(x: f32) -> f32 {
    const P: [f32; 5] = [0.499_999_94, 0.166_665_21, 0.041_668_39, 0.008_368_745, 0.001_381_454];
    const LN_2_HIGH: f32 = 0.693_359_4; // 9 bits, so that its product with n is exact
    const LN_2_LOW: f32 = -0.000_212_194_44;
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
    let x = if x > 87.0 { 87.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = fused::<FUSED, _>(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fused::<FUSED, _>(-n, LN_2_LOW, fused::<FUSED, _>(-n, LN_2_HIGH, x));
    let power = fused::<FUSED, _>(r * r, horner::<FUSED, 5>(r, &P), r);
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    fused::<FUSED, _>(power, scale, scale)
}

impl Formula for Silu {
    #[inline(always)]
    fn value_f32<const FUSED: bool>(x: f32) -> f32 {
        x / (1.0 + exp::<FUSED>(-x))
    }

    #[inline(always)]
    fn slope_f32<const FUSED: bool>(x: f32) -> f32 {
        let e = exp::<FUSED>(-x);
        let s = 1.0 / (1.0 + e);
        s * fused::<FUSED, _>(x, e * s, 1.0) // e s = 1 - s without its cancellation
    }

    fn value_f64(x: f64) -> f64 {
        x / (1.0 + (-x).exp())
    }

    fn slope_f64(x: f64) -> f64 {
        let (s, complement) = (1.0 / (1.0 + (-x).exp()), 1.0 / (1.0 + x.exp()));
        s * (1.0 + x * complement)
    }
}
