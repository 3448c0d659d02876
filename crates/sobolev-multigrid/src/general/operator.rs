//! A matrix given by a stencil at every point of a lattice.

use super::lattice::{Lattice, Storage};
use super::scalar::Scalar;
use crate::chunks::{Chunks, run, split_at};
use ndarray::{ArrayD, ArrayViewD, IxDyn};
use sobolev_tensor::simd::{self, Kernel};
use sobolev_tensor::{Error, Result};
use std::ops::Range;

/// The matrix `(A u)_P = sum_o a_o(P) u_(P+o)` over the points `P` of a [`Lattice`], with neighbours `o` at most one step
/// away along each axis. Beyond a side that is not periodic `u` is zero.
///
/// ```
/// use sobolev_multigrid::general::{Lattice, StencilOperator};
/// let h = 1.0 / 64.0;
/// let lattice = Lattice::new(&[63, 63])?;
/// // -Laplacian with five points, u = 0 on the boundary.
/// let laplacian = StencilOperator::from_fn(&lattice, |_, offset| match offset {
///     [0, 0] => 4.0 / (h * h),
///     [0, _] | [_, 0] => -1.0 / (h * h),
///     _ => 0.0,
/// })?;
/// assert_eq!(laplacian.entries_per_row(), 5);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct StencilOperator<S> {
    lattice: Lattice,
    storage: Storage,
    /// Neighbours with an entry anywhere; the point itself comes first.
    offsets: Vec<[isize; 3]>,
    /// Entries for each offset, in the storage of the lattice; zero at ghosts.
    planes: Vec<Vec<S>>,
}

/// All neighbours within one step along the given number of last axes; the point itself first.
pub(crate) fn neighbourhood(dimensions: usize) -> Vec<[isize; 3]> {
    let mut all: Vec<[isize; 3]> = (0..27)
        .map(|i| [i / 9 - 1, i / 3 % 3 - 1, i % 3 - 1])
        .filter(|offset| (0..3 - dimensions).all(|axis| offset[axis] == 0))
        .collect();
    all.sort_by_key(|offset| offset.iter().any(|o| *o != 0));
    all
}

impl<S: Scalar> StencilOperator<S> {
    /// The operator with entry `entry(point, offset)` for every point and each of the `3^d` offsets of -1, 0 or 1 along
    /// each axis. Entries that lead out of the lattice are dropped; offsets whose entries are all zero are not stored.
    ///
    /// # Errors
    /// When an entry is not finite, or an entry of the point itself is zero.
    pub fn from_fn(lattice: &Lattice, mut entry: impl FnMut(&[usize], &[isize]) -> S) -> Result<Self> {
        let (first, storage) = (3 - lattice.dimensions(), storage_of(lattice));
        let (mut offsets, mut planes) = (Vec::new(), Vec::new());
        for offset in neighbourhood(lattice.dimensions()) {
            let mut plane = vec![S::default(); storage.len];
            let mut any = offset == [0; 3];
            for point in storage.each() {
                if storage.neighbour(point, offset).is_none() {
                    continue;
                }
                let value = entry(&point[first..], &offset[first..]);
                if !value.all_finite() {
                    let index = point[first..].to_vec();
                    return Err(Error::NonFinite {
                        argument: "stencil".to_string(),
                        index,
                        value: value.wrong_part(),
                    });
                }
                any |= value != S::default();
                plane[storage.at(point)] = value;
            }
            if any {
                offsets.push(offset);
                planes.push(plane);
            }
        }
        Self::from_planes(lattice.clone(), storage, offsets, planes)
    }

    /// The operator with the same stencil `[3; d]` at every point: the entry of the point itself is in the middle.
    ///
    /// # Errors
    /// When the stencil has another shape, and as [`from_fn`](Self::from_fn).
    pub fn constant(lattice: &Lattice, stencil: ArrayViewD<'_, S>) -> Result<Self> {
        let shape = vec![3; lattice.dimensions()];
        if stencil.shape() != shape {
            return Err(Error::shape("stencil", format!("{shape:?}"), stencil.shape()));
        }
        Self::from_fn(lattice, |_, offset| {
            let index: Vec<usize> = offset.iter().map(|o| (o + 1) as usize).collect();
            stencil[IxDyn(&index)]
        })
    }

    /// The operator with entries `[points.., 3, .., 3]`: for each point a stencil as in [`constant`](Self::constant).
    ///
    /// # Errors
    /// When the array has another shape, and as [`from_fn`](Self::from_fn).
    pub fn from_array(lattice: &Lattice, entries: ArrayViewD<'_, S>) -> Result<Self> {
        let shape = [lattice.points(), &vec![3; lattice.dimensions()]].concat();
        if entries.shape() != shape {
            return Err(Error::shape("stencil", format!("{shape:?}"), entries.shape()));
        }
        let mut index = vec![0; shape.len()];
        Self::from_fn(lattice, |point, offset| {
            let dimensions = point.len();
            index[..dimensions].copy_from_slice(point);
            for (to, o) in index[dimensions..].iter_mut().zip(offset) {
                *to = (o + 1) as usize;
            }
            entries[IxDyn(&index)]
        })
    }

    /// The operator of planes in the storage of the lattice, the point itself first.
    pub(crate) fn from_planes(
        lattice: Lattice,
        storage: Storage,
        offsets: Vec<[isize; 3]>,
        planes: Vec<Vec<S>>,
    ) -> Result<Self> {
        if let Some(point) = storage.each().find(|point| planes[0][storage.at(*point)] == S::default()) {
            let got = format!("zero at {:?}", &point[3 - lattice.dimensions()..]);
            return Err(Error::value("stencil", "an entry for the point itself that is not zero", got));
        }
        Ok(Self { lattice, storage, offsets, planes })
    }

    /// The lattice.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// Entries stored for each point.
    pub fn entries_per_row(&self) -> usize {
        self.offsets.len()
    }

    /// `A u` for an array of the lattice's shape.
    ///
    /// # Errors
    /// When the shape differs.
    pub fn apply(&self, u: ArrayViewD<'_, S>) -> Result<ArrayD<S>> {
        self.lattice.check_shape("u", u.shape())?;
        let x = self.scatter(u);
        let zeros = vec![S::default(); self.storage.len];
        let mut out = vec![S::default(); self.storage.len];
        self.residual(&zeros, &x, &mut out, 1);
        out.iter_mut().for_each(|value| *value = -*value);
        Ok(self.collect(&out))
    }

    /// Whether constants are in the kernel: every row sums to zero, to rounding.
    pub fn is_singular(&self) -> bool {
        let mut ones = vec![S::default(); self.storage.len];
        for point in self.storage.each() {
            ones[self.storage.at(point)] = S::from_real(1.0);
        }
        self.storage.fill_ghosts(&mut ones);
        let mut sums = vec![S::default(); self.storage.len];
        self.residual(&vec![S::default(); self.storage.len], &ones, &mut sums, 1);
        self.storage.each().all(|point| {
            let at = self.storage.at(point);
            sums[at].modulus() <= 1e-12 * self.planes[0][at].modulus()
        })
    }

    pub(crate) fn storage(&self) -> &Storage {
        &self.storage
    }

    pub(crate) fn offsets(&self) -> &[[isize; 3]] {
        &self.offsets
    }

    pub(crate) fn plane(&self, offset: usize) -> &[S] {
        &self.planes[offset]
    }

    /// Entries of the points themselves.
    pub(crate) fn diagonal(&self) -> &[S] {
        &self.planes[0]
    }

    /// Whether points are coupled across faces alone.
    pub(crate) fn couples_faces_only(&self) -> bool {
        self.offsets.iter().all(|offset| offset.iter().filter(|o| **o != 0).count() <= 1)
    }

    /// Mean modulus of the couplings along an axis of the storage, couplings to edges and corners included.
    pub(crate) fn coupling(&self, axis: usize) -> f64 {
        let along = self.offsets.iter().zip(&self.planes).filter(|(offset, _)| offset[axis] != 0);
        let sum: f64 = along.map(|(_, plane)| plane.iter().map(|a| a.modulus()).sum::<f64>()).sum();
        sum / self.lattice.unknowns() as f64
    }

    /// Whether the matrix is its own transpose, to rounding.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.offsets.iter().zip(&self.planes).all(|(offset, plane)| {
            let back = offset.map(|o| -o);
            let Some(other) = self.offsets.iter().position(|o| *o == back) else { return false };
            self.storage.each().all(|point| {
                let Some(to) = self.storage.neighbour(point, *offset) else { return true };
                let (a, b) = (plane[self.storage.at(point)], self.planes[other][self.storage.at(to)]);
                (a - b).modulus() <= 1e-12 * (a.modulus() + b.modulus())
            })
        })
    }

    /// Spreads an array of the lattice's shape over its storage, ghosts included.
    pub(crate) fn scatter(&self, values: ArrayViewD<'_, S>) -> Vec<S> {
        let mut out = vec![S::default(); self.storage.len];
        for (point, value) in self.storage.each().zip(values.iter()) {
            out[self.storage.at(point)] = *value;
        }
        self.storage.fill_ghosts(&mut out);
        out
    }

    /// The array of the lattice's shape in a storage.
    pub(crate) fn collect(&self, values: &[S]) -> ArrayD<S> {
        let points = self.storage.each().map(|point| values[self.storage.at(point)]).collect();
        ArrayD::from_shape_vec(IxDyn(self.lattice.points()), points).expect("as many values as points")
    }

    /// `r = f - A x` at all points; the ghosts of `x` must be filled, those of `r` are left as they are.
    pub(crate) fn residual(&self, f: &[S], x: &[S], r: &mut [S], threads: usize) {
        in_slabs(&self.storage, r, threads, |slabs, base, r| {
            simd::run(Residual { operator: self, f, x, slabs, base, r });
        });
    }
}

/// Divides `out` by slabs and calls `work(slabs, base, part)` for each part; `base` elements are missing at its start.
pub(crate) fn in_slabs<S: Send>(
    storage: &Storage,
    out: &mut [S],
    threads: usize,
    work: impl Fn(Range<usize>, usize, &mut [S]) + Send + Sync,
) {
    let chunks = Chunks::new(storage.slabs(), threads);
    let cuts: Vec<usize> = chunks.bounds().iter().map(|slab| storage.slab_start(*slab)).collect();
    let parts = chunks.ranges().zip(split_at(out, &cuts)).zip(&cuts);
    run(parts.collect(), |((slabs, part), base)| work(slabs, *base, part));
}

/// Storage of the values on a lattice.
pub(crate) fn storage_of(lattice: &Lattice) -> Storage {
    let periodic: Vec<bool> = (0..lattice.dimensions()).map(|axis| lattice.is_periodic(axis)).collect();
    Storage::new(lattice.points(), &periodic)
}

/// The residual on a range of slabs.
struct Residual<'a, S> {
    operator: &'a StencilOperator<S>,
    f: &'a [S],
    x: &'a [S],
    slabs: Range<usize>,
    base: usize,
    r: &'a mut [S],
}

impl<S: Scalar> Kernel for Residual<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Self { operator, f, x, slabs, base, r } = self;
        let storage = &operator.storage;
        for slab in slabs {
            for row in 0..storage.rows() {
                let (_, at) = storage.row(slab, row);
                let out = &mut r[at - base..][..storage.points[2]];
                subtract_row(operator, f, x, at, out);
            }
        }
    }
}

/// `out = f - A x` along the row that starts at `at`.
#[inline(always)]
pub(crate) fn subtract_row<S: Scalar>(
    operator: &StencilOperator<S>,
    f: &[S],
    x: &[S],
    at: usize,
    out: &mut [S],
) {
    let n = out.len();
    out.copy_from_slice(&f[at..at + n]);
    for (offset, plane) in operator.offsets.iter().zip(&operator.planes) {
        let from = at.wrapping_add_signed(operator.storage.distance(*offset));
        let (a, x) = (&plane[at..at + n], &x[from..from + n]);
        for i in 0..n {
            out[i] -= a[i] * x[i];
        }
    }
}
