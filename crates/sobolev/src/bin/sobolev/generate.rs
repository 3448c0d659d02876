//! `sobolev generate`.

use std::path::PathBuf;

use sobolev::spec::GenerateSpec;
use sobolev::tensor::bytes_in_words;

use crate::Answer;
use crate::console::Console;
use crate::options::{Overlay, is_spec};

const EXAMPLES: &str = "\
Examples:
  sobolev generate darcy --size 64 --samples 0..500 --seed 1 -o train.h5
  sobolev generate burgers --size 256 --viscosity 0.01 --set frames=10 -o burgers.h5
  sobolev generate burgers --set viscosity='{ log-uniform = [1e-3, 1e-1] }' -o burgers.h5
  sobolev generate spec.toml --resume
  sobolev generate spec.toml --shard 2/8
  sobolev generate spec.toml --dry-run

Sample i depends on the seed, i and the settings alone: ranges can be made on different machines, and a run that was killed
goes on with --resume to the same bits. The settings of an equation are listed by \"sobolev equations NAME\".
In TOML:
  equation = \"darcy\"
  output = \"train.h5\"
  samples = \"0..500\"
  [settings]
  size = 64";

/// Solve samples of an equation and write them to an HDF5 data set
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// An equation (see "sobolev equations"), or a TOML file
    #[arg(value_name = "EQUATION | SPEC.toml")]
    what: PathBuf,
    /// The data set to write
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Numbers of the samples under the seed, such as 0..1024 [default: 0..1000]
    #[arg(long, value_name = "RANGE")]
    samples: Option<String>,
    /// Seed of the random fields [default: 0]
    #[arg(long)]
    seed: Option<u64>,
    /// Points along each axis
    #[arg(long, value_name = "N")]
    size: Option<u64>,
    /// Viscosity of the equation, where it has one
    #[arg(long, value_name = "NU", allow_negative_numbers = true)]
    viscosity: Option<f64>,
    /// Any setting of the equation; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Number type of the stored values: f32 or f64 [default: f32]
    #[arg(long, value_name = "TYPE")]
    precision: Option<String>,
    /// none, or "gzip 1" to "gzip 9" [default: none]
    #[arg(long, value_name = "METHOD")]
    compression: Option<String>,
    /// Make part I of N only, into a file of its own; "sobolev merge" joins them
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,
    /// Print the spec with all settings, the shapes, the size and the expected time, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on where an earlier run was interrupted
    #[arg(long, conflicts_with = "replace")]
    resume: bool,
    /// Make the data set anew if it exists
    #[arg(long)]
    replace: bool,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Answer {
    console.take_over_interrupts()?;
    let file = is_spec(&arguments.what).then_some(arguments.what.as_path());
    let mut overlay = Overlay::on(file)?;
    if file.is_none() {
        overlay.set("equation", Some(arguments.what.display().to_string()))?;
    }
    overlay.path("output", arguments.output.as_deref())?;
    overlay.set("samples", arguments.samples)?;
    overlay.count("seed", arguments.seed)?;
    overlay.count("settings.size", arguments.size)?;
    overlay.set("settings.viscosity", arguments.viscosity)?;
    overlay.settings("settings", &arguments.settings)?;
    overlay.set("precision", arguments.precision)?;
    overlay.set("compression", arguments.compression)?;
    overlay.set("existing", arguments.resume.then_some("resume"))?;
    overlay.set("existing", arguments.replace.then_some("replace"))?;
    overlay.set("shard", arguments.shard)?;
    overlay.count("threads", console.threads().map(|n| n as u64))?;
    let spec: GenerateSpec = overlay.spec()?;
    if arguments.dry_run {
        let progress = console.progress("one sample", "samples");
        let estimate = spec.estimate(&progress)?;
        progress.finish();
        console.result(&estimate)?;
        return Ok(true);
    }
    let size = bytes_in_words(spec.expected_bytes()?);
    console.note(format!("{}: {size} before compression", spec.path().display()));
    let progress = console.progress(&spec.equation, "samples");
    let report = spec.run(&progress)?;
    progress.finish();
    console.result(&report)?;
    Ok(true)
}
