//! What a data set is made of: an equation with its settings, that turns (seed, sample number) into an input and a target.

use crate::solver::{SteppedSolver, TimeSolver};
use ndarray::{Array1, ArrayD, ArrayViewMutD};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// One grid axis of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Name, such as `x1` or `time`.
    pub name: String,
    /// Coordinates of the points, in `units`.
    pub points: Array1<f64>,
    /// Boundary condition in words (`periodic`, `u = 0`, `none` for time).
    pub boundary: String,
    /// Units; `1` for dimensionless.
    pub units: String,
}

impl Axis {
    /// Axis number `axis` of a periodic box: `points` points from zero on over `length`.
    pub(crate) fn periodic(axis: usize, points: usize, length: f64) -> Self {
        Self {
            name: format!("x{}", axis + 1),
            points: (0..points).map(|i| i as f64 * length / points as f64).collect(),
            boundary: "periodic".to_string(),
            units: "1".to_string(),
        }
    }

    /// Axis number `axis` of a box with walls: the centres of `cells` cells over `length`, with its conditions in words.
    pub(crate) fn centres(axis: usize, cells: usize, length: f64, boundary: &str) -> Self {
        Self {
            name: format!("x{}", axis + 1),
            points: (0..cells).map(|i| (i as f64 + 0.5) * length / cells as f64).collect(),
            boundary: boundary.to_string(),
            units: "1".to_string(),
        }
    }

    /// As [`centres`](Self::centres), with `vertices` vertices, both ends included.
    pub(crate) fn vertices(axis: usize, vertices: usize, length: f64, boundary: &str) -> Self {
        let points = (0..vertices).map(|i| i as f64 * length / (vertices - 1) as f64).collect();
        Self { points, ..Self::centres(axis, 0, length, boundary) }
    }

    /// Each `stride`-th point, from the first on.
    pub(crate) fn every(self, stride: usize) -> Self {
        Self { points: self.points.iter().copied().step_by(stride).collect(), ..self }
    }

    /// The time axis of `frames` equal intervals up to `time`, each at its end.
    pub(crate) fn frames(time: f64, frames: usize) -> Self {
        Self {
            name: "time".to_string(),
            points: (1..=frames).map(|frame| time * frame as f64 / frames as f64).collect(),
            boundary: "none".to_string(),
            units: "1".to_string(),
        }
    }
}

/// A field of every sample: its name, its grid and its channels. Its array has shape `[axes.., channels]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name, such as `coefficient`.
    pub name: String,
    /// Grid axes, in the order of the array.
    pub axes: Vec<Axis>,
    /// Names of the channels, at least one.
    pub channels: Vec<String>,
    /// Units of the values; `1` for dimensionless.
    pub units: String,
}

impl Field {
    /// A field without units.
    pub(crate) fn new(name: &str, axes: impl IntoIterator<Item = Axis>, channels: &[&str]) -> Self {
        Self {
            name: name.to_string(),
            axes: axes.into_iter().collect(),
            channels: channels.iter().map(ToString::to_string).collect(),
            units: "1".to_string(),
        }
    }

    /// Shape of one sample: `[axes.., channels]`.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.points.len()).chain([self.channels.len()]).collect()
    }
}

/// One solved sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What the operator is given, `[space.., channels]`.
    pub input: ArrayD<f64>,
    /// What it should answer, `[space.., channels]`.
    pub target: ArrayD<f64>,
    /// Relative residual or estimated relative error of the target, so that a reader can judge it.
    pub residual: f64,
}

/// The sample of a trajectory from a state `[1, space.., channels]`, which is left at `time`: the state itself, the target
/// `[space.., channels]`, or `[frames, space.., channels]` at the ends of so many equal intervals, and the sum of the errors that
/// `advance` returns.
///
/// # Errors
/// Those of the solver.
pub(crate) fn trajectory(
    advance: impl Fn(ArrayViewMutD<'_, f64>, f64) -> Result<Vec<f64>>,
    state: &mut ArrayD<f64>,
    time: f64,
    frames: Option<usize>,
) -> Result<Sample> {
    let count = frames.unwrap_or(1);
    let space = state.shape()[1..].to_vec();
    let input = state.index_axis(ndarray::Axis(0), 0).to_owned();
    let (mut values, mut residual) = (Vec::with_capacity(count * state.len()), 0.0);
    for _ in 0..count {
        residual += advance(state.view_mut(), time / count as f64)?.iter().sum::<f64>();
        values.extend(state.iter().copied());
    }
    let shape: Vec<usize> = frames.into_iter().chain(space).collect();
    let misfit = |_| Error::shape("target", "its frames", &shape);
    let target = ArrayD::from_shape_vec(shape.clone(), values).map_err(misfit)?;
    Ok(Sample { input, target, residual })
}

/// A family of solved samples, addressed by (seed, index): what a data set is generated from.
pub trait Problem: Send + Sync + std::fmt::Debug {
    /// Name in [`EQUATIONS`](crate::EQUATIONS).
    fn equation(&self) -> &'static str;
    /// The resolved settings, from which the same problem can be made again.
    fn settings(&self) -> toml::Table;
    /// The input field.
    fn input(&self) -> Field;
    /// The target field.
    fn target(&self) -> Field;
    /// The solver of an evolution equation, for states of the problem's channels on any grid; none for steady equations.
    fn time_solver(&self) -> Option<&dyn TimeSolver> {
        None
    }
    /// The same solver where its time steps are equal and their cost is known.
    fn stepped_solver(&self) -> Option<&dyn SteppedSolver> {
        None
    }
    /// Names and values of the settings that were drawn for sample `index` under `seed`; none where all samples have the
    /// same settings. All samples have the same names, in the same order.
    fn parameters(&self, seed: u64, index: u64) -> Vec<(String, f64)> {
        let _ = (seed, index);
        Vec::new()
    }
    /// Sample `index` under `seed`. A function of its arguments and the settings alone, equal to the bit on machines of
    /// one kind; called from many threads at once. The monitor may cancel in the middle.
    ///
    /// # Errors
    /// When the solver does not reach its tolerance, and [`Error::Cancelled`](sobolev_tensor::Error::Cancelled).
    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample>;
}

/// One line of the list of equations: what the command line, Python and the documentation say of it.
#[derive(Debug, Clone, Copy)]
pub struct EquationEntry {
    /// Name used in specs and on the command line.
    pub name: &'static str,
    /// The equation in one line of text.
    pub formula: &'static str,
    /// Domain, boundary conditions and the map that is learnt.
    pub summary: &'static str,
    /// Numerical method and its order.
    pub method: &'static str,
    /// Paper or data set that the defaults follow.
    pub source: &'static str,
    /// The settings that `build` takes.
    pub settings: fn() -> Vec<SettingEntry>,
    /// Makes the problem from a table of settings without distributions; absent settings take their defaults, unknown ones
    /// are errors. See [`problem`](Self::problem) for tables with distributions.
    pub build: fn(toml::Table) -> Result<Box<dyn Problem>>,
}
