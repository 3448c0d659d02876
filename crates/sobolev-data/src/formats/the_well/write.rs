//! Data sets in the layout of The Well, as its checker wants them: all seven groups, truth values that are truth values, and
//! texts of variable length.

use hdf5_metno as hdf5;
use ndarray::{ArrayD, Axis as ArrayAxis, IxDyn};
use sobolev_solvers::Axis;

use super::ORDERS;
use crate::dataset::Side;
use crate::error::Result;
use crate::formats::hdf5_write::{
    by_rows, failed, make, small, write_flag, write_number, write_rows, write_text, write_texts,
};
use crate::formats::write::{Evolution, Job, axis_name, split};

/// Fields of trajectories vary in time; of other data sets the input does not. Channels `v_x, v_y` become a vector, `s_xx`
/// and on a tensor. Values are single precision.
///
/// # Errors
/// When input and target are on different grids, or the file cannot be written.
pub(super) fn write(job: &Job<'_>) -> Result<()> {
    let evolution = Evolution::of(job.data);
    let (input, target) = (job.data.field(Side::Input), job.data.field(Side::Target));
    let ((before, space), (after, other)) = (split(input), split(target));
    let one_grid =
        space.len() == other.len() && space.iter().zip(&other).all(|(a, b)| a.points.len() == b.points.len());
    if !one_grid || space.len() > 3 || (evolution.is_none() && before.is_some()) {
        return Err(job
            .no_place("The Well has one grid of up to three axes for all fields; this data set has others"));
    }
    let space: Vec<Axis> = space.into_iter().cloned().collect();
    let names: Vec<String> = space.iter().enumerate().map(|(i, axis)| axis_name(axis, i)).collect();
    let times = match (&evolution, after) {
        (Some(evolution), _) => evolution.times.clone(),
        (None, Some(axis)) => axis.points.to_vec(),
        (None, None) => vec![0.0],
    };
    let fields = match &evolution {
        Some(evolution) => tensors(&evolution.channels, &names, Source::Evolution, true),
        None => {
            let still = tensors(&input.channels, &names, Source::Side(Side::Input), false);
            let moving = tensors(&target.channels, &names, Source::Side(Side::Target), after.is_some());
            still.into_iter().chain(moving).collect()
        }
    };
    let well = Well { job, space, names, times, evolution, fields };
    make(job, 0, |file| well.write(file))
}

/// Where the values of a field come from.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    Evolution,
    Side(Side),
}

/// A scalar, vector or tensor field.
struct TensorField {
    name: String,
    order: usize,
    /// First channel; its components follow.
    channel: usize,
    source: Source,
    moves: bool,
}

/// Groups channels `base_x, base_y` into vectors and `base_xx, base_xy, ..` into tensors.
fn tensors(channels: &[String], names: &[String], source: Source, moves: bool) -> Vec<TensorField> {
    let vector: Vec<String> = names.to_vec();
    let tensor: Vec<String> =
        names.iter().flat_map(|a| names.iter().map(move |b| format!("{a}{b}"))).collect();
    let mut fields = Vec::new();
    let mut channel = 0;
    while channel < channels.len() {
        let found = [(2, &tensor), (1, &vector)].into_iter().find_map(|(order, endings)| {
            let base = channels[channel].strip_suffix(&format!("_{}", endings[0]))?;
            let all = endings.iter().enumerate().all(|(i, ending)| {
                channels.get(channel + i).is_some_and(|name| *name == format!("{base}_{ending}"))
            });
            (all && names.len() > 1).then(|| (base.to_string(), order, endings.len()))
        });
        let (name, order, count) = found.unwrap_or_else(|| (channels[channel].clone(), 0, 1));
        fields.push(TensorField { name, order, channel, source, moves });
        channel += count;
    }
    fields
}

struct Well<'a> {
    job: &'a Job<'a>,
    space: Vec<Axis>,
    names: Vec<String>,
    times: Vec<f64>,
    evolution: Option<Evolution>,
    fields: Vec<TensorField>,
}

impl Well<'_> {
    fn write(&self, file: &hdf5::File) -> Result<()> {
        let datasets = self.lay_out(file).map_err(|error| failed(self.job, &error))?;
        self.job.blocks(|rows| {
            let of = |source: Source| match (source, &self.evolution) {
                (Source::Side(side), _) => self.job.read::<f32>(side, rows.clone()),
                (Source::Evolution, Some(evolution)) => evolution.read::<f32>(self.job, rows.clone()),
                (Source::Evolution, None) => self.job.read::<f32>(Side::Target, rows.clone()),
            };
            let mut read: Vec<(Source, ArrayD<f32>)> = Vec::new();
            for (field, dataset) in self.fields.iter().zip(&datasets) {
                if read.iter().all(|(source, _)| *source != field.source) {
                    read.push((field.source, of(field.source)?));
                }
                let values =
                    read.iter().find(|(source, _)| *source == field.source).map(|(_, values)| values);
                let Some(values) = values else { continue };
                let count = self.space.len().pow(field.order as u32);
                let last = ArrayAxis(values.ndim() - 1);
                let channels = field.channel..field.channel + count;
                let mut part = values.slice_axis(last, channels.into()).as_standard_layout().into_owned();
                let mut shape = part.shape()[..part.ndim() - 1].to_vec();
                shape.extend(vec![self.space.len(); field.order]);
                part = part.into_shape_with_order(IxDyn(&shape)).map_err(|error| self.job.failed(error))?;
                write_rows(dataset, rows.clone(), &part).map_err(|error| failed(self.job, &error))?;
            }
            Ok(())
        })
    }

    /// All but the values of the fields.
    fn lay_out(&self, file: &hdf5::File) -> hdf5::Result<Vec<hdf5::Dataset>> {
        let parameters = self.job.parameters();
        write_text(file, "dataset_name", &self.job.title())?;
        write_text(file, "grid_type", "cartesian")?;
        write_number(file, "n_spatial_dims", &(self.space.len() as i64))?;
        write_number(file, "n_trajectories", &(self.job.data.len() as i64))?;
        let scalars = file.create_group("scalars")?;
        let mut names: Vec<String> = Vec::new();
        for (name, value) in parameters {
            let taken =
                ["dataset_name", "grid_type", "n_spatial_dims", "n_trajectories", "simulation_parameters"];
            if names.contains(&name) || taken.contains(&name.as_str()) {
                continue;
            }
            write_number(file, &name, &value)?;
            let scalar = scalars
                .new_dataset_builder()
                .with_data(&ndarray::arr0(value as f32))
                .create(name.as_str())?;
            flags(&scalar, false, false)?;
            names.push(name);
        }
        write_texts(file, "simulation_parameters", &names)?;
        for (name, values) in self.job.data.parameters() {
            if names.contains(&name) {
                continue;
            }
            let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
            let scalar = small(&scalars, &name, &values)?;
            flags(&scalar, true, false)?;
            names.push(name);
        }
        write_texts(&scalars, "field_names", &names)?;
        self.write_dimensions(file)?;
        self.write_conditions(file)?;
        let mut datasets: Vec<Option<hdf5::Dataset>> = self.fields.iter().map(|_| None).collect();
        for (order, name) in ORDERS.iter().enumerate() {
            let group = file.create_group(name)?;
            let own = || self.fields.iter().enumerate().filter(move |(_, field)| field.order == order);
            write_texts(
                &group,
                "field_names",
                &own().map(|(_, field)| field.name.clone()).collect::<Vec<_>>(),
            )?;
            for (place, field) in own() {
                datasets[place] = Some(self.field(&group, field)?);
            }
        }
        Ok(datasets.into_iter().flatten().collect())
    }

    fn field(&self, group: &hdf5::Group, field: &TensorField) -> hdf5::Result<hdf5::Dataset> {
        let mut shape = vec![self.job.data.len()];
        shape.extend(field.moves.then_some(self.times.len()));
        shape.extend(self.space.iter().map(|axis| axis.points.len()));
        shape.extend(vec![self.space.len(); field.order]);
        let dataset = by_rows::<f32>(group, &field.name, &shape)?;
        flags(&dataset, true, field.moves)?;
        dataset.new_attr_builder().with_data(&vec![true; self.space.len()]).create("dim_varying")?;
        if field.order == 2 {
            write_flag(&dataset, "symmetric", false)?;
            write_flag(&dataset, "antisymmetric", false)?;
        }
        Ok(dataset)
    }

    fn write_dimensions(&self, file: &hdf5::File) -> hdf5::Result<()> {
        let group = file.create_group("dimensions")?;
        write_texts(&group, "spatial_dims", &self.names)?;
        let single = |points: &[f64]| points.iter().map(|point| *point as f32).collect::<Vec<f32>>();
        let time = small(&group, "time", &single(&self.times))?;
        flags(&time, false, true)?;
        for (name, axis) in self.names.iter().zip(&self.space) {
            let points = small(&group, name, &single(&axis.points.to_vec()))?;
            flags(&points, false, false)?;
        }
        Ok(())
    }

    /// Conditions that the format knows; axes of which nothing is known have none, which readers take for open.
    fn write_conditions(&self, file: &hdf5::File) -> hdf5::Result<()> {
        let group = file.create_group("boundary_conditions")?;
        let fields: Vec<String> = self.fields.iter().map(|field| field.name.clone()).collect();
        for (name, axis) in self.names.iter().zip(&self.space) {
            let Some(kind) = condition(&axis.boundary) else { continue };
            let condition = group.create_group(&format!("{name}_{kind}"))?;
            write_text(&condition, "bc_type", kind)?;
            write_texts(&condition, "associated_dims", std::slice::from_ref(name))?;
            write_texts(&condition, "associated_fields", &fields)?;
            flags(&condition, false, false)?;
            let last = axis.points.len() - 1;
            let mask: Vec<bool> = (0..=last).map(|i| i == 0 || i == last).collect();
            small(&condition, "mask", &mask)?;
        }
        Ok(())
    }
}

fn flags(location: &hdf5::Location, sample: bool, time: bool) -> hdf5::Result<()> {
    write_flag(location, "sample_varying", sample)?;
    write_flag(location, "time_varying", time)
}

/// The kind of a boundary condition in words.
fn condition(words: &str) -> Option<&'static str> {
    match words {
        "periodic" => Some("periodic"),
        "open" | "outflow" => Some("open"),
        "unknown" | "none" | "" => None,
        _ => Some("wall"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_vectors_and_tensors_are_found() {
        let names = ["x", "y"].map(String::from);
        let channels = ["p", "v_x", "v_y", "s_xx", "s_xy", "s_yx", "s_yy", "w_x", "q"].map(String::from);
        let fields = tensors(&channels, &names, Source::Evolution, true);
        let told: Vec<(&str, usize, usize)> =
            fields.iter().map(|field| (&*field.name, field.order, field.channel)).collect();
        assert_eq!(told, [("p", 0, 0), ("v", 1, 1), ("s", 2, 3), ("w_x", 0, 7), ("q", 0, 8)]);
    }
}
