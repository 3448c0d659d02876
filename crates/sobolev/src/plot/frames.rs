//! Trajectories: rows of frames, and animations.

use ndarray::ArrayD;
use sobolev_data::{Dataset, Side};
use sobolev_solvers::Axis;
use sobolev_tensor::Error as NumericError;

use super::{Drawn, drawn, label, line_of, map, ranged};
use crate::error::Result;
use crate::figure::{Figure, HeatMap, Line, LinePlot};

/// Whether the targets of a data set are trajectories, of which an animation can be made.
pub fn moves(data: &Dataset) -> bool {
    let axes = &data.field(Side::Target).axes;
    axes.len() > 1 && axes.first().is_some_and(|axis| axis.name == "time")
}

/// One channel at all times, with the input before the target where both are states of one system.
struct Film {
    title: String,
    space: Vec<Axis>,
    /// Words for each frame.
    times: Vec<String>,
    frames: Vec<ArrayD<f32>>,
    /// Least and largest value of all frames, apart even when nothing moves.
    bounds: (f64, f64),
}

impl Film {
    fn new(input: &Drawn, target: &Drawn, channel: usize) -> Self {
        let same =
            input.field.channels == target.field.channels && input.space().len() == target.space().len();
        let one_grid =
            same && input.space().iter().zip(target.space()).all(|(a, b)| a.points.len() == b.points.len());
        let mut film = Self {
            title: match &target.field.channels[..] {
                [_] => String::new(),
                channels => channels[channel].clone(),
            },
            space: target.space().to_vec(),
            times: Vec::new(),
            frames: Vec::new(),
            bounds: (0.0, 1.0),
        };
        for side in [Some(input).filter(|_| one_grid), Some(target)].into_iter().flatten() {
            let values = side.channel(channel);
            match side.time() {
                None => {
                    film.times.push(side.name.to_string());
                    film.frames.push(values);
                }
                Some(time) => {
                    let digits = digits(time);
                    film.times.extend(time.points.iter().map(|t| format!("t = {t:.digits$}")));
                    film.frames.extend(values.outer_iter().map(|frame| frame.to_owned()));
                }
            }
        }
        film.bounds = bounds(&film.frames);
        film
    }

    fn map(&self, frame: usize) -> HeatMap {
        let (low, high) = self.bounds;
        ranged(map(&self.space, None, self.frames[frame].clone()), low, high)
    }
}

fn bounds(frames: &[ArrayD<f32>]) -> (f64, f64) {
    let finite = frames.iter().flatten().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(f64::from(*value)), high.max(f64::from(*value)))
    });
    let size = low.abs().max(high.abs());
    // A film in which nothing moves still has a range.
    if high - low > 1e-9 * size { (low, high) } else { (low - 0.1 * size - 1e-9, high + 0.1 * size + 1e-9) }
}

/// Decimals that tell neighbouring times apart.
fn digits(time: &Axis) -> usize {
    let points = time.points.to_vec();
    let step = points.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::INFINITY, f64::min);
    (0..6)
        .find(|digits| {
            (step * 10_f64.powi(*digits)).fract().min(1.0 - (step * 10_f64.powi(*digits)).fract()) < 1e-6
        })
        .unwrap_or(3)
        .max(1) as usize
}

/// A row of `count` frames for each channel, evenly spread from the first to the last; other inputs before them.
pub(super) fn rows(
    input: &Drawn,
    of_input: &[usize],
    target: &Drawn,
    of_target: &[usize],
    count: usize,
) -> Figure {
    let mut figure = Figure::new().columns(count);
    let films: Vec<Film> = of_target.iter().map(|&channel| Film::new(input, target, channel)).collect();
    let has_input = films.iter().any(|film| film.times[0] == input.name || input.time().is_some());
    if !has_input && input.space().len() > 1 {
        for &channel in of_input {
            let map = map(input.space(), input.time(), input.channel(channel));
            figure = figure.panel(super::styled(map).title(input.title(channel)));
        }
    }
    for film in &films {
        let last = film.frames.len() - 1;
        let shown = count.min(film.frames.len());
        for place in 0..shown {
            let frame = if shown == 1 { last } else { place * last / (shown - 1) };
            let words = &film.times[frame];
            let title =
                if film.title.is_empty() { words.clone() } else { format!("{}, {words}", film.title) };
            figure = figure.panel(film.map(frame).title(title));
        }
    }
    figure
}

/// The frames of an animation of a sample: all channels up to four, or the one called `channel`, side by side at each time,
/// with the same colours, or axes, throughout. The title of each is `title` and its time.
///
/// # Errors
/// When there is no such sample or channel of the target, or the samples cannot be read.
pub fn animation(
    data: &Dataset,
    sample: usize,
    channel: Option<&str>,
    title: &str,
) -> Result<impl Iterator<Item = Figure>> {
    let [(input, _), (target, of_target)] = drawn(data, sample, channel)?;
    if let (Some(name), []) = (channel, &of_target[..]) {
        let names: Vec<&str> = target.field.channels.iter().map(String::as_str).collect();
        return Err(NumericError::unknown_name("channel", &names, name).into());
    }
    let films: Vec<Film> = of_target.iter().map(|&channel| Film::new(&input, &target, channel)).collect();
    let count = films.first().map_or(0, |film| film.frames.len());
    let title = title.to_string();
    Ok((0..count).map(move |frame| {
        let heading = format!("{title}{}{}", if title.is_empty() { "" } else { ", " }, films[0].times[frame]);
        let mut figure = Figure::new().title(heading);
        for film in &films {
            figure = if film.space.len() == 1 {
                figure.panel(curve(film, frame))
            } else {
                figure.panel(film.map(frame).title(film.title.clone()))
            };
        }
        figure
    }))
}

fn curve(film: &Film, frame: usize) -> LinePlot {
    let (low, high) = film.bounds;
    let margin = 0.05 * (high - low);
    let values = line_of(film.frames[frame].clone());
    LinePlot::new()
        .title(film.title.clone())
        .labels(label(&film.space[0]), "")
        .y_range(low - margin, high + margin)
        .line(Line::new(&film.space[0].points.to_vec(), &values))
}
