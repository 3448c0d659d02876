//! The random fields of published data sets, with their amplitudes as the data have them.

use super::{Boundary, Covariance, GaussianField};
use crate::settings;
use sobolev_tensor::{Error, Result};

/// One line of the list of fields.
#[derive(Debug, Clone, Copy)]
pub struct FieldEntry {
    /// Name used in specs and on the command line.
    pub name: &'static str,
    /// Domain, boundary and covariance in one line of text.
    pub summary: &'static str,
    /// Paper or program that the amplitude follows.
    pub source: &'static str,
    /// What goes wrong when the text of the paper is read without its program.
    pub trap: &'static str,
    /// Boundary condition.
    pub boundary: Boundary,
    /// Covariance operator on the unit box.
    pub covariance: Covariance,
    /// Dimension of the box.
    pub dimensions: usize,
}

/// `7^(3/2)`, the default amplitude `tau^(alpha - d/2)` of the published sampler at tau = 7, alpha = 5/2, d = 2.
const NAVIER_STOKES_AMPLITUDE: f64 = 18.520_259_177_452_136;

/// What the setting `field` of an equation may be, for its list of settings.
pub(crate) const FIELD_HELP: &str = "the Gaussian field: a name of the list of fields, or { amplitude = .., inverse_length = .., exponent = .. }";

/// The setting of a field of this covariance.
pub(crate) fn covariance_setting(amplitude: f64, inverse_length: f64, exponent: f64) -> toml::Value {
    settings::write(&Covariance { amplitude, inverse_length, exponent }).into()
}

/// The fields of published data sets, all on the unit box and of mean zero. Command line, Python and documentation read
/// this list.
pub static FIELDS: &[FieldEntry] = &[
    FieldEntry {
        name: "burgers",
        summary: "periodic on [0, 1): 25^2 (-d_xx + 5^2)^-2; standard deviation 0.594",
        source: "initial states of the Burgers data of Li et al., Fourier neural operator, arXiv:2010.08895 (2020)",
        trap: "the generator published with the paper has other numbers: see burgers-script",
        boundary: Boundary::Periodic,
        covariance: Covariance { amplitude: 25.0, inverse_length: 5.0, exponent: 2.0 },
        dimensions: 1,
    },
    FieldEntry {
        name: "burgers-script",
        summary: "periodic on [0, 1): 49^2 (-d_xx + 7^2)^-2.5; standard deviation 0.274",
        source: "MATLAB generator published with arXiv:2010.08895, as it stands",
        trap: "goes with viscosity 1/1000, and is not what made the published data",
        boundary: Boundary::Periodic,
        covariance: Covariance { amplitude: 49.0, inverse_length: 7.0, exponent: 2.5 },
        dimensions: 1,
    },
    FieldEntry {
        name: "navier-stokes",
        summary: "periodic on [0, 1)^2: 2 * 7^3 (-Laplacian + 7^2)^-2.5; standard deviation 0.262",
        source: "initial vorticity of the Navier-Stokes data of arXiv:2010.08895, by the sampler of that time",
        trap: "the paper's text, covariance 7^1.5 (..)^-2.5, would give 0.043: the sampler takes 7^1.5 as the amplitude, \
               and independent normal real and imaginary parts double the variance",
        boundary: Boundary::Periodic,
        covariance: Covariance {
            amplitude: std::f64::consts::SQRT_2 * NAVIER_STOKES_AMPLITUDE,
            inverse_length: 7.0,
            exponent: 2.5,
        },
        dimensions: 2,
    },
    FieldEntry {
        name: "navier-stokes-today",
        summary: "periodic on [0, 1)^2: 7^3 (-Laplacian + 7^2)^-2.5; standard deviation 0.185",
        source: "the sampler of the same project since it draws complex normal numbers of variance one",
        trap: "smaller than the published data by the square root of two",
        boundary: Boundary::Periodic,
        covariance: Covariance { amplitude: NAVIER_STOKES_AMPLITUDE, inverse_length: 7.0, exponent: 2.5 },
        dimensions: 2,
    },
    FieldEntry {
        name: "darcy",
        summary: "Neumann on (0, 1)^2, cell centres: 3^2 (-Laplacian + 3^2)^-2; standard deviation 0.292",
        source: "the field behind the Darcy coefficients of arXiv:2010.08895, by its MATLAB sampler",
        trap: "the paper's (-Laplacian + 9)^-2 is a ninth of the variance; the sign, and so a two-valued coefficient, is the \
               same, a log-normal one is not",
        boundary: Boundary::Neumann,
        covariance: Covariance { amplitude: 3.0, inverse_length: 3.0, exponent: 2.0 },
        dimensions: 2,
    },
];

impl FieldEntry {
    /// The entry called `name`.
    ///
    /// # Errors
    /// [`Error::Value`] that lists the names there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        FIELDS.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let names: Vec<&str> = FIELDS.iter().map(|entry| entry.name).collect();
            Error::unknown_name("field", &names, name)
        })
    }

    /// The field on the unit box.
    ///
    /// # Errors
    /// None for the entries of [`FIELDS`].
    pub fn build(&self) -> Result<GaussianField> {
        GaussianField::new(self.covariance, self.boundary, &vec![1.0; self.dimensions])
    }
}

impl GaussianField {
    /// The field that a setting of a spec means: the name of an entry of [`FIELDS`], or a table of `amplitude`,
    /// `inverse_length` and `exponent`; on a box of side lengths `extent`.
    ///
    /// # Errors
    /// [`Error::Value`] for an unknown name, an entry of another boundary condition or dimension, unknown keys and values
    /// out of range.
    pub fn from_setting(setting: &toml::Value, boundary: Boundary, extent: &[f64]) -> Result<Self> {
        let covariance = match setting {
            toml::Value::String(name) => {
                let entry = FieldEntry::named(name)?;
                if (entry.boundary, entry.dimensions) != (boundary, extent.len()) {
                    let expected = format!("a {boundary:?} field in {} dimensions", extent.len());
                    let got = format!("\"{name}\", {:?} in {} dimensions", entry.boundary, entry.dimensions);
                    return Err(Error::value("field", expected, got));
                }
                entry.covariance
            }
            toml::Value::Table(table) => settings::read("field", table.clone())?,
            other => {
                let expected = "the name of a field or a table of amplitude, inverse_length and exponent";
                return Err(Error::value("field", expected, other));
            }
        };
        Self::new(covariance, boundary, extent)
    }
}
