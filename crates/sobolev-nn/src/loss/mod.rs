//! Losses: how far predictions are from targets, as a number to minimise and as numbers to look at.
//!
//! With `e = prediction - target` of one sample, over all its points and channels:
//!
//! | loss | of one sample | use |
//! |---|---|---|
//! | [`RelativeL2`](Loss::RelativeL2) | `\|e\| / \|target\|` | operator learning (Li et al. 2021) |
//! | [`RelativeH1`](Loss::RelativeH1) | the same in the norm `\|v\|^2 + sum_a \|d_a v\|^2` | when gradients of the field matter |
//! | [`MeanSquared`](Loss::MeanSquared) | mean of `e^2` | targets that may vanish |
//!
//! The loss of a batch is the mean over its samples, or their sum (see [`Reduction`]). All sums are taken in f64 and in a
//! fixed order.

mod difference;
mod fourier;
mod metric;

use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Gradients, NodeId, Operation, Pool, Real, Result, Tape, Tensor, Var};
use std::sync::Arc;

use crate::settings::word_or_table;
use metric::Metric;

/// A loss. In files: `"relative-l2"`, or with settings `{ relative-h1 = { derivative = "finite-difference" } }`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// `|e| / |target|` in the Euclidean norm.
    RelativeL2 {},
    /// `|e| / |target|` in the norm of the field and its first derivatives.
    RelativeH1 {
        /// How derivatives are taken; left out, by Fourier unless [`Loss::for_fields`] says otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        derivative: Option<Derivative>,
    },
    /// Mean of `e^2` over points and channels.
    MeanSquared {},
}

word_or_table!(Loss);

/// How the H1 norm takes derivatives.
///
/// In both ways an axis counts as 2 pi long, whatever its length in units, so that a wave number is an integer; the two
/// agree on smooth periodic fields to second order in the spacing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Derivative {
    /// For periodic fields: `sum_k (1 + |k|^2) |v_hat(k)|^2` with integer wave numbers (the H1 loss of Li et al. 2021,
    /// arXiv:2010.08895, in the scripts' `HsLoss` with k = 1).
    #[default]
    Fourier,
    /// For fields that are not periodic: central differences, at both ends one-sided ones of second order, with the
    /// spacing 2 pi / n on an axis of n points; n >= 3.
    FiniteDifference,
}

/// What the loss of a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// Mean over the samples.
    #[default]
    Mean,
    /// Sum over the samples, as in the scripts of Li et al. 2021. Adam does not feel the factor, but a coupled weight
    /// decay and the clipping of gradients do.
    Sum,
}

impl Loss {
    /// The loss for samples of shape `[space.., channels]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when an axis is too short or there are more than 3 for the derivatives of the H1 norm.
    pub fn on<T: Real>(self, sample: &[usize]) -> Result<SampleLoss<T>> {
        if sample.is_empty() || sample.contains(&0) {
            return Err(Error::shape("sample", "[space.., channels] with at least one value", sample));
        }
        let metric = match self {
            Self::RelativeL2 {} | Self::MeanSquared {} => Metric::Euclidean,
            Self::RelativeH1 { derivative } => match derivative.unwrap_or_default() {
                Derivative::Fourier => Metric::fourier(sample)?,
                Derivative::FiniteDifference => Metric::differences(sample)?,
            },
        };
        Ok(SampleLoss { loss: self, sample: sample.to_vec(), metric: Arc::new(metric), pool: Pool::new() })
    }

    /// The loss with the derivative that fits the fields, unless one was chosen: by Fourier for periodic fields, by finite
    /// differences for all others.
    #[must_use]
    pub fn for_fields(self, periodic: bool) -> Self {
        match self {
            Self::RelativeH1 { derivative: None } => {
                let derivative = if periodic { Derivative::Fourier } else { Derivative::FiniteDifference };
                Self::RelativeH1 { derivative: Some(derivative) }
            }
            other => other,
        }
    }

    fn is_relative(self) -> bool {
        !matches!(self, Self::MeanSquared {})
    }
}

/// A [`Loss`] for samples of one shape.
#[derive(Debug, Clone)]
pub struct SampleLoss<T: Real> {
    loss: Loss,
    sample: Vec<usize>,
    metric: Arc<Metric<T>>,
    /// Memory of spectra and derivatives, kept from call to call.
    pool: Pool,
}

/// The loss of a batch.
#[derive(Debug, Clone)]
pub struct LossValue<T: Real> {
    /// The loss, to be differentiated.
    pub value: Var<T>,
    /// The loss of each sample.
    pub samples: Vec<f64>,
}

impl<T: Real> SampleLoss<T> {
    /// The loss of a batch of predictions as an operation on a tape; both arrays are `[batch, space.., channels]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when a shape does not fit, [`Error::Value`] when the loss is relative and a target is zero.
    pub fn forward(
        &self,
        tape: &mut Tape<T>,
        prediction: Var<T>,
        target: &Tensor<T>,
        reduction: Reduction,
    ) -> Result<LossValue<T>> {
        self.check("prediction", prediction.shape())?;
        let node = prediction.node();
        let (difference, errors, scales) = self.parts(prediction.into_value(), target)?;
        let samples = self.samples(&errors, &scales);
        let batch = samples.len() as f64;
        let factor = match reduction {
            Reduction::Mean => 1.0 / batch,
            Reduction::Sum => 1.0,
        };
        let mut value = Tensor::uninitialised(tape.pool(), &[]);
        value.data_mut()[0] = T::cast(factor * samples.iter().sum::<f64>());
        let operation = node.map(|source| {
            let slope = |(error, scale): (&f64, &f64)| match self.loss {
                Loss::MeanSquared {} => 2.0 / scale,
                // The norm has no slope at zero; zero is a subgradient.
                _ if *error == 0.0 => 0.0,
                _ => 1.0 / (error * scale).sqrt(),
            };
            LossOperation {
                difference,
                slopes: errors.iter().zip(&scales).map(|pair| factor * slope(pair)).collect(),
                metric: self.metric.clone(),
                source,
            }
        });
        Ok(LossValue { value: tape.record(value, operation), samples })
    }

    /// The loss of each sample of a batch; both arrays are `[batch, space.., channels]`.
    ///
    /// # Errors
    /// As for [`forward`](Self::forward).
    pub fn evaluate(&self, prediction: Tensor<T>, target: &Tensor<T>) -> Result<Vec<f64>> {
        self.check("prediction", prediction.shape())?;
        let (_, errors, scales) = self.parts(prediction, target)?;
        Ok(self.samples(&errors, &scales))
    }

    /// The difference, the square of its norm, and what that is measured by (the square of the target's norm, or the
    /// number of entries), for each sample.
    fn parts(&self, prediction: Tensor<T>, target: &Tensor<T>) -> Result<(Tensor<T>, Vec<f64>, Vec<f64>)> {
        self.check("target", target.shape())?;
        if prediction.shape() != target.shape() {
            let expected = format!("{:?} as the prediction", prediction.shape());
            return Err(Error::shape("target", expected, target.shape()));
        }
        let batch = target.shape()[0];
        let scales = if self.loss.is_relative() {
            self.metric.squares(&self.pool, batch, target)?
        } else {
            vec![(target.len() / batch) as f64; batch]
        };
        if let Some(sample) = scales.iter().position(|scale| *scale == 0.0) {
            let got = format!("zero everywhere in sample {sample} of the batch");
            let hint = "a relative error is not defined there: use the mean squared error";
            return Err(Error::value("target", "a field that does not vanish", got).with_hint(hint));
        }
        let mut difference = prediction;
        metric::subtract(&mut difference, target);
        let errors = self.metric.squares(&self.pool, batch, &difference)?;
        Ok((difference, errors, scales))
    }

    fn samples(&self, errors: &[f64], scales: &[f64]) -> Vec<f64> {
        let quotients = errors.iter().zip(scales).map(|(error, scale)| error / scale);
        if self.loss.is_relative() { quotients.map(f64::sqrt).collect() } else { quotients.collect() }
    }

    fn check(&self, argument: &str, shape: &[usize]) -> Result<()> {
        if shape.get(1..) == Some(&self.sample[..]) && shape[0] > 0 {
            return Ok(());
        }
        let axes: Vec<String> = self.sample.iter().map(usize::to_string).collect();
        Err(Error::shape(argument, format!("[batch, {}]", axes.join(", ")), shape))
    }
}

/// The gradient of every loss here is `slope M e` for each sample, with the metric M of the norm.
struct LossOperation<T: Real> {
    difference: Tensor<T>,
    slopes: Vec<f64>,
    metric: Arc<Metric<T>>,
    source: NodeId,
}

impl<T: Real> Operation<T> for LossOperation<T> {
    fn backward(self: Box<Self>, gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let seed = gradient.data()[0];
        let factors: Vec<T> = self.slopes.iter().map(|slope| T::cast(*slope) * seed).collect();
        let mut result = self.difference;
        self.metric.apply(gradients.pool(), &mut result);
        metric::scale_samples(&mut result, &factors);
        gradients.add(self.source, result);
    }
}

#[cfg(test)]
mod tests;
