//! `sobolev.random_field`.

use crate::work;
use numpy::{IntoPyArray, PyArrayDyn};
use pyo3::prelude::*;
use sobolev::solvers::random_field::{Boundary, Covariance, FieldEntry, GaussianField, Points};
use sobolev::tensor::{Error, Result};

/// What a Python word means.
fn named<T: Copy>(argument: &str, word: &str, choices: &[(&str, T)]) -> Result<T> {
    choices.iter().find(|(name, _)| *name == word).map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        Error::value(argument, format!("one of {}", names.join(", ")), format!("\"{word}\""))
    })
}

/// The field of (sigma, tau, alpha), or of a preset.
fn field(
    preset: Option<&str>,
    covariance: Option<(f64, f64, f64)>,
    boundary: &str,
    points: &str,
    extent: &[f64],
    mean: f64,
    random_mean: bool,
    modes: Option<usize>,
) -> Result<GaussianField> {
    let mut field = match (preset, covariance) {
        (Some(name), None) => FieldEntry::named(name)?.build()?,
        (None, Some((amplitude, inverse_length, exponent))) => {
            let boundaries = [
                ("periodic", Boundary::Periodic),
                ("neumann", Boundary::Neumann),
                ("dirichlet", Boundary::Dirichlet),
            ];
            let boundary = named("boundary", boundary, &boundaries)?;
            GaussianField::new(Covariance { amplitude, inverse_length, exponent }, boundary, extent)?
        }
        _ => return Err(Error::value("field", "a preset, or sigma, tau and alpha", "both or neither")),
    };
    field = field.with_mean(mean).with_points(named(
        "points",
        points,
        &[("centres", Points::Centres), ("vertices", Points::Vertices)],
    )?);
    if random_mean {
        field = field.with_random_mean();
    }
    Ok(match modes {
        Some(modes) => field.with_modes_up_to(modes),
        None => field,
    })
}

/// Samples `first .. first + samples` of a field: `[samples, x1, .., xd]`.
#[pyfunction]
#[pyo3(signature = (grid, *, preset, covariance, boundary, points, extent, mean, random_mean, modes, seed, first, samples))]
pub(crate) fn random_field<'py>(
    py: Python<'py>,
    grid: Vec<usize>,
    preset: Option<String>,
    covariance: Option<(f64, f64, f64)>,
    boundary: &str,
    points: &str,
    extent: Vec<f64>,
    mean: f64,
    random_mean: bool,
    modes: Option<usize>,
    seed: u64,
    first: u64,
    samples: u64,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let values = work::run(py, None, |_| {
        let field =
            field(preset.as_deref(), covariance, boundary, points, &extent, mean, random_mean, modes)?;
        let end = first
            .checked_add(samples)
            .filter(|_| samples > 0)
            .ok_or_else(|| Error::value("samples", "at least 1, with numbers below 2^64", samples))?;
        Ok(field.sampler(&grid)?.sample_batch(seed, first..end))
    })?;
    Ok(values.into_pyarray(py))
}
