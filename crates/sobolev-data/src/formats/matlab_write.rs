//! Data sets as the variables of Li et al. 2021 in MATLAB files: `a` and `u` (`coeff` and `sol` for steady equations), samples
//! first and time last, `t`, and `parameter_<setting> [samples, 1]` of settings that were drawn.

use std::fs::File;
use std::io::{BufWriter, Write};

use ndarray::{ArrayD, Axis as ArrayAxis};
use sobolev_tensor::{Error as NumericError, Real};

use super::write::{Evolution, Job, split};
use crate::dataset::Side;
use crate::error::{Error, Result};
use crate::values::Precision;

/// The variables: name, and the side they hold.
fn names(job: &Job<'_>) -> [(&'static str, Side); 2] {
    let moving = Evolution::of(job.data).is_some() || split(job.data.field(Side::Target)).0.is_some();
    let [input, target] = if moving { ["a", "u"] } else { ["coeff", "sol"] };
    [(input, Side::Input), (target, Side::Target)]
}

/// `[samples, space.., channels]` without a single channel, time behind space: `[samples, space.., time, channels]`.
fn arranged<T: Real>(job: &Job<'_>, side: Side, values: ArrayD<T>) -> ArrayD<T> {
    let field = job.data.field(side);
    let mut order: Vec<usize> = (0..values.ndim()).collect();
    if split(field).0.is_some() {
        let time = order.remove(1);
        order.insert(field.axes.len(), time);
    }
    let values = values.permuted_axes(order);
    let last = values.ndim() - 1;
    if values.len_of(ArrayAxis(last)) == 1 { values.index_axis_move(ArrayAxis(last), 0) } else { values }
}

fn times(job: &Job<'_>) -> Option<Vec<f64>> {
    split(job.data.field(Side::Target)).0.map(|axis| axis.points.to_vec())
}

/// The text that a file starts with, 116 bytes, behind which are 8 of an unused offset, the version and the mark of the order
/// of bytes.
fn header(what: &str, version: u16) -> Vec<u8> {
    let text = format!("MATLAB {what} MAT-file, written by sobolev {}", env!("CARGO_PKG_VERSION"));
    let mut bytes = format!("{text:<116}").into_bytes();
    bytes.truncate(116);
    bytes.extend([0; 8]);
    bytes.extend(version.to_le_bytes());
    bytes.extend(b"IM");
    bytes
}

/// Writes a file of level 5. An array must stay below 2 GiB, and all samples of one side are in memory at once.
///
/// # Errors
/// When an array is larger, or the file cannot be written.
pub(super) fn level5(job: &Job<'_>) -> Result<()> {
    match job.data.precision() {
        Precision::F32 => level5_as::<f32>(job, |value, bytes| bytes.extend(value.to_le_bytes())),
        Precision::F64 => level5_as::<f64>(job, |value, bytes| bytes.extend(value.to_le_bytes())),
    }
}

fn too_large(name: &str, bytes: usize) -> Error {
    let expected = "less than 2 GiB, which is what a MATLAB file of level 5 holds";
    let error = NumericError::value(format!("array {name}"), expected, format!("{bytes} bytes"));
    error.with_hint("write matlab-7.3").into()
}

/// Refuses an array of which the shape says already that it is too large, before it is read.
fn check_size<T>(job: &Job<'_>, name: &str, side: Side) -> Result<()> {
    let each: usize = job.data.field(side).shape().iter().product();
    match each.saturating_mul(job.data.len()).saturating_mul(size_of::<T>()) {
        bytes if i32::try_from(bytes).is_ok() => Ok(()),
        bytes => Err(too_large(name, bytes)),
    }
}

fn level5_as<T: Real>(job: &Job<'_>, bytes_of: impl Fn(T, &mut Vec<u8>)) -> Result<()> {
    names(job).into_iter().try_for_each(|(name, side)| check_size::<T>(job, name, side))?;
    let file = File::create(job.draft).map_err(|error| job.failed(error))?;
    let mut file = BufWriter::new(file);
    file.write_all(&header("5.0", 0x0100)).map_err(|error| job.failed(error))?;
    // Class and type of the values: single or double.
    let (class, kind) = if size_of::<T>() == 4 { (7, 7) } else { (6, 9) };
    for (name, side) in names(job) {
        let values = arranged::<T>(job, side, job.read(side, 0..job.data.len())?);
        let shape = values.shape().to_vec();
        let mut bytes = Vec::with_capacity(values.len() * size_of::<T>());
        // The first index runs fastest.
        values.t().iter().for_each(|value| bytes_of(*value, &mut bytes));
        write_variable(job, &mut file, name, &shape, (class, kind), &bytes)?;
    }
    if let Some(times) = times(job) {
        let bytes: Vec<u8> = times.iter().flat_map(|time| time.to_le_bytes()).collect();
        write_variable(job, &mut file, "t", &[1, times.len()], (6, 9), &bytes)?;
    }
    for (name, values) in job.data.parameters() {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        write_variable(job, &mut file, &variable_name(&name), &[values.len(), 1], (6, 9), &bytes)?;
    }
    file.flush().map_err(|error| job.failed(error))
}

/// Name of the variable of a setting that was drawn for each sample: letters, digits and underscores.
fn variable_name(setting: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    format!("parameter_{}", setting.chars().map(plain).collect::<String>())
}

fn write_variable(
    job: &Job<'_>,
    file: &mut impl Write,
    name: &str,
    shape: &[usize],
    (class, kind): (u32, u32),
    bytes: &[u8],
) -> Result<()> {
    let element = |kind: u32, content: &[u8]| {
        let mut element = [kind.to_le_bytes(), (content.len() as u32).to_le_bytes()].concat();
        element.extend(content);
        element.resize(element.len().next_multiple_of(8), 0);
        element
    };
    let mut shape = shape.to_vec();
    // MATLAB knows no array of one axis.
    shape.resize(shape.len().max(2), 1);
    let lengths: Vec<u8> = shape.iter().flat_map(|n| (*n as i32).to_le_bytes()).collect();
    let flags = [class.to_le_bytes(), [0; 4]].concat();
    let mut head = [element(6, &flags), element(5, &lengths), element(1, name.as_bytes())].concat();
    let padding = bytes.len().next_multiple_of(8) - bytes.len();
    let all = head.len() + 8 + bytes.len() + padding;
    if i32::try_from(all).is_err() || shape.iter().any(|n| i32::try_from(*n).is_err()) {
        return Err(too_large(name, all));
    }
    head.extend(kind.to_le_bytes());
    head.extend((bytes.len() as u32).to_le_bytes());
    let tag = [14_u32.to_le_bytes(), (all as u32).to_le_bytes()].concat();
    for part in [&tag, &head, bytes, &[0; 8][..padding]] {
        file.write_all(part).map_err(|error| job.failed(error))?;
    }
    Ok(())
}

/// Writes a file of level 7.3: HDF5 behind 512 bytes, its arrays with their axes reversed, one chunk a sample.
///
/// # Errors
/// When the file cannot be written.
#[cfg(feature = "hdf5")]
pub(super) fn level73(job: &Job<'_>) -> Result<()> {
    match job.data.precision() {
        Precision::F32 => level73_as::<f32>(job, "single")?,
        Precision::F64 => level73_as::<f64>(job, "double")?,
    }
    use std::io::{Seek, SeekFrom};
    let file = File::options().write(true).open(job.draft);
    let write = file.and_then(|mut file| {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header("7.3", 0x0200))
    });
    write.map_err(|error| job.failed(error))
}

#[cfg(feature = "hdf5")]
fn level73_as<T: Real + hdf5_metno::H5Type>(job: &Job<'_>, class: &str) -> Result<()> {
    use super::hdf5_write::{chunked, failed, make, reshaped, write_class};
    make(job, 512, |file| {
        let mut datasets = Vec::new();
        for (name, side) in names(job) {
            let mut shape = arranged::<T>(job, side, job.read(side, 0..1)?).shape().to_vec();
            shape.reverse();
            let chunk = shape.clone();
            if let Some(samples) = shape.last_mut() {
                *samples = job.data.len();
            }
            let dataset = chunked::<T>(file, name, &shape, chunk).and_then(|dataset| {
                write_class(&dataset, "MATLAB_class", class)?;
                Ok(dataset)
            });
            datasets.push((side, dataset.map_err(|error| failed(job, &error))?));
        }
        if let Some(times) = times(job) {
            let times = reshaped(times.clone(), &[times.len(), 1])?;
            let dataset = file.new_dataset_builder().with_data(&times).create("t");
            let written = dataset.and_then(|dataset| write_class(&dataset, "MATLAB_class", "double"));
            written.map_err(|error| failed(job, &error))?;
        }
        for (name, values) in job.data.parameters() {
            let shape = [1, values.len()];
            let values = reshaped(values, &shape)?;
            let dataset = file.new_dataset_builder().with_data(&values).create(&*variable_name(&name));
            let written = dataset.and_then(|dataset| write_class(&dataset, "MATLAB_class", "double"));
            written.map_err(|error| failed(job, &error))?;
        }
        job.blocks(|rows| {
            for (side, dataset) in &datasets {
                let values = arranged::<T>(job, *side, job.read(*side, rows.clone())?).reversed_axes();
                let mut part = vec![hdf5_metno::SliceOrIndex::from(..); values.ndim()];
                if let Some(samples) = part.last_mut() {
                    *samples = rows.clone().into();
                }
                let values = values.as_standard_layout();
                let written = dataset.write_slice(values.view(), hdf5_metno::Hyperslab::from(part));
                written.map_err(|error| failed(job, &error))?;
            }
            Ok(())
        })
    })
}
