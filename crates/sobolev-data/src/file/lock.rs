//! Who may open a file: one writer, or many readers.
//!
//! HDF5 locks its files itself (`flock`), but on a descriptor that every program started meanwhile inherits, so that the lock
//! outlives the file. Here the lock is taken on a descriptor that no program inherits, and HDF5's is turned off. Both are of
//! one kind: other programs with HDF5 see ours, and we see theirs.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use hdf5::OpenMode;
use hdf5_metno as hdf5;

use crate::error::{Error, Result};

/// Whether HDF5 is to lock files: where locks keep other descriptors from reading, one of our own would be in its way.
pub(super) const BY_HDF5: bool = cfg!(not(unix));

/// A child that is being started holds all locks for a moment, until it runs its own program.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// Locks the file for reading or writing, as long as what it returns lives.
///
/// # Errors
/// [`Error::Locked`] when another one has it open in the other mode; [`Error::Io`] when it cannot be opened.
pub(super) fn lock(path: &Path, mode: OpenMode) -> Result<Option<File>> {
    if BY_HDF5 {
        return Ok(None);
    }
    let file = File::open(path).map_err(|source| Error::io(path, "open", source))?;
    for tries in 1..=TRIES {
        let locked = if mode == OpenMode::Read { file.try_lock_shared() } else { file.try_lock() };
        match locked {
            Err(TryLockError::WouldBlock) if tries < TRIES => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => break,
            // A file system that knows no locks keeps nobody out.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(Some(file)),
        }
    }
    Err(Error::Locked { path: path.to_path_buf() })
}
