//! Checks of channels-last arrays and of slices that hold them.

use ndarray::{Array, ArrayBase, Data, Dimension, RawData};
use sobolev_tensor::{Error, Result, check_channels_last};

/// Checks a grid of 1 to 3 axes, none empty.
pub(crate) fn check_grid(grid: &[usize]) -> Result<()> {
    if (1..=3).contains(&grid.len()) && !grid.contains(&0) {
        return Ok(());
    }
    Err(Error::shape("grid", "1 to 3 spatial axes, none empty", grid))
}

/// `(batch, channels)` of an array `[batch, grid.., channels]`.
pub(crate) fn check_array(argument: &str, shape: &[usize], grid: &[usize]) -> Result<(usize, usize)> {
    let channels = shape.last().copied().unwrap_or(1);
    check_channels_last(argument, shape, grid.len(), channels)?;
    if shape[1..=grid.len()] != *grid {
        return Err(Error::shape(argument, in_words(grid), shape));
    }
    Ok((shape[0], channels))
}

/// Checks the length of a row-major slice that stands for `[batch, grid.., channels]`.
pub(crate) fn check_length(
    argument: &str,
    batch: usize,
    grid: &[usize],
    channels: usize,
    got: usize,
) -> Result<()> {
    if channels == 0 {
        return Err(Error::value("channels", "at least 1", channels));
    }
    if got == batch * grid.iter().product::<usize>() * channels {
        return Ok(());
    }
    let axes: Vec<String> = grid.iter().map(ToString::to_string).collect();
    let expected = format!("the values of [{batch}, {}, {channels}]", axes.join(", "));
    Err(Error::shape(argument, expected, &[got]))
}

fn in_words(grid: &[usize]) -> String {
    let axes: Vec<String> = grid.iter().map(ToString::to_string).collect();
    format!("[batch, {}, channels]", axes.join(", "))
}

/// The values of an array in standard layout.
pub(crate) fn contiguous<S: Data, D: Dimension>(array: &ArrayBase<S, D>) -> &[<S as RawData>::Elem] {
    array.as_slice().unwrap_or_else(|| unreachable!("the array was brought to standard layout"))
}

/// An array of `values`, whose number is that of `shape`.
pub(crate) fn from_vec<E, D: Dimension>(shape: D, values: Vec<E>) -> Result<Array<E, D>> {
    let sizes = shape.slice().to_vec();
    Array::from_shape_vec(shape, values).map_err(|_| Error::shape("result", "a matching length", &sizes))
}
