//! Data sets in the layouts of PDEBench. Its programs tell layouts apart by the ending of the file's name too.

use ndarray::Axis as ArrayAxis;

use super::{FLUID, SPACE};
use crate::dataset::Side;
use crate::error::Result;
use crate::formats::hdf5_write::{by_rows, failed, make, small, write_number, write_rows, write_text};
use crate::formats::write::{Evolution, Job, split};
use sobolev_solvers::Axis;
use sobolev_tensor::Error as NumericError;

/// Trajectories of one field on a line, of the fields of a compressible flow, or else one group a sample; other data sets as
/// a coefficient `nu` and its solution. Values are single precision.
///
/// # Errors
/// When the data are of none of these kinds, the name of the file does not have the ending of the layout, or the file cannot
/// be written.
pub(super) fn write(job: &Job<'_>) -> Result<()> {
    let Some(evolution) = Evolution::of(job.data) else { return steady(job) };
    let fluid = evolution.channels.iter().all(|name| FLUID.contains(&name.as_str()));
    if fluid || (evolution.channels.len() == 1 && evolution.space.len() == 1) {
        trajectories(job, &evolution, fluid)
    } else {
        groups(job, &evolution)
    }
}

fn check_ending(job: &Job<'_>, ending: &str) -> Result<()> {
    if job.path.extension().is_some_and(|own| own == ending) {
        return Ok(());
    }
    let expected = format!("a name that ends in .{ending}, by which PDEBench knows this layout");
    Err(NumericError::value("output", expected, job.path.display()).into())
}

fn single(points: impl IntoIterator<Item = f64>) -> Vec<f32> {
    points.into_iter().map(|point| point as f32).collect()
}

fn write_coordinates(file: &hdf5_metno::File, space: &[Axis]) -> hdf5_metno::Result<()> {
    for (name, axis) in SPACE.iter().zip(space) {
        small(file, &format!("{name}-coordinate"), &single(axis.points.iter().copied()))?;
    }
    Ok(())
}

fn write_parameters(job: &Job<'_>, file: &hdf5_metno::File) -> hdf5_metno::Result<()> {
    let mut parameters = job.parameters();
    if let Some(viscosity) = parameters.iter().find(|(name, _)| name == "viscosity").map(|(_, value)| *value)
    {
        parameters.push(("Nu".to_string(), viscosity));
    }
    let mut written: Vec<&str> = Vec::new();
    for (name, value) in parameters.iter().filter(|(name, _)| name != "layout") {
        if !written.contains(&name.as_str()) {
            write_number(file, name, value)?;
            written.push(name);
        }
    }
    Ok(())
}

/// `tensor`, or the fields of a flow, `[N, T, x..]`; one time more than there are frames, as in the published files.
fn trajectories(job: &Job<'_>, evolution: &Evolution, fluid: bool) -> Result<()> {
    check_ending(job, "hdf5")?;
    if evolution.space.len() > SPACE.len() {
        return Err(job.no_place("PDEBench has no layout for more than three axes of space"));
    }
    let mut times = evolution.times.clone();
    let last = times.len() - 1;
    times.push(2.0 * times[last] - times[last - 1]);
    let mut shape = vec![job.data.len(), evolution.times.len()];
    shape.extend(evolution.space.iter().map(|axis| axis.points.len()));
    make(job, 0, |file| {
        let head = || -> hdf5_metno::Result<Vec<hdf5_metno::Dataset>> {
            write_coordinates(file, &evolution.space)?;
            small(file, "t-coordinate", &single(times))?;
            write_parameters(job, file)?;
            let name = |channel: &String| if fluid { channel.clone() } else { "tensor".to_string() };
            evolution.channels.iter().map(|channel| by_rows::<f32>(file, &name(channel), &shape)).collect()
        };
        let datasets = head().map_err(|error| failed(job, &error))?;
        job.blocks(|rows| {
            let values = evolution.read::<f32>(job, rows.clone())?;
            let last = ArrayAxis(values.ndim() - 1);
            for (channel, dataset) in datasets.iter().enumerate() {
                let part = values.index_axis(last, channel).to_owned();
                write_rows(dataset, rows.clone(), &part).map_err(|error| failed(job, &error))?;
            }
            Ok(())
        })
    })
}

/// `0000/data [T, x.., c]` and on.
fn groups(job: &Job<'_>, evolution: &Evolution) -> Result<()> {
    check_ending(job, "h5")?;
    if job.data.len() > 10_000 || evolution.space.len() > SPACE.len() {
        return Err(
            job.no_place("PDEBench has groups of four digits, so 10000 samples at most, on up to three axes")
        );
    }
    let config: String =
        job.parameters().iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect();
    make(job, 0, |file| {
        job.blocks(|rows| {
            let values = evolution.read::<f32>(job, rows.clone())?;
            for (sample, row) in values.outer_iter().zip(rows) {
                let write = || -> hdf5_metno::Result<()> {
                    let group = file.create_group(&format!("{row:04}"))?;
                    write_text(&group, "config", &config)?;
                    let grid = group.create_group("grid")?;
                    for (name, axis) in SPACE.iter().zip(&evolution.space) {
                        small(&grid, name, &single(axis.points.iter().copied()))?;
                    }
                    small(&grid, "t", &single(evolution.times.iter().copied()))?;
                    let sample = sample.as_standard_layout();
                    group.new_dataset_builder().with_data(sample.view()).create("data").map(|_| ())
                };
                write().map_err(|error| failed(job, &error))?;
            }
            Ok(())
        })
    })
}

/// `nu [N, x..]` and `tensor [N, 1, x..]`.
fn steady(job: &Job<'_>) -> Result<()> {
    let (input, target) = (job.data.field(Side::Input), job.data.field(Side::Target));
    let ((before, space), (after, other)) = (split(input), split(target));
    let one_grid =
        space.len() == other.len() && space.iter().zip(&other).all(|(a, b)| a.points.len() == b.points.len());
    let single_channel = input.channels.len() == 1 && target.channels.len() == 1;
    if before.is_some() || after.is_some() || !one_grid || !single_channel || space.len() > SPACE.len() {
        return Err(job.no_place(
            "PDEBench has layouts for trajectories of one system, and for one coefficient with one steady solution on \
             the same grid; this is neither",
        ));
    }
    check_ending(job, "hdf5")?;
    let space: Vec<Axis> = space.into_iter().cloned().collect();
    let shape: Vec<usize> =
        [job.data.len()].into_iter().chain(space.iter().map(|axis| axis.points.len())).collect();
    make(job, 0, |file| {
        let head = || {
            write_coordinates(file, &space)?;
            write_parameters(job, file)?;
            let mut with_time = shape.clone();
            with_time.insert(1, 1);
            Ok([by_rows::<f32>(file, "nu", &shape)?, by_rows::<f32>(file, "tensor", &with_time)?])
        };
        let [nu, tensor] = head().map_err(|error| failed(job, &error))?;
        job.blocks(|rows| {
            let last = ArrayAxis(space.len() + 1);
            let input = job.read::<f32>(Side::Input, rows.clone())?.index_axis_move(last, 0);
            let target = job.read::<f32>(Side::Target, rows.clone())?.index_axis_move(last, 0);
            write_rows(&nu, rows.clone(), &input).map_err(|error| failed(job, &error))?;
            let target = target.insert_axis(ArrayAxis(1));
            write_rows(&tensor, rows, &target).map_err(|error| failed(job, &error))
        })
    })
}
