//! From a PDE to a trained surrogate and a picture, in one call.
//!
//! Darcy flow with coefficients 12 and 3: training and test sets are generated, a Fourier neural operator is trained at one
//! resolution and tested there and at twice the resolution, on solutions of the same random coefficients.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ndarray::Axis;
use serde::{Deserialize, Serialize};
use sobolev_data::{Dataset, Existing, Side};
use sobolev_nn::optimiser::{AdamSettings, OptimiserSettings};
use sobolev_nn::{NormaliserKind, Schedule, TrainerSettings, TrainingObserver};
use toml::{Table, Value};

use crate::error::Result;
use crate::metrics::Evaluation;
use crate::picture::comparison_figure;
use crate::spec::{EvaluateSpec, GenerateSpec, SampleRange, Spec, TrainSpec};
use crate::surrogate::{NormaliserKinds, Surrogate};

/// The settings of the quickstart; the defaults take about a minute on two cores.
///
/// The folder `output` will hold `train.h5`, `test_64.h5`, `test_128.h5`, `darcy.safetensors` and `darcy.png`, each with its
/// resolved spec beside it. A second run uses what is there, and goes on where a run was interrupted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuickstartSpec {
    /// The folder to write to.
    pub output: PathBuf,
    /// Cells along each side in training; the second test set has twice as many.
    pub size: usize,
    /// Training samples.
    pub train_samples: u64,
    /// Test samples, solved at both resolutions.
    pub test_samples: u64,
    /// Seed of coefficients and weights.
    pub seed: u64,
    /// Passes over the training samples.
    pub epochs: usize,
    /// Samples of a training step.
    pub batch: usize,
    /// Largest learning rate.
    pub learning_rate: f64,
    /// Fourier modes along each side.
    pub modes: usize,
    /// Channels of the Fourier layers.
    pub width: usize,
    /// Start anew instead of using what the folder holds.
    pub replace: bool,
    /// Threads; all processors by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
}

impl Default for QuickstartSpec {
    fn default() -> Self {
        Self {
            output: PathBuf::from("runs/quickstart"),
            size: 64,
            train_samples: 1000,
            test_samples: 100,
            seed: 0,
            epochs: 12,
            batch: 10,
            learning_rate: 4e-3,
            modes: 12,
            width: 24,
            replace: false,
            threads: None,
        }
    }
}

impl Spec for QuickstartSpec {
    const KIND: &'static str = "quickstart spec";
}

/// The errors at one resolution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResolutionReport {
    /// Cells along each side.
    pub size: usize,
    /// Test samples.
    pub samples: usize,
    /// Mean relative L2 error.
    pub relative_l2: f64,
    /// Mean relative H1 error.
    pub relative_h1: f64,
    /// Relative L2 error of the worst sample.
    pub worst_relative_l2: f64,
    /// Largest pointwise error of all samples.
    pub largest_error: f64,
}

/// What the quickstart found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuickstartReport {
    /// The folder with everything it made.
    pub output: PathBuf,
    /// The picture.
    pub figure: PathBuf,
    /// The trained model.
    pub checkpoint: PathBuf,
    /// Training samples.
    pub train_samples: u64,
    /// Learnable numbers of the model.
    pub parameters: usize,
    /// Epochs of the training.
    pub epochs: usize,
    /// Seconds of this run for data, training and tests.
    pub seconds: [f64; 3],
    /// The resolution of training, and twice that.
    pub resolutions: [ResolutionReport; 2],
}

impl fmt::Display for QuickstartReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [data, training, tests] = self.seconds;
        writeln!(
            f,
            "Darcy flow, coefficients 12 and 3: a Fourier neural operator of {} parameters,",
            self.parameters
        )?;
        let size = self.resolutions[0].size;
        writeln!(f, "{} samples at {size} x {size}, {} epochs", self.train_samples, self.epochs)?;
        writeln!(f)?;
        writeln!(f, "  test grid    samples  relative L2  (worst)  relative H1  largest error")?;
        for resolution in &self.resolutions {
            let ResolutionReport {
                size,
                samples,
                relative_l2,
                relative_h1,
                worst_relative_l2,
                largest_error,
            } = resolution;
            let grid = format!("{size} x {size}");
            writeln!(
                f,
                "  {grid:<11}{samples:>9}{relative_l2:>13.4}{worst_relative_l2:>9.4}{relative_h1:>13.4}{largest_error:>15.2e}"
            )?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "data {data:.1} s, training {training:.1} s, tests {tests:.1} s; the finer grid was never trained on"
        )?;
        write!(f, "picture {}, model {}", self.figure.display(), self.checkpoint.display())
    }
}

impl QuickstartSpec {
    /// Runs all of it. `stage` is told the name and the unit of each stage and answers with what watches it.
    ///
    /// # Errors
    /// When a setting is out of range, a file cannot be written or was made with other settings, or the work was stopped;
    /// what was finished is kept and used by the next run.
    pub fn run(&self, stage: &dyn Fn(&str, &str) -> Box<dyn TrainingObserver>) -> Result<QuickstartReport> {
        let start = Instant::now();
        let place = |name: &str| self.output.join(name);
        let train_path = place("train.h5");
        let tests =
            [1, 2].map(|factor| (self.size * factor, place(&format!("test_{}.h5", self.size * factor))));
        let test_range = self.train_samples..self.train_samples + self.test_samples;
        self.generate(&train_path, self.size, 0..self.train_samples, stage)?;
        for (size, path) in &tests {
            self.generate(path, *size, test_range.clone(), stage)?;
        }
        let data_seconds = start.elapsed().as_secs_f64();
        let train = self.training(&train_path, place("darcy.safetensors"));
        let report = train.run(stage("training", "steps").as_ref())?;
        report.check(self.epochs)?;
        let training_seconds = start.elapsed().as_secs_f64() - data_seconds;
        let evaluate = |index: usize| -> Result<ResolutionReport> {
            let (size, path) = &tests[index];
            let watch = stage(&format!("test at {size} x {size}"), "samples");
            let spec = EvaluateSpec {
                output: Some(place(&format!("test_{size}.json"))),
                replace: true,
                threads: self.threads,
                ..EvaluateSpec::new(&train.output, path)
            };
            Ok(ResolutionReport::new(*size, &spec.run(watch.as_ref())?))
        };
        let resolutions = [evaluate(0)?, evaluate(1)?];
        let figure = place("darcy.png");
        self.draw(&train.output, &tests, &figure)?;
        let seconds =
            [data_seconds, training_seconds, start.elapsed().as_secs_f64() - data_seconds - training_seconds];
        Ok(QuickstartReport {
            output: self.output.clone(),
            figure,
            checkpoint: train.output,
            train_samples: self.train_samples,
            parameters: report.parameters,
            epochs: report.epochs,
            seconds,
            resolutions,
        })
    }

    fn existing(&self) -> Existing {
        if self.replace { Existing::Replace } else { Existing::Resume }
    }

    /// One data set. The waves of the random field are those of the training grid at every resolution, so that all grids show
    /// the same coefficients.
    fn generate(
        &self,
        path: &Path,
        size: usize,
        samples: std::ops::Range<u64>,
        stage: &dyn Fn(&str, &str) -> Box<dyn TrainingObserver>,
    ) -> Result<()> {
        let mut settings = Table::new();
        settings.insert("size".to_string(), Value::Integer(size as i64));
        settings.insert("modes".to_string(), Value::Integer(self.size as i64 - 1));
        let spec = GenerateSpec {
            samples: SampleRange(samples),
            seed: self.seed,
            existing: self.existing(),
            threads: self.threads,
            settings,
            ..GenerateSpec::new("darcy", path, 1)
        };
        spec.run(stage(&format!("data at {size} x {size}"), "samples").as_ref())?;
        Ok(())
    }

    fn training(&self, data: &Path, output: PathBuf) -> TrainSpec {
        let mut settings = Table::new();
        settings.insert("modes".to_string(), Value::Integer(self.modes as i64));
        settings.insert("width".to_string(), Value::Integer(self.width as i64));
        TrainSpec {
            existing: self.existing(),
            threads: self.threads,
            settings,
            normalise: NormaliserKinds { input: NormaliserKind::Channel, target: NormaliserKind::Channel },
            trainer: TrainerSettings {
                epochs: self.epochs,
                batch: self.batch,
                learning_rate: self.learning_rate,
                schedule: Schedule::OneCycle { rise: 0.2, start_divisor: 10.0, end_divisor: 100.0 },
                optimiser: OptimiserSettings::AdamW(AdamSettings {
                    weight_decay: 1e-4,
                    ..AdamSettings::default()
                }),
                clip_norm: Some(1.0),
                seed: self.seed,
                ..TrainerSettings::default()
            },
            ..TrainSpec::new(data, output)
        }
    }

    /// The first test sample at the finer resolution.
    fn draw(&self, checkpoint: &Path, tests: &[(usize, PathBuf); 2], figure: &Path) -> Result<()> {
        let (size, path) = &tests[1];
        let data = Dataset::open(path)?;
        let (input, target) = data.read::<f32>(&[0])?;
        let prediction = Surrogate::load(checkpoint)?.predict(input.view())?;
        let [input, target, prediction] =
            [input, target, prediction].map(|array| array.index_axis_move(Axis(0), 0));
        let trained = self.size;
        comparison_figure(&data.field(Side::Input).axes, &input, Some(&target), &prediction)?
            .title(format!(
                "Darcy flow at {size} x {size}, by a model that was trained at {trained} x {trained}"
            ))
            .write_png(figure)?;
        Ok(())
    }
}

impl ResolutionReport {
    fn new(size: usize, evaluation: &Evaluation) -> Self {
        Self {
            size,
            samples: evaluation.samples(),
            relative_l2: evaluation.relative_l2().mean(),
            relative_h1: evaluation.relative_h1().mean(),
            worst_relative_l2: evaluation.relative_l2().worst().1,
            largest_error: evaluation.largest_error().worst().1,
        }
    }
}
