//! Cost of the activations, one thread, 4096 numbers in the first-level cache: `cargo bench -p sobolev-nn --bench activation`.

use sobolev_nn::activation::{ACTIVATIONS, Activation};
use sobolev_tensor::Real;
use std::hint::black_box;
use std::time::Instant;

const LEN: usize = 4096;

/// Best nanoseconds per number of a call over about 0.2 s.
fn best(mut call: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed().as_secs_f64() < 0.2 {
        let start = Instant::now();
        for _ in 0..8 {
            call();
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    best / (8 * LEN) as f64 * 1e9
}

fn row<T: Real>(activation: Activation) {
    let x: Vec<T> = (0..LEN).map(|i| T::cast(6.0 * (i as f64 / LEN as f64) - 3.0)).collect();
    let mut y = vec![T::zero(); LEN];
    let forward = best(|| activation.apply_to(black_box(&x), black_box(&mut y)));
    let mut gradient = vec![T::one(); LEN];
    let backward = best(|| activation.backward(black_box(&x), black_box(&mut gradient)));
    println!(
        "{:4} {:10} forward {forward:6.2}  backward {backward:6.2} ns an element",
        T::NAME,
        activation.name()
    );
}

fn main() {
    for activation in ACTIVATIONS {
        row::<f32>(*activation);
    }
    for activation in ACTIVATIONS {
        row::<f64>(*activation);
    }
}
