//! Data sets of heat in random media: from conductivity and initial state to the states at later times.

use super::Heat;
use crate::problem::{Axis, Drift, EquationEntry, Field, Problem, Sample, frames as frames_of};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField};
use crate::settings;
use ndarray::{ArrayD, Axis as ArrayAxis, IxDyn, Slice};
use serde::{Deserialize, Serialize};
use sobolev_multigrid::general::Condition;
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// Memory for one sample: operators, transfers and vectors of the hierarchy.
const BYTES_PER_CELL: u128 = 800;

/// What the sides of the box do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// No heat passes.
    #[default]
    Insulated,
    /// `u = 0`.
    Cold,
    /// Each side is followed by the opposite one.
    Periodic,
}

/// Settings of [`HeatProblem`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeatSettings {
    /// Cells along each side.
    pub size: usize,
    /// 1 to 3.
    pub dimension: usize,
    /// The conductivity is `conductivity exp(contrast g)` with a Gaussian field g.
    pub conductivity: f64,
    /// See `conductivity`; 0 for the same everywhere.
    pub contrast: f64,
    /// The Gaussian field of the conductivity.
    pub field: toml::Value,
    /// The Gaussian field of the initial state.
    pub initial: toml::Value,
    /// What the sides do.
    pub sides: Sides,
    /// The last time.
    pub time: f64,
    /// Stored states, at equal intervals up to the last time.
    pub frames: usize,
    /// Longest time step.
    pub step: f64,
}

/// A field of unit variance at most, smooth on the scale of a third of the box.
fn smooth() -> toml::Value {
    toml::Table::from_iter([
        ("amplitude".to_string(), toml::Value::Float(30.0)),
        ("inverse_length".to_string(), toml::Value::Float(5.0)),
        ("exponent".to_string(), toml::Value::Float(2.5)),
    ])
    .into()
}

impl Default for HeatSettings {
    fn default() -> Self {
        Self {
            size: 64,
            dimension: 2,
            conductivity: 0.01,
            contrast: 3.0,
            field: smooth(),
            initial: smooth(),
            sides: Sides::Insulated,
            time: 1.0,
            frames: 10,
            step: 0.02,
        }
    }
}

/// The map from conductivity and initial state to later states. Input `medium` `[size.., 2]` (channels a and u0), target
/// `temperature` `[frames, size.., 1]`.
#[derive(Debug)]
pub struct HeatProblem {
    settings: HeatSettings,
    field: FieldSampler,
    initial: FieldSampler,
}

impl HeatProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: HeatSettings) -> Result<Self> {
        let HeatSettings { size, dimension, conductivity, contrast, time, frames, step, .. } = settings;
        if !(1..=3).contains(&dimension) {
            return Err(Error::value("dimension", "1 to 3", dimension));
        }
        if size < 4 {
            return Err(Error::value("size", "at least 4 cells", size));
        }
        settings::memory("size", &vec![size; dimension], BYTES_PER_CELL.saturating_add(8 * frames as u128))?;
        for (name, value) in [("conductivity", conductivity), ("time", time), ("step", step)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::value(name, "a positive finite number", value));
            }
        }
        if !(0.0..=20.0).contains(&contrast) {
            return Err(Error::value("contrast", "0 to 20", contrast));
        }
        if frames == 0 {
            return Err(Error::value("frames", "at least 1", frames));
        }
        let boundary = if settings.sides == Sides::Periodic { Boundary::Periodic } else { Boundary::Neumann };
        let extent = vec![1.0; dimension];
        let sampler = |setting: &toml::Value, purpose: &str| {
            let field = GaussianField::from_setting(setting, boundary, &extent)?.with_purpose(purpose);
            field.sampler(&vec![size; dimension])
        };
        let field = sampler(&settings.field, "conductivity")?;
        let initial = sampler(&settings.initial, "initial state")?;
        Ok(Self { settings, field, initial })
    }

    fn axes(&self) -> Vec<Axis> {
        let HeatSettings { size, dimension, sides, .. } = self.settings;
        let boundary = match sides {
            Sides::Insulated => "du/dn = 0",
            Sides::Cold => "u = 0",
            Sides::Periodic => "periodic",
        };
        (0..dimension).map(|axis| Axis::centres(axis, size, 1.0, boundary)).collect()
    }
}

impl Problem for HeatProblem {
    fn equation(&self) -> &'static str {
        HEAT.name
    }

    fn settings(&self) -> toml::Table {
        settings::write(&self.settings)
    }

    fn input(&self) -> Field {
        Field {
            name: "medium".to_string(),
            axes: self.axes(),
            channels: vec!["a".to_string(), "u0".to_string()],
            units: "1".to_string(),
        }
    }

    fn target(&self) -> Field {
        let time = Axis::frames(self.settings.time, self.settings.frames);
        Field {
            name: "temperature".to_string(),
            axes: [time].into_iter().chain(self.axes()).collect(),
            channels: vec!["u".to_string()],
            units: "1".to_string(),
        }
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let HeatSettings { dimension, conductivity, contrast, sides, time, frames, step, .. } = self.settings;
        let a = self.field.sample(seed, index).mapv_into(|g| conductivity * (contrast * g).exp());
        if a.iter().any(|a| !a.is_normal()) {
            return Err(Error::value(
                "contrast",
                "one that keeps the conductivity within the number range",
                contrast,
            ));
        }
        let initial = self.initial.sample(seed, index);
        let side = || match sides {
            Sides::Insulated => [Condition::no_flux(), Condition::no_flux()],
            Sides::Cold => [Condition::zero(), Condition::zero()],
            Sides::Periodic => [Condition::Periodic, Condition::Periodic],
        };
        let conditions = (0..dimension).map(|_| side()).collect();
        let heat = Heat::new(a.clone(), &vec![1.0; dimension], conditions)?.with_step(step)?.serial();
        let mut state = initial.clone().insert_axis(ArrayAxis(dimension)).insert_axis(ArrayAxis(0));
        let target = frames_of(&heat, &mut state, time, Some(frames), monitor)?;
        let mut input = ArrayD::zeros(IxDyn(&[a.shape(), &[2]].concat()));
        input.index_axis_mut(ArrayAxis(dimension), 0).assign(&a);
        input.index_axis_mut(ArrayAxis(dimension), 1).assign(&initial);
        Ok(Sample { input, target, residual: super::TOLERANCE })
    }

    fn invariants(&self, _: u64, _: u64, sample: &Sample) -> Result<Vec<Drift>> {
        sample.check(self)?;
        if self.settings.sides == Sides::Cold {
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
    summary: "unit box of 1 to 3 dimensions; from a random conductivity a and initial state to later states",
    method: "finite volumes with harmonic face means, order 2; implicit Runge-Kutta of order 2 with multigrid, L-stable",
    source: "log-normal conductivity, insulated, cold or periodic sides",
    settings: || {
        let smooth = "{ amplitude = 30.0, inverse_length = 5.0, exponent = 2.5 }";
        vec![
            SettingEntry::new("size", "64", "cells along each side, at least 4"),
            SettingEntry::new("dimension", "2", "1 to 3"),
            SettingEntry::new("conductivity", "0.01", "a = conductivity exp(contrast g)"),
            SettingEntry::new("contrast", "3.0", "0 to 20; 0 for the same conductivity everywhere"),
            SettingEntry::new("field", smooth, FIELD_HELP),
            SettingEntry::new("initial", smooth, "the Gaussian field of the initial state, as field"),
            SettingEntry::new("sides", "\"insulated\"", "\"insulated\", \"cold\" (u = 0) or \"periodic\""),
            SettingEntry::new("time", "1.0", "the last time"),
            SettingEntry::new("frames", "10", "stored states, at equal intervals up to the last time"),
            SettingEntry::new("step", "0.02", "longest time step"),
        ]
    },
    build: |table| Ok(Box::new(HeatProblem::new(settings::read("heat", table)?)?)),
};
