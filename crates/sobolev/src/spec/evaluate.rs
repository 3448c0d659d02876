//! Evaluation from a spec.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error as NumericError, Monitor};

use super::{DataSpec, Spec, on_threads, write_whole};
use crate::error::{Error, Result};
use crate::file::check_output;
use crate::metrics::Evaluation;
use crate::surrogate::{BATCH, Surrogate};

/// Compares a model with a data set, at any resolution. In TOML:
///
/// ```toml
/// model = "darcy.safetensors"
/// data = "test.h5"
/// output = "darcy.json"
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluateSpec {
    /// The checkpoint.
    pub model: PathBuf,
    /// The samples to compare with.
    pub data: DataSpec,
    /// A JSON file for all measures of all samples; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<PathBuf>,
    /// Replace the output if it exists.
    #[serde(default)]
    pub replace: bool,
    /// Samples that are in memory at once.
    #[serde(default = "batch")]
    pub batch: usize,
    /// Report every sample, not only the mean.
    #[serde(default)]
    pub per_sample: bool,
    /// The largest mean relative L2 error that is good enough; no limit by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Threads; all processors by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
}

pub(super) fn batch() -> usize {
    BATCH
}

impl Spec for EvaluateSpec {
    const KIND: &'static str = "evaluate spec";
}

impl EvaluateSpec {
    /// Compares a checkpoint with all samples of a file.
    pub fn new(model: impl Into<PathBuf>, data: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            data: DataSpec::new(data),
            output: None,
            replace: false,
            batch: BATCH,
            per_sample: false,
            at_most: None,
            threads: None,
        }
    }

    /// Evaluates, and writes the JSON file if one is asked for, with the resolved spec beside it.
    ///
    /// # Errors
    /// When a file cannot be read or written, the output is there already, or the data do not fit the model.
    pub fn run(&self, monitor: &dyn Monitor) -> Result<Evaluation> {
        if let Some(limit) = self.at_most.filter(|limit| limit.is_nan()) {
            return Err(NumericError::value("at_most", "a number", limit).into());
        }
        if let Some(path) = &self.output {
            check_output("output", path, &[&self.model, &self.data.path], self.replace)?;
        }
        let surrogate = Surrogate::load(&self.model)?;
        let data = self.data.open()?;
        let evaluation = on_threads(self.threads, || surrogate.evaluate_batches(&data, self.batch, monitor))?;
        if let Some(path) = &self.output {
            super::make_folder_of(path)?;
            let text =
                serde_json::to_string(&evaluation).map_err(|error| Error::io(path, "write", error.into()))?;
            write_whole(path, text.as_bytes())?;
            super::store(self, path)?;
        }
        Ok(evaluation)
    }

    /// Whether an evaluation is within the limit.
    pub fn is_good(&self, evaluation: &Evaluation) -> bool {
        self.at_most.is_none_or(|limit| evaluation.relative_l2().mean() <= limit)
    }
}
