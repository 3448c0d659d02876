//! The dense factorisations of the parent module through a system LAPACK (crate `ndarray-linalg`).

use super::{Svd, SymmetricEigen, check_not_empty, check_right_hand_side, check_square, check_tall};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2, s};
use ndarray_linalg::error::LinalgError;
use ndarray_linalg::{Eigh, FactorizeC, LeastSquaresSvd, SVD, SolveC, UPLO};

fn failed(error: LinalgError) -> Error {
    Error::value("matrix", "a matrix that LAPACK can factor", error)
}

/// Column by column, since LAPACK's drivers in `ndarray-linalg` take one right-hand side.
fn by_columns(
    b: ArrayView2<'_, f64>,
    rows: usize,
    solve: impl Fn(&ndarray::Array1<f64>) -> std::result::Result<ndarray::Array1<f64>, LinalgError>,
) -> Result<Array2<f64>> {
    let mut x = Array2::zeros((rows, b.ncols()));
    for (mut column, b) in x.columns_mut().into_iter().zip(b.columns()) {
        column.assign(&solve(&b.to_owned()).map_err(failed)?);
    }
    Ok(x)
}

/// Solves A X = B for symmetric positive definite `a` `[n, n]` and `b` `[n, columns]` by Cholesky; only the lower triangle of `a` is
/// read.
///
/// # Errors
/// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when `a` is not positive definite.
pub fn cholesky_solve(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let size = check_square(&a)?;
    check_right_hand_side(&b, size)?;
    let factor = a.factorizec(UPLO::Lower).map_err(failed)?;
    by_columns(b, size, |column| factor.solvec(column))
}

/// Solves A X = B for `a` `[n, n]` and `b` `[n, columns]` by LU.
///
/// # Errors
/// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when `a` is singular.
pub fn lu_solve(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    use ndarray_linalg::{Factorize, Solve};
    let size = check_square(&a)?;
    check_right_hand_side(&b, size)?;
    let factors = a.factorize().map_err(failed)?;
    by_columns(b, size, |column| factors.solve(column))
}

/// Solves min |A X - B| for `a` `[m, n]`, m >= n; `[n, columns]`.
///
/// # Errors
/// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when the iteration does not converge.
pub fn least_squares(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    check_tall(&a)?;
    check_right_hand_side(&b, a.nrows())?;
    Ok(a.to_owned().least_squares(&b.to_owned()).map_err(failed)?.solution)
}

/// Eigenvalues and eigenvectors of the symmetric matrix `a` `[n, n]`.
///
/// # Errors
/// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when the iteration does not converge.
pub fn symmetric_eigen(a: ArrayView2<'_, f64>) -> Result<SymmetricEigen> {
    check_square(&a)?;
    let (values, vectors) = a.eigh(UPLO::Lower).map_err(failed)?;
    Ok(SymmetricEigen { values, vectors })
}

/// Thin singular value decomposition of `a` `[m, n]`.
///
/// # Errors
/// [`Error::NonFinite`] for bad input, [`Error::Value`] when the iteration does not converge.
pub fn svd(a: ArrayView2<'_, f64>) -> Result<Svd> {
    check_not_empty(&a)?;
    let (u, values, vt) = a.svd(true, true).map_err(failed)?;
    let (Some(u), Some(vt)) = (u, vt) else {
        return Err(Error::value("matrix", "singular vectors", "none from LAPACK"));
    };
    let rank = values.len();
    let (u, v) = (u.slice(s![.., ..rank]).to_owned(), vt.slice(s![..rank, ..]).t().to_owned());
    Ok(Svd { u, values, v })
}

#[cfg(test)]
mod tests {
    use super::super::{self as ours, tests::matrix};
    use super::*;
    use sobolev_testing::relative_error;

    fn close(a: &Array2<f64>, b: &Array2<f64>) {
        let flat = |a: &Array2<f64>| a.iter().copied().collect::<Vec<_>>();
        // Two backward-stable methods on matrices of condition below 1e3.
        assert!(relative_error(&flat(a), &flat(b)) < 1e-10);
    }

    #[test]
    fn lapack_and_faer_agree() {
        let (general, b) = (matrix(30, 30, 1), matrix(30, 3, 2));
        let definite = general.t().dot(&general) + Array2::<f64>::eye(30);
        close(
            &cholesky_solve(definite.view(), b.view()).unwrap(),
            &ours::Cholesky::new(definite.view()).unwrap().solve(b.view()).unwrap(),
        );
        close(
            &lu_solve(general.view(), b.view()).unwrap(),
            &ours::Lu::new(general.view()).unwrap().solve(b.view()).unwrap(),
        );
        // Only the lower triangle counts.
        let mut lower = definite.clone();
        lower[[0, 29]] = 1e3;
        close(
            &cholesky_solve(lower.view(), b.view()).unwrap(),
            &ours::Cholesky::new(definite.view()).unwrap().solve(b.view()).unwrap(),
        );
        let tall = matrix(30, 8, 3);
        close(
            &least_squares(tall.view(), b.view()).unwrap(),
            &ours::least_squares(tall.view(), b.view()).unwrap(),
        );
        // Vectors are unique up to sign, so the rebuilt matrices and the values are compared.
        let (theirs, own) =
            (symmetric_eigen(definite.view()).unwrap(), ours::symmetric_eigen(definite.view()).unwrap());
        assert!(relative_error(&theirs.values.to_vec(), &own.values.to_vec()) < 1e-12);
        close(&(&theirs.vectors * &theirs.values).dot(&theirs.vectors.t()), &definite);
        let (theirs, own) = (svd(tall.view()).unwrap(), ours::svd(tall.view()).unwrap());
        assert!(relative_error(&theirs.values.to_vec(), &own.values.to_vec()) < 1e-12);
        close(&(&theirs.u * &theirs.values).dot(&theirs.v.t()), &tall);
    }
}
