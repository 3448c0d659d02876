//! Data sets: pairs of fields on grids, in memory or in a file, and the parts of them that one trains and tests on.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use rayon::prelude::*;
use sobolev_nn::{SampleSource, SourceError};
use sobolev_solvers::Field;
use sobolev_tensor::{Error as NumericError, Random, Real};

use crate::description::{Compression, Provenance, check_field, plain_field};
use crate::error::{Error, Result};
#[cfg(feature = "hdf5")]
use crate::file::DataFile;
use crate::formats::Stream;
use crate::values::{Numbers, Precision, Values};
use crate::view::View;

/// Values read from a file at once.
const READ: usize = 1 << 21;

/// One of the two fields of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the operator is given.
    Input = 0,
    /// What it should answer.
    Target = 1,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Target => "target",
        }
    }
}

/// Where the samples lie.
#[derive(Debug)]
pub(crate) enum Storage {
    Memory {
        input: Values,
        target: Values,
    },
    #[cfg(feature = "hdf5")]
    File(Box<DataFile>),
    /// A file of another program.
    Stream(Box<Stream>),
}

/// What is known of the whole storage, whichever part of it a data set shows.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) path: Option<PathBuf>,
    pub(crate) bytes: u64,
    pub(crate) precision: Precision,
    pub(crate) compression: Compression,
    pub(crate) provenance: Option<Provenance>,
    /// Samples that the storage has room for, and those that are finished.
    pub(crate) total: usize,
    pub(crate) finished: usize,
    /// Residual and number under the seed of each stored sample, or none at all.
    pub(crate) residuals: Vec<f64>,
    pub(crate) numbers: Vec<u64>,
    /// Settings that were drawn for each stored sample.
    pub(crate) parameters: Vec<(String, Vec<f64>)>,
    /// What the file of another program says of the equation and its parameters.
    pub(crate) attributes: Vec<(String, String)>,
}

/// Samples, each an input and a target field on a grid; in a file (read when asked for) or in memory.
///
/// A `Dataset` shows some samples of its storage in some order, at all or at every r-th of its grid points. Parts are
/// cheap: they share the storage. Reading gives arrays `[batch, space.., channels]`.
///
/// ```
/// use ndarray::{Array, IxDyn};
/// use sobolev_data::Dataset;
/// let input = Array::from_shape_fn(IxDyn(&[10, 9, 1]), |i| (i[0] + i[1]) as f32);
/// let target = input.mapv(|x| x * x);
/// let data = Dataset::from_arrays(input, target)?;
/// let (train, test) = data.shuffled(7).split_at(8)?;
/// let coarse = test.subsample(2)?;
/// let (x, y) = coarse.read_range::<f32>(0..2)?;
/// assert_eq!((train.len(), x.shape(), y.shape()), (8, &[2, 5, 1][..], &[2, 5, 1][..]));
/// # Ok::<(), sobolev_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    storage: Arc<Storage>,
    about: Arc<About>,
    rows: Vec<usize>,
    input: View,
    target: View,
}

impl Dataset {
    /// The samples of two arrays `[samples, space.., channels]`, which are kept as they are. Their axes are called
    /// `x1..` with points from 0 to 1; [`with_fields`](Self::with_fields) says more of them.
    ///
    /// # Errors
    /// When an array has the wrong rank, an empty axis or values that are not finite, or their numbers of samples differ.
    pub fn from_arrays<T: Real>(input: ArrayD<T>, target: ArrayD<T>) -> Result<Self> {
        let (input, target) = (Values::from_array(input), Values::from_array(target));
        input.check_finite("input")?;
        target.check_finite("target")?;
        Self::from_values(input, target, None)
    }

    /// [`from_arrays`](Self::from_arrays) of finite values.
    pub(crate) fn from_values(input: Values, target: Values, path: Option<&Path>) -> Result<Self> {
        input.check_shape("input")?;
        target.check_shape("target")?;
        let samples = input.shape[0];
        if target.shape[0] != samples {
            let expected = format!("{samples} samples as in the input");
            return Err(NumericError::shape("target", expected, &target.shape).into());
        }
        let about = About {
            path: path.map(Path::to_path_buf),
            bytes: [&input, &target]
                .map(|v| (v.numbers.len() * v.numbers.precision().bytes()) as u64)
                .iter()
                .sum(),
            precision: input.numbers.precision(),
            compression: Compression::None,
            provenance: None,
            total: samples,
            finished: samples,
            residuals: Vec::new(),
            numbers: Vec::new(),
            parameters: Vec::new(),
            attributes: Vec::new(),
        };
        let fields = [plain_field("input", &input.shape[1..]), plain_field("target", &target.shape[1..])];
        Ok(Self::new(Storage::Memory { input, target }, about, (0..samples).collect(), fields))
    }

    pub(crate) fn new(storage: Storage, about: About, rows: Vec<usize>, fields: [Field; 2]) -> Self {
        let [input, target] = fields.map(View::whole);
        Self { storage: Arc::new(storage), about: Arc::new(about), rows, input, target }
    }

    /// Opens a file that [`generate`](crate::generate) wrote. Its samples stay in the file until they are read.
    ///
    /// # Errors
    /// When the file is missing, no HDF5, truncated, damaged, of another program, or unfinished: each is told apart.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let data = Self::open_finished(path)?;
        match (0..data.about.total).find(|row| data.rows.get(*row) != Some(row)) {
            None => Ok(data),
            Some(first) => Err(Error::Unfinished {
                path: path.to_path_buf(),
                first,
                finished: data.about.finished,
                total: data.about.total,
            }),
        }
    }

    /// Opens the finished samples of a file whose generation may have been interrupted; see [`open`](Self::open).
    ///
    /// # Errors
    /// As for [`open`](Self::open), except that the file may be unfinished.
    #[cfg(feature = "hdf5")]
    pub fn open_finished(path: impl AsRef<Path>) -> Result<Self> {
        DataFile::open(path.as_ref())?.into_dataset()
    }

    /// Opens the finished samples of a file; this build cannot, because its feature `hdf5` is off.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "hdf5"))]
    pub fn open_finished(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        std::fs::File::open(path).map_err(|source| Error::io(path, "open", source))?;
        Err(Error::unsupported(path, crate::signature::WITHOUT_HDF5))
    }

    /// The same samples with axes, channels and units that say what they are.
    ///
    /// # Errors
    /// When a field does not have the shape of the samples.
    pub fn with_fields(mut self, input: Field, target: Field) -> Result<Self> {
        for (side, view, field) in
            [("input field", &mut self.input, input), ("target field", &mut self.target, target)]
        {
            check_field(side, &field)?;
            if field.shape() != view.shape() {
                return Err(NumericError::shape(side, format!("{:?}", view.shape()), &field.shape()).into());
            }
            view.field = field;
        }
        Ok(self)
    }

    pub(crate) fn with_attributes(mut self, attributes: Vec<(String, String)>) -> Self {
        self.about = Arc::new(About { attributes, ..(*self.about).clone() });
        self
    }

    /// Whether the grids are those of the storage.
    #[cfg(feature = "hdf5")]
    pub(crate) fn shows_all_points(&self) -> bool {
        self.input.is_whole() && self.target.is_whole()
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The field of one side: its axes with their points, its channels and units.
    pub fn field(&self, side: Side) -> &Field {
        &self.view(side).field
    }

    /// Precision in which the values are stored.
    pub fn precision(&self) -> Precision {
        self.about.precision
    }

    /// Where the samples come from; nothing for data of other programs.
    pub fn provenance(&self) -> Option<&Provenance> {
        self.about.provenance.as_ref()
    }

    /// Relative residual or estimated error of each target, when the data set holds them.
    pub fn residuals(&self) -> Option<Vec<f64>> {
        self.of_rows(&self.about.residuals)
    }

    /// Number of each sample under the seed it was made from, when the data set was generated.
    pub fn sample_numbers(&self) -> Option<Vec<u64>> {
        self.of_rows(&self.about.numbers)
    }

    /// The settings that were drawn for each sample, by their names (such as `viscosity`), with a value for each sample.
    pub fn parameters(&self) -> Vec<(String, Vec<f64>)> {
        let of_rows = |(name, stored): &(String, Vec<f64>)| {
            (name.clone(), self.rows.iter().map(|&row| stored[row]).collect())
        };
        self.about.parameters.iter().map(of_rows).collect()
    }

    fn of_rows<T: Copy>(&self, stored: &[T]) -> Option<Vec<T>> {
        (!stored.is_empty()).then(|| self.rows.iter().map(|&row| stored[row]).collect())
    }

    pub(crate) fn about(&self) -> &About {
        &self.about
    }

    fn view(&self, side: Side) -> &View {
        match side {
            Side::Input => &self.input,
            Side::Target => &self.target,
        }
    }

    /// The samples of `indices`, in that order.
    ///
    /// # Errors
    /// When an index is out of range.
    pub fn select(&self, indices: &[usize]) -> Result<Self> {
        self.check_indices(indices)?;
        let rows = indices.iter().map(|&i| self.rows[i]).collect();
        Ok(Self { rows, ..self.clone() })
    }

    /// The first `count` samples, and the others: training and test set.
    ///
    /// # Errors
    /// When one of them would be empty.
    pub fn split_at(&self, count: usize) -> Result<(Self, Self)> {
        if count == 0 || count >= self.len() {
            let expected = format!("1 to {} of {} samples", self.len().saturating_sub(1), self.len());
            return Err(NumericError::value("split", expected, count).into());
        }
        let (first, rest) = self.rows.split_at(count);
        Ok((Self { rows: first.to_vec(), ..self.clone() }, Self { rows: rest.to_vec(), ..self.clone() }))
    }

    /// [`split_at`](Self::split_at) the sample nearest to `fraction` of all, at least one on each side.
    ///
    /// # Errors
    /// When the fraction is not between 0 and 1, or there are fewer than two samples.
    pub fn split_fraction(&self, fraction: f64) -> Result<(Self, Self)> {
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(NumericError::value("split fraction", "between 0 and 1", fraction).into());
        }
        let count = (fraction * self.len() as f64).round() as usize;
        self.split_at(count.clamp(1, self.len().saturating_sub(1).max(1)))
    }

    /// The same samples in an order that depends on `seed` alone.
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        let order = Random::new(seed, "split").stream(0).permutation(self.len());
        Self { rows: order.iter().map(|&i| self.rows[i]).collect(), ..self.clone() }
    }

    /// Every `stride`-th point of all axes except `time`, on both sides; coordinates follow.
    ///
    /// # Errors
    /// When the stride does not fit an axis; the error lists the strides that do.
    pub fn subsample(&self, stride: usize) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        for axis in self.input.field.axes.iter().chain(&self.target.field.axes) {
            if axis.name != "time" && !names.contains(&axis.name) {
                names.push(axis.name.clone());
            }
        }
        names.iter().try_fold(self.clone(), |data, name| data.subsample_axis(name, stride))
    }

    /// Every `stride`-th point of the axis `name`, on both sides where they have it.
    ///
    /// # Errors
    /// When there is no such axis, or the stride does not fit it; the error lists the strides that do.
    pub fn subsample_axis(&self, name: &str, stride: usize) -> Result<Self> {
        let mut part = self.clone();
        if !(part.input.has_axis(name) || part.target.has_axis(name)) {
            let axes = self.input.field.axes.iter().chain(&self.target.field.axes);
            let names: BTreeSet<&str> = axes.map(|axis| axis.name.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            return Err(NumericError::unknown_name("axis", &names, name).into());
        }
        part.input.subsample(name, stride)?;
        part.target.subsample(name, stride)?;
        Ok(part)
    }

    /// Inputs and targets of `indices`, two arrays `[batch, space.., channels]`.
    ///
    /// # Errors
    /// When an index is out of range or the file cannot be read.
    pub fn read<T: Real>(&self, indices: &[usize]) -> Result<(ArrayD<T>, ArrayD<T>)> {
        Ok((self.read_side(Side::Input, indices)?, self.read_side(Side::Target, indices)?))
    }

    /// Inputs and targets of the samples `range`; see [`read`](Self::read).
    ///
    /// # Errors
    /// When the range reaches past the end or the file cannot be read.
    pub fn read_range<T: Real>(&self, range: Range<usize>) -> Result<(ArrayD<T>, ArrayD<T>)> {
        self.read(&range.collect::<Vec<_>>())
    }

    /// One side of the samples of `indices`, `[batch, space.., channels]`.
    ///
    /// # Errors
    /// When an index is out of range or the file cannot be read.
    pub fn read_side<T: Real>(&self, side: Side, indices: &[usize]) -> Result<ArrayD<T>> {
        self.check_indices(indices)?;
        let view = self.view(side);
        let mut values = vec![T::zero(); indices.len() * view.len()];
        self.fill(side, indices, &mut values)?;
        let shape: Vec<usize> = [indices.len()].into_iter().chain(view.shape()).collect();
        Ok(ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(|error| {
            NumericError::shape(side.name(), format!("an array that ndarray takes ({error})"), &shape)
        })?)
    }

    /// The same samples in memory, in the precision they are stored in: worth it when they are read more than once and
    /// fit. Samples and grid points that are not shown are left behind.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn to_memory(&self) -> Result<Self> {
        let all: Vec<usize> = (0..self.len()).collect();
        let load = |side: Side| -> Result<Values> {
            Ok(match self.about.precision {
                Precision::F32 => Values::from_array(self.read_side::<f32>(side, &all)?),
                Precision::F64 => Values::from_array(self.read_side::<f64>(side, &all)?),
            })
        };
        let storage = Storage::Memory { input: load(Side::Input)?, target: load(Side::Target)? };
        let about = About {
            total: self.len(),
            finished: self.len(),
            residuals: self.residuals().unwrap_or_default(),
            numbers: self.sample_numbers().unwrap_or_default(),
            parameters: self.parameters(),
            ..(*self.about).clone()
        };
        let fields = [self.input.field.clone(), self.target.field.clone()];
        Ok(Self::new(storage, about, all, fields))
    }

    fn check_indices(&self, indices: &[usize]) -> Result<()> {
        match indices.iter().find(|&&i| i >= self.len()) {
            None => Ok(()),
            Some(i) => Err(NumericError::value("sample index", format!("below {}", self.len()), i).into()),
        }
    }

    /// Fills `out` with one side of the samples of `indices`, which are in range.
    fn fill<T: Real>(&self, side: Side, indices: &[usize], out: &mut [T]) -> Result<()> {
        let view = self.view(side);
        match &*self.storage {
            Storage::Memory { input, target } => {
                let values = if side == Side::Input { input } else { target };
                out.par_chunks_mut(view.len()).zip(indices).for_each(|(out, &i)| {
                    view.copy(&values.numbers, self.rows[i] * view.stored_len(), out);
                });
                Ok(())
            }
            #[cfg(feature = "hdf5")]
            Storage::File(file) => self.fill_by_runs(side, indices, out, |rows| file.read(side, rows)),
            Storage::Stream(file) => {
                self.fill_by_runs(side, indices, out, |rows| Ok(file.read(side, rows)?.numbers))
            }
        }
    }

    /// Fills `out` from a file: neighbouring rows are read by one call.
    fn fill_by_runs<T: Real>(
        &self,
        side: Side,
        indices: &[usize],
        out: &mut [T],
        read: impl Fn(Range<usize>) -> Result<Numbers>,
    ) -> Result<()> {
        let view = self.view(side);
        let most = (READ / view.stored_len()).max(1);
        let mut done = 0;
        while done < indices.len() {
            let first = self.rows[indices[done]];
            let run = (1..most.min(indices.len() - done))
                .take_while(|&k| self.rows[indices[done + k]] == first + k)
                .count()
                + 1;
            let numbers = read(first..first + run)?;
            out[done * view.len()..(done + run) * view.len()]
                .par_chunks_mut(view.len())
                .enumerate()
                .for_each(|(k, out)| view.copy(&numbers, k * view.stored_len(), out));
            done += run;
        }
        Ok(())
    }
}

impl<T: Real> SampleSource<T> for Dataset {
    fn samples(&self) -> usize {
        self.len()
    }

    fn input_shape(&self) -> Vec<usize> {
        self.input.shape()
    }

    fn target_shape(&self) -> Vec<usize> {
        self.target.shape()
    }

    fn read(
        &self,
        indices: &[usize],
        input: &mut [T],
        target: &mut [T],
    ) -> std::result::Result<(), SourceError> {
        self.check_indices(indices)?;
        for (side, out) in [(Side::Input, input), (Side::Target, target)] {
            let wanted = indices.len() * self.view(side).len();
            if out.is_empty() {
                continue;
            }
            if out.len() != wanted {
                let got = [out.len()];
                return Err(NumericError::shape(side.name(), format!("{wanted} values"), &got).into());
            }
            self.fill(side, indices, out)?;
        }
        Ok(())
    }
}
