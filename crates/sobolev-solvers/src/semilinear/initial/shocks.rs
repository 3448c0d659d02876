//! Piecewise constant states: shock tubes in one dimension, Riemann problems of blocks in more.
//!
//! Each axis is cut at `shocks` random places into as many pieces, of which the last goes on at the other end of the periodic
//! box; every block has a value uniform on `low` to `high`.

use super::{Frame, Kind, RandomState, check_count};
use crate::settings;
use ndarray::ArrayD;
use serde::Deserialize;
use sobolev_tensor::{Error, Random, Result};

pub(super) const KIND: Kind = Kind {
    name: "shocks",
    options: &["low", "high"],
    help: "{ shocks = jumps along each axis, low = least value (-1), high = largest (1) }",
    build: |table, frame| Ok(Box::new(Shocks::new(settings::read("initial", table)?, frame)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    shocks: usize,
    #[serde(default = "minus_one")]
    low: f64,
    #[serde(default = "one")]
    high: f64,
}

fn minus_one() -> f64 {
    -1.0
}

fn one() -> f64 {
    1.0
}

#[derive(Debug)]
struct Shocks {
    settings: Settings,
    grid: Vec<usize>,
}

impl Shocks {
    fn new(settings: Settings, frame: &Frame) -> Result<Self> {
        check_count("shocks", settings.shocks)?;
        if settings.shocks == 1 {
            return Err(Error::value("shocks", "at least 2: a periodic state jumps back, too", 1));
        }
        let Settings { low, high, .. } = settings;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(Error::value("low", format!("a finite number below high = {high}"), low));
        }
        Ok(Self { settings, grid: frame.grid.to_vec() })
    }
}

impl RandomState for Shocks {
    fn sample(&self, seed: u64, index: u64, field: usize) -> ArrayD<f64> {
        let Settings { shocks, low, high } = self.settings;
        let random = Random::new(seed, &format!("initial shocks {field}"));
        let pieces: Vec<Vec<usize>> = (0..self.grid.len())
            .map(|axis| {
                let mut cuts: Vec<f64> =
                    (0..shocks).map(|cut| random.uniforms(index, (axis * shocks + cut) as u64)[0]).collect();
                cuts.sort_by(f64::total_cmp);
                let n = self.grid[axis];
                (0..n).map(|i| cuts.partition_point(|cut| *cut <= i as f64 / n as f64) % shocks).collect()
            })
            .collect();
        ArrayD::from_shape_fn(self.grid.clone(), |place| {
            let block =
                pieces.iter().enumerate().fold(0, |code, (axis, piece)| code * shocks + piece[place[axis]]);
            low + (high - low) * random.uniforms(index, (1 << 32) + block as u64)[0]
        })
    }
}
