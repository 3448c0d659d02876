//! Shards become one file.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use hdf5_metno as hdf5;
use serde::Serialize;
use sobolev_tensor::{Error as NumericError, Monitor, bytes_in_words};

use super::writer::{cancelled, make, renamed, write_error, write_marks, write_numbers};
use super::{DataFile, Header};
use crate::dataset::Side;
use crate::description::Compression;
use crate::draft::{Draft, Old};
use crate::error::{Error, Result};
use crate::space;
use crate::values::spread;

/// What [`merge`] did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MergeReport {
    /// The file.
    pub path: PathBuf,
    /// Files it was made of.
    pub shards: usize,
    /// Samples in it.
    pub samples: usize,
    /// Size of the file.
    pub bytes: u64,
    /// Wall-clock time in seconds.
    pub seconds: f64,
    /// Least, median and largest residual of all samples.
    pub residual: [f64; 3],
}

impl fmt::Display for MergeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, shards, samples, bytes, seconds, residual: [_, median, largest] } = self;
        write!(
            f,
            "data set {}: {samples} samples of {shards} shards, {}, in {seconds:.1} s; residual {median:.1e} median, \
             {largest:.1e} largest",
            path.display(),
            bytes_in_words(*bytes),
        )
    }
}

/// A shard as it was when it was looked at: closed again, so that thousands of them can be merged.
struct Part {
    path: PathBuf,
    header: Header,
    residuals: Vec<f64>,
    checksums: Vec<u32>,
}

/// Joins shards, in any order, to the data set `path`: the file that one run would have made of all samples.
///
/// Shards are the files of [`generate`](crate::generate) with a [`Shard`](crate::Shard), or of neighbouring ranges of samples.
/// Samples are copied one by one, each after its checksum was compared; the file gets its name when it is whole, and the
/// shards stay. The monitor is told the copied samples.
///
/// # Errors
/// - A shard is missing, damaged, unfinished or no data set, as in [`Dataset::open`](crate::Dataset::open); the error names
///   the file, and the sample that is damaged.
/// - Shards of other settings, and samples that are missing or there twice: [`Error::Merge`].
/// - `path` exists and `replace` is off, or it cannot be written: [`Error::Exists`], [`Error::NoRoom`], [`Error::Write`].
/// - The monitor cancels: [`sobolev_tensor::Error::Cancelled`] in [`Error::Numeric`].
pub fn merge<P: AsRef<Path>>(
    path: impl AsRef<Path>,
    shards: &[P],
    replace: bool,
    monitor: &dyn Monitor,
) -> Result<MergeReport> {
    let (path, start) = (path.as_ref(), Instant::now());
    let mut parts = shards.iter().map(|shard| look_at(shard.as_ref())).collect::<Result<Vec<_>>>()?;
    parts.sort_by_key(|part| part.header.provenance.samples.start);
    let Some(first) = parts.first() else {
        return Err(NumericError::value("shards", "at least one file", "none").into());
    };
    parts[1..].iter().try_for_each(|part| check_same(first, part))?;
    let mut header = first.header.clone();
    header.provenance.samples = covered(path, &parts)?;
    header.provenance.part_of = None;
    for (which, (_, values)) in header.parameters.iter_mut().enumerate() {
        *values = parts.iter().flat_map(|part| part.header.parameters[which].1.iter().copied()).collect();
    }
    let draft = Draft::new(path, if replace { Old::Replace } else { Old::Keep })?;
    space::check_room(path, header.bytes())?;
    let level = match header.compression {
        Compression::Gzip { level } => Some(level),
        Compression::None => None,
    };
    make(draft.path(), &header, level, |file| copy(&parts, path, &header, file, monitor))
        .map_err(|error| if matches!(error, Error::Write { .. }) { renamed(error, path) } else { error })?;
    draft.save()?;
    let residuals: Vec<f64> = parts.iter().flat_map(|part| part.residuals.iter().copied()).collect();
    Ok(MergeReport {
        path: path.to_path_buf(),
        shards: parts.len(),
        samples: header.count(),
        bytes: std::fs::metadata(path).map_err(|source| Error::io(path, "read", source))?.len(),
        seconds: start.elapsed().as_secs_f64(),
        residual: spread(residuals.as_slice().into()).unwrap_or([f64::NAN; 3]),
    })
}

/// Opens a shard, which must be finished, and closes it again.
fn look_at(path: &Path) -> Result<Part> {
    let DataFile { path, header, residuals, checksums, finished, .. } = DataFile::open(path)?;
    match finished.iter().position(|flag| !flag) {
        None => Ok(Part { path, header, residuals, checksums }),
        Some(first) => {
            let count = finished.iter().filter(|flag| **flag).count();
            Err(Error::Unfinished { path, first, finished: count, total: finished.len() })
        }
    }
}

/// Checks that two shards are of one data set.
fn check_same(first: &Part, part: &Part) -> Result<()> {
    let mut other = part.header.clone();
    other.provenance.samples = first.header.provenance.samples.clone();
    let names = [&first.path, &part.path].map(|path| path.display().to_string());
    let differences = first.header.compare(&other, &names[0], &names[1]);
    if differences.is_empty() {
        return Ok(());
    }
    let what = format!("made with other settings: {}", differences.join("; "));
    Err(Error::Merge { path: part.path.clone(), what })
}

/// The samples of all parts, which are in order.
fn covered(path: &Path, parts: &[Part]) -> Result<Range<u64>> {
    let samples = |part: &Part| part.header.provenance.samples.clone();
    let first = samples(&parts[0]);
    let last = samples(&parts[parts.len() - 1]);
    let whole = parts[0].header.provenance.part_of.clone().unwrap_or(first.start..last.end);
    let missing = |range: Range<u64>| {
        let what = format!("samples {}..{} are missing", range.start, range.end);
        Err(Error::Merge { path: path.to_path_buf(), what })
    };
    let mut next = whole.start;
    for (i, part) in parts.iter().enumerate() {
        let range = samples(part);
        if range.start > next {
            return missing(next..range.start);
        }
        if range.start < next {
            let other = parts[i.saturating_sub(1)].path.display();
            let twice = format!("{}..{}", range.start, next.min(range.end));
            let what = format!("samples {twice} are in {other} too");
            return Err(Error::Merge { path: part.path.clone(), what });
        }
        next = range.end;
    }
    if next < whole.end { missing(next..whole.end) } else { Ok(whole) }
}

/// Copies all samples: inputs, then targets, in the order in which a single run sets its space aside.
fn copy(
    parts: &[Part],
    path: &Path,
    header: &Header,
    file: &hdf5::File,
    monitor: &dyn Monitor,
) -> Result<()> {
    let failed = |error: hdf5::Error| write_error(path, header, &error);
    let count = header.count();
    let mut copied = 0;
    for side in [Side::Input, Side::Target] {
        let dataset = file.dataset(side.name()).map_err(failed)?;
        let mut row = 0;
        for part in parts {
            let source = DataFile::open(&part.path)?;
            if source.header != part.header || source.checksums != part.checksums {
                let what = "changed while it was read".to_string();
                return Err(Error::Merge { path: part.path.clone(), what });
            }
            for own in 0..part.header.count() {
                if monitor.cancelled() {
                    return Err(cancelled(copied / 2, count).into());
                }
                let values = source.read(side, own..own + 1)?;
                write_numbers(&dataset, row..row + 1, &values).map_err(failed)?;
                row += 1;
                copied += 1;
                monitor.progress(copied as u64 / 2, count as u64);
            }
        }
    }
    let residuals: Vec<f64> = parts.iter().flat_map(|part| part.residuals.iter().copied()).collect();
    let checksums: Vec<u32> = parts.iter().flat_map(|part| part.checksums.iter().copied()).collect();
    write_marks(file, &residuals, &checksums, &vec![true; count]).map_err(failed)
}
