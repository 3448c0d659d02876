//! Data sets of the wave equation: from a random displacement at rest to u and u_t later.

use super::{SpectralWave, Wave, WaveEnd};
use crate::explicit_step::ExplicitStep;
use crate::problem::{Axis, Drift, EquationEntry, Field, Problem, ROUNDING, Sample, frames};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField};
use crate::settings;
use crate::solver::TimeSolver;
use crate::walls;
use ndarray::{ArrayD, ArrayViewD, Axis as ArrayAxis, IxDyn};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// Part of the stability limit where neither part nor step is given.
const COURANT: f64 = 0.9;

/// Method of a [`WaveProblem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WaveMethod {
    /// [`Wave`].
    Leapfrog,
    /// [`SpectralWave`].
    Spectral,
}

/// Settings of [`WaveProblem`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WaveSettings {
    /// Cells along all axes, or a list with one number for each.
    pub size: toml::Value,
    /// 1 to 3.
    pub dimension: usize,
    /// Side length of the box, or a list.
    pub length: toml::Value,
    /// What holds on the sides.
    pub boundary: toml::Value,
    /// c: a number, or the speeds of layers of equal thickness along the first axis.
    pub speed: toml::Value,
    /// Leapfrog or spectral.
    pub method: WaveMethod,
    /// The Gaussian field of the displacement: periodic or zero on the boundary where all sides are, else of zero slope there.
    pub field: toml::Value,
    /// Time of the target.
    pub time: f64,
    /// Gives the target a leading time axis of this many equal intervals, each at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<usize>,
    /// Part of the stability limit that a time step takes; 0.9 by default, and none with `step` or modes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub courant: Option<f64>,
    /// Fixed time step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
}

impl Default for WaveSettings {
    fn default() -> Self {
        let covariance = [("amplitude", 1000.0), ("inverse_length", 10.0), ("exponent", 4.0)];
        Self {
            size: 64.into(),
            dimension: 2,
            length: 1.0.into(),
            boundary: "dirichlet".into(),
            speed: 1.0.into(),
            method: WaveMethod::Leapfrog,
            field: toml::Table::from_iter(covariance.map(|(name, value)| (name.to_string(), value.into())))
                .into(),
            time: 1.0,
            frames: None,
            courant: None,
            step: None,
        }
    }
}

/// The map from a random displacement at rest to u and u_t at a later time, or to a trajectory.
///
/// Input `initial` `[n.., 2]` (u, and u_t = 0); target `solution` of the same shape, or `[frames, n.., 2]`. The residual of a
/// sample is the change of its energy, relative to the energy; NaN with absorbing sides, which take energy.
#[derive(Debug)]
pub struct WaveProblem {
    settings: WaveSettings,
    cells: Vec<usize>,
    lengths: Vec<f64>,
    ends: Vec<[WaveEnd; 2]>,
    solver: Box<dyn Solver>,
    field: FieldSampler,
}

/// Either solver.
trait Solver: TimeSolver + std::fmt::Debug {
    fn energy(&self, state: ArrayViewD<'_, f64>) -> Result<Vec<f64>>;
    /// What steps of so much time keep to rounding.
    fn kept_energy(&self, state: ArrayViewD<'_, f64>, interval: f64) -> Result<Vec<f64>>;
}

impl Solver for Wave {
    fn energy(&self, state: ArrayViewD<'_, f64>) -> Result<Vec<f64>> {
        self.energy(state)
    }

    fn kept_energy(&self, state: ArrayViewD<'_, f64>, interval: f64) -> Result<Vec<f64>> {
        self.kept_energy(state, interval)
    }
}

impl Solver for SpectralWave {
    fn energy(&self, state: ArrayViewD<'_, f64>) -> Result<Vec<f64>> {
        self.energy(state)
    }

    fn kept_energy(&self, state: ArrayViewD<'_, f64>, _: f64) -> Result<Vec<f64>> {
        self.energy(state)
    }
}

const WORDS: [(&str, WaveEnd); 4] = [
    ("dirichlet", WaveEnd::Dirichlet),
    ("neumann", WaveEnd::Neumann),
    ("periodic", WaveEnd::Periodic),
    ("absorbing", WaveEnd::Absorbing),
];

impl WaveProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: WaveSettings) -> Result<Self> {
        let d = settings.dimension;
        if !(1..=3).contains(&d) {
            return Err(Error::value("dimension", "1 to 3", d));
        }
        let cells = settings::counts("size", &settings.size, d, 2)?;
        settings::memory("size", &cells, 200)?;
        let values = 2 * cells.iter().product::<usize>() as u128;
        settings::times(settings.time, settings.frames, 0.0, values)?;
        let lengths = settings::numbers("length", &settings.length, d)?;
        walls::check_lengths("length", &lengths, d)?;
        let ends = walls::ends(&settings.boundary, d, &WORDS)?;
        let layers = settings.speed.as_array().map_or(1, Vec::len);
        let speeds = settings::numbers("speed", &settings.speed, layers)?;
        if speeds.is_empty() || speeds.len() > cells[0] {
            return Err(Error::value("speed", format!("1 to {} layers", cells[0]), speeds.len()));
        }
        let solver: Box<dyn Solver> = match settings.method {
            WaveMethod::Leapfrog => {
                let step = ExplicitStep::from_settings(settings.step, settings.courant, COURANT)?;
                let wave = Wave::new(&lengths, speeds[0])?.with_ends(&ends)?.with_step(step)?;
                Box::new(if speeds.len() == 1 {
                    wave
                } else {
                    let layer = |i: usize| speeds[i * speeds.len() / cells[0]];
                    wave.with_speed_field(ArrayD::from_shape_fn(IxDyn(&cells), |i| layer(i[0])))?
                })
            }
            WaveMethod::Spectral => {
                settings::unused("step", settings.step, "with modes, which have no time steps")?;
                settings::unused("courant", settings.courant, "with modes, which have no time steps")?;
                if speeds.len() > 1 || ends.iter().flatten().any(|end| *end == WaveEnd::Absorbing) {
                    let expected = "\"leapfrog\" with layers or absorbing sides";
                    return Err(Error::value("method", expected, "\"spectral\""));
                }
                let boundary = walls::boundary(&settings.boundary, d)?;
                Box::new(SpectralWave::new(&lengths, speeds[0], &boundary)?)
            }
        };
        let all = |end: WaveEnd| ends.iter().flatten().all(|other| *other == end);
        let kind = match () {
            () if all(WaveEnd::Periodic) => Boundary::Periodic,
            () if all(WaveEnd::Dirichlet) => Boundary::Dirichlet,
            () => Boundary::Neumann,
        };
        let field = GaussianField::from_setting(&settings.field, kind, &lengths)?.sampler(&cells)?;
        Ok(Self { settings, cells, lengths, ends, solver, field })
    }

    fn field(&self, name: &str, time: Option<Axis>) -> Field {
        let word = |end: WaveEnd| match end {
            WaveEnd::Dirichlet => "u = 0",
            WaveEnd::Neumann => "du/dn = 0",
            WaveEnd::Periodic => "periodic",
            WaveEnd::Absorbing => "u_t + c du/dn = 0",
        };
        let space = (0..self.cells.len()).map(|axis| {
            let [lower, upper] = self.ends[axis].map(word);
            let words =
                if lower == upper { lower.to_string() } else { format!("{lower} below, {upper} above") };
            Axis::centres(axis, self.cells[axis], self.lengths[axis], &words)
        });
        Field {
            name: name.to_string(),
            axes: time.into_iter().chain(space).collect(),
            channels: vec!["u".to_string(), "u_t".to_string()],
            units: "1".to_string(),
        }
    }
}

impl Problem for WaveProblem {
    fn equation(&self) -> &'static str {
        WAVE.name
    }

    fn settings(&self) -> toml::Table {
        let given = &self.settings;
        let chosen = given.step.is_none() && given.method == WaveMethod::Leapfrog;
        let courant = chosen.then_some(given.courant.unwrap_or(COURANT));
        settings::write(&WaveSettings { courant, ..given.clone() })
    }

    fn input(&self) -> Field {
        self.field("initial", None)
    }

    fn target(&self) -> Field {
        let time = self.settings.frames.map(|frames| Axis::frames(self.settings.time, frames));
        self.field("solution", time)
    }

    fn time_solver(&self) -> Option<&dyn TimeSolver> {
        Some(&*self.solver as &dyn TimeSolver)
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let field = self.field.sample(seed, index);
        let mut shape = field.shape().to_vec();
        shape.insert(0, 1);
        shape.push(2);
        let mut state = ArrayD::zeros(IxDyn(&shape));
        let last = ArrayAxis(shape.len() - 1);
        state.index_axis_mut(last, 0).index_axis_mut(ArrayAxis(0), 0).assign(&field);
        let input = state.index_axis(ArrayAxis(0), 0).to_owned();
        let absorbs = self.ends.iter().flatten().any(|end| *end == WaveEnd::Absorbing);
        let before = self.solver.energy(state.view())?[0];
        let solver = &*self.solver as &dyn TimeSolver;
        let target = frames(solver, &mut state, self.settings.time, self.settings.frames, monitor)?;
        let drift = (self.solver.energy(state.view())?[0] - before).abs() / before.max(f64::MIN_POSITIVE);
        Ok(Sample { input, target, residual: if absorbs { f64::NAN } else { drift } })
    }

    fn invariants(&self, _: u64, _: u64, sample: &Sample) -> Result<Vec<Drift>> {
        sample.check(self)?;
        if self.ends.iter().flatten().any(|end| *end == WaveEnd::Absorbing) {
            return Ok(Vec::new());
        }
        let WaveSettings { time, frames, .. } = self.settings;
        let interval = time / frames.unwrap_or(1) as f64;
        let mut states = vec![sample.input.view()];
        states.extend(sample.target_states(frames));
        let energies = states
            .iter()
            .map(|state| Ok(self.solver.kept_energy(state.view().insert_axis(ArrayAxis(0)), interval)?[0]))
            .collect::<Result<Vec<f64>>>()?;
        let scale = self.solver.energy(sample.input.view().insert_axis(ArrayAxis(0)))?[0];
        // Differences of neighbours magnify the rounding of stored values.
        Ok(Drift::of("energy of the scheme", &energies, scale, 10.0 * ROUNDING).into_iter().collect())
    }
}

/// The line of the wave equation in the list of equations.
pub const WAVE: EquationEntry = EquationEntry {
    name: "wave",
    formula: "u_tt = div(c^2 grad u)",
    summary: "box in 1 to 3 dimensions with walls, free, periodic or absorbing sides and layers; from a random displacement at rest \
              to u and u_t later",
    method: "finite volumes and leapfrog, order 2; or exact modes for one speed",
    source: "Engquist and Majda, Math. Comput. 31 (1977), for the absorbing sides",
    settings: || {
        vec![
            SettingEntry::new("size", "64", "cells along each axis, or a list, at least 2"),
            SettingEntry::new("dimension", "2", "1 to 3"),
            SettingEntry::new("length", "1.0", "side of the box, or a list"),
            SettingEntry::new(
                "boundary",
                "\"dirichlet\"",
                "\"dirichlet\", \"neumann\", \"periodic\" or \"absorbing\"; or a list with one or a pair for each axis",
            ),
            SettingEntry::new("speed", "1.0", "c, or a list of the speeds of layers along the first axis"),
            SettingEntry::new(
                "method",
                "\"leapfrog\"",
                "\"leapfrog\", or \"spectral\" for one speed and no absorbing side",
            ),
            SettingEntry::new(
                "field",
                "{ amplitude = 1000.0, inverse_length = 10.0, exponent = 4.0 }",
                FIELD_HELP,
            ),
            SettingEntry::new("time", "1.0", "time of the target"),
            SettingEntry::new("frames", "none", "gives the target a time axis of this many equal intervals"),
            SettingEntry::new(
                "courant",
                "0.9",
                "part of the stability limit that a time step takes; not with step",
            ),
            SettingEntry::new("step", "none", "a fixed time step, refused above the stability limit"),
        ]
    },
    build: |table| Ok(Box::new(WaveProblem::new(settings::read("wave", table)?)?)),
};
