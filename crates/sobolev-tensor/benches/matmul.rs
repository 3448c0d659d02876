//! Rates of the matrix products of operator layers, one thread, against the crate `gemm`: `cargo bench -p sobolev-tensor`.

use sobolev_tensor::{Accumulate, Mat, MatMut, Real, matmul};
use std::hint::black_box;
use std::time::Instant;

/// Best seconds of a call over about 0.3 s.
fn best(mut call: impl FnMut()) -> f64 {
    call();
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed().as_secs_f64() < 0.3 {
        let start = Instant::now();
        call();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

fn general<T: Real>(dst: &mut [T], a: &[T], b: &[T], (m, k, n): (usize, usize, usize), transposed: bool) {
    let (column_stride, row_stride) = if transposed { (m, 1) } else { (1, k) };
    // SAFETY: the sizes and strides describe the slices exactly.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            column_stride as isize,
            row_stride as isize,
            b.as_ptr(),
            1,
            n as isize,
            T::one(),
            T::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

fn row<T: Real>(name: &str, (m, k, n): (usize, usize, usize), batch: usize, transposed: bool) {
    let a = vec![T::cast(0.3); batch * m * k];
    let b = vec![T::cast(0.7); batch * k * n];
    let mut c = vec![T::zero(); batch * m * n];
    let blocks = |c: &mut [T], product: &dyn Fn(&mut [T], &[T], &[T])| {
        for ((c, a), b) in c.chunks_mut(m * n).zip(a.chunks(m * k)).zip(b.chunks(k * n)) {
            product(c, a, b);
        }
    };
    let ours = best(|| {
        blocks(black_box(&mut c), &|c, a, b| {
            let lhs = if transposed { Mat::new(a, k, m).transposed() } else { Mat::new(a, m, k) };
            matmul(MatMut::new(c, m, n), Accumulate::Replace, lhs, Mat::new(b, k, n));
        });
    });
    let crate_gemm = best(|| {
        blocks(black_box(&mut c), &|c, a, b| general(c, a, b, (m, k, n), transposed));
    });
    let operations = 2.0 * (batch * m * k * n) as f64;
    println!(
        "{:4} {name:34} ours {:6.1}  gemm {:6.1} GFLOP/s  ratio {:.2}",
        T::NAME,
        operations / ours * 1e-9,
        operations / crate_gemm * 1e-9,
        crate_gemm / ours
    );
}

fn all<T: Real>() {
    row::<T>("[144500x32][32x32]", (144_500, 32, 32), 1, false);
    row::<T>("[2048x32][32x32]", (2048, 32, 32), 1, false);
    row::<T>("[2048x32][32x128]", (2048, 32, 128), 1, false);
    row::<T>("[2048x128][128x32]", (2048, 128, 32), 1, false);
    row::<T>("[2048x64][64x64]", (2048, 64, 64), 1, false);
    row::<T>("[2048x20][20x20]", (2048, 20, 20), 1, false);
    row::<T>("[12x43][43x32] x 1700", (12, 43, 32), 1700, false);
    row::<T>("[24x85][85x32] x 1700", (24, 85, 32), 1700, false);
    row::<T>("[43x12][12x32] x 1700", (43, 12, 32), 1700, false);
    row::<T>("[12x43][43x768] x 20", (12, 43, 768), 20, false);
    row::<T>("[40x64][64x32] x 288", (40, 64, 32), 288, false);
    row::<T>("[32x7225]^T[7225x32]", (32, 7225, 32), 1, true);
    row::<T>("[32x7225]^T[7225x128]", (32, 7225, 128), 1, true);
    row::<T>("[512x512][512x512]", (512, 512, 512), 1, false);
}

fn main() {
    all::<f32>();
    all::<f64>();
}
