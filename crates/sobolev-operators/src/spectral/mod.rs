//! Fourier layers.

mod layer;
mod modes;

pub use layer::{FourierLayer, FourierLayerSettings};
