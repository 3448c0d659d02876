//! Where a training stands, what it tells, and how it ended.

use serde::{Deserialize, Serialize};
use sobolev_tensor::Monitor;
use std::sync::atomic::AtomicBool;

/// Watches a training: beside the steps (see [`Monitor`]) it is told the epochs.
pub trait TrainingObserver: Monitor {
    /// An epoch is over. Called from the thread that called [`Trainer::fit`](crate::Trainer::fit).
    fn epoch(&self, record: &EpochRecord) {
        let _ = record;
    }
}

impl TrainingObserver for () {}

impl TrainingObserver for AtomicBool {}

/// One line of the history of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the training samples, each with the weights of its step.
    pub train_loss: f64,
    /// Mean loss over the validation samples after the epoch; `None` when it was not evaluated.
    pub validation_error: Option<f64>,
    /// Whether the validation error is the smallest so far.
    pub best: bool,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Norm of the last gradient, before clipping.
    pub gradient_norm: f64,
    /// Wall-clock seconds of the epoch, evaluation included.
    pub seconds: f64,
}

/// How a training ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// All epochs are done.
    Completed,
    /// The epochs asked for are done, and there are more.
    Paused,
    /// The validation error has not improved for as many epochs as the settings allow.
    StoppedEarly,
    /// The observer asked to stop.
    Cancelled,
    /// A loss or a gradient was no longer finite.
    Diverged {
        /// Epoch in which it happened, from 1.
        epoch: usize,
        /// Step in which it happened, from 1.
        step: u64,
        /// What was no longer finite, and what to do.
        cause: String,
    },
}

/// The result of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingReport {
    /// How it ended.
    pub outcome: Outcome,
    /// One record an epoch, from the first one on, resumed parts included.
    pub history: Vec<EpochRecord>,
    /// Epoch of the smallest validation error, and the error.
    pub best: Option<(usize, f64)>,
}

/// Where a training stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// Training samples; zero before the first step. Another number would mean other batches.
    pub(super) samples: usize,
    /// Epochs done.
    pub(super) epoch: usize,
    /// Batches of the present epoch that are done.
    pub(super) batch: usize,
    /// Steps done in all.
    pub(super) steps: u64,
    /// Sum of the losses of the samples of the present epoch.
    pub(super) loss_sum: f64,
    /// Learning rate and gradient norm of the last step.
    pub(super) learning_rate: f64,
    pub(super) gradient_norm: f64,
    /// Seconds spent in the present epoch.
    pub(super) seconds: f64,
    /// Epoch of the smallest validation error, and the error.
    pub(super) best: Option<(usize, f64)>,
    pub(super) history: Vec<EpochRecord>,
}

impl Progress {
    /// Whether a stored progress can be true.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.history.len() != self.epoch {
            Err("the history does not have one record an epoch")
        } else if self.best.is_some_and(|(epoch, _)| epoch == 0 || epoch > self.epoch) {
            Err("the best epoch is none of the epochs done")
        } else {
            Ok(())
        }
    }

    /// Closes the present epoch.
    pub(super) fn finish_epoch(&mut self, validation_error: Option<f64>) -> &EpochRecord {
        let epoch = self.epoch + 1;
        let best = validation_error.is_some_and(|error| self.best.is_none_or(|(_, best)| error < best));
        if best {
            self.best = validation_error.map(|error| (epoch, error));
        }
        self.history.push(EpochRecord {
            epoch,
            train_loss: self.loss_sum / self.samples as f64,
            validation_error,
            best,
            learning_rate: self.learning_rate,
            gradient_norm: self.gradient_norm,
            seconds: self.seconds,
        });
        self.epoch = epoch;
        self.batch = 0;
        self.loss_sum = 0.0;
        self.seconds = 0.0;
        &self.history[epoch - 1]
    }
}
