//! Data sets of Poisson's equation: from a random right-hand side to the solution.

use super::Poisson;
use crate::problem::{Axis, EquationEntry, Field, Problem, Sample};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField};
use crate::settings;
use crate::solver::SteadySolver;
use crate::walls::{self, Symbol};
use ndarray::Axis as ArrayAxis;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

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
    /// Conditions on the sides; homogeneous.
    pub boundary: toml::Value,
    /// Spectral instead of second order.
    pub spectral: bool,
    /// The Gaussian field f, a name or a covariance: periodic where all axes are, else of zero slope on the boundary.
    pub field: toml::Value,
}

impl Default for PoissonSettings {
    fn default() -> Self {
        let covariance = [("amplitude", 25.0), ("inverse_length", 5.0), ("exponent", 2.0)];
        Self {
            size: 128.into(),
            dimension: 2,
            length: 1.0.into(),
            boundary: "dirichlet".into(),
            spectral: false,
            field: toml::Table::from_iter(covariance.map(|(name, value)| (name.to_string(), value.into())))
                .into(),
        }
    }
}

/// The map from a random right-hand side f to the solution u of `-Laplacian u = f`.
///
/// Input `source` and target `solution` `[n.., 1]` at the cell centres of a box. The residual of a sample is its relative residual.
#[derive(Debug)]
pub struct PoissonProblem {
    settings: PoissonSettings,
    cells: Vec<usize>,
    lengths: Vec<f64>,
    boundary: Vec<[Boundary; 2]>,
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
        if !(1..=3).contains(&d) {
            return Err(Error::value("dimension", "1 to 3", d));
        }
        let cells = settings::counts("size", &settings.size, d, 2)?;
        settings::memory("size", &cells, 64)?;
        let lengths = settings::numbers("length", &settings.length, d)?;
        walls::check_lengths("length", &lengths, d)?;
        let boundary = walls::boundary(&settings.boundary, d)?;
        let symbol = if settings.spectral { Symbol::Spectral } else { Symbol::SecondOrder };
        let solver = Poisson::new(d)?.with_lengths(&lengths)?.with_boundary(&boundary)?.with_symbol(symbol);
        let all_periodic = boundary.iter().flatten().all(|end| *end == Boundary::Periodic);
        let kind = if all_periodic { Boundary::Periodic } else { Boundary::Neumann };
        // Mean zero, so that singular problems have solutions; rounding is taken off.
        let field = GaussianField::from_setting(&settings.field, kind, &lengths)?.sampler(&cells)?;
        let solver = if walls::is_singular(&boundary) { solver.with_projection() } else { solver };
        Ok(Self { settings, cells, lengths, boundary, solver, field })
    }

    fn field(&self, name: &str, channel: &str) -> Field {
        let axes = (0..self.cells.len()).map(|axis| {
            let words = walls::in_words(self.boundary[axis], "u");
            Axis::centres(axis, self.cells[axis], self.lengths[axis], &words)
        });
        Field {
            name: name.to_string(),
            axes: axes.collect(),
            channels: vec![channel.to_string()],
            units: "1".to_string(),
        }
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
        let d = self.cells.len();
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
    summary: "box in 1 to 3 dimensions, zero value, zero flux or periodic by side; from a random right-hand side f to u",
    method: "sine, cosine and Fourier transforms: second order, solved to rounding, or spectral",
    source: "Buzbee, Golub and Nielson, SIAM J. Numer. Anal. 7 (1970)",
    settings: || {
        vec![
            SettingEntry::new("size", "128", "cells along each axis, or a list, at least 2"),
            SettingEntry::new("dimension", "2", "1 to 3"),
            SettingEntry::new("length", "1.0", "side of the box, or a list"),
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
