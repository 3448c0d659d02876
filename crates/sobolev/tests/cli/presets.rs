//! The specs in `data`: each makes the fields of its published set, and solves on a small grid.

use std::path::{Path, PathBuf};

use sobolev::solvers::Problem;
use sobolev::spec::{GenerateSpec, Spec};
use toml::Value;

/// Name, samples, shape of an input, shape of a target.
const PRESETS: [(&str, u64, &[usize], &[usize]); 39] = [
    ("apebench_advection", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_advection_2d", 50, &[160, 160, 1], &[50, 160, 160, 1]),
    ("apebench_advection_3d", 50, &[32, 32, 32, 1], &[50, 32, 32, 32, 1]),
    ("apebench_advection_diffusion", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_burgers", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_burgers_2d", 50, &[160, 160, 2], &[50, 160, 160, 2]),
    ("apebench_decaying_turbulence", 50, &[160, 160, 1], &[50, 160, 160, 1]),
    ("apebench_diffusion", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_diffusion_2d", 50, &[160, 160, 1], &[50, 160, 160, 1]),
    ("apebench_diffusion_3d", 50, &[32, 32, 32, 1], &[50, 32, 32, 32, 1]),
    ("apebench_dispersion", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_fisher_kpp", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_gray_scott", 50, &[160, 160, 2], &[50, 160, 160, 2]),
    ("apebench_gray_scott_type", 50, &[160, 160, 2], &[50, 160, 160, 2]),
    ("apebench_hyper_diffusion", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_kolmogorov_flow", 50, &[160, 160, 1], &[50, 160, 160, 1]),
    ("apebench_korteweg_de_vries", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_kuramoto_sivashinsky", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_kuramoto_sivashinsky_2d", 50, &[160, 160, 1], &[50, 160, 160, 1]),
    ("apebench_kuramoto_sivashinsky_combustion", 50, &[160, 1], &[50, 160, 1]),
    ("apebench_swift_hohenberg", 50, &[160, 160, 1], &[50, 160, 160, 1]),
    ("burgers_128", 32, &[128, 1], &[128, 1]),
    ("burgers_published", 1200, &[1024, 1], &[1024, 1]),
    ("darcy_32", 32, &[32, 32, 1], &[32, 32, 1]),
    ("darcy_published", 1100, &[85, 85, 1], &[85, 85, 1]),
    ("mgno_darcy_multiscale", 1200, &[256, 256, 1], &[256, 256, 1]),
    ("mgno_darcy_rough", 1504, &[256, 256, 1], &[256, 256, 1]),
    ("mgno_darcy_smooth", 1200, &[211, 211, 1], &[211, 211, 1]),
    ("mgno_helmholtz", 5000, &[101, 101, 1], &[101, 101, 1]),
    ("navier_stokes_1e-3", 5000, &[64, 64, 1], &[50, 64, 64, 1]),
    ("navier_stokes_1e-4", 10_000, &[64, 64, 1], &[30, 64, 64, 1]),
    ("navier_stokes_1e-5", 1200, &[64, 64, 1], &[20, 64, 64, 1]),
    ("navier_stokes_1e-5_crank_nicolson", 1200, &[64, 64, 1], &[20, 64, 64, 1]),
    ("pdebench_advection", 10_000, &[1024, 1], &[200, 1024, 1]),
    ("pdebench_burgers", 10_000, &[1024, 1], &[200, 1024, 1]),
    ("pdebench_darcy", 10_000, &[128, 128, 1], &[128, 128, 1]),
    ("pdebench_diffusion_reaction", 1000, &[128, 128, 2], &[100, 128, 128, 2]),
    ("pdebench_diffusion_sorption", 10_000, &[1024, 1], &[100, 1024, 1]),
    ("pdebench_reaction_diffusion", 10_000, &[1024, 1], &[100, 1024, 1]),
];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

fn spec(name: &str) -> GenerateSpec {
    GenerateSpec::from_file(data().join(name).with_extension("toml")).unwrap()
}

/// The same spec on a small grid for a short time.
fn reduced(name: &str) -> GenerateSpec {
    let mut spec = spec(name);
    let settings = &mut spec.settings;
    settings.remove("stride");
    settings.remove("solve_size");
    settings.insert("size".to_string(), Value::Integer(32));
    if settings.contains_key("frames") {
        settings.insert("frames".to_string(), Value::Integer(2));
    }
    if settings.contains_key("time") {
        settings.insert("time".to_string(), Value::Float(0.1));
    }
    if settings.contains_key("warm_up") {
        settings.insert("warm_up".to_string(), Value::Float(0.1));
    }
    if settings.get("dimension").and_then(Value::as_integer) == Some(3) {
        settings.insert("size".to_string(), Value::Integer(16));
    }
    if let Some(warm_up) = spec.difficulty.as_mut().and_then(|table| table.get_mut("warm_up")) {
        *warm_up = Value::Integer(2);
    }
    spec
}

#[test]
fn every_preset_has_the_shapes_of_its_set() {
    for file in std::fs::read_dir(data()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        // Neither trainings nor the resolved specs that stand beside data sets.
        let spec = |name: &&str| !name.ends_with("_train") && !name.ends_with(".h5");
        let Some(name) = name.strip_suffix(".toml").filter(spec) else {
            continue;
        };
        assert!(PRESETS.iter().any(|(known, ..)| *known == name), "{name} is not in the list of this test");
    }
    for (name, samples, input, target) in &PRESETS {
        let spec = spec(name);
        let problem = spec.problem().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(spec.samples.len(), *samples, "{name}");
        assert_eq!(
            (&problem.input().shape()[..], &problem.target().shape()[..]),
            (*input, *target),
            "{name}"
        );
    }
}

#[test]
fn every_preset_solves_on_a_small_grid() {
    for (name, ..) in &PRESETS {
        let problem = reduced(name).problem().unwrap_or_else(|error| panic!("{name}: {error}"));
        let sample = problem.sample(0, 0, &()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let changes =
            sample.target.iter().zip(sample.input.iter().cycle()).any(|(a, b)| (a - b).abs() > 1e-6);
        assert!(changes && sample.target.iter().all(|v| v.is_finite()), "{name}");
    }
}

#[test]
fn published_variants_are_made_by_one_setting() {
    let build = |name: &str, setting: &str, value: f64| -> Box<dyn Problem> {
        let mut spec = reduced(name);
        spec.settings.insert(setting.to_string(), Value::Float(value));
        spec.problem().unwrap_or_else(|error| panic!("{name} with {setting} = {value}: {error}"))
    };
    for velocity in [0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 4.0, 7.0] {
        build("pdebench_advection", "velocity", velocity);
    }
    for nu in [0.001, 0.002, 0.004, 0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 1.0, 2.0, 4.0] {
        build("pdebench_burgers", "viscosity", nu / std::f64::consts::PI);
    }
    let viscosity = spec("pdebench_burgers").settings["viscosity"].as_float().unwrap();
    assert!((viscosity - 0.01 / std::f64::consts::PI).abs() < 1e-15);
    for (feed, kill) in [(0.008, 0.046), (0.02, 0.046), (0.024, 0.056), (0.02, 0.056)] {
        build("apebench_gray_scott_type", "feed", feed);
        build("apebench_gray_scott_type", "kill", kill);
    }
    // The solution is linear in f.
    let one = build("pdebench_darcy", "forcing", 1.0).sample(0, 3, &()).unwrap();
    for beta in [0.01, 0.1, 10.0, 100.0] {
        let other = build("pdebench_darcy", "forcing", beta).sample(0, 3, &()).unwrap();
        assert_eq!(one.input, other.input);
        let gap = one.target.iter().zip(&other.target).map(|(a, b)| (b / beta - a).abs()).fold(0.0, f64::max);
        let size = one.target.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        assert!(gap < 1e-6 * size, "{gap:e}");
    }
}

#[test]
fn stored_samples_are_those_of_their_specs() {
    for name in ["burgers_128", "darcy_32"] {
        let found = sobolev::data::verify(data().join(format!("{name}.h5")), 4, &()).unwrap();
        assert!(found.is_sound() && found.remade.len() == 4, "{found}");
    }
}
