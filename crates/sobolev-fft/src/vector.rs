//! Vectors of one instruction set for both number types.

use sobolev_tensor::Real;

/// A few numbers on which one instruction works.
///
/// The operations are inlined into a function that enables the instruction set; outside of one they must not be called.
pub(crate) trait Vector<T: Real>: Copy {
    /// Numbers in a vector.
    const LANES: usize;

    unsafe fn splat(value: T) -> Self;
    unsafe fn load(from: *const T) -> Self;
    unsafe fn store(self, to: *mut T);
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
    unsafe fn times(self, other: Self) -> Self;
    /// `self + factor * other`, rounded once where the processor can.
    unsafe fn plus_product(self, factor: Self, other: Self) -> Self;
    /// `self - factor * other`, rounded once where the processor can.
    unsafe fn minus_product(self, factor: Self, other: Self) -> Self;
    /// Whether `plus_product` rounds once.
    const FUSED: bool;

    /// The numbers in the opposite order.
    #[inline(always)]
    unsafe fn reversed(mut self) -> Self {
        let numbers = (&raw mut self).cast::<T>();
        for i in 0..Self::LANES / 2 {
            // SAFETY: both lie in the vector.
            unsafe { std::ptr::swap(numbers.add(i), numbers.add(Self::LANES - 1 - i)) };
        }
        self
    }
    /// Transposes the square of LANES vectors from `block` on.
    #[inline(always)]
    unsafe fn transpose(block: *mut Self) {
        let numbers = block.cast::<T>();
        for i in 0..Self::LANES {
            for j in 0..i {
                // SAFETY: both lie in the block.
                unsafe { std::ptr::swap(numbers.add(i * Self::LANES + j), numbers.add(j * Self::LANES + i)) };
            }
        }
    }
}

/// W numbers without explicit instructions: the tails, and processors without a vector type below.
#[derive(Clone, Copy)]
pub(crate) struct Plain<T, const W: usize, const FUSED: bool>([T; W]);

impl<T: Real, const W: usize, const FUSED: bool> Vector<T> for Plain<T, W, FUSED> {
    const LANES: usize = W;
    const FUSED: bool = FUSED;

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
    unsafe fn times(mut self, other: Self) -> Self {
        for i in 0..W {
            self.0[i] *= other.0[i];
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
    #[inline(always)]
    unsafe fn minus_product(mut self, factor: Self, other: Self) -> Self {
        for i in 0..W {
            let (a, b, sum) = (factor.0[i], other.0[i], self.0[i]);
            self.0[i] = if FUSED { (-a).mul_add(b, sum) } else { sum - a * b };
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86 {
    use super::Vector;
    use sobolev_tensor::Real;
    use std::arch::x86_64::*;
    use std::marker::PhantomData;

    macro_rules! vector {
        ($(#[$doc:meta])* $name:ident, $register:ty, $bytes:literal,
         f32: $splat32:ident $load32:ident $store32:ident $add32:ident $sub32:ident $mul32:ident $fused32:ident $negated32:ident,
         f64: $splat64:ident $load64:ident $store64:ident $add64:ident $sub64:ident $mul64:ident $fused64:ident $negated64:ident,
         $to64:ident $to32:ident $(, $transpose:ident $reversed:ident)?) => {
            $(#[$doc])*
            pub(crate) struct $name<T>($register, PhantomData<T>);

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
                const FUSED: bool = true;

                $(
                    #[inline(always)]
                    unsafe fn transpose(block: *mut Self) {
                        // SAFETY: as above; a block of registers is a block of vectors.
                        unsafe { $transpose::<T>(block.cast()) }
                    }
                    #[inline(always)]
                    unsafe fn reversed(self) -> Self {
                        // SAFETY: as above.
                        Self(unsafe { $reversed::<T>(self.0) }, PhantomData)
                    }
                )?
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
                unsafe fn times(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe {
                        Self(
                            if size_of::<T>() == 4 {
                                $mul32(self.0, other.0)
                            } else {
                                $to32($mul64($to64(self.0), $to64(other.0)))
                            },
                            PhantomData,
                        )
                    }
                }
                #[inline(always)]
                unsafe fn minus_product(self, factor: Self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe {
                        Self(
                            if size_of::<T>() == 4 {
                                $negated32(factor.0, other.0, self.0)
                            } else {
                                $to32($negated64($to64(factor.0), $to64(other.0), $to64(self.0)))
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
        f32: _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_fmadd_ps _mm512_fnmadd_ps,
        f64: _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_add_pd _mm512_sub_pd _mm512_mul_pd _mm512_fmadd_pd _mm512_fnmadd_pd,
        _mm512_castps_pd _mm512_castpd_ps
    );
    vector!(
        /// 32 bytes; needs AVX2 and FMA.
        Avx, __m256, 32,
        f32: _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_fmadd_ps _mm256_fnmadd_ps,
        f64: _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_fmadd_pd _mm256_fnmadd_pd,
        _mm256_castps_pd _mm256_castpd_ps, transpose256 reversed256
    );
    vector!(
        /// 16 bytes; needs FMA.
        Sse, __m128, 16,
        f32: _mm_set1_ps _mm_loadu_ps _mm_storeu_ps _mm_add_ps _mm_sub_ps _mm_mul_ps _mm_fmadd_ps _mm_fnmadd_ps,
        f64: _mm_set1_pd _mm_loadu_pd _mm_storeu_pd _mm_add_pd _mm_sub_pd _mm_mul_pd _mm_fmadd_pd _mm_fnmadd_pd,
        _mm_castps_pd _mm_castpd_ps
    );

    /// Eight f32 or four f64 numbers in the opposite order.
    #[inline(always)]
    unsafe fn reversed256<T>(register: __m256) -> __m256 {
        // SAFETY: the caller vouches for AVX2.
        unsafe {
            if size_of::<T>() == 8 {
                return _mm256_castpd_ps(_mm256_permute4x64_pd::<0x1B>(_mm256_castps_pd(register)));
            }
            _mm256_permutevar8x32_ps(register, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0))
        }
    }

    /// Eight vectors of eight f32 numbers, or four of four f64 numbers: pairs within the halves, then the halves.
    #[inline(always)]
    unsafe fn transpose256<T>(block: *mut __m256) {
        // SAFETY: the caller vouches for as many registers as one holds numbers, and for AVX.
        unsafe {
            if size_of::<T>() == 8 {
                let block = block.cast::<__m256d>();
                let row = |i: usize| *block.add(i);
                let low = [_mm256_unpacklo_pd(row(0), row(1)), _mm256_unpacklo_pd(row(2), row(3))];
                let high = [_mm256_unpackhi_pd(row(0), row(1)), _mm256_unpackhi_pd(row(2), row(3))];
                *block = _mm256_permute2f128_pd::<0x20>(low[0], low[1]);
                *block.add(1) = _mm256_permute2f128_pd::<0x20>(high[0], high[1]);
                *block.add(2) = _mm256_permute2f128_pd::<0x31>(low[0], low[1]);
                *block.add(3) = _mm256_permute2f128_pd::<0x31>(high[0], high[1]);
                return;
            }
            let pair = |i: usize| (*block.add(i), *block.add(i + 1));
            let mut quads = [[_mm256_setzero_ps(); 4]; 2];
            for (half, quad) in quads.iter_mut().enumerate() {
                let ((a, b), (c, d)) = (pair(4 * half), pair(4 * half + 2));
                let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
                let (low2, high2) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
                *quad = [
                    _mm256_shuffle_ps::<0x44>(low, low2),
                    _mm256_shuffle_ps::<0xEE>(low, low2),
                    _mm256_shuffle_ps::<0x44>(high, high2),
                    _mm256_shuffle_ps::<0xEE>(high, high2),
                ];
            }
            for i in 0..4 {
                *block.add(i) = _mm256_permute2f128_ps::<0x20>(quads[0][i], quads[1][i]);
                *block.add(i + 4) = _mm256_permute2f128_ps::<0x31>(quads[0][i], quads[1][i]);
            }
        }
    }
}
