//! The pressure that keeps the flow free of divergence (Chorin 1968), exactly for the differences on the grid.

use super::mac::{Mac, Velocity};
use super::rates::first_free;
use super::sides::Edge;
use crate::random_field::Boundary;
use crate::walls::{BoxLaplacian, Symbol};
use sobolev_tensor::Result;

/// The operator of the pressure: no force on sides whose velocity is given, pressure zero at an outflow.
pub(super) fn laplacian(mac: &Mac, edges: &[[Edge; 2]; 2]) -> Result<BoxLaplacian> {
    let condition = |edge: &Edge| match edge {
        Edge::Fixed { .. } => Boundary::Neumann,
        Edge::Outflow => Boundary::Dirichlet,
        Edge::Periodic => Boundary::Periodic,
    };
    let boundary = edges.each_ref().map(|ends| [condition(&ends[0]), condition(&ends[1])]);
    BoxLaplacian::new(&mac.cells, &mac.lengths, &boundary, Symbol::SecondOrder)
}

/// Writes the divergence of every cell `[n1, n2]`, times `factor`.
pub(super) fn divergence(mac: &Mac, velocity: &Velocity, factor: f64, to: &mut [f64]) {
    let [u, v] = velocity;
    let [x, y] = mac.spacing.map(|h| factor / h);
    let (width, n) = (mac.stride[0], mac.cells[1]);
    for (i, row) in to.chunks_exact_mut(n).enumerate() {
        let p = (i + 1) * width + 1;
        let (u0, u1) = (&u[p..p + n], &u[p + width..p + width + n]);
        let (v0, v1) = (&v[p..p + n], &v[p + 1..p + 1 + n]);
        for j in 0..n {
            row[j] = x * (u1[j] - u0[j]) + y * (v1[j] - v0[j]);
        }
    }
}

/// Takes `factor` times the gradient of `potential` `[n1, n2]` off the free faces. Copies beyond a periodic axis are left to
/// [`Mac::fill`].
pub(super) fn subtract_gradient(
    mac: &Mac,
    edges: &[[Edge; 2]; 2],
    potential: &[f64],
    factor: f64,
    velocity: &mut Velocity,
) {
    let [rows, n] = mac.cells;
    let width = mac.stride[0];
    let [x, y] = mac.spacing.map(|h| factor / h);
    let [u, v] = velocity;
    let row = |i: usize| &potential[i * n..(i + 1) * n];
    for i in first_free(edges, 0)..rows {
        let (before, here) = (row((i + rows - 1) % rows), row(i));
        let faces = &mut u[(i + 1) * width + 1..][..n];
        for j in 0..n {
            faces[j] -= x * (here[j] - before[j]);
        }
    }
    for i in 0..rows {
        let here = row(i);
        let faces = &mut v[(i + 1) * width + 1..][..n];
        for j in 1..n {
            faces[j] -= y * (here[j] - here[j - 1]);
        }
        if matches!(edges[1][0], Edge::Periodic) {
            faces[0] -= y * (here[0] - here[n - 1]);
        }
    }
    // The ghost cell beyond an outflow holds minus the potential of the last cell.
    for axis in 0..2 {
        let cells = mac.cells[axis];
        for (side, face, cell, outward) in [(0, 0, 0, -1.0), (1, cells, cells - 1, 1.0)] {
            if !matches!(edges[axis][side], Edge::Outflow) {
                continue;
            }
            for along in 0..mac.cells[1 - axis] {
                let cell = if axis == 0 { cell * n + along } else { along * n + cell };
                velocity[axis][mac.place(axis, face as isize, along as isize)] +=
                    outward * 2.0 * factor / mac.spacing[axis] * potential[cell];
            }
        }
    }
}
