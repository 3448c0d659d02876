//! Each equation against an exact solution or an independent reference, with invariants and limits.

use super::*;
use crate::etdrk::Order;
use crate::solver::TimeSolver;
use crate::spectral::{Dealiasing, PeriodicSolver, SemiLinear, TimeScheme};
use ndarray::{ArrayD, Axis, IxDyn};
use sobolev_testing::{largest, observed_order};
use std::f64::consts::{FRAC_PI_4, PI, TAU};

/// Values of `function(position, channel)` on a box that begins at `origin`: `[1, points.., channels]`.
fn field(
    points: &[usize],
    origin: f64,
    length: f64,
    channels: usize,
    function: impl Fn(&[f64], usize) -> f64,
) -> ArrayD<f64> {
    let shape: Vec<usize> = [&[1], points, &[channels]].concat();
    ArrayD::from_shape_fn(IxDyn(&shape), |i| {
        let d = points.len();
        let x: Vec<f64> = (0..d).map(|a| origin + length * i[a + 1] as f64 / points[a] as f64).collect();
        function(&x, i[d + 1])
    })
}

fn solver<E: SemiLinear>(equation: E, lengths: &[f64], step: f64) -> PeriodicSolver<E> {
    PeriodicSolver::new(equation, lengths, step).unwrap()
}

fn gap(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    largest(a.iter().zip(b).map(|(a, b)| a - b))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

fn rms(u: &ArrayD<f64>) -> f64 {
    mean(u.iter().map(|v| v * v)).sqrt()
}

#[test]
fn linear_equations_are_exact_for_any_step_and_grid() {
    let equation =
        Linear { velocity: [1.3, -0.7, 0.4], diffusivity: 0.02, dispersivity: 1e-3, hyperdiffusivity: 1e-5 };
    for points in [&[17][..], &[16], &[12, 15], &[8, 9, 10], &[9, 8, 11]] {
        let d = points.len();
        // A wave of its own number along each axis.
        let wave = |x: &[f64], t: f64| {
            let kappa: Vec<f64> = (0..d).map(|a| TAU * (3 - a) as f64 / 2.0).collect();
            let square: f64 = kappa.iter().map(|k| k * k).sum();
            let odd = |a: usize| -equation.velocity[a] * kappa[a] - equation.dispersivity * kappa[a].powi(3);
            let phase: f64 = (0..d).map(|a| kappa[a] * x[a] + odd(a) * t).sum();
            let decay = equation.diffusivity * square + equation.hyperdiffusivity * square * square;
            (phase + 0.3).cos() * (-decay * t).exp()
        };
        let at = |t: f64| field(points, 0.0, 2.0, 1, |x, _| wave(x, t));
        let u = solver(equation, &vec![2.0; d], 10.0).solve(at(0.0).view(), 0.8).unwrap();
        assert!(gap(&u, &at(0.8)) < 1e-13, "{points:?}: {:e}", gap(&u, &at(0.8)));
        // Waves up to the last one stay: nothing is taken for aliasing where nothing is multiplied.
        let noise = field(points, 0.0, 2.0, 1, |x, _| (1e5 * x.iter().sum::<f64>() + 1e4 * x[0]).sin());
        let still = solver(Linear::default(), &vec![2.0; d], 1.0).solve(noise.view(), 1.0).unwrap();
        assert!(gap(&still, &noise) < 1e-14);
    }
}

/// A soliton of speed 1 on 0 .. 40.
fn soliton(n: usize, t: f64) -> ArrayD<f64> {
    field(&[n], -20.0, 40.0, 1, |x, _| 0.5 / (0.5 * (x[0] - t)).cosh().powi(2))
}

#[test]
fn korteweg_de_vries_keeps_the_order_of_every_scheme() {
    for (order, least, most) in [
        (Order::First, 0.95, 4e-3),
        (Order::Second, 1.95, 1e-4),
        (Order::Third, 2.9, 1e-6),
        (Order::Fourth, 3.6, 1.1e-7),
    ] {
        let steps = [0.08, 0.04, 0.02];
        let errors = steps.map(|step| {
            let solver =
                solver(KortewegDeVries::default(), &[40.0], step).with_scheme(TimeScheme::Exponential(order));
            let u = solver.solve(soliton(256, 0.0).view(), 2.0).unwrap();
            gap(&u, &soliton(256, 2.0))
        });
        let found = observed_order(&steps, &errors);
        assert!(found > least, "order {}: {found}, {errors:?}", order.number());
        assert!(errors[2] < 4.0 * most, "order {}: {errors:?}", order.number());
    }
}

#[test]
fn korteweg_de_vries_conserves_and_has_the_reference_values() {
    let equation = KortewegDeVries { speed: 1.0, dispersion: 0.0025, ..KortewegDeVries::default() };
    let initial = field(&[512], -1.0, 2.0, 1, |x, _| (PI * x[0]).cos());
    let u = solver(equation, &[2.0], 5e-4).solve(initial.view(), 1.0).unwrap();
    for (place, value) in [(256, 0.12044913787), (384, 1.0434202463), (0, -0.3150422784)] {
        assert!((u[[0, place, 0]] - value).abs() < 1e-8, "{place}: {}", u[[0, place, 0]]);
    }
    assert!(mean(u.iter().copied()).abs() < 1e-14);
    assert!((rms(&u) - 0.5_f64.sqrt()).abs() < 1e-9);
}

#[test]
fn burgers_has_the_reference_values_of_a_steep_front() {
    let initial = field(&[2048], -1.0, 2.0, 1, |x, _| -(PI * x[0]).sin());
    let u = solver(VectorBurgers { viscosity: 0.01 / PI }, &[2.0], 5e-4).solve(initial.view(), 0.5).unwrap();
    assert!((u[[0, 512, 0]] - 0.5927695344).abs() < 1e-8, "{}", u[[0, 512, 0]]);
    assert!((rms(&u) - 0.6365522647).abs() < 1e-8);
}

#[test]
fn burgers_in_more_dimensions_contains_fewer() {
    // A wave along one axis moves as in one dimension; a potential flow stays one.
    let line = field(&[48], 0.0, 1.0, 1, |x, _| (TAU * x[0]).sin());
    let one = solver(VectorBurgers { viscosity: 0.02 }, &[1.0], 1e-3).solve(line.view(), 0.1).unwrap();
    for axis in 0..3 {
        let mut points = [5, 6, 4];
        points[axis] = 48;
        let u = field(&points, 0.0, 1.0, 3, |x, c| if c == axis { (TAU * x[axis]).sin() } else { 0.0 });
        let u = solver(VectorBurgers { viscosity: 0.02 }, &[1.0; 3], 1e-3).solve(u.view(), 0.1).unwrap();
        let worst =
            u.indexed_iter().map(|(i, v)| if i[4] == axis { v - one[[0, i[axis + 1], 0]] } else { *v });
        assert!(largest(worst) < 1e-13);
    }
}

#[test]
fn fisher_front_moves_as_the_exact_one() {
    let equation = FisherKpp { diffusivity: 0.01, growth: 1.0 };
    let front = |t: f64| {
        field(&[1024], -8.0, 16.0, 1, |x, _| {
            let z = (10.0 * (x[0].abs() - 5.0) - 5.0 / 6.0_f64.sqrt() * t) / 6.0_f64.sqrt();
            (1.0 + z.exp()).powi(-2)
        })
    };
    let u = solver(equation, &[16.0], 0.02).solve(front(0.0).view(), 2.0).unwrap();
    // The front on the other side and the seam in the middle are e^-20 away.
    assert!(gap(&u, &front(2.0)) < 1e-7, "{:e}", gap(&u, &front(2.0)));
}

#[test]
fn allen_cahn_has_the_reference_values() {
    let equation = AllenCahn { diffusivity: 1e-4, growth: 5.0, saturation: 5.0 };
    let initial = field(&[1024], -1.0, 2.0, 1, |x, _| x[0] * x[0] * (PI * x[0]).cos());
    let u = solver(equation, &[2.0], 5e-4).solve(initial.view(), 0.5).unwrap();
    for (place, value) in
        [(512, 0.00121644507), (640, 0.47383218931), (768, -0.00380796282), (896, -0.98244616163)]
    {
        assert!((u[[0, place, 0]] - value).abs() < 1e-7, "{place}: {}", u[[0, place, 0]]);
    }
}

#[test]
fn cahn_hilliard_has_the_reference_values_and_keeps_its_mean() {
    let equation = CahnHilliard { mobility: 1.0, width: 1e-3 };
    let initial =
        field(&[256], 0.0, 1.0, 1, |x, _| 0.1 * (TAU * x[0]).cos() + 0.05 * (3.0 * TAU * x[0]).sin());
    let u = solver(equation, &[1.0], 1e-5).solve(initial.view(), 0.01).unwrap();
    assert!((u[[0, 0, 0]] - 0.18091081099).abs() < 1e-7, "{}", u[[0, 0, 0]]);
    assert!((u[[0, 64, 0]] + 0.41817414537).abs() < 1e-7, "{}", u[[0, 64, 0]]);
    assert!(mean(u.iter().copied()).abs() < 1e-15);
}

#[test]
fn swift_hohenberg_has_the_reference_values() {
    let equation = SwiftHohenberg { growth: 0.7, wavenumber: 1.0, quadratic: 1.0, cubic: 1.0 };
    let length = 10.0 * PI;
    let initial = field(&[128], 0.0, length, 1, |x, _| {
        0.1 * (TAU * 5.0 * x[0] / length).cos() + 0.05 * (TAU * 3.0 * x[0] / length).sin()
    });
    let u = solver(equation, &[length], 0.01).solve(initial.view(), 5.0).unwrap();
    assert!((u[[0, 0, 0]] - 1.45990369).abs() < 1e-7, "{}", u[[0, 0, 0]]);
    assert!((u[[0, 32, 0]] - 0.25117601).abs() < 1e-7, "{}", u[[0, 32, 0]]);
    assert!((rms(&u) - 0.87073607).abs() < 1e-7);
}

#[test]
fn gray_scott_has_the_reference_values() {
    let equation = GrayScott { diffusivity_a: 2e-5, diffusivity_b: 1e-5, feed: 0.04, kill: 0.06 };
    let bump = |x: &[f64]| (-20.0 * x.iter().map(|x| (PI * (x - 0.5)).sin().powi(2)).sum::<f64>()).exp();
    let initial =
        field(&[128, 128], 0.0, 1.0, 2, |x, c| if c == 0 { 1.0 - 0.5 * bump(x) } else { 0.25 * bump(x) });
    let solver = solver(equation, &[1.0, 1.0], 1.0).with_dealiasing(Dealiasing::None);
    let u = solver.solve(initial.view(), 500.0).unwrap();
    // The reference has 128 points, steps of 1/2 and no dealiasing; six digits of it are known.
    assert!((u[[0, 64, 64, 0]] - 0.930230).abs() < 2e-5, "{}", u[[0, 64, 64, 0]]);
    assert!((u[[0, 64, 64, 1]] - 0.00101836).abs() < 2e-6, "{}", u[[0, 64, 64, 1]]);
    let part = |c: usize| mean(u.indexed_iter().filter(|(i, _)| i[3] == c).map(|(_, v)| *v));
    assert!(
        (part(0) - 0.942934).abs() < 2e-5 && (part(1) - 0.0234302).abs() < 2e-5,
        "{} {}",
        part(0),
        part(1)
    );
}

#[test]
fn fitzhugh_nagumo_without_space_is_the_ordinary_equation() {
    let equation = FitzHughNagumo { diffusivity_u: 1e-3, diffusivity_v: 5e-3, threshold: 5e-3 };
    let initial = field(&[8, 9], 0.0, 2.0, 2, |_, c| if c == 0 { 0.4 } else { -0.2 });
    let u = solver(equation, &[2.0, 2.0], 0.01).solve(initial.view(), 3.0).unwrap();
    // Classical Runge-Kutta steps of 1e-3.
    let rate = |[u, v]: [f64; 2]| [u - u.powi(3) - 5e-3 - v, u - v];
    let mut w = [0.4, -0.2];
    let h = 1e-3;
    for _ in 0..3000 {
        let moved = |k: [f64; 2], s: f64| [w[0] + s * k[0], w[1] + s * k[1]];
        let a = rate(w);
        let b = rate(moved(a, h / 2.0));
        let c = rate(moved(b, h / 2.0));
        let d = rate(moved(c, h));
        w = std::array::from_fn(|i| w[i] + h / 6.0 * (a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]));
    }
    assert!(largest(u.indexed_iter().map(|(i, v)| v - w[i[3]])) < 1e-9);
}

#[test]
fn schrodinger_breather_reaches_four() {
    let equation = Schrodinger { dispersion: 0.5, focusing: 1.0 };
    let initial = field(&[1024], -20.0, 40.0, 2, |x, c| if c == 0 { 2.0 / x[0].cosh() } else { 0.0 });
    let solver = solver(equation, &[40.0], 2.5e-4).with_dealiasing(Dealiasing::None);
    let u = solver.solve(initial.view(), FRAC_PI_4).unwrap();
    let peak = u[[0, 512, 0]].hypot(u[[0, 512, 1]]);
    assert!((peak - 4.0).abs() < 1e-8, "{peak}");
    let mass = |u: &ArrayD<f64>| mean(u.iter().map(|v| v * v));
    assert!((mass(&u) / mass(&initial) - 1.0).abs() < 1e-10, "{:e}", mass(&u) / mass(&initial) - 1.0);
}

#[test]
fn plane_waves_of_the_ginzburg_landau_equation_turn_as_they_should() {
    // A = sqrt(1 - k^2) exp(i (k x - w t)), w = shift + (dispersion - shift) k^2.
    let equation = GinzburgLandau { dispersion: 0.8, shift: -0.6 };
    for d in 1..=3 {
        let k = 0.5;
        let w = equation.shift + (equation.dispersion - equation.shift) * k * k;
        let at = |t: f64| {
            field(&vec![12; d], 0.0, 4.0 * PI, 2, |x, c| {
                let phase = k * x[d - 1] - w * t;
                (1.0_f64 - k * k).sqrt() * if c == 0 { phase.cos() } else { phase.sin() }
            })
        };
        let u = solver(equation, &vec![4.0 * PI; d], 0.01).solve(at(0.0).view(), 1.0).unwrap();
        assert!(gap(&u, &at(1.0)) < 1e-9, "{d}: {:e}", gap(&u, &at(1.0)));
    }
}

/// FNO's forcing alone, whose exact answer has no nonlinear part.
#[test]
fn forced_vorticity_has_the_exact_solution() {
    let equation = NavierStokesVorticity {
        viscosity: 1e-2,
        drag: 0.05,
        forcing: VorticityForcing::Diagonal { amplitude: 0.1 },
    };
    let rate = 8.0 * PI * PI * equation.viscosity + equation.drag;
    let exact = field(&[20, 24], 0.0, 1.0, 1, |x, _| {
        let phase = TAU * (x[0] + x[1]);
        0.1 * (phase.sin() + phase.cos()) / rate * (1.0 - (-rate * 2.0).exp())
    });
    let w = solver(equation, &[1.0, 1.0], 0.1).solve(ArrayD::zeros(exact.raw_dim()).view(), 2.0).unwrap();
    assert!(gap(&w, &exact) < 1e-13, "{:e}", gap(&w, &exact));
}

#[test]
fn vorticity_conserves_energy_and_enstrophy_without_viscosity() {
    let equation = NavierStokesVorticity { viscosity: 0.0, drag: 0.0, forcing: VorticityForcing::None };
    let initial = field(&[32, 32], 0.0, 1.0, 1, |x, _| {
        (TAU * x[0]).sin() * (TAU * x[1]).sin() + 0.5 * (TAU * (2.0 * x[0] + x[1])).cos()
    });
    let drift = |step: f64| {
        let w = solver(equation, &[1.0, 1.0], step).solve(initial.view(), 2.0).unwrap();
        (rms(&w) / rms(&initial) - 1.0).abs()
    };
    let drifts = [drift(0.2), drift(0.1)];
    let order = observed_order(&[0.2, 0.1], &drifts);
    assert!(order > 3.5 && drifts[1] < 1e-6, "enstrophy drifts only by the time step: {drifts:?}");
}

#[test]
fn kolmogorov_flow_keeps_its_laminar_state() {
    let (viscosity, drag, k) = (0.05, 0.1, 4.0);
    let forcing = VorticityForcing::Kolmogorov { wavenumber: k, amplitude: 1.0 };
    let laminar = field(&[16, 32], 0.0, TAU, 1, |x, _| -k / (viscosity * k * k + drag) * (k * x[1]).cos());
    let equation = NavierStokesVorticity { viscosity, drag, forcing };
    let w = solver(equation, &[TAU, TAU], 0.01).solve(laminar.view(), 0.5).unwrap();
    assert!(gap(&w, &laminar) < 1e-12);
    let forcing = VelocityForcing::Kolmogorov { wavenumber: k, amplitude: 1.0 };
    let equation = NavierStokesVelocity { viscosity, drag, forcing };
    let laminar = field(&[16, 32], 0.0, TAU, 2, |x, c| {
        if c == 0 { (k * x[1]).sin() / (viscosity * k * k + drag) } else { 0.0 }
    });
    let u = solver(equation, &[TAU, TAU], 0.01).solve(laminar.view(), 0.5).unwrap();
    assert!(gap(&u, &laminar) < 1e-12);
}

#[test]
fn velocity_and_vorticity_form_agree() {
    let n = 48;
    let velocity = field(&[n, n], 0.0, TAU, 2, |x, c| {
        // psi = sin x cos 2y + 0.3 cos(2x + y)
        if c == 0 {
            -2.0 * x[0].sin() * (2.0 * x[1]).sin() - 0.3 * (2.0 * x[0] + x[1]).sin()
        } else {
            -x[0].cos() * (2.0 * x[1]).cos() + 0.6 * (2.0 * x[0] + x[1]).sin()
        }
    });
    let vorticity = field(&[n, n], 0.0, TAU, 1, |x, _| {
        5.0 * x[0].sin() * (2.0 * x[1]).cos() + 1.5 * (2.0 * x[0] + x[1]).cos()
    });
    let velocity_form = NavierStokesVelocity { viscosity: 0.02, drag: 0.0, forcing: VelocityForcing::None };
    let u = solver(velocity_form, &[TAU, TAU], 5e-3).solve(velocity.view(), 1.0).unwrap();
    let vorticity_form =
        NavierStokesVorticity { viscosity: 0.02, drag: 0.0, forcing: VorticityForcing::None };
    let w = solver(vorticity_form, &[TAU, TAU], 5e-3).solve(vorticity.view(), 1.0).unwrap();
    let operators = sobolev_fft::derivative::SpectralDerivatives::<f64>::new(&[n, n], &[TAU, TAU]).unwrap();
    let slopes = operators.gradient(u.view()).unwrap();
    // Slopes of u along x and y, then those of v.
    let curl = |i: usize, j: usize| slopes[[0, i, j, 2]] - slopes[[0, i, j, 1]];
    let gap = largest(w.indexed_iter().map(|(i, w)| w - curl(i[1], i[2])));
    assert!(gap < 1e-9, "{gap:e}");
}

#[test]
fn a_beltrami_flow_decays_without_turning() {
    let equation = NavierStokesVelocity { viscosity: 0.1, drag: 0.0, forcing: VelocityForcing::None };
    let at = |t: f64| {
        field(&[12, 10, 9], 0.0, TAU, 3, |x, c| {
            let (s, z) = ([x[0].sin(), x[1].sin(), x[2].sin()], [x[0].cos(), x[1].cos(), x[2].cos()]);
            (-0.1 * t).exp() * [s[2] + 0.5 * z[1], 0.7 * s[0] + z[2], 0.5 * s[1] + 0.7 * z[0]][c]
        })
    };
    let u = solver(equation, &[TAU; 3], 0.05).solve(at(0.0).view(), 1.0).unwrap();
    assert!(gap(&u, &at(1.0)) < 1e-12, "{:e}", gap(&u, &at(1.0)));
}

#[test]
fn taylor_green_vortex_loses_energy_as_the_reference() {
    let equation = NavierStokesVelocity { viscosity: 0.01, drag: 0.0, forcing: VelocityForcing::None };
    let initial = field(&[64; 3], 0.0, TAU, 3, |x, c| match c {
        0 => x[0].sin() * x[1].cos() * x[2].cos(),
        1 => -x[0].cos() * x[1].sin() * x[2].cos(),
        _ => 0.0,
    });
    let energy = |u: &ArrayD<f64>| 1.5 * mean(u.iter().map(|v| v * v));
    // It begins at 1/8 and falls at the rate 2 nu 3/8.
    let soon = solver(equation, &[TAU; 3], 1e-3).solve(initial.view(), 1e-3).unwrap();
    assert!(((0.125 - energy(&soon)) / 1e-3 - 0.0075).abs() < 1e-5);
    let times = [2.0, 4.0, 6.0, 8.0, 10.0];
    let reference = [0.10904761, 0.08681885, 0.06123809, 0.03997411, 0.02619970];
    let frames = solver(equation, &[TAU; 3], 0.1).rollout(initial.view(), &times, &()).unwrap();
    for (index, expected) in reference.into_iter().enumerate() {
        let got = energy(&frames.index_axis(Axis(1), index).to_owned());
        assert!((got - expected).abs() < 1e-5, "{index}: {got}, reference {expected}");
    }
}

#[test]
fn forced_turbulence_is_driven_at_the_large_scales() {
    let forcing = VelocityForcing::Linear { rate: 0.3, wavenumber: 1.5 };
    let equation = NavierStokesVelocity { viscosity: 0.1, drag: 0.0, forcing };
    // A Beltrami wave of wavenumber 1 grows by its rate less the viscosity.
    let at = |t: f64| {
        let factor = ((0.3 - 0.1) * t).exp();
        field(&[8; 3], 0.0, TAU, 3, |x, c| factor * [x[2].sin(), x[2].cos(), 0.0][c])
    };
    let u = solver(equation, &[TAU; 3], 0.1).solve(at(0.0).view(), 1.0).unwrap();
    assert!(gap(&u, &at(1.0)) < 1e-12);
}

#[test]
fn the_published_scheme_is_of_first_order() {
    let equation = NavierStokesVorticity {
        viscosity: 1e-3,
        drag: 0.0,
        forcing: VorticityForcing::Diagonal { amplitude: 0.1 },
    };
    let initial = field(&[64, 64], 0.0, 1.0, 1, |x, _| {
        (TAU * x[0]).sin() * (TAU * x[1]).sin() + 0.5 * (2.0 * TAU * x[0] + TAU * x[1]).cos()
    });
    let exact = solver(equation, &[1.0, 1.0], 1e-2).solve(initial.view(), 1.0).unwrap();
    let steps = [4e-3, 2e-3, 1e-3];
    let errors = steps.map(|step| {
        let published = solver(equation, &[1.0, 1.0], step).with_scheme(TimeScheme::CrankNicolsonEuler);
        gap(&published.solve(initial.view(), 1.0).unwrap(), &exact)
    });
    let order = observed_order(&steps, &errors);
    assert!((order - 1.0).abs() < 0.05, "{order}: {errors:?}");
}

#[test]
fn parameters_and_dimensions_out_of_range_are_named() {
    let text = |error: sobolev_tensor::Error| error.to_string();
    let new = |viscosity: f64, d: usize| PeriodicSolver::new(VectorBurgers { viscosity }, &vec![1.0; d], 0.1);
    assert!(
        text(new(-1.0, 1).unwrap_err())
            .starts_with("viscosity: expected a finite number of at least 0, got -1")
    );
    assert!(text(new(0.1, 4).unwrap_err()).contains("dimension: expected 1 to 3, got 4"));
    let ks = PeriodicSolver::new(KuramotoSivashinsky::default(), &[1.0, 1.0], 0.1).unwrap_err();
    assert!(text(ks).contains("the combustion form"));
    let kdv = PeriodicSolver::new(KortewegDeVries::default(), &[1.0, 1.0], 0.1).unwrap_err();
    assert!(text(kdv).contains("dimension: expected 1, got 2"));
    assert!(text(PeriodicSolver::new(Linear::default(), &[0.0], 0.1).unwrap_err()).contains("length"));
    assert!(text(PeriodicSolver::new(Linear::default(), &[1.0], f64::NAN).unwrap_err()).contains("step"));
}

/// A few short steps of the defaults on a small grid.
fn small(entry: &crate::EquationEntry, more: &str) -> Box<dyn crate::Problem> {
    let defaults = (entry.build)(toml::Table::new()).unwrap().settings();
    let step = defaults["step"].as_float().unwrap();
    let table =
        format!("size = 24\nsolve_size = 48\nwarm_up = 0.0\ntime = {}\nframes = 2\n{more}", 4.0 * step);
    (entry.build)(table.parse().unwrap()).unwrap()
}

#[test]
fn every_equation_makes_samples_that_its_settings_make_again() {
    for entry in &ENTRIES {
        let problem = small(entry, "");
        let sample = problem.sample(3, 5, &()).unwrap();
        assert_eq!(sample.input.shape(), problem.input().shape(), "{}", entry.name);
        assert_eq!(sample.target.shape(), problem.target().shape(), "{}", entry.name);
        assert!(sample.target.iter().chain(&sample.input).all(|v| v.is_finite()), "{}", entry.name);
        let moved = largest(
            sample.target.index_axis(ndarray::Axis(0), 1).iter().zip(&sample.input).map(|(a, b)| a - b),
        );
        assert!(moved > 0.0, "{}: nothing happens", entry.name);
        let again = (entry.build)(problem.settings()).unwrap().sample(3, 5, &()).unwrap();
        assert_eq!((again.input, again.target), (sample.input.clone(), sample.target), "{}", entry.name);
        // The same function of space on a finer grid.
        let finer = (entry.build)({
            let mut table = problem.settings();
            table.insert("size".to_string(), 48.into());
            table.insert("solve_size".to_string(), 96.into());
            table
        });
        let input = finer.unwrap().sample(3, 5, &()).unwrap().input;
        let d = input.ndim() - 1;
        let coarse = input
            .slice_each_axis(|axis| ndarray::Slice::new(0, None, if axis.axis.index() < d { 2 } else { 1 }));
        let gap = largest(coarse.iter().zip(&sample.input).map(|(a, b)| a - b));
        // Fields without a highest wave have waves that the coarse grid does not; normalised ones meet another largest value.
        // Another function would be as far away as it is large.
        assert!(gap < 0.3 * largest(coarse.iter().copied()), "{}: {gap:e}", entry.name);
    }
}

#[test]
fn settings_of_data_sets_out_of_range_are_named() {
    let entry = ENTRIES.iter().find(|entry| entry.name == "allen-cahn").unwrap();
    for (text, words) in [
        ("sizes = 3", "allen-cahn setting: expected one of diffusivity"),
        ("diffusivty = 3", "did you mean \"diffusivity\"?"),
        ("diffusivity = -1", "diffusivity: expected a finite number of at least 0, got -1"),
        ("diffusivity = \"large\"", "diffusivity: expected a number"),
        ("size = 1", "solve_size"),
        ("size = 32\nsolve_size = 48", "solve_size: expected a multiple of size = 32"),
        ("size = 3\ninitial = { bumps = 1 }", "at least 4 points"),
        ("size = 200000", "fits into memory"),
        ("dimension = 4", "dimension: expected 1 to 3"),
        ("length = [1.0]", "length: expected a finite number, or 2 of them"),
        ("length = -1.0", "length"),
        ("time = 0.0", "time"),
        ("frames = 0", "frames"),
        ("frames = 1000000000000", "fits into memory"),
        ("step = 0.0", "step"),
        ("order = 5", "order: expected 1 to 4, got 5"),
        ("scheme = \"euler\"", "scheme: expected one of exponential, crank-nicolson-euler"),
        ("precision = \"f16\"", "precision: expected one of f32, f64"),
        ("initial = 3", "initial: expected the name of a field"),
        ("initial = {}", "exactly one of field, fourier, bumps, sines, shocks, clusters"),
        ("initial = { fourier = 3, bumps = 2 }", "exactly one of"),
        ("initial = { bumps = 0 }", "bumps"),
        ("initial = { fourier = 300 }", "resolves wavenumber 300"),
        ("initial = { fourier = 3, scale = [1.0, 2.0] }", "scale: expected a finite number, or 1 of them"),
        ("initial = { fourier = 3, normalize = \"max\" }", "did you mean \"normalise\"?"),
    ] {
        let error = (entry.build)(text.parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn initial_states_have_the_form_that_was_asked_for() {
    let entry = ENTRIES.iter().find(|entry| entry.name == "gray-scott").unwrap();
    let input = |initial: &str| {
        let table = format!("size = 32\nsolve_size = 32\ntime = 1.0\ninitial = {initial}").parse().unwrap();
        (entry.build)(table).unwrap().sample(1, 2, &()).unwrap().input
    };
    let channel = |u: &ArrayD<f64>, c: usize| u.index_axis(ndarray::Axis(2), c).to_owned();
    let u = input("{ fourier = 4, normalise = \"max\", offset = [1.0, 0.0] }");
    assert!((largest(channel(&u, 1).iter().copied()) - 1.0).abs() < 1e-12);
    assert!((largest(channel(&u, 0).iter().map(|v| v - 1.0)) - 1.0).abs() < 1e-12);
    assert!(
        gap(&channel(&u, 0).mapv(|v| v - 1.0), &channel(&u, 1)) > 0.1,
        "channels are drawn by themselves"
    );
    let u = input("{ bumps = 3, shared = true, scale = [-0.5, 0.25], offset = [1.0, 0.0] }");
    assert!(gap(&channel(&u, 0), &channel(&u, 1).mapv(|v| 1.0 - 2.0 * v)) < 1e-12);
    assert!(channel(&u, 1).iter().all(|v| *v > 0.0 && *v < 0.75));
    let u = input("{ fourier = 4, normalise = \"std\" }");
    assert!((rms(&channel(&u, 0)) - 1.0).abs() < 1e-12);
    let u = channel(&input("{ fourier = 4, normalise = \"range\", scale = 2.0 }"), 1);
    let low = u.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(low.abs() < 1e-12 && (largest(u.iter().copied()) - 2.0).abs() < 1e-12);
}

#[test]
fn the_default_grid_of_the_solution_fits_any_size() {
    let entry = ENTRIES.iter().find(|entry| entry.name == "navier-stokes").unwrap();
    let solve_size = |text: &str| {
        (entry.build)(text.parse().unwrap()).unwrap().settings()["solve_size"].as_integer().unwrap()
    };
    // 256 points, or the first multiple of what is kept beyond them.
    assert_eq!(["", "size = 100", "size = 300"].map(solve_size), [256, 300, 300]);
    assert_eq!(solve_size("size = 100\nsolve_size = 100"), 100);
}
