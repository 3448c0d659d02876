//! The two normalisers of a model, and decoding as an operation on a tape.

use std::sync::Arc;

use sobolev_tensor::{Gradients, NodeId, Operation, Real, Result, Tape, Tensor, Var};

use crate::normaliser::{Normaliser, NormaliserKind};

/// The normalisers of a model: inputs are encoded before, predictions decoded after it. Clones share them.
#[derive(Debug, Clone)]
pub struct Normalisers<T> {
    /// Of the inputs.
    pub input: Arc<Normaliser<T>>,
    /// Of the targets.
    pub target: Arc<Normaliser<T>>,
}

impl<T: Real> Normalisers<T> {
    /// Two fitted normalisers.
    pub fn new(input: Normaliser<T>, target: Normaliser<T>) -> Self {
        Self { input: Arc::new(input), target: Arc::new(target) }
    }

    /// Normalisers that change nothing, for samples of these shapes `[space.., channels]`.
    pub fn identity(input: &[usize], target: &[usize]) -> Self {
        Self::new(Normaliser::identity(input), Normaliser::identity(target))
    }
}

/// `x = scale y + shift` on a tape: a loss on decoded values is a loss in physical units. Adjoint: `dy = scale dx`.
///
/// # Errors
/// [`Error::Shape`](sobolev_tensor::Error::Shape) when the shape `[batch, space.., channels]` does not fit the statistics.
pub fn decode<T: Real>(tape: &mut Tape<T>, normaliser: &Arc<Normaliser<T>>, y: Var<T>) -> Result<Var<T>> {
    if normaliser.kind() == NormaliserKind::Identity {
        return Ok(y);
    }
    let source = y.node();
    let shape = y.shape().to_vec();
    let mut x = y.into_value();
    normaliser.decode(&shape, x.data_mut())?;
    let operation = source.map(|source| Decode { normaliser: normaliser.clone(), shape, source });
    Ok(tape.record(x, operation))
}

struct Decode<T> {
    normaliser: Arc<Normaliser<T>>,
    shape: Vec<usize>,
    source: NodeId,
}

impl<T: Real> Operation<T> for Decode<T> {
    fn backward(self: Box<Self>, mut gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        self.normaliser
            .decode_adjoint(&self.shape, gradient.data_mut())
            .expect("the shape was checked in the forward pass");
        gradients.add(self.source, gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NormaliserFit;
    use crate::testing::{functional, parameter_gap};
    use sobolev_tensor::Parameters;
    use sobolev_testing::noise;

    #[test]
    fn decoding_is_differentiated_for_every_kind() {
        let shape = [5, 3, 2];
        for kind in [
            NormaliserKind::Identity,
            NormaliserKind::Scalar,
            NormaliserKind::Channel,
            NormaliserKind::Pointwise,
            NormaliserKind::UNIT_RANGE,
        ] {
            let mut fit = NormaliserFit::new(kind, &shape[1..]).unwrap();
            fit.add(&noise(30, 1)).unwrap();
            let normaliser = Arc::new(fit.finish().unwrap());
            let mut parameters = Parameters::new();
            let y = parameters.add("y", Tensor::from_slice(&shape, &noise(30, 2)).unwrap());
            let gap = parameter_gap(&parameters, |parameters, tape| {
                let y = tape.parameter(parameters, y);
                let x = decode(tape, &normaliser, y).unwrap();
                functional(tape, x)
            });
            assert!(gap < 1e-7, "{kind:?}: {gap:e}");
        }
    }
}
