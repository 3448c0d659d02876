//! Direct solution on the coarsest level by a dense Cholesky factorisation in double precision.

use crate::stencil::{Offset, Stencil, couplings};
use crate::storage::Layout;
use sobolev_tensor::{Error, Real, Result};

/// Most unknowns of a coarsest level.
pub(crate) const LARGEST: usize = 64;

/// Factor of the coarsest matrix, and where its unknowns lie.
#[derive(Debug, Clone)]
pub(crate) struct Coarsest {
    /// Places of the unknowns in split storage (right-hand side) and with columns in natural order (solution).
    places: Vec<(usize, usize)>,
    /// Positions of the couplings in `factor` and in the stencil's weights.
    couplings: Vec<(usize, usize)>,
    /// Lower triangle by rows; the diagonal holds reciprocals.
    factor: Vec<f64>,
    values: Vec<f64>,
}

impl Coarsest {
    /// `lead` columns at the start of each row hold no unknown.
    pub(crate) fn new(layout: &Layout, offsets: &'static [Offset], lead: usize) -> Self {
        let mut places: Vec<(usize, usize)> = Vec::new();
        for slab in 0..layout.slabs {
            for row in 0..layout.rows {
                for column in lead..layout.columns {
                    let natural = layout.offset(slab as isize, row, 0) + column;
                    places.push((layout.place(slab, row, column), natural));
                }
            }
        }
        let n = places.len();
        let mut entries = Vec::new();
        for (i, &(place, _)) in places.iter().enumerate() {
            let parity = layout.column_parity(place);
            for (_, link) in couplings(layout, offsets, parity) {
                let neighbour = place.wrapping_add_signed(link.value);
                if let Some(j) = places.iter().position(|other| other.0 == neighbour) {
                    entries.push((i * n + j, place.wrapping_add_signed(link.weight)));
                }
            }
        }
        Self { places, couplings: entries, factor: vec![0.0; n * n], values: vec![0.0; n] }
    }

    pub(crate) fn unknowns(&self) -> usize {
        self.places.len()
    }

    /// Factorises the matrix of the level. A `singular` matrix (constants in its kernel) is made regular by adding a
    /// multiple of the projection on constants, which leaves solutions of mean zero as they are.
    pub(crate) fn factorise<T: Real>(&mut self, stencil: &Stencil<T>, singular: bool) -> Result<()> {
        let n = self.unknowns();
        self.factor.fill(0.0);
        for (i, &(place, _)) in self.places.iter().enumerate() {
            self.factor[i * n + i] = stencil.diagonal[place].to_f64();
        }
        for &(entry, weight) in &self.couplings {
            self.factor[entry] = -stencil.weights[weight].to_f64();
        }
        if singular {
            let scale = (0..n).map(|i| self.factor[i * n + i]).sum::<f64>() / (n * n) as f64;
            self.factor.iter_mut().for_each(|entry| *entry += scale);
        }
        for i in 0..n {
            for j in 0..=i {
                let (above, row) = self.factor.split_at_mut(i * n);
                let other = if j < i { &above[j * n..j * n + j] } else { &row[..0] };
                if j < i {
                    let sum: f64 = row[..j].iter().zip(other).map(|(a, b)| a * b).sum();
                    row[j] = (row[j] - sum) * above[j * n + j];
                } else {
                    let pivot = row[i] - row[..i].iter().map(|v| v * v).sum::<f64>();
                    if !(pivot > 0.0 && pivot.is_finite()) {
                        return Err(Error::value(
                            "coefficient",
                            "a contrast that the precision of the cycle can resolve",
                            format!("a coarse operator with pivot {pivot:.1e}"),
                        )
                        .with_hint("use double precision"));
                    }
                    row[i] = 1.0 / pivot.sqrt();
                }
            }
        }
        Ok(())
    }

    /// Solves from split storage into split storage or natural order.
    pub(crate) fn solve<T: Real>(&mut self, rhs: &[T], solution: &mut [T], in_natural_order: bool) {
        let n = self.unknowns();
        let (values, factor) = (&mut self.values, &self.factor);
        for (i, &(place, _)) in self.places.iter().enumerate() {
            let row = &factor[i * n..(i + 1) * n];
            let sum: f64 = row[..i].iter().zip(values.iter()).map(|(l, v)| l * v).sum();
            values[i] = (rhs[place].to_f64() - sum) * row[i];
        }
        for i in (0..n).rev() {
            let row = &factor[i * n..(i + 1) * n];
            values[i] *= row[i];
            let value = values[i];
            for (v, l) in values[..i].iter_mut().zip(row) {
                *v -= l * value;
            }
        }
        for (&(split, natural), &value) in self.places.iter().zip(values.iter()) {
            solution[if in_natural_order { natural } else { split }] = T::cast(value);
        }
    }
}
