use super::*;
use ndarray::{Array2, Array3, Array4, s};
use sobolev_nn::Loss;
use sobolev_tensor::{Pool, Tensor};

/// The fields of `tests/reference/metrics.py`, `[2, x.., channels]`: prediction and target.
fn fields(grid: &[usize], channels: usize) -> (ArrayD<f64>, ArrayD<f64>) {
    let shape: Vec<usize> = [2].into_iter().chain(grid.iter().copied()).chain([channels]).collect();
    let make = |with_error: bool| {
        ArrayD::from_shape_fn(shape.as_slice(), |index| {
            let (b, c) = (index[0] as f64, index[grid.len() + 1] as f64);
            let slopes = (0..grid.len()).map(|a| (a + 1) as f64 * 0.37 * index[a + 1] as f64);
            let phase = slopes.sum::<f64>() + 0.9 * b;
            let target = phase.sin() + 0.3 * (1.3 * phase * (1.0 + c)).cos() + 0.1 * c;
            let error = 0.01 * (2.1 * phase + c).cos() + 0.002 * (b + 1.0) * index[1] as f64;
            if with_error { target + error } else { target }
        })
    };
    (make(true), make(false))
}

fn close(ours: f64, expected: f64, what: &str) {
    // Sums of up to 2000 numbers of one sign, and a transform: rounding of 1e-13, with room for the cancelled error.
    assert!((ours - expected).abs() < 1e-11 * expected.abs(), "{what}: {ours} instead of {expected}");
}

#[test]
fn values_of_an_independent_computation_are_met() {
    // Relative L2, H1 by Fourier, H1 by differences, RMSE, nRMSE, largest error, bands; from tests/reference/metrics.py.
    type Row = [f64; 9];
    let none = f64::NAN;
    #[rustfmt::skip]
    #[allow(clippy::excessive_precision)]
    let cases: [(&[usize], usize, &[f64], [Row; 2]); 3] = [
        (&[32], 1, &[1.0], [
            [0.05705154269344557, 0.04094409497245045, 0.036580282913916094, 0.036323118526336864, 0.05705154269344557,
             0.06701260681597754, 0.01245777914520313, 0.0018111343242351893, 0.0010068410338560474],
            [0.1123903248607758, 0.08676839542705604, 0.06302009379338372, 0.07320731461774599, 0.1123903248607758,
             0.1306428551777134, 0.02480999452730968, 0.003996130024060688, 0.002106877239866156],
        ]),
        (&[26, 31], 2, &[1.0, 2.0], [
            [0.040789660916920295, 0.021768547054952413, 0.018359743324719697, 0.030009935901599852, 0.04079913883892122,
             0.05998954052382943, 0.020231051764201192, 0.004079390117918546, 0.0021541388013637695],
            [0.07985367540998474, 0.03377161959522469, 0.025499774612264714, 0.05870725069440931, 0.07987106364740897,
             0.10999768506613106, 0.0402235560508885, 0.0065235363417782185, 0.004122051834251882],
        ]),
        (&[6, 9, 8], 1, &[1.0, 1.0, 3.0], [
            [0.014460771740664098, 0.01990526481882652, 0.018870506801878188, 0.009310600050642718, 0.0144607717406641,
             0.019977439160794398, 0.008162497631617893, none, none],
            [0.02090406221365998, 0.020816543530647727, 0.019630402968714548, 0.014029950859153836, 0.02090406221365998,
             0.029999999973015168, 0.016321790878461678, none, none],
        ]),
    ];
    for (grid, channels, lengths, rows) in cases {
        let (prediction, target) = fields(grid, channels);
        let evaluator = Evaluator::new(grid).unwrap().with_lengths(lengths).unwrap();
        let fourier = evaluator.evaluate(prediction.view(), target.view()).unwrap();
        let evaluator = evaluator.with_derivative(Derivative::FiniteDifference).unwrap();
        let differences = evaluator.evaluate(prediction.view(), target.view()).unwrap();
        for (sample, row) in rows.iter().enumerate() {
            let of = |measure: &Measure| measure.per_sample()[sample];
            close(of(fourier.relative_l2()), row[0], "relative L2");
            close(of(fourier.relative_h1()), row[1], "relative H1, Fourier");
            close(of(differences.relative_h1()), row[2], "relative H1, differences");
            close(of(fourier.rmse()), row[3], "RMSE");
            close(of(fourier.nrmse()), row[4], "nRMSE");
            close(of(fourier.largest_error()), row[5], "largest error");
            let bands = [fourier.fourier_low(), fourier.fourier_mid(), fourier.fourier_high()];
            for (band, expected) in bands.into_iter().zip(&row[6..]) {
                match band {
                    Some(band) => close(of(band), *expected, "Fourier band"),
                    None => assert!(expected.is_nan(), "a band of {grid:?} is missing"),
                }
            }
        }
        let mean = (rows[0][0] + rows[1][0]) / 2.0;
        close(fourier.relative_l2().mean(), mean, "mean");
    }
}

#[test]
fn both_h1_norms_agree_to_second_order_on_a_periodic_field() {
    let gap = |n: usize| {
        let field = |shift: f64| {
            Array3::from_shape_fn((1, n, 1), |(_, i, _)| {
                (std::f64::consts::TAU * i as f64 / n as f64 + shift).sin().exp()
            })
        };
        let (target, prediction) = (field(0.0), field(0.1) + 0.3);
        let evaluator = Evaluator::new(&[n]).unwrap();
        let fourier = evaluator.evaluate(prediction.view(), target.view()).unwrap();
        let evaluator = evaluator.with_derivative(Derivative::FiniteDifference).unwrap();
        let differences = evaluator.evaluate(prediction.view(), target.view()).unwrap();
        (fourier.relative_h1().mean() - differences.relative_h1().mean()).abs()
    };
    let sizes = [64, 128, 256];
    let order = sobolev_testing::observed_order(&sizes.map(|n| 1.0 / n as f64), &sizes.map(gap));
    // The one-sided differences at the two ends add terms of order 3, which are still seen here.
    assert!((1.95..2.3).contains(&order), "order {order}");
}

#[test]
fn relative_measures_are_the_losses_that_networks_are_trained_with() {
    let (prediction, target) = fields(&[12, 9], 2);
    for derivative in [Derivative::Fourier, Derivative::FiniteDifference] {
        let evaluator = Evaluator::new(&[12, 9]).unwrap().with_derivative(derivative).unwrap();
        let result = evaluator.evaluate(prediction.view(), target.view()).unwrap();
        let pairs = [
            (Loss::RelativeL2 {}, result.relative_l2()),
            (Loss::RelativeH1 { derivative: Some(derivative) }, result.relative_h1()),
        ];
        for (loss, measure) in pairs {
            let tensor = |array: &ArrayD<f64>| Tensor::from_array(&Pool::new(), array.view());
            let values =
                loss.on(&[12, 9, 2]).unwrap().evaluate(tensor(&prediction), &tensor(&target)).unwrap();
            for (ours, theirs) in measure.per_sample().iter().zip(values) {
                close(*ours, theirs, &format!("{loss:?}"));
            }
        }
    }
}

#[test]
fn a_single_wave_of_error_falls_into_its_band_with_its_amplitude() {
    // For 0.5 cos(2 pi k x), |e_hat(k)| = 0.5 n / 2; over n that is 0.25, spread over the bins of the band.
    for (k, band, bins) in [(2, 0, 4.0), (7, 1, 8.0), (20, 2, 21.0)] {
        let n = 64;
        let wave = Array3::from_shape_fn((1, n, 1), |(_, i, _)| {
            0.5 * (std::f64::consts::TAU * (k * i) as f64 / n as f64).cos()
        });
        let result =
            Evaluator::new(&[n]).unwrap().evaluate(wave.view(), Array3::zeros((1, n, 1)).view()).unwrap();
        let bands =
            [result.fourier_low(), result.fourier_mid(), result.fourier_high()].map(|b| b.unwrap().mean());
        for (index, value) in bands.into_iter().enumerate() {
            let expected = if index == band { 0.25 / bins } else { 0.0 };
            assert!((value - expected).abs() < 1e-14, "k = {k}, band {index}: {value}");
        }
    }
}

#[test]
fn parts_give_the_bits_of_the_whole_for_any_number_of_threads() {
    let (prediction, target) = fields(&[16, 12], 2);
    let more = |a: &ArrayD<f64>| {
        ndarray::concatenate(Axis(0), &[a.view(), (a * 0.7).view(), (a + 0.1).view()]).unwrap()
    };
    let (prediction, target) = (more(&prediction), more(&(target * 1.01)));
    let evaluator = Evaluator::new(&[16, 12]).unwrap();
    let whole = evaluator.evaluate(prediction.view(), target.view()).unwrap();
    let part = |range: std::ops::Range<usize>| {
        let pick = |a: &ArrayD<f64>| a.slice_axis(Axis(0), Slice::from(range.clone())).to_owned();
        evaluator.evaluate(pick(&prediction).view(), pick(&target).view()).unwrap()
    };
    let mut joined = part(0..1);
    joined.append(part(1..4)).unwrap();
    joined.append(part(4..6)).unwrap();
    assert_eq!(joined, whole);
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| evaluator.evaluate(prediction.view(), target.view())).unwrap(), whole);
    }
    let other = Evaluator::new(&[12]).unwrap();
    let other =
        other.evaluate(Array3::<f64>::ones((1, 12, 1)).view(), Array3::ones((1, 12, 1)).view()).unwrap();
    assert!(joined.append(other).unwrap_err().to_string().contains("grid [16, 12], 2 channels"));
}

#[test]
fn strides_and_precision_of_the_input_do_not_matter() {
    let (prediction, target) = fields(&[10, 14], 1);
    let evaluator = Evaluator::new(&[10, 14]).unwrap();
    let expected = evaluator.evaluate(prediction.view(), target.view()).unwrap();
    let transposed = |a: &ArrayD<f64>| {
        let mut turned = a.view().permuted_axes(vec![0, 2, 1, 3]).as_standard_layout().into_owned();
        turned.swap_axes(1, 2);
        turned
    };
    let (p, t) = (transposed(&prediction), transposed(&target));
    assert!(!p.is_standard_layout());
    let turned = evaluator.evaluate(p.view(), t.view()).unwrap();
    close(turned.relative_h1().mean(), expected.relative_h1().mean(), "H1 of a transposed array");
    let single = |a: &ArrayD<f64>| a.mapv(|v| v as f32);
    let single = evaluator.evaluate(single(&prediction).view(), single(&target).view()).unwrap();
    // Rounding the fields, of size 1, to f32 moves errors of 0.01 by 1e-5 of themselves.
    assert!((single.relative_l2().mean() / expected.relative_l2().mean() - 1.0).abs() < 1e-5);
}

#[test]
fn a_vanishing_target_gives_zero_or_a_huge_finite_number() {
    let zero = Array3::<f64>::zeros((2, 8, 1));
    let mut prediction = zero.clone();
    prediction[[1, 3, 0]] = 1e-3;
    let result = Evaluator::new(&[8]).unwrap().evaluate(prediction.view(), zero.view()).unwrap();
    for measure in [result.relative_l2(), result.relative_h1(), result.nrmse()] {
        assert_eq!(measure.per_sample()[0], 0.0);
        assert!(measure.per_sample()[1] > 1e90 && measure.mean().is_finite());
    }
}

#[test]
fn the_table_and_the_file_hold_every_measure() {
    let (prediction, target) = fields(&[26, 31], 2);
    let result = Evaluator::new(&[26, 31]).unwrap().evaluate(prediction.view(), target.view()).unwrap();
    let table = result.to_string();
    assert!(table.starts_with("2 samples on 26 x 31, 2 channels, H1 with Fourier derivatives\n"), "{table}");
    for (name, measure) in result.measures() {
        let line = table.lines().find(|line| line.starts_with(name)).expect(name);
        assert!(line.contains(&format!("{:.3e}", measure.mean())), "{line}");
    }
    assert_eq!(table.lines().count(), 10);
    let text = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::from_str::<Evaluation>(&text).unwrap(), result);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["relative_l2"]["per_sample"].as_array().unwrap().len(), 2);
    assert_eq!(json["relative_l2"]["mean"].as_f64(), Some(result.relative_l2().mean()));
    assert_eq!((result.rmse().worst().0, result.samples()), (1, 2));
    assert_eq!(result.rmse().median(), result.rmse().mean(), "of two samples");
}

#[test]
fn wrong_input_is_named() {
    let evaluator = || Evaluator::new(&[8, 6]).unwrap();
    let field = Array4::<f32>::ones((3, 8, 6, 1));
    let message = |prediction: &Array4<f32>, target: &Array4<f32>| {
        evaluator().evaluate(prediction.view(), target.view()).unwrap_err().to_string()
    };
    let other = Array4::ones((3, 8, 7, 1));
    assert_eq!(
        message(&other, &other),
        "target: expected [batch, 8, 6, channel] on the evaluator's grid, got [3, 8, 7, 1]"
    );
    assert_eq!(
        message(&field.slice(s![..2, .., .., ..]).to_owned(), &field),
        "prediction: expected the shape of the target, [3, 8, 6, 1], got [2, 8, 6, 1]"
    );
    let mut broken = field.clone();
    broken[[2, 1, 0, 0]] = f32::NAN;
    assert_eq!(message(&broken, &field), "prediction: expected finite values, got NaN at index [2, 1, 0, 0]");
    assert!(message(&field, &broken).starts_with("target: expected finite"));
    assert!(message(&Array4::ones((0, 8, 6, 1)), &Array4::ones((0, 8, 6, 1))).contains("an axis is empty"));
    let flat = Array2::<f32>::ones((8, 6));
    assert!(evaluator().evaluate(flat.view(), flat.view()).is_err());
    assert!(Evaluator::new(&[]).is_err());
    assert!(evaluator().with_lengths(&[1.0]).is_err());
    assert!(evaluator().with_lengths(&[1.0, -2.0]).unwrap_err().to_string().contains("got -2"));
    assert!(Evaluator::new(&[8, 2]).unwrap().with_derivative(Derivative::FiniteDifference).is_err());
}
