//! Data sets in the layouts of PDEBench. Its programs tell layouts apart by the ending of the file's name too.

use std::f64::consts::PI;

use ndarray::{ArrayViewD, Axis as ArrayAxis};

use super::{FLUID, SPACE, incompressible};
use crate::dataset::Side;
use crate::error::Result;
use crate::formats::hdf5_write::{by_rows, failed, make, small, write_number, write_rows, write_text};
use crate::formats::write::{Evolution, Job, PARAMETERS, split};
use sobolev_solvers::Axis;
use sobolev_tensor::Error as NumericError;

/// Trajectories of one field on a line, of the fields of a compressible or an incompressible flow, or else one group a sample; other data sets as
/// a coefficient `nu` and its solution. Values are single precision.
///
/// # Errors
/// When the data are of none of these kinds, the name of the file does not have the ending of the layout, or the file cannot
/// be written.
pub(super) fn write(job: &Job<'_>) -> Result<()> {
    let Some(evolution) = Evolution::of(job.data) else { return steady(job) };
    if incompressible::is_layout_of(&evolution) {
        return incompressible::write(job, &evolution);
    }
    let fluid = is_flow(&evolution);
    if fluid || (evolution.channels.len() == 1 && evolution.space.len() == 1) {
        trajectories(job, &evolution, fluid)
    } else {
        groups(job, &evolution)
    }
}

/// Whether the channels are density, pressure and one velocity for each axis, in any order: its readers ask for all of them.
fn is_flow(evolution: &Evolution) -> bool {
    let fields = FLUID.get(..2 + evolution.space.len()).unwrap_or_default();
    evolution.channels.len() == fields.len()
        && fields.iter().all(|name| evolution.channels.iter().any(|other| other == name))
}

/// Attributes of PDEBench: equation, setting, attribute, and the attribute over the setting. Its diffusion in Burgers'
/// equation is `Nu / pi`.
const ATTRIBUTES: [(&str, &str, &str, f64); 5] = [
    ("advection", "velocity", "beta", 1.0),
    ("burgers", "viscosity", "Nu", PI),
    ("fisher-kpp", "diffusivity", "Nu", 1.0),
    ("fisher-kpp", "growth", "rho", 1.0),
    ("darcy", "forcing", "beta", 1.0),
];

/// Attribute of incompressible files: samples that are written. It says nothing of other files.
pub(super) const LATEST: &str = "latestIndex";

pub(super) fn check_ending(job: &Job<'_>, ending: &str) -> Result<()> {
    if job.path.extension().is_some_and(|own| own == ending) {
        return Ok(());
    }
    let expected = format!("a name that ends in .{ending}, by which PDEBench knows this layout");
    Err(NumericError::value("output", expected, job.path.display()).into())
}

pub(super) fn single(points: impl IntoIterator<Item = f64>) -> Vec<f32> {
    points.into_iter().map(|point| point as f32).collect()
}

fn write_coordinates(file: &hdf5_metno::File, space: &[Axis]) -> hdf5_metno::Result<()> {
    for (name, axis) in SPACE.iter().zip(space) {
        small(file, &format!("{name}-coordinate"), &single(axis.points.iter().copied()))?;
    }
    Ok(())
}

pub(super) fn write_parameters(job: &Job<'_>, file: &hdf5_metno::File) -> hdf5_metno::Result<()> {
    let mut parameters = job.parameters();
    let mut drawn = job.data.parameters();
    let equation = job.data.provenance().map_or("", |provenance| &provenance.equation);
    for (_, setting, attribute, factor) in ATTRIBUTES.iter().filter(|(name, ..)| *name == equation) {
        if let Some(value) = parameters.iter().find(|(name, _)| name == setting).map(|(_, value)| *value) {
            parameters.push(((*attribute).to_string(), value * factor));
        }
        if let Some(values) = drawn.iter().find(|(name, _)| name == setting).map(|(_, values)| values) {
            drawn.push(((*attribute).to_string(), values.iter().map(|value| value * factor).collect()));
        }
    }
    if !drawn.is_empty() {
        let group = file.create_group(PARAMETERS)?;
        drawn.iter().try_for_each(|(name, values)| small(&group, name, values).map(|_| ()))?;
    }
    let mut written: Vec<&str> = Vec::new();
    for (name, value) in parameters.iter().filter(|(name, _)| name != "layout" && name != LATEST) {
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

/// In which order the axes of samples in a plane stand; PDEBench's stand with y first.
#[derive(Clone, Copy, PartialEq)]
enum Plane {
    /// x first.
    X,
    /// y first, as of files of PDEBench.
    Y,
    /// Samples on a line or in space.
    None,
}

impl Plane {
    fn of(space: &[Axis]) -> Self {
        match space {
            [first, second] if first.name == "y" && second.name == "x" => Self::Y,
            [_, _] => Self::X,
            _ => Self::None,
        }
    }

    /// The axes with x first.
    fn space(self, space: &[Axis]) -> Vec<&Axis> {
        if self == Self::Y { space.iter().rev().collect() } else { space.iter().collect() }
    }

    /// A sample `[T, space.., c]` as `[T, y, x, c]`.
    fn y_first(self, mut sample: ArrayViewD<'_, f32>) -> ArrayViewD<'_, f32> {
        if self == Self::X {
            sample.swap_axes(1, 2);
        }
        sample
    }
}

fn config_line(name: &str, value: f64) -> String {
    format!("{name}: {value:?}\n")
}

/// The parameters that all samples have, as YAML.
pub(super) fn config_of(job: &Job<'_>) -> String {
    let parameters = job.parameters().into_iter().filter(|(name, _)| name != LATEST);
    parameters.map(|(name, value)| config_line(&name, value)).collect()
}

/// `0000/data [T, x.., c]`, in a plane `[T, y, x, c]`, and on.
fn groups(job: &Job<'_>, evolution: &Evolution) -> Result<()> {
    check_ending(job, "h5")?;
    if job.data.len() > 10_000 || evolution.space.len() > SPACE.len() {
        return Err(
            job.no_place("PDEBench has groups of four digits, so 10000 samples at most, on up to three axes")
        );
    }
    let same = config_of(job);
    let drawn = job.data.parameters();
    let config = |row: usize| {
        let own = drawn.iter().map(|(name, values)| config_line(name, values[row]));
        same.clone() + &own.collect::<String>()
    };
    let plane = Plane::of(&evolution.space);
    make(job, 0, |file| {
        job.blocks(|rows| {
            let values = evolution.read::<f32>(job, rows.clone())?;
            for (sample, row) in values.outer_iter().zip(rows) {
                let write = || -> hdf5_metno::Result<()> {
                    let group = file.create_group(&format!("{row:04}"))?;
                    write_text(&group, "config", &config(row))?;
                    let grid = group.create_group("grid")?;
                    for (name, axis) in SPACE.iter().zip(plane.space(&evolution.space)) {
                        small(&grid, name, &single(axis.points.iter().copied()))?;
                    }
                    small(&grid, "t", &single(evolution.times.iter().copied()))?;
                    let sample = plane.y_first(sample);
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
