//! Time steps that a tolerance chooses, on as many waves as are needed.

use super::*;
use crate::etdrk::Order;
use crate::semilinear::{
    AllenCahn, GrayScott, KortewegDeVries, NavierStokesVelocity, VectorBurgers, VelocityForcing,
};
use sobolev_testing::relative_error;

/// Values of `function(position in 0..1, channel)`: `[1, points.., channels]`.
fn field(points: &[usize], channels: usize, function: impl Fn(&[f64], usize) -> f64) -> ArrayD<f64> {
    let shape: Vec<usize> = [&[1], points, &[channels]].concat();
    ArrayD::from_shape_fn(IxDyn(&shape), |i| {
        let x: Vec<f64> = points.iter().enumerate().map(|(a, n)| i[a + 1] as f64 / *n as f64).collect();
        function(&x, i[points.len() + 1])
    })
}

/// Errors of three tolerances against equal steps of a length far below; each within twice the tolerance and its estimate, and
/// smaller than the one before.
fn check<E: SemiLinear + Clone>(equation: E, lengths: &[f64], initial: &ArrayD<f64>, time: f64, fine: f64) {
    let solver = |step: Step| PeriodicSolver::new(equation.clone(), lengths, step).unwrap();
    let values = |state: &ArrayD<f64>| state.iter().copied().collect::<Vec<_>>();
    let exact = values(&solver(Step::Fixed(fine)).solve(initial.view(), time).unwrap());
    let errors = [1e-3, 1e-5, 1e-7].map(|tolerance| {
        let mut state = initial.clone();
        let solver = solver(Step::Tolerance(tolerance));
        let estimate = solver.advance_with_errors(state.view_mut(), time, &()).unwrap()[0];
        let error = relative_error(&values(&state), &exact);
        let name = equation.name();
        assert!(error < 2.0 * tolerance, "{name}, {tolerance:e}: {error:e}");
        assert!(estimate <= 2.0 * tolerance, "{name}, {tolerance:e}: estimate {estimate:e}");
        error
    });
    // Steps are powers of two of the time, so that neighbouring tolerances may take the same ones in places.
    assert!(errors.windows(2).all(|pair| pair[1] < 0.2 * pair[0] || pair[0] < 1e-11), "{errors:?}");
}

#[test]
fn errors_stay_below_the_tolerance_and_fall_with_it() {
    let two = |x: &[f64]| (TAU * x[0]).sin() * (TAU * x[1]).cos();
    let sum = field(&[128], 1, |x, _| (TAU * x[0]).cos() + 0.5 * (2.0 * TAU * x[0]).sin());
    check(KortewegDeVries::default(), &[20.0], &sum, 1.0, 2e-4);
    check(KuramotoSivashinsky::default(), &[32.0 * PI], &ks_initial(128), 10.0, 0.01);
    let allen = AllenCahn { diffusivity: 1e-3, growth: 5.0, saturation: 5.0 };
    check(allen, &[1.0; 2], &field(&[32, 40], 1, |x, _| two(x)), 1.0, 2e-3);
    let flow = NavierStokesVorticity {
        viscosity: 1e-3,
        drag: 0.0,
        forcing: VorticityForcing::Diagonal { amplitude: 0.1 },
    };
    let vorticity = |x: &[f64]| two(x) + 0.5 * (2.0 * TAU * x[0] + TAU * x[1]).cos();
    check(flow, &[1.0; 2], &field(&[32, 32], 1, |x, _| vorticity(x)), 2.0, 5e-3);
    let gray = GrayScott { diffusivity_a: 2e-5, diffusivity_b: 1e-5, feed: 0.04, kill: 0.06 };
    let bump = |x: &[f64], c: usize| 1.0 - c as f64 + 0.25 * (2 * c) as f64 * (1.0 + two(x));
    check(gray, &[2.5; 2], &field(&[32, 32], 2, bump), 20.0, 0.05);
    let velocity = NavierStokesVelocity { viscosity: 0.02, drag: 0.0, forcing: VelocityForcing::None };
    let taylor_green = |x: &[f64], c: usize| match c {
        0 => (TAU * x[0]).sin() * (TAU * x[1]).cos() * (TAU * x[2]).cos(),
        1 => -(TAU * x[0]).cos() * (TAU * x[1]).sin() * (TAU * x[2]).cos(),
        _ => 0.0,
    };
    check(velocity, &[1.0; 3], &field(&[16, 16, 16], 3, taylor_green), 0.5, 2.5e-3);
}

#[test]
fn every_order_meets_the_tolerance() {
    for order in [Order::First, Order::Second, Order::Third, Order::Fourth] {
        let solve = |step: Step| {
            let front = crate::semilinear::FisherKpp { diffusivity: 0.01, growth: 1.0 };
            let solver = PeriodicSolver::new(front, &[1.0], step).unwrap();
            let initial = field(&[32], 1, |x, _| 0.3 + 0.2 * (TAU * x[0]).cos());
            let u = solver.with_scheme(TimeScheme::Exponential(order)).solve(initial.view(), 1.0).unwrap();
            u.iter().copied().collect::<Vec<_>>()
        };
        let exact = solve(Step::Fixed(match order {
            Order::First => 1e-5,
            _ => 1e-3,
        }));
        let error = relative_error(&solve(Step::Tolerance(1e-4)), &exact);
        assert!(error < 2e-4, "{order:?}: {error:e}");
    }
}

#[test]
fn a_tolerance_is_that_of_the_run_however_many_frames_it_has() {
    let initial = field(&[128], 1, |x, _| (TAU * x[0]).cos());
    let solver = |step| PeriodicSolver::new(KortewegDeVries::default(), &[20.0], step).unwrap();
    let exact = solver(Step::Fixed(2e-4)).solve(initial.view(), 1.0).unwrap();
    for count in [1, 4, 20] {
        let times: Vec<f64> = (1..=count).map(|i| f64::from(i) / f64::from(count)).collect();
        let frames = solver(Step::Tolerance(1e-5)).rollout(initial.view(), &times, &()).unwrap();
        let last = frames.index_axis(ndarray::Axis(1), times.len() - 1);
        let gap = sobolev_testing::largest(last.iter().zip(&exact).map(|(a, b)| a - b));
        assert!(gap < 2e-5, "{count} frames: {gap:e}");
    }
}

#[test]
fn linear_equations_take_one_exact_step() {
    let advection =
        crate::semilinear::Linear { velocity: [1.0, 0.0, 0.0], diffusivity: 0.01, ..Default::default() };
    let solver = PeriodicSolver::new(advection, &[1.0], Step::Auto).unwrap();
    let mut state = field(&[48], 1, |x, _| (TAU * x[0]).sin());
    let report = solver.advance_with_reports(state.view_mut(), (2.25, 2.25), None, &()).unwrap()[0];
    assert_eq!((report.steps, report.error), (1, 0.0));
    let decay = (-0.01 * TAU * TAU * 2.25_f64).exp();
    let exact = field(&[48], 1, |x, _| decay * (TAU * (x[0] - 0.25)).sin());
    assert!(state.iter().zip(&exact).all(|(a, b)| (a - b).abs() < 1e-14));
}

#[test]
fn a_run_that_needs_too_short_a_step_names_time_step_and_cause() {
    // u_t = u + u^3 blows up at ln(2)/2 = 0.3466.
    let equation = AllenCahn { diffusivity: 0.01, growth: 1.0, saturation: -1.0 };
    for precision in [Precision::Double, Precision::Single] {
        let solver = PeriodicSolver::new(equation, &[1.0], Step::Tolerance(1e-4)).unwrap();
        let initial = ArrayD::from_elem(IxDyn(&[1, 16, 1]), 1.0);
        let solver = solver.with_precision(precision);
        let error = solver.rollout(initial.view(), &[0.2, 2.0], &()).unwrap_err();
        let sobolev_tensor::Error::Diverged { time, step, .. } = &error else { panic!("{error}") };
        assert!((*time - 0.3466).abs() < 1e-3 && *step > 10, "{error}");
        assert!(error.to_string().contains("the equation blows up"), "{error}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let new = |step| PeriodicSolver::new(KuramotoSivashinsky::default(), &[30.0], step).map(|_| ());
    for tolerance in [0.0, 1e-15, 0.5, f64::NAN] {
        let error = new(Step::Tolerance(tolerance)).unwrap_err().to_string();
        assert!(error.starts_with("tolerance: expected 1e-13 to 0.1"), "{error}");
    }
    // e^(h / 4) is beyond the number range.
    let solver = PeriodicSolver::new(KuramotoSivashinsky::default(), &[30.0], 1e4).unwrap();
    let error = solver.solve(batch(&[1, 64, 1]).view(), 1e4).unwrap_err().to_string();
    assert!(error.contains("the linear part stays finite"), "{error}");
    // A tolerance takes shorter steps by itself.
    let solver = PeriodicSolver::new(KuramotoSivashinsky::default(), &[30.0], Step::Auto).unwrap();
    assert!(solver.solve(ArrayD::zeros(IxDyn(&[1, 64, 1])).view(), 1e4).unwrap().iter().all(|u| *u == 0.0));
    let stop = std::sync::atomic::AtomicBool::new(true);
    let error = solver.advance(batch(&[1, 32, 1]).view_mut(), 1.0, &stop).unwrap_err();
    assert!(matches!(error, sobolev_tensor::Error::Cancelled { done: 0, .. }));
}

/// Largest difference between carrying as many waves as are needed and carrying all, and the coarsest grid that was used.
fn fewer_waves<E: SemiLinear>(equation: &E, lengths: &[f64], initial: &ArrayD<f64>, time: f64) -> f64 {
    use crate::etdrk::Ladder;
    use crate::spectral::adaptive::Adaptive;
    use crate::spectral::grid::PeriodicGrid;
    use crate::spectral::resolution::Resolutions;
    let points = &initial.shape()[1..=lengths.len()];
    let grid = PeriodicGrid::new(points, lengths, equation.degree()).unwrap();
    let [few, all] = [true, false].map(|coarser| {
        let resolutions = Resolutions::<f64>::new(equation, &grid, coarser).unwrap();
        assert_eq!(resolutions.len() > 1, coarser);
        let ladders: Vec<_> = (0..resolutions.len()).map(|_| Ladder::new(time)).collect();
        let adaptive = Adaptive {
            equation,
            scheme: TimeScheme::Exponential(Order::Fourth),
            resolutions: &resolutions,
            ladders: &ladders,
            interval: time,
            spread: false,
            monitor: &(),
        };
        let mut sample: Vec<f64> = initial.iter().copied().collect();
        let reduced = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = std::sync::Arc::clone(&reduced);
        let check = move |spectrum: &Spectrum| {
            seen.fetch_or(spectrum.at == Seen::Reduced, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        };
        let _ = adaptive.integrate(&mut sample, (1e-7, time), Some(Box::new(check))).unwrap();
        assert_eq!(reduced.load(std::sync::atomic::Ordering::Relaxed), coarser, "fewer waves of {points:?}");
        sample
    });
    assert_ne!(few, all);
    sobolev_testing::largest(few.iter().zip(&all).map(|(a, b)| a - b))
}

#[test]
fn carrying_only_the_waves_that_are_there_changes_nothing_beyond_rounding() {
    // A jump of the slope, smoothed; a single wave that steepens to a front, on a grid whose transform goes by blocks and on
    // one that goes by itself; and a decaying flow in two dimensions, whose axes have different grids.
    let kink = |n: usize| field(&[n], 1, |x, _| 1.0 - 4.0 * (x[0] - 0.5).abs());
    let sine = |n: usize| field(&[n], 1, |x, _| (TAU * x[0]).sin());
    let burgers = |viscosity| VectorBurgers { viscosity };
    for (viscosity, initial, time) in
        [(0.05, kink(1000), 0.5), (0.02, sine(2048), 0.3), (0.05, kink(1125), 0.5), (0.1, sine(256), 1.0)]
    {
        let gap = fewer_waves(&burgers(viscosity), &[1.0], &initial, time);
        assert!(gap < 2e-14, "{:?}: {gap:.1e}", initial.shape());
    }
    let initial = field(&[192, 80], 2, |x, c| (TAU * (x[c] + 0.2)).sin() * (TAU * x[1 - c]).cos());
    let gap = fewer_waves(&burgers(0.1), &[1.0, 1.0], &initial, 1.0);
    // Of a state that has decayed to 4e-4.
    assert!(gap < 1e-16, "{gap:.1e}");
}

#[test]
fn waves_that_grow_or_are_forced_are_never_left_out() {
    use crate::spectral::grid::PeriodicGrid;
    use crate::spectral::resolution::Resolutions;
    fn count<E: SemiLinear>(equation: &E, points: &[usize], lengths: &[f64]) -> usize {
        let grid = PeriodicGrid::new(points, lengths, equation.degree()).unwrap();
        Resolutions::<f64>::new(equation, &grid, true).unwrap().len()
    }
    // 41 waves grow, more than the 31 that 96 points keep; on a short interval none does.
    assert_eq!(count(&KuramotoSivashinsky::default(), &[512], &[41.5 * TAU]), 5);
    assert_eq!(count(&KuramotoSivashinsky::default(), &[512], &[1.0]), 9);
    let flow = |forcing| NavierStokesVorticity { viscosity: 1e-3, drag: 0.0, forcing };
    assert_eq!(count(&flow(VorticityForcing::Diagonal { amplitude: 0.1 }), &[64, 64], &[1.0, 1.0]), 1);
    assert_eq!(count(&flow(VorticityForcing::None), &[64, 64], &[1.0, 1.0]), 3);
    // What is linear keeps all waves at no cost.
    assert_eq!(count(&crate::semilinear::Linear::default(), &[512], &[1.0]), 1);
}
