//! Writing samples in place, so that a killed or full writer loses none that it has finished.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hdf5::H5Type;
use hdf5::dataset::{AllocTime, FillTime};
use hdf5_metno as hdf5;
use ndarray::{Array2, ArrayView, ArrayView1, IxDyn};
use sobolev_tensor::Monitor;

use super::place::{Layout, chunk_of, reserve};
use super::untimed::{create_untimed, new_dataset};
use super::{DataFile, Header, explain, open_error, record, schema, slab};
use crate::dataset::Side;
use crate::draft::{Draft, Old};
use crate::error::{Error, Result};
use crate::values::{Numbers, Precision};

/// A chunk must stay below 4 GiB in the compatible file version.
const LARGEST_CHUNK: usize = 1 << 31;

/// A file open for writing; see [`file`](super) for the order of things. Several threads may write samples at once.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Where samples go; nothing when all are finished.
    layout: Option<Layout>,
    /// The bytes of the file, beside HDF5.
    bytes: File,
    state: Mutex<State>,
}

/// What is known of the samples.
#[derive(Debug)]
struct State {
    /// Number of finished samples.
    count: usize,
    /// It holds the lock of the file.
    open: DataFile,
}

impl Writer {
    /// Makes the file with room for all samples.
    ///
    /// # Errors
    /// When another run makes it, it is there and to be kept, or it cannot be written.
    pub(crate) fn create(path: &Path, header: &Header, old: Old, monitor: &dyn Monitor) -> Result<Self> {
        let draft = Draft::new(path, old)?;
        let mut layout = None;
        make(draft.path(), header, None, |file| {
            layout = Some(Layout::of(path, file, header.precision.bytes(), u64::MAX)?);
            Ok(())
        })
        .map_err(|error| renamed(error, path))?;
        if let Some(layout) = layout {
            set_aside(draft.path(), &layout, header, monitor).map_err(|error| renamed(error, path))?;
        }
        let lock = draft.finish()?;
        let open = DataFile::open_locked(path, hdf5::OpenMode::ReadWrite)?;
        Self::new(DataFile { lock, ..open })
    }

    /// Opens the file to write its unfinished samples; a finished one is opened only to be read.
    ///
    /// # Errors
    /// When it cannot be read, or was made with another header: all differences are named.
    pub(crate) fn resume(path: &Path, header: &Header) -> Result<Self> {
        let same = |open: DataFile| {
            let differences = open.header.differences(header);
            if differences.is_empty() {
                return Ok(open);
            }
            Err(Error::Differs { path: path.to_path_buf(), differences })
        };
        let mut open = same(DataFile::open(path)?)?;
        if open.finished.contains(&false) {
            drop(open);
            // Another run may have replaced it meanwhile.
            open = same(DataFile::open_as(path, hdf5::OpenMode::ReadWrite)?)?;
        }
        Self::new(open)
    }

    fn new(open: DataFile) -> Result<Self> {
        let unfinished = open.finished.contains(&false);
        let failed = |source| Error::io(&open.path, "open", source);
        let bytes = match &open.lock {
            Some(lock) => lock.try_clone(),
            None => File::options().read(true).write(unfinished).open(&open.path),
        };
        let bytes = bytes.map_err(failed)?;
        let value = open.header.precision.bytes();
        let layout = unfinished.then(|| Layout::of(&open.path, &open.file, value, open.bytes)).transpose()?;
        let count = open.finished.iter().filter(|flag| **flag).count();
        Ok(Self { layout, bytes, state: Mutex::new(State { count, open }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere ends the whole run anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Positions of the samples that are not finished.
    pub(crate) fn unfinished(&self) -> Vec<usize> {
        let state = self.state();
        (0..state.open.finished.len()).filter(|&row| !state.open.finished[row]).collect()
    }

    /// Number of finished samples.
    pub(crate) fn finished(&self) -> usize {
        self.state().count
    }

    /// Whether the samples are compressed as the header says.
    pub(crate) fn is_compressed(&self) -> bool {
        !self.state().open.input.filters().is_empty()
    }

    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        self.state().open.path.clone()
    }

    /// Writes one side of the sample at `row`.
    ///
    /// # Errors
    /// [`Error::Write`]; samples finished before stay readable.
    pub(crate) fn write(&self, row: usize, side: Side, bytes: &[u8]) -> Result<()> {
        self.written(|layout| layout.write_values(&self.bytes, row, side, bytes))
    }

    /// Marks the sample at `row`, both sides of which are written, finished. `told` is called with the number of finished
    /// samples, which never decreases.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub(crate) fn finish(
        &self,
        row: usize,
        residual: f64,
        checksums: [u32; 2],
        told: impl FnOnce(usize),
    ) -> Result<()> {
        self.written(|layout| layout.write_marks(&self.bytes, row, residual, checksums))?;
        let mut state = self.state();
        state.open.finished[row] = true;
        state.open.residuals[row] = residual;
        state.open.checksums[2 * row..][..2].copy_from_slice(&checksums);
        state.count += 1;
        told(state.count);
        Ok(())
    }

    /// Has the disk take what is written so far.
    ///
    /// # Errors
    /// [`Error::Io`] when it fails.
    pub(crate) fn sync(&self) -> Result<()> {
        self.bytes.sync_data().map_err(|source| Error::Io { path: self.path(), action: "save", source })
    }

    fn written(&self, write: impl FnOnce(&Layout) -> io::Result<()>) -> Result<()> {
        let nowhere = || io::Error::other("all samples are finished");
        self.layout.as_ref().ok_or_else(nowhere).and_then(write).map_err(|error| {
            let state = self.state();
            let (finished, total) = (state.count, state.open.finished.len());
            Error::Write { path: state.open.path.clone(), reason: in_words(&error), finished, total }
        })
    }

    /// The file, still open and locked.
    pub(crate) fn into_file(self) -> DataFile {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).open
    }
}

/// The error of a draft, told of the file that was to be.
pub(super) fn renamed(error: Error, to: &Path) -> Error {
    let to = to.to_path_buf();
    match error {
        Error::Write { reason, finished, total, .. } => Error::Write { path: to, reason, finished, total },
        Error::Io { action, source, .. } => Error::Io { path: to, action, source },
        Error::Locked { .. } => Error::Locked { path: to },
        other => other,
    }
}

/// Fills `draft` with the header and empty samples, compressed at `level` if given, has `write` write into it, and closes it.
pub(super) fn make(
    draft: &Path,
    header: &Header,
    level: Option<u8>,
    write: impl FnOnce(&hdf5::File) -> Result<()>,
) -> Result<()> {
    let file = create_untimed(draft, 0).map_err(|e| open_error(draft, &e))?;
    let failed = |error: hdf5::Error| write_error(draft, header, &error);
    lay_out(&file, header, level).map_err(failed)?;
    write(&file)?;
    file.flush().map_err(failed)?;
    file.close().map_err(failed)
}

pub(super) fn write_error(path: &Path, header: &Header, error: &hdf5::Error) -> Error {
    Error::Write { path: path.to_path_buf(), reason: explain(error), finished: 0, total: header.count() }
}

fn lay_out(file: &hdf5::File, header: &Header, level: Option<u8>) -> std::result::Result<(), hdf5::Error> {
    record::write(file, header)?;
    schema::write_header(file, header)?;
    match header.precision {
        Precision::F32 => lay_out_samples::<f32>(file, header, level, f32::NAN)?,
        Precision::F64 => lay_out_samples::<f64>(file, header, level, f64::NAN)?,
    }
    let samples = &header.provenance.samples;
    let numbers: Vec<u64> = samples.clone().collect();
    new_dataset(file)?.with_data(ArrayView1::from(&numbers)).create("sample")?;
    let residuals = vec![f64::NAN; numbers.len()];
    new_dataset(file)?.with_data(ArrayView1::from(&residuals)).create("residual")?;
    new_dataset(file)?.with_data(ArrayView1::from(&vec![0_u8; numbers.len()])).create("finished")?;
    let checksums = Array2::<u32>::zeros((numbers.len(), 2));
    new_dataset(file)?.with_data(&checksums).create("checksum")?;
    Ok(())
}

fn lay_out_samples<T: H5Type + Into<hdf5::types::OwnedDynValue> + Copy>(
    file: &hdf5::File,
    header: &Header,
    level: Option<u8>,
    fill: T,
) -> std::result::Result<(), hdf5::Error> {
    for (side, field) in [("input", &header.input), ("target", &header.target)] {
        let chunk = chunk_of(&field.shape(), LARGEST_CHUNK / header.precision.bytes());
        let shape: Vec<usize> = [header.count()].into_iter().chain(field.shape()).collect();
        let builder = new_dataset(file)?.empty::<T>().shape(shape).chunk(chunk).fill_value(fill);
        let builder = match level {
            // Compressed chunks find their place when their size is known.
            Some(level) => builder.shuffle().deflate(level).fill_time(FillTime::IfSet),
            // Each chunk gets its place at once; nothing is written there yet.
            None => builder.alloc_time(Some(AllocTime::Early)).fill_time(FillTime::Never),
        };
        let dataset = builder.create(side)?;
        schema::write_field(&dataset, field)?;
    }
    Ok(())
}

/// Sets the space of all samples aside, and begins each with NaN: a program that does not look at the flags sees that
/// they are not finished. Where the file system cannot set space aside, they are NaN as a whole.
fn set_aside(draft: &Path, layout: &Layout, header: &Header, monitor: &dyn Monitor) -> Result<()> {
    let failed = |error: io::Error| {
        let (path, reason) = (draft.to_path_buf(), in_words(&error));
        Error::Write { path, reason, finished: 0, total: header.count() }
    };
    let file = File::options().read(true).write(true).open(draft).map_err(failed)?;
    let reserved = reserve(&file).map_err(failed)?;
    for side in [Side::Input, Side::Target] {
        let nan = match header.precision {
            Precision::F32 => f32::NAN.to_ne_bytes().to_vec(),
            Precision::F64 => f64::NAN.to_ne_bytes().to_vec(),
        };
        let bytes = if reserved { nan } else { nan.repeat(layout.bytes(side) / nan.len()) };
        for row in 0..header.count() {
            if monitor.cancelled() {
                return Err(cancelled(0, header.count()).into());
            }
            layout.write_values(&file, row, side, &bytes).map_err(failed)?;
        }
    }
    Ok(())
}

/// What the system said, without its number.
fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_string()
}

/// Writes what is noted of each sample.
pub(super) fn write_marks(
    file: &hdf5::File,
    residuals: &[f64],
    checksums: &[u32],
    finished: &[bool],
) -> std::result::Result<(), hdf5::Error> {
    file.dataset("residual")?.write(ArrayView1::from(residuals))?;
    file.dataset("checksum")?.write_raw(checksums)?;
    let flags: Vec<u8> = finished.iter().map(|flag| u8::from(*flag)).collect();
    file.dataset("finished")?.write(ArrayView1::from(&flags))
}

pub(super) fn cancelled(done: usize, total: usize) -> sobolev_tensor::Error {
    sobolev_tensor::Error::Cancelled { task: "data set".to_string(), done: done as u64, total: total as u64 }
}

/// Writes the first values of `numbers` to the samples `rows`.
pub(super) fn write_numbers(
    dataset: &hdf5::Dataset,
    rows: Range<usize>,
    numbers: &Numbers,
) -> std::result::Result<(), hdf5::Error> {
    let mut shape = dataset.shape();
    if let Some(first) = shape.first_mut() {
        *first = rows.len();
    }
    let part = slab(rows, shape.len());
    match numbers {
        Numbers::F32(values) => write_view(dataset, &shape, values, part),
        Numbers::F64(values) => write_view(dataset, &shape, values, part),
    }
}

fn write_view<T: H5Type>(
    dataset: &hdf5::Dataset,
    shape: &[usize],
    values: &[T],
    part: hdf5::Hyperslab,
) -> std::result::Result<(), hdf5::Error> {
    let view = values
        .get(..shape.iter().product())
        .ok_or_else(|| hdf5::Error::from(format!("{} values do not fill {shape:?}", values.len())))?;
    let view = ArrayView::from_shape(IxDyn(shape), view)
        .map_err(|error| hdf5::Error::from(format!("values do not fit the samples: {error}")))?;
    dataset.write_slice(view, part)
}
