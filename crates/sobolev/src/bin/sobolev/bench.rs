//! `sobolev bench`.

use clap::Subcommand;
use serde::Serialize;
use sobolev::bench;
use sobolev::operators::FnoSettings;

use crate::Answer;
use crate::console::Console;

/// Measure this machine, a training step, or the Darcy solver
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  sobolev bench machine --json
  sobolev bench fno --dim 2 --grid 85 --modes 12 --width 32 --batch 20 --threads 2 --json
  sobolev bench darcy --grid 421 --json

Close other programs first: rates and times are those of the moment.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
    /// About how long to measure, in seconds
    #[arg(long, global = true, default_value_t = 10.0, value_parser = seconds)]
    seconds: f64,
}

#[derive(Subcommand)]
enum What {
    /// The rate of matrix products and the memory bandwidth
    Machine,
    /// Set-up and solution of Darcy flow with coefficients 12 and 3, to 1e-8
    Darcy {
        /// Cells along each side
        #[arg(long, default_value_t = 421)]
        grid: usize,
    },
    /// A training step of a Fourier neural operator: forward, loss, backward, Adam
    Fno {
        /// Spatial dimensions, 1 to 3
        #[arg(long, default_value_t = 2)]
        dim: usize,
        /// Points along each axis
        #[arg(long, default_value_t = 85)]
        grid: usize,
        /// Modes along each axis
        #[arg(long, default_value_t = 12)]
        modes: usize,
        /// Channels of the Fourier layers
        #[arg(long, default_value_t = 32)]
        width: usize,
        /// Samples in a batch
        #[arg(long, default_value_t = 20)]
        batch: usize,
    },
}

/// A finite time.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
    seconds.ok_or_else(|| "expected a finite number of at least 0".to_string())
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Answer {
    let seconds = arguments.seconds;
    match arguments.what {
        What::Machine => {
            print(console, &sobolev::on_threads(console.threads(), || Ok(bench::machine::run()))?)
        }
        What::Darcy { grid } => {
            print(console, &sobolev::on_threads(console.threads(), || Ok(bench::darcy::run(grid, seconds)?))?)
        }
        What::Fno { dim, grid, modes, width, batch } => {
            let model = FnoSettings { modes: vec![modes; dim], width, ..FnoSettings::default() };
            let step = bench::fno::Step { grid: vec![grid; dim], model, batch };
            print(console, &sobolev::on_threads(console.threads(), || Ok(bench::fno::run(&step, seconds)?))?)
        }
    }
}

/// Prints a report: as JSON, or one line an entry.
fn print(console: &Console, report: &impl Serialize) -> Answer {
    if console.wants_json() {
        console.json(report)?;
        return Ok(true);
    }
    let value = serde_json::json!(report);
    let lines = value.as_object().into_iter().flatten().map(|(name, value)| format!("{name:<20} {value}"));
    console.text(&lines.collect::<Vec<_>>().join("\n"))?;
    Ok(true)
}
