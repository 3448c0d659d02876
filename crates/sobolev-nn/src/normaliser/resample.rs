//! Pointwise statistics on another grid, by multilinear interpolation.

use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Real, Result};

use super::{Normaliser, NormaliserHeader, NormaliserKind};

/// Where the n points of an axis lie on the unit interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GridAlignment {
    /// At the centres of n cells: `(i + 1/2) / n`.
    CellCentred,
    /// Both ends included: `i / (n - 1)`.
    Inclusive,
    /// Periodic, the right end left out: `i / n`.
    Periodic,
}

impl GridAlignment {
    /// Position of point `i` of `to` points, measured in points of a grid of `from`.
    fn position(self, i: usize, to: usize, from: usize) -> f64 {
        let (i, to, from) = (i as f64, to as f64, from as f64);
        match self {
            Self::CellCentred => (i + 0.5) / to * from - 0.5,
            Self::Inclusive => i * (from - 1.0) / (to - 1.0).max(1.0),
            Self::Periodic => i * from / to,
        }
    }

    /// The two points of a grid of `from` that point `i` of `to` lies between, and the weight of the second.
    fn bracket(self, i: usize, to: usize, from: usize) -> (usize, usize, f64) {
        if from == 1 {
            return (0, 0, 0.0);
        }
        let position = self.position(i, to, from);
        if self == Self::Periodic {
            let left = position as usize;
            return (left % from, (left + 1) % from, position - left as f64);
        }
        // The outermost interval also serves the points beyond the first and last cell centre: linear extrapolation.
        let left = (position.max(0.0) as usize).min(from - 2);
        (left, left + 1, position - left as f64)
    }
}

impl<T: Real> Normaliser<T> {
    /// The same normaliser for samples on a grid of `space` points, whose axes lie as `alignment` says.
    ///
    /// Pointwise statistics are interpolated linearly along each axis (exact where mean and deviation are linear;
    /// the error is that of linear interpolation elsewhere), which makes zero-shot super-resolution possible. Beyond
    /// the first and last cell centre they are extrapolated, the scale never below its least value on the old grid. All other
    /// kinds do not depend on the grid and come back unchanged.
    ///
    /// # Errors
    /// When the number of axes differs from that of the samples it was fitted to, or an axis is empty.
    pub fn at_resolution(&self, space: &[usize], alignment: &[GridAlignment]) -> Result<Self> {
        let old = &self.header.sample;
        let axes = old.len() - 1;
        if space.len() != axes || space.contains(&0) {
            return Err(Error::shape("space", format!("{axes} axes, none empty"), space));
        }
        if alignment.len() != axes {
            return Err(Error::shape(
                "alignment",
                format!("one for each of {axes} axes"),
                &[alignment.len()],
            ));
        }
        let mut sample = space.to_vec();
        sample.push(old[axes]);
        let header = NormaliserHeader { kind: self.header.kind, sample };
        if self.header.kind != NormaliserKind::Pointwise {
            return Ok(Self { header, shift: self.shift.clone(), scale: self.scale.clone() });
        }
        let least = self.scale.iter().copied().fold(T::INFINITY, T::min);
        let shift = resample(&self.shift, old, space, alignment);
        let mut scale = resample(&self.scale, old, space, alignment);
        scale.iter_mut().for_each(|s| *s = s.max(least));
        Self::from_parts(header, shift, scale)
    }
}

/// `values` of shape `old` = `[space.., channels]`, interpolated one axis after the other to `space`.
fn resample<T: Real>(values: &[T], old: &[usize], space: &[usize], alignment: &[GridAlignment]) -> Vec<T> {
    let mut shape = old.to_vec();
    let mut values: Vec<f64> = values.iter().map(|v| v.to_f64()).collect();
    for (axis, (&to, &alignment)) in space.iter().zip(alignment).enumerate() {
        let from = shape[axis];
        if from == to {
            continue;
        }
        let inner: usize = shape[axis + 1..].iter().product();
        let brackets: Vec<_> = (0..to).map(|i| alignment.bracket(i, to, from)).collect();
        values = values
            .chunks(from * inner)
            .flat_map(|block| {
                brackets.iter().flat_map(move |&(left, right, weight)| {
                    let (a, b) = (&block[left * inner..][..inner], &block[right * inner..][..inner]);
                    a.iter().zip(b).map(move |(a, b)| a + weight * (b - a))
                })
            })
            .collect();
        shape[axis] = to;
    }
    values.into_iter().map(T::cast).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sobolev_testing::noise;
    use std::f64::consts::TAU;

    fn points(alignment: GridAlignment, n: usize) -> Vec<f64> {
        let n_f = n as f64;
        (0..n)
            .map(|i| match alignment {
                GridAlignment::CellCentred => (i as f64 + 0.5) / n_f,
                GridAlignment::Inclusive => i as f64 / (n_f - 1.0),
                GridAlignment::Periodic => i as f64 / n_f,
            })
            .collect()
    }

    fn pointwise(sample: &[usize], shift: Vec<f64>, scale: Vec<f64>) -> Normaliser<f64> {
        let header = NormaliserHeader { kind: NormaliserKind::Pointwise, sample: sample.to_vec() };
        Normaliser::from_parts(header, shift, scale).unwrap()
    }

    #[test]
    fn linear_statistics_are_exact_on_every_grid() {
        use GridAlignment::{CellCentred, Inclusive};
        let alignment = [CellCentred, Inclusive];
        let field = |n: [usize; 2]| -> Vec<f64> {
            let (x, y) = (points(CellCentred, n[0]), points(Inclusive, n[1]));
            x.iter().flat_map(|x| y.iter().flat_map(move |y| [1.0 + x + 2.0 * y, 3.0 - x * y])).collect()
        };
        for old in [[8, 9], [5, 2]] {
            let normaliser = pointwise(&[old[0], old[1], 2], field(old), field(old));
            for new in [[16, 17], [13, 5], [3, 9], [1, 2]] {
                let moved = normaliser.at_resolution(&new, &alignment).unwrap();
                for (a, b) in moved.shift().iter().zip(field(new)) {
                    assert!((a - b).abs() < 1e-14, "{old:?} to {new:?}: {a} {b}");
                }
                assert_eq!(moved.header().sample, [new[0], new[1], 2]);
            }
        }
    }

    #[test]
    fn a_periodic_axis_wraps_around() {
        let wave = |n: usize| -> Vec<f64> {
            points(GridAlignment::Periodic, n).iter().map(|x| 2.0 + (TAU * x).cos()).collect()
        };
        let error = |n: usize| {
            let normaliser = pointwise(&[n, 1], wave(n), wave(n));
            let moved = normaliser.at_resolution(&[3 * n], &[GridAlignment::Periodic]).unwrap();
            sobolev_testing::largest(moved.shift().iter().zip(wave(3 * n)).map(|(a, b)| a - b))
        };
        let order = sobolev_testing::observed_order(&[1.0 / 16.0, 1.0 / 32.0], &[error(16), error(32)]);
        assert!((order - 2.0).abs() < 0.05, "linear interpolation is of second order, got {order}");
    }

    #[test]
    fn the_same_grid_keeps_every_bit_and_other_kinds_fit_any_grid() {
        let scale: Vec<f64> = noise(12, 2).iter().map(|v| v + 2.0).collect();
        let normaliser = pointwise(&[12, 1], noise(12, 1), scale);
        assert_eq!(normaliser.at_resolution(&[12], &[GridAlignment::CellCentred]).unwrap(), normaliser);
        let header = NormaliserHeader { kind: NormaliserKind::Channel, sample: vec![12, 1] };
        let channel = Normaliser::from_parts(header, vec![1.0], vec![2.0]).unwrap();
        let moved = channel.at_resolution(&[50], &[GridAlignment::Inclusive]).unwrap();
        assert_eq!((moved.shift(), moved.scale()), (channel.shift(), channel.scale()));
        assert!(moved.encode(&[1, 50, 1], &mut [0.0; 50]).is_ok());
    }

    #[test]
    fn a_deviation_that_vanishes_at_the_wall_stays_positive() {
        // Extrapolation of this steep start would give 1.5 * 1e-5 - 0.5 at the wall.
        let normaliser = pointwise(&[3, 1], vec![0.0; 3], vec![1e-5, 1.0, 2.0]);
        let moved = normaliser.at_resolution(&[64], &[GridAlignment::CellCentred]).unwrap();
        assert!(moved.scale().iter().all(|s| *s >= 1e-5));
    }

    #[test]
    fn a_wrong_number_of_axes_is_named() {
        let normaliser = pointwise(&[3, 1], vec![0.0; 3], vec![1.0; 3]);
        let text = normaliser.at_resolution(&[4, 4], &[GridAlignment::Inclusive; 2]).unwrap_err().to_string();
        assert_eq!(text, "space: expected 1 axes, none empty, got [4, 4]");
        assert!(normaliser.at_resolution(&[4], &[]).is_err());
    }
}
