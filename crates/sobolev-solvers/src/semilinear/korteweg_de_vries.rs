//! Korteweg-de Vries equation: `u_t + speed (u^2/2)_x + dispersion u_xxx = viscosity u_xx - hyperviscosity u_xxxx`.
//!
//! With speed 6 and dispersion 1 the soliton is `c/2 sech^2(sqrt(c)/2 (x - c t))`. Without viscosity the integrals of `u`, `u^2`
//! and `speed u^3/6 - dispersion u_x^2/2` are conserved. Korteweg and de Vries, Phil. Mag. 39 (1895).

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
pub struct KortewegDeVries {
    /// Coefficient of `(u^2/2)_x`.
    pub speed: f64,
    /// Coefficient of `u_xxx`.
    pub dispersion: f64,
    /// Coefficient of `u_xx`.
    pub viscosity: f64,
    /// Coefficient of `u_xxxx`.
    pub hyperviscosity: f64,
}

impl Default for KortewegDeVries {
    fn default() -> Self {
        Self { speed: 6.0, dispersion: 1.0, viscosity: 0.0, hyperviscosity: 0.0 }
    }
}

impl SemiLinear for KortewegDeVries {
    fn name(&self) -> &'static str {
        "Korteweg-de Vries"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=1)?;
        check_parameters([("speed", self.speed), ("dispersion", self.dispersion)])?;
        check_at_least_zero([("viscosity", self.viscosity), ("hyperviscosity", self.hyperviscosity)])
    }

    fn channels(&self, _: usize) -> usize {
        1
    }

    fn degree(&self) -> usize {
        2
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        let square = wave.square();
        let damping = -self.viscosity * square - self.hyperviscosity * square * square;
        Complex64::new(damping, self.dispersion * wave.signed(0).powi(3))
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0)]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        let speed = self.speed;
        vec![Term::new(0, 0, move |wave| Complex64::new(0.0, -0.5 * speed * wave.signed(0)))]
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        each(values, |[u]| [u * u]);
    }
}

impl Catalogued for KortewegDeVries {
    type Equation = KortewegDeVries;

    const NAME: &'static str = "korteweg-de-vries";
    const FORMULA: &'static str =
        "u_t + speed (u^2/2)_x + dispersion u_xxx = viscosity u_xx - hyperviscosity u_xxxx";
    const SUMMARY: &'static str = "solitons on a periodic interval";
    const SOURCE: &'static str = "Korteweg and de Vries 1895; Zabusky and Kruskal 1965";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 40.0
time = 10.0
step = 0.005
initial = { fourier = 5, normalise = \"max\" }
speed = 6.0
dispersion = 1.0
viscosity = 0.0
hyperviscosity = 0.0";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("speed", "coefficient of (u^2/2)_x"),
        ("dispersion", "coefficient of u_xxx"),
        ("viscosity", "coefficient of u_xx"),
        ("hyperviscosity", "coefficient of -u_xxxx"),
    ];

    fn keeps_mean_square(equation: &Self) -> bool {
        equation.viscosity == 0.0 && equation.hyperviscosity == 0.0
    }

    fn equation(parameters: toml::Table) -> Result<KortewegDeVries> {
        settings::read(Self::NAME, parameters)
    }
}
