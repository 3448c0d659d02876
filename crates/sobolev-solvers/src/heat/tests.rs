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
    ] {
        let error = (HEAT.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with(word), "{text}: {error}");
    }
}
