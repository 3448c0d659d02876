//! `sobolev evaluate`.

use std::path::PathBuf;

use serde_json::Value;
use sobolev::metrics::Evaluation;
use sobolev::spec::EvaluateSpec;

use crate::Answer;
use crate::console::Console;
use crate::options::{DataOptions, Overlay, is_spec};

const EXAMPLES: &str = "\
Examples:
  sobolev evaluate darcy.safetensors test.h5
  sobolev evaluate darcy.safetensors test.h5 --per-sample --json
  sobolev evaluate darcy.safetensors test_128.h5 --at-most 0.05      exit code 1 when the error is larger
  sobolev evaluate spec.toml

The data may have another resolution than the training data. In TOML:
  model = \"darcy.safetensors\"
  data = \"test.h5\"
  at_most = 0.05";

/// Compare a model with a data set: relative L2 and H1, RMSE, nRMSE, largest error, error by Fourier band
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A checkpoint, or a TOML file
    #[arg(value_name = "MODEL | SPEC.toml")]
    what: PathBuf,
    /// The samples to compare with
    #[arg(value_name = "DATA")]
    data: Option<PathBuf>,
    /// Report every sample
    #[arg(long)]
    per_sample: bool,
    /// Answer with exit code 1 when the mean relative L2 error is larger than this
    #[arg(long, value_name = "ERROR")]
    at_most: Option<f64>,
    /// Write all measures of all samples to a JSON file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    replace: bool,
    /// Samples that are in memory at once
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
    overlay.set("per_sample", arguments.per_sample.then_some(true))?;
    overlay.set("at_most", arguments.at_most)?;
    overlay.set("replace", arguments.replace.then_some(true))?;
    overlay.count("batch", arguments.batch)?;
    overlay.count("threads", console.threads().map(|n| n as u64))?;
    let spec: EvaluateSpec = overlay.spec()?;
    let progress = console.progress("evaluation", "samples");
    let evaluation = spec.run(&progress)?;
    progress.finish();
    if console.wants_json() {
        console.json(&json(&evaluation, spec.per_sample))?;
    } else {
        console.text(&evaluation.to_string())?;
        if spec.per_sample {
            console.text(&table(&evaluation))?;
        }
    }
    Ok(spec.is_good(&evaluation))
}

/// All of an evaluation as JSON; without the lists of samples unless they are wanted.
fn json(evaluation: &Evaluation, per_sample: bool) -> Value {
    let mut value = serde_json::json!(evaluation);
    if let (false, Some(entries)) = (per_sample, value.as_object_mut()) {
        for measure in entries.values_mut().filter_map(Value::as_object_mut) {
            measure.remove("per_sample");
        }
    }
    value
}

/// One line a sample, one column a measure.
fn table(evaluation: &Evaluation) -> String {
    let columns: Vec<_> = evaluation.measures().collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut text = format!("\nsample\t{}", names.join("\t"));
    for sample in 0..evaluation.samples() {
        let values: Vec<String> =
            columns.iter().map(|(_, measure)| format!("{:.4e}", measure.per_sample()[sample])).collect();
        text += &format!("\n{sample}\t{}", values.join("\t"));
    }
    text
}
