//! Neural operators for partial differential equations: one module per published architecture.

pub mod fno;
mod grid;
pub mod spectral;

pub use fno::{Fno, FnoSettings};
pub use grid::Coordinates;
