//! The settings of a training, with all defaults in one place.

use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Result};

use crate::loss::{Loss, Reduction};
use crate::optimiser::OptimiserSettings;
use crate::schedule::{Schedule, warm_up_factor};

/// How a model is trained. Everything has a default; unknown names are refused.
///
/// ```
/// use sobolev_nn::TrainerSettings;
/// let settings: TrainerSettings = serde_json::from_str(r#"{ "epochs": 100, "schedule": "one-cycle" }"#)?;
/// assert_eq!(settings.batch, 20);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerSettings {
    /// Passes over the training samples.
    pub epochs: usize,
    /// Samples of a step; the last batch of an epoch may be smaller.
    pub batch: usize,
    /// Largest learning rate; the schedule and the warm-up multiply it.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Epochs, whole or not, over which the learning rate rises in proportion to the steps.
    pub warm_up_epochs: f64,
    /// The optimiser.
    pub optimiser: OptimiserSettings,
    /// Largest Euclidean norm of the gradient; longer ones are shortened to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// The loss, on decoded values. It is also what is measured on the validation samples.
    pub loss: Loss,
    /// Mean or sum over the samples of a batch.
    pub reduction: Reduction,
    /// Epochs between two evaluations on the validation samples; the last epoch is always evaluated.
    pub evaluate_every: usize,
    /// Training stops when the validation error has not improved for this many epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Seed of the order of the samples.
    pub seed: u64,
}

impl Default for TrainerSettings {
    /// The settings of the scripts of Li et al. 2021 for the Fourier neural operator: Adam, learning rate 1e-3, halved
    /// every 100 of 500 epochs, batches of 20, relative L2 error.
    fn default() -> Self {
        Self {
            epochs: 500,
            batch: 20,
            learning_rate: 1e-3,
            schedule: Schedule::default(),
            warm_up_epochs: 0.0,
            optimiser: OptimiserSettings::default(),
            clip_norm: None,
            loss: Loss::RelativeL2 {},
            reduction: Reduction::Mean,
            evaluate_every: 1,
            patience: None,
            seed: 0,
        }
    }
}

impl TrainerSettings {
    /// Checks that all numbers are in range.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting.
    pub fn check(&self) -> Result<()> {
        for (name, value) in
            [("epochs", self.epochs), ("batch", self.batch), ("evaluate_every", self.evaluate_every)]
        {
            if value == 0 {
                return Err(Error::value(name, "at least 1", value));
            }
        }
        if self.patience == Some(0) {
            return Err(
                Error::value("patience", "at least 1", 0).with_hint("leave it out to train all epochs")
            );
        }
        let positive = |value: f64| value > 0.0 && value.is_finite();
        for (name, value) in [("learning_rate", Some(self.learning_rate)), ("clip_norm", self.clip_norm)] {
            if let Some(value) = value
                && !positive(value)
            {
                return Err(Error::value(name, "a positive number", value));
            }
        }
        if !(self.warm_up_epochs >= 0.0 && self.warm_up_epochs.is_finite()) {
            return Err(Error::value("warm_up_epochs", "a number that is not negative", self.warm_up_epochs));
        }
        self.schedule.check()?;
        self.optimiser.check()
    }

    /// Learning rate of step `step` (from 0) when an epoch has `steps_per_epoch` steps.
    pub fn learning_rate_at(&self, step: u64, steps_per_epoch: u64) -> f64 {
        let warm_up = (self.warm_up_epochs * steps_per_epoch as f64).round() as u64;
        self.learning_rate
            * self.schedule.factor(step, steps_per_epoch, self.epochs as u64)
            * warm_up_factor(step, warm_up)
    }
}
