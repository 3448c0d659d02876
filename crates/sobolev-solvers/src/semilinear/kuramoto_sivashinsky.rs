//! Kuramoto-Sivashinsky equation: `u_t = -Laplacian u - Laplacian^2 u - nonlinear part`, chaotic on large boxes.
//!
//! In the conservative form, in one dimension, the nonlinear part is `(u^2/2)_x`; in the form of flame fronts it is
//! `|grad u|^2 / 2` without its mean, so that the mean of u stays, in one to three dimensions. The derivative of a solution of
//! the second form solves the first. Waves shorter than `2 pi` are damped; the fastest grows by `e^{t/4}`.
//!
//! Kuramoto and Tsuzuki, Prog. Theor. Phys. 55 (1976); Sivashinsky, Acta Astronautica 4 (1977).

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, each};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Error, Real, Result};

/// The form of the nonlinear part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum KsForm {
    /// `(u^2/2)_x`, in one dimension.
    #[default]
    Conservative,
    /// `|grad u|^2 / 2` without its mean.
    Combustion,
}

/// The equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KuramotoSivashinsky {
    /// The form of the nonlinear part.
    pub form: KsForm,
}

impl SemiLinear for KuramotoSivashinsky {
    fn name(&self) -> &'static str {
        "Kuramoto-Sivashinsky"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        if self.form == KsForm::Conservative && dimensions != 1 {
            let error = Error::value("dimension", "1 for the conservative form", dimensions);
            return Err(error.with_hint("the combustion form has more"));
        }
        Ok(())
    }

    fn channels(&self, _: usize) -> usize {
        1
    }

    fn degree(&self) -> usize {
        2
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        let square = wave.square();
        (square - square * square).into()
    }

    fn inputs(&self, dimensions: usize) -> Vec<Term> {
        match self.form {
            KsForm::Conservative => vec![Term::identity(0, 0)],
            KsForm::Combustion => (0..dimensions).map(|axis| Term::derivative(0, axis, axis)).collect(),
        }
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        match self.form {
            KsForm::Conservative => vec![Term::new(0, 0, |wave| Complex64::new(0.0, -0.5 * wave.signed(0)))],
            KsForm::Combustion => vec![Term::new(0, 0, |wave| {
                if wave.square() == 0.0 { Complex64::ZERO } else { Complex64::new(-0.5, 0.0) }
            })],
        }
    }

    fn pointwise<T: Real>(&self, dimensions: usize, values: &mut [&mut [T]]) {
        match (self.form, dimensions) {
            (KsForm::Conservative, _) | (_, 1) => each(values, |[u]| [u * u]),
            (_, 2) => each(values, |[x, y]| [x * x + y * y]),
            _ => each(values, |[x, y, z]| [x * x + y * y + z * z]),
        }
    }
}

impl Catalogued for KuramotoSivashinsky {
    type Equation = KuramotoSivashinsky;

    const NAME: &'static str = "kuramoto-sivashinsky";
    const FORMULA: &'static str =
        "u_t = -Laplacian u - Laplacian^2 u - (u^2/2)_x, or - |grad u|^2/2 without its mean";
    const SUMMARY: &'static str = "chaos of flame fronts";
    const SOURCE: &'static str = "Kuramoto and Tsuzuki 1976; Sivashinsky 1977; Kassam and Trefethen 2005";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 64.0
time = 20.0
step = 0.05
warm_up = 50.0
initial = { fourier = 5, normalise = \"max\" }
form = \"conservative\"";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("form", "\"conservative\" in one dimension, or \"combustion\"")];

    fn equation(parameters: toml::Table) -> Result<KuramotoSivashinsky> {
        settings::read(Self::NAME, parameters)
    }
}
