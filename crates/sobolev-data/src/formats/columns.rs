//! Column-major arrays, as MATLAB stores them, turned into row-major ones block by block.

use rayon::prelude::*;
use sobolev_tensor::Real;

/// Samples a task moves together: their writes fall into as many cache lines, which a core keeps in its first cache.
const SAMPLES: usize = 16;

/// Takes the columns of a column-major array `[samples, x1, .., xd]`, in which the sample index runs fastest, and puts them
/// where they belong in row-major order.
pub(super) struct Columns<T> {
    samples: usize,
    space: Vec<usize>,
    /// Grid point of the next column, and its number in row-major order.
    next: Vec<usize>,
    values: Vec<T>,
}

impl<T: Real> Columns<T> {
    pub(super) fn new(shape: &[usize]) -> Self {
        let (samples, space) = shape.split_first().map_or((1, shape), |(n, s)| (*n, s));
        Self {
            samples,
            space: space.to_vec(),
            next: vec![0; space.len()],
            values: vec![T::zero(); shape.iter().product()],
        }
    }

    /// Adds whole columns; values past the last column are dropped.
    pub(super) fn push<S: Real>(&mut self, columns: &[S]) {
        let points: usize = self.space.iter().product();
        if self.samples == 0 || points == 0 {
            return;
        }
        let places: Vec<usize> = (0..columns.len() / self.samples).map_while(|_| self.advance()).collect();
        let samples = self.samples;
        self.values.par_chunks_mut(points * SAMPLES).enumerate().for_each(|(block, rows)| {
            let first = block * SAMPLES;
            for (column, &place) in columns.chunks(samples).zip(&places) {
                for (row, value) in rows.chunks_mut(points).zip(&column[first..]) {
                    row[place] = T::cast(value.to_f64());
                }
            }
        });
    }

    /// Row-major number of the next column's grid point; nothing after the last.
    fn advance(&mut self) -> Option<usize> {
        let (next, space) = (&mut self.next, &self.space);
        if next.iter().zip(space).any(|(i, n)| i >= n) {
            return None;
        }
        let place = next.iter().zip(space).fold(0, |place, (i, n)| place * n + i);
        // The first grid axis runs fastest; the last one stays past its end when all are done.
        let last = space.len().saturating_sub(1);
        for axis in 0..space.len() {
            next[axis] += 1;
            if next[axis] < space[axis] || axis == last {
                break;
            }
            next[axis] = 0;
        }
        Some(place)
    }

    pub(super) fn into_values(self) -> Vec<T> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, IxDyn, ShapeBuilder};

    #[test]
    fn columns_of_any_rank_land_in_row_major_order() {
        for shape in [vec![37, 5], vec![20, 3, 4], vec![5, 2, 3, 4], vec![1, 6]] {
            let array = Array::from_shape_fn(IxDyn(&shape).f(), |index| {
                (0..shape.len()).fold(0, |number, axis| number * 10 + index[axis]) as f64
            });
            let expected: Vec<f64> = array.iter().copied().collect();
            let stored = array.into_raw_vec_and_offset().0;
            for at_once in [1, 2, 7] {
                let mut columns = Columns::<f64>::new(&shape);
                stored.chunks(at_once * shape[0]).for_each(|block| columns.push(block));
                assert_eq!(columns.into_values(), expected, "{shape:?}, {at_once} columns at once");
            }
        }
    }

    #[test]
    fn columns_past_the_last_are_dropped() {
        let mut columns = Columns::<f32>::new(&[2, 2]);
        columns.push(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        columns.push(&[7.0, 8.0]);
        assert_eq!(columns.into_values(), [1.0, 3.0, 2.0, 4.0]);
    }
}
