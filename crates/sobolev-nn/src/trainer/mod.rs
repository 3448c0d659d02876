//! Training of a model on pairs of fields.
//!
//! ```
//! # use sobolev_nn::{Linear, Model, SampleSource, SourceError, Normalisers, Outcome, Trainer, TrainerSettings};
//! # use sobolev_tensor::{Parameters, Result, Tape, Var};
//! # struct Affine { layer: Linear, parameters: Parameters<f64> }
//! # impl Model<f64> for Affine {
//! #     fn name(&self) -> &'static str { "affine" }
//! #     fn architecture(&self) -> serde_json::Value { serde_json::Value::Null }
//! #     fn citation(&self) -> &'static str { "" }
//! #     fn parameters(&self) -> &Parameters<f64> { &self.parameters }
//! #     fn parameters_mut(&mut self) -> &mut Parameters<f64> { &mut self.parameters }
//! #     fn forward(&self, tape: &mut Tape<f64>, x: Var<f64>) -> Result<Var<f64>> {
//! #         self.layer.forward(&self.parameters, tape, &x)
//! #     }
//! # }
//! # struct Doubled;
//! # impl SampleSource<f64> for Doubled {
//! #     fn samples(&self) -> usize { 40 }
//! #     fn input_shape(&self) -> Vec<usize> { vec![5, 1] }
//! #     fn target_shape(&self) -> Vec<usize> { vec![5, 1] }
//! #     fn read(&self, indices: &[usize], input: &mut [f64], target: &mut [f64]) -> std::result::Result<(), SourceError> {
//! #         for (row, index) in indices.iter().enumerate() {
//! #             for i in 0..5 {
//! #                 input[5 * row + i] = (index * 5 + i) as f64 / 100.0;
//! #                 target[5 * row + i] = 2.0 * input[5 * row + i];
//! #             }
//! #         }
//! #         Ok(())
//! #     }
//! # }
//! # let mut parameters = Parameters::new();
//! # let layer = Linear::new(&mut parameters, "layer", 1, 1, 0)?;
//! # let mut model = Affine { layer, parameters };
//! # let (train, validation) = (Doubled, Doubled);
//! let settings = TrainerSettings { epochs: 60, learning_rate: 0.05, ..TrainerSettings::default() };
//! let normalisers = Normalisers::identity(&train.input_shape(), &train.target_shape());
//! let mut trainer = Trainer::new(settings, normalisers, &model)?;
//! let report = trainer.fit(&mut model, &train, Some(&validation), &())?;
//! assert_eq!(report.outcome, Outcome::Completed);
//! assert!(report.best.unwrap().1 < 0.01);
//! # Ok::<(), sobolev_nn::Error>(())
//! ```

mod progress;
mod settings;
mod state;
mod step;

use std::time::Instant;

use sobolev_tensor::{Error, Monitor, Parameters, Pool, Real, check_channels_last};

use crate::loss::SampleLoss;
use crate::optimiser::Optimiser;
use crate::predict::evaluate_in;
use crate::{BatchOrder, Model, Normalisers, Result, SampleSource};
use progress::Progress;
pub use progress::{EpochRecord, Outcome, TrainingObserver, TrainingReport};
pub use settings::TrainerSettings;
use step::{ADVICE, Step, Stepper, check_samples};

/// Trains a model: shuffled batches, a loss on decoded values, an optimiser with a schedule, the best weights kept.
///
/// - Memory is pooled: a step after the first allocates nothing large.
/// - The result depends on the settings, the samples and the initial weights alone, not on the number of threads.
/// - With validation samples, [`fit`](Self::fit) ends with the weights of the smallest validation error in the model,
///   however it ends; without, with the last weights. When a loss or a gradient is no longer finite, it ends with the last
///   good weights: the best ones, or those at the end of the last epoch.
/// - The whole state can be [saved](Self::save) and [resumed](Self::resume) after any step, and goes on to the same bits.
#[derive(Debug)]
pub struct Trainer<T: Real> {
    settings: TrainerSettings,
    normalisers: Normalisers<T>,
    pool: Pool,
    optimiser: Box<dyn Optimiser<T>>,
    progress: Progress,
    /// The weights to go on with. Between two calls of `fit` the model holds the best ones.
    current: Parameters<T>,
    /// The weights to fall back on: the best ones, or those at the end of the last epoch, or the initial ones.
    kept: Parameters<T>,
}

/// What ended a run before its epochs were over.
type Stop = Option<Outcome>;

impl<T: Real> Trainer<T> {
    /// A trainer that has done no step.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn new(settings: TrainerSettings, normalisers: Normalisers<T>, model: &dyn Model<T>) -> Result<Self> {
        settings.check()?;
        let parameters = model.parameters();
        Ok(Self {
            optimiser: settings.optimiser.build(parameters)?,
            settings,
            normalisers,
            pool: Pool::new(),
            progress: Progress::default(),
            current: parameters.clone(),
            kept: parameters.clone(),
        })
    }

    /// The settings.
    pub fn settings(&self) -> &TrainerSettings {
        &self.settings
    }

    /// The normalisers.
    pub fn normalisers(&self) -> &Normalisers<T> {
        &self.normalisers
    }

    /// Epochs done.
    pub fn epochs_done(&self) -> usize {
        self.progress.epoch
    }

    /// One record an epoch done.
    pub fn history(&self) -> &[EpochRecord] {
        &self.progress.history
    }

    /// Changes the number of epochs in all, for example to train a finished model for longer.
    ///
    /// # Errors
    /// [`Error::Value`] when it is less than the epochs done, zero, or another number than the one with which a training
    /// began whose schedule spans all epochs (cosine, one-cycle): its first steps would have been others.
    pub fn set_epochs(&mut self, epochs: usize) -> Result<()> {
        let least = self.progress.epoch.max(1);
        if epochs < least {
            return Err(Error::value("epochs", format!("at least {least}, the epochs done"), epochs).into());
        }
        let begun = self.settings.epochs;
        if epochs != begun && self.progress.steps > 0 && self.settings.schedule.spans_the_training() {
            let expected = format!("{begun}, since the schedule of the training spans all its epochs");
            return Err(Error::value("epochs", expected, epochs)
                .with_hint("train anew, or choose the schedule step or constant to be able to go on")
                .into());
        }
        self.settings.epochs = epochs;
        Ok(())
    }

    /// Trains up to the number of epochs of the settings, from where the trainer stands.
    ///
    /// The observer is told the steps and the epochs; when it asks to stop, the training ends within one step.
    ///
    /// # Errors
    /// When samples cannot be read or are not finite, or shapes do not fit. A training that diverges is no error but an
    /// [`Outcome`].
    pub fn fit(
        &mut self,
        model: &mut dyn Model<T>,
        train: &dyn SampleSource<T>,
        validation: Option<&dyn SampleSource<T>>,
        observer: &dyn TrainingObserver,
    ) -> Result<TrainingReport> {
        self.fit_epochs(usize::MAX, model, train, validation, observer)
    }

    /// As [`fit`](Self::fit), but at most `epochs` epochs in this call, so that the state can be saved in between.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_epochs(
        &mut self,
        epochs: usize,
        model: &mut dyn Model<T>,
        train: &dyn SampleSource<T>,
        validation: Option<&dyn SampleSource<T>>,
        observer: &dyn TrainingObserver,
    ) -> Result<TrainingReport> {
        let samples = train.samples();
        if self.progress.steps != 0 && self.progress.samples != samples {
            let expected = format!("{} as in the epochs done", self.progress.samples);
            return Err(Error::value("training samples", expected, samples).into());
        }
        self.progress.samples = samples;
        model.parameters_mut().assign(&self.current)?;
        let result = self.run(epochs, model, train, validation, observer);
        self.current.assign(model.parameters())?;
        let diverged = matches!(result, Ok(Outcome::Diverged { .. }));
        if diverged || self.progress.best.is_some() {
            model.parameters_mut().assign(&self.kept)?;
        }
        let history = self.progress.history.clone();
        Ok(TrainingReport { outcome: result?, history, best: self.progress.best })
    }

    fn run(
        &mut self,
        epochs: usize,
        model: &mut dyn Model<T>,
        train: &dyn SampleSource<T>,
        validation: Option<&dyn SampleSource<T>>,
        observer: &dyn TrainingObserver,
    ) -> Result<Outcome> {
        let order = BatchOrder::shuffled(train.samples(), self.settings.batch, self.settings.seed)?;
        check_shapes("training", train, &self.normalisers)?;
        if let Some(source) = validation {
            check_shapes("validation", source, &self.normalisers)?;
        }
        let loss = self.settings.loss.on(&train.target_shape())?;
        let validation = match validation {
            Some(source) => Some((source, self.settings.loss.on(&source.target_shape())?)),
            None => None,
        };
        let last = self.settings.epochs.min(self.progress.epoch.saturating_add(epochs));
        while self.progress.epoch < last {
            if self.is_stale() {
                return Ok(Outcome::StoppedEarly);
            }
            let start = Instant::now();
            let stop = self.steps(model, train, &loss, &order, observer);
            let result = match stop {
                Ok(None) => self.validate(model, validation.as_ref(), observer),
                other => other.map(|stop| Err(stop.unwrap_or(Outcome::Cancelled))),
            };
            self.progress.seconds += start.elapsed().as_secs_f64();
            match result? {
                Ok(error) => self.finish_epoch(model, error, observer)?,
                Err(outcome) => return Ok(outcome),
            }
        }
        Ok(if self.progress.epoch >= self.settings.epochs {
            Outcome::Completed
        } else if self.is_stale() {
            Outcome::StoppedEarly
        } else {
            Outcome::Paused
        })
    }

    /// The remaining steps of the present epoch; or the outcome that ends the training here.
    fn steps(
        &mut self,
        model: &mut dyn Model<T>,
        train: &dyn SampleSource<T>,
        loss: &SampleLoss<T>,
        order: &BatchOrder,
        observer: &dyn TrainingObserver,
    ) -> Result<Stop> {
        let steps_per_epoch = order.batches() as u64;
        let total = steps_per_epoch * self.settings.epochs as u64;
        let stepper = Stepper {
            pool: &self.pool,
            source: train,
            normalisers: &self.normalisers,
            loss,
            reduction: self.settings.reduction,
            clip_norm: self.settings.clip_norm,
        };
        let progress = &mut self.progress;
        let optimiser = &mut *self.optimiser;
        let epoch = order.epoch(progress.epoch as u64);
        for indices in epoch.batches_from(progress.batch) {
            if observer.cancelled() {
                return Ok(Some(Outcome::Cancelled));
            }
            let learning_rate = self.settings.learning_rate_at(progress.steps, steps_per_epoch);
            // Enter the thread pool once a step; every parallel loop in it then starts at once.
            let step = rayon::scope(|_| stepper.step(model, optimiser, indices, learning_rate))?;
            match step {
                Step::Done { loss_sum, gradient_norm } => {
                    progress.loss_sum += loss_sum;
                    progress.gradient_norm = gradient_norm;
                }
                Step::Diverged(cause) => {
                    let (epoch, step) = (progress.epoch + 1, progress.steps + 1);
                    return Ok(Some(Outcome::Diverged { epoch, step, cause }));
                }
            }
            progress.learning_rate = learning_rate;
            progress.steps += 1;
            progress.batch += 1;
            observer.progress(progress.steps, total);
        }
        // Without a validation error, these are the weights to fall back on: no loss of theirs has been seen yet.
        if progress.best.is_none() {
            let last = epoch.batch(order.batches() - 1);
            let loss_sum = stepper.loss_sum(model, last)?;
            if !loss_sum.is_finite() {
                let cause = format!("the loss is {loss_sum} after the last step; {ADVICE}");
                return Ok(Some(Outcome::Diverged {
                    epoch: progress.epoch + 1,
                    step: progress.steps,
                    cause,
                }));
            }
        }
        Ok(None)
    }

    /// The validation error, when it is due; or the outcome that ends the training here.
    fn validate(
        &self,
        model: &dyn Model<T>,
        validation: Option<&(&dyn SampleSource<T>, SampleLoss<T>)>,
        observer: &dyn TrainingObserver,
    ) -> Result<std::result::Result<Option<f64>, Outcome>> {
        let epoch = self.progress.epoch + 1;
        let due = epoch.is_multiple_of(self.settings.evaluate_every) || epoch == self.settings.epochs;
        let Some((source, loss)) = validation.filter(|_| due) else {
            return Ok(Ok(None));
        };
        let monitor: &dyn Monitor = &CancelOnly(observer);
        let losses = evaluate_in(
            &self.pool,
            model,
            *source,
            "validation",
            self.settings.batch,
            &self.normalisers,
            loss,
            monitor,
        );
        let losses = match losses {
            Err(crate::Error::Numeric(Error::Cancelled { .. })) => return Ok(Err(Outcome::Cancelled)),
            other => other?,
        };
        let error = losses.iter().sum::<f64>() / losses.len() as f64;
        if !error.is_finite() {
            let samples: Vec<usize> = (0..source.samples()).collect();
            check_samples(&self.pool, *source, "validation", &samples)?;
            let cause = format!("the validation error is {error}; the weights have grown out of range");
            return Ok(Err(Outcome::Diverged { epoch, step: self.progress.steps, cause }));
        }
        Ok(Ok(Some(error)))
    }

    fn finish_epoch(
        &mut self,
        model: &dyn Model<T>,
        error: Option<f64>,
        observer: &dyn TrainingObserver,
    ) -> Result<()> {
        let record = self.progress.finish_epoch(error);
        let best = record.best;
        observer.epoch(record);
        if best || self.progress.best.is_none() {
            self.kept.assign(model.parameters())?;
        }
        Ok(())
    }

    /// Whether the validation error has not improved for as many epochs as allowed.
    fn is_stale(&self) -> bool {
        match (self.settings.patience, self.progress.best) {
            (Some(patience), Some((best, _))) => self.progress.epoch - best >= patience,
            _ => false,
        }
    }
}

/// Checks rank and channels of samples against those that the normalisers were fitted to.
fn check_shapes<T: Real>(
    role: &str,
    source: &dyn SampleSource<T>,
    normalisers: &Normalisers<T>,
) -> sobolev_tensor::Result<()> {
    let sides = [
        ("input", source.input_shape(), &normalisers.input),
        ("target", source.target_shape(), &normalisers.target),
    ];
    for (side, shape, normaliser) in sides {
        let Some((channels, grid)) = normaliser.header().sample.split_last() else {
            return Err(Error::shape("normaliser", "samples [space.., channels]", &[]));
        };
        let whole = [&[source.samples().max(1)], &shape[..]].concat();
        check_channels_last(&format!("{role} {side}"), &whole, grid.len(), *channels)?;
    }
    Ok(())
}

/// Passes on the wish to stop, but not the progress: evaluations do not count as steps.
struct CancelOnly<'a>(&'a dyn TrainingObserver);

impl Monitor for CancelOnly<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

#[cfg(test)]
mod tests;
