//! What the unit tests of the crate share.

use sobolev_tensor::{Gradients, NodeId, Operation, Parameters, Pool, Tape, Tensor, Var};
use sobolev_testing::{gradient_gap, noise};

/// The scalar `<y, weights>`.
struct Inner {
    weights: Tensor<f64>,
    source: NodeId,
}

impl Operation<f64> for Inner {
    fn backward(self: Box<Self>, gradient: Tensor<f64>, gradients: &mut Gradients<f64>) {
        let mut dy = self.weights.clone();
        dy.data_mut().iter_mut().for_each(|w| *w *= gradient.data()[0]);
        gradients.add(self.source, dy);
    }
}

/// The scalar `<y, weights>` with fixed weights that have no structure.
pub(crate) fn functional(tape: &mut Tape<f64>, y: Var<f64>) -> Var<f64> {
    let weights = Tensor::from_slice(y.shape(), &noise(y.value().len(), 99)).unwrap();
    let value = y.value().data().iter().zip(weights.data()).map(|(a, b)| a * b).sum();
    let operation = y.node().map(|source| Inner { weights, source });
    tape.record(Tensor::from_slice(&[], &[value]).unwrap(), operation)
}

/// Relative difference between the tape's gradient of a scalar with respect to all parameters, along a direction without
/// structure, and its central difference.
pub(crate) fn parameter_gap(
    parameters: &Parameters<f64>,
    scalar: impl Fn(&Parameters<f64>, &mut Tape<f64>) -> Var<f64>,
) -> f64 {
    let mut tape = Tape::recording(&Pool::new());
    let loss = scalar(parameters, &mut tape);
    let gradients = tape.backward(loss).unwrap();
    let flat = |tensor: &dyn Fn(sobolev_tensor::ParameterId) -> Tensor<f64>| -> Vec<f64> {
        parameters.ids().flat_map(|id| tensor(id).data().to_vec()).collect()
    };
    let x = flat(&|id| parameters.value(id).clone());
    let gradient = flat(&|id| gradients.parameter(id).expect("every parameter takes part").clone());
    let function = |x: &[f64]| {
        let mut moved = parameters.clone();
        let mut start = 0;
        for id in parameters.ids() {
            let values = moved.value_mut(id).data_mut();
            values.copy_from_slice(&x[start..start + values.len()]);
            start += values.len();
        }
        scalar(&moved, &mut Tape::inference(&Pool::new())).value().data()[0]
    };
    gradient_gap(function, &gradient, &x, &noise(x.len(), 98))
}

/// The results of `work` in pools of 1, 2 and 5 threads.
pub(crate) fn with_threads<R: Send>(work: impl Fn() -> R + Sync) -> [R; 3] {
    [1, 2, 5]
        .map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&work))
}
