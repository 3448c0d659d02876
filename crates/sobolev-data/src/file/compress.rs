//! A compressed copy of a finished file takes its place.

use std::path::Path;

use hdf5_metno as hdf5;
use ndarray::ArrayView1;
use sobolev_tensor::Monitor;

use super::DataFile;
use super::writer::{cancelled, draft_path, make, renamed, write_error, write_numbers};
use crate::dataset::Side;
use crate::error::{Error, Result};

/// Replaces the finished file `path` by a copy with shuffled, gzipped samples. The copy is made beside it and takes its
/// name when it is whole: at every moment there is one whole file, and meanwhile there must be room for both.
///
/// # Errors
/// When the copy cannot be written, or the monitor cancels: the file stays as it was.
pub(crate) fn compress(path: &Path, level: u8, monitor: &dyn Monitor) -> Result<()> {
    let source = DataFile::open(path)?;
    let draft = draft_path(path);
    let made = make(&draft, &source.header, Some(level), |copy| copy_samples(&source, copy, monitor));
    // Some systems do not replace a file that is open.
    drop(source);
    let made = made
        .and_then(|()| std::fs::rename(&draft, path).map_err(|source| Error::io(path, "replace", source)));
    made.map_err(|error| {
        // What is left of a draft is of no use to anyone; the first error is the one to tell.
        let _ = std::fs::remove_file(&draft);
        match renamed(error, path) {
            // The samples are there, only not compressed.
            Error::Write { path, reason, total, .. } => Error::Write { path, reason, finished: total, total },
            other => other,
        }
    })
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
    let small = |name: &str| copy.dataset(name).map_err(failed);
    small("residual")?.write(ArrayView1::from(&source.residuals)).map_err(failed)?;
    small("checksum")?.write_raw(&source.checksums).map_err(failed)?;
    let flags: Vec<u8> = source.finished.iter().map(|flag| u8::from(*flag)).collect();
    small("finished")?.write(ArrayView1::from(&flags)).map_err(failed)
}
