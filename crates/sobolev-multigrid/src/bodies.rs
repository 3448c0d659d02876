//! Bodies of large coefficient that float in a medium of small coefficient.
//!
//! Inside a body the solution is nearly constant, and which constant it is costs almost no energy. Coarse grids know such a
//! constant as long as they show the body; where the gap to the next body is a cell wide, interpolation may tie both together,
//! and one eigenvalue of the preconditioned operator falls to the inverse contrast. The cycle is therefore balanced over the
//! indicator functions `Z` of the bodies (deflation of bodies: Vuik, Segal, Meijerink 1999; the balanced form: Tang, Nabben, Vuik,
//! Erlangga 2009): `B = P^T V P + Q` with the cycle `V`, `Q = Z (Z^T A Z)^-1 Z^T`, `P = I - A Q`. Between two bodies there is always a
//! cell of the medium, so `Z^T A Z` is diagonal, and all of it is sums over cells and faces of the bodies.
//!
//! Cells belong to a body where the coefficient is above the geometric mean of its smallest and largest value. Bodies that
//! touch a boundary with `u = 0` do not float and are left out.

use crate::operator::Diffusion;
use crate::storage::interleave;
use sobolev_tensor::Real;
use std::ops::Range;

/// The floating bodies of a coefficient, in split storage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bodies {
    bodies: Vec<Body>,
    /// Places of the cells, body by body.
    cells: Vec<usize>,
    /// Faces to the medium, body by body.
    faces: Vec<Face>,
}

#[derive(Debug, Clone, Default)]
struct Body {
    cells: Range<usize>,
    faces: Range<usize>,
    /// Sum of the couplings to the medium.
    energy: f64,
    /// `Q r` on the body.
    value: f64,
}

/// Places on either side of a face, and the coupling through it.
#[derive(Debug, Clone, Copy)]
struct Face {
    inside: usize,
    outside: usize,
    coupling: f64,
}

impl Bodies {
    /// The floating bodies of `scale` times the operator.
    pub(crate) fn new(diffusion: &Diffusion, scale: f64) -> Self {
        let map = Map::new(diffusion);
        let mut found = Self::default();
        for runs in map.runs_of_bodies() {
            found.add(&map, &runs, scale);
        }
        found
    }

    /// Adds a body made of `runs`, if it floats.
    fn add(&mut self, map: &Map<'_>, runs: &[Run], scale: f64) {
        let (first_cell, first_face) = (self.cells.len(), self.faces.len());
        let layout = map.diffusion.layout;
        let mut floats = true;
        for run in runs {
            for column in run.columns.clone() {
                let point = [run.slab, run.row, column];
                self.cells.push(layout.place(run.slab, run.row, column));
                for (coupling, neighbour) in map.diffusion.couplings_of(point) {
                    match neighbour {
                        Some(outside) if !map.is_inside(outside) => {
                            let inside = layout.place(run.slab, run.row, column);
                            self.faces.push(Face { inside, outside, coupling: coupling * scale });
                        }
                        Some(_) => {}
                        None => floats &= coupling == 0.0,
                    }
                }
            }
        }
        let energy: f64 = self.faces[first_face..].iter().map(|face| face.coupling).sum();
        // None is left where the couplings are too small for a number.
        if !floats || energy <= 0.0 {
            self.cells.truncate(first_cell);
            self.faces.truncate(first_face);
            return;
        }
        let (cells, faces) = (first_cell..self.cells.len(), first_face..self.faces.len());
        self.bodies.push(Body { cells, faces, energy, value: 0.0 });
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.bodies[..]) + size_of_val(&self.cells[..]) + size_of_val(&self.faces[..])
    }

    /// `r = P r`; returns `<r, Q r>`. Keeps `Q r` for [`balance`](Self::balance).
    pub(crate) fn project<T: Real>(&mut self, residual: &mut [T]) -> f64 {
        let mut product = 0.0;
        for body in &mut self.bodies {
            let sum: f64 = self.cells[body.cells.clone()].iter().map(|cell| residual[*cell].to_f64()).sum();
            body.value = sum / body.energy;
            product += sum * body.value;
        }
        for body in &self.bodies {
            for face in &self.faces[body.faces.clone()] {
                let flux = face.coupling * body.value;
                residual[face.inside] = T::cast(residual[face.inside].to_f64() - flux);
                residual[face.outside] = T::cast(residual[face.outside].to_f64() + flux);
            }
        }
        product
    }

    /// `z = P^T z + Q r`, for the `r` of the last [`project`](Self::project).
    pub(crate) fn balance<T: Real>(&mut self, correction: &mut [T]) {
        for body in &mut self.bodies {
            let flux = |face: &Face| {
                face.coupling * (correction[face.inside].to_f64() - correction[face.outside].to_f64())
            };
            let flux: f64 = self.faces[body.faces.clone()].iter().map(flux).sum();
            body.value -= flux / body.energy;
        }
        for body in &self.bodies {
            for cell in &self.cells[body.cells.clone()] {
                correction[*cell] = T::cast(correction[*cell].to_f64() + body.value);
            }
        }
    }
}

/// Consecutive cells of a row that belong to a body.
#[derive(Debug, Clone)]
struct Run {
    slab: usize,
    row: usize,
    columns: Range<usize>,
}

/// Where the coefficient is large.
struct Map<'a> {
    diffusion: &'a Diffusion,
    /// `1 / a` below which a cell belongs to a body.
    threshold: f64,
}

impl<'a> Map<'a> {
    fn new(diffusion: &'a Diffusion) -> Self {
        let (low, high) = diffusion.range;
        Self { diffusion, threshold: 1.0 / (low.sqrt() * high.sqrt()) }
    }

    fn is_inside(&self, place: usize) -> bool {
        self.diffusion.resistance()[place] < self.threshold
    }

    /// The runs of all rows in the order of the storage, and the number of the first run of each row and beyond the last.
    fn runs(&self) -> (Vec<Run>, Vec<usize>) {
        let layout = self.diffusion.layout;
        let mut natural = vec![f64::INFINITY; layout.row_stride];
        let (mut runs, mut starts) = (Vec::new(), vec![0]);
        for slab in 0..layout.slabs {
            for row in 0..layout.rows {
                let start = layout.offset(slab as isize, row, 0);
                let (even, odd) =
                    self.diffusion.resistance()[start..][..layout.row_stride].split_at(layout.half);
                interleave(even, odd, &mut natural);
                let mut column = 0;
                while let Some(first) = natural[column..].iter().position(|r| *r < self.threshold) {
                    let first = column + first;
                    let length = natural[first..].iter().take_while(|r| **r < self.threshold).count();
                    column = first + length;
                    runs.push(Run { slab, row, columns: first..column });
                }
                starts.push(runs.len());
            }
        }
        (runs, starts)
    }

    /// The runs of each connected body.
    fn runs_of_bodies(&self) -> Vec<Vec<Run>> {
        let layout = self.diffusion.layout;
        let (runs, starts) = self.runs();
        let mut sets = Sets::new(runs.len());
        for row in 0..starts.len() - 1 {
            let own = starts[row]..starts[row + 1];
            if row % layout.rows != 0 {
                join(&runs, own.clone(), starts[row - 1]..starts[row], &mut sets);
            }
            if row >= layout.rows {
                let before = row - layout.rows;
                join(&runs, own, starts[before]..starts[before + 1], &mut sets);
            }
        }
        let mut bodies: Vec<Vec<Run>> = Vec::new();
        let mut body_of = vec![usize::MAX; runs.len()];
        for (index, run) in runs.into_iter().enumerate() {
            let root = sets.root(index);
            if root == index {
                body_of[index] = bodies.len();
                bodies.push(Vec::new());
            }
            bodies[body_of[root]].push(run);
        }
        bodies
    }
}

/// Joins the sets of runs of two neighbouring rows that share a column.
fn join(runs: &[Run], mut a: Range<usize>, mut b: Range<usize>, sets: &mut Sets) {
    while !a.is_empty() && !b.is_empty() {
        let (one, other) = (&runs[a.start].columns, &runs[b.start].columns);
        if one.start < other.end && other.start < one.end {
            sets.join(a.start, b.start);
        }
        if one.end <= other.end {
            a.start += 1;
        } else {
            b.start += 1;
        }
    }
}

/// Disjoint sets of numbers; the root of a set is its smallest number.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Boundary, Grid};
    use ndarray::{ArrayD, IxDyn};

    /// 1e6 in two bodies of several cells, one single cell and one that touches the boundary; 1 elsewhere.
    fn islands(cells: &[usize]) -> ArrayD<f64> {
        let last = cells.len() - 1;
        ArrayD::from_shape_fn(IxDyn(cells), |index| {
            let (x, y) = (index[0], index[last]);
            let bridge = (2..5).contains(&x) && y == 3 || x == 4 && (3..7).contains(&y);
            let block = (6..9).contains(&x) && (2..5).contains(&y);
            let single = x == 7 && y == 7;
            let middle = cells.len() == 2 || (2..6).contains(&index[1]);
            if middle && (bridge || block || single) || x == 0 { 1e6 } else { 1.0 }
        })
    }

    fn islands_in(cells: &[usize]) -> (Diffusion, Bodies) {
        let mut diffusion = Diffusion::new(&Grid::new(cells).unwrap());
        diffusion.set(islands(cells).view(), 1).unwrap();
        let bodies = Bodies::new(&diffusion, 1.0);
        (diffusion, bodies)
    }

    fn sum(bodies: &Bodies, body: &Body, values: &[f64]) -> f64 {
        bodies.cells[body.cells.clone()].iter().map(|cell| values[*cell]).sum()
    }

    fn wavy(diffusion: &Diffusion, cells: &[usize]) -> Vec<f64> {
        let field = ArrayD::from_shape_fn(IxDyn(cells), |index| {
            (0..cells.len()).map(|a| (1.3 * index[a] as f64 + a as f64).sin()).sum()
        });
        let mut values = vec![0.0; diffusion.layout.len()];
        diffusion.scatter(field.view(), 1.0, 0.0, &mut values);
        values
    }

    #[test]
    fn bodies_that_float_are_found_and_others_are_not() {
        let (_, bodies) = islands_in(&[11, 12]);
        let mut sizes: Vec<usize> = bodies.bodies.iter().map(|body| body.cells.len()).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 6, 9]);
        let (_, bodies) = islands_in(&[11, 9, 12]);
        assert_eq!(bodies.bodies.len(), 3);
    }

    #[test]
    fn energy_of_a_body_is_that_of_its_indicator_function() {
        for cells in [&[11, 12][..], &[11, 9, 12]] {
            let (diffusion, bodies) = islands_in(cells);
            for body in &bodies.bodies {
                let (mut one, mut image) =
                    (vec![0.0; diffusion.layout.len()], vec![0.0; diffusion.layout.len()]);
                bodies.cells[body.cells.clone()].iter().for_each(|cell| one[*cell] = 1.0);
                diffusion.apply(&one, &mut image);
                assert!((sum(&bodies, body, &image) / body.energy - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn projected_residuals_have_no_part_in_a_body_and_balanced_corrections_solve_there() {
        for cells in [&[11, 12][..], &[11, 9, 12]] {
            let (diffusion, mut bodies) = islands_in(cells);
            let residual = wavy(&diffusion, cells);
            let mut projected = residual.clone();
            let product = bodies.project(&mut projected);
            let mut expected = 0.0;
            for body in &bodies.bodies {
                assert!(sum(&bodies, body, &projected).abs() < 1e-9);
                expected += sum(&bodies, body, &residual).powi(2) / body.energy;
            }
            assert!((product - expected).abs() < 1e-9 * expected);
            // Whatever the cycle answers, the body as a whole has no residual after it.
            let mut z = wavy(&diffusion, cells);
            bodies.balance(&mut z);
            let mut image = vec![0.0; diffusion.layout.len()];
            diffusion.apply(&z, &mut image);
            for body in &bodies.bodies {
                let left = sum(&bodies, body, &residual) - sum(&bodies, body, &image);
                assert!(left.abs() < 1e-6, "{cells:?}: {left}");
            }
        }
    }

    #[test]
    fn insulated_sides_let_a_body_float() {
        let grid = Grid::new(&[11, 12]).unwrap().with_boundary(0, [Boundary::Neumann; 2]).unwrap();
        let mut diffusion = Diffusion::new(&grid);
        let along_the_side = ArrayD::from_shape_fn(IxDyn(&[11, 12]), |index| {
            if index[0] == 0 && (3..6).contains(&index[1]) { 1e6 } else { 1.0 }
        });
        diffusion.set(along_the_side.view(), 1).unwrap();
        assert_eq!(Bodies::new(&diffusion, 1.0).bodies.len(), 1);
    }
}
