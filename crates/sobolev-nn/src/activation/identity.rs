//! f(x) = x.

use super::kernel::{AllKernels, Formula};
use super::{Activation, ActivationEntry, Smoothness};

/// f(x) = x: a layer without an activation.
pub const IDENTITY: Activation = Activation(&ENTRY);

static ENTRY: ActivationEntry = ActivationEntry {
    name: "identity",
    formula: "x",
    source: "",
    smoothness: Smoothness::Analytic,
    good_for: "output layers, linear models",
    kernels: AllKernels::of::<Identity>(),
};

struct Identity;

impl Formula for Identity {
    #[inline(always)]
    fn value_f32<const FUSED: bool>(x: f32) -> f32 {
        x
    }
    #[inline(always)]
    fn slope_f32<const FUSED: bool>(_: f32) -> f32 {
        1.0
    }
    fn value_f64(x: f64) -> f64 {
        x
    }
    fn slope_f64(_: f64) -> f64 {
        1.0
    }
}
