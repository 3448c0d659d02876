use super::*;
use crate::random_field::Boundary;
use WaveEnd::{Absorbing, Dirichlet, Neumann, Periodic};
use ndarray::IxDyn;
use sobolev_testing::{largest, noise, observed_order};
use std::f64::consts::PI;

/// u and u_t at the cell centres: `[1, n.., 2]`.
fn sampled(cells: &[usize], lengths: &[f64], function: impl Fn(&[f64]) -> [f64; 2]) -> ArrayD<f64> {
    let shape: Vec<usize> = [&[1], cells, &[2]].concat();
    ArrayD::from_shape_fn(IxDyn(&shape), |i| {
        let x: Vec<f64> =
            (0..cells.len()).map(|a| (i[a + 1] as f64 + 0.5) * lengths[a] / cells[a] as f64).collect();
        function(&x)[i[cells.len() + 1]]
    })
}

fn gap(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    largest((a - b).iter().copied())
}

#[test]
fn standing_modes_of_all_walls_are_of_order_two_and_exact_by_modes() {
    let (lengths, speed, time) = ([1.5, 1.0], 0.7, 0.9);
    let cases: [([[WaveEnd; 2]; 2], [[Boundary; 2]; 2], fn(&[f64]) -> f64, f64); 3] = [
        (
            [[Dirichlet; 2], [Neumann; 2]],
            [[Boundary::Dirichlet; 2], [Boundary::Neumann; 2]],
            |x| (2.0 * PI * x[0] / 1.5).sin() * (PI * x[1]).cos(),
            (2.0_f64 / 1.5).powi(2) + 1.0,
        ),
        (
            [[Dirichlet, Neumann], [Neumann, Dirichlet]],
            [[Boundary::Dirichlet, Boundary::Neumann], [Boundary::Neumann, Boundary::Dirichlet]],
            |x| (1.5 * PI * x[0] / 1.5).sin() * (0.5 * PI * x[1]).cos(),
            1.0 + 0.25,
        ),
        (
            [[Periodic; 2], [Dirichlet; 2]],
            [[Boundary::Periodic; 2], [Boundary::Dirichlet; 2]],
            |x| (2.0 * PI * x[0] / 1.5 + 0.4).cos() * (2.0 * PI * x[1]).sin(),
            (2.0_f64 / 1.5).powi(2) + 4.0,
        ),
    ];
    for (ends, boundary, shape, square) in cases {
        let omega = speed * PI * square.sqrt();
        let exact = |t: f64| {
            move |x: &[f64]| {
                let (sin, cos) = (omega * t + 0.3).sin_cos();
                [shape(x) * cos, -omega * shape(x) * sin]
            }
        };
        let wave = Wave::new(&lengths, speed).unwrap().with_ends(&ends).unwrap();
        let (mut steps, mut errors) = (vec![], vec![]);
        for n in [16, 32, 64] {
            let cells = [3 * n / 2, n];
            let end = wave.solve(sampled(&cells, &lengths, exact(0.0)).view(), time).unwrap();
            steps.push(1.0 / n as f64);
            errors.push(gap(&end, &sampled(&cells, &lengths, exact(time))));
        }
        let order = observed_order(&steps, &errors);
        assert!((order - 2.0).abs() < 0.15, "{ends:?}: {order} {errors:?}");
        let modes = SpectralWave::new(&lengths, speed, &boundary).unwrap();
        let cells = [12, 9];
        let end = modes.solve(sampled(&cells, &lengths, exact(0.0)).view(), time).unwrap();
        assert!(gap(&end, &sampled(&cells, &lengths, exact(time))) < 1e-12, "{ends:?}");
    }
}

/// A pulse that runs to the right leaves through the absorbing end as if there were none.
#[test]
fn d_alembert_pulse_leaves_at_order_two() {
    let exact = |t: f64| {
        move |x: &[f64]| {
            let s = x[0] - 0.4 - 2.0 * t;
            let u = (-150.0 * s * s).exp();
            [u, 600.0 * s * u]
        }
    };
    for time in [0.1, 0.3, 0.6] {
        let (mut steps, mut errors) = (vec![], vec![]);
        for n in [200, 400, 800] {
            let wave = Wave::new(&[1.0], 2.0).unwrap().with_ends(&[[Absorbing; 2]]).unwrap();
            let wave = wave.with_step(ExplicitStep::Courant(0.5)).unwrap();
            let end = wave.solve(sampled(&[n], &[1.0], exact(0.0)).view(), time).unwrap();
            let u = ndarray::Axis(2);
            let difference =
                &end.index_axis(u, 0).to_owned() - &sampled(&[n], &[1.0], exact(time)).index_axis(u, 0);
            steps.push(1.0 / n as f64);
            errors.push(largest(difference.iter().copied()));
        }
        let order = observed_order(&steps, &errors);
        assert!(order > 1.8 && errors[2] < 2e-3, "{time}: {order} {errors:?}");
    }
}

/// `(a^2 x^2 u')' = -omega^2 u` has the solutions `x^-1/2 sin(k log x)`, `omega^2 = a^2 (1/4 + k^2)`: a speed that grows with x.
#[test]
fn standing_wave_in_a_medium_whose_speed_varies_is_of_order_two() {
    let (a, k) = (0.6, 4.0);
    let length = (PI / k).exp() - 1.0;
    let omega = a * (0.25 + k * k).sqrt();
    let exact = |t: f64| {
        move |x: &[f64]| {
            let place: f64 = 1.0 + x[0];
            let shape = (k * place.ln()).sin() / place.sqrt();
            [shape * (omega * t).cos(), -omega * shape * (omega * t).sin()]
        }
    };
    let (mut steps, mut errors) = (vec![], vec![]);
    for n in [20, 40, 80] {
        let speed =
            ArrayD::from_shape_fn(IxDyn(&[n]), |i| a * (1.0 + (i[0] as f64 + 0.5) * length / n as f64));
        let wave = Wave::new(&[length], 1.0).unwrap().with_speed_field(speed).unwrap();
        let end = wave.solve(sampled(&[n], &[length], exact(0.0)).view(), 1.7).unwrap();
        let difference = &end - &sampled(&[n], &[length], exact(1.7));
        let u = difference.index_axis(Axis(2), 0);
        steps.push(1.0 / n as f64);
        errors.push((u.iter().map(|v| v * v).sum::<f64>() / n as f64).sqrt());
    }
    let order = observed_order(&steps, &errors);
    assert!((order - 2.0).abs() < 0.15, "{order} {errors:?}");
}

#[test]
fn a_jump_of_the_speed_sends_the_known_part_back() {
    let n = 1600;
    let (c1, c2) = (1.0, 0.4);
    let speed = ArrayD::from_shape_fn(IxDyn(&[n]), |i| if 2 * i[0] < n { c1 } else { c2 });
    let wave = Wave::new(&[1.0], 1.0).unwrap().with_speed_field(speed).unwrap();
    let pulse = |x: &[f64]| {
        let s = x[0] - 0.25;
        let u = (-2000.0 * s * s).exp();
        [u, 4000.0 * s * c1 * u]
    };
    let end = wave.solve(sampled(&[n], &[1.0], pulse).view(), 0.45).unwrap();
    let u: Vec<f64> = (0..n).map(|i| end[[0, i, 0]]).collect();
    let extreme = |part: &[f64]| part.iter().fold(0.0_f64, |e, v| if v.abs() > e.abs() { *v } else { e });
    let (back, through) = (extreme(&u[..n / 2]), extreme(&u[n / 2..]));
    assert!((back - (c1 - c2) / (c1 + c2)).abs() < 0.01, "{back}");
    assert!((through - 2.0 * c1 / (c1 + c2)).abs() < 0.01, "{through}");
}

/// A box in which c varies, with walls.
fn rough() -> (Wave, ArrayD<f64>) {
    let cells = [9, 8, 7];
    let speed = noise(504, 3).iter().map(|v| 1.2 + v).collect();
    let wave = Wave::new(&[1.0, 0.9, 1.1], 1.0).unwrap();
    let wave = wave.with_speed_field(ArrayD::from_shape_vec(IxDyn(&cells), speed).unwrap()).unwrap();
    let wave = wave.with_ends(&[[Dirichlet, Neumann], [Periodic; 2], [Neumann, Neumann]]).unwrap();
    let state = ArrayD::from_shape_vec(IxDyn(&[1, 9, 8, 7, 2]), noise(1008, 4)).unwrap();
    (wave, state)
}

/// The scheme keeps `1/2 <v, v> + 1/2 <u, B u> - dt^2/8 <B u, B u>` with `B u = -div(c^2 grad u)` exactly.
#[test]
fn energy_of_the_scheme_is_constant_and_time_runs_backwards() {
    let (wave, state) = rough();
    let plan = wave.plan(&[9, 8, 7]).unwrap();
    let dt = 0.9 * plan.limit();
    let mut work = plan.work();
    work.load(&state.index_axis(Axis(0), 0));
    let kept = |work: &mut Work| {
        let energy = plan.energy(work);
        let mut force = vec![0.0; 504];
        let mut u = vec![0.0; 1008];
        let mut sample = ArrayD::zeros(IxDyn(&[9, 8, 7, 2]));
        work.store(&mut sample.view_mut());
        u.iter_mut().zip(&sample).for_each(|(to, from)| *to = *from);
        let u: Vec<f64> = u.iter().step_by(2).copied().collect();
        plan.force(&u, &mut force);
        let cell = 1.0 * 0.9 * 1.1 / 504.0;
        energy - dt * dt / 8.0 * cell * force.iter().map(|f| f * f).sum::<f64>()
    };
    let before = kept(&mut work);
    plan.march(&mut work, dt, 500, &()).unwrap();
    assert!((kept(&mut work) / before - 1.0).abs() < 1e-11, "{} {before}", kept(&mut work));

    let reverse = |state: &mut ArrayD<f64>| state.index_axis_mut(Axis(4), 1).mapv_inplace(|v| -v);
    let mut turned = wave.solve(state.view(), 3.0).unwrap();
    reverse(&mut turned);
    let mut back = wave.solve(turned.view(), 3.0).unwrap();
    reverse(&mut back);
    assert!(gap(&back, &state) < 1e-10, "{:e}", gap(&back, &state));
}

#[test]
fn the_residual_of_a_sample_is_the_drift_of_energy_of_order_two() {
    let residual = |courant: f64| {
        let table = format!("size = 64\nlength = [1.0, 1.0]\ncourant = {courant}").parse().unwrap();
        (WAVE.build)(table).unwrap().sample(1, 0, &()).unwrap().residual
    };
    let (coarse, fine) = (residual(0.9), residual(0.45));
    assert!(coarse < 0.05 && (3.0..5.0).contains(&(coarse / fine)), "{coarse:e} {fine:e}");
}

#[test]
fn both_solvers_know_the_energy_of_a_mode() {
    // u = sin(pi x): 1/2 c^2 pi^2 / 2.
    let state = sampled(&[200], &[1.0], |x| [(PI * x[0]).sin(), 0.0]);
    let exact = 0.25 * 4.0 * PI * PI;
    let leapfrog = Wave::new(&[1.0], 2.0).unwrap().energy(state.view()).unwrap()[0];
    let modes = SpectralWave::new(&[1.0], 2.0, &[[Boundary::Dirichlet; 2]]).unwrap();
    assert!((leapfrog / exact - 1.0).abs() < 1e-4, "{leapfrog} {exact}");
    assert!((modes.energy(state.view()).unwrap()[0] / exact - 1.0).abs() < 1e-12);
}

#[test]
fn absorbing_sides_only_take_energy_and_nearly_all_of_it() {
    let cells = [40, 40];
    let wave = Wave::new(&[1.0; 2], 1.0).unwrap().with_ends(&[[Absorbing; 2]; 2]).unwrap();
    let bump = |x: &[f64]| [(-60.0 * ((x[0] - 0.5).powi(2) + (x[1] - 0.4).powi(2))).exp(), 0.0];
    let mut state = sampled(&cells, &[1.0; 2], bump);
    let first = wave.energy(state.view()).unwrap()[0];
    let mut energy = first;
    for _ in 0..20 {
        wave.step(state.view_mut(), 0.1).unwrap();
        let now = wave.energy(state.view()).unwrap()[0];
        assert!(now < energy * (1.0 + 1e-3), "{now} {energy}");
        energy = now;
    }
    assert!(energy < 2e-3 * first, "{energy} {first}");
}

#[test]
fn steps_above_the_limit_and_wrong_arguments_are_named() {
    let state = ArrayD::zeros(IxDyn(&[1, 10, 20, 2]));
    let wave = Wave::new(&[1.0, 1.0], 2.0).unwrap();
    // 1 / (c sqrt(100 + 400)).
    assert!((wave.stability_limit(&[10, 20]).unwrap() - 0.5 / 500.0_f64.sqrt()).abs() < 1e-12);
    let fixed = wave.with_step(ExplicitStep::Fixed(0.03)).unwrap();
    let error = fixed.solve(state.view(), 1.0).unwrap_err().to_string();
    assert!(error.contains("step: expected at most 2.236e-2, the stability limit"), "{error}");
    assert!(matches!(Wave::new(&[1.0], 0.0), Err(Error::Value { .. })));
    assert!(matches!(Wave::new(&[1.0; 4], 1.0), Err(Error::Value { .. })));
    let one = || Wave::new(&[1.0], 1.0).unwrap();
    assert!(matches!(one().with_ends(&[[Periodic, Neumann]]), Err(Error::Value { .. })));
    assert!(matches!(one().with_speed_field(ArrayD::zeros(IxDyn(&[4]))), Err(Error::Value { .. })));
    let field = one().with_speed_field(ArrayD::ones(IxDyn(&[4]))).unwrap();
    assert!(matches!(field.solve(ArrayD::zeros(IxDyn(&[1, 5, 2])).view(), 1.0), Err(Error::Shape { .. })));
    assert!(matches!(one().solve(ArrayD::zeros(IxDyn(&[1, 5, 1])).view(), 1.0), Err(Error::Shape { .. })));
    let huge = ArrayD::from_elem(IxDyn(&[1, 5, 2]), 1e308);
    assert!(matches!(one().solve(huge.view(), 1.0), Err(Error::Diverged { .. })));
}

#[test]
fn problems_are_read_from_settings() {
    for text in [
        "size = [20, 10]\nlength = [2.0, 1.0]\nboundary = [[\"absorbing\", \"dirichlet\"], \"periodic\"]\nspeed = [1.0, 2.0]\nframes = 2",
        "size = 16\nmethod = \"spectral\"\nboundary = \"periodic\"\ndimension = 1",
    ] {
        let problem = (WAVE.build)(text.parse().unwrap()).unwrap();
        let sample = problem.sample(2, 3, &()).unwrap();
        assert_eq!(sample.target.shape(), problem.target().shape());
        assert_eq!(sample.residual.is_nan(), text.contains("absorbing"));
        assert!(!text.contains("spectral") || sample.residual < 1e-12, "{:e}", sample.residual);
        assert_eq!(
            (WAVE.build)(problem.settings()).unwrap().sample(2, 3, &()).unwrap().target,
            sample.target
        );
        let frames = problem.time_solver().unwrap().rollout(
            sample.input.view().insert_axis(Axis(0)),
            &[0.5, 1.0],
            &(),
        );
        assert!(frames.unwrap().iter().all(|v| v.is_finite()));
    }
    for (text, words) in [
        ("boundary = \"absorbin\"", "did you mean \"absorbing\""),
        ("method = \"spectral\"\nspeed = [1.0, 2.0]", "method: expected \"leapfrog\""),
        ("method = \"spectral\"\nboundary = \"absorbing\"", "method: expected \"leapfrog\""),
        ("method = \"spectral\"\nstep = 0.1", "step: expected nothing with modes"),
        ("speed = -1.0", "speed"),
        ("speed = []", "speed"),
        ("time = -1.0", "time"),
        ("length = -1.0", "length: expected"),
    ] {
        let error = (WAVE.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}
