//! Interpolation between a lattice and the next coarser one.
//!
//! Every point takes its value from at most two coarse points along each axis, the *lower* and the *upper* one. Linear
//! interpolation weighs them by distance; operator-induced interpolation (Dendy, "Black box multigrid", Journal of
//! Computational Physics 48, 1982) by the couplings, so that the flux stays continuous across jumps. Restriction is the
//! transpose, scaled by the number of points that a coarse one stands for.

use super::lattice::{Centring, Lattice, Side, Storage};
use super::operator::{StencilOperator, in_slabs, storage_of};
use super::scalar::Scalar;

/// How values are interpolated from a coarse grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// By the couplings of the operator: right where coefficients jump. Coarse points are every second one, whatever the
    /// centring.
    #[default]
    OperatorInduced,
    /// By distance: linear along each axis. Second order; right for smooth coefficients and indefinite operators.
    Linear,
}

/// How the points of one axis lie between coarse ones.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AxisTransfer {
    /// Coarse points.
    pub(crate) points: usize,
    /// Their positions, in the unit of the finest spacing.
    positions: Vec<f64>,
    /// For every point, the lower of the coarse points that it lies between: -1 before the first.
    pub(crate) lower: Vec<isize>,
    /// Weights of the lower and the upper one by distance.
    weights: Vec<[f64; 2]>,
    /// Whether the point is the lower one.
    coincides: Vec<bool>,
    /// For every coarse point, the points that take a value from it, and whether it is their upper one.
    pub(crate) children: Vec<Vec<(usize, usize)>>,
}

impl AxisTransfer {
    fn new(positions: Vec<f64>, lower: Vec<isize>, weights: Vec<[f64; 2]>, coincides: Vec<bool>) -> Self {
        let mut children = vec![Vec::new(); positions.len()];
        for (fine, (lower, weights)) in lower.iter().zip(&weights).enumerate() {
            for upper in 0..2 {
                if weights[upper] != 0.0 {
                    let coarse = (lower + upper as isize).rem_euclid(positions.len() as isize) as usize;
                    children[coarse].push((fine, upper));
                }
            }
        }
        Self { points: positions.len(), positions, lower, weights, coincides, children }
    }

    /// An axis that is not coarsened.
    fn unchanged(points: usize) -> Self {
        let positions = (0..points).map(|i| i as f64).collect();
        let lower = (0..points as isize).collect();
        Self::new(positions, lower, vec![[1.0, 0.0]; points], vec![true; points])
    }
}

/// Where the points of an axis stand, and its ends, in the unit of the finest spacing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AxisGeometry {
    pub(crate) positions: Vec<f64>,
    /// Where the solution would be zero beyond either end; `None` where nothing is known.
    zeros: [Option<f64>; 2],
    /// Length, for periodic axes.
    period: Option<f64>,
    centring: Centring,
}

impl AxisGeometry {
    pub(crate) fn new(lattice: &Lattice, axis: usize) -> Self {
        let n = lattice.points()[axis];
        let [low, high] = lattice.sides(axis);
        let centring = lattice.centring();
        // Vertices begin on the boundary, or one spacing within it where it was eliminated.
        let first = match (centring, low) {
            (Centring::Cell, _) => 0.5,
            (Centring::Vertex, Side::Zero) => 1.0,
            (Centring::Vertex, Side::Natural) => 0.0,
        };
        let beyond = if centring == Centring::Cell { 0.5 } else { 1.0 };
        let last = first + (n - 1) as f64;
        let zero = |side: Side, at: f64| (side == Side::Zero).then_some(at);
        Self {
            positions: (0..n).map(|i| first + i as f64).collect(),
            zeros: [zero(low, first - beyond), zero(high, last + beyond)],
            period: lattice.is_periodic(axis).then_some(n as f64),
            centring,
        }
    }

    /// Coarse points at every second point, from `first` on.
    fn every_second(&self, first: usize) -> Vec<f64> {
        self.positions.iter().skip(first).step_by(2).copied().collect()
    }

    /// Coarse points at the centres of pairs of cells; the last may stand alone.
    fn pairs(&self) -> Vec<f64> {
        self.positions.chunks(2).map(|pair| pair.iter().sum::<f64>() / pair.len() as f64).collect()
    }

    /// Halves the axis. `selected`: coarse points are a selection of the points.
    pub(crate) fn coarsen(&self, selected: bool) -> AxisTransfer {
        let eliminated = self.period.is_none() && self.zeros[0].is_some();
        let positions = match self.centring {
            Centring::Cell if !selected => self.pairs(),
            _ => self.every_second(usize::from(eliminated && self.positions.len() > 1)),
        };
        let (lower, weights) = self.positions.iter().map(|x| self.between(&positions, *x)).unzip();
        let coincides = self.positions.iter().map(|x| positions.contains(x)).collect();
        AxisTransfer::new(positions, lower, weights, coincides)
    }

    /// The axis with the coarse points as its points.
    pub(crate) fn coarse(&self, transfer: &AxisTransfer) -> Self {
        Self { positions: transfer.positions.clone(), ..self.clone() }
    }

    /// Whether the points are equally far from each other and from the ends, as those of the finest lattice are.
    pub(crate) fn is_even(&self) -> bool {
        let Some(spacing) = self.positions.windows(2).map(|pair| pair[1] - pair[0]).next() else {
            return true;
        };
        let beyond = if self.centring == Centring::Cell { 0.5 * spacing } else { spacing };
        let (first, last) = (self.positions[0], self.positions[self.positions.len() - 1]);
        let equal = self.positions.windows(2).all(|pair| pair[1] - pair[0] == spacing);
        let fits = |zero: Option<f64>, end: f64| zero.is_none_or(|zero| (zero - end).abs() == beyond);
        match self.period {
            Some(period) => equal && first + period - last == spacing,
            None => equal && fits(self.zeros[0], first) && fits(self.zeros[1], last),
        }
    }

    /// Lower coarse neighbour of a position, and the weights of both neighbours.
    fn between(&self, coarse: &[f64], x: f64) -> (isize, [f64; 2]) {
        let upper = coarse.partition_point(|c| *c <= x);
        let position = |index: isize| -> Option<f64> {
            let n = coarse.len() as isize;
            match (self.period, index) {
                (_, i) if (0..n).contains(&i) => Some(coarse[i as usize]),
                (Some(period), i) => Some(coarse[i.rem_euclid(n) as usize] + i.div_euclid(n) as f64 * period),
                (None, i) => self.zeros[usize::from(i > 0)],
            }
        };
        let lower = upper as isize - 1;
        let weights = match (position(lower), position(lower + 1)) {
            (Some(a), Some(b)) => [(b - x) / (b - a), (x - a) / (b - a)],
            (Some(_), None) => [1.0, 0.0],
            (None, _) => [0.0, 1.0],
        };
        let inside = |index: isize| self.period.is_some() || (0..coarse.len() as isize).contains(&index);
        (lower, [0, 1].map(|side| if inside(lower + side as isize) { weights[side] } else { 0.0 }))
    }
}

/// Interpolation from a coarse lattice to a fine one.
#[derive(Debug, Clone)]
pub(crate) struct Transfer<S> {
    pub(crate) fine: Storage,
    pub(crate) coarse: Storage,
    pub(crate) lattice: Lattice,
    pub(crate) axes: [AxisTransfer; 3],
    /// Which of the axes are halved.
    halved: [bool; 3],
    /// Weights of the corners (bit `2 - axis`: the upper one along the axis), one plane each in the fine storage.
    weights: Vec<Vec<S>>,
    /// Corners that can have a weight.
    corners: Vec<usize>,
    /// Restriction is this multiple of the transpose: one over the points that a coarse one stands for.
    pub(crate) scale: f64,
}

/// The step of a corner along an axis: 0 for the lower coarse point, 1 for the upper.
#[inline(always)]
fn step(corner: usize, axis: usize) -> usize {
    corner >> (2 - axis) & 1
}

impl<S: Scalar> Transfer<S> {
    /// Interpolation to the lattice of `operator`, whose axes have the given geometry, halving those asked for.
    pub(crate) fn new(
        operator: &StencilOperator<S>,
        geometry: &[AxisGeometry],
        halved: [bool; 3],
        interpolation: Interpolation,
    ) -> Self {
        let (lattice, fine) = (operator.lattice(), *operator.storage());
        let missing = 3 - lattice.dimensions();
        let selected = interpolation == Interpolation::OperatorInduced;
        let axes = [0_usize, 1, 2].map(|axis| match axis.checked_sub(missing) {
            Some(own) if halved[axis] => geometry[own].coarsen(selected),
            _ => AxisTransfer::unchanged(fine.points[axis]),
        });
        let points: Vec<usize> = axes[missing..].iter().map(|axis| axis.points).collect();
        let lattice = lattice.with_points(&points);
        let reaches = |corner: usize| (0..3).all(|axis| halved[axis] || step(corner, axis) == 0);
        let corners: Vec<usize> = (0..8).filter(|corner| reaches(*corner)).collect();
        let scale = 0.5_f64.powi(halved.iter().filter(|h| **h).count() as i32);
        let coarse = storage_of(&lattice);
        let plane = |corner: usize| if reaches(corner) { vec![S::default(); fine.len] } else { Vec::new() };
        let weights = (0..8).map(plane).collect();
        let mut transfer = Self { fine, coarse, lattice, axes, halved, weights, corners, scale };
        match interpolation {
            Interpolation::Linear => transfer.weigh_by_distance(),
            Interpolation::OperatorInduced => transfer.weigh_by_couplings(operator),
        }
        transfer
    }

    /// The weight of a corner by distance.
    fn by_distance(&self, point: [usize; 3], corner: usize) -> S {
        S::from_real((0..3).map(|a| self.axes[a].weights[point[a]][step(corner, a)]).product())
    }

    fn weigh_by_distance(&mut self) {
        for corner in self.corners.clone() {
            for point in self.fine.each() {
                self.weights[corner][self.fine.at(point)] = self.by_distance(point, corner);
            }
        }
    }

    /// Points between along one axis first, then two, then three: each from its own equation, with the couplings along the
    /// other axes lumped on the point.
    fn weigh_by_couplings(&mut self, operator: &StencilOperator<S>) {
        for count in 0..=self.halved.iter().filter(|h| **h).count() {
            for point in self.fine.each() {
                let between = [0, 1, 2].map(|axis| !self.axes[axis].coincides[point[axis]]);
                if between.iter().filter(|b| **b).count() == count {
                    self.weigh_point(operator, point, between);
                }
            }
        }
    }

    fn weigh_point(&mut self, operator: &StencilOperator<S>, point: [usize; 3], between: [bool; 3]) {
        let at = self.fine.at(point);
        if between == [false; 3] {
            self.weights[0][at] = S::from_real(1.0);
            return;
        }
        let corners: Vec<usize> =
            self.corners.iter().copied().filter(|c| (0..3).all(|a| between[a] || step(*c, a) == 0)).collect();
        let mut sums = [S::default(); 8];
        let mut own = S::default();
        for (number, offset) in operator.offsets().iter().enumerate() {
            let entry = operator.plane(number)[at];
            let part = [0, 1, 2].map(|a| if between[a] { offset[a] } else { 0 });
            if part == [0; 3] {
                own += entry;
                continue;
            }
            // The neighbour coincides with a coarse point along the axes of the step, and was interpolated before.
            let Some(to) = self.fine.neighbour(point, part) else { continue };
            for &corner in &corners {
                if (0..3).all(|a| part[a] == 0 || step(corner, a) == usize::from(part[a] > 0)) {
                    let rest: usize =
                        (0..3).filter(|a| part[*a] == 0).map(|a| step(corner, a) << (2 - a)).sum();
                    sums[corner] -= entry * self.weights[rest][self.fine.at(to)];
                }
            }
        }
        // Where nothing is left on the point itself, its equation says nothing of its value.
        let usable = own.modulus() > 1e-3 * operator.diagonal()[at].modulus();
        for corner in corners {
            self.weights[corner][at] =
                if usable { sums[corner] / own } else { self.by_distance(point, corner) };
        }
    }

    /// The coarse points that a fine one takes its value from, counted on beyond the ends of periodic axes, and the weights.
    #[inline(always)]
    pub(crate) fn parents(&self, point: [usize; 3]) -> impl Iterator<Item = ([isize; 3], S)> + '_ {
        let at = self.fine.at(point);
        self.corners.iter().map(move |&corner| {
            let to = [0, 1, 2].map(|a| self.axes[a].lower[point[a]] + step(corner, a) as isize);
            (to, self.weights[corner][at])
        })
    }

    /// Weight of the coarse point that is the upper or lower one (`upper`) of `point` along each axis.
    #[inline(always)]
    pub(crate) fn weight(&self, at: usize, upper: [usize; 3]) -> S {
        self.weights[upper[0] << 2 | upper[1] << 1 | upper[2]][at]
    }

    /// `out = scale P^T r` on the coarse lattice.
    pub(crate) fn restrict(&self, r: &[S], out: &mut [S], threads: usize) {
        in_slabs(&self.coarse, out, threads, |slabs, base, out| {
            for (slab, row) in slabs.flat_map(|slab| (0..self.coarse.rows()).map(move |row| (slab, row))) {
                let ([i, j], at) = self.coarse.row(slab, row);
                let out = &mut out[at - base..][..self.coarse.points[2]];
                out.fill(S::default());
                for &(a, upper_a) in &self.axes[0].children[i] {
                    for &(b, upper_b) in &self.axes[1].children[j] {
                        let start = self.fine.at([a, b, 0]);
                        for (value, children) in out.iter_mut().zip(&self.axes[2].children) {
                            for &(c, upper_c) in children {
                                let weight = self.weight(start + c, [upper_a, upper_b, upper_c]);
                                *value += weight * r[start + c];
                            }
                        }
                    }
                }
                out.iter_mut().for_each(|value| *value = value.scaled(self.scale));
            }
        });
    }

    /// `x = x + P e` on the fine lattice; the ghosts of `e` must be filled.
    pub(crate) fn prolong(&self, e: &[S], x: &mut [S], threads: usize) {
        in_slabs(&self.fine, x, threads, |slabs, base, x| {
            for (slab, row) in slabs.flat_map(|slab| (0..self.fine.rows()).map(move |row| (slab, row))) {
                let ([i, j], at) = self.fine.row(slab, row);
                let x = &mut x[at - base..][..self.fine.points[2]];
                let lower = [self.axes[0].lower[i], self.axes[1].lower[j], 0];
                let origin = self.coarse.at([0; 3]) as isize + self.coarse.distance(lower);
                for &corner in &self.corners {
                    let steps = [0, 1, 2].map(|a| step(corner, a) as isize);
                    let start = origin + self.coarse.distance(steps);
                    let weights = &self.weights[corner][at..];
                    for ((value, weight), lower) in x.iter_mut().zip(weights).zip(&self.axes[2].lower) {
                        *value += *weight * e[(start + lower) as usize];
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sobolev_testing::noise;

    fn laplacian(lattice: &Lattice) -> StencilOperator<f64> {
        let reach = lattice.clone();
        StencilOperator::from_fn(lattice, |point, offset| {
            let steps = offset.iter().filter(|o| **o != 0).count();
            if steps == 1 {
                return -1.0;
            }
            // Natural sides: the diagonal lacks the neighbour that is not there.
            let missing = (0..point.len())
                .flat_map(|a| {
                    let last = reach.points()[a] - 1;
                    let natural = reach.sides(a).map(|side| side == Side::Natural && !reach.is_periodic(a));
                    [natural[0] && point[a] == 0, natural[1] && point[a] == last]
                })
                .filter(|m| *m)
                .count();
            if steps == 0 { 2.0 * point.len() as f64 - missing as f64 } else { 0.0 }
        })
        .unwrap()
    }

    fn transfers(lattice: &Lattice) -> Vec<Transfer<f64>> {
        let operator = laplacian(lattice);
        let geometry: Vec<AxisGeometry> =
            (0..lattice.dimensions()).map(|axis| AxisGeometry::new(lattice, axis)).collect();
        let halved = [0, 1, 2].map(|axis| axis + lattice.dimensions() >= 3);
        [Interpolation::Linear, Interpolation::OperatorInduced]
            .map(|kind| Transfer::new(&operator, &geometry, halved, kind))
            .to_vec()
    }

    fn lattices() -> Vec<Lattice> {
        let natural = [Side::Natural; 2];
        vec![
            Lattice::new(&[7]).unwrap(),
            Lattice::new(&[8]).unwrap().with_periodic(0).unwrap(),
            Lattice::new(&[9]).unwrap().with_sides(0, natural).unwrap(),
            Lattice::new(&[10, 7]).unwrap().with_centring(Centring::Cell),
            Lattice::new(&[6, 9]).unwrap().with_periodic(1).unwrap().with_sides(0, natural).unwrap(),
            Lattice::new(&[5, 4, 6]).unwrap().with_sides(1, [Side::Zero, Side::Natural]).unwrap(),
        ]
    }

    #[test]
    fn restriction_is_the_scaled_transpose_of_interpolation() {
        for transfer in lattices().iter().flat_map(transfers) {
            let fill = |storage: &Storage, seed: u64| {
                let mut x = vec![0.0; storage.len];
                for (point, value) in storage.each().zip(noise(storage.len, seed)) {
                    x[storage.at(point)] = value;
                }
                storage.fill_ghosts(&mut x);
                x
            };
            let (r, e) = (fill(&transfer.fine, 1), fill(&transfer.coarse, 2));
            let (mut down, mut up) = (vec![0.0; transfer.coarse.len], vec![0.0; transfer.fine.len]);
            transfer.restrict(&r, &mut down, 2);
            transfer.prolong(&e, &mut up, 2);
            let dot = |storage: &Storage, a: &[f64], b: &[f64]| -> f64 {
                storage.each().map(|p| a[storage.at(p)] * b[storage.at(p)]).sum()
            };
            let (left, right) = (dot(&transfer.coarse, &down, &e), dot(&transfer.fine, &r, &up));
            assert!((left - transfer.scale * right).abs() < 1e-13 * transfer.fine.len as f64);
        }
    }

    #[test]
    fn constants_are_interpolated_exactly_where_no_boundary_is_near() {
        for transfer in lattices().iter().flat_map(transfers) {
            let mut e = vec![0.0; transfer.coarse.len];
            transfer.coarse.each().for_each(|point| e[transfer.coarse.at(point)] = 1.0);
            transfer.coarse.fill_ghosts(&mut e);
            let mut x = vec![0.0; transfer.fine.len];
            transfer.prolong(&e, &mut x, 1);
            for point in transfer.fine.each() {
                let value = x[transfer.fine.at(point)];
                let inner = (0..3).all(|a| {
                    let n = transfer.fine.points[a];
                    n == 1 || transfer.fine.is_periodic(a) || (2..n - 2).contains(&point[a])
                });
                assert!(!inner || (value - 1.0).abs() < 1e-14, "{:?} {point:?} {value}", transfer.fine);
                assert!(value <= 1.0 + 1e-14);
            }
        }
    }

    #[test]
    fn couplings_equal_along_every_axis_induce_linear_interpolation() {
        let lattice = Lattice::new(&[7, 15]).unwrap();
        let [linear, induced] = transfers(&lattice).try_into().unwrap();
        for corner in [0, 1, 2, 3] {
            for point in linear.fine.each() {
                let at = linear.fine.at(point);
                // Points between along both axes get the mean of their neighbours, which is bilinear as well.
                assert!((linear.weights[corner][at] - induced.weights[corner][at]).abs() < 1e-14);
            }
        }
    }
}
