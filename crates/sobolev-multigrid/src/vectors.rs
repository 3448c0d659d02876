//! The vectors of an iteration and the passes that iterations are made of.

use crate::chunks::{Chunks, run, split_at};
use crate::hierarchy::Multigrid;
use crate::operator::Diffusion;
use crate::smoother::dot;
use crate::storage::Buffer;
use ndarray::{ArrayViewD, ArrayViewMutD};
use sobolev_tensor::simd::{self, Kernel, fused};
use sobolev_tensor::{Error, Real, Result, check_finite};
use std::ops::Range;

/// A right-hand side of a singular problem may have a mean of this part of its mean modulus: what is left of zero when it was
/// rounded to single precision.
pub(crate) const MEAN_TOLERANCE: f64 = 1e-6;

/// The right-hand side.
#[derive(Debug, Clone)]
pub enum Forcing<'a> {
    /// The same everywhere.
    Constant(f64),
    /// An array of the grid's shape.
    Field(ArrayViewD<'a, f64>),
}

/// The error for a right-hand side whose mean no solution can have.
pub(crate) fn inconsistent(mean: f64) -> Error {
    let expected = "mean zero, since the problem is singular: u + constant solves it as well as u";
    Error::value("right-hand side", expected, format!("a mean of {mean:.3e}"))
        .with_hint("subtract the mean, or fix the value on some side")
}

/// Iterate, residual, search direction and its image, in split storage.
#[derive(Debug, Clone)]
pub(crate) struct Vectors {
    x: Buffer<f64>,
    residual: Buffer<f64>,
    image: Buffer<f64>,
    chunks: Chunks,
    /// Search direction of each chunk and of one slab on either side, which the chunk computes for itself.
    directions: Vec<Buffer<f64>>,
    products: Vec<f64>,
    /// Iterate and residual are kept in this unit, so that squares of large and small numbers stay in range. A power of
    /// two: it changes no bits.
    unit: f64,
    /// `|f|` and `|f - A x|`, in that unit.
    norm: f64,
    absolute_residual: f64,
    /// The cycle is given this multiple of the residual: entries of order one.
    scale: f64,
}

impl Vectors {
    pub(crate) fn new<T: Real>(multigrid: &Multigrid<T>) -> Self {
        let layout = multigrid.diffusion().layout;
        let zeros = || Buffer::zeros(layout.len());
        let chunks = Chunks::new(layout.slabs, multigrid.finest().chunks());
        let direction =
            |slabs: Range<usize>| Buffer::zeros((slabs.len() + 3) * layout.slab_stride + layout.half);
        Self {
            x: zeros(),
            residual: zeros(),
            image: zeros(),
            directions: chunks.ranges().map(direction).collect(),
            chunks,
            products: vec![0.0; layout.slabs],
            unit: 1.0,
            norm: 0.0,
            absolute_residual: 0.0,
            scale: 1.0,
        }
    }

    /// Iterate zero, residual `f`. When constants are in the kernel of the operator, what rounding left of its mean is
    /// removed.
    pub(crate) fn start<T: Real>(
        &mut self,
        multigrid: &mut Multigrid<T>,
        forcing: &Forcing<'_>,
    ) -> Result<()> {
        multigrid.check_ready()?;
        let diffusion = multigrid.diffusion();
        let grid = &diffusion.grid;
        match forcing {
            Forcing::Constant(value) => {
                check_finite("forcing", &[1], &[*value])?;
                self.unit = power_of_two(value.abs());
                if grid.is_singular() && *value != 0.0 {
                    return Err(inconsistent(*value));
                }
                self.residual.fill(0.0);
                diffusion.fill_points(value / self.unit, &mut self.residual);
            }
            Forcing::Field(field) => {
                grid.check_shape("forcing", field.shape())?;
                check_finite("forcing", grid.cells(), field)?;
                self.unit = power_of_two(field.iter().fold(0.0, |largest: f64, f| largest.max(f.abs())));
                let scale = 1.0 / self.unit;
                let sum = || field.iter().map(|f| f * scale).sum::<f64>();
                let mean = if grid.is_singular() { sum() / grid.unknowns() as f64 } else { 0.0 };
                let size = || field.iter().map(|f| (f * scale).abs()).sum::<f64>();
                if mean != 0.0 && mean.abs() * grid.unknowns() as f64 > MEAN_TOLERANCE * size() {
                    return Err(inconsistent(mean * self.unit));
                }
                diffusion.scatter(field.view(), scale, -mean, &mut self.residual);
            }
        }
        self.x.fill(0.0);
        self.norm = dot_of(&self.residual, &self.residual).sqrt();
        self.absolute_residual = self.norm;
        self.rescale(multigrid);
        let scale = self.scale;
        for (to, from) in multigrid.finest_mut().rhs.iter_mut().zip(self.residual.iter()) {
            *to = T::cast(from * scale);
        }
        Ok(())
    }

    /// Root mean square of the residual to one. The residual of the iteration before serves: the next one is known only
    /// when it is already on its way to the cycle.
    fn rescale<T: Real>(&mut self, multigrid: &Multigrid<T>) {
        let size = self.absolute_residual / (multigrid.grid().unknowns() as f64).sqrt();
        self.scale = if size > 0.0 { 1.0 / size } else { 1.0 };
    }

    pub(crate) fn absolute_residual(&self) -> f64 {
        self.absolute_residual * self.unit
    }

    pub(crate) fn relative_residual(&self) -> f64 {
        if self.norm > 0.0 { self.absolute_residual / self.norm } else { 0.0 }
    }

    /// `z = B r` by a cycle; returns `<r, z>`.
    pub(crate) fn precondition<T: Real>(&mut self, multigrid: &mut Multigrid<T>) -> f64 {
        multigrid.run_cycle() * multigrid.scale() / (self.scale * self.scale)
    }

    /// `p = z + beta p`, `q = A p`; returns `<p, q>`.
    pub(crate) fn search<T: Real>(&mut self, multigrid: &Multigrid<T>, beta: f64) -> f64 {
        let diffusion = multigrid.diffusion();
        let (cuts, bounds) = (self.cuts(diffusion), self.chunks.bounds());
        let images = split_at(&mut self.image, &cuts);
        let products = split_at(&mut self.products, bounds);
        let parts = self.directions.iter_mut().zip(images).zip(products);
        let tasks = self.chunks.ranges().zip(parts).map(|(slabs, ((direction, image), products))| Search {
            diffusion,
            slabs,
            correction: &multigrid.finest().solution,
            factor: multigrid.scale() / self.scale,
            beta,
            direction,
            image,
            products,
        });
        run(tasks.collect(), simd::run);
        self.products.iter().sum()
    }

    /// `x = x + alpha p`, `r = r - alpha q`, and the residual on to the cycle.
    pub(crate) fn update<T: Real>(&mut self, multigrid: &mut Multigrid<T>, alpha: f64) {
        self.rescale(multigrid);
        let layout = multigrid.diffusion().layout;
        let (cuts, bounds) = (self.cuts(multigrid.diffusion()), self.chunks.bounds());
        let parts = split_at(&mut self.x, &cuts)
            .into_iter()
            .zip(split_at(&mut self.residual, &cuts))
            .zip(split_at(&mut multigrid.finest_mut().rhs, &cuts))
            .zip(split_at(&mut self.products, bounds));
        let inputs = self.directions.iter().zip(cuts.windows(2));
        let tasks = parts.zip(inputs).map(|((((x, residual), rhs), products), (direction, cut))| Update {
            slab_stride: layout.slab_stride,
            alpha,
            scale: self.scale,
            // The first slab of a chunk's direction is the one before the chunk.
            direction: &direction[layout.slab_stride..],
            image: &self.image[cut[0]..cut[1]],
            x,
            residual,
            rhs,
            products,
        });
        run(tasks.collect(), simd::run);
        self.absolute_residual = self.products.iter().sum::<f64>().sqrt();
    }

    /// Where an array is cut at the chunks.
    fn cuts(&self, diffusion: &Diffusion) -> Vec<usize> {
        self.chunks.bounds().iter().map(|&slab| diffusion.layout.base(slab as isize)).collect()
    }

    /// The iterate, with mean zero when constants are in the kernel of the operator.
    pub(crate) fn write<T: Real>(&self, multigrid: &Multigrid<T>, out: ArrayViewMutD<'_, f64>) {
        let grid = multigrid.grid();
        let mean = if grid.is_singular() { self.x.iter().sum::<f64>() / grid.unknowns() as f64 } else { 0.0 };
        multigrid.diffusion().collect(&self.x, self.unit, -mean * self.unit, out);
    }
}

/// New search direction and its image, for a range of slabs.
struct Search<'a, T> {
    diffusion: &'a Diffusion,
    slabs: Range<usize>,
    correction: &'a [T],
    factor: f64,
    beta: f64,
    direction: &'a mut [f64],
    image: &'a mut [f64],
    products: &'a mut [f64],
}

impl<T: Real> Kernel for Search<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Self { diffusion, slabs, correction, factor, beta, direction, image, products } = self;
        let layout = &diffusion.layout;
        let before = layout.base(slabs.start as isize - 1);
        let own = layout.base(slabs.start as isize);
        for slab in slabs.start as isize - 1..=slabs.end as isize {
            if (0..layout.slabs as isize).contains(&slab) {
                let at = layout.base(slab);
                let p = &mut direction[at - before..][..layout.slab_stride];
                let z = &correction[at..][..layout.slab_stride];
                if beta == 0.0 {
                    p.iter_mut().zip(z).for_each(|(p, z)| *p = z.to_f64() * factor);
                } else {
                    p.iter_mut()
                        .zip(z)
                        .for_each(|(p, z)| *p = fused::<FUSED, _>(*p, beta, z.to_f64() * factor));
                }
            }
            if slab <= slabs.start as isize {
                continue;
            }
            let finished = slab as usize - 1;
            let mut product = 0.0;
            for row in 0..layout.rows {
                let at = layout.offset(finished as isize, row, 0);
                let q = &mut image[at - own..][..layout.row_stride];
                diffusion.apply_row::<FUSED>(finished, row, direction, before, q);
                product += dot::<f64, FUSED>(&direction[at - before..][..layout.row_stride], q);
            }
            products[finished - slabs.start] = product;
        }
    }
}

/// New iterate and residual, for a range of slabs.
struct Update<'a, T> {
    slab_stride: usize,
    alpha: f64,
    scale: f64,
    direction: &'a [f64],
    image: &'a [f64],
    x: &'a mut [f64],
    residual: &'a mut [f64],
    rhs: &'a mut [T],
    products: &'a mut [f64],
}

impl<T: Real> Kernel for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Self { slab_stride, alpha, scale, direction, image, x, residual, rhs, products } = self;
        for (slab, product) in products.iter_mut().enumerate() {
            let range = slab * slab_stride..(slab + 1) * slab_stride;
            let (p, q) = (&direction[range.clone()], &image[range.clone()]);
            let (x, r) = (&mut x[range.clone()], &mut residual[range.clone()]);
            x.iter_mut().zip(p).for_each(|(x, p)| *x = fused::<FUSED, _>(alpha, *p, *x));
            for ((r, q), to) in r.iter_mut().zip(q).zip(&mut rhs[range]) {
                *r = fused::<FUSED, _>(-alpha, *q, *r);
                *to = T::cast(*r * scale);
            }
            *product = dot::<f64, FUSED>(r, r);
        }
    }
}

/// The largest power of two not above `size`, or 1 where dividing by it would leave the range of normal numbers.
fn power_of_two(size: f64) -> f64 {
    const EXPONENT: u64 = 0x7FF << 52;
    let power = f64::from_bits(size.to_bits() & EXPONENT);
    if power.is_normal() && (1.0 / power).is_normal() { power } else { 1.0 }
}

/// Inner product of whole arrays, ghosts included, which are zero.
fn dot_of(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
