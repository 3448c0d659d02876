use super::*;
use crate::problem::{Problem, Sample};
use sobolev_testing::largest;

fn chosen(equation: &str, difficulty: &str, given: &str) -> Result<Table> {
    settings(equation, &difficulty.parse().unwrap(), given.parse().unwrap())
}

fn number(table: &Table, name: &str) -> f64 {
    table[name].as_float().unwrap_or_else(|| panic!("{name} in {table}"))
}

fn sample(equation: &str, difficulty: &str, given: &str) -> Sample {
    let entry = EQUATIONS.iter().find(|entry| entry.name == equation).unwrap();
    let problem: Box<dyn Problem> = entry.problem(chosen(equation, difficulty, given).unwrap()).unwrap();
    problem.sample(5, 0, &()).unwrap()
}

#[test]
fn coefficients_have_the_difficulties_that_were_asked_for() {
    // gamma_j = a_j dt / L^j N^j 2^(j-1) D and delta_1 = b_1 dt / L M N D, with numbers of APEBench.
    let (n, l) = (160.0_f64, 3.0_f64);
    let given = "size = 160\nframes = 5\nlength = 3.0\ndimension = 1";
    let burgers = chosen("burgers-vector", "delta1 = -1.5\ngamma2 = 1.5", given).unwrap();
    let dt = number(&burgers, "time") / 5.0;
    assert!((1.0 * dt / l * n - 1.5).abs() < 1e-12);
    assert!((number(&burgers, "viscosity") * dt / l.powi(2) * n.powi(2) * 2.0 - 1.5).abs() < 1e-12);
    assert!((number(&burgers, "step") - dt).abs() < 1e-15);
    let kdv = chosen(
        "korteweg-de-vries",
        "delta1 = -2\ngamma3 = -14\ngamma4 = -9\ninterval = 0.5\nsubsteps = 10",
        given,
    )
    .unwrap();
    assert_eq!((number(&kdv, "time"), number(&kdv, "step")), (2.5, 0.05));
    assert!((number(&kdv, "speed") * 0.5 / l * n - 2.0).abs() < 1e-12);
    assert!((number(&kdv, "dispersion") * 0.5 / l.powi(3) * n.powi(3) * 4.0 - 14.0).abs() < 1e-11);
    assert!((number(&kdv, "hyperviscosity") * 0.5 / l.powi(4) * n.powi(4) * 8.0 - 9.0).abs() < 1e-11);
    assert_eq!(number(&kdv, "viscosity"), 0.0);
    let fisher = chosen("fisher-kpp", "gamma0 = 0.02\ngamma2 = 0.2", given).unwrap();
    assert!((number(&fisher, "growth") - 0.02).abs() < 1e-15);
    assert!((number(&fisher, "diffusivity") / l.powi(2) * n.powi(2) * 2.0 - 0.2).abs() < 1e-12);
    let chaos = "size = 160\nframes = 5";
    let ks = chosen("kuramoto-sivashinsky", "delta1 = -1\ngamma2 = -2\ngamma4 = -18\nwarm_up = 500", chaos)
        .unwrap();
    let (length, dt) = (number(&ks, "length"), number(&ks, "time") / 5.0);
    assert!((dt / length.powi(2) * n.powi(2) * 2.0 - 2.0).abs() < 1e-12);
    assert!((dt / length.powi(4) * n.powi(4) * 8.0 - 18.0).abs() < 1e-11);
    assert!((number(&ks, "warm_up") - 500.0 * dt).abs() < 1e-9);
    // M and D divide; orders 1 to 4 in two dimensions.
    let wide =
        chosen("burgers-vector", "delta1 = -1.5\ngamma2 = 1.5\nlargest = 2.0", "size = 32\ndimension = 2")
            .unwrap();
    assert!((number(&wide, "time") * 2.0 * 32.0 * 2.0 - 1.5).abs() < 1e-12);
    let flat = "size = 32\ndimension = 2\nlength = 3.0";
    for (equation, difficulty, name, order) in [
        ("advection", "gamma1 = -4", "velocity", 1),
        ("diffusion", "gamma2 = 4", "diffusivity", 2),
        ("dispersion", "gamma3 = 4", "dispersivity", 3),
        ("hyper-diffusion", "gamma4 = -4", "hyperdiffusivity", 4),
    ] {
        let a = number(&chosen(equation, difficulty, flat).unwrap(), name);
        let gamma = a / l.powi(order) * 32.0_f64.powi(order) * 2.0_f64.powi(order - 1) * 2.0;
        assert!((gamma - 4.0).abs() < 1e-12, "{equation}: {gamma}");
    }
}

#[test]
fn gamma_1_counts_the_cells_of_an_interval() {
    let made = sample("advection", "gamma1 = -4.0", "size = 160\nframes = 3\nlength = 7.0");
    let gap = |frame: usize| {
        largest((0..160).map(|i| made.target[[frame, (i + 4 * (frame + 1)) % 160, 0]] - made.input[[i, 0]]))
    };
    assert!((0..3).all(|frame| gap(frame) < 1e-12), "{:e}", gap(2));
}

#[test]
fn equal_difficulties_evolve_alike_on_boxes_of_any_length() {
    for (equation, difficulty) in [
        ("burgers-vector", "delta1 = -1.5\ngamma2 = 1.5\nsubsteps = 4"),
        ("korteweg-de-vries", "delta1 = -2\ngamma3 = -14\ngamma4 = -9\nsubsteps = 4"),
        ("fisher-kpp", "gamma0 = 0.2\ngamma2 = 0.4"),
    ] {
        let given = |length: f64| {
            // Fisher's equation has no bounded solution below zero.
            let initial = "{ fourier = 5, normalise = \"range\" }";
            format!("size = 64\nframes = 6\ndimension = 1\nlength = {length:?}\ninitial = {initial}")
        };
        let [one, other] = [1.0, 9.0].map(|length| sample(equation, difficulty, &given(length)));
        let gap = largest(one.target.iter().zip(&other.target).map(|(a, b)| a - b));
        assert!(gap < 1e-9, "{equation}: {gap:e}");
        let change = largest(one.target.iter().zip(one.input.iter().cycle()).map(|(a, b)| a - b));
        assert!(change > 1e-3, "{equation} stood still");
    }
}

#[test]
fn what_makes_no_sense_is_named() {
    for (equation, difficulty, given, words) in [
        ("darcy", "gamma1 = 1.0", "size = 8", "equation with difficulties: expected one of advection"),
        ("advecton", "gamma1 = 1.0", "size = 8", "did you mean \"advection\"?"),
        ("advection", "gamma2 = 1.0", "size = 8", "difficulty of advection: expected one of gamma1, largest"),
        ("advection", "", "size = 8", "difficulty gamma1: expected a number, as advection needs gamma1"),
        ("advection", "gamma1 = \"big\"", "size = 8", "difficulty setting gamma1: expected a number"),
        ("advection", "gamma1 = nan", "size = 8", "difficulty gamma1: expected a finite number"),
        ("advection", "gamma1 = 1.0", "", "size: expected the points along a side"),
        (
            "advection",
            "gamma1 = 1.0",
            "size = 8\ntime = 2.0",
            "time: expected nothing, because the difficulties decide it",
        ),
        (
            "advection",
            "gamma1 = 1.0",
            "size = 8\nlength = [1.0, 2.0]",
            "length: expected one positive number",
        ),
        ("burgers", "delta1 = 0\ngamma2 = 1.0", "size = 8", "difficulty delta1"),
        ("burgers", "delta1 = 1\ngamma2 = 1.0\nsubsteps = 2", "size = 8", "substeps: expected nothing"),
        (
            "burgers-vector",
            "delta1 = 1\ngamma2 = 1.0\nsubsteps = 0",
            "size = 8",
            "substeps: expected at least 1",
        ),
        (
            "burgers-vector",
            "delta1 = 1\ngamma2 = 1.0\ninterval = 2.0",
            "size = 8",
            "interval: expected nothing",
        ),
        ("kuramoto-sivashinsky", "delta1 = 1\ngamma2 = 2.0\ngamma4 = -1.0", "size = 8", "negative numbers"),
        (
            "kuramoto-sivashinsky",
            "delta1 = 1\ngamma2 = -2.0\ngamma4 = -1.0",
            "size = 8\nform = \"combustion\"",
            "expected one of delta2",
        ),
    ] {
        let error = chosen(equation, difficulty, given).unwrap_err().to_string();
        assert!(error.contains(words), "{equation} {difficulty} {given}: {error}");
    }
}
