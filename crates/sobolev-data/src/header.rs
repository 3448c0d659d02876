//! What a data set says about itself: where its samples come from, and what its fields are.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sobolev_solvers::{Axis, EQUATIONS, Field, Problem};
use sobolev_tensor::{Error, Result};

use crate::values::Precision;

/// Name of the random generator, stored with every data set.
pub(crate) const GENERATOR: &str = "Philox4x32-10, addressed by (seed, sample number)";

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
    /// All settings of the problem and its solver.
    pub settings: toml::Table,
    /// Seed of the random fields.
    pub seed: u64,
    /// Numbers of the samples under the seed.
    pub samples: Range<u64>,
    /// Name of the random generator.
    pub generator: String,
    /// Version of this library.
    pub code_version: String,
}

/// All that the file of a generated data set holds beside its samples.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    pub(crate) provenance: Provenance,
    pub(crate) precision: Precision,
    pub(crate) compression: Compression,
    pub(crate) input: Field,
    pub(crate) target: Field,
}

impl Header {
    /// The header of the samples `samples` of `problem` under `seed`.
    ///
    /// # Errors
    /// When there are no samples, or the problem has a field without points, channels or with two axes of one name.
    pub(crate) fn new(
        problem: &dyn Problem,
        seed: u64,
        samples: Range<u64>,
        precision: Precision,
        compression: Compression,
    ) -> Result<Self> {
        compression.check()?;
        if samples.is_empty() {
            let range = format!("{}..{}", samples.start, samples.end);
            return Err(Error::value("samples", "a range that is not empty", range));
        }
        let entry = EQUATIONS.iter().find(|entry| entry.name == problem.equation());
        let header = Self {
            provenance: Provenance {
                equation: problem.equation().to_string(),
                formula: entry.map_or_else(String::new, |entry| entry.formula.to_string()),
                settings: problem.settings(),
                seed,
                samples,
                generator: GENERATOR.to_string(),
                code_version: env!("CARGO_PKG_VERSION").to_string(),
            },
            precision,
            compression,
            input: problem.input(),
            target: problem.target(),
        };
        for (side, field) in [("input", &header.input), ("target", &header.target)] {
            check_field(side, field)?;
        }
        Ok(header)
    }

    pub(crate) fn count(&self) -> usize {
        let range = &self.provenance.samples;
        usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)
    }

    /// What differs between this header, of a file, and the one that is asked for, one text each.
    pub(crate) fn differences(&self, asked: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |name: &str, file: String, asked: String| {
            if file != asked {
                differences.push(format!("{name}: file {file}, asked {asked}"));
            }
        };
        let (ours, theirs) = (&self.provenance, &asked.provenance);
        let range = |r: &Range<u64>| format!("{}..{}", r.start, r.end);
        compare("equation", ours.equation.clone(), theirs.equation.clone());
        compare("seed", ours.seed.to_string(), theirs.seed.to_string());
        compare("samples", range(&ours.samples), range(&theirs.samples));
        compare("precision", self.precision.to_string(), asked.precision.to_string());
        compare("compression", self.compression.to_string(), asked.compression.to_string());
        compare("random generator", ours.generator.clone(), theirs.generator.clone());
        compare("code version", ours.code_version.clone(), theirs.code_version.clone());
        let (mut file, mut wanted) = (flattened(&ours.settings), flattened(&theirs.settings));
        file.sort_by(|a, b| a.0.cmp(&b.0));
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
        let find = |list: &[(String, toml::Value)], name: &str| {
            list.iter()
                .find(|(n, _)| n == name)
                .map_or_else(|| "nothing".to_string(), |(_, v)| setting_text(v))
        };
        for (name, value) in &file {
            compare(&format!("setting {name}"), setting_text(value), find(&wanted, name));
        }
        for (name, value) in wanted.iter().filter(|(name, _)| file.iter().all(|(n, _)| n != name)) {
            compare(&format!("setting {name}"), "nothing".to_string(), setting_text(value));
        }
        for (side, file, asked) in
            [("input", &self.input, &asked.input), ("target", &self.target, &asked.target)]
        {
            if file != asked {
                compare(
                    &format!("shape of the {side}"),
                    format!("{:?}", file.shape()),
                    format!("{:?}", asked.shape()),
                );
                if file.shape() == asked.shape() {
                    differences_of_grid(side, file, asked, &mut compare);
                }
            }
        }
        differences
    }
}

fn differences_of_grid(
    side: &str,
    file: &Field,
    asked: &Field,
    compare: &mut impl FnMut(&str, String, String),
) {
    compare(&format!("name of the {side}"), file.name.clone(), asked.name.clone());
    compare(&format!("units of the {side}"), file.units.clone(), asked.units.clone());
    compare(&format!("channels of the {side}"), file.channels.join(", "), asked.channels.join(", "));
    for (a, b) in file.axes.iter().zip(&asked.axes) {
        compare(&format!("axis of the {side}"), a.name.clone(), b.name.clone());
        compare(&format!("boundary of {side} {}", a.name), a.boundary.clone(), b.boundary.clone());
        compare(&format!("units of {side} {}", a.name), a.units.clone(), b.units.clone());
        if let Some(i) = (0..a.points.len()).find(|&i| a.points[i].to_bits() != b.points[i].to_bits()) {
            compare(
                &format!("point {i} of {side} {}", a.name),
                a.points[i].to_string(),
                b.points[i].to_string(),
            );
        }
    }
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

    fn header(viscosity: f64) -> Header {
        let settings: toml::Table =
            toml::from_str(&format!("viscosity = {viscosity:?}\n[step]\nkind = \"fixed\"\nsize = 0.1"))
                .unwrap();
        Header {
            provenance: Provenance {
                equation: "burgers".to_string(),
                formula: String::new(),
                settings,
                seed: 1,
                samples: 0..10,
                generator: GENERATOR.to_string(),
                code_version: "0.1.0".to_string(),
            },
            precision: Precision::F32,
            compression: Compression::None,
            input: plain_field("u0", &[8, 1]),
            target: plain_field("u", &[8, 1]),
        }
    }

    #[test]
    fn every_difference_is_named_with_both_values() {
        let file = header(0.1);
        assert!(file.differences(&file).is_empty());
        let mut asked = header(0.01);
        asked.provenance.seed = 2;
        asked.provenance.samples = 0..12;
        asked.precision = Precision::F64;
        asked.input.axes[0].points[3] = 0.5;
        asked.target = plain_field("u", &[9, 1]);
        asked.provenance.settings.insert("tolerance".to_string(), toml::Value::Float(1e-8));
        let Some(toml::Value::Table(step)) = asked.provenance.settings.get_mut("step") else { panic!() };
        step.remove("size");
        assert_eq!(
            file.differences(&asked),
            [
                "seed: file 1, asked 2",
                "samples: file 0..10, asked 0..12",
                "precision: file f32, asked f64",
                "setting step.size: file 0.1, asked nothing",
                "setting viscosity: file 0.1, asked 0.01",
                "setting tolerance: file nothing, asked 1e-8",
                "point 3 of input x1: file 0.42857142857142855, asked 0.5",
                "shape of the target: file [8, 1], asked [9, 1]",
            ]
        );
    }

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
