//! Why a figure could not be made.

use std::path::PathBuf;

/// A figure could not be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A panel cannot be drawn: an empty array, an impossible range, too many pixels.
    #[error(transparent)]
    Argument(#[from] sobolev_tensor::Error),
    /// The file could not be written.
    #[error("figure {}: cannot write the file: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
