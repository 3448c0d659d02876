//! A periodic box, its waves, and those of them that a dealiasing rule keeps.

use sobolev_tensor::{Error, Result};
use std::f64::consts::TAU;

/// Points of the coarsest axis that a finer one is replaced by.
const FEWEST_POINTS: usize = 32;

/// Points and side lengths of a periodic box, and the highest kept wave of each axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PeriodicGrid {
    degree: usize,
    points: Vec<usize>,
    lengths: Vec<f64>,
    kept: Vec<usize>,
}

/// The wave of one coefficient: wavenumber `2 pi k / length` of each axis, zero for absent axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wave {
    /// Wavenumbers in the order of the axes, in radians per unit of length.
    pub number: [f64; 3],
    /// Axes on which this is the wave with two points a period. It has no sign: what is odd along such an axis vanishes.
    pub(crate) unsigned: [bool; 3],
}

impl Wave {
    /// `|kappa|^2`: minus the symbol of the Laplacian.
    pub fn square(&self) -> f64 {
        self.number.iter().map(|k| k * k).sum()
    }

    /// `kappa`, by which `i d/dx` multiplies; zero where the wave has no sign.
    pub fn signed(&self, axis: usize) -> f64 {
        if self.unsigned[axis] { 0.0 } else { self.number[axis] }
    }
}

impl PeriodicGrid {
    /// A box of `points` points over `lengths`, for nonlinear terms of `degree`: products of as many waves up to the kept
    /// ones alias onto none of these. A linear equation (degree 0 or 1) keeps all waves.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are 1 to 3 axes of at least 4 points; [`Error::Value`] for lengths.
    pub(crate) fn new(points: &[usize], lengths: &[f64], degree: usize) -> Result<Self> {
        if !(1..=3).contains(&points.len()) || points.iter().any(|n| *n < 4) {
            return Err(Error::shape("grid", "1 to 3 axes of at least 4 points", points));
        }
        let positive = lengths.iter().all(|length| length.is_finite() && *length > 0.0);
        if lengths.len() != points.len() || !positive {
            let expected = format!("{} positive lengths", points.len());
            return Err(Error::value("length", expected, format!("{lengths:?}")));
        }
        // A product of `degree` waves up to K reaches degree K and appears at n - degree K, which must exceed K.
        let keep = |&n: &usize| if degree < 2 { n / 2 } else { (n - 1) / (degree + 1) };
        let kept = points.iter().map(keep).collect();
        Ok(Self { degree, points: points.to_vec(), lengths: lengths.to_vec(), kept })
    }

    /// The same box with fewer points: on each axis the next power of two below, or three quarters of the one above; none where all
    /// waves are kept or no axis has many points.
    pub(crate) fn coarser(&self) -> Option<Self> {
        let fewer = |&n: &usize| {
            let power = n.next_power_of_two() / 2;
            match power / 2 * 3 {
                _ if n <= FEWEST_POINTS => n,
                between if between < n => between,
                _ => power,
            }
        };
        let points: Vec<usize> = self.points.iter().map(fewer).collect();
        if self.degree < 2 || points == self.points {
            return None;
        }
        Self::new(&points, &self.lengths, self.degree).ok()
    }

    /// Points along each axis.
    pub(crate) fn points(&self) -> &[usize] {
        &self.points
    }

    /// Number of all points.
    pub(crate) fn len(&self) -> usize {
        self.points.iter().product()
    }

    /// The highest kept wave of an axis.
    pub(crate) fn kept(&self, axis: usize) -> usize {
        self.kept[axis]
    }

    /// Kept waves of an axis in the order 0, 1, .., -2, -1, as row numbers of the whole transform.
    pub(crate) fn kept_rows(&self, axis: usize) -> Vec<usize> {
        let (n, kept) = (self.points[axis], self.kept[axis]);
        (0..n).filter(|&row| row.min(n - row) <= kept).collect()
    }

    /// The places of all points in their order, the first point of each axis at zero.
    pub(crate) fn positions(&self) -> impl Iterator<Item = Vec<f64>> + '_ {
        (0..self.len()).map(|point| {
            let mut rest = point;
            let mut position = vec![0.0; self.points.len()];
            for (axis, &n) in self.points.iter().enumerate().rev() {
                position[axis] = (rest % n) as f64 * self.lengths[axis] / n as f64;
                rest /= n;
            }
            position
        })
    }

    /// Numbers of the wave at these rows of the whole transforms, up to half the points on both sides of zero.
    pub(crate) fn numbers(&self, rows: [usize; 3]) -> [i32; 3] {
        let mut numbers = [0; 3];
        for (axis, &n) in self.points.iter().enumerate() {
            let row = rows[axis];
            numbers[axis] = if 2 * row > n { row as i32 - n as i32 } else { row as i32 };
        }
        numbers
    }

    /// The wave at these rows of the whole transforms.
    pub(crate) fn wave(&self, rows: [usize; 3]) -> Wave {
        let mut wave = Wave { number: [0.0; 3], unsigned: [false; 3] };
        let numbers = self.numbers(rows);
        for (axis, (&n, &length)) in self.points.iter().zip(&self.lengths).enumerate() {
            wave.number[axis] = TAU * f64::from(numbers[axis]) / length;
            wave.unsigned[axis] = 2 * rows[axis] == n;
        }
        wave
    }
}
