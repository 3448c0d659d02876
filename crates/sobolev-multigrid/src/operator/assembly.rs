//! Face coefficients from a coefficient field, and the finest stencil from face coefficients.

use super::{Diffusion, Sides};
use crate::grid::Boundary;
use crate::row::{self, At, AtMut, Entry, inverse_or_zero};
use crate::storage::Layout;
use sobolev_tensor::Real;
use sobolev_tensor::simd::Kernel;
use std::ops::Range;

/// The face coefficients around a range of slabs.
pub(super) struct Faces<'a> {
    pub(super) layout: &'a Layout,
    pub(super) sides: Sides,
    pub(super) resistance: &'a [f64],
    pub(super) slabs: Range<usize>,
    pub(super) base: usize,
    pub(super) faces: Vec<&'a mut [f64]>,
}

/// `twice / (r + s)`: the harmonic mean of two coefficients, over the squared spacing.
#[inline(always)]
fn between(twice: f64, r: &[f64], s: &[f64], out: &mut [f64]) {
    for ((w, r), s) in out.iter_mut().zip(r).zip(s) {
        *w = twice / (r + s);
    }
}

impl Faces<'_> {
    /// Couplings of a whole row with the row `distance` further on, or across the boundary on one of the two.
    #[inline(always)]
    fn across(&mut self, plane: usize, slot: usize, at: usize, own: Option<usize>, other: Option<usize>) {
        let Sides { twice, boundary } = self.sides;
        let len = self.layout.row_stride;
        let out = &mut self.faces[plane][at - self.base..][..len];
        match (own, other) {
            (Some(own), Some(other)) => {
                between(twice[slot], &self.resistance[own..][..len], &self.resistance[other..][..len], out);
            }
            (Some(row), None) | (None, Some(row)) => {
                if boundary[slot][usize::from(other.is_none())] == Boundary::Dirichlet {
                    out.iter_mut()
                        .zip(&self.resistance[row..][..len])
                        .for_each(|(w, r)| *w = twice[slot] / r);
                }
            }
            (None, None) => {}
        }
    }

    /// Couplings along the row at `at`.
    #[inline(always)]
    fn along(&mut self, at: usize) {
        let Sides { twice, boundary } = self.sides;
        let layout = self.layout;
        let half = layout.half;
        let r = &self.resistance[at..][..2 * half];
        let out = &mut self.faces[0][at - self.base..][..2 * half];
        between(twice[2], &r[..half], &r[half..], &mut out[..half]);
        between(twice[2], &r[half..], &r[1..], &mut out[half..]);
        if boundary[2][0] == Boundary::Dirichlet {
            // The ghost to the left of the first column is the odd column -1.
            out[half - 1] = twice[2] / r[0];
        }
        if boundary[2][1] == Boundary::Dirichlet {
            let last = layout.place(0, 0, layout.columns - 1) - layout.offset(0, 0, 0);
            out[last] = twice[2] / r[last];
        }
    }
}

impl Kernel for Faces<'_> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(mut self) {
        let layout = self.layout;
        let (slab_plane, has_rows) = (self.faces.len() - 1, self.faces.len() == 3);
        let inside = |index: isize, end: usize| (0..end as isize).contains(&index);
        let first = if self.slabs.start == 0 { -1 } else { self.slabs.start as isize };
        for slab in first..self.slabs.end as isize {
            for row in 0..layout.rows {
                let at = layout.offset(slab, row, 0);
                let next = at + layout.slab_stride;
                let own = inside(slab, layout.slabs).then_some(at);
                self.across(slab_plane, 0, at, own, inside(slab + 1, layout.slabs).then_some(next));
                if own.is_some() {
                    self.along(at);
                }
            }
            if has_rows && slab >= 0 {
                for row in -1..layout.rows as isize {
                    let at = layout.row_start(slab, row);
                    let own = inside(row, layout.rows).then_some(at);
                    let next = inside(row + 1, layout.rows).then_some(at + layout.row_stride);
                    self.across(1, 1, at, own, next);
                }
            }
        }
    }
}

/// The finest stencil of a range of slabs.
pub(super) struct Fill<'a, T> {
    pub(super) diffusion: &'a Diffusion,
    pub(super) scale: f64,
    pub(super) slabs: Range<usize>,
    pub(super) base: usize,
    pub(super) weights: Vec<&'a mut [T]>,
    pub(super) diagonal: &'a mut [T],
    pub(super) inverse: &'a mut [T],
}

impl<T: Real> Kernel for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(mut self) {
        let Diffusion { layout, faces, lumped, .. } = self.diffusion;
        let ones = vec![1.0; layout.half];
        let mut sums = vec![0.0; layout.half];
        for slab in self.slabs.clone() {
            for row in 0..layout.rows {
                for parity in 0..2 {
                    let at = layout.offset(slab as isize, row, parity);
                    let (start, filled) = (at - self.base, layout.filled(parity));
                    let (w, out) = (At(&faces[..], at), AtMut(&mut sums, 0));
                    row::sum::<f64, FUSED>(&lumped[parity], layout.half, w, At(&ones, 0), out, Entry::Set);
                    let outputs = self.diagonal[start..].iter_mut().zip(&mut self.inverse[start..]);
                    for ((d, inverse), sum) in outputs.zip(&sums[..filled]) {
                        *d = T::cast(sum * self.scale);
                        *inverse = inverse_or_zero(*d);
                    }
                    for (plane, weights) in self.weights.iter_mut().enumerate() {
                        let faces = &faces[plane * layout.len() + at..][..filled];
                        for (w, face) in weights[start..].iter_mut().zip(faces) {
                            *w = T::cast(face * self.scale);
                        }
                    }
                }
                self.close(slab, row);
            }
        }
    }
}

impl<T: Real> Fill<'_, T> {
    /// No couplings to ghosts.
    #[inline(always)]
    fn close(&mut self, slab: usize, row: usize) {
        let layout = &self.diffusion.layout;
        let start = layout.offset(slab as isize, row, 0) - self.base;
        self.weights[0][layout.place(slab, row, layout.columns - 1) - self.base] = T::zero();
        if row + 1 == layout.rows && self.weights.len() == 3 {
            self.weights[1][start..start + layout.row_stride].fill(T::zero());
        }
        if slab + 1 == layout.slabs {
            let last = self.weights.len() - 1;
            self.weights[last][start..start + layout.row_stride].fill(T::zero());
        }
    }
}
