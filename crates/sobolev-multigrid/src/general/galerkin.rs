//! Coarse operators by the Galerkin product `R A P`.

use super::operator::{StencilOperator, in_slabs, neighbourhood};
use super::scalar::Scalar;
use super::transfer::Transfer;
use sobolev_tensor::Result;

/// `scale P^T A P`. Interpolation must reach no further than neighbouring coarse points do: coarse points are a selection
/// of the fine ones.
pub(crate) fn product<S: Scalar>(
    operator: &StencilOperator<S>,
    transfer: &Transfer<S>,
    threads: usize,
) -> Result<StencilOperator<S>> {
    let coarse = &transfer.coarse;
    let offsets = neighbourhood(transfer.lattice.dimensions());
    // The entries of a point side by side, so that threads write to one range each.
    let mut entries = vec![[S::default(); 27]; coarse.len];
    in_slabs(coarse, &mut entries, threads, |slabs, base, entries| {
        for (slab, row) in slabs.flat_map(|slab| (0..coarse.rows()).map(move |row| (slab, row))) {
            let ([i, j], at) = coarse.row(slab, row);
            for k in 0..coarse.points[2] {
                gather(operator, transfer, [i, j, k], &mut entries[at - base + k]);
            }
        }
    });
    let plane = |offset: &[isize; 3]| -> Vec<S> { entries.iter().map(|all| all[number(*offset)]).collect() };
    let planes: Vec<Vec<S>> = offsets.iter().map(plane).collect();
    let used = |plane: &Vec<S>| plane.iter().any(|value| *value != S::default());
    let (offsets, planes) = offsets
        .into_iter()
        .zip(planes)
        .enumerate()
        .filter(|(i, (_, plane))| *i == 0 || used(plane))
        .map(|(_, pair)| pair)
        .unzip();
    StencilOperator::from_planes(transfer.lattice.clone(), *coarse, offsets, planes)
}

/// Number of an offset among the 27.
#[inline(always)]
fn number(offset: [isize; 3]) -> usize {
    ((offset[0] + 1) * 9 + (offset[1] + 1) * 3 + offset[2] + 1) as usize
}

/// The entries of one coarse point.
fn gather<S: Scalar>(
    operator: &StencilOperator<S>,
    transfer: &Transfer<S>,
    coarse: [usize; 3],
    out: &mut [S; 27],
) {
    let children = [0, 1, 2].map(|axis| &transfer.axes[axis].children[coarse[axis]]);
    for &(a, upper_a) in children[0] {
        for &(b, upper_b) in children[1] {
            for &(c, upper_c) in children[2] {
                let (point, upper) = ([a, b, c], [upper_a, upper_b, upper_c]);
                let at = transfer.fine.at(point);
                let weight = transfer.weight(at, upper).scaled(transfer.scale);
                // Beyond the end of a periodic axis the coarse point counts on.
                let own = [0, 1, 2].map(|x| transfer.axes[x].lower[point[x]] + upper[x] as isize);
                for (plane, offset) in operator.offsets().iter().enumerate() {
                    let entry = weight * operator.plane(plane)[at];
                    if entry == S::default() {
                        continue;
                    }
                    let (to, shift) = wrapped(transfer, point, *offset);
                    for (parent, w) in transfer.parents(to) {
                        if w != S::default() {
                            let step = [0, 1, 2].map(|x| parent[x] + shift[x] - own[x]);
                            out[number(step)] += entry * w;
                        }
                    }
                }
            }
        }
    }
}

/// The neighbour of a point, and by how many coarse points its numbers must be shifted to count on from the point's.
#[inline(always)]
fn wrapped<S: Scalar>(
    transfer: &Transfer<S>,
    point: [usize; 3],
    offset: [isize; 3],
) -> ([usize; 3], [isize; 3]) {
    let mut shift = [0; 3];
    let mut to = point;
    for axis in 0..3 {
        let (fine, coarse) = (transfer.fine.points[axis] as isize, transfer.coarse.points[axis] as isize);
        let index = point[axis] as isize + offset[axis];
        shift[axis] = index.div_euclid(fine) * coarse;
        to[axis] = index.rem_euclid(fine) as usize;
    }
    (to, shift)
}
