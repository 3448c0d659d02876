//! Multigrid for any stencil.

mod elliptic;
mod factors;
mod full;
mod iterations;
mod refusals;

use ndarray::{ArrayD, IxDyn};
use sobolev_multigrid::general::{Lattice, StencilOperator};
use sobolev_testing::noise;

/// `-u_xx - epsilon u_yy ..` with the usual stencil, times the squared spacing along the first axis; the coefficient of axis
/// `a` is `strength[a]`.
pub(crate) fn laplacian(lattice: &Lattice, strength: &[f64]) -> StencilOperator<f64> {
    StencilOperator::from_fn(lattice, |_, offset| {
        let along: Vec<usize> = (0..offset.len()).filter(|a| offset[*a] != 0).collect();
        match along[..] {
            [] => 2.0 * strength.iter().sum::<f64>(),
            [axis] => -strength[axis],
            _ => 0.0,
        }
    })
    .unwrap()
}

pub(crate) fn noise_array(points: &[usize], seed: u64) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(points), noise(points.iter().product(), seed)).unwrap()
}
