//! Random initial states on periodic boxes.

use crate::random_field::{Boundary, Covariance, FieldSampler, GaussianField};
use crate::settings;
use ndarray::ArrayD;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Random, Result};
use std::f64::consts::PI;

/// How a field is brought to size before it is scaled and shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Normalisation {
    /// Not at all.
    #[default]
    None,
    /// Its largest absolute value is one.
    Max,
    /// Its mean square is one.
    Std,
    /// Its values go from zero to one.
    Range,
}

/// The setting `initial`: exactly one of `field`, `fourier` and `bumps`, and what is made of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct InitialSettings {
    /// A Gaussian field: a name, or `amplitude`, `inverse_length` and `exponent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<toml::Value>,
    /// Highest wave of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    modes: Option<usize>,
    /// A Fourier series with independent normal coefficients up to this wave.
    #[serde(skip_serializing_if = "Option::is_none")]
    fourier: Option<usize>,
    /// A sum of so many bumps `exp(-sharpness sum_j sin^2(pi (x_j - c_j) / length_j))` at random centres.
    #[serde(skip_serializing_if = "Option::is_none")]
    bumps: Option<usize>,
    /// Sharpness of bumps.
    #[serde(skip_serializing_if = "Option::is_none")]
    sharpness: Option<f64>,
    normalise: Normalisation,
    /// What each channel is multiplied by; one number for all, or one for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<toml::Value>,
    /// What is added to each channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<toml::Value>,
    /// Whether all channels are made of one field.
    shared: bool,
}

/// A planned distribution of initial states on one grid.
#[derive(Debug)]
pub(super) struct Initial {
    source: Source,
    normalise: Normalisation,
    scale: Vec<f64>,
    offset: Vec<f64>,
}

#[derive(Debug)]
enum Source {
    /// One sampler for each channel, or one for all.
    Fields(Vec<FieldSampler>),
    Bumps {
        grid: Vec<usize>,
        count: usize,
        sharpness: f64,
        fields: usize,
    },
}

impl Initial {
    /// The distribution that the setting describes, for `channels` channels on `grid`, a box of `lengths`.
    ///
    /// # Errors
    /// [`Error::Value`] that names what is wrong.
    pub(super) fn new(
        setting: &toml::Value,
        grid: &[usize],
        lengths: &[f64],
        channels: usize,
    ) -> Result<Self> {
        let given: InitialSettings = match setting {
            toml::Value::String(name) => {
                InitialSettings { field: Some(name.as_str().into()), ..InitialSettings::default() }
            }
            toml::Value::Table(table) => settings::read("initial", table.clone())?,
            other => return Err(Error::value("initial", "the name of a field, or a table", other)),
        };
        let fields = if given.shared { 1 } else { channels };
        let sampler = |field: &GaussianField, number: usize| {
            // The first one is the field itself, so that a scalar equation shows the published fields.
            let field = field.clone();
            let field =
                if number == 0 { field } else { field.with_purpose(&format!("initial channel {number}")) };
            field.sampler(grid)
        };
        let source = match (&given.field, given.fourier, given.bumps) {
            (Some(field), None, None) => {
                let mut field = GaussianField::from_setting(field, Boundary::Periodic, lengths)?;
                if let Some(modes) = given.modes {
                    field = field.with_modes_up_to(modes);
                }
                Source::Fields((0..fields).map(|number| sampler(&field, number)).collect::<Result<_>>()?)
            }
            (None, Some(cutoff), None) => {
                settings::unused("modes", given.modes, "with fourier, which has the highest wave itself")?;
                let white = Covariance { amplitude: 1.0, inverse_length: 0.0, exponent: 0.0 };
                let field = GaussianField::new(white, Boundary::Periodic, lengths)?.with_modes_up_to(cutoff);
                Source::Fields((0..fields).map(|number| sampler(&field, number)).collect::<Result<_>>()?)
            }
            (None, None, Some(count)) => {
                let sharpness = given.sharpness.unwrap_or(20.0);
                if count == 0 || !(sharpness.is_finite() && sharpness > 0.0) {
                    let got = format!("{count} of sharpness {sharpness}");
                    return Err(Error::value("bumps", "at least one, of positive sharpness", got));
                }
                Source::Bumps { grid: grid.to_vec(), count, sharpness, fields }
            }
            _ => {
                let expected = "exactly one of field, fourier and bumps";
                return Err(Error::value("initial", expected, setting));
            }
        };
        let numbers = |name: &str, value: Option<toml::Value>, default: f64| {
            settings::numbers(name, &value.unwrap_or(default.into()), channels)
        };
        Ok(Self {
            source,
            normalise: given.normalise,
            scale: numbers("scale", given.scale, 1.0)?,
            offset: numbers("offset", given.offset, 0.0)?,
        })
    }

    /// Sample `index` under `seed`: `[x1, .., xd, channels]`.
    pub(super) fn sample(&self, seed: u64, index: u64) -> ArrayD<f64> {
        let mut fields = self.fields(seed, index);
        fields.iter_mut().for_each(|field| normalise(self.normalise, field));
        let views: Vec<ArrayD<f64>> = (self.scale.iter().zip(&self.offset).enumerate())
            .map(|(channel, (scale, offset))| {
                fields[channel.min(fields.len() - 1)].mapv(|v| scale * v + offset)
            })
            .collect();
        let views: Vec<_> = views.iter().map(|v| v.view()).collect();
        let axis = ndarray::Axis(fields[0].ndim());
        // All fields have the shape of the grid.
        ndarray::stack(axis, &views).unwrap_or_default().as_standard_layout().into_owned()
    }

    fn fields(&self, seed: u64, index: u64) -> Vec<ArrayD<f64>> {
        match &self.source {
            Source::Fields(samplers) => samplers.iter().map(|sampler| sampler.sample(seed, index)).collect(),
            Source::Bumps { grid, count, sharpness, fields } => {
                let random = Random::new(seed, "initial bumps");
                let bumps = |field: usize| {
                    let centre = |bump: usize, axis: usize| {
                        random.uniforms(index, ((field * count + bump) * 3 + axis) as u64)[0]
                    };
                    ArrayD::from_shape_fn(grid.clone(), |point| {
                        let bump = |bump: usize| {
                            let far = |axis: usize| {
                                let x = point[axis] as f64 / grid[axis] as f64;
                                (PI * (x - centre(bump, axis))).sin().powi(2)
                            };
                            (-sharpness * (0..grid.len()).map(far).sum::<f64>()).exp()
                        };
                        (0..*count).map(bump).sum()
                    })
                };
                (0..*fields).map(bumps).collect()
            }
        }
    }
}

fn normalise(kind: Normalisation, field: &mut ArrayD<f64>) {
    let largest = || field.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    let (shift, factor) = match kind {
        Normalisation::None => return,
        Normalisation::Max => (0.0, largest()),
        Normalisation::Std => (0.0, (field.iter().map(|v| v * v).sum::<f64>() / field.len() as f64).sqrt()),
        Normalisation::Range => {
            let low = field.iter().copied().fold(f64::INFINITY, f64::min);
            let high = field.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low, high - low)
        }
    };
    // A field that is zero stays so.
    if factor > 0.0 {
        field.mapv_inplace(|v| (v - shift) / factor);
    }
}
