//! Gray-Scott equations: `a_t = diffusivity_a Laplacian a - a b^2 + feed (1 - a)`,
//! `b_t = diffusivity_b Laplacian b + a b^2 - (feed + kill) b`: spots, worms and mazes of two reacting substances.
//!
//! Gray and Scott, Chem. Eng. Sci. 39 (1984); Pearson, Science 261 (1993), for the patterns by feed and kill.

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, each};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

/// The equations; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrayScott {
    /// Coefficient of the Laplacian of a.
    pub diffusivity_a: f64,
    /// Coefficient of the Laplacian of b.
    pub diffusivity_b: f64,
    /// Rate at which a is fed and everything is washed out.
    pub feed: f64,
    /// Rate at which b is taken out besides.
    pub kill: f64,
}

impl SemiLinear for GrayScott {
    fn name(&self) -> &'static str {
        "Gray-Scott"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_at_least_zero([
            ("diffusivity_a", self.diffusivity_a),
            ("diffusivity_b", self.diffusivity_b),
            ("feed", self.feed),
            ("kill", self.kill),
        ])
    }

    fn channels(&self, _: usize) -> usize {
        2
    }

    fn degree(&self) -> usize {
        3
    }

    fn linear(&self, channel: usize, wave: &Wave) -> Complex64 {
        let rate = match channel {
            0 => -self.diffusivity_a * wave.square() - self.feed,
            _ => -self.diffusivity_b * wave.square() - self.feed - self.kill,
        };
        rate.into()
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0), Term::identity(1, 1)]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        vec![Term::new(0, 0, |_| -Complex64::ONE), Term::identity(1, 0)]
    }

    fn forcing(&self, channel: usize, _: &[f64]) -> Option<f64> {
        (channel == 0).then_some(self.feed)
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        each(values, |[a, b]| [a * b * b]);
    }
}

impl Catalogued for GrayScott {
    type Equation = GrayScott;

    const NAME: &'static str = "gray-scott";
    const FORMULA: &'static str = "a_t = diffusivity_a Laplacian a - a b^2 + feed (1 - a), b_t = diffusivity_b Laplacian b + a b^2 - (feed + kill) b";
    const SUMMARY: &'static str = "spots, worms and mazes of two reacting substances";
    const SOURCE: &'static str = "Gray and Scott 1984; Pearson 1993; The Well: side 2, 128 points, step 1";
    const DEFAULTS: &'static str = "\
size = 128
solve_size = 256
dimension = 2
length = 2.0
time = 1000.0
step = 1.0
initial = { bumps = 20, sharpness = 400.0, shared = true, scale = [-0.5, 0.25], offset = [1.0, 0.0] }
diffusivity_a = 2e-5
diffusivity_b = 1e-5
feed = 0.029
kill = 0.057";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("diffusivity_a", "coefficient of the Laplacian of a"),
        ("diffusivity_b", "coefficient of the Laplacian of b"),
        ("feed", "rate at which a is fed and all is washed out"),
        ("kill", "rate at which b is taken out besides"),
    ];

    fn channels(_: usize) -> Vec<String> {
        vec!["a".to_string(), "b".to_string()]
    }

    fn equation(parameters: toml::Table) -> Result<GrayScott> {
        settings::read(Self::NAME, parameters)
    }
}
