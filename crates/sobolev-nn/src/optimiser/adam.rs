//! Adam and AdamW.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Gradients, Parameters, Pool, Real, Result, Tensor};

use super::{Optimiser, StoredTensors};
use crate::checkpoint::CheckpointError;
use crate::parallel::CHUNK;
use sobolev_tensor::simd::{self, Kernel, fused};

/// Settings of Adam and AdamW.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamSettings {
    /// Decay of the first moment, in [0, 1).
    pub beta1: f64,
    /// Decay of the second moment, in [0, 1).
    pub beta2: f64,
    /// Added to the root of the second moment, above 0.
    pub epsilon: f64,
    /// Weight decay, coupled (Adam) or decoupled (AdamW), not negative.
    pub weight_decay: f64,
}

impl Default for AdamSettings {
    /// The values of the scripts of Li et al. 2021: 0.9, 0.999, 1e-8, 1e-4.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-4 }
    }
}

impl AdamSettings {
    pub(super) fn check(&self) -> Result<()> {
        let rules = [
            ("beta1", self.beta1, (0.0..1.0).contains(&self.beta1), "a number in [0, 1)"),
            ("beta2", self.beta2, (0.0..1.0).contains(&self.beta2), "a number in [0, 1)"),
            ("epsilon", self.epsilon, self.epsilon > 0.0 && self.epsilon.is_finite(), "a positive number"),
            (
                "weight_decay",
                self.weight_decay,
                self.weight_decay >= 0.0 && self.weight_decay.is_finite(),
                "a number that is not negative",
            ),
        ];
        match rules.into_iter().find(|(_, _, holds, _)| !holds) {
            Some((name, value, _, expected)) => {
                Err(Error::value(format!("optimiser {name}"), expected, value))
            }
            None => Ok(()),
        }
    }
}

/// Adam (Kingma and Ba 2015, arXiv:1412.6980) in the form of PyTorch. For a parameter p with gradient g at step t:
///
/// ```text
/// m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2
/// p <- p - learning_rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)
/// ```
///
/// Coupled decay adds `weight_decay p` to g first; decoupled decay (AdamW, Loshchilov and Hutter 2019, arXiv:1711.05101)
/// multiplies p by `1 - learning_rate weight_decay` first.
///
/// Complex weights are stored as real and imaginary parts, each with a second moment of its own. The scripts of Li et al.
/// 2021 share one, `|g|^2`, between the two parts of a number; the published errors are reached either way.
#[derive(Debug)]
pub struct Adam<T: Real> {
    settings: AdamSettings,
    decoupled: bool,
    steps: u64,
    /// First and second moment of each parameter.
    moments: Vec<[Tensor<T>; 2]>,
}

const MOMENT_NAMES: [&str; 2] = ["first_moment", "second_moment"];

impl<T: Real> Adam<T> {
    /// Adam with a coupled weight decay.
    pub fn new(settings: AdamSettings, parameters: &Parameters<T>) -> Self {
        let zeros = |value: &Tensor<T>| Tensor::zeros(&Pool::new(), value.shape());
        let moments = parameters.iter().map(|(_, value)| [zeros(value), zeros(value)]).collect();
        Self { settings, decoupled: false, steps: 0, moments }
    }

    /// AdamW: Adam with a decoupled weight decay.
    pub fn decoupled(settings: AdamSettings, parameters: &Parameters<T>) -> Self {
        Self { decoupled: true, ..Self::new(settings, parameters) }
    }

    fn constants(&self, learning_rate: f64, scale: f64) -> Constants<T> {
        let AdamSettings { beta1, beta2, epsilon, weight_decay } = self.settings;
        let correction = |beta: f64| 1.0 - beta.powf(self.steps as f64);
        Constants {
            scale: T::cast(scale),
            coupled_decay: T::cast(if self.decoupled { 0.0 } else { weight_decay }),
            shrink: T::cast(if self.decoupled { 1.0 - learning_rate * weight_decay } else { 1.0 }),
            beta1: T::cast(beta1),
            rest1: T::cast(1.0 - beta1),
            beta2: T::cast(beta2),
            rest2: T::cast(1.0 - beta2),
            step: T::cast(-learning_rate / correction(beta1)),
            root_factor: T::cast(1.0 / correction(beta2).sqrt()),
            epsilon: T::cast(epsilon),
        }
    }
}

impl<T: Real> Optimiser<T> for Adam<T> {
    fn step(
        &mut self,
        parameters: &mut Parameters<T>,
        gradients: &Gradients<T>,
        learning_rate: f64,
        scale: f64,
    ) {
        self.steps += 1;
        let constants = self.constants(learning_rate, scale);
        for (id, [first, second]) in parameters.ids().zip(&mut self.moments) {
            let Some(gradient) = gradients.parameter(id) else {
                continue;
            };
            let parameter = parameters.value_mut(id);
            parameter
                .data_mut()
                .par_chunks_mut(CHUNK)
                .zip(gradient.data().par_chunks(CHUNK))
                .zip(first.data_mut().par_chunks_mut(CHUNK))
                .zip(second.data_mut().par_chunks_mut(CHUNK))
                .for_each(|(((parameter, gradient), first), second)| {
                    simd::run(Update { parameter, gradient, first, second, constants });
                });
        }
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn state(&self, parameters: &Parameters<T>) -> Vec<(String, &Tensor<T>)> {
        let mut tensors = Vec::with_capacity(2 * self.moments.len());
        for ((name, _), moments) in parameters.iter().zip(&self.moments) {
            for (kind, moment) in MOMENT_NAMES.iter().zip(moments) {
                tensors.push((format!("{kind}.{name}"), moment));
            }
        }
        tensors
    }

    fn restore(
        &mut self,
        steps: u64,
        parameters: &Parameters<T>,
        stored: StoredTensors<'_, T>,
    ) -> std::result::Result<(), CheckpointError> {
        let mut moments = Vec::with_capacity(parameters.len());
        for (name, value) in parameters.iter() {
            let [first, second] = MOMENT_NAMES.map(|kind| stored(&format!("{kind}.{name}"), value.shape()));
            moments.push([first?, second?]);
        }
        self.moments = moments;
        self.steps = steps;
        Ok(())
    }
}

/// The numbers of one step.
#[derive(Debug, Clone, Copy)]
struct Constants<T> {
    scale: T,
    coupled_decay: T,
    shrink: T,
    beta1: T,
    rest1: T,
    beta2: T,
    rest2: T,
    step: T,
    root_factor: T,
    epsilon: T,
}

/// One pass over a part of a parameter: the state is read and written once.
struct Update<'a, T> {
    parameter: &'a mut [T],
    gradient: &'a [T],
    first: &'a mut [T],
    second: &'a mut [T],
    constants: Constants<T>,
}

impl<T: Real> Kernel for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let c = self.constants;
        let state = self.first.iter_mut().zip(self.second);
        for ((p, g), (m, v)) in self.parameter.iter_mut().zip(self.gradient).zip(state) {
            let g = fused::<FUSED, T>(c.coupled_decay, *p, *g * c.scale);
            *m = fused::<FUSED, T>(c.beta1, *m, c.rest1 * g);
            *v = fused::<FUSED, T>(c.beta2, *v, c.rest2 * g * g);
            let root = fused::<FUSED, T>(v.sqrt(), c.root_factor, c.epsilon);
            *p = fused::<FUSED, T>(c.step, *m / root, *p * c.shrink);
        }
    }
}
