//! Seconds of the parts of a training step without the optimiser: `cargo bench -p sobolev-operators [-- GRID MODES WIDTH BATCH]`.

use sobolev_nn::loss::Reduction;
use sobolev_nn::{Loss, Model};
use sobolev_operators::{Fno, FnoSettings};
use sobolev_tensor::{Pool, Tape, Tensor, Var};
use std::time::Instant;

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let [grid, modes, width, batch] = numbers.try_into().unwrap_or([85, 12, 32, 20]);
    let settings = FnoSettings { modes: vec![modes; 2], width, ..FnoSettings::default() };
    let model = Fno::<f32>::new(settings, 0).expect("valid settings");
    let pool = Pool::new();
    let shape = [batch, grid, grid, 1];
    let values: Vec<f32> = (0..batch * grid * grid).map(|i| (i as f32 * 0.37).sin()).collect();
    let input = Tensor::from_slice(&shape, &values).expect("matching shape");
    let loss = Loss::RelativeL2 {}.on::<f32>(&shape[1..]).expect("a valid sample shape");
    let (mut forward, mut whole) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..20 {
        rayon::in_place_scope(|_| {
            let start = Instant::now();
            let mut tape = Tape::recording(&pool);
            let prediction = model.forward(&mut tape, Var::constant(input.clone())).expect("valid input");
            let forward_seconds = start.elapsed().as_secs_f64();
            let value =
                loss.forward(&mut tape, prediction, &input, Reduction::Mean).expect("matching shapes");
            let gradients = tape.backward(value.value).expect("a scalar loss");
            whole = whole.min(start.elapsed().as_secs_f64());
            forward = forward.min(forward_seconds);
            drop(gradients);
        });
    }
    println!("forward {:.1} ms, with backward {:.1} ms", forward * 1e3, whole * 1e3);
}
