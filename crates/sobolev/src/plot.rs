//! Pictures of the samples of a data set: fields as heat maps or curves, trajectories as rows of frames, as space-time maps
//! and as animations, and energy spectra.
//!
//! ```no_run
//! use sobolev::data::Dataset;
//! use sobolev::plot::sample_figure;
//! let data = Dataset::open("darcy.h5")?;
//! sample_figure(&data, 3, None)?.title("Darcy flow").write_png("darcy.png")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod frames;
mod spectrum;

use ndarray::{ArrayD, Axis as ArrayAxis, Ix1, Ix2};
use sobolev_data::{Dataset, Side};
use sobolev_solvers::{Axis, Field};
use sobolev_tensor::Error as NumericError;

use crate::error::Result;
use crate::figure::{ColourMap, Figure, HeatMap, Line, LinePlot, Panel};

pub use frames::{animation, moves};
pub use spectrum::{energy_spectrum, spectrum_figure};

/// Channels that are drawn at most when none is named: more would be too small to see.
const MOST_CHANNELS: usize = 4;
/// Frames of a trajectory in a row, the input among them.
const FRAMES: usize = 4;

/// One side of a sample, `[time if it has one, space.., channels]`.
struct Drawn {
    name: &'static str,
    field: Field,
    values: ArrayD<f32>,
}

impl Drawn {
    fn read(data: &Dataset, side: Side, sample: usize) -> Result<Self> {
        let name = if side == Side::Input { "input" } else { "target" };
        let values = data.read_side::<f32>(side, &[sample])?.index_axis_move(ArrayAxis(0), 0);
        Ok(Self { name, field: data.field(side).clone(), values })
    }

    fn time(&self) -> Option<&Axis> {
        self.field.axes.first().filter(|axis| axis.name == "time" && self.field.axes.len() > 1)
    }

    fn space(&self) -> &[Axis] {
        &self.field.axes[usize::from(self.time().is_some())..]
    }

    /// One channel, `[time if it has one, space..]`.
    fn channel(&self, channel: usize) -> ArrayD<f32> {
        self.values.index_axis(ArrayAxis(self.values.ndim() - 1), channel).to_owned()
    }

    /// What a panel is called: the side, or the side and the channel.
    fn title(&self, channel: usize) -> String {
        match &self.field.channels[..] {
            [_] => self.name.to_string(),
            channels => format!("{}: {}", self.name, channels[channel]),
        }
    }
}

/// Both sides of a sample, and the channels of each that are drawn.
fn drawn(data: &Dataset, sample: usize, channel: Option<&str>) -> Result<[(Drawn, Vec<usize>); 2]> {
    if sample >= data.len() {
        let expected = format!("below {}, the number of samples", data.len());
        return Err(NumericError::value("sample", expected, sample).into());
    }
    let read = |side| Drawn::read(data, side, sample);
    let (input, target) = (read(Side::Input)?, read(Side::Target)?);
    let channels = |drawn: &Drawn| -> Vec<usize> {
        match channel {
            None => (0..drawn.field.channels.len().min(MOST_CHANNELS)).collect(),
            Some(name) => drawn.field.channels.iter().position(|other| other == name).into_iter().collect(),
        }
    };
    let chosen = [channels(&input), channels(&target)];
    if let (Some(name), true) = (channel, chosen.iter().all(Vec::is_empty)) {
        let mut names: Vec<&str> = Vec::new();
        for other in input.field.channels.iter().chain(&target.field.channels) {
            if !names.contains(&other.as_str()) {
                names.push(other);
            }
        }
        return Err(NumericError::unknown_name("channel", &names, name).into());
    }
    let [of_input, of_target] = chosen;
    Ok([(input, of_input), (target, of_target)])
}

/// A sample, its input before its target: curves on a line, heat maps on a plane, the middle slice of a volume. Of a
/// trajectory on a line a map over space and time is drawn, on a plane a row of frames. All channels up to four are drawn,
/// or the one called `channel`.
///
/// # Errors
/// When there is no such sample or channel, or the samples cannot be read.
pub fn sample_figure(data: &Dataset, sample: usize, channel: Option<&str>) -> Result<Figure> {
    let [(input, of_input), (target, of_target)] = drawn(data, sample, channel)?;
    let dimensions = target.space().len();
    if dimensions >= 2 && target.time().is_some() {
        return Ok(frames::rows(&input, &of_input, &target, &of_target, FRAMES));
    }
    let mut panels: Vec<Panel> = Vec::new();
    for (side, channels) in [(&input, &of_input), (&target, &of_target)] {
        if side.space().len() == 1 && side.time().is_none() {
            if !channels.is_empty() {
                panels.push(curves(side, channels).into());
            }
            continue;
        }
        for &channel in channels {
            let map = map(side.space(), side.time(), side.channel(channel));
            panels.push(styled(map).title(side.title(channel)).into());
        }
    }
    let count = panels.len();
    Ok(Figure::new().panels(panels).columns(if count == 4 { 2 } else { count.clamp(1, 3) }))
}

/// All channels of a side on a line.
fn curves(side: &Drawn, channels: &[usize]) -> LinePlot {
    let axis = &side.space()[0];
    let x = axis.points.to_vec();
    let mut plot = LinePlot::new().title(side.name).labels(label(axis), "");
    for &channel in channels {
        let values = side.channel(channel);
        let values: Vec<f32> = values.iter().copied().collect();
        let line = Line::new(&x, &values);
        let name = &side.field.channels[channel];
        plot = plot.line(if side.field.channels.len() > 1 { line.label(name) } else { line });
    }
    plot
}

/// A heat map of `[x, y]`, of the middle slice of `[x, y, z]`, or of a line over time, `[time, x]`.
fn map(space: &[Axis], time: Option<&Axis>, values: ArrayD<f32>) -> HeatMap {
    let (values, axes) = match (space, time) {
        ([x], Some(time)) => (values.reversed_axes(), [x, time]),
        ([x, y, ..], _) => {
            let mut values = values;
            while values.ndim() > 2 {
                let last = values.ndim() - 1;
                let middle = values.len_of(ArrayAxis(last)) / 2;
                values = values.index_axis_move(ArrayAxis(last), middle);
            }
            (values, [x, y])
        }
        ([x], None) => (values.insert_axis(ArrayAxis(1)), [x, x]),
        ([], _) => unreachable!("fields have an axis of space"),
    };
    let plane = values.into_dimensionality::<Ix2>().unwrap_or_default();
    HeatMap::new(plane.view()).labels(label(axes[0]), label(axes[1])).extent(extent(axes[0]), extent(axes[1]))
}

/// Colours with a middle for values of both signs, others from the least to the largest.
fn styled(map: HeatMap) -> HeatMap {
    let (low, high) = map.bounds();
    ranged(map, low, high)
}

/// The colours for values between `low` and `high`.
fn ranged(map: HeatMap, low: f64, high: f64) -> HeatMap {
    let largest = low.abs().max(high.abs());
    if low < 0.0 && high > 0.0 && low.abs().min(high) > 0.2 * largest {
        map.colour_map(ColourMap::Coolwarm).range(-largest, largest)
    } else {
        map.range(low, high)
    }
}

/// Name of an axis, with units where there are some.
fn label(axis: &Axis) -> String {
    match axis.units.as_str() {
        "" | "1" | "unknown" => axis.name.clone(),
        units => format!("{} [{units}]", axis.name),
    }
}

/// Outer ends of the cells around the points of an axis.
fn extent(axis: &Axis) -> [f64; 2] {
    let (n, points) = (axis.points.len(), &axis.points);
    if n < 2 {
        let point = points.first().copied().unwrap_or(0.0);
        return [point - 0.5, point + 0.5];
    }
    let half = (points[n - 1] - points[0]) / (n - 1) as f64 / 2.0;
    [points[0] - half, points[n - 1] + half]
}

/// Values of a line.
fn line_of(values: ArrayD<f32>) -> Vec<f32> {
    values.into_dimensionality::<Ix1>().map(|values| values.to_vec()).unwrap_or_default()
}
