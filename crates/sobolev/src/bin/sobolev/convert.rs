//! `sobolev convert`.

use std::path::PathBuf;

use sobolev::spec::ConvertSpec;

use crate::Answer;
use crate::console::Console;
use crate::options::{DataOptions, Overlay, is_spec};

const EXAMPLES: &str = "\
Examples:
  sobolev convert burgers.h5 burgers.hdf5 --to pdebench
  sobolev convert 2D_CFD.hdf5 cfd.h5 --input density,Vx,Vy --samples 0..100
  sobolev convert active_matter.hdf5 training.zarr --input-frames 4
  sobolev convert darcy.mat darcy.npz --input coeff --target sol

Formats are listed by \"sobolev formats\". The first frame of a trajectory is the input, the later ones are the target; formats
that know trajectories get them as one again.";

/// Write a data set, or another program's file, in another format
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The samples, or a TOML file
    #[arg(value_name = "DATA | SPEC.toml")]
    what: PathBuf,
    /// The file to write
    #[arg(value_name = "OUT")]
    output: Option<PathBuf>,
    /// Format to write; by default the one that the ending of the name stands for
    #[arg(long, value_name = "FORMAT")]
    to: Option<String>,
    /// Replace the output if it exists
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    part: DataOptions,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Answer {
    console.take_over_interrupts()?;
    let is_spec = is_spec(&arguments.what);
    let mut overlay = Overlay::on(is_spec.then_some(arguments.what.as_path()))?;
    arguments.part.write(&mut overlay, "data", (!is_spec).then_some(arguments.what.as_path()))?;
    overlay.path("output", arguments.output.as_deref())?;
    overlay.set("format", arguments.to)?;
    overlay.set("replace", arguments.replace.then_some(true))?;
    let spec: ConvertSpec = overlay.spec()?;
    let progress = console.progress("conversion", "samples");
    let report = spec.run(&progress)?;
    progress.finish();
    console.result(&report)?;
    Ok(true)
}
