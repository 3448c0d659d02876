//! Specs: what is to be done, as plain data. A TOML file, the command line and a Python dictionary all become the same
//! type, which holds the defaults and does the work.
//!
//! | spec | does | result |
//! |---|---|---|
//! | [`GenerateSpec`] | solves samples of an equation | a data set |
//! | [`MergeSpec`] | joins shards | a data set |
//! | [`TrainSpec`] | fits a model to a data set | a checkpoint and its history |
//! | [`EvaluateSpec`] | compares a model with a data set | an [`Evaluation`](crate::metrics::Evaluation) |
//! | [`ConvertSpec`] | writes samples in another format | a file of another program |
//! | [`PlotSpec`] | draws a sample | a PNG or GIF file |
//! | [`PredictSpec`] | lets a model answer | an array file or a data set |
//!
//! Keys that are not known are errors. The resolved spec, with all defaults, is stored beside each result as `RESULT.toml`
//! (`darcy.h5.toml` for `darcy.h5`), and can be run again.
//!
//! ```
//! use sobolev::spec::{GenerateSpec, Spec};
//! let spec = GenerateSpec::from_toml(
//!     r#"
//!     equation = "burgers"
//!     output = "burgers.h5"
//!     samples = "0..16"
//!     settings = { size = 64, viscosity = 0.01 }
//!     "#,
//! )?;
//! assert_eq!((spec.seed, spec.samples.len()), (0, 16));
//! # Ok::<(), sobolev::Error>(())
//! ```

mod convert;
mod data;
mod estimate;
mod evaluate;
mod generate;
mod merge;
mod plot;
mod predict;
mod table;
mod train;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use convert::{ConvertReport, ConvertSpec};
pub use data::{DataSpec, SampleRange};
pub use estimate::Estimate;
pub use evaluate::EvaluateSpec;
pub use generate::GenerateSpec;
pub use merge::MergeSpec;
pub use plot::PlotSpec;
pub use predict::{PredictReport, PredictSpec};
pub use table::{insert, setting};
pub use train::{TrainReport, TrainSpec, Validation};

use crate::error::{Error, Result};
use crate::file::{self, beside};
use crate::threads::on_threads;

/// What all specs have in common: reading and writing as TOML.
pub trait Spec: Serialize + DeserializeOwned {
    /// What it is called in errors, such as `generate spec`.
    const KIND: &'static str;

    /// The spec of a table.
    ///
    /// # Errors
    /// [`Error::Spec`] for a key that is not known (it lists those that are), a missing one, or a value of the wrong type.
    fn from_table(table: toml::Table) -> Result<Self> {
        from_table(Self::KIND, table)
    }

    /// The spec in a TOML text.
    ///
    /// # Errors
    /// As [`from_table`](Self::from_table), and when the text is not TOML.
    fn from_toml(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| Error::spec(Self::KIND, one_line(&error.to_string())))
    }

    /// The spec in a TOML file.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml), and when the file cannot be read.
    fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        from_table(&format!("{} {}", Self::KIND, path.display()), read_table(path)?)
    }

    /// The spec as TOML, defaults included; [`from_toml`](Self::from_toml) reads it.
    ///
    /// # Errors
    /// [`Error::Spec`] when a number does not fit TOML, whose integers have 64 bits with a sign.
    fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::spec(Self::KIND, error))
    }
}

/// The table in a TOML file.
///
/// # Errors
/// When the file cannot be read or is not TOML.
pub fn read_table(path: impl AsRef<Path>) -> Result<toml::Table> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, "read", source))?;
    toml::from_str(&text).map_err(|error| Error::spec(path.display(), one_line(&error.to_string())))
}

fn from_table<T: DeserializeOwned>(origin: &str, table: toml::Table) -> Result<T> {
    table.try_into().map_err(|error: toml::de::Error| Error::spec(origin, one_line(&error.to_string())))
}

/// An error of the TOML reader, which points at the place over several lines, as one line.
fn one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    let told: Vec<&str> = lines
        .filter(|line| {
            let picture = line.starts_with('|') || line.starts_with('^') || line.contains(" | ");
            !(line.is_empty() || picture || line.ends_with('|'))
        })
        .collect();
    told.join(", ")
}

/// Writes the resolved spec beside its result.
fn store<S: Spec>(spec: &S, result: &Path) -> Result<PathBuf> {
    let path = beside(result, ".toml");
    let text = format!("# The settings that made {}.\n{}", result.display(), spec.to_toml()?);
    write_whole(&path, text.as_bytes())?;
    Ok(path)
}

/// Writes a file that appears whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    file::whole(path, |partial| std::fs::write(partial, bytes))
        .map_err(|source| Error::io(path, "write", source))
}

/// Makes the folder of a result, if it is not there.
pub(crate) fn make_folder_of(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|source| Error::io(folder, "make the folder", source))
        }
        _ => Ok(()),
    }
}
