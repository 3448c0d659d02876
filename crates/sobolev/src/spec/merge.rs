//! Shards become one data set.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sobolev_data::{Dataset, MergeReport, Provenance, merge};
use sobolev_tensor::Monitor;

use super::{GenerateSpec, SampleRange, Spec};
use crate::error::Result;

/// Joins the shards of a data set to the file that one run would have made. In TOML:
///
/// ```toml
/// output = "darcy.h5"
/// shards = ["darcy.shard-1-of-2.h5", "darcy.shard-2-of-2.h5"]
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeSpec {
    /// The data set to write.
    pub output: PathBuf,
    /// The files of its shards, in any order.
    pub shards: Vec<PathBuf>,
    /// Replace the output if it exists.
    #[serde(default)]
    pub replace: bool,
}

impl Spec for MergeSpec {
    const KIND: &'static str = "merge spec";
}

impl MergeSpec {
    /// Merges; the spec that makes the whole data set is stored beside it. The shards stay.
    ///
    /// # Errors
    /// As [`sobolev_data::merge`], and when the spec cannot be written.
    pub fn run(&self, monitor: &dyn Monitor) -> Result<MergeReport> {
        super::make_folder_of(&self.output)?;
        let report = merge(&self.output, &self.shards, self.replace, monitor)?;
        let data = Dataset::open(&self.output)?;
        if let Some(Provenance { equation, settings, seed, samples, .. }) = data.provenance().cloned() {
            let info = data.info();
            let spec = GenerateSpec {
                samples: SampleRange(samples),
                seed,
                precision: info.precision,
                compression: info.compression,
                settings,
                ..GenerateSpec::new(equation, &self.output, 1)
            };
            super::store(&spec, &self.output)?;
        }
        Ok(report)
    }
}
