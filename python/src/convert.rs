//! Python values as the tables that specs are made of.

use crate::error::exception;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyTuple};
use sobolev::tensor::Error as NumericError;
use std::path::PathBuf;
use toml::{Table, Value};

/// The table of a dictionary; entries that are `None` are left out, as TOML has no such value.
pub(crate) fn table(origin: &str, dict: &Bound<'_, PyDict>) -> PyResult<Table> {
    let mut table = Table::new();
    for (key, entry) in dict {
        let key: String = key.extract().map_err(|_| wrong(origin, "keys that are words", &key))?;
        if !entry.is_none() {
            let value = value(&format!("{origin} {key}"), &entry)?;
            table.insert(key, value);
        }
    }
    Ok(table)
}

/// Numbers (NumPy's too), words, paths, lists, tuples and dictionaries.
fn value(origin: &str, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(dict) = object.cast::<PyDict>() {
        return Ok(Value::Table(table(origin, dict)?));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let entries = object.try_iter()?.map(|entry| value(origin, &entry?));
        return Ok(Value::Array(entries.collect::<PyResult<_>>()?));
    }
    if let Ok(truth) = object.extract::<bool>() {
        return Ok(Value::Boolean(truth));
    }
    if let Ok(integer) = object.extract::<i64>() {
        return Ok(Value::Integer(integer));
    }
    if object.is_instance_of::<PyInt>() {
        return Err(wrong(origin, "a whole number from -2^63 to 2^63 - 1", object));
    }
    if let Ok(float) = object.extract::<f64>() {
        return Ok(Value::Float(float));
    }
    if let Ok(word) = object.extract::<String>() {
        return Ok(Value::String(word));
    }
    if let Ok(path) = object.extract::<PathBuf>() {
        let Some(text) = path.to_str() else {
            return Err(wrong(origin, "a path in UTF-8", object));
        };
        return Ok(Value::String(text.to_string()));
    }
    Err(wrong(origin, "a number, a word, a path, a list or a dictionary", object))
}

fn wrong(origin: &str, expected: &str, got: &Bound<'_, PyAny>) -> PyErr {
    let got_text = got.repr().map_or_else(|_| "another object".to_string(), |text| text.to_string());
    exception(got.py(), &NumericError::value(origin, expected, got_text).into())
}
