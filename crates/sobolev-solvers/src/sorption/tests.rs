use super::*;
use ndarray::{ArrayD, IxDyn};
use sobolev_testing::{largest, observed_order};

fn constant(cells: usize, value: f64) -> ArrayD<f64> {
    ArrayD::from_elem(IxDyn(&[1, cells, 1]), value)
}

/// The complementary error function for arguments of at least 0, by the continued fraction or the series.
fn erfc(x: f64) -> f64 {
    if x > 2.5 {
        let fraction = (1..60).rev().fold(x, |rest, k| x + 0.5 * k as f64 / rest);
        return (-x * x).exp() / (std::f64::consts::PI.sqrt() * fraction);
    }
    let (mut term, mut sum) = (x, x);
    for k in 1..80 {
        term *= -x * x / k as f64;
        sum += term / (2 * k + 1) as f64;
    }
    1.0 - 2.0 / std::f64::consts::PI.sqrt() * sum
}

#[test]
fn retardation_is_the_published_one_and_the_derivative_of_the_content() {
    let medium = Medium::default();
    // The offset in the power changes it by 1e-7.
    assert!((medium.retardation(1.0) - 3.156911).abs() < 1e-6, "{}", medium.retardation(1.0));
    for u in [0.001, 0.1, 0.7] {
        let h = 1e-5 * u;
        let slope = (medium.content(u + h) - medium.content(u - h)) / (2.0 * h);
        assert!((slope / medium.retardation(u) - 1.0).abs() < 1e-8);
    }
    assert_eq!(medium.content(0.0), 0.0);
}

/// With exponent 1 and short times: `u = u0 + (1 - u0) erfc(x / (2 sqrt(D t / R)))`.
#[test]
fn linear_sorption_is_heat_and_of_order_two_in_space() {
    let medium = Medium { exponent: 1.0, ..Medium::default() };
    let time = 60.0;
    let width = 2.0 * (medium.diffusivity * time / medium.retardation(1.0)).sqrt();
    let (mut steps, mut errors) = (vec![], vec![]);
    for n in [32, 64, 128] {
        let solver = DiffusionSorption::new(1.0, medium).unwrap().with_tolerance(1e-7).unwrap();
        let end = solver.solve(constant(n, 0.0).view(), time).unwrap();
        let exact = |i: usize| erfc((i as f64 + 0.5) / n as f64 / width);
        // Away from the far end, which the solution does not know of.
        errors.push(largest((0..n / 2).map(|i| end[[0, i, 0]] - exact(i))));
        steps.push(1.0 / n as f64);
    }
    let order = observed_order(&steps, &errors);
    assert!((order - 2.0).abs() < 0.15, "{order} {errors:?}");
}

/// The same finite volumes, integrated by SciPy's Radau scheme to 1e-10.
#[test]
fn freundlich_sorption_agrees_with_an_independent_integration() {
    for (time, level, expected) in [
        (200.0, 0.1, [0.97667161, 0.54340484, 0.25757931, 0.09535849, 0.00300942]),
        (500.0, 0.02, [0.98371478, 0.66751852, 0.39940868, 0.09229602, 0.00100648]),
    ] {
        let solver = DiffusionSorption::new(1.0, Medium::default()).unwrap().with_tolerance(1e-7).unwrap();
        let end = solver.solve(constant(64, level).view(), time).unwrap();
        for (cell, value) in [0, 10, 20, 40, 63].into_iter().zip(expected) {
            assert!((end[[0, cell, 0]] - value).abs() < 3e-6, "{cell}: {} {value}", end[[0, cell, 0]]);
        }
    }
}

#[test]
fn smaller_tolerances_give_smaller_errors_and_values_stay_in_range() {
    let run = |tolerance: f64| {
        let solver =
            DiffusionSorption::new(1.0, Medium::default()).unwrap().with_tolerance(tolerance).unwrap();
        solver.solve(constant(64, 0.05).view(), 300.0).unwrap()
    };
    let reference = run(1e-8);
    let errors = [1e-3, 1e-4, 1e-5].map(|tolerance| {
        let end = run(tolerance);
        assert!(end.iter().all(|u| (0.0..=1.0).contains(u)));
        largest((&end - &reference).iter().copied())
    });
    // The estimate is of first order: a tenth of it is a step of 0.3 and an error of a tenth.
    assert!(errors[0] < 1e-3 && errors[1] < 0.25 * errors[0] && errors[2] < 0.25 * errors[1], "{errors:?}");
}

/// In the end the substance flows through: `u = 1 - x / (1 + D)` for length 1, exactly on any grid.
#[test]
fn steady_state_is_the_line_that_the_ends_ask_for() {
    let medium = Medium { diffusivity: 0.5, ..Medium::default() };
    let solver = DiffusionSorption::new(1.0, medium).unwrap();
    let end = solver.solve(constant(20, 0.1).view(), 1000.0).unwrap();
    for i in 0..20 {
        let x = (i as f64 + 0.5) / 20.0;
        assert!((end[[0, i, 0]] - (1.0 - x / 1.5)).abs() < 1e-8, "{x}");
    }
}

/// Without diffusion through the ends worth mentioning, what comes in is found inside.
#[test]
fn content_grows_by_what_flows_in() {
    let medium = Medium::default();
    let (n, h) = (50, 0.02);
    let solver = DiffusionSorption::new(1.0, medium).unwrap().with_tolerance(1e-6).unwrap();
    let content = |state: &ArrayD<f64>| h * state.iter().map(|u| medium.content(*u)).sum::<f64>();
    let flux = |state: &ArrayD<f64>| {
        let half = 2.0 * medium.diffusivity / h;
        half * (1.0 - state[[0, 0, 0]]) - half / (1.0 + half) * state[[0, n - 1, 0]]
    };
    let mut state = solver.solve(constant(n, 0.1).view(), 50.0).unwrap();
    let (before, mut inflow) = (content(&state), 0.0);
    // Simpson's rule over short intervals.
    for _ in 0..100 {
        let start = flux(&state);
        solver.step(state.view_mut(), 0.5).unwrap();
        let middle = flux(&state);
        solver.step(state.view_mut(), 0.5).unwrap();
        inflow += (start + 4.0 * middle + flux(&state)) / 6.0;
    }
    let gained = content(&state) - before;
    assert!((gained / inflow - 1.0).abs() < 1e-5, "{gained} {inflow}");
}

#[test]
fn problems_are_read_from_settings_and_wrong_arguments_are_named() {
    let problem = (DIFFUSION_SORPTION.build)("size = 64\nframes = 5".parse().unwrap()).unwrap();
    let sample = problem.sample(1, 2, &()).unwrap();
    assert_eq!(sample.target.shape(), [5, 64, 1]);
    assert!(sample.residual > 1e-5 && sample.residual < 0.1, "{:e}", sample.residual);
    assert!(sample.input.iter().all(|u| *u == sample.input[[0, 0]] && (0.0..0.2).contains(u)));
    assert_ne!(problem.sample(1, 3, &()).unwrap().input, sample.input);
    assert_eq!(
        (DIFFUSION_SORPTION.build)(problem.settings()).unwrap().sample(1, 2, &()).unwrap().target,
        sample.target
    );
    for (text, words) in [
        ("porosity = 1.0", "porosity"),
        ("diffusivity = 0.0", "diffusivity: expected a positive"),
        ("density = -1.0", "density"),
        ("exponent = 0.0", "exponent"),
        ("density = 1e200\ncoefficient = 1e200", "coefficient: expected one that makes a finite retardation"),
        ("length = -1.0", "length: expected"),
        ("size = 1", "size"),
        ("tolerance = 0.0", "tolerance"),
        ("highest = -1.0", "highest"),
    ] {
        let error = (DIFFUSION_SORPTION.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
    let solver = DiffusionSorption::new(1.0, Medium::default()).unwrap();
    assert!(matches!(solver.solve(constant(4, -0.1).view(), 1.0), Err(Error::Value { .. })));
    assert!(matches!(solver.solve(constant(1, 0.1).view(), 1.0), Err(Error::Shape { .. })));
    let stop = std::sync::atomic::AtomicBool::new(true);
    assert!(matches!(solver.advance(constant(4, 0.1).view_mut(), 1.0, &stop), Err(Error::Cancelled { .. })));
}

#[test]
fn values_that_are_not_finite_do_not_count_as_converged() {
    // The content of 1e200 is not finite.
    let medium = Medium { exponent: 2.0, ..Medium::default() };
    let error =
        DiffusionSorption::new(1.0, medium).unwrap().solve(constant(8, 1e200).view(), 1.0).unwrap_err();
    let Error::Diverged { solver, time, hint, .. } = error else { panic!("{error}") };
    assert!(
        solver == "diffusion-sorption" && time == 0.0 && hint.contains("too large"),
        "{solver} {time} {hint}"
    );
}

#[test]
fn the_sum_of_the_estimates_bounds_the_error() {
    let run = |tolerance: f64| {
        let solver =
            DiffusionSorption::new(1.0, Medium::default()).unwrap().with_tolerance(tolerance).unwrap();
        let mut state = constant(64, 0.05);
        let estimate = solver.integrate(state.view_mut(), 300.0, &()).unwrap()[0];
        (state, estimate)
    };
    let (reference, _) = run(1e-8);
    for tolerance in [1e-3, 1e-4] {
        let (end, estimate) = run(tolerance);
        let error = largest((&end - &reference).iter().copied());
        assert!(error < estimate && estimate > tolerance, "{error:e} {estimate:e}");
    }
}
