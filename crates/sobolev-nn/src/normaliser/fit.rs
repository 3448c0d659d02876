//! The statistics of a normaliser, gathered sample by sample.
//!
//! Means and squared deviations are updated in f64 by the formulas of Welford 1962 (one value at a time, pointwise
//! kind) and of Chan, Golub and LeVeque 1983 (one sample at a time, other kinds), which do not cancel when the mean is
//! large. Samples enter in order, and each by itself: neither the size of the batches nor the number of threads
//! changes a bit of the result.

use rayon::prelude::*;
use sobolev_tensor::{Error, Real, Result, check_finite};

use super::{Normaliser, NormaliserHeader, NormaliserKind};
use crate::batch::{SampleSource, SourceError};

/// Added to standard deviations, as in the published scripts.
const EPSILON: f64 = 1e-5;
/// Grid points a task of the pointwise kind: enough to amortise its scheduling, few enough for the cache.
const POINTS: usize = 4096;
/// Values read at once from a source; does not influence the result.
const READ: usize = 1 << 22;

/// Gathers the statistics for one [`Normaliser`] from batches that need not be in memory together.
#[derive(Debug, Clone)]
pub struct NormaliserFit {
    header: NormaliserHeader,
    /// Values seen for each entry of `mean`.
    count: u64,
    samples: usize,
    /// Mean; the least value for the min-max kind.
    mean: Vec<f64>,
    /// Sum of squared deviations; the largest value for the min-max kind.
    squares: Vec<f64>,
}

impl NormaliserFit {
    /// Nothing seen yet, for samples of shape `[space.., channels]`.
    ///
    /// # Errors
    /// When the shape is empty, or the range of the min-max kind is not an interval.
    pub fn new(kind: NormaliserKind, sample: &[usize]) -> Result<Self> {
        if sample.is_empty() || sample.contains(&0) {
            return Err(Error::shape(
                "normaliser",
                "samples [space.., channels] without an empty axis",
                sample,
            ));
        }
        let (mut first, mut second) = (0.0, 0.0);
        if let NormaliserKind::MinMax { low, high } = kind {
            if !(low.is_finite() && high.is_finite() && low < high) {
                return Err(Error::value(
                    "min-max normaliser",
                    "finite low < high",
                    format!("{low}, {high}"),
                ));
            }
            (first, second) = (f64::INFINITY, f64::NEG_INFINITY);
        }
        let entries = match kind {
            NormaliserKind::Identity => 0,
            _ => kind.parameter_shape(sample).iter().product(),
        };
        Ok(Self {
            header: NormaliserHeader { kind, sample: sample.to_vec() },
            count: 0,
            samples: 0,
            mean: vec![first; entries],
            squares: vec![second; entries],
        })
    }

    /// Adds the samples of `batch`, `[any number, space.., channels]` in row-major order.
    ///
    /// # Errors
    /// When the length is not a multiple of the sample's, or a value is not finite.
    pub fn add<T: Real>(&mut self, batch: &[T]) -> Result<()> {
        let len: usize = self.header.sample.iter().product();
        if !batch.len().is_multiple_of(len) {
            return Err(Error::shape("normaliser", format!("a multiple of {len} values"), &[batch.len()]));
        }
        let mut shape = vec![batch.len() / len];
        shape.extend(&self.header.sample);
        check_finite("normaliser", &shape, batch)?;
        match self.header.kind {
            NormaliserKind::Identity => {}
            NormaliserKind::Pointwise => self.add_points(batch, len),
            NormaliserKind::Scalar => self.add_channels(batch, len, 1),
            NormaliserKind::Channel => self.add_channels(batch, len, self.mean.len()),
            NormaliserKind::MinMax { .. } => self.add_ranges(batch),
        }
        self.samples += batch.len() / len;
        Ok(())
    }

    fn add_points<T: Real>(&mut self, batch: &[T], len: usize) {
        let before = self.count;
        let columns = self.mean.par_chunks_mut(POINTS).zip(self.squares.par_chunks_mut(POINTS)).enumerate();
        columns.for_each(|(block, (mean, squares))| {
            for (seen, sample) in batch.chunks(len).enumerate() {
                let count = (before + seen as u64 + 1) as f64;
                let values = &sample[block * POINTS..];
                for ((m, s), x) in mean.iter_mut().zip(squares.iter_mut()).zip(values) {
                    let x = x.to_f64();
                    let difference = x - *m;
                    *m += difference / count;
                    *s += difference * (x - *m);
                }
            }
        });
        self.count += (batch.len() / len) as u64;
    }

    fn add_channels<T: Real>(&mut self, batch: &[T], len: usize, channels: usize) {
        let points = (len / channels) as f64;
        let moments: Vec<Vec<[f64; 2]>> = batch
            .par_chunks(len)
            .map(|sample| {
                (0..channels)
                    .map(|channel| {
                        let values = || sample.iter().skip(channel).step_by(channels).map(|x| x.to_f64());
                        let mean = values().sum::<f64>() / points;
                        [mean, values().map(|x| (x - mean) * (x - mean)).sum()]
                    })
                    .collect()
            })
            .collect();
        for sample in moments {
            let before = self.count as f64;
            let share = points / (before + points);
            for ((m, s), [mean, squares]) in self.mean.iter_mut().zip(&mut self.squares).zip(sample) {
                let difference = mean - *m;
                *m += difference * share;
                *s += squares + difference * difference * before * share;
            }
            self.count += (len / channels) as u64;
        }
    }

    fn add_ranges<T: Real>(&mut self, batch: &[T]) {
        for values in batch.chunks(self.mean.len()) {
            for ((low, high), x) in self.mean.iter_mut().zip(&mut self.squares).zip(values) {
                *low = low.min(x.to_f64());
                *high = high.max(x.to_f64());
            }
        }
    }

    /// The normaliser of the samples seen.
    ///
    /// # Errors
    /// When too few were seen: none, or one where a deviation over samples is wanted.
    pub fn finish<T: Real>(self) -> Result<Normaliser<T>> {
        let kind = self.header.kind;
        let wanted = if kind == NormaliserKind::Pointwise { 2 } else { 1 };
        if self.samples < wanted && kind != NormaliserKind::Identity {
            return Err(Error::value("normaliser samples", format!("at least {wanted}"), self.samples));
        }
        let (shift, scale) = self
            .mean
            .iter()
            .zip(&self.squares)
            .map(|(&first, &second)| {
                let (shift, scale) = match kind {
                    NormaliserKind::MinMax { low, high } => {
                        let scale = (second - first) / (high - low);
                        let scale = if scale > 0.0 { scale } else { 1.0 };
                        (first - low * scale, scale)
                    }
                    // One value has no deviation; zero is its limit.
                    _ if self.count < 2 => (first, EPSILON),
                    _ => (first, (second / (self.count - 1) as f64).sqrt() + EPSILON),
                };
                (T::cast(shift), T::cast(scale))
            })
            .unzip();
        Normaliser::from_parts(self.header, shift, scale)
    }
}

impl<T: Real> Normaliser<T> {
    /// Fits the normalisers of input and target to all samples of `source`, read in blocks.
    ///
    /// # Errors
    /// When the source cannot be read, is too small, or holds values that are not finite.
    pub fn fit(
        input: NormaliserKind,
        target: NormaliserKind,
        source: &dyn SampleSource<T>,
    ) -> std::result::Result<[Self; 2], SourceError> {
        let shapes = [source.input_shape(), source.target_shape()];
        let [input_len, target_len] = [0, 1].map(|side: usize| shapes[side].iter().product::<usize>());
        let mut fits = [NormaliserFit::new(input, &shapes[0])?, NormaliserFit::new(target, &shapes[1])?];
        let block = (READ / input_len.max(target_len).max(1)).clamp(1, source.samples().max(1));
        let (mut inputs, mut targets) =
            (vec![T::zero(); block * input_len], vec![T::zero(); block * target_len]);
        let all: Vec<usize> = (0..source.samples()).collect();
        for indices in all.chunks(block) {
            let (x, y) =
                (&mut inputs[..indices.len() * input_len], &mut targets[..indices.len() * target_len]);
            source.read(indices, x, y)?;
            fits[0].add(x)?;
            fits[1].add(y)?;
        }
        let [first, second] = fits;
        Ok([first.finish()?, second.finish()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sobolev_testing::{noise, relative_error};

    /// Mean and unbiased standard deviation by the definition.
    fn moments(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
    }

    fn samples() -> Vec<f64> {
        noise(40 * 6 * 2, 4).iter().enumerate().map(|(i, v)| v * (1.0 + (i % 12) as f64) + 100.0).collect()
    }

    #[test]
    fn statistics_equal_their_definitions() {
        let values = samples();
        let picked = |start: usize, step: usize| -> Vec<f64> {
            values.iter().skip(start).step_by(step).copied().collect()
        };
        for (kind, step) in
            [(NormaliserKind::Scalar, 1), (NormaliserKind::Channel, 2), (NormaliserKind::Pointwise, 12)]
        {
            let mut fit = NormaliserFit::new(kind, &[6, 2]).unwrap();
            fit.add(&values).unwrap();
            let normaliser: Normaliser<f64> = fit.finish().unwrap();
            let (mean, deviation): (Vec<f64>, Vec<f64>) =
                (0..step).map(|start| moments(&picked(start, step))).map(|(m, s)| (m, s + EPSILON)).unzip();
            // Sums of 480 terms near 100: 480 eps at most; the deviations lose the ratio 100 to 1 on top.
            assert!(relative_error(normaliser.shift(), &mean) < 1e-13, "{kind:?}");
            assert!(relative_error(normaliser.scale(), &deviation) < 1e-11, "{kind:?}");
        }
    }

    #[test]
    fn a_mean_of_a_million_deviations_does_not_cancel_them() {
        let values: Vec<f64> = noise(200, 9).iter().map(|v| 1e6 + v).collect();
        for kind in [NormaliserKind::Scalar, NormaliserKind::Pointwise] {
            let mut fit = NormaliserFit::new(kind, &[1]).unwrap();
            values.iter().for_each(|v| fit.add(&[*v]).unwrap());
            let normaliser: Normaliser<f64> = fit.finish().unwrap();
            let (_, deviation) = moments(&values);
            // Rounding of the values themselves is 1e6 eps = 1e-10.
            assert!((normaliser.scale()[0] - deviation - EPSILON).abs() < 1e-9, "{kind:?}");
        }
    }

    #[test]
    fn batches_and_threads_do_not_change_a_bit() {
        let values = noise(30 * 10_000, 2);
        let fitted = |kind: NormaliserKind, batch: usize, threads: usize| -> Normaliser<f64> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut fit = NormaliserFit::new(kind, &[100, 50, 2]).unwrap();
                values.chunks(batch * 10_000).for_each(|chunk| fit.add(chunk).unwrap());
                fit.finish().unwrap()
            })
        };
        for kind in [NormaliserKind::Scalar, NormaliserKind::Channel, NormaliserKind::Pointwise] {
            let reference = fitted(kind, 30, 1);
            assert_eq!(fitted(kind, 7, 2), reference, "{kind:?}");
            assert_eq!(fitted(kind, 1, 5), reference, "{kind:?}");
        }
    }

    #[test]
    fn a_source_is_fitted_on_both_sides() {
        struct Lines;
        impl SampleSource<f32> for Lines {
            fn samples(&self) -> usize {
                5
            }
            fn input_shape(&self) -> Vec<usize> {
                vec![3, 1]
            }
            fn target_shape(&self) -> Vec<usize> {
                vec![2, 2]
            }
            fn read(
                &self,
                indices: &[usize],
                input: &mut [f32],
                target: &mut [f32],
            ) -> std::result::Result<(), SourceError> {
                for (row, &index) in indices.iter().enumerate() {
                    input[3 * row..3 * row + 3].fill(index as f32);
                    target[4 * row..4 * row + 4].fill(-2.0 * index as f32);
                }
                Ok(())
            }
        }
        let [input, target] =
            Normaliser::fit(NormaliserKind::Pointwise, NormaliserKind::SYMMETRIC_RANGE, &Lines).unwrap();
        // Means of 0..5 and the unbiased deviation sqrt(10 / 4); range [-8, 0] to [-1, 1].
        assert_eq!(input.shift(), [2.0; 3]);
        assert!((input.scale()[0] - (2.5_f32.sqrt() + 1e-5)).abs() < 1e-6);
        assert_eq!((target.shift(), target.scale()), (&[-4.0_f32; 2][..], &[4.0_f32; 2][..]));
    }

    #[test]
    fn samples_that_cannot_be_fitted_are_named() {
        let mut fit = NormaliserFit::new(NormaliserKind::Pointwise, &[3, 1]).unwrap();
        assert!(fit.add(&[0.0, f64::NAN, 0.0]).unwrap_err().to_string().contains("[0, 1, 0]"));
        assert!(fit.add(&[0.0; 4]).is_err());
        fit.add(&[1.0; 3]).unwrap();
        let text = fit.finish::<f64>().unwrap_err().to_string();
        assert_eq!(text, "normaliser samples: expected at least 2, got 1");
        assert!(NormaliserFit::new(NormaliserKind::MinMax { low: 1.0, high: 1.0 }, &[3, 1]).is_err());
        assert!(NormaliserFit::new(NormaliserKind::Scalar, &[0, 1]).is_err());
    }
}
