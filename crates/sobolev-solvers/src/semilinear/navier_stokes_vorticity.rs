//! Incompressible Navier-Stokes equations in two dimensions, in vorticity form: `w_t + u . grad w = nu Laplacian w - drag w + f`,
//! `u = (psi_y, -psi_x)`, `-Laplacian psi = w`, mean velocity zero.
//!
//! Basdevant's form of the nonlinear part, `(d_yy - d_xx)(u v) + d_xy (u^2 - v^2)`, takes four transforms in place of five
//! (Basdevant, J. Comput. Phys. 50, 1983). Energy and enstrophy are conserved without viscosity, drag and forcing.

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, each};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};
use std::f64::consts::TAU;

/// What drives the flow.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum VorticityForcing {
    /// Nothing: decaying turbulence.
    #[default]
    None,
    /// `amplitude (sin(2 pi (x + y)) + cos(2 pi (x + y)))`, on the unit square: Li et al. 2020 with amplitude 0.1.
    Diagonal {
        /// The factor.
        amplitude: f64,
    },
    /// Kolmogorov flow: the force `amplitude sin(wavenumber y)` along x, whose curl is `-amplitude wavenumber cos(wavenumber y)`.
    Kolmogorov {
        /// Wavenumber `2 pi k / length` of the force.
        wavenumber: f64,
        /// Largest force.
        amplitude: f64,
    },
}

/// The equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NavierStokesVorticity {
    /// nu.
    pub viscosity: f64,
    /// Linear drag.
    pub drag: f64,
    /// f.
    pub forcing: VorticityForcing,
}

impl SemiLinear for NavierStokesVorticity {
    fn name(&self) -> &'static str {
        "Navier-Stokes vorticity"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 2..=2)?;
        check_at_least_zero([("viscosity", self.viscosity), ("drag", self.drag)])
    }

    fn channels(&self, _: usize) -> usize {
        1
    }

    fn degree(&self) -> usize {
        2
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        (-self.viscosity * wave.square() - self.drag).into()
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        let velocity = |axis: usize, sign: f64| {
            move |wave: &Wave| {
                let square = wave.square();
                let along = if square == 0.0 { 0.0 } else { sign * wave.signed(axis) / square };
                Complex64::new(0.0, along)
            }
        };
        vec![Term::new(0, 0, velocity(1, 1.0)), Term::new(0, 1, velocity(0, -1.0))]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        let second = |wave: &Wave, a: usize, b: usize| wave.signed(a) * wave.signed(b);
        vec![
            Term::new(0, 0, move |wave| (second(wave, 0, 0) - second(wave, 1, 1)).into()),
            Term::new(0, 1, move |wave| (-second(wave, 0, 1)).into()),
        ]
    }

    fn forcing(&self, _: usize, position: &[f64]) -> Option<f64> {
        match self.forcing {
            VorticityForcing::None => None,
            VorticityForcing::Diagonal { amplitude } => {
                let phase = TAU * (position[0] + position[1]);
                Some(amplitude * (phase.sin() + phase.cos()))
            }
            VorticityForcing::Kolmogorov { wavenumber, amplitude } => {
                Some(-amplitude * wavenumber * (wavenumber * position[1]).cos())
            }
        }
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        each(values, |[u, v]| [u * v, u * u - v * v]);
    }
}

impl Catalogued for NavierStokesVorticity {
    type Equation = NavierStokesVorticity;

    const NAME: &'static str = "navier-stokes";
    const FORMULA: &'static str =
        "w_t + u . grad w = viscosity Laplacian w - drag w + f, u = (psi_y, -psi_x), -Laplacian psi = w";
    const SUMMARY: &'static str =
        "two-dimensional turbulence, decaying or driven; from the vorticity to a later one, or a trajectory";
    const SOURCE: &'static str =
        "Li et al., arXiv:2010.08895 (2020): 64 of 256 points, viscosity 1e-3 to 1e-5, forcing 0.1";
    const DEFAULTS: &'static str = "\
size = 64
solve_size = 256
dimension = 2
length = 1.0
time = 10.0
frames = 10
step = 0.01
initial = \"navier-stokes\"
viscosity = 1e-3
drag = 0.0
forcing = { diagonal = { amplitude = 0.1 } }";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("viscosity", "nu"),
        ("drag", "linear drag"),
        (
            "forcing",
            "\"none\", { diagonal = { amplitude = .. } } or { kolmogorov = { wavenumber = .., amplitude = .. } }",
        ),
    ];

    fn channels(_: usize) -> Vec<String> {
        vec!["w".to_string()]
    }

    fn keeps_mean_square(equation: &Self) -> bool {
        equation.viscosity == 0.0 && equation.drag == 0.0 && equation.forcing == VorticityForcing::None
    }

    fn equation(parameters: toml::Table) -> Result<NavierStokesVorticity> {
        settings::read(Self::NAME, parameters)
    }
}
