//! Arrays whose axes are known become the two fields of a data set: variables side by side as channels, frames of a
//! trajectory as input and target.

use std::ops::Range;
use std::path::Path;

use ndarray::{ArrayView, ArrayViewD, ArrayViewMutD, Axis as ArrayAxis, Dimension, IxDyn, Slice};
use sobolev_solvers::{Axis, Field};
use sobolev_tensor::{Error as NumericError, Real};

use super::{AxisKind, Contents, FormatEntry, PAIRS, ReadOptions, Variable, missing};
use crate::dataset::{Dataset, Side as DataSide};
use crate::error::{Error, Result};
use crate::values::{Numbers, Precision, Values, bytes_of};

/// Values that are read at once, about.
const BLOCK: usize = 1 << 22;

/// What is read from where.
struct Source<'a> {
    path: &'a Path,
    entry: &'a FormatEntry,
    rows: Range<usize>,
    precision: Precision,
    frames_as_channels: bool,
}

/// One field: its variables, and which frames of those that depend on time.
struct Side<'a> {
    name: &'static str,
    variables: Vec<&'a Variable>,
    frames: Option<Range<usize>>,
}

/// Reads a file whose format says what its axes are.
///
/// # Errors
/// When a variable is missing, the grids differ, a value is not finite, or the file is damaged.
pub(super) fn read(
    path: &Path,
    entry: &FormatEntry,
    contents: &Contents,
    options: &ReadOptions,
) -> Result<Dataset> {
    let of = |side| -> Result<(Field, Values)> {
        Ok((field(path, entry, contents, options, side)?, read_side(path, entry, contents, options, side)?))
    };
    let (input, target) = (of(DataSide::Input)?, of(DataSide::Target)?);
    Dataset::from_values(input.1, target.1, Some(path))?.with_fields(input.0, target.0)
}

/// Number of all samples of a file.
///
/// # Errors
/// As [`read`].
pub(super) fn count(path: &Path, contents: &Contents, options: &ReadOptions) -> Result<usize> {
    samples(path, sides(path, contents, options)?.iter().flat_map(|side| &side.variables))
}

/// The field of one side.
///
/// # Errors
/// As [`read`].
pub(super) fn field(
    path: &Path,
    entry: &FormatEntry,
    contents: &Contents,
    options: &ReadOptions,
    side: DataSide,
) -> Result<Field> {
    let sides = sides(path, contents, options)?;
    Source::new(path, entry, options, &sides)?.field(&sides[side as usize])
}

/// One side of the samples that are asked for.
///
/// # Errors
/// As [`read`].
pub(super) fn read_side(
    path: &Path,
    entry: &FormatEntry,
    contents: &Contents,
    options: &ReadOptions,
    side: DataSide,
) -> Result<Values> {
    let sides = sides(path, contents, options)?;
    let source = Source::new(path, entry, options, &sides)?;
    match options.precision {
        Precision::F32 => source.side::<f32>(&sides[side as usize]),
        Precision::F64 => source.side::<f64>(&sides[side as usize]),
    }
}

/// The variables and frames of both fields.
fn sides<'a>(path: &Path, contents: &'a Contents, options: &ReadOptions) -> Result<[Side<'a>; 2]> {
    let variables = &contents.variables;
    let find = |name: &str| {
        let found = variables.iter().find(|variable| variable.name == name);
        found.filter(|v| !v.axes.is_empty()).ok_or_else(|| missing(path, name, variables))
    };
    let named = |names: &str| names.split(',').map(|name| find(name.trim())).collect::<Result<Vec<_>>>();
    let moving = |variable: &&Variable| variable.time().is_some_and(|(_, time)| time.points.len() > 1);
    let pair = || PAIRS.iter().find_map(|(a, u)| Some((find(a).ok()?, find(u).ok()?)));
    let (input, target) = match (&options.input, &options.target) {
        (Some(input), Some(target)) => (named(input)?, named(target)?),
        (Some(input), None) => (named(input)?, named(input)?),
        (None, _) => {
            let all: Vec<&Variable> = variables.iter().filter(moving).collect();
            match pair() {
                Some((input, target)) => (vec![input], vec![target]),
                None if !all.is_empty() => (all.clone(), all),
                None => return Err(missing(path, "depends on time, and no known pair is there", variables)),
            }
        }
    };
    input.iter().chain(&target).try_for_each(|variable| check_axes(path, variable))?;
    check_times(path, input.iter().chain(&target).copied())?;
    let frames = |side: &[&Variable]| side.iter().find_map(|v| v.time()).map(|(_, time)| time.points.len());
    let (given, asked) = (frames(&input), frames(&target));
    let first = options.input_frames.unwrap_or(1);
    let split = match (given, asked) {
        (Some(all), Some(_)) if first == 0 || first >= all => {
            let expected =
                format!("1 to {}: fewer than the {all} of the trajectories", all.saturating_sub(1));
            return Err(NumericError::value("input frames", expected, first).into());
        }
        (Some(all), None) if first == 0 || first > all => {
            return Err(NumericError::value("input frames", format!("1 to {all}"), first).into());
        }
        _ => first,
    };
    let rest = if given.is_some() { split } else { 0 };
    Ok([
        Side { name: "input", variables: input, frames: given.map(|_| 0..split) },
        Side { name: "target", variables: target, frames: asked.map(|all| rest..all) },
    ])
}

/// Checks that a variable has samples first and that no axis of it is there twice or is empty.
fn check_axes(path: &Path, variable: &Variable) -> Result<()> {
    let refused = |what: String| Err(Error::unsupported(path, format!("variable {variable} {what}")));
    let samples = variable.axes.iter().filter(|axis| **axis == AxisKind::Sample).count();
    if samples > 1 {
        return refused("has more than one axis of samples".to_string());
    }
    if variable.sample_axis().is_some_and(|place| place > 0) {
        return refused("has samples on another axis than the first".to_string());
    }
    let mut names: Vec<&str> = variable.grid().map(|(_, axis)| &*axis.name).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return refused(format!("has two axes {}", pair[0]));
    }
    if variable.shape.iter().skip(samples).any(|length| *length == 0) {
        return refused("has an empty axis".to_string());
    }
    Ok(())
}

/// Checks that all variables that depend on time have as many frames.
fn check_times<'a>(path: &Path, variables: impl Iterator<Item = &'a Variable>) -> Result<()> {
    let mut counts = variables.filter_map(|variable| Some((variable, variable.time()?.1.points.len())));
    let Some((first, count)) = counts.next() else { return Ok(()) };
    match counts.find(|(_, other)| *other != count) {
        None => Ok(()),
        Some((other, _)) => {
            let what = format!("variables {first} and {other} have different numbers of times");
            Err(Error::unsupported(path, what))
        }
    }
}

/// The number of samples, which all variables that have samples share.
fn samples<'a>(path: &Path, variables: impl Iterator<Item = &'a &'a Variable>) -> Result<usize> {
    let mut counts =
        variables.filter_map(|variable| Some((*variable, variable.shape[variable.sample_axis()?])));
    let Some((first, count)) = counts.next() else { return Ok(1) };
    match counts.find(|(_, other)| *other != count) {
        None => Ok(count),
        Some((other, _)) => {
            Err(Error::damaged(path, format!("{first} and {other} have different numbers of samples")))
        }
    }
}

impl<'a> Source<'a> {
    fn new(
        path: &'a Path,
        entry: &'a FormatEntry,
        options: &ReadOptions,
        sides: &[Side<'_>; 2],
    ) -> Result<Self> {
        let count = samples(path, sides.iter().flat_map(|side| &side.variables))?;
        let (precision, frames_as_channels) = (options.precision, options.frames_as_channels);
        Ok(Self { path, entry, rows: options.rows(count)?, precision, frames_as_channels })
    }

    /// One field, `[samples, time if there are several frames, space.., channels]`.
    fn side<T: Real>(&self, side: &Side<'_>) -> Result<Values> {
        let field = self.field(side)?;
        let shape: Vec<usize> = [self.rows.len()].into_iter().chain(field.shape()).collect();
        let mut values: Vec<T> = Vec::new();
        let count = bytes_of(&shape, size_of::<T>()).map(|_| shape.iter().product::<usize>());
        match count.filter(|count| values.try_reserve_exact(*count).is_ok()) {
            Some(count) => values.resize(count, T::zero()),
            None => {
                let what = format!("{} of shape {shape:?} does not fit into memory", side.name);
                return Err(Error::unsupported(self.path, what));
            }
        }
        let mut first = 0;
        for variable in &side.variables {
            let channels = variable.channels().len();
            let all = ArrayViewMutD::from_shape(IxDyn(&shape), &mut values);
            let mut all = all.map_err(|_| NumericError::shape(side.name, "rows of one length", &shape))?;
            self.fill(variable, side, first..first + channels, &mut all)?;
            first += channels;
        }
        let values = Values::new(shape, Numbers::from_vec(values));
        values.check_finite(&format!("{}: {}", self.path.display(), side.name))?;
        Ok(values)
    }

    fn field(&self, side: &Side<'_>) -> Result<Field> {
        let largest = side.variables.iter().max_by_key(|variable| variable.space().count());
        let grid: Vec<Axis> = largest.map_or_else(Vec::new, |v| v.space().map(|(_, a)| a.clone()).collect());
        for variable in &side.variables {
            let fits =
                |axis: &Axis| grid.iter().any(|a| a.name == axis.name && a.points.len() == axis.points.len());
            if !variable.space().all(|(_, axis)| fits(axis)) {
                let what = format!("{} variables have different grids: {variable} among them", side.name);
                return Err(Error::unsupported(self.path, what));
            }
        }
        let names: Vec<String> = side.variables.iter().flat_map(|variable| variable.channels()).collect();
        let time = side.variables.iter().find_map(|variable| variable.time());
        let frames = side.frames.clone().unwrap_or(0..0);
        let times = time.map(|(_, axis)| {
            let mut axis = axis.clone();
            axis.points = axis.points.slice_axis(ArrayAxis(0), Slice::from(frames.clone())).to_owned();
            axis
        });
        let (times, channels) = match times {
            Some(times) if frames.len() > 1 && self.frames_as_channels => {
                let at = |time: &f64| {
                    names.iter().map(move |name| format!("{name} at {time}")).collect::<Vec<_>>()
                };
                (None, times.points.iter().flat_map(at).collect())
            }
            times => (times.filter(|_| frames.len() > 1), names),
        };
        let parts: Vec<&str> = side.variables.iter().map(|variable| &*variable.name).collect();
        Ok(Field {
            name: parts.join(", "),
            axes: times.into_iter().chain(grid).collect(),
            channels,
            units: "unknown".to_string(),
        })
    }

    /// Reads a variable into the channels `channels` of each frame of `all`.
    fn fill<T: Real>(
        &self,
        variable: &Variable,
        side: &Side<'_>,
        channels: Range<usize>,
        all: &mut ArrayViewMutD<'_, T>,
    ) -> Result<()> {
        let place = Place::new(variable, side, channels, all.shape(), self.frames_as_channels);
        if variable.sample_axis() != Some(0) {
            let rows = 0..variable.shape.first().copied().unwrap_or(1);
            let block = variable.load(self.entry, self.path, self.precision, rows)?;
            for row in 0..self.rows.len() {
                let row = all.slice_axis_mut(ArrayAxis(0), Slice::from(row..row + 1));
                place.copy(variable, &block, row)?;
            }
            return Ok(());
        }
        let each: usize = variable.shape[1..].iter().product();
        let at_once = (BLOCK / each.max(1)).max(1);
        let mut row = self.rows.start;
        while row < self.rows.end {
            let rows = row..(row + at_once).min(self.rows.end);
            row = rows.end;
            let out = rows.start - self.rows.start..rows.end - self.rows.start;
            let block = variable.load(self.entry, self.path, self.precision, rows)?;
            place.copy(variable, &block, all.slice_axis_mut(ArrayAxis(0), Slice::from(out)))?;
        }
        Ok(())
    }
}

/// Where the values of a variable go.
struct Place {
    /// Axes of the variable as `[sample, time, space.., components..]`; none where it lacks one that the field has.
    order: Vec<Option<usize>>,
    /// Number of leading axes that the field has too.
    kept: usize,
    frames: Range<usize>,
    /// Whether the field has an axis of time.
    time_axis: bool,
    channels: Range<usize>,
    /// Channels of a frame.
    stride: usize,
}

impl Place {
    fn new(
        variable: &Variable,
        side: &Side<'_>,
        channels: Range<usize>,
        shape: &[usize],
        as_channels: bool,
    ) -> Self {
        let frames = side.frames.clone().unwrap_or(0..1);
        let largest = side.variables.iter().max_by_key(|variable| variable.space().count());
        let grid = largest.map_or_else(Vec::new, |v| v.space().map(|(_, axis)| &axis.name).collect());
        let own =
            |name: &String| variable.space().find(|(_, axis)| axis.name == *name).map(|(place, _)| place);
        let mut order = vec![variable.sample_axis(), variable.time().map(|(place, _)| place)];
        order.extend(grid.into_iter().map(own));
        let kept = order.len();
        order.extend(variable.components().map(|(place, _)| Some(place)));
        let time_axis = frames.len() > 1 && !as_channels;
        let copies = if time_axis { 1 } else { frames.len() };
        Self { order, kept, stride: shape[shape.len() - 1] / copies, frames, time_axis, channels }
    }

    /// Copies the loaded rows `block` into the rows `out` of the field.
    fn copy<T: Real>(
        &self,
        variable: &Variable,
        block: &Values,
        mut out: ArrayViewMutD<'_, T>,
    ) -> Result<()> {
        let wrong =
            || NumericError::shape(&variable.name, "values of the shape that was announced", &block.shape);
        let numbers = block.numbers.as_slice::<T>().ok_or_else(wrong)?;
        let mut view = ArrayView::from_shape(IxDyn(&block.shape), numbers).map_err(|_| wrong())?;
        view = view.permuted_axes(self.order.iter().flatten().copied().collect::<Vec<_>>());
        for (place, axis) in self.order.iter().enumerate() {
            if axis.is_none() {
                view = view.insert_axis(ArrayAxis(place));
            }
        }
        let components: Vec<usize> = view.shape()[self.kept..].to_vec();
        for (channel, index) in ndarray::indices(IxDyn(&components)).into_iter().enumerate() {
            let mut part = view.view();
            for component in index.as_array_view() {
                part = part.index_axis_move(ArrayAxis(self.kept), *component);
            }
            self.copy_channel(part, self.channels.start + channel, &mut out)?;
        }
        Ok(())
    }

    /// Copies one component, `[sample, time, space..]`.
    fn copy_channel<T: Real>(
        &self,
        part: ArrayViewD<'_, T>,
        channel: usize,
        out: &mut ArrayViewMutD<'_, T>,
    ) -> Result<()> {
        let last = ArrayAxis(out.ndim() - 1);
        let still = part.len_of(ArrayAxis(1)) == 1;
        for frame in self.frames.clone() {
            let from = part.index_axis(ArrayAxis(1), if still { 0 } else { frame });
            let number = frame - self.frames.start;
            let mut to = if self.time_axis {
                out.index_axis_mut(last, channel).index_axis_move(ArrayAxis(1), number)
            } else {
                out.index_axis_mut(last, number * self.stride + channel)
            };
            let from = from
                .broadcast(to.raw_dim())
                .ok_or_else(|| NumericError::shape("variable", format!("{:?}", to.shape()), from.shape()))?;
            to.assign(&from);
        }
        Ok(())
    }
}
