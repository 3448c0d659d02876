//! Header of the file: its attributes, settings, fields and coordinates, written and read.

use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{Group, H5Type, Location};
use hdf5_metno as hdf5;
use ndarray::{Array1, ArrayView1};
use sobolev_solvers::{Axis, Field};

use super::{VERSION, damaged};
use crate::error::{Error, Result};
use crate::header::{Header, Provenance, check_field, flattened};
use crate::values::Precision;

const FORMAT: &str = "sobolev";
/// Attributes share an object header of 64 KiB in the compatible file version; longer lists become data sets.
const LONGEST_LIST: usize = 1000;
const LONGEST_TEXT: usize = 48 * 1024;

type Written<T> = std::result::Result<T, hdf5::Error>;

/// Writes all but the samples.
pub(super) fn write_header(root: &Group, header: &Header) -> Written<()> {
    let Provenance { equation, formula, settings, seed, samples, generator, code_version } =
        &header.provenance;
    write_text(root, "format", FORMAT)?;
    write_number(root, "format_version", &VERSION)?;
    write_text(root, "equation", equation)?;
    write_text(root, "formula", formula)?;
    write_number(root, "seed", seed)?;
    write_number(root, "first_sample", &samples.start)?;
    write_number(root, "samples", &(header.count() as u64))?;
    write_text(root, "precision", header.precision.name())?;
    write_text(root, "compression", &header.compression.to_string())?;
    write_text(root, "random_generator", generator)?;
    write_text(root, "code_version", code_version)?;
    write_settings(&root.create_group("settings")?, settings)?;
    let coordinates = root.create_group("coordinates")?;
    for (side, field) in [("input", &header.input), ("target", &header.target)] {
        let group = coordinates.create_group(side)?;
        for axis in &field.axes {
            let points = group.new_dataset_builder().with_data(&axis.points).create(axis.name.as_str())?;
            write_text(&points, "units", &axis.units)?;
            write_text(&points, "boundary_condition", &axis.boundary)?;
        }
    }
    Ok(())
}

/// Writes what a field is beside its values.
pub(super) fn write_field(dataset: &Location, field: &Field) -> Written<()> {
    let of_axes = |pick: fn(&Axis) -> &String| field.axes.iter().map(pick).cloned().collect::<Vec<_>>();
    write_text(dataset, "name", &field.name)?;
    write_text(dataset, "units", &field.units)?;
    write_texts(dataset, "channels", &field.channels)?;
    write_texts(dataset, "axes", &of_axes(|axis| &axis.name))?;
    write_texts(dataset, "axis_units", &of_axes(|axis| &axis.units))?;
    write_texts(dataset, "boundary_conditions", &of_axes(|axis| &axis.boundary))
}

fn write_settings(group: &Group, settings: &toml::Table) -> Written<()> {
    let text = settings.to_string();
    if text.len() > LONGEST_TEXT {
        group.new_dataset_builder().with_data(&ndarray::arr0(encode(&text)?)).create("toml")?;
    } else {
        write_text(group, "toml", &text)?;
    }
    for (name, value) in flattened(settings) {
        // A setting that is itself called `toml` keeps to the text.
        if name == "toml" {
            continue;
        }
        match &value {
            toml::Value::String(text) if text.len() <= LONGEST_TEXT => write_text(group, &name, text)?,
            toml::Value::Integer(number) => write_number(group, &name, number)?,
            toml::Value::Float(number) => write_number(group, &name, number)?,
            toml::Value::Boolean(flag) => write_number(group, &name, flag)?,
            toml::Value::Array(list) => {
                let numbers: Option<Array1<f64>> = list
                    .iter()
                    .map(|entry| entry.as_float().or_else(|| entry.as_integer().map(|i| i as f64)))
                    .collect();
                match numbers {
                    Some(numbers) if numbers.len() > LONGEST_LIST => {
                        group.new_dataset_builder().with_data(&numbers).create(name.as_str())?;
                    }
                    Some(numbers) if !numbers.is_empty() => {
                        group.new_attr_builder().with_data(&numbers).create(name.as_str())?;
                    }
                    _ if value.to_string().len() <= LONGEST_TEXT => {
                        write_text(group, &name, &value.to_string())?
                    }
                    _ => {}
                }
            }
            toml::Value::Datetime(time) => write_text(group, &name, &time.to_string())?,
            // Tables are flattened; texts beyond the room for attributes stay in the TOML text.
            toml::Value::String(_) | toml::Value::Table(_) => {}
        }
    }
    Ok(())
}

fn encode(text: &str) -> Written<VarLenUnicode> {
    text.parse().map_err(|_| hdf5::Error::from("a text contains a zero character"))
}

fn write_text(location: &Location, name: &str, text: &str) -> Written<()> {
    location.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&encode(text)?)
}

fn write_texts(location: &Location, name: &str, texts: &[String]) -> Written<()> {
    let texts = texts.iter().map(|text| encode(text)).collect::<Written<Array1<_>>>()?;
    location.new_attr_builder().with_data(&texts).create(name).map(|_| ())
}

fn write_number<T: H5Type>(location: &Location, name: &str, value: &T) -> Written<()> {
    location.new_attr::<T>().create(name)?.write_scalar(value)
}

/// Checks that an HDF5 file is a data set of this library and of a version that is understood.
///
/// # Errors
/// [`Error::Foreign`] with what it looks like, or [`Error::NewerFormat`].
pub(super) fn check_ours(path: &Path, file: &hdf5::File) -> Result<()> {
    if read_text(path, file, "format").is_ok_and(|format| format == FORMAT) {
        let version: u64 = read_number(path, file, "format_version")?;
        if version > VERSION {
            return Err(Error::NewerFormat { path: path.to_path_buf(), version, supported: VERSION });
        }
        return Ok(());
    }
    let keys = file.member_names().map_err(|e| damaged(path, "the root group", &e))?;
    let has = |name: &str| keys.iter().any(|key| key == name);
    let four_digits = |key: &String| key.len() == 4 && key.bytes().all(|b| b.is_ascii_digit());
    let matlab =
        || file.datasets().is_ok_and(|all| all.iter().any(|dataset| dataset.attr("MATLAB_class").is_ok()));
    let looks_like = if has("tensor") || (has("density") && has("pressure")) || keys.iter().any(four_digits) {
        "it looks like PDEBench"
    } else if has("t0_fields") && has("boundary_conditions") {
        "it looks like The Well"
    } else if matlab() {
        "it looks like MATLAB 7.3: read it as a foreign format"
    } else if file.attr_names().is_ok_and(|names| names.iter().any(|name| name == "format")) {
        "its attribute format is not ours"
    } else {
        "it has no attribute format"
    };
    Err(Error::Foreign { path: path.to_path_buf(), looks_like: looks_like.to_string(), keys })
}

/// Reads what [`write_header`] and [`write_field`] wrote, from a file of `bytes` bytes.
///
/// # Errors
/// [`Error::Damaged`] with the name of what is missing or makes no sense.
pub(super) fn read_header(path: &Path, file: &hdf5::File, bytes: u64) -> Result<Header> {
    let settings = file.group("settings").map_err(|e| damaged(path, "group settings", &e))?;
    let text = match settings.dataset("toml") {
        Ok(dataset) => decode(&dataset.read_scalar().map_err(|e| damaged(path, "settings", &e))?)
            .ok_or_else(|| Error::damaged(path, "settings/toml is no text"))?,
        Err(_) => read_text(path, &settings, "toml")?,
    };
    let (first, samples): (u64, u64) =
        (read_number(path, file, "first_sample")?, read_number(path, file, "samples")?);
    // Each sample has a flag of one byte at least: more samples than bytes is nonsense that must not be allocated.
    let range = first..first.checked_add(samples).unwrap_or(first);
    if range.is_empty() || samples > bytes {
        return Err(Error::damaged(path, format!("{samples} samples from number {first} in {bytes} bytes")));
    }
    let precision = match read_text(path, file, "precision")?.as_str() {
        "f32" => Precision::F32,
        "f64" => Precision::F64,
        other => return Err(Error::damaged(path, format!("precision is {other}, expected f32 or f64"))),
    };
    Ok(Header {
        provenance: Provenance {
            equation: read_text(path, file, "equation")?,
            formula: read_text(path, file, "formula")?,
            settings: toml::from_str(&text)
                .map_err(|e| Error::damaged(path, format!("settings are no TOML ({})", e.message())))?,
            seed: read_number(path, file, "seed")?,
            samples: range,
            generator: read_text(path, file, "random_generator")?,
            code_version: read_text(path, file, "code_version")?,
        },
        precision,
        compression: read_text(path, file, "compression")?
            .parse()
            .map_err(|e: sobolev_tensor::Error| Error::damaged(path, e.to_string()))?,
        input: read_field(path, file, "input", bytes)?,
        target: read_field(path, file, "target", bytes)?,
    })
}

fn read_field(path: &Path, file: &hdf5::File, side: &str, bytes: u64) -> Result<Field> {
    let dataset = file.dataset(side).map_err(|e| damaged(path, side, &e))?;
    let names = read_texts(path, &dataset, "axes")?;
    let units = read_texts(path, &dataset, "axis_units")?;
    let boundaries = read_texts(path, &dataset, "boundary_conditions")?;
    if units.len() != names.len() || boundaries.len() != names.len() {
        return Err(Error::damaged(path, format!("{side} does not say units and boundary of every axis")));
    }
    let axes = names
        .into_iter()
        .zip(units.into_iter().zip(boundaries))
        .map(|(name, (units, boundary))| {
            let place = format!("coordinates/{side}/{name}");
            let points = file.dataset(&place).map_err(|e| damaged(path, &place, &e))?;
            let shape = points.shape();
            if shape.len() != 1 || shape[0] as u64 > bytes {
                return Err(Error::damaged(path, format!("{place} has shape {shape:?}")));
            }
            let points = points.read_1d::<f64>().map_err(|e| damaged(path, &place, &e))?;
            Ok(Axis { name, points, boundary, units })
        })
        .collect::<Result<Vec<_>>>()?;
    let field = Field {
        name: read_text(path, &dataset, "name")?,
        axes,
        channels: read_texts(path, &dataset, "channels")?,
        units: read_text(path, &dataset, "units")?,
    };
    check_field(side, &field).map_err(|e| Error::damaged(path, e.to_string()))?;
    Ok(field)
}

/// The one-dimensional data set `name` of `count` numbers.
///
/// # Errors
/// [`Error::Damaged`] when it is missing or of another shape.
pub(super) fn read_numbers<T: H5Type>(
    path: &Path,
    file: &hdf5::File,
    name: &str,
    count: usize,
) -> Result<Vec<T>> {
    let dataset = file.dataset(name).map_err(|e| damaged(path, name, &e))?;
    if dataset.shape() != [count] {
        return Err(Error::damaged(
            path,
            format!("{name} has shape {:?}, expected [{count}]", dataset.shape()),
        ));
    }
    dataset.read_raw().map_err(|e| damaged(path, name, &e))
}

fn read_number<T: H5Type>(path: &Path, location: &Location, name: &str) -> Result<T> {
    let value = location.attr(name).and_then(|attribute| attribute.read_scalar());
    value.map_err(|e| damaged(path, &format!("attribute {name}"), &e))
}

fn read_text(path: &Path, location: &Location, name: &str) -> Result<String> {
    let value = location.attr(name).and_then(|attribute| attribute.read_scalar::<VarLenUnicode>());
    let value = value.map_err(|e| damaged(path, &format!("attribute {name}"), &e))?;
    decode(&value).ok_or_else(|| Error::damaged(path, format!("attribute {name} is no UTF-8 text")))
}

fn read_texts(path: &Path, location: &Location, name: &str) -> Result<Vec<String>> {
    let values = location.attr(name).and_then(|attribute| attribute.read_1d::<VarLenUnicode>());
    let values = values.map_err(|e| damaged(path, &format!("attribute {name}"), &e))?;
    let texts: Option<Vec<String>> = ArrayView1::from(&values).iter().map(decode).collect();
    texts.ok_or_else(|| Error::damaged(path, format!("attribute {name} is no UTF-8 text")))
}

/// Checked, since the text of a damaged file may be any bytes.
fn decode(text: &VarLenUnicode) -> Option<String> {
    std::str::from_utf8(text.as_bytes()).ok().map(str::to_string)
}
