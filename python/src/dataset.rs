//! Data sets: `sobolev.generate` and what stands behind `sobolev.Dataset`.

use crate::convert::table;
use crate::error::exception;
use crate::work;
use numpy::{IntoPyArray, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sobolev::data::{self, Precision, Side, export_npz};
use sobolev::data::{Error as DataError, Existing, Shard};
use sobolev::spec::{ConvertSpec, DataSpec, GenerateSpec, MergeSpec, Spec, read_table};
use sobolev::tensor::{Error as NumericError, Real};
use std::path::PathBuf;

/// Samples in a file or in memory. Clones share them.
#[pyclass(module = "sobolev._core", frozen)]
#[derive(Clone)]
pub(crate) struct Dataset {
    pub(crate) samples: data::Dataset,
}

fn side(name: &str) -> sobolev::Result<Side> {
    match name {
        "input" => Ok(Side::Input),
        "target" => Ok(Side::Target),
        other => Err(NumericError::value("side", "\"input\" or \"target\"", format!("\"{other}\"")).into()),
    }
}

impl Dataset {
    /// A part of the data set, which is cheap: no samples are read.
    fn part(&self, py: Python<'_>, part: data::Result<data::Dataset>) -> PyResult<Self> {
        part.map(|samples| Self { samples }).map_err(|error| exception(py, &error.into()))
    }

    fn pair(
        &self,
        py: Python<'_>,
        parts: data::Result<(data::Dataset, data::Dataset)>,
    ) -> PyResult<(Self, Self)> {
        let (first, second) = parts.map_err(|error| exception(py, &error.into()))?;
        Ok((Self { samples: first }, Self { samples: second }))
    }

    fn read_as<'py, T: Real + numpy::Element>(
        &self,
        py: Python<'py>,
        side: Side,
        indices: &[usize],
    ) -> PyResult<Bound<'py, PyAny>> {
        let values = work::run(py, None, |_| Ok(self.samples.read_side::<T>(side, indices)?))?;
        Ok(values.into_pyarray(py).into_any())
    }
}

fn from_arrays<'py, T: Real + numpy::Element>(
    py: Python<'py>,
    input: &Bound<'py, PyAny>,
    target: &Bound<'py, PyAny>,
) -> PyResult<Dataset> {
    let (input, target): (PyReadonlyArrayDyn<'py, T>, PyReadonlyArrayDyn<'py, T>) =
        (input.extract()?, target.extract()?);
    let (input, target) = (input.as_array(), target.as_array());
    let samples = work::run(py, None, |_| {
        // Row-major copies; `to_owned` would keep the order of a transposed array.
        let owned = |array: ndarray::ArrayViewD<'_, T>| {
            let mut copy = ndarray::ArrayD::zeros(array.raw_dim());
            copy.assign(&array);
            copy
        };
        Ok(data::Dataset::from_arrays(owned(input), owned(target))?)
    })?;
    Ok(Dataset { samples })
}

#[pymethods]
impl Dataset {
    /// Opens a file: `options` are the keys of a data table in a spec.
    #[staticmethod]
    fn open(py: Python<'_>, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let options = table("data", options)?;
        let samples = work::run(py, None, |_| spec_of_data(options)?.open())?;
        Ok(Self { samples })
    }

    /// Copies two arrays `[samples, space.., channels]`, both float32 or both float64.
    #[staticmethod]
    fn from_arrays<'py>(
        py: Python<'py>,
        input: &Bound<'py, PyAny>,
        target: &Bound<'py, PyAny>,
        single: bool,
    ) -> PyResult<Self> {
        if single { from_arrays::<f32>(py, input, target) } else { from_arrays::<f64>(py, input, target) }
    }

    fn __len__(&self) -> usize {
        self.samples.len()
    }

    fn __repr__(&self) -> String {
        self.samples.info().to_string().trim_end().to_string()
    }

    /// The summary as JSON.
    fn info(&self, py: Python<'_>) -> PyResult<String> {
        json(py, &self.samples.info())
    }

    /// Shape of one sample of a side, `[space.., channels]`.
    fn shape(&self, py: Python<'_>, name: &str) -> PyResult<Vec<usize>> {
        let side = side(name).map_err(|error| exception(py, &error))?;
        Ok(self.samples.field(side).shape())
    }

    /// Name and points of each axis of a side.
    fn axes<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        let side = side(name).map_err(|error| exception(py, &error))?;
        let axes = &self.samples.field(side).axes;
        Ok(axes
            .iter()
            .map(|axis| (axis.name.clone(), axis.points.clone().into_pyarray(py).into_any()))
            .collect())
    }

    /// One side of the samples of `indices`, or of all, in the precision they are stored in.
    fn read<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        indices: Option<Vec<usize>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let side = side(name).map_err(|error| exception(py, &error))?;
        let indices = indices.unwrap_or_else(|| (0..self.samples.len()).collect());
        match self.samples.precision() {
            Precision::F32 => self.read_as::<f32>(py, side, &indices),
            Precision::F64 => self.read_as::<f64>(py, side, &indices),
        }
    }

    /// Relative residual of each sample, when the data set has them.
    fn residuals<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.samples.residuals().map(|values| values.into_pyarray(py).into_any())
    }

    /// Number of each sample under the seed, when the data set was generated.
    fn sample_numbers<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.samples.sample_numbers().map(|values| values.into_pyarray(py).into_any())
    }

    /// Names of the settings that were drawn for each sample, and their values.
    fn parameters<'py>(&self, py: Python<'py>) -> Vec<(String, Bound<'py, PyAny>)> {
        let parameters = self.samples.parameters().into_iter();
        parameters.map(|(name, values)| (name, values.into_pyarray(py).into_any())).collect()
    }

    fn select(&self, py: Python<'_>, indices: Vec<usize>) -> PyResult<Self> {
        self.part(py, self.samples.select(&indices))
    }

    fn shuffled(&self, seed: u64) -> Self {
        Self { samples: self.samples.shuffled(seed) }
    }

    fn split_at(&self, py: Python<'_>, count: usize) -> PyResult<(Self, Self)> {
        self.pair(py, self.samples.split_at(count))
    }

    fn split_fraction(&self, py: Python<'_>, fraction: f64) -> PyResult<(Self, Self)> {
        self.pair(py, self.samples.split_fraction(fraction))
    }

    #[pyo3(signature = (stride, axis=None))]
    fn subsample(&self, py: Python<'_>, stride: usize, axis: Option<&str>) -> PyResult<Self> {
        self.part(
            py,
            match axis {
                Some(axis) => self.samples.subsample_axis(axis, stride),
                None => self.samples.subsample(stride),
            },
        )
    }

    fn to_memory(&self, py: Python<'_>) -> PyResult<Self> {
        let samples = work::run(py, None, |_| Ok(self.samples.to_memory()?))?;
        Ok(Self { samples })
    }

    fn save_npz(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        work::run(py, None, |_| Ok(export_npz(&self.samples, path)?))
    }

    fn save(&self, py: Python<'_>, path: PathBuf, format: Option<&str>, replace: bool) -> PyResult<()> {
        work::run(py, None, |watch| Ok(data::convert(&self.samples, path, format, replace, watch)?))
    }
}

/// Runs a generate spec: the keys of `changes` over those of the TOML file `file`. Returns the file that was written.
#[pyfunction]
pub(crate) fn generate(
    py: Python<'_>,
    file: Option<PathBuf>,
    changes: &Bound<'_, PyDict>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<PathBuf> {
    let changes = table("generate spec", changes)?;
    let report = work::run(py, progress.as_ref(), |watch| spec_of(file, changes)?.run(watch))?;
    Ok(report.path)
}

fn spec_of(file: Option<PathBuf>, changes: toml::Table) -> sobolev::Result<GenerateSpec> {
    let mut table = file.map_or_else(|| Ok(toml::Table::new()), read_table)?;
    table.extend(changes);
    GenerateSpec::from_table(table)
}

/// The data set that a spec makes, and for each of its `count` shards a spec as TOML and the file it writes, all with absolute
/// paths, so that they can be run elsewhere, by default each `on_one_thread`. No shards when there is a file to be resumed.
#[pyfunction]
pub(crate) fn shard_specs(
    py: Python<'_>,
    file: Option<PathBuf>,
    changes: &Bound<'_, PyDict>,
    count: u64,
    on_one_thread: bool,
) -> PyResult<(PathBuf, Vec<(String, PathBuf)>)> {
    let changes = table("generate spec", changes)?;
    work::run(py, None, |_| {
        let mut spec = spec_of(file, changes)?;
        spec.output = std::path::absolute(&spec.output).map_err(|source| sobolev::Error::Io {
            path: spec.output.clone(),
            action: "find",
            source,
        })?;
        let output = spec.output.clone();
        match (output.exists(), spec.existing) {
            (true, Existing::Refuse) => return Err(DataError::Exists { path: output }.into()),
            (true, Existing::Resume) => return Ok((output, Vec::new())),
            _ => {}
        }
        // What is wrong with the settings is told before anything is sent.
        spec.problem()?;
        let shards = Shard::all(count.max(1)).map(|shard| {
            shard.of(&spec.samples.0)?;
            let part = GenerateSpec {
                shard: Some(shard),
                existing: Existing::Resume,
                threads: spec.threads.or(on_one_thread.then_some(1)),
                ..spec.clone()
            };
            Ok((part.to_toml()?, part.path()))
        });
        let shards: Vec<(String, PathBuf)> = shards.collect::<sobolev::Result<_>>()?;
        // The shards stay until the file is whole that they are merged to.
        let there = shards.iter().filter_map(|(_, path)| Some(path.metadata().ok()?.len())).sum();
        data::check_room(&output, spec.expected_bytes()?.saturating_mul(2).saturating_sub(there))?;
        Ok((output, shards))
    })
}

/// How many samples a generate spec asks for.
#[pyfunction]
pub(crate) fn sample_count(
    py: Python<'_>,
    file: Option<PathBuf>,
    changes: &Bound<'_, PyDict>,
) -> PyResult<u64> {
    let changes = table("generate spec", changes)?;
    work::run(py, None, |_| Ok(spec_of(file, changes)?.samples.len()))
}

/// Runs a generate spec given as TOML. Returns the file that was written.
#[pyfunction]
pub(crate) fn generate_toml(py: Python<'_>, spec: &str) -> PyResult<PathBuf> {
    Ok(work::run(py, None, |watch| GenerateSpec::from_toml(spec)?.run(watch))?.path)
}

/// Joins shards to the data set `output`, which is returned.
#[pyfunction]
pub(crate) fn merge(
    py: Python<'_>,
    output: PathBuf,
    shards: Vec<PathBuf>,
    replace: bool,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<PathBuf> {
    let spec = MergeSpec { output, shards, replace };
    Ok(work::run(py, progress.as_ref(), |watch| spec.run(watch))?.path)
}

/// Writes the samples of a file, `data` as in [`Dataset::open`], in another format. Returns the number of samples.
#[pyfunction]
pub(crate) fn convert(
    py: Python<'_>,
    data: &Bound<'_, PyDict>,
    output: PathBuf,
    format: Option<String>,
    replace: bool,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<usize> {
    let data = table("data", data)?;
    let report = work::run(py, progress.as_ref(), |watch| {
        let data = spec_of_data(data)?;
        ConvertSpec { data, output, format, replace }.run(watch)
    })?;
    Ok(report.samples)
}

fn spec_of_data(options: toml::Table) -> sobolev::Result<DataSpec> {
    options.try_into().map_err(|error: toml::de::Error| sobolev::Error::Spec {
        origin: "data".to_string(),
        message: error.message().to_string(),
    })
}

fn json(py: Python<'_>, value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| {
        let error = sobolev::Error::Spec { origin: "answer".to_string(), message: error.to_string() };
        exception(py, &error)
    })
}

/// What a file holds, as JSON.
#[pyfunction]
pub(crate) fn describe(
    py: Python<'_>,
    path: PathBuf,
    statistics: bool,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let found =
        work::run(py, progress.as_ref(), |watch| Ok(data::formats::describe(path, statistics, watch)?))?;
    json(py, &found)
}

/// What verification finds, as JSON, and as text.
#[pyfunction]
pub(crate) fn verify(
    py: Python<'_>,
    path: PathBuf,
    remake: usize,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, String)> {
    let found = work::run(py, progress.as_ref(), |watch| Ok(data::verify(path, remake, watch)?))?;
    Ok((json(py, &found)?, found.to_string()))
}
