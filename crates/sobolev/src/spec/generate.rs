//! Data generation from a spec.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sobolev_data::{Compression, Existing, GenerateOptions, Precision, Report, Shard};
use sobolev_solvers::{EQUATIONS, EquationEntry, Problem, difficulty};
use sobolev_tensor::Monitor;

use super::{SampleRange, Spec};
use crate::error::Result;

/// Solves samples of an equation and writes them to a data set. In TOML:
///
/// ```toml
/// equation = "darcy"
/// output = "darcy.h5"
/// samples = "0..1024"
/// seed = 1
/// compression = "gzip 4"
/// [settings]
/// size = 64
/// forcing = { uniform = [0.5, 2.0] }
/// ```
///
/// Numbers of the settings may be drawn for each sample, as `forcing` here: see
/// [`EquationEntry::problem`](sobolev_solvers::EquationEntry::problem). A table `[difficulty]` gives them by difficulty: see
/// [`sobolev_solvers::difficulty`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerateSpec {
    /// Name in [`EQUATIONS`].
    pub equation: String,
    /// The data set to write.
    pub output: PathBuf,
    /// Numbers of the samples under the seed; `0..1000` by default. Ranges may be made in different files or on different
    /// machines.
    #[serde(default = "thousand")]
    pub samples: SampleRange,
    /// Seed of the random fields; 0 by default. Sample i depends on (seed, i) and the settings alone.
    #[serde(default)]
    pub seed: u64,
    /// Number type of the stored values; single by default.
    #[serde(default)]
    pub precision: Precision,
    /// Compression of the file: `"none"` (the default), or `"gzip 1"` to `"gzip 9"`.
    #[serde(default, serialize_with = "write_text", deserialize_with = "read_text")]
    pub compression: Compression,
    /// What to do when the file exists: `"refuse"` (the default), `"resume"` or `"replace"`.
    #[serde(default)]
    pub existing: Existing,
    /// Makes a part of the samples only, such as `"2/8"`, into a file of its own: `darcy.shard-2-of-8.h5` for `darcy.h5`.
    /// [`MergeSpec`](super::MergeSpec) joins the parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Threads that solve; all processors by default. The samples do not depend on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Settings of the equation; those that are absent take its defaults.
    #[serde(default)]
    pub settings: toml::Table,
    /// Settings by difficulty, which are turned into settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<toml::Table>,
}

fn thousand() -> SampleRange {
    SampleRange(0..1000)
}

fn write_text<S: Serializer>(
    compression: &Compression,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(compression)
}

fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Compression, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

impl Spec for GenerateSpec {
    const KIND: &'static str = "generate spec";
}

/// The entry of an equation in [`EQUATIONS`].
///
/// # Errors
/// When there is none; the error lists those that are there, and the nearest.
pub(super) fn equation(name: &str) -> Result<&'static EquationEntry> {
    let names: Vec<&str> = EQUATIONS.iter().map(|entry| entry.name).collect();
    EQUATIONS
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| sobolev_tensor::Error::unknown_name("equation", &names, name).into())
}

impl GenerateSpec {
    /// `samples` samples of an equation, with default settings.
    pub fn new(equation: impl Into<String>, output: impl Into<PathBuf>, samples: u64) -> Self {
        Self {
            equation: equation.into(),
            output: output.into(),
            samples: SampleRange(0..samples),
            seed: 0,
            precision: Precision::default(),
            compression: Compression::default(),
            existing: Existing::default(),
            shard: None,
            threads: None,
            settings: toml::Table::new(),
            difficulty: None,
        }
    }

    /// The problem that the samples come from.
    ///
    /// # Errors
    /// When the equation, a setting or a difficulty is not known, or one is out of range.
    pub fn problem(&self) -> Result<Box<dyn Problem>> {
        let entry = equation(&self.equation)?;
        let given = self.settings.clone();
        let settings = match &self.difficulty {
            Some(difficulty) => difficulty::settings(entry.name, difficulty, given)?,
            None => given,
        };
        Ok(entry.problem(settings)?)
    }

    /// The file that [`run`](Self::run) writes: the output, or that of the shard.
    pub fn path(&self) -> PathBuf {
        self.shard.map_or_else(|| self.output.clone(), |shard| shard.path(&self.output))
    }

    /// The spec with all settings, of a problem that was made of it.
    pub(super) fn resolved(&self, problem: &dyn Problem) -> Self {
        Self { settings: problem.settings(), difficulty: None, ..self.clone() }
    }

    /// Generates the data set; the resolved spec is stored beside it. See [`sobolev_data::generate`] for what the monitor
    /// is told, and what is kept when it cancels.
    ///
    /// # Errors
    /// When the spec makes no sense, a sample cannot be solved, or the file cannot be written.
    pub fn run(&self, monitor: &dyn Monitor) -> Result<Report> {
        let problem = self.problem()?;
        let path = self.path();
        super::make_folder_of(&path)?;
        let options = GenerateOptions::default()
            .with_precision(self.precision)
            .with_compression(self.compression)
            .with_existing(self.existing)
            .with_shard(self.shard);
        let report = super::on_threads(self.threads, || {
            let (problem, samples) = (problem.as_ref(), self.samples.0.clone());
            Ok(sobolev_data::generate(problem, self.seed, samples, &path, &options, monitor)?)
        })?;
        super::store(&self.resolved(problem.as_ref()), &path)?;
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_filled_in_and_written_out() {
        let spec = GenerateSpec::from_toml("equation = \"burgers\"\noutput = \"b.h5\"").unwrap();
        assert_eq!(spec, GenerateSpec::new("burgers", "b.h5", 1000));
        let text = spec.to_toml().unwrap();
        assert!(text.contains("compression = \"none\"") && text.contains("samples = \"0..1000\""), "{text}");
        assert_eq!(GenerateSpec::from_toml(&text).unwrap(), spec);
    }

    #[test]
    fn unknown_keys_equations_and_settings_are_named() {
        let read = |more: &str| {
            let text = format!("equation = \"burgers\"\noutput = \"b.h5\"\n{more}");
            GenerateSpec::from_toml(&text).and_then(|spec| spec.problem()).map_err(|error| error.to_string())
        };
        assert!(read("").is_ok());
        assert!(read("sed = 3").unwrap_err().contains("unknown field `sed`, expected one of"));
        assert!(read("compression = \"zip\"").unwrap_err().contains("gzip 1"));
        assert!(read("settings = { sise = 3 }").unwrap_err().contains("sise"));
        assert!(read("shard = \"9/8\"").unwrap_err().contains("1/n to n/n"));
        assert!(read("settings = { size = 64 }\ndifficulty = { delta1 = -1.5, gamma2 = 1.5 }").is_ok());
        assert!(
            read("difficulty = { delta1 = -1.5, gamma2 = 1.5 }")
                .unwrap_err()
                .contains("size: expected the points")
        );
        assert!(
            read("settings = { size = { choice = [8, 16] } }")
                .unwrap_err()
                .contains("one value for all samples")
        );
        assert!(read("settings = { viscosity = -1.0 }").unwrap_err().contains("viscosity"));
        let error = GenerateSpec::new("burger", "b.h5", 1).problem().unwrap_err().to_string();
        assert!(error.contains("did you mean \"burgers\"?"), "{error}");
    }
}
