//! Files that get their name when they are whole, and the locks that keep two runs from making one.
//!
//! A file `data.h5` is made under the name `data.h5.part`, its draft. Three rules keep runs apart that know them:
//!
//! 1. Whoever fills, renames or removes a draft holds the exclusive lock of the file that has the draft's name. So only one
//!    run at a time changes what `data.h5` is.
//! 2. The lock belongs to the file, not to its name: it is kept while the draft gets its name, and with it the file is
//!    opened again. There is no moment at which another run could write to it.
//! 3. A file that is replaced is locked as by a reader meanwhile: nobody writes to it, but whoever reads goes on.
//!
//! On systems other than Unix a lock would keep this process out too, and there is none.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};

/// A child that is being started holds all locks for a moment, until it runs its own program.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// Who keeps whom out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Readers keep writers out.
    Reader,
    /// A writer keeps everyone out.
    Writer,
}

/// What to do with a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Old {
    /// It stays, and the draft goes.
    Keep,
    /// It goes, unless somebody writes to it.
    Replace,
    /// It goes; the caller has it locked.
    #[cfg_attr(not(feature = "hdf5"), expect(dead_code, reason = "archives are never their own source"))]
    Swap,
}

/// The name of the draft of the file `target`.
pub(crate) fn draft_of(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    target.with_file_name(name)
}

/// A file in the making. It is removed when it does not get its name.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    target: PathBuf,
    /// As the caller calls it.
    called: PathBuf,
    old: Old,
    /// Of the draft.
    lock: Option<File>,
    /// Of the file to replace.
    replaced: Option<File>,
    named: bool,
}

impl Draft {
    /// An empty draft of the file `path`. What an earlier run has left is thrown away.
    ///
    /// # Errors
    /// [`Error::Locked`] when another run makes the file or writes to it, [`Error::Exists`] when it is there and to be kept,
    /// [`Error::Io`] when the draft cannot be made.
    pub(crate) fn new(path: &Path, old: Old) -> Result<Self> {
        // Two names of one file have one draft.
        let target = if path.is_symlink() { path.canonicalize() } else { Ok(path.to_path_buf()) };
        let target = target.unwrap_or_else(|_| path.to_path_buf());
        if std::fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(cannot("create", io::Error::other("not a regular file"), path));
        }
        let draft = draft_of(&target);
        let create =
            |path: &Path| File::options().read(true).write(true).create(true).truncate(false).open(path);
        let lock = loop {
            let lock = take(&draft, create, Lock::Writer).map_err(|source| cannot("create", source, path))?;
            let Some(lock) = lock else { return Err(Error::Locked { path: path.to_path_buf() }) };
            if !has_other_names(&lock) {
                break lock;
            }
            // A run was killed between giving a file its name and taking that of the draft away: the file is no draft.
            std::fs::remove_file(&draft).map_err(|source| cannot("create", source, path))?;
        };
        let lock = cfg!(unix).then_some(lock);
        let called = path.to_path_buf();
        let mut made = Self { path: draft, target, called, old, lock, replaced: None, named: false };
        let exists = made.target.try_exists().map_err(|source| cannot("open", source, path))?;
        match old {
            Old::Keep if exists => return Err(Error::Exists { path: made.called.clone() }),
            Old::Replace if exists => made.replaced = lock_file(&made.target, Lock::Reader)?,
            _ => {}
        }
        let file = File::options().write(true).open(&made.path);
        file.and_then(|file| file.set_len(0)).map_err(|source| cannot("create", source, path))?;
        Ok(made)
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Hands it to the disk and gives it its name: this outlives a power cut.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish), and when the disk fails.
    pub(crate) fn save(self) -> Result<()> {
        let (called, target) = (self.called.clone(), self.target.clone());
        let failed = |source| cannot("save", source, &called);
        sync(&self.path, self.lock.as_ref()).map_err(failed)?;
        let lock = self.finish()?;
        let synced = sync_folder(&target).map_err(failed);
        drop(lock);
        synced
    }

    /// Gives it its name. Returns the lock, which is still held.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is a file that is to be kept; [`Error::Io`].
    pub(crate) fn finish(mut self) -> Result<Option<File>> {
        let named = match self.old {
            Old::Replace | Old::Swap => std::fs::rename(&self.path, &self.target),
            Old::Keep => self.name_without_replacing(),
        };
        match named {
            Ok(()) => self.named = true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Error::Exists { path: self.called.clone() });
            }
            Err(source) => return Err(cannot("create", source, &self.called)),
        }
        Ok(self.lock.take())
    }

    /// A new name does not replace a file, as renaming would: other programs do not know our locks.
    fn name_without_replacing(&self) -> io::Result<()> {
        match std::fs::hard_link(&self.path, &self.target) {
            // If the other name stays, the next run takes it away.
            Ok(()) => std::fs::remove_file(&self.path).or(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // A file system without second names.
            Err(_) if self.target.try_exists()? => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => std::fs::rename(&self.path, &self.target),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.named {
            // Half a file is of no use to anyone; what went wrong before is what to tell.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn cannot(action: &'static str, source: io::Error, path: &Path) -> Error {
    Error::Io { path: path.to_path_buf(), action, source }
}

/// Locks the file `path` as long as what it returns lives.
///
/// # Errors
/// [`Error::Locked`] when another one has it locked in the other way; [`Error::Io`] when it cannot be opened.
pub(crate) fn lock_file(path: &Path, lock: Lock) -> Result<Option<File>> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let open = |path: &Path| File::options().read(true).write(lock == Lock::Writer).open(path);
    match take(path, open, lock).map_err(|source| Error::io(path, "open", source))? {
        Some(file) => Ok(Some(file)),
        None => Err(Error::Locked { path: path.to_path_buf() }),
    }
}

/// Opens and locks the file that has the name `path` while the lock is held; nothing when another one holds the lock.
fn take(path: &Path, open: impl Fn(&Path) -> io::Result<File>, lock: Lock) -> io::Result<Option<File>> {
    for tries in 1..=TRIES {
        let file = open(path)?;
        if !cfg!(unix) {
            return Ok(Some(file));
        }
        let locked = if lock == Lock::Reader { file.try_lock_shared() } else { file.try_lock() };
        match locked {
            Err(TryLockError::WouldBlock) if tries < TRIES => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => break,
            // A file system that knows no locks keeps nobody out. A file that was renamed meanwhile is another's.
            Ok(()) | Err(TryLockError::Error(_)) if is_at(&file, path) => return Ok(Some(file)),
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
    }
    Ok(None)
}

/// Whether the open file is the one that has the name `path`.
#[cfg(unix)]
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => identity(open) == identity(named),
        _ => false,
    }
}

#[cfg(not(unix))]
pub(crate) fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(unix)]
fn has_other_names(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 1)
}

#[cfg(not(unix))]
fn has_other_names(_: &File) -> bool {
    false
}

/// Hands the values of a file, which may be open for its lock, to the disk.
///
/// # Errors
/// When the disk fails.
pub(crate) fn sync(path: &Path, lock: Option<&File>) -> io::Result<()> {
    match lock {
        Some(file) => file.sync_all(),
        // Windows wants a file that is open for writing.
        None => File::options().read(true).write(true).open(path)?.sync_all(),
    }
}

/// Hands the name of a file to the disk, where the system knows how.
///
/// # Errors
/// When the disk fails.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if ![InvalidInput, PermissionDenied, Unsupported].contains(&error.kind()) => Err(error),
        _ => Ok(()),
    }
}
