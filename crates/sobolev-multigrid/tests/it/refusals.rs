//! Bad input is refused with an error that says what was wrong.

use ndarray::ArrayD;
use sobolev_multigrid::{
    CgParams, ConjugateGradients, Cycle, DiffusionSolver, Forcing, Grid, Multigrid, Parallelism, Visits,
};
use sobolev_tensor::Error;

fn ready(n: usize) -> DiffusionSolver {
    let mut solver = DiffusionSolver::new(&Grid::new(&[n, n]).unwrap(), Parallelism::Serial);
    solver.set_coefficient(ArrayD::ones(vec![n, n]).view()).unwrap();
    solver
}

#[test]
fn coefficients_that_are_not_positive_are_located() {
    let mut solver = ready(20);
    for (bad, text) in
        [(0.0, "0 at index [3, 4]"), (-1.0, "-1 at index [3, 4]"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")]
    {
        let mut a = ArrayD::ones(vec![20, 20]);
        a[[3, 4]] = bad;
        let error = solver.set_coefficient(a.view()).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert!(error.to_string().starts_with("coefficient: "), "{error}");
        // And the solver does not go on with the old one as if nothing had happened.
        assert!(solver.solve(&Forcing::Constant(1.0), &CgParams::default(), &()).is_err());
    }
    solver.set_coefficient(ArrayD::ones(vec![20, 20]).view()).unwrap();
    assert!(solver.solve(&Forcing::Constant(1.0), &CgParams::default(), &()).is_ok());
}

#[test]
fn wrong_shapes_are_refused() {
    let mut solver = ready(20);
    let wrong = ArrayD::ones(vec![20, 21]);
    assert!(matches!(
        solver.solve(&Forcing::Field(wrong.view()), &CgParams::default(), &()),
        Err(Error::Shape { .. })
    ));
    let mut out = wrong.clone();
    assert!(matches!(solver.write_solution(out.view_mut()), Err(Error::Shape { .. })));
    assert!(matches!(solver.set_coefficient(wrong.view()), Err(Error::Shape { .. })));
}

#[test]
fn forcing_must_be_finite() {
    let mut solver = ready(20);
    let bad = Forcing::Constant(f64::NAN);
    assert!(matches!(solver.start(&bad), Err(Error::NonFinite { .. })));
    let mut f = ArrayD::ones(vec![20, 20]);
    f[[0, 1]] = f64::INFINITY;
    assert!(
        matches!(solver.start(&Forcing::Field(f.view())), Err(Error::NonFinite { index, .. }) if index == [0, 1])
    );
}

#[test]
fn a_solve_without_a_coefficient_is_refused() {
    let mut solver = DiffusionSolver::new(&Grid::new(&[20, 20]).unwrap(), Parallelism::Serial);
    assert!(matches!(solver.start(&Forcing::Constant(1.0)), Err(Error::Value { .. })));
    assert!(matches!(solver.step(), Err(Error::Value { .. })));
    assert!(solver.solution().iter().all(|u| *u == 0.0));
}

#[test]
fn conjugate_gradients_refuse_a_cycle_that_is_not_symmetric() {
    let grid = Grid::new(&[20, 20]).unwrap();
    let multigrid = Multigrid::<f64>::new(&grid, Cycle::new(Visits::F), Parallelism::Serial);
    assert!(matches!(ConjugateGradients::new(&multigrid), Err(Error::Value { .. })));
    assert!(DiffusionSolver::new(&grid, Parallelism::Serial).with_cycle(Cycle::new(Visits::F)).is_err());
    assert!(Cycle::default().with_sweeps(0).is_err());
}

#[test]
fn an_iteration_limit_that_does_not_suffice_is_reported_with_numbers() {
    let mut solver = ready(64);
    let params = CgParams { relative_tolerance: 1e-12, iteration_limit: 3 };
    let error = solver.solve(&Forcing::Constant(1.0), &params, &()).unwrap_err();
    let Error::NoConvergence { iterations: 3, residual, tolerance, .. } = error else { panic!("{error}") };
    assert!(residual > tolerance && residual < 0.1);
    for tolerance in [0.0, -1.0, 1.0, f64::NAN] {
        let params = CgParams { relative_tolerance: tolerance, iteration_limit: 3 };
        assert!(matches!(solver.solve(&Forcing::Constant(1.0), &params, &()), Err(Error::Value { .. })));
    }
}

#[test]
fn zero_forcing_gives_zero_at_once() {
    let mut solver = ready(30);
    let info = solver.solve(&Forcing::Constant(0.0), &CgParams::default(), &()).unwrap();
    assert_eq!((info.iterations, info.relative_residual), (0, 0.0));
    assert!(solver.solution().iter().all(|u| *u == 0.0));
}
