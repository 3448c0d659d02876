//! Linear equations with constant coefficients: advection, diffusion, both, dispersion and hyper-diffusion,
//! `u_t = -velocity . grad u + diffusivity Laplacian u + dispersivity sum_j d_j^3 u - hyperdiffusivity Laplacian^2 u`.
//!
//! Each wave is multiplied by an exponential: exact for any time step.

use crate::spectral::{SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, check_parameters};
use num_complex::Complex64;
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
