//! Random waves of a given spectrum: Gaussian fields and truncated Fourier series, or the same waves with their expected
//! amplitudes and random phases alone.

use super::{Frame, Kind, RandomState};
use crate::random_field::{Boundary, Covariance, FieldSampler, GaussianField};
use crate::settings;
use ndarray::ArrayD;
use serde::Deserialize;
use sobolev_tensor::Result;
use toml::Value;

pub(super) const FIELD: Kind = Kind {
    name: "field",
    options: &["modes", "random_phases"],
    help: "{ field = name of a Gaussian field, or { amplitude, inverse_length, exponent }, modes = highest wave, random_phases = \
           every wave has its expected amplitude (false) }",
    build: |table, frame| {
        let Field { field, modes, random_phases } = settings::read("initial", table)?;
        let mut field = GaussianField::from_setting(&field, Boundary::Periodic, frame.lengths)?;
        if let Some(modes) = modes {
            field = field.with_modes_up_to(modes);
        }
        waves(field, random_phases, frame)
    },
};

pub(super) const FOURIER: Kind = Kind {
    name: "fourier",
    options: &["random_phases"],
    help: "{ fourier = highest wave of a series of independent normal coefficients, random_phases = all waves have one amplitude \
           (false) }",
    build: |table, frame| {
        let Fourier { fourier, random_phases } = settings::read("initial", table)?;
        let white = Covariance { amplitude: 1.0, inverse_length: 0.0, exponent: 0.0 };
        let field = GaussianField::new(white, Boundary::Periodic, frame.lengths)?.with_modes_up_to(fourier);
        waves(field, random_phases, frame)
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    field: Value,
    modes: Option<usize>,
    #[serde(default)]
    random_phases: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fourier {
    fourier: usize,
    #[serde(default)]
    random_phases: bool,
}

/// One sampler for each field.
#[derive(Debug)]
struct Waves(Vec<FieldSampler>);

fn waves(field: GaussianField, random_phases: bool, frame: &Frame) -> Result<Box<dyn RandomState>> {
    let field = if random_phases { field.with_random_phases() } else { field };
    let sampler = |number: usize| {
        // The first one is the field itself, so that a scalar equation shows the published fields.
        let field = field.clone();
        let field =
            if number == 0 { field } else { field.with_purpose(&format!("initial channel {number}")) };
        field.sampler(frame.grid)
    };
    Ok(Box::new(Waves((0..frame.fields).map(sampler).collect::<Result<_>>()?)))
}

impl RandomState for Waves {
    fn sample(&self, seed: u64, index: u64, field: usize) -> ArrayD<f64> {
        self.0[field].sample(seed, index)
    }
}
