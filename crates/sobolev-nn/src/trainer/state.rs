//! The whole state of a training in a file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sobolev_tensor::{Pool, Real};

use super::progress::Progress;
use super::{Trainer, TrainerSettings};
use crate::checkpoint::{Checkpoint, CheckpointContent};
use crate::{Model, Result};

/// Beside the tensors, in the header of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    trainer: TrainerSettings,
    progress: Progress,
}

const CURRENT: &str = "parameters.";
const KEPT: &str = "best.";
const OPTIMISER: &str = "optimiser.";

impl<T: Real> Trainer<T> {
    /// Writes the whole state: settings, weights, best weights, the optimiser's moments, normalisers, history and the
    /// position in the epoch. May be called after any return of [`fit`](Self::fit).
    ///
    /// # Errors
    /// [`CheckpointError::Write`](crate::checkpoint::CheckpointError::Write) with the error of the system; a state that
    /// was there before is whole then.
    pub fn save(&self, model: &dyn Model<T>, path: impl AsRef<Path>) -> Result<()> {
        let mut checkpoint = Checkpoint::empty(CheckpointContent::Training, model, &self.normalisers);
        checkpoint.add_parameters(CURRENT, &self.current);
        checkpoint.add_parameters(KEPT, &self.kept);
        for (name, tensor) in self.optimiser.state(&self.current) {
            checkpoint.add(format!("{OPTIMISER}{name}"), tensor.clone());
        }
        let state = State { trainer: self.settings.clone(), progress: self.progress.clone() };
        let state = serde_json::to_value(state)
            .map_err(|error| sobolev_tensor::Error::value("training state", "finite numbers", error))?;
        Ok(checkpoint.with_settings(state).write(path)?)
    }

    /// The trainer of a saved state, for a model of the same architecture. Training goes on exactly as it would have
    /// without the interruption, to the same bits on a machine of the same kind.
    ///
    /// # Errors
    /// [`CheckpointError`](crate::checkpoint::CheckpointError) when the file is unreadable, damaged, no training state, or
    /// one of another model.
    pub fn resume(path: impl AsRef<Path>, model: &dyn Model<T>) -> Result<Self> {
        let checkpoint = Checkpoint::<T>::read(path)?;
        checkpoint.expect_content(CheckpointContent::Training)?;
        checkpoint.expect_model(model)?;
        let known = ["normaliser.", CURRENT, KEPT, OPTIMISER];
        checkpoint.expect_no_others(|name| known.iter().any(|prefix| name.starts_with(prefix)))?;
        let State { trainer: settings, progress } =
            serde_json::from_value(checkpoint.header().settings().clone())
                .map_err(|error| checkpoint.damaged(format!("its training state: {error}")))?;
        settings.check()?;
        progress.check().map_err(|reason| checkpoint.damaged(format!("its training state: {reason}")))?;
        let current = checkpoint.parameters(CURRENT, model.parameters())?;
        checkpoint.expect_architecture(model)?;
        let mut optimiser = settings.optimiser.build(&current)?;
        optimiser.restore(progress.steps, &current, &mut |name, shape| {
            checkpoint.tensor_of_shape(&format!("{OPTIMISER}{name}"), shape)
        })?;
        Ok(Self {
            settings,
            normalisers: checkpoint.normalisers()?,
            pool: Pool::new(),
            optimiser,
            progress,
            kept: checkpoint.parameters(KEPT, model.parameters())?,
            current,
        })
    }
}
