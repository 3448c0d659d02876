use super::*;
use crate::activation::{ACTIVATIONS, GELU, TANH};
use crate::loss::{Loss, Reduction};
use crate::testing::{functional, parameter_gap, with_threads};
use proptest::prelude::*;
use sobolev_tensor::{Error, Parameters, Pool, Real, Tape, Tensor, Var};
use sobolev_testing::{noise, relative_error};

/// `x W + b` by its definition, in f64.
fn affine(x: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let (outputs, inputs) = (bias.len(), weight.len() / bias.len());
    x.chunks(inputs)
        .flat_map(|row| {
            (0..outputs).map(|j| {
                bias[j] + row.iter().enumerate().map(|(i, x)| x * weight[i * outputs + j]).sum::<f64>()
            })
        })
        .collect()
}

fn values<T: Real>(tensor: &Tensor<T>) -> Vec<f64> {
    tensor.data().iter().map(|v| v.to_f64()).collect()
}

fn input<T: Real>(shape: &[usize]) -> Tensor<T> {
    let values: Vec<T> = noise(shape.iter().product(), 7).iter().map(|v| T::cast(*v)).collect();
    Tensor::from_slice(shape, &values).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn linear_equals_its_definition_and_its_gradients_are_right(
        batch in 1_usize..4, points in 1_usize..400, inputs in 1_usize..40, outputs in 1_usize..8, wide: bool,
    ) {
        let outputs = if wide { 9 * outputs } else { outputs };
        let mut parameters = Parameters::new();
        let layer = Linear::new(&mut parameters, "layer", inputs, outputs, 3).unwrap();
        let x = input(&[batch, points, inputs]);
        let y = layer.forward(&parameters, &mut Tape::inference(&Pool::new()), &Var::constant(x.clone())).unwrap();
        prop_assert_eq!(y.shape(), [batch, points, outputs]);
        let [weight, bias] = [layer.weight(), layer.bias().unwrap()].map(|id| values(parameters.value(id)));
        prop_assert!(relative_error(y.value().data(), &affine(x.data(), &weight, &bias)) < 1e-14);

        // x takes part as a parameter, so that its gradient is checked too.
        let x = parameters.add("x", x);
        let gap = parameter_gap(&parameters, |parameters, tape| {
            let x = tape.parameter(parameters, x);
            let y = layer.forward(parameters, tape, &x).unwrap();
            functional(tape, y)
        });
        prop_assert!(gap < 1e-7, "gap {gap:e}");
    }

    #[test]
    fn the_fused_network_equals_its_parts_and_its_gradients_are_right(
        batch in 1_usize..4, points in 1_usize..300, inputs in 1_usize..20, hidden in 1_usize..150, outputs in 1_usize..6,
        activation in 0..ACTIVATIONS.len(),
    ) {
        let activation = ACTIVATIONS[activation];
        let mut parameters = Parameters::new();
        let layer =
            PointwiseMlp::new(&mut parameters, "mlp", [inputs, hidden, outputs], activation, 4).unwrap();
        let x = input(&[batch, points, inputs]);
        let mut tape = Tape::inference(&Pool::new());
        let y = layer.forward(&parameters, &mut tape, &Var::constant(x.clone())).unwrap();
        let [w1, b1, w2, b2] = [0, 1, 2, 3].map(|i| values(parameters.iter().nth(i).unwrap().1));
        let mut inner = affine(x.data(), &w1, &b1);
        activation.apply(&mut inner);
        prop_assert!(relative_error(y.value().data(), &affine(&inner, &w2, &b2)) < 1e-13);

        if activation.entry().smoothness == crate::activation::Smoothness::Analytic {
            let x = parameters.add("x", x);
            let gap = parameter_gap(&parameters, |parameters, tape| {
                let x = tape.parameter(parameters, x);
                let y = layer.forward(parameters, tape, &x).unwrap();
                functional(tape, y)
            });
            prop_assert!(gap < 1e-7, "gap {gap:e}");
        }
    }
}

#[test]
fn results_and_gradients_have_the_same_bits_on_1_2_and_5_threads() {
    let mut parameters = Parameters::<f32>::new();
    let lift = Linear::new(&mut parameters, "lift", 3, 20, 1).unwrap();
    let project = PointwiseMlp::new(&mut parameters, "project", [20, 48, 1], GELU, 1).unwrap();
    let x = input::<f32>(&[3, 61, 53, 3]);
    let [one, two, five] = with_threads(|| {
        let mut tape = Tape::recording(&Pool::new());
        let x = tape.input(x.clone());
        let y = lift.forward(&parameters, &mut tape, &x).unwrap();
        let y = project.forward(&parameters, &mut tape, &y).unwrap();
        let value = y.value().data().to_vec();
        let target = Tensor::zeros(&Pool::new(), y.shape());
        let loss = Loss::MeanSquared {}.on(&y.shape()[1..]).unwrap();
        let loss = loss.forward(&mut tape, y, &target, Reduction::Mean).unwrap();
        let gradients = tape.backward(loss.value).unwrap();
        let mut all = vec![value, gradients.input(&x).unwrap().data().to_vec()];
        all.extend(parameters.ids().map(|id| gradients.parameter(id).unwrap().data().to_vec()));
        all
    });
    assert!(one == two && one == five);
}

#[test]
fn single_precision_agrees_with_double_precision() {
    let widths = [32, 128, 1];
    let mut single = Parameters::<f32>::new();
    let layer = PointwiseMlp::new(&mut single, "mlp", widths, GELU, 5).unwrap();
    let double = single.cast::<f64>();
    let shape = [2, 500, 32];
    let pool = Pool::new();
    let mut tape = Tape::inference(&pool);
    let y = layer.forward(&single, &mut tape, &Var::constant(input(&shape))).unwrap();
    let mut tape = Tape::inference(&pool);
    let exact = layer.forward(&double, &mut tape, &Var::constant(input(&shape))).unwrap();
    // Sums of 32 and 128 terms in f32: some ten roundings of 6e-8.
    assert!(relative_error(&values(y.value()), exact.value().data()) < 1e-6);
}

#[test]
fn a_wrong_width_is_named() {
    let mut parameters = Parameters::<f64>::new();
    let layer = Linear::new(&mut parameters, "lift", 3, 20, 1).unwrap();
    let x = Var::constant(input(&[2, 3, 10]));
    let error = layer.forward(&parameters, &mut Tape::inference(&Pool::new()), &x).unwrap_err();
    assert!(matches!(error, Error::Shape { .. }));
    assert_eq!(
        error.to_string(),
        "input of a linear layer: expected [.., 3] (channels last), got [2, 3, 10]"
    );
    assert!(Linear::new(&mut parameters, "none", 0, 1, 1).is_err());
    assert!(PointwiseMlp::new(&mut parameters, "none", [1, 0, 1], TANH, 1).is_err());
}
