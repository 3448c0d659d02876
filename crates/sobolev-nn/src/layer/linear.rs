//! The pointwise affine map `y = x W + b` of the channels (a 1x1 convolution).

use rayon::prelude::*;
use sobolev_tensor::{
    Error, Gradients, NodeId, Operation, ParameterId, Parameters, Real, Result, Tape, Tensor, Var,
};

use super::pointwise::Affine;
use crate::initialiser::fan_in_uniform;
use crate::parallel::{RowTasks, add_partials};

/// Rows of one block: at width 32 in f32, argument and result fill the first-level cache twice.
const BLOCK: usize = 256;

/// `y = x W + b` on the last axis: x `[.., inputs]`, y `[.., outputs]`, W `[inputs, outputs]`, b `[outputs]`.
///
/// Adjoint: `dx = g W^T`, `dW = x^T g`, `db = sum of g`, the sums over all points and samples. The gradient with respect
/// to x is computed only when it is wanted.
#[derive(Debug, Clone)]
pub struct Linear {
    inputs: usize,
    outputs: usize,
    weight: ParameterId,
    bias: Option<ParameterId>,
}

impl Linear {
    /// A layer with the parameters `NAME.weight` and `NAME.bias`, both uniform on +-1 / sqrt(inputs) (PyTorch's default).
    ///
    /// # Errors
    /// [`Error::Value`] when a width is zero.
    pub fn new<T: Real>(
        parameters: &mut Parameters<T>,
        name: &str,
        inputs: usize,
        outputs: usize,
        seed: u64,
    ) -> Result<Self> {
        let mut layer = Self::without_bias(parameters, name, inputs, outputs, seed)?;
        let name = format!("{name}.bias");
        layer.bias = Some(parameters.add(&name, fan_in_uniform(&[outputs], inputs, seed, &name)));
        Ok(layer)
    }

    /// A layer with the parameter `NAME.weight` only.
    ///
    /// # Errors
    /// [`Error::Value`] when a width is zero.
    pub fn without_bias<T: Real>(
        parameters: &mut Parameters<T>,
        name: &str,
        inputs: usize,
        outputs: usize,
        seed: u64,
    ) -> Result<Self> {
        if inputs == 0 || outputs == 0 {
            let widths = format!("{inputs} inputs and {outputs} outputs");
            return Err(Error::value(name, "at least one input and one output", widths));
        }
        let name = format!("{name}.weight");
        let weight = parameters.add(&name, fan_in_uniform(&[inputs, outputs], inputs, seed, &name));
        Ok(Self { inputs, outputs, weight, bias: None })
    }

    /// Channels of the argument.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Channels of the result.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The weight W `[inputs, outputs]`.
    pub fn weight(&self) -> ParameterId {
        self.weight
    }

    /// The bias b `[outputs]`.
    pub fn bias(&self) -> Option<ParameterId> {
        self.bias
    }

    /// `y = x W + b`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the last axis of `x` does not have `inputs` channels.
    pub fn forward<T: Real>(
        &self,
        parameters: &Parameters<T>,
        tape: &mut Tape<T>,
        x: &Var<T>,
    ) -> Result<Var<T>> {
        let shape = output_shape("input of a linear layer", x.shape(), self.inputs, self.outputs)?;
        let weight = tape.parameter(parameters, self.weight);
        let bias = self.bias.map(|bias| tape.parameter(parameters, bias));
        let mut y = Tensor::uninitialised(tape.pool(), &shape);
        let affine = Affine::new(
            tape.pool(),
            (self.inputs, self.outputs),
            weight.value().data(),
            bias.as_ref().map(|bias| bias.value().data()),
        );
        let tasks = RowTasks::new(y.len() / self.outputs, BLOCK, 0);
        let (rows_x, rows_y) = (tasks.length() * self.inputs, tasks.length() * self.outputs);
        y.data_mut().par_chunks_mut(rows_y).zip(x.value().data().par_chunks(rows_x)).enumerate().for_each(
            |(task, (y, x))| {
                for rows in tasks.blocks(task) {
                    let (start, end) = (rows.start, rows.end);
                    affine.forward(
                        &x[start * self.inputs..end * self.inputs],
                        &mut y[start * self.outputs..end * self.outputs],
                    );
                }
            },
        );
        drop(affine);
        let operation = weight.node().map(|weight_node| LinearOperation {
            widths: (self.inputs, self.outputs),
            x: x.value().clone(),
            x_node: x.node(),
            weight: weight.value().clone(),
            weight_node,
            bias_node: bias.as_ref().and_then(Var::node),
        });
        Ok(tape.record(y, operation))
    }
}

/// `shape` with the last axis replaced, after a check that it has `inputs` channels.
pub(super) fn output_shape(
    argument: &str,
    shape: &[usize],
    inputs: usize,
    outputs: usize,
) -> Result<Vec<usize>> {
    if shape.last() != Some(&inputs) {
        return Err(Error::shape(argument, format!("[.., {inputs}] (channels last)"), shape));
    }
    let mut result = shape.to_vec();
    result[shape.len() - 1] = outputs;
    Ok(result)
}

struct LinearOperation<T: Real> {
    widths: (usize, usize),
    x: Tensor<T>,
    x_node: Option<NodeId>,
    weight: Tensor<T>,
    weight_node: NodeId,
    bias_node: Option<NodeId>,
}

impl<T: Real> Operation<T> for LinearOperation<T> {
    fn backward(self: Box<Self>, gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let (inputs, outputs) = self.widths;
        let pool = gradients.pool().clone();
        // The adjoints do not look at the values of the bias, only at whether there is one.
        let bias = self.bias_node.map(|_| &[][..]);
        let affine = Affine::new(&pool, self.widths, self.weight.data(), bias);
        let tasks = RowTasks::new(gradient.len() / outputs, BLOCK, affine.gradient_len());
        let mut partials = pool.zeros(tasks.count() * affine.gradient_len());
        let mut dx = self.x_node.map(|_| Tensor::uninitialised(&pool, self.x.shape()));
        let dx_chunks = optional_chunks(dx.as_mut(), tasks.length() * inputs, tasks.count());
        partials
            .as_mut_slice()
            .par_chunks_mut(affine.gradient_len())
            .zip(dx_chunks)
            .zip(self.x.data().par_chunks(tasks.length() * inputs))
            .zip(gradient.data().par_chunks(tasks.length() * outputs))
            .enumerate()
            .for_each(|(task, (((partial, mut dx), x), g))| {
                for rows in tasks.blocks(task) {
                    let g = &g[rows.start * outputs..rows.end * outputs];
                    let range = rows.start * inputs..rows.end * inputs;
                    affine.add_parameter_gradients(&x[range.clone()], g, partial);
                    if let Some(dx) = &mut dx {
                        affine.input_gradient(g, &mut dx[range]);
                    }
                }
            });
        drop(gradient);
        let sum = add_partials(&pool, partials.as_slice(), &[affine.gradient_len()]);
        let (weight, bias) = sum.data().split_at(inputs * outputs);
        gradients.add(self.weight_node, pooled(&pool, &[inputs, outputs], weight));
        if let Some(node) = self.bias_node {
            gradients.add(node, pooled(&pool, &[outputs], bias));
        }
        if let (Some(node), Some(dx)) = (self.x_node, dx) {
            gradients.add(node, dx);
        }
    }
}

/// A copy on memory of the pool.
pub(super) fn pooled<T: Real>(pool: &sobolev_tensor::Pool, shape: &[usize], values: &[T]) -> Tensor<T> {
    let mut tensor = Tensor::uninitialised(pool, shape);
    tensor.data_mut().copy_from_slice(values);
    tensor
}

/// The chunks of a tensor, or as many times nothing.
pub(super) fn optional_chunks<T: Real>(
    tensor: Option<&mut Tensor<T>>,
    length: usize,
    count: usize,
) -> Vec<Option<&mut [T]>> {
    match tensor {
        Some(tensor) => tensor.data_mut().chunks_mut(length).map(Some).collect(),
        None => (0..count).map(|_| None).collect(),
    }
}
