//! NumPy arrays: `.npz` archives (plain or compressed) and single `.npy` files, of any real number type.

mod rows;

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use ndarray_npy::{NpzReader, ReadDataError, ReadNpyError, ReadNpyExt, ReadNpzError, ReadableElement};
use py_literal::Value as PyValue;
use sobolev_tensor::Real;
use zip::ZipArchive;

use super::{Contents, FormatEntry, Variable};
use crate::error::{Error, Result};
use crate::values::{Numbers, Precision, Values, bytes_of};
use rows::Plain;

/// Archives of several arrays.
pub(super) const NPZ: FormatEntry = FormatEntry {
    name: "npz",
    summary: "NumPy archive (numpy.savez, numpy.savez_compressed)",
    extensions: &["npz"],
    recognises: |_, head| head.bytes.starts_with(b"PK\x03\x04"),
    contents: |path| npz_variables(path).map(Contents::of),
    load: |path, variable, precision, rows| match precision {
        Precision::F32 => npz_rows::<f32>(path, variable, rows),
        Precision::F64 => npz_rows::<f64>(path, variable, rows),
    },
    by_rows: |path| {
        let plain = |variables: Vec<Variable>| {
            rows::archive_is_plain(path, variables.iter().map(|variable| variable.name.as_str()))
        };
        npz_variables(path).is_ok_and(plain)
    },
    write: Some(crate::export::write_npz),
};

/// Single arrays; the variable is called like the file.
pub(super) const NPY: FormatEntry = FormatEntry {
    name: "npy",
    summary: "NumPy array (numpy.save); the targets are a second file",
    extensions: &["npy"],
    recognises: |_, head| head.bytes.starts_with(b"\x93NUMPY"),
    contents: |path| {
        let shape = npy_open::<Shape>(path)?.shape().to_vec();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let kind = File::open(path).map_or_else(|_| String::new(), kind_name);
        Ok(Contents::of(vec![Variable::plain(name, shape, kind)]))
    },
    load: |path, _, precision, rows| match precision {
        Precision::F32 => npy_rows::<f32>(path, rows),
        Precision::F64 => npy_rows::<f64>(path, rows),
    },
    by_rows: |path| Plain::of_file(path).is_some(),
    write: None,
};

/// A number of any stored type, converted while it is read.
#[derive(Clone, Copy)]
struct Number<T>(T);

/// Stands for a number when only the shape of an array is wanted: it reads nothing.
#[derive(Clone, Copy)]
struct Shape;

impl ReadableElement for Shape {
    fn read_to_end_exact_vec<R: Read>(
        _: R,
        descriptor: &PyValue,
        len: usize,
    ) -> std::result::Result<Vec<Self>, ReadDataError> {
        let kind = Kind::parse(descriptor)?;
        check_length(kind, len)?;
        Ok(vec![Self; len])
    }
}

impl<T: Real> ReadableElement for Number<T> {
    fn read_to_end_exact_vec<R: Read>(
        mut reader: R,
        descriptor: &PyValue,
        len: usize,
    ) -> std::result::Result<Vec<Self>, ReadDataError> {
        let kind = Kind::parse(descriptor)?;
        check_length(kind, len)?;
        let numbers = read_numbers(&mut reader, kind, len)?;
        match std::io::copy(&mut reader, &mut std::io::sink())? {
            0 => Ok(numbers),
            extra => Err(ReadDataError::ExtraBytes(extra as usize)),
        }
    }
}

/// So many numbers of a type.
fn read_numbers<T: Real>(reader: &mut impl Read, kind: Kind, len: usize) -> std::io::Result<Vec<Number<T>>> {
    // Grown as data arrive: the length in a damaged header may be anything.
    let mut numbers = Vec::with_capacity(len.min(1 << 20));
    let mut block = vec![0; kind.bytes * len.min(1 << 16)];
    while numbers.len() < len {
        let part = &mut block[..kind.bytes * (len - numbers.len()).min(1 << 16)];
        reader.read_exact(part)?;
        numbers.extend(part.chunks_exact(kind.bytes).map(|bytes| Number(T::cast(kind.value(bytes)))));
    }
    Ok(numbers)
}

/// An array without values: no data, and its other axes may be of lengths at which `ndarray` panics.
#[derive(Debug, thiserror::Error)]
#[error("it is empty")]
struct Empty;

fn check_length(kind: Kind, len: usize) -> std::result::Result<(), ReadDataError> {
    if len == 0 {
        return Err(ReadDataError::ParseData(Box::new(Empty)));
    }
    match bytes_of(&[len], kind.bytes) {
        Some(_) => Ok(()),
        None => Err(ReadDataError::MissingData),
    }
}

/// A NumPy type descriptor such as `<f8`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    letter: u8,
    pub(super) bytes: usize,
    big_endian: bool,
}

impl Kind {
    fn parse(descriptor: &PyValue) -> std::result::Result<Self, ReadDataError> {
        let wrong = || ReadDataError::WrongDescriptor(descriptor.clone());
        let PyValue::String(text) = descriptor else { return Err(wrong()) };
        let kind = match text.as_bytes() {
            [order @ (b'<' | b'>' | b'|' | b'='), letter, size @ b'1'..=b'8'] => {
                Self { letter: *letter, bytes: usize::from(size - b'0'), big_endian: *order == b'>' }
            }
            _ => return Err(wrong()),
        };
        match (kind.letter, kind.bytes) {
            (b'f', 4 | 8) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'b', 1) => Ok(kind),
            _ => Err(wrong()),
        }
    }

    /// The type of a name such as `float32`.
    pub(super) fn of_name(name: &str, big_endian: bool) -> Option<Self> {
        let (letter, bytes) = match name {
            "bool" => (b'b', 1),
            "int8" => (b'i', 1),
            "int16" => (b'i', 2),
            "int32" => (b'i', 4),
            "int64" => (b'i', 8),
            "uint8" => (b'u', 1),
            "uint16" => (b'u', 2),
            "uint32" => (b'u', 4),
            "uint64" => (b'u', 8),
            "float32" => (b'f', 4),
            "float64" => (b'f', 8),
            _ => return None,
        };
        Some(Self { letter, bytes, big_endian })
    }

    /// The number of its bytes.
    pub(super) fn value(self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        // Little-endian, from the low end on.
        for (i, byte) in bytes.iter().enumerate() {
            word[if self.big_endian { bytes.len() - 1 - i } else { i }] = *byte;
        }
        let unsigned = u64::from_le_bytes(word);
        match (self.letter, self.bytes) {
            (b'f', 4) => f64::from(f32::from_bits(unsigned as u32)),
            (b'f', _) => f64::from_bits(unsigned),
            (b'i', size) => {
                let unused = 64 - 8 * size as u32;
                ((unsigned << unused) as i64 >> unused) as f64
            }
            (b'b', _) => f64::from(u8::from(unsigned != 0)),
            _ => unsigned as f64,
        }
    }
}

/// Name of the type of the numbers of an array, from the start of its file, whose header was found to be sound.
fn kind_name(file: impl Read) -> String {
    let mut start = Vec::new();
    if file.take(1024).read_to_end(&mut start).is_err() {
        return String::new();
    }
    let text = String::from_utf8_lossy(&start);
    let descriptor = text.split_once("'descr': '").and_then(|(_, rest)| rest.split('\'').next());
    match descriptor.and_then(|text| Kind::parse(&PyValue::String(text.to_string())).ok()) {
        Some(Kind { letter: b'f', bytes, .. }) => format!("float{}", 8 * bytes),
        Some(Kind { letter: b'i', bytes, .. }) => format!("int{}", 8 * bytes),
        Some(Kind { letter: b'u', bytes, .. }) => format!("uint{}", 8 * bytes),
        Some(_) => "bool".to_string(),
        None => String::new(),
    }
}

fn npy_open<E: ReadableElement>(path: &Path) -> Result<ArrayD<E>> {
    let file = File::open(path).map_err(|source| Error::io(path, "open", source))?;
    ArrayD::<E>::read_npy(BufReader::new(file)).map_err(|error| npy_error(path, "the array", &error))
}

fn npz_open(path: &Path) -> Result<NpzReader<BufReader<File>>> {
    let file = File::open(path).map_err(|source| Error::io(path, "open", source))?;
    NpzReader::new(BufReader::new(file)).map_err(|error| npz_error(path, "the archive", error))
}

fn npz_variables(path: &Path) -> Result<Vec<Variable>> {
    let mut archive = npz_open(path)?;
    let names = archive.names().map_err(|error| npz_error(path, "the archive", error))?;
    let mut kinds = File::open(path).ok().and_then(|file| ZipArchive::new(BufReader::new(file)).ok());
    let mut variables = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        match archive.by_index::<ndarray::OwnedRepr<Shape>, IxDyn>(index) {
            Ok(array) => {
                let kind = kinds.as_mut().and_then(|kinds| kinds.by_index(index).ok());
                let kind = kind.map_or_else(String::new, kind_name);
                variables.push(Variable::plain(name, array.shape().to_vec(), kind));
            }
            // Texts, objects and empty arrays are no variables of ours.
            Err(ReadNpzError::Npy(ReadNpyError::WrongDescriptor(_))) => {}
            Err(ReadNpzError::Npy(ReadNpyError::ParseData(error))) if error.is::<Empty>() => {}
            Err(error) => return Err(npz_error(path, &format!("variable {name}"), error)),
        }
    }
    Ok(variables)
}

/// Rows of an array of its own file: alone where they lie side by side.
fn npy_rows<T: Real>(path: &Path, rows: Range<usize>) -> Result<Values> {
    match Plain::of_file(path) {
        Some(plain) => plain.read::<T>(path, rows),
        None => Ok(values(npy_open::<Number<T>>(path)?).rows(rows)),
    }
}

/// Rows of an array of an archive.
fn npz_rows<T: Real>(path: &Path, variable: &Variable, rows: Range<usize>) -> Result<Values> {
    // The whole array goes by the reader that compares the checksum.
    let whole = variable.shape.first().is_none_or(|count| rows.start == 0 && rows.end >= *count);
    match Plain::in_archive(path, &variable.name) {
        Some(plain) if !whole => plain.read::<T>(path, rows),
        _ => npz_load::<T>(path, &variable.name).map(|values| values.rows(rows)),
    }
}

fn npz_load<T: Real>(path: &Path, name: &str) -> Result<Values> {
    let array = npz_open(path)?.by_name::<ndarray::OwnedRepr<Number<T>>, IxDyn>(name);
    array.map(values).map_err(|error| npz_error(path, &format!("variable {name}"), error))
}

fn values<T: Real>(array: ArrayD<Number<T>>) -> Values {
    if array.is_standard_layout() {
        let shape = array.shape().to_vec();
        let numbers = array.into_raw_vec_and_offset().0.into_iter().map(|number| number.0).collect();
        Values::new(shape, Numbers::from_vec(numbers))
    } else {
        Values::from_array(array.mapv(|number| number.0))
    }
}

fn npz_error(path: &Path, what: &str, error: ReadNpzError) -> Error {
    match error {
        ReadNpzError::Npy(error) => npy_error(path, what, &error),
        ReadNpzError::Zip(error) => Error::damaged(path, format!("{what} cannot be read ({error})")),
    }
}

fn npy_error(path: &Path, what: &str, error: &ReadNpyError) -> Error {
    match error {
        ReadNpyError::WrongDescriptor(descriptor) => {
            Error::unsupported(path, format!("{what} is of type {descriptor}; real numbers are read"))
        }
        ReadNpyError::MissingData => Error::damaged(path, format!("{what} is cut off: its end is missing")),
        _ => {
            // Behind the first line, the parser of headers draws where it stopped.
            let text = error.to_string();
            let text = text.lines().next().unwrap_or_default();
            Error::damaged(path, format!("{what} cannot be read ({text})"))
        }
    }
}
