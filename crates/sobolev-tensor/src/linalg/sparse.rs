//! Sparse direct solvers.

use super::{as_faer, check_right_hand_side, to_array};
use crate::{Error, Result};
use faer::Side;
use faer::linalg::solvers::Solve;
use faer::sparse::{SparseColMat, Triplet};
use faer::traits::ComplexField;
use ndarray::{Array2, ArrayView2};
use num_complex::Complex64;

/// Numbers of a sparse matrix: `f64` and [`Complex64`].
pub trait SparseNumber: ComplexField + Copy + std::ops::Add<Output = Self> + std::fmt::Debug {
    /// Whether no part is infinite or not a number.
    fn all_finite(self) -> bool;

    /// The part that is not finite, or the real one.
    fn wrong_part(self) -> f64;
}

impl SparseNumber for f64 {
    fn all_finite(self) -> bool {
        self.is_finite()
    }

    fn wrong_part(self) -> f64 {
        self
    }
}

impl SparseNumber for Complex64 {
    fn all_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    fn wrong_part(self) -> f64 {
        if self.re.is_finite() && !self.im.is_finite() { self.im } else { self.re }
    }
}

/// A sparse matrix in compressed columns.
#[derive(Debug, Clone)]
pub struct SparseMatrix<S = f64> {
    matrix: SparseColMat<usize, S>,
}

impl<S: SparseNumber> SparseMatrix<S> {
    /// A matrix of `shape` (rows, columns) from (row, column, value); values at one place are added.
    ///
    /// # Errors
    /// [`Error::Value`] when a place lies outside of the matrix or a value is not finite.
    pub fn from_triplets(
        shape: (usize, usize),
        triplets: impl IntoIterator<Item = (usize, usize, S)>,
    ) -> Result<Self> {
        let triplets: Vec<_> =
            triplets.into_iter().map(|(row, col, val)| Triplet { row, col, val }).collect();
        if let Some(Triplet { row, col, val }) = triplets.iter().find(|entry| !entry.val.all_finite()) {
            return Err(Error::value("triplets", "finite values", format!("{val:?} at ({row}, {col})")));
        }
        let matrix = SparseColMat::try_new_from_triplets(shape.0, shape.1, &triplets).map_err(|error| {
            Error::value("triplets", format!("places inside {} x {}", shape.0, shape.1), format!("{error:?}"))
        })?;
        Ok(Self { matrix })
    }

    fn check_square(&self) -> Result<usize> {
        let (rows, columns) = (self.matrix.nrows(), self.matrix.ncols());
        if rows == columns {
            Ok(rows)
        } else {
            Err(Error::shape("matrix", "a square matrix", &[rows, columns]))
        }
    }
}

/// Sparse Cholesky factor of a symmetric positive definite matrix, with a fill-reducing order.
#[derive(Debug, Clone)]
pub struct SparseCholesky {
    size: usize,
    factor: faer::sparse::linalg::solvers::Llt<usize, f64>,
}

impl SparseCholesky {
    /// Factors `a`; only its lower triangle is read.
    ///
    /// # Errors
    /// [`Error::Shape`] when `a` is not square, [`Error::Value`] when it is not positive definite.
    pub fn new(a: &SparseMatrix) -> Result<Self> {
        let size = a.check_square()?;
        let factor =
            a.matrix.as_ref().sp_cholesky(Side::Lower).map_err(|error| {
                Error::value("matrix", "a positive definite matrix", format!("{error:?}"))
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

/// Sparse LU factors of a square matrix.
#[derive(Debug, Clone)]
pub struct SparseLu<S = f64> {
    size: usize,
    factors: faer::sparse::linalg::solvers::Lu<usize, S>,
}

impl<S: SparseNumber> SparseLu<S> {
    /// Factors `a`.
    ///
    /// # Errors
    /// [`Error::Shape`] when `a` is not square, [`Error::Value`] when it is singular by its pattern.
    pub fn new(a: &SparseMatrix<S>) -> Result<Self> {
        let size = a.check_square()?;
        let factors = a
            .matrix
            .as_ref()
            .sp_lu()
            .map_err(|error| Error::value("matrix", "a regular matrix", format!("{error:?}")))?;
        Ok(Self { size, factors })
    }

    /// Solves A X = B for `b` `[n, columns]`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::NonFinite`] for bad input, [`Error::Value`] when `a` was singular.
    pub fn solve(&self, b: ArrayView2<'_, S>) -> Result<Array2<S>> {
        if b.nrows() != self.size {
            return Err(Error::shape("right-hand side", format!("[{}, columns]", self.size), b.shape()));
        }
        if let Some((index, value)) = b.indexed_iter().find(|(_, value)| !value.all_finite()) {
            let (argument, index) = ("right-hand side".to_string(), vec![index.0, index.1]);
            return Err(Error::NonFinite { argument, index, value: value.wrong_part() });
        }
        let x = self.factors.solve(as_faer(&b));
        let x = Array2::from_shape_fn((x.nrows(), x.ncols()), |(i, j)| x[(i, j)]);
        if !x.iter().all(|value| value.all_finite()) {
            return Err(Error::value("matrix", "a regular matrix", "a singular one"));
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// The second difference on `n` points, plus `shift` times the first difference.
    fn differences(n: usize, shift: f64) -> SparseMatrix {
        let row = |i: usize| {
            let left = (i > 0).then(|| (i, i - 1, -1.0 - shift));
            let right = (i + 1 < n).then(|| (i, i + 1, -1.0 + shift));
            left.into_iter().chain(right).chain([(i, i, 2.0)])
        };
        SparseMatrix::from_triplets((n, n), (0..n).flat_map(row)).unwrap()
    }

    #[test]
    fn second_difference_of_the_solution_is_the_right_hand_side() {
        // -u'' = 1 with u = 0 one step outside of both ends: u_i = (i + 1)(n - i) / 2 exactly.
        let n = 50;
        let b = Array2::ones((n, 1));
        let x = SparseCholesky::new(&differences(n, 0.0)).unwrap().solve(b.view()).unwrap();
        for i in 0..n {
            let exact = ((i + 1) * (n - i)) as f64 / 2.0;
            assert!((x[[i, 0]] - exact).abs() < 1e-10 * exact);
        }
        let y = SparseLu::new(&differences(n, 0.3)).unwrap().solve(b.view()).unwrap();
        for i in 1..n - 1 {
            let residual = 2.0 * y[[i, 0]] - 1.3 * y[[i - 1, 0]] - 0.7 * y[[i + 1, 0]] - 1.0;
            assert!(residual.abs() < 1e-11);
        }
    }

    #[test]
    fn places_outside_and_indefinite_matrices_are_errors() {
        assert!(SparseMatrix::from_triplets((2, 2), [(0, 2, 1.0)]).is_err());
        let negative = SparseMatrix::from_triplets((1, 1), [(0, 0, -1.0)]).unwrap();
        assert!(SparseCholesky::new(&negative).is_err());
        let tall = SparseMatrix::from_triplets((2, 1), [(0, 0, 1.0)]).unwrap();
        assert!(SparseLu::new(&tall).is_err());
        assert!(SparseMatrix::from_triplets((1, 1), [(0, 0, f64::NAN)]).is_err());
        // Singular by its values, not by its pattern.
        let ones = SparseMatrix::from_triplets((2, 2), [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 1.0)])
            .unwrap();
        let solved =
            SparseLu::new(&ones).and_then(|factors| factors.solve(ndarray::array![[1.0], [0.0]].view()));
        assert!(solved.unwrap_err().to_string().contains("regular"));
    }
}
