//! Line relaxation: the tridiagonal systems of whole lines along an axis are solved at once, those of one colour after those
//! of the other (zebra order; Trottenberg, Oosterlee, Schueller, "Multigrid", section 5.1).

use super::super::lattice::Storage;
use super::super::operator::StencilOperator;
use super::super::scalar::Scalar;
use sobolev_tensor::{Error, Result};

/// Factored tridiagonal systems of all lines along an axis.
#[derive(Debug, Clone)]
pub(super) struct Lines<S> {
    axis: usize,
    /// Planes of the couplings to the point before and after on the line.
    before: Option<usize>,
    after: Option<usize>,
    multiplier: Vec<S>,
    inverse: Vec<S>,
    /// Where lines close on themselves: the solution for the corner entries (Sherman and Morrison, 1950).
    closing: Option<Vec<S>>,
    /// Lines of each stage, by the parities of the three indices; along the axis both parities are the same.
    stages: Vec<[bool; 8]>,
}

/// Lines that lie side by side in storage: `width` of them, with `length` points `stride` apart.
#[derive(Clone, Copy)]
struct Bundle {
    outer: [usize; 3],
    start: usize,
    length: usize,
    stride: usize,
    width: usize,
}

fn bundles(storage: &Storage, axis: usize) -> Vec<Bundle> {
    let [a, b, c] = storage.points;
    let (length, stride) = (storage.points[axis], storage.stride[axis]);
    let bundle = |outer: [usize; 3], width| Bundle { outer, start: storage.at(outer), length, stride, width };
    match axis {
        0 => (0..b).map(|j| bundle([0, j, 0], c)).collect(),
        1 => (0..a).map(|i| bundle([i, 0, 0], c)).collect(),
        _ => (0..a).flat_map(|i| (0..b).map(move |j| [i, j, 0])).map(|outer| bundle(outer, 1)).collect(),
    }
}

fn stages<S: Scalar>(operator: &StencilOperator<S>, axis: usize) -> Vec<[bool; 8]> {
    let all = [0, 1, 2, 3, 4, 5, 6, 7_usize];
    let points = operator.storage().points;
    let own = 1 << (2 - axis);
    let others: Vec<usize> = (0..3).filter(|a| *a != axis && points[*a] > 1).map(|a| 1 << (2 - a)).collect();
    if others.is_empty() {
        return vec![[true; 8]];
    }
    if operator.couples_faces_only() {
        return [0, 1].map(|parity| all.map(|c| (c & !own).count_ones() % 2 == parity)).to_vec();
    }
    let mask: usize = others.iter().sum();
    let chosen = all.iter().filter(|colour| **colour & !mask == 0);
    chosen.map(|colour| all.map(|c| c & mask == *colour)).collect()
}

impl<S: Scalar> Lines<S> {
    pub(super) fn new(operator: &StencilOperator<S>, axis: usize) -> Result<Self> {
        let storage = operator.storage();
        let plane = |step: isize| {
            let mut offset = [0; 3];
            offset[axis] = step;
            operator.offsets().iter().position(|o| *o == offset)
        };
        let mut lines = Self {
            axis,
            before: plane(-1),
            after: plane(1),
            multiplier: vec![S::default(); storage.len],
            inverse: operator.diagonal().to_vec(),
            closing: None,
            stages: stages(operator, axis),
        };
        let closed = storage.is_periodic(axis) && storage.points[axis] > 2;
        let bundles = bundles(storage, axis);
        if closed {
            // With the first diagonal entry doubled and the last changed to fit, the corner entries are of rank one.
            for (first, last) in ends(&bundles) {
                let corner = lines.entry(operator, lines.before, first);
                let other = lines.entry(operator, lines.after, last);
                let d = lines.inverse[first];
                lines.inverse[first] = d + d;
                lines.inverse[last] += corner * other / d;
            }
        }
        for bundle in &bundles {
            lines.factorise(operator, bundle);
        }
        if closed {
            lines.closing = Some(lines.close(operator, &bundles));
        }
        let finite = storage.each().all(|p| {
            let at = storage.at(p);
            lines.inverse[at].all_finite() && lines.closing.as_ref().is_none_or(|z| z[at].all_finite())
        });
        if finite {
            return Ok(lines);
        }
        let got = format!("a singular system along axis {}", axis + operator.lattice().dimensions() - 3);
        Err(Error::value("smoother", "lines with systems that can be solved", got))
    }

    fn entry(&self, operator: &StencilOperator<S>, plane: Option<usize>, at: usize) -> S {
        plane.map_or(S::default(), |plane| operator.plane(plane)[at])
    }

    /// Multipliers and inverted pivots.
    fn factorise(&mut self, operator: &StencilOperator<S>, bundle: &Bundle) {
        let one = S::from_real(1.0);
        for line in 0..bundle.width {
            let mut previous = S::default();
            for position in 0..bundle.length {
                let at = bundle.start + position * bundle.stride + line;
                if position > 0 {
                    let back = at - bundle.stride;
                    self.multiplier[at] = self.entry(operator, self.before, at) * previous;
                    let after = self.entry(operator, self.after, back);
                    let reduced = self.inverse[at] - self.multiplier[at] * after;
                    self.inverse[at] = reduced;
                }
                self.inverse[at] = one / self.inverse[at];
                previous = self.inverse[at];
            }
        }
    }

    /// The answer of every line to its corner entries, divided by the denominator of the rank-one formula.
    fn close(&self, operator: &StencilOperator<S>, bundles: &[Bundle]) -> Vec<S> {
        let mut z = vec![S::default(); operator.storage().len];
        for (first, last) in ends(bundles) {
            z[first] = -operator.diagonal()[first];
            z[last] = self.entry(operator, self.after, last);
        }
        bundles.iter().for_each(|bundle| self.substitute(operator, bundle, &mut z));
        for bundle in bundles {
            for line in 0..bundle.width {
                let (first, last) = bundle.ends(line);
                let denominator = S::from_real(1.0) + self.corner_product(operator, &z, first, last);
                for position in 0..bundle.length {
                    let at = first + position * bundle.stride;
                    z[at] /= denominator;
                }
            }
        }
        z
    }

    /// `v . y` of the rank-one formula.
    fn corner_product(&self, operator: &StencilOperator<S>, y: &[S], first: usize, last: usize) -> S {
        y[first] - self.entry(operator, self.before, first) / operator.diagonal()[first] * y[last]
    }

    /// Solves the factored systems of a bundle in place.
    fn substitute(&self, operator: &StencilOperator<S>, bundle: &Bundle, r: &mut [S]) {
        let Bundle { start, length, stride, width, .. } = *bundle;
        for position in 1..length {
            let at = start + position * stride;
            let (done, rest) = r.split_at_mut(at);
            let (back, m) = (&done[at - stride..][..width], &self.multiplier[at..at + width]);
            for (k, value) in rest[..width].iter_mut().enumerate() {
                *value -= m[k] * back[k];
            }
        }
        for position in (0..length).rev() {
            let at = start + position * stride;
            let inverse = &self.inverse[at..at + width];
            if position + 1 == length {
                r[at..at + width].iter_mut().zip(inverse).for_each(|(value, d)| *value *= *d);
                continue;
            }
            let (own, ahead) = r.split_at_mut(at + stride);
            for (k, value) in own[at..at + width].iter_mut().enumerate() {
                *value = (*value - self.entry(operator, self.after, at + k) * ahead[k]) * inverse[k];
            }
        }
    }

    pub(super) fn sweep(
        &self,
        operator: &StencilOperator<S>,
        f: &[S],
        x: &mut [S],
        scratch: &mut [Vec<S>; 2],
        forward: bool,
        threads: usize,
    ) {
        let storage = operator.storage();
        let residual = &mut scratch[0];
        for stage in 0..self.stages.len() {
            let lines = &self.stages[if forward { stage } else { self.stages.len() - 1 - stage }];
            operator.residual(f, x, residual, threads);
            for bundle in bundles(storage, self.axis) {
                let row = bundle.outer[0] % 2 * 4 + bundle.outer[1] % 2 * 2;
                let chosen = if bundle.width == 1 { [lines[row]; 2] } else { [lines[row], lines[row + 1]] };
                if chosen != [false; 2] {
                    self.substitute(operator, &bundle, residual);
                    self.add(operator, &bundle, chosen, residual, x);
                }
            }
            storage.fill_ghosts(x);
        }
    }

    /// Adds the corrections of the chosen lines: those of even and those of odd number in the bundle.
    fn add(
        &self,
        operator: &StencilOperator<S>,
        bundle: &Bundle,
        chosen: [bool; 2],
        correction: &[S],
        x: &mut [S],
    ) {
        for line in (0..bundle.width).filter(|line| chosen[line % 2]) {
            let (first, last) = bundle.ends(line);
            let closing =
                self.closing.as_ref().map(|z| (z, self.corner_product(operator, correction, first, last)));
            for at in (first..=last).step_by(bundle.stride) {
                x[at] += match closing {
                    Some((z, product)) => correction[at] - z[at] * product,
                    None => correction[at],
                };
            }
        }
    }
}

impl Bundle {
    /// First and last point of a line.
    fn ends(&self, line: usize) -> (usize, usize) {
        let first = self.start + line;
        (first, first + (self.length - 1) * self.stride)
    }
}

/// First and last points of all lines.
fn ends(bundles: &[Bundle]) -> impl Iterator<Item = (usize, usize)> + '_ {
    bundles.iter().flat_map(|bundle| (0..bundle.width).map(|line| bundle.ends(line)))
}
