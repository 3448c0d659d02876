//! Fourier layers.

mod layer;
mod modes;
mod transform;

pub use layer::{FourierLayer, FourierLayerSettings};
pub(crate) use transform::Transform;
