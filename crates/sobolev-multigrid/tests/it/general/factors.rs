//! Convergence factors against those of local Fourier analysis (Trottenberg, Oosterlee, Schueller, "Multigrid", 2001, tables
//! 3.2 and 4.3, which agree with an analysis of our own).

use super::{laplacian, noise_array};
use sobolev_multigrid::Visits;
use sobolev_multigrid::general::{
    Coarsening, Interpolation, Iteration, Lattice, MultigridParams, Smoother, SolveParams, StencilMultigrid,
};

fn params(smoother: Smoother, before: usize, after: usize) -> MultigridParams {
    MultigridParams {
        visits: Visits::W,
        before,
        after,
        smoother,
        interpolation: Interpolation::Linear,
        coarsening: Coarsening::Full,
        ..Default::default()
    }
}

/// The factor by which the last cycles reduce the residual, of the Laplacian with re-discretised coarse operators.
fn factor(points: &[usize], strength: &[f64], params: MultigridParams) -> f64 {
    let lattice = Lattice::new(points).unwrap();
    let fine = laplacian(&lattice, strength);
    let mut multigrid = StencilMultigrid::rediscretised(fine, params, &|lattice, spacings| {
        let strength: Vec<f64> =
            strength.iter().zip(spacings).map(|(s, h)| s / (*h as f64).powi(2)).collect();
        Ok(laplacian(lattice, &strength))
    })
    .unwrap();
    asymptotic(&mut multigrid)
}

/// Mean factor of the last six of 30 cycles, or of those before rounding.
fn asymptotic(multigrid: &mut StencilMultigrid<f64>) -> f64 {
    let f = noise_array(multigrid.lattice().points(), 1);
    let params = SolveParams {
        iteration: Iteration::Cycles,
        relative_tolerance: 1e-11,
        iteration_limit: 200,
        ..Default::default()
    };
    let (_, info) = multigrid.solve(f.view(), &params, &()).unwrap();
    let n = info.iterations();
    let span = (n / 3).clamp(1, 12);
    (info.residuals[n] / info.residuals[n - span]).powf(1.0 / span as f64)
}

/// Measured factors lie a little below the analysis: the boundary helps, and 63 points are not infinitely many.
fn assert_close(name: &str, got: f64, analysis: f64) {
    assert!(got <= analysis * 1.03 && got >= analysis * 0.83, "{name}: {got:.3}, by analysis {analysis}");
}

const SQUARE: ([usize; 2], [f64; 2]) = ([63, 63], [1.0, 1.0]);

#[test]
fn point_smoothers_in_two_dimensions_have_the_factors_of_the_textbook() {
    let (points, strength) = SQUARE;
    let jacobi = Smoother::Jacobi { weight: 0.8 };
    let table =
        [(jacobi, [0.600, 0.360, 0.216, 0.136]), (Smoother::GaussSeidel, [0.250, 0.074, 0.053, 0.041])];
    for (smoother, factors) in table {
        for (sweeps, analysis) in [(1, 0), (1, 1), (2, 1), (2, 2)].into_iter().zip(factors) {
            let got = factor(&points, &strength, params(smoother, sweeps.0, sweeps.1));
            assert_close(&format!("{smoother} {sweeps:?}"), got, analysis);
        }
    }
}

#[test]
fn jacobi_smooths_in_one_and_three_dimensions_as_its_analysis_says() {
    // The smoothing factors 1/3 and 5/7 of the best weights, once before and once after the coarser grid.
    let got = factor(&[127], &[1.0], params(Smoother::Jacobi { weight: 2.0 / 3.0 }, 1, 1));
    assert_close("one dimension", got, 1.0 / 9.0);
    let got = factor(&[31; 3], &[1.0; 3], params(Smoother::Jacobi { weight: 6.0 / 7.0 }, 1, 1));
    assert_close("three dimensions", got, (5.0_f64 / 7.0).powi(2));
}

#[test]
fn red_and_black_points_solve_a_line_in_one_cycle() {
    assert!(factor(&[127], &[1.0], params(Smoother::GaussSeidel, 1, 1)) < 1e-10);
}

#[test]
fn lines_and_coarsening_along_strong_axes_do_not_care_for_anisotropy() {
    for epsilon in [1.0, 0.1, 1e-2, 1e-4] {
        let (points, strength) = ([63, 63], [epsilon, 1.0]);
        let lines = params(Smoother::Lines { axes: [false, true, false] }, 1, 1);
        // Zebra lines: at most 1/8 squared for weak couplings, as point smoothing of the Laplacian otherwise.
        assert!(factor(&points, &strength, lines) < 0.08);
        let strong =
            MultigridParams { coarsening: Coarsening::Strong, ..params(Smoother::GaussSeidel, 1, 1) };
        assert!(
            factor(&points, &strength, strong) < 0.13,
            "{epsilon} {}",
            factor(&points, &strength, strong)
        );
    }
    // Points and full coarsening fail: 1 - O(epsilon).
    assert!(factor(&[63, 63], &[0.1, 1.0], params(Smoother::GaussSeidel, 1, 1)) > 0.6);
    // Where strong couplings change their direction, lines along both axes work.
    let both = params(Smoother::Lines { axes: [false; 3] }, 1, 1);
    assert!(factor(&[63, 63], &[0.05, 1.0], both) < 0.05 && factor(&[63, 63], &[1.0, 0.05], both) < 0.05);
}

#[test]
fn chebyshev_smooths_better_with_its_degree() {
    let (points, strength) = SQUARE;
    let factors: Vec<f64> = [1, 2, 3, 4]
        .map(|degree| factor(&points, &strength, params(Smoother::Chebyshev { degree }, 1, 1)))
        .to_vec();
    assert!(factors.windows(2).all(|pair| pair[1] < pair[0]), "{factors:?}");
    assert!(factors[2] < 0.1);
}

#[test]
fn operator_induced_galerkin_products_need_no_discretisation_of_their_own() {
    // The smoothing factor of red and black points in three dimensions is 0.445 a sweep.
    for (points, bound) in [(vec![127], 1e-10), (vec![63, 40], 0.16), (vec![20, 17, 23], 0.2)] {
        let lattice = Lattice::new(&points).unwrap();
        let operator = laplacian(&lattice, &vec![1.0; points.len()]);
        let mut multigrid = StencilMultigrid::new(operator, MultigridParams::default()).unwrap();
        let got = asymptotic(&mut multigrid);
        assert!(got < bound, "{points:?} {got}");
    }
}

#[test]
fn factors_do_not_depend_on_the_size() {
    let all = [31, 63, 127, 255].map(|n| factor(&[n, n], &[1.0; 2], params(Smoother::GaussSeidel, 1, 1)));
    assert!(all.iter().all(|got| (got - all[3]).abs() < 0.015), "{all:?}");
}
