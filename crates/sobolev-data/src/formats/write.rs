//! What the writers of all formats share: blocks of samples, and what kind of samples they are.

use std::ops::Range;
use std::path::Path;

use ndarray::{ArrayD, Axis as ArrayAxis, concatenate};
use sobolev_solvers::{Axis, Field};
use sobolev_tensor::{Error as NumericError, Monitor, Real};

use crate::dataset::{Dataset, Side};
use crate::error::{Error, Result};

/// Group of the settings that were drawn for each sample, one array a setting, where formats have groups.
pub(crate) const PARAMETERS: &str = "parameters";
/// Values that are in memory at once, about.
const BLOCK: usize = 1 << 22;

/// What is written where.
pub(crate) struct Job<'a> {
    pub(crate) data: &'a Dataset,
    /// Name of the file while it is made.
    pub(crate) draft: &'a Path,
    /// Name of the file in the end, for errors and for what depends on the ending.
    pub(crate) path: &'a Path,
    pub(crate) monitor: &'a dyn Monitor,
}

impl Job<'_> {
    /// Hands ranges of samples to `write`, tells the monitor of them and asks it whether to go on.
    pub(crate) fn blocks(&self, mut write: impl FnMut(Range<usize>) -> Result<()>) -> Result<()> {
        let each: usize = [Side::Input, Side::Target].map(|side| self.values_of(side)).iter().sum();
        let at_once = (BLOCK / each.max(1)).max(1);
        let (count, mut row) = (self.data.len(), 0);
        while row < count {
            if self.monitor.cancelled() {
                let (done, total) = (row as u64, count as u64);
                let task = "conversion".to_string();
                return Err(NumericError::Cancelled { task, done, total }.into());
            }
            let rows = row..(row + at_once).min(count);
            row = rows.end;
            write(rows)?;
            self.monitor.progress(row as u64, count as u64);
        }
        Ok(())
    }

    fn values_of(&self, side: Side) -> usize {
        self.data.field(side).shape().iter().product()
    }

    /// One side of the samples `rows`.
    pub(crate) fn read<T: Real>(&self, side: Side, rows: Range<usize>) -> Result<ArrayD<T>> {
        self.data.read_side(side, &rows.collect::<Vec<_>>())
    }

    /// The error of a file that cannot be written.
    pub(crate) fn failed(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let source = std::io::Error::other(source);
        Error::Io { path: self.path.to_path_buf(), action: "write", source }
    }

    #[cfg_attr(not(feature = "hdf5"), expect(dead_code, reason = "only formats within HDF5 ask for it"))]
    /// The error of data for which the format has no place.
    pub(crate) fn no_place(&self, what: impl Into<String>) -> Error {
        Error::unsupported(self.path, what)
    }

    /// The parameters of the equation that are numbers, by their names.
    pub(crate) fn parameters(&self) -> Vec<(String, f64)> {
        let about = self.data.about();
        let settings =
            about.provenance.as_ref().map(|provenance| crate::description::flattened(&provenance.settings));
        let settings = settings.unwrap_or_default().into_iter().filter_map(|(name, value)| {
            Some((name, value.as_float().or_else(|| value.as_integer().map(|number| number as f64))?))
        });
        let attributes =
            about.attributes.iter().filter_map(|(name, text)| Some((name.clone(), text.parse().ok()?)));
        settings.chain(attributes).filter(|(_, number): &(String, f64)| number.is_finite()).collect()
    }

    /// Name of the equation, or of the file.
    pub(crate) fn title(&self) -> String {
        let equation = self.data.provenance().map(|provenance| provenance.equation.clone());
        let file = || self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        equation.filter(|name| !name.is_empty()).unwrap_or_else(file)
    }
}

/// States of one system at several times.
#[cfg_attr(not(feature = "hdf5"), expect(dead_code, reason = "only formats within HDF5 ask for it"))]
pub(crate) struct Evolution {
    pub(crate) times: Vec<f64>,
    pub(crate) space: Vec<Axis>,
    pub(crate) channels: Vec<String>,
}

/// The axes of a field without time, and the times it has.
pub(crate) fn split(field: &Field) -> (Option<&Axis>, Vec<&Axis>) {
    let time = field.axes.first().filter(|axis| axis.name == "time" && field.axes.len() > 1);
    (time, field.axes.iter().skip(usize::from(time.is_some())).collect())
}

impl Evolution {
    /// The samples as trajectories: input and target are states of one system on one grid, and the target has times, or the
    /// settings say to which time it was solved.
    pub(crate) fn of(data: &Dataset) -> Option<Self> {
        let (input, target) = (data.field(Side::Input), data.field(Side::Target));
        let ((before, space), (after, other)) = (split(input), split(target));
        let one_grid = space.len() == other.len()
            && space.iter().zip(&other).all(|(a, b)| a.points.len() == b.points.len());
        if !one_grid || input.channels.len() != target.channels.len() {
            return None;
        }
        let final_time = || {
            let settings = &data.provenance()?.settings;
            settings.get("time").and_then(toml::Value::as_float).map(|time| vec![time])
        };
        let later = after.map(|axis| axis.points.to_vec()).or_else(final_time)?;
        let first = *later.first()?;
        let step = later.get(1).map_or(1.0, |second| second - first);
        let start = if first > 0.0 { 0.0 } else { first - step };
        let earlier = before.map_or_else(|| vec![start], |axis| axis.points.to_vec());
        Some(Self {
            times: [earlier, later].concat(),
            space: space.into_iter().cloned().collect(),
            channels: target.channels.clone(),
        })
    }

    #[cfg_attr(not(feature = "hdf5"), expect(dead_code, reason = "only formats within HDF5 ask for it"))]
    /// Trajectories `[samples, time, space.., channels]`.
    pub(crate) fn read<T: Real>(&self, job: &Job<'_>, rows: Range<usize>) -> Result<ArrayD<T>> {
        let part = |side: Side| -> Result<ArrayD<T>> {
            let values = job.read::<T>(side, rows.clone())?;
            let timed = split(job.data.field(side)).0.is_some();
            Ok(if timed { values } else { values.insert_axis(ArrayAxis(1)) })
        };
        let (input, target) = (part(Side::Input)?, part(Side::Target)?);
        let all = concatenate(ArrayAxis(1), &[input.view(), target.view()]);
        Ok(all.map_err(|error| NumericError::value("trajectories", "frames of one shape", error))?)
    }
}

/// The name of axis `number` of space where formats call them x, y and z.
pub(crate) fn axis_name(axis: &Axis, number: usize) -> String {
    if axis.name == format!("x{}", number + 1) && number < 3 {
        ["x", "y", "z"][number].to_string()
    } else {
        axis.name.clone()
    }
}
