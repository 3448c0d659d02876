//! Placeholder.
mod batch;
pub mod normaliser;

pub use batch::{BatchOrder, EpochOrder, SampleSource, SourceError};
pub use normaliser::{GridAlignment, Normaliser, NormaliserFit, NormaliserHeader, NormaliserKind};
