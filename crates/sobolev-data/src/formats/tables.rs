//! HDF5 files of other programs: MATLAB 7.3 (`save -v7.3`, axes reversed) and plain arrays (h5py).

use std::ops::Range;
use std::path::Path;

use hdf5_metno as hdf5;
use ndarray::IxDyn;
use sobolev_tensor::Real;

use super::columns::Columns;
use super::hdf5_file::{self, attributes, kind, open};
use super::{Contents, FormatEntry, Variable, matlab_write};
use crate::error::Result;
use crate::file::damaged;
use crate::values::{Numbers, Precision, Values};

/// MATLAB writes column-major arrays, so HDF5 sees their axes in reverse order.
pub(super) const MATLAB73: FormatEntry = FormatEntry {
    name: "matlab-7.3",
    summary: "MATLAB 7.3 (save -v7.3), which is HDF5 with reversed axes: the original Navier-Stokes data",
    extensions: &["mat"],
    recognises: |_, head| head.hdf5.is_some() && head.bytes.starts_with(b"MATLAB 7.3"),
    contents: |path| contents(path, true),
    load: |path, variable, precision, rows| load(path, &variable.name, precision, rows, true),
    by_rows: |_| true,
    write: Some(matlab_write::level73),
};

/// Arrays at the root of any other HDF5 file; those with the attribute `MATLAB_class` are reversed.
pub(super) const HDF5: FormatEntry = FormatEntry {
    name: "hdf5",
    summary: "HDF5 with arrays at its root (h5py), samples along the first axis",
    extensions: &["h5", "hdf5"],
    recognises: |_, head| head.hdf5.is_some(),
    contents: |path| contents(path, false),
    load: |path, variable, precision, rows| load(path, &variable.name, precision, rows, false),
    by_rows: |_| true,
    write: None,
};

/// Values read at once.
const BLOCK: usize = 1 << 22;

/// Whether the axes of an array are reversed.
fn reversed(dataset: &hdf5::Dataset, matlab: bool) -> bool {
    matlab || dataset.attr("MATLAB_class").is_ok()
}

fn contents(path: &Path, matlab: bool) -> Result<Contents> {
    let file = open(path)?;
    let mut found = Vec::new();
    for dataset in file.datasets().map_err(|e| damaged(path, "the root group", &e))? {
        if let Some(kind) = kind(&dataset) {
            let mut shape = dataset.shape();
            if reversed(&dataset, matlab) {
                shape.reverse();
            }
            found.push(Variable::plain(dataset.name().trim_start_matches('/'), shape, kind));
        }
    }
    Ok(Contents { variables: found, attributes: attributes(path, &file) })
}

fn load(path: &Path, name: &str, precision: Precision, rows: Range<usize>, matlab: bool) -> Result<Values> {
    match precision {
        Precision::F32 => load_as::<f32>(path, name, rows, matlab),
        Precision::F64 => load_as::<f64>(path, name, rows, matlab),
    }
}

fn load_as<T: Real + hdf5::H5Type>(
    path: &Path,
    name: &str,
    wanted: Range<usize>,
    matlab: bool,
) -> Result<Values> {
    let file = open(path)?;
    let dataset = hdf5_file::dataset(path, &file, name)?;
    let stored = dataset.shape();
    // An array of one axis reads the same from both ends.
    if !reversed(&dataset, matlab) || stored.len() < 2 {
        return hdf5_file::rows(path, &dataset, wanted, Precision::of::<T>());
    }
    let failed = |error: hdf5::Error| damaged(path, &format!("variable {name}"), &error);
    let last = stored.len() - 1;
    let mut shape: Vec<usize> = stored.iter().rev().copied().collect();
    shape[0] = wanted.len();
    let mut columns = Columns::<T>::new(&shape);
    // Whole chunks at once, so that none is decompressed twice.
    let row: usize = stored[1..].iter().product();
    let chunk = dataset.chunk().and_then(|chunk| chunk.first().copied()).unwrap_or(1).max(1);
    let at_once = (BLOCK / row.max(1)).max(1).next_multiple_of(chunk);
    let mut first = 0;
    while first < stored[0] {
        let mut part = vec![hdf5::SliceOrIndex::from(..); stored.len()];
        part[0] = (first..(first + at_once).min(stored[0])).into();
        // The samples are the last axis of the file.
        part[last] = wanted.clone().into();
        first += at_once;
        let block = dataset.read_slice::<T, _, IxDyn>(hdf5::Hyperslab::from(part)).map_err(failed)?;
        columns.push(&block.into_raw_vec_and_offset().0);
    }
    Ok(Values::new(shape, Numbers::from_vec(columns.into_values())))
}
