//! The H1 norm of periodic fields: `|v|^2 = (1 / N) sum_k (1 + |k|^2) |v_hat(k)|^2` on N points, with the plain transform
//! `v_hat` and integer wave numbers. Its metric is `M v = F^-1 ((1 + |k|^2) F v)`.

use num_complex::Complex;
use rayon::prelude::*;
use sobolev_fft::FourierPlan;
use sobolev_tensor::{Buffer, Pool, Real, Result, Tensor};

/// The norm for one grid.
pub(super) struct FourierMetric<T: Real> {
    plan: FourierPlan<T>,
    channels: usize,
    /// `1 + |k|^2` for the leading wave numbers and the last one, `[n1, .., nd / 2 + 1]`.
    weights: Vec<f64>,
    /// How often each last wave number stands for itself and its conjugate: 2, or 1 for 0 and nd / 2.
    multiplicity: Vec<f64>,
}

impl<T: Real> std::fmt::Debug for FourierMetric<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FourierMetric").field("grid", &self.plan.grid()).finish_non_exhaustive()
    }
}

impl<T: Real> FourierMetric<T> {
    pub(super) fn new(sample: &[usize]) -> Result<Self> {
        let (channels, grid) = sample.split_last().map_or((1, &[][..]), |(last, grid)| (*last, grid));
        let plan = FourierPlan::new(grid)?;
        let kept = plan.spectrum_grid();
        let weights = (0..kept.iter().product())
            .map(|mut place: usize| {
                let mut weight = 1.0;
                for axis in (0..grid.len()).rev() {
                    let index = place % kept[axis];
                    place /= kept[axis];
                    // Beyond the middle stand the negative wave numbers.
                    weight += (index.min(grid[axis] - index) as f64).powi(2);
                }
                weight
            })
            .collect();
        let points = grid[grid.len() - 1];
        let alone = |k: usize| k == 0 || 2 * k == points;
        let multiplicity = (0..kept[kept.len() - 1]).map(|k| if alone(k) { 1.0 } else { 2.0 }).collect();
        Ok(Self { plan, channels, weights, multiplicity })
    }

    /// Spectra of a batch `[batch, n1, .., nd / 2 + 1, channels]`, real and imaginary parts beside each other.
    fn spectra(&self, pool: &Pool, batch: usize, values: &Tensor<T>) -> Result<Buffer<T>> {
        let mut spectra = pool.take(2 * batch * self.weights.len() * self.channels);
        self.plan.forward_real_into(batch, self.channels, values.data(), complex_mut(&mut spectra))?;
        Ok(spectra)
    }

    pub(super) fn squares(&self, pool: &Pool, batch: usize, values: &Tensor<T>) -> Result<Vec<f64>> {
        let mut spectra = self.spectra(pool, batch, values)?;
        let points: usize = self.plan.grid().iter().product();
        let frequencies = self.multiplicity.len();
        let square = |spectrum: &[Complex<T>]| {
            let places = spectrum.chunks_exact(self.channels).zip(&self.weights).enumerate();
            let terms = places.map(|(place, (channels, weight))| {
                let norm: f64 = channels.iter().map(|c| c.re.to_f64().powi(2) + c.im.to_f64().powi(2)).sum();
                weight * self.multiplicity[place % frequencies] * norm
            });
            terms.sum::<f64>() / points as f64
        };
        let samples = complex_mut(&mut spectra).par_chunks(self.weights.len() * self.channels);
        Ok(samples.map(square).collect())
    }

    pub(super) fn apply(&self, pool: &Pool, values: &mut Tensor<T>) {
        let sample = self.weights.len() * self.channels;
        let batch = values.shape()[0];
        let mut spectra =
            self.spectra(pool, batch, values).expect("the shape was checked in the forward pass");
        let spectra = complex_mut(&mut spectra);
        spectra.par_chunks_mut(sample).for_each(|spectrum| {
            for (channels, weight) in spectrum.chunks_exact_mut(self.channels).zip(&self.weights) {
                channels.iter_mut().for_each(|c| *c *= T::cast(*weight));
            }
        });
        self.plan
            .inverse_real_into(batch, self.channels, spectra, values.data_mut())
            .expect("the shape was checked in the forward pass");
    }
}

/// The numbers of a buffer as complex ones.
fn complex_mut<T: Real>(buffer: &mut Buffer<T>) -> &mut [Complex<T>] {
    let numbers = buffer.as_mut_slice();
    // SAFETY: `Complex<T>` is `repr(C)` with two fields `T`, so it has the alignment of `T` and twice its size; the slice
    // covers `len / 2` of them and stays borrowed.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), numbers.len() / 2) }
}
