//! Memory of training: this binary counts what it allocates, so it holds one test only.

use sobolev_nn::{
    Normaliser, NormaliserKind, Normalisers, SampleSource, SourceError, Trainer, TrainerSettings,
    TrainingObserver,
};
use sobolev_operators::{Fno, FnoSettings};
use sobolev_tensor::Monitor;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
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

/// Two waves of different length on every sample.
struct Waves {
    shape: [usize; 3],
}

impl SampleSource<f32> for Waves {
    fn samples(&self) -> usize {
        8
    }

    fn input_shape(&self) -> Vec<usize> {
        self.shape.to_vec()
    }

    fn target_shape(&self) -> Vec<usize> {
        self.shape.to_vec()
    }

    fn read(&self, indices: &[usize], input: &mut [f32], target: &mut [f32]) -> Result<(), SourceError> {
        let len = self.shape.iter().product::<usize>();
        for (row, index) in indices.iter().enumerate() {
            let wave = |length: f32, values: &mut [f32]| {
                values
                    .iter_mut()
                    .enumerate()
                    .for_each(|(i, v)| *v = (*index as f32 + i as f32 / length).sin());
            };
            if !input.is_empty() {
                wave(3.0, &mut input[row * len..][..len]);
            }
            if !target.is_empty() {
                wave(5.0, &mut target[row * len..][..len]);
            }
        }
        Ok(())
    }
}

/// Large allocations of each step.
#[derive(Default)]
struct StepWatch {
    before: AtomicUsize,
    counts: Mutex<Vec<usize>>,
}

impl Monitor for StepWatch {
    /// Asked before each step.
    fn cancelled(&self) -> bool {
        self.before.store(LARGE_ALLOCATIONS.load(Ordering::Relaxed), Ordering::Relaxed);
        false
    }

    /// Told after each step.
    fn progress(&self, _: u64, _: u64) {
        let count = LARGE_ALLOCATIONS.load(Ordering::Relaxed) - self.before.load(Ordering::Relaxed);
        self.counts.lock().unwrap().push(count);
    }
}

impl TrainingObserver for StepWatch {}

/// Large allocations of each of 40 training steps on `threads` threads.
fn allocations(threads: usize) -> Vec<usize> {
    // Large enough that every array of points, every spectrum, every weight and the statistics are above the limit.
    let settings =
        FnoSettings { modes: vec![6, 6], width: 16, padding: vec![0.1; 2], ..FnoSettings::default() };
    let mut model = Fno::<f32>::new(settings, 0).unwrap();
    let source = Waves { shape: [132, 132, 1] };
    let pointwise = NormaliserKind::Pointwise;
    let [input, target] = Normaliser::fit(pointwise, pointwise, &source).unwrap();
    let settings =
        TrainerSettings { epochs: 20, batch: 4, clip_norm: Some(1.0), ..TrainerSettings::default() };
    let mut trainer = Trainer::new(settings, Normalisers::new(input, target), &model).unwrap();
    let watch = StepWatch::default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| trainer.fit(&mut model, &source, None, &watch)).unwrap();
    watch.counts.into_inner().unwrap()
}

#[test]
fn a_training_step_after_the_first_allocates_nothing_large() {
    let counts = allocations(1);
    assert!(counts[0] > 10, "the first step fills the pool: {counts:?}");
    assert!(counts[1..].iter().all(|&count| count == 0), "{counts:?}");
    // Whether two tasks need their scratch at the same moment is up to the scheduler, so that with several threads a later
    // step may be the first to need it. But every thread needs a buffer once, not once a step.
    for threads in [2, 5] {
        let counts = allocations(threads);
        let late = counts[1..].iter().filter(|&&count| count > 0).count();
        assert!(late <= 5 && counts[30..].iter().sum::<usize>() <= 1, "{threads} threads: {counts:?}");
    }
}
