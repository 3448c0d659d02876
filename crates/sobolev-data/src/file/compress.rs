//! A compressed copy of a finished file takes its place.

use hdf5_metno as hdf5;
use sobolev_tensor::Monitor;

use super::DataFile;
use super::writer::{cancelled, make, renamed, write_error, write_marks, write_numbers};
use crate::dataset::Side;
use crate::draft::{Draft, Old};
use crate::error::{Error, Result};

/// Replaces the finished file `source` by a copy with shuffled, gzipped samples. The copy is made beside it and takes its
/// name when it is whole: at every moment there is one whole file, and meanwhile there must be room for both.
///
/// # Errors
/// When the copy cannot be written, or the monitor cancels: the file stays as it was.
pub(crate) fn compress(source: DataFile, level: u8, monitor: &dyn Monitor) -> Result<()> {
    let (path, header) = (source.path.clone(), source.header.clone());
    // The lock of the source is held already, by this run.
    let draft = Draft::new(&path, Old::Swap)?;
    // From here on nobody but this run changes what the name stands for.
    if !source.is_in_place() {
        return Err(Error::Locked { path });
    }
    make(draft.path(), &header, Some(level), |copy| copy_samples(&source, copy, monitor)).map_err(
        |error| {
            match renamed(error, &path) {
                // The samples are there, only not compressed.
                Error::Write { path, reason, total, .. } => {
                    Error::Write { path, reason, finished: total, total }
                }
                other => other,
            }
        },
    )?;
    // Some systems do not replace a file that is open.
    let lock = source.close();
    let saved = draft.save();
    drop(lock);
    saved
}

fn copy_samples(source: &DataFile, copy: &hdf5::File, monitor: &dyn Monitor) -> Result<()> {
    let failed = |error: hdf5::Error| write_error(&source.path, &source.header, &error);
    let count = source.header.count();
    for side in [Side::Input, Side::Target] {
        let dataset = copy.dataset(side.name()).map_err(failed)?;
        for row in 0..count {
            if monitor.cancelled() {
                return Err(cancelled(count, count).into());
            }
            write_numbers(&dataset, row..row + 1, &source.read(side, row..row + 1)?).map_err(failed)?;
        }
    }
    write_marks(copy, &source.residuals, &source.checksums, &source.finished).map_err(failed)
}
