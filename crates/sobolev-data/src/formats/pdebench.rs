//! PDEBench (Takamoto et al. 2022, arXiv:2210.07182): five layouts within HDF5, told apart by their names.
//!
//! | layout | arrays | equations |
//! |---|---|---|
//! | scalar | `tensor [N, T, x]`, `t-coordinate [T + 1]` | advection, Burgers, reaction-diffusion in one dimension |
//! | steady | `nu [N, x, y]`, `tensor [N, 1, x, y]` | Darcy flow |
//! | fluid | `density`, `pressure`, `Vx`, `Vy`, `Vz`, each `[N, T, x..]` | compressible Navier-Stokes |
//! | groups | `0000/data [T, x, c]` or `[T, y, x, c]`, `0000/grid/{x, y, t}`, .. | diffusion-reaction, diffusion-sorption, shallow water |
//! | incompressible | `velocity`, `particles` `[N, T, x, y, c]`, `force [N, x, y, c]`, `t [N, T]` | incompressible Navier-Stokes |
//!
//! Points are cell centres. The list of times may be longer than there are frames; the rest of it is dropped.

mod incompressible;
mod write;

use std::ops::Range;
use std::path::Path;

use hdf5_metno as hdf5;
use sobolev_solvers::Axis;
use sobolev_tensor::Real;

use super::hdf5_file::{attributes, axis, dataset, kind, list, names, open, root_names, rows, time_axis};
use super::{AxisKind, Contents, FormatEntry, Variable};
use crate::error::{Error, Result};
use crate::values::{Numbers, Precision, Values};

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: "pdebench",
    summary: "PDEBench HDF5, all five layouts",
    extensions: &["hdf5", "h5"],
    recognises: |path, head| Layout::of(root_names(path, head)).is_some(),
    contents,
    load,
    by_rows: |_| true,
    write: Some(write::write),
};

/// Arrays of compressible flow, in the order of the published models.
const FLUID: [&str; 5] = ["density", "pressure", "Vx", "Vy", "Vz"];
const SPACE: [&str; 3] = ["x", "y", "z"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Scalar,
    Steady,
    Fluid,
    Groups,
    Incompressible,
}

impl Layout {
    fn of(names: &[String]) -> Option<Self> {
        let has = |name: &str| names.iter().any(|other| other == name);
        if has("tensor") && (has("x-coordinate") || has("t-coordinate")) {
            Some(if has("nu") { Self::Steady } else { Self::Scalar })
        } else if has("density") && has("pressure") && has("Vx") {
            Some(Self::Fluid)
        } else if has("velocity") && has("t") && (has("force") || has("particles")) {
            Some(Self::Incompressible)
        } else if seeds(names).next().is_some() {
            Some(Self::Groups)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Steady => "steady",
            Self::Fluid => "fluid",
            Self::Groups => "one group a sample",
            Self::Incompressible => "incompressible",
        }
    }
}

/// Groups of samples: four digits.
fn seeds(names: &[String]) -> impl Iterator<Item = &String> {
    names.iter().filter(|name| name.len() == 4 && name.bytes().all(|byte| byte.is_ascii_digit()))
}

fn contents(path: &Path) -> Result<Contents> {
    let file = open(path)?;
    let names = names(path, &file)?;
    let layout = Layout::of(&names).ok_or_else(|| Error::damaged(path, "no layout of PDEBench"))?;
    let mut attributes_of = vec![("layout".to_string(), layout.name().to_string())];
    attributes_of.extend(attributes(path, &file));
    let variables = match layout {
        Layout::Groups => {
            let first = seeds(&names).next().and_then(|seed| file.group(seed).ok());
            attributes_of.extend(first.iter().flat_map(|group| attributes(path, group)));
            vec![grouped(path, &file, &names)?]
        }
        Layout::Incompressible => ["velocity", "particles", "force"]
            .into_iter()
            .filter(|name| names.iter().any(|other| other == name))
            .map(|name| incompressible(path, &file, name))
            .collect::<Result<_>>()?,
        Layout::Scalar | Layout::Steady | Layout::Fluid => ["nu", "tensor"]
            .into_iter()
            .chain(FLUID)
            .filter(|name| names.iter().any(|other| other == name))
            .map(|name| plain(path, &file, name, layout))
            .collect::<Result<_>>()?,
    };
    Ok(Contents { variables, attributes: attributes_of })
}

fn described(path: &Path, file: &hdf5::Group, name: &str) -> Result<(Vec<usize>, String)> {
    let dataset = dataset(path, file, name)?;
    let kind = kind(&dataset).ok_or_else(|| Error::damaged(path, format!("{name} holds no numbers")))?;
    Ok((dataset.shape(), kind))
}

fn wrong_rank(path: &Path, name: &str, shape: &[usize]) -> Error {
    Error::damaged(path, format!("{name} has shape {shape:?}, which no layout of PDEBench has"))
}

/// An array `[N, T, x..]`, or `[N, x..]` for a coefficient.
fn plain(path: &Path, file: &hdf5::Group, name: &str, layout: Layout) -> Result<Variable> {
    let (shape, kind) = described(path, file, name)?;
    let timed = name != "nu";
    let space = shape.len().saturating_sub(1 + usize::from(timed));
    if !(1..=3).contains(&space) {
        return Err(wrong_rank(path, name, &shape));
    }
    let mut axes = vec![AxisKind::Sample];
    if timed && layout == Layout::Steady && shape[1] == 1 {
        axes.push(AxisKind::Components(vec![name.to_string()]));
    } else if timed {
        axes.push(AxisKind::Grid(time_axis(list(path, file, "t-coordinate"), shape[1])));
    }
    for (axis_name, &length) in SPACE.iter().zip(&shape[axes.len()..]) {
        let points = list(path, file, &format!("{axis_name}-coordinate"));
        axes.push(AxisKind::Grid(axis(axis_name, points, length, "unknown")));
    }
    Ok(Variable { name: name.to_string(), shape, kind, axes })
}

fn components(names: &[&str], name: &str, count: usize) -> AxisKind {
    AxisKind::Components(match count {
        1 => vec![name.to_string()],
        count if count <= names.len() => names[..count].iter().map(ToString::to_string).collect(),
        count => (1..=count).map(|i| i.to_string()).collect(),
    })
}

/// An array `[N, T, x, y, c]`, or `[N, x, y, c]` for the force.
fn incompressible(path: &Path, file: &hdf5::Group, name: &str) -> Result<Variable> {
    let (shape, kind) = described(path, file, name)?;
    let timed = usize::from(name != "force");
    if shape.len() != 4 + timed {
        return Err(wrong_rank(path, name, &shape));
    }
    let mut axes = vec![AxisKind::Sample];
    if timed == 1 {
        axes.push(AxisKind::Grid(time_axis(list(path, file, "t"), shape[1])));
    }
    for (axis_name, &length) in SPACE.iter().zip(&shape[1 + timed..3 + timed]) {
        axes.push(AxisKind::Grid(axis(axis_name, None, length, "unknown")));
    }
    axes.push(components(&SPACE, name, shape[3 + timed]));
    Ok(Variable { name: name.to_string(), shape, kind, axes })
}

/// The arrays `data [T, x.., c]` of all groups as one, `[N, T, x.., c]`.
fn grouped(path: &Path, file: &hdf5::Group, names: &[String]) -> Result<Variable> {
    let mut all = seeds(names);
    let first = all.next().ok_or_else(|| Error::damaged(path, "no group of a sample"))?;
    let (shape, kind) = described(path, file, &format!("{first}/data"))?;
    if !(3..=5).contains(&shape.len()) {
        return Err(wrong_rank(path, &format!("{first}/data"), &shape));
    }
    let grid = |name: &str| list(path, file, &format!("{first}/grid/{name}"));
    let mut axes = vec![AxisKind::Sample, AxisKind::Grid(time_axis(grid("t"), shape[0]))];
    let space = &shape[1..shape.len() - 1];
    let lengths = |order: &[&str]| -> Vec<Option<usize>> {
        order.iter().map(|name| grid(name).map(|points| points.len())).collect()
    };
    // In a plane y comes first; where both are of one length nothing in the file tells.
    let mut order = SPACE[..space.len()].to_vec();
    let other = |order: &[&str]| {
        lengths(order).iter().zip(space).any(|(length, n)| length.is_some_and(|length| length != *n))
    };
    if space.len() == 2 {
        order.reverse();
    }
    if other(&order) {
        order.reverse();
    }
    let grid_axis = |(name, length): (&&str, &usize)| -> Axis { axis(name, grid(name), *length, "unknown") };
    axes.extend(order.iter().zip(space).map(grid_axis).map(AxisKind::Grid));
    axes.push(components(&[], "data", shape[shape.len() - 1]));
    let shape = [1 + all.count()].into_iter().chain(shape).collect();
    Ok(Variable { name: "data".to_string(), shape, kind, axes })
}

fn load(path: &Path, variable: &Variable, precision: Precision, wanted: Range<usize>) -> Result<Values> {
    let file = open(path)?;
    if Layout::of(&names(path, &file)?) != Some(Layout::Groups) {
        return rows(path, &dataset(path, &file, &variable.name)?, wanted, precision);
    }
    match precision {
        Precision::F32 => load_groups::<f32>(path, &file, variable, wanted),
        Precision::F64 => load_groups::<f64>(path, &file, variable, wanted),
    }
}

fn load_groups<T: Real>(
    path: &Path,
    file: &hdf5::Group,
    variable: &Variable,
    wanted: Range<usize>,
) -> Result<Values> {
    let mut numbers: Vec<T> = Vec::new();
    let names = names(path, file)?;
    for seed in seeds(&names).skip(wanted.start).take(wanted.len()) {
        let name = format!("{seed}/data");
        let dataset = dataset(path, file, &name)?;
        let shape = dataset.shape();
        if shape != variable.shape[1..] {
            let expected = &variable.shape[1..];
            return Err(Error::damaged(path, format!("{name} has shape {shape:?}, the first {expected:?}")));
        }
        let sample = rows(path, &dataset, 0..shape[0], Precision::of::<T>())?;
        numbers.extend_from_slice(sample.numbers.as_slice().unwrap_or_default());
    }
    let shape = [wanted.len()].into_iter().chain(variable.shape[1..].iter().copied()).collect::<Vec<_>>();
    if numbers.len() != shape.iter().product::<usize>() {
        return Err(Error::damaged(
            path,
            format!("samples {wanted:?} of variable {variable} are not all there"),
        ));
    }
    Ok(Values::new(shape, Numbers::from_vec(numbers)))
}
