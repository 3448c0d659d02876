//! Full multigrid: one cycle on each grid leaves less error than the discretisation makes.

use ndarray::{ArrayD, IxDyn};
use sobolev_multigrid::Visits;
use sobolev_multigrid::general::{
    Centring, Condition, Elliptic, Iteration, MultigridParams, SolveParams, StencilMultigrid,
};
use std::f64::consts::PI;

fn problem(n: usize, dimensions: usize) -> (Elliptic<f64>, ArrayD<f64>, ArrayD<f64>) {
    let sides = vec![[Condition::zero(), Condition::zero()]; dimensions];
    let problem =
        Elliptic::new(&vec![n; dimensions], &vec![1.0; dimensions], Centring::Vertex, sides).unwrap();
    let at = |f: &dyn Fn(&[f64]) -> f64| {
        ArrayD::from_shape_fn(IxDyn(&vec![n - 1; dimensions]), |index| {
            let x: Vec<f64> = (0..dimensions).map(|a| (index[a] + 1) as f64 / n as f64).collect();
            f(&x)
        })
    };
    // Not an eigenvector of the discrete operator: (sin pi x + sin 3 pi x / 3) in each direction.
    let g = |x: f64| {
        [
            (PI * x).sin() + (3.0 * PI * x).sin() / 3.0,
            -PI * PI * ((PI * x).sin() + 3.0 * (3.0 * PI * x).sin()),
        ]
    };
    let exact = at(&|x| x.iter().map(|x| g(*x)[0]).product());
    let f = at(&|x| {
        -(0..x.len())
            .map(|a| (0..x.len()).map(|b| g(x[b])[usize::from(a == b)]).product::<f64>())
            .sum::<f64>()
    });
    (problem, f, exact)
}

fn norm(a: &ArrayD<f64>) -> f64 {
    a.mapv(|v| v * v).mean().unwrap().sqrt()
}

#[test]
fn full_multigrid_reaches_the_accuracy_of_the_discretisation_in_ten_work_units() {
    for (dimensions, sizes) in [(1, vec![128, 1024]), (2, vec![32, 64, 128, 256]), (3, vec![16, 32, 48])] {
        for n in sizes {
            let (problem, f, exact) = problem(n, dimensions);
            let params = MultigridParams { before: 1, after: 1, visits: Visits::V, ..Default::default() };
            let mut multigrid: StencilMultigrid<f64> = problem.multigrid(params).unwrap();
            let f = problem.right_hand_side(f.view()).unwrap();
            let fast = multigrid.full_multigrid(f.view()).unwrap();
            let tight =
                SolveParams { iteration: Iteration::Cycles, relative_tolerance: 1e-11, ..Default::default() };
            let (converged, _) = multigrid.solve(f.view(), &tight, &()).unwrap();
            let (algebraic, discrete) = (norm(&(&fast - &converged)), norm(&(&converged - &exact)));
            assert!(algebraic < discrete, "{dimensions} {n}: {algebraic:.2e} of {discrete:.2e}");
            assert!(multigrid.full_multigrid_work() < 12.0);
        }
    }
}
