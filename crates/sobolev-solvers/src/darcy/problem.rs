//! Data sets of Darcy flow: from a random coefficient to the solution.

use super::Darcy;
use super::coefficient::{Coefficient, Medium, uses_field};
use crate::problem::{Axis, EquationEntry, Field, Problem, Sample};
use crate::random_field::FIELD_HELP;
use crate::settings;
use ndarray::{ArrayD, Axis as ArrayAxis, Slice};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// Memory for one sample, measured on a square of 4096 cells a side; most of it belongs to the multigrid hierarchy.
const BYTES_PER_CELL: u128 = 128;

/// Settings of [`DarcyProblem`]; the defaults are the published set-up on its full grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DarcySettings {
    /// Cells along each side, on which the field is drawn and the equation is solved.
    pub size: usize,
    /// 2 or 3.
    pub dimension: usize,
    /// Each how manieth cell is kept along each side, from the first on: `size = 421, stride = 5` keeps 85.
    pub stride: usize,
    /// How the coefficient is made.
    pub coefficient: Coefficient,
    /// Smaller value of a coefficient that has two; 3 by default, 0.1 with `gaussians`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Larger value of a coefficient that has two; 12 by default, 1 with `gaussians`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The Gaussian field: a name of [`FIELDS`](crate::random_field::FIELDS), or a table of `amplitude`, `inverse_length`
    /// (tau) and `exponent` (alpha). In three dimensions a name stands for its covariance on the unit cube.
    pub field: toml::Value,
    /// Keeps only the waves of the field up to this wavenumber, so that grids of any size show the identical function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modes: Option<usize>,
    /// f.
    pub forcing: f64,
    /// Relative residual of the solution.
    pub tolerance: f64,
}

impl Default for DarcySettings {
    fn default() -> Self {
        Self {
            size: 421,
            dimension: 2,
            stride: 1,
            coefficient: Coefficient::Piecewise,
            low: None,
            high: None,
            field: toml::Value::String("darcy".to_string()),
            modes: None,
            forcing: 1.0,
            tolerance: 1e-8,
        }
    }
}

/// The map from a random coefficient to the solution of `-div(a grad u) = f`.
///
/// Input `coefficient` `[size, size, 1]`, target `solution` of the same shape (one axis more in three dimensions), at cell
/// centres of the unit box; with a stride, at each stride-th cell. The residual of a sample is its relative residual.
///
/// The default is the set-up of Li et al., arXiv:2010.08895 (2020): a = 12 where a Gaussian field of covariance
/// proportional to `(-Laplacian + 9)^-2` (no flux at the boundary) is positive and 3 elsewhere, f = 1, 421 points.
#[derive(Debug)]
pub struct DarcyProblem {
    settings: DarcySettings,
    solver: Darcy,
    medium: Medium,
}

impl DarcyProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: DarcySettings) -> Result<Self> {
        let DarcySettings { size, dimension, stride, forcing, tolerance, .. } = settings;
        if !(2..=3).contains(&dimension) {
            return Err(Error::value("dimension", "2 or 3", dimension));
        }
        if size < 4 {
            return Err(Error::value("size", "at least 4 cells", size));
        }
        settings::memory("size", &vec![size; dimension], BYTES_PER_CELL)?;
        if stride == 0 || stride > size / 2 {
            return Err(Error::value("stride", format!("1 to size / 2 = {}", size / 2), stride));
        }
        let solver = Darcy::new().with_forcing(forcing)?.with_tolerance(tolerance)?;
        let medium = Medium::new(&settings)?;
        Ok(Self { settings, solver, medium })
    }

    /// The published set-up: the default settings, of which each fifth point is kept: 85 of 421 along each side.
    ///
    /// # Errors
    /// None.
    pub fn published() -> Result<Self> {
        Self::new(DarcySettings { stride: 5, ..DarcySettings::default() })
    }

    /// Each stride-th value along each side, with a channel axis.
    fn kept(&self, values: ArrayD<f64>) -> ArrayD<f64> {
        let stride = self.settings.stride as isize;
        let mut kept = values.view();
        for axis in 0..self.settings.dimension {
            kept.slice_axis_inplace(ArrayAxis(axis), Slice::new(0, None, stride));
        }
        kept.insert_axis(ArrayAxis(self.settings.dimension)).as_standard_layout().into_owned()
    }

    fn axes(&self, boundary: &str) -> Vec<Axis> {
        let DarcySettings { size, dimension, stride, .. } = self.settings;
        let axis = |number: usize| Axis {
            name: format!("x{number}"),
            points: (0..size).step_by(stride).map(|i| (i as f64 + 0.5) / size as f64).collect(),
            boundary: boundary.to_string(),
            units: "1".to_string(),
        };
        (1..=dimension).map(axis).collect()
    }
}

impl Problem for DarcyProblem {
    fn equation(&self) -> &'static str {
        DARCY.name
    }

    fn settings(&self) -> toml::Table {
        let (low, high) = self.medium.values().unzip();
        let mut table = settings::write(&DarcySettings { low, high, ..self.settings.clone() });
        if !uses_field(self.settings.coefficient) {
            table.remove("field");
        }
        table
    }

    fn input(&self) -> Field {
        field("coefficient", "a", self.axes("none"))
    }

    fn target(&self) -> Field {
        field("solution", "u", self.axes("u = 0"))
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let a = self.medium.sample(seed, index);
        // Many samples are solved at once, each on its thread.
        let (u, info) = self.solver.solve_one(a.view(), monitor)?;
        Ok(Sample { input: self.kept(a), target: self.kept(u), residual: info.relative_residual })
    }
}

fn field(name: &str, channel: &str, axes: Vec<Axis>) -> Field {
    Field { name: name.to_string(), axes, channels: vec![channel.to_string()], units: "1".to_string() }
}

/// The line of Darcy flow in the list of equations.
pub const DARCY: EquationEntry = EquationEntry {
    name: "darcy",
    formula: "-div(a grad u) = f",
    summary: "unit square or cube, u = 0 on the boundary; from a random coefficient a to the solution u",
    method: "finite volumes with harmonic face means, order 2; conjugate gradients with a multigrid cycle",
    source: "Li et al., Fourier neural operator, arXiv:2010.08895 (2020): a = 12 or 3, f = 1, 421 points a side",
    settings: || {
        vec![
            SettingEntry::new("size", "421", "cells along each side, at least 4"),
            SettingEntry::new("dimension", "2", "2 or 3"),
            SettingEntry::new(
                "stride",
                "1",
                "keep each how manieth cell along each side: size = 421, stride = 5 keeps 85",
            ),
            SettingEntry::new(
                "coefficient",
                "\"piecewise\"",
                "\"piecewise\": high where the field is >= 0, low elsewhere; \"lognormal\": its exponential; \"gaussians\": high \
                 where a sum of Gaussians is above its mean; \"trigonometric\": a product of waves of all scales",
            ),
            SettingEntry::new("low", "3.0", "smaller value of a coefficient of two; 0.1 with gaussians"),
            SettingEntry::new("high", "12.0", "larger value of a coefficient of two; 1.0 with gaussians"),
            SettingEntry::new("field", "\"darcy\"", FIELD_HELP),
            SettingEntry::new(
                "modes",
                "all",
                "keep only the waves of the field up to this wavenumber, the same function on every grid",
            ),
            SettingEntry::new("forcing", "1.0", "f, a constant"),
            SettingEntry::new("tolerance", "1e-8", "relative residual of the solution, 1e-14 to 0.1"),
        ]
    },
    build: |table| Ok(Box::new(DarcyProblem::new(settings::read("darcy", table)?)?)),
};
