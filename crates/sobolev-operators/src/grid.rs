//! Operations on the grid of a batch: coordinates as extra channels, zero padding and cropping.

use ndarray::{ArrayViewD, ArrayViewMutD, Axis, Slice};
use serde::{Deserialize, Serialize};
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
    let points: usize = grid.iter().product();
    let rows = result.data_mut().chunks_exact_mut(channels + extra);
    for (row_index, (row, data)) in rows.zip(x.value().data().chunks_exact(channels)).enumerate() {
        row[..channels].copy_from_slice(data);
        let mut point = row_index % points;
        for axis in (0..dimensions).rev() {
            row[channels + axis] = T::cast(coordinates.at(point % grid[axis], grid[axis]));
            point /= grid[axis];
        }
    }
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
        let rows = gradient.data().chunks_exact(width);
        result
            .data_mut()
            .chunks_exact_mut(channels)
            .zip(rows)
            .for_each(|(to, row)| to.copy_from_slice(&row[..channels]));
        gradients.add(self.source, result);
    }
}

/// The part of a batch that lies on the first points of each axis.
fn low_end<'a, T>(mut view: ArrayViewD<'a, T>, grid: &[usize]) -> ArrayViewD<'a, T> {
    for (axis, &n) in grid.iter().enumerate() {
        view.slice_axis_inplace(Axis(axis + 1), Slice::from(..n));
    }
    view
}

fn low_end_mut<'a, T>(mut view: ArrayViewMutD<'a, T>, grid: &[usize]) -> ArrayViewMutD<'a, T> {
    for (axis, &n) in grid.iter().enumerate() {
        view.slice_axis_inplace(Axis(axis + 1), Slice::from(..n));
    }
    view
}

fn with_grid(shape: &[usize], grid: &[usize]) -> Vec<usize> {
    [&shape[..1], grid, &shape[shape.len() - 1..]].concat()
}

fn padded<T: Real>(pool: &Pool, x: &Tensor<T>, grid: &[usize]) -> Tensor<T> {
    let inner = &x.shape()[1..x.shape().len() - 1];
    let mut result = Tensor::zeros(pool, &with_grid(x.shape(), grid));
    low_end_mut(result.view_mut(), inner).assign(&x.view());
    result
}

fn cropped<T: Real>(pool: &Pool, x: &Tensor<T>, grid: &[usize]) -> Tensor<T> {
    Tensor::from_array(pool, low_end(x.view(), grid))
}

/// Zeros after the last point of each axis, up to the grid `grid`.
pub(crate) fn pad<T: Real>(tape: &mut Tape<T>, x: &Var<T>, grid: &[usize]) -> Var<T> {
    let result = padded(tape.pool(), x.value(), grid);
    let inner = x.shape()[1..x.shape().len() - 1].to_vec();
    tape.record(result, x.node().map(|source| Crop { source, grid: inner }))
}

/// The first points of each axis: the grid `grid`.
pub(crate) fn crop<T: Real>(tape: &mut Tape<T>, x: &Var<T>, grid: &[usize]) -> Var<T> {
    let result = cropped(tape.pool(), x.value(), grid);
    let outer = x.shape()[1..x.shape().len() - 1].to_vec();
    tape.record(result, x.node().map(|source| Pad { source, grid: outer }))
}

/// Adjoint of padding.
struct Crop {
    source: NodeId,
    grid: Vec<usize>,
}

impl<T: Real> Operation<T> for Crop {
    fn backward(self: Box<Self>, gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let result = cropped(gradients.pool(), &gradient, &self.grid);
        gradients.add(self.source, result);
    }
}

/// Adjoint of cropping.
struct Pad {
    source: NodeId,
    grid: Vec<usize>,
}

impl<T: Real> Operation<T> for Pad {
    fn backward(self: Box<Self>, gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let result = padded(gradients.pool(), &gradient, &self.grid);
        gradients.add(self.source, result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{ArrayD, s};
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
    fn padding_and_cropping_are_transposes() {
        let pool = Pool::new();
        let (small, large) = ([2, 3, 4, 2], [2, 5, 7, 2]);
        let tensor = |shape: &[usize], v: &[f64]| Tensor::from_slice(shape, v).unwrap();
        let gap = adjoint_gap(
            |x| padded(&pool, &tensor(&small, x), &[5, 7]).data().to_vec(),
            |y| cropped(&pool, &tensor(&large, y), &[3, 4]).data().to_vec(),
            &noise(48, 1),
            &noise(140, 2),
        );
        assert!(gap < 1e-15);
    }
}
