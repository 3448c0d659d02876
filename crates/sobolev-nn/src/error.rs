//! The error of everything that reads samples or files.

use crate::SourceError;
use crate::checkpoint::CheckpointError;

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a training, an evaluation or a checkpoint failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A wrong argument, or a computation that could not be finished.
    #[error(transparent)]
    Numeric(#[from] sobolev_tensor::Error),
    /// Samples could not be read.
    #[error("{role} samples: {source}")]
    Source {
        /// What the samples are for: `training` or `validation`.
        role: &'static str,
        /// The error of the source.
        source: SourceError,
    },
    /// A checkpoint could not be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
