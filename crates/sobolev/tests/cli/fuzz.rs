//! Specs of any text: an error, never a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sobolev::spec::{GenerateSpec, MergeSpec, Spec};
use sobolev::tensor::{Random, RandomStream};
use toml::Value;

const SPECS: usize = 10_000;

/// Specs with everything that a spec can have, on small grids.
const SEEDS: [&str; 6] = [
    r#"
equation = "burgers"
output = "b.h5"
samples = "0..16"
seed = 3
precision = "f64"
compression = "gzip 4"
existing = "resume"
threads = 2
shard = "2/8"
[settings]
size = 16
solve_size = 32
viscosity = { log-uniform = [1e-3, 1e-1] }
frames = 3
time = 1.0
length = 1.0
tolerance = 1e-6
field = "burgers"
"#,
    r#"
equation = "darcy"
output = "d.h5"
samples = 4
[settings]
size = 12
stride = 2
coefficient = "gaussians"
low = 0.1
high = { choice = [1, 2.5] }
forcing = { normal = [1.0, 0.1] }
"#,
    r#"
equation = "navier-stokes"
output = "n.h5"
[settings]
size = 8
solve_size = 16
initial = { field = { amplitude = 1.0, inverse_length = 7.0, exponent = 2.5 }, modes = 3, random_phases = true }
forcing = { kolmogorov = { wavenumber = 4.0, amplitude = { uniform = [0, 1] } } }
"#,
    r#"
equation = "advection"
output = "a.h5"
[settings]
size = 16
dimension = 2
velocity = [{ uniform = [0, 1] }, 2.0]
initial = { sines = 2, highest = 4, absolute = 0.1, window = 0.2, normalise = "absolute", scale = 2.0, offset = [1.0] }
"#,
    r#"
equation = "korteweg-de-vries"
output = "k.h5"
[settings]
size = 32
frames = 4
initial = { clusters = [1, 4], width = [0.05, 0.1], centre = [0.4, 0.6] }
[difficulty]
delta1 = -2.0
gamma3 = -14.0
gamma4 = -9.0
substeps = 10
"#,
    r#"
equation = "gray-scott"
output = "g.h5"
[settings]
size = 8
solve_size = 16
initial = { shocks = 3, low = -1, high = 1, shared = true }
feed = { choice = [0.014, 0.029] }
length = [2.0, 1.0]
"#,
];

/// Pieces of text that break things.
const PIECES: [&str; 30] = [
    "0",
    "-1",
    "nan",
    "-inf",
    "1e308",
    "1e-320",
    "99999999999999999999",
    "9223372036854775807",
    "18446744073709551615",
    "\"\"",
    "[]",
    "{}",
    "[[]]",
    "true",
    "1979-05-27",
    "\u{0}",
    "\u{1F600}",
    "{ uniform = [0, 1] }",
    "{ choice = [] }",
    "{ normal = 1 }",
    "\n[settings]\n",
    "\n[difficulty]\n",
    "..",
    "0..0",
    "1/0",
    "=",
    "\"",
    "'''",
    "# ",
    "{ choice = [1e300, -1e300] }",
];

/// One random change of a text.
fn mutate(text: &str, random: &mut RandomStream) -> String {
    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
    let place = places[random.below(places.len())];
    let lines: Vec<&str> = text.lines().collect();
    match random.below(6) {
        0 => format!("{}{}{}", &text[..place], PIECES[random.below(PIECES.len())], &text[place..]),
        // A number or a word becomes something else.
        1 | 2 => {
            let values: Vec<usize> = text.match_indices("= ").map(|(place, _)| place + 2).collect();
            let Some(&start) = values.get(random.below(values.len().max(1))) else { return text.to_string() };
            let end = text[start..].find([',', '\n', ']', '}']).map_or(text.len(), |length| start + length);
            format!("{}{}{}", &text[..start], PIECES[random.below(PIECES.len())], &text[end..])
        }
        3 => {
            let mut lines = lines;
            let line = lines[random.below(lines.len())];
            lines.insert(random.below(lines.len() + 1), line);
            lines.join("\n")
        }
        4 => {
            let mut lines = lines;
            if lines.len() > 1 {
                lines.remove(random.below(lines.len()));
            }
            lines.join("\n")
        }
        _ => {
            let end = places[random.below(places.len())];
            let (start, end) = (place.min(end), place.max(end).min(place.min(end) + 12));
            let end = (start..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(start);
            format!("{}{}", &text[..start], &text[end..])
        }
    }
}

/// Whether a problem of these settings takes no time to make: small grids, or such that no memory holds.
fn is_small(value: &Value) -> bool {
    match value {
        Value::Integer(number) => !(65..1 << 40).contains(number),
        Value::Array(list) => list.iter().all(is_small),
        Value::Table(table) => table.values().all(is_small),
        _ => true,
    }
}

#[test]
fn ten_thousand_mutated_specs_are_read_or_refused() {
    let mut random = Random::new(1, "fuzz").stream(0);
    let (mut read, mut built) = (0, 0);
    for number in 0..SPECS {
        let mut text = SEEDS[number % SEEDS.len()].to_string();
        for _ in 0..random.below(4) {
            text = mutate(&text, &mut random);
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let _ = MergeSpec::from_toml(&text);
            let Ok(spec) = GenerateSpec::from_toml(&text) else { return (0, 0) };
            // What was read can be written, unless a number has no place in TOML, and read again.
            if let Ok(again) = spec.to_toml() {
                let again = GenerateSpec::from_toml(&again);
                assert!(again.is_ok(), "{again:?}");
            }
            let settings = is_small(&Value::Table(spec.settings.clone()));
            let with_size = spec.settings.contains_key("size");
            if settings && with_size && spec.problem().is_ok() {
                let _ = spec.expected_bytes();
                return (1, 1);
            }
            (1, 0)
        }));
        let Ok((one, other)) = outcome else { panic!("spec {number} panicked:\n{text}") };
        read += one;
        built += other;
    }
    // The mutations leave enough sense for the inner parts to be reached.
    assert!(read > SPECS / 5 && built > SPECS / 10, "{read} read, {built} built");
}
