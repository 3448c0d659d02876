//! Periodic bumps: `u = sum_i exp(-sharpness sum_j sin^2(pi (x_j - c_ij) / length_j))` at random centres.

use super::{Frame, Kind, RandomState, check_count};
use crate::settings;
use ndarray::ArrayD;
use serde::Deserialize;
use sobolev_tensor::{Error, Random, Result};
use std::f64::consts::PI;

pub(super) const KIND: Kind = Kind {
    name: "bumps",
    options: &["sharpness"],
    help: "{ bumps = how many, sharpness = of each (20) }",
    build: |table, frame| Ok(Box::new(Bumps::new(settings::read("initial", table)?, frame)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    bumps: usize,
    #[serde(default = "twenty")]
    sharpness: f64,
}

fn twenty() -> f64 {
    20.0
}

#[derive(Debug)]
struct Bumps {
    settings: Settings,
    grid: Vec<usize>,
}

impl Bumps {
    fn new(settings: Settings, frame: &Frame) -> Result<Self> {
        check_count("bumps", settings.bumps)?;
        if !(settings.sharpness.is_finite() && settings.sharpness > 0.0) {
            return Err(Error::value("sharpness", "a positive finite number", settings.sharpness));
        }
        Ok(Self { settings, grid: frame.grid.to_vec() })
    }
}

impl RandomState for Bumps {
    fn sample(&self, seed: u64, index: u64, field: usize) -> ArrayD<f64> {
        let (random, grid) = (Random::new(seed, "initial bumps"), &self.grid);
        let Settings { bumps, sharpness } = self.settings;
        let centre =
            |bump: usize, axis: usize| random.uniforms(index, ((field * bumps + bump) * 3 + axis) as u64)[0];
        ArrayD::from_shape_fn(grid.clone(), |point| {
            let bump = |bump: usize| {
                let far = |axis: usize| {
                    let x = point[axis] as f64 / grid[axis] as f64;
                    (PI * (x - centre(bump, axis))).sin().powi(2)
                };
                (-sharpness * (0..grid.len()).map(far).sum::<f64>()).exp()
            };
            (0..bumps).map(bump).sum()
        })
    }
}
