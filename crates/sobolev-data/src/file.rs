//! The HDF5 file of a data set (format version 1).
//!
//! ```text
//! /                attributes: format, format_version, equation, formula, method, seed, first_sample, samples,
//!                  precision, compression, random_generator, code_version
//! /settings        attributes: toml (all settings as TOML text), and each setting by its name
//! /input, /target  [samples, axes.., channels], one chunk a sample; attributes: name, units, channels, axes,
//!                  axis_units, boundary_conditions
//! /coordinates/input/<axis>, /coordinates/target/<axis>    points of each axis; attributes: units, boundary_condition
//! /parameters/<setting>    values of the settings that are drawn for each sample, where there are any
//! /sample          number of each sample under the seed
//! /residual        relative residual or estimated error of each target
//! /finished        1 for each sample that is written
//! /checksum        [samples, 2], CRC-32 of the little-endian bytes of each input and target
//! ```
//!
//! The attribute `header` of the root group says all of this once more, in JSON; see [`record`] for the reason.
//!
//! **Why a killed writer loses nothing.** All space is allocated and all of the file's structure written when the file is
//! made, under another name, and the file gets its own name when it is whole. From then on samples are written in place:
//! values, then `finished = 1`, each handed to the operating system at once and in this order: it outlives the process, not a
//! power cut. No structure changes while samples are written, so there is no moment at which a reader would find half of a
//! change, and a disk that fills up meanwhile does no harm either. Unfinished samples begin with NaN.
//! Compressed chunks cannot be placed beforehand; a compressed file is made from the finished one in the same way,
//! beside it, and takes its place when it is whole.

mod compress;
mod copy;
mod header;
mod merge;
mod place;
mod record;
mod schema;
mod untimed;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5_metno as hdf5;
use rayon::prelude::*;

pub(crate) use compress::compress;
pub(crate) use copy::write_copy;
pub(crate) use header::Header;
pub use merge::{MergeReport, merge};
pub(crate) use schema::{write_number, write_text, write_texts};
pub(crate) use untimed::{create_untimed, new_dataset};
pub(crate) use writer::Writer;

use crate::dataset::{About, Dataset, Side, Storage};
use crate::draft::{Lock, is_at, lock_file, sync, sync_folder};
use crate::error::{Error, Result};
use crate::signature::Head;
use crate::values::{Numbers, Precision};

/// Whether HDF5 is to lock files. Its locks (`flock`) are on descriptors that every program started meanwhile inherits, so
/// that they outlive the file; ours are not. Both are of one kind: other programs with HDF5 see ours, and we see theirs.
/// Where locks keep other descriptors from reading, ours would be in its way.
pub(crate) const LOCKED_BY_HDF5: bool = cfg!(not(unix));

/// An open file with all that it says of itself.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    file: hdf5::File,
    input: hdf5::Dataset,
    target: hdf5::Dataset,
    header: Header,
    numbers: Vec<u64>,
    residuals: Vec<f64>,
    /// Of input and target of each sample.
    checksums: Vec<u32>,
    finished: Vec<bool>,
    bytes: u64,
    /// Given back when the file is closed, which is when all above are gone.
    lock: Option<std::fs::File>,
}

impl DataFile {
    /// Opens a file to read it.
    ///
    /// # Errors
    /// When it is missing, no HDF5, truncated, damaged or not ours.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::open_as(path, hdf5::OpenMode::Read)
    }

    fn open_as(path: &Path, mode: hdf5::OpenMode) -> Result<Self> {
        loop {
            // Folders and missing files have errors of their own.
            Head::read(path)?;
            let lock = if mode == hdf5::OpenMode::Read { Lock::Reader } else { Lock::Writer };
            let lock = lock_file(path, lock)?;
            let opened = Self::open_locked(path, mode);
            // A file that was replaced meanwhile is not the one that is locked.
            if lock.as_ref().is_none_or(|lock| is_at(lock, path)) {
                return Ok(Self { lock, ..opened? });
            }
        }
    }

    /// Opens a file on which the caller holds a lock.
    fn open_locked(path: &Path, mode: hdf5::OpenMode) -> Result<Self> {
        let head = Head::read(path)?;
        head.check_hdf5(path)?;
        let file = hdf5::File::with_options()
            .with_fapl(|access| access.file_locking(LOCKED_BY_HDF5))
            .open_as(path, mode)
            .map_err(|error| open_error(path, &error))?;
        let header = record::read(path, &file, head.len)?;
        let count = header.count();
        let open = |name: &str| file.dataset(name).map_err(|e| damaged(path, name, &e));
        let (input, target) = (open("input")?, open("target")?);
        for (side, dataset, field) in [("input", &input, &header.input), ("target", &target, &header.target)]
        {
            let expected: Vec<usize> = [count].into_iter().chain(field.shape()).collect();
            if dataset.shape() != expected {
                let what = format!("{side} has shape {:?}, its fields say {expected:?}", dataset.shape());
                return Err(Error::damaged(path, what));
            }
        }
        let numbers: Vec<u64> = record::read_numbers(path, &file, "sample", &[count])?;
        let start = header.provenance.samples.start;
        if let Some(i) = (0..count).find(|&i| numbers[i] != start + i as u64) {
            let what = format!("sample {i} has number {}, expected {}", numbers[i], start + i as u64);
            return Err(Error::damaged(path, what));
        }
        let residuals: Vec<f64> = record::read_numbers(path, &file, "residual", &[count])?;
        let flags: Vec<u8> = record::read_numbers(path, &file, "finished", &[count])?;
        if let Some(flag) = flags.iter().find(|flag| **flag > 1) {
            return Err(Error::damaged(path, format!("finished holds {flag}, expected 0 or 1")));
        }
        let checksums: Vec<u32> = record::read_numbers(path, &file, "checksum", &[count, 2])?;
        let finished = flags.into_iter().map(|flag| flag == 1).collect();
        let path = path.to_path_buf();
        Ok(Self {
            path,
            file,
            input,
            target,
            header,
            numbers,
            residuals,
            checksums,
            finished,
            bytes: head.len,
            lock: None,
        })
    }

    /// The residual of each sample, NaN where it is unfinished.
    pub(crate) fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// Whether the name of the file is still that of the file that is open.
    fn is_in_place(&self) -> bool {
        self.lock.as_ref().is_none_or(|lock| is_at(lock, &self.path))
    }

    /// Closes the file and hands it to the disk, so that it outlives a power cut.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn save(self) -> Result<()> {
        let path = self.path.clone();
        let lock = self.close();
        let saved = sync(&path, lock.as_ref()).and_then(|()| sync_folder(&path));
        saved.map_err(|source| Error::Io { path, action: "save", source })
    }

    /// Closes the file and keeps its lock.
    fn close(self) -> Option<std::fs::File> {
        self.lock
    }

    /// A data set of the finished samples.
    ///
    /// # Errors
    /// Never; for symmetry with the other ways to a data set.
    pub(crate) fn into_dataset(self) -> Result<Dataset> {
        let rows: Vec<usize> = (0..self.finished.len()).filter(|&row| self.finished[row]).collect();
        let about = About {
            path: Some(self.path.clone()),
            bytes: self.bytes,
            precision: self.header.precision,
            compression: self.header.compression,
            provenance: Some(self.header.provenance.clone()),
            total: self.finished.len(),
            finished: rows.len(),
            residuals: self.residuals.clone(),
            numbers: self.numbers.clone(),
            parameters: self.header.parameters.clone(),
            attributes: Vec::new(),
        };
        let fields = [self.header.input.clone(), self.header.target.clone()];
        Ok(Dataset::new(Storage::File(Box::new(self)), about, rows, fields))
    }

    /// The stored samples `rows` of one side, one after the other.
    ///
    /// # Errors
    /// When the file cannot be read there, or a sample does not have its checksum.
    pub(crate) fn read(&self, side: Side, rows: Range<usize>) -> Result<Numbers> {
        let dataset = if side == Side::Input { &self.input } else { &self.target };
        let part = slab(rows.clone(), dataset.ndim());
        let numbers = match self.header.precision {
            Precision::F32 => {
                dataset.read_slice::<f32, _, ndarray::IxDyn>(part).map(|a| Numbers::from_vec(flat(a)))
            }
            Precision::F64 => {
                dataset.read_slice::<f64, _, ndarray::IxDyn>(part).map(|a| Numbers::from_vec(flat(a)))
            }
        };
        let numbers =
            numbers.map_err(|e| damaged(&self.path, &format!("samples {rows:?} of {}", side.name()), &e))?;
        let len = numbers.len() / rows.len().max(1);
        let changed = rows.clone().into_par_iter().find_first(|row| {
            let start = (row - rows.start) * len;
            numbers.checksum(start..start + len) != self.checksums[2 * row + side as usize]
        });
        match changed {
            None => Ok(numbers),
            Some(row) => {
                let number = self.numbers[row];
                let what = format!("sample {number} of {} holds other values than were written", side.name());
                Err(Error::damaged(&self.path, what))
            }
        }
    }
}

fn flat<T>(array: ndarray::ArrayD<T>) -> Vec<T> {
    array.into_raw_vec_and_offset().0
}

/// The rows `rows` of an array of `rank` axes, whole along all others.
pub(crate) fn slab(rows: Range<usize>, rank: usize) -> hdf5::Hyperslab {
    let mut axes = vec![hdf5::SliceOrIndex::from(..); rank];
    if let Some(first) = axes.first_mut() {
        *first = rows.into();
    }
    hdf5::Hyperslab::from(axes)
}

/// What HDF5 says in one line: the system's own message when there is one.
pub(crate) fn explain(error: &hdf5::Error) -> String {
    let frames = error.stack();
    let descriptions = || frames.iter().flat_map(|stack| stack.iter().map(|frame| frame.desc()));
    for description in descriptions() {
        if let Some((_, rest)) = description.split_once("error message = '") {
            return rest.split('\'').next().unwrap_or(rest).to_string();
        }
    }
    descriptions().last().map_or_else(|| error.to_string(), str::to_string)
}

pub(crate) fn damaged(path: &Path, what: &str, error: &hdf5::Error) -> Error {
    Error::damaged(path, format!("{what} cannot be read ({})", explain(error)))
}

/// The error for a file with the HDF5 signature that HDF5 does not open.
pub(crate) fn open_error(path: &Path, error: &hdf5::Error) -> Error {
    let text = format!("{error} {}", explain(error));
    // Another program holds the system's lock, or this one has the file open in the other mode.
    if ["unable to lock file", "temporarily unavailable", "already open for"].iter().any(|t| text.contains(t))
    {
        return Error::Locked { path: path.to_path_buf() };
    }
    for (system, kind) in [
        ("Permission denied", std::io::ErrorKind::PermissionDenied),
        ("Read-only file system", std::io::ErrorKind::ReadOnlyFilesystem),
    ] {
        if text.contains(system) {
            return Error::io(path, "open", std::io::Error::new(kind, system));
        }
    }
    Error::damaged(path, format!("HDF5 cannot open it ({})", explain(error)))
}
