//! Data sets for NumPy.

use std::fs::File;
use std::path::Path;

use ndarray::{Array1, ArrayD};
use ndarray_npy::{NpzWriter, WritableElement, WriteNpzError};

use crate::dataset::{Dataset, Side};
use crate::error::{Error, Result};
use crate::values::Precision;

/// Writes the samples of `data` to an uncompressed `.npz` archive, in the precision they are stored in.
///
/// Arrays: `input` and `target`, `[samples, space.., channels]`; `input_<axis>` and `target_<axis>`, the points of each
/// axis; and of generated data `residual`, `sample` (numbers under the seed) and `settings_toml` (the UTF-8 bytes of the
/// settings: `bytes(archive["settings_toml"]).decode()`). All samples are in memory at once, and an array must stay below
/// 4 GiB.
///
/// # Errors
/// When the samples cannot be read or the archive cannot be written; it is then removed.
pub fn export_npz(data: &Dataset, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let written = match data.precision() {
        Precision::F32 => write::<f32>(data, path),
        Precision::F64 => write::<f64>(data, path),
    };
    if written.is_err() {
        // Half an archive is of no use to anyone; the first error is the one to tell.
        let _ = std::fs::remove_file(path);
    }
    written
}

fn write<T: sobolev_tensor::Real + WritableElement>(data: &Dataset, path: &Path) -> Result<()> {
    let failed = |error: WriteNpzError| Error::Write {
        path: path.to_path_buf(),
        reason: error.to_string(),
        finished: 0,
        total: data.len(),
    };
    let file = File::create(path).map_err(|source| Error::Io {
        path: path.to_path_buf(),
        action: "create",
        source,
    })?;
    let mut archive = NpzWriter::new(file);
    let all: Vec<usize> = (0..data.len()).collect();
    for side in [Side::Input, Side::Target] {
        let values: ArrayD<T> = data.read_side(side, &all)?;
        archive.add_array(side.name(), &values).map_err(failed)?;
        for axis in &data.field(side).axes {
            archive.add_array(format!("{}_{}", side.name(), axis.name), &axis.points).map_err(failed)?;
        }
    }
    if let Some(residuals) = data.residuals() {
        archive.add_array("residual", &Array1::from(residuals)).map_err(failed)?;
    }
    if let Some(numbers) = data.sample_numbers() {
        archive.add_array("sample", &Array1::from(numbers)).map_err(failed)?;
    }
    if let Some(provenance) = data.provenance() {
        let text = provenance.settings.to_string().into_bytes();
        archive.add_array("settings_toml", &Array1::from(text)).map_err(failed)?;
    }
    archive.finish().map_err(failed).map(|_| ())
}
