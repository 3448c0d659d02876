//! Fourier layer: `v -> act( K v + W v + b )` with the spectral convolution `K v = F^-1( R(k) (F v)(k) )` over the kept
//! modes and the pointwise map `W` (Li et al. 2021, "Fourier neural operator for parametric partial differential equations").
//!
//! `v` `[batch, x1, .., xd, c_in]` -> `[batch, x1, .., xd, c_out]`. Kept modes: `0 .. m-1` and `-m .. -1` on all axes but the
//! last, `0 .. m-1` on the last. `R` is stored as `[2 m_1, .., m_d, 2, c_in, c_out]` (real part, imaginary part).
//! Forward transforms are plain sums, inverse ones divide by the number of points, as in NumPy and PyTorch.
//!
//! Adjoint: with `g` the gradient before the activation and `h = (F^-1)* g` at the kept modes,
//! `dR = conj(F v) h` summed over the batch, `dv = F* (R^H h) + g W^T`, `dW = v^T g`, `db = sum g`.
//!
//! One operation on the tape, in three passes over the points and one over the modes. Forward: the last axis; (leading
//! axes, modes, leading axes, all small); then per block of rows, while it is in cache, pointwise map, inverse of the last
//! axis added to it, activation. Backward: the slope of the activation, `dW` and the transposed inverse of the last axis
//! per block of rows; (leading axes, modes, leading axes); then `g W^T` and the transposed last axis added to it.

use super::modes::{Sizes, product, product_adjoint};
use rayon::prelude::*;
use sobolev_fft::TruncatedFourier;
use sobolev_nn::initialiser::uniform;
use sobolev_nn::parallel::{RowTasks, add_column_sums, add_partials};
use sobolev_nn::{Activation, Linear};
use sobolev_tensor::{
    Accumulate, Error, Gradients, Mat, MatMut, NodeId, Operation, ParameterId, Parameters, Pool, Real,
    Result, Tape, Tensor, Var, matmul,
};
use std::sync::Arc;

/// Sizes of a [`FourierLayer`].
#[derive(Debug, Clone, Copy)]
pub struct FourierLayerSettings<'a> {
    /// Kept modes of each axis.
    pub modes: &'a [usize],
    /// Channels of the argument.
    pub inputs: usize,
    /// Channels of the result.
    pub outputs: usize,
    /// Activation; `None` for the last layer of the FNO.
    pub activation: Option<Activation>,
}

/// A Fourier layer; see the module's page for the formula.
#[derive(Debug, Clone)]
pub struct FourierLayer {
    spectral: ParameterId,
    pointwise: Linear,
    activation: Option<Activation>,
}

/// Bytes of the rows that are worked on at once: with their results they stay in the second-level cache.
const ROW_BLOCK_BYTES: usize = 64 * 1024;

impl FourierLayer {
    /// A layer with the parameters `NAME.spectral`, `NAME.pointwise.weight` and `NAME.pointwise.bias`. Initial values as in the
    /// original scripts: real and imaginary parts of `R` uniform on `[0, 1 / (c_in c_out))`, the others on `+-1 / sqrt(c_in)`.
    ///
    /// # Errors
    /// [`Error::Value`] when a size is zero.
    pub fn new<T: Real>(
        parameters: &mut Parameters<T>,
        name: &str,
        settings: FourierLayerSettings<'_>,
        seed: u64,
    ) -> Result<Self> {
        let FourierLayerSettings { modes, inputs, outputs, activation } = settings;
        let Some((last, leading)) = modes.split_last() else {
            return Err(Error::value("modes", "one number for each axis", "none"));
        };
        if modes.contains(&0) {
            return Err(Error::value("modes", "at least 1 on each axis", format!("{modes:?}")));
        }
        let mut shape: Vec<usize> = leading.iter().map(|m| 2 * m).collect();
        shape.extend([*last, 2, inputs, outputs]);
        let pointwise = Linear::new(parameters, &format!("{name}.pointwise"), inputs, outputs, seed)?;
        let spectral_name = format!("{name}.spectral");
        let value = uniform(&shape, 0.0, 1.0 / (inputs * outputs) as f64, seed, &spectral_name);
        Ok(Self { spectral: parameters.add(spectral_name, value), pointwise, activation })
    }

    /// `v` `[batch, x1, .., xd, c_in]` -> `[batch, x1, .., xd, c_out]`; `transform` holds the tables of its grid.
    ///
    /// # Errors
    /// [`Error::Shape`] when `v` has another number of channels.
    pub fn forward<T: Real>(
        &self,
        parameters: &Parameters<T>,
        tape: &mut Tape<T>,
        transform: &Arc<TruncatedFourier<T>>,
        v: &Var<T>,
    ) -> Result<Var<T>> {
        let shape = v.shape();
        let (inputs, outputs) = (self.pointwise.inputs(), self.pointwise.outputs());
        if shape.last() != Some(&inputs) {
            return Err(Error::shape("input of a Fourier layer", format!("{inputs} channels, last"), shape));
        }
        let spectral = tape.parameter(parameters, self.spectral);
        let weight = tape.parameter(parameters, self.pointwise.weight());
        let bias = self.pointwise.bias().map(|id| tape.parameter(parameters, id));
        let Some(bias) = bias else {
            return Err(Error::value("pointwise map", "a map with a bias", "one without"));
        };
        let pool = tape.pool().clone();
        let work = Work { transform, batch: shape[0], inputs, outputs, pool: &pool };
        let spectrum = work.analyse(inputs, v.value().data());
        let products = work.multiply(&spectrum, spectral.value().data());
        let rows = work.synthesise(outputs, &products, TruncatedFourier::leading_inverse);
        drop(products);

        let result_shape = [&shape[..shape.len() - 1], &[outputs]].concat();
        let records = spectral.node().is_some();
        let (result, before) = work.finish(
            self.activation,
            records,
            v.value().data(),
            weight.value().data(),
            bias.value().data(),
            rows.data(),
            &result_shape,
        );
        let operation = spectral.node().zip(weight.node()).zip(bias.node()).map(
            |((spectral_node, weight_node), bias_node)| FourierOperation {
                transform: Arc::clone(transform),
                inputs,
                outputs,
                activation: self.activation.zip(before),
                v: v.value().clone(),
                spectrum,
                spectral: spectral.value().clone(),
                weight: weight.value().clone(),
                v_node: v.node(),
                spectral_node,
                weight_node,
                bias_node,
            },
        );
        Ok(tape.record(result, operation))
    }
}

/// One of the transforms over the leading axes of a sample: channels, from, to, scratch.
type LeadingStep<T> = fn(&TruncatedFourier<T>, usize, &[T], &mut [T], &mut [T]);

/// The sizes that the passes over a batch share.
struct Work<'a, T: Real> {
    transform: &'a TruncatedFourier<T>,
    batch: usize,
    inputs: usize,
    outputs: usize,
    pool: &'a Pool,
}

impl<T: Real> Work<'_, T> {
    /// Kept modes of a sample.
    fn modes(&self) -> usize {
        self.transform.mode_grid().iter().product()
    }

    fn sizes(&self) -> Sizes {
        Sizes { batch: self.batch, modes: self.modes(), inputs: self.inputs, outputs: self.outputs }
    }

    /// Rows of the last axis in one block, for rows of `channels` channels: a function of the sizes alone.
    fn rows_per_block(&self, channels: usize) -> usize {
        let row_bytes = self.transform.last_axis().points() * channels * size_of::<T>();
        (ROW_BLOCK_BYTES / row_bytes.max(1)).max(1)
    }

    /// Values of all rows after the last axis.
    fn row_modes(&self, channels: usize) -> usize {
        self.transform.rows() * self.transform.last_axis().modes() * 2 * channels
    }

    /// The transform of the last axis, for all rows of the batch.
    fn analyse_rows(&self, channels: usize, v: &[T]) -> Tensor<T> {
        let real = self.transform.last_axis();
        let mut rows = Tensor::uninitialised(self.pool, &[self.batch, self.row_modes(channels)]);
        let block = self.rows_per_block(channels);
        let (point_len, mode_len) = (real.points() * channels, real.modes() * 2 * channels);
        v.par_chunks(block * point_len).zip(rows.data_mut().par_chunks_mut(block * mode_len)).for_each(
            |(v, modes)| {
                let mut scratch = self.pool.take::<T>(real.scratch_len(channels));
                real.forward(v.len() / point_len, channels, v, modes, scratch.as_mut_slice());
            },
        );
        rows
    }

    /// The kept modes `[batch, modes, 2 channels]` of `v`.
    fn analyse(&self, channels: usize, v: &[T]) -> Tensor<T> {
        let rows = self.analyse_rows(channels, v);
        self.leading(channels, &rows, TruncatedFourier::leading_forward)
    }

    /// Rows after the last axis to modes, sample by sample.
    fn leading(&self, channels: usize, rows: &Tensor<T>, step: LeadingStep<T>) -> Tensor<T> {
        let mode_len = self.modes() * 2 * channels;
        let mut spectrum = Tensor::uninitialised(self.pool, &[self.batch, mode_len]);
        let samples = rows.data().par_chunks(self.row_modes(channels));
        samples.zip(spectrum.data_mut().par_chunks_mut(mode_len)).for_each(|(rows, modes)| {
            let mut scratch = self.pool.take::<T>(self.transform.leading_scratch_len(channels));
            step(self.transform, channels, rows, modes, scratch.as_mut_slice());
        });
        spectrum
    }

    /// The products of the modes with the spectral weight, `[modes, batch, 2 c_out]`.
    fn multiply(&self, spectrum: &Tensor<T>, spectral: &[T]) -> Tensor<T> {
        let shape = [self.modes(), self.batch, 2 * self.outputs];
        let mut products = Tensor::uninitialised(self.pool, &shape);
        product(self.pool, self.sizes(), spectrum.data(), spectral, products.data_mut());
        products
    }

    /// Modes `[modes, batch, 2 channels]` to rows before the last axis `[batch, rows, m_d, 2 channels]`.
    fn synthesise(&self, channels: usize, products: &Tensor<T>, step: LeadingStep<T>) -> Tensor<T> {
        let (width, modes) = (2 * channels, self.modes());
        let mut rows = Tensor::uninitialised(self.pool, &[self.batch, self.row_modes(channels)]);
        // One buffer for all samples and not one a task: how many tasks run at once differs from step to step.
        let mut by_sample = self.pool.take::<T>(self.batch * modes * width);
        let products = products.data();
        let samples = rows.data_mut().par_chunks_mut(self.row_modes(channels));
        let own = by_sample.as_mut_slice().par_chunks_mut(modes * width);
        samples.zip(own).enumerate().for_each(|(sample, (rows, own))| {
            for (mode, own) in own.chunks_exact_mut(width).enumerate() {
                own.copy_from_slice(&products[(mode * self.batch + sample) * width..][..width]);
            }
            let mut scratch = self.pool.take::<T>(self.transform.leading_scratch_len(channels));
            step(self.transform, channels, own, rows, scratch.as_mut_slice());
        });
        rows
    }

    /// Pointwise map, inverse of the last axis and activation, block by block. Returns the result and, when `keep`, the
    /// values before the activation (`None` without one).
    fn finish(
        &self,
        activation: Option<Activation>,
        keep: bool,
        v: &[T],
        weight: &[T],
        bias: &[T],
        rows: &[T],
        shape: &[usize],
    ) -> (Tensor<T>, Option<Tensor<T>>) {
        let (inputs, outputs, real) = (self.inputs, self.outputs, self.transform.last_axis());
        let mut result = Tensor::uninitialised(self.pool, shape);
        let block = self.rows_per_block(inputs.max(outputs));
        let (in_len, out_len) = (real.points() * inputs, real.points() * outputs);
        let mode_len = real.modes() * 2 * outputs;
        let linear = |v: &[T], modes: &[T], sums: &mut [T]| {
            for row in sums.chunks_exact_mut(outputs) {
                row.copy_from_slice(bias);
            }
            let points = sums.len() / outputs;
            let dst = MatMut::new(&mut *sums, points, outputs);
            matmul(dst, Accumulate::Add, Mat::new(v, points, inputs), Mat::new(weight, inputs, outputs));
            let mut scratch = self.pool.take::<T>(real.scratch_len(outputs));
            real.inverse(
                points / real.points(),
                outputs,
                modes,
                sums,
                Accumulate::Add,
                scratch.as_mut_slice(),
            );
        };
        let blocks = v.par_chunks(block * in_len).zip(rows.par_chunks(block * mode_len));
        let Some(activation) = activation else {
            let results = result.data_mut().par_chunks_mut(block * out_len);
            blocks.zip(results).for_each(|((v, modes), result)| linear(v, modes, result));
            return (result, None);
        };
        if !keep {
            let results = result.data_mut().par_chunks_mut(block * out_len);
            blocks.zip(results).for_each(|((v, modes), result)| {
                linear(v, modes, result);
                activation.apply(result);
            });
            return (result, None);
        }
        let mut before = Tensor::uninitialised(self.pool, shape);
        let results = result.data_mut().par_chunks_mut(block * out_len);
        let sums = before.data_mut().par_chunks_mut(block * out_len);
        blocks.zip(results.zip(sums)).for_each(|((v, modes), (result, sums))| {
            linear(v, modes, sums);
            activation.apply_to(sums, result);
        });
        (result, Some(before))
    }

    /// First pass of the adjoint. `gradient` becomes the gradient before the activation; returns its rows after the
    /// transposed inverse of the last axis, and the gradients of the pointwise weight `[c_in, c_out]` and bias.
    fn adjoint_rows(
        &self,
        activation: Option<&(Activation, Tensor<T>)>,
        v: &[T],
        gradient: &mut [T],
    ) -> (Tensor<T>, Tensor<T>, Tensor<T>) {
        let (inputs, outputs, real) = (self.inputs, self.outputs, self.transform.last_axis());
        let mut rows = Tensor::uninitialised(self.pool, &[self.batch, self.row_modes(outputs)]);
        let block = self.rows_per_block(inputs.max(outputs));
        let (in_len, out_len) = (real.points() * inputs, real.points() * outputs);
        let mode_len = real.modes() * 2 * outputs;
        let partial_len = (inputs + 1) * outputs;
        let tasks = RowTasks::new(self.batch * self.transform.rows(), block, partial_len);
        let task = tasks.length();
        let mut partial = self.pool.zeros::<T>(tasks.count() * partial_len);
        gradient
            .par_chunks_mut(task * out_len)
            .zip(v.par_chunks(task * in_len))
            .zip(rows.data_mut().par_chunks_mut(task * mode_len))
            .zip(partial.as_mut_slice().par_chunks_mut(partial_len))
            .enumerate()
            .for_each(|(index, (((gradient, v), rows), partial))| {
                let mut scratch = self.pool.take::<T>(real.scratch_len(outputs));
                let (weight, bias) = partial.split_at_mut(inputs * outputs);
                let blocks = gradient.chunks_mut(block * out_len).zip(v.chunks(block * in_len));
                for (i, ((gradient, v), rows)) in blocks.zip(rows.chunks_mut(block * mode_len)).enumerate() {
                    if let Some((activation, before)) = activation {
                        let start = (index * task + i * block) * out_len;
                        activation.backward(&before.data()[start..start + gradient.len()], gradient);
                    }
                    let points = gradient.len() / outputs;
                    let (lhs, rhs) = (Mat::new(v, points, inputs), Mat::new(gradient, points, outputs));
                    matmul(
                        MatMut::new(&mut *weight, inputs, outputs),
                        Accumulate::Add,
                        lhs.transposed(),
                        rhs,
                    );
                    add_column_sums(gradient, bias);
                    real.inverse_adjoint(
                        points / real.points(),
                        outputs,
                        gradient,
                        rows,
                        scratch.as_mut_slice(),
                    );
                }
            });
        let sum = add_partials(self.pool, partial.as_slice(), &[partial_len]);
        let (weight_sum, bias_sum) = sum.data().split_at(inputs * outputs);
        let mut weight = Tensor::uninitialised(self.pool, &[inputs, outputs]);
        let mut bias = Tensor::uninitialised(self.pool, &[outputs]);
        weight.data_mut().copy_from_slice(weight_sum);
        bias.data_mut().copy_from_slice(bias_sum);
        (rows, weight, bias)
    }

    /// Last pass of the adjoint: `g W^T` plus the transposed last axis.
    fn adjoint_points(&self, gradient: &[T], weight: &[T], rows: &[T], shape: &[usize]) -> Tensor<T> {
        let (inputs, outputs, real) = (self.inputs, self.outputs, self.transform.last_axis());
        let mut transposed = self.pool.take::<T>(inputs * outputs);
        for (o, row) in transposed.as_mut_slice().chunks_exact_mut(inputs).enumerate() {
            row.iter_mut().enumerate().for_each(|(i, value)| *value = weight[i * outputs + o]);
        }
        let transposed = transposed.as_slice();
        let mut result = Tensor::uninitialised(self.pool, shape);
        let block = self.rows_per_block(inputs.max(outputs));
        let mode_len = real.modes() * 2 * inputs;
        result
            .data_mut()
            .par_chunks_mut(block * real.points() * inputs)
            .zip(gradient.par_chunks(block * real.points() * outputs))
            .zip(rows.par_chunks(block * mode_len))
            .for_each(|((result, gradient), modes)| {
                let points = result.len() / inputs;
                let (lhs, rhs) = (Mat::new(gradient, points, outputs), Mat::new(transposed, outputs, inputs));
                matmul(MatMut::new(&mut *result, points, inputs), Accumulate::Replace, lhs, rhs);
                let mut scratch = self.pool.take::<T>(real.scratch_len(inputs));
                let rows = points / real.points();
                real.forward_adjoint(rows, inputs, modes, result, Accumulate::Add, scratch.as_mut_slice());
            });
        result
    }
}

struct FourierOperation<T: Real> {
    transform: Arc<TruncatedFourier<T>>,
    inputs: usize,
    outputs: usize,
    /// With the values before it.
    activation: Option<(Activation, Tensor<T>)>,
    v: Tensor<T>,
    spectrum: Tensor<T>,
    spectral: Tensor<T>,
    weight: Tensor<T>,
    v_node: Option<NodeId>,
    spectral_node: NodeId,
    weight_node: NodeId,
    bias_node: NodeId,
}

impl<T: Real> Operation<T> for FourierOperation<T> {
    fn backward(self: Box<Self>, mut gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let pool = gradients.pool().clone();
        let work = Work {
            transform: &*self.transform,
            batch: self.v.shape()[0],
            inputs: self.inputs,
            outputs: self.outputs,
            pool: &pool,
        };
        let (rows, weight, bias) =
            work.adjoint_rows(self.activation.as_ref(), self.v.data(), gradient.data_mut());
        let result_gradient = work.leading(self.outputs, &rows, TruncatedFourier::leading_inverse_adjoint);
        drop(rows);
        let mut spectral = Tensor::uninitialised(&pool, self.spectral.shape());
        let mut modes = Tensor::uninitialised(&pool, &[work.modes(), work.batch, 2 * self.inputs]);
        product_adjoint(
            &pool,
            work.sizes(),
            self.spectrum.data(),
            self.spectral.data(),
            result_gradient.data(),
            spectral.data_mut(),
            modes.data_mut(),
        );
        gradients.add(self.spectral_node, spectral);
        gradients.add(self.weight_node, weight);
        gradients.add(self.bias_node, bias);
        if let Some(node) = self.v_node {
            let rows = work.synthesise(self.inputs, &modes, TruncatedFourier::leading_forward_adjoint);
            let weight = self.weight.data();
            gradients.add(node, work.adjoint_points(gradient.data(), weight, rows.data(), self.v.shape()));
        }
    }
}

#[cfg(test)]
mod tests;
