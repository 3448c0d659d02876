//! Data sets of Poisson's equation: from a random right-hand side to the solution.

use super::Poisson;
use crate::box_grid::{BoxGrid, LENGTH_HELP, SIZE_HELP};
use crate::problem::{EquationEntry, Field, Problem, Sample};
use crate::random_field::{FIELD_HELP, FieldSampler, GaussianField, covariance_setting};
use crate::settings;
use crate::solver::SteadySolver;
use crate::walls::{self, Side, Symbol};
use ndarray::Axis as ArrayAxis;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// Conditions that the solver has.
const CONDITIONS: [&str; 3] = ["dirichlet", "neumann", "periodic"];

/// Settings of [`PoissonProblem`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PoissonSettings {
    /// Cells along all axes, or a list with one number for each.
    pub size: toml::Value,
    /// 1 to 3.
    pub dimension: usize,
    /// Side length of the box, or a list.
    pub length: toml::Value,
    /// What the sides hold: a value of u, or a slope du/dn.
    pub boundary: toml::Value,
    /// Spectral instead of second order.
    pub spectral: bool,
    /// The Gaussian field f, a name or a covariance: periodic where all axes are, else of zero slope on the boundary.
    pub field: toml::Value,
}

impl Default for PoissonSettings {
    fn default() -> Self {
        Self {
            size: 128.into(),
            dimension: 2,
            length: 1.0.into(),
            boundary: "dirichlet".into(),
            spectral: false,
            field: covariance_setting(25.0, 5.0, 2.0),
        }
    }
}

/// The map from a random right-hand side f to the solution u of `-Laplacian u = f`.
///
/// Input `source` and target `solution` `[n.., 1]` at the cell centres of a box. The residual of a sample is its relative residual.
#[derive(Debug)]
pub struct PoissonProblem {
    settings: PoissonSettings,
    grid: BoxGrid,
    sides: Vec<[Side; 2]>,
    solver: Poisson,
    field: FieldSampler,
}

impl PoissonProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: PoissonSettings) -> Result<Self> {
        let d = settings.dimension;
        let grid = BoxGrid::read(&settings.size, &settings.length, d, 1..=3, 2, 64)?;
        let sides = walls::sides(&settings.boundary, d, &CONDITIONS)?;
        let symbol = if settings.spectral { Symbol::Spectral } else { Symbol::SecondOrder };
        let boundary = walls::kinds(&sides);
        let mut solver =
            Poisson::new(d)?.with_lengths(&grid.lengths)?.with_boundary(&boundary)?.with_symbol(symbol);
        for (axis, ends) in sides.iter().enumerate() {
            for (side, given) in ends.iter().enumerate() {
                if settings.spectral && given.value() != 0.0 {
                    let expected = "no values in the spectral form, which has homogeneous conditions alone";
                    return Err(Error::value("boundary", expected, given.value()));
                }
                solver = solver.with_value(axis, side, given.value())?;
            }
        }
        walls::check_balance(&sides, &grid.lengths, 0.0)?;
        // Mean zero, so that singular problems have solutions; rounding is taken off.
        let field =
            GaussianField::from_setting(&settings.field, walls::field_boundary(&sides), &grid.lengths)?
                .sampler(&grid.cells)?;
        let solver = if walls::is_singular(&boundary) { solver.with_projection() } else { solver };
        Ok(Self { settings, grid, sides, solver, field })
    }

    fn field(&self, name: &str, channel: &str) -> Field {
        let words = |axis: usize| walls::in_words(self.sides[axis], "u", "du/dn");
        Field::new(name, self.grid.axes(words), &[channel])
    }
}

impl Problem for PoissonProblem {
    fn equation(&self) -> &'static str {
        POISSON.name
    }

    fn settings(&self) -> toml::Table {
        settings::write(&self.settings)
    }

    fn input(&self) -> Field {
        self.field("source", "f")
    }

    fn target(&self) -> Field {
        self.field("solution", "u")
    }

    fn sample(&self, seed: u64, index: u64, _: &dyn Monitor) -> Result<Sample> {
        let d = self.grid.dimensions();
        let f = self.field.sample(seed, index).insert_axis(ArrayAxis(0)).insert_axis(ArrayAxis(d + 1));
        let mut state = self.solver.start(f.view())?;
        self.solver.step(&mut state)?;
        let residual = state.relative_residuals()?[0];
        let first = ArrayAxis(0);
        let target = self.solver.solution(&state).index_axis_move(first, 0);
        Ok(Sample { input: f.index_axis_move(first, 0), target, residual })
    }
}

/// The line of Poisson's equation in the list of equations.
pub const POISSON: EquationEntry = EquationEntry {
    name: "poisson",
    formula: "-Laplacian u = f",
    summary: "box in 1 to 3 dimensions, a value, a slope or periodic by side; from a random right-hand side f to u",
    method: "sine, cosine and Fourier transforms: second order, solved to rounding, or spectral",
    source: "Buzbee, Golub and Nielson, SIAM J. Numer. Anal. 7 (1970)",
    settings: || {
        vec![
            SettingEntry::new("size", "128", SIZE_HELP),
            SettingEntry::new("dimension", "2", "1 to 3"),
            SettingEntry::new("length", "1.0", LENGTH_HELP),
            SettingEntry::new("boundary", "\"dirichlet\"", walls::BOUNDARY_HELP),
            SettingEntry::new("spectral", "false", "spectral accuracy instead of second order"),
            SettingEntry::new(
                "field",
                "{ amplitude = 25.0, inverse_length = 5.0, exponent = 2.0 }",
                FIELD_HELP,
            ),
        ]
    },
    build: |table| Ok(Box::new(PoissonProblem::new(settings::read("poisson", table)?)?)),
};
