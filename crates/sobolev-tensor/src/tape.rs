//! Reverse-mode differentiation of coarse operations.
//!
//! A [`Tape`] records few, fat operations (a whole Fourier layer is one), each with a hand-written adjoint. Any crate adds
//! operations: it computes the value, then calls [`Tape::record`] with an [`Operation`] that owns what its adjoint needs.
//!
//! ```
//! use sobolev_tensor::{Gradients, NodeId, Operation, Parameters, Pool, Tape, Tensor};
//!
//! /// y = sum of x^2.
//! struct SquaredNorm { x: Tensor<f64>, source: NodeId }
//!
//! impl Operation<f64> for SquaredNorm {
//!     fn backward(self: Box<Self>, gradient: Tensor<f64>, gradients: &mut Gradients<f64>) {
//!         let seed = gradient.data()[0];
//!         let mut dx = Tensor::uninitialised(gradients.pool(), self.x.shape());
//!         dx.data_mut().iter_mut().zip(self.x.data()).for_each(|(d, x)| *d = 2.0 * x * seed);
//!         gradients.add(self.source, dx);
//!     }
//! }
//!
//! let mut parameters = Parameters::new();
//! let id = parameters.add("x", Tensor::from_slice(&[2], &[3.0, 4.0])?);
//! let mut tape = Tape::recording(&Pool::new());
//! let x = tape.parameter(&parameters, id);
//! let value = Tensor::from_slice(&[], &[x.value().data().iter().map(|v| v * v).sum()])?;
//! let y = tape.record(value, x.node().map(|source| SquaredNorm { x: x.value().clone(), source }));
//! drop(x);
//! let gradients = tape.backward(y)?;
//! assert_eq!(gradients.parameter(id).unwrap().data(), [6.0, 8.0]);
//! # Ok::<(), sobolev_tensor::Error>(())
//! ```

use std::collections::HashMap;

use crate::{Error, ParameterId, Parameters, Pool, Real, Result, Tensor};

/// A recorded operation: it owns what its adjoint needs and knows the nodes of its differentiable inputs.
pub trait Operation<T: Real>: Send {
    /// Given the gradient of the loss with respect to the output, adds those with respect to the inputs to `gradients`.
    fn backward(self: Box<Self>, gradient: Tensor<T>, gradients: &mut Gradients<T>);
}

/// Place of a differentiable value on a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeId(usize);

/// A value, and its place on the tape when the loss is to be differentiated with respect to it.
#[derive(Debug, Clone)]
pub struct Var<T: Real> {
    value: Tensor<T>,
    node: Option<NodeId>,
}

impl<T: Real> Var<T> {
    /// A value that is not differentiated: data, or anything during inference.
    pub fn constant(value: Tensor<T>) -> Self {
        Self { value, node: None }
    }

    /// The value.
    pub fn value(&self) -> &Tensor<T> {
        &self.value
    }

    /// The value without its place on the tape.
    pub fn into_value(self) -> Tensor<T> {
        self.value
    }

    /// Place on the tape; `None` for constants.
    pub fn node(&self) -> Option<NodeId> {
        self.node
    }

    /// Shape of the value.
    pub fn shape(&self) -> &[usize] {
        self.value.shape()
    }
}

/// A list of operations in the order in which they were computed.
pub struct Tape<T: Real> {
    pool: Pool,
    records: bool,
    operations: Vec<Option<Box<dyn Operation<T>>>>,
    parameters: UsedParameters<T>,
}

/// Value and node of each parameter that was used.
type UsedParameters<T> = HashMap<ParameterId, (Tensor<T>, NodeId)>;

impl<T: Real> Tape<T> {
    /// A tape that records, for training. Its operations take their memory from `pool`.
    pub fn recording(pool: &Pool) -> Self {
        Self { pool: pool.clone(), records: true, operations: Vec::new(), parameters: HashMap::new() }
    }

    /// A tape that records nothing, for inference: values are freed as soon as they are no longer needed.
    pub fn inference(pool: &Pool) -> Self {
        Self { records: false, ..Self::recording(pool) }
    }

    /// The pool that operations take their memory from.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A parameter as a differentiable value; on an inference tape, as a constant. It shares the parameter's memory.
    ///
    /// # Panics
    /// When the same parameter was used with another value: two clones of one model on one tape would mix their gradients.
    pub fn parameter(&mut self, parameters: &Parameters<T>, id: ParameterId) -> Var<T> {
        let value = parameters.value(id).clone();
        if !self.records {
            return Var::constant(value);
        }
        let (first, node) = self.parameters.entry(id).or_insert_with(|| {
            self.operations.push(None);
            (value.clone(), NodeId(self.operations.len() - 1))
        });
        assert!(first.shares_memory_with(&value), "a parameter is used with two values on one tape");
        Var { value, node: Some(*node) }
    }

    /// A differentiable input, so that the gradient with respect to data can be asked for.
    pub fn input(&mut self, value: Tensor<T>) -> Var<T> {
        if !self.records {
            return Var::constant(value);
        }
        self.operations.push(None);
        Var { value, node: Some(NodeId(self.operations.len() - 1)) }
    }

    /// The result of an operation. `operation` is `None` when no input is differentiable.
    pub fn record<O: Operation<T> + 'static>(&mut self, value: Tensor<T>, operation: Option<O>) -> Var<T> {
        let Some(operation) = operation else {
            return Var::constant(value);
        };
        self.operations.push(Some(Box::new(operation)));
        Var { value, node: Some(NodeId(self.operations.len() - 1)) }
    }

    /// Gradients of the scalar `loss` with respect to all inputs and parameters. What an operation saved is freed as soon
    /// as its adjoint has run.
    ///
    /// # Errors
    /// [`Error::Shape`] when `loss` has more than one element, [`Error::Value`] when it depends on no parameter or input.
    pub fn backward(mut self, loss: Var<T>) -> Result<Gradients<T>> {
        if loss.value.len() != 1 {
            return Err(Error::shape("loss", "one element", loss.shape()));
        }
        let node = loss.node.ok_or_else(|| {
            Error::value("loss", "a value that depends on a parameter or an input", "a constant")
        })?;
        let mut seed = Tensor::uninitialised(&self.pool, loss.shape());
        seed.data_mut()[0] = T::one();
        drop(loss);
        let mut gradients = Gradients {
            pool: self.pool.clone(),
            of_nodes: vec![None; self.operations.len()],
            parameters: self.parameters.drain().map(|(id, (_, node))| (id, node)).collect(),
        };
        gradients.of_nodes[node.0] = Some(seed);
        while let Some(operation) = self.operations.pop() {
            if let Some(operation) = operation
                && let Some(gradient) = gradients.of_nodes[self.operations.len()].take()
            {
                operation.backward(gradient, &mut gradients);
            }
        }
        Ok(gradients)
    }
}

impl<T: Real> std::fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tape")
            .field("records", &self.records)
            .field("operations", &self.operations.len())
            .finish()
    }
}

/// Gradients of one loss.
#[derive(Debug)]
pub struct Gradients<T: Real> {
    pool: Pool,
    of_nodes: Vec<Option<Tensor<T>>>,
    parameters: HashMap<ParameterId, NodeId>,
}

impl<T: Real> Gradients<T> {
    /// The pool that adjoints take their memory from.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Adds a contribution to the gradient of a node.
    ///
    /// # Panics
    /// When its shape is not that of the contributions before.
    pub fn add(&mut self, node: NodeId, contribution: Tensor<T>) {
        match &mut self.of_nodes[node.0] {
            Some(sum) => {
                assert_eq!(sum.shape(), contribution.shape(), "two contributions to one gradient");
                let terms = contribution.data();
                sum.data_mut().iter_mut().zip(terms).for_each(|(sum, term)| *sum += *term);
            }
            empty => *empty = Some(contribution),
        }
    }

    /// The gradient with respect to a differentiable input.
    pub fn input(&self, input: &Var<T>) -> Option<&Tensor<T>> {
        self.of_nodes[input.node?.0].as_ref()
    }

    /// The gradient with respect to a parameter; `None` when the loss does not depend on it.
    pub fn parameter(&self, id: ParameterId) -> Option<&Tensor<T>> {
        self.of_nodes[self.parameters.get(&id)?.0].as_ref()
    }

    /// The gradient with respect to a parameter, to be changed (clipping, weight decay).
    pub fn parameter_mut(&mut self, id: ParameterId) -> Option<&mut Tensor<T>> {
        self.of_nodes[self.parameters.get(&id)?.0].as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// y = a x, elementwise, with both factors differentiable.
    struct Product {
        values: [Tensor<f64>; 2],
        sources: [Option<NodeId>; 2],
    }

    impl Operation<f64> for Product {
        fn backward(self: Box<Self>, gradient: Tensor<f64>, gradients: &mut Gradients<f64>) {
            for (own, other) in [(0, 1), (1, 0)] {
                if let Some(node) = self.sources[own] {
                    let mut term = gradient.clone();
                    let factor = self.values[other].data();
                    term.data_mut().iter_mut().zip(factor).for_each(|(t, f)| *t *= f);
                    gradients.add(node, term);
                }
            }
        }
    }

    fn product(tape: &mut Tape<f64>, a: &Var<f64>, b: &Var<f64>) -> Var<f64> {
        let mut value = a.value().clone();
        value.data_mut().iter_mut().zip(b.value().data()).for_each(|(v, f)| *v *= f);
        let sources = [a.node(), b.node()];
        let differentiable = sources.iter().any(Option::is_some);
        let operation =
            differentiable.then(|| Product { values: [a.value().clone(), b.value().clone()], sources });
        tape.record(value, operation)
    }

    #[test]
    fn a_value_used_three_times_gathers_all_contributions() {
        let mut parameters = Parameters::new();
        let id = parameters.add("x", Tensor::from_slice(&[1], &[3.0]).unwrap());
        let mut tape = Tape::recording(&Pool::new());
        let x = tape.parameter(&parameters, id);
        let again = tape.parameter(&parameters, id);
        let square = product(&mut tape, &x, &again);
        let cube = product(&mut tape, &square, &x);
        let gradients = tape.backward(cube).unwrap();
        assert_eq!(gradients.parameter(id).unwrap().data(), [27.0]);
    }

    #[test]
    fn two_models_on_one_tape_keep_their_gradients_apart() {
        let single = |value: f64| {
            let mut parameters = Parameters::new();
            let id = parameters.add("x", Tensor::from_slice(&[1], &[value]).unwrap());
            (parameters, id)
        };
        let ((first, first_id), (second, second_id)) = (single(3.0), single(5.0));
        let mut tape = Tape::recording(&Pool::new());
        let (a, b) = (tape.parameter(&first, first_id), tape.parameter(&second, second_id));
        let value = product(&mut tape, &a, &b);
        let gradients = tape.backward(value).unwrap();
        assert_eq!(gradients.parameter(first_id).unwrap().data(), [5.0]);
        assert_eq!(gradients.parameter(second_id).unwrap().data(), [3.0]);
        assert!(std::panic::catch_unwind(|| first.value(second_id).len()).is_err());
    }

    #[test]
    #[should_panic(expected = "used with two values")]
    fn a_clone_with_other_values_is_not_taken_for_its_original() {
        let mut first = Parameters::new();
        let id = first.add("x", Tensor::from_slice(&[1], &[3.0]).unwrap());
        let mut second = first.clone();
        second.value_mut(id).data_mut()[0] = 5.0;
        let mut tape = Tape::<f64>::recording(&Pool::new());
        tape.parameter(&first, id);
        tape.parameter(&second, id);
    }

    #[test]
    fn inference_records_nothing_and_losses_must_be_scalars() {
        let mut parameters = Parameters::new();
        let id = parameters.add("x", Tensor::from_slice(&[2], &[3.0, 1.0]).unwrap());
        let mut tape = Tape::inference(&Pool::new());
        let x = tape.parameter(&parameters, id);
        assert!(product(&mut tape, &x, &x).node().is_none());
        let mut tape = Tape::recording(&Pool::new());
        let x = tape.parameter(&parameters, id);
        assert!(matches!(tape.backward(x), Err(Error::Shape { .. })));
    }
}
