//! Swift-Hohenberg equation: `u_t = growth u - (wavenumber^2 + Laplacian)^2 u + quadratic u^2 - cubic u^3`, patterns of one wavelength.
//!
//! For `quadratic = 0` stripes of small growth have the amplitude `sqrt(4 growth / (3 cubic))`.
//! Swift and Hohenberg, Phys. Rev. A 15 (1977).

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
pub struct SwiftHohenberg {
    /// Growth of the favoured wave.
    pub growth: f64,
    /// Favoured wavenumber.
    pub wavenumber: f64,
    /// Coefficient of `u^2`.
    pub quadratic: f64,
    /// Coefficient of `-u^3`.
    pub cubic: f64,
}

impl SemiLinear for SwiftHohenberg {
    fn name(&self) -> &'static str {
        "Swift-Hohenberg"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_parameters([
            ("growth", self.growth),
            ("wavenumber", self.wavenumber),
            ("quadratic", self.quadratic),
        ])?;
        check_at_least_zero([("cubic", self.cubic)])
    }

    fn channels(&self, _: usize) -> usize {
        1
    }

    fn degree(&self) -> usize {
        3
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        (self.growth - (self.wavenumber.powi(2) - wave.square()).powi(2)).into()
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0)]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0)]
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        let (quadratic, cubic) = (T::cast(self.quadratic), T::cast(self.cubic));
        each(values, |[u]| [u * u * (quadratic - cubic * u)]);
    }
}

impl Catalogued for SwiftHohenberg {
    type Equation = SwiftHohenberg;

    const NAME: &'static str = "swift-hohenberg";
    const FORMULA: &'static str =
        "u_t = growth u - (wavenumber^2 + Laplacian)^2 u + quadratic u^2 - cubic u^3";
    const SUMMARY: &'static str = "stripes and hexagons of one wavelength";
    const SOURCE: &'static str = "Swift and Hohenberg 1977; APEBench: 10 pi, step 0.1";
    const DEFAULTS: &'static str = "\
size = 128
dimension = 2
length = 31.41592653589793
time = 20.0
step = 0.05
initial = { fourier = 5, normalise = \"max\", scale = 0.1 }
growth = 0.7
wavenumber = 1.0
quadratic = 1.0
cubic = 1.0";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("growth", "growth of the favoured wave"),
        ("wavenumber", "favoured wavenumber"),
        ("quadratic", "coefficient of u^2"),
        ("cubic", "coefficient of -u^3"),
    ];

    fn equation(parameters: toml::Table) -> Result<SwiftHohenberg> {
        settings::read(Self::NAME, parameters)
    }
}
