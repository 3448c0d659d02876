//! Iteration counts, symmetry of the preconditioner, independence of threads and of what was solved before.

use ndarray::{Array2, ArrayD};
use rayon::ThreadPoolBuilder;
use sobolev_multigrid::gallery::{self, GALLERY, Problem};
use sobolev_multigrid::{
    CgInfo, CgParams, ConjugateGradients, Cycle, Cycles, DiffusionSolver, Forcing, Grid, Multigrid,
    Parallelism, Precision, Visits,
};
use sobolev_tensor::Real;
use sobolev_testing::{adjoint_gap, noise, relative_error};
use std::f64::consts::PI;

const TIGHT: CgParams = CgParams { relative_tolerance: 1e-10, iteration_limit: 100 };

/// Iterations to 1e-10, after a check that the residual is what the iteration says.
fn iterations<T: Real>(problem: Problem, cells: &[usize], cycle: Cycle) -> usize {
    let (grid, a) = problem.build(cells, 1).unwrap();
    let mut multigrid = Multigrid::<T>::new(&grid, cycle, Parallelism::Serial);
    multigrid.set_coefficient(a.view()).unwrap();
    let mut solver = ConjugateGradients::new(&multigrid).unwrap();
    let info = solver.solve(&mut multigrid, &Forcing::Constant(1.0), &TIGHT, &()).unwrap();
    let u = solver.solution(&multigrid);
    let residual = multigrid.apply(u.view()).unwrap().mapv(|v| 1.0 - v);
    let size = residual.mapv(|r| r * r).mean().unwrap().sqrt();
    // u itself is rounded: an error of 1e-16 |u| in each of the terms of size |u| / h^2 that cancel.
    let rounding =
        1e-16 * a.iter().fold(0.0, |m: f64, v| m.max(*v)) * u.iter().fold(0.0, |m: f64, v| m.max(*v))
            / grid.spacing().iter().fold(f64::MAX, |m: f64, h| m.min(*h)).powi(2);
    assert!(size < 1.1e-10 + 4.0 * rounding, "true residual {size:e} at {cells:?}");
    info.iterations
}

#[test]
fn iterations_do_not_grow_with_the_size_of_the_square() {
    // Odd, even, prime and powers of two; measured 8 to 11, and 10 to 14 for jumps of 1e6.
    for (problem, limit) in [
        (Problem::Poisson, 12),
        (Problem::Jump { high: 12.0, low: 3.0 }, 12),
        (Problem::Jump { high: 1e6, low: 1.0 }, 16),
    ] {
        for n in [16, 17, 31, 64, 85, 97, 128, 255, 421, 512, 1025] {
            let count = iterations::<f32>(problem, &[n, n], Cycle::default());
            assert!(count <= limit, "{problem:?}: {count} iterations at {n}");
        }
    }
}

#[test]
fn iterations_do_not_grow_with_the_size_of_the_cube() {
    for (problem, limit) in [(Problem::Poisson, 14), (Problem::Jump { high: 12.0, low: 3.0 }, 15)] {
        for n in [16, 17, 33, 48, 65] {
            let count = iterations::<f32>(problem, &[n; 3], Cycle::default());
            assert!(count <= limit, "{problem:?}: {count} iterations at {n}");
        }
    }
}

#[test]
fn every_size_from_16_to_64_converges() {
    for n in 16..=64 {
        let count = iterations::<f64>(Problem::Jump { high: 12.0, low: 3.0 }, &[n, 80 - n], Cycle::default());
        assert!(count <= 13, "{count} iterations at {n}");
    }
}

#[test]
fn grids_that_are_long_thin_or_tiny_converge() {
    // On the unit square the cells of such a grid are up to 64 times as long as wide.
    let jump = Problem::Jump { high: 12.0, low: 3.0 };
    for cells in [
        vec![16, 1025],
        vec![1025, 16],
        vec![2, 700],
        vec![17, 500],
        vec![2, 2],
        vec![7, 9],
        vec![8, 70, 20],
        vec![70, 8, 20],
        vec![2, 3, 200],
        vec![200, 2, 3],
        vec![2, 2, 2],
    ] {
        let count = iterations::<f64>(jump, &cells, Cycle::default());
        assert!(count <= 16, "{count} iterations at {cells:?}");
    }
}

#[test]
fn every_problem_of_the_gallery_is_solved_with_any_symmetric_cycle() {
    for &(name, problem) in GALLERY {
        for cycle in [Cycle::default(), Cycle::new(Visits::W), Cycle::new(Visits::V).with_sweeps(2).unwrap()]
        {
            let count = iterations::<f64>(problem, &[120, 101], cycle);
            assert!(count <= 16, "{name}: {count} iterations of {cycle}");
        }
    }
}

#[test]
fn single_precision_costs_no_iterations() {
    for &(name, problem) in GALLERY {
        let single = iterations::<f32>(problem, &[200, 200], Cycle::default());
        let double = iterations::<f64>(problem, &[200, 200], Cycle::default());
        assert!(single <= double + 1, "{name}: {single} iterations, {double} in double precision");
    }
}

#[test]
fn cycles_alone_contract_the_error() {
    let (grid, a) = Problem::Jump { high: 12.0, low: 3.0 }.build(&[130, 130], 1).unwrap();
    // Measured 17, 12, 11, 16 and 11 cycles to 1e-10: contraction of about 0.25 with one sweep, 0.14 with two.
    for (visits, sweeps, limit) in
        [(Visits::V, 1, 18), (Visits::V, 2, 13), (Visits::W, 2, 12), (Visits::F, 1, 18), (Visits::F, 2, 12)]
    {
        let cycle = Cycle::new(visits).with_sweeps(sweeps).unwrap();
        let mut multigrid = Multigrid::<f64>::new(&grid, cycle, Parallelism::Serial);
        multigrid.set_coefficient(a.view()).unwrap();
        let mut solver = Cycles::new(&multigrid);
        let info = solver.solve(&mut multigrid, &Forcing::Constant(1.0), &TIGHT, &()).unwrap();
        assert!(info.iterations <= limit, "{} cycles {cycle}", info.iterations);
        let mut reference = DiffusionSolver::new(&grid, Parallelism::Serial);
        reference.set_coefficient(a.view()).unwrap();
        reference.solve(&Forcing::Constant(1.0), &TIGHT, &()).unwrap();
        let (u, expected) = (solver.solution(&multigrid), reference.solution());
        assert!(relative_error(u.as_slice().unwrap(), expected.as_slice().unwrap()) < 1e-9);
    }
}

#[test]
fn preconditioner_is_symmetric_and_positive_definite() {
    for cells in [vec![37, 52], vec![40, 9], vec![11, 14, 9]] {
        let grid = Grid::new(&cells).unwrap();
        let a = gallery::jump(&grid, 2, 1e3, 1.0);
        for visits in [Visits::V, Visits::W] {
            for sweeps in [1, 2] {
                let cycle = Cycle::new(visits).with_sweeps(sweeps).unwrap();
                let mut multigrid = Multigrid::<f64>::new(&grid, cycle, Parallelism::Serial);
                multigrid.set_coefficient(a.view()).unwrap();
                let multigrid = std::cell::RefCell::new(multigrid);
                let apply = |r: &[f64]| {
                    let r = ArrayD::from_shape_vec(cells.clone(), r.to_vec()).unwrap();
                    let z = multigrid.borrow_mut().precondition(r.view()).unwrap();
                    z.into_raw_vec_and_offset().0
                };
                let n = grid.unknowns();
                for seed in 0..4 {
                    let (x, y) = (noise(n, 2 * seed), noise(n, 2 * seed + 1));
                    // The largest of many roundings, 1e-16 each.
                    assert!(adjoint_gap(apply, apply, &x, &y) < 1e-14, "{cells:?} {cycle}");
                    let energy: f64 = x.iter().zip(apply(&x)).map(|(x, z)| x * z).sum();
                    assert!(energy > 0.0);
                }
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    for cells in [vec![211, 200], vec![40, 33, 36]] {
        let grid = Grid::new(&cells).unwrap();
        let a = gallery::jump(&grid, 2, 12.0, 3.0);
        let solve = |threads: usize| -> (ArrayD<f64>, CgInfo) {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut solver = DiffusionSolver::new(&grid, Parallelism::Pool);
                solver.set_coefficient(a.view()).unwrap();
                let info = solver.solve(&Forcing::Constant(1.0), &CgParams::default(), &()).unwrap();
                (solver.solution(), info)
            })
        };
        let (u, info) = solve(1);
        for threads in [2, 5] {
            assert_eq!(solve(threads), (u.clone(), info), "{threads} threads");
        }
    }
}

#[test]
fn memory_that_was_used_before_does_not_matter() {
    let grid = Grid::new(&[90, 77]).unwrap();
    let (first, second) = (gallery::jump(&grid, 1, 1e6, 1.0), gallery::rough_log_normal(&grid, 9, 1.0));
    let solve = |solver: &mut DiffusionSolver, a: &ArrayD<f64>| {
        solver.set_coefficient(a.view()).unwrap();
        solver.solve(&Forcing::Constant(1.0), &TIGHT, &()).unwrap();
        solver.solution()
    };
    for precision in [Precision::Single, Precision::Double] {
        let new = || DiffusionSolver::new(&grid, Parallelism::Serial).with_precision(precision);
        let mut used = new();
        solve(&mut used, &first);
        assert_eq!(solve(&mut used, &second), solve(&mut new(), &second));
    }
}

#[test]
fn a_solve_that_broke_down_leaves_nothing_behind() {
    // Far more contrast than single precision can hold.
    let grid = Grid::new(&[40, 40]).unwrap();
    let hopeless = gallery::jump(&grid, 1, 1.0, 1e-43);
    let good = gallery::jump(&grid, 1, 12.0, 3.0);
    let new = || DiffusionSolver::new(&grid, Parallelism::Serial).with_precision(Precision::Single);
    let solve = |solver: &mut DiffusionSolver, a: &ArrayD<f64>| {
        solver.set_coefficient(a.view())?;
        solver.solve(&Forcing::Constant(1.0), &TIGHT, &())?;
        Ok::<_, sobolev_tensor::Error>(solver.solution())
    };
    let mut used = new();
    assert!(solve(&mut used, &hopeless).is_err());
    assert_eq!(solve(&mut used, &good).unwrap(), solve(&mut new(), &good).unwrap());
    // In double precision it is solved.
    let mut automatic = DiffusionSolver::new(&grid, Parallelism::Serial);
    assert!(solve(&mut automatic, &gallery::jump(&grid, 1, 1.0, 1e-12)).is_ok());
}

#[test]
fn steps_by_hand_are_those_of_solve() {
    let grid = Grid::new(&[64, 64]).unwrap();
    let a = gallery::jump(&grid, 1, 12.0, 3.0);
    let mut solver = DiffusionSolver::new(&grid, Parallelism::Serial);
    solver.set_coefficient(a.view()).unwrap();
    let info = solver.solve(&Forcing::Constant(1.0), &CgParams::default(), &()).unwrap();
    let u = solver.solution();
    solver.start(&Forcing::Constant(1.0)).unwrap();
    let residuals: Vec<f64> = (0..info.iterations).map(|_| solver.step().unwrap()).collect();
    assert!(residuals.windows(2).all(|pair| pair[1] < pair[0]));
    assert_eq!(residuals.last(), Some(&info.relative_residual));
    assert_eq!(solver.solution(), u);
}

#[test]
fn display_tells_levels_unknowns_and_complexity() {
    let multigrid =
        Multigrid::<f32>::new(&Grid::new(&[421, 421]).unwrap(), Cycle::default(), Parallelism::Serial);
    assert_eq!(multigrid.unknowns(), [177_241, 44_100, 11_025, 2_704, 676, 169, 36]);
    let text = multigrid.to_string();
    assert!(text.contains("Multigrid 421 x 421 in f32, V(1,1)"), "{text}");
    assert!(text.contains("177241") && text.contains("operator complexity 1.60"), "{text}");
}

/// 1e6 or 1 by the sign of a Gaussian field of covariance `(-Laplacian + 9)^-2` in cosines: the interface is rough on the scale of
/// the cells, and small bodies of one phase lie in the other.
fn two_phases(n: usize, seed: u64) -> ArrayD<f64> {
    let amplitudes = noise(n * n, seed);
    let amplitudes = Array2::from_shape_fn((n, n), |(k, l)| {
        let kappa = PI * PI * (k * k + l * l) as f64;
        if k + l == 0 { 0.0 } else { amplitudes[k * n + l] / (kappa + 9.0) }
    });
    let cosines = Array2::from_shape_fn((n, n), |(i, k)| (PI * k as f64 * (i as f64 + 0.5) / n as f64).cos());
    let field = cosines.dot(&amplitudes).dot(&cosines.t());
    field.mapv(|value| if value >= 0.0 { 1e6 } else { 1.0 }).into_dyn()
}

#[test]
fn bodies_that_float_between_rough_interfaces_take_few_iterations() {
    for n in [255, 513, 1025] {
        for seed in 0..4 {
            let grid = Grid::new(&[n, n]).unwrap();
            let mut solver = DiffusionSolver::new(&grid, Parallelism::Pool);
            solver.set_coefficient(two_phases(n, seed).view()).unwrap();
            let info = solver.solve(&Forcing::Constant(1.0), &CgParams::default(), &()).unwrap();
            assert!(info.iterations <= 17, "{n} {seed}: {} iterations", info.iterations);
        }
    }
}
