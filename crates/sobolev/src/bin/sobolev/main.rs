//! The `sobolev` command line: parses, makes a spec, calls the library once, and reports.
//!
//! Results go to standard output, progress and errors to standard error. Exit codes: 0 it worked, 1 the answer is no (an
//! evaluation above `--at-most`, a file that `--verify` finds damaged), 2 an error.

mod bench;
mod console;
mod convert;
mod evaluate;
mod generate;
mod info;
mod lists;
mod merge;
mod options;
mod plot;
mod predict;
mod quickstart;
mod terminal;
mod train;

use std::error::Error as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use console::Console;
use sobolev::Error;

/// What a command has to say: `true` for exit code 0, `false` for 1.
type Answer = sobolev::Result<bool>;

/// Learn the solution operators of partial differential equations.
///
/// Numeric solvers make data, neural operators learn from them, and the trained surrogates answer on any grid.
#[derive(Parser)]
#[command(version, after_help = FIRST_STEPS, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the result as one JSON object
    #[arg(long, global = true)]
    json: bool,
    /// Show no progress
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Threads to use; all processors by default. Results do not depend on it
    #[arg(long, global = true, value_name = "N")]
    threads: Option<usize>,
}

const FIRST_STEPS: &str = "\
First steps:
  sobolev quickstart                                    the whole way in about a minute, with a picture
  sobolev equations                                     what data can be made of
  sobolev generate darcy --size 64 --samples 0..500 -o darcy.h5
  sobolev train darcy.h5 --validation 50 --epochs 50 -o darcy.safetensors
  sobolev evaluate darcy.safetensors test.h5
  sobolev predict darcy.safetensors test.h5 -o prediction.npz --figure prediction.png

Every option may also stand in a TOML file; options on the command line override it:
  sobolev train spec.toml --epochs 100

Exit codes: 0 it worked, 1 the answer is no (evaluate --at-most, info --verify), 2 an error.
Ctrl-C stops at the next safe point; what was made is kept and --resume goes on. A second one stops at once.";

// One value is made a run; boxing its arguments would save nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Subcommand)]
enum Command {
    Quickstart(quickstart::Arguments),
    Generate(generate::Arguments),
    Merge(merge::Arguments),
    Info(info::Arguments),
    Convert(convert::Arguments),
    Plot(plot::Arguments),
    Train(Box<train::Arguments>),
    Evaluate(evaluate::Arguments),
    Predict(predict::Arguments),
    Bench(bench::Arguments),
    /// List the equations that data can be generated for, or one with its settings
    Equations {
        /// The equation whose settings to show
        name: Option<String>,
    },
    /// List the random fields that inputs are drawn from
    Fields,
    /// List the models that can be trained, or one with its settings
    Models {
        /// The model whose settings to show
        name: Option<String>,
    },
    /// List the activations of models
    Activations,
    /// List the file formats that are read and written
    Formats,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            report(&error);
            ExitCode::from(2)
        }
    }
}

fn run(Arguments { command, json, quiet, threads }: Arguments) -> Answer {
    let console = Console::new(json, quiet, threads)?;
    match command {
        Command::Quickstart(arguments) => quickstart::run(arguments, &console),
        Command::Generate(arguments) => generate::run(arguments, &console),
        Command::Merge(arguments) => merge::run(arguments, &console),
        Command::Info(arguments) => info::run(&arguments, &console),
        Command::Convert(arguments) => convert::run(arguments, &console),
        Command::Plot(arguments) => plot::run(arguments, &console),
        Command::Train(arguments) => train::run(*arguments, &console),
        Command::Evaluate(arguments) => evaluate::run(arguments, &console),
        Command::Predict(arguments) => predict::run(arguments, &console),
        Command::Bench(arguments) => bench::run(&arguments, &console),
        Command::Equations { name } => lists::equations(&console, name.as_deref()),
        Command::Fields => lists::fields(&console),
        Command::Models { name } => lists::models(&console, name.as_deref()),
        Command::Activations => lists::activations(&console),
        Command::Formats => lists::formats(&console),
    }
}

/// Prints the chain of causes once: a cause whose text is part of what was printed already is left out.
fn report(error: &Error) {
    let mut told = error.to_string();
    eprintln!("error: {told}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            eprintln!("  because: {text}");
            told = text;
        }
        cause = error.source();
    }
}
