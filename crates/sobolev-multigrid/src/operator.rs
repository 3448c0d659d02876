//! The operator `-div(a grad u)` in finite volumes, in double precision.
//!
//! The flux through a face is `a_f (u_L - u_R) / h` with the harmonic mean `a_f = 2 a_L a_R / (a_L + a_R)`, which is exact in one
//! dimension and keeps the flux second-order accurate where the coefficient jumps on faces. `u = 0` on a boundary face
//! is half a cell away: coefficient `2 a / h^2`. Sums run over differences `w (u_P - u_N)`, so that constants away from
//! the boundary give exactly zero.

mod assembly;

use assembly::{Faces, Fill};
use sobolev_tensor::simd::{self, Kernel};

use crate::chunks::{Chunks, run, split_at, split_planes};
use crate::grid::{Boundary, Grid, in_slots};
use crate::row::{self, At, AtMut, Link, Links};
use crate::stencil::{Neighbours, Stencil, couplings, offsets};
use crate::storage::{Buffer, Layout, interleave, split};
use ndarray::{ArrayViewD, ArrayViewMutD, Axis};
use sobolev_tensor::{Error, Real, Result};

/// Face coefficients of a grid, divided by the squared spacing.
#[derive(Debug, Clone)]
pub(crate) struct Diffusion {
    pub(crate) grid: Grid,
    pub(crate) layout: Layout,
    /// Axes of the grid in the order of the storage.
    axes: Vec<usize>,
    /// `1 / a`, infinite in the padding, where nothing flows.
    resistance: Buffer<f64>,
    /// One plane for each axis, the last first: the coupling to the next point along it, that across the boundary included.
    faces: Buffer<f64>,
    /// Smallest and largest coefficient; infinite and 0 when there is no valid one.
    pub(crate) range: (f64, f64),
    /// All couplings by column parity, and the same with all values one: the diagonal.
    links: [Links; 2],
    lumped: [Links; 2],
}

/// Geometry along the storage axes.
#[derive(Clone, Copy)]
struct Sides {
    /// `2 / h^2`.
    twice: [f64; 3],
    boundary: [[Boundary; 2]; 3],
}

impl Diffusion {
    pub(crate) fn new(grid: &Grid) -> Self {
        let layout = grid.layout();
        let positive = offsets(grid.dimensions(), Neighbours::Faces);
        let mut resistance = Buffer::zeros(layout.len());
        resistance.fill(f64::INFINITY);
        Self {
            grid: grid.clone(),
            layout,
            axes: grid.storage_axes(),
            resistance,
            faces: Buffer::zeros(grid.dimensions() * layout.len()),
            range: (f64::INFINITY, 0.0),
            links: std::array::from_fn(|p| couplings(&layout, positive, p).map(|(_, link)| link).collect()),
            lumped: std::array::from_fn(|p| {
                couplings(&layout, positive, p).map(|(_, link)| Link { value: 0, ..link }).collect()
            }),
        }
    }

    fn sides(&self) -> Sides {
        let spacing = self.grid.spacing();
        let twice: Vec<f64> = self.axes.iter().map(|axis| 2.0 / (spacing[*axis] * spacing[*axis])).collect();
        let boundary: Vec<_> = self.axes.iter().map(|axis| self.grid.boundary()[*axis]).collect();
        Sides { twice: in_slots(&twice, 0.0), boundary: in_slots(&boundary, [Boundary::Neumann; 2]) }
    }

    /// Cuts of an array at the first slab of each chunk; ghosts before the first slab go with it.
    fn cuts(&self, chunks: &Chunks) -> Vec<usize> {
        let cut = |slab: &usize| self.layout.base(if *slab == 0 { -1 } else { *slab as isize });
        chunks.bounds().iter().map(cut).collect()
    }

    /// Computes the face coefficients of `coefficient`, an array of the grid's shape with positive finite values.
    pub(crate) fn set(&mut self, coefficient: ArrayViewD<'_, f64>, chunks: usize) -> Result<()> {
        self.range = (f64::INFINITY, 0.0);
        self.grid.check_shape("coefficient", coefficient.shape())?;
        let layout = self.layout;
        let chunks = Chunks::new(layout.slabs, chunks);
        let cuts = self.cuts(&chunks);
        let rows = coefficient.view().permuted_axes(self.axes.clone());
        let mut ranges = vec![Some((f64::INFINITY, 0.0_f64)); chunks.ranges().count()];
        let outputs = split_at(&mut self.resistance, &cuts).into_iter().zip(&mut ranges);
        run(chunks.ranges().zip(outputs).zip(&cuts).collect(), |((slabs, (out, range)), &base)| {
            let mut natural = vec![f64::INFINITY; layout.row_stride];
            let (mut low, mut high, mut valid) = (f64::INFINITY, 0.0, true);
            for slab in slabs {
                for row in 0..layout.rows {
                    for (resistance, &a) in natural.iter_mut().zip(row_of(&rows, slab, row)) {
                        valid &= a > 0.0 && a.is_normal();
                        low = if a < low { a } else { low };
                        high = if a > high { a } else { high };
                        *resistance = 1.0 / a;
                    }
                    let start = layout.offset(slab as isize, row, 0) - base;
                    let (even, odd) = out[start..start + layout.row_stride].split_at_mut(layout.half);
                    split(&natural, even, odd);
                }
            }
            *range = valid.then_some((low, high));
        });
        let Some(ranges) = ranges.into_iter().collect::<Option<Vec<_>>>() else {
            return Err(refuse(&coefficient));
        };
        self.range =
            ranges.into_iter().fold((f64::INFINITY, 0.0), |all, one| (all.0.min(one.0), all.1.max(one.1)));
        let sides = self.sides();
        let faces = split_planes(&mut self.faces, layout.len(), &cuts);
        let tasks = chunks.ranges().zip(faces).zip(&cuts).map(|((slabs, faces), &base)| Faces {
            layout: &layout,
            sides,
            resistance: &self.resistance,
            slabs,
            base,
            faces,
        });
        run(tasks.collect(), simd::run);
        Ok(())
    }

    /// Fills the stencil of the finest level with `scale` times the operator. Couplings across the boundary go to the
    /// diagonal.
    pub(crate) fn fill<T: Real>(&self, scale: f64, stencil: &mut Stencil<T>, chunks: usize) {
        let layout = self.layout;
        let chunks = Chunks::new(layout.slabs, chunks);
        let cuts = self.cuts(&chunks);
        let weights = split_planes(&mut stencil.weights, layout.len(), &cuts);
        let diagonals = split_at(&mut stencil.diagonal, &cuts);
        let inverses = split_at(&mut stencil.inverse_diagonal, &cuts);
        let outputs = weights.into_iter().zip(diagonals).zip(inverses);
        let tasks = chunks.ranges().zip(outputs).zip(&cuts).map(
            |((slabs, ((weights, diagonal), inverse)), &base)| Fill {
                diffusion: self,
                scale,
                slabs,
                base,
                weights,
                diagonal,
                inverse,
            },
        );
        run(tasks.collect(), simd::run);
    }

    /// `1 / a` of each cell in split storage, infinite in the padding.
    pub(crate) fn resistance(&self) -> &[f64] {
        &self.resistance
    }

    /// Coupling through each face of a cell, and the place of the cell beyond it, or `None` beyond the boundary.
    pub(crate) fn couplings_of(&self, point: [usize; 3]) -> impl Iterator<Item = (f64, Option<usize>)> {
        let layout = self.layout;
        let dimensions = self.grid.dimensions();
        let axes = [0, 1, 2].into_iter().filter(move |axis| *axis != 1 || dimensions == 3);
        axes.flat_map(move |axis| {
            let plane = if axis == 2 { 0 } else { dimensions - 1 - axis } * layout.len();
            let mut next = point;
            next[axis] += 1;
            let own = layout.before(next, axis);
            let before = layout.before(point, axis);
            let after = (next[axis] < layout.shape()[axis]).then(|| layout.place(next[0], next[1], next[2]));
            [
                (self.faces[plane + before], (point[axis] > 0).then_some(before)),
                (self.faces[plane + own], after),
            ]
        })
    }

    /// `A x` on one row into `out`, with zeros in the padding. `base` elements are missing at the start of `x`.
    #[inline(always)]
    pub(crate) fn apply_row<const FUSED: bool>(
        &self,
        slab: usize,
        row: usize,
        x: &[f64],
        base: usize,
        out: &mut [f64],
    ) {
        let layout = &self.layout;
        for parity in 0..2 {
            let at = layout.offset(slab as isize, row, parity);
            let half = &mut out[parity * layout.half..][..layout.half];
            let (w, x) = (At(&self.faces[..], at), At(x, at - base));
            row::differences::<f64, FUSED>(&self.links[parity], layout.half, w, x, AtMut(half, 0));
            // Padding sees the coupling across the boundary.
            half[layout.filled(parity)..].fill(0.0);
        }
    }

    /// `A x` for arrays in split storage.
    pub(crate) fn apply(&self, x: &[f64], out: &mut [f64]) {
        simd::run(Apply { diffusion: self, x, out });
    }

    /// Sets all points of a buffer in split storage.
    pub(crate) fn fill_points(&self, value: f64, buffer: &mut [f64]) {
        let layout = &self.layout;
        for slab in 0..layout.slabs {
            for row in 0..layout.rows {
                for parity in 0..2 {
                    buffer[layout.offset(slab as isize, row, parity)..][..layout.filled(parity)].fill(value);
                }
            }
        }
    }

    /// Spreads `scale * value + shift` for an array of the grid's shape over a buffer in split storage.
    pub(crate) fn scatter(&self, values: ArrayViewD<'_, f64>, scale: f64, shift: f64, buffer: &mut [f64]) {
        let layout = &self.layout;
        let rows = values.permuted_axes(self.axes.clone());
        let mut natural = vec![0.0; layout.row_stride];
        for slab in 0..layout.slabs {
            for row in 0..layout.rows {
                let values = row_of(&rows, slab, row);
                natural.iter_mut().zip(values).for_each(|(to, from)| *to = scale * from + shift);
                let start = layout.offset(slab as isize, row, 0);
                let (even, odd) = buffer[start..start + layout.row_stride].split_at_mut(layout.half);
                split(&natural, even, odd);
            }
        }
    }

    /// Collects `scale * value + shift` from a buffer in split storage into an array of the grid's shape.
    pub(crate) fn collect(&self, buffer: &[f64], scale: f64, shift: f64, values: ArrayViewMutD<'_, f64>) {
        let layout = &self.layout;
        let mut values = values.permuted_axes(self.axes.clone());
        let mut natural = vec![0.0; layout.row_stride];
        for slab in 0..layout.slabs {
            let mut rows = values.index_axis_mut(Axis(0), slab);
            for row in 0..layout.rows {
                let start = layout.offset(slab as isize, row, 0);
                let (even, odd) = buffer[start..start + layout.row_stride].split_at(layout.half);
                interleave(even, odd, &mut natural);
                let row = if rows.ndim() == 2 { rows.index_axis_mut(Axis(0), row) } else { rows.view_mut() };
                row.into_iter().zip(&natural).for_each(|(to, from)| *to = scale * from + shift);
            }
        }
    }
}

/// A row of an array whose axes are in the order of the storage.
fn row_of<'a>(values: &'a ArrayViewD<'_, f64>, slab: usize, row: usize) -> impl Iterator<Item = &'a f64> {
    let slab = values.index_axis(Axis(0), slab);
    let row = if slab.ndim() == 2 { slab.index_axis_move(Axis(0), row) } else { slab };
    row.into_iter()
}

/// The error for the first value that is not a coefficient.
#[cold]
fn refuse(coefficient: &ArrayViewD<'_, f64>) -> Error {
    for (index, &value) in coefficient.indexed_iter() {
        let index = || ndarray::Dimension::slice(&index).to_vec();
        if !value.is_finite() {
            return Error::NonFinite { argument: "coefficient".to_string(), index: index(), value };
        }
        if value <= 0.0 || !value.is_normal() {
            let got = format!("{value} at index {:?}", index());
            return Error::value("coefficient", "positive values", got);
        }
    }
    Error::value("coefficient", "positive values", "none")
}

/// The operator on a whole array.
struct Apply<'a> {
    diffusion: &'a Diffusion,
    x: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let layout = &self.diffusion.layout;
        for slab in 0..layout.slabs {
            for row in 0..layout.rows {
                let at = layout.offset(slab as isize, row, 0);
                let out = &mut self.out[at..][..layout.row_stride];
                self.diffusion.apply_row::<FUSED>(slab, row, self.x, 0, out);
            }
        }
    }
}
