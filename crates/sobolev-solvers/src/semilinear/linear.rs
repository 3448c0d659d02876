//! Linear equations with constant coefficients: advection, diffusion, both, dispersion and hyper-diffusion,
//! `u_t = -velocity . grad u + diffusivity Laplacian u + dispersivity sum_j d_j^3 u - hyperdiffusivity Laplacian^2 u`.
//!
//! Each wave is multiplied by an exponential: exact for any time step.

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, check_parameters};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

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
    let velocity = match &velocity {
        None => [0.0; 3],
        // Absent axes have no velocity.
        Some(toml::Value::Array(list)) => {
            let list = settings::numbers("velocity", &list.clone().into(), list.len().clamp(1, 3))?;
            std::array::from_fn(|axis| list.get(axis).copied().unwrap_or(0.0))
        }
        Some(value) => [settings::numbers("velocity", value, 1)?[0]; 3],
    };
    Ok(Linear { velocity, diffusivity, dispersivity, hyperdiffusivity })
}

/// An equation of the list: some of the coefficients, with their defaults; the others are zero.
macro_rules! catalogued {
    ($(#[$doc:meta])* $name:ident, $text:literal, $formula:literal, $summary:literal,
     $($parameter:literal = $default:literal: $meaning:literal),+) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) enum $name {}

        impl Catalogued for $name {
            type Equation = Linear;

            const NAME: &'static str = $text;
            const FORMULA: &'static str = $formula;
            const SUMMARY: &'static str = $summary;
            const SOURCE: &'static str = "exact in Fourier space";
            const DEFAULTS: &'static str = concat!(
                "size = 256\ndimension = 1\nlength = 1.0\ntime = 1.0\nstep = 1.0\n",
                "initial = { fourier = 5, normalise = \"max\" }\n",
                $($parameter, " = ", $default, "\n"),+
            );
            const PARAMETERS: &'static [(&'static str, &'static str)] = &[$(($parameter, $meaning)),+];

            fn keeps_mean_square(equation: &Linear) -> bool {
                equation.diffusivity == 0.0 && equation.hyperdiffusivity == 0.0
            }

            fn equation(parameters: toml::Table) -> Result<Linear> {
                coefficients(Self::NAME, parameters)
            }
        }
    };
}

catalogued!(
    /// Advection alone.
    Advection, "advection", "u_t = -velocity . grad u", "transport without change",
    "velocity" = "1.0": "velocity along each axis, a number or one for each"
);

catalogued!(
    /// Diffusion alone.
    Diffusion, "diffusion", "u_t = diffusivity Laplacian u", "decay of waves",
    "diffusivity" = "0.01": "coefficient of the Laplacian"
);

catalogued!(
    /// Advection and diffusion.
    AdvectionDiffusion, "advection-diffusion", "u_t = -velocity . grad u + diffusivity Laplacian u", "transport with decay",
    "velocity" = "1.0": "velocity along each axis, a number or one for each",
    "diffusivity" = "0.01": "coefficient of the Laplacian"
);

catalogued!(
    /// Dispersion alone.
    Dispersion, "dispersion", "u_t = dispersivity sum_j d_j^3 u", "waves of their own speed each",
    "dispersivity" = "1e-4": "coefficient of the third derivatives"
);

catalogued!(
    /// Hyper-diffusion alone.
    HyperDiffusion, "hyper-diffusion", "u_t = -hyperdiffusivity Laplacian^2 u", "decay of short waves",
    "hyperdiffusivity" = "1e-6": "coefficient of the squared Laplacian"
);
