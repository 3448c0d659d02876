//! `sobolev predict`.

use std::path::PathBuf;

use sobolev::spec::PredictSpec;

use crate::Answer;
use crate::console::Console;
use crate::options::{DataOptions, Overlay, is_spec};

const EXAMPLES: &str = "\
Examples:
  sobolev predict darcy.safetensors test.h5 -o prediction.h5
  sobolev predict darcy.safetensors coefficients.npy -o prediction.npy --figure first.png
  sobolev predict darcy.safetensors fields.npz --input a -o prediction.npz
  sobolev predict spec.toml

Inputs are arrays [batch, x1, .., xd, channel], channels last; one channel may lack its axis. Any grid that has the model's
modes will do.";

/// Let a model answer for the inputs of a data set, a .npy or a .npz file
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A checkpoint, or a TOML file
    #[arg(value_name = "MODEL | SPEC.toml")]
    what: PathBuf,
    /// The inputs
    #[arg(value_name = "DATA")]
    data: Option<PathBuf>,
    /// The file to write: .npy, .npz or .h5
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Draw a sample into a PNG file
    #[arg(long, value_name = "FILE.png")]
    figure: Option<PathBuf>,
    /// The sample to draw [default: 0]
    #[arg(long, value_name = "N")]
    figure_sample: Option<u64>,
    /// Replace output and figure if they exist
    #[arg(long)]
    replace: bool,
    /// Samples that are in memory at once inside the model
    #[arg(long, value_name = "N")]
    batch: Option<u64>,
    #[command(flatten)]
    part: DataOptions,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Answer {
    console.take_over_interrupts()?;
    let is_spec = is_spec(&arguments.what);
    let mut overlay = Overlay::on(is_spec.then_some(arguments.what.as_path()))?;
    overlay.path("model", (!is_spec).then_some(arguments.what.as_path()))?;
    arguments.part.write(&mut overlay, "data", arguments.data.as_deref())?;
    overlay.path("output", arguments.output.as_deref())?;
    overlay.path("figure", arguments.figure.as_deref())?;
    overlay.count("figure_sample", arguments.figure_sample)?;
    overlay.set("replace", arguments.replace.then_some(true))?;
    overlay.count("batch", arguments.batch)?;
    overlay.count("threads", console.threads().map(|n| n as u64))?;
    let spec: PredictSpec = overlay.spec()?;
    let progress = console.progress("prediction", "samples");
    let report = spec.run(&progress)?;
    progress.finish();
    console.result(&report)?;
    Ok(true)
}
