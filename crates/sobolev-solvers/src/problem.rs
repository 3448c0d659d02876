//! What a data set is made of: an equation with its settings, that turns (seed, sample number) into an input and a target.

use crate::solver::{SteppedSolver, TimeSolver};
use ndarray::{Array1, ArrayD, ArrayViewD, ArrayViewMutD};
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

/// How far a quantity that the exact solution keeps, such as its mean, drifts in one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The quantity in words.
    pub quantity: &'static str,
    /// Largest difference from its first value, relative to the size of the solution.
    pub drift: f64,
    /// What scheme, rounding and storage in single precision explain.
    pub tolerance: f64,
}

/// The part of a drift that rounding of stored values explains.
pub(crate) const ROUNDING: f64 = 1e-5;
/// The same for means of kept points between which the solver has others, where these resolve the solution.
const BETWEEN_POINTS: f64 = 1e-2;

impl Drift {
    /// The drift of `values` at successive times relative to `scale`; nothing of fewer than two times.
    pub(crate) fn of(quantity: &'static str, values: &[f64], scale: f64, tolerance: f64) -> Option<Self> {
        let (first, rest) = values.split_first().filter(|(_, rest)| !rest.is_empty())?;
        let largest = rest.iter().map(|value| (value - first).abs()).fold(0.0, f64::max);
        let drift = if largest == 0.0 { 0.0 } else { largest / scale.abs().max(f64::MIN_POSITIVE) };
        Some(Self { quantity, drift, tolerance })
    }

    /// The largest drift of the means of the channels of `states`, relative to the root of the mean square of the first one.
    /// Where the solver has points between theirs, waves alias onto the means, none of which should be larger than ten times the
    /// shortest waves that the points show.
    pub(crate) fn of_means(states: &[ArrayViewD<'_, f64>], all_points: bool) -> Option<Self> {
        let scale = mean_square(states.first()?).sqrt();
        let shortest =
            || states.iter().map(shortest_waves).fold(0.0, f64::max) / scale.max(f64::MIN_POSITIVE);
        let tolerance = if all_points { ROUNDING } else { BETWEEN_POINTS.max(10.0 * shortest()) };
        let last = ndarray::Axis(states[0].ndim().checked_sub(1)?);
        let of_channel = |channel: usize| {
            let means = states.iter().map(|state| state.index_axis(last, channel).mean().unwrap_or(0.0));
            Self::of("mean", &means.collect::<Vec<_>>(), scale, tolerance)
        };
        let drifts = (0..states[0].len_of(last)).filter_map(of_channel);
        drifts.max_by(|one, other| one.drift.total_cmp(&other.drift))
    }
}

/// The largest amplitude, among channels and axes, of the wave with two points a period along that axis alone.
fn shortest_waves(state: &ArrayViewD<'_, f64>) -> f64 {
    let channels = ndarray::Axis(state.ndim().saturating_sub(1));
    let along = |field: &ArrayViewD<'_, f64>, axis: usize| {
        let sum: f64 = (field.axis_iter(ndarray::Axis(axis)).enumerate())
            .map(|(i, part)| if i % 2 == 0 { part.sum() } else { -part.sum() })
            .sum();
        sum.abs() / field.len().max(1) as f64
    };
    let of_channel =
        |field: ArrayViewD<'_, f64>| (0..field.ndim()).map(|axis| along(&field, axis)).fold(0.0, f64::max);
    state.axis_iter(channels).map(of_channel).fold(0.0, f64::max)
}

/// The mean square of all values.
pub(crate) fn mean_square(state: &ArrayViewD<'_, f64>) -> f64 {
    state.iter().map(|value| value * value).sum::<f64>() / state.len().max(1) as f64
}

impl Sample {
    /// Checks that the sample has the fields of a problem.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub(crate) fn check(&self, problem: &dyn Problem) -> Result<()> {
        for (field, array) in [(problem.input(), &self.input), (problem.target(), &self.target)] {
            let shape = field.shape();
            if array.shape() != shape {
                return Err(Error::shape(field.name, format!("{shape:?}"), array.shape()));
            }
        }
        Ok(())
    }

    /// The states of the target in the order of time: its frames where it has an axis of time.
    pub(crate) fn target_states(&self, frames: Option<usize>) -> Vec<ArrayViewD<'_, f64>> {
        match frames {
            Some(_) => self.target.outer_iter().collect(),
            None => vec![self.target.view()],
        }
    }
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
    /// How far the quantities that the equation keeps drift in sample `index` under `seed`, of which `sample` is what a file
    /// holds; none where there are none, or where the kept points do not tell.
    ///
    /// # Errors
    /// [`Error::Shape`] when the sample is not of this problem.
    fn invariants(&self, seed: u64, index: u64, sample: &Sample) -> Result<Vec<Drift>> {
        let _ = (seed, index, sample);
        Ok(Vec::new())
    }
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
