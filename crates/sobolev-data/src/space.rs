//! How large a data set will be, and whether there is room for it.

use std::path::Path;

use sobolev_solvers::{Field, Problem};

use crate::description::Compression;
use crate::draft::draft_of;
use crate::error::{Error, Result};
use crate::values::Precision;

/// Attributes, coordinates and the superblock, roughly.
const HEADER: u64 = 8 * 1024;

/// Bytes of the uncompressed file of `samples` samples of `problem`: values, the index of their chunks, and what is noted of
/// each sample. Exact but for some kilobytes and a few bytes a sample.
pub fn expected_bytes(problem: &dyn Problem, samples: u64, precision: Precision) -> u64 {
    let parameters = problem.parameters(0, 0).len();
    of_fields(&[problem.input(), problem.target()], parameters, samples, precision)
}

pub(crate) fn of_fields(fields: &[Field; 2], parameters: usize, samples: u64, precision: Precision) -> u64 {
    let of_field = |field: &Field| {
        let shape = field.shape();
        let values: u128 = shape.iter().map(|n| *n as u128).product();
        // The nodes of the tree of chunks, whose entries have a size, offsets and an address, are three quarters full.
        values * precision.bytes() as u128 + (32 + 8 * shape.len() as u128) * 4 / 3
    };
    // Number, residual, flag and checksums.
    let noted = 8 + 8 + 1 + 8 + 8 * parameters as u128;
    let each = fields.iter().map(of_field).sum::<u128>() + noted;
    u64::try_from(u128::from(samples).saturating_mul(each) + u128::from(HEADER)).unwrap_or(u64::MAX)
}

/// Bytes that generating a file of `bytes` needs at most while it runs: one that will be compressed lies uncompressed beside
/// its copy, which may be as large.
pub(crate) fn while_made(bytes: u64, compression: Compression) -> u64 {
    match compression {
        Compression::None => bytes,
        Compression::Gzip { .. } => bytes.saturating_mul(2),
    }
}

/// Bytes that the disk has left for a file `path`; nothing where the system does not tell.
pub fn free_bytes(path: impl AsRef<Path>) -> Option<u64> {
    let folder = path.as_ref().parent().filter(|folder| !folder.as_os_str().is_empty());
    free_in(folder.unwrap_or(Path::new(".")))
}

#[cfg(unix)]
fn free_in(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_in(_: &Path) -> Option<u64> {
    None
}

/// Checks that a file `path` of `needed` bytes fits on its disk.
///
/// # Errors
/// [`Error::NoRoom`] with both numbers.
pub fn check_room(path: &Path, needed: u64) -> Result<()> {
    // A draft that a killed run has left goes first.
    let left = std::fs::metadata(draft_of(path)).map_or(0, |draft| draft.len());
    match free_bytes(path) {
        Some(free) if free.saturating_add(left) < needed => {
            Err(Error::NoRoom { path: path.to_path_buf(), needed, free: free.saturating_add(left) })
        }
        _ => Ok(()),
    }
}
