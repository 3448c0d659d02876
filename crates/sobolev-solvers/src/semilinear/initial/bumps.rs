//! Periodic bumps: `u = sum_i exp(-sharpness sum_j sin^2(pi (x_j - c_ij) / length_j))` at random centres.

use super::{Frame, Kind, RandomState, add_product, check_count};
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
        let mut values = ArrayD::zeros(grid.clone());
        for bump in 0..bumps {
            // A bump is the product of those along the axes.
            let factor = |axis: usize| -> Vec<f64> {
                let position = (field * bumps + bump) * 3 + axis;
                let centre = random.uniforms(index, position as u64)[0];
                let n = grid[axis];
                let away = |i: usize| (PI * (i as f64 / n as f64 - centre)).sin();
                (0..n).map(|i| (-sharpness * away(i).powi(2)).exp()).collect()
            };
            let factors: Vec<Vec<f64>> = (0..grid.len()).map(factor).collect();
            add_product(&mut values, 1.0, &factors);
        }
        values
    }
}
