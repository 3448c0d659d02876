use super::*;
use crate::EQUATIONS;
use crate::problem::Problem;
use ndarray::{IxDyn, s};
use rayon::ThreadPoolBuilder;
use sobolev_multigrid::Visits;
use sobolev_testing::{noise, observed_order, relative_error};
use std::f64::consts::PI;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

/// Coefficients from 3 to 12 without structure.
fn rough(shape: &[usize], seed: u64) -> ArrayD<f64> {
    let values = noise(shape.iter().product(), seed).into_iter().map(|v| 7.5 + 4.5 * v).collect();
    ArrayD::from_shape_vec(shape, values).unwrap()
}

fn values(array: &ArrayD<f64>) -> Vec<f64> {
    array.iter().copied().collect()
}

#[test]
fn second_order_with_a_forcing_field_and_side_lengths() {
    // u = sin(pi x1 / 2) sin(pi x2) on (0, 2) x (0, 1) with a = 1 + x2.
    let error = |n: usize| -> f64 {
        let point = |i: usize, j: usize| (2.0 * (i as f64 + 0.5) / n as f64, (j as f64 + 0.5) / n as f64);
        let field = |f: &dyn Fn(f64, f64) -> f64| {
            ArrayD::from_shape_fn(IxDyn(&[1, n, n, 1]), |index| {
                let (x, y) = point(index[1], index[2]);
                f(x, y)
            })
        };
        let u = field(&|x, y| (0.5 * PI * x).sin() * (PI * y).sin());
        let a = field(&|_, y| 1.0 + y);
        let f = field(&|x, y| {
            let wave = (0.5 * PI * x).sin();
            1.25 * PI * PI * (1.0 + y) * wave * (PI * y).sin() - PI * wave * (PI * y).cos()
        });
        let darcy = Darcy::new().with_extent(&[2.0, 1.0]).unwrap().with_forcing_field(f).unwrap();
        relative_error(&values(&darcy.solve(a.view()).unwrap()), &values(&u))
    };
    let sizes = [20_usize, 41, 80];
    let errors = sizes.map(error);
    let order = observed_order(&sizes.map(|n| 1.0 / n as f64), &errors);
    assert!((order - 2.0).abs() < 0.05, "order {order}: {errors:?}");
}

#[test]
fn solution_scales_with_coefficient_and_forcing() {
    let a = rough(&[2, 24, 30, 1], 1);
    let tight = || Darcy::new().with_tolerance(1e-12).unwrap();
    let u = tight().solve(a.view()).unwrap();
    let scaled = tight().with_forcing(-6.0).unwrap().solve((&a * 3.0).view()).unwrap();
    assert!(relative_error(&values(&scaled), &values(&(&u * -2.0))) < 1e-10);
    assert!(u.iter().all(|u| *u > 0.0));
}

#[test]
fn batch_and_threads_do_not_change_the_bits() {
    for shape in [vec![3, 130, 141, 1], vec![2, 20, 33, 26, 1]] {
        let a = rough(&shape, 2);
        let solve = |threads: usize, a: ArrayViewD<'_, f64>| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Darcy::new().solve(a).unwrap())
        };
        let together = solve(1, a.view());
        for threads in [2, 5] {
            assert_eq!(solve(threads, a.view()), together, "{threads} threads");
            for index in 0..shape[0] {
                let one = index..index + 1;
                let alone = solve(threads, a.slice_axis(Axis(0), one.clone().into()));
                assert_eq!(alone, together.slice_axis(Axis(0), one.into()), "sample {index} alone");
            }
        }
    }
}

#[test]
fn forcing_is_shared_or_belongs_to_each_sample() {
    let a = rough(&[2, 20, 21, 1], 3);
    let f = rough(&[2, 20, 21, 1], 4);
    let each = Darcy::new().with_forcing_field(f.clone()).unwrap().solve(a.view()).unwrap();
    for index in 0..2 {
        let one = f.slice_axis(Axis(0), (index..index + 1).into()).to_owned();
        let shared = Darcy::new().with_forcing_field(one).unwrap().solve(a.view()).unwrap();
        assert_eq!(shared.index_axis(Axis(0), index), each.index_axis(Axis(0), index));
    }
}

#[test]
fn iterating_by_hand_gives_the_solution() {
    let darcy = Darcy::new();
    let a = rough(&[3, 40, 37, 1], 5);
    let expected = darcy.solve_batch(a.view(), &()).unwrap();
    let mut state = darcy.start(a.view()).unwrap();
    let residuals = darcy.rollout(&mut state, &()).unwrap();
    assert_eq!(darcy.solution(&state), expected.u);
    let most = expected.info.iter().map(|info| info.iterations).max().unwrap();
    assert_eq!(residuals.len(), most + 1);
    assert!(residuals[0] == 1.0 && residuals[most] <= 1e-8);
    // Energy is all that conjugate gradients make smaller at every step, but here residuals fall, too.
    assert!(residuals.windows(2).all(|pair| pair[1] < pair[0]));
}

#[derive(Default)]
struct Recorder(Mutex<Vec<(u64, u64)>>);

impl Monitor for Recorder {
    fn progress(&self, done: u64, total: u64) {
        self.0.lock().unwrap().push((done, total));
    }
}

#[test]
fn monitor_hears_of_each_sample_and_can_cancel() {
    let a = rough(&[4, 16, 16, 1], 6);
    let recorder = Recorder::default();
    Darcy::new().solve_batch(a.view(), &recorder).unwrap();
    let mut heard = recorder.0.into_inner().unwrap();
    heard.sort_unstable();
    assert_eq!(heard, [(1, 4), (2, 4), (3, 4), (4, 4)]);
    let stop = AtomicBool::new(true);
    assert!(matches!(Darcy::new().solve_batch(a.view(), &stop), Err(Error::Cancelled { total: 4, .. })));
    let mut state = Darcy::new().start(a.view()).unwrap();
    assert!(matches!(Darcy::new().rollout(&mut state, &stop), Err(Error::Cancelled { .. })));
}

#[test]
fn wrong_shapes_are_named() {
    let refused = |shape: &[usize], words: &str| {
        let error = Darcy::new().solve(ArrayD::ones(shape).view()).unwrap_err();
        assert!(matches!(error, Error::Shape { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(&[64, 64], "add a batch axis of length 1 at the start and a channel axis at the end");
    refused(&[20, 64, 64], "add the missing batch or channel axis");
    refused(&[20, 1, 64, 64], "axis 1 looks like the channel axis: move it last");
    refused(&[20, 64, 64, 2], "[batch, x1, x2, 1]");
    refused(&[0, 64, 64, 1], "an axis is empty");
    refused(&[1, 1, 64, 1], "at least 2 cells");
    refused(&[1, 2, 2, 2, 2, 1], "channels last");
    for shape in [&[2, 16, 16][..], &[3, 16, 16, 1], &[2, 16, 17, 1], &[1]] {
        let darcy = Darcy::new().with_forcing_field(ArrayD::ones(shape)).unwrap();
        let error = darcy.solve(ArrayD::ones(vec![2, 16, 16, 1]).view()).unwrap_err();
        assert!(error.to_string().starts_with("forcing: expected [2, 16, 16, 1]"), "{error}");
    }
    let error = Darcy::new().with_extent(&[1.0]).unwrap().solve(ArrayD::ones(vec![2, 16, 16, 1]).view());
    assert!(error.unwrap_err().to_string().starts_with("extent: expected 2"));
}

#[test]
fn coefficients_that_are_not_positive_are_located() {
    let error = |value: f64| {
        let mut a = rough(&[3, 16, 16, 1], 8);
        a[[1, 2, 3, 0]] = value;
        Darcy::new().solve(a.view()).unwrap_err()
    };
    assert!(matches!(error(f64::NAN), Error::NonFinite { index, .. } if index == [1, 2, 3]));
    for value in [0.0, -3.0] {
        let text = error(value).to_string();
        assert!(text.contains("positive") && text.contains("[2, 3] of sample 1"), "{text}");
    }
}

#[test]
fn settings_of_the_solver_are_checked() {
    assert!(matches!(Darcy::new().with_forcing(f64::NAN), Err(Error::NonFinite { .. })));
    assert!(Darcy::new().with_forcing_field(ArrayD::from_elem(vec![1, 4, 4, 1], f64::INFINITY)).is_err());
    assert!(Darcy::new().with_tolerance(0.0).is_err());
    assert!(Darcy::new().with_extent(&[1.0, 0.0]).is_err());
    assert!(Darcy::new().with_cycle(Cycle::new(Visits::F)).is_err());
    let hasty = Darcy::new().with_iteration_limit(2);
    assert!(matches!(
        hasty.solve(rough(&[1, 64, 64, 1], 9).view()),
        Err(Error::NoConvergence { iterations: 2, .. })
    ));
}

#[test]
fn published_set_up_keeps_85_of_421_points() {
    let problem = DarcyProblem::published().unwrap();
    assert_eq!((problem.input().shape(), problem.target().shape()), (vec![85, 85, 1], vec![85, 85, 1]));
    let points = problem.target().axes[1].points.to_vec();
    assert!((points[84] - 420.5 / 421.0).abs() < 1e-15);
    let sample = problem.sample(1, 0, &()).unwrap();
    assert!(sample.residual <= 1e-8);
    assert!(sample.input.iter().all(|a| *a == 3.0 || *a == 12.0));
    let full = DarcyProblem::new(DarcySettings::default()).unwrap().sample(1, 0, &()).unwrap();
    assert_eq!(sample.target, full.target.slice(s![..;5, ..;5, ..]).into_dyn());
    assert_eq!(sample.input, full.input.slice(s![..;5, ..;5, ..]).into_dyn());
}

#[test]
fn sizes_show_the_same_medium_and_solutions_that_converge() {
    // The centre of cell i of n is that of cell 3 i + 1 of 3 n. A band-limited log-normal coefficient is smooth.
    let settings = |size: i64| DarcySettings {
        size: size.into(),
        coefficient: Coefficient::Lognormal,
        modes: Some(6),
        tolerance: 1e-11,
        ..DarcySettings::default()
    };
    let sample = |size: i64| DarcyProblem::new(settings(size)).unwrap().sample(3, 7, &()).unwrap();
    let third = |fine: &ArrayD<f64>| fine.slice(s![1..;3, 1..;3, ..]).to_owned().into_dyn();
    let (coarse, middle, fine) = (sample(24), sample(72), sample(216));
    assert!(relative_error(&values(&coarse.input), &values(&third(&middle.input))) < 1e-12);
    let error = |a: &ArrayD<f64>, b: &ArrayD<f64>| relative_error(&values(a), &values(&third(b)));
    let (first, second) = (error(&coarse.target, &middle.target), error(&middle.target, &fine.target));
    // Second order: a third of the spacing, a ninth of the difference.
    assert!((first / second - 9.0).abs() < 1.0, "{first} {second}");
}

#[test]
fn three_dimensional_samples_have_three_axes() {
    let table: toml::Table =
        "dimension = 3\nsize = 20\nstride = 2\ncoefficient = \"lognormal\"".parse().unwrap();
    let problem = (DARCY.build)(table).unwrap();
    let sample = problem.sample(1, 2, &()).unwrap();
    assert_eq!(sample.target.shape(), [10, 10, 10, 1]);
    assert_eq!(problem.input().shape(), [10, 10, 10, 1]);
    assert!(sample.residual <= 1e-8 && sample.target.iter().all(|u| *u > 0.0));
}

#[test]
fn settings_make_the_same_problem_again() {
    let entry = EQUATIONS.iter().find(|entry| entry.name == "darcy").unwrap();
    let table: toml::Table =
        "size = 40\nstride = 3\nlow = 1\nhigh = 5.5\nforcing = 2\nmodes = 9".parse().unwrap();
    let problem = (entry.build)(table).unwrap();
    let again = (entry.build)(problem.settings()).unwrap();
    assert_eq!(problem.sample(3, 4, &()).unwrap(), again.sample(3, 4, &()).unwrap());
    assert_eq!(problem.equation(), "darcy");
    assert_eq!(problem.sample(3, 4, &()).unwrap().target.shape(), [14, 14, 1]);
    let default = (entry.build)(toml::Table::new()).unwrap();
    assert_eq!(default.settings()["size"].as_integer(), Some(421));
}

#[test]
fn settings_out_of_range_are_named() {
    for (text, words) in [
        ("sizes = 64", "darcy setting: expected one of size"),
        ("size = -64", "size"),
        ("size = 3", "size: expected a whole number of at least 4"),
        ("dimension = 1", "dimension: expected 2 to 3"),
        ("size = 64\nstride = 0", "stride: expected 1 to size / 2 = 32"),
        ("size = 64\nstride = 40", "stride"),
        (
            "coefficient = \"checker\"",
            "darcy setting coefficient: expected one of piecewise, lognormal, gaussians, trigonometric, got \"checker\"",
        ),
        ("low = 0.0", "low: expected a positive"),
        ("high = -1.0", "high: expected a positive"),
        ("low = 13.0", "low: expected at most high = 12"),
        (
            "coefficient = \"lognormal\"\nlow = 1.0",
            "low: expected nothing with a lognormal coefficient, got 1",
        ),
        ("size = 900000", "size: expected what fits into memory, got 900000"),
        ("forcing = nan", "forcing"),
        ("tolerance = 0.0", "tolerance"),
        ("field = \"burgers\"", "field: expected a Neumann field in 2 dimensions"),
        ("field = \"darcie\"", "field: expected one of"),
        ("size = 8\nmodes = 20", "grid"),
        ("size = [64, 3]", "size"),
        ("length = [1.0, 0.0]", "length: expected 2 positive"),
        ("boundary = \"periodic\"", "boundary: expected one of dirichlet, neumann, got \"periodic\""),
        ("boundary = \"neumann\"", "singular problem"),
    ] {
        let error = (DARCY.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

/// Largest misfit of the finite-volume equations of a sample, relative to f = 1: fluxes by harmonic means, written out anew.
fn misfit(problem: &dyn Problem, lengths: &[f64], sides: &[[(Boundary, f64); 2]]) -> f64 {
    let sample = problem.sample(4, 2, &()).unwrap();
    let cells = sample.input.shape()[..lengths.len()].to_vec();
    let flat = |a: &ArrayD<f64>| a.index_axis(Axis(lengths.len()), 0).to_owned();
    let (a, u) = (flat(&sample.input), flat(&sample.target));
    let misfit = |(place, here): (IxDyn, &f64)| {
        let mut outflow = 0.0;
        for (axis, &length) in lengths.iter().enumerate() {
            let h = length / cells[axis] as f64;
            for (side, &(boundary, value)) in sides[axis].iter().enumerate() {
                let at_side = place[axis] == if side == 0 { 0 } else { cells[axis] - 1 };
                let conductivity = a[&place];
                outflow += if !at_side {
                    let mut to = place.clone();
                    to[axis] = if side == 0 { place[axis] - 1 } else { place[axis] + 1 };
                    2.0 / (1.0 / conductivity + 1.0 / a[&to]) * (here - u[&to]) / (h * h)
                } else if boundary == Boundary::Dirichlet {
                    2.0 * conductivity * (here - value) / (h * h)
                } else {
                    -value / h
                };
            }
        }
        outflow - 1.0
    };
    sobolev_testing::largest(u.indexed_iter().map(misfit))
}

#[test]
fn samples_solve_the_equation_in_boxes_of_any_shape_with_any_sides() {
    use Boundary::{Dirichlet, Neumann};
    let common = "tolerance = 1e-12\nfield = { amplitude = 3.0, inverse_length = 3.0, exponent = 2.5 }\n";
    let build = |text: &str| (DARCY.build)(format!("{common}{text}").parse().unwrap()).unwrap();
    let wide = build(
        "size = [24, 12]\nlength = [2.0, 1.0]\nboundary = [[{ dirichlet = 3.0 }, { neumann = -0.5 }], [\"dirichlet\", \"neumann\"]]",
    );
    let sides = [[(Dirichlet, 3.0), (Neumann, -0.5)], [(Dirichlet, 0.0), (Neumann, 0.0)]];
    let gap = misfit(wide.as_ref(), &[2.0, 1.0], &sides);
    assert!(gap < 1e-8, "{gap:e}");
    assert_eq!(wide.target().axes[0].boundary, "u = g below, a du/dn = g above");
    assert_eq!(wide.target().axes[0].points[23], 2.0 * 23.5 / 24.0);
    let deep = build(
        "dimension = 3\nsize = [8, 10, 12]\nlength = [1.0, 0.5, 2.0]\nboundary = [\"neumann\", \"neumann\", \"dirichlet\"]",
    );
    let sides = [[(Neumann, 0.0); 2], [(Neumann, 0.0); 2], [(Dirichlet, 0.0); 2]];
    let gap = misfit(deep.as_ref(), &[1.0, 0.5, 2.0], &sides);
    assert!(gap < 1e-8, "{gap:e}");
    // No value anywhere: the flux through one side takes what the source gives.
    let singular = build(
        "size = [16, 8]\nlength = [2.0, 1.0]\nboundary = [[{ neumann = -2.0 }, \"neumann\"], \"neumann\"]",
    );
    let sides = [[(Neumann, -2.0), (Neumann, 0.0)], [(Neumann, 0.0); 2]];
    let gap = misfit(singular.as_ref(), &[2.0, 1.0], &sides);
    assert!(gap < 1e-8, "{gap:e}");
}

#[test]
fn values_and_fluxes_on_the_sides_drive_a_uniform_flow_that_turns_with_the_box() {
    use Boundary::{Dirichlet, Neumann};
    let walls = [(Neumann, 0.0); 2];
    // a u_x = q: u = 1 + q x / a, exactly.
    let along = [(Dirichlet, 1.0), (Neumann, 0.6)];
    let darcy = |extent: &[f64], sides: &[[(Boundary, f64); 2]]| {
        let darcy = Darcy::new().with_forcing(0.0).unwrap().with_extent(extent).unwrap();
        darcy.with_sides(sides).unwrap().with_tolerance(1e-12).unwrap()
    };
    let u =
        darcy(&[2.0, 1.0], &[along, walls]).solve(ArrayD::from_elem(vec![1, 20, 10, 1], 3.0).view()).unwrap();
    let exact = |x: f64| 1.0 + 0.2 * x;
    let gap = u.indexed_iter().map(|(i, u)| u - exact(2.0 * (i[1] as f64 + 0.5) / 20.0));
    assert!(sobolev_testing::largest(gap) < 1e-10);
    let a = rough(&[1, 20, 12, 1], 8);
    let turned = a.clone().permuted_axes(vec![0, 2, 1, 3]).as_standard_layout().into_owned();
    let one = darcy(&[2.0, 0.9], &[along, walls]).solve(a.view()).unwrap();
    let other = darcy(&[0.9, 2.0], &[walls, along]).solve(turned.view()).unwrap();
    let back = other.permuted_axes(vec![0, 2, 1, 3]).as_standard_layout().into_owned();
    assert!(relative_error(&values(&back), &values(&one)) < 1e-10);
    assert!(Darcy::new().with_sides(&[[(Boundary::Periodic, 0.0); 2]; 2]).is_err());
    let short = darcy(&[2.0, 1.0], &[along]).solve(a.view()).unwrap_err().to_string();
    assert!(short.contains("sides: expected 2 pairs"), "{short}");
}

#[test]
fn defaults_are_the_unit_box_and_values_on_sides_may_be_drawn() {
    let common = "coefficient = \"gaussians\"\n";
    let build = |text: &str| DARCY.problem(format!("{common}{text}").parse().unwrap());
    let sample = |text: &str| build(text).unwrap().sample(1, 3, &()).unwrap();
    let spelt =
        "size = [20, 20]\nlength = [1.0, 1]\nboundary = [\"dirichlet\", [\"dirichlet\", { dirichlet = 0 }]]";
    assert_eq!(sample("size = 20"), sample(spelt));
    let drawn =
        build("size = 20\nboundary = [\"neumann\", [{ dirichlet = { uniform = [1, 2] } }, \"dirichlet\"]]");
    let drawn = drawn.unwrap();
    let [(name, value)] = &drawn.parameters(1, 3)[..] else { panic!() };
    assert_eq!(name, "boundary[1][0].dirichlet");
    let plain = format!("size = 20\nboundary = [\"neumann\", [{{ dirichlet = {value:?} }}, \"dirichlet\"]]");
    assert_eq!(drawn.sample(1, 3, &()).unwrap(), sample(&plain));
}

#[test]
fn a_sample_can_be_stopped_in_the_middle() {
    let problem = DarcyProblem::new(DarcySettings { size: 64.into(), ..DarcySettings::default() }).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(true);
    assert!(matches!(problem.sample(1, 0, &stop), Err(Error::Cancelled { done: 0, .. })));
    // What is kept for the next sample is whole.
    assert_eq!(problem.sample(1, 0, &()).unwrap(), problem.sample(1, 0, &()).unwrap());
}
