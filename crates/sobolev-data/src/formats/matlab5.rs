//! MATLAB files of level 5 (`save -v6`, `-v7`, `scipy.io.savemat`): the numeric arrays among their variables.
//!
//! Source: MathWorks, "MAT-File Format", chapter 1 (level 5). A file is a header of 128 bytes and a list of elements, each
//! a tag (type, bytes) and its content; a variable is an element of type 14, or of type 15, which holds one of type 14
//! compressed by zlib. Arrays are column-major and may be stored in a smaller type than their class. Variables are decoded
//! as a stream and only when asked for: the published Darcy files hold five arrays of 1.4 GB, of which two are wanted.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::ZlibDecoder;
use sobolev_tensor::Real;

use super::columns::Columns;
use super::{Contents, FormatEntry, Variable, matlab_write};
use crate::error::{Error, Result};
use crate::values::{Numbers, Precision, Values, bytes_of};

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: "matlab-5",
    summary: "MATLAB level 5 (save -v6 and -v7, scipy.io.savemat): the original FNO data",
    extensions: &["mat"],
    // Files of level 7.3 have the same mark, and HDF5 behind it.
    recognises: |_, head| {
        head.hdf5.is_none() && head.bytes.len() >= 128 && matches!(&head.bytes[126..128], b"IM" | b"MI")
    },
    contents: |path| variables(path).map(Contents::of),
    load: |path, variable, precision, rows| match precision {
        Precision::F32 => load::<f32>(path, &variable.name).map(|values| values.rows(rows)),
        Precision::F64 => load::<f64>(path, &variable.name).map(|values| values.rows(rows)),
    },
    by_rows: |_| false,
    write: Some(matlab_write::level5),
};

const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// zlib never shrinks data more than this (1032 to 1), so a length beyond it is a lie.
const LARGEST_RATIO: u64 = 1040;
/// Bytes decoded at once.
const BLOCK: usize = 1 << 22;

/// What the stream of one variable may contain.
enum Content {
    /// A real array of numbers; its values follow in the stream.
    Numbers(Variable, Stored),
    /// A complex array, by name.
    Complex(String),
    /// A text, cell, structure, sparse or other variable.
    Other,
}

/// How the values of an array are stored.
#[derive(Clone, Copy)]
struct Stored {
    kind: u32,
    bytes: usize,
    big_endian: bool,
    /// The values themselves, when they are so few that they sit in their tag.
    short: Option<[u8; 4]>,
}

fn variables(path: &Path) -> Result<Vec<Variable>> {
    let mut found = Vec::new();
    visit(path, |content, _| {
        if let Content::Numbers(variable, _) = content {
            found.push(variable);
        }
        Ok(None::<()>)
    })?;
    Ok(found)
}

fn load<T: Real>(path: &Path, name: &str) -> Result<Values> {
    let loaded = visit(path, |content, stream| match content {
        Content::Numbers(variable, stored) if variable.name == name => {
            let shape = variable.shape;
            let values = read_columns::<T>(stream, &shape, stored)
                .map_err(|error| Error::damaged(path, format!("variable {name}: {}", cause(&error))))?;
            Ok(Some(Values::new(shape, Numbers::from_vec(values))))
        }
        Content::Complex(found) if found == name => {
            Err(Error::unsupported(path, format!("variable {name} is complex; real arrays are read")))
        }
        _ => Ok(None),
    })?;
    loaded.ok_or_else(|| Error::damaged(path, format!("variable {name} is gone")))
}

/// Hands the variables of a file to `see` until it returns something.
fn visit<R>(
    path: &Path,
    mut see: impl FnMut(Content, &mut dyn Read) -> Result<Option<R>>,
) -> Result<Option<R>> {
    let file = File::open(path).map_err(|source| Error::io(path, "open", source))?;
    let len = file.metadata().map_err(|source| Error::io(path, "open", source))?.len();
    let mut file = BufReader::with_capacity(1 << 16, file);
    let broken = |what: &str, at: u64, error: io::Error| {
        Error::damaged(path, format!("{what} at byte {at}: {}", cause(&error)))
    };
    let mut header = [0; 128];
    file.read_exact(&mut header).map_err(|error| broken("header", 0, error))?;
    let big_endian = &header[126..128] == b"MI";
    let version = if big_endian { header[124] } else { header[125] };
    if version != 1 {
        return Err(Error::unsupported(
            path,
            format!("MATLAB file of version {version}; version 1 (level 5) is read"),
        ));
    }
    let mut at = 128;
    while at < len {
        file.seek(SeekFrom::Start(at)).map_err(|error| broken("variable", at, error))?;
        let tag = Tag::read(&mut file, big_endian).map_err(|error| broken("variable", at, error))?;
        let end = at + 8 + u64::from(tag.bytes);
        if end > len {
            return Err(Error::Truncated { path: path.to_path_buf(), expected: end, actual: len });
        }
        let content = (&mut file).take(u64::from(tag.bytes));
        let seen = match tag.kind {
            MATRIX => {
                let mut content = content;
                let found = parse(&mut content, u64::from(tag.bytes), big_endian);
                see(found.map_err(|error| broken("variable", at, error))?, &mut content)?
            }
            COMPRESSED => {
                let mut content = ZlibDecoder::new(content);
                let found = Tag::read(&mut content, big_endian).and_then(|inner| {
                    if inner.kind != MATRIX || u64::from(inner.bytes) > LARGEST_RATIO * u64::from(tag.bytes) {
                        return Err(nonsense("compressed element is no variable"));
                    }
                    parse(&mut content, u64::from(inner.bytes), big_endian)
                });
                see(found.map_err(|error| broken("variable", at, error))?, &mut content)?
            }
            _ => return Err(broken("variable", at, nonsense(&format!("element of type {}", tag.kind)))),
        };
        if seen.is_some() {
            return Ok(seen);
        }
        at = end;
    }
    Ok(None)
}

/// Type and length of an element, and its content when that is so short that it sits in the tag.
struct Tag {
    kind: u32,
    bytes: u32,
    short: Option<[u8; 4]>,
}

impl Tag {
    fn read(stream: &mut impl Read, big_endian: bool) -> io::Result<Self> {
        let mut tag = [0; 8];
        stream.read_exact(&mut tag)?;
        let [first, second] = [0, 4].map(|i| word(&tag[i..i + 4], big_endian));
        if first >> 16 == 0 {
            return Ok(Self { kind: first, bytes: second, short: None });
        }
        let bytes = first >> 16;
        if bytes > 4 {
            return Err(nonsense(&format!("short element of {bytes} bytes")));
        }
        Ok(Self { kind: first & 0xFFFF, bytes, short: Some([tag[4], tag[5], tag[6], tag[7]]) })
    }

    /// The content, which must be one of a few bytes: dimensions or a name.
    fn content(&self, stream: &mut impl Read, most: u32) -> io::Result<Vec<u8>> {
        if let Some(short) = self.short {
            return Ok(short[..self.bytes as usize].to_vec());
        }
        if self.bytes > most {
            return Err(nonsense(&format!("{} bytes where at most {most} make sense", self.bytes)));
        }
        let mut content = vec![0; self.bytes.next_multiple_of(8) as usize];
        stream.read_exact(&mut content)?;
        content.truncate(self.bytes as usize);
        Ok(content)
    }
}

/// Reads a variable of `len` bytes up to its values.
fn parse(stream: &mut impl Read, len: u64, big_endian: bool) -> io::Result<Content> {
    let flags = Tag::read(stream, big_endian)?.content(stream, 8)?;
    if flags.len() != 8 {
        // Opaque objects, such as MATLAB strings and tables, start otherwise.
        return Ok(Content::Other);
    }
    let flags = word(&flags[..4], big_endian);
    let (class, complex) = (flags & 0xFF, flags & 0x0800 != 0);
    if !(6..=15).contains(&class) {
        return Ok(Content::Other);
    }
    let dimensions = Tag::read(stream, big_endian)?;
    if dimensions.kind != 5 || dimensions.bytes % 4 != 0 {
        return Err(nonsense("no dimensions"));
    }
    let shape: Vec<usize> = dimensions
        .content(stream, 4 * 64)?
        .chunks_exact(4)
        .map(|bytes| word(bytes, big_endian) as usize)
        .collect();
    let name = Tag::read(stream, big_endian)?.content(stream, 4096)?;
    let name = String::from_utf8_lossy(&name).into_owned();
    if complex {
        return Ok(Content::Complex(name));
    }
    let values = Tag::read(stream, big_endian)?;
    let bytes = match values.kind {
        1 | 2 => 1,
        3 | 4 => 2,
        5..=7 => 4,
        9 | 12 | 13 => 8,
        other => return Err(nonsense(&format!("values of {name} have type {other}"))),
    };
    let stored = u64::from(values.bytes);
    // The second test is for the values in memory, which may be larger than those in the file.
    let fits = bytes_of(&shape, bytes).is_some_and(|bytes| bytes as u64 == stored);
    if !fits || bytes_of(&shape, size_of::<f64>()).is_none() || stored > len {
        return Err(nonsense(&format!("{name} {shape:?} has {stored} bytes of {bytes} each")));
    }
    let stored = Stored { kind: values.kind, bytes, big_endian, short: values.short };
    // The class is the type of the variable in MATLAB; the values may be stored in a smaller one.
    let kind = match class {
        6 => "double",
        7 => "single",
        8 => "int8",
        9 => "uint8",
        10 => "int16",
        11 => "uint16",
        12 => "int32",
        13 => "uint32",
        14 => "int64",
        _ => "uint64",
    };
    Ok(Content::Numbers(Variable::plain(name, shape, kind), stored))
}

fn read_columns<T: Real>(stream: &mut dyn Read, shape: &[usize], stored: Stored) -> io::Result<Vec<T>> {
    let mut columns = Columns::<T>::new(shape);
    let short = stored.short.unwrap_or_default();
    let stream = &mut short[..if stored.short.is_some() { 4 } else { 0 }].chain(stream);
    let samples = shape.first().copied().unwrap_or(1);
    let mut left = shape.iter().product::<usize>().checked_div(samples).unwrap_or(0);
    let at_once = (BLOCK / (samples * stored.bytes).max(1)).max(1);
    let mut block = vec![0; at_once.min(left) * samples * stored.bytes];
    while left > 0 {
        let part = at_once.min(left);
        let bytes = &mut block[..part * samples * stored.bytes];
        stream.read_exact(bytes)?;
        stored.push(bytes, &mut columns);
        left -= part;
    }
    // The rest of a compressed stream holds its checksum, which is tested when the end is read.
    io::copy(stream, &mut io::sink())?;
    Ok(columns.into_values())
}

impl Stored {
    /// Converts the bytes of whole columns and puts them into place.
    fn push<T: Real>(self, bytes: &[u8], columns: &mut Columns<T>) {
        macro_rules! numbers {
            ($t:ident) => {{
                let size = std::mem::size_of::<$t>();
                let numbers: Vec<f64> = bytes
                    .chunks_exact(size)
                    .map(|chunk| {
                        let mut word = [0; std::mem::size_of::<$t>()];
                        word.copy_from_slice(chunk);
                        (if self.big_endian { $t::from_be_bytes(word) } else { $t::from_le_bytes(word) })
                            as f64
                    })
                    .collect();
                columns.push(&numbers);
            }};
        }
        match self.kind {
            1 => numbers!(i8),
            2 => numbers!(u8),
            3 => numbers!(i16),
            4 => numbers!(u16),
            5 => numbers!(i32),
            6 => numbers!(u32),
            7 => numbers!(f32),
            12 => numbers!(i64),
            13 => numbers!(u64),
            _ => numbers!(f64),
        }
    }
}

fn word(bytes: &[u8], big_endian: bool) -> u32 {
    let fold = |word: u32, byte: &u8| (word << 8) | u32::from(*byte);
    if big_endian { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) }
}

fn nonsense(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// What went wrong, in words that fit after "damaged".
fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off".to_string(),
        _ => error.to_string(),
    }
}
