//! Gauss-Seidel relaxation by colours: points of one colour are not coupled, so that their order does not matter.

use super::super::operator::{StencilOperator, in_slabs, subtract_row};
use super::super::scalar::Scalar;
use sobolev_tensor::simd::{self, Kernel};
use std::ops::Range;

/// The stages of a forward sweep: which colours, by the parities of the three indices, each of them relaxes. Points that lie
/// amid coarse points come first and coarse points (odd or even ones, as it falls) last in no particular order.
pub(super) fn stages<S: Scalar>(operator: &StencilOperator<S>) -> Vec<[bool; 8]> {
    if operator.couples_faces_only() {
        let odd = [0, 1, 2, 3, 4, 5, 6, 7].map(|colour: u32| colour.count_ones() % 2 == 1);
        return vec![odd.map(|odd| !odd), odd];
    }
    let points = operator.storage().points;
    let exists = |colour: usize| (0..3).all(|axis| colour >> (2 - axis) & 1 == 0 || points[axis] > 1);
    (0..8)
        .filter(|colour| exists(*colour))
        .map(|c| [0, 1, 2, 3, 4, 5, 6, 7].map(|other| other == c))
        .collect()
}

/// One sweep over all colours, in order or in reverse.
pub(super) fn sweep<S: Scalar>(
    operator: &StencilOperator<S>,
    inverse_diagonal: &[S],
    stages: &[[bool; 8]],
    f: &[S],
    x: &mut [S],
    scratch: &mut [S],
    forward: bool,
    threads: usize,
) {
    for stage in 0..stages.len() {
        let colours = &stages[if forward { stage } else { stages.len() - 1 - stage }];
        // The residual of whole rows is vectorised; the points of other colours are passed over when it is added.
        in_slabs(operator.storage(), scratch, threads, |slabs, base, out| {
            simd::run(Rows { operator, colours, f, x, slabs, base, out });
        });
        let residual: &[S] = scratch;
        in_slabs(operator.storage(), x, threads, |slabs, base, x| {
            add(operator, inverse_diagonal, colours, residual, slabs, base, x);
        });
        operator.storage().fill_ghosts(x);
    }
}

/// Whether a row has points of the colours: for even and for odd columns.
#[inline(always)]
fn columns(colours: &[bool; 8], [i, j]: [usize; 2]) -> [bool; 2] {
    let row = i % 2 * 4 + j % 2 * 2;
    [colours[row], colours[row + 1]]
}

/// Residuals of the rows that hold points of the colours.
struct Rows<'a, S> {
    operator: &'a StencilOperator<S>,
    colours: &'a [bool; 8],
    f: &'a [S],
    x: &'a [S],
    slabs: Range<usize>,
    base: usize,
    out: &'a mut [S],
}

impl<S: Scalar> Kernel for Rows<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let storage = self.operator.storage();
        for slab in self.slabs {
            for row in 0..storage.rows() {
                let (outer, at) = storage.row(slab, row);
                if columns(self.colours, outer) != [false; 2] {
                    let out = &mut self.out[at - self.base..][..storage.points[2]];
                    subtract_row(self.operator, self.f, self.x, at, out);
                }
            }
        }
    }
}

/// `x = x + D^-1 r` at the points of the colours.
fn add<S: Scalar>(
    operator: &StencilOperator<S>,
    inverse_diagonal: &[S],
    colours: &[bool; 8],
    residual: &[S],
    slabs: Range<usize>,
    base: usize,
    x: &mut [S],
) {
    let storage = operator.storage();
    for slab in slabs {
        for row in 0..storage.rows() {
            let (outer, at) = storage.row(slab, row);
            let n = storage.points[2];
            let (d, r) = (&inverse_diagonal[at..at + n], &residual[at..at + n]);
            let x = &mut x[at - base..][..n];
            for parity in (0..2).filter(|parity| columns(colours, outer)[*parity]) {
                for k in (parity..n).step_by(2) {
                    x[k] += d[k] * r[k];
                }
            }
        }
    }
}
