//! `sobolev train`.

use std::path::PathBuf;

use sobolev::nn::{EpochRecord, TrainingObserver};
use sobolev::spec::TrainSpec;

use crate::Answer;
use crate::console::{Console, Progress};
use crate::options::{DataOptions, Overlay, is_spec};

const EXAMPLES: &str = "\
Examples:
  sobolev train train.h5 --validation 50 --epochs 100 -o darcy.safetensors
  sobolev train train.h5 --validation test.h5 --modes 12 --width 32 --schedule one-cycle -o darcy.safetensors
  sobolev train spec.toml --epochs 200 --resume

Beside the checkpoint stand its history (.csv), the resolved settings (.toml) and the state to go on from (.state). With
validation samples the best weights are kept, also after Ctrl-C. In TOML:
  data = \"train.h5\"
  validation = 50
  output = \"darcy.safetensors\"
  model = \"fno\"
  [settings]                 # of the model
  modes = 12
  width = 32
  [normalise]
  input = \"channel\"          # identity, scalar, channel, pointwise
  target = \"pointwise\"
  [trainer]
  epochs = 100
  learning_rate = 1e-3
  schedule = \"one-cycle\"     # constant, step, cosine, one-cycle
  optimiser = \"adam\"         # adam, adamw
  loss = \"relative-l2\"       # relative-l2, relative-h1, mean-squared";

/// Fit a model to a data set and write a checkpoint
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The training data, or a TOML file
    #[arg(value_name = "DATA | SPEC.toml")]
    what: PathBuf,
    /// The checkpoint to write
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Validation samples: a number to hold back from the training data, or a file
    #[arg(long, value_name = "N | FILE")]
    validation: Option<String>,
    /// The model (see "sobolev models") [default: fno]
    #[arg(long)]
    model: Option<String>,
    /// Fourier modes along each axis
    #[arg(long, value_name = "N")]
    modes: Option<u64>,
    /// Channels inside the model
    #[arg(long, value_name = "N")]
    width: Option<u64>,
    /// Layers of the model
    #[arg(long, value_name = "N")]
    depth: Option<u64>,
    /// Any setting of the model; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Passes over the training samples
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Samples of a step
    #[arg(long, value_name = "N")]
    batch: Option<u64>,
    /// Largest learning rate
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// constant, step, cosine or one-cycle
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
    /// adam or adamw
    #[arg(long, value_name = "NAME")]
    optimiser: Option<String>,
    /// relative-l2, relative-h1 or mean-squared
    #[arg(long, value_name = "NAME")]
    loss: Option<String>,
    /// Largest norm of a gradient; longer ones are shortened
    #[arg(long, value_name = "NORM")]
    clip_norm: Option<f64>,
    /// Stop when the validation error has not improved for this many epochs
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<u64>,
    /// Seed of the weights and of the order of the samples [default: 0]
    #[arg(long)]
    seed: Option<u64>,
    /// Any setting of the training; may be given more than once
    #[arg(long = "train-set", value_name = "KEY=VALUE")]
    trainer: Vec<String>,
    /// How inputs are normalised: identity, scalar, channel or pointwise [default: channel]
    #[arg(long, value_name = "KIND")]
    normalise_input: Option<String>,
    /// How targets are normalised: identity, scalar, channel or pointwise [default: channel]
    #[arg(long, value_name = "KIND")]
    normalise_target: Option<String>,
    /// Epochs between two savings [default: 10]
    #[arg(long, value_name = "EPOCHS")]
    save_every: Option<u64>,
    /// Go on where an earlier run ended or was interrupted
    #[arg(long, conflicts_with = "replace")]
    resume: bool,
    /// Train anew if the checkpoint exists
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    data: DataOptions,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Answer {
    console.take_over_interrupts()?;
    let spec = spec(arguments, console)?;
    let progress = Training(console.progress("training", "steps"));
    let report = spec.run(&progress)?;
    progress.0.finish();
    console.result(&report)?;
    report.check(spec.trainer.epochs)?;
    Ok(true)
}

fn spec(arguments: Arguments, console: &Console) -> sobolev::Result<TrainSpec> {
    let is_spec = is_spec(&arguments.what);
    let mut overlay = Overlay::on(is_spec.then_some(arguments.what.as_path()))?;
    arguments.data.write(&mut overlay, "data", (!is_spec).then_some(arguments.what.as_path()))?;
    overlay.path("output", arguments.output.as_deref())?;
    match arguments.validation.as_deref().map(|text| (text, text.parse::<i64>())) {
        Some((_, Ok(count))) => overlay.set("validation", Some(count))?,
        Some((file, Err(_))) => overlay.set("validation", Some(file))?,
        None => {}
    }
    overlay.set("model", arguments.model)?;
    overlay.count("settings.modes", arguments.modes)?;
    overlay.count("settings.width", arguments.width)?;
    overlay.count("settings.depth", arguments.depth)?;
    overlay.settings("settings", &arguments.settings)?;
    overlay.count("trainer.epochs", arguments.epochs)?;
    overlay.count("trainer.batch", arguments.batch)?;
    overlay.set("trainer.learning_rate", arguments.learning_rate)?;
    overlay.set("trainer.schedule", arguments.schedule)?;
    overlay.set("trainer.optimiser", arguments.optimiser)?;
    overlay.set("trainer.loss", arguments.loss)?;
    overlay.set("trainer.clip_norm", arguments.clip_norm)?;
    overlay.count("trainer.patience", arguments.patience)?;
    overlay.count("trainer.seed", arguments.seed)?;
    overlay.settings("trainer", &arguments.trainer)?;
    overlay.set("normalise.input", arguments.normalise_input)?;
    overlay.set("normalise.target", arguments.normalise_target)?;
    overlay.count("save_every", arguments.save_every)?;
    overlay.set("existing", arguments.resume.then_some("resume"))?;
    overlay.set("existing", arguments.replace.then_some("replace"))?;
    overlay.count("threads", console.threads().map(|n| n as u64))?;
    overlay.spec()
}

/// A progress bar of steps that tells the losses of the epochs.
pub(crate) struct Training(pub(crate) Progress);

impl sobolev::tensor::Monitor for Training {
    fn progress(&self, done: u64, total: u64) {
        self.0.progress(done, total);
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

impl TrainingObserver for Training {
    fn epoch(&self, record: &EpochRecord) {
        let error =
            record.validation_error.map_or_else(String::new, |error| format!(", validation {error:.2e}"));
        self.0.message(format!("epoch {}, loss {:.2e}{error}", record.epoch, record.train_loss));
    }
}
