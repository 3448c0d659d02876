//! Training from a spec.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sobolev_data::{Dataset, Existing};
use sobolev_nn::{
    EpochRecord, Normaliser, Outcome, Trainer, TrainerSettings, TrainingObserver, TrainingReport,
};
use sobolev_tensor::Error as NumericError;

use super::{DataSpec, Spec, on_threads, write_whole};
use crate::description::DataDescription;
use crate::error::{Error, Result};
use crate::file::beside;
use crate::surrogate::{NormaliserKinds, Surrogate};

/// Fits a model to a data set. In TOML:
///
/// ```toml
/// data = "train.h5"
/// validation = 50                    # held back from the end; or another file
/// output = "darcy.safetensors"
/// model = "fno"
/// [settings]
/// modes = 12
/// width = 32
/// [normalise]
/// input = "channel"
/// target = "pointwise"
/// [trainer]
/// epochs = 100
/// schedule = "one-cycle"
/// ```
///
/// Beside the checkpoint stand the history (`darcy.safetensors.csv`), the resolved spec (`.toml`), and the state to go on
/// from (`.state`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSpec {
    /// The training samples.
    pub data: DataSpec,
    /// The validation samples, on which the best weights are chosen; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// The checkpoint to write.
    pub output: PathBuf,
    /// Name in [`MODELS`](sobolev_operators::MODELS); `fno` by default.
    #[serde(default = "fno")]
    pub model: String,
    /// What to do when the checkpoint exists: `"refuse"` (the default), `"resume"` or `"replace"`.
    #[serde(default)]
    pub existing: Existing,
    /// Epochs between two savings of checkpoint, history and state; 10 by default.
    #[serde(default = "ten")]
    pub save_every: usize,
    /// Threads; all processors by default. The result does not depend on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Settings of the model; those that are absent follow from the data or take the model's defaults.
    #[serde(default)]
    pub settings: toml::Table,
    /// The normalisers to fit.
    #[serde(default)]
    pub normalise: NormaliserKinds,
    /// How to train. Its `seed` is also that of the initial weights.
    #[serde(default)]
    pub trainer: TrainerSettings,
}

fn fno() -> String {
    "fno".to_string()
}

fn ten() -> usize {
    10
}

/// Where validation samples come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Validation {
    /// This many samples are held back from the end of the training data.
    HeldBack(usize),
    /// Other samples.
    Data(DataSpec),
}

impl Serialize for Validation {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::HeldBack(count) => serializer.serialize_u64(*count as u64),
            Self::Data(data) => data.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Validation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct ValidationVisitor;
        impl<'de> Visitor<'de> for ValidationVisitor {
            type Value = Validation;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of samples to hold back, the name of a file, or a table with its path")
            }
            fn visit_u64<E: serde::de::Error>(self, count: u64) -> std::result::Result<Validation, E> {
                Ok(Validation::HeldBack(count as usize))
            }
            fn visit_i64<E: serde::de::Error>(self, count: i64) -> std::result::Result<Validation, E> {
                let wrong = || E::invalid_value(serde::de::Unexpected::Signed(count), &self);
                Ok(Validation::HeldBack(usize::try_from(count).map_err(|_| wrong())?))
            }
            fn visit_str<E: serde::de::Error>(self, path: &str) -> std::result::Result<Validation, E> {
                Ok(Validation::Data(DataSpec::new(path)))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Validation, A::Error> {
                DataSpec::deserialize(MapAccessDeserializer::new(map)).map(Validation::Data)
            }
        }
        deserializer.deserialize_any(ValidationVisitor)
    }
}

impl Spec for TrainSpec {
    const KIND: &'static str = "train spec";
}

/// What [`TrainSpec::run`] did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainReport {
    /// The checkpoint.
    pub path: PathBuf,
    /// How the training ended: `completed`, `stopped early`, `interrupted` or `diverged`.
    pub outcome: &'static str,
    /// Epochs done in all, earlier runs included.
    pub epochs: usize,
    /// Learnable numbers of the model.
    pub parameters: usize,
    /// Training loss of the last epoch.
    pub train_loss: Option<f64>,
    /// Epoch of the smallest validation error.
    pub best_epoch: Option<usize>,
    /// The smallest validation error.
    pub validation_error: Option<f64>,
    /// Seconds of all epochs, earlier runs included.
    pub seconds: f64,
    /// Why the training ended before its time; an error to tell after the report.
    #[serde(skip)]
    stopped: Option<Outcome>,
}

impl TrainReport {
    /// An error when the training was interrupted or diverged; the checkpoint and the state to go on from are written all
    /// the same.
    ///
    /// # Errors
    /// [`Error::Diverged`], or [`Cancelled`](NumericError::Cancelled) in [`Error::Numeric`].
    pub fn check(&self, total: usize) -> Result<()> {
        match self.stopped.clone() {
            Some(Outcome::Diverged { epoch, step, cause }) => Err(Error::Diverged { epoch, step, cause }),
            Some(Outcome::Cancelled) => {
                let (done, total) = (self.epochs as u64, total as u64);
                Err(NumericError::Cancelled { task: "training (epochs)".to_string(), done, total }.into())
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for TrainReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, outcome, epochs, parameters, seconds, .. } = self;
        write!(f, "checkpoint {}: {outcome} after {epochs} epochs in {seconds:.1} s", path.display())?;
        write!(f, "; {parameters} parameters")?;
        if let Some(loss) = self.train_loss {
            write!(f, ", training loss {loss:.3e}")?;
        }
        if let (Some(epoch), Some(error)) = (self.best_epoch, self.validation_error) {
            write!(f, ", best validation error {error:.3e} (epoch {epoch}, whose weights are kept)")?;
        }
        Ok(())
    }
}

impl TrainSpec {
    /// Trains the default model on the data of a file.
    pub fn new(data: impl Into<PathBuf>, output: impl Into<PathBuf>) -> Self {
        Self {
            data: DataSpec::new(data),
            validation: None,
            output: output.into(),
            model: fno(),
            existing: Existing::Refuse,
            save_every: ten(),
            threads: None,
            settings: toml::Table::new(),
            normalise: NormaliserKinds::default(),
            trainer: TrainerSettings::default(),
        }
    }

    /// Trains, and writes checkpoint, history, state and the resolved spec. When the observer stops it, the best weights and
    /// the state are written all the same: see [`TrainReport::check`].
    ///
    /// # Errors
    /// When the spec makes no sense, the data cannot be read or do not fit the model, or a file cannot be written.
    pub fn run(&self, observer: &dyn TrainingObserver) -> Result<TrainReport> {
        self.trainer.check()?;
        if self.save_every == 0 {
            return Err(NumericError::value("save_every", "at least 1", 0).into());
        }
        super::make_folder_of(&self.output)?;
        let state = beside(&self.output, ".state");
        let exists = self.output.exists() || state.exists();
        if exists && self.existing == Existing::Refuse {
            let source = std::io::Error::new(
                std::io::ErrorKind::AlreadyExists,
                "it exists already; resume it, replace it, or choose another name",
            );
            return Err(Error::io(&self.output, "train", source));
        }
        if self.existing == Existing::Resume && self.output.exists() && !state.exists() {
            let source = std::io::Error::new(
                std::io::ErrorKind::NotFound,
                format!("{} is not there; replace the checkpoint, or choose another name", state.display()),
            );
            return Err(Error::io(&self.output, "resume", source));
        }
        let (train, validation) = self.samples()?;
        let loss = self.trainer.loss.for_fields(DataDescription::of(&train).target.is_periodic());
        let resolved = Self { trainer: TrainerSettings { loss, ..self.trainer.clone() }, ..self.clone() };
        resolved.run_on(&train, validation.as_ref(), &state, observer)
    }

    /// [`run`](Self::run) on the samples.
    fn run_on(
        &self,
        train: &Dataset,
        validation: Option<&Dataset>,
        state: &Path,
        observer: &dyn TrainingObserver,
    ) -> Result<TrainReport> {
        on_threads(self.threads, || {
            let settings = serde_json::to_value(&self.settings)
                .map_err(|error| Error::spec("settings of the model", error))?;
            let seed = self.trainer.seed;
            let mut surrogate = Surrogate::new(&self.model, settings, self.normalise, train, seed)?;
            let mut trainer = if self.existing == Existing::Resume && state.exists() {
                self.resume(&mut surrogate, state)?
            } else {
                let trainer = surrogate.trainer(self.trainer.clone())?;
                // A state of an earlier training must not be what a run that is killed now goes on from.
                if state.exists() {
                    std::fs::remove_file(state).map_err(|source| Error::io(state, "remove", source))?;
                }
                trainer
            };
            let architecture = toml::Table::try_from(surrogate.model().architecture())
                .map_err(|error| Error::spec("settings of the model", error))?;
            super::store(&Self { settings: architecture, ..self.clone() }, &self.output)?;
            loop {
                let report =
                    surrogate.fit_with(&mut trainer, self.save_every, train, validation, observer)?;
                surrogate.save(&self.output)?;
                trainer.save(surrogate.model(), state)?;
                write_whole(&beside(&self.output, ".csv"), history(&report.history).as_bytes())?;
                if report.outcome != Outcome::Paused {
                    return Ok(self.report(&surrogate, report));
                }
            }
        })
    }

    /// The trainer of a saved state, when the spec asks for the same training.
    fn resume(&self, surrogate: &mut Surrogate, state: &Path) -> Result<Trainer<f32>> {
        let asked = surrogate.normalisers().clone();
        let mut trainer = surrogate.resume(state)?;
        let stored = surrogate.normalisers();
        for (side, asked, stored) in
            [("inputs", &asked.input, &stored.input), ("targets", &asked.target, &stored.target)]
        {
            if !are_alike(asked, stored) {
                let message = format!(
                    "cannot be resumed, the statistics of its {side} are others: it was trained on other samples, or normalised as {}",
                    serde_json::json!(stored.kind())
                );
                return Err(Error::spec(state.display(), message));
            }
        }
        let wanted = TrainerSettings { epochs: trainer.settings().epochs, ..self.trainer.clone() };
        if *trainer.settings() != wanted {
            let text = |settings: &TrainerSettings| toml::to_string(settings).unwrap_or_default();
            let (stored, asked) = (text(trainer.settings()), text(&wanted));
            let lines = stored.lines().zip(asked.lines()).filter(|(stored, asked)| stored != asked);
            let differences: Vec<String> =
                lines.map(|(stored, asked)| format!("the state has {stored}, asked for {asked}")).collect();
            let message =
                format!("cannot be resumed, it was trained with other settings: {}", differences.join("; "));
            return Err(Error::spec(state.display(), message));
        }
        if self.trainer.epochs != trainer.settings().epochs {
            trainer.set_epochs(self.trainer.epochs)?;
        }
        Ok(trainer)
    }

    /// The samples to train on, in memory since they are read once an epoch, and those to validate on.
    fn samples(&self) -> Result<(Dataset, Option<Dataset>)> {
        let data = self.data.open()?;
        let (train, validation) = match &self.validation {
            None => (data, None),
            Some(Validation::Data(other)) => (data, Some(other.open()?)),
            Some(Validation::HeldBack(count)) => {
                let split = data.len().checked_sub(*count).filter(|left| *left > 0 && *count > 0);
                let left = split.ok_or_else(|| {
                    let expected = format!("1 to {} of {} samples", data.len().saturating_sub(1), data.len());
                    NumericError::value("validation", expected, count)
                })?;
                let (train, rest) = data.split_at(left)?;
                (train, Some(rest))
            }
        };
        let validation = validation.map(|data| data.to_memory()).transpose()?;
        Ok((train.to_memory()?, validation))
    }

    fn report(&self, surrogate: &Surrogate, report: TrainingReport) -> TrainReport {
        let outcome = match report.outcome {
            Outcome::StoppedEarly => "stopped early",
            Outcome::Cancelled => "interrupted",
            Outcome::Diverged { .. } => "diverged",
            _ => "completed",
        };
        TrainReport {
            path: self.output.clone(),
            outcome,
            epochs: report.history.len(),
            parameters: surrogate.model().parameters().count(),
            train_loss: report.history.last().map(|record| record.train_loss),
            best_epoch: report.best.map(|(epoch, _)| epoch),
            validation_error: report.best.map(|(_, error)| error),
            seconds: report.history.iter().map(|record| record.seconds).sum(),
            stopped: Some(report.outcome),
        }
    }
}

/// Whether two normalisers were fitted in one way to the same samples. Processors of different kinds differ by rounding.
fn are_alike(a: &Normaliser<f32>, b: &Normaliser<f32>) -> bool {
    const ROUNDING: f32 = 1e-4;
    let pairs = a.shift().iter().zip(b.shift()).zip(a.scale().iter().zip(b.scale()));
    a.header() == b.header()
        && pairs
            .map(|((shift, other_shift), (scale, other_scale))| {
                (shift - other_shift).abs().max((scale - other_scale).abs()) / scale
            })
            .all(|gap| gap <= ROUNDING)
}

/// The history of a training as comma-separated values, one line an epoch.
fn history(records: &[EpochRecord]) -> String {
    let mut text =
        String::from("epoch,train_loss,validation_error,best,learning_rate,gradient_norm,seconds\n");
    for record in records {
        let EpochRecord { epoch, train_loss, validation_error, best, learning_rate, gradient_norm, seconds } =
            record;
        let error = validation_error.map_or_else(String::new, |error| format!("{error:e}"));
        text += &format!(
            "{epoch},{train_loss:e},{error},{},{learning_rate:e},{gradient_norm:e},{seconds:.3}\n",
            u8::from(*best)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolved_spec_is_read_back() {
        let text = "data = \"a.h5\"\nvalidation = 5\noutput = \"m.safetensors\"\n[settings]\nmodes = 4\n\
                    [trainer]\nepochs = 3\nschedule = \"one-cycle\"\n[normalise]\ntarget = \"pointwise\"";
        let spec = TrainSpec::from_toml(text).unwrap();
        assert_eq!((spec.trainer.epochs, spec.trainer.batch), (3, TrainerSettings::default().batch));
        assert_eq!(spec.validation, Some(Validation::HeldBack(5)));
        assert_eq!(TrainSpec::from_toml(&spec.to_toml().unwrap()).unwrap(), spec);
    }

    #[test]
    fn unknown_keys_are_named_with_those_that_exist() {
        let read = |more: &str| {
            let text = format!("data = \"a.h5\"\noutput = \"m\"\n{more}");
            TrainSpec::from_toml(&text).unwrap_err().to_string()
        };
        assert!(read("epochs = 3").contains("unknown field `epochs`, expected one of"));
        assert!(read("[trainer]\nepoch = 3").contains("unknown field `epoch`"));
        assert!(read("validation = -1").contains("-1"));
    }
}
