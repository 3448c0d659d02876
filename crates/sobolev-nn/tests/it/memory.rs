//! What a training allocates after its first step.

use sobolev_nn::activation::GELU;
use sobolev_nn::loss::Derivative;
use sobolev_nn::{
    Linear, Loss, Model, NormaliserFit, NormaliserKind, Normalisers, PointwiseMlp, SampleSource, SourceError,
    Trainer, TrainerSettings, TrainingObserver,
};
use sobolev_tensor::{Monitor, Parameters, Result, Tape, Var};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Counts allocations above 64 KiB while it is told to.
struct Counting;

static COUNTING: AtomicBool = AtomicBool::new(false);
static LARGE: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

fn count(size: usize) {
    if size > 64 * 1024 && COUNTING.load(Ordering::Relaxed) {
        LARGE.fetch_add(1, Ordering::Relaxed);
        LARGEST.fetch_max(size, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const GRID: [usize; 2] = [64, 48];

struct Network {
    lifting: Linear,
    projection: PointwiseMlp,
    parameters: Parameters<f32>,
}

impl Network {
    fn new() -> Result<Self> {
        let mut parameters = Parameters::new();
        let lifting = Linear::new(&mut parameters, "lifting", 1, 32, 1)?;
        let projection = PointwiseMlp::new(&mut parameters, "projection", [32, 128, 1], GELU, 1)?;
        Ok(Self { lifting, projection, parameters })
    }
}

impl Model<f32> for Network {
    fn name(&self) -> &'static str {
        "network"
    }
    fn architecture(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn citation(&self) -> &'static str {
        ""
    }
    fn parameters(&self) -> &Parameters<f32> {
        &self.parameters
    }
    fn parameters_mut(&mut self) -> &mut Parameters<f32> {
        &mut self.parameters
    }
    fn forward(&self, tape: &mut Tape<f32>, input: Var<f32>) -> Result<Var<f32>> {
        let lifted = self.lifting.forward(&self.parameters, tape, &input)?;
        drop(input);
        let lifted = GELU.forward(tape, &lifted);
        self.projection.forward(&self.parameters, tape, &lifted)
    }
}

struct Waves;

impl SampleSource<f32> for Waves {
    fn samples(&self) -> usize {
        32
    }
    fn input_shape(&self) -> Vec<usize> {
        vec![GRID[0], GRID[1], 1]
    }
    fn target_shape(&self) -> Vec<usize> {
        self.input_shape()
    }
    fn read(
        &self,
        indices: &[usize],
        input: &mut [f32],
        target: &mut [f32],
    ) -> std::result::Result<(), SourceError> {
        let points = GRID[0] * GRID[1];
        for (row, index) in indices.iter().enumerate() {
            for place in 0..points {
                let x = (place as f32 * 0.01 + *index as f32).sin();
                input[row * points + place] = x;
                target[row * points + place] = x * x + 2.0;
            }
        }
        Ok(())
    }
}

/// Counts from the end of the first epoch on: by then every kind of step was done once.
struct AfterFirstEpoch;

impl Monitor for AfterFirstEpoch {}

impl TrainingObserver for AfterFirstEpoch {
    fn epoch(&self, _: &sobolev_nn::EpochRecord) {
        COUNTING.store(true, Ordering::Relaxed);
    }
}

#[test]
fn steps_after_the_first_epoch_allocate_nothing_large() {
    COUNTING.store(true, Ordering::Relaxed);
    drop(std::hint::black_box(vec![1_u8; 65 * 1024]));
    assert_eq!(LARGE.swap(0, Ordering::Relaxed), 1, "the allocator does not count");
    COUNTING.store(false, Ordering::Relaxed);
    for loss in [
        Loss::RelativeL2 {},
        Loss::MeanSquared {},
        Loss::RelativeH1 { derivative: Some(Derivative::Fourier) },
        Loss::RelativeH1 { derivative: Some(Derivative::FiniteDifference) },
    ] {
        let mut model = Network::new().unwrap();
        let mut fit = NormaliserFit::new(NormaliserKind::Pointwise, &[GRID[0], GRID[1], 1]).unwrap();
        let mut values = vec![0.0; 8 * GRID[0] * GRID[1]];
        let mut targets = values.clone();
        Waves.read(&[0, 1, 2, 3, 4, 5, 6, 7], &mut values, &mut targets).unwrap();
        fit.add(&values).unwrap();
        let input = fit.finish().unwrap();
        let mut fit = NormaliserFit::new(NormaliserKind::Channel, &[GRID[0], GRID[1], 1]).unwrap();
        fit.add(&targets).unwrap();
        let normalisers = Normalisers::new(input, fit.finish().unwrap());
        let settings =
            TrainerSettings { epochs: 4, batch: 8, clip_norm: Some(1.0), loss, ..TrainerSettings::default() };
        let mut trainer = Trainer::new(settings, normalisers, &model).unwrap();
        let result = trainer.fit(&mut model, &Waves, Some(&Waves), &AfterFirstEpoch);
        COUNTING.store(false, Ordering::Relaxed);
        result.unwrap();
        let (large, largest) = (LARGE.swap(0, Ordering::Relaxed), LARGEST.swap(0, Ordering::Relaxed));
        assert_eq!(
            large, 0,
            "{large} allocations above 64 KiB with {loss:?}, the largest of {largest} bytes"
        );
    }
}
