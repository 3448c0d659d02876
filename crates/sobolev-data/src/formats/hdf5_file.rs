//! What all layouts within HDF5 need: rows of arrays, coordinates and attributes, none of them trusted.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use hdf5::types::{FixedAscii, FixedUnicode, FloatSize, IntSize, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5_metno as hdf5;
use ndarray::IxDyn;
use sobolev_solvers::Axis;
use sobolev_tensor::Real;

use crate::draft::{Lock, lock_file};
use crate::error::{Error, Result};
use crate::file::{LOCKED_BY_HDF5, damaged, open_error, slab};
use crate::signature::Head;
use crate::values::{Precision, Values, bytes_of};

/// Numbers that an attribute or a list of coordinates may have at most to be read.
const LONGEST: usize = 1 << 20;
/// gzip reaches 1032 to 1 at most: a shape beyond that is a lie that must not be allocated.
const LARGEST_RATIO: u64 = 1040;

/// Opens a file to read it, unless somebody writes to it. HDF5 opens a file twice in one program only with equal flags, so
/// they are those of our own data sets.
///
/// # Errors
/// When it is missing, locked, cut or damaged.
pub(super) fn open(path: &Path) -> Result<hdf5::File> {
    Head::read(path)?.check_hdf5(path)?;
    let _writers_wait = lock_file(path, Lock::Reader)?;
    hdf5::File::with_options()
        .with_fapl(|access| access.file_locking(LOCKED_BY_HDF5))
        .open_as(path, hdf5::OpenMode::Read)
        .map_err(|error| open_error(path, &error))
}

/// Names at the root of a file; none when it cannot be read, which whoever opens it will tell.
pub(super) fn root_names<'a>(path: &Path, head: &'a Head) -> &'a [String] {
    if head.hdf5.is_none() {
        return &[];
    }
    head.names.get_or_init(|| open(path).and_then(|file| names(path, &file)).unwrap_or_default())
}

/// Names in a group, sorted.
///
/// # Errors
/// When the group is damaged.
pub(super) fn names(path: &Path, group: &hdf5::Group) -> Result<Vec<String>> {
    let mut names = group.member_names().map_err(|e| damaged(path, &group.name(), &e))?;
    names.sort();
    Ok(names)
}

/// Name of the type of an array of real numbers; nothing for other arrays.
pub(super) fn kind(dataset: &hdf5::Container) -> Option<String> {
    let bits = |size: IntSize| 8 * (size as usize);
    match dataset.dtype().ok()?.to_descriptor().ok()? {
        TypeDescriptor::Integer(size) => Some(format!("int{}", bits(size))),
        TypeDescriptor::Unsigned(size) => Some(format!("uint{}", bits(size))),
        TypeDescriptor::Float(FloatSize::U4) => Some("float32".to_string()),
        TypeDescriptor::Float(FloatSize::U8) => Some("float64".to_string()),
        TypeDescriptor::Boolean => Some("bool".to_string()),
        _ => None,
    }
}

/// An array of the file, whose shape the bytes of the file allow.
///
/// # Errors
/// When it is missing or damaged.
pub(super) fn dataset(path: &Path, group: &hdf5::Group, name: &str) -> Result<hdf5::Dataset> {
    let what = || format!("variable {name}");
    let dataset = group.dataset(name).map_err(|e| damaged(path, &what(), &e))?;
    let bytes = std::fs::metadata(path).map_err(|source| Error::io(path, "read", source))?.len();
    let stored = dataset.shape();
    let each = dataset.dtype().map_err(|e| damaged(path, &what(), &e))?.size();
    let possible = bytes_of(&stored, each).is_some_and(|all| all as u64 / LARGEST_RATIO <= bytes);
    if !possible || bytes_of(&stored, size_of::<f64>()).is_none() {
        let what = format!("{} has shape {stored:?} in a file of {bytes} bytes", what());
        return Err(Error::damaged(path, what));
    }
    // A chunk is decompressed as a whole, however few of its values are wanted.
    let chunk = dataset.chunk().unwrap_or_default();
    let fits = bytes_of(&chunk, each).is_some_and(|all| all as u64 / LARGEST_RATIO <= bytes.max(1 << 20));
    if !fits {
        return Err(Error::damaged(path, format!("{} has chunks of {chunk:?}", what())));
    }
    Ok(dataset)
}

/// Rows of an array along its first axis.
///
/// # Errors
/// When they cannot be read.
pub(super) fn rows(
    path: &Path,
    dataset: &hdf5::Dataset,
    rows: Range<usize>,
    precision: Precision,
) -> Result<Values> {
    match precision {
        Precision::F32 => rows_as::<f32>(path, dataset, rows),
        Precision::F64 => rows_as::<f64>(path, dataset, rows),
    }
}

fn rows_as<T: Real + hdf5::H5Type>(
    path: &Path,
    dataset: &hdf5::Dataset,
    rows: Range<usize>,
) -> Result<Values> {
    let failed = |error: hdf5::Error| damaged(path, &format!("variable {}", dataset.name()), &error);
    let rank = dataset.ndim();
    let read =
        if rank == 0 { dataset.read_dyn::<T>() } else { dataset.read_slice::<T, _, IxDyn>(slab(rows, rank)) };
    Ok(Values::from_array(read.map_err(failed)?))
}

/// The numbers of a short list, of a longer array its first row along all but the last axis.
pub(super) fn list(path: &Path, group: &hdf5::Group, name: &str) -> Option<Vec<f64>> {
    let dataset = dataset(path, group, name).ok()?;
    kind(&dataset)?;
    let shape = dataset.shape();
    if shape.last().is_some_and(|last| *last > LONGEST) || shape.contains(&0) {
        return None;
    }
    let mut selection = vec![hdf5::SliceOrIndex::from(0); shape.len()];
    *selection.last_mut()? = hdf5::SliceOrIndex::from(..);
    let numbers = dataset.read_slice::<f64, _, IxDyn>(hdf5::Hyperslab::from(selection)).ok()?;
    let numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.iter().all(|number| number.is_finite()).then_some(numbers)
}

/// An axis with the points of the file, or, where it has none that fit, the centres of equal cells of the unit interval.
pub(super) fn axis(name: &str, points: Option<Vec<f64>>, length: usize, boundary: &str) -> Axis {
    let points = points.filter(|points| points.len() == length);
    let centre = |i: usize| (i as f64 + 0.5) / length as f64;
    Axis {
        name: name.to_string(),
        points: points.unwrap_or_else(|| (0..length).map(centre).collect()).into(),
        boundary: boundary.to_string(),
        units: "unknown".to_string(),
    }
}

/// The axis of time with `frames` points; files may list one time more than there are frames.
pub(super) fn time_axis(points: Option<Vec<f64>>, frames: usize) -> Axis {
    let known = points.filter(|points| points.len() >= frames).map(|mut points| {
        points.truncate(frames);
        points
    });
    let points = known.unwrap_or_else(|| (0..frames).map(|frame| frame as f64).collect());
    Axis { boundary: "none".to_string(), ..axis("time", Some(points), frames, "none") }
}

/// Whether HDF5 may read texts of the file. It keeps texts in heaps without checksums and runs into an endless loop when the
/// size of a free space in one is damaged to zero, so the heaps are walked first. Programs write attributes early: the first
/// 64 MiB are looked at.
pub(super) fn texts_are_sound(path: &Path) -> bool {
    const LOOK: u64 = 64 << 20;
    let mut bytes = Vec::new();
    if File::open(path).and_then(|file| file.take(LOOK).read_to_end(&mut bytes)).is_err() {
        return false;
    }
    let word = |at: usize| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let heaps = bytes.windows(4).enumerate().step_by(8).filter(|(_, signature)| *signature == b"GCOL");
    // A heap starts at a multiple of 8 bytes.
    for (start, _) in heaps {
        let Some(size) = word(start + 8) else { return false };
        let Some(end) = usize::try_from(size).ok().and_then(|size| start.checked_add(size)) else {
            return false;
        };
        let mut at = start + 16;
        while at + 16 <= end {
            let (Some(head), Some(size)) = (word(at), word(at + 8)) else { return false };
            let free = head & 0xFFFF == 0;
            // Free space counts its own header, an object does not.
            let step = if free { size } else { size.next_multiple_of(8).saturating_add(16) };
            match usize::try_from(step).ok().and_then(|step| at.checked_add(step)) {
                Some(next) if next <= end && step >= 16 => at = next,
                _ => return false,
            }
        }
    }
    true
}

/// A text, or the first of several.
pub(super) fn text(location: &hdf5::Location, name: &str) -> Option<String> {
    texts(location, name).and_then(|texts| texts.into_iter().next())
}

/// The texts of an attribute. Ask [`texts_are_sound`] before.
pub(super) fn texts(location: &hdf5::Location, name: &str) -> Option<Vec<String>> {
    let attribute = location.attr(name).ok()?;
    if attribute.size() > 1000 {
        return None;
    }
    match attribute.dtype().ok()?.to_descriptor().ok()? {
        TypeDescriptor::VarLenUnicode => {
            let texts = attribute.read_raw::<VarLenUnicode>().ok()?;
            Some(texts.iter().map(|text| text.as_str().to_string()).collect())
        }
        TypeDescriptor::VarLenAscii => {
            let texts = attribute.read_raw::<VarLenAscii>().ok()?;
            Some(texts.iter().map(|text| text.as_str().to_string()).collect())
        }
        TypeDescriptor::FixedAscii(size) if size <= 256 => {
            let texts = attribute.read_raw::<FixedAscii<256>>().ok()?;
            Some(texts.iter().map(|text| text.as_str().to_string()).collect())
        }
        TypeDescriptor::FixedUnicode(size) if size <= 256 => {
            let texts = attribute.read_raw::<FixedUnicode<256>>().ok()?;
            Some(texts.iter().map(|text| text.as_str().to_string()).collect())
        }
        _ => None,
    }
}

/// Attributes of a group as texts: numbers, short lists of numbers, and texts where they are sound.
pub(super) fn attributes(path: &Path, location: &hdf5::Location) -> Vec<(String, String)> {
    let sound = texts_are_sound(path);
    let mut names = location.attr_names().unwrap_or_default();
    names.sort();
    let value = |name: &String| {
        let attribute = location.attr(name).ok()?;
        if attribute.size() > 100 {
            return None;
        }
        if kind(&attribute).is_some() {
            let numbers = attribute.read_raw::<f64>().ok()?;
            return Some(numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(", "));
        }
        if sound { texts(location, name).map(|texts| texts.join(", ")) } else { None }
    };
    names.iter().filter_map(|name| Some((name.clone(), value(name)?))).collect()
}
