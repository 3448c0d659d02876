//! Conversion from a spec: a data set, or another program's file, in another format.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sobolev_data::output_format;
use sobolev_tensor::Monitor;

use super::{DataSpec, Spec};
use crate::error::Result;
use crate::file::check_output;

/// Writes samples in another format. In TOML:
///
/// ```toml
/// data = "2D_CFD.hdf5"
/// output = "cfd.h5"
/// format = "sobolev"
/// ```
///
/// Trajectories are cut into inputs and targets when they are read, and put together again where the format has no such two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvertSpec {
    /// The samples.
    pub data: DataSpec,
    /// The file to write; for Zarr a folder.
    pub output: PathBuf,
    /// Name of a format that is written; by default the one that the ending of the output's name stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Replace the output if it exists.
    #[serde(default)]
    pub replace: bool,
}

impl Spec for ConvertSpec {
    const KIND: &'static str = "convert spec";
}

/// What [`ConvertSpec::run`] did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConvertReport {
    /// The file.
    pub path: PathBuf,
    /// Its format.
    pub format: String,
    /// Samples in it.
    pub samples: usize,
}

impl fmt::Display for ConvertReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} samples, {}", self.path.display(), self.samples, self.format)
    }
}

impl ConvertSpec {
    /// All samples of a file, in the format that the ending of `output` stands for.
    pub fn new(data: impl Into<PathBuf>, output: impl Into<PathBuf>) -> Self {
        Self { data: DataSpec::new(data), output: output.into(), format: None, replace: false }
    }

    /// Reads the samples and writes them, in the precision they are stored in.
    ///
    /// # Errors
    /// When a file cannot be read or written, is there already, or its format has no place for such samples.
    pub fn run(&self, monitor: &dyn Monitor) -> Result<ConvertReport> {
        let format = output_format(&self.output, self.format.as_deref())?.name;
        check_output("output", &self.output, &[&self.data.path], self.replace)?;
        let data = self.data.open_as_stored()?;
        super::make_folder_of(&self.output)?;
        sobolev_data::convert(&data, &self.output, Some(format), self.replace, monitor)?;
        Ok(ConvertReport { path: self.output.clone(), format: format.to_string(), samples: data.len() })
    }
}
