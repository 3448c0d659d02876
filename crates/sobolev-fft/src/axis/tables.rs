//! The weights of an axis in matrix form.

use super::Normalisation;
use super::kernel::Table;
use crate::turn::turn;
use sobolev_tensor::Real;

/// Tables of the modes `first..first + modes` at the points of the half axis `0..=n/2`.
///
/// With `even_j = x_j + x_(n-j)` and `odd_j = x_j - x_(n-j)`, `sum_j x_j cos(2 pi j k / n)` runs over the even parts of the half
/// axis and `sum_j x_j sin(2 pi j k / n)` over its odd parts: half of the multiplications of the plain sums.
#[derive(Debug, Clone)]
pub(super) struct Tables<T> {
    plain: Pair<T>,
    weighted: Pair<T>,
}

/// The two orders of the same weights.
#[derive(Debug, Clone)]
struct Pair<T> {
    /// Depth: points; columns: modes.
    analysis: Table<T>,
    /// Depth: modes; columns: points.
    synthesis: Table<T>,
}

impl<T: Real> Tables<T> {
    /// `sign` multiplies the sines; `weight` is the factor of a mode in the inverse.
    pub(super) fn new(
        points: usize,
        first: usize,
        modes: usize,
        sign: f64,
        weight: impl Fn(usize) -> f64,
    ) -> Self {
        let half = points / 2 + 1;
        let pair = |weight: &dyn Fn(usize) -> f64| {
            let entry = |point: usize, row: usize| {
                let (cosine, sine) = turn(point * (first + row), points);
                let weight = weight(first + row);
                (weight * cosine, weight * sign * sine)
            };
            Pair {
                analysis: Table::new(half, modes, entry),
                synthesis: Table::new(modes, half, |row, point| entry(point, row)),
            }
        };
        Self { plain: pair(&|_| 1.0), weighted: pair(&weight) }
    }

    /// The table from points to modes.
    pub(super) fn analysis(&self, normalisation: Normalisation) -> &Table<T> {
        &self.pair(normalisation).analysis
    }

    /// The table from modes to points.
    pub(super) fn synthesis(&self, normalisation: Normalisation) -> &Table<T> {
        &self.pair(normalisation).synthesis
    }

    fn pair(&self, normalisation: Normalisation) -> &Pair<T> {
        match normalisation {
            Normalisation::Forward => &self.plain,
            Normalisation::Inverse => &self.weighted,
        }
    }
}
