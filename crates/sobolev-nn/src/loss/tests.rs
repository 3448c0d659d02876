use super::*;
use crate::testing::with_threads;
use proptest::prelude::*;
use sobolev_testing::{adjoint_gap, gradient_gap, noise, relative_error};
use std::f64::consts::TAU;

const LOSSES: [Loss; 4] = [
    Loss::RelativeL2 {},
    Loss::RelativeH1 { derivative: Some(Derivative::Fourier) },
    Loss::RelativeH1 { derivative: Some(Derivative::FiniteDifference) },
    Loss::MeanSquared {},
];

fn tensor(shape: &[usize], values: &[f64]) -> Tensor<f64> {
    Tensor::from_slice(shape, values).unwrap()
}

fn gradient(
    loss: &SampleLoss<f64>,
    prediction: &Tensor<f64>,
    target: &Tensor<f64>,
    how: Reduction,
) -> Vec<f64> {
    let mut tape = Tape::recording(&Pool::new());
    let input = tape.input(prediction.clone());
    let value = loss.forward(&mut tape, input.clone(), target, how).unwrap().value;
    tape.backward(value).unwrap().input(&input).unwrap().data().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn gradients_are_those_of_the_loss(
        batch in 1_usize..4, grid in prop::collection::vec(3_usize..9, 1..4), channels in 1_usize..3, sum: bool,
    ) {
        let sample = [&grid[..], &[channels]].concat();
        let shape = [&[batch], &sample[..]].concat();
        let len = shape.iter().product();
        let (x, target) = (noise(len, 1), tensor(&shape, &noise(len, 2)));
        let reduction = if sum { Reduction::Sum } else { Reduction::Mean };
        for loss in LOSSES {
            let loss = loss.on::<f64>(&sample).unwrap();
            let function = |x: &[f64]| {
                let samples = loss.evaluate(tensor(&shape, x), &target).unwrap();
                samples.iter().sum::<f64>() / if sum { 1.0 } else { batch as f64 }
            };
            let slope = gradient(&loss, &tensor(&shape, &x), &target, reduction);
            let gap = gradient_gap(function, &slope, &x, &noise(len, 3));
            prop_assert!(gap < 1e-7, "{loss:?}: {gap:e}");
            let value = loss.forward(
                &mut Tape::inference(&Pool::new()), Var::constant(tensor(&shape, &x)), &target, reduction,
            ).unwrap();
            prop_assert!((value.value.value().data()[0] - function(&x)).abs() < 1e-14 * function(&x));
        }
    }

    #[test]
    fn metrics_are_those_of_their_norms(grid in prop::collection::vec(3_usize..9, 1..4), channels in 1_usize..3) {
        let sample = [&grid[..], &[channels]].concat();
        let shape = [&[1], &sample[..]].concat();
        let len = shape.iter().product();
        for metric in [Metric::fourier(&sample).unwrap(), Metric::differences(&sample).unwrap()] {
            let apply = |x: &[f64]| {
                let mut values = tensor(&shape, x);
                metric.apply(&Pool::new(), &mut values);
                values.data().to_vec()
            };
            let (x, y) = (noise(len, 4), noise(len, 5));
            prop_assert!(adjoint_gap(apply, apply, &x, &y) < 1e-14);
            let square = metric.squares(&Pool::new(), 1, &tensor(&shape, &x)).unwrap()[0];
            let product: f64 = apply(&x).iter().zip(&x).map(|(a, b)| a * b).sum();
            prop_assert!((square - product).abs() < 1e-13 * square);
        }
    }
}

#[test]
fn relative_l2_of_a_scaled_target_is_the_distance_of_the_scale_from_one() {
    let (shape, sample) = ([2, 30, 30, 2], [30, 30, 2]);
    let target = noise(3600, 6);
    let prediction: Vec<f64> =
        target[..1800].iter().map(|v| 1.25 * v).chain(target[1800..].iter().map(|v| -v)).collect();
    for loss in &LOSSES[..3] {
        let samples = loss
            .on(&sample)
            .unwrap()
            .evaluate(tensor(&shape, &prediction), &tensor(&shape, &target))
            .unwrap();
        assert!(relative_error(&samples, &[0.25, 2.0]) < 1e-14, "{loss:?}: {samples:?}");
    }
}

#[test]
fn h1_of_a_wave_weighs_it_by_its_wave_number() {
    // |cos(3x + 2y)|_H1 / |cos(x)|_H1 = sqrt((1 + 13) / (1 + 1)).
    let points = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        (0..16 * 15).map(|i| f(TAU * (i / 15) as f64 / 16.0, TAU * (i % 15) as f64 / 15.0)).collect()
    };
    let shape = [1, 16, 15, 1];
    let target = tensor(&shape, &points(&|x, _| x.cos()));
    let prediction = points(&|x, y| x.cos() + (3.0 * x + 2.0 * y).cos());
    let loss = LOSSES[1].on(&[16, 15, 1]).unwrap();
    let value = loss.evaluate(tensor(&shape, &prediction), &target).unwrap()[0];
    assert!((value - 7.0_f64.sqrt()).abs() < 1e-13, "{value}");
}

#[test]
fn both_h1_norms_agree_to_second_order() {
    let gaps: Vec<f64> = [32, 64, 128]
        .map(|n| {
            let wave = |k: f64| -> Vec<f64> {
                (0..n).map(|i| (k * TAU * f64::from(i) / f64::from(n)).sin().exp()).collect()
            };
            let shape = [1, n as usize, 1];
            let [fourier, differences] = [LOSSES[1], LOSSES[2]].map(|loss| {
                let loss = loss.on(&shape[1..]).unwrap();
                loss.evaluate(tensor(&shape, &wave(2.0)), &tensor(&shape, &wave(1.0))).unwrap()[0]
            });
            (fourier - differences).abs()
        })
        .to_vec();
    let order = sobolev_testing::observed_order(&[4.0, 2.0, 1.0], &gaps);
    assert!(order > 1.8, "order {order}, gaps {gaps:?}");
}

#[test]
fn an_exact_prediction_has_loss_zero_and_gradient_zero() {
    let target = tensor(&[2, 8, 1], &noise(16, 7));
    for loss in LOSSES {
        let loss = loss.on(&[8, 1]).unwrap();
        assert_eq!(loss.evaluate(target.clone(), &target).unwrap(), [0.0, 0.0]);
        assert!(gradient(&loss, &target, &target, Reduction::Mean).iter().all(|g| *g == 0.0));
    }
}

#[test]
fn values_and_gradients_have_the_same_bits_on_1_2_and_5_threads() {
    let shape = [3, 70, 90, 2];
    let single = |seed| -> Tensor<f32> {
        let values: Vec<f32> = noise(shape.iter().product(), seed).iter().map(|v| *v as f32).collect();
        Tensor::from_slice(&shape, &values).unwrap()
    };
    let (prediction, target) = (single(8), single(9));
    for loss in LOSSES {
        let loss = loss.on::<f32>(&shape[1..]).unwrap();
        let [one, two, five] = with_threads(|| {
            let mut tape = Tape::recording(&Pool::new());
            let input = tape.input(prediction.clone());
            let value = loss.forward(&mut tape, input.clone(), &target, Reduction::Mean).unwrap();
            let gradients = tape.backward(value.value).unwrap();
            (value.samples, gradients.input(&input).unwrap().data().to_vec())
        });
        assert!(one == two && one == five, "{loss:?}");
    }
}

#[test]
fn targets_that_vanish_and_wrong_shapes_are_named() {
    let loss = LOSSES[0].on::<f64>(&[4, 1]).unwrap();
    let mut values = noise(8, 1);
    values[4..].fill(0.0);
    let error = loss.evaluate(tensor(&[2, 4, 1], &noise(8, 2)), &tensor(&[2, 4, 1], &values)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "target: expected a field that does not vanish, got zero everywhere in sample 1 of the batch; \
         a relative error is not defined there: use the mean squared error"
    );
    assert!(
        LOSSES[3]
            .on(&[4, 1])
            .unwrap()
            .evaluate(tensor(&[2, 4, 1], &noise(8, 2)), &tensor(&[2, 4, 1], &values))
            .is_ok()
    );
    let error = loss.evaluate(tensor(&[2, 4, 1], &noise(8, 2)), &tensor(&[2, 1, 4], &values)).unwrap_err();
    assert_eq!(error.to_string(), "target: expected [batch, 4, 1], got [2, 1, 4]");
    let error = LOSSES[2].on::<f64>(&[2, 1]).unwrap_err();
    assert!(error.to_string().contains("at least 3 points"), "{error}");
}

#[test]
fn settings_are_words_or_tables() {
    let read = |text: &str| serde_json::from_str::<Loss>(text).map_err(|e| e.to_string());
    assert_eq!(read("\"relative-l2\""), Ok(Loss::RelativeL2 {}));
    let open = read("\"relative-h1\"").unwrap();
    assert_eq!((open.for_fields(true), open.for_fields(false)), (LOSSES[1], LOSSES[2]));
    // A derivative that was chosen stays.
    assert_eq!((LOSSES[1].for_fields(false), LOSSES[2].for_fields(true)), (LOSSES[1], LOSSES[2]));
    assert_eq!(read(r#"{"relative-h1": {"derivative": "finite-difference"}}"#), Ok(LOSSES[2]));
    for loss in LOSSES {
        assert_eq!(read(&serde_json::to_string(&loss).unwrap()), Ok(loss));
    }
    assert!(
        read("\"l2\"").unwrap_err().contains("expected one of `relative-l2`, `relative-h1`, `mean-squared`")
    );
    assert!(read(r#"{"relative-l2": {"order": 2}}"#).unwrap_err().contains("unknown field `order`"));
    assert!(read("3").unwrap_err().contains("a word, or a table of one word and its settings"));
}
