//! Cahn-Hilliard equation: `u_t = mobility Laplacian (u^3 - u - width Laplacian u)`, separation of a mixture into phases.
//!
//! The mean of u is conserved, and the energy `(u^2 - 1)^2/4 + width/2 |grad u|^2` falls. Interfaces are
//! `tanh(x / sqrt(2 width))`; about the mean m waves grow by `mobility k^2 (1 - 3 m^2 - width k^2)`.
//! Cahn and Hilliard, J. Chem. Phys. 28 (1958).

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, each};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

/// The equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CahnHilliard {
    /// Factor of the whole right-hand side.
    pub mobility: f64,
    /// Coefficient of the inner Laplacian: squared width of an interface.
    pub width: f64,
}

impl SemiLinear for CahnHilliard {
    fn name(&self) -> &'static str {
        "Cahn-Hilliard"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_at_least_zero([("mobility", self.mobility), ("width", self.width)])
    }

    fn channels(&self, _: usize) -> usize {
        1
    }

    fn degree(&self) -> usize {
        3
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        let square = wave.square();
        (self.mobility * square * (1.0 - self.width * square)).into()
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0)]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        let mobility = self.mobility;
        vec![Term::new(0, 0, move |wave| (-mobility * wave.square()).into())]
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        each(values, |[u]| [u * u * u]);
    }
}

impl Catalogued for CahnHilliard {
    type Equation = CahnHilliard;

    const NAME: &'static str = "cahn-hilliard";
    const FORMULA: &'static str = "u_t = mobility Laplacian (u^3 - u - width Laplacian u)";
    const SUMMARY: &'static str = "separation of a mixture into two phases";
    const SOURCE: &'static str = "Cahn and Hilliard 1958";
    const DEFAULTS: &'static str = "\
size = 128
dimension = 2
length = 1.0
time = 0.05
step = 0.0001
initial = { fourier = 20, normalise = \"max\", scale = 0.1 }
mobility = 1.0
width = 0.0005";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("mobility", "factor of the right-hand side"), ("width", "squared width of an interface")];

    fn equation(parameters: toml::Table) -> Result<CahnHilliard> {
        settings::read(Self::NAME, parameters)
    }
}
