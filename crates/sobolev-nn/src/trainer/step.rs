//! One step: read, encode, predict, decode, measure, differentiate, move.

use sobolev_tensor::{Pool, Real, Tape, Var, check_finite};

use crate::loss::{Reduction, SampleLoss};
use crate::optimiser::{Optimiser, clip_factor, gradient_norm};
use crate::predict::{predict_batch, read_batch};
use crate::{Model, Normalisers, Result, SampleSource, decode};

/// What does not change from step to step.
pub(super) struct Stepper<'a, T: Real> {
    pub(super) pool: &'a Pool,
    pub(super) source: &'a dyn SampleSource<T>,
    pub(super) normalisers: &'a Normalisers<T>,
    pub(super) loss: &'a SampleLoss<T>,
    pub(super) reduction: Reduction,
    pub(super) clip_norm: Option<f64>,
}

/// What a step measured.
pub(super) enum Step {
    /// The parameters have moved.
    Done {
        /// Sum of the losses of the samples.
        loss_sum: f64,
        /// Norm of the gradient before clipping.
        gradient_norm: f64,
    },
    /// Something was not finite, and the parameters have not moved.
    Diverged(String),
}

impl<T: Real> Stepper<'_, T> {
    /// One step on the samples of `indices`.
    pub(super) fn step(
        &self,
        model: &mut dyn Model<T>,
        optimiser: &mut dyn Optimiser<T>,
        indices: &[usize],
        learning_rate: f64,
    ) -> Result<Step> {
        let (mut input, target) = read_batch(self.pool, self.source, "training", indices)?;
        let shape = input.shape().to_vec();
        self.normalisers.input.encode(&shape, input.data_mut())?;
        let mut tape = Tape::recording(self.pool);
        let prediction = model.forward(&mut tape, Var::constant(input))?;
        let prediction = decode(&mut tape, &self.normalisers.target, prediction)?;
        let loss = self.loss.forward(&mut tape, prediction, &target, self.reduction)?;
        drop(target);
        let loss_sum: f64 = loss.samples.iter().sum();
        if !loss_sum.is_finite() {
            check_samples(self.pool, self.source, "training", indices)?;
            return Ok(Step::Diverged(format!("the loss is {loss_sum}; {ADVICE}")));
        }
        let gradients = tape.backward(loss.value)?;
        let gradient_norm = gradient_norm(model.parameters(), &gradients);
        if !gradient_norm.is_finite() {
            return Ok(Step::Diverged(format!("the norm of the gradient is {gradient_norm}; {ADVICE}")));
        }
        let scale = clip_factor(gradient_norm, self.clip_norm);
        optimiser.step(model.parameters_mut(), &gradients, learning_rate, scale);
        Ok(Step::Done { loss_sum, gradient_norm })
    }

    /// Sum of the losses of the samples of `indices` with the present weights.
    pub(super) fn loss_sum(&self, model: &dyn Model<T>, indices: &[usize]) -> Result<f64> {
        let (input, target) = read_batch(self.pool, self.source, "training", indices)?;
        let prediction = predict_batch(model, input, self.normalisers, self.pool)?;
        Ok(self.loss.evaluate(prediction, &target)?.iter().sum())
    }
}

/// When a loss is not finite, the samples may be to blame.
pub(super) fn check_samples<T: Real>(
    pool: &Pool,
    source: &dyn SampleSource<T>,
    role: &'static str,
    indices: &[usize],
) -> Result<()> {
    for index in indices {
        let (input, target) = read_batch(pool, source, role, &[*index])?;
        for (side, array) in [("input", input), ("target", target)] {
            let sample = &array.shape()[1..];
            check_finite(&format!("{side} of {role} sample {index}"), sample, array.data())?;
        }
    }
    Ok(())
}

/// What to do against divergence.
pub(super) const ADVICE: &str = "try a smaller learning rate, a warm-up or clip_norm";
