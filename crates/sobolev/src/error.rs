//! The error of the facade: what one of its crates answered, or what is wrong with a spec or a file of its own.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use crate::figure::FigureError;

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong on the way from a spec to a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A wrong argument, an interrupted run, or a computation that could not be finished.
    #[error(transparent)]
    Numeric(#[from] sobolev_tensor::Error),
    /// A data set or another program's file.
    #[error(transparent)]
    Data(sobolev_data::Error),
    /// Samples could not be read while a model was trained or evaluated.
    #[error(transparent)]
    Samples(sobolev_nn::Error),
    /// A checkpoint could not be read or written.
    #[error(transparent)]
    Checkpoint(#[from] sobolev_nn::CheckpointError),
    /// A training whose loss is no longer finite. The checkpoint holds the last good weights.
    #[error("training: stopped in epoch {epoch}, step {step}: {cause}")]
    Diverged {
        /// Epoch, from 1.
        epoch: usize,
        /// Step, from 1.
        step: u64,
        /// What was no longer finite, and what to do.
        cause: String,
    },
    /// A figure could not be drawn or written.
    #[error(transparent)]
    Figure(FigureError),
    /// A spec has a key that is not known, misses one, or holds a value of the wrong type.
    #[error("{origin}: {message}")]
    Spec {
        /// The file, or the kind of spec.
        origin: String,
        /// What is wrong, with the keys that are known.
        message: String,
    },
    /// A file of the facade (a spec, a history, an array) could not be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried, such as `write`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    #[cfg(feature = "hdf5")]
    pub(crate) fn io(path: &std::path::Path, action: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), action, source }
    }

    pub(crate) fn spec(origin: impl Display, message: impl Display) -> Self {
        Self::Spec { origin: origin.to_string(), message: message.to_string() }
    }

    /// Whether a monitor stopped the work: what was finished before is kept, and the work can be resumed.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Numeric(sobolev_tensor::Error::Cancelled { .. }))
    }
}

impl From<sobolev_data::Error> for Error {
    fn from(error: sobolev_data::Error) -> Self {
        match error {
            sobolev_data::Error::Numeric(error) => Self::Numeric(error),
            other => Self::Data(other),
        }
    }
}

impl From<sobolev_nn::Error> for Error {
    fn from(error: sobolev_nn::Error) -> Self {
        match error {
            sobolev_nn::Error::Numeric(error) => Self::Numeric(error),
            sobolev_nn::Error::Checkpoint(error) => Self::Checkpoint(error),
            other => Self::Samples(other),
        }
    }
}

impl From<sobolev_nn::SourceError> for Error {
    fn from(source: sobolev_nn::SourceError) -> Self {
        match sobolev_data::Error::from_source(source) {
            Ok(error) => error.into(),
            Err(source) => match source.downcast::<sobolev_tensor::Error>() {
                Ok(error) => Self::Numeric(*error),
                Err(source) => Self::Samples(sobolev_nn::Error::Source { role: "training", source }),
            },
        }
    }
}

impl From<FigureError> for Error {
    fn from(error: FigureError) -> Self {
        match error {
            FigureError::Argument(error) => Self::Numeric(error),
            other => Self::Figure(other),
        }
    }
}
