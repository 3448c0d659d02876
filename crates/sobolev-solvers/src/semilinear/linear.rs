//! Linear equations with constant coefficients: advection, diffusion, both, dispersion and hyper-diffusion,
//! `u_t = -velocity . grad u + diffusivity Laplacian u + dispersivity sum_j d_j^3 u - hyperdiffusivity Laplacian^2 u`.
//!
//! Each wave is multiplied by an exponential: exact for any time step.

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, check_parameters};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Error, Real, Result};

/// The equation; see the module. Coefficients are zero by default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Linear {
    /// Velocity along each axis, of which the first ones count.
    pub velocity: [f64; 3],
    /// Coefficient of the Laplacian.
    pub diffusivity: f64,
    /// Coefficient of the third derivatives.
    pub dispersivity: f64,
    /// Coefficient of the squared Laplacian.
    pub hyperdiffusivity: f64,
}

impl SemiLinear for Linear {
    fn name(&self) -> &'static str {
        "linear equation"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        let [x, y, z] = self.velocity;
        check_parameters([
            ("velocity", x),
            ("velocity", y),
            ("velocity", z),
            ("dispersivity", self.dispersivity),
        ])?;
        check_at_least_zero([("diffusivity", self.diffusivity), ("hyperdiffusivity", self.hyperdiffusivity)])
    }

    fn channels(&self, _: usize) -> usize {
        1
    }

    fn degree(&self) -> usize {
        1
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        let square = wave.square();
        let odd = |axis: usize| {
            let k = wave.signed(axis);
            -self.velocity[axis] * k - self.dispersivity * k.powi(3)
        };
        let real = -self.diffusivity * square - self.hyperdiffusivity * square * square;
        Complex64::new(real, (0..3).map(odd).sum())
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        Vec::new()
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        Vec::new()
    }

    fn pointwise<T: Real>(&self, _: usize, _: &mut [&mut [T]]) {}
}

/// What each of the equations below reads of its settings; the others stay zero.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Coefficients {
    velocity: Option<toml::Value>,
    diffusivity: f64,
    dispersivity: f64,
    hyperdiffusivity: f64,
}

fn coefficients(name: &str, parameters: toml::Table) -> Result<Linear> {
    let Coefficients { velocity, diffusivity, dispersivity, hyperdiffusivity } =
        settings::read(name, parameters)?;
    let number = |value: &toml::Value| value.as_float().or(value.as_integer().map(|v| v as f64));
    let velocity = match &velocity {
        None => Some([0.0; 3]),
        Some(toml::Value::Array(list)) if list.len() <= 3 => {
            let list: Option<Vec<f64>> = list.iter().map(number).collect();
            list.map(|list| std::array::from_fn(|axis| list.get(axis).copied().unwrap_or(0.0)))
        }
        Some(value) => number(value).map(|v| [v; 3]),
    };
    let velocity =
        velocity.ok_or_else(|| Error::value("velocity", "a number, or one for each axis", "others"))?;
    Ok(Linear { velocity, diffusivity, dispersivity, hyperdiffusivity })
}

/// Advection alone.
#[derive(Debug)]
pub(super) enum Advection {}

impl Catalogued for Advection {
    type Equation = Linear;

    const NAME: &'static str = "advection";
    const FORMULA: &'static str = "u_t = -velocity . grad u";
    const SUMMARY: &'static str = "transport without change";
    const SOURCE: &'static str = "exact in Fourier space";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 1.0
time = 1.0
step = 1.0
initial = { fourier = 5, normalise = \"max\" }
velocity = 1.0";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("velocity", "velocity along each axis, a number or one for each")];

    fn channels(_: usize) -> Vec<String> {
        vec!["u".to_string()]
    }

    fn equation(parameters: toml::Table) -> Result<Linear> {
        coefficients(Self::NAME, parameters)
    }
}

/// Diffusion alone.
#[derive(Debug)]
pub(super) enum Diffusion {}

impl Catalogued for Diffusion {
    type Equation = Linear;

    const NAME: &'static str = "diffusion";
    const FORMULA: &'static str = "u_t = diffusivity Laplacian u";
    const SUMMARY: &'static str = "decay of waves";
    const SOURCE: &'static str = "exact in Fourier space";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 1.0
time = 1.0
step = 1.0
initial = { fourier = 5, normalise = \"max\" }
diffusivity = 0.01";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("diffusivity", "coefficient of the Laplacian")];

    fn channels(_: usize) -> Vec<String> {
        vec!["u".to_string()]
    }

    fn equation(parameters: toml::Table) -> Result<Linear> {
        coefficients(Self::NAME, parameters)
    }
}

/// Advection and diffusion.
#[derive(Debug)]
pub(super) enum AdvectionDiffusion {}

impl Catalogued for AdvectionDiffusion {
    type Equation = Linear;

    const NAME: &'static str = "advection-diffusion";
    const FORMULA: &'static str = "u_t = -velocity . grad u + diffusivity Laplacian u";
    const SUMMARY: &'static str = "transport with decay";
    const SOURCE: &'static str = "exact in Fourier space";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 1.0
time = 1.0
step = 1.0
initial = { fourier = 5, normalise = \"max\" }
velocity = 1.0
diffusivity = 0.01";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("velocity", "velocity along each axis, a number or one for each"),
        ("diffusivity", "coefficient of the Laplacian"),
    ];

    fn channels(_: usize) -> Vec<String> {
        vec!["u".to_string()]
    }

    fn equation(parameters: toml::Table) -> Result<Linear> {
        coefficients(Self::NAME, parameters)
    }
}

/// Dispersion alone.
#[derive(Debug)]
pub(super) enum Dispersion {}

impl Catalogued for Dispersion {
    type Equation = Linear;

    const NAME: &'static str = "dispersion";
    const FORMULA: &'static str = "u_t = dispersivity sum_j d_j^3 u";
    const SUMMARY: &'static str = "waves of their own speed each";
    const SOURCE: &'static str = "exact in Fourier space";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 1.0
time = 1.0
step = 1.0
initial = { fourier = 5, normalise = \"max\" }
dispersivity = 1e-4";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("dispersivity", "coefficient of the third derivatives")];

    fn channels(_: usize) -> Vec<String> {
        vec!["u".to_string()]
    }

    fn equation(parameters: toml::Table) -> Result<Linear> {
        coefficients(Self::NAME, parameters)
    }
}

/// Hyper-diffusion alone.
#[derive(Debug)]
pub(super) enum HyperDiffusion {}

impl Catalogued for HyperDiffusion {
    type Equation = Linear;

    const NAME: &'static str = "hyper-diffusion";
    const FORMULA: &'static str = "u_t = -hyperdiffusivity Laplacian^2 u";
    const SUMMARY: &'static str = "decay of short waves";
    const SOURCE: &'static str = "exact in Fourier space";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 1.0
time = 1.0
step = 1.0
initial = { fourier = 5, normalise = \"max\" }
hyperdiffusivity = 1e-6";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("hyperdiffusivity", "coefficient of the squared Laplacian")];

    fn channels(_: usize) -> Vec<String> {
        vec!["u".to_string()]
    }

    fn equation(parameters: toml::Table) -> Result<Linear> {
        coefficients(Self::NAME, parameters)
    }
}
