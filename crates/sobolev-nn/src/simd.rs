//! One dispatch for all loops that should be compiled for the vector instructions of the processor at hand.
//!
//! A [`Kernel`] is a plain loop. [`run`] calls it inside a function that enables AVX-512 or AVX2 with FMA, so that it is
//! inlined there and vectorised by the compiler: 0.3 ns an element instead of 15 for the hyperbolic tangent of the
//! standard library.

use sobolev_tensor::Real;

/// A loop over slices. Implementations of `call` must be `#[inline(always)]`, and so must all that they call.
pub(crate) trait Kernel {
    /// What the loop returns.
    type Output;

    /// Runs the loop. With `FUSED`, [`fused`] is one instruction; without, a product and a sum.
    fn call<const FUSED: bool>(self) -> Self::Output;
}

/// Whether the plain build of this target has a fused multiply-add.
const PLAIN_IS_FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// `a * b + c`, rounded once where the processor does that in one instruction. (`f32::mul_add` in a build without FMA is
/// a library call fifty times as slow.)
#[inline(always)]
pub(crate) fn fused<const FUSED: bool, T: Real>(a: T, b: T, c: T) -> T {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Runs a kernel with the widest vectors of this processor.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the instruction set was detected.
            return unsafe { avx512(kernel) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the instruction set was detected.
            return unsafe { avx2(kernel) };
        }
    }
    kernel.call::<PLAIN_IS_FUSED>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.call::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.call::<true>()
}
