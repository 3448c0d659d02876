//! Reading what other programs write: arrays by name, of which two become the inputs and targets of a [`Dataset`].
//!
//! [`read`] recognises the format by content, never by the file's name. Formats that say what the axes of their arrays are
//! (PDEBench, The Well, PDEArena, Zarr with names of dimensions) are cut into inputs and targets by that: the first frames of
//! trajectories are the input, the later ones the target. [`describe`] tells what a file holds,
//! [`convert`](crate::convert()) writes a data set in another format.
//!
//! Other arrays are chosen so. Variables are named by the caller or found among
//! the pairs that published data use: `a`/`u` and `coeff`/`sol` (Li et al. 2021, arXiv:2010.08895), `input`/`output`,
//! `input`/`target`, `x`/`y`.
//!
//! The first axis counts the samples and the last one becomes the channel axis where there is one more than the grid has:
//! `a [1200, 64, 64]` with `u [1200, 64, 64, 20]` gives inputs `[64, 64, 1]` and targets `[64, 64, 20]`. The number of
//! grid axes is one less than the smaller of the two ranks, unless [`ReadOptions::with_dimensions`] or
//! [`ReadOptions::with_channels_last`] says otherwise.

mod assembly;
mod columns;
mod describe;
#[cfg(feature = "hdf5")]
mod hdf5_file;
#[cfg(feature = "hdf5")]
mod hdf5_write;
mod matlab5;
mod matlab_write;
mod numpy;
mod options;
#[cfg(feature = "hdf5")]
mod own;
#[cfg(feature = "hdf5")]
mod pdearena;
#[cfg(feature = "hdf5")]
mod pdebench;
pub mod pt;
mod statistics;
mod stream;
#[cfg(feature = "hdf5")]
mod tables;
#[cfg(feature = "hdf5")]
mod the_well;
mod variable;
pub(crate) mod write;
mod zarr;

use std::ops::Range;
use std::path::{Path, PathBuf};

use sobolev_tensor::Error as NumericError;

pub use describe::{ArrayDescription, FileDescription, describe};
pub use options::ReadOptions;
pub use statistics::Statistics;
pub(crate) use stream::Stream;
pub use variable::{AxisKind, Contents, Variable};
pub(crate) use write::Job;

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::signature::Head;
use crate::values::{Precision, Values};

/// One line of the list of formats.
pub struct FormatEntry {
    /// Name.
    pub name: &'static str,
    /// What it is and who writes it.
    pub summary: &'static str,
    /// Usual endings of file names.
    pub extensions: &'static [&'static str],
    /// Whether a file that starts like this is of the format.
    recognises: fn(&Path, &Head) -> bool,
    /// What the file holds.
    contents: fn(&Path) -> Result<Contents>,
    /// The rows of one array along its first axis, in row-major order, its axes as [`Variable::shape`].
    load: fn(&Path, &Variable, Precision, Range<usize>) -> Result<Values>,
    /// Whether rows of the arrays of a file can be read without the others.
    by_rows: fn(&Path) -> bool,
    /// Writes a data set; nothing for formats that are only read.
    write: Option<fn(&Job<'_>) -> Result<()>>,
}

impl FormatEntry {
    /// Whether data sets can be written in this format.
    pub fn is_written(&self) -> bool {
        self.write.is_some()
    }

    /// Whether what is written is a folder of files.
    pub(crate) fn writes_folder(&self) -> bool {
        self.name == zarr::ENTRY.name
    }

    pub(crate) fn write(&self, job: &Job<'_>) -> Result<()> {
        match self.write {
            Some(write) => write(job),
            None => Err(Error::unsupported(job.path, format!("{} is only read", self.name))),
        }
    }
}

impl std::fmt::Debug for FormatEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FormatEntry").field("name", &self.name).field("summary", &self.summary).finish()
    }
}

/// Every format that is read, and those of them that are written. Command line, Python and documentation read this list. A format comes before those
/// that would recognise its files too.
pub static FORMATS: &[FormatEntry] = &[
    #[cfg(feature = "hdf5")]
    own::ENTRY,
    #[cfg(feature = "hdf5")]
    pdebench::ENTRY,
    #[cfg(feature = "hdf5")]
    the_well::ENTRY,
    #[cfg(feature = "hdf5")]
    pdearena::ENTRY,
    matlab5::ENTRY,
    #[cfg(feature = "hdf5")]
    tables::MATLAB73,
    #[cfg(feature = "hdf5")]
    tables::HDF5,
    pt::ENTRY,
    numpy::NPZ,
    numpy::NPY,
    zarr::ENTRY,
];

/// Pairs of variables that published data use.
const PAIRS: [(&str, &str); 6] =
    [("a", "u"), ("coeff", "sol"), ("nu", "tensor"), ("input", "output"), ("input", "target"), ("x", "y")];

/// The format of a file.
///
/// # Errors
/// When the file cannot be opened or is of no known format.
pub fn recognise(path: impl AsRef<Path>) -> Result<&'static FormatEntry> {
    let path = path.as_ref();
    if path.is_dir() {
        let what = "a folder without the zarr.json of a Zarr store (version 3)";
        return if zarr::is_store(path) { Ok(&zarr::ENTRY) } else { Err(Error::unsupported(path, what)) };
    }
    let head = Head::read(path)?;
    #[cfg(not(feature = "hdf5"))]
    if head.hdf5.is_some() {
        return Err(Error::unsupported(path, crate::signature::WITHOUT_HDF5));
    }
    if head.hdf5.is_some() {
        head.check_hdf5(path)?;
    }
    FORMATS.iter().find(|entry| (entry.recognises)(path, &head)).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|entry| entry.name).collect();
        Error::unsupported(
            path,
            format!("of no known format ({}); known are {}", head.looks_like(), names.join(", ")),
        )
    })
}

/// What a file of any known format holds: its numeric arrays and what it says of them.
///
/// # Errors
/// When the file cannot be read or is of no known format.
pub fn contents(path: impl AsRef<Path>) -> Result<Contents> {
    let path = path.as_ref();
    (recognise(path)?.contents)(path)
}

/// The numeric arrays in a file of any known format.
///
/// # Errors
/// When the file cannot be read or is of no known format.
pub fn variables(path: impl AsRef<Path>) -> Result<Vec<Variable>> {
    contents(path).map(|contents| contents.variables)
}

/// As [`read`], but where the format allows it (HDF5, Zarr, arrays of NumPy that are not compressed) the samples stay in the file
/// until they are read, in constant memory. Values are looked at when they are read.
///
/// # Errors
/// As [`read`].
pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Dataset> {
    let path = path.as_ref();
    match Stream::open(path, options)? {
        Some(stream) => stream.into_dataset(),
        None => read(path, options),
    }
}

/// Reads a file of any known format into memory. A data set of this library is opened as such, and names do not matter.
///
/// # Errors
/// When the file cannot be read or is of no known format, a variable is missing (the error lists those that are there), an
/// array holds NaN or infinity (the error says which and where), or the arrays do not fit each other.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Dataset> {
    let path = path.as_ref();
    if cfg!(feature = "hdf5") && !path.is_dir() && Head::read(path)?.hdf5.is_some() {
        match Dataset::open(path) {
            Err(Error::Foreign { .. }) => {}
            ours => return ours,
        }
    }
    let entry = recognise(path)?;
    let contents = (entry.contents)(path)?;
    if options.target_path.is_none() && contents.says_axes() {
        let data = assembly::read(path, entry, &contents, options)?;
        return Ok(data.with_attributes(contents.attributes));
    }
    let attributes = contents.attributes.clone();
    let [input, target] = arrays(path, entry, contents, options)?;
    let (all_inputs, all_targets) = (options.rows(input.shape[0])?, options.rows(target.shape[0])?);
    let input = input.load(options.precision, all_inputs)?;
    let target = target.load(options.precision, all_targets)?;
    Ok(Dataset::from_values(input, target, Some(path))?.with_attributes(attributes))
}

/// An array of a format that does not say what its axes are, chosen as one side.
#[derive(Debug)]
struct Array {
    path: PathBuf,
    entry: &'static FormatEntry,
    variable: Variable,
    /// `[samples, space.., channels]`.
    shape: Vec<usize>,
}

impl Array {
    /// Reads rows, which must be finite.
    fn load(&self, precision: Precision, rows: Range<usize>) -> Result<Values> {
        let mut shape = self.shape.clone();
        shape[0] = rows.len();
        let mut values = self.variable.load(self.entry, &self.path, precision, rows)?;
        values.check_finite(&format!("{}: variable {}", self.path.display(), self.variable.name))?;
        values.shape = shape;
        Ok(values)
    }
}

/// The arrays of both sides.
fn arrays(
    path: &Path,
    entry: &'static FormatEntry,
    contents: Contents,
    options: &ReadOptions,
) -> Result<[Array; 2]> {
    let target_path = options.target_path.as_deref().unwrap_or(path);
    let entries = [entry, recognise(target_path)?];
    let listed = [contents.variables, (entries[1].contents)(target_path)?.variables];
    let [input, target] = choose([path, target_path], [&listed[0], &listed[1]], options)?;
    let smallest = input.shape.len().min(target.shape.len());
    let dimensions = options.dimensions.unwrap_or(smallest.saturating_sub(1));
    let array = |path: &Path, variable: &Variable, entry: &'static FormatEntry| {
        let shape = if options.channels_last {
            variable.shape.clone()
        } else {
            with_channels(path, variable, dimensions)?
        };
        if shape.is_empty() {
            return Err(NumericError::shape(&variable.name, "at least an axis of samples", &shape).into());
        }
        Ok::<_, Error>(Array { path: path.to_path_buf(), entry, variable: variable.clone(), shape })
    };
    Ok([array(path, input, entries[0])?, array(target_path, target, entries[1])?])
}

/// The variables that are named, the only one of a file of its own, or a pair that is known.
fn choose<'a>(
    paths: [&Path; 2],
    listed: [&'a [Variable]; 2],
    options: &ReadOptions,
) -> Result<[&'a Variable; 2]> {
    let names = [&options.input, &options.target];
    let mut chosen: [Option<&Variable>; 2] = [None, None];
    for side in 0..2 {
        if let Some(name) = names[side] {
            let found = listed[side].iter().find(|variable| variable.name == *name);
            chosen[side] = Some(found.ok_or_else(|| missing(paths[side], name, listed[side]))?);
        } else if let ([only], true) = (listed[side], options.target_path.is_some()) {
            chosen[side] = Some(only);
        }
    }
    let find = |side: usize, name: &str| listed[side].iter().find(|variable| variable.name == name);
    for (input, target) in PAIRS {
        let pair = [chosen[0].or_else(|| find(0, input)), chosen[1].or_else(|| find(1, target))];
        if pair.iter().all(Option::is_some) {
            chosen = pair;
            break;
        }
    }
    let [Some(input), Some(target)] = chosen else {
        let side = usize::from(chosen[0].is_some());
        let wanted = if side == 0 { "for the input" } else { "for the target" };
        let what = format!("{wanted} was named, and no known pair is there");
        return Err(missing(paths[side], &what, listed[side]));
    };
    Ok([input, target])
}

fn missing(path: &Path, name: &str, available: &[Variable]) -> Error {
    let available = available.iter().map(Variable::to_string).collect();
    Error::MissingVariable { path: path.to_path_buf(), name: name.to_string(), available }
}

/// `[samples, space.., channels]` for an array with or without a channel axis.
fn with_channels(path: &Path, variable: &Variable, dimensions: usize) -> Result<Vec<usize>> {
    let mut shape = variable.shape.clone();
    if dimensions == 0 || !(shape.len() == dimensions + 1 || shape.len() == dimensions + 2) {
        let expected = if dimensions == 0 {
            "[samples, x1, ..], at least two axes".to_string()
        } else {
            format!("[samples, {dimensions} grid axes] or one axis more for channels")
        };
        let name = format!("{}: variable {}", path.display(), variable.name);
        return Err(NumericError::shape(name, expected, &shape).into());
    }
    if shape.len() == dimensions + 1 {
        shape.push(1);
    }
    Ok(shape)
}
