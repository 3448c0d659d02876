//! The visible lists of the library, as lists of dictionaries.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sobolev::data::formats::FORMATS;
use sobolev::nn::activation::ACTIVATIONS;
use sobolev::operators::MODELS;
use sobolev::solvers::EQUATIONS;
use sobolev::solvers::random_field::FIELDS;
use sobolev::tensor::SettingEntry;

type Entries<'py> = PyResult<Vec<Bound<'py, PyDict>>>;

fn entry<'py>(py: Python<'py>, texts: &[(&str, &str)]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    texts.iter().try_for_each(|(key, text)| dict.set_item(key, text))?;
    Ok(dict)
}

/// The same entry with its settings.
fn with_settings<'py>(dict: Bound<'py, PyDict>, settings: &[SettingEntry]) -> PyResult<Bound<'py, PyDict>> {
    let py = dict.py();
    let texts =
        |s: &SettingEntry| entry(py, &[("name", s.name), ("default", &s.default), ("summary", s.summary)]);
    dict.set_item("settings", settings.iter().map(texts).collect::<PyResult<Vec<_>>>()?)?;
    Ok(dict)
}

/// Equations that data can be generated for.
#[pyfunction]
pub(crate) fn equations(py: Python<'_>) -> Entries<'_> {
    let texts = |e: &sobolev::solvers::EquationEntry| {
        let texts = [("name", e.name), ("formula", e.formula), ("summary", e.summary), ("method", e.method)];
        let entry = entry(py, &[&texts[..], &[("source", e.source)]].concat())?;
        with_settings(entry, &(e.settings)())
    };
    EQUATIONS.iter().map(texts).collect()
}

/// Random fields of published data sets.
#[pyfunction]
pub(crate) fn fields(py: Python<'_>) -> Entries<'_> {
    FIELDS
        .iter()
        .map(|e| {
            entry(py, &[("name", e.name), ("summary", e.summary), ("source", e.source), ("trap", e.trap)])
        })
        .collect()
}

/// Models that can be trained.
#[pyfunction]
pub(crate) fn models(py: Python<'_>) -> Entries<'_> {
    MODELS
        .iter()
        .map(|e| {
            let entry = entry(py, &[("name", e.name), ("summary", e.summary), ("source", e.source)])?;
            with_settings(entry, e.settings)
        })
        .collect()
}

/// Formats of other programs that are read.
#[pyfunction]
pub(crate) fn formats(py: Python<'_>) -> Entries<'_> {
    FORMATS
        .iter()
        .map(|e| {
            entry(py, &[("name", e.name), ("summary", e.summary), ("extensions", &e.extensions.join(", "))])
        })
        .collect()
}

/// Activations that a model can have.
#[pyfunction]
pub(crate) fn activations(py: Python<'_>) -> Entries<'_> {
    ACTIVATIONS
        .iter()
        .map(|activation| {
            let e = activation.entry();
            let texts =
                [("name", e.name), ("formula", e.formula), ("good_for", e.good_for), ("source", e.source)];
            entry(py, &texts)
        })
        .collect()
}
