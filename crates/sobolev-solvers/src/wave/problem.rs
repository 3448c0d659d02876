//! Data sets of the wave equation: from a random displacement at rest to u and u_t later.

use super::{SpectralWave, Wave, WaveEnd};
use crate::box_grid::{BoxGrid, LENGTH_HELP, SIZE_HELP};
use crate::explicit_step::ExplicitStep;
use crate::problem::{Axis, Drift, EquationEntry, Field, Problem, ROUNDING, Sample, trajectory};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField, covariance_setting};
use crate::settings;
use crate::solver::TimeSolver;
use crate::walls;
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis as ArrayAxis, IxDyn};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{CancellationOnly, Error, Monitor, Result, SettingEntry};

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
        Self {
            size: 64.into(),
            dimension: 2,
            length: 1.0.into(),
            boundary: "dirichlet".into(),
            speed: 1.0.into(),
            method: WaveMethod::Leapfrog,
            field: covariance_setting(1000.0, 10.0, 4.0),
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
    grid: BoxGrid,
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

/// Reads one side of the setting `boundary`.
fn read_end(setting: &toml::Value) -> Result<WaveEnd> {
    let names = WORDS.map(|(name, _)| name);
    let Some(given) = setting.as_str() else {
        return Err(Error::value("boundary", format!("one of {}", names.join(", ")), setting));
    };
    let found = WORDS.iter().find(|(name, _)| *name == given);
    found.map(|(_, end)| *end).ok_or_else(|| Error::unknown_name("boundary", &names, given))
}

impl WaveProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: WaveSettings) -> Result<Self> {
        let d = settings.dimension;
        let grid = BoxGrid::read(&settings.size, &settings.length, d, 1..=3, 2, 200)?;
        let BoxGrid { cells, lengths } = &grid;
        settings::times(settings.time, settings.frames, 0.0, 2 * grid.count() as u128)?;
        let ends = walls::ends(&settings.boundary, d, read_end)?;
        let layers = settings.speed.as_array().map_or(1, Vec::len);
        let speeds = settings::numbers("speed", &settings.speed, layers)?;
        if speeds.is_empty() || speeds.len() > cells[0] {
            return Err(Error::value("speed", format!("1 to {} layers", cells[0]), speeds.len()));
        }
        let solver: Box<dyn Solver> = match settings.method {
            WaveMethod::Leapfrog => {
                let step = ExplicitStep::from_settings(settings.step, settings.courant, COURANT)?;
                let wave = Wave::new(lengths, speeds[0])?.with_ends(&ends)?.with_step(step)?;
                Box::new(if speeds.len() == 1 {
                    wave
                } else {
                    let layer = |i: usize| speeds[i * speeds.len() / cells[0]];
                    wave.with_speed_field(ArrayD::from_shape_fn(IxDyn(cells), |i| layer(i[0])))?
                })
            }
            WaveMethod::Spectral => {
                settings::unused("step", settings.step, "with modes, which have no time steps")?;
                settings::unused("courant", settings.courant, "with modes, which have no time steps")?;
                if speeds.len() > 1 || ends.iter().flatten().any(|end| *end == WaveEnd::Absorbing) {
                    let expected = "\"leapfrog\" with layers or absorbing sides";
                    return Err(Error::value("method", expected, "\"spectral\""));
                }
                let boundary = |end| match end {
                    WaveEnd::Dirichlet => Boundary::Dirichlet,
                    WaveEnd::Neumann | WaveEnd::Absorbing => Boundary::Neumann,
                    WaveEnd::Periodic => Boundary::Periodic,
                };
                let boundary: Vec<_> = ends.iter().map(|ends| ends.map(boundary)).collect();
                Box::new(SpectralWave::new(lengths, speeds[0], &boundary)?)
            }
        };
        let all = |end: WaveEnd| ends.iter().flatten().all(|other| *other == end);
        let kind = match () {
            () if all(WaveEnd::Periodic) => Boundary::Periodic,
            () if all(WaveEnd::Dirichlet) => Boundary::Dirichlet,
            () => Boundary::Neumann,
        };
        let field = GaussianField::from_setting(&settings.field, kind, lengths)?.sampler(cells)?;
        Ok(Self { settings, grid, ends, solver, field })
    }

    fn field(&self, name: &str, time: Option<Axis>) -> Field {
        let word = |end: WaveEnd| match end {
            WaveEnd::Dirichlet => "u = 0".to_string(),
            WaveEnd::Neumann => "du/dn = 0".to_string(),
            WaveEnd::Periodic => "periodic".to_string(),
            WaveEnd::Absorbing => "u_t + c du/dn = 0".to_string(),
        };
        let space = self.grid.axes(|axis| walls::both(self.ends[axis].map(word)));
        Field::new(name, time.into_iter().chain(space), &["u", "u_t"])
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
        let absorbs = self.ends.iter().flatten().any(|end| *end == WaveEnd::Absorbing);
        let before = self.solver.energy(state.view())?[0];
        let monitor = CancellationOnly(monitor);
        let advance = |state: ArrayViewMutD<'_, f64>, interval| {
            self.solver.advance(state, interval, &monitor).map(|()| vec![])
        };
        let sample = trajectory(advance, &mut state, self.settings.time, self.settings.frames)?;
        let drift = (self.solver.energy(state.view())?[0] - before).abs() / before.max(f64::MIN_POSITIVE);
        Ok(Sample { residual: if absorbs { f64::NAN } else { drift }, ..sample })
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
            SettingEntry::new("size", "64", SIZE_HELP),
            SettingEntry::new("dimension", "2", "1 to 3"),
            SettingEntry::new("length", "1.0", LENGTH_HELP),
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
