//! What stands behind `sobolev.FNO` and the models to come: a model with its normalisers and the history of its training.

use crate::convert::table;
use crate::dataset::Dataset;
use crate::error::{exception, make};
use crate::work;
use numpy::{IntoPyArray, PyArrayDyn, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::de::DeserializeOwned;
use sobolev::nn::{Outcome, TrainingReport};
use sobolev::operators::ModelEntry;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A model that can be trained and answers in physical units. Methods may be called from any thread; a training has the
/// model for itself.
#[pyclass(module = "sobolev._core", frozen)]
pub(crate) struct Surrogate {
    state: RwLock<State>,
}

struct State {
    surrogate: sobolev::Surrogate,
    report: Option<TrainingReport>,
}

impl Surrogate {
    fn new(surrogate: sobolev::Surrogate) -> Self {
        Self { state: RwLock::new(State { surrogate, report: None }) }
    }

    // A panic in the library leaves whole weights behind: parameters are assigned as a whole.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Plain data from a dictionary.
fn settings<T: DeserializeOwned>(origin: &str, dict: &Bound<'_, PyDict>) -> PyResult<T> {
    table(origin, dict)?.try_into().map_err(|error: toml::de::Error| {
        let message = error.to_string().trim().replace('\n', ", ");
        exception(dict.py(), &sobolev::Error::Spec { origin: origin.to_string(), message })
    })
}

fn json(py: Python<'_>, text: serde_json::Result<String>) -> PyResult<String> {
    text.map_err(|error| make(py, "SobolevError", format!("JSON: {error}"), None))
}

#[pymethods]
impl Surrogate {
    /// An untrained model `name` whose open settings and normalisers are fitted to `data`.
    #[staticmethod]
    fn create(
        py: Python<'_>,
        name: &str,
        architecture: &Bound<'_, PyDict>,
        normalise: &Bound<'_, PyDict>,
        data: &Dataset,
        seed: u64,
    ) -> PyResult<Self> {
        let architecture: serde_json::Value = settings(name, architecture)?;
        let normalise = settings("normalise", normalise)?;
        let surrogate = work::run(py, None, |_| {
            sobolev::Surrogate::new(name, architecture, normalise, &data.samples, seed)
        })?;
        Ok(Self::new(surrogate))
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self::new(work::run(py, None, |_| sobolev::Surrogate::load(path))?))
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        work::run(py, None, |_| self.read().surrogate.save(path))
    }

    /// Trains from the present weights. The history can be asked for however it ends.
    #[pyo3(signature = (train, validation, options, progress))]
    fn fit(
        &self,
        py: Python<'_>,
        train: &Dataset,
        validation: Option<&Dataset>,
        options: &Bound<'_, PyDict>,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let options = settings("fit", options)?;
        let outcome = work::run(py, progress.as_ref(), |watch| {
            let mut state = self.write();
            let validation = validation.map(|data| &data.samples);
            let report = state.surrogate.fit(options, &train.samples, validation, watch)?;
            let outcome = report.outcome.clone();
            state.report = Some(report);
            Ok(outcome)
        })?;
        match outcome {
            Outcome::Diverged { epoch, step, cause } => {
                Err(exception(py, &sobolev::Error::Diverged { epoch, step, cause }))
            }
            _ => Ok(()),
        }
    }

    /// Records of the epochs of the last training as JSON.
    fn history(&self, py: Python<'_>) -> PyResult<String> {
        let text = py.detach(|| {
            let state = self.read();
            let records = state.report.as_ref().map_or(&[][..], |report| &report.history);
            serde_json::to_string(records)
        });
        json(py, text)
    }

    /// `[batch, space.., channels]` -> `[batch, space.., channels]`.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        input: PyReadonlyArrayDyn<'py, f32>,
        batch: usize,
    ) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let input = input.as_array();
        let prediction =
            work::run(py, None, |watch| self.read().surrogate.predict_batches(input, batch, watch))?;
        Ok(prediction.into_pyarray(py))
    }

    /// All measures as JSON, and as a table to read.
    fn evaluate(
        &self,
        py: Python<'_>,
        data: &Dataset,
        batch: usize,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<(String, String)> {
        let evaluation = work::run(py, progress.as_ref(), |watch| {
            self.read().surrogate.evaluate_batches(&data.samples, batch, watch)
        })?;
        Ok((json(py, serde_json::to_string(&evaluation))?, evaluation.to_string()))
    }

    /// Name of the model in the list of models.
    fn model(&self, py: Python<'_>) -> &'static str {
        py.detach(|| self.read().surrogate.model().name())
    }

    /// The resolved settings of the model as JSON.
    fn architecture(&self, py: Python<'_>) -> PyResult<String> {
        let architecture = py.detach(|| self.read().surrogate.model().architecture());
        Ok(architecture.to_string())
    }

    /// Number of weights.
    fn parameters(&self, py: Python<'_>) -> usize {
        py.detach(|| self.read().surrogate.model().parameters().count())
    }

    /// What it was trained on, as JSON.
    fn data(&self, py: Python<'_>) -> PyResult<String> {
        json(py, py.detach(|| serde_json::to_string(self.read().surrogate.data())))
    }
}

/// Checks the settings of a model by making one with a single channel, unless they say otherwise; returns them resolved, as
/// JSON.
#[pyfunction]
pub(crate) fn check_architecture(
    py: Python<'_>,
    name: &str,
    architecture: &Bound<'_, PyDict>,
) -> PyResult<String> {
    let architecture: serde_json::Map<String, serde_json::Value> = settings(name, architecture)?;
    let model = ModelEntry::named(name)
        .and_then(|entry| (entry.build)(architecture, 0))
        .map_err(|error| exception(py, &error.into()))?;
    Ok(model.architecture().to_string())
}
