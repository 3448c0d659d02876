//! Prediction from a spec: from a file of inputs to a file of answers.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis as ArrayAxis};
use ndarray_npy::{NpzWriter, WriteNpyExt};
use serde::{Deserialize, Serialize};
use sobolev_data::{Dataset, Existing, GenerateOptions, Side};
use sobolev_solvers::{Field, Problem, Sample};
use sobolev_tensor::{Error as NumericError, Monitor};

use super::{DataSpec, Spec, on_threads, write_whole};
use crate::error::{Error, Result};
use crate::file::{check_output, whole};
use crate::picture::comparison_figure;
use crate::surrogate::{BATCH, Surrogate};

/// Lets a model answer. In TOML:
///
/// ```toml
/// model = "darcy.safetensors"
/// data = "coefficients.npy"
/// output = "prediction.npz"
/// figure = "prediction.png"
/// ```
///
/// Inputs come from a data set, or from an array `[batch, space.., channels]` of any known format (a single channel may lack
/// its axis). The output is a `.npy` file with the predictions, a `.npz` file with `input` and `prediction`, or a data set
/// (`.h5`) whose targets are the predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictSpec {
    /// The checkpoint.
    pub model: PathBuf,
    /// The inputs; of a file of another program, `input` names the array.
    pub data: DataSpec,
    /// The file to write: `.npy`, `.npz` or `.h5`.
    pub output: PathBuf,
    /// A PNG file that shows one sample; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure: Option<PathBuf>,
    /// The sample that the figure shows; the first by default.
    #[serde(default)]
    pub figure_sample: usize,
    /// Replace output and figure if they exist.
    #[serde(default)]
    pub replace: bool,
    /// Samples that are in memory at once inside the model.
    #[serde(default = "super::evaluate::batch")]
    pub batch: usize,
    /// Threads; all processors by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
}

impl Spec for PredictSpec {
    const KIND: &'static str = "predict spec";
}

/// What [`PredictSpec::run`] did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PredictReport {
    /// The file.
    pub path: PathBuf,
    /// Shape of the predictions, `[batch, space.., channels]`.
    pub shape: Vec<usize>,
    /// The picture.
    pub figure: Option<PathBuf>,
}

impl fmt::Display for PredictReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prediction {}: {:?}, channels last", self.path.display(), self.shape)?;
        self.figure.as_ref().map_or(Ok(()), |figure| write!(f, "; figure {}", figure.display()))
    }
}

/// The kinds of files that predictions are written to.
#[derive(Clone, Copy)]
enum Kind {
    Npy,
    Npz,
    Hdf5,
}

impl Kind {
    fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            Some("h5" | "hdf5") => Ok(Self::Hdf5),
            _ => {
                let expected = "a file name that ends in .npy, .npz or .h5";
                Err(NumericError::value("output", expected, path.display()).into())
            }
        }
    }
}

impl PredictSpec {
    /// Lets a checkpoint answer for all inputs of a file.
    pub fn new(model: impl Into<PathBuf>, data: impl Into<PathBuf>, output: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            data: DataSpec::new(data),
            output: output.into(),
            figure: None,
            figure_sample: 0,
            replace: false,
            batch: BATCH,
            threads: None,
        }
    }

    /// Predicts and writes the file, the figure and the resolved spec.
    ///
    /// # Errors
    /// When a file cannot be read or written, is there already, or the inputs do not fit the model.
    pub fn run(&self, monitor: &dyn Monitor) -> Result<PredictReport> {
        let kind = Kind::of(&self.output)?;
        let inputs = [self.model.as_path(), self.data.path.as_path()];
        check_output("output", &self.output, &inputs, self.replace)?;
        if let Some(figure) = &self.figure {
            check_output("figure", figure, &[inputs[0], inputs[1], &self.output], self.replace)?;
        }
        let surrogate = Surrogate::load(&self.model)?;
        let data = self.data.open_inputs(surrogate.dimensions())?;
        if self.figure.is_some() && self.figure_sample >= data.len() {
            let expected = format!("below {}, the number of samples", data.len());
            return Err(NumericError::value("figure_sample", expected, self.figure_sample).into());
        }
        let all: Vec<usize> = (0..data.len()).collect();
        let input: ArrayD<f32> = data.read_side(Side::Input, &all)?;
        let prediction =
            on_threads(self.threads, || surrogate.predict_batches(input.view(), self.batch, monitor))?;
        super::make_folder_of(&self.output)?;
        match kind {
            Kind::Npy => {
                let mut bytes = Vec::new();
                let written = prediction.write_npy(&mut bytes).map_err(std::io::Error::other);
                written.map_err(|source| Error::io(&self.output, "write", source))?;
                write_whole(&self.output, &bytes)?;
            }
            Kind::Npz => self.write_npz(&input, &prediction)?,
            Kind::Hdf5 => self.write_hdf5(&surrogate, &data, &input, &prediction, monitor)?,
        }
        super::store(self, &self.output)?;
        if let Some(path) = &self.figure {
            let sample = self.figure_sample;
            let target = self.data.has_targets(&data).then(|| data.read_side::<f32>(Side::Target, &[sample]));
            let target = target.transpose()?;
            let at = |array: &ArrayD<f32>, i: usize| array.index_axis(ArrayAxis(0), i).to_owned();
            let target = target.map(|target| at(&target, 0));
            super::make_folder_of(path)?;
            let title = format!("{}, sample {sample}", self.data.path.display());
            let axes = &data.field(Side::Input).axes;
            comparison_figure(axes, &at(&input, sample), target.as_ref(), &at(&prediction, sample))?
                .title(title)
                .write_png(path)?;
        }
        let (path, shape) = (self.output.clone(), prediction.shape().to_vec());
        Ok(PredictReport { path, shape, figure: self.figure.clone() })
    }

    fn write_npz(&self, input: &ArrayD<f32>, prediction: &ArrayD<f32>) -> Result<()> {
        let write = |partial: &Path| -> std::io::Result<()> {
            let mut archive = NpzWriter::new(std::fs::File::create(partial)?);
            archive.add_array("input", input).map_err(std::io::Error::other)?;
            archive.add_array("prediction", prediction).map_err(std::io::Error::other)?;
            archive.finish().map(|_| ()).map_err(std::io::Error::other)
        };
        whole(&self.output, write).map_err(|source| Error::io(&self.output, "write", source))
    }

    /// A data set that says which model made its targets.
    fn write_hdf5(
        &self,
        surrogate: &Surrogate,
        data: &Dataset,
        input: &ArrayD<f32>,
        prediction: &ArrayD<f32>,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let channels = prediction.shape()[prediction.ndim() - 1];
        let input_field = data.field(Side::Input);
        let described = &surrogate.data().target;
        let target_field = Field {
            name: described.name.clone(),
            axes: input_field.axes.clone(),
            channels: match described.channels.len() == channels {
                true => described.channels.clone(),
                false => (1..=channels).map(|i| format!("c{i}")).collect(),
            },
            units: described.units.clone(),
        };
        let mut settings = toml::Table::new();
        settings.insert("checkpoint".to_string(), self.model.display().to_string().into());
        settings.insert("inputs".to_string(), self.data.path.display().to_string().into());
        let predicted =
            Predicted { fields: [input_field.clone(), target_field], settings, input, prediction };
        let options = GenerateOptions::default().with_existing(Existing::Replace);
        let samples: Range<u64> = 0..data.len() as u64;
        sobolev_data::generate(&predicted, 0, samples, &self.output, &options, monitor)?;
        Ok(())
    }
}

/// Predictions as a problem whose samples are known.
#[derive(Debug)]
struct Predicted<'a> {
    fields: [Field; 2],
    settings: toml::Table,
    input: &'a ArrayD<f32>,
    prediction: &'a ArrayD<f32>,
}

impl Problem for Predicted<'_> {
    fn equation(&self) -> &'static str {
        "prediction"
    }

    fn settings(&self) -> toml::Table {
        self.settings.clone()
    }

    fn input(&self) -> Field {
        self.fields[0].clone()
    }

    fn target(&self) -> Field {
        self.fields[1].clone()
    }

    fn sample(&self, _seed: u64, index: u64, _monitor: &dyn Monitor) -> sobolev_tensor::Result<Sample> {
        let at = |array: &ArrayD<f32>| array.index_axis(ArrayAxis(0), index as usize).mapv(f64::from);
        // A prediction has no residual of its own.
        Ok(Sample { input: at(self.input), target: at(self.prediction), residual: f64::NAN })
    }
}
