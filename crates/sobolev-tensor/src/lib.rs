//! Dense tensors, matrix products and reverse-mode differentiation of coarse operations: the ground of the workspace.
//!
//! - [`Tensor`]: contiguous row-major arrays of any rank on pooled, shared memory; `ndarray` in and out.
//! - [`matmul()`]: products on slices, fast for the skinny shapes of operator layers.
//! - [`Tape`], [`Operation`], [`Var`], [`Gradients`]: reverse mode over coarse operations that any crate may add.
//! - [`simd`]: loops compiled for the vector instructions of the processor at hand.
//! - [`linalg`]: dense and sparse factorisations.
//! - [`Parameters`]: the learnable tensors of a model.
//! - [`Random`]: random numbers addressed by (seed, purpose, stream, position).
//! - [`Error`]: the typed error of all numeric crates; [`Monitor`]: progress and cancellation of long work;
//!   [`check_memory`]: sizes out of all proportion.
//!
//! Arrays are channels-last everywhere: `[batch, x1, .., xd, channel]`.

mod error;
pub mod linalg;
pub mod matmul;
mod memory;
mod monitor;
mod names;
mod parameters;
mod pool;
mod random;
mod real;
mod setting;
pub mod simd;
mod tape;
mod tensor;

pub use error::{Error, Result, check_channels_last, check_finite};
pub use matmul::{Accumulate, Mat, MatMut, matmul};
pub use memory::{bytes_in_words, check_memory};
pub use monitor::{CancellationOnly, Monitor};
pub use names::closest;
pub use parameters::{ParameterId, Parameters};
pub use pool::{Buffer, Pool};
pub use random::{Random, RandomStream};
pub use real::Real;
pub use setting::SettingEntry;
pub use tape::{Gradients, NodeId, Operation, Tape, Var};
pub use tensor::Tensor;
