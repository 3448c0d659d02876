//! Sums of sine waves: the initial states of PDEBench's one-dimensional sets (Takamoto et al., arXiv:2210.07182, appendix).
//!
//! `u = sum_i A_i sin(2 pi n_i . x / L + phi_i)` with amplitudes uniform on 0 to 1, phases uniform, and every wavenumber uniform
//! on 1 to `highest`; then, each with a probability, its absolute value and a window with smooth ends, and a random sign.
//! Unlike the published fields, these are periodic on the whole box, and two waves of one number are two waves.

use super::{Frame, Kind, RandomState, check_count};
use crate::settings;
use ndarray::ArrayD;
use serde::Deserialize;
use sobolev_tensor::{Error, Random, Result};
use std::f64::consts::TAU;

pub(super) const KIND: Kind = Kind {
    name: "sines",
    options: &["highest", "absolute", "window"],
    help: "{ sines = how many, highest = wavenumber (8), absolute = probability of |u| (0.1), window = probability (0.1) }",
    build: |table, frame| Ok(Box::new(Sines::new(settings::read("initial", table)?, frame)?)),
};

/// Width of the ends of a window, as a part of the side.
const END: f64 = 0.01;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    sines: usize,
    #[serde(default = "eight")]
    highest: usize,
    #[serde(default = "tenth")]
    absolute: f64,
    #[serde(default = "tenth")]
    window: f64,
}

fn eight() -> usize {
    8
}

fn tenth() -> f64 {
    0.1
}

#[derive(Debug)]
struct Sines {
    settings: Settings,
    grid: Vec<usize>,
}

impl Sines {
    fn new(settings: Settings, frame: &Frame) -> Result<Self> {
        check_count("sines", settings.sines)?;
        let resolved = frame.grid.iter().map(|n| (n - 1) / 2).min().unwrap_or(0);
        if settings.highest == 0 || settings.highest > resolved {
            let expected = format!("1 to {resolved}, the highest wave that the grid resolves");
            return Err(Error::value("highest", expected, settings.highest));
        }
        for (name, chance) in [("absolute", settings.absolute), ("window", settings.window)] {
            if !(0.0..=1.0).contains(&chance) {
                return Err(Error::value(name, "a probability, 0 to 1", chance));
            }
        }
        Ok(Self { settings, grid: frame.grid.to_vec() })
    }

    /// `½ (tanh((x - a)/w) - tanh((x - b)/w))` along an axis, of random ends a and b.
    fn window(&self, axis: usize, [from, to]: [f64; 2]) -> Vec<f64> {
        let n = self.grid[axis];
        let (from, to) = (0.1 + 0.35 * from, 0.55 + 0.35 * to);
        let at = |x: f64| 0.5 * (((x - from) / END).tanh() - ((x - to) / END).tanh());
        (0..n).map(|i| at(i as f64 / n as f64)).collect()
    }
}

impl RandomState for Sines {
    fn sample(&self, seed: u64, index: u64, field: usize) -> ArrayD<f64> {
        let random = Random::new(seed, &format!("initial sines {field}"));
        let mut values = ArrayD::zeros(self.grid.clone());
        for wave in 0..self.settings.sines as u64 {
            // Three axes, then amplitude and phase.
            let number = |axis: usize| random.uniforms(index, 4 * wave + axis as u64)[0];
            let waves: Vec<f64> = (0..self.grid.len())
                .map(|axis| 1.0 + (number(axis) * self.settings.highest as f64).floor())
                .collect();
            let [amplitude, phase] = random.uniforms(index, 4 * wave + 3);
            for (place, value) in values.indexed_iter_mut() {
                let along = |(axis, k): (usize, &f64)| k * place[axis] as f64 / self.grid[axis] as f64;
                let turns: f64 = waves.iter().enumerate().map(along).sum();
                *value += amplitude * (TAU * (turns + phase)).sin();
            }
        }
        // Behind all waves that a sum may have.
        let choice = |position: u64| random.uniforms(index, (1 << 32) + position);
        let [absolute, sign] = choice(0);
        if absolute < self.settings.absolute {
            values.mapv_inplace(f64::abs);
        }
        if sign < 0.5 {
            values.mapv_inplace(|v| -v);
        }
        if choice(1)[0] < self.settings.window {
            let windows: Vec<Vec<f64>> =
                (0..self.grid.len()).map(|axis| self.window(axis, choice(2 + axis as u64))).collect();
            for (place, value) in values.indexed_iter_mut() {
                *value *= windows.iter().enumerate().map(|(axis, part)| part[place[axis]]).product::<f64>();
            }
        }
        values
    }
}
