//! Data sets of semi-linear equations: from a random initial state to the state later, or to a trajectory.

use super::initial::Initial;
use crate::etdrk::{Order, Step};
use crate::problem::{Axis, Drift, EquationEntry, Field, Problem, ROUNDING, Sample, mean_square};
use crate::settings;
use crate::solver::{SteppedSolver, TimeSolver};
use crate::spectral::{Dealiasing, PeriodicGrid, PeriodicSolver, Precision, SemiLinear, TimeScheme};
use ndarray::{ArrayD, Axis as ArrayAxis, Slice};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{CancellationOnly, Error, Monitor, Result, SettingEntry};
use std::sync::OnceLock;

/// An equation in the list: its texts, the defaults of its settings, and how it is made of them.
pub(crate) trait Catalogued: std::fmt::Debug + Send + Sync + 'static {
    /// The equation.
    type Equation: SemiLinear + 'static;

    const NAME: &'static str;
    const FORMULA: &'static str;
    const SUMMARY: &'static str;
    const SOURCE: &'static str;
    /// In TOML, the parameters of the equation included.
    const DEFAULTS: &'static str;
    /// Names of the parameters with their meaning.
    const PARAMETERS: &'static [(&'static str, &'static str)];
    /// Names of the channels of the state in so many dimensions.
    fn channels(dimensions: usize) -> Vec<String> {
        let _ = dimensions;
        vec!["u".to_string()]
    }

    /// Whether the exact solution keeps the mean square of all channels together.
    fn keeps_mean_square(equation: &Self::Equation) -> bool {
        let _ = equation;
        false
    }

    /// The equation of its parameters.
    ///
    /// # Errors
    /// [`Error::Value`] for values of the wrong type.
    fn equation(parameters: toml::Table) -> Result<Self::Equation>;
}

/// The line of an equation in the list of equations.
pub(crate) const fn entry<C: Catalogued>() -> EquationEntry {
    EquationEntry {
        name: C::NAME,
        formula: C::FORMULA,
        summary: C::SUMMARY,
        method: "Fourier pseudo-spectral without aliasing, exponential Runge-Kutta of order 1 to 4 in equal steps or by a tolerance \
                 (spectral in space)",
        source: C::SOURCE,
        settings: settings_of::<C>,
        build: |table| Ok(Box::new(PeriodicProblem::<C>::new(table)?)),
    }
}

/// Settings that all equations have, with their meaning.
const COMMON: [(&str, &str); 14] = [
    ("size", "points along each side that are kept"),
    (
        "solve_size",
        "points on which the equation is solved, a multiple of size; the first one from the default on",
    ),
    ("dimension", "1 to 3, where the equation makes sense"),
    ("length", "side of the periodic box, or one for each axis"),
    ("time", "time of the target"),
    ("frames", "gives the target a time axis of this many equal intervals; none by default"),
    ("warm_up", "time that passes before the input"),
    ("step", "the longest of equal time steps"),
    ("tolerance", "estimated relative error of the target that chooses the time steps, in place of step"),
    ("order", "order of the exponential Runge-Kutta scheme, 1 to 4"),
    ("scheme", "\"exponential\", or \"crank-nicolson-euler\" of first order"),
    ("precision", "\"f64\", or \"f32\" at twice the speed"),
    ("dealiasing", "leave out the waves onto which products alias"),
    ("initial", super::initial::HELP),
];

fn settings_of<C: Catalogued>() -> Vec<SettingEntry> {
    let defaults = defaults::<C>();
    let text = |name: &str| defaults.get(name).map_or("none".to_string(), ToString::to_string);
    let entry = |&(name, summary): &(&'static str, &'static str)| SettingEntry {
        name,
        default: text(name).into(),
        summary,
    };
    C::PARAMETERS.iter().chain(&COMMON).map(entry).collect()
}

/// Defaults of all settings that have one.
fn defaults<C: Catalogued>() -> toml::Table {
    // Written out in this crate; a test reads them all.
    let mut table: toml::Table = C::DEFAULTS.parse().unwrap_or_default();
    for (name, value) in [("order", toml::Value::Integer(4)), ("warm_up", 0.0.into())] {
        table.entry(name).or_insert(value);
    }
    for (name, value) in [("scheme", "exponential"), ("precision", "f64")] {
        table.entry(name).or_insert(value.into());
    }
    table.entry("dealiasing").or_insert(true.into());
    table
}

/// The settings of [`COMMON`].
#[derive(Debug, Clone, Deserialize)]
struct PeriodicSettings {
    size: usize,
    solve_size: Option<usize>,
    dimension: usize,
    length: toml::Value,
    time: f64,
    frames: Option<usize>,
    warm_up: f64,
    /// None with a tolerance.
    step: Option<f64>,
    tolerance: Option<f64>,
    order: usize,
    scheme: Scheme,
    precision: Number,
    dealiasing: bool,
    initial: toml::Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scheme {
    Exponential,
    CrankNicolsonEuler,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Number {
    F32,
    F64,
}

/// Data of a semi-linear equation on a periodic box.
#[derive(Debug)]
pub(crate) struct PeriodicProblem<C: Catalogued> {
    table: toml::Table,
    settings: PeriodicSettings,
    solve_size: usize,
    lengths: Vec<f64>,
    solver: PeriodicSolver<C::Equation>,
    initial: Initial,
    /// Whether the exact solution keeps its mean, once somebody has asked.
    keeps_mean: OnceLock<bool>,
}

impl<C: Catalogued> PeriodicProblem<C> {
    /// The problem of a table of settings.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is unknown, of the wrong type or out of range.
    fn new(given: toml::Table) -> Result<Self> {
        let names: Vec<&str> = C::PARAMETERS.iter().chain(&COMMON).map(|(name, _)| *name).collect();
        if let Some(unknown) = given.keys().find(|key| !names.contains(&key.as_str())) {
            return Err(Error::unknown_name(format!("{} setting", C::NAME), &names, unknown));
        }
        let asked = given.contains_key("solve_size");
        let mut table = defaults::<C>();
        if let Some(tolerance) = given.get("tolerance") {
            settings::unused("tolerance", given.get("step").map(|_| tolerance), "with a fixed step")?;
            table.remove("step");
        }
        table.extend(given);
        let is_parameter = |key: &str| C::PARAMETERS.iter().any(|(name, _)| *name == key);
        let (parameters, common): (toml::Table, toml::Table) =
            table.clone().into_iter().partition(|(key, _)| is_parameter(key));
        let settings: PeriodicSettings = settings::read(C::NAME, common)?;
        let d = settings.dimension;
        if !(1..=3).contains(&d) {
            return Err(Error::value("dimension", "1 to 3", d));
        }
        let lengths = crate::settings::numbers("length", &settings.length, d)?;
        let size = settings.size.max(1);
        let solve_size = match settings.solve_size {
            Some(least) if !asked => size * least.div_ceil(size),
            Some(asked) => asked,
            None => size,
        };
        if settings.size < 2 || !solve_size.is_multiple_of(size) {
            let expected = format!("a multiple of size = {}, which is at least 2", settings.size);
            return Err(Error::value("solve_size", expected, solve_size));
        }
        let scheme = match (settings.scheme, settings.order) {
            (Scheme::CrankNicolsonEuler, _) => TimeScheme::CrankNicolsonEuler,
            (Scheme::Exponential, 1) => TimeScheme::Exponential(Order::First),
            (Scheme::Exponential, 2) => TimeScheme::Exponential(Order::Second),
            (Scheme::Exponential, 3) => TimeScheme::Exponential(Order::Third),
            (Scheme::Exponential, 4) => TimeScheme::Exponential(Order::Fourth),
            (Scheme::Exponential, order) => return Err(Error::value("order", "1 to 4", order)),
        };
        let equation = C::equation(parameters)?;
        let channels = equation.channels(d);
        let points = vec![solve_size; d];
        // State, stages and rates, values and tables; a tolerance takes steps of several lengths, each with its tables.
        let bytes = if settings.tolerance.is_some() { 640 } else { 160 };
        settings::memory("size", &points, bytes * channels as u128)?;
        let kept = settings.size.saturating_pow(d as u32).saturating_mul(channels);
        settings::times(settings.time, settings.frames, settings.warm_up, kept as u128)?;
        let step = settings.tolerance.map(Step::Tolerance).or(settings.step.map(Step::Fixed));
        let solver = PeriodicSolver::new(equation, &lengths, step.unwrap_or_default())?
            .with_scheme(scheme)
            .with_precision(if settings.precision == Number::F32 {
                Precision::Single
            } else {
                Precision::Double
            })
            .with_dealiasing(if settings.dealiasing { Dealiasing::Full } else { Dealiasing::None });
        solver.grid(&points)?;
        let initial = Initial::new(&settings.initial, &points, &lengths, channels)?;
        table.insert("solve_size".to_string(), (solve_size as i64).into());
        Ok(Self { table, settings, solve_size, lengths, solver, initial, keeps_mean: OnceLock::new() })
    }

    /// Every `solve_size / size`-th value of a state `[x1, .., xd, channels]`.
    fn kept(&self, state: ArrayD<f64>) -> ArrayD<f64> {
        let stride = (self.solve_size / self.settings.size) as isize;
        let mut kept = state.view();
        for axis in 0..self.settings.dimension {
            kept.slice_axis_inplace(ArrayAxis(axis), Slice::new(0, None, stride));
        }
        kept.as_standard_layout().into_owned()
    }

    /// Whether the exact solution keeps its mean: no part of the right-hand side has one.
    fn keeps_mean(&self, grid: &PeriodicGrid) -> bool {
        let equation = self.solver.equation();
        let d = self.settings.dimension;
        let zero = grid.wave([0; 3]);
        let channels = equation.channels(d);
        // A complex field is one to its equation.
        let parts = if equation.is_complex() { 1 } else { channels };
        let force = |channel: usize| {
            let forces = grid.positions().map_while(|place| equation.forcing(channel, &place));
            let (sum, size) = forces.fold((0.0, 0.0), |(sum, size), f| (sum + f, size + f64::abs(f)));
            f64::abs(sum) > 1e-12 * size
        };
        (0..parts).all(|channel| equation.linear(channel, &zero).norm() == 0.0)
            && equation.outputs(d).iter().all(|term| (term.symbol)(&zero).norm() == 0.0)
            && !(0..channels).any(force)
    }

    /// Whether the input holds no wave that the solver drops: the initial state is a short Fourier series.
    fn keeps_input(&self, grid: &PeriodicGrid) -> bool {
        let series = self.settings.initial.as_table().and_then(|table| table.get("fourier")?.as_integer());
        let highest = (0..self.settings.dimension).map(|axis| grid.kept(axis)).min().unwrap_or(0);
        self.settings.warm_up > 0.0 || series.is_some_and(|waves| waves as usize <= highest)
    }

    fn field(&self, name: &str, time: Option<Axis>) -> Field {
        let n = self.settings.size;
        let space = self.lengths.iter().enumerate().map(|(axis, length)| Axis::periodic(axis, n, *length));
        Field {
            name: name.to_string(),
            axes: time.into_iter().chain(space).collect(),
            channels: C::channels(self.settings.dimension),
            units: "1".to_string(),
        }
    }
}

impl<C: Catalogued> Problem for PeriodicProblem<C> {
    fn equation(&self) -> &'static str {
        C::NAME
    }

    fn settings(&self) -> toml::Table {
        self.table.clone()
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

    fn stepped_solver(&self) -> Option<&dyn SteppedSolver> {
        self.settings.tolerance.is_none().then_some(&self.solver as &dyn SteppedSolver)
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let monitor = CancellationOnly(monitor);
        let mut state = self.initial.sample(seed, index).insert_axis(ArrayAxis(0));
        if self.settings.warm_up > 0.0 {
            self.solver.advance(state.view_mut(), self.settings.warm_up, &monitor)?;
        }
        let first = |state: &ArrayD<f64>| state.index_axis(ArrayAxis(0), 0).to_owned();
        let input = self.kept(first(&state));
        // Equal intervals, so that all share their tables.
        let count = self.settings.frames.unwrap_or(1);
        let interval = self.settings.time / count as f64;
        let mut frames = Vec::with_capacity(count);
        let mut residual = 0.0;
        for _ in 0..count {
            let times = (interval, self.settings.time);
            residual += self.solver.advance_with_reports(state.view_mut(), times, None, &monitor)?[0].error;
            frames.push(self.kept(first(&state)));
        }
        let views: Vec<_> = frames.iter().map(|v| v.view()).collect();
        let target = match self.settings.frames {
            // All frames have one shape.
            Some(_) => ndarray::stack(ArrayAxis(0), &views).unwrap_or_default(),
            None => frames.remove(0),
        };
        Ok(Sample { input, target, residual })
    }

    fn invariants(&self, _: u64, _: u64, sample: &Sample) -> Result<Vec<Drift>> {
        sample.check(self)?;
        let PeriodicSettings { size, dimension, dealiasing, warm_up, frames, .. } = self.settings;
        let equation = self.solver.equation();
        let grid = self.solver.grid(&vec![self.solve_size; dimension])?;
        let all_kept = self.solve_size == size;
        let frames = sample.target_states(frames);
        let states = |with_input: bool| -> Vec<_> {
            let input = with_input.then(|| sample.input.view());
            input.into_iter().chain(frames.iter().map(|frame| frame.view())).collect()
        };
        let mut drifts = Vec::new();
        if *self.keeps_mean.get_or_init(|| self.keeps_mean(&grid)) {
            // A projection of the initial state may change it.
            let states = states(warm_up > 0.0 || equation.initial(dimension).is_none());
            drifts.extend(Drift::of_means(&states, all_kept));
        }
        let linear = equation.degree() < 2;
        // In single precision the factors of a step are rounded, always the same way: the square grows or falls with the steps.
        let double = self.settings.precision != Number::F32;
        if C::keeps_mean_square(equation)
            && double
            && all_kept
            && (linear || dealiasing)
            && sample.residual.is_finite()
        {
            let squares: Vec<f64> =
                states(linear || self.keeps_input(&grid)).iter().map(mean_square).collect();
            // An error of the solution changes its square twice as much, and the residual is an estimate.
            let tolerance = ROUNDING + 10.0 * sample.residual.abs();
            let scale = squares.first().copied().unwrap_or(1.0);
            drifts.extend(Drift::of("mean square", &squares, scale, tolerance));
        }
        Ok(drifts)
    }
}
