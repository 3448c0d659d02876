//! Reading what other programs write: arrays by name, of which two become the inputs and targets of a [`Dataset`].
//!
//! [`read`] recognises the format by content, never by the file's name. Variables are named by the caller or found among
//! the pairs that published data use: `a`/`u` and `coeff`/`sol` (Li et al. 2021, arXiv:2010.08895), `input`/`output`,
//! `input`/`target`, `x`/`y`.
//!
//! The first axis counts the samples and the last one becomes the channel axis where there is one more than the grid has:
//! `a [1200, 64, 64]` with `u [1200, 64, 64, 20]` gives inputs `[64, 64, 1]` and targets `[64, 64, 20]`. The number of
//! grid axes is one less than the smaller of the two ranks, unless [`ReadOptions::with_dimensions`] or
//! [`ReadOptions::with_channels_last`] says otherwise.

mod columns;
mod matlab5;
mod numpy;
#[cfg(feature = "hdf5")]
mod tables;

use std::path::{Path, PathBuf};

use sobolev_tensor::Error as NumericError;

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::signature::Head;
use crate::values::{Precision, Values};

/// A named array in a file, without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// Shape as the program that wrote it shows it: MATLAB's axes in MATLAB's order.
    pub shape: Vec<usize>,
}

impl std::fmt::Display for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.name, self.shape)
    }
}

/// One line of the list of formats.
pub struct FormatEntry {
    /// Name.
    pub name: &'static str,
    /// What it is and who writes it.
    pub summary: &'static str,
    /// Usual endings of file names.
    pub extensions: &'static [&'static str],
    /// Whether a file that starts like this is of the format.
    recognises: fn(&Head) -> bool,
    /// The numeric arrays in a file.
    variables: fn(&Path) -> Result<Vec<Variable>>,
    /// One array in row-major order, its axes as [`Variable::shape`].
    load: fn(&Path, &str, Precision) -> Result<Values>,
}

impl std::fmt::Debug for FormatEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FormatEntry").field("name", &self.name).field("summary", &self.summary).finish()
    }
}

/// Every foreign format that is read. Command line, Python and documentation read this list.
pub static FORMATS: &[FormatEntry] = &[
    matlab5::ENTRY,
    #[cfg(feature = "hdf5")]
    tables::MATLAB73,
    #[cfg(feature = "hdf5")]
    tables::HDF5,
    numpy::NPZ,
    numpy::NPY,
];

/// Pairs of variables that published data use.
const PAIRS: [(&str, &str); 5] =
    [("a", "u"), ("coeff", "sol"), ("input", "output"), ("input", "target"), ("x", "y")];

/// What to read from a foreign file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    input: Option<String>,
    target: Option<String>,
    target_path: Option<PathBuf>,
    dimensions: Option<usize>,
    channels_last: bool,
    precision: Precision,
}

impl ReadOptions {
    /// Names of the variables that hold inputs and targets.
    #[must_use]
    pub fn with_variables(mut self, input: impl Into<String>, target: impl Into<String>) -> Self {
        (self.input, self.target) = (Some(input.into()), Some(target.into()));
        self
    }

    /// Another file that holds the targets, such as a second `.npy` file.
    #[must_use]
    pub fn with_target_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.target_path = Some(path.into());
        self
    }

    /// Number of grid axes; one less than the smaller rank by default.
    #[must_use]
    pub fn with_dimensions(mut self, dimensions: usize) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Both arrays have their channel axis already, however many grid axes each has.
    #[must_use]
    pub fn with_channels_last(mut self) -> Self {
        self.channels_last = true;
        self
    }

    /// Number type to keep the values in; single by default.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }
}

/// The format of a file.
///
/// # Errors
/// When the file cannot be opened or is of no known format.
pub fn recognise(path: impl AsRef<Path>) -> Result<&'static FormatEntry> {
    let path = path.as_ref();
    let head = Head::read(path)?;
    #[cfg(not(feature = "hdf5"))]
    if head.hdf5.is_some() {
        return Err(Error::unsupported(path, crate::signature::WITHOUT_HDF5));
    }
    if head.hdf5.is_some() {
        head.check_hdf5(path)?;
    }
    FORMATS.iter().find(|entry| (entry.recognises)(&head)).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|entry| entry.name).collect();
        Error::unsupported(
            path,
            format!("of no known format ({}); known are {}", head.looks_like(), names.join(", ")),
        )
    })
}

/// The numeric arrays in a file of any known format.
///
/// # Errors
/// When the file cannot be read or is of no known format.
pub fn variables(path: impl AsRef<Path>) -> Result<Vec<Variable>> {
    let path = path.as_ref();
    (recognise(path)?.variables)(path)
}

/// Reads a file of any known format into memory. A data set of this library is opened as such, and names do not matter.
///
/// # Errors
/// When the file cannot be read or is of no known format, a variable is missing (the error lists those that are there), an
/// array holds NaN or infinity (the error says which and where), or the arrays do not fit each other.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Dataset> {
    let path = path.as_ref();
    if cfg!(feature = "hdf5") && Head::read(path)?.hdf5.is_some() {
        match Dataset::open(path) {
            Err(Error::Foreign { .. }) => {}
            ours => return ours,
        }
    }
    let target_path = options.target_path.as_deref().unwrap_or(path);
    let names = [(path, &options.input, "input"), (target_path, &options.target, "target")];
    let entries = [recognise(path)?, recognise(target_path)?];
    let listed = [(entries[0].variables)(path)?, (entries[1].variables)(target_path)?];
    let mut chosen: [Option<&Variable>; 2] = [None, None];
    for side in 0..2 {
        let (file, name, _) = names[side];
        if let Some(name) = name {
            let found = listed[side].iter().find(|variable| variable.name == *name);
            chosen[side] = Some(found.ok_or_else(|| missing(file, name, &listed[side]))?);
        } else if let ([only], true) = (&listed[side][..], options.target_path.is_some()) {
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
        return Err(missing(
            names[side].0,
            &format!("{wanted} was named, and no known pair is there"),
            &listed[side],
        ));
    };
    let smallest = input.shape.len().min(target.shape.len());
    let dimensions = options.dimensions.unwrap_or(smallest.saturating_sub(1));
    let shapes = if options.channels_last {
        [input.shape.clone(), target.shape.clone()]
    } else {
        [with_channels(path, input, dimensions)?, with_channels(target_path, target, dimensions)?]
    };
    let mut values = [
        (entries[0].load)(path, &input.name, options.precision)?,
        (entries[1].load)(target_path, &target.name, options.precision)?,
    ];
    let sides = [(path, input), (target_path, target)];
    for ((values, shape), (path, variable)) in values.iter_mut().zip(shapes).zip(sides) {
        if values.shape != variable.shape {
            let what = format!("variable {variable} has shape {:?} when it is read", values.shape);
            return Err(Error::damaged(path, what));
        }
        values.check_finite(&format!("{}: variable {}", path.display(), variable.name))?;
        values.shape = shape;
    }
    let [input, target] = values;
    Dataset::from_values(input, target, Some(path))
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
