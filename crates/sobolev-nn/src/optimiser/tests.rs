use super::*;
use crate::testing::with_threads;
use sobolev_tensor::{NodeId, Operation, Pool, Tape};
use sobolev_testing::noise;

/// A scalar with a given gradient.
struct Given(Vec<f64>, NodeId);

impl<T: Real> Operation<T> for Given {
    fn backward(self: Box<Self>, gradient: Tensor<T>, gradients: &mut Gradients<T>) {
        let values: Vec<T> = self.0.iter().map(|v| gradient.data()[0] * T::cast(*v)).collect();
        gradients.add(self.1, Tensor::from_slice(&[values.len()], &values).unwrap());
    }
}

/// Gradients of the first parameter; the others have none.
fn gradients<T: Real>(parameters: &Parameters<T>, values: &[f64]) -> Gradients<T> {
    let mut tape = Tape::recording(&Pool::new());
    let id = parameters.ids().next().unwrap();
    let node = tape.parameter(parameters, id).node();
    let scalar = Tensor::zeros(&Pool::new(), &[]);
    let loss = tape.record(scalar, node.map(|node| Given(values.to_vec(), node)));
    tape.backward(loss).unwrap()
}

fn one_parameter<T: Real>(values: &[f64]) -> Parameters<T> {
    let values: Vec<T> = values.iter().map(|v| T::cast(*v)).collect();
    let mut parameters = Parameters::new();
    parameters.add("p", Tensor::from_slice(&[values.len()], &values).unwrap());
    parameters
}

#[test]
fn three_steps_equal_those_of_pytorch() {
    // torch 2.15, float64: lr 0.1, betas (0.9, 0.99), eps 1e-8, from [1, -2, 0.5] with the gradients below.
    let steps = [[0.5, -1.0, 0.0], [0.25, 2.0, 1e-3], [-3.0, 0.1, 0.2]];
    let settings = AdamSettings { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weight_decay: 0.01 };
    let cases = [
        (
            OptimiserSettings::Adam(settings),
            [
                [0.900_000_001_960_784_3, -1.900_000_000_980_392_1, 0.400_000_199_999_6],
                [0.806_430_031_410_985_6, -1.935_457_863_368_140_5, 0.300_000_399_047_036_7],
                [0.855_417_486_187_578_4, -1.965_225_245_849_371, 0.233_767_490_600_114_04],
            ],
        ),
        (
            OptimiserSettings::AdamW(settings),
            [
                [0.899_000_002, -1.898_000_001, 0.4995],
                [0.804_756_204_185_767_2, -1.932_662_772_101_605_4, 0.424_755_568_513_299_54],
                [0.853_355_442_492_146_6, -1.961_885_683_070_863, 0.360_451_420_878_425_4],
            ],
        ),
        (
            OptimiserSettings::Adam(AdamSettings { weight_decay: 0.0, ..settings }),
            [
                [0.900_000_002, -1.900_000_001, 0.5],
                [0.806_655_204_187_767_3, -1.936_560_772_102_605_5, 0.425_755_068_513_299_53],
                [0.856_059_198_698_332_4, -1.967_716_345_843_964_8, 0.361_875_676_446_940_13],
            ],
        ),
    ];
    for (settings, expected) in cases {
        let mut parameters = one_parameter::<f64>(&[1.0, -2.0, 0.5]);
        let mut optimiser = settings.build(&parameters).unwrap();
        for (gradient, expected) in steps.iter().zip(expected) {
            let gradients = gradients(&parameters, gradient);
            optimiser.step(&mut parameters, &gradients, 0.1, 1.0);
            for (value, expected) in parameters.iter().next().unwrap().1.data().iter().zip(expected) {
                // The order of a few roundings differs.
                assert!((value - expected).abs() < 2e-15, "{settings:?}: {value} against {expected}");
            }
        }
    }
}

#[test]
fn the_scale_multiplies_gradients_before_anything_else() {
    let mut whole = one_parameter::<f64>(&noise(10, 1));
    let mut scaled = whole.clone();
    let settings = OptimiserSettings::default();
    let (mut first, mut second) = (settings.build(&whole).unwrap(), settings.build(&scaled).unwrap());
    let half: Vec<f64> = noise(10, 2).iter().map(|g| 0.5 * g).collect();
    for _ in 0..3 {
        let (full, half) = (gradients(&whole, &noise(10, 2)), gradients(&scaled, &half));
        first.step(&mut whole, &full, 1e-2, 0.5);
        second.step(&mut scaled, &half, 1e-2, 1.0);
    }
    assert_eq!(whole.iter().next().unwrap().1.data(), scaled.iter().next().unwrap().1.data());
}

#[test]
fn parameters_without_a_gradient_stay() {
    let mut parameters = one_parameter::<f64>(&[1.0]);
    parameters.add("idle", Tensor::from_slice(&[1], &[3.0]).unwrap());
    let mut optimiser = OptimiserSettings::default().build(&parameters).unwrap();
    let gradients = gradients(&parameters, &[1.0]);
    optimiser.step(&mut parameters, &gradients, 0.1, 1.0);
    let values: Vec<f64> = parameters.iter().map(|(_, value)| value.data()[0]).collect();
    assert!(values[0] != 1.0 && values[1] == 3.0);
}

#[test]
fn a_restored_optimiser_goes_on_with_the_same_bits() {
    let mut parameters = one_parameter::<f32>(&noise(40_000, 3));
    let mut optimiser = OptimiserSettings::default().build(&parameters).unwrap();
    for seed in 0..3 {
        let gradients = gradients(&parameters, &noise(40_000, seed));
        optimiser.step(&mut parameters, &gradients, 1e-3, 1.0);
    }
    let mut copy = parameters.clone();
    let mut restored = OptimiserSettings::default().build(&copy).unwrap();
    let state = optimiser.state(&parameters);
    let names: Vec<&str> = state.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["first_moment.p", "second_moment.p"]);
    let mut find =
        |name: &str, _: &[usize]| Ok(state.iter().find(|(own, _)| own == name).expect("stored").1.clone());
    restored.restore(optimiser.steps(), &copy, &mut find).unwrap();
    let gradients = gradients(&parameters, &noise(40_000, 9));
    optimiser.step(&mut parameters, &gradients, 1e-3, 1.0);
    restored.step(&mut copy, &gradients, 1e-3, 1.0);
    assert_eq!(parameters.iter().next().unwrap().1.data(), copy.iter().next().unwrap().1.data());
}

#[test]
fn norms_and_steps_have_the_same_bits_on_1_2_and_5_threads() {
    let start = one_parameter::<f32>(&noise(100_000, 4));
    let gradients = gradients(&start, &noise(100_000, 5));
    let [one, two, five] = with_threads(|| {
        let mut parameters = start.clone();
        let mut optimiser = OptimiserSettings::default().build(&parameters).unwrap();
        optimiser.step(&mut parameters, &gradients, 1e-3, 1.0);
        let values = parameters.iter().next().unwrap().1.data().to_vec();
        (gradient_norm(&start, &gradients).to_bits(), values)
    });
    assert!(one == two && one == five);
}

#[test]
fn clipping_bounds_the_norm_and_leaves_small_gradients() {
    let parameters = one_parameter::<f64>(&[0.0, 0.0]);
    let norm = gradient_norm(&parameters, &gradients(&parameters, &[3.0, 4.0]));
    assert_eq!(norm, 5.0);
    assert_eq!(clip_factor(norm, Some(1.0)), 0.2);
    assert_eq!(clip_factor(norm, Some(10.0)), 1.0);
    assert_eq!(clip_factor(norm, None), 1.0);
    assert!(gradient_norm(&parameters, &gradients(&parameters, &[f64::NAN, 4.0])).is_nan());
}

#[test]
fn settings_are_read_and_checked() {
    let read = |text: &str| serde_json::from_str::<OptimiserSettings>(text).map_err(|e| e.to_string());
    assert_eq!(read("\"adam\""), Ok(OptimiserSettings::default()));
    let expected = AdamSettings { weight_decay: 0.01, ..AdamSettings::default() };
    assert_eq!(read(r#"{"adamw": {"weight_decay": 0.01}}"#), Ok(OptimiserSettings::AdamW(expected)));
    assert!(read(r#"{"adam": {"beta": 0.9}}"#).unwrap_err().contains("unknown field `beta`"));
    assert!(read("\"sgd\"").unwrap_err().contains("expected `adam` or `adamw`"));
    let settings = OptimiserSettings::Adam(AdamSettings { beta2: 1.0, ..AdamSettings::default() });
    let error = settings.build(&one_parameter::<f64>(&[1.0])).unwrap_err();
    assert_eq!(error.to_string(), "optimiser beta2: expected a number in [0, 1), got 1");
}
