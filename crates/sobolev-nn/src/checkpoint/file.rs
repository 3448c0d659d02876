//! The file: the safetensors format (8 bytes length of the header, little-endian; header in JSON; numbers), with one entry
//! `sobolev` in its `__metadata__`, a JSON text that begins with `{"checksum":"xxxxxxxx"`: the CRC-32 of the text, with eight
//! zeros in that place, and of all numbers.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Metadata, SafeTensorError, TensorInfo};
use safetensors::{Dtype, SafeTensors};
use sobolev_tensor::{Real, Tensor};

use super::CheckpointError;

/// Entry of the metadata that makes a safetensors file a checkpoint.
const ENTRY: &str = "sobolev";

/// Beginning of the header, before the checksum.
const BEFORE_CHECKSUM: &str = "{\"checksum\":\"";

/// What stands in the place of the checksum while it is computed.
pub(super) const NO_CHECKSUM: &str = "00000000";

/// Where the checksum stands in the header.
const CHECKSUM: Range<usize> = BEFORE_CHECKSUM.len()..BEFORE_CHECKSUM.len() + NO_CHECKSUM.len();

/// Headers above this length are refused, as by the format's own library.
const LONGEST_HEADER: u64 = 100_000_000;

/// Numbers that are turned into bytes together.
const NUMBERS_AT_ONCE: usize = 4096;

pub(super) fn dtype<T: Real>() -> Dtype {
    if T::NAME == "f32" { Dtype::F32 } else { Dtype::F64 }
}

/// Writes `path.part`, brings it to the disk and renames it, so that a file named `path` is always whole.
pub(super) fn write<T: Real>(
    path: &Path,
    header: String,
    tensors: &BTreeMap<String, Tensor<T>>,
) -> Result<(), CheckpointError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let result = write_part(&part, header, tensors).and_then(|()| {
        fs::rename(&part, path)?;
        // The new name is on the disk only when the folder is; a system without this promise gives an error to ignore.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    });
    result.map_err(|source| {
        let _ = fs::remove_file(&part);
        CheckpointError::Write { path: path.to_path_buf(), source }
    })
}

fn write_part<T: Real>(
    part: &Path,
    mut header: String,
    tensors: &BTreeMap<String, Tensor<T>>,
) -> io::Result<()> {
    let mut end = 0;
    let infos = tensors.iter().map(|(name, tensor)| {
        let start = end;
        end += tensor.len() * size_of::<T>();
        let info =
            TensorInfo { dtype: dtype::<T>(), shape: tensor.shape().to_vec(), data_offsets: (start, end) };
        (name.clone(), info)
    });
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(header.as_bytes());
    each_number(tensors, |bytes| {
        checksum.update(bytes);
        Ok(())
    })?;
    header.replace_range(CHECKSUM, &format!("{:08x}", checksum.finalize()));
    let entry = HashMap::from([(ENTRY.to_string(), header)]);
    let metadata = Metadata::new(Some(entry), infos.collect()).map_err(io::Error::other)?;
    let mut text = serde_json::to_vec(&metadata)?;
    // Numbers start at a multiple of 8 bytes.
    text.resize(text.len().next_multiple_of(8), b' ');
    if text.len() as u64 > LONGEST_HEADER {
        return Err(io::Error::other("the header is longer than 100 MB"));
    }
    let mut file = BufWriter::with_capacity(1 << 20, File::create(part)?);
    file.write_all(&(text.len() as u64).to_le_bytes())?;
    file.write_all(&text)?;
    each_number(tensors, |bytes| file.write_all(bytes))?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Passes all numbers on as they stand in the file, some thousand at a time.
fn each_number<T: Real>(
    tensors: &BTreeMap<String, Tensor<T>>,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(NUMBERS_AT_ONCE * size_of::<T>());
    for values in tensors.values().flat_map(|tensor| tensor.data().chunks(NUMBERS_AT_ONCE)) {
        bytes.clear();
        for value in values {
            match dtype::<T>() {
                Dtype::F32 => bytes.extend((value.to_f64() as f32).to_le_bytes()),
                _ => bytes.extend(value.to_f64().to_le_bytes()),
            }
        }
        take(&bytes)?;
    }
    Ok(())
}

/// Whether header and numbers are those that were written.
fn has_its_checksum(header: &str, numbers: &[u8]) -> bool {
    let Some(stored) = header.get(CHECKSUM).filter(|_| header.starts_with(BEFORE_CHECKSUM)) else {
        return false;
    };
    let mut checksum = crc32fast::Hasher::new();
    for part in [BEFORE_CHECKSUM, NO_CHECKSUM, &header[CHECKSUM.end..]] {
        checksum.update(part.as_bytes());
    }
    checksum.update(numbers);
    stored == format!("{:08x}", checksum.finalize())
}

/// An open checkpoint whose header was read; its numbers were not.
pub(super) struct Opened {
    path: PathBuf,
    file: File,
    /// Everything read so far: the length and the header.
    bytes: Vec<u8>,
    /// The text of the entry `sobolev`.
    pub(super) header: String,
}

/// Opens a checkpoint and reads its header; no size in it is trusted before it was compared with the file's.
pub(super) fn open(path: &Path) -> Result<Opened, CheckpointError> {
    let unreadable = |source| CheckpointError::Read { path: path.to_path_buf(), source };
    let foreign = |reason: String| CheckpointError::Foreign { path: path.to_path_buf(), reason };
    let truncated = |expected, got| CheckpointError::Truncated { path: path.to_path_buf(), expected, got };
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length < 8 {
        return Err(truncated(8, length));
    }
    let mut bytes = vec![0; 8];
    file.read_exact(&mut bytes).map_err(unreadable)?;
    let header_length = u64::from_le_bytes(bytes[..].try_into().expect("eight bytes"));
    if header_length > LONGEST_HEADER {
        return Err(foreign("it does not begin with the length of a safetensors header".to_string()));
    }
    if 8 + header_length > length {
        return Err(truncated(8 + header_length, length));
    }
    bytes.resize(8 + header_length as usize, 0);
    file.read_exact(&mut bytes[8..]).map_err(unreadable)?;
    let json: serde_json::Value = serde_json::from_slice(&bytes[8..])
        .map_err(|error| foreign(format!("its safetensors header is no JSON text: {error}")))?;
    let entry = json.pointer("/__metadata__/sobolev").and_then(serde_json::Value::as_str);
    let Some(header) = entry.map(str::to_string) else {
        return Err(foreign("its metadata has no entry \"sobolev\"".to_string()));
    };
    let ends = json
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, info)| info.pointer("/data_offsets/1")?.as_u64());
    let expected = ends.max().unwrap_or(0).saturating_add(8 + header_length);
    if expected > length {
        return Err(truncated(expected, length));
    }
    Ok(Opened { path: path.to_path_buf(), file, bytes, header })
}

impl Opened {
    /// Reads the numbers.
    pub(super) fn tensors<T: Real>(mut self) -> Result<BTreeMap<String, Tensor<T>>, CheckpointError> {
        let path = self.path;
        let start = self.bytes.len();
        self.file
            .read_to_end(&mut self.bytes)
            .map_err(|source| CheckpointError::Read { path: path.clone(), source })?;
        if !has_its_checksum(&self.header, &self.bytes[start..]) {
            let reason = "its contents do not have the checksum that was stored with them".to_string();
            return Err(CheckpointError::Damaged { path, reason });
        }
        let damaged = |error: SafeTensorError| CheckpointError::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        };
        let file = SafeTensors::deserialize(&self.bytes).map_err(damaged)?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            if view.dtype() != dtype::<T>() {
                return Err(CheckpointError::Other {
                    path: path.clone(),
                    what: "the number type",
                    expected: T::NAME.to_string(),
                    got: format!("{:?} in {name}", view.dtype()),
                });
            }
            let bytes = view.data().chunks_exact(size_of::<T>());
            let values: Vec<T> = match dtype::<T>() {
                Dtype::F32 => bytes
                    .map(|b| T::cast(f64::from(f32::from_le_bytes(b.try_into().expect("four bytes")))))
                    .collect(),
                _ => bytes.map(|b| T::cast(f64::from_le_bytes(b.try_into().expect("eight bytes")))).collect(),
            };
            let tensor = Tensor::from_slice(view.shape(), &values).map_err(|error| {
                CheckpointError::Damaged { path: path.clone(), reason: error.to_string() }
            })?;
            tensors.insert(name.to_string(), tensor);
        }
        Ok(tensors)
    }
}
