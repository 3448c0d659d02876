use super::*;
use Boundary::{Dirichlet, Neumann, Periodic};
use ndarray::Array;
use sobolev_testing::{largest, observed_order, relative_error};
use std::f64::consts::PI;

/// A function of the cell centres of a box, `[1, n.., 1]`.
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

#[test]
fn unit_load_on_the_square_has_the_known_centre_and_mean_at_second_order() {
    let solver = Poisson::new(2).unwrap();
    // The centre is the corner of four cells; their mean is the value there up to a term in h^2.
    let centre_and_mean = |n: usize| {
        let u = solver.solve(sampled(&[n, n], &[1.0; 2], |_| 1.0).view()).unwrap();
        (u[[0, n / 2, n / 2, 0]], u.mean().unwrap())
    };
    let results = [32, 64, 128, 256].map(centre_and_mean);
    let ratio =
        |of: fn((f64, f64)) -> f64| (of(results[0]) - of(results[1])) / (of(results[1]) - of(results[2]));
    assert!((ratio(|r| r.0) - 4.0).abs() < 0.1 && (ratio(|r| r.1) - 4.0).abs() < 0.1);
    let limit = |of: fn((f64, f64)) -> f64| (4.0 * of(results[3]) - of(results[2])) / 3.0;
    assert!((limit(|r| r.0) - 0.0736713533).abs() < 1e-8, "{}", limit(|r| r.0));
    assert!((limit(|r| r.1) - 0.0351442537).abs() < 1e-8, "{}", limit(|r| r.1));
}

/// `cos(3 x + y) exp(y/2)`, which fits no homogeneous condition, under values and fluxes on all sides.
#[test]
fn values_and_fluxes_on_the_boundary_are_met_at_second_order() {
    let lengths = [1.5, 0.7];
    let u = |x: &[f64]| (3.0 * x[0] + x[1]).cos() * (0.5 * x[1]).exp();
    let slope = |x: &[f64]| {
        let (phase, growth) = (3.0 * x[0] + x[1], (0.5 * x[1]).exp());
        [-3.0 * phase.sin() * growth, (0.5 * phase.cos() - phase.sin()) * growth]
    };
    // u_xx = -9 u, u_yy = (-1 + 1/4) u - sin(phase) growth.
    let f = |x: &[f64]| 9.75 * u(x) + (3.0 * x[0] + x[1]).sin() * (0.5 * x[1]).exp();
    for boundary in [[[Dirichlet, Neumann], [Neumann, Dirichlet]], [[Dirichlet; 2]; 2], [[Neumann; 2]; 2]] {
        let (mut steps, mut errors) = (vec![], vec![]);
        for n in [20, 40, 80] {
            let cells = [2 * n, n];
            let mut solver = Poisson::new(2).unwrap().with_lengths(&lengths).unwrap();
            solver = solver.with_boundary(&boundary).unwrap().with_projection();
            for (axis, side) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let other = 1 - axis;
                let values = Array::from_shape_fn(cells[other], |i| {
                    let mut x = [0.0; 2];
                    x[axis] = if side == 0 { 0.0 } else { lengths[axis] };
                    x[other] = (i as f64 + 0.5) * lengths[other] / cells[other] as f64;
                    match boundary[axis][side] {
                        Dirichlet => u(&x),
                        _ => slope(&x)[axis] * if side == 0 { -1.0 } else { 1.0 },
                    }
                });
                solver = solver.with_value_field(axis, side, values.into_dyn()).unwrap();
            }
            let mut exact = sampled(&cells, &lengths, u);
            if boundary == [[Neumann; 2]; 2] {
                exact -= exact.mean().unwrap();
            }
            let answer = solver.solve(sampled(&cells, &lengths, f).view()).unwrap();
            steps.push(1.0 / n as f64);
            errors.push(gap(&answer, &exact));
        }
        let order = observed_order(&steps, &errors);
        assert!(order > 1.85, "{boundary:?}: {order} {errors:?}");
    }
}

#[test]
fn spectral_form_is_exact_for_a_mode_of_mixed_conditions_in_three_dimensions() {
    let lengths = [1.0, 2.0, 0.5];
    let u = |x: &[f64]| (2.5 * PI * x[0]).cos() * (PI * x[1]).sin() * (4.0 * PI * x[2]).cos();
    let factor = PI * PI * (6.25 + 1.0 + 16.0);
    let solver = Poisson::new(3).unwrap().with_lengths(&lengths).unwrap();
    let solver = solver.with_boundary(&[[Neumann, Dirichlet], [Dirichlet; 2], [Periodic; 2]]).unwrap();
    let solver = solver.with_symbol(Symbol::Spectral);
    let cells = [8, 9, 10];
    let answer = solver.solve(sampled(&cells, &lengths, |x| factor * u(x)).view()).unwrap();
    assert!(gap(&answer, &sampled(&cells, &lengths, u)) < 1e-13);
}

#[test]
fn one_dimension_reproduces_parabolas_to_rounding() {
    let solver = Poisson::new(1).unwrap().with_boundary(&[[Dirichlet, Neumann]]).unwrap();
    let solver = solver.with_value(0, 0, 2.0).unwrap().with_value(0, 1, -0.5).unwrap();
    // u = 2 + a x - x^2, u'(1) = a - 2 = -0.5; ghost cells see the parabola with an error of h^2 / 4 that is constant.
    let n = 40;
    let answer = solver.solve(sampled(&[n], &[1.0], |_| 2.0).view()).unwrap();
    let exact = sampled(&[n], &[1.0], |x| 2.0 + 1.5 * x[0] - x[0] * x[0] + 0.25 / (n * n) as f64);
    assert!(gap(&answer, &exact) < 1e-12);
}

#[test]
fn inconsistent_singular_problem_is_named_and_can_be_projected() {
    let solver = Poisson::new(2).unwrap().with_boundary(&[[Neumann; 2], [Periodic; 2]]).unwrap();
    let f = sampled(&[8, 8], &[1.0; 2], |x| 1.0 + (PI * x[0]).cos());
    let error = solver.solve(f.view()).unwrap_err().to_string();
    assert!(error.contains("singular") && error.contains("inconsistent"), "{error}");
    let u = solver.clone().with_projection().solve(f.view()).unwrap();
    assert!(u.sum().abs() < 1e-12);
    // The fluxes through the sides can balance the source.
    let fed = solver.with_value(0, 0, -1.0).unwrap().solve(f.view()).unwrap();
    assert!(largest(fed.iter().copied()) > 0.1);
}

#[test]
fn right_hand_sides_in_single_precision_are_consistent() {
    let solver = Poisson::new(2).unwrap().with_boundary(&[[Neumann; 2], [Neumann; 2]]).unwrap();
    // Rounding to f32 leaves a mean of about 1e-8.
    let exact = sampled(&[33, 20], &[1.0; 2], |x| (2.0 * PI * x[0]).cos() + 0.7 * (2.0 * PI * x[1]).cos());
    let rounded = exact.mapv(|v| f64::from(v as f32));
    assert!((rounded.mean().unwrap() / exact.mapv(f64::abs).mean().unwrap()).abs() > 1e-10);
    let u = solver.solve(rounded.view()).unwrap();
    assert!(gap(&u, &solver.solve(exact.view()).unwrap()) < 1e-6 && u.sum().abs() < 1e-10);
    assert!(solver.solve((exact + 1e-4).view()).is_err());
}

#[test]
fn wrong_arguments_are_named() {
    let solver = Poisson::new(2).unwrap();
    let nan = sampled(&[4, 4], &[1.0; 2], |x| if x[0] > 0.8 { f64::NAN } else { 0.0 });
    assert!(matches!(solver.solve(nan.view()), Err(Error::NonFinite { .. })));
    assert!(matches!(solver.solve(ArrayD::zeros(IxDyn(&[1, 4, 1])).view()), Err(Error::Shape { .. })));
    assert!(matches!(solver.clone().with_lengths(&[1.0]), Err(Error::Value { .. })));
    assert!(matches!(solver.clone().with_value(2, 0, 1.0), Err(Error::Value { .. })));
    let spectral = solver.clone().with_value(0, 0, 1.0).unwrap().with_symbol(Symbol::Spectral);
    assert!(spectral.solve(sampled(&[4, 4], &[1.0; 2], |_| 1.0).view()).is_err());
    let misfit = solver.with_value_field(0, 0, ArrayD::zeros(IxDyn(&[5]))).unwrap();
    assert!(matches!(misfit.solve(sampled(&[4, 4], &[1.0; 2], |_| 1.0).view()), Err(Error::Shape { .. })));
}

#[test]
fn samples_solve_the_equation() {
    let table =
        "size = [24, 30]\nlength = [1.0, 2.0]\nboundary = [\"neumann\", \"periodic\"]".parse().unwrap();
    let problem = (POISSON.build)(table).unwrap();
    assert_eq!(problem.target().shape(), [24, 30, 1]);
    let sample = problem.sample(3, 1, &()).unwrap();
    let (f, u) = (&sample.input, &sample.target);
    let (hx, hy) = (1.0 / 24.0, 2.0 / 30.0);
    let values: Vec<f64> = (0..24_usize * 30)
        .map(|c| {
            let (i, j) = (c / 30, c % 30);
            let at = |i: usize, j: usize| u[[i, j, 0]];
            let x = at(i.saturating_sub(1), j) + at((i + 1).min(23), j) - 2.0 * at(i, j);
            let y = at(i, (j + 29) % 30) + at(i, (j + 1) % 30) - 2.0 * at(i, j);
            -x / (hx * hx) - y / (hy * hy)
        })
        .collect();
    let error = relative_error(&values, &f.iter().copied().collect::<Vec<_>>());
    assert!(
        error < 1e-11 && sample.residual > 0.0 && sample.residual < 1e-11,
        "{error:e} {:e}",
        sample.residual
    );
    let spectral =
        "size = [24, 30]\nspectral = true\nboundary = [\"neumann\", \"periodic\"]".parse().unwrap();
    let residual = (POISSON.build)(spectral).unwrap().sample(3, 1, &()).unwrap().residual;
    assert!(residual > 0.0 && residual < 1e-11, "{residual:e}");
    for (text, words) in [
        ("size = 1", "size"),
        ("size = [8]", "size"),
        ("dimension = 4", "dimension"),
        ("length = [1.0, -1.0]", "length: expected"),
        ("boundary = \"robin\"", "boundary: expected one of dirichlet, neumann, periodic"),
        ("boundary = { neumann = 1.0 }", "singular problem"),
        ("spectral = true\nboundary = { dirichlet = 1.0 }", "no values in the spectral form"),
    ] {
        let error = (POISSON.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn values_on_the_sides_of_a_wide_box_add_what_is_harmonic() {
    let sample = |side: &str| {
        let text =
            format!("size = [24, 12]\nlength = [2.0, 1.0]\nboundary = [[{side}, \"neumann\"], \"periodic\"]");
        (POISSON.build)(text.parse().unwrap()).unwrap().sample(2, 0, &()).unwrap()
    };
    let (zero, given) = (sample("\"dirichlet\""), sample("{ dirichlet = 1.5 }"));
    assert_eq!(zero.input, given.input);
    assert!(largest((&given.target - &zero.target).iter().map(|gap| gap - 1.5)) < 1e-10);
    // Fluxes that balance: the slope is one all along the box.
    let fed = |slope: f64| {
        let text = format!(
            "size = [24, 12]\nlength = [2.0, 1.0]\nboundary = [[{{ neumann = {:?} }}, {{ neumann = {slope:?} }}], \"neumann\"]",
            -slope
        );
        (POISSON.build)(text.parse().unwrap()).unwrap().sample(2, 0, &()).unwrap().target
    };
    let gap = fed(1.0) - fed(0.0);
    assert!(largest(gap.indexed_iter().map(|(i, u)| u - (2.0 * (i[0] as f64 + 0.5) / 24.0 - 1.0))) < 1e-10);
}
