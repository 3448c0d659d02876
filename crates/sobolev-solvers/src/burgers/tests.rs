use super::*;
use ndarray::{Array3, ArrayD, Axis, s};
use num_complex::Complex64;
use sobolev_fft::RowFourier;
use sobolev_testing::{noise, observed_order, relative_error};
use std::f64::consts::{PI, TAU};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// `[1, n, 1]` values of a function on [0, length).
fn state(n: usize, length: f64, u: impl Fn(f64) -> f64) -> ArrayD<f64> {
    Array3::from_shape_fn((1, n, 1), |(_, i, _)| u(length * i as f64 / n as f64)).into_dyn()
}

fn solver(viscosity: f64, length: f64, step: Step) -> Burgers {
    Burgers::new(viscosity).unwrap().with_length(length).unwrap().with_step(step).unwrap()
}

fn values(state: &ArrayD<f64>) -> Vec<f64> {
    state.iter().copied().collect()
}

/// Hopf's solution `u = <(x - y)/t>` with weight `exp(-(U0(y) + (x - y)^2 / 2t) / 2 nu)`, `U0' = u0`, by the trapezoidal
/// rule: accurate to rounding, because the weight is analytic and decays. Its exponent is shifted by its minimum, so that
/// no viscosity is too small.
fn hopf(antiderivative: impl Fn(f64) -> f64, speed: f64, viscosity: f64, x: f64, t: f64) -> f64 {
    let (points, reach) = (8000, speed * t + 13.0 * (2.0 * viscosity * t).sqrt());
    let exponents: Vec<(f64, f64)> = (0..=points)
        .map(|i| {
            let offset = reach * (2.0 * i as f64 / points as f64 - 1.0);
            (offset, (antiderivative(x - offset) + offset * offset / (2.0 * t)) / (2.0 * viscosity))
        })
        .collect();
    let least = exponents.iter().map(|e| e.1).fold(f64::INFINITY, f64::min);
    let (mut weighted, mut total) = (0.0, 0.0);
    for (offset, exponent) in exponents {
        let weight = (least - exponent).exp();
        weighted += weight * offset / t;
        total += weight;
    }
    weighted / total
}

#[test]
fn cole_hopf_is_reproduced() {
    // Fronts of several widths, a mean that carries them along, and a length that is not one.
    for (viscosity, length, mean, t, n) in [
        (0.1, 1.0, 0.0, 0.3, 64),
        (0.01, 1.0, 0.0, 0.5, 512),
        (0.01, 2.0, 0.4, 1.0, 486),
        (0.02, 1.0, -0.3, 2.0, 250),
    ] {
        let k = TAU / length;
        let u0 = state(n, length, |x| mean + (k * x).sin() + 0.3 * (2.0 * k * x).cos());
        let antiderivative = |x: f64| mean * x - (k * x).cos() / k + 0.15 * (2.0 * k * x).sin() / k;
        let u = solver(viscosity, length, Step::Tolerance(1e-10)).solve(u0.view(), t).unwrap();
        for i in (0..n).step_by(7) {
            let exact = hopf(antiderivative, 1.7, viscosity, length * i as f64 / n as f64, t);
            // The exponents of the weight reach 100, so they carry its error of 1e-14 into the oracle.
            assert!(
                (u[[0, i, 0]] - exact).abs() < 1e-9,
                "nu {viscosity}, point {i}: {} {exact}",
                u[[0, i, 0]]
            );
        }
    }
}

#[test]
fn published_values_on_the_unit_interval_are_met() {
    let u = solver(0.01, 1.0, Step::Auto).solve(state(512, 1.0, |x| (TAU * x).sin()).view(), 0.5).unwrap();
    let rms = (u.iter().map(|v| v * v).sum::<f64>() / 512.0).sqrt();
    for (got, expected) in [
        (u[[0, 64, 0]], 0.186_926_947_04),
        (u[[0, 128, 0]], 0.371_607_123_97),
        (u[[0, 192, 0]], 0.550_647_658_21),
        (rms, 0.388_918_152_67),
    ] {
        assert!((got - expected).abs() < 1e-9, "{got} {expected}");
    }
}

/// Spectral derivative of periodic values.
fn derivative(u: &[f64], length: f64) -> Vec<f64> {
    let fourier = RowFourier::new(u.len()).unwrap();
    let mut scratch = fourier.scratch();
    let mut spectrum = vec![Complex64::ZERO; fourier.frequencies()];
    fourier.forward(u, &mut spectrum, &mut scratch).unwrap();
    for (k, c) in spectrum.iter_mut().enumerate() {
        *c *= if 2 * k == u.len() { Complex64::ZERO } else { Complex64::new(0.0, TAU * k as f64 / length) };
    }
    let mut slope = vec![0.0; u.len()];
    fourier.inverse(&spectrum, &mut slope, &mut scratch).unwrap();
    slope
}

#[test]
fn steepening_front_of_the_benchmark_has_its_published_slope() {
    // u0 = -sin(pi x) on [-1, 1), nu = 0.01 / pi (Basdevant et al., Computers & Fluids 14, 1986): the largest slope,
    // 152.00516, is reached at t = 1.6037 / pi.
    let n = 2048;
    let u0 = state(n, 2.0, |x| -(PI * (x - 1.0)).sin());
    let times = [0.5, 1.6037 / PI, 1.0];
    let u = solver(0.01 / PI, 2.0, Step::Auto).rollout(u0.view(), &times, &()).unwrap();
    let row = |frame: usize| values(&u.index_axis(Axis(1), frame).to_owned());
    let steepest =
        |u: &[f64]| derivative(u, 2.0).into_iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    assert!((steepest(&row(1)) - 152.00516).abs() < 1e-4, "{}", steepest(&row(1)));
    assert!((steepest(&row(2)) - 83.9646752).abs() < 1e-5, "{}", steepest(&row(2)));
    let (first, last) = (row(0), row(2));
    let rms = |u: &[f64]| (u.iter().map(|v| v * v).sum::<f64>() / n as f64).sqrt();
    // x = -1/2 is a grid point.
    for (got, expected) in [
        (first[n / 4], 0.592_769_534_4),
        (rms(&first), 0.636_552_264_7),
        (last[n / 4], 0.376_181_395_7),
        (rms(&last), 0.424_297_674_7),
    ] {
        assert!((got - expected).abs() < 2e-9, "{got} {expected}");
    }
}

#[test]
fn fixed_steps_converge_with_fourth_order() {
    let u0 = state(128, 1.0, |x| (TAU * x).sin() + 0.5 * (2.0 * TAU * x + 1.0).cos());
    let exact = values(&solver(0.02, 1.0, Step::Tolerance(1e-12)).solve(u0.view(), 0.4).unwrap());
    let steps = [0.02, 0.01, 0.005, 0.0025];
    let errors = steps.map(|step| {
        let u = solver(0.02, 1.0, Step::Fixed(step)).solve(u0.view(), 0.4).unwrap();
        relative_error(&values(&u), &exact)
    });
    let order = observed_order(&steps[1..], &errors[1..]);
    assert!((order - 4.0).abs() < 0.2, "order {order:.3} from {errors:?}");
}

#[test]
fn errors_fall_exponentially_with_the_number_of_points() {
    let u0 = |n: usize| state(n, 1.0, |x| (TAU * x).sin());
    let tight = solver(0.03, 1.0, Step::Tolerance(1e-12));
    let exact = values(&tight.solve(u0(480).view(), 0.3).unwrap());
    let grids = [40, 60, 80, 120];
    let errors = grids.map(|n| {
        let same: Vec<f64> = exact.iter().step_by(480 / n).copied().collect();
        relative_error(&values(&tight.solve(u0(n).view(), 0.3).unwrap()), &same)
    });
    // The spectrum of a front of speed s falls like exp(-pi nu kappa / s), and kappa reaches 2 pi n / 3: for s about 0.85
    // twenty points are a factor of 100.
    for i in 0..3 {
        let factor = (errors[i] / errors[i + 1]).powf(20.0 / (grids[i + 1] - grids[i]) as f64);
        assert!((50.0..200.0).contains(&factor), "factor {factor:.0} from {errors:?}");
    }
}

#[test]
fn mean_is_kept_and_energy_is_lost_to_viscosity_alone() {
    let (n, viscosity) = (256, 0.02);
    let u0 = state(n, 1.0, |x| 0.2 + (TAU * x).sin() + 0.5 * (2.0 * TAU * x).cos());
    let intervals = 128;
    let times: Vec<f64> = (0..=intervals).map(|i| 0.5 * i as f64 / intervals as f64).collect();
    let u = solver(viscosity, 1.0, Step::Auto).rollout(u0.view(), &times, &()).unwrap();
    let frames: Vec<Vec<f64>> = u.axis_iter(Axis(1)).map(|frame| values(&frame.to_owned())).collect();
    let square = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>() / n as f64;
    let energy: Vec<f64> = frames.iter().map(|u| 0.5 * square(u)).collect();
    for (u, pair) in frames.iter().zip(energy.windows(2)) {
        // A transform there and back in each frame.
        assert!((u.iter().sum::<f64>() / n as f64 - 0.2).abs() < 1e-14);
        assert!(pair[1] < pair[0], "energy {pair:?}");
    }
    // Simpson's rule, of order 4: 128 intervals over half a time unit leave about 1e-8.
    let dissipation: Vec<f64> = frames.iter().map(|u| viscosity * square(&derivative(u, 1.0))).collect();
    let weight = |i: usize| if i == 0 || i == intervals { 1.0 } else { (2 + 2 * (i % 2)) as f64 };
    let lost: f64 = dissipation.iter().enumerate().map(|(i, d)| weight(i) * d).sum::<f64>() * 0.5
        / (3 * intervals) as f64;
    assert!(
        ((energy[0] - energy[intervals]) / lost - 1.0).abs() < 1e-6,
        "{} {lost}",
        energy[0] - energy[intervals]
    );
}

#[test]
fn small_amplitudes_obey_the_heat_equation_in_every_kept_wave() {
    let (n, amplitude, t) = (48, 1e-10, 0.002);
    for k in [1, 7, 15] {
        let wave = |x: f64| amplitude * (TAU * k as f64 * x).cos();
        let u = solver(0.1, 1.0, Step::Auto).solve(state(n, 1.0, wave).view(), t).unwrap();
        let decay = (-0.1 * (TAU * k as f64).powi(2) * t).exp();
        let exact = values(&state(n, 1.0, |x| decay * wave(x)));
        // The product is 1e-10 of the wave, and grows by kappa t.
        assert!(relative_error(&values(&u), &exact) < 1e-10 + 1e-15 / decay, "k = {k}");
    }
    // Waves from n/3 on are left out.
    let u =
        solver(0.1, 1.0, Step::Auto).solve(state(n, 1.0, |x| (TAU * 16.0 * x).cos()).view(), 1e-9).unwrap();
    assert!(u.iter().all(|u| u.abs() < 1e-14));
}

#[test]
fn constant_and_zero_states_stay() {
    for constant in [0.0, -1.5] {
        let u = solver(0.01, 1.0, Step::Auto).solve(state(32, 1.0, |_| constant).view(), 3.0).unwrap();
        assert!(u.iter().all(|v| (v - constant).abs() < 1e-15), "{constant}");
    }
}

#[test]
fn errors_stay_below_the_tolerance_and_its_report() {
    let u0 = state(256, 1.0, |x| (TAU * x).sin() + 0.5 * (3.0 * TAU * x).cos());
    let exact = values(&solver(0.01, 1.0, Step::Tolerance(1e-12)).solve(u0.view(), 1.0).unwrap());
    for tolerance in [1e-4, 1e-6, 1e-8] {
        let mut u = u0.clone();
        let report = solver(0.01, 1.0, Step::Tolerance(tolerance)).integrate(u.view_mut(), 1.0, &()).unwrap();
        let error = relative_error(&values(&u), &exact);
        assert!(error < tolerance && error < report.error, "{tolerance}: error {error:.2e}, {report:?}");
    }
}

fn rough_batch(samples: usize, n: usize) -> ArrayD<f64> {
    let waves = noise(8 * samples, 3);
    Array3::from_shape_fn((samples, n, 1), |(b, i, _)| {
        (0..4)
            .map(|k| {
                waves[8 * b + k] * (TAU * (k + 1) as f64 * i as f64 / n as f64 + waves[8 * b + k + 4]).sin()
            })
            .sum()
    })
    .into_dyn()
}

#[test]
fn bits_depend_neither_on_threads_nor_on_the_batch() {
    let (u0, times) = (rough_batch(5, 96), [0.1, 0.25, 0.3]);
    let runs = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solver(0.05, 1.0, Step::Auto).rollout(u0.view(), &times, &()).unwrap())
    });
    assert!(runs[0] == runs[1] && runs[0] == runs[2]);
    // One solver, whose plans and tables are warm and in another order, alone and step by step.
    let warm = solver(0.05, 1.0, Step::Auto);
    for sample in (0..5).rev() {
        let mut u = u0.slice_axis(Axis(0), (sample..sample + 1).into()).to_owned();
        for (frame, duration) in [0.1, 0.25 - 0.1, 0.3 - 0.25].into_iter().enumerate() {
            warm.step(u.view_mut(), duration).unwrap();
            assert_eq!(u.index_axis(Axis(0), 0), runs[0].slice(s![sample, frame, .., ..]).into_dyn());
        }
    }
}

#[test]
fn states_in_any_memory_order_are_advanced() {
    let mut row_major = rough_batch(3, 64);
    let mut reversed = row_major.clone();
    reversed.invert_axis(Axis(0));
    let burgers = solver(0.05, 1.0, Step::Auto);
    burgers.step(row_major.view_mut(), 0.2).unwrap();
    burgers.step(reversed.view_mut(), 0.2).unwrap();
    reversed.invert_axis(Axis(0));
    assert_eq!(row_major, reversed);
}

#[test]
fn rollout_starts_with_the_initial_state_tells_its_progress_and_stops_when_asked() {
    #[derive(Default)]
    struct Counter(AtomicU64);
    impl Monitor for Counter {
        fn progress(&self, done: u64, total: u64) {
            assert_eq!(total, 3);
            self.0.store(done, Ordering::Relaxed);
        }
        fn cancelled(&self) -> bool {
            self.0.load(Ordering::Relaxed) == 2
        }
    }
    let (u0, burgers) = (rough_batch(2, 64), solver(0.05, 1.0, Step::Auto));
    let trajectory = burgers.rollout(u0.view(), &[0.0, 0.1], &()).unwrap();
    assert_eq!(trajectory.shape(), [2, 2, 64, 1]);
    assert_eq!(trajectory.index_axis(Axis(1), 0), u0);
    let error = burgers.rollout(u0.view(), &[0.1, 0.2, 0.3], &Counter::default()).unwrap_err();
    assert_eq!(error, Error::Cancelled { task: "rollout".to_string(), done: 2, total: 3 });
    let mut u = u0.clone();
    let error = burgers.integrate(u.view_mut(), 1.0, &AtomicBool::new(true)).unwrap_err();
    assert!(matches!(error, Error::Cancelled { .. }));
}

#[test]
fn wrong_numbers_are_refused_by_name() {
    for value in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        assert!(Burgers::new(value).unwrap_err().to_string().starts_with("viscosity: expected a positive"));
        let step = Burgers::new(0.1).unwrap().with_step(Step::Fixed(value)).unwrap_err();
        assert!(step.to_string().starts_with("step: expected a positive"));
        assert!(
            Burgers::new(0.1).unwrap().with_length(value).unwrap_err().to_string().starts_with("length:")
        );
    }
    assert!(Burgers::new(0.0).unwrap_err().to_string().contains("shocks are jumps"));
    for tolerance in [0.0, 1e-15, 0.5, f64::NAN] {
        assert!(Burgers::new(0.1).unwrap().with_step(Step::Tolerance(tolerance)).is_err());
    }
}

#[test]
fn wrong_states_and_times_are_refused() {
    let burgers = solver(0.01, 1.0, Step::Auto);
    let u0 = state(32, 1.0, |x| (TAU * x).sin());
    let solve = |state: ArrayD<f64>| burgers.solve(state.view(), 0.1).unwrap_err();
    let mut with_nan = u0.clone();
    with_nan[[0, 5, 0]] = f64::NAN;
    assert!(matches!(solve(with_nan), Error::NonFinite { index, .. } if index == [0, 5, 0]));
    let first = solve(u0.clone().into_shape_with_order(vec![1, 1, 32]).unwrap());
    assert!(first.to_string().contains("channels last"), "{first}");
    assert!(matches!(solve(ArrayD::zeros(vec![1, 7, 1])), Error::Shape { .. }));
    assert!(matches!(solve(ArrayD::zeros(vec![1, 32])), Error::Shape { .. }));
    assert!(matches!(solve(ArrayD::zeros(vec![0, 32, 1])), Error::Shape { .. }));
    for times in [&[0.2, 0.1][..], &[0.1, 0.1], &[-0.1], &[f64::NAN], &[]] {
        let error = burgers.rollout(u0.view(), times, &()).unwrap_err();
        assert!(matches!(&error, Error::Value { argument, .. } if argument == "times"), "{error}");
    }
    let mut u = u0.clone();
    assert!(burgers.step(u.view_mut(), -0.1).is_err());
}

#[test]
fn shock_that_the_grid_cannot_hold_is_an_error_that_says_what_would() {
    let u0 = |n: usize| state(n, 1.0, |x| (TAU * x).sin());
    let burgers = solver(1e-3, 1.0, Step::Auto);
    let error = burgers.solve(u0(128).view(), 1.0).unwrap_err().to_string();
    assert!(error.contains("under-resolved") && error.contains("about 2000 points"), "{error}");
    assert!(burgers.solve(u0(2000).view(), 1.0).is_ok());
    // Before the shock forms, at t = 1 / 2 pi, the same grid is enough.
    assert!(burgers.solve(u0(128).view(), 0.1).is_ok());
}

#[test]
fn fixed_step_that_is_unstable_is_an_error_with_the_advective_limit() {
    let u0 = state(1024, 1.0, |x| 5.0 * (TAU * x).sin());
    let error = solver(0.02, 1.0, Step::Fixed(0.1)).solve(u0.view(), 1.0).unwrap_err().to_string();
    assert!(error.starts_with("Burgers step:") && error.contains("advective limit 1.953e-4"), "{error}");
    assert!(error.contains("Step::Auto"), "{error}");
    assert!(solver(0.02, 1.0, Step::Fixed(1.9e-4)).solve(u0.view(), 0.1).is_ok());
}
