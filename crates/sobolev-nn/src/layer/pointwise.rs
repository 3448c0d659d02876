//! The affine map of the channels of a block of points, and its three adjoints, serial and without memory of their own.

use sobolev_tensor::simd::{self, Kernel, fused};
use sobolev_tensor::{Accumulate, Buffer, Mat, MatMut, Pool, Real, matmul};

use crate::parallel::{LANES, add_column_sums, add_lanes};

/// Below this width a product would leave most lanes of a vector empty; rows are then multiplied as dot products.
const NARROW: usize = 3;

/// `y = x W + b` with `W [inputs, outputs]`, and what its adjoints need.
pub(super) struct Affine<'a, T: Real> {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    weight: &'a [T],
    /// `[outputs, inputs]`
    transposed: Buffer<T>,
    bias: Option<&'a [T]>,
}

impl<'a, T: Real> Affine<'a, T> {
    pub(super) fn new(
        pool: &Pool,
        (inputs, outputs): (usize, usize),
        weight: &'a [T],
        bias: Option<&'a [T]>,
    ) -> Self {
        let mut transposed = pool.take(inputs * outputs);
        for (i, row) in weight.chunks_exact(outputs).enumerate() {
            for (j, value) in row.iter().enumerate() {
                transposed.as_mut_slice()[j * inputs + i] = *value;
            }
        }
        Self { inputs, outputs, weight, transposed, bias }
    }

    /// `y = x W + b` for rows `x [rows, inputs]`, `y [rows, outputs]`.
    pub(super) fn forward(&self, x: &[T], y: &mut [T]) {
        let rows = x.len() / self.inputs;
        if self.outputs < NARROW {
            simd::run(Dots { affine: self, x, y });
            return;
        }
        // The bias goes in first, while the block is written anyway.
        if let Some(bias) = self.bias {
            y.chunks_exact_mut(self.outputs).for_each(|row| row.copy_from_slice(bias));
        }
        let accumulate = if self.bias.is_some() { Accumulate::Add } else { Accumulate::Replace };
        let (x, w) = (Mat::new(x, rows, self.inputs), Mat::new(self.weight, self.inputs, self.outputs));
        matmul(MatMut::new(y, rows, self.outputs), accumulate, x, w);
    }

    /// `dx = g W^T` for rows `g [rows, outputs]`, `dx [rows, inputs]`.
    pub(super) fn input_gradient(&self, g: &[T], dx: &mut [T]) {
        let rows = g.len() / self.outputs;
        let (g, w) = (
            Mat::new(g, rows, self.outputs),
            Mat::new(self.transposed.as_slice(), self.outputs, self.inputs),
        );
        matmul(MatMut::new(dx, rows, self.inputs), Accumulate::Replace, g, w);
    }

    /// Numbers in the gradients of weight and bias together.
    pub(super) fn gradient_len(&self) -> usize {
        (self.inputs + usize::from(self.bias.is_some())) * self.outputs
    }

    /// Adds `x^T g` and the column sums of `g` to `partial`, where the weight's part comes first.
    pub(super) fn add_parameter_gradients(&self, x: &[T], g: &[T], partial: &mut [T]) {
        let rows = x.len() / self.inputs;
        let (weight, bias) = partial.split_at_mut(self.inputs * self.outputs);
        let (x, columns) = (Mat::new(x, rows, self.inputs), Mat::new(g, rows, self.outputs));
        if self.outputs == 1 {
            // As a row instead of a column, so that the wide factor stands on the right.
            matmul(MatMut::new(weight, 1, self.inputs), Accumulate::Add, columns.transposed(), x);
        } else {
            let weight = MatMut::new(weight, self.inputs, self.outputs);
            matmul(weight, Accumulate::Add, x.transposed(), columns);
        }
        if !bias.is_empty() {
            add_column_sums(g, bias);
        }
    }
}

/// `y = x W + b` for narrow outputs, by dot products.
struct Dots<'a, 'b, T: Real> {
    affine: &'a Affine<'b, T>,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> Kernel for Dots<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        let Affine { inputs, outputs, ref transposed, bias, .. } = *self.affine;
        for (x, y) in self.x.chunks_exact(inputs).zip(self.y.chunks_exact_mut(outputs)) {
            for (j, column) in transposed.as_slice().chunks_exact(inputs).enumerate() {
                y[j] = dot::<FUSED, T>(x, column) + bias.map_or(T::zero(), |bias| bias[j]);
            }
        }
    }
}

#[inline(always)]
fn dot<const FUSED: bool, T: Real>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::zero(); LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (a_rest, b_rest) = (a_blocks.remainder(), b_blocks.remainder());
    for (a, b) in a_blocks.zip(b_blocks) {
        for i in 0..LANES {
            sums[i] = fused::<FUSED, T>(a[i], b[i], sums[i]);
        }
    }
    for (i, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[i] = fused::<FUSED, T>(*a, *b, sums[i]);
    }
    add_lanes(sums)
}
