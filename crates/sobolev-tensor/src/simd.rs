//! One dispatch for all loops that are compiled for the vector instructions of the processor at hand.
//!
//! A [`Kernel`] is a plain loop. [`run`] calls it inside a function that enables AVX-512 or AVX2 with FMA, so that it is
//! inlined there and vectorised by the compiler: 0.3 ns an element instead of 15 for the hyperbolic tangent of the
//! standard library. Kernels that write their vectors out themselves ask [`InstructionSet::detected`] alone.
//!
//! ```
//! use sobolev_tensor::simd::{self, Kernel, fused};
//! struct Axpy<'a>(f64, &'a [f64], &'a mut [f64]);
//! impl Kernel for Axpy<'_> {
//!     type Output = ();
//!     #[inline(always)]
//!     fn call<const FUSED: bool>(self) {
//!         let Axpy(a, x, y) = self;
//!         y.iter_mut().zip(x).for_each(|(y, x)| *y = fused::<FUSED, _>(a, *x, *y));
//!     }
//! }
//! let mut y = [1.0, 2.0];
//! simd::run(Axpy(2.0, &[10.0, 20.0], &mut y));
//! assert_eq!(y, [21.0, 42.0]);
//! ```

use crate::Real;

/// Vector instructions that loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vectors {
    /// What every processor of this architecture has.
    Base,
    /// 256 bits and fused multiply-adds.
    Avx2,
    /// 512 bits, with the extensions (VL, DQ, BW) that all processors since 2017 have beside them.
    Avx512,
}

/// Vector instructions that this processor was seen to have; there is no way to one that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstructionSet(Vectors);

impl InstructionSet {
    /// The widest one.
    #[inline]
    #[must_use]
    pub fn detected() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw");
            return Self(if wide { Vectors::Avx512 } else { Vectors::Avx2 });
        }
        Self(Vectors::Base)
    }

    /// All that this processor has, from the narrowest to the widest: for tests that compare them.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let all = [Vectors::Base, Vectors::Avx2, Vectors::Avx512].map(Self);
        all.into_iter().filter(|set| *set <= Self::detected()).collect()
    }

    /// Which one it is.
    #[inline]
    #[must_use]
    pub fn vectors(self) -> Vectors {
        self.0
    }
}

/// A loop over slices. Implementations of `call` must be `#[inline(always)]`, and so must all that they call.
pub trait Kernel {
    /// What the loop returns.
    type Output;

    /// Runs the loop. With `FUSED`, [`fused`] is one instruction; without, a product and a sum.
    fn call<const FUSED: bool>(self) -> Self::Output;
}

/// Whether the plain build of this target has a fused multiply-add.
const BASE_IS_FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// `a * b + c`, rounded once where the processor does that in one instruction. (`f32::mul_add` in a build without FMA is
/// a library call fifty times as slow.)
#[inline(always)]
pub fn fused<const FUSED: bool, T: Real>(a: T, b: T, c: T) -> T {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Runs a kernel with the widest vectors of this processor.
#[inline]
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    run_on(InstructionSet::detected(), kernel)
}

/// Runs a kernel with the vectors of an instruction set. Results of different ones agree to rounding.
#[inline]
pub fn run_on<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    match set.vectors() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `InstructionSet` exists only when it was detected.
        Vectors::Avx512 => unsafe { avx512(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Vectors::Avx2 => unsafe { avx2(kernel) },
        _ => kernel.call::<BASE_IS_FUSED>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.call::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.call::<true>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sobolev_testing::noise;

    struct Horner<'a>(&'a [f64], &'a mut [f64]);

    impl Kernel for Horner<'_> {
        type Output = usize;

        #[inline(always)]
        fn call<const FUSED: bool>(self) -> usize {
            let Horner(x, y) = self;
            for (y, &x) in y.iter_mut().zip(x) {
                *y = fused::<FUSED, _>(fused::<FUSED, _>(x, 0.5, -1.25), x, 2.0);
            }
            y.len()
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_to_rounding() {
        let x = noise(103, 1);
        let sets = InstructionSet::available();
        assert_eq!(sets[0].vectors(), Vectors::Base);
        assert_eq!(sets.last(), Some(&InstructionSet::detected()));
        for set in sets {
            let mut y = vec![0.0; x.len()];
            assert_eq!(run_on(set, Horner(&x, &mut y)), 103);
            for (y, x) in y.iter().zip(&x) {
                // Two roundings of numbers below four, in each of two forms.
                assert!((y - (0.5 * x * x - 1.25 * x + 2.0)).abs() < 4.0 * 4.0 * f64::EPSILON, "{set:?}");
            }
        }
    }
}
