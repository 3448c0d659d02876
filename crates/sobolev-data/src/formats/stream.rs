//! Files of other programs whose samples stay where they are until they are read.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sobolev_solvers::Field;

use super::{Array, Contents, FormatEntry, ReadOptions, arrays, assembly, recognise};
use crate::dataset::{About, Dataset, Side, Storage};
use crate::description::{Compression, plain_field};
use crate::error::Result;
use crate::values::{Values, bytes_of};

/// A file, and how its rows become samples.
#[derive(Debug)]
pub(crate) struct Stream {
    path: PathBuf,
    options: ReadOptions,
    /// Rows of the file that are the samples.
    rows: Range<usize>,
    attributes: Vec<(String, String)>,
    how: How,
}

#[derive(Debug)]
enum How {
    /// The format says what its axes are.
    Said { entry: &'static FormatEntry, contents: Contents },
    /// An array for each side.
    Chosen(Box<[Array; 2]>),
}

impl Stream {
    /// The file, when it is of a format whose rows can be read without the others; none of this library.
    ///
    /// # Errors
    /// When the file cannot be read, is of no known format, or does not hold what the options ask for.
    pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Option<Self>> {
        let entry = recognise(path)?;
        if !streams(entry, path) {
            return Ok(None);
        }
        let contents = (entry.contents)(path)?;
        let attributes = contents.attributes.clone();
        let (how, count) = if options.target_path.is_none() && contents.says_axes() {
            let count = assembly::count(path, &contents, options)?;
            (How::Said { entry, contents }, count)
        } else {
            let arrays = arrays(path, entry, contents, options)?;
            let [input, target] = &arrays;
            if !streams(target.entry, &target.path) || input.shape[0] != target.shape[0] {
                // What does not fit is told by the reader of whole files.
                return Ok(None);
            }
            let count = input.shape[0];
            (How::Chosen(Box::new(arrays)), count)
        };
        if count == 0 {
            // As is an empty one.
            return Ok(None);
        }
        let rows = options.rows(count)?;
        Ok(Some(Self { path: path.to_path_buf(), options: options.clone(), rows, attributes, how }))
    }

    /// A data set that reads the file.
    ///
    /// # Errors
    /// When there are no samples, or the first one cannot be read.
    pub(super) fn into_dataset(self) -> Result<Dataset> {
        let count = self.rows.len();
        let fields = [self.field(Side::Input)?, self.field(Side::Target)?];
        // Shapes and values are checked as those of a data set in memory are.
        let first = 0..count.min(1);
        let [input, target] = [self.read(Side::Input, first.clone())?, self.read(Side::Target, first)?];
        Dataset::from_values(input, target, None)?.with_fields(fields[0].clone(), fields[1].clone())?;
        let each = self.options.precision.bytes();
        let bytes =
            |field: &Field| bytes_of(&[&[count], &field.shape()[..]].concat(), each).unwrap_or(usize::MAX);
        let about = About {
            path: Some(self.path.clone()),
            bytes: fields.iter().map(|field| bytes(field) as u64).fold(0, u64::saturating_add),
            precision: self.options.precision,
            compression: Compression::None,
            provenance: None,
            total: count,
            finished: count,
            residuals: Vec::new(),
            numbers: Vec::new(),
            parameters: Vec::new(),
            attributes: self.attributes.clone(),
        };
        Ok(Dataset::new(Storage::Stream(Box::new(self)), about, (0..count).collect(), fields))
    }

    fn field(&self, side: Side) -> Result<Field> {
        match &self.how {
            How::Said { entry, contents } => {
                assembly::field(&self.path, entry, contents, &self.options, side)
            }
            How::Chosen(arrays) => Ok(plain_field(side.name(), &arrays[side as usize].shape[1..])),
        }
    }

    /// One side of the samples `rows`.
    ///
    /// # Errors
    /// When the file cannot be read there, or a value is not finite.
    pub(crate) fn read(&self, side: Side, rows: Range<usize>) -> Result<Values> {
        let rows = self.rows.start + rows.start..self.rows.start + rows.end;
        match &self.how {
            How::Said { entry, contents } => {
                let options = self.options.clone().with_samples(rows);
                assembly::read_side(&self.path, entry, contents, &options, side)
            }
            How::Chosen(arrays) => arrays[side as usize].load(self.options.precision, rows),
        }
    }
}

/// Whether the rows of a file are read without the others; those of MATLAB lie apart, one value of each beside the other.
fn streams(entry: &FormatEntry, path: &Path) -> bool {
    let ours = entry.name == "sobolev";
    #[cfg(feature = "hdf5")]
    let apart = entry.name == super::tables::MATLAB73.name;
    #[cfg(not(feature = "hdf5"))]
    let apart = false;
    !ours && !apart && (entry.by_rows)(path)
}
