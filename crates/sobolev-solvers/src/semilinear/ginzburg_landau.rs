//! Complex Ginzburg-Landau equation, `A_t = A + (1 + i dispersion) Laplacian A - (1 + i shift) |A|^2 A`, and the cubic nonlinear
//! Schrodinger equation, `i A_t + dispersion Laplacian A + focusing |A|^2 A = 0`, both for a complex field whose channels are
//! real and imaginary part.
//!
//! Aranson and Kramer, Rev. Mod. Phys. 74 (2002); Zakharov and Shabat (1972). The Schrodinger equation conserves the integrals of
//! `|A|^2`, of `Im conj(A) grad A` and of `dispersion |grad A|^2 - focusing/2 |A|^4`.

use super::problem::Catalogued;
use crate::settings;
use crate::spectral::{SemiLinear, Term, Wave, check_dimensions, check_parameters, each};
use num_complex::Complex64;
use serde::Deserialize;
use sobolev_tensor::{Real, Result};

/// The complex Ginzburg-Landau equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GinzburgLandau {
    /// Imaginary part of the coefficient of the Laplacian.
    pub dispersion: f64,
    /// Imaginary part of the coefficient of the cubic term.
    pub shift: f64,
}

/// The cubic nonlinear Schrodinger equation; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schrodinger {
    /// Coefficient of the Laplacian.
    pub dispersion: f64,
    /// Coefficient of the cubic term; negative where it defocuses.
    pub focusing: f64,
}

impl SemiLinear for GinzburgLandau {
    fn name(&self) -> &'static str {
        "Ginzburg-Landau"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_parameters([("dispersion", self.dispersion), ("shift", self.shift)])
    }

    fn channels(&self, _: usize) -> usize {
        2
    }

    fn is_complex(&self) -> bool {
        true
    }

    fn degree(&self) -> usize {
        3
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        1.0 - Complex64::new(1.0, self.dispersion) * wave.square()
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0)]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        let factor = -Complex64::new(1.0, self.shift);
        vec![Term::new(0, 0, move |_| factor)]
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        cube(values);
    }
}

impl SemiLinear for Schrodinger {
    fn name(&self) -> &'static str {
        "nonlinear Schrodinger"
    }

    fn check(&self, dimensions: usize) -> Result<()> {
        check_dimensions(dimensions, 1..=3)?;
        check_parameters([("dispersion", self.dispersion), ("focusing", self.focusing)])
    }

    fn channels(&self, _: usize) -> usize {
        2
    }

    fn is_complex(&self) -> bool {
        true
    }

    fn degree(&self) -> usize {
        3
    }

    fn linear(&self, _: usize, wave: &Wave) -> Complex64 {
        Complex64::new(0.0, -self.dispersion * wave.square())
    }

    fn inputs(&self, _: usize) -> Vec<Term> {
        vec![Term::identity(0, 0)]
    }

    fn outputs(&self, _: usize) -> Vec<Term> {
        let factor = Complex64::new(0.0, self.focusing);
        vec![Term::new(0, 0, move |_| factor)]
    }

    fn pointwise<T: Real>(&self, _: usize, values: &mut [&mut [T]]) {
        cube(values);
    }
}

/// `|A|^2 A`
fn cube<T: Real>(values: &mut [&mut [T]]) {
    each(values, |[re, im]| {
        let square = re * re + im * im;
        [square * re, square * im]
    });
}

impl Catalogued for GinzburgLandau {
    type Equation = GinzburgLandau;

    const NAME: &'static str = "ginzburg-landau";
    const FORMULA: &'static str = "A_t = A + (1 + i dispersion) Laplacian A - (1 + i shift) |A|^2 A";
    const SUMMARY: &'static str = "waves and spirals of a complex field";
    const SOURCE: &'static str = "Aranson and Kramer 2002";
    const DEFAULTS: &'static str = "\
size = 128
dimension = 2
length = 100.0
time = 20.0
step = 0.05
initial = { fourier = 10, normalise = \"std\" }
dispersion = 1.0
shift = -1.2";
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[
        ("dispersion", "imaginary part of the coefficient of the Laplacian"),
        ("shift", "imaginary part of the coefficient of the cubic term"),
    ];

    fn channels(_: usize) -> Vec<String> {
        vec!["real".to_string(), "imaginary".to_string()]
    }

    fn equation(parameters: toml::Table) -> Result<GinzburgLandau> {
        settings::read(Self::NAME, parameters)
    }
}

impl Catalogued for Schrodinger {
    type Equation = Schrodinger;

    const NAME: &'static str = "schrodinger";
    const FORMULA: &'static str = "i A_t + dispersion Laplacian A + focusing |A|^2 A = 0";
    const SUMMARY: &'static str = "solitons of a complex field";
    const SOURCE: &'static str = "Zakharov and Shabat 1972";
    const DEFAULTS: &'static str = "\
size = 256
dimension = 1
length = 40.0
time = 5.0
step = 0.001
initial = { fourier = 5, normalise = \"std\" }
dispersion = 0.5
focusing = 1.0";
    const PARAMETERS: &'static [(&'static str, &'static str)] =
        &[("dispersion", "coefficient of the Laplacian"), ("focusing", "coefficient of the cubic term")];

    fn channels(_: usize) -> Vec<String> {
        vec!["real".to_string(), "imaginary".to_string()]
    }

    fn keeps_mean_square(_: &Self) -> bool {
        true
    }

    fn equation(parameters: toml::Table) -> Result<Schrodinger> {
        settings::read(Self::NAME, parameters)
    }
}
