//! `sobolev info`.

use std::path::{Path, PathBuf};

use sobolev::Surrogate;
use sobolev::data::formats::{self, FileDescription};
use sobolev::data::{Dataset, verify};
use sobolev::nn::CheckpointError;

use crate::Answer;
use crate::console::Console;
use crate::terminal;

const EXAMPLES: &str = "\
Examples:
  sobolev info darcy.h5
  sobolev info darcy.safetensors --json
  sobolev info 2D_CFD.hdf5 --quick        without statistics, for which all values are read
  sobolev info darcy.h5 --verify          exit code 1 when samples are damaged, drift or cannot be made again";

/// Say what a data set, a checkpoint or another program's file holds
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A data set, a checkpoint, or a file of another program
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Leave out statistics and picture
    #[arg(long)]
    quick: bool,
    /// Draw no picture of the first sample
    #[arg(long)]
    no_picture: bool,
    /// Check all samples: checksums and finite values, and make some again from their seed and settings
    #[arg(long)]
    verify: bool,
    /// Samples that --verify makes again
    #[arg(long, value_name = "N", default_value_t = 3)]
    remake: usize,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Answer {
    console.take_over_interrupts()?;
    let mut sound = true;
    for path in &arguments.files {
        if arguments.verify {
            let progress = console.progress("verification", "samples");
            let found = verify(path, arguments.remake, &progress)?;
            progress.finish();
            console.result(&found)?;
            sound &= found.is_sound();
        } else {
            describe(path, arguments, console)?;
        }
    }
    Ok(sound)
}

/// Tells the kinds of files apart by what is in them, not by their names.
fn describe(path: &Path, arguments: &Arguments, console: &Console) -> sobolev::Result<()> {
    use sobolev::data::Error::{Foreign, NotHdf5, Unsupported};
    match Dataset::open_finished(path) {
        Ok(data) => {
            let description = describe_arrays(path, arguments, console)?;
            let info = data.info();
            if console.wants_json() {
                let mut value = serde_json::json!(info);
                value["arrays"] = serde_json::json!(description.arrays);
                return console.json(&value);
            }
            console.text(&info.to_string())?;
            let table = description.statistics_table();
            if !table.is_empty() {
                console.text(&table)?;
            }
            return picture(path, arguments, console);
        }
        Err(Foreign { .. } | NotHdf5 { .. } | Unsupported { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    if !path.is_dir() {
        match Surrogate::info(path) {
            Err(sobolev::Error::Checkpoint(
                CheckpointError::Foreign { .. } | CheckpointError::Truncated { .. },
            )) if formats::recognise(path).is_ok() => {}
            info => return console.result(&info?),
        }
    }
    console.result(&describe_arrays(path, arguments, console)?)?;
    picture(path, arguments, console)
}

fn describe_arrays(
    path: &Path,
    arguments: &Arguments,
    console: &Console,
) -> sobolev::Result<FileDescription> {
    let progress = console.progress("statistics", "rows");
    let description = formats::describe(path, !arguments.quick, &progress)?;
    progress.finish();
    Ok(description)
}

fn picture(path: &Path, arguments: &Arguments, console: &Console) -> sobolev::Result<()> {
    if arguments.no_picture || arguments.quick || console.wants_json() {
        return Ok(());
    }
    match terminal::picture(path) {
        Some(picture) => console.text(&picture),
        None => Ok(()),
    }
}
