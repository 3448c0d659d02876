//! Layers that operators are built of. They act on the last axis of channels-last arrays, point by point.

mod linear;
mod pointwise;
mod pointwise_mlp;

pub use linear::Linear;
pub use pointwise_mlp::PointwiseMlp;

#[cfg(test)]
mod tests;
