//! Data sets of diffusion with sorption: from a random constant concentration to the one later.

use super::{DiffusionSorption, Medium};
use crate::problem::{Axis, EquationEntry, Field, Problem, Sample, trajectory};
use crate::settings;
use crate::solver::TimeSolver;
use ndarray::{ArrayD, ArrayViewMutD, IxDyn};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{CancellationOnly, Error, Monitor, Random, Result, SettingEntry};

/// Settings of [`DiffusionSorptionProblem`]; the defaults are PDEBench's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiffusionSorptionSettings {
    /// Cells.
    pub size: usize,
    /// Length of the interval.
    pub length: f64,
    /// D.
    pub diffusivity: f64,
    /// Share of the volume that is water.
    pub porosity: f64,
    /// Density of the grains.
    pub density: f64,
    /// Freundlich's coefficient.
    pub coefficient: f64,
    /// Freundlich's exponent.
    pub exponent: f64,
    /// The initial concentration is constant, uniform between 0 and this.
    pub highest: f64,
    /// Time of the target.
    pub time: f64,
    /// Gives the target a leading time axis of this many equal intervals, each at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<usize>,
    /// Largest estimated error of a time step.
    pub tolerance: f64,
}

impl Default for DiffusionSorptionSettings {
    fn default() -> Self {
        let Medium { diffusivity, porosity, density, coefficient, exponent } = Medium::default();
        Self {
            size: 1024,
            length: 1.0,
            diffusivity,
            porosity,
            density,
            coefficient,
            exponent,
            highest: 0.2,
            time: 500.0,
            frames: None,
            tolerance: 1e-4,
        }
    }
}

/// The map from a constant concentration to the one at a later time, or to a trajectory.
///
/// Input `initial` `[size, 1]`; target `solution` of the same shape, or `[frames, size, 1]`. The residual of a sample is the sum of
/// the estimated errors of its time steps.
#[derive(Debug)]
pub struct DiffusionSorptionProblem {
    settings: DiffusionSorptionSettings,
    solver: DiffusionSorption,
}

impl DiffusionSorptionProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: DiffusionSorptionSettings) -> Result<Self> {
        let DiffusionSorptionSettings {
            size,
            diffusivity,
            porosity,
            density,
            coefficient,
            exponent,
            highest,
            ..
        } = settings;
        if size < 2 {
            return Err(Error::value("size", "at least 2 cells", size));
        }
        settings::memory("size", &[size], 80)?;
        settings::times(settings.time, settings.frames, 0.0, size as u128)?;
        if !(highest.is_finite() && highest >= 0.0) {
            return Err(Error::value("highest", "a finite number of at least 0", highest));
        }
        let medium = Medium { diffusivity, porosity, density, coefficient, exponent };
        let solver = DiffusionSorption::new(settings.length, medium)?.with_tolerance(settings.tolerance)?;
        Ok(Self { settings, solver })
    }

    fn field(&self, name: &str, time: Option<Axis>) -> Field {
        let words = "u = 1 below, u + D du/dx = 0 above";
        let space = Axis::centres(0, self.settings.size, self.settings.length, words);
        Field::new(name, time.into_iter().chain([space]), &["u"])
    }
}

impl Problem for DiffusionSorptionProblem {
    fn equation(&self) -> &'static str {
        DIFFUSION_SORPTION.name
    }

    fn settings(&self) -> toml::Table {
        settings::write(&self.settings)
    }

    fn input(&self) -> Field {
        self.field("initial", None)
    }

    fn target(&self) -> Field {
        let time = self.settings.frames.map(|frames| Axis::frames(self.settings.time, frames));
        self.field("solution", time)
    }

    fn time_solver(&self) -> Option<&dyn TimeSolver> {
        Some(&self.solver)
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let level = Random::new(seed, "diffusion-sorption level").uniforms(index, 0)[0];
        let size = self.settings.size;
        let mut state = ArrayD::from_elem(IxDyn(&[1, size, 1]), level * self.settings.highest);
        let monitor = CancellationOnly(monitor);
        let advance =
            |state: ArrayViewMutD<'_, f64>, interval| self.solver.integrate(state, interval, &monitor);
        trajectory(advance, &mut state, self.settings.time, self.settings.frames)
    }
}

/// The line of diffusion with sorption in the list of equations.
pub const DIFFUSION_SORPTION: EquationEntry = EquationEntry {
    name: "diffusion-sorption",
    formula: "R(u) u_t = diffusivity u_xx, R = 1 + (1 - porosity) / porosity density coefficient exponent u^(exponent - 1)",
    summary: "interval, u = 1 at one end and u + D u_x = 0 at the other; from a constant concentration to the one later",
    method: "conservative finite volumes of order 2; L-stable implicit steps of order 2 with error control",
    source: "PDEBench, arXiv:2210.07182 (2022): 1024 points, time 500, initial values uniform in (0, 0.2)",
    settings: || {
        vec![
            SettingEntry::new("size", "1024", "cells, at least 2"),
            SettingEntry::new("length", "1.0", "length of the interval"),
            SettingEntry::new("diffusivity", "5e-4", "D, positive"),
            SettingEntry::new("porosity", "0.29", "share of the volume that is water"),
            SettingEntry::new("density", "2880.0", "density of the grains"),
            SettingEntry::new("coefficient", "3.5e-4", "Freundlich's coefficient"),
            SettingEntry::new("exponent", "0.874", "Freundlich's exponent, positive"),
            SettingEntry::new(
                "highest",
                "0.2",
                "the initial concentration is constant, uniform between 0 and this",
            ),
            SettingEntry::new("time", "500.0", "time of the target"),
            SettingEntry::new("frames", "none", "gives the target a time axis of this many equal intervals"),
            SettingEntry::new("tolerance", "1e-4", "largest estimated error of a time step, 1e-10 to 0.1"),
        ]
    },
    build: |table| Ok(Box::new(DiffusionSorptionProblem::new(settings::read("diffusion-sorption", table)?)?)),
};
