//! Finite volumes with every condition: order against exact solutions in one to three dimensions.

use ndarray::{ArrayD, IxDyn};
use sobolev_multigrid::general::{Centring, Condition, Elliptic, MultigridParams, SolveParams};
use sobolev_testing::{largest, observed_order};
use std::f64::consts::PI;

/// `g(x)` along each axis and its first two derivatives; the solution is the product. All conditions see values that are
/// not zero.
fn profile(kind: Kind, x: f64) -> [f64; 3] {
    match kind {
        Kind::Periodic => [
            (2.0 * PI * x).sin() + 1.5,
            2.0 * PI * (2.0 * PI * x).cos(),
            -(2.0 * PI).powi(2) * (2.0 * PI * x).sin(),
        ],
        _ => [(1.3 * x + 0.2).sin(), 1.3 * (1.3 * x + 0.2).cos(), -1.69 * (1.3 * x + 0.2).sin()],
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Dirichlet,
    Neumann,
    Robin,
    Periodic,
}

fn coefficient(x: &[f64]) -> (f64, Vec<f64>) {
    // Periodic, with a slope on every side.
    let arguments: Vec<f64> = x.iter().map(|x| 2.0 * PI * x + 0.6).collect();
    let product =
        |skip: usize| -> f64 { (0..x.len()).filter(|a| *a != skip).map(|a| arguments[a].cos()).product() };
    let gradient = (0..x.len()).map(|a| -PI * arguments[a].sin() * product(a)).collect();
    (2.0 + 0.5 * product(usize::MAX), gradient)
}

/// `(u, grad u, Laplacian u)`.
fn solution(kinds: &[[Kind; 2]], x: &[f64]) -> (f64, Vec<f64>, f64) {
    let parts: Vec<[f64; 3]> = kinds.iter().zip(x).map(|(kind, x)| profile(kind[0], *x)).collect();
    let product = |skip: usize| -> f64 { (0..x.len()).filter(|a| *a != skip).map(|a| parts[a][0]).product() };
    let gradient = (0..x.len()).map(|a| parts[a][1] * product(a)).collect();
    let laplacian = (0..x.len()).map(|a| parts[a][2] * product(a)).sum();
    (product(usize::MAX), gradient, laplacian)
}

const ALPHA: f64 = 0.7;

/// Values of a condition over a side, at the given coordinates along the other axes.
fn condition(kinds: &[[Kind; 2]], axis: usize, upper: usize, others: &[Vec<f64>]) -> Condition<f64> {
    let shape: Vec<usize> = others.iter().map(Vec::len).collect();
    let sign = if upper == 1 { 1.0 } else { -1.0 };
    let values = |f: &dyn Fn(f64, f64) -> f64| {
        ArrayD::from_shape_fn(IxDyn(&shape), |index| {
            let mut x: Vec<f64> = (0..shape.len()).map(|a| others[a][index[a]]).collect();
            x.insert(axis, upper as f64);
            let (u, gradient, _) = solution(kinds, &x);
            f(u, sign * gradient[axis])
        })
    };
    match kinds[axis][upper] {
        Kind::Dirichlet => Condition::Dirichlet(values(&|u, _| u)),
        Kind::Neumann => Condition::Neumann(values(&|_, slope| slope)),
        Kind::Robin => Condition::Robin {
            alpha: ArrayD::from_elem(IxDyn(&[]), ALPHA),
            value: values(&|u, slope| ALPHA * u + slope),
        },
        Kind::Periodic => Condition::Periodic,
    }
}

/// Root mean square error, of `-div(a grad u) + 0.3 u = f` in the unit box.
fn error(n: usize, centring: Centring, kinds: &[[Kind; 2]]) -> f64 {
    let cells = vec![n; kinds.len()];
    let coordinates = |axis: usize| -> Vec<f64> {
        let eliminated = |side: Kind| side == Kind::Dirichlet;
        let count = match centring {
            Centring::Vertex if kinds[axis][0] != Kind::Periodic => {
                n + 1 - kinds[axis].iter().filter(|side| eliminated(**side)).count()
            }
            _ => n,
        };
        let first = match centring {
            Centring::Cell => 0.5,
            Centring::Vertex if eliminated(kinds[axis][0]) => 1.0,
            Centring::Vertex => 0.0,
        };
        (0..count).map(|i| (first + i as f64) / n as f64).collect()
    };
    let axes: Vec<Vec<f64>> = (0..kinds.len()).map(coordinates).collect();
    let sides = (0..kinds.len())
        .map(|axis| {
            let others: Vec<Vec<f64>> =
                (0..kinds.len()).filter(|a| *a != axis).map(|a| axes[a].clone()).collect();
            [0, 1].map(|upper| condition(kinds, axis, upper, &others))
        })
        .collect();
    let shape: Vec<usize> = axes.iter().map(Vec::len).collect();
    let field = |f: &dyn Fn(&[f64]) -> f64| {
        ArrayD::from_shape_fn(IxDyn(&shape), |index| {
            let x: Vec<f64> = (0..shape.len()).map(|a| axes[a][index[a]]).collect();
            f(&x)
        })
    };
    let a = field(&|x| coefficient(x).0);
    let c = field(&|_| 0.3);
    let f = field(&|x| {
        let ((a, slope), (u, gradient, laplacian)) = (coefficient(x), solution(kinds, x));
        let cross: f64 = slope.iter().zip(&gradient).map(|(s, g)| s * g).sum();
        -a * laplacian - cross + 0.3 * u
    });
    let problem = Elliptic::new(&cells, &vec![1.0; kinds.len()], centring, sides).unwrap();
    let got = problem.coordinates(0).unwrap();
    assert!(
        got.len() == axes[0].len() && largest(got.iter().zip(&axes[0]).map(|(a, b)| (a - b).abs())) < 1e-15
    );
    let problem = problem.with_diffusion(a.view()).unwrap().with_reaction(c.view()).unwrap();
    let mut multigrid = problem.multigrid(MultigridParams::default()).unwrap();
    let f = problem.right_hand_side(f.view()).unwrap();
    let params = SolveParams { relative_tolerance: 1e-10, ..Default::default() };
    // Conjugate gradients: would fail if the matrix were not symmetric and positive.
    let (u, info) = multigrid.solve(f.view(), &params, &()).unwrap();
    assert!(info.iterations() <= 16, "{kinds:?} {centring:?} {n}: {info}");
    (&u - &field(&|x| solution(kinds, x).0)).mapv(|e| e * e).mean().unwrap().sqrt()
}

#[test]
fn second_order_with_every_pair_of_conditions_in_one_to_three_dimensions() {
    use Kind::{Dirichlet, Neumann, Periodic, Robin};
    let cases: [&[[Kind; 2]]; 9] = [
        &[[Dirichlet, Dirichlet]],
        &[[Neumann, Robin]],
        &[[Periodic, Periodic]],
        &[[Dirichlet, Neumann], [Robin, Dirichlet]],
        &[[Neumann, Neumann], [Neumann, Neumann]],
        &[[Periodic, Periodic], [Robin, Robin]],
        &[[Periodic, Periodic], [Periodic, Periodic]],
        &[[Dirichlet, Robin], [Periodic, Periodic], [Neumann, Dirichlet]],
        &[[Neumann, Neumann], [Robin, Dirichlet], [Dirichlet, Dirichlet]],
    ];
    for kinds in cases {
        let sizes: &[usize] = match kinds.len() {
            1 => &[32, 64, 128],
            2 => &[48, 74, 112],
            _ => &[12, 16, 24],
        };
        for centring in [Centring::Cell, Centring::Vertex] {
            let steps: Vec<f64> = sizes.iter().map(|n| 1.0 / *n as f64).collect();
            let errors: Vec<f64> = sizes.iter().map(|n| error(*n, centring, kinds)).collect();
            let order = observed_order(&steps, &errors);
            assert!((1.85..2.3).contains(&order), "{kinds:?} {centring:?}: order {order}, {errors:?}");
        }
    }
}

#[test]
fn flux_through_layers_is_exact() {
    // Layers of 1 and 1e4 across the first axis, meeting at a face: u is linear in each, with the harmonic mean between.
    let n = 16;
    let sides =
        vec![[Condition::value(0.0), Condition::value(1.0)], [Condition::no_flux(), Condition::no_flux()]];
    let a = ArrayD::from_shape_fn(IxDyn(&[n, n]), |i| if i[0] < n / 2 { 1.0 } else { 1e4 });
    let problem = Elliptic::new(&[n, n], &[1.0, 1.0], Centring::Cell, sides).unwrap();
    let problem = problem.with_diffusion(a.view()).unwrap();
    let f = problem.right_hand_side(ArrayD::zeros(vec![n, n]).view()).unwrap();
    let params = SolveParams { relative_tolerance: 1e-13, ..Default::default() };
    let (u, _) =
        problem.multigrid(MultigridParams::default()).unwrap().solve(f.view(), &params, &()).unwrap();
    // Flux q = 1 / (1/2 + 1/2e4).
    let q = 1.0 / (0.5 + 0.5e-4);
    let exact = |i: usize| {
        let x = (i as f64 + 0.5) / n as f64;
        if i < n / 2 { q * x } else { 1.0 - q * (1.0 - x) * 1e-4 }
    };
    assert!(largest(u.indexed_iter().map(|(i, u)| (u - exact(i[0])).abs())) < 1e-10);
}
