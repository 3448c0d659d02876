use ndarray::{Array3, Array4, Array5, ArrayD, Axis, IxDyn, Zip};
use sobolev_fft::derivative::{
    DealiasingMask, SpectralDerivatives, highest_dealiased, real_wavenumbers, wavenumbers,
};
use sobolev_fft::{Complex, Error, FourierPlan};
use sobolev_testing::{largest, noise, observed_order};
use std::f64::consts::{PI, TAU};

#[test]
fn every_resolved_wave_is_differentiated_exactly_to_any_order() {
    for (n, length) in [(15, 1.0), (16, TAU), (17, 0.3)] {
        let operators = SpectralDerivatives::<f64>::new(&[n], &[length]).unwrap();
        let x = |i: usize| i as f64 * length / n as f64;
        for wave in 0..n.div_ceil(2) {
            let k = TAU * wave as f64 / length;
            let field = Array3::from_shape_fn((1, n, 1), |(_, i, _)| (k * x(i) + 0.4).cos());
            for order in 0..6_u32 {
                let slope = operators.derivative(field.view(), 0, order).unwrap();
                // Differentiation advances the phase by a quarter.
                let exact =
                    |i: usize| k.powi(order as i32) * (k * x(i) + 0.4 + f64::from(order) * PI / 2.0).cos();
                let gap = largest(slope.indexed_iter().map(|((_, i, _), v)| v - exact(i)));
                // Angles up to 50 are rounded by 25 eps, in the field and in the exact slope; the largest factor of an error is
                // (pi n / length)^order.
                let scale = (PI * n as f64 / length).powi(order as i32);
                assert!(gap < 1.2e-14 * scale, "n {n}, wave {wave}, order {order}: {gap:e}");
            }
        }
    }
}

#[test]
fn the_middle_wave_of_an_even_axis_has_even_derivatives_only() {
    let operators = SpectralDerivatives::<f64>::new(&[8, 6], &[1.0, 2.0]).unwrap();
    let field = Array4::from_shape_fn((1, 8, 6, 1), |(_, i, j, _)| if (i + j) % 2 == 0 { 1.0 } else { -1.0 });
    for axis in 0..2 {
        let slope = operators.derivative(field.view(), axis, 1).unwrap();
        assert!(largest(slope) < 1e-13);
    }
    let (k1, k2) = (TAU * 4.0, TAU * 3.0 / 2.0);
    let curvature = operators.laplacian(field.view()).unwrap();
    assert!(largest(curvature + &field * (k1 * k1 + k2 * k2)) < 1e-11);
    assert!(largest(operators.mixed(field.view(), &[1, 1]).unwrap()) < 1e-11);
}

#[test]
fn derivatives_act_on_their_axis_in_three_dimensions() {
    let (grid, lengths) = ([6, 9, 8], [1.0, 2.0, 0.5]);
    let operators = SpectralDerivatives::<f64>::new(&grid, &lengths).unwrap();
    let k = [TAU, 2.0 * TAU / 2.0, 3.0 * TAU / 0.5];
    let place = |a: usize, i: usize| i as f64 * lengths[a] / grid[a] as f64;
    let phase = |i: usize, j: usize, l: usize| k[0] * place(0, i) - k[1] * place(1, j) + k[2] * place(2, l);
    let field =
        Array5::from_shape_fn((2, 6, 9, 8, 3), |(b, i, j, l, c)| (1 + b + c) as f64 * phase(i, j, l).sin());
    let gradient = operators.gradient(field.view()).unwrap();
    assert_eq!(gradient.shape(), [2, 6, 9, 8, 9]);
    let slopes = [k[0], -k[1], k[2]];
    for ((b, i, j, l, channel), value) in gradient.indexed_iter() {
        let exact = (1 + b + channel / 3) as f64 * slopes[channel % 3] * phase(i, j, l).cos();
        assert!((value - exact).abs() < 1e-11, "channel {channel}: {value} {exact}");
    }
    let mixed = operators.mixed(field.view(), &[1, 2, 1]).unwrap();
    let factor = -k[0] * k[1] * k[1] * k[2];
    Zip::indexed(&mixed).for_each(|(b, i, j, l, c), value| {
        let exact = -factor * (1 + b + c) as f64 * phase(i, j, l).sin();
        assert!((value - exact).abs() < 1e-8, "{value} {exact}");
    });
}

#[test]
fn errors_of_a_smooth_field_fall_faster_than_any_power() {
    let points = [8.0, 16.0, 24.0];
    let errors = points.map(|n: f64| {
        let operators = SpectralDerivatives::<f64>::new(&[n as usize], &[TAU]).unwrap();
        let x = |i: usize| i as f64 * TAU / n;
        let field = Array3::from_shape_fn((1, n as usize, 1), |(_, i, _)| x(i).sin().exp());
        let slope = operators.derivative(field.view(), 0, 1).unwrap();
        largest(slope.indexed_iter().map(|((_, i, _), v)| v - x(i).cos() * x(i).sin().exp()))
    });
    let order = |pair: std::ops::Range<usize>| -observed_order(&points[pair.clone()], &errors[pair]);
    assert!(order(0..2) > 8.0 && order(1..3) > 14.0, "{errors:?}");
}

#[test]
fn first_derivatives_are_skew_and_the_laplacian_is_symmetric() {
    let operators = SpectralDerivatives::<f64>::new(&[12, 7], &[1.0, 3.0]).unwrap();
    let shape = IxDyn(&[2, 12, 7, 2]);
    let x = ArrayD::from_shape_vec(shape.clone(), noise(336, 1)).unwrap();
    let y = ArrayD::from_shape_vec(shape, noise(336, 2)).unwrap();
    let dot = |a: &ArrayD<f64>, b: &ArrayD<f64>| (a * b).sum();
    for axis in 0..2 {
        let (dx, dy) = (
            operators.derivative(x.view(), axis, 1).unwrap(),
            operators.derivative(y.view(), axis, 1).unwrap(),
        );
        assert!((dot(&dx, &y) + dot(&x, &dy)).abs() < 1e-11);
    }
    let (lx, ly) = (operators.laplacian(x.view()).unwrap(), operators.laplacian(y.view()).unwrap());
    // Entries reach (pi 12)^2 = 1400.
    assert!((dot(&lx, &y) - dot(&x, &ly)).abs() < 1e-9);
}

#[test]
fn inverse_laplacian_undoes_the_laplacian_up_to_the_mean() {
    for grid in [vec![9], vec![8, 11], vec![4, 5, 6]] {
        let lengths = vec![1.5; grid.len()];
        let operators = SpectralDerivatives::<f64>::new(&grid, &lengths).unwrap();
        let shape = [vec![1], grid.clone(), vec![1]].concat();
        let len = shape.iter().product();
        let x = ArrayD::from_shape_vec(IxDyn(&shape), noise(len, 3)).unwrap();
        let back = operators.inverse_laplacian(operators.laplacian(x.view()).unwrap().view()).unwrap();
        let mean = x.sum() / len as f64;
        assert!(largest(back - (x - mean)) < 1e-13, "{grid:?}");
    }
}

#[test]
fn sum_of_second_derivatives_is_the_laplacian() {
    let operators = SpectralDerivatives::<f64>::new(&[10, 8], &[1.0, 0.7]).unwrap();
    let x = Array4::from_shape_vec((1, 10, 8, 2), noise(160, 4)).unwrap();
    let second = |axis| operators.derivative(x.view(), axis, 2).unwrap();
    let gap = largest(second(0) + second(1) - operators.laplacian(x.view()).unwrap());
    // Factors reach (pi 10)^2 + (pi 8 / 0.7)^2 = 2300.
    assert!(gap < 1e-11, "{gap:e}");
}

#[test]
fn products_of_dealiased_fields_do_not_alias_onto_kept_waves() {
    for n in [15, 16, 17, 24] {
        let (highest, fine) = (highest_dealiased(n), 4 * n);
        assert!(3 * highest < n && 3 * (highest + 1) >= n);
        // Two fields of kept waves, on this grid and on one that resolves their product.
        let coefficients = [noise(2 * highest + 2, 5), noise(2 * highest + 2, 6)];
        let field = |which: usize, points: usize| -> Vec<f64> {
            (0..points)
                .map(|i| {
                    (0..=highest)
                        .map(|k| {
                            let angle = TAU * (k * i) as f64 / points as f64;
                            coefficients[which][2 * k] * angle.cos()
                                + coefficients[which][2 * k + 1] * angle.sin()
                        })
                        .sum()
                })
                .collect()
        };
        let spectrum = |points: usize| -> Vec<Complex<f64>> {
            let product = field(0, points).iter().zip(field(1, points)).map(|(a, b)| a * b).collect();
            let product = Array3::from_shape_vec((1, points, 1), product).unwrap();
            let plan = FourierPlan::<f64>::new(&[points]).unwrap();
            plan.forward_real(product.view()).unwrap().iter().map(|z| z / points as f64).collect()
        };
        let mut coarse = spectrum(n);
        let exact = spectrum(fine);
        DealiasingMask::new(&[n]).unwrap().apply(1, &mut coarse).unwrap();
        for k in 0..coarse.len() {
            let expected = if k <= highest { exact[k] } else { Complex::default() };
            assert!((coarse[k] - expected).norm() < 1e-13, "n {n}, wave {k}");
        }
    }
}

#[test]
fn the_mask_of_a_plane_keeps_a_box_of_both_signs() {
    let mask = DealiasingMask::new(&[7, 8]).unwrap();
    let rows = [true, true, true, false, false, true, true];
    let columns = [true, true, true, false, false];
    let expected: Vec<bool> = rows.iter().flat_map(|r| columns.iter().map(move |c| *r && *c)).collect();
    assert_eq!(mask.keep(), expected);
    let mut spectrum = vec![Complex::new(1.0_f32, 0.0); 2 * 35 * 3];
    mask.apply(3, &mut spectrum).unwrap();
    assert_eq!(spectrum.iter().filter(|z| z.re == 1.0).count(), 2 * 15 * 3);
    assert!(mask.apply(3, &mut spectrum[1..]).is_err());
}

#[test]
fn wavenumbers_stand_in_the_order_of_the_transforms() {
    assert_eq!(wavenumbers(4, TAU), [0.0, 1.0, -2.0, -1.0]);
    assert_eq!(wavenumbers(5, TAU), [0.0, 1.0, 2.0, -2.0, -1.0]);
    assert_eq!(real_wavenumbers(4, TAU), [0.0, 1.0, 2.0]);
    assert_eq!(real_wavenumbers(5, TAU / 2.0), [0.0, 2.0, 4.0]);
}

#[test]
fn arrays_need_not_be_contiguous_and_single_precision_works() {
    let operators = SpectralDerivatives::<f32>::new(&[9, 10], &[1.0, 1.0]).unwrap();
    let x = Array4::from_shape_vec((1, 10, 9, 1), noise(90, 7).iter().map(|v| *v as f32).collect()).unwrap();
    let turned = x.view().permuted_axes([0, 2, 1, 3]);
    let copied = turned.as_standard_layout().to_owned();
    let slopes = operators.derivative(turned, 0, 1).unwrap();
    assert_eq!(slopes, operators.derivative(copied.view(), 0, 1).unwrap());
    let wide = SpectralDerivatives::<f64>::new(&[9, 10], &[1.0, 1.0]).unwrap();
    let expected = wide.derivative(copied.mapv(f64::from).view(), 0, 1).unwrap();
    let scale = largest(expected.iter().copied());
    // eps log2(9) of the largest value.
    assert!(largest(expected - slopes.mapv(f64::from)) < 4e-7 * scale);
    assert_eq!(slopes.index_axis(Axis(0), 0).shape(), [9, 10, 1]);
}

#[test]
fn wrong_arguments_are_named() {
    assert!(matches!(SpectralDerivatives::<f64>::new(&[4], &[1.0, 2.0]), Err(Error::Value { .. })));
    assert!(matches!(SpectralDerivatives::<f64>::new(&[4], &[0.0]), Err(Error::Value { .. })));
    assert!(matches!(SpectralDerivatives::<f64>::new(&[4], &[f64::NAN]), Err(Error::Value { .. })));
    assert!(matches!(SpectralDerivatives::<f64>::new(&[], &[]), Err(Error::Shape { .. })));
    assert!(DealiasingMask::new(&[0]).is_err());
    let operators = SpectralDerivatives::<f64>::new(&[4, 5], &[1.0, 1.0]).unwrap();
    let x = Array4::zeros((1, 4, 5, 1));
    let error = operators.derivative(x.view(), 2, 1).unwrap_err();
    assert_eq!(error.to_string(), "axis: expected less than 2, got 2");
    assert!(operators.mixed(x.view(), &[1]).is_err());
    assert!(operators.laplacian(Array4::zeros((1, 5, 4, 1)).view()).is_err());
    assert!(operators.derivative_into(1, 1, 0, 1, &[0.0; 20], &mut [0.0; 19]).is_err());
}
