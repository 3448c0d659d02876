//! Gaussian clusters: `u = sum_i A_i exp(-|x - c_i|^2 / (2 w_i^2))` by the nearest periodic image, with a random number of
//! clusters of random places, widths and heights, as reaction-diffusion data sets begin with (The Well, arXiv:2412.00568).

use super::{Frame, Kind, RandomState, add_product, check_count, range};
use crate::settings;
use ndarray::ArrayD;
use serde::Deserialize;
use sobolev_tensor::{Error, Random, Result};
use toml::Value;

pub(super) const KIND: Kind = Kind {
    name: "clusters",
    options: &["width", "height", "centre"],
    help: "{ clusters = how many, or [least, most], width = in sides of the box, a number or [low, high] (0.05), height = (1), \
           centre = [low, high] of a side (0 to 1) }",
    build: |table, frame| Ok(Box::new(Clusters::new(&settings::read("initial", table)?, frame)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    clusters: Value,
    width: Option<Value>,
    height: Option<Value>,
    centre: Option<Value>,
}

#[derive(Debug)]
struct Clusters {
    grid: Vec<usize>,
    /// Sides in units of the shortest one.
    sides: Vec<f64>,
    count: [usize; 2],
    width: [f64; 2],
    height: [f64; 2],
    centre: [f64; 2],
}

impl Clusters {
    fn new(settings: &Settings, frame: &Frame) -> Result<Self> {
        let [least, most] = range("clusters", Some(&settings.clusters), [1.0, 1.0])?;
        if least < 1.0 || least.fract() != 0.0 || most.fract() != 0.0 {
            let expected = "a whole number of at least 1, or [least, most]";
            return Err(Error::value("clusters", expected, &settings.clusters));
        }
        check_count("clusters", most as usize)?;
        let width = range("width", settings.width.as_ref(), [0.05; 2])?;
        if width[0] <= 0.0 {
            return Err(Error::value("width", "positive numbers", width[0]));
        }
        let shortest = frame.lengths.iter().copied().fold(f64::INFINITY, f64::min);
        Ok(Self {
            grid: frame.grid.to_vec(),
            sides: frame.lengths.iter().map(|length| length / shortest).collect(),
            count: [least as usize, most as usize],
            width,
            height: range("height", settings.height.as_ref(), [1.0; 2])?,
            centre: range("centre", settings.centre.as_ref(), [0.0, 1.0])?,
        })
    }
}

impl RandomState for Clusters {
    fn sample(&self, seed: u64, index: u64, field: usize) -> ArrayD<f64> {
        let random = Random::new(seed, &format!("initial clusters {field}"));
        let uniform =
            |position: u64, [low, high]: [f64; 2]| low + (high - low) * random.uniforms(index, position)[0];
        let [least, most] = self.count;
        let count = least + (random.uniforms(index, 0)[0] * (most - least + 1) as f64) as usize;
        let mut values = ArrayD::zeros(self.grid.clone());
        for cluster in 1..=count as u64 {
            let width = uniform(5 * cluster, self.width);
            let height = uniform(5 * cluster + 1, self.height);
            // A Gaussian is the product of those along the axes.
            let factors: Vec<Vec<f64>> = (0..self.grid.len())
                .map(|axis| {
                    let centre = uniform(5 * cluster + 2 + axis as u64, self.centre);
                    let n = self.grid[axis];
                    let at = |i: usize| {
                        let away = i as f64 / n as f64 - centre;
                        let nearest = (away - away.round()) * self.sides[axis] / width;
                        (-0.5 * nearest * nearest).exp()
                    };
                    (0..n).map(at).collect()
                })
                .collect();
            add_product(&mut values, height, &factors);
        }
        values
    }
}
