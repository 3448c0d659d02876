//! f(x) = x Phi(x) = x (1 + erf(x / sqrt 2)) / 2 with the normal distribution function Phi and density phi;
//! f'(x) = Phi(x) + x phi(x).
//!
//! Single precision: with a = |x| and Q = 1 - Phi,
//!
//! ```text
//! f(x)  = max(x, 0) - a Q(a)
//! f'(x) = D(a) for x < 0, 1 - D(a) for x > 0,    D(a) = Q(a) - a phi(a)
//! ```
//!
//! Q and D decay like phi, so on [0, c] they are taken as (c - a)^2 p(s) with a polynomial p in s = 2a/c - 1, and as zero
//! beyond c = 5.71875. Both polynomials are minimax fits of this project (Lawson's iteration in f64); the absolute errors
//! in f32 arithmetic, 2.8e-7 and 4.0e-7, are mostly rounding. No division and no exponential: on AVX2 hardware a division
//! costs as much as twelve multiply-adds.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::kernel::{AllKernels, Formula, two_chains};
use super::{Activation, ActivationEntry, Smoothness};
use sobolev_tensor::simd::fused;

/// The Gaussian error linear unit, f(x) = x (1 + erf(x / sqrt 2)) / 2 (the exact form, PyTorch's default).
pub const GELU: Activation = Activation(&ENTRY);

static ENTRY: ActivationEntry = ActivationEntry {
    name: "gelu",
    formula: "x (1 + erf(x / sqrt 2)) / 2",
    source: "Hendrycks and Gimpel, Gaussian error linear units (GELUs), 2016, arXiv:1606.08415",
    smoothness: Smoothness::Analytic,
    good_for: "neural operators: the default of FNO and MgNO",
    kernels: AllKernels::of::<Gelu>(),
};

pub(super) struct Gelu;

const TAIL: f32 = 5.71875;

/// Even and odd coefficients of p for Q.
const Q_EVEN: [f32; 8] = [
    0.000_259_586_17,
    0.005_664_93,
    0.008_609_184,
    -0.008_783_93,
    -0.000_367_621_86,
    0.004_323_473_7,
    -0.002_654_445,
    0.000_593_63,
];
const Q_ODD: [f32; 7] = [
    -0.001_820_973_5,
    -0.009_730_495,
    -0.000_181_469_15,
    0.009_008_595,
    -0.006_845_561,
    0.002_176_012,
    -0.000_249_989_53,
];

/// Even and odd coefficients of p for D.
const D_EVEN: [f32; 9] = [
    -0.002_080_527_1,
    -0.017_286_137,
    0.047_547_903,
    0.007_003_308_7,
    -0.073_461_65,
    0.077_651_724,
    -0.047_816_597,
    0.021_910_092,
    -0.005_890_222,
];
const D_ODD: [f32; 8] = [
    0.010_291_762,
    -0.001_459_381_3,
    -0.064_926_7,
    0.071_513_61,
    -0.008_372_913,
    -0.037_991_51,
    0.033_219_077,
    -0.009_984_65,
];

/// |x| up to the tail, and `(TAIL - |x|)^2 p(s)`.
#[inline(always)]
fn tail<const FUSED: bool, const E: usize, const O: usize>(
    x: f32,
    even: &[f32; E],
    odd: &[f32; O],
) -> (f32, f32) {
    let a = x.abs();
    let a = if a > TAIL { TAIL } else { a };
    let s = fused::<FUSED, _>(a, 2.0 / TAIL, -1.0);
    let window = TAIL - a;
    (a, window * window * two_chains::<FUSED, E, O>(s, even, odd))
}

impl Formula for Gelu {
    #[inline(always)]
    fn value_f32<const FUSED: bool>(x: f32) -> f32 {
        let (a, q) = tail::<FUSED, 8, 7>(x, &Q_EVEN, &Q_ODD);
        let positive_part = if x < 0.0 { 0.0 } else { x };
        fused::<FUSED, _>(-a, q, positive_part)
    }

    #[inline(always)]
    fn slope_f32<const FUSED: bool>(x: f32) -> f32 {
        let (_, d) = tail::<FUSED, 9, 8>(x, &D_EVEN, &D_ODD);
        0.5 + (0.5 - d).copysign(x)
    }

    fn value_f64(x: f64) -> f64 {
        0.5 * x * complementary_error(x)
    }

    fn slope_f64(x: f64) -> f64 {
        0.5 * complementary_error(x) + x * density(x)
    }
}

/// erfc(-x / sqrt 2). The rounding of x / sqrt 2 is amplified by x^2 on the negative side, so its error goes in to first
/// order: erfc(y + e) = erfc(y) - 2 / sqrt(pi) exp(-y^2) e.
fn complementary_error(x: f64) -> f64 {
    const LOW: f64 = -4.833_646_656_726_457e-17; // 1 / sqrt 2 - FRAC_1_SQRT_2
    let y = -x * FRAC_1_SQRT_2;
    if !(y > 1.0 && y < 27.0) {
        return libm::erfc(y);
    }
    let error = (-x).mul_add(FRAC_1_SQRT_2, -y) - x * LOW;
    libm::erfc(y) - FRAC_2_SQRT_PI * (-y * y).exp() * error
}

/// exp(-x^2 / 2) / sqrt(2 pi), with the rounding of the square put back.
fn density(x: f64) -> f64 {
    const FACTOR: f64 = 0.398_942_280_401_432_7;
    let square = x * x;
    let error = x.mul_add(x, -square);
    let value = FACTOR * (-0.5 * square).exp();
    if square < 1500.0 { value * (1.0 - 0.5 * error) } else { value }
}
