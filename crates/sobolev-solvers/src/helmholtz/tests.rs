use super::cavity::Flux;
use super::*;
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex64;
use sobolev_testing::{largest, observed_order};
use std::f64::consts::PI;

/// Largest error of a cavity whose solution is known, on n x n cells.
fn cavity_error(
    n: usize,
    squared: impl Fn(f64, f64) -> f64,
    u: impl Fn(f64, f64) -> f64,
    minus_laplacian: impl Fn(f64, f64) -> f64,
    slope: f64,
) -> f64 {
    let at = |f: &dyn Fn(f64, f64) -> f64| {
        ArrayD::from_shape_fn(IxDyn(&[n + 1, n + 1]), |i| f(i[0] as f64 / n as f64, i[1] as f64 / n as f64))
    };
    let cavity = Cavity::new(at(&|x, y| squared(x, y).sqrt()).view(), 1.0 / n as f64).unwrap();
    let f = at(&|x, y| minus_laplacian(x, y) - squared(x, y) * u(x, y));
    let mut flux = Flux::zero(&[n + 1, n + 1]);
    flux.upper[0].fill(slope);
    let got = cavity.solve(f.view(), &flux).unwrap();
    assert!(cavity.residual(got.view(), f.view(), &flux).unwrap() < 1e-10);
    largest(got.iter().zip(&at(&u)).map(|(a, b)| (a - b).abs()))
}

#[test]
fn compact_scheme_is_of_order_four_for_variable_speeds_and_for_waves_driven_from_a_side() {
    let sizes = [24, 36, 54];
    let steps = sizes.map(|n| 1.0 / n as f64);
    let variable = sizes.map(|n| {
        let u = |x: f64, y: f64| (PI * x).cos() * (2.0 * PI * y).cos();
        let squared = |x: f64, y: f64| 130.0 + 40.0 * (PI * x).cos() * (PI * y).cos();
        cavity_error(n, squared, u, |x, y| 5.0 * PI * PI * u(x, y), 0.0)
    });
    let k: f64 = 11.0;
    let driven = sizes.map(|n| {
        cavity_error(n, |_, _| k * k, |x, _| (k * x).cos(), |x, _| k * k * (k * x).cos(), -k * k.sin())
    });
    for errors in [variable, driven] {
        let order = observed_order(&steps, &errors);
        assert!((order - 4.0).abs() < 0.25, "{order} {errors:?}");
    }
}

#[test]
fn a_point_source_sends_out_the_wave_of_free_space() {
    // Absorbing layers on all sides; u = i/4 H0(k r).
    let (n, k) = (120, 40.0);
    let h = 1.0 / n as f64;
    let edges = [[Edge::Absorbing { cells: 16 }; 2]; 2];
    let waves = Helmholtz::new(ArrayD::from_elem(vec![n + 1, n + 1], k).view(), h, edges).unwrap();
    let mut f = ArrayD::zeros(vec![n + 1, n + 1]);
    f[[60, 60]] = Complex64::new(1.0 / (h * h), 0.0);
    let u = waves.solve(f.view(), &()).unwrap();
    for (i, j) in [(80, 60), (60, 85), (75, 75), (100, 60), (90, 30)] {
        let r = f64::hypot((i as f64 - 60.0) * h, (j as f64 - 60.0) * h);
        let exact = Complex64::new(0.0, 0.25) * Complex64::new(libm::j0(k * r), libm::y0(k * r));
        // The grid's wave is behind by (k h)^2 / 24 of a radian per radian, along an axis.
        let drift = k * r * (k * h).powi(2) / 24.0;
        let gap = (u[[i, j]] - exact).norm() / exact.norm();
        assert!(gap < 1.3 * drift + 0.004, "{i} {j}: {gap} with a drift of {drift}");
    }
}

#[test]
fn a_wave_leaves_through_a_radiating_side_at_order_two() {
    let k = 15.0;
    let sizes = [48, 96, 192];
    let errors = sizes.map(|n| {
        let edges = [[Edge::Wall, Edge::Radiating], [Edge::Wall; 2]];
        let waves =
            Helmholtz::new(ArrayD::from_elem(vec![n + 1, 5], k).view(), 1.0 / n as f64, edges).unwrap();
        // A sheet of sources at x = 0 between walls: u = i / (2 k) e^(i k x), doubled by the wall behind it.
        let mut f = ArrayD::zeros(vec![n + 1, 5]);
        f.index_axis_mut(ndarray::Axis(0), 0).fill(Complex64::new(2.0 * n as f64, 0.0));
        let u = waves.solve(f.view(), &()).unwrap();
        let exact =
            |i: usize| Complex64::new(0.0, 1.0 / k) * Complex64::from_polar(1.0, k * i as f64 / n as f64);
        largest(u.indexed_iter().map(|(i, u)| (u - exact(i[0])).norm()))
    });
    let order = observed_order(&sizes.map(|n| 1.0 / n as f64), &errors);
    assert!((order - 2.0).abs() < 0.15, "{order} {errors:?}");
}

#[test]
fn source_and_receiver_may_be_exchanged_and_the_iteration_agrees_with_elimination() {
    let n = 72;
    let k = ArrayD::from_shape_fn(IxDyn(&[n + 1, n + 1]), |i| if i[0] + i[1] < n { 30.0 } else { 22.0 });
    let edges =
        [[Edge::Absorbing { cells: 10 }, Edge::Radiating], [Edge::Wall, Edge::Absorbing { cells: 10 }]];
    let direct = Helmholtz::new(k.view(), 1.0 / n as f64, edges).unwrap().factorised().unwrap();
    let from = |place: [usize; 2]| {
        let mut f = ArrayD::zeros(vec![n + 1, n + 1]);
        f[place] = Complex64::new((n * n) as f64, 0.0);
        f
    };
    let (a, b) = ([20, 31], [55, 44]);
    let [there, back] = [a, b].map(|place| direct.solve(from(place).view(), &()).unwrap());
    assert!((there[b] - back[a]).norm() < 1e-10 * there[b].norm());
    let iterative = direct.clone().with_method(Method::ShiftedLaplacian { tolerance: 1e-9 }).unwrap();
    let (u, info) = iterative.solve_with_info(from(a).view(), &()).unwrap();
    let info = info.unwrap();
    assert!(info.iterations() < 30, "{info}");
    assert!(largest(u.iter().zip(&there).map(|(a, b)| (a - b).norm())) < 1e-6);
}

#[test]
fn data_sets_are_converged_and_have_the_published_speed() {
    let small = |size: usize, refine: usize| {
        let text = format!(
            "size = {size}\nrefine = {refine}\nfrequency = 400.0\nfield = {{ amplitude = 1.0, inverse_length = 3.0, exponent = 2.0 }}"
        );
        (HELMHOLTZ.build)(text.parse().unwrap()).unwrap()
    };
    let coarse = small(33, 2).sample(3, 5, &()).unwrap();
    let fine = small(33, 6).sample(3, 5, &()).unwrap();
    assert!(coarse.input.iter().all(|c| (c - 20.0).abs() < 1.0) && coarse.residual < 1e-9);
    // The same speed, up to waves that the coarser grid does not resolve; the answers differ by what the jump of du/dn on the
    // upper side leaves of the order.
    let speeds = largest(coarse.input.iter().zip(&fine.input).map(|(a, b)| (a - b).abs()));
    assert!(speeds < 0.02, "{speeds}");
    let size = largest(fine.target.iter().map(|u| u.abs()));
    let gap = largest(coarse.target.iter().zip(&fine.target).map(|(a, b)| (a - b).abs()));
    assert!(gap < 0.05 * size, "{gap} of {size}");
    assert_eq!(coarse, small(33, 2).sample(3, 5, &()).unwrap());
}

#[test]
fn wrong_input_is_refused_with_a_reason() {
    let k = |value: f64| ArrayD::from_elem(vec![33, 33], value);
    let words = |result: Result<Cavity>| result.unwrap_err().to_string();
    assert!(words(Cavity::new(k(100.0).view(), 1.0 / 32.0)).contains("6 points a wave length"));
    assert!(words(Cavity::new(k(-1.0).view(), 1.0 / 32.0)).contains("at least 0"));
    assert!(words(Cavity::new(k(f64::NAN).view(), 1.0 / 32.0)).contains("wave number"));
    assert!(words(Cavity::new(ArrayD::zeros(vec![2, 9]).view(), 0.1)).contains("at least 3 vertices"));
    let thick = [[Edge::Absorbing { cells: 20 }; 2]; 2];
    assert!(
        Helmholtz::new(k(5.0).view(), 1.0 / 32.0, thick).unwrap_err().to_string().contains("4 to 11 cells")
    );
    for (text, word) in [
        ("size = 4", "size"),
        ("refine = 0", "refine"),
        ("frequency = 9000.0", "refine"),
        ("speed = 0.5", "speed"),
        ("opening = [0.7, 0.3]", "opening"),
        ("length = [2.0, 1.0]", "length: expected lengths as 100 to 100"),
        ("boundary = \"dirichlet\"", "boundary: expected one of neumann"),
    ] {
        let error = (HELMHOLTZ.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with(word), "{text}: {error}");
    }
}

#[test]
fn samples_do_not_depend_on_the_number_of_threads() {
    let problem = (HELMHOLTZ.build)("size = 33\nfrequency = 400.0".parse().unwrap()).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| problem.sample(1, 2, &()).unwrap())
    };
    assert!(run(1) == run(2) && run(1) == run(5));
}

#[test]
fn rectangles_of_any_shape_have_waves_driven_from_any_side() {
    // A speed of 20 but for 1e-9, and the whole of one side driven: u = -cos(k s) / (k sin(k L)) with s from the other side.
    let field = "{ amplitude = 1e-9, inverse_length = 3.0, exponent = 2.0 }";
    let common = format!("frequency = 200.0\nopening = [0.0, 1.0]\nfield = {field}\n");
    let sample = |text: &str| {
        let table = format!("{common}{text}").parse().unwrap();
        (HELMHOLTZ.build)(table).unwrap().sample(1, 0, &()).unwrap()
    };
    let k: f64 = 10.0;
    let wide = sample(
        "size = [41, 21]\nlength = [2.0, 1.0]\nboundary = [[\"neumann\", { neumann = 1.0 }], \"neumann\"]",
    );
    let exact = |s: f64, length: f64| -(k * s).cos() / (k * (k * length).sin());
    let gap = largest(wide.target.indexed_iter().map(|(i, u)| u - exact(i[0] as f64 / 20.0, 2.0)));
    assert!(wide.residual < 1e-10 && gap < 1e-4, "{gap:e}");
    let tall = sample(
        "size = [21, 41]\nlength = [1.0, 2.0]\nboundary = [\"neumann\", [\"neumann\", { neumann = 1.0 }]]",
    );
    let turned = tall.target.permuted_axes(vec![1, 0, 2]);
    assert!(largest((&turned - &wide.target).iter().copied()) < 1e-8);
    let below = sample(
        "size = [21, 11]\nlength = [1.0, 0.5]\nrefine = 4\nboundary = [\"neumann\", [{ neumann = 2.0 }, \"neumann\"]]",
    );
    let gap =
        largest(below.target.indexed_iter().map(|(i, u)| u - 2.0 * exact(0.5 - i[1] as f64 / 20.0, 0.5)));
    assert!(gap < 1e-4, "{gap:e}");
    // The default is the published set.
    let small = |text: &str| {
        let table = format!("size = 17\nfrequency = 200.0\n{text}").parse().unwrap();
        (HELMHOLTZ.build)(table).unwrap().sample(1, 0, &()).unwrap()
    };
    let spelt =
        "length = 1\nboundary = [\"neumann\", [\"neumann\", { neumann = 1 }]]\nopening = [0.35, 0.65]";
    assert_eq!(small(""), small(spelt));
}
