//! The error of this crate: what is wrong with which file, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use sobolev_nn::SourceError;
use sobolev_tensor::bytes_in_words;

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// A wrong argument, or a file that cannot be read, written or understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A wrong argument, an interrupted run or a solver that failed.
    #[error(transparent)]
    Numeric(#[from] sobolev_tensor::Error),
    /// There is no such file.
    #[error("data set {}: not found", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("data set {}: cannot {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried, such as `open`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The file is there already and must not be overwritten.
    #[error("data set {}: exists already; resume it, replace it, or choose another name", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is being written, or is to be written while it is open.
    #[error("data set {}: in use, it is open in this or another program; close it there first", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file has no HDF5 signature.
    #[error("data set {}: not an HDF5 file, {looks_like}", path.display())]
    NotHdf5 {
        /// The file.
        path: PathBuf,
        /// What the first bytes say, and what to do.
        looks_like: String,
    },
    /// HDF5, but not written by this library.
    #[error("data set {}: HDF5, but not a sobolev data set; {looks_like}; it holds {}", path.display(), list(keys))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What the names in it say, and what to do.
        looks_like: String,
        /// Names at the root of the file.
        keys: Vec<String>,
    },
    /// A data set of a later version of this library.
    #[error("data set {}: format version {version}, this program reads up to {supported}; update it", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        version: u64,
        /// Newest version that is understood.
        supported: u64,
    },
    /// The end of the file is missing.
    #[error(
        "data set {}: truncated: {actual} of {expected} bytes are there; copy or generate it again",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that the header announces.
        expected: u64,
        /// Bytes that are there.
        actual: u64,
    },
    /// The file contradicts itself or its format.
    #[error("data set {}: damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, and what was found.
        what: String,
    },
    /// Some samples have not been written yet.
    #[error(
        "data set {}: sample {first} of {total} is unfinished (writer stopped); \"sobolev generate --resume\" \
         completes it, \"--finished\" reads the {finished} finished ones",
        path.display()
    )]
    Unfinished {
        /// The file.
        path: PathBuf,
        /// Position of the first unfinished sample, counted from zero.
        first: usize,
        /// Samples that are finished.
        finished: usize,
        /// Samples in the data set.
        total: usize,
    },
    /// The file to resume was made with other settings.
    #[error("data set {}: cannot be resumed, it was made with other settings: {}", path.display(), differences.join("; "))]
    Differs {
        /// The file.
        path: PathBuf,
        /// Each difference as `name: file X, asked Y`.
        differences: Vec<String>,
    },
    /// The file could not be written, mostly because the disk is full.
    #[error(
        "data set {}: cannot write: {reason}; {finished} of {total} samples are finished and readable, resume when \
         there is room",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
        /// Samples finished before.
        finished: usize,
        /// Samples in the data set.
        total: usize,
    },
    /// The disk has less room than the file needs; nothing was written.
    #[error(
        "data set {}: {needed} bytes are needed ({}), {free} are free ({}); choose fewer samples, another precision or \
         another disk",
        path.display(), bytes_in_words(*needed), bytes_in_words(*free)
    )]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// Bytes that are needed at most.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The shards do not make one data set.
    #[error("data set {}: cannot be merged: {what}", path.display())]
    Merge {
        /// The shard to blame, or the file that was to be made.
        path: PathBuf,
        /// What differs, is missing or there twice.
        what: String,
    },
    /// A sample could not be solved.
    #[error("sample {sample} of seed {seed}: {source}")]
    Sample {
        /// Number of the sample.
        sample: u64,
        /// Seed of the data set.
        seed: u64,
        /// What went wrong.
        source: sobolev_tensor::Error,
    },
    /// A file of another format does not hold the variable.
    #[error("{}: no variable {name}; it holds {}", path.display(), list(available))]
    MissingVariable {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        name: String,
        /// What is there, with shapes.
        available: Vec<String>,
    },
    /// The file is sound but holds something that is not read.
    #[error("{}: {what}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is, and what to do.
        what: String,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_string() } else { names.join(", ") }
}

impl Error {
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Io { path, action, source },
        }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), what: what.into() }
    }

    pub(crate) fn unsupported(path: &Path, what: impl Into<String>) -> Self {
        Self::Unsupported { path: path.to_path_buf(), what: what.into() }
    }

    /// The error of a [`SampleSource`](sobolev_nn::SampleSource), when it came from this crate.
    ///
    /// # Errors
    /// The error given, when it is of another kind.
    pub fn from_source(error: SourceError) -> std::result::Result<Self, SourceError> {
        error.downcast::<Self>().map(|error| *error)
    }
}
