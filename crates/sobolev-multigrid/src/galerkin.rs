//! The coarse operator `A_c = P^T A P`, row by row.
//!
//! For a coarse point C and a coarse offset O, `A_c(C, C+O)` is the sum over the fine points f around C of `P(f, C)` times
//! `(A P)(f, C+O)`. Points that lie between along every axis solve their own equation exactly, `(A P)(f, .) = 0`, and are left
//! out when all axes are coarsened.

use crate::chunks::{Chunks, run, split_at, split_planes};
use crate::row::{self, At, AtMut, Link, Links, Product, inverse_or_zero};
use crate::stencil::{Neighbours, Offset, Stencil, couplings, offsets};
use crate::storage::{LINE, split};
use crate::transfer::{Transfer, directions};
use sobolev_tensor::Real;
use sobolev_tensor::simd::{self, Kernel};
use std::ops::Range;

/// The sums of the Galerkin product between two levels.
#[derive(Debug, Clone)]
pub(crate) struct Galerkin {
    /// The diagonal first, then one list for each coarse offset.
    products: Vec<Vec<Product>>,
}

impl Galerkin {
    pub(crate) fn new<T: Real>(dimensions: usize, fine: &'static [Offset], transfer: &Transfer<T>) -> Self {
        let coarse = offsets(dimensions, Neighbours::All);
        let products = std::iter::once(&[0, 0, 0]).chain(coarse);
        Self { products: products.map(|&offset| products_of(dimensions, fine, transfer, offset)).collect() }
    }

    /// Fills the coarse stencil.
    pub(crate) fn build<T: Real>(
        &self,
        fine: &Stencil<T>,
        transfer: &Transfer<T>,
        coarse: &mut Stencil<T>,
        chunks: usize,
    ) {
        let layout = transfer.coarse;
        let chunks = Chunks::new(layout.slabs, chunks);
        let cuts: Vec<usize> = chunks.bounds().iter().map(|&slab| layout.base(slab as isize)).collect();
        let weights = split_planes(&mut coarse.weights, layout.len(), &cuts);
        let diagonals = split_at(&mut coarse.diagonal, &cuts);
        let inverses = split_at(&mut coarse.inverse_diagonal, &cuts);
        let outputs = weights.into_iter().zip(diagonals).zip(inverses);
        let passes = chunks.ranges().zip(outputs).map(|(slabs, ((weights, diagonal), inverse))| Build {
            products: &self.products,
            fine,
            transfer,
            slabs,
            weights,
            diagonal,
            inverse,
        });
        run(passes.collect(), simd::run);
    }
}

fn products_of<T: Real>(
    dimensions: usize,
    fine: &'static [Offset],
    transfer: &Transfer<T>,
    coarse: Offset,
) -> Vec<Product> {
    let coarsened = transfer.coarsened;
    let kept = coarsened.iter().filter(|c| **c).count() < dimensions;
    let layout = &transfer.fine;
    let mut products = Vec::new();
    for around in directions(coarsened) {
        let between_all = (0..3).all(|a| !coarsened[a] || around[a] != 0);
        if between_all && !kept {
            continue;
        }
        // Where the fine point lies, seen from the even half-row of the first column around the coarse point.
        let parity = usize::from(around[2] == 0);
        let column = parity as isize * layout.half as isize + isize::from(around[2] == 1);
        let here = around[0] * layout.slab_stride as isize + around[1] * layout.row_stride as isize + column;
        // Interpolation from the coarse point at `coarse` to the fine point one `step` away, if it reaches so far.
        let interpolated = |step: Offset| -> Option<isize> {
            let mut corner = [0; 3];
            let mut cell = [0; 3];
            for a in 0..3 {
                let distance = around[a] + step[a] - if coarsened[a] { 2 } else { 1 } * coarse[a];
                let reach = isize::from(coarsened[a]);
                if distance.abs() > reach {
                    return None;
                }
                corner[a] = -distance;
                cell[a] = coarse[a] + distance.max(0);
            }
            Some(transfer.distance(corner, cell))
        };
        let links: Links = couplings(layout, fine, parity)
            .filter_map(|(step, link)| {
                interpolated(step).map(|value| Link { weight: here + link.weight, value })
            })
            .collect();
        let diagonal = interpolated([0, 0, 0]).map(|value| Link { weight: here, value });
        if diagonal.is_none() && links.is_empty() {
            continue;
        }
        let outer = transfer.distance(around.map(|d| -d), around.map(|d| d.max(0)));
        products.push(Product { outer, diagonal, links });
    }
    products
}

/// The coarse rows of a range of slabs.
struct Build<'a, T> {
    products: &'a [Vec<Product>],
    fine: &'a Stencil<T>,
    transfer: &'a Transfer<T>,
    slabs: Range<usize>,
    weights: Vec<&'a mut [T]>,
    diagonal: &'a mut [T],
    inverse: &'a mut [T],
}

impl<T: Real> Kernel for Build<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Self { products, fine, transfer, slabs, mut weights, diagonal, inverse } = self;
        let (coarse, half) = (transfer.coarse, transfer.cells.half);
        let base = coarse.base(slabs.start as isize);
        let mut natural = vec![T::zero(); (half + LINE).max(2 * coarse.half)];
        for slab in slabs {
            for row in 0..coarse.rows {
                let middle = |axis: usize, index: usize| {
                    transfer.first_fine(axis, index) + usize::from(transfer.coarsened[axis])
                };
                let at = transfer.fine.offset(middle(0, slab) as isize, middle(1, row), 0);
                let interpolation = At(&transfer.weights[..], transfer.cells.offset(slab, row));
                let (w, d) = (At(&fine.weights[..], at), At(&fine.diagonal[..], at));
                let start = coarse.offset(slab as isize, row, 0) - base;
                for (index, list) in products.iter().enumerate() {
                    let out = AtMut(&mut natural, transfer.lead);
                    row::galerkin::<T, FUSED>(list, half, interpolation, w, d, out);
                    let target = if index == 0 { &mut *diagonal } else { &mut *weights[index - 1] };
                    let (even, odd) = target[start..start + coarse.row_stride].split_at_mut(coarse.half);
                    split(&natural, even, odd);
                }
                // The sums are minus the entries of the matrix, as couplings are stored.
                let places = start..start + coarse.row_stride;
                for (d, inverse) in diagonal[places.clone()].iter_mut().zip(&mut inverse[places]) {
                    *d = -*d;
                    *inverse = inverse_or_zero(*d);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoother::tests::Dense;
    use crate::stencil::Ordering;
    use crate::storage::Layout;
    use sobolev_testing::relative_error;

    #[test]
    fn coarse_operator_is_the_triple_product() {
        // Odd and even lengths, an axis that is kept, and one that shrinks to a single point.
        for (dimensions, shape, coarsened) in [
            (2, [7, 1, 9], [true, false, true]),
            (2, [6, 1, 8], [true, false, true]),
            (2, [5, 1, 6], [false, false, true]),
            (2, [8, 1, 3], [true, false, true]),
            (3, [5, 4, 6], [true, true, true]),
            (3, [4, 3, 7], [true, false, true]),
            (3, [3, 6, 5], [false, false, true]),
        ] {
            for neighbours in [Neighbours::Faces, Neighbours::All] {
                let layout = Layout::new(dimensions, shape);
                let list = offsets(dimensions, neighbours);
                let fine = Dense::random_stencil(&layout, list);
                let mut transfer =
                    Transfer::new(dimensions, layout, list, Ordering::of(neighbours), coarsened);
                transfer.build(&fine, 1);
                let mut coarse = Stencil::zeros(&transfer.coarse, offsets(dimensions, Neighbours::All));
                Galerkin::new(dimensions, list, &transfer).build(&fine, &transfer, &mut coarse, 1);

                let (a, p) = (Dense::of_stencil(&layout, 0, &fine), Dense::of_interpolation(&transfer));
                let expected = p.transposed().times(&a).times(&p);
                let got = Dense::of_stencil(&transfer.coarse, transfer.lead, &coarse);
                // Some hundred roundings of entries of order one.
                assert!(relative_error(&got.entries, &expected.entries) < 1e-13, "{shape:?} {neighbours:?}");
            }
        }
    }
}
