//! Files that appear whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

/// A file that stands beside another one: `darcy.h5.toml` for `darcy.h5` and `.toml`.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
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
