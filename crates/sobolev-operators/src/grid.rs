//! Operations on the grid of a batch: coordinates as extra channels, zero padding and cropping.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sobolev_nn::parallel::CHUNK;
use sobolev_tensor::{Gradients, NodeId, Operation, Pool, Real, Tape, Tensor, Var};

/// Coordinates that a model is told as extra channels, one a spatial axis. The domain is mapped to `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coordinates {
    /// No extra channels.
    None,
    /// `i / (n - 1)`: both end points belong to the grid, as in the original FNO scripts.
    Inclusive,
    /// `(i + 1/2) / n`: the points are cell centres. The same place has the same coordinate on every grid.
    CellCentred,
    /// `i / n`: the right end point is the left one.
    Periodic,
}

impl Coordinates {
    /// Coordinate of point `i` of `n`.
    fn at(self, i: usize, n: usize) -> f64 {
        let (i, n) = (i as f64, n as f64);
        match self {
            Self::None => 0.0,
            Self::Inclusive => i / (n - 1.0).max(1.0),
            Self::CellCentred => (i + 0.5) / n,
            Self::Periodic => i / n,
        }
    }

    /// Number of extra channels in `dimensions` dimensions.
    pub fn channels(self, dimensions: usize) -> usize {
        if self == Self::None { 0 } else { dimensions }
    }
}

/// `[batch, x1, .., xd, c]` -> `[batch, x1, .., xd, c + d]`: appends the coordinates after the data.
pub(crate) fn append_coordinates<T: Real>(
    tape: &mut Tape<T>,
    x: &Var<T>,
    coordinates: Coordinates,
) -> Var<T> {
    let shape = x.shape();
    let (dimensions, channels) = (shape.len() - 2, shape[shape.len() - 1]);
    let extra = coordinates.channels(dimensions);
    if extra == 0 {
        return x.clone();
    }
    let grid = &shape[1..=dimensions];
    let mut result_shape = shape.to_vec();
    result_shape[dimensions + 1] += extra;
    let mut result = Tensor::uninitialised(tape.pool(), &result_shape);
    let tables: Vec<Vec<T>> =
        grid.iter().map(|&n| (0..n).map(|i| T::cast(coordinates.at(i, n))).collect()).collect();
    let (last, width) = (grid[dimensions - 1], channels + extra);
    rows_in_parallel(result.data_mut(), last * width, |row, points| {
        let data = &x.value().data()[row * last * channels..][..last * channels];
        let place = place_of_row(row, &grid[..dimensions - 1]);
        for (i, (point, data)) in points.chunks_exact_mut(width).zip(data.chunks_exact(channels)).enumerate()
        {
            point[..channels].copy_from_slice(data);
            for axis in 0..dimensions - 1 {
                point[channels + axis] = tables[axis][place[axis]];
            }
            point[channels + dimensions - 1] = tables[dimensions - 1][i];
        }
    });
    tape.record(result, x.node().map(|source| FirstChannels { source, shape: shape.to_vec() }))
}

/// Adjoint of appending channels: drops them.
struct FirstChannels {
    source: NodeId,
    shape: Vec<usize>,
}

impl<T: Real> Operation<T> for FirstChannels {
    fn backward(self: Box<Self>, gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let channels = self.shape[self.shape.len() - 1];
        let width = gradient.shape()[gradient.shape().len() - 1];
        let mut result = Tensor::uninitialised(gradients.pool(), &self.shape);
        rows_in_parallel(result.data_mut(), channels, |row, to| {
            to.copy_from_slice(&gradient.data()[row * width..][..channels]);
        });
        gradients.add(self.source, result);
    }
}

/// Runs `work` on each row of `row` values, told its number; chunks of about [`CHUNK`] values go to one thread.
fn rows_in_parallel<T: Send>(values: &mut [T], row: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let rows = CHUNK.div_ceil(row);
    values.par_chunks_mut(rows * row).enumerate().for_each(|(chunk, values)| {
        values.chunks_exact_mut(row).enumerate().for_each(|(i, values)| work(chunk * rows + i, values));
    });
}

/// Place along each of the leading axes of row `row` of a batch.
fn place_of_row(mut row: usize, leading: &[usize]) -> [usize; 2] {
    let mut place = [0; 2];
    for axis in (0..leading.len()).rev() {
        place[axis] = row % leading[axis];
        row /= leading[axis];
    }
    place
}

/// Rows of a batch on one grid, among those of the batch on a grid that is longer or shorter at the end of each axis.
struct OtherRows<'a> {
    own: &'a [usize],
    other: &'a [usize],
}

impl OtherRows<'_> {
    /// The row of the other grid at the place of `row`; nothing when that grid ends before it.
    fn at(&self, row: usize) -> Option<usize> {
        let place = place_of_row(row, self.own);
        let sample = row / self.own.iter().product::<usize>();
        self.other.iter().zip(place).try_fold(sample, |index, (&n, i)| (i < n).then_some(index * n + i))
    }
}

fn with_grid(shape: &[usize], grid: &[usize]) -> Vec<usize> {
    [&shape[..1], grid, &shape[shape.len() - 1..]].concat()
}

/// `x` on another grid: its values where it has them, else zeros.
fn on_grid<T: Real>(pool: &Pool, x: &Tensor<T>, grid: &[usize]) -> Tensor<T> {
    let (shape, last) = (x.shape(), grid.len() - 1);
    let (own, channels) = (&shape[1..=grid.len()], shape[grid.len() + 1]);
    let (from_len, to_len) = (own[last] * channels, grid[last] * channels);
    let both = from_len.min(to_len);
    let rows = OtherRows { own: &grid[..last], other: &own[..last] };
    let mut result = Tensor::uninitialised(pool, &with_grid(shape, grid));
    rows_in_parallel(result.data_mut(), to_len, |row, to| {
        let (kept, padding) = to.split_at_mut(both);
        match rows.at(row) {
            Some(from) => kept.copy_from_slice(&x.data()[from * from_len..][..both]),
            None => kept.fill(T::zero()),
        }
        padding.fill(T::zero());
    });
    result
}

/// Zeros after the last point of each axis, up to the grid `grid`.
pub(crate) fn pad<T: Real>(tape: &mut Tape<T>, x: &Var<T>, grid: &[usize]) -> Var<T> {
    let result = on_grid(tape.pool(), x.value(), grid);
    let inner = x.shape()[1..x.shape().len() - 1].to_vec();
    tape.record(result, x.node().map(|source| Regrid { source, grid: inner }))
}

/// The first points of each axis: the grid `grid`.
pub(crate) fn crop<T: Real>(tape: &mut Tape<T>, x: &Var<T>, grid: &[usize]) -> Var<T> {
    let result = on_grid(tape.pool(), x.value(), grid);
    let outer = x.shape()[1..x.shape().len() - 1].to_vec();
    tape.record(result, x.node().map(|source| Regrid { source, grid: outer }))
}

/// Adjoint of padding, which is cropping, and of cropping, which is padding.
struct Regrid {
    source: NodeId,
    grid: Vec<usize>,
}

impl<T: Real> Operation<T> for Regrid {
    fn backward(self: Box<Self>, gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let result = on_grid(gradients.pool(), &gradient, &self.grid);
        gradients.add(self.source, result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{ArrayD, Axis, Slice, s};
    use sobolev_testing::{adjoint_gap, noise};

    /// The coordinates of a grid as an array `[x1, .., xd, d]`.
    fn coordinate_array(coordinates: Coordinates, grid: &[usize]) -> ArrayD<f64> {
        let shape = [grid, &[grid.len()]].concat();
        ArrayD::from_shape_fn(shape, |index| {
            let axis = index[grid.len()];
            coordinates.at(index[axis], grid[axis])
        })
    }

    #[test]
    fn coordinates_follow_the_data_and_vary_along_their_own_axis() {
        let mut tape = Tape::<f64>::inference(&Pool::new());
        let x = Var::constant(Tensor::from_slice(&[2, 3, 4, 1], &noise(24, 1)).unwrap());
        let with = append_coordinates(&mut tape, &x, Coordinates::Inclusive).into_value().to_array();
        assert_eq!(with.slice(s![.., .., .., 0]), x.value().to_array().slice(s![.., .., .., 0]));
        for sample in 0..2 {
            let expected = coordinate_array(Coordinates::Inclusive, &[3, 4]);
            assert_eq!(with.slice(s![sample, .., .., 1..]).into_dyn(), expected);
        }
        assert_eq!((with[[0, 2, 0, 1]], with[[0, 0, 3, 2]]), (1.0, 1.0));
    }

    #[test]
    fn padding_and_cropping_are_transposes_and_keep_every_point_in_its_place() {
        let pool = Pool::new();
        for (small, large) in
            [(&[3][..], &[5][..]), (&[3, 4], &[5, 7]), (&[3, 4], &[3, 7]), (&[2, 3, 4], &[4, 3, 6])]
        {
            let tensor =
                |grid: &[usize], v: &[f64]| Tensor::from_slice(&[&[2], grid, &[2]].concat(), v).unwrap();
            let len = |grid: &[usize]| 4 * grid.iter().product::<usize>();
            let pad = |x: &[f64]| on_grid(&pool, &tensor(small, x), large).data().to_vec();
            let crop = |y: &[f64]| on_grid(&pool, &tensor(large, y), small).data().to_vec();
            let (x, y) = (noise(len(small), 1), noise(len(large), 2));
            assert!(adjoint_gap(pad, crop, &x, &y) < 1e-15);
            assert_eq!(crop(&pad(&x)), x);
            // Against slices of an array.
            let mut view = tensor(large, &y).to_array();
            for (axis, &n) in small.iter().enumerate() {
                view.slice_axis_inplace(Axis(axis + 1), Slice::from(..n));
            }
            assert_eq!(view, tensor(small, &crop(&y)).to_array());
            assert_eq!(pad(&x).iter().filter(|v| **v != 0.0).count(), x.len());
        }
    }
}
