//! Optimisers: how the parameters move, given their gradients.

mod adam;
mod clip;

use serde::{Deserialize, Serialize};
use sobolev_tensor::{Gradients, Parameters, Real, Result, Tensor};
use std::fmt::Debug;

use crate::checkpoint::CheckpointError;
use crate::settings::word_or_table;
pub use adam::{Adam, AdamSettings};
pub use clip::{clip_factor, gradient_norm};

/// Answers the stored tensor of a name, of the given shape.
pub type StoredTensors<'a, T> =
    &'a mut dyn FnMut(&str, &[usize]) -> std::result::Result<Tensor<T>, CheckpointError>;

/// An optimiser with its state.
pub trait Optimiser<T: Real>: Debug + Send {
    /// Moves all parameters that have a gradient. `learning_rate` is that of this step; every gradient counts `scale`
    /// times (the factor of a clipping).
    fn step(
        &mut self,
        parameters: &mut Parameters<T>,
        gradients: &Gradients<T>,
        learning_rate: f64,
        scale: f64,
    );

    /// Steps done.
    fn steps(&self) -> u64;

    /// The state as tensors with names, for a checkpoint; `parameters` are those that it was built for.
    fn state(&self, parameters: &Parameters<T>) -> Vec<(String, &Tensor<T>)>;

    /// Takes over a stored state; the tensors are asked for by name and shape.
    ///
    /// # Errors
    /// Those of `stored`; the optimiser is unchanged then.
    fn restore(
        &mut self,
        steps: u64,
        parameters: &Parameters<T>,
        stored: StoredTensors<'_, T>,
    ) -> std::result::Result<(), CheckpointError>;
}

/// Which optimiser, and its settings. In files: `"adam"`, or `{ adamw = { weight_decay = 0.01 } }`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "lowercase")]
pub enum OptimiserSettings {
    /// Adam with a coupled weight decay: `weight_decay` times the parameter is added to its gradient (Kingma and Ba 2015,
    /// arXiv:1412.6980; so used by Li et al. 2021).
    Adam(AdamSettings),
    /// Adam with a decoupled weight decay: the parameter shrinks by `learning_rate weight_decay` beside the step
    /// (Loshchilov and Hutter 2019, arXiv:1711.05101).
    AdamW(AdamSettings),
}

word_or_table!(OptimiserSettings);

impl Default for OptimiserSettings {
    fn default() -> Self {
        Self::Adam(AdamSettings::default())
    }
}

impl OptimiserSettings {
    /// Checks that all numbers are in range.
    ///
    /// # Errors
    /// [`Error::Value`](sobolev_tensor::Error::Value) that names the setting.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Adam(settings) | Self::AdamW(settings) => settings.check(),
        }
    }

    /// An optimiser for parameters of these shapes that has done no step.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn build<T: Real>(&self, parameters: &Parameters<T>) -> Result<Box<dyn Optimiser<T>>> {
        self.check()?;
        Ok(match self {
            Self::Adam(settings) => Box::new(Adam::new(*settings, parameters)),
            Self::AdamW(settings) => Box::new(Adam::decoupled(*settings, parameters)),
        })
    }
}

#[cfg(test)]
mod tests;
