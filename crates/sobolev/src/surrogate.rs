//! A trained model with all that belongs to it: normalisers, and what it was trained on.

use std::fmt;
use std::path::Path;

use ndarray::{ArrayD, ArrayViewD, Axis};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sobolev_data::Dataset;
use sobolev_nn::checkpoint::CheckpointContent;
use sobolev_nn::{
    Checkpoint, CheckpointError, CheckpointHeader, Model, Normaliser, NormaliserKind, Normalisers,
    SampleSource, Trainer, TrainerSettings, TrainingObserver, TrainingReport,
};
use sobolev_operators::{ModelEntry, SampleGrid};
use sobolev_tensor::{Error as NumericError, Monitor};

use crate::description::DataDescription;
use crate::error::{Error, Result};
use crate::metrics::{Derivative, Evaluation, Evaluator};

/// Samples of a batch of predictions, unless something else is asked for.
pub const BATCH: usize = 20;

/// Which normalisers to fit. Both default to one mean and deviation a channel, which serves every grid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NormaliserKinds {
    /// Of the inputs.
    pub input: NormaliserKind,
    /// Of the targets.
    pub target: NormaliserKind,
}

impl Default for NormaliserKinds {
    fn default() -> Self {
        Self { input: NormaliserKind::Channel, target: NormaliserKind::Channel }
    }
}

/// A model that answers in physical units on any grid: inputs are normalised, predictions are not.
///
/// ```
/// use ndarray::{Array, IxDyn};
/// use sobolev::data::Dataset;
/// use sobolev::nn::TrainerSettings;
/// use sobolev::Surrogate;
/// // The derivative of a sine wave, learnt on 32 points and asked for on 48.
/// let wave = |n: usize, f: fn(f32) -> f32| {
///     Array::from_shape_fn(IxDyn(&[8, n, 1]), |i| f(i[0] as f32 + 6.2832 * i[1] as f32 / n as f32))
/// };
/// let data = Dataset::from_arrays(wave(32, f32::sin), wave(32, f32::cos))?;
/// let settings = serde_json::json!({ "modes": 4, "width": 8, "coordinates": "none" });
/// let mut surrogate = Surrogate::new("fno", settings, Default::default(), &data, 0)?;
/// let settings = TrainerSettings { epochs: 60, batch: 4, learning_rate: 1e-2, ..Default::default() };
/// surrogate.fit(settings, &data, None, &())?;
/// let answer = surrogate.predict(wave(48, f32::sin).view())?;
/// assert_eq!(answer.shape(), [8, 48, 1]);
/// let error = surrogate.evaluate(&data, &())?.relative_l2().mean();
/// assert!(error < 0.2, "{error}");
/// # Ok::<(), sobolev::Error>(())
/// ```
pub struct Surrogate {
    model: Box<dyn Model<f32>>,
    normalisers: Normalisers<f32>,
    record: Record,
    metrics: Value,
}

/// What stands in the header of a checkpoint beside the architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    data: DataDescription,
    trainer: Option<TrainerSettings>,
}

impl fmt::Debug for Surrogate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surrogate")
            .field("model", &self.model.name())
            .field("architecture", &self.model.architecture())
            .field("data", &self.record.data)
            .finish_non_exhaustive()
    }
}

impl Surrogate {
    /// An untrained model of the list [`MODELS`](sobolev_operators::MODELS), with normalisers fitted to `data`. Settings that the
    /// data determine (channels, axes) may be left out. Initial weights are a function of the settings and `seed`.
    ///
    /// # Errors
    /// When the model or a setting is not known, a setting is out of range, or the data cannot be read.
    pub fn new(
        model: &str,
        settings: Value,
        normalise: NormaliserKinds,
        data: &Dataset,
        seed: u64,
    ) -> Result<Self> {
        let description = DataDescription::of(data);
        let model = build(model, settings, data, &description, seed)?;
        let [input, target] =
            Normaliser::fit(normalise.input, normalise.target, data as &dyn SampleSource<f32>)?;
        let normalisers = Normalisers::new(input, target);
        let record = Record { data: description, trainer: None };
        Ok(Self { model, normalisers, record, metrics: Value::Null })
    }

    /// A surrogate of a model that is at hand.
    ///
    /// # Errors
    /// When the data cannot be read.
    pub fn of_model(model: Box<dyn Model<f32>>, normalise: NormaliserKinds, data: &Dataset) -> Result<Self> {
        let [input, target] =
            Normaliser::fit(normalise.input, normalise.target, data as &dyn SampleSource<f32>)?;
        let record = Record { data: DataDescription::of(data), trainer: None };
        Ok(Self { model, normalisers: Normalisers::new(input, target), record, metrics: Value::Null })
    }

    /// The model.
    pub fn model(&self) -> &dyn Model<f32> {
        self.model.as_ref()
    }

    /// The normalisers.
    pub fn normalisers(&self) -> &Normalisers<f32> {
        &self.normalisers
    }

    /// What it was trained on.
    pub fn data(&self) -> &DataDescription {
        &self.record.data
    }

    /// How it was trained, if it was.
    pub fn trainer_settings(&self) -> Option<&TrainerSettings> {
        self.record.trainer.as_ref()
    }

    /// Number of spatial axes (and time, where targets are trajectories).
    pub fn dimensions(&self) -> usize {
        self.record.data.input.axes.len()
    }

    /// Trains from the present weights. With validation samples the weights of the smallest validation error are kept,
    /// also when the observer stops the training.
    ///
    /// # Errors
    /// When a setting is out of range, or samples cannot be read or do not fit the model. A training that diverges is no
    /// error but an [`Outcome`](sobolev_nn::Outcome) of the report.
    pub fn fit(
        &mut self,
        settings: TrainerSettings,
        train: &Dataset,
        validation: Option<&Dataset>,
        observer: &dyn TrainingObserver,
    ) -> Result<TrainingReport> {
        let mut trainer = self.trainer(settings)?;
        self.fit_with(&mut trainer, usize::MAX, train, validation, observer)
    }

    /// A trainer for this surrogate that has done no step; for trainings that are made in parts with
    /// [`fit_with`](Self::fit_with). An H1 loss whose derivative is left out takes the one that fits the targets.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn trainer(&self, settings: TrainerSettings) -> Result<Trainer<f32>> {
        let loss = settings.loss.for_fields(self.record.data.target.is_periodic());
        let settings = TrainerSettings { loss, ..settings };
        Ok(Trainer::new(settings, self.normalisers.clone(), self.model())?)
    }

    /// The trainer of a state that [`Trainer::save`] wrote, whose normalisers become those of the surrogate.
    ///
    /// # Errors
    /// When the file cannot be read or holds the state of another model.
    pub fn resume(&mut self, state: impl AsRef<Path>) -> Result<Trainer<f32>> {
        let trainer = Trainer::resume(state, self.model())?;
        self.normalisers = trainer.normalisers().clone();
        Ok(trainer)
    }

    /// Trains at most `epochs` epochs with a trainer from [`trainer`](Self::trainer) or [`resume`](Self::resume).
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_with(
        &mut self,
        trainer: &mut Trainer<f32>,
        epochs: usize,
        train: &Dataset,
        validation: Option<&Dataset>,
        observer: &dyn TrainingObserver,
    ) -> Result<TrainingReport> {
        let check = |role: &str, data: &Dataset| -> Result<()> {
            if data.is_empty() {
                let error = NumericError::value(format!("{role} samples"), "at least 1", 0);
                return Err(error.with_hint("the data set is empty").into());
            }
            Ok(())
        };
        check("training", train)?;
        validation.map_or(Ok(()), |data| check("validation", data))?;
        let source = validation.map(|data| data as &dyn SampleSource<f32>);
        let report = trainer.fit_epochs(epochs, self.model.as_mut(), train, source, observer)?;
        self.record.data = DataDescription::of(train);
        self.record.trainer = Some(trainer.settings().clone());
        self.metrics = serde_json::json!({
            "epochs": report.history.len(),
            "train_loss": report.history.last().map(|record| record.train_loss),
            "best_epoch": report.best.map(|(epoch, _)| epoch),
            "validation_error": report.best.map(|(_, error)| error),
        });
        Ok(report)
    }

    /// Predictions `[batch, space.., channels]` for inputs `[batch, space.., channels]`, both in physical units, on any grid
    /// that has the model's modes. An input of one channel may lack the channel axis; a prediction of one channel then lacks
    /// it too.
    ///
    /// # Errors
    /// When the rank or the number of channels is wrong (channels-first arrays are recognised), there are no samples, a value
    /// is not finite, or the grid is too coarse.
    pub fn predict(&self, input: ArrayViewD<'_, f32>) -> Result<ArrayD<f32>> {
        self.predict_batches(input, BATCH, &())
    }

    /// [`predict`](Self::predict) with the number of samples that are in memory at once, and a monitor.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and when the monitor cancels.
    pub fn predict_batches(
        &self,
        input: ArrayViewD<'_, f32>,
        batch: usize,
        monitor: &dyn Monitor,
    ) -> Result<ArrayD<f32>> {
        let (dimensions, sample) = (self.dimensions(), &self.normalisers.input.header().sample);
        let channels = sample[sample.len() - 1];
        // A last axis of one is a channel axis: the array then lacks a grid axis, and is refused.
        let last = input.shape().last().copied().unwrap_or(0);
        let plain = input.ndim() == dimensions + 1 && channels == 1 && last > 1;
        let input = if plain { input.insert_axis(Axis(dimensions + 1)) } else { input };
        sobolev_tensor::check_channels_last("input", input.shape(), dimensions, channels)?;
        let normalisers = self.normalisers_on(&input.shape()[1..=dimensions])?;
        let prediction = sobolev_nn::predict(self.model(), input, batch, &normalisers, monitor)?;
        let last = prediction.ndim() - 1;
        let one = prediction.len_of(Axis(last)) == 1;
        Ok(if plain && one { prediction.index_axis_move(Axis(last), 0) } else { prediction })
    }

    /// The normalisers for another grid: pointwise statistics are interpolated, all others serve every grid.
    fn normalisers_on(&self, grid: &[usize]) -> Result<Normalisers<f32>> {
        let on = |normaliser: &Normaliser<f32>, alignment: &[_]| {
            let sample = &normaliser.header().sample;
            if normaliser.kind() != NormaliserKind::Pointwise || sample[..sample.len() - 1] == *grid {
                return Ok(normaliser.clone());
            }
            normaliser.at_resolution(grid, alignment)
        };
        let DataDescription { input, target, .. } = &self.record.data;
        Ok(Normalisers::new(
            on(&self.normalisers.input, &input.alignment())?,
            on(&self.normalisers.target, &target.alignment())?,
        ))
    }

    /// Compares predictions with the targets of a data set, which may have another grid than the training data. H1 errors
    /// take Fourier derivatives on periodic grids, else finite differences.
    ///
    /// # Errors
    /// When the data do not fit the model, cannot be read or are empty, or the monitor cancels.
    pub fn evaluate(&self, data: &Dataset, monitor: &dyn Monitor) -> Result<Evaluation> {
        self.evaluate_batches(data, BATCH, monitor)
    }

    /// [`evaluate`](Self::evaluate) with the number of samples that are in memory at once.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_batches(
        &self,
        data: &Dataset,
        batch: usize,
        monitor: &dyn Monitor,
    ) -> Result<Evaluation> {
        if batch == 0 {
            return Err(NumericError::value("batch", "at least 1", batch).into());
        }
        let description = DataDescription::of(data);
        let grid: Vec<usize> = description.target.axes.iter().map(|axis| axis.points).collect();
        let derivative =
            if description.target.is_periodic() { Derivative::Fourier } else { Derivative::FiniteDifference };
        let mut evaluator = Evaluator::new(&grid)?.with_derivative(derivative)?;
        if let Some(lengths) = description.target.lengths() {
            evaluator = evaluator.with_lengths(&lengths)?;
        }
        let total = data.len();
        let mut whole: Option<Evaluation> = None;
        for start in (0..total).step_by(batch) {
            if monitor.cancelled() {
                let (done, total) = (start as u64, total as u64);
                return Err(NumericError::Cancelled { task: "evaluation".to_string(), done, total }.into());
            }
            let end = total.min(start + batch);
            let (input, target) = data.read_range::<f32>(start..end)?;
            let prediction = self.predict_batches(input.view(), batch, &())?;
            let part = evaluator.evaluate(prediction.view(), target.view())?;
            match whole.as_mut() {
                Some(whole) => whole.append(part)?,
                None => whole = Some(part),
            }
            monitor.progress(end as u64, total as u64);
        }
        whole.ok_or_else(|| {
            NumericError::value("samples", "at least 1", 0).with_hint("the data set is empty").into()
        })
    }

    /// Writes a checkpoint: safetensors with a JSON header, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before stays.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let record = serde_json::to_value(&self.record)
            .map_err(|error| NumericError::value("training record", "numbers that are finite", error))?;
        let checkpoint = Checkpoint::of_model(self.model(), &self.normalisers);
        Ok(checkpoint.with_settings(record).with_metrics(self.metrics.clone()).write(path)?)
    }

    /// Reads a checkpoint and builds its model.
    ///
    /// # Errors
    /// [`CheckpointError`] that says whether the file is unreadable, foreign, truncated or damaged, or holds something else;
    /// [`Error::Numeric`] when this program does not know the model.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let checkpoint = Checkpoint::<f32>::read(path)?;
        let header = checkpoint.header();
        if header.content() != CheckpointContent::Model {
            return Err(CheckpointError::Other {
                path: path.to_path_buf(),
                what: "the content",
                expected: "a model".to_string(),
                got: "a training state, which train --resume goes on with".to_string(),
            }
            .into());
        }
        let damaged = |reason: String| CheckpointError::Damaged { path: path.to_path_buf(), reason };
        let record: Record = serde_json::from_value(header.settings().clone())
            .map_err(|error| damaged(format!("its record of the training: {error}")))?;
        let Value::Object(architecture) = header.architecture().clone() else {
            return Err(damaged("its architecture is not a table".to_string()).into());
        };
        let mut model = (ModelEntry::named(header.model())?.build)(architecture, 0)
            .map_err(|error| damaged(format!("its architecture: {error}")))?;
        checkpoint.load_into(model.as_mut())?;
        let (normalisers, metrics) = (checkpoint.normalisers()?, header.metrics().clone());
        Ok(Self { model, normalisers, record, metrics })
    }

    /// A summary of a checkpoint, without reading its numbers.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn info(path: impl AsRef<Path>) -> Result<SurrogateInfo> {
        let path = path.as_ref();
        let header = CheckpointHeader::read(path)?;
        let record: Option<Record> = serde_json::from_value(header.settings().clone()).ok();
        let (data, trainer) = record.map_or((None, None), |record| (Some(record.data), record.trainer));
        Ok(SurrogateInfo {
            path: path.display().to_string(),
            content: header.content(),
            model: header.model().to_string(),
            architecture: header.architecture().clone(),
            number: header.number().to_string(),
            input_shape: header.input_shape().to_vec(),
            target_shape: header.target_shape().to_vec(),
            data,
            trainer,
            metrics: header.metrics().clone(),
            made_by: header.code().to_string(),
        })
    }
}

/// The model of a name and settings, fitted to the shape of the samples.
fn build(
    model: &str,
    settings: Value,
    data: &Dataset,
    description: &DataDescription,
    seed: u64,
) -> Result<Box<dyn Model<f32>>> {
    let entry = ModelEntry::named(model)?;
    let mut settings: Map<String, Value> = match settings {
        Value::Object(settings) => settings,
        Value::Null => Map::new(),
        other => return Err(Error::spec("model settings", format!("expected a table, got {other}"))),
    };
    let source: &dyn SampleSource<f32> = data;
    let grid = SampleGrid {
        input: source.input_shape(),
        target: source.target_shape(),
        alignment: description.input.alignment(),
    };
    (entry.fit_to)(&mut settings, &grid)?;
    Ok((entry.build)(settings, seed)?)
}

/// A summary of a checkpoint; `Display` prints it over several lines.
#[derive(Debug, Clone, Serialize)]
pub struct SurrogateInfo {
    /// The file.
    pub path: String,
    /// A model, or the state of a training.
    pub content: CheckpointContent,
    /// Name in the list of models.
    pub model: String,
    /// What the model is made of.
    pub architecture: Value,
    /// Number type of the weights.
    pub number: String,
    /// Shape `[space.., channels]` of the inputs in training.
    pub input_shape: Vec<usize>,
    /// Shape `[space.., channels]` of the targets in training.
    pub target_shape: Vec<usize>,
    /// What it was trained on; nothing for the state of a training.
    pub data: Option<DataDescription>,
    /// How it was trained.
    pub trainer: Option<TrainerSettings>,
    /// Where the training stood.
    pub metrics: Value,
    /// Version of the code that wrote it.
    pub made_by: String,
}

impl fmt::Display for SurrogateInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = match self.content {
            CheckpointContent::Model => "model",
            CheckpointContent::Training => "training state",
        };
        writeln!(f, "checkpoint {} ({content}, {}, {})", self.path, self.number, self.made_by)?;
        writeln!(f, "  model      {}", self.model)?;
        for (name, value) in self.architecture.as_object().into_iter().flatten() {
            writeln!(f, "             {name} = {value}")?;
        }
        writeln!(f, "  maps       {:?} to {:?}, channels last", self.input_shape, self.target_shape)?;
        if let Some(data) = &self.data {
            let of = if data.equation.is_empty() { "of another program" } else { data.equation.as_str() };
            writeln!(
                f,
                "  trained on {} samples, {of}: {} to {}",
                data.samples, data.input.name, data.target.name
            )?;
        }
        for (name, value) in
            self.metrics.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
        {
            writeln!(f, "  {:<10} {value}", name.replace('_', " "))?;
        }
        Ok(())
    }
}
