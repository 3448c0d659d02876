//! Placeholder.
pub mod activation;
mod batch;
pub mod initialiser;
mod layer;
pub mod loss;
mod model;
mod names;
pub mod normaliser;
pub mod optimiser;
pub mod parallel;
mod schedule;
mod settings;
mod simd;
#[cfg(test)]
mod testing;

pub use activation::Activation;
pub use batch::{BatchOrder, EpochOrder, SampleSource, SourceError};
pub use layer::{Linear, PointwiseMlp};
pub use loss::Loss;
pub use model::Model;
pub use names::closest;
pub use normaliser::{GridAlignment, Normaliser, NormaliserFit, NormaliserHeader, NormaliserKind};
pub use optimiser::OptimiserSettings;
pub use schedule::{Schedule, warm_up_factor};
