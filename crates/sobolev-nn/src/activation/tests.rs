use super::kernel::Formula;
use super::*;
use crate::testing::{functional, parameter_gap};
use proptest::prelude::*;
use sobolev_tensor::{Parameters, Tensor};
use sobolev_testing::noise;

/// Points of [-12, 12], dense and away from the kinks at zero, and a few far ones.
fn points() -> Vec<f64> {
    let mut points: Vec<f64> =
        (0..100_001).map(|i| -12.0 + 24.0 * (f64::from(i) + 0.37) / 100_001.0).collect();
    points.extend([-1e4, -300.0, -40.0, 40.0, 300.0, 1e4]);
    points
}

#[test]
fn single_precision_is_close_to_double_precision() {
    for activation in ACTIVATIONS {
        let x: Vec<f32> = points().iter().map(|x| *x as f32).collect();
        let exact: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        let (mut value, mut slope) = (x.clone(), vec![1.0_f32; x.len()]);
        activation.apply(&mut value);
        activation.backward(&x, &mut slope);
        let (mut exact_value, mut exact_slope) = (exact.clone(), vec![1.0; x.len()]);
        activation.apply(&mut exact_value);
        activation.backward(&exact, &mut exact_slope);
        for i in 0..x.len() {
            let scale = exact[i].abs().max(1.0);
            let error = (f64::from(value[i]) - exact_value[i]).abs();
            // The value is rounded to f32 in the end, hence the scale beyond 4.
            assert!(error < 6e-7 * (scale / 4.0).max(1.0), "{activation} at {}: error {error:e}", x[i]);
            let error = (f64::from(slope[i]) - exact_slope[i]).abs();
            // Twice the error of tanh, whose slope is 1 - tanh^2.
            assert!(error < 6e-7, "slope of {activation} at {}: error {error:e}", x[i]);
        }
    }
}

/// The largest errors of value and slope without a fused multiply-add, as on processors without FMA.
fn plain_errors<F: Formula>() -> (f64, f64) {
    points().iter().filter(|x| x.abs() <= 12.0).fold((0.0, 0.0), |(value, slope), x| {
        let x = *x as f32;
        let error = |single: f32, double: f64| (f64::from(single) - double).abs();
        (
            f64::max(value, error(F::value_f32::<false>(x), F::value_f64(f64::from(x)))),
            f64::max(slope, error(F::slope_f32::<false>(x), F::slope_f64(f64::from(x)))),
        )
    })
}

#[test]
fn processors_without_a_fused_product_lose_little() {
    // One more rounding in every step: twice the error of the fused forms (and half a unit of the last place at 12).
    for (value, slope) in [
        plain_errors::<gelu::Gelu>(),
        plain_errors::<tanh::Tanh>(),
        plain_errors::<silu::Silu>(),
        plain_errors::<sine::Sine>(),
    ] {
        assert!(value < 2e-6 && slope < 1e-6, "value {value:e}, slope {slope:e}");
    }
}

#[test]
fn gelu_keeps_its_relative_accuracy_in_the_negative_tail() {
    // 40 digits by mpmath, rounded.
    let x: [f64; 6] = [-0.1, -1.0, -5.3, -10.0, -20.0, -37.0];
    let expected = [
        -0.046_017_216_272_297_1,
        -0.158_655_253_931_457_05,
        -3.068_771_041_181_235e-7,
        -7.619_853_024_160_526e-23,
        -5.507_248_237_212_468e-88,
        -2.118_461_352_334_093_5e-298,
    ];
    let slopes = [
        0.420_476_907_975_269_8,
        -0.083_315_470_587_686_3,
        -1.622_913_744_459_822_5e-6,
        -7.618_400_096_464_814e-22,
        -1.101_436_048_313_346_4e-86,
        -7.838_298_669_418_516e-297,
    ];
    let (mut value, mut slope) = (x, [1.0; 6]);
    GELU.apply(&mut value);
    GELU.backward(&x, &mut slope);
    for i in 0..x.len() {
        assert!((value[i] / expected[i] - 1.0).abs() < 1e-15, "value at {}: {:e}", x[i], value[i]);
        assert!((slope[i] / slopes[i] - 1.0).abs() < 1.5e-15, "slope at {}: {:e}", x[i], slope[i]);
    }
}

#[test]
fn slopes_are_the_derivatives() {
    let x: Vec<f64> = noise(200, 1).iter().map(|v| 4.0 * v).collect();
    for activation in ACTIVATIONS {
        let step = 1e-6;
        let moved = |sign: f64| {
            let mut y: Vec<f64> = x.iter().map(|x| x + sign * step).collect();
            activation.apply(&mut y);
            y
        };
        let (high, low) = (moved(1.0), moved(-1.0));
        let mut slope = vec![1.0; x.len()];
        activation.backward(&x, &mut slope);
        for i in 0..x.len() {
            let difference = (high[i] - low[i]) / (2.0 * step);
            // Central difference: step^2 |f'''| / 6 + eps / step.
            assert!((difference - slope[i]).abs() < 1e-9, "{activation} at {}", x[i]);
        }
    }
}

#[test]
fn values_that_are_not_finite_are_not_hidden() {
    for activation in ACTIVATIONS {
        let mut value = [f32::NAN; 40];
        activation.apply(&mut value);
        assert!(value.iter().all(|v| v.is_nan()), "{activation} hides NaN");
        let mut gradient = [f32::NAN; 40];
        activation.backward(&[0.3; 40], &mut gradient);
        assert!(gradient.iter().all(|v| v.is_nan()), "{activation} hides a NaN gradient");
        let mut far = [f32::MAX / 4.0, -f32::MAX / 4.0];
        activation.apply(&mut far);
        assert!(far.iter().all(|v| v.is_finite()), "{activation} overflows");
    }
}

proptest! {
    #[test]
    fn cutting_a_slice_does_not_change_its_bits(len in 1_usize..200, cut in 0_usize..200) {
        let cut = cut.min(len);
        let x: Vec<f32> = noise(len, 3).iter().map(|v| 6.0 * *v as f32).collect();
        for activation in ACTIVATIONS {
            let (mut whole, mut parts) = (x.clone(), x.clone());
            activation.apply(&mut whole);
            activation.apply(&mut parts[..cut]);
            activation.apply(&mut parts[cut..]);
            prop_assert_eq!(&whole, &parts);
            let mut copied = vec![f32::NAN; len];
            activation.apply_to(&x, &mut copied);
            prop_assert_eq!(&whole, &copied);
        }
    }
}

#[test]
fn the_tape_differentiates_an_activation() {
    let x: Vec<f64> = noise(50, 4).iter().map(|v| 3.0 * v).collect();
    for activation in ACTIVATIONS {
        let mut parameters = Parameters::new();
        let id = parameters.add("x", Tensor::from_slice(&[5, 10], &x).unwrap());
        let gap = parameter_gap(&parameters, |parameters, tape| {
            let x = tape.parameter(parameters, id);
            let y = activation.forward(tape, &x);
            functional(tape, y)
        });
        assert!(gap < 1e-7, "{activation}: {gap:e}");
    }
}

#[test]
fn names_are_unique_and_a_slip_is_answered_with_the_nearest() {
    for (i, activation) in ACTIVATIONS.iter().enumerate() {
        assert!(ACTIVATIONS[..i].iter().all(|other| other != activation));
        assert_eq!(Activation::named(activation.name()).unwrap(), *activation);
        let json = serde_json::to_string(activation).unwrap();
        assert_eq!(serde_json::from_str::<Activation>(&json).unwrap(), *activation);
    }
    let error = serde_json::from_str::<Activation>("\"gleu\"").unwrap_err().to_string();
    assert!(error.starts_with("activation: expected one of identity, relu,"), "{error}");
    assert!(error.contains("did you mean \"gelu\"?"), "{error}");
}
