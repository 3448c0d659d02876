//! FitzHugh-Nagumo equations: `u_t = diffusivity_u Laplacian u + u - u^3 - threshold - v`,
//! `v_t = diffusivity_v Laplacian v + u - v`: an activator and an inhibitor, as in PDEBench's diffusion-reaction set but periodic.
//!
//! FitzHugh, Biophys. J. 1 (1961); Takamoto et al., arXiv:2210.07182 (2022).

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{
    SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, check_parameters, each,
};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

/// The equations; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitzHughNagumo {
    /// Coefficient of the Laplacian of u.
    pub diffusivity_u: f64,
    /// Coefficient of the Laplacian of v.
    pub diffusivity_v: f64,
    /// The constant.
    pub threshold: f64,
}

impl SemiLinear for FitzHughNagumo {
    fn name(&self) -> &'static str {
        "FitzHugh-Nagumo"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_parameters([("threshold", self.threshold)])?;
        check_at_least_zero([("diffusivity_u", self.diffusivity_u), ("diffusivity_v", self.diffusivity_v)])
    }

    fn channels(&self, _: usize) -> usize {
        2
    }

    fn degree(&self) -> usize {
        3
    }

    fn linear(&self, channel: usize, wave: &Wave) -> Complex64 {
        let rate = match channel {
            0 => 1.0 - self.diffusivity_u * wave.square(),
            _ => -1.0 - self.diffusivity_v * wave.square(),
        };
        rate.into()
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0), Term::identity(1, 1)]
    }

    /// The coupling is linear, but not diagonal: it is taken with the nonlinear part.
    fn outputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0), Term::identity(1, 1)]
    }

    fn forcing(&self, channel: usize, _: &[f64]) -> Option<f64> {
        (channel == 0).then_some(-self.threshold)
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        each(values, |[u, v]| [-(u * u * u) - v, u]);
    }
}

impl Catalogued for FitzHughNagumo {
    type Equation = FitzHughNagumo;

    const NAME: &'static str = "fitzhugh-nagumo";
    const FORMULA: &'static str =
        "u_t = diffusivity_u Laplacian u + u - u^3 - threshold - v, v_t = diffusivity_v Laplacian v + u - v";
    const SUMMARY: &'static str = "an activator and an inhibitor";
    const SOURCE: &'static str = "FitzHugh 1961; PDEBench, arXiv:2210.07182, there without flux at the walls";
    const DEFAULTS: &'static str = "\
size = 128
dimension = 2
length = 2.0
time = 5.0
step = 0.02
initial = { fourier = 20, normalise = \"std\" }
diffusivity_u = 1e-3
diffusivity_v = 5e-3
threshold = 5e-3";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("diffusivity_u", "coefficient of the Laplacian of u"),
        ("diffusivity_v", "coefficient of the Laplacian of v"),
        ("threshold", "the constant"),
    ];

    fn channels(_: usize) -> Vec<String> {
        vec!["u".to_string(), "v".to_string()]
    }

    fn equation(parameters: toml::Table) -> Result<FitzHughNagumo> {
        settings::read(Self::NAME, parameters)
    }
}
