//! HDF5 files of other programs: MATLAB 7.3 (`save -v7.3`, axes reversed) and plain arrays (h5py).

use std::path::Path;

use hdf5_metno as hdf5;
use ndarray::IxDyn;
use sobolev_tensor::Real;

use super::columns::Columns;
use super::{FormatEntry, Variable};
use crate::error::{Error, Result};
use crate::file::{damaged, open_error, slab};
use crate::signature::Head;
use crate::values::{Numbers, Precision, Values, bytes_of};

/// MATLAB writes column-major arrays, so HDF5 sees their axes in reverse order.
pub(super) const MATLAB73: FormatEntry = FormatEntry {
    name: "matlab-7.3",
    summary: "MATLAB 7.3 (save -v7.3), which is HDF5 with reversed axes: the original Navier-Stokes data",
    extensions: &["mat"],
    recognises: |head| head.hdf5.is_some() && head.bytes.starts_with(b"MATLAB 7.3"),
    variables: |path| variables(path, true),
    load: |path, name, precision| load(path, name, precision, true),
};

/// Arrays at the root of any other HDF5 file; those with the attribute `MATLAB_class` are reversed.
pub(super) const HDF5: FormatEntry = FormatEntry {
    name: "hdf5",
    summary: "HDF5 with arrays at its root (h5py), samples along the first axis",
    extensions: &["h5", "hdf5"],
    recognises: |head| head.hdf5.is_some(),
    variables: |path| variables(path, false),
    load: |path, name, precision| load(path, name, precision, false),
};

/// Values read at once.
const BLOCK: usize = 1 << 22;

fn open(path: &Path) -> Result<hdf5::File> {
    Head::read(path)?.check_hdf5(path)?;
    hdf5::File::open(path).map_err(|error| open_error(path, &error))
}

/// Whether the axes of an array are reversed.
fn reversed(dataset: &hdf5::Dataset, matlab: bool) -> bool {
    matlab || dataset.attr("MATLAB_class").is_ok()
}

fn variables(path: &Path, matlab: bool) -> Result<Vec<Variable>> {
    let file = open(path)?;
    let mut found = Vec::new();
    for dataset in file.datasets().map_err(|e| damaged(path, "the root group", &e))? {
        let numeric = dataset.dtype().is_ok_and(|dtype| {
            use hdf5::types::TypeDescriptor as Kind;
            let kind = dtype.to_descriptor();
            matches!(kind, Ok(Kind::Integer(_) | Kind::Unsigned(_) | Kind::Float(_) | Kind::Boolean))
        });
        if numeric {
            let mut shape = dataset.shape();
            if reversed(&dataset, matlab) {
                shape.reverse();
            }
            found.push(Variable { name: dataset.name().trim_start_matches('/').to_string(), shape });
        }
    }
    Ok(found)
}

fn load(path: &Path, name: &str, precision: Precision, matlab: bool) -> Result<Values> {
    match precision {
        Precision::F32 => load_as::<f32>(path, name, matlab),
        Precision::F64 => load_as::<f64>(path, name, matlab),
    }
}

fn load_as<T: Real + hdf5::H5Type>(path: &Path, name: &str, matlab: bool) -> Result<Values> {
    let what = format!("variable {name}");
    let file = open(path)?;
    let dataset = file.dataset(name).map_err(|e| damaged(path, &what, &e))?;
    let stored = dataset.shape();
    let bytes = std::fs::metadata(path).map_err(|source| Error::io(path, "read", source))?.len();
    // gzip reaches 1032 to 1 at most: a shape beyond that is a lie that must not be allocated.
    let each = dataset.dtype().map_err(|e| damaged(path, &what, &e))?.size();
    let possible = bytes_of(&stored, each).is_some_and(|all| all as u64 / 1040 <= bytes);
    if !possible || bytes_of(&stored, size_of::<T>()).is_none() {
        return Err(Error::damaged(path, format!("{what} has shape {stored:?} in a file of {bytes} bytes")));
    }
    let failed = |error: hdf5::Error| damaged(path, &what, &error);
    let read = |rows| dataset.read_slice::<T, _, IxDyn>(slab(rows, stored.len())).map_err(failed);
    if !reversed(&dataset, matlab) || stored.is_empty() {
        let values = Values::from_array(dataset.read_dyn::<T>().map_err(failed)?);
        return Ok(values);
    }
    let shape: Vec<usize> = stored.iter().rev().copied().collect();
    let mut columns = Columns::<T>::new(&shape);
    // Whole chunks at once, so that none is decompressed twice.
    let row: usize = stored[1..].iter().product();
    let chunk = dataset.chunk().and_then(|chunk| chunk.first().copied()).unwrap_or(1).max(1);
    let at_once = (BLOCK / row.max(1)).max(1).next_multiple_of(chunk);
    let mut first = 0;
    while first < stored[0] {
        let rows = first..(first + at_once).min(stored[0]);
        first = rows.end;
        let block = read(rows)?.into_raw_vec_and_offset().0;
        columns.push(&block);
    }
    Ok(Values::new(shape, Numbers::from_vec(columns.into_values())))
}
