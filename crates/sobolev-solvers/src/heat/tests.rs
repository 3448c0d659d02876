use super::*;
use sobolev_testing::{largest, observed_order};
use std::f64::consts::PI;

/// `f` at the cell centres of n cells a side of the unit box.
fn at(n: usize, dimensions: usize, f: impl Fn(&[f64]) -> f64) -> ArrayD<f64> {
    ArrayD::from_shape_fn(IxDyn(&vec![n; dimensions]), |i| {
        let x: Vec<f64> = (0..dimensions).map(|a| (i[a] as f64 + 0.5) / n as f64).collect();
        f(&x)
    })
}

fn state(u: &ArrayD<f64>) -> ArrayD<f64> {
    u.clone().insert_axis(Axis(u.ndim())).insert_axis(Axis(0))
}

#[test]
fn second_order_in_space_and_time_towards_a_steady_solution_with_a_source() {
    // u = sin(pi x) sin(pi y) (1 - e^(-t)) does not fit a constant source; u = u_s + e^(-2 pi^2 a t) u_1 with constant a does.
    let a = 0.3;
    let shape = |x: &[f64]| (PI * x[0]).sin() * (PI * x[1]).sin();
    let rate = 2.0 * PI * PI * a;
    let time = 0.1;
    let error = |n: usize, steps: f64| {
        let cold = || [Condition::zero(), Condition::zero()];
        let f = at(n, 2, |x| rate * shape(x));
        let heat = Heat::new(at(n, 2, |_| a), &[1.0, 1.0], vec![cold(), cold()]).unwrap();
        let heat = heat.with_source(f.view()).unwrap().with_step(time / steps).unwrap();
        let u = heat.solve(state(&at(n, 2, |x| 3.0 * shape(x))).view(), time).unwrap();
        let exact = at(n, 2, |x| shape(x) * (1.0 + 2.0 * (-rate * time).exp()));
        largest(u.iter().zip(&exact).map(|(a, b)| (a - b).abs()))
    };
    let sizes = [12, 18, 27];
    let space = sizes.map(|n| error(n, 40.0));
    let order = observed_order(&sizes.map(|n| 1.0 / n as f64), &space);
    assert!((order - 2.0).abs() < 0.1, "{order} {space:?}");
    // Time: against the solution of many steps on the same grid.
    let steps = [4.0, 8.0, 16.0];
    let fine = error(24, 400.0);
    let time = steps.map(|steps| (error(24, steps) - fine).abs());
    let order = observed_order(&steps.map(|s: f64| 1.0 / s), &time);
    assert!((order - 2.0).abs() < 0.2, "{order} {time:?}");
}

#[test]
fn insulated_media_keep_their_heat_and_tend_to_its_mean() {
    for dimensions in 1..=3 {
        let n = if dimensions == 3 { 12 } else { 32 };
        let a = at(n, dimensions, |x| if x[0] < 0.4 { 10.0 } else { 0.1 });
        let insulated = || [Condition::no_flux(), Condition::no_flux()];
        let sides = (0..dimensions).map(|_| insulated()).collect();
        let heat = Heat::new(a, &vec![1.0; dimensions], sides).unwrap().with_step(0.5).unwrap();
        let initial = at(n, dimensions, |x| if x[0] > 0.7 { 1.0 } else { 0.0 });
        let mean = initial.mean().unwrap();
        let frames = heat.rollout(state(&initial).view(), &[0.1, 0.5, 30.0], &()).unwrap();
        for (index, frame) in frames.axis_iter(Axis(1)).enumerate() {
            assert!((frame.mean().unwrap() - mean).abs() < 1e-8, "{dimensions} {index}");
        }
        let last = frames.index_axis(Axis(1), 2);
        assert!(largest(last.iter().map(|u| (u - mean).abs())) < 1e-6);
    }
}

#[test]
fn steps_of_any_length_are_stable_and_batches_do_not_matter() {
    let a = at(24, 2, |x| (3.0 * (7.0 * x[0]).sin() * (5.0 * x[1]).cos()).exp());
    let cold = || [Condition::zero(), Condition::zero()];
    let heat = Heat::new(a, &[1.0, 1.0], vec![cold(), cold()]).unwrap();
    let rough = at(24, 2, |x| (PI * 24.0 * (x[0] + x[1])).cos().signum());
    // A thousand times the limit of an explicit scheme in one step: waves of rate z are damped to 5 / |z|.
    let one = heat.solve(state(&rough).view(), 1.0).unwrap();
    assert!(largest(one.iter().map(|u| u.abs())) < 0.05);
    let pair = ndarray::concatenate(Axis(0), &[state(&(&rough * 2.0)).view(), state(&rough).view()]).unwrap();
    let both = heat.solve(pair.view(), 1.0).unwrap();
    assert_eq!(both.index_axis(Axis(0), 1), one.index_axis(Axis(0), 0));
}

#[test]
fn wrong_input_is_refused_with_a_reason() {
    let cold = || [Condition::zero(), Condition::zero()];
    let new = |a: f64| Heat::new(at(8, 2, |_| a), &[1.0, 1.0], vec![cold(), cold()]);
    assert!(new(-1.0).unwrap_err().to_string().contains("positive"));
    let heat = new(1.0).unwrap();
    assert!(heat.clone().with_step(0.0).is_err());
    assert!(
        heat.solve(ArrayD::zeros(vec![1, 8, 9, 1]).view(), 1.0)
            .unwrap_err()
            .to_string()
            .contains("as the conductivity")
    );
    for (text, word) in [
        ("size = 2", "size"),
        ("dimension = 4", "dimension"),
        ("step = -1.0", "step"),
        ("frames = 0", "frames"),
        ("contrast = 50.0", "contrast"),
        ("tolerance = 0.5", "tolerance"),
        ("size = [8, 3]", "size"),
        ("length = [1.0, -1.0]", "length"),
        ("boundary = \"absorbing\"", "boundary: expected one of dirichlet, neumann, robin, periodic"),
        ("boundary = { robin = [-1.0, 0.0] }", "boundary robin: expected alpha of at least 0"),
    ] {
        let error = (HEAT.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with(word), "{text}: {error}");
    }
}

fn sample(text: &str) -> crate::Sample {
    (HEAT.build)(text.parse().unwrap()).unwrap().sample(3, 1, &()).unwrap()
}

#[test]
fn samples_in_boxes_of_any_shape_tend_to_what_their_sides_hold() {
    // u = 1 + b x with u + du/dx = 0 at x = 2: linear, so exact.
    let common = "contrast = 0.0\nconductivity = 1.0\nframes = 1\ntime = 60.0\nstep = 1.0\n";
    let boundary = "[[{ dirichlet = 1.0 }, { robin = [1.0, 0.0] }], \"periodic\"]";
    let wide = sample(&format!("{common}size = [20, 10]\nlength = [2.0, 1.0]\nboundary = {boundary}"));
    let exact = |i: usize| 1.0 - (2.0 * (i as f64 + 0.5) / 20.0) / 3.0;
    assert!(largest(wide.target.indexed_iter().map(|(i, u)| u - exact(i[1]))) < 1e-8);
    // Insulated: what is there stays; a flux of -du/dn = 0.25 through one side of area 1 of the volume 2 takes its part.
    for (slope, rate) in [("\"neumann\"", 0.0), ("{ neumann = -0.25 }", -0.125)] {
        let text = "contrast = 0.0\nconductivity = 0.5\nsize = [16, 8]\nlength = [2.0, 1.0]\nframes = 4\n";
        let made = sample(&format!("{text}boundary = [[\"neumann\", {slope}], \"neumann\"]"));
        let before = made.input.index_axis(Axis(2), 1).mean().unwrap();
        for (frame, u) in made.target.outer_iter().enumerate() {
            let expected = before + 0.5 * rate * (frame + 1) as f64 / 4.0;
            assert!((u.mean().unwrap() - expected).abs() < 1e-9, "{slope} {frame}");
        }
    }
    let spelt = "size = [12, 12]\nlength = [1.0, 1]\nboundary = [\"neumann\", [\"neumann\", { neumann = 0.0 }]]\nstep = 0.02";
    assert_eq!(sample("size = 12\nframes = 2"), sample(&format!("{spelt}\nframes = 2")));
}

#[test]
fn estimated_errors_are_about_the_true_ones_and_of_order_two_for_waves_of_any_decay() {
    // Waves that lose from six hundredths to all but e^-408 of themselves in a step, each alone.
    let (n, time) = (32, 0.1);
    let wave = |k: usize, x: &[f64]| (PI * k as f64 * x[0]).sin();
    let cold = || [Condition::zero(), Condition::zero()];
    let heat =
        |step: f64| Heat::new(at(n, 1, |_| 1.0), &[1.0], vec![cold()]).unwrap().with_step(step).unwrap();
    for k in [1, 2, 5, 31] {
        let initial = at(n, 1, |x| wave(k, x));
        let h = n as f64;
        let rate = (2.0 * h * (0.5 * PI * k as f64 / h).sin()).powi(2);
        for step in [time, time / 16.0] {
            let mut state = state(&initial);
            let estimate = heat(step).integrate(state.view_mut(), step, &()).unwrap()[0];
            let ratio = state[[0, 3, 0]] / initial[[3]];
            let ratio = estimate / (ratio - (-rate * step).exp()).abs();
            // The estimate is solved for to two digits.
            assert!((0.7..1.2).contains(&ratio), "{k} {step}: {ratio}");
        }
    }
    let initial = at(n, 1, |x| wave(1, x) + 0.5 * wave(2, x));
    let steps = [16.0, 32.0, 64.0].map(|steps: f64| time / steps);
    let run = |heat: Heat| {
        let mut state = state(&initial);
        let estimate = heat.integrate(state.view_mut(), time, &()).unwrap()[0];
        (state, estimate)
    };
    let estimates = steps.map(|step| run(heat(step)).1);
    let order = observed_order(&steps, &estimates);
    assert!((order - 2.0).abs() < 0.2, "{order} {estimates:?}");
    // Steps are the same with and without an estimate.
    assert_eq!(heat(0.02).solve(state(&initial).view(), time).unwrap(), run(heat(0.02)).0);
}

#[test]
fn steps_by_tolerance_meet_it_and_do_not_follow_waves_that_are_gone() {
    struct Counter(std::sync::atomic::AtomicU64);
    impl Monitor for Counter {
        fn cancelled(&self) -> bool {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            false
        }
    }
    let a = at(24, 2, |x| (2.0 * (7.0 * x[0]).sin() * (5.0 * x[1]).cos()).exp());
    let heat = Heat::new(
        a,
        &[1.0, 1.0],
        vec![[Condition::value(1.0), Condition::zero()], [Condition::no_flux(), Condition::no_flux()]],
    )
    .unwrap();
    let rough = at(24, 2, |x| (PI * 24.0 * (x[0] + x[1])).cos().signum() + (PI * x[0]).sin());
    let run = |heat: &Heat| {
        let mut state = state(&rough);
        let error = heat.integrate(state.view_mut(), 0.2, &()).unwrap()[0];
        (state.into_raw_vec_and_offset().0, error)
    };
    let exact = run(&heat.clone().with_tolerance(1e-6).unwrap()).0;
    let errors = [1e-2, 1e-3, 1e-4].map(|tolerance| {
        let (got, estimate) = run(&heat.clone().with_tolerance(tolerance).unwrap());
        let error = sobolev_testing::relative_error(&got, &exact);
        // Errors of waves that decay are forgotten.
        assert!(error < estimate && error < 10.0 * tolerance, "{tolerance:e}: {error:e} {estimate:e}");
        error
    });
    assert!(errors[2] < 0.2 * errors[0], "{errors:?}");
    // A hundred times the time costs less than twice the work, because steps grow as the waves decay.
    let questions = |time: f64| {
        let counter = Counter(std::sync::atomic::AtomicU64::new(0));
        let solver = heat.clone().with_tolerance(1e-3).unwrap();
        solver.integrate(state(&rough).view_mut(), time, &counter).unwrap();
        counter.0.into_inner()
    };
    let (short, long) = (questions(0.2), questions(20.0));
    assert!(long < 2 * short, "{long} {short}");
    // A limit on the step holds, and batches do not matter.
    let limited = heat.with_tolerance(1e-2).unwrap().with_step(0.01).unwrap();
    let pair = ndarray::concatenate(Axis(0), &[state(&(&rough * 2.0)).view(), state(&rough).view()]).unwrap();
    let mut both = pair.clone();
    limited.integrate(both.view_mut(), 0.05, &()).unwrap();
    let mut one = state(&rough);
    limited.integrate(one.view_mut(), 0.05, &()).unwrap();
    assert_eq!(both.index_axis(Axis(0), 1), one.index_axis(Axis(0), 0));
    let chosen = sample("size = 12\nframes = 2\ntolerance = 1e-4");
    let equal = sample("size = 12\nframes = 2\nstep = 1e-3");
    let flat = |sample: &crate::Sample| sample.target.iter().copied().collect::<Vec<_>>();
    assert!(sobolev_testing::relative_error(&flat(&chosen), &flat(&equal)) < 2e-3);
    assert!(chosen.residual > 0.0 && chosen.residual < 0.03 && equal.residual < 0.01);
}
