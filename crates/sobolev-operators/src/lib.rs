//! Neural operators for partial differential equations: one module per published architecture.

pub mod fno;
mod grid;
mod models;
pub mod spectral;

pub use fno::{Fno, FnoSettings};
pub use grid::Coordinates;
pub use models::{MODELS, ModelEntry, SampleGrid};
