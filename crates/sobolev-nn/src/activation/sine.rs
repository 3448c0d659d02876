//! f(x) = sin x, f' = cos x.
//!
//! Single precision: the argument less the nearest multiple of pi (an odd multiple of pi / 2 for the cosine), in three
//! parts of pi, then a minimax polynomial of degree 9. Absolute error below 2e-7 for |x| up to 10^5.

use super::kernel::{AllKernels, Formula, horner};
use super::{Activation, ActivationEntry, Smoothness};
use sobolev_tensor::simd::fused;

/// The sine.
pub const SINE: Activation = Activation(&ENTRY);

static ENTRY: ActivationEntry = ActivationEntry {
    name: "sine",
    formula: "sin(x)",
    source: "Sitzmann et al., Implicit neural representations with periodic activation functions, 2020, arXiv:2006.09661",
    smoothness: Smoothness::Analytic,
    good_for: "coordinate networks (SIREN), oscillating fields",
    kernels: AllKernels::of::<Sine>(),
};

pub(super) struct Sine;

/// sin(x + shift pi) for shift 0 or 1/2.
#[inline(always)]
fn shifted_sine<const FUSED: bool>(x: f32, shift: f32) -> f32 {
    const P: [f32; 4] = [-0.166_666_6, 0.008_333_066, -0.000_198_095_38, 2.605_631e-6];
    const ROUND: f32 = 12_582_912.0; // as in `silu`
    // pi in three parts. A fused product with the first is exact up to multiples of 2^22.
    const PI: [f32; 3] = [std::f32::consts::PI, -8.742_278e-8, -3.430_249e-15];
    let rounded = fused::<FUSED, _>(x, std::f32::consts::FRAC_1_PI, shift) + ROUND;
    let multiple = (rounded - ROUND) - shift;
    let r = if FUSED {
        let r = fused::<FUSED, _>(-multiple, PI[0], x);
        fused::<FUSED, _>(-multiple, PI[2], fused::<FUSED, _>(-multiple, PI[1], r))
    } else {
        // Without a fused product the parts would have to be short; double precision is simpler.
        (f64::from(x) - f64::from(multiple) * std::f64::consts::PI) as f32
    };
    // Beyond 10^7 neither f32 arguments nor the multiples are exact; this keeps the result a sine's.
    let r = if r > std::f32::consts::FRAC_PI_2 { std::f32::consts::FRAC_PI_2 } else { r };
    let r = if r < -std::f32::consts::FRAC_PI_2 { -std::f32::consts::FRAC_PI_2 } else { r };
    let sign = rounded.to_bits() << 31; // odd multiples change the sign
    let square = r * r;
    let sine = fused::<FUSED, _>(r * square, horner::<FUSED, 4>(square, &P), r);
    f32::from_bits(sine.to_bits() ^ sign)
}

impl Formula for Sine {
    #[inline(always)]
    fn value_f32<const FUSED: bool>(x: f32) -> f32 {
        shifted_sine::<FUSED>(x, 0.0)
    }

    #[inline(always)]
    fn slope_f32<const FUSED: bool>(x: f32) -> f32 {
        shifted_sine::<FUSED>(x, 0.5)
    }

    fn value_f64(x: f64) -> f64 {
        x.sin()
    }

    fn slope_f64(x: f64) -> f64 {
        x.cos()
    }
}
