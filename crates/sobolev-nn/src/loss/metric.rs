//! Norms of samples, `|v|^2 = <v, M v>`, and their metrics M.

use rayon::prelude::*;
use sobolev_tensor::{Pool, Real, Result, Tensor};

use super::difference::Differences;
use super::fourier::FourierMetric;
use crate::parallel::{CHUNK, sum_of_squares};

/// A norm of a sample.
#[derive(Debug)]
pub(super) enum Metric<T: Real> {
    /// `sum v^2`
    Euclidean,
    /// `sum_k (1 + |k|^2) |v_hat|^2`
    Fourier(Box<FourierMetric<T>>),
    /// `sum v^2 + sum_a (d_a v)^2` with finite differences
    Differences(Differences),
}

impl<T: Real> Metric<T> {
    pub(super) fn fourier(sample: &[usize]) -> Result<Self> {
        Ok(Self::Fourier(Box::new(FourierMetric::new(sample)?)))
    }

    pub(super) fn differences(sample: &[usize]) -> Result<Self> {
        Ok(Self::Differences(Differences::new(sample)?))
    }

    /// The square of the norm of each sample of `[batch, space.., channels]`.
    pub(super) fn squares(&self, pool: &Pool, batch: usize, values: &Tensor<T>) -> Result<Vec<f64>> {
        match self {
            Self::Euclidean => Ok(sample_squares(batch, values.data())),
            Self::Fourier(metric) => metric.squares(pool, batch, values),
            Self::Differences(metric) => Ok(metric.squares(pool, batch, values)),
        }
    }

    /// Replaces each sample v by M v.
    pub(super) fn apply(&self, pool: &Pool, values: &mut Tensor<T>) {
        match self {
            Self::Euclidean => {}
            Self::Fourier(metric) => metric.apply(pool, values),
            Self::Differences(metric) => metric.apply(pool, values),
        }
    }
}

/// Sum of squares of each of `batch` parts of equal length, in f64.
pub(super) fn sample_squares<T: Real>(batch: usize, values: &[T]) -> Vec<f64> {
    values.par_chunks(values.len() / batch).map(sum_of_squares).collect()
}

/// `values -= other`.
pub(super) fn subtract<T: Real>(values: &mut Tensor<T>, other: &Tensor<T>) {
    values.data_mut().par_chunks_mut(CHUNK).zip(other.data().par_chunks(CHUNK)).for_each(|(a, b)| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a -= *b);
    });
}

/// Multiplies sample i by `factors[i]`.
pub(super) fn scale_samples<T: Real>(values: &mut Tensor<T>, factors: &[T]) {
    let sample = values.len() / factors.len();
    values.data_mut().par_chunks_mut(sample).zip(factors).for_each(|(values, factor)| {
        values.iter_mut().for_each(|value| *value *= *factor);
    });
}
