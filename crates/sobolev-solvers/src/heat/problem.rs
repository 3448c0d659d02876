//! Data sets of heat in random media: from conductivity and initial state to the states at later times.

use super::Heat;
use crate::box_grid::{BoxGrid, LENGTH_HELP};
use crate::problem::{Axis, Drift, EquationEntry, Field, Problem, Sample, trajectory};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField, covariance_setting};
use crate::settings;
use crate::walls::{self, Side};
use ndarray::{ArrayD, ArrayViewMutD, Axis as ArrayAxis, IxDyn, Slice};
use serde::{Deserialize, Serialize};
use sobolev_multigrid::general::Condition;
use sobolev_tensor::{CancellationOnly, Error, Monitor, Result, SettingEntry};

/// Memory for one sample: operators, transfers and vectors of the hierarchy.
const BYTES_PER_CELL: u128 = 800;

/// Longest time step where neither a step nor a tolerance is given.
const STEP: f64 = 0.02;

/// Conditions that the solver has.
const CONDITIONS: [&str; 4] = ["dirichlet", "neumann", "robin", "periodic"];

/// Settings of [`HeatProblem`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeatSettings {
    /// Cells along each axis; one number or a list.
    pub size: toml::Value,
    /// 1 to 3.
    pub dimension: usize,
    /// Side length of the box, or a list.
    pub length: toml::Value,
    /// What the sides hold: a value of u, a slope du/dn, or `alpha u + du/dn`.
    pub boundary: toml::Value,
    /// The conductivity is `conductivity exp(contrast g)` with a Gaussian field g.
    pub conductivity: f64,
    /// See `conductivity`; 0 for the same everywhere.
    pub contrast: f64,
    /// The Gaussian field of the conductivity.
    pub field: toml::Value,
    /// The Gaussian field of the initial state.
    pub initial: toml::Value,
    /// The last time.
    pub time: f64,
    /// Stored states, at equal intervals up to the last time.
    pub frames: usize,
    /// Longest time step; 0.02 by default, and any with a tolerance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// Estimated relative error that a time step may make; by default all steps are equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
}

/// A field of unit variance at most, smooth on the scale of a third of the unit box.
fn smooth() -> toml::Value {
    covariance_setting(30.0, 5.0, 2.5)
}

impl Default for HeatSettings {
    fn default() -> Self {
        Self {
            size: 64.into(),
            dimension: 2,
            length: 1.0.into(),
            boundary: "neumann".into(),
            conductivity: 0.01,
            contrast: 3.0,
            field: smooth(),
            initial: smooth(),
            time: 1.0,
            frames: 10,
            step: None,
            tolerance: None,
        }
    }
}

/// The map from conductivity and initial state to later states. Input `medium` `[size.., 2]` (channels a and u0), target
/// `temperature` `[frames, size.., 1]`. The residual of a sample is the sum of the estimated relative errors of its time steps.
#[derive(Debug)]
pub struct HeatProblem {
    settings: HeatSettings,
    grid: BoxGrid,
    sides: Vec<[Side; 2]>,
    field: FieldSampler,
    initial: FieldSampler,
}

impl HeatProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: HeatSettings) -> Result<Self> {
        let HeatSettings { conductivity, contrast, time, frames, .. } = settings;
        let bytes = BYTES_PER_CELL.saturating_add(8 * frames as u128);
        let grid = BoxGrid::read(&settings.size, &settings.length, settings.dimension, 1..=3, 4, bytes)?;
        settings::times(time, Some(frames), 0.0, grid.count() as u128)?;
        if !(conductivity.is_finite() && conductivity > 0.0) {
            return Err(Error::value("conductivity", "a positive finite number", conductivity));
        }
        if !(0.0..=20.0).contains(&contrast) {
            return Err(Error::value("contrast", "0 to 20", contrast));
        }
        let sides = walls::sides(&settings.boundary, settings.dimension, &CONDITIONS)?;
        let sampler = |setting: &toml::Value, purpose: &str| {
            let boundary = walls::field_boundary(&sides);
            let field = GaussianField::from_setting(setting, boundary, &grid.lengths)?;
            field.with_purpose(purpose).sampler(&grid.cells)
        };
        let field = sampler(&settings.field, "conductivity")?;
        let initial = sampler(&settings.initial, "initial state")?;
        let problem = Self { settings, grid, sides, field, initial };
        // What the solver refuses is named now.
        problem.solver(ArrayD::from_elem(IxDyn(&vec![4; problem.grid.dimensions()]), conductivity))?;
        Ok(problem)
    }

    /// The solver for the conductivity `a`.
    fn solver(&self, a: ArrayD<f64>) -> Result<Heat> {
        let conditions = self.sides.iter().map(|ends| ends.map(condition)).collect();
        let heat = Heat::new(a, &self.grid.lengths, conditions)?.serial();
        let heat = match self.step() {
            Some(step) => heat.with_step(step)?,
            None => heat,
        };
        match self.settings.tolerance {
            Some(tolerance) => heat.with_tolerance(tolerance),
            None => Ok(heat),
        }
    }

    fn step(&self) -> Option<f64> {
        let equal = self.settings.tolerance.is_none();
        self.settings.step.or(equal.then_some(STEP))
    }

    fn axes(&self) -> Vec<Axis> {
        self.grid.axes(|axis| walls::in_words(self.sides[axis], "u", "du/dn"))
    }
}

fn condition(side: Side) -> Condition<f64> {
    match side.boundary {
        Boundary::Periodic => Condition::Periodic,
        Boundary::Dirichlet => Condition::value(side.value()),
        Boundary::Neumann if side.alpha == 0.0 => {
            Condition::Neumann(ArrayD::from_elem(IxDyn(&[]), side.value()))
        }
        Boundary::Neumann => Condition::robin(side.alpha, side.value()),
    }
}

impl Problem for HeatProblem {
    fn equation(&self) -> &'static str {
        HEAT.name
    }

    fn settings(&self) -> toml::Table {
        settings::write(&HeatSettings { step: self.step(), ..self.settings.clone() })
    }

    fn input(&self) -> Field {
        Field::new("medium", self.axes(), &["a", "u0"])
    }

    fn target(&self) -> Field {
        let time = Axis::frames(self.settings.time, self.settings.frames);
        Field::new("temperature", [time].into_iter().chain(self.axes()), &["u"])
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let HeatSettings { dimension, conductivity, contrast, time, frames, .. } = self.settings;
        let a = self.field.sample(seed, index).mapv_into(|g| conductivity * (contrast * g).exp());
        if a.iter().any(|a| !a.is_normal()) {
            return Err(Error::value(
                "contrast",
                "one that keeps the conductivity within the number range",
                contrast,
            ));
        }
        let (heat, monitor) = (self.solver(a.clone())?, CancellationOnly(monitor));
        let initial = self.initial.sample(seed, index);
        let mut state = initial.clone().insert_axis(ArrayAxis(dimension)).insert_axis(ArrayAxis(0));
        let advance = |state: ArrayViewMutD<'_, f64>, interval| heat.integrate(state, interval, &monitor);
        let sample = trajectory(advance, &mut state, time, Some(frames))?;
        let mut input = ArrayD::zeros(IxDyn(&[a.shape(), &[2]].concat()));
        input.index_axis_mut(ArrayAxis(dimension), 0).assign(&a);
        input.index_axis_mut(ArrayAxis(dimension), 1).assign(&initial);
        Ok(Sample { input, ..sample })
    }

    fn invariants(&self, _: u64, _: u64, sample: &Sample) -> Result<Vec<Drift>> {
        sample.check(self)?;
        if !self.sides.iter().flatten().all(Side::insulates) {
            return Ok(Vec::new());
        }
        let channels = ArrayAxis(self.settings.dimension);
        let initial = sample.input.slice_axis(channels, Slice::from(1..));
        let mut states = vec![initial];
        states.extend(sample.target_states(Some(self.settings.frames)));
        Ok(Drift::of_means(&states, true).into_iter().collect())
    }
}

/// The line of the heat equation in the list of equations.
pub const HEAT: EquationEntry = EquationEntry {
    name: "heat",
    formula: "u_t = div(a grad u)",
    summary: "box of 1 to 3 dimensions, a value, a slope, a transfer or periodic by side; from a random conductivity a and initial state to later states",
    method: "finite volumes with harmonic face means, order 2; implicit Runge-Kutta of order 2 with multigrid, L-stable, equal steps or by error",
    source: "Alexander, SIAM J. Numer. Anal. 14 (1977), for the scheme; log-normal conductivity",
    settings: || {
        let smooth = "{ amplitude = 30.0, inverse_length = 5.0, exponent = 2.5 }";
        vec![
            SettingEntry::new("size", "64", "cells along each axis, or a list, at least 4"),
            SettingEntry::new("dimension", "2", "1 to 3"),
            SettingEntry::new("length", "1.0", LENGTH_HELP),
            SettingEntry::new(
                "boundary",
                "\"neumann\"",
                "\"dirichlet\", \"neumann\", \"periodic\", { dirichlet = u }, { neumann = du/dn } or { robin = [alpha, alpha u + \
                 du/dn] }; or a list with, for each axis, one of them or a pair for its two ends",
            ),
            SettingEntry::new("conductivity", "0.01", "a = conductivity exp(contrast g)"),
            SettingEntry::new("contrast", "3.0", "0 to 20; 0 for the same conductivity everywhere"),
            SettingEntry::new("field", smooth, FIELD_HELP),
            SettingEntry::new("initial", smooth, "the Gaussian field of the initial state, as field"),
            SettingEntry::new("time", "1.0", "the last time"),
            SettingEntry::new("frames", "10", "stored states, at equal intervals up to the last time"),
            SettingEntry::new("step", "0.02", "longest time step; any by default with a tolerance"),
            SettingEntry::new(
                "tolerance",
                "none",
                "estimated relative error that a time step may make, 1e-8 to 0.1; equal steps without it",
            ),
        ]
    },
    build: |table| Ok(Box::new(HeatProblem::new(settings::read("heat", table)?)?)),
};
