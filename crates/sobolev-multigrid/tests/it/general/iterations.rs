//! Multigrid as a preconditioner: of conjugate gradients and BiCGStab, for real and complex operators.

use super::{laplacian, noise_array};
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex64;
use sobolev_multigrid::general::{
    Centring, Condition, Elliptic, Interpolation, Iteration, Lattice, MultigridParams, Smoother, SolveParams,
    StencilMultigrid, StencilOperator,
};
use sobolev_multigrid::{Grid, Parallelism, gallery};
use sobolev_testing::largest;
use std::f64::consts::PI;

#[test]
fn jumps_take_few_iterations_at_every_size() {
    for (contrast, allowed) in [(1.0, 9), (4.0, 10), (1e3, 15), (1e6, 15)] {
        for n in [64, 127, 256] {
            let grid = Grid::new(&[n, n]).unwrap();
            let a = gallery::jump(&grid, 3, contrast, 1.0);
            let sides = vec![[Condition::zero(), Condition::zero()]; 2];
            let problem = Elliptic::new(&[n, n], &[1.0; 2], Centring::Cell, sides).unwrap();
            let problem = problem.with_diffusion(a.view()).unwrap();
            let mut multigrid = problem.multigrid(MultigridParams::default()).unwrap();
            let f = ArrayD::ones(vec![n, n]);
            let (u, info) = multigrid.solve(f.view(), &SolveParams::default(), &()).unwrap();
            assert!(info.iterations() <= allowed, "{contrast} {n}: {info}");
            // The solver for this kind of problem alone gives the same.
            let mut other = sobolev_multigrid::DiffusionSolver::new(&grid, Parallelism::Serial);
            other.set_coefficient(a.view()).unwrap();
            other.solve(&sobolev_multigrid::Forcing::Constant(1.0), &Default::default(), &()).unwrap();
            let expected = other.solution();
            let gap = largest(u.iter().zip(&expected).map(|(a, b)| (a - b).abs()));
            assert!(gap < 1e-6 * largest(expected.iter().copied()), "{contrast} {n} {gap}");
        }
    }
}

/// `-epsilon Laplacian u + u_x + 2 u_y`, first-order upwind.
fn convection(n: usize, epsilon: f64) -> StencilOperator<f64> {
    let (lattice, h) = (Lattice::new(&[n, n]).unwrap(), 1.0 / (n + 1) as f64);
    let diffusion = epsilon / (h * h);
    StencilOperator::from_fn(&lattice, |_, offset| match offset {
        [0, 0] => 4.0 * diffusion + 3.0 / h,
        [-1, 0] => -diffusion - 1.0 / h,
        [0, -1] => -diffusion - 2.0 / h,
        [1, 0] | [0, 1] => -diffusion,
        _ => 0.0,
    })
    .unwrap()
}

#[test]
fn bicgstab_solves_what_is_not_symmetric() {
    let params = SolveParams { iteration: Iteration::BiCgStab, ..Default::default() };
    for (epsilon, allowed) in [(1.0, 8), (0.05, 10)] {
        let operator = convection(127, epsilon);
        let exact = noise_array(&[127, 127], 5);
        let f = operator.apply(exact.view()).unwrap();
        let mut multigrid = StencilMultigrid::new(operator, MultigridParams::default()).unwrap();
        let (u, info) = multigrid.solve(f.view(), &params, &()).unwrap();
        assert!(info.iterations() <= allowed, "{epsilon}: {info}");
        assert!(largest(u.iter().zip(&exact).map(|(a, b)| (a - b).abs())) < 1e-4);
        // Conjugate gradients say that they cannot.
        assert!(multigrid.solve(f.view(), &SolveParams::default(), &()).is_err() || epsilon == 1.0);
    }
}

/// `-Laplacian u - k^2 (1 + i shift) u` with radiation conditions on all sides.
fn helmholtz(n: usize, k: f64, shift: f64) -> Elliptic<Complex64> {
    let radiation = || Condition::robin(Complex64::new(0.0, -k), Complex64::default());
    let sides = vec![[radiation(), radiation()], [radiation(), radiation()]];
    let problem = Elliptic::new(&[n, n], &[1.0; 2], Centring::Vertex, sides).unwrap();
    let c = ArrayD::from_elem(problem.lattice().points(), Complex64::new(-k * k, -k * k * shift));
    problem.with_reaction(c.view()).unwrap()
}

#[test]
fn shifted_laplacian_preconditions_a_helmholtz_operator() {
    // Ten points a wave length.
    let (n, k) = (64, 2.0 * PI * 6.4);
    let operator = helmholtz(n, k, 0.0).operator().unwrap();
    let params = MultigridParams {
        interpolation: Interpolation::Linear,
        smoother: Smoother::Jacobi { weight: 0.6 },
        ..Default::default()
    };
    let mut shifted = helmholtz(n, k, 0.5).multigrid(params).unwrap();
    // A plane wave is not exact on the grid, but any array is a solution for its own image.
    let exact = ArrayD::from_shape_fn(IxDyn(&[n + 1, n + 1]), |i| {
        Complex64::from_polar(1.0, k * (0.6 * i[0] as f64 + 0.8 * i[1] as f64) / n as f64)
    });
    let f = operator.apply(exact.view()).unwrap();
    let solve = SolveParams { iteration: Iteration::BiCgStab, ..Default::default() };
    let (u, info) = shifted.solve_for(&operator, f.view(), None, &solve, &()).unwrap();
    assert!(info.iterations() <= 60, "{info}");
    assert!(largest(u.iter().zip(&exact).map(|(a, b)| (a - b).norm())) < 1e-5);
}

#[test]
fn hermitian_operators_have_conjugate_gradients() {
    // A magnetic field: the phases of the couplings turn, the matrix is its own conjugate transpose.
    let lattice = Lattice::new(&[48, 48]).unwrap();
    let phase = |turn: f64| Complex64::from_polar(1.0, turn);
    let operator = StencilOperator::from_fn(&lattice, |point, offset| match offset {
        [0, 0] => Complex64::new(4.0, 0.0),
        [step, 0] => -phase(0.01 * *step as f64 * point[1] as f64),
        [0, _] => -phase(0.0),
        _ => Complex64::default(),
    })
    .unwrap();
    let params = MultigridParams {
        smoother: Smoother::GaussSeidel,
        interpolation: Interpolation::Linear,
        ..Default::default()
    };
    let mut multigrid = StencilMultigrid::new(operator, params).unwrap();
    let f = ArrayD::from_elem(vec![48, 48], Complex64::new(1.0, 0.5));
    let (u, info) = multigrid.solve(f.view(), &SolveParams::default(), &()).unwrap();
    let image = multigrid.operator().apply(u.view()).unwrap();
    assert!(info.iterations() < 40, "{info}");
    assert!(largest(image.iter().zip(&f).map(|(a, b)| (a - b).norm())) < 1e-6);
}

#[test]
fn singular_problems_are_solved_up_to_their_mean() {
    for centring in [Centring::Cell, Centring::Vertex] {
        for sides in
            [[Condition::no_flux(), Condition::no_flux()], [Condition::Periodic, Condition::Periodic]]
        {
            let n = 48;
            let problem = Elliptic::new(&[n, n], &[1.0; 2], centring, vec![sides.clone(), sides]).unwrap();
            let mut multigrid = problem.multigrid(MultigridParams::default()).unwrap();
            assert!(multigrid.is_singular());
            let exact = {
                let noise = noise_array(problem.lattice().points(), 2);
                &noise - noise.mean().unwrap()
            };
            let f = multigrid.operator().apply(exact.view()).unwrap();
            for iteration in [Iteration::ConjugateGradients, Iteration::Cycles, Iteration::BiCgStab] {
                let params = SolveParams { iteration, ..Default::default() };
                let (u, info) = multigrid.solve(f.view(), &params, &()).unwrap();
                assert!(info.iterations() <= 14, "{centring:?} {iteration:?} {info}");
                assert!(largest(u.iter().zip(&exact).map(|(a, b)| (a - b).abs())) < 1e-4);
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let smoothers = [
        Smoother::GaussSeidel,
        Smoother::Jacobi { weight: 0.8 },
        Smoother::Lines { axes: [false; 3] },
        Smoother::Chebyshev { degree: 2 },
    ];
    for smoother in smoothers {
        let solve = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let operator = laplacian(&Lattice::new(&[300, 201]).unwrap(), &[1.0, 0.7]);
                let params =
                    MultigridParams { parallelism: Parallelism::Pool, smoother, ..Default::default() };
                let mut multigrid = StencilMultigrid::new(operator, params).unwrap();
                multigrid.solve(noise_array(&[300, 201], 1).view(), &SolveParams::default(), &()).unwrap()
            })
        };
        let (one, info) = solve(1);
        for threads in [2, 5] {
            assert!(solve(threads) == (one.clone(), info.clone()), "{smoother} {threads}");
        }
    }
}
