use super::*;

const COMMON_KEYS: [&str; 5] = ["normalise", "scale", "offset", "shared", "absolute"];

fn initial(text: &str, grid: &[usize]) -> Result<Initial> {
    let table: Table = format!("initial = {text}").parse().unwrap();
    Initial::new(&table["initial"], grid, &vec![2.0; grid.len()], 1)
}

fn sample(text: &str, grid: &[usize], index: u64) -> ArrayD<f64> {
    let sample = initial(text, grid).unwrap().sample(3, index);
    sample.index_axis_move(ndarray::Axis(grid.len()), 0)
}

/// One setting of each kind that is the same function on every grid.
const EACH: [&str; 8] = [
    "{ field = { amplitude = 1.0, inverse_length = 3.0, exponent = 2.0 }, modes = 4 }",
    "{ field = { amplitude = 1.0, inverse_length = 3.0, exponent = 2.0 }, modes = 4, random_phases = true }",
    "{ fourier = 5 }",
    "{ fourier = 4, random_phases = true }",
    "{ bumps = 3, sharpness = 9.0 }",
    "{ sines = 2, highest = 6, absolute = 0.5, window = 0.5 }",
    "{ shocks = 3 }",
    "{ clusters = [2, 5], width = [0.05, 0.2], height = [-1, 1], centre = [0.2, 0.6] }",
];

#[test]
fn every_kind_is_in_the_help_and_in_these_tests() {
    for kind in &KINDS {
        let keys = [kind.name].iter().chain(kind.options).copied().collect::<Vec<_>>();
        for key in keys {
            assert!(HELP.contains(key), "{key} is missing in the help");
            assert!(key == kind.name || kind.help.contains(key), "{key} is missing in {}", kind.help);
        }
        assert!(EACH.iter().any(|text| text.contains(&format!("{{ {} =", kind.name))), "{}", kind.name);
    }
    assert!(COMMON_KEYS.iter().all(|key| HELP.contains(key)));
}

#[test]
fn grids_of_any_size_show_the_same_function() {
    for text in EACH {
        for (coarse, fine) in [(&[16][..], &[48][..]), (&[14, 16], &[28, 48])] {
            for index in 0..4 {
                let (a, b) = (sample(text, coarse, index), sample(text, fine, index));
                for (place, value) in a.indexed_iter() {
                    let other: Vec<usize> =
                        (0..coarse.len()).map(|i| place[i] * (fine[i] / coarse[i])).collect();
                    assert!((value - b[&other[..]]).abs() < 1e-12, "{text} at {place:?}");
                }
            }
        }
    }
}

#[test]
fn samples_and_channels_are_independent_unless_shared() {
    for text in EACH {
        let table: Table = format!("initial = {text}").parse().unwrap();
        let two = Initial::new(&table["initial"], &[24], &[1.0], 2).unwrap();
        let first = two.sample(3, 0);
        assert_eq!(first, two.sample(3, 0));
        let column =
            |state: &ArrayD<f64>, channel: usize| state.index_axis(ndarray::Axis(1), channel).to_owned();
        assert_ne!(column(&first, 0), column(&first, 1), "{text}");
        assert_ne!(first, two.sample(3, 1), "{text}");
        assert_ne!(first, two.sample(4, 0), "{text}");
        let shared: Table =
            format!("initial = {}", text.replacen('{', "{ shared = true, ", 1)).parse().unwrap();
        let shared = Initial::new(&shared["initial"], &[24], &[1.0], 2).unwrap().sample(3, 0);
        assert_eq!(column(&shared, 0), column(&shared, 1));
    }
}

#[test]
fn random_phases_have_the_expected_mean_square_in_every_sample() {
    let mean_square = |text: &str, index: u64| {
        let field = sample(text, &[32, 32], index);
        field.iter().map(|v| v * v).sum::<f64>() / field.len() as f64
    };
    let phases = "{ fourier = 4, random_phases = true }";
    // A white field of volume 4 with waves -4 to 4 along both axes, without the mean: 80 / 4.
    for index in 0..5 {
        assert!((mean_square(phases, index) - 20.0).abs() < 1e-10);
    }
    // The series of normal coefficients only has it in the mean.
    let mean = (0..400).map(|index| mean_square("{ fourier = 4 }", index)).sum::<f64>() / 400.0;
    assert!((mean - 20.0).abs() < 0.6, "{mean}");
    assert!((mean_square("{ fourier = 4 }", 0) - 20.0).abs() > 1e-3);
}

#[test]
fn sines_have_the_published_statistics() {
    let plain = |index| sample("{ sines = 2, absolute = 0, window = 0 }", &[64], index);
    // Mean zero, and a mean square of 2 E[A^2] / 2 = 1/3.
    let mut square = 0.0;
    for index in 0..2000 {
        let field = plain(index);
        assert!(field.sum().abs() < 1e-11);
        square += field.iter().map(|v| v * v).sum::<f64>() / 64.0 / 2000.0;
    }
    assert!((square - 1.0 / 3.0).abs() < 0.03, "{square}");
    // One in ten is an absolute value, of one sign everywhere; one in two of all is negative.
    let of_one_sign = |index| {
        let field = sample("{ sines = 2, window = 0 }", &[64], index);
        field.iter().all(|v| *v >= 0.0) || field.iter().all(|v| *v <= 0.0)
    };
    let share = (0..2000).filter(|index| of_one_sign(*index)).count() as f64 / 2000.0;
    assert!((share - 0.1).abs() < 0.03, "{share}");
    // A window leaves nothing at the ends of the interval, where the others have their waves.
    let windowed = |index| sample("{ sines = 2, absolute = 0 }", &[64], index)[[0]].abs() < 1e-6;
    let share = (0..2000).filter(|index| windowed(*index)).count() as f64 / 2000.0;
    assert!((share - 0.1).abs() < 0.03, "{share}");
}

#[test]
fn shocks_are_pieces_within_their_bounds() {
    for index in 0..50 {
        let field = sample("{ shocks = 3, low = 2, high = 5 }", &[512], index);
        assert!(field.iter().all(|v| (2.0..5.0).contains(v)));
        let jumps = (0..512).filter(|i| field[[*i]] != field[[(i + 1) % 512]]).count();
        assert!(jumps <= 3, "{jumps}");
        let blocks = sample("{ shocks = 2 }", &[32, 32], index);
        let mut values: Vec<u64> = blocks.iter().map(|v| v.to_bits()).collect();
        values.sort_unstable();
        values.dedup();
        assert!(values.len() <= 4);
    }
    let mean = (0..500).map(|index| sample("{ shocks = 2 }", &[32], index).sum() / 32.0).sum::<f64>() / 500.0;
    assert!(mean.abs() < 0.1, "{mean}");
}

#[test]
fn clusters_have_their_number_width_and_place() {
    // One cluster in the middle: its integral is height (2 pi)^(d/2) width^d, in sides of the box.
    let one = sample("{ clusters = 1, width = 0.04, height = 3.0, centre = [0.4, 0.6] }", &[64, 64], 5);
    let integral = one.sum() / 4096.0;
    let exact = 3.0 * 2.0 * std::f64::consts::PI * 0.04 * 0.04;
    assert!((integral - exact).abs() < 1e-9, "{integral} {exact}");
    let peak = one.indexed_iter().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    assert!((0..2).all(|axis| (25..=39).contains(&peak[axis])), "{peak:?}");
    // Between one and three of them, each number as often.
    let count = |index| {
        let field = sample("{ clusters = [1, 3], width = 0.05 }", &[128], index);
        (field.sum() / 128.0 / (0.05 * (2.0 * std::f64::consts::PI).sqrt())).round()
    };
    for number in [1.0, 2.0, 3.0] {
        let share = (0..900).filter(|index| count(*index) == number).count() as f64 / 900.0;
        assert!((share - 1.0 / 3.0).abs() < 0.08, "{number}: {share}");
    }
}

#[test]
fn normalisations_do_what_they_say() {
    let field =
        |normalise: &str| sample(&format!("{{ fourier = 3, normalise = \"{normalise}\" }}"), &[32], 1);
    let (plain, absolute) = (field("max"), field("absolute"));
    assert!((plain.iter().fold(0.0_f64, |m, v| m.max(v.abs())) - 1.0).abs() < 1e-15);
    assert_eq!(absolute, plain.mapv(f64::abs));
    let range = field("range");
    assert_eq!(range.iter().copied().fold(f64::MAX, f64::min), 0.0);
    assert_eq!(range.iter().copied().fold(f64::MIN, f64::max), 1.0);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    for (text, words) in [
        ("3", "initial: expected the name of a field, or a table, got 3"),
        (
            "{ scale = 2.0 }",
            "initial: expected exactly one of field, fourier, bumps, sines, shocks, clusters",
        ),
        ("{ sines = 2, bumps = 3 }", "initial: expected exactly one of"),
        ("{ siness = 2 }", "did you mean \"sines\"?"),
        ("{ fourier = 5, modes = 3 }", "initial setting: expected one of fourier, random_phases"),
        ("{ sines = 2, sharpness = 3.0 }", "got \"sharpness\"; { sines = how many"),
        ("{ sines = 0 }", "sines: expected 1 to 10000, got 0"),
        ("{ sines = 2, highest = 16 }", "highest: expected 1 to 15"),
        ("{ sines = 2, window = 1.5 }", "window: expected a probability"),
        ("{ shocks = 1 }", "shocks: expected at least 2"),
        ("{ shocks = 2, low = 3.0 }", "low: expected a finite number below high = 1"),
        ("{ clusters = [3, 1] }", "clusters: expected a finite number, or two"),
        ("{ clusters = 1.5 }", "clusters: expected a whole number"),
        ("{ clusters = 2, width = 0.0 }", "width: expected positive numbers"),
        ("{ bumps = 2, sharpness = -1.0 }", "sharpness: expected a positive"),
        ("{ fourier = 20 }", "grid: expected a grid that resolves wavenumber 20"),
    ] {
        let error = initial(text, &[32]).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}
