//! Direct solution on the coarsest lattice, by Gaussian elimination with partial pivoting: dense, or sparse for many points.

use super::direct::Direct;
use super::operator::StencilOperator;
use super::scalar::Scalar;
use ndarray::ArrayD;
use sobolev_tensor::{Error, Result};

/// Points from which on the coarsest matrix is kept sparse.
const SPARSE_FROM: usize = 400;

/// Factors of the coarsest matrix.
#[derive(Debug, Clone)]
pub(crate) enum Coarsest<S: Scalar> {
    Dense(Dense<S>),
    Sparse(Box<Direct<S>>),
}

impl<S: Scalar> Coarsest<S> {
    /// Factorises; a `singular` matrix is dense, whatever its size.
    pub(crate) fn new(operator: &StencilOperator<S>, singular: bool) -> Result<Self> {
        if singular || operator.lattice().unknowns() < SPARSE_FROM {
            return Ok(Self::Dense(Dense::new(operator, singular)?));
        }
        let direct = Direct::new(operator)?;
        // The sparse factors tell of a singular matrix only when they are used.
        direct.solve(ArrayD::from_elem(operator.lattice().points(), S::from_real(1.0)).view())?;
        Ok(Self::Sparse(Box::new(direct)))
    }

    /// Solves from storage into storage.
    pub(crate) fn solve(&self, f: &[S], x: &mut [S]) {
        match self {
            Self::Dense(dense) => dense.solve(f, x),
            Self::Sparse(direct) => direct.solve_storage(f, x),
        }
    }
}

/// LU factors of the coarsest matrix.
#[derive(Debug, Clone)]
pub(crate) struct Dense<S> {
    /// Factors by rows: unit lower triangle, upper triangle.
    factors: Vec<S>,
    /// Row exchanged with row `i` in step `i`.
    pivots: Vec<usize>,
    places: Vec<usize>,
}

impl<S: Scalar> Dense<S> {
    /// Factorises. A `singular` matrix (constants in its kernel) is made regular by adding a multiple of the projection on
    /// constants, which leaves solutions of mean zero as they are.
    fn new(operator: &StencilOperator<S>, singular: bool) -> Result<Self> {
        let storage = operator.storage();
        let places: Vec<usize> = storage.each().map(|point| storage.at(point)).collect();
        let n = places.len();
        let [_, b, c] = storage.points;
        let number = |[i, j, k]: [usize; 3]| (i * b + j) * c + k;
        let mut factors = vec![S::default(); n * n];
        for (row, point) in storage.each().enumerate() {
            for (plane, offset) in operator.offsets().iter().enumerate() {
                if let Some(to) = storage.neighbour(point, *offset) {
                    factors[row * n + number(to)] += operator.plane(plane)[places[row]];
                }
            }
        }
        if singular {
            let mean = (0..n).map(|i| factors[i * n + i]).sum::<S>().scaled(1.0 / (n * n) as f64);
            factors.iter_mut().for_each(|entry| *entry += mean);
        }
        let mut dense = Self { factors, pivots: Vec::with_capacity(n), places };
        dense.eliminate()?;
        Ok(dense)
    }

    fn eliminate(&mut self) -> Result<()> {
        let n = self.places.len();
        let scale = self.factors.iter().map(|entry| entry.modulus()).fold(0.0, f64::max);
        for step in 0..n {
            let size = |row: &usize| self.factors[row * n + step].modulus();
            let pivot = (step..n).max_by(|a, b| size(a).total_cmp(&size(b))).expect("rows are left");
            let largest = size(&pivot);
            if largest <= 1e-14 * scale || largest.is_nan() {
                let got = format!("a singular coarse operator (pivot {largest:.1e})");
                return Err(Error::value("stencil", "an operator that can be inverted", got));
            }
            self.pivots.push(pivot);
            for column in 0..n {
                self.factors.swap(step * n + column, pivot * n + column);
            }
            let (above, below) = self.factors.split_at_mut((step + 1) * n);
            let top = &above[step * n..];
            for row in below.chunks_exact_mut(n) {
                let factor = row[step] / top[step];
                row[step] = factor;
                if factor != S::default() {
                    for column in step + 1..n {
                        row[column] -= factor * top[column];
                    }
                }
            }
        }
        Ok(())
    }

    /// Solves from storage into storage; ghosts stay as they are.
    fn solve(&self, f: &[S], x: &mut [S]) {
        let n = self.places.len();
        let mut values: Vec<S> = self.places.iter().map(|place| f[*place]).collect();
        for (step, pivot) in self.pivots.iter().enumerate() {
            values.swap(step, *pivot);
        }
        for row in 0..n {
            let sum = (0..row).map(|j| self.factors[row * n + j] * values[j]).sum::<S>();
            values[row] -= sum;
        }
        for row in (0..n).rev() {
            let sum = (row + 1..n).map(|j| self.factors[row * n + j] * values[j]).sum::<S>();
            values[row] = (values[row] - sum) / self.factors[row * n + row];
        }
        for (place, value) in self.places.iter().zip(values) {
            x[*place] = value;
        }
    }
}
