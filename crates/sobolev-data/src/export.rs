//! Data sets for NumPy.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use ndarray::{Array1, ArrayD};
use ndarray_npy::{NpzWriter, WritableElement, WriteNpzError};
use sobolev_tensor::Error as NumericError;

use crate::dataset::{Dataset, Side};
use crate::draft::{Draft, Old, is_at};
use crate::error::{Error, Result};
use crate::formats::Job;
use crate::values::Precision;

/// Writes the samples of `data` to an uncompressed `.npz` archive, in the precision they are stored in.
///
/// Arrays: `input` and `target`, `[samples, space.., channels]`; `input_<axis>` and `target_<axis>`, the points of each
/// axis; and of generated data `residual`, `sample` (numbers under the seed), `parameter_<setting>` of settings that were drawn for each sample, and `settings_toml` (the UTF-8 bytes of the
/// settings: `bytes(archive["settings_toml"]).decode()`). All samples are in memory at once, and an array must stay below
/// 4 GiB. The archive gets its name when it is whole; an older one stays until then.
///
/// # Errors
/// When the samples cannot be read or the archive cannot be written, or it would replace the file the samples come from.
pub fn export_npz(data: &Dataset, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    if data.about().path.as_deref().is_some_and(|own| same_file(own, path)) {
        let expected = "another file than the one the samples come from";
        return Err(NumericError::value("archive", expected, path.display()).into());
    }
    let draft = Draft::new(path, Old::Replace)?;
    match data.precision() {
        Precision::F32 => write::<f32>(data, path, draft.path()),
        Precision::F64 => write::<f64>(data, path, draft.path()),
    }?;
    draft.save()
}

/// Whether both names are those of one file.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    // Where files have no numbers, their resolved names decide.
    let resolved = [one, other].map(|path| path.canonicalize().ok());
    let by_number = cfg!(unix) && File::open(one).is_ok_and(|file| is_at(&file, other));
    by_number || (resolved[0].is_some() && resolved[0] == resolved[1])
}

/// Writes the archive of a job.
pub(crate) fn write_npz(job: &Job<'_>) -> Result<()> {
    match job.data.precision() {
        Precision::F32 => write::<f32>(job.data, job.path, job.draft),
        Precision::F64 => write::<f64>(job.data, job.path, job.draft),
    }
}

/// Writes the archive `path` into its draft.
fn write<T: sobolev_tensor::Real + WritableElement>(data: &Dataset, path: &Path, draft: &Path) -> Result<()> {
    let failed = |error: WriteNpzError| Error::Io {
        path: path.to_path_buf(),
        action: "write the archive",
        source: io::Error::other(error.to_string()),
    };
    let file = File::create(draft).map_err(|source| Error::Io {
        path: path.to_path_buf(),
        action: "create",
        source,
    })?;
    let mut archive = NpzWriter::new(BufWriter::new(file));
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
    for (name, values) in data.parameters() {
        archive.add_array(format!("parameter_{name}"), &Array1::from(values)).map_err(failed)?;
    }
    if let Some(provenance) = data.provenance() {
        let text = provenance.settings.to_string().into_bytes();
        archive.add_array("settings_toml", &Array1::from(text)).map_err(failed)?;
    }
    archive.finish().map_err(failed).map(|_| ())
}
