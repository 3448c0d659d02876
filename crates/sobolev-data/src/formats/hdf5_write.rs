//! Writing files within HDF5: data sets filled row by row, and attributes that other programs read.

use hdf5::types::FixedAscii;
use hdf5::{Group, H5Type, Location};
use hdf5_metno as hdf5;
use ndarray::{ArrayD, IxDyn};
use std::ops::Range;

use super::write::Job;
use crate::error::Result;
use crate::file::{create_untimed, explain, new_dataset, slab};

pub(super) use crate::file::{write_number, write_text, write_texts};

/// Makes the draft as an HDF5 file of the version of 2008, which every program reads, and has `write` fill it.
///
/// # Errors
/// When it cannot be written.
pub(super) fn make(
    job: &Job<'_>,
    user_block: u64,
    write: impl FnOnce(&hdf5::File) -> Result<()>,
) -> Result<()> {
    let file = create_untimed(job.draft, user_block).map_err(|error| failed(job, &error))?;
    write(&file)?;
    file.flush().map_err(|error| failed(job, &error))?;
    file.close().map_err(|error| failed(job, &error))
}

pub(super) fn failed(job: &Job<'_>, error: &hdf5::Error) -> crate::Error {
    job.failed(explain(error))
}

/// A data set of `shape` whose chunks are single rows.
///
/// # Errors
/// What HDF5 says.
pub(super) fn by_rows<T: H5Type>(group: &Group, name: &str, shape: &[usize]) -> hdf5::Result<hdf5::Dataset> {
    let mut chunk = shape.to_vec();
    chunk[0] = 1;
    chunked::<T>(group, name, shape, chunk)
}

/// A data set of `shape` in chunks of `chunk`, cut below the 4 GiB that a chunk may have.
///
/// # Errors
/// What HDF5 says.
pub(super) fn chunked<T: H5Type>(
    group: &Group,
    name: &str,
    shape: &[usize],
    mut chunk: Vec<usize>,
) -> hdf5::Result<hdf5::Dataset> {
    while chunk.iter().product::<usize>() * size_of::<T>() > 1 << 31 {
        let longest = (0..chunk.len()).max_by_key(|&axis| chunk[axis]).unwrap_or(0);
        chunk[longest] = chunk[longest].div_ceil(2);
    }
    new_dataset(group)?.empty::<T>().shape(shape).chunk(chunk).create(name)
}

/// Writes the rows `rows` along the first axis.
///
/// # Errors
/// What HDF5 says.
pub(super) fn write_rows<T: H5Type + Clone>(
    dataset: &hdf5::Dataset,
    rows: Range<usize>,
    values: &ArrayD<T>,
) -> hdf5::Result<()> {
    let values = values.as_standard_layout();
    dataset.write_slice(values.view(), slab(rows, dataset.ndim()))
}

/// Writes a small array as a data set of its own.
///
/// # Errors
/// What HDF5 says.
pub(super) fn small<T: H5Type>(group: &Group, name: &str, values: &[T]) -> hdf5::Result<hdf5::Dataset> {
    new_dataset(group)?.with_data(ndarray::ArrayView1::from(values)).create(name)
}

/// A truth value, as h5py writes NumPy's: an enumeration of FALSE and TRUE on 8 bits.
///
/// # Errors
/// What HDF5 says.
pub(super) fn write_flag(location: &Location, name: &str, flag: bool) -> hdf5::Result<()> {
    write_number(location, name, &flag)
}

/// A text of fixed length in ASCII, as MATLAB writes its attributes.
///
/// # Errors
/// What HDF5 says.
pub(super) fn write_class(location: &Location, name: &str, class: &str) -> hdf5::Result<()> {
    let text = FixedAscii::<6>::from_ascii(class.as_bytes())
        .map_err(|error| hdf5::Error::from(error.to_string()))?;
    location.new_attr::<FixedAscii<6>>().create(name)?.write_scalar(&text)
}

/// An array of one value, `[n]` with another rank: what a variable of one axis is in formats that have none.
pub(super) fn reshaped<T>(values: Vec<T>, shape: &[usize]) -> Result<ArrayD<T>> {
    let length = [values.len()];
    let wrong = |_| sobolev_tensor::Error::shape("values", format!("{shape:?}"), &length);
    Ok(ArrayD::from_shape_vec(IxDyn(shape), values).map_err(wrong)?)
}
