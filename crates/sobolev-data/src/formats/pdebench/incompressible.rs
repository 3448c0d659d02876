//! PDEBench's layout of incompressible flow: a velocity that carries particles, and the force that drives it.

use hdf5_metno as hdf5;
use ndarray::{Axis as ArrayAxis, Slice};

use super::write::{LATEST, check_ending, config_of, single, write_parameters};
use crate::error::Result;
use crate::file::new_dataset;
use crate::formats::hdf5_write::{failed, make, write_number, write_rows, write_text};
use crate::formats::write::{Evolution, Job};

/// An array: its name, its channels, and whether it depends on time.
const ARRAYS: [(&str, &[&str], bool); 3] = [
    ("velocity", &["velocity_x", "velocity_y"], true),
    ("particles", &["particles"], true),
    ("force", &["force_x", "force_y"], false),
];

/// The arrays of some channels with the places of theirs; nothing when others are among them.
fn arrays(channels: &[String]) -> Option<Vec<(&'static str, Vec<usize>, bool)>> {
    let place = |name: &&str| channels.iter().position(|channel| channel == name);
    let of = |(name, parts, timed): &(&'static str, &[&str], bool)| {
        Some((*name, parts.iter().map(place).collect::<Option<Vec<_>>>()?, *timed))
    };
    let found: Vec<_> = ARRAYS.iter().filter_map(of).collect();
    (found.iter().map(|(_, places, _)| places.len()).sum::<usize>() == channels.len()).then_some(found)
}

/// Whether the channels are, in any order, those of a velocity in a plane and of particles, and perhaps of a force: all that its
/// readers ask for.
pub(super) fn is_layout_of(evolution: &Evolution) -> bool {
    let found = arrays(&evolution.channels).unwrap_or_default();
    evolution.space.len() == 2 && found.len() >= 2 && found[..2].iter().all(|(_, _, timed)| *timed)
}

/// `velocity [N, T, x, y, 2]`, `particles [N, T, x, y, 1]`, `force [N, x, y, 2]` where it is known, `t [N, T]`; one frame a
/// chunk, its bytes shuffled and compressed by LZF, as in the published files.
///
/// # Errors
/// When the name of the file does not end in `.h5`, or the file cannot be written.
pub(super) fn write(job: &Job<'_>, evolution: &Evolution) -> Result<()> {
    check_ending(job, "h5")?;
    let (samples, frames) = (job.data.len(), evolution.times.len());
    let points: Vec<usize> = evolution.space.iter().map(|axis| axis.points.len()).collect();
    let found = arrays(&evolution.channels).unwrap_or_default();
    make(job, 0, |file| {
        let head = || -> hdf5::Result<Vec<hdf5::Dataset>> {
            write_text(file, "config", &config_of(job))?;
            write_number(file, LATEST, &(samples as i64))?;
            write_parameters(job, file)?;
            let times = single(evolution.times.iter().copied()).repeat(samples);
            let times = ndarray::Array2::from_shape_vec((samples, frames), times);
            let times = times.map_err(|error| hdf5::Error::from(error.to_string()))?;
            new_dataset(file)?.with_data(&times).create("t")?;
            let array = |(name, places, timed): &(&str, Vec<usize>, bool)| {
                let lead = if *timed { vec![samples, frames] } else { vec![samples] };
                let ones = vec![1; lead.len()];
                let [shape, chunk] = [lead, ones].map(|lead| [&lead[..], &points, &[places.len()]].concat());
                new_dataset(file)?.empty::<f32>().shape(shape).chunk(chunk).shuffle().lzf().create(*name)
            };
            found.iter().map(array).collect()
        };
        let datasets = head().map_err(|error| failed(job, &error))?;
        job.blocks(|rows| {
            let values = evolution.read::<f32>(job, rows.clone())?;
            for ((_, places, timed), dataset) in found.iter().zip(&datasets) {
                let mut part = values.select(ArrayAxis(4), places);
                if !timed {
                    part.slice_axis_inplace(ArrayAxis(1), Slice::from(..1));
                    part = part.index_axis_move(ArrayAxis(1), 0);
                }
                write_rows(dataset, rows.clone(), &part).map_err(|error| failed(job, &error))?;
            }
            Ok(())
        })
    })
}
