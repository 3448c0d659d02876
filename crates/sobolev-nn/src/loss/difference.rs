//! The H1 norm of fields that are not periodic: `|v|^2 + sum_a |d_a v|^2` with central differences, at both ends one-sided
//! ones of second order. Its metric is `M = 1 + sum_a d_a^T d_a`.

use rayon::prelude::*;
use sobolev_tensor::{Error, Pool, Real, Result, Tensor};
use std::f64::consts::TAU;

use super::metric::sample_squares;

/// The norm for samples of one shape.
#[derive(Debug)]
pub(super) struct Differences {
    axes: Vec<DifferenceAxis>,
}

/// One axis of a row-major sample `[.., points, inner]`.
#[derive(Debug)]
struct DifferenceAxis {
    points: usize,
    inner: usize,
}

impl Differences {
    pub(super) fn new(sample: &[usize]) -> Result<Self> {
        let space = &sample[..sample.len().saturating_sub(1)];
        if space.is_empty() || space.iter().any(|points| *points < 3) {
            return Err(Error::shape("target", "at least 3 points along every axis for the H1 norm", sample));
        }
        let axis = |i: usize| DifferenceAxis { points: sample[i], inner: sample[i + 1..].iter().product() };
        Ok(Self { axes: (0..space.len()).map(axis).collect() })
    }

    pub(super) fn squares<T: Real>(&self, pool: &Pool, batch: usize, values: &Tensor<T>) -> Vec<f64> {
        let mut sums = sample_squares(batch, values.data());
        let mut derivative = Tensor::zeros(pool, values.shape());
        for axis in &self.axes {
            derivative.data_mut().fill(T::zero());
            axis.each_sample(batch, values.data(), derivative.data_mut(), DifferenceAxis::add_derivative);
            let squares = sample_squares(batch, derivative.data());
            sums.iter_mut().zip(squares).for_each(|(sum, square)| *sum += square);
        }
        sums
    }

    pub(super) fn apply<T: Real>(&self, pool: &Pool, values: &mut Tensor<T>) {
        let batch = values.shape()[0];
        let original = values.clone();
        let mut derivative = Tensor::zeros(pool, values.shape());
        for axis in &self.axes {
            derivative.data_mut().fill(T::zero());
            axis.each_sample(batch, original.data(), derivative.data_mut(), DifferenceAxis::add_derivative);
            axis.each_sample(batch, derivative.data(), values.data_mut(), DifferenceAxis::add_transposed);
        }
    }
}

impl DifferenceAxis {
    fn each_sample<T: Real>(
        &self,
        batch: usize,
        x: &[T],
        y: &mut [T],
        add: impl Fn(&Self, &[T], &mut [T]) + Sync,
    ) {
        let sample = x.len() / batch;
        y.par_chunks_mut(sample).zip(x.par_chunks(sample)).for_each(|(y, x)| {
            let length = self.points * self.inner;
            for (y, x) in y.chunks_exact_mut(length).zip(x.chunks_exact(length)) {
                add(self, x, y);
            }
        });
    }

    /// The places that the derivative at `index` takes its values from, and their weights, for a spacing 2 pi / n.
    fn stencil<T: Real>(&self, index: usize) -> [(usize, T); 3] {
        let last = self.points - 1;
        let scale = self.points as f64 / TAU / 2.0;
        let (places, weights) = match index {
            0 => ([0, 1, 2], [-3.0, 4.0, -1.0]),
            _ if index == last => ([last, last - 1, last - 2], [3.0, -4.0, 1.0]),
            _ => ([index - 1, index + 1, index], [-1.0, 1.0, 0.0]),
        };
        std::array::from_fn(|i| (places[i] * self.inner, T::cast(scale * weights[i])))
    }

    /// `y += d x` along one line `[points, inner]`.
    fn add_derivative<T: Real>(&self, x: &[T], y: &mut [T]) {
        for (index, row) in y.chunks_exact_mut(self.inner).enumerate() {
            for (start, weight) in self.stencil::<T>(index) {
                row.iter_mut().zip(&x[start..]).for_each(|(y, x)| *y += weight * *x);
            }
        }
    }

    /// `y += d^T x` along one line `[points, inner]`.
    fn add_transposed<T: Real>(&self, x: &[T], y: &mut [T]) {
        for (index, row) in x.chunks_exact(self.inner).enumerate() {
            for (start, weight) in self.stencil::<T>(index) {
                y[start..].iter_mut().zip(row).for_each(|(y, x)| *y += weight * *x);
            }
        }
    }
}
