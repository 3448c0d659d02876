//! Burgers' equation in one to three dimensions, in conservative form: `u_t + div(u u)/2 = viscosity Laplacian u`, with as many
//! components as dimensions.
//!
//! Burgers, Adv. Appl. Mech. 1 (1948). In one dimension the published data sets are those of [`Burgers`](crate::Burgers), whose
//! steps follow the error.

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, each};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

/// The equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorBurgers {
    /// Coefficient of the Laplacian.
    pub viscosity: f64,
}

impl SemiLinear for VectorBurgers {
    fn name(&self) -> &'static str {
        "Burgers"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_at_least_zero([("viscosity", self.viscosity)])
    }

    fn channels(&self, dimensions: usize) -> usize {
        dimensions
    }

    fn degree(&self) -> usize {
        2
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        (-self.viscosity * wave.square()).into()
    }

    fn inputs(&self, dimensions: usize) -> Vec<Term> {
        (0..dimensions).map(|channel| Term::identity(channel, channel)).collect()
    }

    /// The products `u_i u_j`, i <= j, in the order of `pairs`.
    fn outputs(&self, dimensions: usize) -> Vec<Term> {
        let flux = |slot: usize, channel: usize, axis: usize| {
            Term::new(channel, slot, move |wave| Complex64::new(0.0, -0.5 * wave.signed(axis)))
        };
        let mut terms = Vec::new();
        for (slot, (i, j)) in pairs(dimensions).enumerate() {
            terms.push(flux(slot, i, j));
            if i != j {
                terms.push(flux(slot, j, i));
            }
        }
        terms
    }

    fn pointwise<T: Real>(&self, dimensions: usize, values: &mut [&mut [T]]) {
        match dimensions {
            1 => each(values, |[u]| [u * u]),
            2 => each(values, |[u, v]| [u * u, u * v, v * v]),
            _ => each(values, |[u, v, w]| [u * u, u * v, u * w, v * v, v * w, w * w]),
        }
    }
}

/// Pairs of axes i <= j in order.
fn pairs(dimensions: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..dimensions).flat_map(move |i| (i..dimensions).map(move |j| (i, j)))
}

impl Catalogued for VectorBurgers {
    type Equation = VectorBurgers;

    const NAME: &'static str = "burgers-vector";
    const FORMULA: &'static str = "u_t + div(u u)/2 = viscosity Laplacian u";
    const SUMMARY: &'static str =
        "as many components as dimensions; the published one-dimensional data are those of burgers";
    const SOURCE: &'static str = "Burgers 1948; Exponax";
    const DEFAULTS: &'static str = "\
size = 128
dimension = 2
length = 1.0
time = 0.5
step = 0.001
initial = { fourier = 5, normalise = \"max\" }
viscosity = 0.01";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("viscosity", "coefficient of the Laplacian")];

    fn channels(dimensions: usize) -> Vec<String> {
        ["u", "v", "w"][..dimensions].iter().map(ToString::to_string).collect()
    }

    fn equation(parameters: toml::Table) -> Result<VectorBurgers> {
        settings::read(Self::NAME, parameters)
    }
}
