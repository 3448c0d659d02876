//! Rows of arrays that lie in a file as NumPy has them in memory: row-major and not compressed.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use py_literal::Value as PyValue;
use sobolev_tensor::Real;
use zip::{CompressionMethod, ZipArchive};

use super::{Kind, read_numbers};
use crate::error::{Error, Result};
use crate::values::{Numbers, Values, bytes_of};

/// Longest header that is read; longer ones are left to the whole-file reader.
const LONGEST: u64 = 1 << 16;

/// An array and where its values begin.
pub(super) struct Plain {
    start: u64,
    kind: Kind,
    shape: Vec<usize>,
}

/// Whether the arrays `names` of an archive all lie so, and the archive has the checksums that it says: rows are read without
/// them later on.
pub(super) fn archive_is_plain<'a>(path: &Path, mut names: impl Iterator<Item = &'a str>) -> bool {
    if !names.all(|name| Plain::in_archive(path, name).is_some()) {
        return false;
    }
    let Ok(file) = File::open(path) else { return false };
    let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) else { return false };
    (0..archive.len()).all(|index| {
        archive.by_index(index).is_ok_and(|mut entry| std::io::copy(&mut entry, &mut std::io::sink()).is_ok())
    })
}

impl Plain {
    /// The array of a file of its own; nothing when it is no such array, or a damaged one.
    pub(super) fn of_file(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let len = file.metadata().ok()?.len();
        Self::at(&mut file, 0, len)
    }

    /// The array `name` of an archive.
    pub(super) fn in_archive(path: &Path, name: &str) -> Option<Self> {
        let mut archive = ZipArchive::new(BufReader::new(File::open(path).ok()?)).ok()?;
        let index =
            archive.index_for_name(&format!("{name}.npy")).or_else(|| archive.index_for_name(name))?;
        let entry = archive.by_index_raw(index).ok()?;
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            return None;
        }
        let (start, len) = (entry.data_start(), entry.size());
        Self::at(&mut File::open(path).ok()?, start, len)
    }

    /// The array whose `len` bytes begin at `start`.
    fn at(file: &mut File, start: u64, len: u64) -> Option<Self> {
        file.seek(SeekFrom::Start(start)).ok()?;
        let mut head = Vec::new();
        file.take(LONGEST.min(len)).read_to_end(&mut head).ok()?;
        if !head.starts_with(b"\x93NUMPY") {
            return None;
        }
        let (first, text): (usize, usize) = match head.get(6)? {
            1 => (10, usize::from(u16::from_le_bytes(head.get(8..10)?.try_into().ok()?))),
            _ => (12, u32::from_le_bytes(head.get(8..12)?.try_into().ok()?) as usize),
        };
        let values = first.checked_add(text)?;
        let text = std::str::from_utf8(head.get(first..values)?).ok()?;
        let PyValue::Dict(entries) = text.trim().parse().ok()? else { return None };
        let entry = |name: &str| {
            entries.iter().find(|(key, _)| *key == PyValue::String(name.to_string())).map(|(_, value)| value)
        };
        if entry("fortran_order")? != &PyValue::Boolean(false) {
            return None;
        }
        let PyValue::Tuple(lengths) = entry("shape")? else { return None };
        let length = |value: &PyValue| match value {
            PyValue::Integer(number) => number.try_into().ok(),
            _ => None,
        };
        let shape: Vec<usize> = lengths.iter().map(length).collect::<Option<_>>()?;
        let kind = Kind::parse(entry("descr")?).ok()?;
        let values = values as u64;
        // What an empty array or one that is cut off is told by the reader of whole arrays.
        let whole = bytes_of(&shape, kind.bytes)? as u64 == len.checked_sub(values)?;
        (whole && !shape.is_empty() && !shape.contains(&0)).then_some(Self {
            start: start + values,
            kind,
            shape,
        })
    }

    /// The values of some rows.
    ///
    /// # Errors
    /// When the file cannot be read there.
    pub(super) fn read<T: Real>(&self, path: &Path, rows: Range<usize>) -> Result<Values> {
        let failed = |source| Error::io(path, "read", source);
        let count = self.shape[0];
        let rows = rows.start.min(count)..rows.end.min(count);
        let each: usize = self.shape[1..].iter().product();
        let mut file = File::open(path).map_err(failed)?;
        let start = self.start + (rows.start * each * self.kind.bytes) as u64;
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        let numbers = read_numbers::<T>(&mut file, self.kind, rows.len() * each).map_err(failed)?;
        let numbers = numbers.into_iter().map(|number| number.0).collect();
        let shape = [&[rows.len()], &self.shape[1..]].concat();
        Ok(Values::new(shape, Numbers::from_vec(numbers)))
    }
}
