//! Damped Jacobi relaxation.

use super::super::operator::StencilOperator;
use super::super::scalar::Scalar;

/// `x = x + weight D^-1 (f - A x)`.
pub(super) fn sweep<S: Scalar>(
    operator: &StencilOperator<S>,
    inverse_diagonal: &[S],
    weight: f64,
    f: &[S],
    x: &mut [S],
    scratch: &mut [Vec<S>; 2],
    threads: usize,
) {
    let residual = &mut scratch[0];
    operator.residual(f, x, residual, threads);
    // Ghosts have no diagonal, and their residual is never used.
    for ((x, r), d) in x.iter_mut().zip(residual.iter()).zip(inverse_diagonal) {
        if *d != S::default() {
            *x += (*d * *r).scaled(weight);
        }
    }
    operator.storage().fill_ghosts(x);
}
