use super::*;
use ndarray::{ArrayD, IxDyn};
use sobolev_testing::largest;
use std::f64::consts::PI;

fn gap(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    largest((a - b).iter().copied())
}

/// A smooth state that fits the walls of a box of sides 2 and 1.
fn smooth(cells: [usize; 2]) -> ArrayD<f64> {
    ArrayD::from_shape_fn(IxDyn(&[1, cells[0], cells[1], 2]), |i| {
        let x = PI * (i[1] as f64 + 0.5) / cells[0] as f64;
        let y = PI * (i[2] as f64 + 0.5) / cells[1] as f64;
        if i[3] == 0 { x.cos() + 0.5 * (2.0 * x).cos() * y.cos() } else { 0.3 - 0.4 * (2.0 * y).cos() }
    })
}

fn solver() -> DiffusionReaction {
    DiffusionReaction::new(&[2.0, 1.0], [2e-2, 5e-2], 5e-3).unwrap().with_tolerance(1e-10).unwrap()
}

#[test]
fn a_state_without_place_follows_the_ordinary_equations() {
    let rate = |[u, v]: [f64; 2]| [u - u * u * u - 5e-3 - v, u - v];
    let mut state = [0.8, -0.2];
    let h = 1e-3;
    for _ in 0..3000 {
        let shifted = |k: [f64; 2], part: f64| [state[0] + part * h * k[0], state[1] + part * h * k[1]];
        let a = rate(state);
        let b = rate(shifted(a, 0.5));
        let c = rate(shifted(b, 0.5));
        let d = rate(shifted(c, 1.0));
        state = [0, 1].map(|i| state[i] + h / 6.0 * (a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]));
    }
    let start = ArrayD::from_shape_fn(IxDyn(&[1, 6, 5, 2]), |i| [0.8, -0.2][i[3]]);
    let end = solver().solve(start.view(), 3.0).unwrap();
    assert!(end.indexed_iter().all(|(i, value)| (value - state[i[3]]).abs() < 1e-9), "{state:?} {end}");
}

#[test]
fn second_differences_are_of_order_two() {
    let end = |n: usize| solver().solve(smooth([2 * n, n]).view(), 1.0).unwrap();
    // The centre of a cell is that of the middle one of three by three.
    let thinned = |state: &ArrayD<f64>, coarse: &ArrayD<f64>| {
        ArrayD::from_shape_fn(coarse.raw_dim(), |i| state[[0, 3 * i[1] + 1, 3 * i[2] + 1, i[3]]])
    };
    let [coarse, middle, fine] = [6, 18, 54].map(end);
    let ratio = gap(&coarse, &thinned(&middle, &coarse)) / gap(&middle, &thinned(&fine, &middle));
    assert!((ratio - 9.0).abs() < 1.0, "{ratio}");
}

#[test]
fn the_error_falls_with_the_tolerance() {
    let start = smooth([12, 6]);
    let reference = solver().with_tolerance(1e-12).unwrap().solve(start.view(), 4.0).unwrap();
    for tolerance in [1e-3, 1e-5, 1e-7] {
        let solver = solver().with_tolerance(tolerance).unwrap();
        let mut end = start.clone();
        let estimate = solver.integrate(end.view_mut(), 4.0, &()).unwrap()[0];
        let error = gap(&end, &reference);
        assert!(error < 3.0 * tolerance && estimate > 0.0, "{tolerance:e}: {error:e} {estimate:e}");
    }
}

/// The mirror image continues the state as a periodic one of twice the length, here with spectral accuracy.
#[test]
fn walls_are_mirrors() {
    use crate::semilinear::FitzHughNagumo;
    use crate::spectral::PeriodicSolver;
    let difference = |n: usize| {
        let n = [2 * n, n];
        let mirrored = |state: &ArrayD<f64>| {
            ArrayD::from_shape_fn(IxDyn(&[1, 2 * n[0], 2 * n[1], 2]), |i| {
                let fold = |place: usize, n: usize| if place < n { place } else { 2 * n - 1 - place };
                state[[0, fold(i[1], n[0]), fold(i[2], n[1]), i[3]]]
            })
        };
        let equation = FitzHughNagumo { diffusivity_u: 2e-2, diffusivity_v: 5e-2, threshold: 5e-3 };
        let periodic = PeriodicSolver::new(equation, &[4.0, 2.0], 0.02).unwrap();
        let expected = periodic.solve(mirrored(&smooth(n)).view(), 1.0).unwrap();
        gap(&mirrored(&solver().solve(smooth(n).view(), 1.0).unwrap()), &expected)
    };
    let (coarse, fine) = (difference(16), difference(32));
    assert!(fine < 2e-3 && (coarse / fine - 4.0).abs() < 0.3, "{coarse:e} {fine:e}");
}

#[test]
fn problems_are_read_from_settings_and_wrong_arguments_are_named() {
    for text in [
        "size = [12, 10]\nlength = [1.0, 2.0]\ntime = 1.0\nframes = 2\nwarm_up = 0.5",
        "size = 16\ntime = 0.5\nfield = { amplitude = 10.0, inverse_length = 5.0, exponent = 2.0 }",
    ] {
        let problem = (DIFFUSION_REACTION.build)(text.parse().unwrap()).unwrap();
        let sample = problem.sample(2, 3, &()).unwrap();
        assert_eq!(sample.target.shape(), problem.target().shape());
        assert!(sample.residual < 1e-3);
        let again = (DIFFUSION_REACTION.build)(problem.settings()).unwrap();
        assert_eq!(again.sample(2, 3, &()).unwrap(), sample);
    }
    for (text, words) in [
        ("diffusivity_u = -1.0", "diffusivity_u: expected"),
        ("diffusivity_v = -1.0", "diffusivity_v: expected"),
        ("length = -1.0", "length: expected"),
        ("tolerance = 1.0", "tolerance"),
        ("field = \"nois\"", "field"),
        ("warm_up = -1.0", "warm_up"),
        ("dimension = 0", "dimension"),
    ] {
        let error = (DIFFUSION_REACTION.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
    let solver = solver();
    assert!(matches!(
        solver.solve(ArrayD::zeros(IxDyn(&[1, 4, 4, 1])).view(), 1.0),
        Err(Error::Shape { .. })
    ));
    let nan = ArrayD::from_elem(IxDyn(&[1, 4, 4, 2]), f64::NAN);
    assert!(matches!(solver.solve(nan.view(), 1.0), Err(Error::NonFinite { .. })));
    let stop = std::sync::atomic::AtomicBool::new(true);
    let mut state = ArrayD::zeros(IxDyn(&[1, 4, 4, 2]));
    assert!(matches!(solver.advance(state.view_mut(), 1.0, &stop), Err(Error::Cancelled { .. })));
}

#[test]
fn states_and_media_that_no_step_can_follow_are_told_apart() {
    let huge = ArrayD::from_elem(IxDyn(&[1, 4, 4, 2]), 1e150);
    let solver = DiffusionReaction::new(&[1.0, 1.0], [1e-3; 2], 0.0).unwrap();
    let error = solver.solve(huge.view(), 1.0).unwrap_err();
    assert!(matches!(&error, Error::Diverged { hint, .. } if hint.contains("too large")), "{error}");
    // Steps of about 1e-14 by stability.
    let stiff = DiffusionReaction::new(&[1.0, 1.0], [1e12; 2], 0.0).unwrap();
    let waves = ArrayD::from_shape_fn(IxDyn(&[1, 4, 4, 2]), |i| ((i[1] * i[2] + i[3]) as f64).sin());
    let error = stiff.solve(waves.view(), 1.0).unwrap_err();
    assert!(matches!(&error, Error::Diverged { hint, .. } if hint.contains("shorter steps")), "{error}");
}
