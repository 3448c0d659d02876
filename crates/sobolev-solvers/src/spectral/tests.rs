//! The frame of all semi-linear solvers: transforms, schemes, invariance of samples.

use super::*;
use crate::semilinear::{KuramotoSivashinsky, NavierStokesVorticity, VorticityForcing};
use crate::solver::TimeSolver;
use ndarray::{ArrayD, IxDyn};
use std::f64::consts::{PI, TAU};

/// Kassam and Trefethen's case on 0 .. 32 pi.
fn ks_initial(n: usize) -> ArrayD<f64> {
    let x = |i: usize| 32.0 * PI * i as f64 / n as f64;
    ArrayD::from_shape_fn(IxDyn(&[1, n, 1]), |i| (x(i[1]) / 16.0).cos() * (1.0 + (x(i[1]) / 16.0).sin()))
}

#[test]
fn kuramoto_sivashinsky_has_the_reference_values() {
    let solver = PeriodicSolver::new(KuramotoSivashinsky::default(), &[32.0 * PI], 0.0125).unwrap();
    let u = solver.solve(ks_initial(512).view(), 10.0).unwrap();
    let rms = (u.iter().map(|v| v * v).sum::<f64>() / 512.0).sqrt();
    assert!((u[[0, 0, 0]] - 0.58796787).abs() < 1e-7, "{}", u[[0, 0, 0]]);
    assert!((u[[0, 256, 0]] + 0.58796787).abs() < 1e-7);
    assert!((rms - 0.84626557).abs() < 1e-7, "{rms}");
}

#[test]
fn navier_stokes_has_the_reference_values() {
    let equation = NavierStokesVorticity {
        viscosity: 1e-3,
        drag: 0.0,
        forcing: VorticityForcing::Diagonal { amplitude: 0.1 },
    };
    let solver = PeriodicSolver::new(equation, &[1.0, 1.0], 5e-3).unwrap();
    let n = 64;
    let initial = ArrayD::from_shape_fn(IxDyn(&[1, n, n, 1]), |i| {
        let (x, y) = (i[1] as f64 / n as f64, i[2] as f64 / n as f64);
        (TAU * x).sin() * (TAU * y).sin() + 0.5 * (2.0 * TAU * x + TAU * y).cos()
    });
    let w = solver.rollout(initial.view(), &[1.0, 5.0], &()).unwrap();
    for (frame, [rms, origin, other]) in
        [[0.5120800044, 0.5159690308, 0.2604689090], [0.4025860795, 0.6140745245, -0.3663510510]]
            .into_iter()
            .enumerate()
    {
        let w = w.index_axis(ndarray::Axis(1), frame);
        let found = (w.iter().map(|v| v * v).sum::<f64>() / (n * n) as f64).sqrt();
        assert!((found - rms).abs() < 1e-9, "{found} {rms}");
        assert!((w[[0, 0, 0, 0]] - origin).abs() < 1e-9, "{} {origin}", w[[0, 0, 0, 0]]);
        assert!((w[[0, n / 4, n / 2, 0]] - other).abs() < 1e-9);
    }
}
