//! What the first bytes of a file say: HDF5 or something else, whole or cut off.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};

/// Why an HDF5 file cannot be read by this build.
#[cfg(not(feature = "hdf5"))]
pub(crate) const WITHOUT_HDF5: &str =
    "HDF5, which this build does not read: the feature hdf5 of sobolev-data is off";

const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The start of a file.
pub(crate) struct Head {
    /// Up to 1024 bytes.
    pub(crate) bytes: Vec<u8>,
    /// Length of the file.
    pub(crate) len: u64,
    /// Where the HDF5 signature stands, when there is one.
    pub(crate) hdf5: Option<u64>,
    /// Length that the HDF5 superblock announces, when it could be read.
    announced: Option<u64>,
    /// Names at the root of an HDF5 file, once somebody has asked.
    #[cfg(feature = "hdf5")]
    pub(crate) names: std::cell::OnceCell<Vec<String>>,
}

impl Head {
    /// Reads the start of `path`.
    ///
    /// # Errors
    /// When the file is missing or cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let io = |source| Error::io(path, "open", source);
        let mut file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(Error::unsupported(path, "a directory, not a file"));
        }
        let io = |source| Error::io(path, "read", source);
        let mut bytes = Vec::new();
        file.by_ref().take(1024).read_to_end(&mut bytes).map_err(io)?;
        let mut head = Self {
            bytes,
            len: metadata.len(),
            hdf5: None,
            announced: None,
            #[cfg(feature = "hdf5")]
            names: std::cell::OnceCell::new(),
        };
        // The signature stands at 0, or behind a user block at 512, 1024, 2048, ..
        let mut offset = 0;
        while offset + 8 <= head.len {
            file.seek(SeekFrom::Start(offset)).map_err(io)?;
            let mut block = Vec::new();
            file.by_ref().take(64).read_to_end(&mut block).map_err(io)?;
            if block.starts_with(&SIGNATURE) {
                head.hdf5 = Some(offset);
                head.announced = announced_end(&block);
                break;
            }
            offset = if offset == 0 { 512 } else { offset * 2 };
        }
        Ok(head)
    }

    /// Checks that the file is HDF5 and as long as it says.
    ///
    /// # Errors
    /// [`Error::NotHdf5`] with what it is, or [`Error::Truncated`].
    pub(crate) fn check_hdf5(&self, path: &Path) -> Result<()> {
        if self.hdf5.is_none() {
            return Err(Error::NotHdf5 {
                path: path.to_path_buf(),
                looks_like: self.looks_like().to_string(),
            });
        }
        match self.announced {
            Some(expected) if expected > self.len => {
                Err(Error::Truncated { path: path.to_path_buf(), expected, actual: self.len })
            }
            _ => Ok(()),
        }
    }

    /// What a file without the HDF5 signature is, and what to do with it.
    pub(crate) fn looks_like(&self) -> &'static str {
        let starts = |text: &[u8]| self.bytes.starts_with(text);
        if self.len == 0 {
            "it is empty"
        } else if starts(b"MATLAB 5.0") {
            "it looks like a MATLAB 5 file: read it as a foreign format"
        } else if starts(b"MATLAB 7.3") {
            "it looks like the start of a MATLAB 7.3 file whose rest is missing"
        } else if starts(b"PK\x03\x04") {
            "it looks like a zip archive (NumPy .npz?): read it as a foreign format"
        } else if starts(b"\x93NUMPY") {
            "it looks like a NumPy .npy file: read it as a foreign format"
        } else if starts(b"\x89HDF") || starts(&SIGNATURE[..self.bytes.len().min(8)]) {
            "it looks like a damaged or cut HDF5 file"
        } else if self.bytes.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
            "it looks like text"
        } else {
            "it has no known signature"
        }
    }
}

/// End-of-file address of a superblock of version 0 to 3 with 8-byte addresses (HDF5 File Format Specification, II.A).
fn announced_end(superblock: &[u8]) -> Option<u64> {
    let (width_at, end_at) = match superblock.get(8)? {
        0 => (13, 40),
        1 => (13, 44),
        2 | 3 => (9, 28),
        _ => return None,
    };
    if *superblock.get(width_at)? != 8 {
        return None;
    }
    Some(u64::from_le_bytes(superblock.get(end_at..end_at + 8)?.try_into().ok()?))
}
