//! Layers, losses, optimisers, the trainer and checkpoints for operator learning.
//!
//! - [`activation`]: the table of activations; [`Linear`], [`PointwiseMlp`]: pointwise layers; [`initialiser`].
//! - [`loss`]: relative L2 and H1, mean squared error.
//! - [`optimiser`]: Adam, AdamW, clipping; [`Schedule`]: learning rates.
//! - [`SampleSource`], [`BatchOrder`]: what a trainer reads; [`normaliser`], [`Normalisers`]: physical values and back.
//! - [`Model`]: what a trainer needs to know; [`Trainer`]: training that can stop and go on; [`predict()`], [`evaluate`].
//! - [`checkpoint`]: models and training states in safetensors files.
//! - [`parallel`]: loops whose results do not depend on the number of threads.
//!
//! Arrays are channels-last, `[batch, x1, .., xd, channel]`. Networks are trained in f32 or f64; losses and norms are summed
//! in f64. The same seed gives the same bits for any number of threads on machines of one kind; processors with other
//! vector instructions agree to rounding.

pub mod activation;
mod batch;
pub mod checkpoint;
mod encoding;
mod error;
pub mod initialiser;
mod layer;
pub mod loss;
mod model;
pub mod normaliser;
pub mod optimiser;
pub mod parallel;
mod predict;
mod schedule;
mod settings;
#[cfg(test)]
mod testing;
mod trainer;

pub use activation::Activation;
pub use batch::{BatchOrder, EpochOrder, SampleSource, SourceError};
pub use checkpoint::{Checkpoint, CheckpointError, CheckpointHeader};
pub use encoding::{Normalisers, decode};
pub use error::{Error, Result};
pub use layer::{Linear, PointwiseMlp};
pub use loss::Loss;
pub use model::Model;
pub use normaliser::{GridAlignment, Normaliser, NormaliserFit, NormaliserHeader, NormaliserKind};
pub use optimiser::OptimiserSettings;
pub use predict::{evaluate, predict};
pub use schedule::{Schedule, warm_up_factor};
pub use trainer::{EpochRecord, Outcome, Trainer, TrainerSettings, TrainingObserver, TrainingReport};
