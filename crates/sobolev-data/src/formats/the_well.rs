//! The Well (Ohana et al. 2024, arXiv:2412.00568): HDF5 with a group for each tensor order.
//!
//! `/t0_fields`, `/t1_fields` and `/t2_fields` hold scalars, vectors and tensors `[B][T][varying axes..][D][D]`, of which
//! any of B, T and each axis may be missing, as the attributes `sample_varying`, `time_varying` and `dim_varying` say.
//! `/dimensions` holds `time` and the points of each axis, `/boundary_conditions` a group for each condition.

mod write;

use std::path::Path;

use hdf5_metno as hdf5;

use super::hdf5_file::{
    attributes, axis, dataset, kind, list, names, open, root_names, rows, text, texts, texts_are_sound,
    time_axis,
};
use super::{AxisKind, Contents, FormatEntry, Variable};
use crate::error::{Error, Result};
use crate::file::damaged;

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: "the-well",
    summary: "The Well HDF5, fields of every tensor order",
    extensions: &["hdf5", "h5"],
    recognises: |path, head| {
        let names = root_names(path, head);
        ["dimensions", "t0_fields"].iter().all(|name| names.iter().any(|other| other == name))
    },
    contents,
    load: |path, variable, precision, wanted| {
        let file = open(path)?;
        let group = file.group(&group_of(path, &file, &variable.name)?);
        let group = group.map_err(|e| damaged(path, &variable.name, &e))?;
        rows(path, &dataset(path, &group, &variable.name)?, wanted, precision)
    },
    by_rows: |_| true,
    write: Some(write::write),
};

const ORDERS: [&str; 3] = ["t0_fields", "t1_fields", "t2_fields"];

/// The group that holds a field.
fn group_of(path: &Path, file: &hdf5::Group, name: &str) -> Result<String> {
    let holds = |group: &&&str| file.group(group).is_ok_and(|group| group.link_exists(name));
    let found = ORDERS.iter().find(holds);
    found.map(ToString::to_string).ok_or_else(|| Error::damaged(path, format!("variable {name} is gone")))
}

/// An axis of space: its name, its points and its boundary condition.
struct Dimension {
    name: String,
    points: Option<Vec<f64>>,
    boundary: String,
}

fn contents(path: &Path) -> Result<Contents> {
    let file = open(path)?;
    let dimensions_group = file.group("dimensions").map_err(|e| damaged(path, "dimensions", &e))?;
    let sound = texts_are_sound(path);
    let listed = if sound { texts(&dimensions_group, "spatial_dims") } else { None };
    let listed = match listed {
        Some(names) if (1..=3).contains(&names.len()) => names,
        // Without the list the order is that of the alphabet, which is right for x, y, z.
        _ => names(path, &dimensions_group)?.into_iter().filter(|name| name != "time").collect(),
    };
    let boundary = |name: &str| boundary(&file, name, sound).unwrap_or_else(|| "unknown".to_string());
    let dimensions: Vec<Dimension> = listed
        .into_iter()
        .map(|name| Dimension {
            points: list(path, &dimensions_group, &name),
            boundary: boundary(&name),
            name,
        })
        .collect();
    let times = list(path, &dimensions_group, "time");
    let mut variables = Vec::new();
    for (order, name) in ORDERS.iter().enumerate() {
        let Ok(group) = file.group(name) else { continue };
        let mut members = names(path, &group)?;
        if let Some(ordered) = if sound { texts(&group, "field_names") } else { None } {
            members.sort_by_key(|name| ordered.iter().position(|other| other == name));
        }
        for member in members {
            variables.push(variable(path, &group, &member, order, &dimensions, times.as_ref())?);
        }
    }
    Ok(Contents { variables, attributes: attributes(path, &file) })
}

/// The condition of an axis, `wall` or several of them.
fn boundary(file: &hdf5::Group, axis: &str, sound: bool) -> Option<String> {
    let conditions = file.group("boundary_conditions").ok()?;
    let mut found = Vec::new();
    for group in conditions.groups().ok().filter(|_| sound)? {
        if texts(&group, "associated_dims")?.iter().any(|name| name == axis) {
            found.push(text(&group, "bc_type")?);
        }
    }
    found.sort();
    found.dedup();
    (!found.is_empty()).then(|| found.join(", "))
}

fn flag(dataset: &hdf5::Dataset, name: &str) -> Option<bool> {
    dataset.attr(name).ok()?.read_scalar::<bool>().ok()
}

fn variable(
    path: &Path,
    group: &hdf5::Group,
    name: &str,
    order: usize,
    dimensions: &[Dimension],
    times: Option<&Vec<f64>>,
) -> Result<Variable> {
    let dataset = dataset(path, group, name)?;
    let shape = dataset.shape();
    let kind = kind(&dataset).ok_or_else(|| Error::damaged(path, format!("{name} holds no numbers")))?;
    let all = 2 + dimensions.len() + order;
    // Where the flags are missing an array of full rank varies in everything.
    let full = shape.len() == all;
    let varies = |flag_name: &str| flag(&dataset, flag_name).unwrap_or(full);
    let (sample, time) = (varies("sample_varying"), varies("time_varying"));
    let space = dataset.attr("dim_varying").and_then(|attribute| attribute.read_raw::<bool>());
    let space = space.unwrap_or_else(|_| vec![full; dimensions.len()]);
    let expected =
        usize::from(sample) + usize::from(time) + space.iter().filter(|flag| **flag).count() + order;
    if expected != shape.len() || space.len() != dimensions.len() {
        let what = format!("{name} has shape {shape:?}, its flags speak of {expected} axes");
        return Err(Error::damaged(path, what));
    }
    let mut axes = Vec::new();
    if sample {
        axes.push(AxisKind::Sample);
    }
    if time {
        axes.push(AxisKind::Grid(time_axis(times.cloned(), shape[axes.len()])));
    }
    for (dimension, _) in dimensions.iter().zip(space).filter(|(_, varies)| *varies) {
        let length = shape[axes.len()];
        let points = dimension.points.clone();
        axes.push(AxisKind::Grid(axis(&dimension.name, points, length, &dimension.boundary)));
    }
    for &length in &shape[axes.len()..] {
        let names: Vec<String> = dimensions.iter().map(|dimension| dimension.name.clone()).collect();
        let numbers = || (1..=length).map(|i| i.to_string()).collect();
        axes.push(AxisKind::Components(if names.len() == length { names } else { numbers() }));
    }
    Ok(Variable { name: name.to_string(), shape, kind, axes })
}
