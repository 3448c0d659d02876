//! Files of `torch.save`: data sets of neuraloperator, and the weights of models.
//!
//! Such a file is a zip archive with a pickle, `PREFIX/data.pkl`, that describes nested lists and dictionaries, and the raw
//! values of its tensors, `PREFIX/data/0` and on. The pickle is read as data: nothing in it is called or imported, names that
//! are not tensors become [`Value::Other`]. A tensor is a view into its values: offset and strides are honoured, so that the
//! column-major arrays of neuraloperator, a few hundred samples of a larger storage, arrive as NumPy would show them.
//!
//! ```no_run
//! use sobolev_data::formats::pt::{PtFile, Value};
//! let file = PtFile::open("fno.pt")?;
//! for (name, tensor) in file.tensors() {
//!     println!("{name}: {} {:?}", tensor.kind.name(), tensor.shape);
//! }
//! let weight = file.read::<f32>(&file.tensors()[0].1)?;
//! # Ok::<(), sobolev_data::Error>(())
//! ```

mod pickle;
mod tensor;
mod write;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use sobolev_tensor::{Error as NumericError, Real};
use zip::ZipArchive;
use zip::result::ZipError;

use super::{Contents, FormatEntry, Variable};
use crate::error::{Error, Result};
use crate::signature::Head;
use crate::values::{Numbers, Precision, Values};

pub use tensor::{Kind, Tensor};

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: "pt",
    summary: "torch.save (neuraloperator data sets, weights); the pickle in it is read, never run",
    extensions: &["pt", "pth"],
    recognises: |_, head| first_member(head).is_some_and(|name| name.ends_with(b"/data.pkl")),
    contents: |path| {
        let file = PtFile::open(path)?;
        let list =
            |(name, tensor): (String, Tensor)| Variable::plain(name, tensor.real_shape(), tensor.kind.name());
        Ok(Contents::of(file.tensors().into_iter().map(list).collect()))
    },
    load: |path, variable, precision, rows| {
        let file = PtFile::open(path)?;
        let mut tensors = file.tensors().into_iter();
        let tensor = tensors.find(|(name, _)| *name == variable.name).map(|(_, tensor)| tensor);
        let tensor =
            tensor.ok_or_else(|| Error::damaged(path, format!("tensor {} is gone", variable.name)))?;
        match precision {
            Precision::F32 => file.values::<f32>(&tensor.rows(rows)),
            Precision::F64 => file.values::<f64>(&tensor.rows(rows)),
        }
    },
    by_rows: |_| false,
    write: Some(write::write),
};

/// Name of the first member of a zip archive.
fn first_member(head: &Head) -> Option<&[u8]> {
    let bytes = head.bytes.strip_prefix(b"PK\x03\x04")?;
    let length = usize::from(u16::from_le_bytes([*bytes.get(22)?, *bytes.get(23)?]));
    bytes.get(26..26 + length)
}

/// A pickle of more than this is no table of tensors.
const LARGEST_PICKLE: u64 = 256 << 20;
/// Nesting of lists and dictionaries, and their entries, that are followed.
const DEEPEST: usize = 64;
const MOST_VALUES: usize = 1_000_000;
/// Bytes of all texts: one that is referred to often becomes as many copies.
const MOST_BYTES: usize = 256 << 20;
/// Tensors whose place takes more letters than this have no name.
const LONGEST_NAME: usize = 512;

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list, tuple or set.
    List(Vec<Value>),
    /// A dictionary in its order.
    Dict(Vec<(Value, Value)>),
    /// A tensor, whose values stay in the file until they are read.
    Tensor(Tensor),
    /// Something else, by its name, such as a function or a device: it is not made.
    Other(String),
}

impl Value {
    /// The entry of a dictionary with a text for a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dict(entries) => {
                let is = |name: &Self| matches!(name, Self::Text(text) if text == key);
                entries.iter().find(|(name, _)| is(name)).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    fn collect_tensors(&self, name: &str, found: &mut Vec<(String, Tensor)>) {
        if name.len() > LONGEST_NAME {
            return;
        }
        let below = |key: &str| if name.is_empty() { key.to_string() } else { format!("{name}.{key}") };
        match self {
            Self::Tensor(tensor) => {
                let name = if name.is_empty() { "tensor" } else { name };
                found.push((name.to_string(), tensor.clone()));
            }
            Self::List(entries) => {
                for (i, entry) in entries.iter().enumerate() {
                    entry.collect_tensors(&below(&i.to_string()), found);
                }
            }
            Self::Dict(entries) => {
                for (key, entry) in entries {
                    let key = match key {
                        Self::Text(text) => text.clone(),
                        Self::Int(number) => number.to_string(),
                        _ => continue,
                    };
                    entry.collect_tensors(&below(&key), found);
                }
            }
            _ => {}
        }
    }
}

/// An opened file of `torch.save`.
#[derive(Debug, Clone)]
pub struct PtFile {
    path: PathBuf,
    prefix: String,
    root: Value,
}

impl PtFile {
    /// Reads all but the values of the tensors.
    ///
    /// # Errors
    /// When the file is missing, no such archive (files of `torch.save` before version 1.6 are not), or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut archive = archive(path)?;
        let name = archive.file_names().find(|name| name.ends_with("/data.pkl")).map(str::to_string);
        let Some(name) = name else {
            return Err(Error::unsupported(path, "a zip archive without data.pkl, not one of torch.save"));
        };
        let prefix = name.strip_suffix("data.pkl").unwrap_or_default().to_string();
        if let Ok(mut order) = archive.by_name(&format!("{prefix}byteorder")) {
            let mut text = Vec::new();
            order.by_ref().take(16).read_to_end(&mut text).map_err(|e| Error::io(path, "read", e))?;
            if text.starts_with(b"big") {
                return Err(Error::unsupported(
                    path,
                    "tensors of a big-endian machine; little-endian ones are read",
                ));
            }
        }
        let member = archive.by_name(&name).map_err(|error| zip_error(path, &name, &error))?;
        let mut bytes = Vec::new();
        let read = member.take(LARGEST_PICKLE).read_to_end(&mut bytes);
        read.map_err(|error| Error::damaged(path, format!("{name} cannot be read ({error})")))?;
        let pickle = pickle::parse(&bytes).map_err(|what| Error::damaged(path, what))?;
        let mut left = Left { values: MOST_VALUES, bytes: MOST_BYTES };
        let root = value(&pickle.root, 0, &mut left).map_err(|what| Error::damaged(path, what))?;
        Ok(Self { path: path.to_path_buf(), prefix, root })
    }

    /// What was saved.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// All tensors, called by their place: `model.layers.0.weight`.
    pub fn tensors(&self) -> Vec<(String, Tensor)> {
        let mut found = Vec::new();
        self.root.collect_tensors("", &mut found);
        found
    }

    /// The values of a tensor; a complex one has an axis more, of real and imaginary part.
    ///
    /// # Errors
    /// When its values are not in the file.
    pub fn read<T: Real>(&self, tensor: &Tensor) -> Result<ArrayD<T>> {
        let Values { shape, numbers } = self.values::<T>(tensor)?;
        let mut values = vec![T::zero(); numbers.len()];
        numbers.copy_range(0, &mut values);
        let wrong =
            |error| NumericError::shape("tensor", format!("an array that ndarray takes ({error})"), &shape);
        Ok(ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(wrong)?)
    }

    fn values<T: Real>(&self, tensor: &Tensor) -> Result<Values> {
        let name = format!("{}data/{}", self.prefix, tensor.key);
        let broken = |what: &str| Error::damaged(&self.path, format!("{name}: {what}"));
        let Some(span) = tensor.span() else {
            return Err(broken("its tensor reaches beyond all memory"));
        };
        let mut archive = archive(&self.path)?;
        let mut member = archive.by_name(&name).map_err(|error| zip_error(&self.path, &name, &error))?;
        let bytes = tensor.kind.bytes();
        if span.end * bytes > member.size() as usize {
            let what = format!("{} bytes, of which its tensor needs {}", member.size(), span.end * bytes);
            return Err(broken(&what));
        }
        let skipped = (span.start * bytes) as u64;
        let io = |error: std::io::Error| broken(&error.to_string());
        let gone = std::io::copy(&mut member.by_ref().take(skipped), &mut std::io::sink()).map_err(io)?;
        let mut storage = Vec::new();
        let wanted = (span.len() * bytes) as u64;
        member.take(wanted).read_to_end(&mut storage).map_err(io)?;
        if gone < skipped || (storage.len() as u64) < wanted {
            return Err(broken("it is cut off"));
        }
        let Some(numbers) = tensor.gather::<T>(&storage, span.start) else {
            return Err(broken("its tensor does not fit into memory"));
        };
        Ok(Values::new(tensor.real_shape(), Numbers::from_vec(numbers)))
    }
}

fn archive(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let file = File::open(path).map_err(|source| Error::io(path, "open", source))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(path, "the archive", &error))
}

fn zip_error(path: &Path, what: &str, error: &ZipError) -> Error {
    Error::damaged(path, format!("{what} cannot be read ({error})"))
}

/// What an object may still become.
struct Left {
    values: usize,
    bytes: usize,
}

impl Left {
    /// A copy of a text, if there may be one more.
    fn text(&mut self, text: &str) -> std::result::Result<String, String> {
        self.bytes = self
            .bytes
            .checked_sub(text.len())
            .ok_or_else(|| format!("texts of more than {MOST_BYTES} bytes together"))?;
        Ok(text.to_string())
    }
}

/// An object of the pickle as a value: references that are shared become copies, so their number is limited.
fn value(object: &pickle::Object, depth: usize, left: &mut Left) -> std::result::Result<Value, String> {
    use pickle::Object;
    if depth > DEEPEST {
        return Err(format!("lists nested deeper than {DEEPEST}"));
    }
    left.values = left.values.checked_sub(1).ok_or_else(|| format!("more than {MOST_VALUES} values"))?;
    let list = |parts: &[Object], left: &mut Left| {
        let parts = parts.iter().map(|part| value(part, depth + 1, left));
        parts.collect::<std::result::Result<_, _>>().map(Value::List)
    };
    Ok(match object {
        Object::None => Value::None,
        Object::Bool(flag) => Value::Bool(*flag),
        Object::Int(number) => Value::Int(*number),
        Object::Float(number) => Value::Float(*number),
        Object::Text(text) => Value::Text(left.text(text)?),
        Object::Bytes(bytes) => {
            let rest = left.bytes.checked_sub(bytes.len());
            left.bytes = rest.ok_or_else(|| format!("more than {MOST_BYTES} bytes together"))?;
            Value::Bytes(bytes.to_vec())
        }
        Object::Tuple(parts) => list(parts, left)?,
        Object::List(parts) => list(&parts.borrow(), left)?,
        Object::Dict(entries) => {
            let mut pairs = Vec::new();
            for (key, entry) in entries.borrow().iter() {
                pairs.push((value(key, depth + 1, left)?, value(entry, depth + 1, left)?));
            }
            Value::Dict(pairs)
        }
        Object::Global(name) => Value::Other(left.text(name)?),
        Object::Call(call) => match tensor::of_call(call)? {
            Some(tensor) => {
                left.text(&tensor.key)?;
                Value::Tensor(tensor)
            }
            None => match (&call.0, call.1.tuple()) {
                // A function of a compiled module is a member of something.
                (Object::Global(name), Some([Object::Global(owner), Object::Text(member)]))
                    if name.ends_with(".getattr") =>
                {
                    Value::Other(left.text(&format!("{owner}.{member}"))?)
                }
                (Object::Global(name), _) => Value::Other(left.text(name)?),
                _ => Value::Other("object".to_string()),
            },
        },
        Object::Persistent(_) => Value::Other("storage".to_string()),
    })
}
