//! Data sets as neuraloperator keeps them: a dictionary of tensors `x` and `y`.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};

use sobolev_tensor::Real;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::dataset::Side;
use crate::error::Result;
use crate::formats::write::{Job, split};
use crate::values::Precision;

/// Writes `{"x": input, "y": target}`, channels behind the samples (and times), a single channel without its axis;
/// `parameter_<setting> [samples]` of settings that were drawn for each sample.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(job: &Job<'_>) -> Result<()> {
    match job.data.precision() {
        Precision::F32 => {
            write_as::<f32>(job, "FloatStorage", |value, bytes| bytes.extend(value.to_le_bytes()))
        }
        Precision::F64 => {
            write_as::<f64>(job, "DoubleStorage", |value, bytes| bytes.extend(value.to_le_bytes()))
        }
    }
}

fn write_as<T: Real>(job: &Job<'_>, storage: &str, bytes_of: impl Fn(T, &mut Vec<u8>)) -> Result<()> {
    let shapes = [Side::Input, Side::Target].map(|side| shape(job, side));
    let file = File::create(job.draft).map_err(|error| job.failed(error))?;
    let mut archive = ZipWriter::new(BufWriter::new(file));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .with_alignment(64)
        .large_file(true);
    let mut member = |name: &str, bytes: &[u8]| -> Result<()> {
        archive.start_file(format!("archive/{name}"), options).map_err(|error| job.failed(error))?;
        archive.write_all(bytes).map_err(|error| job.failed(error))
    };
    let drawn = job.data.parameters();
    let mut tensors: Vec<(String, &str, Vec<usize>)> =
        ["x", "y"].into_iter().zip(shapes).map(|(name, shape)| (name.to_string(), storage, shape)).collect();
    for (name, values) in &drawn {
        tensors.push((format!("parameter_{name}"), "DoubleStorage", vec![values.len()]));
    }
    member("data.pkl", &pickle(&tensors))?;
    member("byteorder", b"little")?;
    member("version", b"3\n")?;
    for (key, side) in [Side::Input, Side::Target].into_iter().enumerate() {
        archive.start_file(format!("archive/data/{key}"), options).map_err(|error| job.failed(error))?;
        job.blocks(|rows| {
            let values = job.read::<T>(side, rows)?;
            let mut order: Vec<usize> = (0..values.ndim()).collect();
            let channel = order.pop().unwrap_or(0);
            order.insert(1 + usize::from(split(job.data.field(side)).0.is_some()), channel);
            let mut bytes = Vec::with_capacity(values.len() * size_of::<T>());
            values.permuted_axes(order).iter().for_each(|value| bytes_of(*value, &mut bytes));
            archive.write_all(&bytes).map_err(|error| job.failed(error))
        })?;
    }
    for (number, (_, values)) in drawn.iter().enumerate() {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let name = format!("archive/data/{}", 2 + number);
        archive.start_file(name, options).map_err(|error| job.failed(error))?;
        archive.write_all(&bytes).map_err(|error| job.failed(error))?;
    }
    let mut file = archive.finish().map_err(|error| job.failed(error))?;
    file.flush().and_then(|()| file.stream_position().map(|_| ())).map_err(|error| job.failed(error))
}

/// Shape of the tensor of one side.
fn shape(job: &Job<'_>, side: Side) -> Vec<usize> {
    let field = job.data.field(side);
    let (time, space) = split(field);
    let channels = Some(field.channels.len()).filter(|count| *count > 1);
    let times = time.map(|axis| axis.points.len());
    let lengths = space.into_iter().map(|axis| axis.points.len());
    [job.data.len()].into_iter().chain(times).chain(channels).chain(lengths).collect()
}

/// The pickle (protocol 2) of the dictionary, with the names that `torch.load(weights_only=True)` allows.
fn pickle(tensors: &[(String, &str, Vec<usize>)]) -> Vec<u8> {
    let mut bytes = b"\x80\x02}(".to_vec();
    for (key, (name, storage, shape)) in tensors.iter().enumerate() {
        text(&mut bytes, name);
        bytes.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut bytes, "storage");
        bytes.extend(format!("ctorch\n{storage}\n").bytes());
        text(&mut bytes, &key.to_string());
        text(&mut bytes, "cpu");
        number(&mut bytes, shape.iter().product());
        // The description of the storage ends; offset, shape and strides follow.
        bytes.extend(b"tQ");
        number(&mut bytes, 0);
        tuple(&mut bytes, shape);
        let strides: Vec<usize> = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
        tuple(&mut bytes, &strides);
        bytes.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    }
    bytes.extend(b"u.");
    bytes
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(b'X');
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.bytes());
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    // A whole number of eight bytes, of which the last one holds the sign.
    bytes.extend([0x8a, 8]);
    bytes.extend((number as u64).to_le_bytes());
}

fn tuple(bytes: &mut Vec<u8>, numbers: &[usize]) {
    bytes.push(b'(');
    numbers.iter().for_each(|n| number(bytes, *n));
    bytes.push(b't');
}
