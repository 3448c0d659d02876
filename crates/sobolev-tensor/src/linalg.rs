//! Dense and sparse factorisations in double precision, by the crate `faer`, with `ndarray` in and out.
//!
//! With the feature `lapack` the module `lapack` offers the dense ones through a system LAPACK as well.
//!
//! ```
//! use ndarray::array;
//! use sobolev_tensor::linalg::Cholesky;
//! let a = array![[4.0, 1.0], [1.0, 3.0]];
//! let x = Cholesky::new(a.view())?.solve(array![[1.0], [2.0]].view())?;
//! assert!((x[[0, 0]] - 1.0 / 11.0).abs() < 1e-15);
//! # Ok::<(), sobolev_tensor::Error>(())
//! ```

#[cfg(feature = "lapack")]
pub mod lapack;
mod sparse;

use crate::{Error, Result, check_finite};
use faer::linalg::solvers::{Solve, SolveLstsq};
use faer::{MatRef, Side};
use ndarray::{Array1, Array2, ArrayView2};
pub use sparse::{SparseCholesky, SparseLu, SparseMatrix, SparseNumber};

/// A view for `faer` of a matrix of any layout.
fn as_faer<'a, S>(a: &'a ArrayView2<'_, S>) -> MatRef<'a, S> {
    let strides = a.strides();
    // SAFETY: pointer, sizes and strides are those of a live array view, whose lifetime the result carries.
    unsafe { MatRef::from_raw_parts(a.as_ptr(), a.nrows(), a.ncols(), strides[0], strides[1]) }
}

fn to_array(a: MatRef<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn((a.nrows(), a.ncols()), |(i, j)| a[(i, j)])
}

/// Checks that `a` is square, not empty and finite.
fn check_square(a: &ArrayView2<'_, f64>) -> Result<usize> {
    if a.nrows() != a.ncols() || a.nrows() == 0 {
        return Err(Error::shape("matrix", "a square matrix [n, n], n > 0", a.shape()));
    }
    check_finite("matrix", a.shape(), a.iter())?;
    Ok(a.nrows())
}

fn check_right_hand_side(b: &ArrayView2<'_, f64>, rows: usize) -> Result<()> {
    if b.nrows() != rows {
        return Err(Error::shape("right-hand side", format!("[{rows}, columns]"), b.shape()));
    }
    check_finite("right-hand side", b.shape(), b.iter())
}

/// Cholesky factor of a symmetric positive definite matrix, A = L L^T.
#[derive(Debug, Clone)]
pub struct Cholesky {
    size: usize,
    factor: faer::linalg::solvers::Llt<f64>,
}

impl Cholesky {
    /// Factors `a` `[n, n]`; only its lower triangle is read.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when `a` is not positive definite.
    pub fn new(a: ArrayView2<'_, f64>) -> Result<Self> {
        let size = check_square(&a)?;
        let factor = as_faer(&a).llt(Side::Lower).map_err(|error| {
            Error::value(
                "matrix",
                "a positive definite matrix",
                format!("a pivot that is not positive ({error:?})"),
            )
        })?;
        Ok(Self { size, factor })
    }

    /// Solves A X = B for `b` `[n, columns]`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::NonFinite`] for bad input.
    pub fn solve(&self, b: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        check_right_hand_side(&b, self.size)?;
        Ok(to_array(self.factor.solve(as_faer(&b)).as_ref()))
    }
}

/// LU factors of a square matrix with row exchanges, P A = L U.
#[derive(Debug, Clone)]
pub struct Lu {
    size: usize,
    factors: faer::linalg::solvers::PartialPivLu<f64>,
}

impl Lu {
    /// Factors `a` `[n, n]`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when `a` is singular.
    pub fn new(a: ArrayView2<'_, f64>) -> Result<Self> {
        let size = check_square(&a)?;
        let factors = as_faer(&a).partial_piv_lu();
        match (0..size).find(|&i| factors.U()[(i, i)] == 0.0) {
            Some(i) => Err(Error::value("matrix", "a regular matrix", format!("pivot {i} is zero"))),
            None => Ok(Self { size, factors }),
        }
    }

    /// Solves A X = B for `b` `[n, columns]`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::NonFinite`] for bad input.
    pub fn solve(&self, b: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        check_right_hand_side(&b, self.size)?;
        Ok(to_array(self.factors.solve(as_faer(&b)).as_ref()))
    }
}

/// Solves min |A X - B| for `a` `[m, n]`, m >= n, of full rank, by a QR factorisation; `[n, columns]`.
///
/// # Errors
/// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when a column is a combination of others.
pub fn least_squares(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    check_tall(&a)?;
    check_right_hand_side(&b, a.nrows())?;
    check_solution(to_array(as_faer(&a).qr().solve_lstsq(as_faer(&b)).as_ref()))
}

/// Eigenvalues in ascending order and orthonormal eigenvectors (columns) of a symmetric matrix, A = Q diag(w) Q^T.
#[derive(Debug, Clone)]
pub struct SymmetricEigen {
    /// Eigenvalues, ascending.
    pub values: Array1<f64>,
    /// Eigenvectors in the columns, `[n, n]`.
    pub vectors: Array2<f64>,
}

/// Eigenvalues and eigenvectors of the symmetric matrix `a` `[n, n]`; only its lower triangle is read.
///
/// # Errors
/// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when the iteration does not converge.
pub fn symmetric_eigen(a: ArrayView2<'_, f64>) -> Result<SymmetricEigen> {
    check_square(&a)?;
    let eigen = as_faer(&a).self_adjoint_eigen(Side::Lower).map_err(|error| {
        Error::value("matrix", "a matrix whose eigenvalues converge", format!("{error:?}"))
    })?;
    let values = eigen.S().column_vector().iter().copied().collect();
    Ok(SymmetricEigen { values, vectors: to_array(eigen.U()) })
}

/// Thin singular value decomposition, A = U diag(s) V^T.
#[derive(Debug, Clone)]
pub struct Svd {
    /// Left singular vectors in the columns, `[m, min(m, n)]`.
    pub u: Array2<f64>,
    /// Singular values, descending.
    pub values: Array1<f64>,
    /// Right singular vectors in the columns, `[n, min(m, n)]`.
    pub v: Array2<f64>,
}

/// Thin singular value decomposition of `a` `[m, n]`.
///
/// # Errors
/// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when the iteration does not converge.
pub fn svd(a: ArrayView2<'_, f64>) -> Result<Svd> {
    check_not_empty(&a)?;
    let svd = as_faer(&a).thin_svd().map_err(|error| {
        Error::value("matrix", "a matrix whose singular values converge", format!("{error:?}"))
    })?;
    let values = svd.S().column_vector().iter().copied().collect();
    Ok(Svd { u: to_array(svd.U()), values, v: to_array(svd.V()) })
}

fn check_tall(a: &ArrayView2<'_, f64>) -> Result<()> {
    if a.nrows() < a.ncols() || a.ncols() == 0 {
        return Err(Error::shape("matrix", "[m, n] with m >= n > 0", a.shape()));
    }
    check_finite("matrix", a.shape(), a.iter())
}

fn check_not_empty(a: &ArrayView2<'_, f64>) -> Result<()> {
    if a.is_empty() {
        return Err(Error::shape("matrix", "[m, n] with m, n > 0", a.shape()));
    }
    check_finite("matrix", a.shape(), a.iter())
}

/// Division by a pivot of zero leaves values that are not finite.
fn check_solution(x: Array2<f64>) -> Result<Array2<f64>> {
    if x.iter().all(|value| value.is_finite()) {
        return Ok(x);
    }
    Err(Error::value("matrix", "a regular matrix", "a singular one"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use sobolev_testing::{noise, relative_error};

    pub(super) fn matrix(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        Array2::from_shape_vec((rows, columns), noise(rows * columns, seed)).unwrap()
    }

    fn definite(n: usize) -> Array2<f64> {
        let a = matrix(n, n, 1);
        a.t().dot(&a) + Array2::<f64>::eye(n)
    }

    fn close(a: &Array2<f64>, b: &Array2<f64>) {
        let flat = |a: &Array2<f64>| a.iter().copied().collect::<Vec<_>>();
        // Backward-stable methods on matrices of condition below 1e3: n eps times the condition is 1e-11.
        assert!(relative_error(&flat(a), &flat(b)) < 1e-11);
    }

    #[test]
    fn solutions_reproduce_the_right_hand_side() {
        let (a, b) = (definite(30), matrix(30, 4, 2));
        close(&a.dot(&Cholesky::new(a.view()).unwrap().solve(b.view()).unwrap()), &b);
        let general = matrix(30, 30, 3);
        close(&general.dot(&Lu::new(general.view()).unwrap().solve(b.view()).unwrap()), &b);
        // A transposed view has other strides.
        close(&general.t().dot(&Lu::new(general.t()).unwrap().solve(b.view()).unwrap()), &b);
    }

    #[test]
    fn least_squares_residual_is_orthogonal_to_the_columns() {
        let (a, b) = (matrix(40, 7, 4), matrix(40, 2, 5));
        let x = least_squares(a.view(), b.view()).unwrap();
        let projection = a.t().dot(&(a.dot(&x) - &b));
        assert!(projection.iter().all(|v| v.abs() < 1e-12));
    }

    #[test]
    fn factors_rebuild_the_matrix() {
        let a = definite(25);
        let eigen = symmetric_eigen(a.view()).unwrap();
        close(&(&eigen.vectors * &eigen.values).dot(&eigen.vectors.t()), &a);
        assert!(eigen.values.iter().zip(eigen.values.iter().skip(1)).all(|(low, high)| low <= high));
        let b = matrix(20, 12, 6);
        let svd = svd(b.view()).unwrap();
        close(&(&svd.u * &svd.values).dot(&svd.v.t()), &b);
    }

    #[test]
    fn bad_matrices_are_named() {
        assert!(Lu::new(Array2::zeros((3, 3)).view()).unwrap_err().to_string().contains("pivot 0 is zero"));
        assert!(Cholesky::new((-definite(4)).view()).unwrap_err().to_string().contains("positive definite"));
        assert!(matches!(symmetric_eigen(matrix(2, 3, 7).view()), Err(Error::Shape { .. })));
        let mut a = definite(4);
        a[[1, 2]] = f64::NAN;
        assert!(matches!(Lu::new(a.view()), Err(Error::NonFinite { .. })));
    }
}
