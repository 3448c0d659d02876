//! Input that makes no sense is refused with a reason.

use super::laplacian;
use ndarray::{ArrayD, arr2};
use sobolev_multigrid::general::{
    Centring, Condition, Elliptic, Interpolation, Iteration, Lattice, MultigridParams, Smoother, SolveParams,
    StencilMultigrid, StencilOperator,
};
use sobolev_multigrid::{Parallelism, Visits};
use sobolev_tensor::Error;

fn value_error<T>(result: Result<T, Error>, words: &str) {
    match result {
        Err(error) => assert!(error.to_string().contains(words), "{error}"),
        Ok(_) => panic!("accepted, but {words} is wrong"),
    }
}

fn ok() -> StencilOperator<f64> {
    laplacian(&Lattice::new(&[31, 31]).unwrap(), &[1.0, 1.0])
}

#[test]
fn parameters_out_of_range() {
    let with = |params: MultigridParams| StencilMultigrid::new(ok(), params);
    let default = MultigridParams::default;
    value_error(with(MultigridParams { before: 17, ..default() }), "before");
    value_error(with(MultigridParams { before: 0, after: 0, ..default() }), "sweep before or after");
    value_error(with(MultigridParams { levels: 0, ..default() }), "levels");
    value_error(with(MultigridParams { coarsest: 0, ..default() }), "coarsest");
    value_error(with(MultigridParams { smoother: Smoother::Jacobi { weight: 1.5 }, ..default() }), "weight");
    value_error(with(MultigridParams { smoother: Smoother::Chebyshev { degree: 0 }, ..default() }), "degree");
    let lines = Smoother::Lines { axes: [false, false, true] };
    value_error(with(MultigridParams { smoother: lines, ..default() }), "axes below 2");
    // A grid alone is solved directly; a singular one must be small for that.
    let alone = MultigridParams { levels: 1, ..default() };
    let large = laplacian(&Lattice::new(&[65, 65]).unwrap(), &[1.0, 1.0]);
    let (_, info) = StencilMultigrid::new(large, alone)
        .unwrap()
        .solve(ArrayD::ones(vec![65, 65]).view(), &SolveParams::default(), &())
        .unwrap();
    assert_eq!(info.iterations(), 1);
    let no_flux = vec![[Condition::<f64>::no_flux(), Condition::no_flux()]; 2];
    let singular = Elliptic::new(&[65, 65], &[1.0; 2], Centring::Cell, no_flux).unwrap();
    value_error(singular.multigrid(alone), "4096");
}

#[test]
fn stencils_that_cannot_be_inverted() {
    let lattice = Lattice::new(&[8, 8]).unwrap();
    value_error(StencilOperator::constant(&lattice, arr2(&[[0.0; 2]; 2]).into_dyn().view()), "[3, 3]");
    let zero = arr2(&[[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]).into_dyn();
    value_error(StencilOperator::constant(&lattice, zero.view()), "the point itself");
    let infinite = arr2(&[[0.0, 1.0, 0.0], [1.0, f64::INFINITY, 1.0], [0.0, 1.0, 0.0]]).into_dyn();
    assert!(matches!(StencilOperator::constant(&lattice, infinite.view()), Err(Error::NonFinite { .. })));
}

#[test]
fn problems_without_a_solution_are_named_as_such() {
    let sides = || vec![[Condition::no_flux(), Condition::no_flux()]; 2];
    let problem = Elliptic::new(&[16, 16], &[1.0; 2], Centring::Cell, sides()).unwrap();
    let mut multigrid = problem.multigrid(MultigridParams::default()).unwrap();
    let ones = ArrayD::ones(vec![16, 16]);
    value_error(multigrid.solve(ones.view(), &SolveParams::default(), &()), "singular");
    value_error(multigrid.full_multigrid(ones.view()), "singular");
    // A flux out of the box that fits the source makes it one with a solution.
    let balanced = vec![
        [Condition::no_flux(), Condition::Neumann(ArrayD::from_elem(vec![], -1.0))],
        [Condition::no_flux(), Condition::no_flux()],
    ];
    let problem = Elliptic::new(&[16, 16], &[1.0; 2], Centring::Cell, balanced).unwrap();
    let f = problem.right_hand_side(ones.view()).unwrap();
    assert!(multigrid.solve(f.view(), &SolveParams::default(), &()).is_ok());
}

#[test]
fn iterations_that_do_not_fit() {
    let f = ArrayD::ones(vec![31, 31]);
    let mut f_cycle =
        StencilMultigrid::new(ok(), MultigridParams { visits: Visits::F, ..Default::default() }).unwrap();
    value_error(f_cycle.solve(f.view(), &SolveParams::default(), &()), "symmetric");
    let params = SolveParams { iteration: Iteration::Cycles, ..Default::default() };
    assert!(f_cycle.solve(f.view(), &params, &()).is_ok());
    value_error(
        f_cycle.solve(f.view(), &SolveParams { relative_tolerance: 0.0, ..params }, &()),
        "relative tolerance",
    );
    value_error(f_cycle.solve(ArrayD::ones(vec![31, 30]).view(), &params, &()), "[31, 31]");
    value_error(f_cycle.solve(f.view(), &SolveParams { iteration_limit: 2, ..params }, &()), "2 iterations");
    let mut bad = f.clone();
    bad[[3, 4]] = f64::NAN;
    assert!(matches!(f_cycle.solve(bad.view(), &params, &()), Err(Error::NonFinite { .. })));
    assert!(matches!(
        f_cycle.solve(f.view(), &params, &std::sync::atomic::AtomicBool::new(true)),
        Err(Error::Cancelled { .. })
    ));
}

#[test]
fn coarse_operators_that_do_not_fit() {
    let linear = MultigridParams { interpolation: Interpolation::Linear, ..Default::default() };
    let cells = Lattice::new(&[32, 32]).unwrap().with_centring(Centring::Cell);
    value_error(StencilMultigrid::new(laplacian(&cells, &[1.0; 2]), linear), "between cells");
    let odd = laplacian(&Lattice::new(&[30, 30]).unwrap(), &[1.0; 2]);
    let halves = |lattice: &Lattice, _: &[usize]| Ok(laplacian(lattice, &[0.25; 2]));
    value_error(StencilMultigrid::rediscretised(odd, linear, &halves), "halved evenly");
}

#[test]
fn sides_that_contradict() {
    let new = |sides| Elliptic::<f64>::new(&[8, 8], &[1.0; 2], Centring::Vertex, sides);
    let zero = || [Condition::zero(), Condition::zero()];
    value_error(new(vec![zero()]), "2 pairs");
    value_error(new(vec![zero(), [Condition::Periodic, Condition::zero()]]), "both sides");
    let wrong = Condition::Dirichlet(ArrayD::zeros(vec![5]));
    value_error(new(vec![[wrong, Condition::zero()], zero()]), "[7]");
    let problem = new(vec![zero(), zero()]).unwrap();
    value_error(problem.clone().with_diffusion(ArrayD::zeros(vec![7, 7]).view()), "positive");
    value_error(problem.clone().with_diffusion(ArrayD::ones(vec![8, 8]).view()), "[7, 7]");
    value_error(problem.right_hand_side(ArrayD::ones(vec![8, 8]).view()), "[7, 7]");
    value_error(Elliptic::<f64>::new(&[8], &[0.0], Centring::Cell, vec![zero()]), "positive lengths");
}

#[test]
fn hierarchies_are_printed() {
    let params = MultigridParams { parallelism: Parallelism::Serial, ..Default::default() };
    let text = StencilMultigrid::new(ok(), params).unwrap().to_string();
    for words in ["V(1,1)", "operator complexity", "31 x 31", "15 x 15", "(direct)"] {
        assert!(text.contains(words), "{words} in {text}");
    }
}
