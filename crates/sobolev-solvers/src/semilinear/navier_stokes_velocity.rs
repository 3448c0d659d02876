//! Incompressible Navier-Stokes equations in velocity form, in two and three dimensions:
//! `u_t = P(u x curl u + f) + viscosity Laplacian u - drag u`, with P the projection onto fields without divergence.
//!
//! The rotational form conserves energy without viscosity; the pressure is what P takes away (Canuto et al. 1988, section 7.2).
//! The initial velocity is projected too.

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, each};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

/// A force on the fluid.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum VelocityForcing {
    /// Nothing: decaying turbulence.
    #[default]
    None,
    /// Kolmogorov flow: `amplitude sin(wavenumber y)` along x.
    Kolmogorov {
        /// Wavenumber `2 pi k / length`.
        wavenumber: f64,
        /// Largest force.
        amplitude: f64,
    },
    /// Linear forcing `rate u` of the waves up to `wavenumber`, which keeps turbulence going (Lundgren 2003, in low shells).
    Linear {
        /// Rate of growth.
        rate: f64,
        /// The highest wavenumber that is driven.
        wavenumber: f64,
    },
}

/// The equations; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NavierStokesVelocity {
    /// nu.
    pub viscosity: f64,
    /// Linear drag.
    pub drag: f64,
    /// f.
    pub forcing: VelocityForcing,
}

/// Entry i, j of the projection `delta_ij - k_i k_j / |k|^2`.
fn projection(wave: &Wave, i: usize, j: usize) -> f64 {
    let square = (0..3).map(|axis| wave.signed(axis).powi(2)).sum::<f64>();
    let delta = if i == j { 1.0 } else { 0.0 };
    if square == 0.0 { delta } else { delta - wave.signed(i) * wave.signed(j) / square }
}

impl SemiLinear for NavierStokesVelocity {
    fn name(&self) -> &'static str {
        "Navier-Stokes velocity"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 2..=3)?;
        check_at_least_zero([("viscosity", self.viscosity), ("drag", self.drag)])
    }

    fn channels(&self, dimensions: usize) -> usize {
        dimensions
    }

    fn degree(&self) -> usize {
        2
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        let driven = match self.forcing {
            VelocityForcing::Linear { rate, wavenumber }
                if wave.square() > 0.0 && wave.square() <= wavenumber * wavenumber =>
            {
                rate
            }
            _ => 0.0,
        };
        (driven - self.viscosity * wave.square() - self.drag).into()
    }

    /// Velocity, then vorticity: one component in two dimensions, three in three.
    fn inputs(&self, dimensions: usize) -> Vec<Term> {
        let mut terms: Vec<Term> = (0..dimensions).map(|channel| Term::identity(channel, channel)).collect();
        let curl = |slot: usize, a: usize, b: usize| {
            let negative = Term::new(a, slot, move |wave| Complex64::new(0.0, -wave.signed(b)));
            [Term::derivative(b, slot, a), negative]
        };
        if dimensions == 2 {
            terms.extend(curl(2, 0, 1));
        } else {
            terms.extend((0..3).flat_map(|axis| curl(3 + axis, (axis + 1) % 3, (axis + 2) % 3)));
        }
        terms
    }

    fn outputs(&self, dimensions: usize) -> Vec<Term> {
        let pairs = (0..dimensions).flat_map(|slot| (0..dimensions).map(move |channel| (channel, slot)));
        pairs
            .map(|(channel, slot)| {
                Term::new(channel, slot, move |wave| projection(wave, channel, slot).into())
            })
            .collect()
    }

    fn initial(&self, dimensions: usize) -> Option<Vec<Term>> {
        Some(self.outputs(dimensions))
    }

    fn forcing(&self, channel: usize, position: &[f64]) -> Option<f64> {
        match self.forcing {
            // Along x, varying along y: without divergence as it is.
            VelocityForcing::Kolmogorov { wavenumber, amplitude } if channel == 0 => {
                Some(amplitude * (wavenumber * position[1]).sin())
            }
            _ => None,
        }
    }

    /// `u x curl u`
    fn pointwise<T: Real>(&self, dimensions: usize, values: &mut [&mut [T]]) {
        if dimensions == 2 {
            each(values, |[u, v, curl]| [v * curl, -(u * curl)]);
        } else {
            each(values, |[u, v, w, a, b, c]| [v * c - w * b, w * a - u * c, u * b - v * a]);
        }
    }
}

impl Catalogued for NavierStokesVelocity {
    type Equation = NavierStokesVelocity;

    const NAME: &'static str = "navier-stokes-velocity";
    const FORMULA: &'static str = "u_t = P(u x curl u + f) + viscosity Laplacian u - drag u, div u = 0";
    const SUMMARY: &'static str = "turbulence in two and three dimensions, from the velocity to a later one";
    const SOURCE: &'static str = "Canuto et al. 1988; Taylor and Green 1937";
    const DEFAULTS: &'static str = "\
size = 32
dimension = 3
length = 6.283185307179586
time = 2.0
step = 0.02
initial = { fourier = 3, normalise = \"std\" }
viscosity = 0.02
drag = 0.0
forcing = \"none\"";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("viscosity", "nu"),
        ("drag", "linear drag"),
        (
            "forcing",
            "\"none\", { kolmogorov = { wavenumber = .., amplitude = .. } } or { linear = { rate = .., wavenumber = .. } }",
        ),
    ];

    fn channels(dimensions: usize) -> Vec<String> {
        ["u", "v", "w"][..dimensions].iter().map(ToString::to_string).collect()
    }

    fn equation(parameters: toml::Table) -> Result<NavierStokesVelocity> {
        settings::read(Self::NAME, parameters)
    }
}
