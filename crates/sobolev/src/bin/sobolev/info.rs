//! `sobolev info`.

use std::path::{Path, PathBuf};

use sobolev::Surrogate;
use sobolev::data::Dataset;
use sobolev::data::formats;
use sobolev::nn::CheckpointError;

use crate::Answer;
use crate::console::Console;

/// Say what a data set, a checkpoint or another program's file holds
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  sobolev info darcy.h5\n  sobolev info darcy.safetensors --json")]
pub(crate) struct Arguments {
    /// A data set, a checkpoint, or a file of another program
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Answer {
    for path in &arguments.files {
        describe(path, console)?;
    }
    Ok(true)
}

/// Tells the kinds of files apart by what is in them, not by their names.
fn describe(path: &Path, console: &Console) -> sobolev::Result<()> {
    use sobolev::data::Error::{Foreign, NotHdf5};
    match Dataset::open_finished(path) {
        Ok(data) => return console.result(&data.info()),
        Err(Foreign { .. } | NotHdf5 { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    match Surrogate::info(path) {
        Err(sobolev::Error::Checkpoint(
            CheckpointError::Foreign { .. } | CheckpointError::Truncated { .. },
        )) if formats::recognise(path).is_ok() => {}
        info => return console.result(&info?),
    }
    let format = formats::recognise(path)?;
    let variables = formats::variables(path)?;
    if console.wants_json() {
        let arrays: Vec<_> =
            variables.iter().map(|v| serde_json::json!({ "name": v.name, "shape": v.shape })).collect();
        return console.json(&serde_json::json!({ "path": path, "format": format.name, "arrays": arrays }));
    }
    let lines: Vec<String> = variables.iter().map(|variable| format!("  {variable}")).collect();
    console.text(&format!("{} ({}: {})\n{}", path.display(), format.name, format.summary, lines.join("\n")))
}
