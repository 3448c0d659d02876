//! What a data set looks like, in a few lines for people or as JSON for programs.

use std::fmt;

use serde::Serialize;
use sobolev_solvers::{Axis, Field};
use sobolev_tensor::bytes_in_words;

use crate::dataset::{Dataset, Side};
use crate::description::{Compression, flattened, setting_text};
use crate::values::{Precision, spread};

/// A summary of a data set; `Display` prints it over several lines.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// The file, when there is one.
    pub path: Option<String>,
    /// Size of the file, or of the values in memory.
    pub bytes: u64,
    /// Samples shown by the data set.
    pub samples: usize,
    /// Samples that are finished in the storage.
    pub finished: usize,
    /// Samples that the storage has room for.
    pub total: usize,
    /// Precision in which values are stored.
    pub precision: Precision,
    /// Compression of the file.
    pub compression: Compression,
    /// Name of the equation; empty for data of other programs.
    pub equation: String,
    /// The equation in one line of text.
    pub formula: String,
    /// Numerical method and its order.
    pub method: String,
    /// All settings, nested ones as `table.entry`, as TOML values.
    pub settings: Vec<(String, String)>,
    /// Seed of the random fields.
    pub seed: Option<u64>,
    /// Number under the seed of the first sample shown.
    pub first_sample: Option<u64>,
    /// Name of the random generator.
    pub generator: String,
    /// Version of the library that made the data.
    pub code_version: String,
    /// Settings that were drawn for each sample.
    pub parameters: Vec<ParameterInfo>,
    /// Numbers of the samples of the whole data set, when the file is a shard of it.
    pub part_of: Option<[u64; 2]>,
    /// Least, median and largest relative residual of the samples shown.
    pub residual: Option<[f64; 3]>,
    /// The fields, input first.
    pub fields: Vec<FieldInfo>,
}

/// A summary of a setting that was drawn for each sample.
#[derive(Debug, Clone, Serialize)]
pub struct ParameterInfo {
    /// Name of the setting.
    pub name: String,
    /// Least, median and largest value of the samples shown.
    pub range: [f64; 3],
}

/// A summary of one field.
#[derive(Debug, Clone, Serialize)]
pub struct FieldInfo {
    /// `input` or `target`.
    pub side: String,
    /// Name of the field.
    pub name: String,
    /// Units of its values.
    pub units: String,
    /// Names of the channels.
    pub channels: Vec<String>,
    /// Axes in order.
    pub axes: Vec<AxisInfo>,
}

/// A summary of one axis.
#[derive(Debug, Clone, Serialize)]
pub struct AxisInfo {
    /// Name of the axis.
    pub name: String,
    /// Number of points.
    pub points: usize,
    /// First and last coordinate.
    pub range: [f64; 2],
    /// Units of the coordinates.
    pub units: String,
    /// Boundary condition.
    pub boundary: String,
}

impl AxisInfo {
    pub(crate) fn new(axis: &Axis) -> Self {
        Self {
            name: axis.name.clone(),
            points: axis.points.len(),
            range: [axis.points.first(), axis.points.last()].map(|end| end.copied().unwrap_or(f64::NAN)),
            units: axis.units.clone(),
            boundary: axis.boundary.clone(),
        }
    }
}

impl FieldInfo {
    fn new(side: &str, field: &Field) -> Self {
        let axes = field.axes.iter().map(AxisInfo::new);
        Self {
            side: side.to_string(),
            name: field.name.clone(),
            units: field.units.clone(),
            channels: field.channels.clone(),
            axes: axes.collect(),
        }
    }
}

impl Dataset {
    /// A summary of this data set.
    pub fn info(&self) -> Info {
        let about = self.about();
        let provenance = about.provenance.as_ref();
        let text = |pick: fn(&crate::Provenance) -> &String| {
            provenance.map_or_else(String::new, |p| pick(p).clone())
        };
        Info {
            path: about.path.as_ref().map(|path| path.display().to_string()),
            bytes: about.bytes,
            samples: self.len(),
            finished: about.finished,
            total: about.total,
            precision: about.precision,
            compression: about.compression,
            equation: text(|p| &p.equation),
            formula: text(|p| &p.formula),
            method: text(|p| &p.method),
            settings: provenance.map_or_else(Vec::new, |p| {
                flattened(&p.settings).into_iter().map(|(name, value)| (name, setting_text(&value))).collect()
            }),
            seed: provenance.map(|p| p.seed),
            first_sample: self.sample_numbers().and_then(|numbers| numbers.first().copied()),
            generator: text(|p| &p.generator),
            code_version: text(|p| &p.code_version),
            parameters: (self.parameters().into_iter())
                .map(|(name, values)| ParameterInfo {
                    name,
                    range: spread(values.as_slice().into()).unwrap_or([f64::NAN; 3]),
                })
                .collect(),
            part_of: provenance.and_then(|p| p.part_of.as_ref().map(|whole| [whole.start, whole.end])),
            residual: self.residuals().and_then(|values| spread(ndarray::ArrayView1::from(&values))),
            fields: vec![
                FieldInfo::new("input", self.field(Side::Input)),
                FieldInfo::new("target", self.field(Side::Target)),
            ],
        }
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.path.as_deref().unwrap_or("in memory");
        writeln!(f, "data set {place} ({})", bytes_in_words(self.bytes))?;
        if !self.equation.is_empty() {
            let colon = if self.formula.is_empty() { "" } else { ": " };
            writeln!(f, "  equation   {}{colon}{}", self.equation, self.formula)?;
        }
        if !self.method.is_empty() {
            writeln!(f, "  method     {}", self.method)?;
        }
        write!(f, "  samples    {}", self.samples)?;
        if self.finished < self.total {
            write!(f, " ({} of {} are finished)", self.finished, self.total)?;
        }
        if let (Some(seed), Some(first)) = (self.seed, self.first_sample) {
            write!(f, ", seed {seed}, the first is number {first}")?;
        }
        if let Some([start, end]) = self.part_of {
            write!(f, ", a shard of {start}..{end}")?;
        }
        writeln!(f)?;
        for field in &self.fields {
            writeln!(f, "  {:<10} {}", field.side, field)?;
        }
        writeln!(f, "  stored as  {}, compression {}", self.precision, self.compression)?;
        for (i, (name, value)) in self.settings.iter().enumerate() {
            writeln!(f, "  {:<10} {name} = {value}", if i == 0 { "settings" } else { "" })?;
        }
        for (i, ParameterInfo { name, range: [least, median, largest] }) in self.parameters.iter().enumerate()
        {
            let title = if i == 0 { "parameters" } else { "" };
            writeln!(
                f,
                "  {title:<10} {name}: {least:.4e} least, {median:.4e} median, {largest:.4e} largest"
            )?;
        }
        if let Some([least, median, largest]) = self.residual {
            writeln!(f, "  residual   {least:.1e} least, {median:.1e} median, {largest:.1e} largest")?;
        }
        if !self.code_version.is_empty() {
            writeln!(f, "  made by    sobolev {}, {}", self.code_version, self.generator)?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] on", self.name, self.units)?;
        for (i, axis) in self.axes.iter().enumerate() {
            let AxisInfo { name, points, range: [low, high], units, boundary } = axis;
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma} {name}: {points} points {low:.4} to {high:.4} [{units}], {boundary}")?;
        }
        match &self.channels[..] {
            [_] => Ok(()),
            channels => write!(f, "; channels {}", channels.join(", ")),
        }
    }
}
