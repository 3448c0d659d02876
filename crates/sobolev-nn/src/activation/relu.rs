//! f(x) = max(x, 0).

use super::kernel::{AllKernels, Formula};
use super::{Activation, ActivationEntry, Smoothness};

/// f(x) = max(x, 0).
pub const RELU: Activation = Activation(&ENTRY);

static ENTRY: ActivationEntry = ActivationEntry {
    name: "relu",
    formula: "max(x, 0)",
    source: "Nair and Hinton, Rectified linear units improve restricted Boltzmann machines, ICML 2010",
    smoothness: Smoothness::Derivatives(0),
    good_for: "speed; not for residuals of differential equations, where its second derivative vanishes",
    kernels: AllKernels::of::<Relu>(),
};

struct Relu;

impl Formula for Relu {
    #[inline(always)]
    fn value_f32<const FUSED: bool>(x: f32) -> f32 {
        // Not `max`: this form is one instruction and lets NaN through.
        if x < 0.0 { 0.0 } else { x }
    }
    #[inline(always)]
    fn slope_f32<const FUSED: bool>(x: f32) -> f32 {
        if x > 0.0 { 1.0 } else { 0.0 }
    }
    fn value_f64(x: f64) -> f64 {
        if x < 0.0 { 0.0 } else { x }
    }
    fn slope_f64(x: f64) -> f64 {
        if x > 0.0 { 1.0 } else { 0.0 }
    }
}
