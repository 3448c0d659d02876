//! The discrete equations are the right ones: order, exact solutions, invariants, an independent solver.

use ndarray::{ArrayD, IxDyn};
use sobolev_multigrid::{Boundary, CgParams, DiffusionSolver, Forcing, Grid, Parallelism, gallery};
use sobolev_testing::{observed_order, relative_error};
use std::f64::consts::PI;

/// Centre of a cell of `n` along a unit side.
fn centre(i: usize, n: usize) -> f64 {
    (i as f64 + 0.5) / n as f64
}

fn at_centres(cells: &[usize], f: impl Fn(&[f64]) -> f64) -> ArrayD<f64> {
    ArrayD::from_shape_fn(IxDyn(cells), |index| {
        let x: Vec<f64> = (0..cells.len()).map(|axis| centre(index[axis], cells[axis])).collect();
        f(&x)
    })
}

fn solve(grid: &Grid, a: &ArrayD<f64>, forcing: &Forcing<'_>, tolerance: f64) -> ArrayD<f64> {
    let mut solver = DiffusionSolver::new(grid, Parallelism::Serial);
    solver.set_coefficient(a.view()).unwrap();
    let params = CgParams { relative_tolerance: tolerance, ..CgParams::default() };
    solver.solve(forcing, &params, &()).unwrap();
    solver.solution()
}

/// Root mean square error against `u = prod sin(pi x_j)` with `a = 2 + prod sin(2 pi x_j)`.
fn manufactured_error(cells: &[usize]) -> f64 {
    let grid = Grid::new(cells).unwrap();
    let a = at_centres(cells, |x| 2.0 + x.iter().map(|x| (2.0 * PI * x).sin()).product::<f64>());
    let u = at_centres(cells, |x| x.iter().map(|x| (PI * x).sin()).product());
    let f = at_centres(cells, |x| {
        let dimensions = x.len();
        let sines: Vec<f64> = x.iter().map(|x| (PI * x).sin()).collect();
        let a = 2.0 + x.iter().map(|x| (2.0 * PI * x).sin()).product::<f64>();
        let without = |values: &[f64], skipped: usize| -> f64 {
            (0..dimensions).filter(|j| *j != skipped).map(|j| values[j]).product()
        };
        let double: Vec<f64> = x.iter().map(|x| (2.0 * PI * x).sin()).collect();
        // -div(a grad u) = d pi^2 a u - grad a . grad u.
        let gradients: f64 = (0..dimensions)
            .map(|j| {
                let da = 2.0 * PI * (2.0 * PI * x[j]).cos() * without(&double, j);
                let du = PI * (PI * x[j]).cos() * without(&sines, j);
                da * du
            })
            .sum();
        dimensions as f64 * PI * PI * a * sines.iter().product::<f64>() - gradients
    });
    let got = solve(&grid, &a, &Forcing::Field(f.view()), 1e-11);
    (&got - &u).mapv(|e| e * e).mean().unwrap().sqrt()
}

#[test]
fn second_order_on_a_smooth_solution_in_two_and_three_dimensions() {
    for sizes in [
        [vec![24; 2], vec![49; 2], vec![96; 2], vec![191; 2]],
        [vec![12; 3], vec![17; 3], vec![24; 3], vec![33; 3]],
    ] {
        let steps: Vec<f64> = sizes.iter().map(|cells| 1.0 / cells[0] as f64).collect();
        let errors: Vec<f64> = sizes.iter().map(|cells| manufactured_error(cells)).collect();
        let order = observed_order(&steps, &errors);
        assert!((order - 2.0).abs() < 0.06, "order {order}: {steps:?} {errors:?}");
    }
}

#[test]
fn poisson_on_the_unit_square_has_the_value_of_its_series_at_the_centre() {
    // Even grids have no point there; four points around it, then Richardson extrapolation of second order.
    let at_the_centre = |n: usize| {
        let u =
            solve(&Grid::new(&[n, n]).unwrap(), &ArrayD::ones(vec![n, n]), &Forcing::Constant(1.0), 1e-12);
        let (i, h) = (n / 2, 1.0 / n as f64);
        let mean = (u[[i, i]] + u[[i - 1, i]] + u[[i, i - 1]] + u[[i - 1, i - 1]]) / 4.0;
        // The mean of the four lies h^2/8 Laplacian u = -h^2/8 below the centre, up to h^4.
        mean + h * h / 8.0
    };
    let (coarse, fine) = (at_the_centre(128), at_the_centre(256));
    let extrapolated = fine + (fine - coarse) / 3.0;
    assert!((extrapolated - 0.073_671_353_3).abs() < 2e-9, "{extrapolated}");
}

#[test]
fn layers_are_exact() {
    // a depends on x1 alone and nothing flows through the other sides. All of f is in one layer of cells, so the flux is
    // constant to its left and right and u is linear in each layer: harmonic means make that exact.
    let n = 37;
    let a1: Vec<f64> = (0..n).map(|i| if i % 5 < 2 { 1.0 } else { 40.0 }).collect();
    let grid = Grid::new(&[n, 12]).unwrap().with_boundary(1, [Boundary::Neumann; 2]).unwrap();
    let a = ArrayD::from_shape_fn(IxDyn(&[n, 12]), |i| a1[i[0]]);
    let source = 20;
    let f = ArrayD::from_shape_fn(IxDyn(&[n, 12]), |i| if i[0] == source { n as f64 } else { 0.0 });
    let u = solve(&grid, &a, &Forcing::Field(f.view()), 1e-12);
    // Resistances to the left and right of the source's centre carry the unit flux in parallel.
    let h = 1.0 / n as f64;
    let resistance = |cells: std::ops::Range<usize>| cells.map(|i| h / a1[i]).sum::<f64>();
    let half = 0.5 * h / a1[source];
    let (left, right) = (resistance(0..source) + half, resistance(source + 1..n) + half);
    let left_flux = right / (left + right);
    for i in 0..n {
        let own = 0.5 * h / a1[i];
        let expected = if i <= source {
            left_flux * (resistance(0..i) + own)
        } else {
            (1.0 - left_flux) * (resistance(i + 1..n) + own)
        };
        for j in 0..12 {
            // Tolerance times the condition number of the layers, about 1e3.
            assert!((u[[i, j]] - expected).abs() < 1e-10, "{i}: {} {expected}", u[[i, j]]);
        }
    }
}

#[test]
fn solution_scales_with_the_inverse_of_the_coefficient_and_with_the_forcing() {
    let grid = Grid::new(&[45, 38]).unwrap();
    let a = gallery::rough_log_normal(&grid, 2, 1.0);
    let u = solve(&grid, &a, &Forcing::Constant(1.0), 1e-12);
    // Units of a real medium: 1e-12 m^2, and a forcing to match.
    let scaled = solve(&grid, &(&a * 1e-12), &Forcing::Constant(3e9), 1e-12);
    let expected: Vec<f64> = u.iter().map(|u| u * 3e21).collect();
    assert!(relative_error(scaled.as_slice().unwrap(), &expected) < 1e-10);
    // Powers of two change no bits, however large.
    for power in [2.0_f64.powi(-700), 2.0_f64.powi(700)] {
        assert_eq!(solve(&grid, &a, &Forcing::Constant(power), 1e-12), &u * power);
    }
}

#[test]
fn work_of_the_forcing_is_the_energy_of_the_gradient() {
    // integral f u = integral a |grad u|^2, the right side from face fluxes written down once more.
    let n = 40;
    let grid = Grid::new(&[n, n]).unwrap();
    let a = gallery::jump(&grid, 3, 12.0, 3.0);
    let u = solve(&grid, &a, &Forcing::Constant(1.0), 1e-12);
    let (h, cell) = (1.0 / n as f64, 1.0 / (n * n) as f64);
    let mut energy = 0.0;
    for i in 0..n {
        for j in 0..n {
            for (di, dj) in [(1, 0), (0, 1)] {
                if i + di < n && j + dj < n {
                    let (p, q) = (a[[i, j]], a[[i + di, j + dj]]);
                    let slope = (u[[i + di, j + dj]] - u[[i, j]]) / h;
                    energy += 2.0 * p * q / (p + q) * slope * slope * cell;
                }
            }
            let boundary_faces = [i == 0, i == n - 1, j == 0, j == n - 1].iter().filter(|b| **b).count();
            let slope = u[[i, j]] / (0.5 * h);
            energy += boundary_faces as f64 * a[[i, j]] * slope * slope * 0.5 * cell;
        }
    }
    let work = u.sum() * cell;
    assert!((energy / work - 1.0).abs() < 1e-10);
}

#[test]
fn equal_to_a_sparse_direct_solution() {
    use faer::linalg::solvers::Solve;
    use faer::sparse::{SparseColMat, Triplet};
    for (cells, neumann_axis) in [(vec![45, 37], None), (vec![33, 50], Some(1)), (vec![9, 12, 10], None)] {
        let mut grid = Grid::new(&cells).unwrap();
        if let Some(axis) = neumann_axis {
            grid = grid.with_boundary(axis, [Boundary::Neumann, Boundary::Dirichlet]).unwrap();
        }
        let a = gallery::jump(&grid, 5, 1e3, 1.0);
        let f = at_centres(&cells, |x| 1.0 + x[0] - x[1] * x[1]);
        let n = grid.unknowns();
        let flat = |index: &[usize]| index.iter().zip(&cells).fold(0, |flat, (i, n)| flat * n + i);
        let mut entries = Vec::new();
        let mut add = |i: usize, j: usize, value: f64| entries.push(Triplet::new(i, j, value));
        for (index, &value) in a.indexed_iter() {
            let index: Vec<usize> = (0..cells.len()).map(|axis| index[axis]).collect();
            let own = flat(&index);
            for axis in 0..cells.len() {
                let h = grid.spacing()[axis];
                for (side, boundary) in grid.boundary()[axis].iter().enumerate() {
                    let mut other = index.clone();
                    let inside = if side == 0 { index[axis] > 0 } else { index[axis] + 1 < cells[axis] };
                    if inside {
                        other[axis] = if side == 0 { index[axis] - 1 } else { index[axis] + 1 };
                        let b = a[IxDyn(&other)];
                        let w = 2.0 * value * b / (value + b) / (h * h);
                        add(own, own, w);
                        add(own, flat(&other), -w);
                    } else if *boundary == Boundary::Dirichlet {
                        add(own, own, 2.0 * value / (h * h));
                    }
                }
            }
        }
        let matrix = SparseColMat::<usize, f64>::try_new_from_triplets(n, n, &entries).unwrap();
        let rhs = faer::Mat::from_fn(n, 1, |i, _| f.as_slice().unwrap()[i]);
        let expected = matrix.sp_cholesky(faer::Side::Lower).unwrap().solve(&rhs);
        let u = solve(&grid, &a, &Forcing::Field(f.view()), 1e-12);
        let expected: Vec<f64> = (0..n).map(|i| expected[(i, 0)]).collect();
        // The residual of 1e-12 is magnified by at most the condition number; measured 1e-11.
        assert!(relative_error(u.as_slice().unwrap(), &expected) < 1e-9, "{cells:?}");
    }
}

#[test]
fn without_flux_through_the_boundary_the_solution_is_that_of_mean_zero() {
    let cells = [40, 51];
    let mut grid = Grid::new(&cells).unwrap();
    for axis in 0..2 {
        grid = grid.with_boundary(axis, [Boundary::Neumann; 2]).unwrap();
    }
    // u = cos(pi x1) cos(2 pi x2), a = 1: mean zero, no flux. Exact discretely up to the eigenvalue of the grid.
    let u = at_centres(&cells, |x| (PI * x[0]).cos() * (2.0 * PI * x[1]).cos());
    let eigenvalue: f64 = cells
        .iter()
        .zip([1.0, 2.0])
        .map(|(n, k)| (2.0 * *n as f64 * (0.5 * PI * k / *n as f64).sin()).powi(2))
        .sum();
    let f = &u * eigenvalue;
    let got = solve(&grid, &ArrayD::ones(cells.to_vec()), &Forcing::Field(f.view()), 1e-11);
    assert!(relative_error(got.as_slice().unwrap(), u.as_slice().unwrap()) < 1e-10);
    // A source that nothing takes away has no solution, and the error says so.
    let mut solver = DiffusionSolver::new(&grid, Parallelism::Serial);
    solver.set_coefficient(ArrayD::ones(cells.to_vec()).view()).unwrap();
    for forcing in [Forcing::Constant(5.0), Forcing::Field((&f + 7.0).view())] {
        let error = solver.solve(&forcing, &CgParams::default(), &()).unwrap_err().to_string();
        assert!(error.contains("the problem is singular"), "{error}");
    }
}
