//! Predictions and losses of a trained model, batch by batch.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice};
use sobolev_tensor::{
    Error, Monitor, Pool, Real, Result, Tape, Tensor, Var, check_channels_last, check_finite,
};

use crate::loss::SampleLoss;
use crate::{BatchOrder, Model, Normalisers, SampleSource, decode};

/// Predictions in physical units for inputs `[samples, space.., channels]` in physical units, `batch` samples at a time:
/// inputs are encoded, predictions decoded. No gradient is kept, so memory does not grow with the number of samples.
///
/// # Errors
/// [`Error::Shape`] when there are no samples, or the model or the normalisers do not fit the input;
/// [`Error::NonFinite`] when the input holds NaN or an infinity; [`Error::Cancelled`] when the monitor asks to stop.
pub fn predict<T: Real>(
    model: &dyn Model<T>,
    input: ArrayViewD<'_, T>,
    batch: usize,
    normalisers: &Normalisers<T>,
    monitor: &dyn Monitor,
) -> Result<ArrayD<T>> {
    let sample = &normalisers.input.header().sample;
    let channels = sample.last().copied().unwrap_or(1);
    check_channels_last("input", input.shape(), sample.len().saturating_sub(1), channels)?;
    check_finite("input", input.shape(), &input)?;
    let samples = input.len_of(Axis(0));
    let order = BatchOrder::in_order(samples, batch)?;
    let pool = Pool::new();
    let mut shape = Vec::new();
    let mut predictions: Vec<T> = Vec::new();
    for batch in order.epoch(0).batches_from(0) {
        let done = batch[0];
        if monitor.cancelled() {
            let (done, total) = (done as u64, samples as u64);
            return Err(Error::Cancelled { task: "prediction".to_string(), done, total });
        }
        let part = input.slice_axis(Axis(0), Slice::from(done..done + batch.len()));
        let prediction = predict_batch(model, Tensor::from_array(&pool, part), normalisers, &pool)?;
        if predictions.is_empty() {
            shape = prediction.shape().to_vec();
            shape[0] = samples;
            predictions.reserve_exact(shape.iter().product());
        }
        predictions.extend_from_slice(prediction.data());
        monitor.progress((done + batch.len()) as u64, samples as u64);
    }
    ArrayD::from_shape_vec(IxDyn(&shape), predictions)
        .map_err(|_| Error::shape("prediction", "the same shape for every batch", &shape))
}

/// The loss of every sample of a source, on decoded predictions, `batch` samples at a time. `role` names the samples in
/// errors.
///
/// # Errors
/// When samples cannot be read, a shape does not fit, or the monitor asks to stop.
pub fn evaluate<T: Real>(
    model: &dyn Model<T>,
    source: &dyn SampleSource<T>,
    role: &'static str,
    batch: usize,
    normalisers: &Normalisers<T>,
    loss: &SampleLoss<T>,
    monitor: &dyn Monitor,
) -> crate::Result<Vec<f64>> {
    evaluate_in(&Pool::new(), model, source, role, batch, normalisers, loss, monitor)
}

/// [`evaluate`] on the memory of a pool.
pub(crate) fn evaluate_in<T: Real>(
    pool: &Pool,
    model: &dyn Model<T>,
    source: &dyn SampleSource<T>,
    role: &'static str,
    batch: usize,
    normalisers: &Normalisers<T>,
    loss: &SampleLoss<T>,
    monitor: &dyn Monitor,
) -> crate::Result<Vec<f64>> {
    let samples = source.samples();
    let order = BatchOrder::in_order(samples, batch)?;
    let mut losses = Vec::with_capacity(samples);
    for batch in order.epoch(0).batches_from(0) {
        if monitor.cancelled() {
            let (done, total) = (losses.len() as u64, samples as u64);
            return Err(Error::Cancelled { task: "evaluation".to_string(), done, total }.into());
        }
        let (input, target) = read_batch(pool, source, role, batch)?;
        let prediction = predict_batch(model, input, normalisers, pool)?;
        losses.extend(loss.evaluate(prediction, &target)?);
    }
    Ok(losses)
}

/// Inputs and targets of a batch, in physical units.
pub(crate) fn read_batch<T: Real>(
    pool: &Pool,
    source: &dyn SampleSource<T>,
    role: &'static str,
    indices: &[usize],
) -> crate::Result<(Tensor<T>, Tensor<T>)> {
    let shape = |sample: Vec<usize>| [&[indices.len()], &sample[..]].concat();
    let mut input = Tensor::uninitialised(pool, &shape(source.input_shape()));
    let mut target = Tensor::uninitialised(pool, &shape(source.target_shape()));
    source
        .read(indices, input.data_mut(), target.data_mut())
        .map_err(|source| crate::Error::Source { role, source })?;
    Ok((input, target))
}

/// The decoded prediction for an input in physical units, without a record.
pub(crate) fn predict_batch<T: Real>(
    model: &dyn Model<T>,
    mut input: Tensor<T>,
    normalisers: &Normalisers<T>,
    pool: &Pool,
) -> Result<Tensor<T>> {
    // Enter the thread pool once: handing every parallel loop over to it costs 20 to 50 microseconds each.
    rayon::scope(|_| {
        let shape = input.shape().to_vec();
        normalisers.input.encode(&shape, input.data_mut())?;
        let mut tape = Tape::inference(pool);
        let prediction = model.forward(&mut tape, Var::constant(input))?;
        Ok(decode(&mut tape, &normalisers.target, prediction)?.into_value())
    })
}
