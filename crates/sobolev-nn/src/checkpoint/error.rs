//! What can be wrong with a checkpoint.

use std::path::PathBuf;

/// Why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file could not be written. A file of that name that was there before is whole.
    #[error("checkpoint {}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The file could not be read.
    #[error("checkpoint {}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The file is no checkpoint of this library.
    #[error("checkpoint {}: not a sobolev checkpoint: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What gave it away.
        reason: String,
    },
    /// The file ends too early.
    #[error("checkpoint {}: truncated: {got} bytes of at least {expected}; copy it again or use an older one", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that its header promises.
        expected: u64,
        /// Bytes that are there.
        got: u64,
    },
    /// The header contradicts itself or the data.
    #[error("checkpoint {}: damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file was written by a newer version.
    #[error("checkpoint {}: format {got}, this version reads formats up to {supported}; update sobolev", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Format of the file.
        got: u32,
        /// Newest format that is understood.
        supported: u32,
    },
    /// The file holds something else than what was asked for: another model, another number type, weights instead of a
    /// training state.
    #[error("checkpoint {}: {what} is {got}, expected {expected}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What was wanted.
        expected: String,
        /// What the file holds.
        got: String,
    },
    /// A tensor has another shape than the model's.
    #[error(
        "checkpoint {}: {tensor} is {got:?}, this model needs {expected:?}; build the model from the stored architecture",
        path.display()
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape in the model.
        expected: Vec<usize>,
        /// Shape in the file.
        got: Vec<usize>,
    },
    /// A tensor of the model is not in the file.
    #[error("checkpoint {}: {tensor} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
    /// The file holds a tensor that the model does not have.
    #[error("checkpoint {}: {tensor} is not part of this model; build the model from the stored architecture", path.display())]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
}
