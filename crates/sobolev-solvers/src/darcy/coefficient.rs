//! Random coefficients of Darcy flow.

use super::problem::DarcySettings;
use crate::box_grid::BoxGrid;
use crate::random_field::{Boundary, FieldEntry, FieldSampler, GaussianField};
use crate::settings;
use ndarray::{ArrayD, IxDyn};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Random, Result};
use std::f64::consts::PI;

/// The published values of a piecewise coefficient, and those of two values above and below a sum of Gaussians.
const PIECEWISE: (f64, f64) = (3.0, 12.0);
const GAUSSIANS: (f64, f64) = (0.1, 1.0);

/// Gaussians in a sum.
const BUMPS: u64 = 5;

/// How a coefficient is made, at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Coefficient {
    /// `high` where a Gaussian field g >= 0, `low` elsewhere (Li et al. 2020: 12 and 3).
    #[default]
    Piecewise,
    /// `exp(g)` of a Gaussian field g.
    Lognormal,
    /// `high` where a sum of five Gaussians `exp(-|x - c|^2 / s)` is above its mean, `low` elsewhere: centres c uniform in the
    /// box, s uniform on 0 to 1/2, whatever the size of the box (PDEBench, arXiv:2210.07182: 1 and 0.1). The mean is that of
    /// all samples and points.
    Gaussians,
    /// `prod_{k=1}^6 (1 + cos(a_k pi (x1 + x2))/2) (1 + sin(a_k pi (x2 - 3 x1))/2)` with a_k uniform on 2^(k-1) to 1.5 times
    /// that: all scales at once, in two dimensions (the multiscale set of He, Liu and Xu, MgNO, arXiv:2310.19809).
    Trigonometric,
}

/// A planned coefficient.
#[derive(Debug)]
pub(super) enum Medium {
    Piecewise { field: FieldSampler, low: f64, high: f64 },
    Lognormal { field: FieldSampler },
    Gaussians { grid: BoxGrid, threshold: f64, low: f64, high: f64 },
    Trigonometric { grid: BoxGrid },
}

impl Medium {
    /// The coefficient that the settings describe on a grid.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range or has no effect.
    pub(super) fn new(settings: &DarcySettings, grid: &BoxGrid) -> Result<Self> {
        let kind = settings.coefficient;
        if matches!(kind, Coefficient::Lognormal | Coefficient::Trigonometric) {
            let why = if kind == Coefficient::Lognormal { "lognormal" } else { "trigonometric" };
            settings::unused("low", settings.low, &format!("with a {why} coefficient"))?;
            settings::unused("high", settings.high, &format!("with a {why} coefficient"))?;
        }
        if !uses_field(kind) {
            let field = (settings.field != DarcySettings::default().field).then_some(&settings.field);
            settings::unused("field", field, "with a coefficient that is made without a field")?;
            settings::unused("modes", settings.modes, "with a coefficient that is made without a field")?;
        }
        Ok(match kind {
            Coefficient::Piecewise => {
                let (low, high) = values(settings, PIECEWISE)?;
                Self::Piecewise { field: sampler(settings, grid)?, low, high }
            }
            Coefficient::Lognormal => Self::Lognormal { field: sampler(settings, grid)? },
            Coefficient::Gaussians => {
                let (low, high) = values(settings, GAUSSIANS)?;
                let threshold = mean_of_gaussians(&grid.lengths);
                Self::Gaussians { threshold, grid: grid.clone(), low, high }
            }
            Coefficient::Trigonometric if settings.dimension == 2 => {
                Self::Trigonometric { grid: grid.clone() }
            }
            Coefficient::Trigonometric => {
                return Err(Error::value(
                    "dimension",
                    "2 with a trigonometric coefficient",
                    settings.dimension,
                ));
            }
        })
    }

    /// The two values of a coefficient that has two.
    pub(super) fn values(&self) -> Option<(f64, f64)> {
        match self {
            Self::Piecewise { low, high, .. } | Self::Gaussians { low, high, .. } => Some((*low, *high)),
            Self::Lognormal { .. } | Self::Trigonometric { .. } => None,
        }
    }

    /// The coefficient of sample `index` under `seed` at the cell centres.
    pub(super) fn sample(&self, seed: u64, index: u64) -> ArrayD<f64> {
        match self {
            Self::Piecewise { field, low, high } => {
                field.sample(seed, index).mapv_into(|g| if g >= 0.0 { *high } else { *low })
            }
            Self::Lognormal { field } => field.sample(seed, index).mapv_into(f64::exp),
            Self::Gaussians { grid, threshold, low, high } => {
                sum_of_gaussians(grid, seed, index).mapv_into(|g| if g >= *threshold { *high } else { *low })
            }
            Self::Trigonometric { grid } => trigonometric(grid, seed, index),
        }
    }
}

/// Whether a coefficient is made of a Gaussian field.
pub(super) fn uses_field(kind: Coefficient) -> bool {
    matches!(kind, Coefficient::Piecewise | Coefficient::Lognormal)
}

fn values(settings: &DarcySettings, default: (f64, f64)) -> Result<(f64, f64)> {
    let (low, high) = (settings.low.unwrap_or(default.0), settings.high.unwrap_or(default.1));
    for (name, value) in [("low", low), ("high", high)] {
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::value(name, "a positive finite number", value));
        }
    }
    if low > high {
        return Err(Error::value("low", format!("at most high = {high}"), low));
    }
    Ok((low, high))
}

fn sampler(settings: &DarcySettings, grid: &BoxGrid) -> Result<FieldSampler> {
    let mut field = match &settings.field {
        toml::Value::String(name) if grid.dimensions() == 3 => {
            GaussianField::new(FieldEntry::named(name)?.covariance, Boundary::Neumann, &grid.lengths)?
        }
        setting => GaussianField::from_setting(setting, Boundary::Neumann, &grid.lengths)?,
    };
    if let Some(modes) = settings.modes {
        field = field.with_modes_up_to(modes);
    }
    field.sampler(&grid.cells)
}

/// `sum_i exp(-|x - c_i|^2 / s_i)` at cell centres: the factors along each axis, multiplied.
fn sum_of_gaussians(grid: &BoxGrid, seed: u64, index: u64) -> ArrayD<f64> {
    let random = Random::new(seed, "coefficient gaussians");
    let mut sum = ArrayD::zeros(IxDyn(&grid.cells));
    for bump in 0..BUMPS {
        let number = |which: u64| random.uniforms(index, 4 * bump + which)[0];
        let width = 0.5 * number(3);
        let factor = |axis: usize| {
            let (n, length) = (grid.cells[axis], grid.lengths[axis]);
            let centre = number(axis as u64);
            let away = |i: usize| length * (centre - (i as f64 + 0.5) / n as f64);
            (0..n).map(|i| (-away(i).powi(2) / width).exp()).collect()
        };
        let factors: Vec<Vec<f64>> = (0..grid.dimensions()).map(factor).collect();
        for (place, value) in sum.indexed_iter_mut() {
            *value += factors.iter().enumerate().map(|(axis, factor)| factor[place[axis]]).product::<f64>();
        }
    }
    sum
}

/// The mean of a sum of Gaussians over centres, widths and points: the midpoint rule for
/// `5 int_0^1 prod_j h_j(s/2) ds`, `h_j(w) = 2 int_0^1 (1 - t) exp(-(L_j t)^2 / w) dt`.
fn mean_of_gaussians(lengths: &[f64]) -> f64 {
    const POINTS: usize = 400;
    let midpoint = |i: usize| (i as f64 + 0.5) / POINTS as f64;
    let along = |length: f64, width: f64| {
        let term = |i: usize| 2.0 * (1.0 - midpoint(i)) * (-(length * midpoint(i)).powi(2) / width).exp();
        (0..POINTS).map(term).sum::<f64>() / POINTS as f64
    };
    let product = |i: usize| lengths.iter().map(|length| along(*length, 0.5 * midpoint(i))).product::<f64>();
    let all = (0..POINTS).map(product).sum::<f64>();
    BUMPS as f64 * all / POINTS as f64
}

fn trigonometric(grid: &BoxGrid, seed: u64, index: u64) -> ArrayD<f64> {
    let random = Random::new(seed, "coefficient trigonometric");
    let waves: Vec<f64> = (0..6)
        .map(|k| {
            let lowest = f64::from(1 << k);
            lowest * (1.0 + 0.5 * random.uniforms(index, k as u64)[0])
        })
        .collect();
    ArrayD::from_shape_fn(IxDyn(&grid.cells), |place| {
        let at = |axis: usize| (place[axis] as f64 + 0.5) * grid.lengths[axis] / grid.cells[axis] as f64;
        let [x, y] = [at(0), at(1)];
        let factor =
            |a: &f64| (1.0 + 0.5 * (a * PI * (x + y)).cos()) * (1.0 + 0.5 * (a * PI * (y - 3.0 * x)).sin());
        waves.iter().map(factor).product()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn medium(text: &str) -> Result<Medium> {
        let settings: DarcySettings = toml::from_str(text).unwrap();
        let DarcySettings { size, length, dimension, .. } = &settings;
        Medium::new(&settings, &BoxGrid::read(size, length, *dimension, 2..=3, 1, 1)?)
    }

    fn unit(n: usize) -> BoxGrid {
        BoxGrid { cells: vec![n; 2], lengths: vec![1.0; 2] }
    }

    #[test]
    fn gaussians_have_the_mean_that_divides_them() {
        // 5 int_0^1 h(s/2)^d ds with the closed form of h by the error function.
        assert!((mean_of_gaussians(&[1.0; 2]) - 1.852145).abs() < 1e-4);
        assert!((mean_of_gaussians(&[1.0; 3]) - 1.213565).abs() < 1e-4);
        let wide = BoxGrid { cells: vec![32, 16], lengths: vec![2.0, 1.0] };
        for (grid, expected) in [(unit(16), 1.852), (wide.clone(), mean_of_gaussians(&wide.lengths))] {
            let mean = |index| sum_of_gaussians(&grid, 4, index).mean().unwrap();
            let mean = (0..2000).map(mean).sum::<f64>() / 2000.0;
            // The deviation of the mean of one sample is about 0.5.
            assert!((mean - expected).abs() < 0.04, "{mean} {expected}");
        }
    }

    #[test]
    fn gaussians_make_two_values_on_every_grid_alike() {
        let text = |size: usize| format!("size = {size}\ncoefficient = \"gaussians\"");
        let (coarse, fine) = (medium(&text(20)).unwrap(), medium(&text(60)).unwrap());
        assert_eq!(coarse.values(), Some((0.1, 1.0)));
        let mut shares = Vec::new();
        for index in 0..40 {
            let (a, b) = (coarse.sample(1, index), fine.sample(1, index));
            assert!(a.iter().all(|v| *v == 0.1 || *v == 1.0));
            // The centre of a coarse cell is that of the middle one of nine fine cells.
            assert!(a.indexed_iter().all(|(place, v)| *v == b[[3 * place[0] + 1, 3 * place[1] + 1]]));
            shares.push(a.iter().filter(|v| **v == 1.0).count() as f64 / 400.0);
        }
        let mean = shares.iter().sum::<f64>() / 40.0;
        assert!((0.3..0.7).contains(&mean), "{mean}");
    }

    #[test]
    fn the_trigonometric_coefficient_has_its_bounds_and_scales() {
        let medium = medium("size = 127\ncoefficient = \"trigonometric\"").unwrap();
        let (least, most) = (0.25_f64.powi(6), 2.25_f64.powi(6));
        for index in 0..5 {
            let a = medium.sample(0, index);
            assert!(a.iter().all(|v| (least..=most).contains(v)));
            // Six octaves: neighbours of 127 differ by far more than a smooth function would.
            let spread = a.iter().copied().fold(0.0, f64::max) / a.iter().copied().fold(f64::MAX, f64::min);
            assert!(spread > 1e3, "{spread}");
        }
        // On the diagonal x2 = 3 x1 the sines vanish.
        let a = trigonometric(&unit(3), 7, 0);
        let random = Random::new(7, "coefficient trigonometric");
        let wave = |k: u32| f64::from(1 << k) * (1.0 + 0.5 * random.uniforms(0, u64::from(k))[0]);
        let exact: f64 = (0..6).map(|k| 1.0 + 0.5 * (wave(k) * PI * 2.0 / 3.0).cos()).product();
        assert!((a[[0, 1]] - exact).abs() < 1e-12 * exact);
    }

    #[test]
    fn settings_without_effect_are_named() {
        for (text, words) in [
            ("coefficient = \"trigonometric\"\nlow = 1.0", "low: expected nothing with a trigonometric"),
            ("coefficient = \"trigonometric\"\ndimension = 3\nsize = 8", "dimension: expected 2 with a"),
            ("coefficient = \"gaussians\"\nmodes = 3", "modes: expected nothing"),
            (
                "coefficient = \"gaussians\"\nfield = { amplitude = 1.0, inverse_length = 1.0, exponent = 2.0 }",
                "field: expected nothing",
            ),
            ("coefficient = \"gaussians\"\nlow = -1.0", "low: expected a positive"),
            ("coefficient = \"gaussians\"\nlow = 2.0", "low: expected at most high = 1"),
        ] {
            let error = medium(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
