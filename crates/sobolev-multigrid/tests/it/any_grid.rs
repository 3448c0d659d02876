//! Random grids, side lengths, boundary conditions, coefficients and right-hand sides.

use ndarray::ArrayD;
use proptest::prelude::*;
use sobolev_multigrid::{Boundary, CgParams, DiffusionSolver, Forcing, Grid, Multigrid, Parallelism};
use sobolev_testing::noise;

fn boundary() -> impl Strategy<Value = Boundary> {
    prop_oneof![Just(Boundary::Dirichlet), Just(Boundary::Neumann)]
}

fn axis(most: usize) -> impl Strategy<Value = (usize, f64, [Boundary; 2])> {
    (2..=most, 0.05..5.0_f64, [boundary(), boundary()])
}

fn axes() -> impl Strategy<Value = Vec<(usize, f64, [Boundary; 2])>> {
    prop_oneof![prop::collection::vec(axis(90), 2), prop::collection::vec(axis(24), 3)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_grid_is_solved_to_the_residual_that_is_reported(axes in axes(), seed in 0..1_000_u64) {
        let cells: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let extent: Vec<f64> = axes.iter().map(|axis| axis.1).collect();
        let mut grid = Grid::new(&cells)?.with_extent(&extent)?;
        for (number, axis) in axes.iter().enumerate() {
            grid = grid.with_boundary(number, axis.2)?;
        }
        let values = |seed| ArrayD::from_shape_vec(cells.clone(), noise(grid.unknowns(), seed)).unwrap();
        // Independent in each cell, over two orders of magnitude.
        let a = values(seed).mapv(|v| (2.3 * v).exp());
        let noise = values(seed + 1_000);
        let f = if grid.is_singular() { &noise - noise.mean().unwrap() } else { noise };
        let mut solver = DiffusionSolver::new(&grid, Parallelism::Serial);
        solver.set_coefficient(a.view())?;
        let info = solver.solve(&Forcing::Field(f.view()), &CgParams::default(), &())?;
        prop_assert!(info.iterations <= 30, "{} iterations", info.iterations);

        let mut operator = Multigrid::<f64>::new(&grid, Default::default(), Parallelism::Serial);
        operator.set_coefficient(a.view())?;
        let residual = &f - operator.apply(solver.solution().view())?;
        let norm = |v: &ArrayD<f64>| v.mapv(|v| v * v).sum().sqrt();
        // Twice the tolerance, for the rounding of u where cells are thin.
        prop_assert!(norm(&residual) <= 2e-8 * norm(&f), "{:e}", norm(&residual) / norm(&f));
    }
}
