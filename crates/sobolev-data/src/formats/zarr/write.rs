//! Data sets as stores: arrays `input` and `target`, one chunk a sample, the points of each axis, and
//! `parameters/<setting>` of settings that were drawn for each sample.

use std::fs;

use ndarray::{ArrayD, Axis as ArrayAxis};
use serde_json::{Map, Value, json};
use sobolev_solvers::{Axis, Field};
use sobolev_tensor::Real;

use super::METADATA;
use crate::dataset::Side;
use crate::error::Result;
use crate::formats::write::{Job, PARAMETERS, axis_name};
use crate::values::Precision;

/// Writes the store `job.draft`, a folder that is not there yet.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(job: &Job<'_>) -> Result<()> {
    match job.data.precision() {
        Precision::F32 => write_as::<f32>(job, |value, bytes| bytes.extend(value.to_le_bytes())),
        Precision::F64 => write_as::<f64>(job, |value, bytes| bytes.extend(value.to_le_bytes())),
    }
}

fn write_as<T: Real>(job: &Job<'_>, bytes_of: impl Fn(T, &mut Vec<u8>)) -> Result<()> {
    let mut attributes: Map<String, Value> =
        job.parameters().into_iter().map(|(name, value)| (name, json!(value))).collect();
    attributes.insert("title".to_string(), json!(job.title()));
    put(job, METADATA, json!({ "zarr_format": 3, "node_type": "group", "attributes": attributes }))?;
    let mut known: Vec<(String, &Axis)> = Vec::new();
    let sides = [Side::Input, Side::Target].map(|side| (side, job.data.field(side)));
    for (side, field) in sides {
        let mut shape = vec![job.data.len()];
        shape.extend(field.shape());
        let mut chunk = shape.clone();
        chunk[0] = 1;
        let mut names = vec!["sample".to_string()];
        names.extend(dimensions(field, side, &mut known));
        names.push("channel".to_string());
        let about = json!({ "name": field.name, "units": field.units, "channels": field.channels });
        put(job, &format!("{}/{METADATA}", side.name()), array::<T>(&shape, &chunk, &names, about))?;
    }
    for (name, axis) in &known {
        let points: Vec<u8> = axis.points.iter().flat_map(|point| point.to_le_bytes()).collect();
        let about = json!({ "units": axis.units, "boundary_condition": axis.boundary });
        let length = [axis.points.len()];
        put(
            job,
            &format!("{name}/{METADATA}"),
            array::<f64>(&length, &length, std::slice::from_ref(name), about),
        )?;
        put_bytes(job, &format!("{name}/c/0"), &points)?;
    }
    let drawn = job.data.parameters();
    if !drawn.is_empty() {
        let group = json!({ "zarr_format": 3, "node_type": "group", "attributes": {} });
        put(job, &format!("{PARAMETERS}/{METADATA}"), group)?;
    }
    for (name, values) in drawn {
        let place = format!("{PARAMETERS}/{name}");
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let length = [values.len()];
        let document = array::<f64>(&length, &length, &["sample".to_string()], json!({}));
        put(job, &format!("{place}/{METADATA}"), document)?;
        put_bytes(job, &format!("{place}/c/0"), &bytes)?;
    }
    job.blocks(|rows| {
        for (side, field) in sides {
            let values: ArrayD<T> = job.read(side, rows.clone())?;
            let zeros = vec!["0"; field.axes.len() + 1].join("/");
            for row in rows.clone() {
                let sample = values.index_axis(ArrayAxis(0), row - rows.start);
                let mut bytes = Vec::with_capacity(sample.len() * size_of::<T>());
                sample.iter().for_each(|value| bytes_of(*value, &mut bytes));
                put_bytes(job, &format!("{}/c/{row}/{zeros}", side.name()), &bytes)?;
            }
        }
        Ok(())
    })
}

/// Names of the axes of a field. An axis that is another one on the other side has the name of the side before its own.
fn dimensions<'a>(field: &'a Field, side: Side, known: &mut Vec<(String, &'a Axis)>) -> Vec<String> {
    let time = usize::from(field.axes.first().is_some_and(|axis| axis.name == "time"));
    let name_of = |(number, axis): (usize, &'a Axis)| {
        let mut name = axis_name(axis, number.wrapping_sub(time));
        match known.iter().find(|(other, _)| *other == name) {
            Some((_, other)) if other.points == axis.points => return name,
            Some(_) => name = format!("{}_{name}", side.name()),
            None => {}
        }
        known.push((name.clone(), axis));
        name
    };
    field.axes.iter().enumerate().map(name_of).collect()
}

fn array<T: Real>(shape: &[usize], chunk: &[usize], names: &[String], attributes: Value) -> Value {
    let kind = if size_of::<T>() == 4 { "float32" } else { "float64" };
    json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": kind,
        "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": chunk } },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": "NaN",
        "codecs": [{ "name": "bytes", "configuration": { "endian": "little" } }],
        "dimension_names": names,
        "attributes": attributes,
    })
}

fn put(job: &Job<'_>, name: &str, document: Value) -> Result<()> {
    put_bytes(job, name, format!("{document:#}").as_bytes())
}

fn put_bytes(job: &Job<'_>, name: &str, bytes: &[u8]) -> Result<()> {
    let path = job.draft.join(name);
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(&path, bytes)).map_err(|error| job.failed(error))
}
