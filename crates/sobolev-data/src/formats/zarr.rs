//! Zarr version 3: a folder with a `zarr.json` for each group and array, and a file for each chunk.
//!
//! Source: Zarr v3 core specification. Read are arrays of real numbers with a regular grid of chunks and the codecs `bytes`,
//! `gzip`, `zstd` and `crc32c`, which is what `zarr-python` and `xarray` write by default. Chunks that are not there hold the
//! fill value. Where an array names its dimensions, `sample` (or `batch`, `trajectory`), `time` and `channel` are what they
//! say, others are axes of the grid, whose points are those of an array of their name.

mod codec;
mod metadata;
mod write;

use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::Dimension;
use sobolev_solvers::Axis;
use sobolev_tensor::Real;

use super::{AxisKind, Contents, FormatEntry};
use crate::error::{Error, Result};
use crate::values::{Numbers, Precision, Values, bytes_of};
use metadata::{ArrayMetadata, Node};

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: "zarr",
    summary: "Zarr version 3, a folder (zarr-python, xarray); codecs gzip, zstd and crc32c",
    extensions: &["zarr"],
    // Stores are folders, which are asked for before files are.
    recognises: |_, _| false,
    contents,
    load: |path, variable, precision, rows| {
        let array = Array::open(path, &variable.name)?;
        match precision {
            Precision::F32 => array.rows::<f32>(rows),
            Precision::F64 => array.rows::<f64>(rows),
        }
    },
    by_rows: |_| true,
    write: Some(write::write),
};

const METADATA: &str = "zarr.json";
/// A longer `zarr.json` is none; it holds an entry of some hundred bytes for each array at most.
const LONGEST: u64 = 16 << 20;
/// Groups within groups that are looked into.
const DEEPEST: usize = 4;
/// A chunk of more bytes would not be compressed in one piece.
const LARGEST_CHUNK: usize = 1 << 31;
/// A store with less than this share of its values is not made of fill values, it is damaged.
const LARGEST_RATIO: u64 = 1 << 15;

/// Whether a folder is a store.
pub(super) fn is_store(path: &Path) -> bool {
    path.join(METADATA).is_file()
}

fn contents(path: &Path) -> Result<Contents> {
    let mut found = Contents::default();
    visit(path, path, "", 0, &mut found)?;
    let points: Vec<(String, Vec<f64>)> = found
        .variables
        .iter()
        .filter(|variable| matches!(variable.shape[..], [n] if n < 1 << 20))
        .filter_map(|variable| {
            let values =
                Array::open(path, &variable.name).and_then(|a| a.rows::<f64>(0..variable.shape[0])).ok()?;
            Some((variable.name.clone(), values.numbers.as_slice()?.to_vec()))
        })
        .collect();
    for variable in &mut found.variables {
        for axis in &mut variable.axes {
            if let AxisKind::Grid(axis) = axis {
                let own = points
                    .iter()
                    .find(|(name, values)| *name == axis.name && values.len() == axis.points.len());
                if let Some((_, values)) = own {
                    axis.points = values.clone().into();
                }
                if axis.name == "t" {
                    axis.name = "time".to_string();
                }
            }
        }
    }
    Ok(found)
}

/// Adds the arrays at and below `folder`.
fn visit(store: &Path, folder: &Path, name: &str, depth: usize, found: &mut Contents) -> Result<()> {
    match metadata(store, folder)? {
        Node::Array(array) => {
            found.variables.push(array.variable(if name.is_empty() { "array" } else { name }))
        }
        Node::Group(attributes) => {
            if depth == 0 {
                found.attributes = attributes;
            }
            let entries = fs::read_dir(folder).map_err(|source| Error::io(store, "read", source))?;
            let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            folders.retain(|folder| is_store(folder));
            folders.sort();
            for folder in folders.into_iter().filter(|_| depth < DEEPEST) {
                let own = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let name = if name.is_empty() { own } else { format!("{name}/{own}") };
                visit(store, &folder, &name, depth + 1, found)?;
            }
        }
        Node::Other => {}
    }
    Ok(())
}

fn metadata(store: &Path, folder: &Path) -> Result<Node> {
    let path = folder.join(METADATA);
    let mut text = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
    read.map_err(|source| Error::io(&path, "read", source))?;
    metadata::parse(&text).map_err(|what| Error::damaged(store, format!("{}: {what}", path.display())))
}

/// An array of a store.
struct Array<'a> {
    store: &'a Path,
    folder: PathBuf,
    name: &'a str,
    metadata: ArrayMetadata,
}

impl<'a> Array<'a> {
    fn open(store: &'a Path, name: &'a str) -> Result<Self> {
        let here = store.join(name);
        // A store that is a single array has no name of its own.
        let folder = if is_store(&here) { here } else { store.to_path_buf() };
        match metadata(store, &folder)? {
            Node::Array(metadata) => Ok(Self { store, folder, name, metadata }),
            _ => Err(Error::damaged(store, format!("variable {name} is gone"))),
        }
    }

    fn broken(&self, what: impl std::fmt::Display) -> Error {
        Error::damaged(self.store, format!("variable {}: {what}", self.name))
    }

    /// The rows `rows` along the first axis.
    fn rows<T: Real>(&self, rows: Range<usize>) -> Result<Values> {
        let ArrayMetadata { shape, chunk, kind, .. } = &self.metadata;
        if let Some(what) = &self.metadata.unsupported {
            return Err(Error::unsupported(self.store, format!("variable {}: {what}", self.name)));
        }
        let kind = kind.ok_or_else(|| self.broken("it holds no real numbers"))?;
        let mut wanted = shape.clone();
        if let Some(first) = wanted.first_mut() {
            *first = rows.len();
        }
        let bytes = bytes_of(shape, size_of::<f64>());
        let fits = bytes.is_some_and(|bytes| holds(&self.folder, bytes as u64 / LARGEST_RATIO));
        let chunk_bytes = bytes_of(chunk, kind.bytes).filter(|bytes| *bytes > 0 && *bytes <= LARGEST_CHUNK);
        let (true, Some(chunk_bytes)) = (fits, chunk_bytes) else {
            return Err(self.broken(format!("shape {shape:?} in chunks of {chunk:?}")));
        };
        let mut values = vec![T::cast(self.metadata.fill); wanted.iter().product()];
        let first: Vec<usize> =
            (0..shape.len()).map(|axis| if axis == 0 { rows.start / chunk[0] } else { 0 }).collect();
        let counts = shape.iter().zip(chunk).enumerate().map(|(axis, (n, chunk))| {
            if axis == 0 { rows.end.div_ceil(*chunk) - first[0] } else { n.div_ceil(*chunk) }
        });
        let counts: Vec<usize> = counts.collect();
        for index in ndarray::indices(ndarray::IxDyn(&counts)) {
            let place: Vec<usize> =
                index.as_array_view().iter().zip(&first).map(|(i, first)| i + first).collect();
            let Some(bytes) = self.chunk(&place, chunk_bytes)? else { continue };
            let start: Vec<usize> = place.iter().zip(chunk).map(|(i, chunk)| i * chunk).collect();
            let mut copy = ChunkCopy { rows: &rows, shape, chunk, start: &start, out: &mut values };
            copy.axis(0, 0, 0, &|at| T::cast(kind.value(&bytes[at * kind.bytes..(at + 1) * kind.bytes])));
        }
        Ok(Values::new(wanted, Numbers::from_vec(values)))
    }

    /// The bytes of a chunk; nothing for one that is not there.
    fn chunk(&self, place: &[usize], bytes: usize) -> Result<Option<Vec<u8>>> {
        let path = self.folder.join(self.metadata.key(place));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::io(&path, "read", source)),
        };
        let mut stored = Vec::new();
        // A chunk that does not shrink grows by its headers alone.
        let most = 2 * bytes as u64 + 4096;
        file.take(most).read_to_end(&mut stored).map_err(|source| Error::io(&path, "read", source))?;
        let decoded = codec::decode(stored, &self.metadata.codecs, bytes);
        decoded.map(Some).map_err(|what| self.broken(format!("chunk {place:?}: {what}")))
    }
}

/// Copies the part of a chunk that lies in the rows that are wanted.
struct ChunkCopy<'a, T> {
    rows: &'a Range<usize>,
    shape: &'a [usize],
    chunk: &'a [usize],
    /// First point of the chunk in the array.
    start: &'a [usize],
    out: &'a mut [T],
}

impl<T: Real> ChunkCopy<'_, T> {
    /// From axis `axis` on; `from` and `to` are the places in chunk and result so far.
    fn axis(&mut self, axis: usize, from: usize, to: usize, value: &dyn Fn(usize) -> T) {
        if axis == self.shape.len() {
            self.out[to] = value(from);
            return;
        }
        let (first, length) =
            if axis == 0 { (self.rows.start, self.rows.len()) } else { (0, self.shape[axis]) };
        for i in 0..self.chunk[axis] {
            let point = self.start[axis] + i;
            if point >= first && point < first + length {
                self.axis(axis + 1, from * self.chunk[axis] + i, to * length + (point - first), value);
            }
        }
    }
}

/// Whether the files of an array have `wanted` bytes together.
fn holds(folder: &Path, wanted: u64) -> bool {
    let mut folders = vec![folder.to_path_buf()];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => found += metadata.len(),
                Err(_) => {}
            }
            if found >= wanted {
                return true;
            }
        }
    }
    found >= wanted
}

/// What the name of a dimension says.
fn axis_kind(name: &str, length: usize) -> AxisKind {
    match name {
        "sample" | "batch" | "trajectory" => AxisKind::Sample,
        "channel" | "component" => AxisKind::Components((1..=length).map(|i| i.to_string()).collect()),
        _ => AxisKind::Grid(Axis {
            name: name.to_string(),
            points: (0..length).map(|i| i as f64 / (length.max(2) - 1) as f64).collect(),
            boundary: "unknown".to_string(),
            units: "unknown".to_string(),
        }),
    }
}
