//! Data sets of incompressible flow: from a random velocity to the velocity later.

use super::{Body, FlowSide, IncompressibleFlow, Profile, sides};
use crate::explicit_step::ExplicitStep;
use crate::problem::{Axis, EquationEntry, Field, Problem, Sample, trajectory};
use crate::random_field::{Boundary, FieldSampler, GaussianField, Points, covariance_setting};
use crate::settings;
use crate::solver::TimeSolver;
use ndarray::{ArrayD, ArrayViewMutD, IxDyn};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{CancellationOnly, Error, Monitor, Result, SettingEntry};

/// Settings of [`FlowProblem`]; the defaults are a lid-driven cavity of Reynolds number 100.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlowSettings {
    /// Cells along both axes, or a list with one number for each.
    pub size: toml::Value,
    /// Side length of the box, or a list.
    pub length: toml::Value,
    /// nu.
    pub viscosity: f64,
    /// The side at x1 = 0.
    pub left: toml::Value,
    /// The side at the upper end of the first axis.
    pub right: toml::Value,
    /// The side at x2 = 0.
    pub bottom: toml::Value,
    /// The side at the upper end of the second axis.
    pub top: toml::Value,
    /// Cylinders in the flow, `[x1, x2, radius]` each.
    pub cylinders: Vec<[f64; 3]>,
    /// Root mean square velocity of the random flow that is added to what the sides drive.
    pub speed: f64,
    /// The Gaussian field of its stream function, of zero value on the sides.
    pub field: toml::Value,
    /// Time of the target.
    pub time: f64,
    /// Gives the target a leading time axis of this many equal intervals, each at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<usize>,
    /// Time that passes before the input.
    pub warm_up: f64,
    /// Part of the stability limit that a time step takes; 0.8 by default, and none with `step`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub courant: Option<f64>,
    /// Fixed time step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
}

/// Part of the stability limit where neither part nor step is given.
const COURANT: f64 = 0.8;

impl Default for FlowSettings {
    fn default() -> Self {
        Self {
            size: 64.into(),
            length: 1.0.into(),
            viscosity: 0.01,
            left: "wall".into(),
            right: "wall".into(),
            bottom: "wall".into(),
            top: toml::Table::from_iter([("wall".to_string(), 1.0.into())]).into(),
            cylinders: Vec::new(),
            speed: 0.5,
            field: covariance_setting(1.0, 10.0, 4.0),
            time: 1.0,
            frames: None,
            warm_up: 0.0,
            courant: None,
            step: None,
        }
    }
}

/// What a side's setting may be.
const SIDE_HELP: &str = "\"wall\", \"slip\", \"outflow\", \"periodic\", { wall = speed along it }, { inflow = speed } or { parabola = peak speed }";

/// The map from a random velocity to the velocity at a later time, or to a trajectory.
///
/// Input `initial` `[n1, n2, 2]`; target `solution` of the same shape, or `[frames, n1, n2, 2]`: velocities on the lower faces of
/// the cells, see [`IncompressibleFlow`]. The residual of a sample is its divergence, relative to the speed over a cell.
#[derive(Debug)]
pub struct FlowProblem {
    settings: FlowSettings,
    cells: [usize; 2],
    lengths: [f64; 2],
    solver: IncompressibleFlow,
    stream: FieldSampler,
}

impl FlowProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: FlowSettings) -> Result<Self> {
        let cells = settings::counts("size", &settings.size, 2, super::FEWEST)?;
        let cells = [cells[0], cells[1]];
        let lengths = settings::numbers("length", &settings.length, 2)?;
        crate::walls::check_lengths("length", &lengths, 2)?;
        let lengths = [lengths[0], lengths[1]];
        settings::memory("size", &cells, 160)?;
        let values = 2 * cells.iter().product::<usize>() as u128;
        settings::times(settings.time, settings.frames, settings.warm_up, values)?;
        if !(settings.speed.is_finite() && settings.speed >= 0.0) {
            return Err(Error::value("speed", "a finite number of at least 0", settings.speed));
        }
        let step = ExplicitStep::from_settings(settings.step, settings.courant, COURANT)?;
        let mut solver = IncompressibleFlow::new(lengths, settings.viscosity)?.with_step(step)?;
        for (axis, side, given) in
            [(0, 0, &settings.left), (0, 1, &settings.right), (1, 0, &settings.bottom), (1, 1, &settings.top)]
        {
            solver = solver.with_side(axis, side, read_side(sides::name(axis, side), given, side)?)?;
        }
        for [x, y, radius] in settings.cylinders.iter().copied() {
            if !(x.is_finite() && y.is_finite() && radius.is_finite() && radius > 0.0) {
                let got = format!("[{x}, {y}, {radius}]");
                return Err(Error::value("cylinders", "a finite centre and a positive radius", got));
            }
            solver = solver.with_body(Body::circle([x, y], radius));
        }
        let field = GaussianField::from_setting(&settings.field, Boundary::Dirichlet, &lengths)?;
        let stream = field.with_points(Points::Vertices).sampler(&cells.map(|n| n + 1))?;
        let problem = Self { settings, cells, lengths, solver, stream };
        // Sides that do not fit each other are named now.
        problem.solver.check(ArrayD::zeros(IxDyn(&[1, cells[0], cells[1], 2])).view())?;
        Ok(problem)
    }

    /// The flow of a random stream function, on the lower faces of the cells.
    fn initial(&self, seed: u64, index: u64) -> Result<ArrayD<f64>> {
        let psi = self.stream.sample(seed, index);
        let h = [0, 1].map(|axis| self.lengths[axis] / self.cells[axis] as f64);
        let mut state = ArrayD::from_shape_fn(IxDyn(&[1, self.cells[0], self.cells[1], 2]), |i| {
            let corner = psi[[i[1], i[2]]];
            if i[3] == 0 {
                (psi[[i[1], i[2] + 1]] - corner) / h[1]
            } else {
                (corner - psi[[i[1] + 1, i[2]]]) / h[0]
            }
        });
        let square = state.iter().map(|v| v * v).sum::<f64>() / (self.cells[0] * self.cells[1]) as f64;
        if square > 0.0 {
            state *= self.settings.speed / square.sqrt();
        }
        self.solver.projected(state.view())
    }

    fn field(&self, name: &str, time: Option<Axis>) -> Field {
        let FlowSettings { left, right, bottom, top, .. } = &self.settings;
        let words = [format!("{left} below, {right} above"), format!("{bottom} below, {top} above")];
        let space =
            (0..2).map(|axis| Axis::centres(axis, self.cells[axis], self.lengths[axis], &words[axis]));
        Field::new(name, time.into_iter().chain(space), &["u1", "u2"])
    }
}

/// Reads the setting of a side; velocities of flow through it count into the box.
fn read_side(name: &str, given: &toml::Value, side: usize) -> Result<FlowSide> {
    let inwards = if side == 0 { 1.0 } else { -1.0 };
    let wrong = || Error::value(name, SIDE_HELP, given);
    match given {
        toml::Value::String(word) => match word.as_str() {
            "wall" => Ok(FlowSide::WALL),
            "slip" => Ok(FlowSide::Slip),
            "outflow" => Ok(FlowSide::Outflow),
            "periodic" => Ok(FlowSide::Periodic),
            other => Err(Error::unknown_name(name, &["wall", "slip", "outflow", "periodic"], other)),
        },
        toml::Value::Table(table) if table.len() == 1 => {
            let (key, value) = table.iter().next().ok_or_else(wrong)?;
            let speed = settings::numbers(name, value, 1)?[0];
            match key.as_str() {
                "wall" => Ok(FlowSide::moving_wall(speed)),
                "inflow" => Ok(FlowSide::inflow(Profile::Uniform(inwards * speed))),
                "parabola" => Ok(FlowSide::inflow(Profile::Parabola(inwards * speed))),
                _ => Err(wrong()),
            }
        }
        _ => Err(wrong()),
    }
}

impl Problem for FlowProblem {
    fn equation(&self) -> &'static str {
        INCOMPRESSIBLE_FLOW.name
    }

    fn settings(&self) -> toml::Table {
        let given = &self.settings;
        let courant = given.step.is_none().then_some(given.courant.unwrap_or(COURANT));
        settings::write(&FlowSettings { courant, ..given.clone() })
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
        let mut state = self.initial(seed, index)?;
        let monitor = CancellationOnly(monitor);
        if self.settings.warm_up > 0.0 {
            self.solver.advance(state.view_mut(), self.settings.warm_up, &monitor)?;
        }
        let advance = |state: ArrayViewMutD<'_, f64>, interval| {
            self.solver.advance(state, interval, &monitor).map(|()| vec![])
        };
        let sample = trajectory(advance, &mut state, self.settings.time, self.settings.frames)?;
        let h = self.lengths[0] / self.cells[0] as f64;
        let speed = state.iter().fold(f64::MIN_POSITIVE, |largest, v| largest.max(v.abs()));
        let residual = self.solver.divergence(state.view())?[0] * h / speed;
        Ok(Sample { residual, ..sample })
    }
}

/// The line of incompressible flow in the list of equations.
pub const INCOMPRESSIBLE_FLOW: EquationEntry = EquationEntry {
    name: "incompressible-flow",
    formula: "u_t + (u . grad) u = -grad p + viscosity Laplacian u, div u = 0",
    summary: "rectangle with walls, slip, inflow, outflow or periodic sides and cylinders; from a random velocity to the velocity \
              later, on the lower faces of a staggered grid",
    method: "staggered differences of order 2, projected Runge-Kutta steps of order 3, pressure by direct solution",
    source: "Harlow and Welch 1965; Chorin 1968; Fadlun et al. 2000; Ghia, Ghia and Shin 1982 for the cavity",
    settings: || {
        vec![
            SettingEntry::new("size", "64", "cells along both axes, or a list"),
            SettingEntry::new("length", "1.0", "side of the box, or a list"),
            SettingEntry::new("viscosity", "0.01", "nu, at least 0"),
            SettingEntry::new("left", "\"wall\"", SIDE_HELP),
            SettingEntry::new("right", "\"wall\"", "as left"),
            SettingEntry::new("bottom", "\"wall\"", "as left"),
            SettingEntry::new("top", "{ wall = 1.0 }", "as left"),
            SettingEntry::new("cylinders", "[]", "cylinders in the flow, [x1, x2, radius] each"),
            SettingEntry::new("speed", "0.5", "root mean square velocity of the random flow that is added"),
            SettingEntry::new(
                "field",
                "{ amplitude = 1.0, inverse_length = 10.0, exponent = 4.0 }",
                "covariance of its stream function; the amplitude has no effect",
            ),
            SettingEntry::new("time", "1.0", "time of the target"),
            SettingEntry::new("frames", "none", "gives the target a time axis of this many equal intervals"),
            SettingEntry::new("warm_up", "0.0", "time that passes before the input"),
            SettingEntry::new(
                "courant",
                "0.8",
                "part of the stability limit that a time step takes; not with step",
            ),
            SettingEntry::new("step", "none", "a fixed time step, refused above the stability limit"),
        ]
    },
    build: |table| Ok(Box::new(FlowProblem::new(settings::read("incompressible-flow", table)?)?)),
};
