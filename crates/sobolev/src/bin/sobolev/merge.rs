//! `sobolev merge`.

use std::path::PathBuf;

use sobolev::spec::MergeSpec;

use crate::Answer;
use crate::console::Console;
use crate::options::{Overlay, is_spec};

const EXAMPLES: &str = "\
Examples:
  sobolev generate spec.toml --shard 1/2 && sobolev generate spec.toml --shard 2/2
  sobolev merge darcy.h5 darcy.shard-*-of-2.h5
  sobolev merge spec.toml

The file is the one that a single run makes. Every sample is compared with its checksum; the shards stay.";

/// Join the shards of a data set to one file
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The data set to write, or a TOML file
    #[arg(value_name = "OUTPUT | SPEC.toml")]
    output: PathBuf,
    /// The files of the shards, in any order
    #[arg(value_name = "SHARD")]
    shards: Vec<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    replace: bool,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Answer {
    console.take_over_interrupts()?;
    let is_spec = is_spec(&arguments.output);
    let mut overlay = Overlay::on(is_spec.then_some(arguments.output.as_path()))?;
    overlay.path("output", (!is_spec).then_some(arguments.output.as_path()))?;
    let shards: Vec<String> = arguments.shards.iter().map(|path| path.display().to_string()).collect();
    overlay.set("shards", (!is_spec || !shards.is_empty()).then_some(shards))?;
    overlay.set("replace", arguments.replace.then_some(true))?;
    let spec: MergeSpec = overlay.spec()?;
    let progress = console.progress("merge", "samples");
    let report = spec.run(&progress)?;
    progress.finish();
    console.result(&report)?;
    Ok(true)
}
