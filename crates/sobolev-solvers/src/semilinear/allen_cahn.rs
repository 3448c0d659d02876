//! Allen-Cahn equation: `u_t = diffusivity Laplacian u + growth u - saturation u^3`, motion of interfaces by their curvature.
//!
//! With growth and saturation 1 the standing interface is `tanh(x / sqrt(2 diffusivity))`, and the energy
//! `diffusivity/2 |grad u|^2 + (u^2 - 1)^2/4` falls. Allen and Cahn, Acta Metall. 27 (1979).

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{
    SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, check_parameters, each,
};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

/// The equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllenCahn {
    /// Coefficient of the Laplacian.
    pub diffusivity: f64,
    /// Coefficient of u.
    pub growth: f64,
    /// Coefficient of `-u^3`.
    pub saturation: f64,
}

impl SemiLinear for AllenCahn {
    fn name(&self) -> &'static str {
        "Allen-Cahn"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_at_least_zero([("diffusivity", self.diffusivity)])?;
        check_parameters([("growth", self.growth), ("saturation", self.saturation)])
    }

    fn channels(&self, _: usize) -> usize {
        1
    }

    fn degree(&self) -> usize {
        3
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        (self.growth - self.diffusivity * wave.square()).into()
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0)]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        let saturation = self.saturation;
        vec![Term::new(0, 0, move |_| (-saturation).into())]
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        each(values, |[u]| [u * u * u]);
    }
}

impl Catalogued for AllenCahn {
    type Equation = AllenCahn;

    const NAME: &'static str = "allen-cahn";
    const FORMULA: &'static str = "u_t = diffusivity Laplacian u + growth u - saturation u^3";
    const SUMMARY: &'static str = "motion of interfaces between two phases by their curvature";
    const SOURCE: &'static str = "Allen and Cahn 1979; Exponax: diffusivity 5e-3";
    const DEFAULTS: &'static str = "\
size = 128
dimension = 2
length = 1.0
time = 5.0
step = 0.05
initial = { fourier = 5, normalise = \"max\" }
diffusivity = 0.0005
growth = 1.0
saturation = 1.0";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("diffusivity", "coefficient of the Laplacian"),
        ("growth", "coefficient of u"),
        ("saturation", "coefficient of -u^3"),
    ];

    fn equation(parameters: toml::Table) -> Result<AllenCahn> {
        settings::read(Self::NAME, parameters)
    }
}
