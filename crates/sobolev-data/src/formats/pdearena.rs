//! PDEArena (Gupta and Brandstetter 2022, arXiv:2209.15616): HDF5 with one group, called by what its samples are for.
//!
//! `train`, `valid` or `test` holds fields `[n, t, x..]` such as `u`, `vx` and `vy`, the points `t`, `x` and `y` of every
//! sample, and parameters such as `buo_y`.

use std::path::Path;

use super::hdf5_file::{attributes, axis, dataset, kind, list, names, open, root_names, rows, time_axis};
use super::{AxisKind, Contents, FormatEntry, Variable};
use crate::error::{Error, Result};

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: "pdearena",
    summary: "PDEArena HDF5, one group of samples called train, valid or test",
    extensions: &["h5"],
    recognises: |path, head| matches!(root_names(path, head), [only] if MODES.contains(&only.as_str())),
    contents,
    load: |path, variable, precision, wanted| {
        let (_, group) = group(path)?;
        rows(path, &dataset(path, &group, &variable.name)?, wanted, precision)
    },
    by_rows: |_| true,
    write: None,
};

const MODES: [&str; 3] = ["train", "valid", "test"];

fn group(path: &Path) -> Result<(String, hdf5_metno::Group)> {
    let file = open(path)?;
    let mode = names(path, &file)?.into_iter().next().unwrap_or_default();
    let group = file.group(&mode).map_err(|e| crate::file::damaged(path, &mode, &e))?;
    Ok((mode, group))
}

fn contents(path: &Path) -> Result<Contents> {
    let (mode, group) = group(path)?;
    let mut variables = Vec::new();
    let mut parameters = vec![("mode".to_string(), mode)];
    for name in names(path, &group)? {
        // Other groups and texts are no fields.
        let Ok(dataset) = dataset(path, &group, &name) else { continue };
        let (Some(kind), shape) = (kind(&dataset), dataset.shape()) else { continue };
        if shape.contains(&0) {
            return Err(Error::damaged(path, format!("{name} is empty")));
        }
        match shape.len() {
            0 | 1 => parameters.extend(list(path, &group, &name).map(|numbers| (name, of_all(&numbers)))),
            // Points of every sample.
            2 => {}
            3..=6 => {
                let mut axes = vec![AxisKind::Sample];
                axes.push(AxisKind::Grid(time_axis(list(path, &group, "t"), shape[1])));
                let space = ["x", "y", "z"].iter().zip(&shape[2..]);
                axes.extend(space.map(|(name, &length)| {
                    AxisKind::Grid(axis(name, list(path, &group, name), length, "unknown"))
                }));
                if let Some(&components) = shape.get(5) {
                    let names = if components == 3 {
                        ["x", "y", "z"].map(String::from).to_vec()
                    } else {
                        numbers(components)
                    };
                    axes.push(AxisKind::Components(names));
                }
                variables.push(Variable { name, shape, kind, axes });
            }
            _ => return Err(Error::damaged(path, format!("{name} has shape {shape:?}"))),
        }
    }
    parameters.extend(attributes(path, &group));
    Ok(Contents { variables, attributes: parameters })
}

/// A parameter of every sample: one number, or the range of several.
fn of_all(numbers: &[f64]) -> String {
    let (low, high) =
        numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
    if low < high { format!("{low} to {high}") } else { low.to_string() }
}

fn numbers(count: usize) -> Vec<String> {
    (1..=count).map(|i| i.to_string()).collect()
}
