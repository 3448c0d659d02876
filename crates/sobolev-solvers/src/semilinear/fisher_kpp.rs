//! Fisher's equation: `u_t = diffusivity Laplacian u + growth u (1 - u)`.
//!
//! A front invades u = 0 with a speed of at least `2 sqrt(growth diffusivity)`; the one of speed `5 sqrt(growth diffusivity / 6)`
//! is `(1 + exp((x sqrt(growth/diffusivity) - 5/sqrt(6) growth t)/sqrt(6)))^-2` (Ablowitz and Zeppetella 1979).
//! Fisher, Ann. Eugenics 7 (1937); Kolmogorov, Petrovskii and Piskunov (1937).

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, each};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

/// The equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FisherKpp {
    /// Coefficient of the Laplacian.
    pub diffusivity: f64,
    /// Rate of growth of small u.
    pub growth: f64,
}

impl SemiLinear for FisherKpp {
    fn name(&self) -> &'static str {
        "Fisher-KPP"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_at_least_zero([("diffusivity", self.diffusivity), ("growth", self.growth)])
    }

    fn channels(&self, _: usize) -> usize {
        1
    }

    fn degree(&self) -> usize {
        2
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        (self.growth - self.diffusivity * wave.square()).into()
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0)]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        let growth = self.growth;
        vec![Term::new(0, 0, move |_| (-growth).into())]
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        each(values, |[u]| [u * u]);
    }
}

impl Catalogued for FisherKpp {
    type Equation = FisherKpp;

    const NAME: &'static str = "fisher-kpp";
    const FORMULA: &'static str = "u_t = diffusivity Laplacian u + growth u (1 - u)";
    const SUMMARY: &'static str = "fronts of a growing population, from a random one";
    const SOURCE: &'static str = "Fisher 1937; Kolmogorov, Petrovskii and Piskunov 1937";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 10.0
time = 5.0
step = 0.02
initial = { fourier = 5, normalise = \"range\" }
diffusivity = 0.01
growth = 1.0";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("diffusivity", "coefficient of the Laplacian"), ("growth", "rate of growth of small u")];

    fn equation(parameters: toml::Table) -> Result<FisherKpp> {
        settings::read(Self::NAME, parameters)
    }
}
