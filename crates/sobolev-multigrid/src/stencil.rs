//! The matrix of a level: a symmetric stencil, stored as the couplings to one half of the neighbours.
//!
//! `(A x)_P = d_P x_P - sum_o w_o(P) x_(P+o)`, with the 2 or 3 face neighbours on the finest level (5 and 7 points) and all
//! 8 or 26 neighbours on the coarser ones (9 and 27 points). `w_(-o)(P) = w_o(P - o)`, so only positive offsets are stored.

use crate::row::{Link, Links};
use crate::storage::{Buffer, Layout};
use sobolev_tensor::Real;

/// An offset `[slab, row, column]`.
pub(crate) type Offset = [isize; 3];

const FACES_2D: [Offset; 2] = [[0, 0, 1], [1, 0, 0]];
const FACES_3D: [Offset; 3] = [[0, 0, 1], [0, 1, 0], [1, 0, 0]];
const ALL_2D: [Offset; 4] = [[0, 0, 1], [1, 0, -1], [1, 0, 0], [1, 0, 1]];
const ALL_3D: [Offset; 13] = [
    [0, 0, 1],
    [0, 1, -1],
    [0, 1, 0],
    [0, 1, 1],
    [1, -1, -1],
    [1, -1, 0],
    [1, -1, 1],
    [1, 0, -1],
    [1, 0, 0],
    [1, 0, 1],
    [1, 1, -1],
    [1, 1, 0],
    [1, 1, 1],
];

/// Which neighbours a point is coupled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Neighbours {
    /// Those across a face: what finite volumes give.
    Faces,
    /// Those across a face, an edge or a corner: what the Galerkin product gives.
    All,
}

/// Positive half of the offsets to the neighbours.
pub(crate) fn offsets(dimensions: usize, neighbours: Neighbours) -> &'static [Offset] {
    match (dimensions, neighbours) {
        (2, Neighbours::Faces) => &FACES_2D,
        (2, Neighbours::All) => &ALL_2D,
        (_, Neighbours::Faces) => &FACES_3D,
        (_, Neighbours::All) => &ALL_3D,
    }
}

/// The order in which the colours of a level are relaxed. Points of one colour are not coupled.
///
/// A *colour* is the parity of `[slab, row, column]`. Coarse points (odd in every coarsened axis) come first and points
/// amid coarse points last: after a forward sweep the residual of the last colour is zero, so that the transfers never
/// need the interpolation at these points, which has the most terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordering {
    /// Two classes by the parity of the sum: enough for couplings across faces.
    RedBlack,
    /// Each colour for itself: for couplings to all neighbours.
    EachColour,
}

/// Stages of a sweep: what one stage relaxes on a slab depends only on what earlier stages did on it and its neighbours,
/// and on what the same stage did on the slab itself.
pub(crate) const STAGES: usize = 2;

impl Ordering {
    pub(crate) fn of(neighbours: Neighbours) -> Self {
        match neighbours {
            Neighbours::Faces => Self::RedBlack,
            Neighbours::All => Self::EachColour,
        }
    }

    /// Place of a colour in a forward sweep.
    fn rank(self, colour: [usize; 3]) -> usize {
        let [slab, row, column] = colour;
        match self {
            Self::RedBlack => (slab + row + column + 1) % 2,
            Self::EachColour => (1 - slab) * 4 + (1 - row) * 2 + (1 - column),
        }
    }

    /// Whether the residual of a colour vanishes after a forward sweep. In two dimensions the row counts as odd.
    pub(crate) fn is_last(self, dimensions: usize, colour: [usize; 3]) -> bool {
        match self {
            Self::RedBlack => self.rank(colour) == 1,
            Self::EachColour if dimensions == 2 => colour == [0, 1, 0],
            Self::EachColour => colour == [0, 0, 0],
        }
    }

    /// Column parities that `stage` relaxes, in order, in a row of the given slab and row parity.
    #[inline(always)]
    pub(crate) fn columns(self, stage: usize, slab: usize, row: usize) -> &'static [usize] {
        const SINGLE: [[usize; 1]; 2] = [[0], [1]];
        match self {
            Self::RedBlack => &SINGLE[(slab + row + 1 + stage) % 2],
            Self::EachColour if slab + stage == 1 => &[1, 0],
            Self::EachColour => &[],
        }
    }
}

/// Couplings of a level.
#[derive(Debug, Clone)]
pub(crate) struct Stencil<T> {
    pub(crate) offsets: &'static [Offset],
    /// One plane for each offset, one after the other.
    pub(crate) weights: Buffer<T>,
    pub(crate) diagonal: Buffer<T>,
    pub(crate) inverse_diagonal: Buffer<T>,
}

impl<T: Real> Stencil<T> {
    pub(crate) fn zeros(layout: &Layout, offsets: &'static [Offset]) -> Self {
        let zeros = |planes: usize| Buffer::zeros(planes * layout.len());
        Self { offsets, weights: zeros(offsets.len()), diagonal: zeros(1), inverse_diagonal: zeros(1) }
    }
}

/// Column parity and distance of the neighbour at `offset` of a point with column parity `parity`.
pub(crate) fn neighbour(layout: &Layout, parity: usize, offset: Offset) -> (usize, isize) {
    let [slab, row, column] = offset;
    let rows = slab * layout.slab_stride as isize + row * layout.row_stride as isize;
    let half = layout.half as isize;
    let (other, columns) = match (parity, column) {
        (_, 0) => (parity, 0),
        (0, -1) => (1, half - 1),
        (0, _) => (1, half),
        (_, -1) => (0, -half),
        (_, _) => (0, 1 - half),
    };
    (other, rows + columns)
}

/// All neighbours of a point with column parity `parity`: offset, distance of the coupling's weight, distance of the
/// neighbour.
pub(crate) fn couplings(
    layout: &Layout,
    offsets: &'static [Offset],
    parity: usize,
) -> impl Iterator<Item = (Offset, Link)> {
    let layout = *layout;
    offsets.iter().enumerate().flat_map(move |(index, &offset)| {
        let plane = (index * layout.len()) as isize;
        let negative = offset.map(|o| -o);
        let (_, ahead) = neighbour(&layout, parity, offset);
        let (_, behind) = neighbour(&layout, parity, negative);
        [
            (offset, Link { weight: plane, value: ahead }),
            (negative, Link { weight: plane + behind, value: behind }),
        ]
    })
}

/// The sums of a relaxation for each colour.
#[derive(Debug, Clone)]
pub(crate) struct Relaxation {
    /// All neighbours, by column parity.
    pub(crate) all: [Links; 2],
    /// Neighbours relaxed before and after the point in a forward sweep, by colour. From a zero initial guess, one sweep
    /// is `x = (rhs + sum over earlier) / d`, and leaves the residual `sum over later`: half the work, and neither `rhs`
    /// nor `d` is read for the residual.
    earlier: [Links; 8],
    later: [Links; 8],
}

impl Relaxation {
    pub(crate) fn new(layout: &Layout, offsets: &'static [Offset], ordering: Ordering) -> Self {
        let of_colour = |index: usize, keep: &dyn Fn(usize, usize) -> bool| {
            let colour = [index / 4, index / 2 % 2, index % 2];
            couplings(layout, offsets, colour[2])
                .filter(|(offset, _)| {
                    let other = std::array::from_fn(|a| (colour[a] + offset[a].unsigned_abs()) % 2);
                    keep(ordering.rank(other), ordering.rank(colour))
                })
                .map(|(_, link)| link)
                .collect()
        };
        Self {
            all: std::array::from_fn(|parity| {
                couplings(layout, offsets, parity).map(|(_, link)| link).collect()
            }),
            earlier: std::array::from_fn(|index| of_colour(index, &|other, own| other < own)),
            later: std::array::from_fn(|index| of_colour(index, &|other, own| other > own)),
        }
    }

    #[inline(always)]
    pub(crate) fn earlier(&self, colour: [usize; 3]) -> &Links {
        &self.earlier[index(colour)]
    }

    #[inline(always)]
    pub(crate) fn later(&self, colour: [usize; 3]) -> &Links {
        &self.later[index(colour)]
    }
}

#[inline(always)]
fn index(colour: [usize; 3]) -> usize {
    colour[0] * 4 + colour[1] * 2 + colour[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_where_the_layout_puts_them() {
        let layout = Layout::new(3, [3, 3, 9]);
        for column in 1..8 {
            for &offset in &ALL_3D {
                let (parity, distance) = neighbour(&layout, column % 2, offset);
                let at = |a: usize, i: usize| (i as isize + offset[a]) as usize;
                let target = layout.place(at(0, 1), at(1, 1), at(2, column));
                assert_eq!(layout.place(1, 1, column) as isize + distance, target as isize);
                assert_eq!(parity, at(2, column) % 2);
            }
        }
    }

    #[test]
    fn points_of_one_rank_are_never_coupled_and_every_colour_is_relaxed_once() {
        for (dimensions, neighbours) in
            [(2, Neighbours::Faces), (2, Neighbours::All), (3, Neighbours::Faces), (3, Neighbours::All)]
        {
            let ordering = Ordering::of(neighbours);
            let rows = if dimensions == 2 { 1..2 } else { 0..2 };
            for slab in 0..2 {
                for row in rows.clone() {
                    let relaxed: Vec<usize> = (0..STAGES)
                        .flat_map(|stage| ordering.columns(stage, slab, row).iter().copied())
                        .collect();
                    let mut sorted = relaxed.clone();
                    sorted.sort_unstable();
                    assert_eq!(sorted, [0, 1]);
                    // The order within the row is the order of the ranks.
                    let ranks: Vec<usize> = relaxed.iter().map(|c| ordering.rank([slab, row, *c])).collect();
                    assert!(ranks[0] < ranks[1]);
                    for column in 0..2 {
                        let colour = [slab, row, column];
                        for offset in offsets(dimensions, neighbours) {
                            let other = std::array::from_fn(|a| (colour[a] + offset[a].unsigned_abs()) % 2);
                            assert_ne!(ordering.rank(colour), ordering.rank(other));
                        }
                    }
                }
            }
        }
    }
}
