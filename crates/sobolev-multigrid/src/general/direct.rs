//! Direct solution by sparse Gaussian elimination: for operators that multigrid does not like, such as indefinite ones.

use super::lattice::Storage;
use super::operator::StencilOperator;
use super::scalar::Scalar;
use ndarray::{Array2, ArrayD, ArrayViewD, IxDyn};
use sobolev_tensor::linalg::{SparseLu, SparseMatrix};
use sobolev_tensor::{Error, Result};

/// Sparse LU factors of a [`StencilOperator`], with a fill-reducing order: about `n^1.5` operations and `n log n` numbers in
/// two dimensions, far more in three.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_multigrid::general::{Direct, Lattice, StencilOperator};
/// let lattice = Lattice::new(&[20, 20])?;
/// // Indefinite: the Laplacian, shifted into its spectrum.
/// let operator = StencilOperator::from_fn(&lattice, |_, offset| match offset {
///     [0, 0] => 4.0 - 0.5,
///     [0, _] | [_, 0] => -1.0,
///     _ => 0.0,
/// })?;
/// let f = ArrayD::ones(vec![20, 20]);
/// let u = Direct::new(&operator)?.solve(f.view())?;
/// assert!((operator.apply(u.view())? - f).iter().all(|r| r.abs() < 1e-10));
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Direct<S: Scalar> {
    storage: Storage,
    points: Vec<usize>,
    factors: SparseLu<S>,
}

impl<S: Scalar> Direct<S> {
    /// Factorises the matrix.
    ///
    /// # Errors
    /// When it is singular by its pattern.
    pub fn new(operator: &StencilOperator<S>) -> Result<Self> {
        let storage = operator.storage();
        let [_, b, c] = storage.points;
        let number = |[i, j, k]: [usize; 3]| (i * b + j) * c + k;
        let mut triplets = Vec::new();
        for point in storage.each() {
            for (plane, offset) in operator.offsets().iter().enumerate() {
                if let Some(to) = storage.neighbour(point, *offset) {
                    triplets.push((number(point), number(to), operator.plane(plane)[storage.at(point)]));
                }
            }
        }
        let points = operator.lattice().points().to_vec();
        let size = operator.lattice().unknowns();
        let factors = SparseLu::new(&SparseMatrix::from_triplets((size, size), triplets)?)?;
        Ok(Self { storage: *storage, points, factors })
    }

    /// Solves `A u = f`.
    ///
    /// # Errors
    /// When the shape differs, a value is not finite, or the matrix was singular.
    pub fn solve(&self, f: ArrayViewD<'_, S>) -> Result<ArrayD<S>> {
        if f.shape() != self.points {
            return Err(Error::shape("f", format!("{:?}", self.points), f.shape()));
        }
        let values = self.solve_values(f.iter().copied().collect())?;
        Ok(ArrayD::from_shape_vec(IxDyn(&self.points), values).expect("as many values as points"))
    }

    fn solve_values(&self, f: Vec<S>) -> Result<Vec<S>> {
        let column = Array2::from_shape_vec((f.len(), 1), f).expect("as many rows as values");
        Ok(self.factors.solve(column.view())?.column(0).to_vec())
    }

    /// Solves from storage into storage; ghosts stay as they are, and so does everything where `f` is not finite: the
    /// iteration then sees that it diverges.
    pub(crate) fn solve_storage(&self, f: &[S], x: &mut [S]) {
        let values = self.storage.each().map(|point| f[self.storage.at(point)]).collect();
        if let Ok(solution) = self.solve_values(values) {
            for (point, value) in self.storage.each().zip(solution) {
                x[self.storage.at(point)] = value;
            }
        }
    }
}
