use super::*;
use proptest::prelude::*;
use sobolev_nn::activation::GELU;
use sobolev_testing::{gradient_gap, noise};

struct Case {
    parameters: Parameters<f64>,
    layer: FourierLayer,
    transform: Arc<TruncatedFourier<f64>>,
}

impl Case {
    fn new(
        grid: &[usize],
        modes: &[usize],
        inputs: usize,
        outputs: usize,
        activation: Option<Activation>,
    ) -> Self {
        let mut parameters = Parameters::new();
        let settings = FourierLayerSettings { modes, inputs, outputs, activation };
        let layer = FourierLayer::new(&mut parameters, "layer", settings, 7).unwrap();
        Self { parameters, layer, transform: Arc::new(TruncatedFourier::new(grid, modes).unwrap()) }
    }

    fn set(&mut self, name: &str, values: &[f64]) {
        let id = self.parameters.find(name).unwrap();
        self.parameters.value_mut(id).data_mut().copy_from_slice(values);
    }

    fn result(&self, shape: &[usize], v: &[f64]) -> Tensor<f64> {
        let mut tape = Tape::inference(&Pool::new());
        let v = Var::constant(Tensor::from_slice(shape, v).unwrap());
        self.layer.forward(&self.parameters, &mut tape, &self.transform, &v).unwrap().into_value()
    }
}

/// The operation `<c, y>`, whose gradient with respect to y is c.
struct Functional {
    weight: Tensor<f64>,
    source: NodeId,
}

impl Operation<f64> for Functional {
    fn backward(self: Box<Self>, _: Tensor<f64>, gradients: &mut Gradients<f64>) {
        gradients.add(self.source, self.weight);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Fill rule of the golden vectors: element k of the tensor of rank j has t = k + 1 + j.
fn angle(k: usize, rank: usize) -> f64 {
    ((k + 1 + rank) as f64).powi(2)
}

/// Spectral convolution of the official code with n_modes (4, 4), two channels, bias, on cos(0.9 p + 0.4 q + c).
fn golden([n1, n2]: [usize; 2]) -> Tensor<f64> {
    let mut case = Case::new(&[n1, n2], &[2, 3], 2, 2, None);
    let mut weight = vec![0.0; 4 * 3 * 2 * 2 * 2];
    for (i, o, k1, k2) in itertools(2, 2, 4, 3) {
        // There the first row belongs to the frequency -2; here the rows are 0, 1, -2, -1.
        let row = (k1 + 2) % 4;
        let t = angle(((i * 2 + o) * 4 + k1) * 3 + k2, 1);
        let at = ((row * 3 + k2) * 2 * 2 + i) * 2 + o;
        (weight[at], weight[at + 4]) = (t.sin(), t.cos());
    }
    case.set("layer.spectral", &weight);
    case.set("layer.pointwise.weight", &[0.0; 4]);
    case.set("layer.pointwise.bias", &[angle(0, 0).sin(), angle(1, 0).sin()]);
    let point = |index: usize| {
        let (p, q, c) = (index / 2 / n2, index / 2 % n2, index % 2);
        (0.9 * p as f64 + 0.4 * q as f64 + c as f64).cos()
    };
    let input: Vec<f64> = (0..n1 * n2 * 2).map(point).collect();
    case.result(&[1, n1, n2, 2], &input)
}

fn itertools(a: usize, b: usize, c: usize, d: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..a * b * c * d).map(move |i| (i / (b * c * d), i / (c * d) % b, i / d % c, i % d))
}

#[test]
fn spectral_convolution_equals_the_golden_vectors_of_the_official_code() {
    let cases = [
        ([8, 8], [3.406_961, 2.107_714, -0.224_426_7, -0.976_425_6, 14.037_47]),
        ([7, 9], [5.308_165, 2.209_470, -0.048_747_7, -0.760_038_1, 14.253_24]),
    ];
    for (grid, [sum, first, second_channel, first_channel, norm]) in cases {
        let result = golden(grid).to_array();
        // The official code ran in single precision.
        let close =
            |value: f64, expected: f64| assert!((value - expected).abs() < 1e-4 * norm, "{value} {expected}");
        close(result.sum(), sum);
        close(result[[0, 0, 0, 0]], first);
        close(result[[0, 3, 2, 1]], second_channel);
        close(result[[0, 5, 6, 0]], first_channel);
        close(result.iter().map(|v| v * v).sum::<f64>().sqrt(), norm);
    }
}

#[test]
fn a_single_weight_keeps_half_of_a_cosine() {
    // Weight 1 at mode (1, 0) only: of cos(2 pi p / n) = (e^{ix} + e^{-ix}) / 2 one of the two conjugate rows is kept.
    let mut case = Case::new(&[8, 6], &[2, 1], 1, 1, None);
    let mut weight = vec![0.0; 4 * 2];
    weight[2] = 1.0;
    case.set("layer.spectral", &weight);
    case.set("layer.pointwise.weight", &[0.0]);
    case.set("layer.pointwise.bias", &[0.0]);
    let wave: Vec<f64> = (0..48).map(|i| (std::f64::consts::TAU * (i / 6) as f64 / 8.0).cos()).collect();
    let result = case.result(&[1, 8, 6, 1], &wave);
    assert!(result.data().iter().zip(&wave).all(|(y, x)| (y - 0.5 * x).abs() < 1e-14));
}

#[test]
fn band_limited_fields_give_the_same_answer_on_a_finer_grid() {
    let coarse = Case::new(&[12, 10], &[3, 3], 1, 2, Some(GELU));
    let fine = Case::new(&[24, 30], &[3, 3], 1, 2, Some(GELU));
    let field = |n1: usize, n2: usize| -> Vec<f64> {
        let wave = |i: usize| {
            let (x, y) = ((i / n2) as f64 / n1 as f64, (i % n2) as f64 / n2 as f64);
            (std::f64::consts::TAU * (2.0 * x - y)).sin() + (std::f64::consts::TAU * (x + 2.0 * y)).cos()
        };
        (0..n1 * n2).map(wave).collect()
    };
    let a = coarse.result(&[1, 12, 10, 1], &field(12, 10)).to_array();
    let b = fine.result(&[1, 24, 30, 1], &field(24, 30)).to_array();
    for ((_, i, j, c), value) in a.into_dimensionality::<ndarray::Ix4>().unwrap().indexed_iter() {
        assert!((value - b[[0, 2 * i, 3 * j, c]]).abs() < 1e-13);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn gradients_equal_finite_differences(
        dimensions in 1_usize..=3, seed in 0_u64..1000, inputs in 1_usize..4, outputs in 1_usize..4, batch in 1_usize..4,
        with_activation: bool, n in proptest::array::uniform3(5_usize..9), m in proptest::array::uniform3(1_usize..3),
    ) {
        let (grid, modes) = (&n[..dimensions], &m[..dimensions]);
        let case = Case::new(grid, modes, inputs, outputs, with_activation.then_some(GELU));
        let shape = [&[batch], grid, &[inputs]].concat();
        let v = noise(shape.iter().product(), seed);
        let out_len = shape[..=dimensions].iter().product::<usize>() * outputs;
        let c = noise(out_len, seed + 1);

        let mut tape = Tape::recording(&Pool::new());
        let input = tape.input(Tensor::from_slice(&shape, &v).unwrap());
        let y = case.layer.forward(&case.parameters, &mut tape, &case.transform, &input).unwrap();
        let value = Tensor::from_slice(&[], &[dot(y.value().data(), &c)]).unwrap();
        let weight = Tensor::from_slice(y.shape(), &c).unwrap();
        let loss = tape.record(value, y.node().map(|source| Functional { weight, source }));
        let gradients = tape.backward(loss).unwrap();

        let by_input = |v: &[f64]| dot(case.result(&shape, v).data(), &c);
        let direction = noise(v.len(), seed + 2);
        let gradient = gradients.input(&input).unwrap();
        prop_assert!(gradient_gap(by_input, gradient.data(), &v, &direction) < 1e-7);
        for id in case.parameters.ids() {
            let mut moved = Case { parameters: case.parameters.clone(), layer: case.layer.clone(), ..Case::new(grid, modes, inputs, outputs, None) };
            let start = case.parameters.value(id).data().to_vec();
            let by_parameter = |p: &[f64]| {
                moved.parameters.value_mut(id).data_mut().copy_from_slice(p);
                dot(moved.result(&shape, &v).data(), &c)
            };
            let direction = noise(start.len(), seed + 3);
            let gradient = gradients.parameter(id).unwrap();
            prop_assert!(gradient_gap(by_parameter, gradient.data(), &start, &direction) < 1e-7);
        }
    }
}

#[test]
fn wrong_channels_and_coarse_grids_are_named() {
    let case = Case::new(&[8, 8], &[2, 2], 3, 3, None);
    let mut tape = Tape::inference(&Pool::new());
    let v = Var::constant(Tensor::from_slice(&[1, 8, 8, 2], &[0.0; 128]).unwrap());
    let error = case.layer.forward(&case.parameters, &mut tape, &case.transform, &v).unwrap_err();
    assert!(error.to_string().contains("3 channels, last"), "{error}");
    let error = TruncatedFourier::<f64>::new(&[8, 5], &[2, 4]).unwrap_err().to_string();
    assert!(error.contains("on the last axis") && error.contains("got 4"), "{error}");
}
