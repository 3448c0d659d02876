//! Memory of training: this binary counts what it allocates, so it holds one test only.

use sobolev_nn::loss::Reduction;
use sobolev_nn::{Loss, Model, OptimiserSettings};
use sobolev_operators::{Fno, FnoSettings};
use sobolev_tensor::{Pool, Tape, Tensor, Var};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Allocations above this size are counted.
const LARGE: usize = 64 * 1024;

static LARGE_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGE {
            LARGE_ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_training_step_after_the_first_allocates_nothing_large() {
    // Large enough that every array of points, every spectrum and every weight is above the limit.
    let settings =
        FnoSettings { modes: vec![6, 6], width: 16, padding: vec![0.1; 2], ..FnoSettings::default() };
    let mut model = Fno::<f32>::new(settings, 0).unwrap();
    let shape = [4, 48, 48, 1];
    let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i as f32 * 0.3).sin()).collect();
    let field = Tensor::from_slice(&shape, &values).unwrap();
    let loss = Loss::RelativeL2 {}.on::<f32>(&shape[1..]).unwrap();
    let mut optimiser = OptimiserSettings::default().build(model.parameters()).unwrap();
    let pool = Pool::new();
    let mut counts = Vec::new();
    // One thread: with several, whether two tasks need their scratch at the same moment depends on the scheduler.
    let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for _ in 0..4 {
        let before = LARGE_ALLOCATIONS.load(Ordering::Relaxed);
        threads.install(|| {
            let mut tape = Tape::recording(&pool);
            let prediction = model.forward(&mut tape, Var::constant(field.clone())).unwrap();
            let value = loss.forward(&mut tape, prediction, &field, Reduction::Mean).unwrap();
            let gradients = tape.backward(value.value).unwrap();
            optimiser.step(model.parameters_mut(), &gradients, 1e-3, 1.0);
        });
        counts.push(LARGE_ALLOCATIONS.load(Ordering::Relaxed) - before);
    }
    assert!(counts[0] > 10, "the first step fills the pool: {counts:?}");
    assert_eq!(counts[1..], [0, 0, 0]);
}
