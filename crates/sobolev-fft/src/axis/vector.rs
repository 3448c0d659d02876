//! Vectors of one instruction set for both number types.

use sobolev_tensor::Real;

/// A few numbers on which one instruction works.
///
/// The operations are inlined into a function that enables the instruction set; outside of one they must not be called.
pub(super) trait Vector<T: Real>: Copy {
    /// Numbers in a vector.
    const LANES: usize;

    unsafe fn splat(value: T) -> Self;
    unsafe fn load(from: *const T) -> Self;
    unsafe fn store(self, to: *mut T);
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
    /// `self + factor * other`, rounded once where the processor can.
    unsafe fn plus_product(self, factor: Self, other: Self) -> Self;
}

/// W numbers without explicit instructions: the tails, and processors without a vector type below.
#[derive(Clone, Copy)]
pub(super) struct Plain<T, const W: usize, const FUSED: bool>([T; W]);

impl<T: Real, const W: usize, const FUSED: bool> Vector<T> for Plain<T, W, FUSED> {
    const LANES: usize = W;

    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        Self([value; W])
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller vouches for W numbers; an array has the alignment of its elements.
        Self(unsafe { from.cast::<[T; W]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: as in `load`.
        unsafe { to.cast::<[T; W]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn plus(mut self, other: Self) -> Self {
        for i in 0..W {
            self.0[i] += other.0[i];
        }
        self
    }
    #[inline(always)]
    unsafe fn minus(mut self, other: Self) -> Self {
        for i in 0..W {
            self.0[i] -= other.0[i];
        }
        self
    }
    #[inline(always)]
    unsafe fn plus_product(mut self, factor: Self, other: Self) -> Self {
        for i in 0..W {
            let (a, b, sum) = (factor.0[i], other.0[i], self.0[i]);
            self.0[i] = if FUSED { a.mul_add(b, sum) } else { a * b + sum };
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use super::Vector;
    use sobolev_tensor::Real;
    use std::arch::x86_64::*;
    use std::marker::PhantomData;

    macro_rules! vector {
        ($(#[$doc:meta])* $name:ident, $register:ty, $bytes:literal,
         f32: $splat32:ident $load32:ident $store32:ident $add32:ident $sub32:ident $fused32:ident,
         f64: $splat64:ident $load64:ident $store64:ident $add64:ident $sub64:ident $fused64:ident,
         $to64:ident $to32:ident) => {
            $(#[$doc])*
            pub(in crate::axis) struct $name<T>($register, PhantomData<T>);

            impl<T> Clone for $name<T> {
                #[inline(always)]
                fn clone(&self) -> Self {
                    *self
                }
            }

            impl<T> Copy for $name<T> {}

            /// The register holds f32 numbers or, seen through a cast that costs nothing, f64 ones.
            impl<T: Real> Vector<T> for $name<T> {
                const LANES: usize = $bytes / size_of::<T>();

                #[inline(always)]
                unsafe fn splat(value: T) -> Self {
                    let value: *const T = &value;
                    // SAFETY: T is f32 or f64 (`Real` is sealed), told apart by its size; the instruction set is enabled
                    // in the function this is inlined into (the trait's contract). The same holds below.
                    unsafe {
                        Self(
                            if size_of::<T>() == 4 {
                                $splat32(*value.cast())
                            } else {
                                $to32($splat64(*value.cast()))
                            },
                            PhantomData,
                        )
                    }
                }
                #[inline(always)]
                unsafe fn load(from: *const T) -> Self {
                    // SAFETY: as above; the caller vouches for the memory.
                    unsafe {
                        Self(
                            if size_of::<T>() == 4 {
                                $load32(from.cast())
                            } else {
                                $to32($load64(from.cast()))
                            },
                            PhantomData,
                        )
                    }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut T) {
                    // SAFETY: as above; the caller vouches for the memory.
                    unsafe {
                        if size_of::<T>() == 4 {
                            $store32(to.cast(), self.0)
                        } else {
                            $store64(to.cast(), $to64(self.0))
                        }
                    }
                }
                #[inline(always)]
                unsafe fn plus(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe {
                        Self(
                            if size_of::<T>() == 4 {
                                $add32(self.0, other.0)
                            } else {
                                $to32($add64($to64(self.0), $to64(other.0)))
                            },
                            PhantomData,
                        )
                    }
                }
                #[inline(always)]
                unsafe fn minus(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe {
                        Self(
                            if size_of::<T>() == 4 {
                                $sub32(self.0, other.0)
                            } else {
                                $to32($sub64($to64(self.0), $to64(other.0)))
                            },
                            PhantomData,
                        )
                    }
                }
                #[inline(always)]
                unsafe fn plus_product(self, factor: Self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe {
                        Self(
                            if size_of::<T>() == 4 {
                                $fused32(factor.0, other.0, self.0)
                            } else {
                                $to32($fused64($to64(factor.0), $to64(other.0), $to64(self.0)))
                            },
                            PhantomData,
                        )
                    }
                }
            }
        };
    }

    vector!(
        /// 64 bytes; needs AVX-512F.
        Avx512, __m512, 64,
        f32: _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_add_ps _mm512_sub_ps _mm512_fmadd_ps,
        f64: _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_add_pd _mm512_sub_pd _mm512_fmadd_pd,
        _mm512_castps_pd _mm512_castpd_ps
    );
    vector!(
        /// 32 bytes; needs AVX and FMA.
        Avx, __m256, 32,
        f32: _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_add_ps _mm256_sub_ps _mm256_fmadd_ps,
        f64: _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_add_pd _mm256_sub_pd _mm256_fmadd_pd,
        _mm256_castps_pd _mm256_castpd_ps
    );
    vector!(
        /// 16 bytes; needs FMA.
        Sse, __m128, 16,
        f32: _mm_set1_ps _mm_loadu_ps _mm_storeu_ps _mm_add_ps _mm_sub_ps _mm_fmadd_ps,
        f64: _mm_set1_pd _mm_loadu_pd _mm_storeu_pd _mm_add_pd _mm_sub_pd _mm_fmadd_pd,
        _mm_castps_pd _mm_castpd_ps
    );
}
