//! Rates of column transforms, one thread, against `realfft` row by row: `cargo bench -p sobolev-fft --bench columns`.

use sobolev_fft::RowFourier;
use sobolev_fft::column::{ColumnFourier, ColumnScratch, RealColumnFourier, Rows, lanes};
use sobolev_tensor::{Buffer, Real};
use std::hint::black_box;
use std::time::Instant;

/// Best seconds of a call over about 0.2 s.
fn best(mut call: impl FnMut()) -> f64 {
    call();
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed().as_secs_f64() < 0.2 {
        let start = Instant::now();
        (0..4).for_each(|_| call());
        best = best.min(start.elapsed().as_secs_f64() / 4.0);
    }
    best
}

/// Nanoseconds a column of a forward and an inverse transform of `n` points, two thirds of the waves kept.
fn row<T: Real>(n: usize) {
    let columns = lanes::<T>();
    let waves = n / 3;
    let plan = RealColumnFourier::<T>::new(n, waves, columns).unwrap();
    let rows = Rows::contiguous(waves, columns);
    let mut field = Buffer::<T>::detached(n * columns);
    let field = field.as_mut_slice();
    field.fill(T::cast(0.3));
    let mut spectrum = Buffer::<T>::detached(2 * waves * columns);
    let spectrum = spectrum.as_mut_slice();
    let mut scratch = ColumnScratch::default();
    let real = best(|| {
        plan.forward(black_box(field), (spectrum, &rows), columns, &mut scratch).unwrap();
        plan.inverse((spectrum, &rows), black_box(field), columns, &mut scratch).unwrap();
        field.iter_mut().for_each(|v| *v *= T::cast(1.0 / n as f64));
    }) / columns as f64;
    let complex = ColumnFourier::<T>::new(n).unwrap();
    let rows = Rows::contiguous(n, columns);
    let (a, mut b) = (Buffer::<T>::detached(2 * n * columns), Buffer::<T>::detached(2 * n * columns));
    let whole = best(|| {
        complex
            .forward(
                (black_box(a.as_slice()), &rows),
                (black_box(b.as_mut_slice()), &rows),
                columns,
                &mut scratch,
            )
            .unwrap();
    }) / columns as f64;
    let lines = RowFourier::<T>::new(n).unwrap();
    let mut scratch = lines.scratch();
    let mut spectrum = vec![Default::default(); columns * lines.frequencies()];
    let theirs = best(|| {
        lines.forward(black_box(field), &mut spectrum, &mut scratch).unwrap();
        lines.inverse(&spectrum, black_box(field), &mut scratch).unwrap();
    }) / columns as f64;
    let flops = 5.0 * n as f64 * (n as f64).log2();
    println!(
        "{} {n:>5}  real there and back {:>7.0} ns, realfft {:>7.0} ns, ratio {:.2}; complex {:>6.0} ns, {:.1} GFLOP/s",
        T::NAME,
        1e9 * real,
        1e9 * theirs,
        theirs / real,
        1e9 * whole,
        1e-9 * flops / whole,
    );
}

fn main() {
    for n in [32, 48, 64, 85, 96, 128, 160, 256, 512, 1024, 2048, 4096, 8192] {
        row::<f32>(n);
    }
    for n in [64, 256, 1024] {
        row::<f64>(n);
    }
}
