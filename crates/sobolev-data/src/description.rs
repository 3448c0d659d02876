//! What a data set says about itself: where its samples come from, and what its fields are.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sobolev_solvers::{Axis, Field};
use sobolev_tensor::{Error, Result};

/// How the samples are stored in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Compression {
    /// As they are: fastest, and right for noisy data, which hardly shrink.
    #[default]
    None,
    /// Shuffled bytes and gzip, which every HDF5 reader understands: about 1.4 to 1 on smooth fields, at some 40 MB/s.
    Gzip {
        /// 1 (fast) to 9 (small).
        level: u8,
    },
}

impl Compression {
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Gzip { level } if !(1..=9).contains(&level) => {
                Err(Error::value("compression level", "1 to 9", level))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Gzip { level } => write!(f, "gzip {level}"),
        }
    }
}

impl std::str::FromStr for Compression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::value("compression", "\"none\" or \"gzip 1\" to \"gzip 9\"", text);
        let compression = match text.split_once(' ') {
            None if text == "none" => Self::None,
            None if text == "gzip" => Self::Gzip { level: 4 },
            Some(("gzip", level)) => Self::Gzip { level: level.parse().map_err(|_| wrong())? },
            _ => return Err(wrong()),
        };
        compression.check().map_err(|_| wrong())?;
        Ok(compression)
    }
}

/// Where the samples of a generated data set come from: with it, they can be made again.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// Name in the list of equations.
    pub equation: String,
    /// The equation in one line of text; empty when the equation is not in the list.
    pub formula: String,
    /// Numerical method and its order; empty when the equation is not in the list.
    pub method: String,
    /// All settings of the problem and its solver.
    pub settings: toml::Table,
    /// Seed of the random fields.
    pub seed: u64,
    /// Numbers of the samples under the seed.
    pub samples: Range<u64>,
    /// Numbers of the samples of the whole data set, when this is a shard of it.
    pub part_of: Option<Range<u64>>,
    /// Name of the random generator.
    pub generator: String,
    /// Version of this library.
    pub code_version: String,
}

/// The entries of a table and its sub-tables, named `table.entry`.
pub(crate) fn flattened(table: &toml::Table) -> Vec<(String, toml::Value)> {
    let mut entries = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => {
                entries.extend(flattened(inner).into_iter().map(|(n, v)| (format!("{name}.{n}"), v)));
            }
            _ => entries.push((name.clone(), value.clone())),
        }
    }
    entries
}

/// A setting as TOML, with small and large numbers in scientific notation.
pub(crate) fn setting_text(value: &toml::Value) -> String {
    match value {
        toml::Value::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

/// Checks that a field has points and channels and that no two of its axes share a name.
pub(crate) fn check_field(side: &str, field: &Field) -> Result<()> {
    let shape = field.shape();
    if field.axes.is_empty() || shape.contains(&0) {
        return Err(Error::shape(side, "[space.., channels] without an empty axis", &shape));
    }
    for (i, axis) in field.axes.iter().enumerate() {
        let plain = !axis.name.is_empty() && !axis.name.contains('/') && axis.name != ".";
        if !plain || field.axes[..i].iter().any(|other| other.name == axis.name) {
            return Err(Error::value(
                format!("{side} axis"),
                "names that are plain and all different",
                &axis.name,
            ));
        }
    }
    Ok(())
}

/// The field of an array without a description: axes `x1..xd` with points from 0 to 1, both included, as the scripts of
/// Li et al. 2021 assume, and channels `c1..`.
pub(crate) fn plain_field(name: &str, sample: &[usize]) -> Field {
    let (channels, space) = sample.split_last().map_or((0, sample), |(c, s)| (*c, s));
    Field {
        name: name.to_string(),
        axes: space
            .iter()
            .enumerate()
            .map(|(i, &n)| Axis {
                name: format!("x{}", i + 1),
                points: (0..n).map(|j| j as f64 / (n.max(2) - 1) as f64).collect(),
                boundary: "unknown".to_string(),
                units: "unknown".to_string(),
            })
            .collect(),
        channels: (1..=channels).map(|i| format!("c{i}")).collect(),
        units: "unknown".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_written_and_read_as_text() {
        for compression in [Compression::None, Compression::Gzip { level: 1 }, Compression::Gzip { level: 9 }]
        {
            assert_eq!(compression.to_string().parse::<Compression>().unwrap(), compression);
        }
        for text in ["", "zstd", "gzip 0", "gzip 10", "gzip x", "none 1"] {
            let error = text.parse::<Compression>().unwrap_err().to_string();
            assert!(error.starts_with("compression: expected \"none\" or \"gzip 1\""), "{error}");
        }
    }
}
