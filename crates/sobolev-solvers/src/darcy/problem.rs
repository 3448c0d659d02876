//! Data sets of Darcy flow: from a random coefficient to the solution.

use super::Darcy;
use super::coefficient::{Coefficient, Medium, uses_field};
use crate::box_grid::{BoxGrid, LENGTH_HELP};
use crate::problem::{Axis, EquationEntry, Field, Problem, Sample};
use crate::random_field::FIELD_HELP;
use crate::settings;
use crate::walls::{self, Side};
use ndarray::{ArrayD, Axis as ArrayAxis, Slice};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// Memory for one sample, measured on a square of 4096 cells a side; most of it belongs to the multigrid hierarchy.
const BYTES_PER_CELL: u128 = 128;

/// Conditions that the solver has.
const CONDITIONS: [&str; 2] = ["dirichlet", "neumann"];

/// Settings of [`DarcyProblem`]; the defaults are the published set-up on its full grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DarcySettings {
    /// Cells along each axis, on which the field is drawn and the equation is solved; one number or a list.
    pub size: toml::Value,
    /// 2 or 3.
    pub dimension: usize,
    /// Side length of the box, or a list.
    pub length: toml::Value,
    /// What the sides hold: a value of u, or the flux a du/dn.
    pub boundary: toml::Value,
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
    /// (tau) and `exponent` (alpha). In three dimensions a name stands for its covariance.
    pub field: toml::Value,
    /// Keeps only the waves of the field up to this wavenumber along the shortest side, so that grids of any size show the
    /// identical function.
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
            size: 421.into(),
            dimension: 2,
            length: 1.0.into(),
            boundary: "dirichlet".into(),
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
/// centres of a box; with a stride, at each stride-th cell. The residual of a sample is its relative residual.
///
/// The default is the set-up of Li et al., arXiv:2010.08895 (2020): a = 12 where a Gaussian field of covariance
/// proportional to `(-Laplacian + 9)^-2` (no flux at the boundary) is positive and 3 elsewhere, f = 1, 421 points.
#[derive(Debug)]
pub struct DarcyProblem {
    settings: DarcySettings,
    grid: BoxGrid,
    sides: Vec<[Side; 2]>,
    solver: Darcy,
    medium: Medium,
}

impl DarcyProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: DarcySettings) -> Result<Self> {
        let DarcySettings { dimension, stride, forcing, tolerance, .. } = settings;
        let (size, length) = (&settings.size, &settings.length);
        let grid = BoxGrid::read(size, length, dimension, 2..=3, 4, BYTES_PER_CELL)?;
        let most = grid.cells.iter().min().map_or(0, |n| n / 2);
        if stride == 0 || stride > most {
            return Err(Error::value("stride", format!("1 to size / 2 = {most}"), stride));
        }
        let sides = walls::sides(&settings.boundary, dimension, &CONDITIONS)?;
        let solver = Darcy::new()
            .with_forcing(forcing)?
            .with_tolerance(tolerance)?
            .with_extent(&grid.lengths)?
            .with_sides(&walls::values(&sides))?;
        walls::check_balance(&sides, &grid.lengths, forcing)?;
        let medium = Medium::new(&settings, &grid)?;
        Ok(Self { settings, grid, sides, solver, medium })
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

    fn axes(&self, words: impl Fn(usize) -> String) -> Vec<Axis> {
        let axes = self.grid.axes(words).into_iter();
        axes.map(|axis| axis.every(self.settings.stride)).collect()
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
        Field::new("coefficient", self.axes(|_| "none".to_string()), &["a"])
    }

    fn target(&self) -> Field {
        let words = |axis: usize| walls::in_words(self.sides[axis], "u", "a du/dn");
        Field::new("solution", self.axes(words), &["u"])
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let a = self.medium.sample(seed, index);
        // Many samples are solved at once, each on its thread.
        let (u, info) = self.solver.solve_one(a.view(), monitor)?;
        Ok(Sample { input: self.kept(a), target: self.kept(u), residual: info.relative_residual })
    }
}

/// The line of Darcy flow in the list of equations.
pub const DARCY: EquationEntry = EquationEntry {
    name: "darcy",
    formula: "-div(a grad u) = f",
    summary: "box in two or three dimensions, a value or a flux on each side; from a random coefficient a to the solution u",
    method: "finite volumes with harmonic face means, order 2; conjugate gradients with a multigrid cycle",
    source: "Li et al., Fourier neural operator, arXiv:2010.08895 (2020): a = 12 or 3, f = 1, 421 points a side",
    settings: || {
        vec![
            SettingEntry::new("size", "421", "cells along each axis, or a list, at least 4"),
            SettingEntry::new("dimension", "2", "2 or 3"),
            SettingEntry::new("length", "1.0", LENGTH_HELP),
            SettingEntry::new(
                "boundary",
                "\"dirichlet\"",
                "\"dirichlet\", \"neumann\", { dirichlet = u } or { neumann = a du/dn }; or a list with, for each axis, one of \
                 them or a pair for its two ends",
            ),
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
                "keep only the waves of the field up to this wavenumber along the shortest side, the same function on every grid",
            ),
            SettingEntry::new("forcing", "1.0", "f, a constant"),
            SettingEntry::new("tolerance", "1e-8", "relative residual of the solution, 1e-14 to 0.1"),
        ]
    },
    build: |table| Ok(Box::new(DarcyProblem::new(settings::read("darcy", table)?)?)),
};
