//! Settings of problems: tables of a spec file, read into typed structs and written back whole.

use serde::{Serialize, de::DeserializeOwned};
use sobolev_tensor::{Error, Result, check_memory};

/// Of the states.
const BYTES_PER_VALUE: u128 = size_of::<f64>() as u128;

/// Reads `table` into settings. Absent keys take the defaults of the type.
///
/// # Errors
/// [`Error::Value`] for an unknown key of the table called `name` (it lists the known ones) and a value of the wrong type.
pub(crate) fn read<T: DeserializeOwned>(name: &str, table: toml::Table) -> Result<T> {
    table.clone().try_into().map_err(|whole: toml::de::Error| {
        // The entry to blame is the one that is refused when it stands alone, unless another one is missing.
        let alone = |(key, value)| {
            let entry = toml::Table::from_iter([(String::clone(key), toml::Value::clone(value))]);
            let error = entry.try_into::<T>().err()?;
            (!error.message().starts_with("missing field")).then_some((key.as_str(), error))
        };
        let (key, error) = table.iter().find_map(alone).unwrap_or(("", whole));
        Error::setting(name, key, error.message())
    })
}

/// Writes settings as a table that [`read`] takes.
pub(crate) fn write<T: Serialize>(settings: &T) -> toml::Table {
    // Structs of numbers and words always become tables.
    toml::Table::try_from(settings).unwrap_or_default()
}

/// Refuses a setting that would have no effect.
///
/// # Errors
/// [`Error::Value`] that names it, when it has a value.
pub(crate) fn unused<T: std::fmt::Display>(name: &str, value: Option<T>, why: &str) -> Result<()> {
    value.map_or(Ok(()), |value| Err(Error::value(name, format!("nothing {why}"), value)))
}

/// A number for each of `count` things: a list of as many, or one number for all.
///
/// # Errors
/// [`Error::Value`] that names the setting, for anything else and for numbers that are not finite.
pub(crate) fn numbers(name: &str, value: &toml::Value, count: usize) -> Result<Vec<f64>> {
    let number = |value: &toml::Value| value.as_float().or(value.as_integer().map(|v| v as f64));
    let list = match value {
        toml::Value::Array(list) if list.len() == count => list.iter().map(number).collect(),
        other => number(other).map(|v| vec![v; count]),
    };
    list.filter(|list: &Vec<f64>| list.iter().all(|v| v.is_finite()))
        .ok_or_else(|| Error::value(name, format!("a finite number, or {count} of them"), value))
}

/// A whole number of at least `least` for each of `count` things: a list of as many, or one for all.
///
/// # Errors
/// [`Error::Value`] that names the setting, for anything else.
pub(crate) fn counts(name: &str, value: &toml::Value, count: usize, least: usize) -> Result<Vec<usize>> {
    let number = |value: &toml::Value| value.as_integer().and_then(|v| usize::try_from(v).ok());
    let list = match value {
        toml::Value::Array(list) if list.len() == count => list.iter().map(number).collect(),
        other => number(other).map(|v| vec![v; count]),
    };
    list.filter(|list: &Vec<usize>| list.iter().all(|v| *v >= least)).ok_or_else(|| {
        Error::value(name, format!("a whole number of at least {least}, or {count} of them"), value)
    })
}

/// Checks the times of a problem whose states have so many values.
///
/// # Errors
/// [`Error::Value`] for a time that is not positive, a negative warm-up, no frames, and frames beyond the memory.
pub(crate) fn times(time: f64, frames: Option<usize>, warm_up: f64, values: u128) -> Result<()> {
    if !(time.is_finite() && time > 0.0) {
        return Err(Error::value("time", "a positive finite number", time));
    }
    if !(warm_up.is_finite() && warm_up >= 0.0) {
        return Err(Error::value("warm_up", "a finite number of at least 0", warm_up));
    }
    if frames == Some(0) {
        return Err(
            Error::value("frames", "at least 1", 0).with_hint("leave it out for one time without an axis")
        );
    }
    let frames = frames.unwrap_or(1);
    check_memory("frames", frames, (frames as u128).saturating_mul(values.saturating_mul(BYTES_PER_VALUE)))
}

/// Checks that a grid of `cells` at so many bytes a cell fits into memory.
///
/// # Errors
/// [`Error::Value`] that names `name` and says how much the grid would take.
pub(crate) fn memory(name: &str, cells: &[usize], bytes_per_cell: u128) -> Result<()> {
    let bytes = cells.iter().fold(bytes_per_cell, |bytes, n| bytes.saturating_mul(*n as u128));
    match cells {
        [one, rest @ ..] if rest.iter().all(|n| n == one) => check_memory(name, one, bytes),
        several => check_memory(name, format!("{several:?}"), bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_beyond_all_memory_are_refused_however_large() {
        assert!(memory("size", &[64, 64], 100).is_ok());
        // The products are 0 modulo 2^64 and 2^128.
        for cells in [&[1_usize << 62; 3][..], &[1 << 32; 2], &[1 << 32; 4], &[usize::MAX]] {
            let error = memory("size", cells, 64).unwrap_err().to_string();
            assert!(error.starts_with("size: expected what fits into memory"), "{error}");
        }
        assert!(times(1.0, Some(usize::MAX), 0.0, u128::MAX / 4).is_err());
    }

    #[test]
    fn equations_refuse_grids_beyond_all_memory() {
        let names = ["darcy", "poisson", "wave", "eikonal", "diffusion-reaction", "allen-cahn"];
        for entry in crate::EQUATIONS.iter().filter(|entry| names.contains(&entry.name)) {
            for (dimension, size) in [(2, 1_i64 << 62), (3, 1 << 62), (3, 1 << 43)] {
                let text = format!("size = {size}\ndimension = {dimension}");
                let error = (entry.build)(text.parse().unwrap()).unwrap_err().to_string();
                let expected = "size: expected what fits into memory";
                assert!(error.starts_with(expected), "{} {text}: {error}", entry.name);
            }
        }
        for name in ["incompressible-flow", "diffusion-sorption"] {
            let entry = crate::EQUATIONS.iter().find(|entry| entry.name == name).unwrap();
            let error = (entry.build)("size = 4611686018427387904".parse().unwrap()).unwrap_err().to_string();
            assert!(error.starts_with("size: expected what fits into memory"), "{name}: {error}");
        }
        let burgers = crate::EQUATIONS.iter().find(|entry| entry.name == "burgers").unwrap();
        let text = "size = 8192\nframes = 9223372036854775807";
        let error = (burgers.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("frames: expected what fits into memory"), "{error}");
    }
}
