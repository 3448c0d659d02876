//! Writing samples, one by one, so that a killed or full writer loses none that it has finished.

use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5::H5Type;
use hdf5::dataset::{AllocTime, FillTime};
use hdf5_metno as hdf5;
use ndarray::{Array2, ArrayView, ArrayView1, ArrayView2, IxDyn};
use sobolev_tensor::Monitor;

use super::untimed::{create_untimed, new_dataset};
use super::{DataFile, Header, explain, open_error, record, schema, slab};
use crate::draft::{Draft, Old};
use crate::error::{Error, Result};
use crate::values::{Numbers, Precision};

/// Bytes of NaN written at once while the file is made.
const BLOCK: usize = 1 << 22;
/// A chunk must stay below 4 GiB in the compatible file version.
const LARGEST_CHUNK: usize = 1 << 31;

/// A solved sample that waits to be written, in the precision of the file.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Position in the data set.
    pub(crate) row: usize,
    pub(crate) input: Numbers,
    pub(crate) target: Numbers,
    pub(crate) residual: f64,
    /// Of input and target.
    pub(crate) checksums: [u32; 2],
}

/// A file open for writing; see [`file`](super) for the order of things.
#[derive(Debug)]
pub(crate) struct Writer {
    residual: hdf5::Dataset,
    checksum: hdf5::Dataset,
    finished: hdf5::Dataset,
    count: usize,
    /// Last: it holds the lock.
    open: DataFile,
}

impl Writer {
    /// Makes the file with room for all samples.
    ///
    /// # Errors
    /// When another run makes it, it is there and to be kept, or it cannot be written.
    pub(crate) fn create(path: &Path, header: &Header, old: Old, monitor: &dyn Monitor) -> Result<Self> {
        let draft = Draft::new(path, old)?;
        make(draft.path(), header, None, |file| fill(file, header, monitor))
            .map_err(|error| renamed(error, path))?;
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
        let dataset = |name: &str| open.file.dataset(name).map_err(|e| super::damaged(&open.path, name, &e));
        let [residual, checksum, finished] =
            [dataset("residual")?, dataset("checksum")?, dataset("finished")?];
        let count = open.finished.iter().filter(|flag| **flag).count();
        Ok(Self { residual, checksum, finished, count, open })
    }

    /// Positions of the samples that are not finished.
    pub(crate) fn unfinished(&self) -> Vec<usize> {
        (0..self.open.finished.len()).filter(|&row| !self.open.finished[row]).collect()
    }

    /// Number of finished samples.
    pub(crate) fn finished(&self) -> usize {
        self.count
    }

    /// Whether the samples are compressed as the header says.
    pub(crate) fn is_compressed(&self) -> bool {
        !self.open.input.filters().is_empty()
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.open.path
    }

    /// Size of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.open.file.size()
    }

    /// Residuals, NaN where a sample is unfinished.
    pub(crate) fn residuals(&self) -> &[f64] {
        &self.open.residuals
    }

    /// Writes samples and marks them finished: two flushes for all of them together.
    ///
    /// # Errors
    /// [`Error::Write`]; samples finished before stay readable.
    pub(crate) fn write(&mut self, samples: &[Finished]) -> Result<()> {
        self.write_values(samples).map_err(|error| Error::Write {
            path: self.open.path.clone(),
            reason: explain(&error),
            finished: self.count,
            total: self.open.finished.len(),
        })?;
        for sample in samples {
            self.open.finished[sample.row] = true;
            self.open.residuals[sample.row] = sample.residual;
            self.open.checksums[2 * sample.row..][..2].copy_from_slice(&sample.checksums);
        }
        self.count += samples.len();
        Ok(())
    }

    fn write_values(&self, samples: &[Finished]) -> std::result::Result<(), hdf5::Error> {
        for sample in samples {
            let rows = sample.row..sample.row + 1;
            write_numbers(&self.open.input, rows.clone(), &sample.input)?;
            write_numbers(&self.open.target, rows.clone(), &sample.target)?;
            self.residual.write_slice(ArrayView1::from(&[sample.residual]), slab(rows.clone(), 1))?;
            self.checksum.write_slice(ArrayView2::from(&[sample.checksums]), slab(rows, 2))?;
        }
        self.open.file.flush()?;
        for sample in samples {
            self.finished.write_slice(ArrayView1::from(&[1_u8]), slab(sample.row..sample.row + 1, 1))?;
        }
        self.open.file.flush()
    }

    /// The file, still open and locked.
    pub(crate) fn into_file(self) -> DataFile {
        self.open
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
        let mut chunk: Vec<usize> = [1].into_iter().chain(field.shape()).collect();
        while chunk.iter().product::<usize>() * header.precision.bytes() > LARGEST_CHUNK {
            let longest = (0..chunk.len()).max_by_key(|&axis| chunk[axis]).unwrap_or(0);
            chunk[longest] = chunk[longest].div_ceil(2);
        }
        let shape: Vec<usize> = [header.count()].into_iter().chain(field.shape()).collect();
        let builder = new_dataset(file)?.empty::<T>().shape(shape).chunk(chunk).fill_value(fill);
        let builder = match level {
            // Compressed chunks find their place when their size is known.
            Some(level) => builder.shuffle().deflate(level).fill_time(FillTime::IfSet),
            // Space is allocated as `fill` writes the NaN: it can be cancelled, one call for all chunks could not.
            None => builder.alloc_time(Some(AllocTime::Incr)).fill_time(FillTime::Never),
        };
        let dataset = builder.create(side)?;
        schema::write_field(&dataset, field)?;
    }
    Ok(())
}

/// Writes NaN to all samples, so that HDF5 gives each chunk its place and the file system sets the space aside.
fn fill(file: &hdf5::File, header: &Header, monitor: &dyn Monitor) -> Result<()> {
    let path = PathBuf::from(file.filename());
    for (side, field) in [("input", &header.input), ("target", &header.target)] {
        let dataset = file.dataset(side).map_err(|e| write_error(&path, header, &e))?;
        let len: usize = field.shape().iter().product();
        let at_once = (BLOCK / (len * header.precision.bytes())).clamp(1, header.count());
        let block = match header.precision {
            Precision::F32 => Numbers::F32(vec![f32::NAN; at_once * len]),
            Precision::F64 => Numbers::F64(vec![f64::NAN; at_once * len]),
        };
        let mut row = 0;
        while row < header.count() {
            if monitor.cancelled() {
                return Err(cancelled(0, header.count()).into());
            }
            let rows = row..(row + at_once).min(header.count());
            row = rows.end;
            write_numbers(&dataset, rows, &block).map_err(|e| write_error(&path, header, &e))?;
        }
    }
    Ok(())
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
