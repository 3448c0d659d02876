//! The header for this library: one JSON text in the attribute `header` of the root group.
//!
//! HDF5 keeps attributes of numbers in object headers, which carry checksums; texts of any length it keeps in a heap that
//! does not. HDF5 2.2 runs into an endless loop when that heap is damaged (a free-space object of size 0, in
//! `H5HG__cache_heap_deserialize`), so texts are written for other programs, and nothing here reads them.

use std::path::Path;

use hdf5::{Group, H5Type};
use hdf5_metno as hdf5;
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};
use sobolev_solvers::{Axis, Field};

use super::damaged;
use super::header::Header;
use super::untimed::new_dataset;
use crate::description::{Compression, Provenance, check_field};
use crate::error::{Error, Result};
use crate::values::{Precision, checksum};

/// Name of the format.
pub(super) const FORMAT: &str = "sobolev";
/// Newest version of the format that is understood.
pub(super) const VERSION: u64 = 1;
/// An object header has 64 KiB; a longer text becomes a data set.
const LONGEST: usize = 60_000;

/// What stays the same in all versions of the format.
#[derive(Serialize, Deserialize)]
struct Version {
    format: String,
    format_version: u64,
}

#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    version: Version,
    equation: String,
    formula: String,
    method: String,
    /// TOML, whose numbers and dates JSON does not have.
    settings: String,
    seed: u64,
    first_sample: u64,
    samples: u64,
    precision: Precision,
    compression: Compression,
    random_generator: String,
    code_version: String,
    input: FieldRecord,
    target: FieldRecord,
    /// First sample and number of samples of the whole data set, in a shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part_of: Option<[u64; 2]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<ParameterRecord>,
}

/// A setting that was drawn for each sample; its values stand in `/parameters`.
#[derive(Serialize, Deserialize)]
struct ParameterRecord {
    name: String,
    /// CRC-32 of the values.
    checksum: u32,
}

#[derive(Serialize, Deserialize)]
struct FieldRecord {
    name: String,
    units: String,
    channels: Vec<String>,
    axes: Vec<AxisRecord>,
}

#[derive(Serialize, Deserialize)]
struct AxisRecord {
    name: String,
    units: String,
    boundary_condition: String,
    points: usize,
    /// CRC-32 of the points, which stand in `/coordinates`.
    checksum: u32,
}

fn record_of(field: &Field) -> FieldRecord {
    let axes = field.axes.iter().map(|axis| AxisRecord {
        name: axis.name.clone(),
        units: axis.units.clone(),
        boundary_condition: axis.boundary.clone(),
        points: axis.points.len(),
        checksum: checksum(&axis.points.to_vec(), f64::to_le_bytes),
    });
    FieldRecord {
        name: field.name.clone(),
        units: field.units.clone(),
        channels: field.channels.clone(),
        axes: axes.collect(),
    }
}

/// Writes the record into the root group.
pub(super) fn write(root: &Group, header: &Header) -> std::result::Result<(), hdf5::Error> {
    let provenance = header.provenance.clone();
    let parameter = |(name, values): &(String, Vec<f64>)| ParameterRecord {
        name: name.clone(),
        checksum: checksum(values, f64::to_le_bytes),
    };
    let record = Record {
        version: Version { format: FORMAT.to_string(), format_version: VERSION },
        equation: provenance.equation,
        formula: provenance.formula,
        method: provenance.method,
        settings: provenance.settings.to_string(),
        seed: provenance.seed,
        first_sample: provenance.samples.start,
        samples: header.count() as u64,
        precision: header.precision,
        compression: header.compression,
        random_generator: provenance.generator,
        code_version: provenance.code_version,
        input: record_of(&header.input),
        target: record_of(&header.target),
        part_of: provenance.part_of.map(|whole| [whole.start, whole.end - whole.start]),
        parameters: header.parameters.iter().map(parameter).collect(),
    };
    let text = serde_json::to_vec(&record).map_err(|error| hdf5::Error::from(error.to_string()))?;
    let bytes = ArrayView1::from(&text);
    if text.len() > LONGEST {
        new_dataset(root)?.with_data(bytes).create("header").map(|_| ())
    } else {
        root.new_attr_builder().with_data(bytes).create("header").map(|_| ())
    }
}

/// Reads the record of a file of `bytes` bytes, and the coordinates it speaks of.
///
/// # Errors
/// [`Error::Foreign`] when the file is of another program, [`Error::NewerFormat`], or [`Error::Damaged`] with the name of
/// what is missing or makes no sense.
pub(super) fn read(path: &Path, file: &hdf5::File, bytes: u64) -> Result<Header> {
    let text = read_text(path, file, bytes)?;
    let no_json = |error: serde_json::Error| Error::damaged(path, format!("header makes no sense ({error})"));
    let version: Version = serde_json::from_slice(&text).map_err(no_json)?;
    if version.format != FORMAT {
        return Err(foreign(path, file));
    }
    if version.format_version > VERSION {
        let version = version.format_version;
        return Err(Error::NewerFormat { path: path.to_path_buf(), version, supported: VERSION });
    }
    let record: Record = serde_json::from_slice(&text).map_err(no_json)?;
    // Each sample has a flag of one byte at least: more samples than bytes is nonsense that must not be allocated.
    let (first, samples) = (record.first_sample, record.samples);
    let range = first..first.checked_add(samples).unwrap_or(first);
    if range.is_empty() || samples > bytes {
        return Err(Error::damaged(path, format!("{samples} samples from number {first} in {bytes} bytes")));
    }
    let part_of = match record.part_of {
        None => None,
        Some([start, count]) => match start.checked_add(count) {
            Some(end) if start <= range.start && range.end <= end => Some(start..end),
            _ => return Err(Error::damaged(path, format!("shard of {count} samples from number {start}"))),
        },
    };
    record.compression.check().map_err(|error| Error::damaged(path, error.to_string()))?;
    Ok(Header {
        provenance: Provenance {
            equation: record.equation,
            formula: record.formula,
            method: record.method,
            settings: toml::from_str(&record.settings).map_err(|error| {
                Error::damaged(path, format!("settings are no TOML ({})", error.message()))
            })?,
            seed: record.seed,
            samples: range,
            part_of,
            generator: record.random_generator,
            code_version: record.code_version,
        },
        precision: record.precision,
        compression: record.compression,
        input: read_field(path, file, "input", record.input)?,
        target: read_field(path, file, "target", record.target)?,
        parameters: read_parameters(path, file, record.parameters, samples as usize)?,
    })
}

fn read_parameters(
    path: &Path,
    file: &hdf5::File,
    records: Vec<ParameterRecord>,
    samples: usize,
) -> Result<Vec<(String, Vec<f64>)>> {
    let read = |ParameterRecord { name, checksum: written }: ParameterRecord| {
        let place = format!("parameters/{name}");
        let values = read_numbers(path, file, &place, &[samples])?;
        if checksum(&values, f64::to_le_bytes) != written {
            return Err(Error::damaged(path, format!("{place} holds other values than were written")));
        }
        Ok((name, values))
    };
    records.into_iter().map(read).collect()
}

fn read_text(path: &Path, file: &hdf5::File, bytes: u64) -> Result<Vec<u8>> {
    let names = file.attr_names().map_err(|error| damaged(path, "the list of attributes", &error))?;
    let text = if names.iter().any(|name| name == "header") {
        file.attr("header").and_then(|attribute| attribute.read_raw::<u8>())
    } else if let Ok(dataset) = file.dataset("header") {
        if dataset.size() as u64 > bytes {
            return Err(Error::damaged(path, format!("header of {} bytes in {bytes} bytes", dataset.size())));
        }
        dataset.read_raw::<u8>()
    } else {
        return Err(foreign(path, file));
    };
    text.map_err(|error| damaged(path, "header", &error))
}

fn read_field(path: &Path, file: &hdf5::File, side: &str, record: FieldRecord) -> Result<Field> {
    let axes = record.axes.into_iter().map(|axis| {
        let place = format!("coordinates/{side}/{}", axis.name);
        let points: Vec<f64> = read_numbers(path, file, &place, &[axis.points])?;
        if checksum(&points, f64::to_le_bytes) != axis.checksum {
            return Err(Error::damaged(path, format!("{place} holds other values than were written")));
        }
        Ok(Axis {
            name: axis.name,
            points: points.into(),
            boundary: axis.boundary_condition,
            units: axis.units,
        })
    });
    let field = Field {
        name: record.name,
        axes: axes.collect::<Result<_>>()?,
        channels: record.channels,
        units: record.units,
    };
    check_field(side, &field).map_err(|error| Error::damaged(path, error.to_string()))?;
    Ok(field)
}

/// The numbers of the data set `name`, which must have the shape `shape`.
///
/// # Errors
/// [`Error::Damaged`] when it is missing or of another shape.
pub(super) fn read_numbers<T: H5Type>(
    path: &Path,
    file: &hdf5::File,
    name: &str,
    shape: &[usize],
) -> Result<Vec<T>> {
    let dataset = file.dataset(name).map_err(|error| damaged(path, name, &error))?;
    if dataset.shape() != shape {
        let what = format!("{name} has shape {:?}, expected {shape:?}", dataset.shape());
        return Err(Error::damaged(path, what));
    }
    dataset.read_raw().map_err(|error| damaged(path, name, &error))
}

/// The error for an HDF5 file without our header: whose it is, by its names.
fn foreign(path: &Path, file: &hdf5::File) -> Error {
    let keys = match file.member_names() {
        Ok(keys) => keys,
        Err(error) => return damaged(path, "the root group", &error),
    };
    let has = |name: &str| keys.iter().any(|key| key == name);
    let four_digits = |key: &String| key.len() == 4 && key.bytes().all(|b| b.is_ascii_digit());
    let matlab =
        || file.datasets().is_ok_and(|all| all.iter().any(|dataset| dataset.attr("MATLAB_class").is_ok()));
    if ["input", "target", "finished", "sample"].into_iter().all(has) {
        return Error::damaged(path, "header is missing");
    }
    let looks_like = if has("tensor") || (has("density") && has("pressure")) || keys.iter().any(four_digits) {
        "it looks like PDEBench"
    } else if has("t0_fields") && has("boundary_conditions") {
        "it looks like The Well"
    } else if matlab() {
        "it looks like MATLAB 7.3: read it as a foreign format"
    } else {
        "it has no header that is ours"
    };
    Error::Foreign { path: path.to_path_buf(), looks_like: looks_like.to_string(), keys }
}
