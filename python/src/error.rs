//! Errors of the library as Python exceptions: the same text, and the numbers as attributes.
//!
//! The classes live in `sobolev/_errors.py`, because a class made by `create_exception!` has one base only, and a wrong
//! shape is to be both a `SobolevError` and a `ValueError`.

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use sobolev::Error;
use sobolev::data::Error as DataError;
use sobolev::tensor::Error as NumericError;

/// The exception that Python raises for `error`.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Numeric(numeric) | Error::Data(DataError::Sample { source: numeric, .. }) => {
            numeric_exception(py, numeric, text)
        }
        Error::Data(_) | Error::Samples(_) | Error::Figure(_) | Error::Io { .. } => {
            make(py, "DataError", text, None)
        }
        Error::Checkpoint(_) => make(py, "CheckpointError", text, None),
        Error::Diverged { .. } => make(py, "TrainingError", text, None),
        Error::Spec { .. } => make(py, "ArgumentError", text, None),
        _ => make(py, "SobolevError", text, None),
    }
}

fn numeric_exception(py: Python<'_>, error: &NumericError, text: String) -> PyErr {
    let fields = PyDict::new(py);
    let filled = match error {
        NumericError::Shape { argument, expected, got, .. } => PyTuple::new(py, got).and_then(|got| {
            fields.set_item("argument", argument)?;
            fields.set_item("expected", expected)?;
            fields.set_item("got", got)?;
            Ok("ShapeError")
        }),
        NumericError::Value { argument, expected, got, .. } => (|| {
            fields.set_item("argument", argument)?;
            fields.set_item("expected", expected)?;
            fields.set_item("got", got)?;
            Ok("ArgumentError")
        })(),
        NumericError::NonFinite { argument, value, .. } => (|| {
            fields.set_item("argument", argument)?;
            fields.set_item("expected", "finite values")?;
            fields.set_item("got", value)?;
            Ok("ArgumentError")
        })(),
        NumericError::NoConvergence { iterations, residual, tolerance, .. } => (|| {
            fields.set_item("iterations", iterations)?;
            fields.set_item("residual", residual)?;
            fields.set_item("tolerance", tolerance)?;
            Ok("ConvergenceError")
        })(),
        NumericError::Diverged { time, step, .. } => (|| {
            fields.set_item("time", time)?;
            fields.set_item("step", step)?;
            Ok("DivergenceError")
        })(),
        // Nothing but a signal cancels.
        NumericError::Cancelled { .. } => return PyKeyboardInterrupt::new_err(text),
        _ => Ok("SobolevError"),
    };
    match filled {
        Ok(class) => make(py, class, text, Some(&fields)),
        Err(error) => error,
    }
}

/// An instance of the class `name` of `sobolev._errors`.
pub(crate) fn make(py: Python<'_>, name: &str, text: String, fields: Option<&Bound<'_, PyDict>>) -> PyErr {
    let made = py
        .import("sobolev._errors")
        .and_then(|module| module.getattr(name))
        .and_then(|class| class.call((text,), fields));
    match made {
        Ok(instance) => PyErr::from_value(instance),
        Err(error) => error,
    }
}
