//! The staggered grid: velocities on the faces of cells, with a frame of ghost values around (Harlow and Welch 1965).

use super::sides::Edge;
use ndarray::{ArrayView3, ArrayViewMut3};

/// A grid of cells. Component `a` of the velocity stands on the faces that cross axis `a`: `n_a + 1` along the axis, `n_b`
/// along the other. Both components have arrays of `(n_1 + 3) x (n_2 + 3)` values; face 0 and cell 0 stand at (1, 1).
#[derive(Debug, Clone)]
pub(super) struct Mac {
    pub cells: [usize; 2],
    pub lengths: [f64; 2],
    pub spacing: [f64; 2],
    /// Distance of neighbours along each axis in the arrays.
    pub stride: [usize; 2],
}

/// Both components of a velocity.
pub(super) type Velocity = [Vec<f64>; 2];

impl Mac {
    pub(super) fn new(cells: [usize; 2], lengths: [f64; 2]) -> Self {
        let spacing = [lengths[0] / cells[0] as f64, lengths[1] / cells[1] as f64];
        Self { cells, lengths, spacing, stride: [cells[1] + 3, 1] }
    }

    pub(super) fn len(&self) -> usize {
        (self.cells[0] + 3) * (self.cells[1] + 3)
    }

    pub(super) fn zeros(&self) -> Velocity {
        [vec![0.0; self.len()], vec![0.0; self.len()]]
    }

    /// Place of the value of component `component` at `normal` along its axis and `along` the other one.
    pub(super) fn place(&self, component: usize, normal: isize, along: isize) -> usize {
        let [i, j] = if component == 0 { [normal, along] } else { [along, normal] };
        (i + 1) as usize * self.stride[0] + (j + 1) as usize
    }

    /// Rows of `component` in which the faces `from..to` along its axis stand: the place of their first value and their
    /// length.
    pub(super) fn rows(
        &self,
        component: usize,
        from: usize,
        to: usize,
    ) -> impl Iterator<Item = (usize, usize)> + use<'_> {
        let (rows, first, len) = match component {
            0 => (from..to, 0, self.cells[1]),
            _ => (0..self.cells[0], from, to - from),
        };
        rows.map(move |i| ((i + 1) * self.stride[0] + first + 1, len))
    }

    /// Reads `[n1, n2, 2]`: the lower face of each cell. The upper faces of the last cells follow from the sides, or, at an
    /// outflow, from what flows through the other faces of their cells.
    pub(super) fn load(&self, edges: &[[Edge; 2]; 2], state: &ArrayView3<'_, f64>, velocity: &mut Velocity) {
        for ((i, j, component), value) in state.indexed_iter() {
            velocity[component][(i + 1) * self.stride[0] + j + 1] = *value;
        }
        for component in 0..2 {
            for side in 0..2 {
                let Edge::Fixed { normal, .. } = &edges[component][side] else { continue };
                let face = if side == 0 { 0 } else { self.cells[component] as isize };
                for (t, value) in normal.iter().enumerate() {
                    velocity[component][self.place(component, face, t as isize)] = *value;
                }
            }
        }
        self.fill(edges, velocity);
        for component in 0..2 {
            if !matches!(edges[component][1], Edge::Outflow) {
                continue;
            }
            let (other, last) = (1 - component, self.cells[component] as isize);
            let ratio = self.spacing[component] / self.spacing[other];
            for t in 0..self.cells[other] as isize {
                let across = &velocity[other];
                let [below, above] = [t, t + 1].map(|face| across[self.place(other, face, last - 1)]);
                let inner = velocity[component][self.place(component, last - 1, t)];
                velocity[component][self.place(component, last, t)] = inner - ratio * (above - below);
            }
        }
        self.fill(edges, velocity);
    }

    /// Writes the lower face of each cell.
    pub(super) fn store(&self, velocity: &Velocity, mut state: ArrayViewMut3<'_, f64>) {
        for ((i, j, component), value) in state.indexed_iter_mut() {
            *value = velocity[component][(i + 1) * self.stride[0] + j + 1];
        }
    }

    /// Fills the frame: copies of periodic axes, and the values beyond the sides that make the mean at the side right.
    pub(super) fn fill(&self, edges: &[[Edge; 2]; 2], velocity: &mut Velocity) {
        for component in 0..2 {
            let other = 1 - component;
            let [n, m] = [component, other].map(|axis| self.cells[axis] as isize);
            let field = &mut velocity[component];
            if matches!(edges[component][0], Edge::Periodic) {
                for t in 0..m {
                    for (to, from) in [(-1, n - 1), (n, 0), (n + 1, 1)] {
                        field[self.place(component, to, t)] = field[self.place(component, from, t)];
                    }
                }
            }
            for side in 0..2 {
                let [ghost, inner, around] = if side == 0 { [-1, 0, m - 1] } else { [m, m - 1, 0] };
                for k in -1..=n + 1 {
                    let own = field[self.place(component, k, inner)];
                    let value = match &edges[other][side] {
                        Edge::Fixed { tangential: Some(values), .. } => {
                            2.0 * values[k.clamp(0, n) as usize] - own
                        }
                        Edge::Fixed { tangential: None, .. } | Edge::Outflow => own,
                        Edge::Periodic => field[self.place(component, k, around)],
                    };
                    field[self.place(component, k, ghost)] = value;
                }
            }
        }
    }
}
