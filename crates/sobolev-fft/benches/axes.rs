//! Times of truncated axes in both forms: `cargo bench -p sobolev-fft --bench axes`.
//!
//! The constants of the cost model in `recipe.rs` are fitted to this table. Each figure is the least of many repeats, on one
//! thread, f32; a "line" is one channel of a real row, or one complex column.

use sobolev_fft::axis::{ComplexAxis, Form, RealAxis};
use sobolev_tensor::{Accumulate, Pool, Real};
use std::hint::black_box;
use std::time::Instant;

/// Least time of a call in seconds.
fn least(mut call: impl FnMut()) -> f64 {
    call();
    let start = Instant::now();
    let mut least = f64::INFINITY;
    while start.elapsed().as_secs_f64() < 0.15 {
        let begin = Instant::now();
        for _ in 0..10 {
            call();
        }
        least = least.min(begin.elapsed().as_secs_f64() / 10.0);
    }
    least
}

fn real<T: Real>(n: usize, m: usize, c: usize) {
    let pool = Pool::new();
    for form in [Form::Matrix, Form::Fft] {
        let axis = RealAxis::<T>::with_form(n, m, form).expect("sizes of this table fit");
        let rows = 8;
        let mut x = pool.zeros::<T>(rows * n * c);
        let mut y = pool.zeros::<T>(rows * m * 2 * c);
        let mut scratch = pool.zeros::<T>(axis.scratch_len(c));
        let (x, y, scratch) = (x.as_mut_slice(), y.as_mut_slice(), scratch.as_mut_slice());
        let forward = least(|| axis.forward(rows, c, black_box(x), y, scratch));
        let inverse = least(|| axis.inverse(rows, c, black_box(y), x, Accumulate::Replace, scratch));
        let operations = (2 * rows * c * m * n) as f64;
        report(T::NAME, "real", n, m, c, form, forward, inverse, operations, rows * c);
    }
}

fn complex<T: Real>(n: usize, m: usize, c: usize) {
    let pool = Pool::new();
    for form in [Form::Matrix, Form::Fft] {
        let axis = ComplexAxis::<T>::with_form(n, m, form).expect("sizes of this table fit");
        let row = 12 * 2 * c;
        let mut x = pool.zeros::<T>(n * row);
        let mut y = pool.zeros::<T>(2 * m * row);
        let mut scratch = pool.zeros::<T>(axis.scratch_len(c));
        let (x, y, scratch) = (x.as_mut_slice(), y.as_mut_slice(), scratch.as_mut_slice());
        let forward = least(|| axis.forward(c, black_box(x), y, scratch));
        let inverse = least(|| axis.inverse(c, black_box(y), x, scratch));
        let operations = (2 * row * m * n) as f64;
        report(T::NAME, "complex", n, m, c, form, forward, inverse, operations, row / 2);
    }
}

fn report(
    number: &str,
    axis: &str,
    n: usize,
    m: usize,
    c: usize,
    form: Form,
    forward: f64,
    inverse: f64,
    operations: f64,
    lines: usize,
) {
    let per_line = |seconds: f64| 1e9 * seconds / lines as f64;
    let rate = |seconds: f64| {
        if form == Form::Matrix { format!("{:6.1}", operations / seconds / 1e9) } else { " ".repeat(6) }
    };
    println!(
        "{number} {axis:8} n {n:5} m {m:3} c {c:3} {form:7?} ns/line: forward {:8.1} inverse {:8.1}   GFLOP/s: {} {}",
        per_line(forward),
        per_line(inverse),
        rate(forward),
        rate(inverse),
    );
}

fn main() {
    for (n, m, c) in [
        (85, 12, 32),
        (85, 12, 20),
        (64, 12, 20),
        (64, 12, 32),
        (128, 16, 32),
        (1024, 16, 64),
        (1024, 256, 64),
    ] {
        real::<f32>(n, m, c);
        if n < 1000 {
            complex::<f32>(n, m, c);
        }
    }
}
