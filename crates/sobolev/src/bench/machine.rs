//! Rates of the machine: fused multiply-adds, matrix products, memory.

use super::Timings;
use rayon::prelude::*;
use serde::Serialize;
use sobolev_nn::activation::GELU;
use sobolev_tensor::simd::{InstructionSet, Vectors};
use sobolev_tensor::{Accumulate, Mat, MatMut, Real, matmul};
use std::convert::Infallible;
use std::hint::black_box;

/// What was measured, all threads together, in f32.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Machine {
    /// Threads.
    pub threads: usize,
    /// Independent fused multiply-adds in registers, GFLOP/s: nothing can be faster.
    pub fma_gflops: f64,
    /// Best rate of any product tried, GFLOP/s, with its shape.
    pub matmul_gflops: f64,
    /// The shape of that product.
    pub matmul_shape: String,
    /// Copy of arrays beyond the caches, read plus written, GB/s.
    pub copy_gb_per_s: f64,
    /// GELU of values in cache, nanoseconds an element and thread.
    pub gelu_ns: f64,
    /// Its adjoint, nanoseconds an element and thread.
    pub gelu_backward_ns: f64,
}

/// Best seconds of `work` run by every thread at the same time.
fn on_all_threads(work: impl Fn() + Sync) -> f64 {
    let Ok(timings) = Timings::of(5, 0.3, || {
        rayon::broadcast(|_| work());
        Ok::<(), Infallible>(())
    });
    timings.min()
}

/// Products that stay in the caches: the skinny shapes of operator layers and a square one.
const SHAPES: [(usize, usize, usize); 4] = [(2048, 32, 32), (2048, 128, 32), (512, 64, 64), (384, 384, 384)];

/// Best rate of all threads together in this number type, GFLOP/s.
pub(super) fn best_product_rate<T: Real>() -> f64 {
    let threads = rayon::current_num_threads() as f64;
    SHAPES.into_iter().map(|shape| product_rate::<T>(threads, shape)).fold(0.0, f64::max)
}

fn product_rate<T: Real>(threads: f64, (m, k, n): (usize, usize, usize)) -> f64 {
    let repeats = (200_000_000 / (2 * m * k * n)).max(1);
    let (a, b) = (vec![T::cast(0.5); m * k], vec![T::cast(0.25); k * n]);
    let seconds = on_all_threads(|| {
        let mut c = vec![T::zero(); m * n];
        for _ in 0..repeats {
            let dst = MatMut::new(black_box(&mut c[..]), m, n);
            matmul(dst, Accumulate::Replace, Mat::new(black_box(&a), m, k), Mat::new(&b, k, n));
        }
    });
    threads * (2 * m * k * n * repeats) as f64 / seconds * 1e-9
}

/// Chains of independent multiply-adds: enough to hide the latency of four cycles on two units, and few enough for the 16
/// registers of AVX2.
const CHAINS: usize = 12;

// The vectors are written out: left to the compiler, the arrays of sums were worked on number by number.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn multiply_adds_avx512(rounds: usize) -> f32 {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_reduce_add_ps, _mm512_set1_ps};
    let (factor, term) = (_mm512_set1_ps(black_box(0.999)), _mm512_set1_ps(black_box(0.001)));
    let mut sums = [_mm512_set1_ps(1.0); CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, factor, term);
        }
    }
    sums.into_iter().map(|sum| _mm512_reduce_add_ps(sum)).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply_adds_avx2(rounds: usize) -> f32 {
    use std::arch::x86_64::{_mm256_cvtss_f32, _mm256_fmadd_ps, _mm256_set1_ps};
    let (factor, term) = (_mm256_set1_ps(black_box(0.999)), _mm256_set1_ps(black_box(0.001)));
    let mut sums = [_mm256_set1_ps(1.0); CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(*sum, factor, term);
        }
    }
    sums.into_iter().map(|sum| _mm256_cvtss_f32(sum)).sum()
}

/// Without vectors that are known here: what the compiler makes of multiplications and additions.
fn multiply_adds(rounds: usize) -> f32 {
    let (factor, term) = (black_box(0.999_f32), black_box(0.001_f32));
    let mut sums = [1.0_f32; 4 * CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = *sum * factor + term;
        }
    }
    sums.iter().sum()
}

fn fma_rate(threads: f64) -> f64 {
    const ROUNDS: usize = 400_000;
    let rate = |lanes: usize, multiply_adds: &(dyn Fn(usize) -> f32 + Sync)| {
        let seconds = on_all_threads(|| {
            black_box(multiply_adds(black_box(ROUNDS)));
        });
        threads * (2 * lanes * CHAINS * ROUNDS) as f64 / seconds * 1e-9
    };
    match InstructionSet::detected().vectors() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the instruction set was detected.
        Vectors::Avx512 => rate(16, &|rounds| unsafe { multiply_adds_avx512(rounds) }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Vectors::Avx2 => rate(8, &|rounds| unsafe { multiply_adds_avx2(rounds) }),
        _ => rate(4, &multiply_adds),
    }
}

/// Elements of each copied array: 128 MiB, beyond any cache.
const COPIED: usize = 32 * 1024 * 1024;

fn copy_rate() -> f64 {
    let from = vec![1_f32; COPIED];
    let mut to = vec![0_f32; COPIED];
    let chunk = COPIED.div_ceil(rayon::current_num_threads());
    let Ok(timings) = Timings::of(5, 0.5, || {
        black_box(&mut to[..])
            .par_chunks_mut(chunk)
            .zip(from.par_chunks(chunk))
            .for_each(|(to, from)| to.copy_from_slice(from));
        Ok::<(), Infallible>(())
    });
    (2 * COPIED * size_of::<f32>()) as f64 / timings.min() * 1e-9
}

/// Nanoseconds an element and thread of `work` on a slice in the first-level cache.
fn element_ns(work: impl Fn(&[f32], &mut [f32]) + Sync) -> f64 {
    const LEN: usize = 4096;
    const REPEATS: usize = 200;
    let x: Vec<f32> = (0..LEN).map(|i| (i as f32 * 0.37).sin() * 3.0).collect();
    let seconds = on_all_threads(|| {
        let mut y = vec![1_f32; LEN];
        for _ in 0..REPEATS {
            work(black_box(&x), black_box(&mut y));
        }
    });
    seconds * 1e9 / (LEN * REPEATS) as f64
}

/// Measures the machine in about six seconds, on the threads of the current pool.
pub fn run() -> Machine {
    let threads = rayon::current_num_threads();
    let (matmul_gflops, (m, k, n)) = SHAPES
        .iter()
        .map(|&shape| (product_rate::<f32>(threads as f64, shape), shape))
        .fold((0.0, SHAPES[0]), |best, next| if next.0 > best.0 { next } else { best });
    Machine {
        threads,
        fma_gflops: fma_rate(threads as f64),
        matmul_gflops,
        matmul_shape: format!("[{m} x {k}] [{k} x {n}]"),
        copy_gb_per_s: copy_rate(),
        gelu_ns: element_ns(|x, y| GELU.apply_to(x, y)),
        gelu_backward_ns: element_ns(|x, y| {
            GELU.backward(x, y);
            // The slope shrinks the gradient from call to call; denormal numbers would slow it down.
            y.fill(1.0);
        }),
    }
}
