//! Dense tensors, matrix products and reverse-mode differentiation of coarse operations.
mod error;
pub mod matmul;
mod monitor;
mod random;
mod real;

pub use error::{Error, Result, check_channels_last, check_finite};
pub use matmul::{Accumulate, Mat, MatMut, matmul};
pub use monitor::Monitor;
pub use random::{Random, RandomStream};
pub use real::Real;
