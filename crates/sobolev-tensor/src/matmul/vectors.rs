//! Vectors of the instruction sets that the skinny kernels are compiled for.

/// Vector operations of one instruction set on one number type. All of them are inlined into a function that enables the
/// instruction set; outside of it they must not be called.
pub(super) trait Simd: Copy {
    type Scalar: Copy;
    type Vector: Copy;
    /// Numbers in a vector.
    const LANES: usize;

    unsafe fn zero() -> Self::Vector;
    unsafe fn splat(value: Self::Scalar) -> Self::Vector;
    unsafe fn load(from: *const Self::Scalar) -> Self::Vector;
    unsafe fn store(to: *mut Self::Scalar, value: Self::Vector);
    /// Loads the first `count < LANES` numbers; the others are zero.
    unsafe fn load_first(from: *const Self::Scalar, count: usize) -> Self::Vector;
    /// Stores the first `count < LANES` numbers.
    unsafe fn store_first(to: *mut Self::Scalar, value: Self::Vector, count: usize);
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b + c`, rounded once.
    unsafe fn fused(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use super::Simd;
    use std::arch::x86_64::*;

    macro_rules! simd {
        ($name:ident, $scalar:ty, $vector:ty, $lanes:literal, $zero:ident, $splat:ident, $load:ident, $store:ident,
         $add:ident, $fused:ident, |$from:ident, $n:ident| $load_first:expr, |$to:ident, $v:ident, $m:ident| $store_first:expr) => {
            #[derive(Clone, Copy)]
            pub(in crate::matmul) struct $name;

            impl Simd for $name {
                type Scalar = $scalar;
                type Vector = $vector;
                const LANES: usize = $lanes;

                #[inline(always)]
                unsafe fn zero() -> $vector {
                    // SAFETY: inlined into a function that enables the instruction set (the trait's contract).
                    unsafe { $zero() }
                }
                #[inline(always)]
                unsafe fn splat(value: $scalar) -> $vector {
                    // SAFETY: as above.
                    unsafe { $splat(value) }
                }
                #[inline(always)]
                unsafe fn load(from: *const $scalar) -> $vector {
                    // SAFETY: as above; the caller vouches for the memory.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(to: *mut $scalar, value: $vector) {
                    // SAFETY: as above; the caller vouches for the memory.
                    unsafe { $store(to, value) }
                }
                #[inline(always)]
                unsafe fn load_first($from: *const $scalar, $n: usize) -> $vector {
                    // SAFETY: as above; lanes beyond the count are masked and not read.
                    unsafe { $load_first }
                }
                #[inline(always)]
                unsafe fn store_first($to: *mut $scalar, $v: $vector, $m: usize) {
                    // SAFETY: as above; lanes beyond the count are masked and not written.
                    unsafe { $store_first }
                }
                #[inline(always)]
                unsafe fn add(a: $vector, b: $vector) -> $vector {
                    // SAFETY: as above.
                    unsafe { $add(a, b) }
                }
                #[inline(always)]
                unsafe fn fused(a: $vector, b: $vector, c: $vector) -> $vector {
                    // SAFETY: as above.
                    unsafe { $fused(a, b, c) }
                }
            }
        };
    }

    /// Eight ones before eight zeros: a window into it is a mask of the first lanes for AVX2.
    static MASK32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    static MASK64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

    simd!(
        Avx512F32,
        f32,
        __m512,
        16,
        _mm512_setzero_ps,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_fmadd_ps,
        |from, n| _mm512_maskz_loadu_ps((1_u16 << n) - 1, from),
        |to, v, n| _mm512_mask_storeu_ps(to, (1_u16 << n) - 1, v)
    );
    simd!(
        Avx512F64,
        f64,
        __m512d,
        8,
        _mm512_setzero_pd,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_add_pd,
        _mm512_fmadd_pd,
        |from, n| _mm512_maskz_loadu_pd((1_u8 << n) - 1, from),
        |to, v, n| _mm512_mask_storeu_pd(to, (1_u8 << n) - 1, v)
    );
    // AVX2 tails are stored number by number: the masked store takes microcode on AMD.
    simd!(
        Avx2F32,
        f32,
        __m256,
        8,
        _mm256_setzero_ps,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_fmadd_ps,
        |from, n| _mm256_maskload_ps(from, _mm256_loadu_si256(MASK32.as_ptr().add(8 - n).cast())),
        |to, v, n| {
            let mut lanes = [0_f32; 8];
            _mm256_storeu_ps(lanes.as_mut_ptr(), v);
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, n);
        }
    );
    simd!(
        Avx2F64,
        f64,
        __m256d,
        4,
        _mm256_setzero_pd,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_add_pd,
        _mm256_fmadd_pd,
        |from, n| _mm256_maskload_pd(from, _mm256_loadu_si256(MASK64.as_ptr().add(4 - n).cast())),
        |to, v, n| {
            let mut lanes = [0_f64; 4];
            _mm256_storeu_pd(lanes.as_mut_ptr(), v);
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, n);
        }
    );
}
