//! `sobolev plot`.

use std::path::PathBuf;

use sobolev::spec::PlotSpec;

use crate::Answer;
use crate::console::Console;
use crate::options::{DataOptions, Overlay, is_spec};

const EXAMPLES: &str = "\
Examples:
  sobolev plot darcy.h5 --sample 3
  sobolev plot navier_stokes.h5 --sample 3 -o vorticity.gif
  sobolev plot 2D_CFD.hdf5 --channel density -o density.png
  sobolev plot navier_stokes.h5 --spectrum

Fields become PNG files. Trajectories on a plane become GIF files, or with a name that ends in .png a row of frames; on a line
a map over space and time.";

/// Draw a sample: fields, trajectories, energy spectra
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The samples, or a TOML file
    #[arg(value_name = "DATA | SPEC.toml")]
    what: PathBuf,
    /// The sample to draw [default: 0]
    #[arg(long, value_name = "N")]
    sample: Option<u64>,
    /// The file to write, .png or .gif; by default beside the data
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The channel to draw; all up to four by default
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Draw energy spectra instead of fields
    #[arg(long)]
    spectrum: bool,
    /// Frames a second of an animation [default: 10]
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// Replace the output if it exists
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    part: DataOptions,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Answer {
    let is_spec = is_spec(&arguments.what);
    let mut overlay = Overlay::on(is_spec.then_some(arguments.what.as_path()))?;
    arguments.part.write(&mut overlay, "data", (!is_spec).then_some(arguments.what.as_path()))?;
    overlay.count("sample", arguments.sample)?;
    overlay.path("output", arguments.output.as_deref())?;
    overlay.set("channel", arguments.channel)?;
    overlay.set("spectrum", arguments.spectrum.then_some(true))?;
    overlay.set("rate", arguments.rate)?;
    overlay.set("replace", arguments.replace.then_some(true))?;
    let spec: PlotSpec = overlay.spec()?;
    let path = spec.run()?;
    if console.wants_json() {
        console.json(&serde_json::json!({ "path": path }))?;
    } else {
        console.text(&path.display().to_string())?;
    }
    Ok(true)
}
