//! The header for other programs: plain attributes and coordinates. This library reads the [record](super::record).

use hdf5::types::VarLenUnicode;
use hdf5::{Group, H5Type, Location};
use hdf5_metno as hdf5;
use ndarray::{Array1, ArrayView1};
use sobolev_solvers::{Axis, Field};

use super::header::Header;
use super::record::{FORMAT, VERSION};
use super::untimed::{new_dataset, new_group};
use crate::description::{Provenance, flattened};

/// Attributes share an object header of 64 KiB in the compatible file version; longer lists become data sets.
const LONGEST_LIST: usize = 1000;
const LONGEST_TEXT: usize = 48 * 1024;

type Written<T> = std::result::Result<T, hdf5::Error>;

/// Writes all but the samples.
pub(super) fn write_header(root: &Group, header: &Header) -> Written<()> {
    let Provenance { equation, formula, method, settings, seed, samples, part_of, generator, code_version } =
        &header.provenance;
    write_text(root, "format", FORMAT)?;
    write_number(root, "format_version", &VERSION)?;
    write_text(root, "equation", equation)?;
    write_text(root, "formula", formula)?;
    write_text(root, "method", method)?;
    write_number(root, "seed", seed)?;
    write_number(root, "first_sample", &samples.start)?;
    write_number(root, "samples", &(header.count() as u64))?;
    if let Some(whole) = part_of {
        write_number(root, "part_of_first_sample", &whole.start)?;
        write_number(root, "part_of_samples", &(whole.end - whole.start))?;
    }
    write_text(root, "precision", header.precision.name())?;
    write_text(root, "compression", &header.compression.to_string())?;
    write_text(root, "random_generator", generator)?;
    write_text(root, "code_version", code_version)?;
    write_settings(&new_group(root, "settings")?, settings)?;
    if !header.parameters.is_empty() {
        let group = new_group(root, "parameters")?;
        for (name, values) in &header.parameters {
            new_dataset(&group)?.with_data(ArrayView1::from(values)).create(name.as_str())?;
        }
    }
    let coordinates = new_group(root, "coordinates")?;
    for (side, field) in [("input", &header.input), ("target", &header.target)] {
        let group = new_group(&coordinates, side)?;
        for axis in &field.axes {
            let points = new_dataset(&group)?.with_data(&axis.points).create(axis.name.as_str())?;
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
        new_dataset(group)?.with_data(&ndarray::arr0(encode(&text)?)).create("toml")?;
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
                        new_dataset(group)?.with_data(&numbers).create(name.as_str())?;
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

pub(crate) fn write_text(location: &Location, name: &str, text: &str) -> Written<()> {
    location.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&encode(text)?)
}

pub(crate) fn write_texts(location: &Location, name: &str, texts: &[String]) -> Written<()> {
    let texts = texts.iter().map(|text| encode(text)).collect::<Written<Array1<_>>>()?;
    location.new_attr_builder().with_data(&texts).create(name).map(|_| ())
}

pub(crate) fn write_number<T: H5Type>(location: &Location, name: &str, value: &T) -> Written<()> {
    location.new_attr::<T>().create(name)?.write_scalar(value)
}
