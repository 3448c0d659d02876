//! What a file of another program says it holds.

use std::ops::Range;
use std::path::Path;

use sobolev_solvers::Axis;

use super::FormatEntry;
use crate::error::{Error, Result};
use crate::values::{Precision, Values};

/// What one axis of an array counts.
#[derive(Debug, Clone, PartialEq)]
pub enum AxisKind {
    /// Samples.
    Sample,
    /// Points of a grid, or times on an axis called `time`.
    Grid(Axis),
    /// Components, by name; empty for those that have none.
    Components(Vec<String>),
}

/// A named array in a file, without its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// Shape as the program that wrote it shows it: MATLAB's axes in MATLAB's order.
    pub shape: Vec<usize>,
    /// Type of the stored numbers, such as `float32`.
    pub kind: String,
    /// What each axis counts; empty where the format does not say.
    pub axes: Vec<AxisKind>,
}

impl Variable {
    /// An array of whose axes nothing is known.
    pub(super) fn plain(name: impl Into<String>, shape: Vec<usize>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), shape, kind: kind.into(), axes: Vec::new() }
    }

    /// Position of the axis of samples.
    pub(super) fn sample_axis(&self) -> Option<usize> {
        self.axes.iter().position(|axis| *axis == AxisKind::Sample)
    }

    /// The axis called `time`, with its position.
    pub(super) fn time(&self) -> Option<(usize, &Axis)> {
        self.grid().find(|(_, axis)| axis.name == "time")
    }

    /// The axes of the grid except time, with their positions.
    pub(super) fn space(&self) -> impl Iterator<Item = (usize, &Axis)> {
        self.grid().filter(|(_, axis)| axis.name != "time")
    }

    /// The axes of the grid and time, with their positions.
    pub(super) fn grid(&self) -> impl Iterator<Item = (usize, &Axis)> {
        self.axes.iter().enumerate().filter_map(|(position, axis)| match axis {
            AxisKind::Grid(axis) => Some((position, axis)),
            _ => None,
        })
    }

    /// Positions and names of the axes of components.
    pub(super) fn components(&self) -> impl Iterator<Item = (usize, &[String])> {
        self.axes.iter().enumerate().filter_map(|(position, axis)| match axis {
            AxisKind::Components(names) => Some((position, &names[..])),
            _ => None,
        })
    }

    /// Names of the channels that it becomes: of a vector `name_x, name_y`, of a tensor in product order, `name_xx` and on.
    pub(super) fn channels(&self) -> Vec<String> {
        self.components().fold(vec![self.name.clone()], |names, (_, parts)| match parts {
            [] | [_] => names,
            _ => {
                let join = |name: &String, part: &String| match *name == self.name {
                    true => format!("{name}_{part}"),
                    false => format!("{name}{part}"),
                };
                names.iter().flat_map(|name| parts.iter().map(move |part| join(name, part))).collect()
            }
        })
    }

    /// The rows `rows` along the first axis.
    ///
    /// # Errors
    /// When the file cannot be read, or holds another number of values than it says.
    pub(super) fn load(
        &self,
        entry: &FormatEntry,
        path: &Path,
        precision: Precision,
        rows: Range<usize>,
    ) -> Result<Values> {
        let mut shape = self.shape.clone();
        if let Some(first) = shape.first_mut() {
            *first = rows.len();
        }
        let values = (entry.load)(path, self, precision, rows)?;
        if values.shape != shape {
            let what = format!("variable {self} has shape {:?} when it is read", values.shape);
            return Err(Error::damaged(path, what));
        }
        Ok(values)
    }
}

impl std::fmt::Display for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.name, self.shape)
    }
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    /// Its numeric arrays.
    pub variables: Vec<Variable>,
    /// What it says of the equation and its parameters, as name and text.
    pub attributes: Vec<(String, String)>,
}

impl Contents {
    /// Arrays of which nothing more is known.
    pub(super) fn of(variables: Vec<Variable>) -> Self {
        Self { variables, attributes: Vec::new() }
    }

    /// Whether the format says what the axes of its arrays are.
    pub fn says_axes(&self) -> bool {
        self.variables.iter().any(|variable| !variable.axes.is_empty())
    }
}
