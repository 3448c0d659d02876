//! `sobolev bench`.

use clap::Subcommand;
use serde::Serialize;
use sobolev::bench;
use sobolev::operators::FnoSettings;

use crate::Answer;
use crate::console::Console;

/// Measure this machine, a training step, solvers, or the writer of data sets
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  sobolev bench machine --json
  sobolev bench fno --dim 2 --grid 85 --modes 12 --width 32 --batch 20 --threads 2 --json
  sobolev bench darcy --grid 421 --json
  sobolev bench multigrid --grid 512 --json
  sobolev bench solver --equation kuramoto-sivashinsky --grid 1024 --order 4 --batch 64 --steps 1000 --dt 0.01 --json
  sobolev bench write --grid 421 --samples 256 --threads 1 --json

Close other programs first: rates and times are those of the moment.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
    /// About how long to measure, in seconds
    #[arg(long, global = true, default_value_t = 10.0, value_parser = seconds)]
    seconds: f64,
}

#[derive(Clone, Subcommand)]
enum What {
    /// The rate of matrix products and the memory bandwidth
    Machine,
    /// Set-up and solution of Darcy flow with a coefficient of two values, to 1e-8
    Darcy {
        /// Cells along each side
        #[arg(long, default_value_t = 421)]
        grid: usize,
        /// 2 or 3
        #[arg(long, default_value_t = 2)]
        dim: usize,
        /// Smaller value of the coefficient
        #[arg(long, default_value_t = 3.0)]
        low: f64,
        /// Larger value of the coefficient
        #[arg(long, default_value_t = 12.0)]
        high: f64,
    },
    /// Multigrid for any stencil: full multigrid against iteration, on Poisson's equation
    Multigrid {
        /// Cells along each side
        #[arg(long, default_value_t = 256)]
        grid: usize,
        /// 1 to 3
        #[arg(long, default_value_t = 2)]
        dim: usize,
    },
    /// Time steps of an evolution equation, in the usual case of benchmarks
    Solver {
        /// A name of "sobolev equations", one with time steps
        #[arg(long, default_value = "kuramoto-sivashinsky")]
        equation: String,
        /// Points along each axis
        #[arg(long, default_value_t = 1024)]
        grid: usize,
        /// Order of the scheme, 1 to 4
        #[arg(long, default_value_t = 4)]
        order: usize,
        /// Samples
        #[arg(long, default_value_t = 64)]
        batch: usize,
        /// Time steps
        #[arg(long, default_value_t = 1000)]
        steps: usize,
        /// Length of a time step; that of the usual case by default
        #[arg(long)]
        dt: Option<f64>,
        /// f32 or f64
        #[arg(long, default_value = "f32")]
        precision: String,
        /// Any setting of the equation; may be given more than once
        #[arg(long = "set", value_name = "KEY=VALUE")]
        settings: Vec<String>,
    },
    /// Writing solved samples into a data set in single precision, until the disk has them
    Write {
        /// Points along each side of a field
        #[arg(long, default_value_t = 421)]
        grid: usize,
        /// Samples, each of two fields
        #[arg(long, default_value_t = 256)]
        samples: usize,
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
    match arguments.what.clone() {
        What::Machine => {
            print(console, &sobolev::on_threads(console.threads(), || Ok(bench::machine::run()))?)
        }
        What::Darcy { grid, dim, low, high } => {
            let case = bench::darcy::Case { size: grid, dimension: dim, low, high };
            print(
                console,
                &sobolev::on_threads(console.threads(), || Ok(bench::darcy::run(&case, seconds)?))?,
            )
        }
        What::Multigrid { grid, dim } => {
            let run = || Ok(bench::multigrid::run(grid, dim, seconds)?);
            print(console, &sobolev::on_threads(console.threads(), run)?)
        }
        What::Solver { equation, grid, order, batch, steps, dt, precision, settings } => {
            let mut table = toml::Table::new();
            table.insert("order".to_string(), (order as i64).into());
            table.insert("precision".to_string(), precision.into());
            if let Some(dt) = dt {
                table.insert("step".to_string(), dt.into());
            }
            for setting in &settings {
                let (key, value) = sobolev::spec::setting(setting)?;
                table.insert(key.to_string(), value);
            }
            let case = bench::solver::Run { equation, size: grid, batch, steps, settings: table };
            print(
                console,
                &sobolev::on_threads(console.threads(), || Ok(bench::solver::run(&case, seconds)?))?,
            )
        }
        What::Write { grid, samples } => {
            let run = || Ok(bench::write::run(grid, samples, seconds)?);
            print(console, &sobolev::on_threads(console.threads(), run)?)
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
