//! What the unit tests of the crate share.

use sobolev_tensor::{Gradients, NodeId, Operation, Parameters, Pool, Real, Result, Tape, Tensor, Var};
use sobolev_testing::{gradient_gap, noise};

use crate::activation::GELU;
use crate::{Model, NormaliserFit, NormaliserKind, Normalisers, PointwiseMlp, SampleSource, SourceError};

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

/// A small model: one pointwise network.
pub(crate) struct SmallModel<T: Real> {
    name: &'static str,
    widths: [usize; 3],
    network: PointwiseMlp,
    parameters: Parameters<T>,
}

impl<T: Real> SmallModel<T> {
    pub(crate) fn new(hidden: usize, seed: u64) -> Self {
        let mut parameters = Parameters::new();
        let widths = [2, hidden, 1];
        let network = PointwiseMlp::new(&mut parameters, "network", widths, GELU, seed).unwrap();
        Self { name: "small", widths, network, parameters }
    }

    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// All weights in one list, as bits.
    pub(crate) fn bits(&self) -> Vec<u64> {
        self.parameters
            .iter()
            .flat_map(|(_, value)| value.data().iter().map(|v| v.to_f64().to_bits()).collect::<Vec<_>>())
            .collect()
    }
}

impl<T: Real> Model<T> for SmallModel<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn architecture(&self) -> serde_json::Value {
        serde_json::json!({ "widths": self.widths })
    }

    fn citation(&self) -> &'static str {
        "none"
    }

    fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters<T> {
        &mut self.parameters
    }

    fn forward(&self, tape: &mut Tape<T>, input: Var<T>) -> Result<Var<T>> {
        self.network.forward(&self.parameters, tape, &input)
    }
}

/// Pairs on a line of 12 points with two channels: the target is `sign (3 + x0 x1 / 2 + x1)`.
#[derive(Clone)]
pub(crate) struct Pairs {
    pub(crate) samples: usize,
    pub(crate) seed: u64,
    pub(crate) sign: f64,
    /// A sample whose input holds NaN.
    pub(crate) spoilt: Option<usize>,
    /// A sample that cannot be read.
    pub(crate) unreadable: Option<usize>,
}

impl Pairs {
    pub(crate) const POINTS: usize = 12;

    pub(crate) fn new(samples: usize, seed: u64) -> Self {
        Self { samples, seed, sign: 1.0, spoilt: None, unreadable: None }
    }
}

impl<T: Real> SampleSource<T> for Pairs {
    fn samples(&self) -> usize {
        self.samples
    }

    fn input_shape(&self) -> Vec<usize> {
        vec![Self::POINTS, 2]
    }

    fn target_shape(&self) -> Vec<usize> {
        vec![Self::POINTS, 1]
    }

    fn read(
        &self,
        indices: &[usize],
        input: &mut [T],
        target: &mut [T],
    ) -> std::result::Result<(), SourceError> {
        for (row, index) in indices.iter().enumerate() {
            if self.unreadable == Some(*index) {
                return Err(format!("sample {index} is unreadable").into());
            }
            let mut values = noise(2 * Self::POINTS, self.seed + *index as u64);
            for i in 0..Self::POINTS {
                let place = row * Self::POINTS + i;
                let [a, b] = [values[2 * i], values[2 * i + 1]];
                if target.len() > place {
                    target[place] = T::cast(self.sign * (3.0 + 0.5 * a * b + b));
                }
            }
            if self.spoilt == Some(*index) {
                values[5] = f64::NAN;
            }
            let own = input.iter_mut().skip(row * 2 * Self::POINTS);
            own.zip(values).for_each(|(place, value)| *place = T::cast(value));
        }
        Ok(())
    }
}

/// Normalisers fitted to the pairs.
pub(crate) fn fitted<T: Real>(kind: NormaliserKind, pairs: &Pairs) -> Normalisers<T> {
    let indices: Vec<usize> = (0..pairs.samples).collect();
    let mut input = vec![T::zero(); pairs.samples * Pairs::POINTS * 2];
    let mut target = vec![T::zero(); pairs.samples * Pairs::POINTS];
    pairs.read(&indices, &mut input, &mut target).unwrap();
    let fit = |sample: &[usize], values: &[T]| {
        let mut fit = NormaliserFit::new(kind, sample).unwrap();
        fit.add(values).unwrap();
        fit.finish().unwrap()
    };
    Normalisers::new(fit(&[Pairs::POINTS, 2], &input), fit(&[Pairs::POINTS, 1], &target))
}
