//! Placeholder.
pub mod activation;
mod batch;
mod names;
pub mod normaliser;
mod parallel;
mod simd;

pub use activation::Activation;
pub use batch::{BatchOrder, EpochOrder, SampleSource, SourceError};
pub use names::closest;
pub use normaliser::{GridAlignment, Normaliser, NormaliserFit, NormaliserHeader, NormaliserKind};
