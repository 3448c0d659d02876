//! Swift-Hohenberg equation: `u_t = growth u - (wavenumber^2 + Laplacian)^2 u + quadratic u^2 - cubic u^3`, patterns of one wavelength.
//!
//! For `quadratic = 0` stripes of small growth have the amplitude `sqrt(4 growth / (3 cubic))`.
//! Swift and Hohenberg, Phys. Rev. A 15 (1977).

use crate::spectral::{
    SemiLinear, Term, Wave, check_at_least_zero, check_dimensions, check_parameters, each,
};
use num_complex::Complex64;
use sobolev_tensor::{Real, Result};

/// The equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq)]
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
