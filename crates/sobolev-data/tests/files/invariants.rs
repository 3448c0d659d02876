//! What equations keep is kept in their files, and a file that lost it is found out.

use sobolev_data::{GenerateOptions, generate, verify};
use sobolev_solvers::{EQUATIONS, Field, Problem, Sample};
use sobolev_tensor::{Monitor, Result};

const MEAN: &[&str] = &["mean"];
const BOTH: &[&str] = &["mean", "mean square"];
const SQUARE: &[&str] = &["mean square"];
const ENERGY: &[&str] = &["energy of the scheme"];

/// Equations, settings, and what is kept.
const CASES: [(&str, &str, &[&str]); 23] = [
    ("advection", "size = 32\nframes = 3", BOTH),
    ("dispersion", "size = 32", BOTH),
    ("diffusion", "size = 16\ndimension = 2", MEAN),
    ("advection-diffusion", "size = 32", MEAN),
    ("hyper-diffusion", "size = 32", MEAN),
    ("korteweg-de-vries", "size = 128\ntime = 0.5\nframes = 2", BOTH),
    ("korteweg-de-vries", "size = 128\ntime = 0.5\nviscosity = 0.01", MEAN),
    ("schrodinger", "size = 64\ntime = 0.2", SQUARE),
    ("ginzburg-landau", "size = 64\ndimension = 1\ntime = 0.5", &[]),
    ("burgers-vector", "size = 32\ntime = 0.05", MEAN),
    ("burgers", "size = 64\nsolve_size = 64", MEAN),
    ("burgers", "size = 32\nsolve_size = 128\nframes = 2", MEAN),
    ("burgers", "size = 8\nsolve_size = 512\nviscosity = 0.01", MEAN),
    ("cahn-hilliard", "size = 128\ndimension = 1\ntime = 0.002", MEAN),
    ("allen-cahn", "size = 32\ntime = 0.1", &[]),
    ("kuramoto-sivashinsky", "size = 64\ntime = 1.0\nwarm_up = 5.0", MEAN),
    ("navier-stokes", "size = 32\nsolve_size = 32\ntime = 0.5\nframes = 2", MEAN),
    ("navier-stokes", "size = 32\nsolve_size = 32\ntime = 0.5\ndrag = 0.1", &[]),
    ("wave", "size = 16\nframes = 4", ENERGY),
    ("wave", "size = 16\nmethod = \"spectral\"\nboundary = \"neumann\"", ENERGY),
    ("wave", "size = 16\nboundary = \"absorbing\"", &[]),
    ("heat", "size = 16\nframes = 2\ntime = 0.1", MEAN),
    ("heat", "size = 16\nframes = 2\ntime = 0.1\nboundary = \"dirichlet\"", &[]),
];

fn problem(equation: &str, settings: &str) -> Box<dyn Problem> {
    let entry = EQUATIONS.iter().find(|entry| entry.name == equation).unwrap();
    entry.problem(settings.parse().unwrap()).unwrap()
}

#[test]
fn what_an_equation_keeps_is_kept_to_the_tolerance_and_no_more() {
    for (equation, settings, kept) in CASES {
        let problem = problem(equation, settings);
        for index in 0..2 {
            let mut sample = problem.sample(3, index, &()).unwrap();
            // As a file holds it.
            sample.input.mapv_inplace(|value| f64::from(value as f32));
            sample.target.mapv_inplace(|value| f64::from(value as f32));
            let drifts = problem.invariants(3, index, &sample).unwrap();
            let quantities: Vec<&str> = drifts.iter().map(|drift| drift.quantity).collect();
            assert_eq!(quantities, kept, "{equation}: {settings}");
            for drift in &drifts {
                assert!(drift.drift <= drift.tolerance, "{equation}: {settings}: {drift:?}");
            }
            // A small offset shows in the mean, a small factor in the squares.
            let size = (sample.input.iter().map(|v| v * v).sum::<f64>() / sample.input.len() as f64).sqrt();
            let loose = drifts.iter().map(|drift| drift.tolerance).fold(1e-3, f64::max);
            sample.target.mapv_inplace(|value| value * (1.0 + 2.0 * loose) + 2.0 * loose * size);
            for drift in problem.invariants(3, index, &sample).unwrap() {
                assert!(drift.drift > drift.tolerance, "{equation}: {settings}: {drift:?}");
            }
        }
    }
}

/// Advection whose targets are lifted.
#[derive(Debug)]
struct Lifted(Box<dyn Problem>);

impl Problem for Lifted {
    fn equation(&self) -> &'static str {
        self.0.equation()
    }

    fn settings(&self) -> toml::Table {
        self.0.settings()
    }

    fn input(&self) -> Field {
        self.0.input()
    }

    fn target(&self) -> Field {
        self.0.target()
    }

    fn parameters(&self, seed: u64, index: u64) -> Vec<(String, f64)> {
        self.0.parameters(seed, index)
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let sample = self.0.sample(seed, index, monitor)?;
        let lift = if index == 2 { 1e-3 } else { 0.0 };
        Ok(Sample { target: sample.target + lift, ..sample })
    }
}

#[test]
fn verification_tells_drifts_and_finds_a_sample_that_lost_its_mean() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let settings = "size = 32\nvelocity = { uniform = [0.5, 1.5] }";
    let make = |problem: &dyn Problem| {
        let options = GenerateOptions::default().with_existing(sobolev_data::Existing::Replace);
        generate(problem, 1, 0..5, &path, &options, &()).unwrap();
        verify(&path, 0, &()).unwrap()
    };
    let sound = make(&*problem("advection", settings));
    assert!(sound.is_sound(), "{sound}");
    let told: Vec<&str> = sound.invariants.iter().map(|one| one.quantity.as_str()).collect();
    assert_eq!(told, ["mean", "mean square"]);
    assert!(sound.to_string().contains("; mean kept within "), "{sound}");
    let lost = make(&Lifted(problem("advection", settings)));
    assert!(lost.problems.iter().all(|text| text.starts_with("sample 2: mean")), "{lost}");
    assert!(lost.problems[0].contains("drifts by") && lost.problems[0].contains("are allowed"), "{lost}");
    assert_eq!(lost.invariants[0].sample, 2);
}
