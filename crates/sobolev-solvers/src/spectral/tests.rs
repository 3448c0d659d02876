//! The frame of all semi-linear solvers: transforms, schemes, invariance of samples.

mod adaptive;

use super::*;
use crate::etdrk::Step;
use crate::semilinear::{KuramotoSivashinsky, NavierStokesVorticity, VorticityForcing};
use crate::solver::TimeSolver;
use ndarray::{ArrayD, IxDyn};
use std::f64::consts::{PI, TAU};

/// Kassam and Trefethen's case on 0 .. 32 pi.
fn ks_initial(n: usize) -> ArrayD<f64> {
    let x = |i: usize| 32.0 * PI * i as f64 / n as f64;
    ArrayD::from_shape_fn(IxDyn(&[1, n, 1]), |i| (x(i[1]) / 16.0).cos() * (1.0 + (x(i[1]) / 16.0).sin()))
}

#[test]
fn kuramoto_sivashinsky_has_the_reference_values() {
    let solver = PeriodicSolver::new(KuramotoSivashinsky::default(), &[32.0 * PI], 0.0125).unwrap();
    let u = solver.solve(ks_initial(512).view(), 10.0).unwrap();
    let rms = (u.iter().map(|v| v * v).sum::<f64>() / 512.0).sqrt();
    assert!((u[[0, 0, 0]] - 0.58796787).abs() < 1e-7, "{}", u[[0, 0, 0]]);
    assert!((u[[0, 256, 0]] + 0.58796787).abs() < 1e-7);
    assert!((rms - 0.84626557).abs() < 1e-7, "{rms}");
}

#[test]
fn navier_stokes_has_the_reference_values() {
    let equation = NavierStokesVorticity {
        viscosity: 1e-3,
        drag: 0.0,
        forcing: VorticityForcing::Diagonal { amplitude: 0.1 },
    };
    let solver = PeriodicSolver::new(equation, &[1.0, 1.0], 5e-3).unwrap();
    let n = 64;
    let initial = ArrayD::from_shape_fn(IxDyn(&[1, n, n, 1]), |i| {
        let (x, y) = (i[1] as f64 / n as f64, i[2] as f64 / n as f64);
        (TAU * x).sin() * (TAU * y).sin() + 0.5 * (2.0 * TAU * x + TAU * y).cos()
    });
    let w = solver.rollout(initial.view(), &[1.0, 5.0], &()).unwrap();
    for (frame, [rms, origin, other]) in
        [[0.5120800044, 0.5159690308, 0.2604689090], [0.4025860795, 0.6140745245, -0.3663510510]]
            .into_iter()
            .enumerate()
    {
        let w = w.index_axis(ndarray::Axis(1), frame);
        let found = (w.iter().map(|v| v * v).sum::<f64>() / (n * n) as f64).sqrt();
        assert!((found - rms).abs() < 1e-9, "{found} {rms}");
        assert!((w[[0, 0, 0, 0]] - origin).abs() < 1e-9, "{} {origin}", w[[0, 0, 0, 0]]);
        assert!((w[[0, n / 4, n / 2, 0]] - other).abs() < 1e-9);
    }
}

/// A decaying flow or a chaotic wave, different for each sample.
fn batch(shape: &[usize]) -> ArrayD<f64> {
    ArrayD::from_shape_fn(IxDyn(shape), |i| {
        let x = |axis: usize| TAU * i[axis] as f64 / shape[axis] as f64;
        let last = shape.len() - 2;
        (x(1) + i[0] as f64).sin() + 0.7 * (2.0 * x(last) + 0.3 * i[0] as f64).cos() * x(1).cos()
    })
}

#[test]
fn samples_have_the_same_bits_in_any_batch_and_on_any_number_of_threads() {
    fn check<E: SemiLinear>(make: impl Fn(Step) -> PeriodicSolver<E> + Sync, shape: &[usize]) {
        for step in [Step::Fixed(0.05), Step::Tolerance(1e-5)] {
            check_with(|| make(step), shape);
        }
    }
    fn check_with<E: SemiLinear>(make: impl Fn() -> PeriodicSolver<E> + Sync, shape: &[usize]) {
        let whole = make().solve(batch(shape).view(), 0.3).unwrap();
        for part in [0..1, 2..5, 8..11] {
            let initial = batch(shape).slice_axis(ndarray::Axis(0), part.clone().into()).to_owned();
            let u = make().solve(initial.view(), 0.3).unwrap();
            assert_eq!(u, whole.slice_axis(ndarray::Axis(0), part.into()));
        }
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| make().solve(batch(shape).view(), 0.3)).unwrap(), whole);
        }
    }
    let flow = NavierStokesVorticity { viscosity: 1e-2, drag: 0.0, forcing: VorticityForcing::None };
    for precision in [Precision::Single, Precision::Double] {
        let ks = |step| PeriodicSolver::new(KuramotoSivashinsky::default(), &[30.0], step).unwrap();
        check(|step| ks(step).with_precision(precision), &[11, 64, 1]);
        check(|step| ks(step).with_precision(precision), &[11, 45, 1]);
        let flow = |step| PeriodicSolver::new(flow, &[1.0, 2.0], step).unwrap();
        check(|step| flow(step).with_precision(precision), &[11, 16, 20, 1]);
    }
}

#[test]
fn single_precision_is_double_precision_rounded() {
    let solver = || PeriodicSolver::new(KuramotoSivashinsky::default(), &[30.0], 0.01).unwrap();
    let double = solver().solve(batch(&[2, 64, 1]).view(), 0.5).unwrap();
    let single = solver().with_precision(Precision::Single).solve(batch(&[2, 64, 1]).view(), 0.5).unwrap();
    let gap = sobolev_testing::largest(single.iter().zip(&double).map(|(a, b)| a - b));
    // Fifty steps of a few roundings of numbers about 2, that grow by less than e^(0.25 t).
    assert!(gap > 0.0 && gap < 1e-4, "{gap:e}");
}

#[test]
fn every_scheme_has_its_order_on_a_stiff_equation() {
    use crate::etdrk::Order;
    let solve = |order: Order, step: f64| {
        let solver = PeriodicSolver::new(KuramotoSivashinsky::default(), &[32.0 * PI], step).unwrap();
        solver.with_scheme(TimeScheme::Exponential(order)).solve(ks_initial(128).view(), 4.0).unwrap()
    };
    let exact = solve(Order::Fourth, 0.005);
    for order in [Order::First, Order::Second, Order::Third, Order::Fourth] {
        let steps = [0.1, 0.05, 0.025];
        let errors = steps
            .map(|step| sobolev_testing::largest(solve(order, step).iter().zip(&exact).map(|(a, b)| a - b)));
        let found = sobolev_testing::observed_order(&steps, &errors);
        assert!((found - f64::from(order.number())).abs() < 0.3, "{order:?}: {found} {errors:?}");
    }
}

#[test]
fn estimated_errors_lie_above_the_true_ones_and_fall_with_the_step() {
    use crate::etdrk::Order;
    let schemes = [
        TimeScheme::Exponential(Order::First),
        TimeScheme::Exponential(Order::Second),
        TimeScheme::Exponential(Order::Third),
        TimeScheme::Exponential(Order::Fourth),
        TimeScheme::CrankNicolsonEuler,
    ];
    // A front of Fisher's equation in two dimensions, in two samples of another size: nothing amplifies errors much.
    let equation = crate::semilinear::FisherKpp { diffusivity: 0.01, growth: 1.0 };
    let initial = ArrayD::from_shape_fn(IxDyn(&[2, 16, 12, 1]), |i| {
        let wave = (2.0 * PI * i[1] as f64 / 16.0).cos() + (2.0 * PI * i[2] as f64 / 12.0).sin();
        (0.2 + 0.3 * i[0] as f64) * (1.0 + 0.5 * wave)
    });
    let run = |scheme: TimeScheme, step: f64| {
        let solver = PeriodicSolver::new(equation, &[1.0, 1.0], step).unwrap().with_scheme(scheme);
        let mut state = initial.clone();
        let errors = solver.advance_with_errors(state.view_mut(), 2.0, &()).unwrap();
        (state, errors)
    };
    let exact = run(TimeScheme::Exponential(Order::Fourth), 0.002).0;
    for scheme in schemes {
        let steps = [0.2, 0.1, 0.05];
        let runs = steps.map(|step| run(scheme, step));
        for sample in 0..2 {
            let of = |state: &ArrayD<f64>| state.index_axis(ndarray::Axis(0), sample).to_owned();
            for (state, errors) in &runs {
                let (got, exact) = (of(state), of(&exact));
                let true_error = sobolev_testing::relative_error(
                    &got.into_raw_vec_and_offset().0,
                    &exact.into_raw_vec_and_offset().0,
                );
                let ratio = errors[sample] / true_error;
                assert!((0.8..1000.0).contains(&ratio), "{scheme:?} {sample}: {ratio}");
            }
            let estimates = [0, 1, 2].map(|run: usize| runs[run].1[sample]);
            let order = sobolev_testing::observed_order(&steps, &estimates);
            // The last stage is less accurate than the step.
            let expected = [1.0, 2.0, 2.0, 3.0][scheme.order() as usize - 1];
            assert!((order - expected).abs() < 0.35, "{scheme:?}: {order} {estimates:?}");
        }
    }
    // What is linear is exact.
    let advection = crate::semilinear::Linear { velocity: [1.0, 0.0, 0.0], ..Default::default() };
    let solver = PeriodicSolver::new(advection, &[1.0], 0.1).unwrap();
    assert_eq!(solver.advance_with_errors(batch(&[2, 16, 1]).view_mut(), 1.0, &()).unwrap(), [0.0; 2]);
}

#[test]
fn a_solution_that_blows_up_names_time_and_step() {
    // u_t = u + u^3 blows up.
    let equation = crate::semilinear::AllenCahn { diffusivity: 0.01, growth: 1.0, saturation: -1.0 };
    let solver = PeriodicSolver::new(equation, &[1.0], 0.01).unwrap();
    let initial = ArrayD::from_elem(IxDyn(&[1, 16, 1]), 1.0);
    let error = solver.rollout(initial.view(), &[0.2, 4.0], &()).unwrap_err();
    let sobolev_tensor::Error::Diverged { time, step, .. } = &error else { panic!("{error}") };
    // At t = ln(2)/2 = 0.35, noticed within 64 steps.
    assert!(*time > 0.35 && *time < 1.3 && *step < 120, "{error}");
    assert!(error.to_string().contains("no longer finite at time"), "{error}");
}

#[test]
fn a_monitor_stops_between_steps_and_bad_states_are_named() {
    let solver = PeriodicSolver::new(KuramotoSivashinsky::default(), &[30.0], 1e-4).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(true);
    let mut state = batch(&[1, 32, 1]);
    let error = solver.advance(state.view_mut(), 1.0, &stop).unwrap_err();
    assert!(matches!(error, sobolev_tensor::Error::Cancelled { done: 0, total: 10000, .. }));
    let fails = |state: ArrayD<f64>| solver.solve(state.view(), 1.0).unwrap_err().to_string();
    assert!(fails(batch(&[1, 32, 2])).starts_with("Kuramoto-Sivashinsky state: expected [batch, x1, 1]"));
    assert!(fails(batch(&[1, 3, 1])).contains("at least 4 points"));
    let mut state = batch(&[2, 32, 1]);
    state[[1, 5, 0]] = f64::NAN;
    assert!(fails(state).contains("expected finite values, got NaN at index [1, 5, 0]"));
}

#[test]
fn a_state_that_is_not_contiguous_is_advanced_in_place() {
    let solver = || PeriodicSolver::new(KuramotoSivashinsky::default(), &[30.0], 0.05).unwrap();
    let expected = solver().solve(batch(&[3, 32, 1]).view(), 0.2).unwrap();
    let mut wide = ArrayD::zeros(IxDyn(&[3, 64, 1]));
    let mut view = wide
        .slice_each_axis_mut(|axis| ndarray::Slice::new(0, None, if axis.axis.index() == 1 { 2 } else { 1 }));
    view.assign(&batch(&[3, 32, 1]));
    solver().advance(view.view_mut(), 0.2, &()).unwrap();
    assert_eq!(view, expected);
    assert!(wide.iter().skip(1).step_by(2).all(|v| *v == 0.0));
}

#[test]
fn rounding_does_not_grow_where_no_value_shows_it() {
    // Waves grow by e^5 in a unit of time until the cubic term holds them; what it cannot see would be e^200.
    let equation = crate::semilinear::AllenCahn { diffusivity: 1e-3, growth: 5.0, saturation: 5.0 };
    for (lengths, shape) in [(&[1.0; 2][..], &[1, 16, 18, 1][..]), (&[1.0; 3], &[1, 8, 9, 10, 1])] {
        let solver = PeriodicSolver::new(equation, lengths, 0.05).unwrap().with_precision(Precision::Single);
        let noise = sobolev_testing::noise(shape.iter().product(), 1);
        let noise = ArrayD::from_shape_vec(IxDyn(shape), noise).unwrap();
        let u = solver.solve(noise.view(), 40.0).unwrap();
        assert!(u.iter().all(|v| v.abs() < 1.5));
    }
}
