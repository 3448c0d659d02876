//! Data sets written in any format that is written.

use std::fs;
use std::io;
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

/// A folder is made within one of its own beside its place, gets its name when it is whole, and takes that from an old one.
fn folder(data: &Dataset, path: &Path, entry: &FormatEntry, monitor: &dyn Monitor) -> Result<()> {
    let failed = |source| Error::Io { path: path.to_path_buf(), action: "write", source };
    if path.exists() && !path.join("zarr.json").is_file() {
        // Only a store is replaced by a store: a folder may hold anything.
        return Err(Error::Exists { path: path.to_path_buf() });
    }
    let own = own_folder(path).map_err(failed)?;
    let (draft, old) = (own.join("new"), own.join("old"));
    let written = entry.write(&Job { data, draft: &draft, path, monitor });
    let placed = written.and_then(|()| exchange(&draft, path, &old).map_err(failed));
    if let Err(error) = placed {
        // Half a store is of no use to anyone, the old one is where it could not be put back; what went wrong before is
        // what to tell.
        if !old.exists() {
            let _ = fs::remove_dir_all(&own);
        }
        return Err(error);
    }
    fs::remove_dir_all(&own).map_err(failed)
}

/// Makes an empty folder beside `path` of a name that nothing has.
fn own_folder(path: &Path) -> io::Result<PathBuf> {
    for number in 0_u64.. {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}-{number}.part", std::process::id()));
        let folder = path.with_file_name(name);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Gives `draft` the name `path`; what has it goes to `old`, and comes back when that fails.
fn exchange(draft: &Path, path: &Path, old: &Path) -> io::Result<()> {
    if path.exists() {
        fs::rename(path, old)?;
    }
    fs::rename(draft, path).inspect_err(|_| {
        if old.exists() {
            let _ = fs::rename(old, path);
        }
    })
}
