//! The grid of a data set in a box: the settings `size`, `length` and `dimension`.

use crate::problem::Axis;
use crate::settings;
use crate::walls::check_lengths;
use sobolev_tensor::{Error, Result};
use std::ops::RangeInclusive;

/// What `size` may be, for lists of settings.
pub(crate) const SIZE_HELP: &str = "cells along each axis, or a list, at least 2";

/// What `length` may be.
pub(crate) const LENGTH_HELP: &str = "side of the box, or a list";

/// Cells along each axis of a box and its side lengths.
#[derive(Debug, Clone)]
pub(crate) struct BoxGrid {
    pub(crate) cells: Vec<usize>,
    pub(crate) lengths: Vec<f64>,
}

impl BoxGrid {
    /// A box in so many of the `allowed` dimensions: `size` and `length` are one number for all axes or a list, with at least
    /// `least` cells, each of which takes so many bytes.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub(crate) fn read(
        size: &toml::Value,
        length: &toml::Value,
        dimension: usize,
        allowed: RangeInclusive<usize>,
        least: usize,
        bytes_per_cell: u128,
    ) -> Result<Self> {
        if !allowed.contains(&dimension) {
            let expected = format!("{} to {}", allowed.start(), allowed.end());
            return Err(Error::value("dimension", expected, dimension));
        }
        let cells = settings::counts("size", size, dimension, least)?;
        settings::memory("size", &cells, bytes_per_cell)?;
        let lengths = settings::numbers("length", length, dimension)?;
        check_lengths("length", &lengths, dimension)?;
        Ok(Self { cells, lengths })
    }

    pub(crate) fn dimensions(&self) -> usize {
        self.cells.len()
    }

    /// Number of cells.
    pub(crate) fn count(&self) -> usize {
        self.cells.iter().product()
    }

    /// The axes of fields at the centres of the cells, whose conditions `words` tells.
    pub(crate) fn axes(&self, words: impl Fn(usize) -> String) -> Vec<Axis> {
        let axis = |axis| Axis::centres(axis, self.cells[axis], self.lengths[axis], &words(axis));
        (0..self.dimensions()).map(axis).collect()
    }
}
