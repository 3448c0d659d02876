//! Files that appear whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

/// A file that stands beside another one: `darcy.h5.toml` for `darcy.h5` and `.toml`.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Checks that a result is not written over one of the files it is made from, and over another file only with `replace`.
///
/// # Errors
/// [`Error::Value`](sobolev_tensor::Error::Value) that names the option.
#[cfg(feature = "hdf5")]
pub(crate) fn check_output(
    option: &str,
    output: &Path,
    inputs: &[&Path],
    replace: bool,
) -> sobolev_tensor::Result<()> {
    let same = |input: &&Path| match (output.canonicalize(), input.canonicalize()) {
        (Ok(output), Ok(input)) => output == input,
        _ => output == *input,
    };
    if inputs.iter().any(same) {
        let expected = "another file than the model, the data and other results";
        return Err(sobolev_tensor::Error::value(option, expected, output.display()));
    }
    if !replace && output.exists() {
        let error = sobolev_tensor::Error::value(option, "a file that is not there yet", output.display());
        return Err(error.with_hint("replace it (--replace), or choose another name"));
    }
    Ok(())
}

/// Has `write` write a file beside its place, and gives it its name when it is whole.
///
/// # Errors
/// What the system says; a file that was there before stays then.
pub(crate) fn whole(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let partial = beside(path, ".part");
    let written = write(&partial).and_then(|()| std::fs::rename(&partial, path));
    if written.is_err() {
        // Half a file is of no use to anyone. A failed clean-up must not hide the reason of the failure.
        let _ = std::fs::remove_file(&partial);
    }
    written
}
