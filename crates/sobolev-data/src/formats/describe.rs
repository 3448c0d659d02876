//! A file of any format in a few lines for people, or as JSON for programs.

use std::fmt;
use std::path::Path;

use serde::Serialize;
use sobolev_tensor::{Monitor, bytes_in_words};

use super::statistics::{Statistics, statistics};
use super::{AxisKind, Variable, recognise};
use crate::error::{Error, Result};
use crate::info::AxisInfo;

/// What a file holds; `Display` prints it over several lines.
#[derive(Debug, Clone, Serialize)]
pub struct FileDescription {
    /// The file.
    pub path: String,
    /// Name of the format in the list of formats.
    pub format: String,
    /// What the format is.
    pub summary: String,
    /// Size of the file, or of all files of a folder.
    pub bytes: u64,
    /// What the file says of the equation and its parameters.
    pub attributes: Vec<(String, String)>,
    /// Its numeric arrays.
    pub arrays: Vec<ArrayDescription>,
}

/// What an array of a file is.
#[derive(Debug, Clone, Serialize)]
pub struct ArrayDescription {
    /// Name.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Type of its numbers.
    pub kind: String,
    /// What its axes are, where the format says so; `sample` and `channel` without points.
    pub axes: Vec<AxisInfo>,
    /// Statistics of each channel; none when they were not asked for.
    pub statistics: Vec<Statistics>,
}

impl FileDescription {
    /// The statistics of all channels as a table; empty when there are none.
    pub fn statistics_table(&self) -> String {
        let mut text = String::new();
        // Writing into a text cannot fail.
        let _ = write_table(&mut text, self.arrays.iter().flat_map(|array| &array.statistics));
        text
    }
}

/// Describes a file of any known format; with `with_statistics` all its values are read once, in constant memory where the
/// format allows it.
///
/// # Errors
/// When the file cannot be read or is of no known format, and when the monitor cancels.
pub fn describe(
    path: impl AsRef<Path>,
    with_statistics: bool,
    monitor: &dyn Monitor,
) -> Result<FileDescription> {
    let path = path.as_ref();
    let entry = recognise(path)?;
    let contents = (entry.contents)(path)?;
    let array = |variable: &Variable| {
        Ok(ArrayDescription {
            name: variable.name.clone(),
            shape: variable.shape.clone(),
            kind: variable.kind.clone(),
            axes: variable.axes.iter().zip(&variable.shape).map(|(axis, n)| axis_info(axis, *n)).collect(),
            statistics: if with_statistics {
                statistics(path, entry, variable, monitor)?
            } else {
                Vec::new()
            },
        })
    };
    Ok(FileDescription {
        path: path.display().to_string(),
        format: entry.name.to_string(),
        summary: entry.summary.to_string(),
        bytes: size(path)?,
        attributes: contents.attributes.clone(),
        arrays: contents.variables.iter().map(array).collect::<Result<_>>()?,
    })
}

/// Bytes of a file, or of all files in a folder.
fn size(path: &Path) -> Result<u64> {
    let failed = |source| Error::io(path, "read", source);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    let entries = std::fs::read_dir(path).map_err(failed)?;
    entries.map(|entry| size(&entry.map_err(failed)?.path())).sum()
}

fn axis_info(axis: &AxisKind, points: usize) -> AxisInfo {
    let plain = |name: &str| AxisInfo {
        name: name.to_string(),
        points,
        range: [f64::NAN; 2],
        units: String::new(),
        boundary: String::new(),
    };
    match axis {
        AxisKind::Sample => plain("sample"),
        AxisKind::Components(_) => plain("channel"),
        AxisKind::Grid(axis) => AxisInfo::new(axis),
    }
}

impl fmt::Display for FileDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({}: {}; {})", self.path, self.format, self.summary, bytes_in_words(self.bytes))?;
        for (i, (name, text)) in self.attributes.iter().enumerate() {
            let lines: Vec<&str> = text.lines().collect();
            writeln!(f, "  {:<10} {name} = {}", if i == 0 { "says" } else { "" }, lines.join("; "))?;
        }
        let grids = self.arrays.iter().flat_map(|array| &array.axes).filter(|axis| !axis.range[0].is_nan());
        let mut told: Vec<&AxisInfo> = Vec::new();
        for axis in grids {
            if told.iter().any(|other| other.name == axis.name && other.points == axis.points) {
                continue;
            }
            let [low, high] = axis.range;
            let mut words = vec![axis.units.as_str(), axis.boundary.as_str()];
            words.retain(|word| !["", "unknown", "none", "1"].contains(word));
            let words: String = words.iter().map(|word| format!(", {word}")).collect();
            let title = if told.is_empty() { "axes" } else { "" };
            writeln!(f, "  {title:<10} {}: {} points {low:.4} to {high:.4}{words}", axis.name, axis.points)?;
            told.push(axis);
        }
        for (i, array) in self.arrays.iter().enumerate() {
            let axes: Vec<&str> = array.axes.iter().map(|axis| axis.name.as_str()).collect();
            let axes = if axes.is_empty() { String::new() } else { format!(" ({})", axes.join(", ")) };
            let title = if i == 0 { "arrays" } else { "" };
            writeln!(f, "  {title:<10} {} {:?} {}{axes}", array.name, array.shape, array.kind)?;
        }
        write_table(f, self.arrays.iter().flat_map(|array| &array.statistics))
    }
}

/// Statistics as a table, one line a channel.
fn write_table<'a>(
    f: &mut impl fmt::Write,
    rows: impl Iterator<Item = &'a Statistics> + Clone,
) -> fmt::Result {
    let Some(width) = rows.clone().map(|row| row.channel.chars().count().max(10)).max() else {
        return Ok(());
    };
    writeln!(f, "  {:<width$} {:>12} {:>12} {:>12} {:>12}", "channel", "mean", "std", "min", "max")?;
    for row in rows {
        let Statistics { channel, mean, std, min, max, not_finite, .. } = row;
        let [mean, std, min, max] = [mean, std, min, max].map(|value| number(*value));
        write!(f, "  {channel:<width$} {mean:>12} {std:>12} {min:>12} {max:>12}")?;
        writeln!(
            f,
            "{}",
            if *not_finite > 0 { format!("  {not_finite} not finite") } else { String::new() }
        )?;
    }
    Ok(())
}

/// Five digits, with a power of ten where they would not show otherwise.
fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        format!("{value}")
    } else if (1e-3..1e5).contains(&size) {
        let decimals = (4 - size.log10().floor() as i32).clamp(0, 7) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.4e}")
    }
}
