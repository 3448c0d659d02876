//! The header of a file: made from a problem, and compared with the one of the file to resume.

use std::ops::Range;

use sobolev_solvers::{EQUATIONS, EquationEntry, Field, Problem};
use sobolev_tensor::{Error, Result};

use crate::description::{Compression, Provenance, check_field, flattened, setting_text};
use crate::space;
use crate::values::Precision;

/// Name of the random generator, stored with every data set.
pub(crate) const GENERATOR: &str = "Philox4x32-10, addressed by (seed, sample number)";

/// All that the file of a generated data set holds beside its samples.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    pub(crate) provenance: Provenance,
    pub(crate) precision: Precision,
    pub(crate) compression: Compression,
    pub(crate) input: Field,
    pub(crate) target: Field,
    /// Names of the settings that are drawn for each sample, and their values.
    pub(crate) parameters: Vec<(String, Vec<f64>)>,
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
        let text = |pick: fn(&EquationEntry) -> &'static str| {
            entry.map_or_else(String::new, |e| pick(e).to_string())
        };
        let header = Self {
            provenance: Provenance {
                equation: problem.equation().to_string(),
                formula: text(|entry| entry.formula),
                method: text(|entry| entry.method),
                settings: problem.settings(),
                seed,
                samples,
                part_of: None,
                generator: GENERATOR.to_string(),
                code_version: env!("CARGO_PKG_VERSION").to_string(),
            },
            precision,
            compression,
            input: problem.input(),
            target: problem.target(),
            parameters: problem.parameters(seed, 0).into_iter().map(|(name, _)| (name, Vec::new())).collect(),
        };
        for (side, field) in [("input", &header.input), ("target", &header.target)] {
            check_field(side, field)?;
        }
        Ok(header)
    }

    /// Draws the parameters of all samples.
    pub(crate) fn draw_parameters(&mut self, problem: &dyn Problem) {
        let Provenance { seed, samples, .. } = &self.provenance;
        if self.parameters.is_empty() {
            return;
        }
        for number in samples.clone() {
            for ((_, values), (_, value)) in self.parameters.iter_mut().zip(problem.parameters(*seed, number))
            {
                values.push(value);
            }
        }
    }

    /// Bytes of the uncompressed file, roughly.
    pub(crate) fn bytes(&self) -> u64 {
        let fields = [self.input.clone(), self.target.clone()];
        space::of_fields(&fields, self.parameters.len(), self.count() as u64, self.precision)
    }

    /// Bytes that generation needs while it runs: a file that will be compressed lies beside its copy, which may be as large.
    pub(crate) fn bytes_while_made(&self) -> u64 {
        space::while_made(self.bytes(), self.compression)
    }

    pub(crate) fn count(&self) -> usize {
        let range = &self.provenance.samples;
        usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)
    }

    /// What differs between this header, of a file, and the one that is asked for, one text each.
    pub(crate) fn differences(&self, asked: &Self) -> Vec<String> {
        self.compare(asked, "file", "asked")
    }

    /// What differs between two headers, which go by the names `this` and `other`.
    pub(crate) fn compare(&self, asked: &Self, this: &str, other: &str) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |name: &str, file: String, asked: String| {
            if file != asked {
                differences.push(format!("{name}: {this} {file}, {other} {asked}"));
            }
        };
        let (ours, theirs) = (&self.provenance, &asked.provenance);
        let range = |r: &Range<u64>| format!("{}..{}", r.start, r.end);
        compare("equation", ours.equation.clone(), theirs.equation.clone());
        compare("seed", ours.seed.to_string(), theirs.seed.to_string());
        compare("samples", range(&ours.samples), range(&theirs.samples));
        let whole = |r: &Option<Range<u64>>| r.as_ref().map_or_else(|| "itself".to_string(), range);
        compare("shard of samples", whole(&ours.part_of), whole(&theirs.part_of));
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
        let names = |header: &Self| {
            let names: Vec<&str> = header.parameters.iter().map(|(name, _)| &**name).collect();
            if names.is_empty() { "none".to_string() } else { names.join(", ") }
        };
        compare("drawn settings", names(self), names(asked));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::plain_field;

    fn header(viscosity: f64) -> Header {
        let settings: toml::Table =
            toml::from_str(&format!("viscosity = {viscosity:?}\n[step]\nkind = \"fixed\"\nsize = 0.1"))
                .unwrap();
        Header {
            provenance: Provenance {
                equation: "burgers".to_string(),
                formula: String::new(),
                method: String::new(),
                settings,
                seed: 1,
                samples: 0..10,
                part_of: None,
                generator: GENERATOR.to_string(),
                code_version: "0.1.0".to_string(),
            },
            precision: Precision::F32,
            compression: Compression::None,
            input: plain_field("u0", &[8, 1]),
            target: plain_field("u", &[8, 1]),
            parameters: Vec::new(),
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
        asked.parameters.push(("rate".to_string(), Vec::new()));
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
                "drawn settings: file none, asked rate",
                "point 3 of input x1: file 0.42857142857142855, asked 0.5",
                "shape of the target: file [8, 1], asked [9, 1]",
            ]
        );
    }
}
