//! `sobolev quickstart`.

use std::path::PathBuf;

use sobolev::quickstart::QuickstartSpec;

use crate::Answer;
use crate::console::Console;
use crate::options::Overlay;
use crate::train::Training;

const EXAMPLES: &str = "\
Generates Darcy flow with coefficients 12 and 3, trains a Fourier neural operator at 64 x 64, tests it there and at
128 x 128 on solutions of the same coefficients, and draws a sample. A second run uses what the folder holds.

Examples:
  sobolev quickstart
  sobolev quickstart -o runs/longer --epochs 60";

/// Go the whole way from a PDE to a trained surrogate and a picture, in about a minute
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A TOML file with these options
    #[arg(value_name = "SPEC.toml")]
    what: Option<PathBuf>,
    /// The folder to write to [default: runs/quickstart]
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Cells along each side in training; the second test has twice as many
    #[arg(long, value_name = "N")]
    size: Option<u64>,
    /// Training samples
    #[arg(long, value_name = "N")]
    train_samples: Option<u64>,
    /// Test samples
    #[arg(long, value_name = "N")]
    test_samples: Option<u64>,
    /// Seed of coefficients and weights
    #[arg(long)]
    seed: Option<u64>,
    /// Passes over the training samples
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Samples of a training step
    #[arg(long, value_name = "N")]
    batch: Option<u64>,
    /// Largest learning rate
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Fourier modes along each side
    #[arg(long, value_name = "N")]
    modes: Option<u64>,
    /// Channels of the Fourier layers
    #[arg(long, value_name = "N")]
    width: Option<u64>,
    /// Start anew instead of using what the folder holds
    #[arg(long)]
    replace: bool,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Answer {
    console.take_over_interrupts()?;
    let mut overlay = Overlay::on(arguments.what.as_deref())?;
    overlay.path("output", arguments.output.as_deref())?;
    overlay.count("size", arguments.size)?;
    overlay.count("train_samples", arguments.train_samples)?;
    overlay.count("test_samples", arguments.test_samples)?;
    overlay.count("seed", arguments.seed)?;
    overlay.count("epochs", arguments.epochs)?;
    overlay.count("batch", arguments.batch)?;
    overlay.set("learning_rate", arguments.learning_rate)?;
    overlay.count("modes", arguments.modes)?;
    overlay.count("width", arguments.width)?;
    overlay.set("replace", arguments.replace.then_some(true))?;
    overlay.count("threads", console.threads().map(|n| n as u64))?;
    let spec: QuickstartSpec = overlay.spec()?;
    let report = spec.run(&|task, unit| {
        console.note(task);
        Box::new(Training(console.progress(task, unit)))
    })?;
    console.result(&report)?;
    Ok(true)
}
