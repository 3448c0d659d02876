//! Times of truncated axes in both forms: `cargo bench -p sobolev-fft --bench axes`.
//!
//! The constants of the cost model in `recipe.rs` are fitted to this table. Each figure is the least of many repeats on one
//! thread; a line is one channel of a real row, or of a complex one.

use sobolev_fft::TruncatedFourier;
use sobolev_fft::axis::{ComplexAxis, Form, RealAxis};
use sobolev_tensor::{Accumulate, Pool, Real};
use std::hint::black_box;
use std::time::Instant;

/// Least time of a call in seconds, over `budget` seconds. On a shared machine only short spells are undisturbed, so no more
/// calls are timed together than make the clock's resolution matter little.
fn least(budget: f64, mut call: impl FnMut()) -> f64 {
    let begin = Instant::now();
    call();
    let calls = (20e-6 / begin.elapsed().as_secs_f64()).clamp(1.0, 100.0) as usize;
    let (start, mut least) = (Instant::now(), f64::INFINITY);
    while start.elapsed().as_secs_f64() < budget {
        let begin = Instant::now();
        for _ in 0..calls {
            call();
        }
        least = least.min(begin.elapsed().as_secs_f64() / calls as f64);
    }
    least
}

/// Sizes of the table: points, modes, channels.
const SIZES: [(usize, usize, usize); 20] = [
    (32, 8, 32),
    (64, 12, 32),
    (64, 12, 20),
    (64, 32, 32),
    (85, 12, 32),
    (85, 12, 20),
    (85, 12, 1),
    (85, 42, 32),
    (100, 12, 32),
    (101, 12, 32),
    (121, 12, 32),
    (128, 16, 32),
    (256, 24, 32),
    (256, 48, 32),
    (256, 96, 32),
    (421, 12, 32),
    (421, 120, 32),
    (512, 24, 32),
    (1024, 16, 64),
    (1024, 48, 64),
];

/// Rows of the last axis in a call, and blocks of 2c values of a leading axis.
const ROWS: usize = 8;

/// Nanoseconds a line: forward and inverse of a real axis, then of a complex one.
fn times<T: Real>(n: usize, m: usize, c: usize, form: Form) -> [f64; 4] {
    let real = RealAxis::<T>::with_form(n, m, form).expect("the sizes fit");
    let complex = ComplexAxis::<T>::with_form(n, m.min(n / 2), form).expect("the sizes fit");
    let (row, modes) = (ROWS * 2 * c, complex.modes());
    let pool = Pool::new();
    let (mut x, mut y) = (pool.zeros::<T>(n * row), pool.zeros::<T>(2 * m * row));
    let mut scratch = pool.zeros::<T>(real.scratch_len(c).max(complex.scratch_len(c)));
    let (x, y, scratch) = (x.as_mut_slice(), y.as_mut_slice(), scratch.as_mut_slice());
    let (points, kept) = (ROWS * n * c, ROWS * m * 2 * c);
    let seconds = [
        least(0.05, || real.forward(ROWS, c, black_box(&x[..points]), &mut y[..kept], scratch)),
        least(0.05, || {
            let (y, x) = (black_box(&y[..kept]), &mut x[..points]);
            real.inverse(ROWS, c, y, x, Accumulate::Replace, scratch);
        }),
        least(0.05, || complex.forward(c, black_box(x), &mut y[..2 * modes * row], scratch)),
        least(0.05, || complex.inverse(c, black_box(&y[..2 * modes * row]), x, scratch)),
    ];
    seconds.map(|s| 1e9 * s / (ROWS * c) as f64)
}

fn table<T: Real>() {
    println!("{}, ns a line (GFLOP/s, folded): real forward, inverse; complex forward, inverse", T::NAME);
    for (n, m, c) in SIZES {
        for form in [Form::Matrix, Form::Fft] {
            let times = times::<T>(n, m, c, form);
            let operations = [1.0, 1.0, 2.0, 2.0].map(|parts| parts * (2 * n * m) as f64);
            let cells = times.iter().zip(operations).map(|(ns, flops)| match form {
                Form::Matrix => format!("{ns:9.1} ({:5.1})", flops / ns),
                Form::Fft => format!("{ns:9.1}        "),
            });
            println!("n {n:5} m {m:4} c {c:3} {form:7?}{}", cells.collect::<String>());
        }
    }
}

/// The whole 2-D transform of the published Darcy set-up.
fn transform() {
    let (batch, c) = (20, 32);
    let transform = TruncatedFourier::<f32>::new(&[85, 85], &[12, 12]).expect("the sizes fit");
    let (x, mut y) = (vec![0.5_f32; batch * 85 * 85 * c], vec![0_f32; batch * 24 * 12 * 2 * c]);
    let mut back = x.clone();
    let forward = least(2.0, || transform.forward(batch, c, black_box(&x), &mut y).expect("the lengths fit"));
    let inverse = least(2.0, || {
        let result = transform.inverse(batch, c, black_box(&y), &mut back, Accumulate::Replace);
        result.expect("the lengths fit");
    });
    // Real rows, then complex columns, in multiply-adds of the folded products.
    let operations = (batch * c * 2 * (85 * 12 * 85 + 12 * 2 * 12 * 85)) as f64;
    println!("85x85, modes 12x12, 32 channels, batch 20, {} threads:", rayon::current_num_threads());
    for (name, seconds) in [("forward", forward), ("inverse", inverse)] {
        let sample = 1e6 * seconds / batch as f64;
        println!("{name} {sample:.1} us a sample, {:.0} GFLOP/s", operations / seconds / 1e9);
    }
}

fn main() {
    transform();
    table::<f32>();
    table::<f64>();
}
