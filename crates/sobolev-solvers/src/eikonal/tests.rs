use super::*;
use ndarray::IxDyn;
use sobolev_testing::{largest, noise, observed_order};

/// A function of the cell centres, `[1, n.., 1]`.
fn sampled(cells: &[usize], lengths: &[f64], function: impl Fn(&[f64]) -> f64) -> ArrayD<f64> {
    let shape: Vec<usize> = [&[1], cells, &[1]].concat();
    ArrayD::from_shape_fn(IxDyn(&shape), |i| {
        let x: Vec<f64> =
            (0..cells.len()).map(|a| (i[a + 1] as f64 + 0.5) * lengths[a] / cells[a] as f64).collect();
        function(&x)
    })
}

fn gap(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    largest((a - b).iter().copied())
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[test]
fn constant_speed_gives_distances_to_rounding_in_two_rounds() {
    let cases: [(&[usize], &[f64], &[f64]); 4] = [
        (&[30], &[2.0], &[0.31]),
        (&[31, 20], &[1.5, 0.7], &[0.4, 0.33]),
        (&[16, 16], &[1.0, 1.0], &[0.0, 1.0]),
        (&[12, 14, 9], &[1.0, 1.2, 0.8], &[0.5, 0.61, 0.4]),
    ];
    for (cells, lengths, point) in cases {
        let solver = Eikonal::from_points(lengths, &[point]).unwrap();
        let mut state = solver.start(sampled(cells, lengths, |_| 2.5).view()).unwrap();
        let rounds = solver.rollout(&mut state, &()).unwrap().len() - 1;
        let exact = sampled(cells, lengths, |x| distance(x, point) / 2.5);
        assert!(gap(&solver.solution(&state), &exact) < 1e-12 && rounds <= 2, "{cells:?} {rounds}");
    }
}

/// `c = c0 + g z`: `T = arccosh(1 + g^2 r^2 / (2 c(x) c(x0))) / g`.
#[test]
fn speed_that_grows_linearly_is_of_order_one_and_factoring_helps() {
    let (c0, g) = (1.0, 1.5);
    // At cell centres of all three grids.
    for (lengths, point) in [
        (vec![1.0, 2.0 / 3.0], vec![9.5 / 27.0, 4.5 / 27.0]),
        (vec![1.0, 2.0 / 3.0, 1.0], vec![3.5 / 9.0, 2.5 / 9.0, 1.5 / 9.0]),
    ] {
        let speed = |x: &[f64]| c0 + g * x[0];
        let exact = |x: &[f64]| {
            let r = distance(x, &point);
            (1.0 + g * g * r * r / (2.0 * speed(x) * speed(&point))).acosh() / g
        };
        let (mut steps, mut factored, mut plain) = (vec![], vec![], vec![]);
        for n in if lengths.len() == 2 { [27, 81, 243] } else { [9, 27, 81] } {
            let cells: Vec<usize> =
                lengths.iter().map(|length| (length * n as f64).round() as usize).collect();
            let solver = Eikonal::from_points(&lengths, &[&point]).unwrap();
            let (c, t) = (sampled(&cells, &lengths, speed), sampled(&cells, &lengths, exact));
            factored.push(gap(&solver.solve(c.view()).unwrap(), &t));
            plain.push(gap(&solver.without_factoring().solve(c.view()).unwrap(), &t));
            steps.push(1.0 / n as f64);
        }
        let order = observed_order(&steps, &factored);
        assert!((order - 1.0).abs() < 0.1, "{order} {factored:?}");
        assert!(observed_order(&steps, &plain) < 0.9, "{plain:?}");
        assert!(factored.iter().zip(&plain).all(|(f, p)| 2.0 * f < *p), "{factored:?} {plain:?}");
    }
}

#[test]
fn more_speed_is_no_later_arrival() {
    let cells = [18, 15];
    let slow: Vec<f64> = noise(270, 1).iter().map(|v| (2.0 * v).exp()).collect();
    let fast: Vec<f64> = slow.iter().zip(noise(270, 2)).map(|(c, v)| c * (1.0 + v.max(0.0))).collect();
    let shaped = |c: Vec<f64>| ArrayD::from_shape_vec(IxDyn(&[1, cells[0], cells[1], 1]), c).unwrap();
    let mut times = ArrayD::from_elem(IxDyn(&cells), f64::INFINITY);
    times[[3, 4]] = 0.0;
    let solver = Eikonal::from_times(&[1.0, 1.0], times).unwrap();
    let [late, early] = [slow, fast].map(|c| solver.solve(shaped(c).view()).unwrap());
    assert!(early.iter().zip(&late).all(|(e, l)| *e <= l * (1.0 + 1e-12)));
    assert!(early.iter().zip(&late).any(|(e, l)| *e < 0.9 * l));
    // Every cell but the source waits for a neighbour.
    for ((_, i, j, _), t) in late.clone().into_dimensionality::<ndarray::Ix4>().unwrap().indexed_iter() {
        let beside = [(i + 1, j), (i.wrapping_sub(1), j), (i, j + 1), (i, j.wrapping_sub(1))];
        let earlier = beside.iter().any(|&(a, b)| a < 18 && b < 15 && late[[0, a, b, 0]] < *t);
        assert!(earlier || (i, j) == (3, 4));
    }
}

#[test]
fn several_points_give_the_least_of_their_times_and_a_plane_source_is_exact() {
    let (cells, lengths) = ([20, 24], [1.0, 1.2]);
    let speed = sampled(&cells, &lengths, |x| 1.0 + x[0] * x[1]);
    let points: [&[f64]; 2] = [&[0.2, 0.3], &[0.8, 1.0]];
    let solve =
        |points: &[&[f64]]| Eikonal::from_points(&lengths, points).unwrap().solve(speed.view()).unwrap();
    let (both, first, second) = (solve(&points), solve(&points[..1]), solve(&points[1..]));
    assert!(both.iter().zip(first.iter().zip(&second)).all(|(t, (a, b))| *t == a.min(*b)));

    let mut plane = ArrayD::from_elem(IxDyn(&cells), f64::INFINITY);
    plane.index_axis_mut(Axis(0), 0).fill(0.5);
    let times =
        Eikonal::from_times(&lengths, plane).unwrap().solve(sampled(&cells, &lengths, |_| 2.0).view());
    let exact = sampled(&cells, &lengths, |x| 0.5 + (x[0] - 0.025) / 2.0);
    assert!(gap(&times.unwrap(), &exact) < 1e-12);
}

#[test]
fn batches_threads_and_wrong_arguments() {
    let lengths = [1.0, 1.0];
    let solver = Eikonal::from_points(&lengths, &[&[0.5, 0.5]]).unwrap();
    let pair = ndarray::concatenate![
        Axis(0),
        sampled(&[12, 12], &lengths, |x| 1.0 + x[0]),
        sampled(&[12, 12], &lengths, |x| 2.0 - x[1])
    ];
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solver.solve(pair.view()).unwrap())
    };
    assert_eq!(run(1), run(3));
    let alone = solver.solve(pair.slice_axis(Axis(0), (1..2).into())).unwrap();
    assert_eq!(run(2).slice_axis(Axis(0), (1..2).into()), alone);

    assert!(matches!(Eikonal::from_points(&lengths, &[]), Err(Error::Value { .. })));
    assert!(matches!(Eikonal::from_points(&lengths, &[&[0.5, 1.5]]), Err(Error::Value { .. })));
    assert!(matches!(
        Eikonal::from_times(&lengths, ArrayD::from_elem(IxDyn(&[3, 3]), f64::INFINITY)),
        Err(Error::Value { .. })
    ));
    assert!(matches!(
        Eikonal::from_times(&lengths, ArrayD::from_elem(IxDyn(&[3, 3]), f64::NAN)),
        Err(Error::Value { .. })
    ));
    let zero = sampled(&[4, 4], &lengths, |x| if x[0] > 0.8 { 0.0 } else { 1.0 });
    assert!(matches!(solver.solve(zero.view()), Err(Error::Value { .. })));
    assert!(matches!(solver.solve((&zero * f64::NAN).view()), Err(Error::NonFinite { .. })));
    let misfit = Eikonal::from_times(&lengths, ArrayD::zeros(IxDyn(&[3, 3]))).unwrap();
    assert!(matches!(misfit.solve(pair.view()), Err(Error::Shape { .. })));
    let hurried = solver.with_iteration_limit(0);
    assert!(matches!(hurried.solve(pair.view()), Err(Error::NoConvergence { .. })));
}

#[test]
fn problems_are_read_from_settings() {
    for text in [
        "size = [20, 30]\nlength = [1.0, 1.5]\nsources = [[0.1, 0.1], [0.9, 1.4]]",
        "size = 12\ndimension = 3\ncoefficient = \"piecewise\"\nhigh = 5.0",
    ] {
        let problem = (EIKONAL.build)(text.parse().unwrap()).unwrap();
        let sample = problem.sample(2, 3, &()).unwrap();
        assert_eq!(sample.target.shape(), problem.target().shape());
        assert!(sample.residual <= 1e-12 && sample.target.iter().all(|t| *t >= 0.0 && t.is_finite()));
        assert_eq!((EIKONAL.build)(problem.settings()).unwrap().sample(2, 3, &()).unwrap(), sample);
    }
    for (text, words) in [
        ("sources = [[0.5]]", "sources: expected"),
        ("sources = [[0.5, 1.5]]", "sources: expected"),
        ("sources = []", "sources: expected"),
        ("low = 2.0", "low: expected nothing with a lognormal"),
        ("coefficient = \"piecewise\"\nlow = 3.0", "low: expected at most high = 2"),
        ("coefficient = \"piecewise\"\nlow = -1.0", "low: expected a positive"),
        ("coefficient = \"piecewise\"\nhigh = -1.0", "high: expected a positive"),
        ("coefficient = \"piecewise\"\nhigh = 0.5", "high: expected at least low = 1"),
        ("size = 1", "size"),
        ("length = 0.0", "length"),
    ] {
        let error = (EIKONAL.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}
