//! Activations as operations on a tape.

use rayon::prelude::*;
use sobolev_tensor::{Gradients, NodeId, Operation, Real, Tape, Tensor, Var};

use super::Activation;
use crate::parallel::CHUNK;

struct Apply<T: Real> {
    activation: Activation,
    pre: Tensor<T>,
    source: NodeId,
}

impl<T: Real> Operation<T> for Apply<T> {
    fn backward(self: Box<Self>, mut gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let chunks = gradient.data_mut().par_chunks_mut(CHUNK).zip(self.pre.data().par_chunks(CHUNK));
        chunks.for_each(|(gradient, pre)| self.activation.backward(pre, gradient));
        gradients.add(self.source, gradient);
    }
}

impl Activation {
    /// y = f(x), element by element, on a tape. The pre-activation is kept, not the slope.
    pub fn forward<T: Real>(&self, tape: &mut Tape<T>, x: &Var<T>) -> Var<T> {
        let mut value = Tensor::uninitialised(tape.pool(), x.shape());
        let chunks = value.data_mut().par_chunks_mut(CHUNK).zip(x.value().data().par_chunks(CHUNK));
        chunks.for_each(|(y, x)| self.apply_to(x, y));
        let operation = x.node().map(|source| Apply { activation: *self, pre: x.value().clone(), source });
        tape.record(value, operation)
    }
}
