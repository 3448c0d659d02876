//! Gaussian random fields on boxes, of covariance `sigma^2 (-Laplacian + tau^2)^(-alpha)`.
//!
//! ```text
//! u(x) = mean + sum_k sqrt(s_k) xi_k psi_k(x),     s_k = sigma^2 (|kappa_k|^2 + tau^2)^(-alpha) / V,     xi_k ~ N(0, 1)
//! ```
//!
//! with the eigenfunctions `psi_k` of the Laplacian under the boundary condition, scaled to mean square one over the box of
//! volume `V`, so that the mean square of `u - mean` over the box expects `sum_k s_k`:
//!
//! | boundary | `psi_k` along an axis of length L | `kappa_k` | grid points |
//! |---|---|---|---|
//! | periodic | `1`, `sqrt(2) cos(kappa x)`, `sqrt(2) sin(kappa x)` of the whole vector | `2 pi k / L` | `i L / n` |
//! | Neumann | `1`, `sqrt(2) cos(kappa x)` | `pi k / L`, k = 0, 1, .. | centres `(i + 1/2) L / n`, or vertices `i L / (n - 1)` |
//! | Dirichlet | `sqrt(2) sin(kappa x)` | `pi k / L`, k = 1, 2, .. | as Neumann |
//!
//! **The same function at every resolution.** `xi_k` is a function of seed, sample number and wavenumber alone. A grid
//! shows the modes that it resolves, those whose waves are longer than two of its cells; a finer grid adds modes and
//! changes none. With [`GaussianField::with_modes_up_to`] every grid shows the identical function.
//!
//! The mode k = 0 (periodic, Neumann) is left out unless [`GaussianField::with_random_mean`] asks for it, as the published
//! data of neural operators do. Samples have about `alpha - d/2` square-integrable derivatives; `alpha <= d/2` has no
//! finite variance and needs a band limit.
//!
//! [`FIELDS`] lists the fields of published data sets with their amplitudes.

mod presets;
mod sampler;

pub(crate) use presets::{FIELD_HELP, covariance_setting};
pub use presets::{FIELDS, FieldEntry};
pub use sampler::FieldSampler;

use crate::settings;
use ndarray::ArrayD;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Result};
use std::f64::consts::{PI, TAU};
use std::ops::Range;

/// The covariance operator `amplitude^2 (-Laplacian + inverse_length^2)^(-exponent)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covariance {
    /// sigma, above 0.
    pub amplitude: f64,
    /// tau, at least 0: waves much longer than 1/tau have equal variance.
    pub inverse_length: f64,
    /// alpha, above half the dimension for a finite variance.
    pub exponent: f64,
}

/// What a field does at the faces of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// The box is a torus.
    Periodic,
    /// The normal derivative vanishes.
    Neumann,
    /// The field vanishes.
    Dirichlet,
}

/// Where the points of a grid of n cells or vertices lie along an axis that is not periodic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Points {
    /// `(i + 1/2) L / n`.
    Centres,
    /// `i L / (n - 1)`, both ends included.
    Vertices,
}

/// A Gaussian field; the module page has its definition. Built by `new` and the `with_` methods, used by
/// [`sampler`](Self::sampler) for many samples on one grid or by [`sample`](Self::sample) for one.
///
/// ```
/// use sobolev_solvers::random_field::{Boundary, Covariance, GaussianField};
/// let covariance = Covariance { amplitude: 25.0, inverse_length: 5.0, exponent: 2.0 };
/// let field = GaussianField::new(covariance, Boundary::Periodic, &[1.0])?.with_modes_up_to(20);
/// let coarse = field.sample(7, 0, &[64])?;
/// let fine = field.sample(7, 0, &[256])?;
/// assert!((0..64).all(|i| (coarse[[i]] - fine[[4 * i]]).abs() < 1e-14));
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct GaussianField {
    covariance: Covariance,
    boundary: Boundary,
    extent: Vec<f64>,
    points: Points,
    mean: f64,
    random_mean: bool,
    band_limit: Option<usize>,
    random_phases: bool,
    purpose: String,
}

impl GaussianField {
    /// The field of `covariance` on a box of side lengths `extent`, in 1 to 3 dimensions, of mean zero.
    ///
    /// # Errors
    /// [`Error::Value`] for an amplitude or a length that is not positive or not finite, and a negative exponent or inverse
    /// length; [`Error::Shape`] for no or more than three dimensions. Without band limit a field needs an exponent above half
    /// the dimension.
    pub fn new(covariance: Covariance, boundary: Boundary, extent: &[f64]) -> Result<Self> {
        let positive = |argument: &str, value: f64| {
            let right = value.is_finite() && value > 0.0;
            if right { Ok(()) } else { Err(Error::value(argument, "a positive finite number", value)) }
        };
        positive("amplitude", covariance.amplitude)?;
        for (argument, value) in
            [("exponent", covariance.exponent), ("inverse_length", covariance.inverse_length)]
        {
            if !(value.is_finite() && value >= 0.0) {
                return Err(Error::value(argument, "a finite number of at least 0", value));
            }
        }
        if !(1..=3).contains(&extent.len()) {
            return Err(Error::shape("extent", "1 to 3 side lengths", &[extent.len()]));
        }
        extent.iter().try_for_each(|&length| positive("extent", length))?;
        Ok(Self {
            covariance,
            boundary,
            extent: extent.to_vec(),
            points: Points::Centres,
            mean: 0.0,
            random_mean: false,
            band_limit: None,
            random_phases: false,
            purpose: "gaussian field".to_string(),
        })
    }

    /// Adds a constant.
    pub fn with_mean(mut self, mean: f64) -> Self {
        self.mean = mean;
        self
    }

    /// Keeps the mode k = 0 of a periodic or Neumann field, which is then random with variance
    /// `sigma^2 tau^(-2 alpha) / V`.
    pub fn with_random_mean(mut self) -> Self {
        self.random_mean = true;
        self
    }

    /// Keeps only the modes with `|k_j| <= wavenumber` along the shortest sides (of half waves for Neumann and Dirichlet) and
    /// those of the same wavelengths along longer ones, so that the field stays isotropic. Grids that do not resolve them
    /// all are then refused, so that every grid shows the identical function.
    pub fn with_modes_up_to(mut self, wavenumber: usize) -> Self {
        self.band_limit = Some(wavenumber);
        self
    }

    /// Gives each wave of a periodic field its expected amplitude, so that only the phases are random: all samples have the
    /// same spectrum, and the mean square [`variance`](Self::variance) exactly. Of no effect on other fields.
    pub fn with_random_phases(mut self) -> Self {
        self.random_phases = true;
        self
    }

    /// Where the grid points lie; cell centres at first. Of no effect on periodic fields.
    pub fn with_points(mut self, points: Points) -> Self {
        self.points = points;
        self
    }

    /// Names the use of the field. Fields of different purposes have independent samples under the same seed, as the
    /// components of a vector field need.
    pub fn with_purpose(mut self, purpose: &str) -> Self {
        self.purpose = purpose.to_string();
        self
    }

    /// The covariance operator.
    pub fn covariance(&self) -> Covariance {
        self.covariance
    }

    /// The boundary condition.
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// The side lengths.
    pub fn extent(&self) -> &[f64] {
        &self.extent
    }

    /// `s_k`, what mode `wavenumber` adds to the mean square of the field, for a periodic field half of it for k and half
    /// for -k; zero for modes outside the basis, the band or (unless it is random) the mean.
    pub fn mode_variance(&self, wavenumber: &[i64]) -> f64 {
        let outside = |(axis, k): (usize, &i64)| {
            self.band_limit(axis).is_some_and(|limit| k.unsigned_abs() as usize > limit)
        };
        let missing = |&k: &i64| match self.boundary {
            Boundary::Periodic => false,
            Boundary::Neumann => k < 0,
            Boundary::Dirichlet => k < 1,
        };
        let mean_mode = wavenumber.iter().all(|&k| k == 0);
        if wavenumber.len() != self.extent.len()
            || wavenumber.iter().enumerate().any(outside)
            || wavenumber.iter().any(missing)
            || (mean_mode && !self.random_mean)
        {
            return 0.0;
        }
        let unit = self.unit_frequency();
        let square = |(&k, &length): (&i64, &f64)| (unit * k as f64 / length).powi(2);
        let frequency = wavenumber.iter().zip(&self.extent).map(square).sum::<f64>();
        self.density(frequency)
    }

    /// The expected mean square of `u - mean` over the box, on a grid: the sum of the variances of its modes. (Of the
    /// continuous field; Neumann and Dirichlet fields vary from point to point around it.)
    ///
    /// # Errors
    /// As [`sampler`](Self::sampler).
    pub fn variance(&self, grid: &[usize]) -> Result<f64> {
        self.check_grid(grid)?;
        let axes: Vec<Vec<i64>> = grid
            .iter()
            .enumerate()
            .map(|(axis, &n)| {
                let highest = self.highest_mode(axis, n) as i64;
                let lowest = if self.boundary == Boundary::Periodic { -highest } else { 0 };
                (lowest..=highest).collect()
            })
            .collect();
        let [first, rest @ ..] = &axes[..] else { return Ok(0.0) };
        let none = vec![0];
        let second = rest.first().unwrap_or(&none);
        let third = rest.get(1).unwrap_or(&none);
        let mut sum = 0.0;
        for &k1 in first {
            for &k2 in second {
                sum += third.iter().map(|&k3| self.mode_variance(&[k1, k2, k3][..grid.len()])).sum::<f64>();
            }
        }
        Ok(sum)
    }

    /// Coordinates of the grid points along each axis.
    ///
    /// # Errors
    /// As [`sampler`](Self::sampler).
    pub fn coordinates(&self, grid: &[usize]) -> Result<Vec<Vec<f64>>> {
        self.check_grid(grid)?;
        let (offset, vertices_less) = match (self.boundary, self.points) {
            (Boundary::Periodic, _) => (0.0, 0),
            (_, Points::Centres) => (0.5, 0),
            (_, Points::Vertices) => (0.0, 1),
        };
        let axis = |(&n, &length): (&usize, &f64)| {
            (0..n).map(|i| (i as f64 + offset) * length / (n - vertices_less) as f64).collect()
        };
        Ok(grid.iter().zip(&self.extent).map(axis).collect())
    }

    /// Plans many samples on one grid.
    ///
    /// # Errors
    /// [`Error::Shape`] when `grid` has not the dimension of the box, fewer than 2 or more than 2^20 points along an
    /// axis, or does not resolve the band; [`Error::Value`] when the variance is infinite: an exponent of at most d/2
    /// without a band limit, or a random mean at inverse length zero.
    pub fn sampler(&self, grid: &[usize]) -> Result<FieldSampler> {
        self.check_grid(grid)?;
        FieldSampler::new(self, grid)
    }

    /// Sample `index` under `seed` on `grid`: `[x1, .., xd]`.
    ///
    /// # Errors
    /// As [`sampler`](Self::sampler).
    pub fn sample(&self, seed: u64, index: u64, grid: &[usize]) -> Result<ArrayD<f64>> {
        Ok(self.sampler(grid)?.sample(seed, index))
    }

    /// Samples `indices` under `seed` on `grid`, in parallel: `[samples, x1, .., xd]`.
    ///
    /// # Errors
    /// As [`sampler`](Self::sampler).
    pub fn sample_batch(&self, seed: u64, indices: Range<u64>, grid: &[usize]) -> Result<ArrayD<f64>> {
        Ok(self.sampler(grid)?.sample_batch(seed, indices))
    }

    /// Frequency of wavenumber 1 on the unit interval.
    fn unit_frequency(&self) -> f64 {
        if self.boundary == Boundary::Periodic { TAU } else { PI }
    }

    /// `s_k` of the modes with `|kappa|^2 = frequency`.
    fn density(&self, frequency: f64) -> f64 {
        let Covariance { amplitude, inverse_length, exponent } = self.covariance;
        let volume: f64 = self.extent.iter().product();
        amplitude * amplitude * (frequency + inverse_length * inverse_length).powf(-exponent) / volume
    }

    /// The highest wavenumber of the band along an axis.
    fn band_limit(&self, axis: usize) -> Option<usize> {
        let shortest = self.extent.iter().copied().fold(f64::INFINITY, f64::min);
        // A ratio that rounding leaves below a whole number counts as that.
        let longer = self.extent[axis] / shortest * (1.0 + 1e-12);
        self.band_limit.map(|limit| (limit as f64 * longer) as usize)
    }

    /// The highest wavenumber that `n` points along an axis show: the Nyquist wavenumber itself is left out, because its
    /// waves look different on every grid.
    fn highest_mode(&self, axis: usize, n: usize) -> usize {
        let resolved = match (self.boundary, self.points) {
            (Boundary::Periodic, _) => (n - 1) / 2,
            (_, Points::Centres) => n - 1,
            (_, Points::Vertices) => n - 2,
        };
        self.band_limit(axis).map_or(resolved, |limit| limit.min(resolved))
    }

    fn check_grid(&self, grid: &[usize]) -> Result<()> {
        const LONGEST: usize = 1 << (sampler::WAVENUMBER_BITS - 1);
        let dimensions = self.extent.len();
        let in_range = |n: &usize| (2..=LONGEST).contains(n);
        if grid.len() != dimensions || !grid.iter().all(in_range) {
            let expected = format!("{dimensions} axes of 2 to {LONGEST} points");
            return Err(Error::shape("grid", expected, grid));
        }
        settings::memory("grid", grid, sampler::BYTES_PER_POINT)?;
        if self.band_limit.is_some() {
            let limit = |axis: usize| self.band_limit(axis).unwrap_or(0);
            if let Some(axis) =
                (0..dimensions).find(|&axis| self.highest_mode(axis, grid[axis]) < limit(axis))
            {
                let expected = format!("a grid that resolves wavenumber {} along axis {axis}", limit(axis));
                return Err(Error::shape("grid", expected, grid).with_hint("use more points or fewer modes"));
            }
        } else if self.covariance.exponent <= 0.5 * dimensions as f64 {
            let expected = format!("above {} (half the dimension)", 0.5 * dimensions as f64);
            return Err(Error::value("exponent", expected, self.covariance.exponent)
                .with_hint("the variance of the field is infinite without a band limit"));
        }
        if self.random_mean && self.boundary != Boundary::Dirichlet && self.covariance.inverse_length == 0.0 {
            return Err(Error::value("inverse_length", "a positive number for a field of random mean", 0.0));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
