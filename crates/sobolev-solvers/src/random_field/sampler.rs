//! Samples of a Gaussian field on one grid: normal numbers by wavenumber, scaled, and one inverse transform.

use super::{Boundary, GaussianField, Points};
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex64;
use rayon::prelude::*;
use sobolev_fft::{FourierPlan, RowFourier, RowScratch, SineCosine, SineCosinePlan};
use sobolev_tensor::{Random, Result};
use std::f64::consts::{SQRT_2, TAU};
use std::ops::Range;

/// Bits of the address of a normal number that each axis has: three axes in 63 bits.
pub(super) const WAVENUMBER_BITS: u32 = 21;

/// Deviations, spectrum and values of a sample.
pub(super) const BYTES_PER_POINT: u128 = 24;

/// A [`GaussianField`] planned for one grid: standard deviations of all modes and the transform. Shared by threads.
#[derive(Debug)]
pub struct FieldSampler {
    grid: Vec<usize>,
    /// Number of wavenumbers held along each axis; [`Transform`] says which.
    modes: Vec<usize>,
    /// Standard deviation of the coefficient of each mode, row-major, times the factor that the transform divides by.
    deviations: Vec<f64>,
    transform: Transform,
    mean: f64,
    random_phases: bool,
    purpose: String,
}

#[derive(Debug)]
enum Transform {
    /// Modes `[n1, .., nd/2 + 1]` in the order 0, 1, .., -1.
    Periodic(FourierPlan<f64>),
    /// Modes `[n1, .., nd]`: wavenumbers from 0 for cosines, from 1 for sines.
    Centres(SineCosinePlan<f64>, Parity),
    /// Modes `[n1 - 1, .., nd - 1]`: wavenumbers from 0, of which sines leave the first alone.
    Vertices(Vec<RowFourier<f64>>, Parity),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Parity {
    Cosine,
    Sine,
}

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
    spectrum: Vec<Complex64>,
    values: Vec<f64>,
    moved: Vec<f64>,
    rows: Vec<RowScratch<f64>>,
}

impl FieldSampler {
    /// Of a grid that the field has checked.
    pub(super) fn new(field: &GaussianField, grid: &[usize]) -> Result<Self> {
        let dimensions = grid.len();
        let parity = if field.boundary == Boundary::Neumann { Parity::Cosine } else { Parity::Sine };
        let (transform, modes, lowest, scale) = match (field.boundary, field.points) {
            (Boundary::Periodic, _) => {
                let plan = FourierPlan::new(grid)?;
                let modes = plan.spectrum_grid();
                // The inverse divides by the number of points; the pair k, -k shares the variance, and each of its two
                // coefficients is half of (xi - i eta) sqrt(2 s_k).
                let scale = grid.iter().product::<usize>() as f64 / 2.0_f64.sqrt();
                (Transform::Periodic(plan), modes, 0, scale)
            }
            (_, Points::Centres) => {
                let (kind, lowest) = match parity {
                    Parity::Cosine => (SineCosine::CosineII, 0),
                    Parity::Sine => (SineCosine::SineII, 1),
                };
                let plan = SineCosinePlan::new(grid, &vec![Some(kind); dimensions])?;
                let scale = (grid.iter().product::<usize>() as f64).sqrt();
                (Transform::Centres(plan, parity), grid.to_vec(), lowest, scale)
            }
            (_, Points::Vertices) => {
                let plans = grid.iter().map(|&n| RowFourier::new(2 * (n - 1))).collect::<Result<_>>()?;
                (Transform::Vertices(plans, parity), grid.iter().map(|n| n - 1).collect(), 0, 1.0)
            }
        };
        let axes: Vec<Vec<f64>> = (0..dimensions)
            .map(|axis| squared_frequencies(field, axis, grid[axis], modes[axis], lowest))
            .collect();
        let deviation = |frequency: f64| {
            if frequency.is_finite() { field.density(frequency).sqrt() * scale } else { 0.0 }
        };
        let mut deviations: Vec<f64> = outer_sum(&axes).into_iter().map(deviation).collect();
        if lowest == 0 {
            let single = if matches!(transform, Transform::Periodic(_)) { 2.0_f64.sqrt() } else { 1.0 };
            deviations[0] = if field.random_mean { deviations[0] * single } else { 0.0 };
        }
        Ok(Self {
            grid: grid.to_vec(),
            modes,
            deviations,
            transform,
            mean: field.mean,
            random_phases: field.random_phases,
            purpose: field.purpose.clone(),
        })
    }

    /// Points along each axis.
    pub fn grid(&self) -> &[usize] {
        &self.grid
    }

    /// Sample `index` under `seed`: `[x1, .., xd]`.
    pub fn sample(&self, seed: u64, index: u64) -> ArrayD<f64> {
        let mut values = ArrayD::zeros(IxDyn(&self.grid));
        if let Some(slice) = values.as_slice_mut() {
            self.sample_into(seed, index, slice, &mut Scratch::default());
        }
        values
    }

    /// Samples `indices` under `seed`, in parallel: `[samples, x1, .., xd]`.
    pub fn sample_batch(&self, seed: u64, indices: Range<u64>) -> ArrayD<f64> {
        let count = indices.end.saturating_sub(indices.start) as usize;
        let shape: Vec<usize> = std::iter::once(count).chain(self.grid.iter().copied()).collect();
        let mut batch = ArrayD::zeros(IxDyn(&shape));
        if let Some(slice) = batch.as_slice_mut() {
            let points = self.grid.iter().product();
            slice.par_chunks_exact_mut(points).enumerate().for_each_init(
                Scratch::default,
                |scratch, (i, values)| {
                    self.sample_into(seed, indices.start + i as u64, values, scratch);
                },
            );
        }
        batch
    }

    fn sample_into(&self, seed: u64, index: u64, values: &mut [f64], scratch: &mut Scratch) {
        let random = Random::new(seed, &self.purpose);
        match &self.transform {
            Transform::Periodic(plan) => {
                scratch.spectrum.resize(self.deviations.len(), Complex64::ZERO);
                self.fill_periodic(&random, index, &mut scratch.spectrum);
                // All lengths are the plan's own.
                let _ = plan.inverse_real_into(1, 1, &mut scratch.spectrum, values);
            }
            Transform::Centres(plan, parity) => {
                self.fill_real(&random, index, if *parity == Parity::Sine { 1 } else { 0 }, values);
                let _ = plan.inverse_in_place(1, 1, values);
            }
            Transform::Vertices(plans, parity) => {
                if scratch.rows.is_empty() {
                    scratch.rows = plans.iter().map(RowFourier::scratch).collect();
                }
                scratch.values.resize(self.deviations.len(), 0.0);
                self.fill_real(&random, index, 0, &mut scratch.values);
                self.evaluate_at_vertices(plans, *parity, scratch, values);
            }
        }
        if self.mean != 0.0 {
            values.iter_mut().for_each(|value| *value += self.mean);
        }
    }

    /// Coefficients `sqrt(s_k / 2) (xi_k - i eta_k)` of the half of the wavenumbers whose last entry that is not zero is
    /// positive. The plane `k_d = 0` holds both halves: there one is doubled and the other left zero, because only the
    /// real part of the plane counts.
    fn fill_periodic(&self, random: &Random, index: u64, spectrum: &mut [Complex64]) {
        let dimensions = self.grid.len();
        let columns = self.modes[dimensions - 1];
        let rows = spectrum.chunks_exact_mut(columns).zip(self.deviations.chunks_exact(columns));
        for (row, (spectrum, deviations)) in rows.enumerate() {
            let leading = [row / self.modes_between(), row % self.modes_between()];
            let leading = &leading[..dimensions - 1];
            let signed = |axis: usize, k: usize| {
                if 2 * k > self.grid[axis] { k as i64 - self.grid[axis] as i64 } else { k as i64 }
            };
            let wavenumbers = leading.iter().enumerate().map(|(axis, &k)| signed(axis, k));
            let code = wavenumbers.clone().rev().fold(0, |code, k| code << WAVENUMBER_BITS | zigzag(k));
            let plane_sign = wavenumbers.rev().find(|&k| k != 0).map_or(0, i64::signum);
            let shift = WAVENUMBER_BITS * (dimensions as u32 - 1);
            for (k, (coefficient, &deviation)) in spectrum.iter_mut().zip(deviations).enumerate() {
                *coefficient = Complex64::ZERO;
                if deviation == 0.0 || (k == 0 && plane_sign < 0) {
                    continue;
                }
                let address = code | zigzag(k as i64) << shift;
                let [xi, eta] = if self.random_phases {
                    phase(random, index, address)
                } else {
                    random.normals(index, address)
                };
                let factor = if k == 0 && plane_sign > 0 { 2.0 * deviation } else { deviation };
                *coefficient = factor * Complex64::new(xi, -eta);
            }
        }
    }

    /// Rows of modes between the first and the last axis.
    fn modes_between(&self) -> usize {
        if self.grid.len() == 3 { self.modes[1] } else { 1 }
    }

    /// Coefficients `sqrt(s_k) xi_k`, wavenumbers from `lowest` on each axis. Two neighbours along the last axis share
    /// the pair of normal numbers of one address.
    fn fill_real(&self, random: &Random, index: u64, lowest: usize, coefficients: &mut [f64]) {
        let dimensions = self.grid.len();
        let columns = self.modes[dimensions - 1];
        let shift = WAVENUMBER_BITS * (dimensions as u32 - 1);
        let rows = coefficients.chunks_exact_mut(columns).zip(self.deviations.chunks_exact(columns));
        for (row, (coefficients, deviations)) in rows.enumerate() {
            let leading = [row / self.modes_between(), row % self.modes_between()];
            let leading = leading[..dimensions - 1].iter().rev();
            let code = leading.fold(0, |code, &k| code << WAVENUMBER_BITS | (k + lowest) as u64);
            let mut pair = (u64::MAX, [0.0; 2]);
            for (column, (coefficient, &deviation)) in coefficients.iter_mut().zip(deviations).enumerate() {
                let k = column + lowest;
                *coefficient = 0.0;
                if deviation == 0.0 {
                    continue;
                }
                let address = code | (k as u64 / 2) << shift;
                if pair.0 != address {
                    pair = (address, random.normals(index, address));
                }
                *coefficient = deviation * pair.1[k % 2];
            }
        }
    }

    /// `sum_k c_k psi_k(i / (n - 1))` along every axis: real Fourier rows over the period of twice the length, whose first
    /// half is kept. Each pass transforms the last axis and moves it to the front, so that after all passes the axes
    /// stand in their order again.
    fn evaluate_at_vertices(
        &self,
        plans: &[RowFourier<f64>],
        parity: Parity,
        scratch: &mut Scratch,
        values: &mut [f64],
    ) {
        for axis in (0..self.grid.len()).rev() {
            let (plan, n, modes) = (&plans[axis], self.grid[axis], self.modes[axis]);
            let rows = scratch.values.len() / modes;
            scratch.spectrum.clear();
            scratch.spectrum.resize(n, Complex64::ZERO);
            let mut period = vec![0.0; plan.points()];
            scratch.moved.resize(rows * n, 0.0);
            // The inverse divides by 2 (n - 1); the pair k, -k makes twice the cosine.
            let factor = plan.points() as f64 / 2.0_f64.sqrt();
            for (row, coefficients) in scratch.values.chunks_exact(modes).enumerate() {
                for (entry, &coefficient) in scratch.spectrum.iter_mut().zip(coefficients) {
                    *entry = match parity {
                        Parity::Cosine => Complex64::new(factor * coefficient, 0.0),
                        Parity::Sine => Complex64::new(0.0, -factor * coefficient),
                    };
                }
                if parity == Parity::Cosine {
                    scratch.spectrum[0] *= 2.0_f64.sqrt();
                }
                let _ = plan.inverse(&scratch.spectrum, &mut period, &mut scratch.rows[axis]);
                if parity == Parity::Sine {
                    // Zero but for rounding.
                    (period[0], period[n - 1]) = (0.0, 0.0);
                }
                for (i, &value) in period[..n].iter().enumerate() {
                    scratch.moved[i * rows + row] = value;
                }
            }
            std::mem::swap(&mut scratch.values, &mut scratch.moved);
        }
        values.copy_from_slice(&scratch.values);
    }
}

/// Two numbers of mean square one on a circle, in place of two normal ones.
fn phase(random: &Random, index: u64, address: u64) -> [f64; 2] {
    let [turn, _] = random.uniforms(index, address);
    let (sin, cos) = (TAU * turn).sin_cos();
    [SQRT_2 * cos, SQRT_2 * sin]
}

/// 0, 1, -1, 2, -2, .. to 0, 1, 2, 3, 4, ..: an injective code of signed wavenumbers.
fn zigzag(k: i64) -> u64 {
    if k > 0 { 2 * k as u64 - 1 } else { 2 * k.unsigned_abs() }
}

/// `kappa^2` of the modes along an axis in their order of storage; infinite for those that the grid does not resolve.
fn squared_frequencies(
    field: &GaussianField,
    axis: usize,
    n: usize,
    modes: usize,
    lowest: usize,
) -> Vec<f64> {
    let unit = field.unit_frequency() / field.extent[axis];
    let highest = field.highest_mode(axis, n);
    let absolute = |position: usize| match field.boundary {
        Boundary::Periodic => position.min(n - position),
        Boundary::Neumann | Boundary::Dirichlet => position + lowest,
    };
    (0..modes)
        .map(|position| {
            let k = absolute(position);
            let missing = k > highest || (field.boundary == Boundary::Dirichlet && k == 0);
            if missing { f64::INFINITY } else { (unit * k as f64).powi(2) }
        })
        .collect()
}

/// `a1[i] + .. + ad[j]` in row-major order.
fn outer_sum(axes: &[Vec<f64>]) -> Vec<f64> {
    axes.iter().fold(vec![0.0], |sums, axis| {
        sums.iter().flat_map(|sum| axis.iter().map(move |value| sum + value)).collect()
    })
}
