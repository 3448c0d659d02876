//! Data sets written in any format that is written.

use std::fs;
use std::path::{Path, PathBuf};

use sobolev_tensor::{Error as NumericError, Monitor};

use crate::dataset::Dataset;
use crate::draft::{Draft, Old};
use crate::error::{Error, Result};
use crate::export::same_file;
use crate::formats::{FORMATS, FormatEntry, Job};

/// Names of the formats that are written.
fn written() -> impl Iterator<Item = &'static FormatEntry> {
    FORMATS.iter().filter(|entry| entry.is_written())
}

/// The format of a name in [`FORMATS`], or, without one, the first whose files have the ending of `path`.
///
/// # Errors
/// When the format is not known or is only read, or no format has the ending; the error lists those that are written.
pub fn output_format(path: &Path, format: Option<&str>) -> Result<&'static FormatEntry> {
    let names: Vec<&str> = written().map(|entry| entry.name).collect();
    if let Some(name) = format {
        let found = written().find(|entry| entry.name == name);
        return Ok(found.ok_or_else(|| NumericError::unknown_name("format", &names, name))?);
    }
    let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    written().find(|entry| entry.extensions.contains(&ending.as_str())).ok_or_else(|| {
        let expected = format!("a known ending, or one of the formats {}", names.join(", "));
        NumericError::value("format", expected, path.display()).into()
    })
}

/// Writes the samples of `data` to `path` in the format `format`, a name in [`FORMATS`]; the ending of `path` decides when
/// there is none. The file gets its name when it is whole; one that has it already stays unless `replace` is set.
///
/// ```no_run
/// use sobolev_data::{Dataset, convert};
/// let data = Dataset::open("burgers.h5")?;
/// convert(&data, "burgers.hdf5", Some("pdebench"), false, &())?;
/// # Ok::<(), sobolev_data::Error>(())
/// ```
///
/// # Errors
/// When the format is not known or has no place for such samples, the file is there already or is the one the samples come
/// from, the samples cannot be read or the file cannot be written, and when the monitor cancels.
pub fn convert(
    data: &Dataset,
    path: impl AsRef<Path>,
    format: Option<&str>,
    replace: bool,
    monitor: &dyn Monitor,
) -> Result<()> {
    let path = path.as_ref();
    let entry = output_format(path, format)?;
    if data.is_empty() {
        return Err(NumericError::value("samples", "one at least", 0).into());
    }
    if data.about().path.as_deref().is_some_and(|own| same_file(own, path)) {
        let expected = "another file than the one the samples come from";
        return Err(NumericError::value("output", expected, path.display()).into());
    }
    if !replace && path.try_exists().map_err(|source| Error::io(path, "open", source))? {
        return Err(Error::Exists { path: path.to_path_buf() });
    }
    if entry.writes_folder() {
        return folder(data, path, entry, monitor);
    }
    let draft = Draft::new(path, if replace { Old::Replace } else { Old::Keep })?;
    entry.write(&Job { data, draft: draft.path(), path, monitor })?;
    draft.save()
}

/// A folder is made beside its place and gets its name when it is whole.
fn folder(data: &Dataset, path: &Path, entry: &FormatEntry, monitor: &dyn Monitor) -> Result<()> {
    let named = |ending: &str| -> PathBuf {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        path.with_file_name(name)
    };
    let failed = |source| Error::Io { path: path.to_path_buf(), action: "write", source };
    let (draft, old) = (named(".part"), named(".old"));
    let remove = |folder: &Path| if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) };
    if path.exists() && !path.join("zarr.json").is_file() {
        // Only a store is replaced by a store: a folder may hold anything.
        return Err(Error::Exists { path: path.to_path_buf() });
    }
    remove(&draft).map_err(failed)?;
    let written = entry.write(&Job { data, draft: &draft, path, monitor });
    if let Err(error) = written {
        // Half a store is of no use to anyone; what went wrong before is what to tell.
        let _ = fs::remove_dir_all(&draft);
        return Err(error);
    }
    if path.exists() {
        remove(&old).and_then(|()| fs::rename(path, &old)).map_err(failed)?;
    }
    fs::rename(&draft, path).map_err(failed)?;
    remove(&old).map_err(failed)
}
