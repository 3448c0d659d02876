//! Which samples to read: a data set of this library or a file of another program, and the part of it that is wanted.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sobolev_data::{Dataset, Precision, formats};
use sobolev_tensor::Error as NumericError;

use crate::error::{Error, Result};

/// Numbers of samples, `start..end` without the end; in TOML a text `"0..1024"`, or a number for as many from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRange(pub Range<u64>);

impl SampleRange {
    /// How many samples.
    pub fn len(&self) -> u64 {
        self.0.end.saturating_sub(self.0.start)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for SampleRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0.start, self.0.end)
    }
}

impl FromStr for SampleRange {
    type Err = NumericError;

    fn from_str(text: &str) -> std::result::Result<Self, NumericError> {
        let wrong = || NumericError::value("samples", "a range such as 0..1024, or a number", text);
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
        let range = match text.split_once("..") {
            Some((start, end)) => number(start)?..number(end)?,
            None => 0..number(text)?,
        };
        if range.is_empty() {
            return Err(NumericError::value("samples", "a range that is not empty", text));
        }
        Ok(Self(range))
    }
}

impl Serialize for SampleRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SampleRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct RangeVisitor;
        impl Visitor<'_> for RangeVisitor {
            type Value = SampleRange;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a range such as \"0..1024\", or a number of samples")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<SampleRange, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, count: u64) -> std::result::Result<SampleRange, E> {
                self.visit_str(&count.to_string())
            }
            fn visit_i64<E: serde::de::Error>(self, count: i64) -> std::result::Result<SampleRange, E> {
                self.visit_str(&count.to_string())
            }
        }
        deserializer.deserialize_any(RangeVisitor)
    }
}

/// Names of arrays that are inputs, as published data have them.
const INPUTS: [&str; 5] = ["input", "a", "coeff", "x", "u0"];

/// Where samples are read from. In TOML the name of a file, or a table with these keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataSpec {
    /// A data set of this library, or a file of a format in [`FORMATS`](sobolev_data::formats::FORMATS).
    pub path: PathBuf,
    /// Positions of the samples in the file; all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<SampleRange>,
    /// Every how many-th grid point is kept, on all axes but time; 1 by default.
    pub stride: usize,
    /// Of a generated data set that is not finished: take the samples that are.
    pub finished: bool,
    /// Name of the array with the inputs; for other programs' files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Name of the array with the targets; for other programs' files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The file with the targets, when it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_path: Option<PathBuf>,
    /// Number of grid axes of another program's arrays, where the shapes leave it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<usize>,
    /// Frames of another program's trajectories that are the input, 1 by default; the frames after them are the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_frames: Option<usize>,
    /// Frames of another program's trajectories become channels instead of points of an axis `time`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frames_as_channels: bool,
}

/// The keys of the table, with their defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataTable {
    path: PathBuf,
    samples: Option<SampleRange>,
    #[serde(default = "one")]
    stride: usize,
    #[serde(default)]
    finished: bool,
    input: Option<String>,
    target: Option<String>,
    target_path: Option<PathBuf>,
    dimensions: Option<usize>,
    input_frames: Option<usize>,
    #[serde(default)]
    frames_as_channels: bool,
}

/// Reads or opens the file of another program.
type Reader = fn(&Path, &formats::ReadOptions) -> sobolev_data::Result<Dataset>;

fn one() -> usize {
    1
}

impl DataSpec {
    /// All samples of a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            samples: None,
            stride: 1,
            finished: false,
            input: None,
            target: None,
            target_path: None,
            dimensions: None,
            input_frames: None,
            frames_as_channels: false,
        }
    }

    /// Opens the samples. Those of a data set stay in the file until they are read.
    ///
    /// # Errors
    /// When the file is missing, damaged, unfinished or of no known format, or the part that is wanted is not in it.
    pub fn open(&self) -> Result<Dataset> {
        self.open_with(|_| Ok(Precision::F32), |path, options| formats::read(path, options))
    }

    /// [`open`](Self::open), other programs' files in the precision they are stored in; where the format allows it, their
    /// samples too stay in the file until they are read.
    pub(crate) fn open_as_stored(&self) -> Result<Dataset> {
        let precision = |path: &Path| {
            let double =
                |variable: &formats::Variable| ["float64", "double"].contains(&variable.kind.as_str());
            let any = formats::variables(path)?.iter().any(|v| v.shape.len() > 1 && double(v));
            Ok(if any { Precision::F64 } else { Precision::F32 })
        };
        self.open_with(precision, |path, options| formats::open(path, options))
    }

    /// The grid points that are wanted.
    fn strided(&self, data: Dataset) -> Result<Dataset> {
        Ok(if self.stride == 1 { data } else { data.subsample(self.stride)? })
    }

    /// Opens the inputs alone, for a model of `dimensions` axes: a data set, or an array of another program that need not
    /// have targets. The targets of such an array are the inputs themselves.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_inputs(&self, dimensions: usize) -> Result<Dataset> {
        if self.target.is_some() || !self.is_foreign() {
            return self.open();
        }
        let variables = formats::variables(&self.path)?;
        let find = |name: &str| variables.iter().find(|variable| variable.name == name);
        let chosen = match (&self.input, &variables[..]) {
            (Some(name), _) => find(name),
            (None, [only]) => Some(only),
            (None, _) => INPUTS.iter().find_map(|name| find(name)),
        };
        let variable = chosen.ok_or_else(|| sobolev_data::Error::MissingVariable {
            path: self.path.clone(),
            name: self.input.clone().unwrap_or_else(|| "that is known as an input".to_string()),
            available: variables.iter().map(ToString::to_string).collect(),
        })?;
        let mut options = formats::ReadOptions::default()
            .with_variables(&variable.name, &variable.name)
            .with_dimensions(dimensions);
        if let Some(samples) = self.rows() {
            options = options.with_samples(samples);
        }
        self.strided(formats::read(&self.path, &options)?)
    }

    /// Whether the file is one of another program.
    fn is_foreign(&self) -> bool {
        use sobolev_data::Error::{Foreign, NotHdf5};
        matches!(Dataset::open_finished(&self.path), Err(Foreign { .. } | NotHdf5 { .. }))
            && formats::recognise(&self.path).is_ok()
    }

    /// Whether the targets of `data`, which [`open_inputs`](Self::open_inputs) opened, are targets.
    pub(crate) fn has_targets(&self, data: &Dataset) -> bool {
        self.target.is_some() || data.provenance().is_some()
    }

    /// Positions of the samples that are wanted.
    fn rows(&self) -> Option<Range<usize>> {
        self.samples.as_ref().map(|range| range.0.start as usize..range.0.end as usize)
    }

    fn open_with(&self, precision: impl Fn(&Path) -> Result<Precision>, read: Reader) -> Result<Dataset> {
        use sobolev_data::Error::{Foreign, NotHdf5, Unsupported};
        let own = if self.finished { Dataset::open_finished(&self.path) } else { Dataset::open(&self.path) };
        let data = match (own, self.rows()) {
            (Err(Foreign { .. } | NotHdf5 { .. } | Unsupported { .. }), _)
                if formats::recognise(&self.path).is_ok() =>
            {
                self.open_foreign(precision(&self.path)?, read)?
            }
            (whole, None) => whole?,
            (whole, Some(rows)) => {
                let whole = whole?;
                if rows.end > whole.len() {
                    let expected = format!("a range within the {} of {}", whole.len(), self.path.display());
                    let got = format!("{}..{}", rows.start, rows.end);
                    return Err(NumericError::value("samples", expected, got).into());
                }
                whole.select(&rows.collect::<Vec<_>>())?
            }
        };
        self.strided(data)
    }

    fn open_foreign(&self, precision: Precision, read: Reader) -> Result<Dataset> {
        let mut options = formats::ReadOptions::default().with_precision(precision);
        match (&self.input, &self.target) {
            (Some(input), Some(target)) => options = options.with_variables(input, target),
            (Some(input), None) if formats::contents(&self.path)?.says_axes() => {
                options = options.with_evolution(input);
            }
            (None, None) => {}
            _ => {
                let message = "samples with targets need the names of both, input and target";
                return Err(Error::spec(self.path.display(), message));
            }
        }
        if let Some(path) = &self.target_path {
            options = options.with_target_file(path);
        }
        if let Some(dimensions) = self.dimensions {
            options = options.with_dimensions(dimensions);
        }
        if let Some(frames) = self.input_frames {
            options = options.with_input_frames(frames);
        }
        if self.frames_as_channels {
            options = options.with_frames_as_channels();
        }
        if let Some(samples) = self.rows() {
            options = options.with_samples(samples);
        }
        Ok(read(&self.path, &options)?)
    }
}

impl<'de> Deserialize<'de> for DataSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct DataVisitor;
        impl<'de> Visitor<'de> for DataVisitor {
            type Value = DataSpec;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a file, or a table with its path and the part that is wanted")
            }
            fn visit_str<E: serde::de::Error>(self, path: &str) -> std::result::Result<DataSpec, E> {
                Ok(DataSpec::new(path))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<DataSpec, A::Error> {
                let table = DataTable::deserialize(MapAccessDeserializer::new(map))?;
                if table.target.is_some() && table.input.is_none() {
                    return Err(A::Error::custom("target is named, input is not"));
                }
                Ok(DataSpec {
                    path: table.path,
                    samples: table.samples,
                    stride: table.stride,
                    finished: table.finished,
                    input: table.input,
                    target: table.target,
                    target_path: table.target_path,
                    dimensions: table.dimensions,
                    input_frames: table.input_frames,
                    frames_as_channels: table.frames_as_channels,
                })
            }
        }
        deserializer.deserialize_any(DataVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    struct Holder {
        data: DataSpec,
    }

    fn read(text: &str) -> std::result::Result<DataSpec, String> {
        toml::from_str::<Holder>(text).map(|holder| holder.data).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_and_a_table_are_read() {
        assert_eq!(read("data = \"a.h5\"").unwrap(), DataSpec::new("a.h5"));
        let part = read("data = { path = \"a.mat\", samples = \"10..20\", stride = 5 }").unwrap();
        assert_eq!((part.samples, part.stride), (Some(SampleRange(10..20)), 5));
        assert_eq!(read("data = { path = \"a\", samples = 7 }").unwrap().samples, Some(SampleRange(0..7)));
    }

    #[test]
    fn what_a_spec_writes_it_reads() {
        let spec = DataSpec { samples: Some(SampleRange(3..8)), stride: 2, ..DataSpec::new("x.npz") };
        let text = toml::to_string(&spec).unwrap();
        assert_eq!(toml::from_str::<DataSpec>(&text).unwrap(), spec);
    }

    #[test]
    fn unknown_keys_and_impossible_ranges_are_named() {
        assert!(read("data = { path = \"a\", strid = 5 }").unwrap_err().contains("unknown field `strid`"));
        assert!(read("data = { path = \"a\", samples = \"5..5\" }").unwrap_err().contains("not empty"));
        assert!(read("data = { path = \"a\", samples = -3 }").unwrap_err().contains("got -3"));
        assert!(read("data = { path = \"a\", target = \"u\" }").unwrap_err().contains("input is not"));
        assert!(read("data = 3").unwrap_err().contains("the name of a file"));
    }
}
