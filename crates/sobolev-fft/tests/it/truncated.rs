use crate::naive;
use proptest::prelude::*;
use sobolev_fft::axis::Form;
use sobolev_fft::{Complex, Error, FourierPlan, Recipe, TransformPlan, TruncatedFourier};
use sobolev_tensor::Accumulate;
use sobolev_testing::{adjoint_gap, noise, relative_error};

/// Grids and modes: odd, even, prime, power of two; Nyquist kept on the last axis, on a leading one, on all.
const SIZES: &[(&[usize], &[usize])] = &[
    (&[1], &[1]),
    (&[16], &[9]),
    (&[85], &[12]),
    (&[7, 9], &[3, 5]),
    (&[8, 8], &[4, 5]),
    (&[13, 16], &[6, 4]),
    (&[32, 11], &[5, 6]),
    (&[5, 4, 6], &[2, 2, 4]),
    (&[8, 7, 5], &[3, 3, 2]),
];

/// Sums of at most 512 terms of size 1: sqrt(n) eps is 5e-15; 1e-13 leaves room for three axes.
const ROUNDING: f64 = 1e-13;

fn build(grid: &[usize], modes: &[usize], recipe: &Recipe) -> TruncatedFourier<f64> {
    TransformPlan::choose::<f64>(grid, modes, 4).unwrap().with_recipe(recipe).unwrap().build().unwrap()
}

fn points(transform: &TruncatedFourier<f64>, batch: usize, channels: usize) -> usize {
    batch * transform.grid().iter().product::<usize>() * channels
}

fn coefficients(transform: &TruncatedFourier<f64>, batch: usize, channels: usize) -> usize {
    batch * transform.mode_grid().iter().product::<usize>() * 2 * channels
}

fn forward(transform: &TruncatedFourier<f64>, batch: usize, channels: usize, x: &[f64]) -> Vec<f64> {
    let mut y = vec![f64::NAN; coefficients(transform, batch, channels)];
    transform.forward(batch, channels, x, &mut y).unwrap();
    y
}

fn inverse(transform: &TruncatedFourier<f64>, batch: usize, channels: usize, y: &[f64]) -> Vec<f64> {
    let mut x = vec![f64::NAN; points(transform, batch, channels)];
    transform.inverse(batch, channels, y, &mut x, Accumulate::Replace).unwrap();
    x
}

fn forward_adjoint(transform: &TruncatedFourier<f64>, batch: usize, channels: usize, y: &[f64]) -> Vec<f64> {
    let mut x = vec![f64::NAN; points(transform, batch, channels)];
    transform.forward_adjoint(batch, channels, y, &mut x, Accumulate::Replace).unwrap();
    x
}

fn inverse_adjoint(transform: &TruncatedFourier<f64>, batch: usize, channels: usize, x: &[f64]) -> Vec<f64> {
    let mut y = vec![f64::NAN; coefficients(transform, batch, channels)];
    transform.inverse_adjoint(batch, channels, x, &mut y).unwrap();
    y
}

/// Places of the kept modes in a full spectrum `[n1, .., nd/2 + 1]`, in the order of the coefficients.
fn kept(grid: &[usize], modes: &[usize]) -> Vec<usize> {
    let last = grid.len() - 1;
    let mut places = vec![0];
    for (axis, (&n, &m)) in grid.iter().zip(modes).enumerate() {
        let (length, frequencies): (usize, Vec<usize>) =
            if axis == last { (n / 2 + 1, (0..m).collect()) } else { (n, (0..m).chain(n - m..n).collect()) };
        places = places.iter().flat_map(|p| frequencies.iter().map(move |f| p * length + f)).collect();
    }
    places
}

/// `rfftn` by definition, then the kept modes.
fn naive_forward(grid: &[usize], modes: &[usize], batch: usize, c: usize, x: &[f64]) -> Vec<f64> {
    let full = naive::fourier(&naive::complex(x), grid, c, -1.0);
    let (n, leading) = (grid[grid.len() - 1], grid[..grid.len() - 1].iter().product::<usize>());
    let half = naive::first_along(&full, (batch * leading, n, c), n / 2 + 1);
    let sample = leading * (n / 2 + 1) * c;
    let values = |place: usize| {
        move |sample: &[Complex<f64>]| -> Vec<f64> {
            let z = &sample[place * c..][..c];
            z.iter().map(|z| z.re).chain(z.iter().map(|z| z.im)).collect()
        }
    };
    let places = kept(grid, modes);
    half.chunks(sample).flat_map(|sample| places.iter().flat_map(move |p| values(*p)(sample))).collect()
}

/// `irfftn` (tested against its definition elsewhere) of the kept modes, all others zero.
fn full_inverse(grid: &[usize], modes: &[usize], batch: usize, c: usize, y: &[f64]) -> Vec<f64> {
    let plan = FourierPlan::<f64>::new(grid).unwrap();
    let sample = plan.spectrum_grid().iter().product::<usize>() * c;
    let mut spectrum = vec![Complex::default(); batch * sample];
    let places = kept(grid, modes);
    for (b, y) in y.chunks(places.len() * 2 * c).enumerate() {
        for (place, y) in places.iter().zip(y.chunks(2 * c)) {
            for i in 0..c {
                spectrum[b * sample + place * c + i] = Complex::new(y[i], y[c + i]);
            }
        }
    }
    let mut x = vec![0.0; batch * grid.iter().product::<usize>() * c];
    plan.inverse_real_into(batch, c, &mut spectrum, &mut x).unwrap();
    x
}

#[test]
fn both_forms_equal_the_full_transform_at_every_kind_of_size() {
    let (batch, c) = (2, 3);
    for &(grid, modes) in SIZES {
        for recipe in [Recipe::Matrix, Recipe::Fft] {
            let transform = build(grid, modes, &recipe);
            let (x, y) =
                (noise(points(&transform, batch, c), 1), noise(coefficients(&transform, batch, c), 2));
            let gap =
                relative_error(&forward(&transform, batch, c, &x), &naive_forward(grid, modes, batch, c, &x));
            assert!(gap < ROUNDING, "forward {recipe:?} {grid:?} {modes:?}: {gap:e}");
            let gap =
                relative_error(&inverse(&transform, batch, c, &y), &full_inverse(grid, modes, batch, c, &y));
            assert!(gap < ROUNDING, "inverse {recipe:?} {grid:?} {modes:?}: {gap:e}");
        }
    }
}

/// A field that the kept modes can hold comes back. Modes -m of a leading axis have no partner m, so it must not use them.
#[test]
fn inverse_of_forward_keeps_a_band_limited_field() {
    let (grid, modes) = ([20, 24], [4, 5]);
    let field = |i: usize, j: usize| {
        let (p, q) = (i as f64 / 20.0, j as f64 / 24.0);
        1.0 + (std::f64::consts::TAU * (3.0 * p - 4.0 * q)).cos()
            - 2.0 * (std::f64::consts::TAU * 2.0 * q).sin()
    };
    let x: Vec<f64> = (0..20 * 24).map(|i| field(i / 24, i % 24)).collect();
    let transform = TruncatedFourier::new(&grid, &modes).unwrap();
    let back = inverse(&transform, 1, 1, &forward(&transform, 1, 1, &x));
    assert!(relative_error(&back, &x) < ROUNDING);
}

fn sizes() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    prop::collection::vec((2_usize..18, 0.0..1.0), 1..4).prop_map(|axes| {
        let last = axes.len() - 1;
        axes.iter()
            .enumerate()
            .map(|(axis, &(n, part))| {
                let most = if axis == last { n / 2 + 1 } else { n / 2 };
                (n, ((part * most as f64) as usize + 1).min(most))
            })
            .unzip()
    })
}

fn recipe(axes: usize, bits: u8) -> Recipe {
    let form = |axis: usize| if bits >> axis & 1 == 1 { Form::Fft } else { Form::Matrix };
    Recipe::Mixed((0..axes).map(form).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn forward_and_inverse_have_their_transposes_in_every_mix_of_forms(
        (grid, modes) in sizes(), batch in 1_usize..4, c in 1_usize..20, bits in 0_u8..8,
    ) {
        let t = build(&grid, &modes, &recipe(grid.len(), bits));
        let (x, y) = (noise(points(&t, batch, c), 1), noise(coefficients(&t, batch, c), 2));
        let gap =
            adjoint_gap(|x| forward(&t, batch, c, x), |y| forward_adjoint(&t, batch, c, y), &x, &y);
        prop_assert!(gap < 1e-12, "forward: {gap:e}");
        let gap =
            adjoint_gap(|y| inverse(&t, batch, c, y), |x| inverse_adjoint(&t, batch, c, x), &y, &x);
        prop_assert!(gap < 1e-12, "inverse: {gap:e}");
    }

    #[test]
    fn forms_agree_to_rounding(
        (grid, modes) in sizes(), batch in 1_usize..4, c in 1_usize..20, bits in 1_u8..8,
    ) {
        let matrix = build(&grid, &modes, &Recipe::Matrix);
        let mixed = build(&grid, &modes, &recipe(grid.len(), bits));
        let (x, y) = (noise(points(&matrix, batch, c), 1), noise(coefficients(&matrix, batch, c), 2));
        let gap = relative_error(&forward(&mixed, batch, c, &x), &forward(&matrix, batch, c, &x));
        prop_assert!(gap < ROUNDING, "forward: {gap:e}");
        let gap = relative_error(&inverse(&mixed, batch, c, &y), &inverse(&matrix, batch, c, &y));
        prop_assert!(gap < ROUNDING, "inverse: {gap:e}");
    }
}

#[test]
fn bits_depend_neither_on_threads_nor_on_the_batch() {
    let sizes: [(&[usize], &[usize], usize); 4] = [
        (&[30, 41], &[6, 7], 20),
        (&[85, 40], &[12, 12], 7),
        (&[9, 10, 24], &[3, 4, 5], 9),
        (&[500], &[16], 33),
    ];
    for ((grid, modes, c), form) in sizes.into_iter().flat_map(|s| [(s, Recipe::Matrix), (s, Recipe::Fft)]) {
        let batch = 3;
        let run = |threads: usize, samples: std::ops::Range<usize>| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let transform = build(grid, modes, &form);
                let (sample, kept) = (points(&transform, 1, c), coefficients(&transform, 1, c));
                let (x, y) = (noise(batch * sample, 1), noise(batch * kept, 2));
                let x = &x[samples.start * sample..samples.end * sample];
                let y = &y[samples.start * kept..samples.end * kept];
                let count = samples.len();
                let mut sum = x.to_vec();
                transform.inverse(count, c, y, &mut sum, Accumulate::Add).unwrap();
                (forward(&transform, count, c, x), inverse(&transform, count, c, y), sum)
            })
        };
        let serial = run(1, 0..batch);
        assert!(serial == run(2, 0..batch), "2 threads: over the batch");
        assert!(serial == run(5, 0..batch), "5 threads: within a sample");
        let last = run(5, 2..3);
        assert!(serial.0.ends_with(&last.0) && serial.1.ends_with(&last.1) && serial.2.ends_with(&last.2));
    }
}

/// What a layer does that fuses the last axis with other work.
#[test]
fn rows_and_leading_axes_make_up_the_whole() {
    for (grid, modes) in [(vec![13, 16], vec![4, 5]), (vec![6, 8, 10], vec![2, 3, 4]), (vec![20], vec![6])] {
        let c = 5;
        let t = build(&grid, &modes, &Recipe::Matrix);
        let (axis, rows) = (t.last_axis(), t.rows());
        let row_modes = rows * axis.modes() * 2 * c;
        let mut scratch = vec![f64::NAN; axis.scratch_len(c).max(t.leading_scratch_len(c))];
        let (x, y) = (noise(points(&t, 1, c), 1), noise(coefficients(&t, 1, c), 2));

        let (mut middle, mut result) = (vec![f64::NAN; row_modes], vec![f64::NAN; y.len()]);
        axis.forward(rows, c, &x, &mut middle, &mut scratch);
        t.leading_forward(c, &middle, &mut result, &mut scratch);
        assert_eq!(result, forward(&t, 1, c, &x));
        axis.inverse_adjoint(rows, c, &x, &mut middle, &mut scratch);
        t.leading_inverse_adjoint(c, &middle, &mut result, &mut scratch);
        assert_eq!(result, inverse_adjoint(&t, 1, c, &x));

        let mut result = vec![f64::NAN; x.len()];
        t.leading_inverse(c, &y, &mut middle, &mut scratch);
        axis.inverse(rows, c, &middle, &mut result, Accumulate::Replace, &mut scratch);
        assert_eq!(result, inverse(&t, 1, c, &y));
        t.leading_forward_adjoint(c, &y, &mut middle, &mut scratch);
        axis.forward_adjoint(rows, c, &middle, &mut result, Accumulate::Replace, &mut scratch);
        assert_eq!(result, forward_adjoint(&t, 1, c, &y));
    }
}

#[test]
fn single_precision_is_exact_to_its_rounding() {
    let (grid, modes, c) = ([85, 85], [12, 12], 32);
    let x = noise(85 * 85 * c, 3);
    let expected = forward(&build(&grid, &modes, &Recipe::Matrix), 1, c, &x);
    let narrow: Vec<f32> = x.iter().map(|v| *v as f32).collect();
    for recipe in [Recipe::Matrix, Recipe::Fft] {
        let plan = TransformPlan::choose::<f32>(&grid, &modes, c).unwrap().with_recipe(&recipe).unwrap();
        let mut y = vec![0_f32; 24 * 12 * 2 * c];
        plan.build::<f32>().unwrap().forward(1, c, &narrow, &mut y).unwrap();
        let y: Vec<f64> = y.iter().map(|v| f64::from(*v)).collect();
        // Rounding errors of a sum of N = 85 terms, twice: about 2 sqrt(N) eps = 2.2e-6.
        let gap = relative_error(&y, &expected);
        assert!(gap < 2.2e-6, "{recipe:?}: {gap:e}");
    }
}

#[test]
fn the_form_is_chosen_as_measured() {
    let choose =
        |grid: &[usize], modes: &[usize]| TransformPlan::choose::<f32>(grid, modes, 32).unwrap().recipe();
    assert_eq!(choose(&[85, 85], &[12, 12]), Recipe::Matrix);
    assert_eq!(choose(&[64, 64], &[12, 32]), Recipe::Matrix);
    assert_eq!(choose(&[256, 256], &[24, 24]), Recipe::Matrix);
    assert_eq!(choose(&[256, 256], &[96, 96]), Recipe::Fft);
    assert_eq!(choose(&[1024], &[16]), Recipe::Matrix);
    assert_eq!(choose(&[1024], &[256]), Recipe::Fft);
    assert_eq!(choose(&[512, 512], &[128, 128]), Recipe::Fft);
    assert_eq!(choose(&[512, 512], &[128, 8]), Recipe::Mixed(vec![Form::Fft, Form::Matrix]));
}

#[test]
fn wrong_sizes_are_named() {
    let choose = |grid: &[usize], modes: &[usize]| TransformPlan::choose::<f32>(grid, modes, 8);
    assert!(matches!(choose(&[8, 8], &[4]), Err(Error::Value { .. })));
    assert!(matches!(choose(&[], &[]), Err(Error::Shape { .. })));
    assert!(choose(&[8, 8], &[5, 4]).unwrap_err().to_string().contains("1 to 4 on a leading axis"));
    assert!(choose(&[8, 8], &[4, 6]).unwrap_err().to_string().contains("1 to 5 on the last axis"));
    assert!(TransformPlan::choose::<f32>(&[8], &[4], 0).is_err());
    let plan = choose(&[8, 8], &[4, 4]).unwrap();
    assert!(plan.clone().with_recipe(&Recipe::Mixed(vec![Form::Fft])).is_err());
    let transform = plan.build::<f32>().unwrap();
    let error = transform.forward(2, 3, &[0.0; 7], &mut []).unwrap_err();
    assert_eq!(error.to_string(), "x: expected the values of [2, 8, 8, 3], got [7]");
    let error = transform.forward(1, 1, &[0.0; 64], &mut [0.0; 7]).unwrap_err();
    assert_eq!(error.to_string(), "modes: expected the values of [1, 8, 4, 2], got [7]");
}

#[test]
fn plans_are_shared_between_threads_and_cloned() {
    fn check<P: Send + Sync + Clone + std::fmt::Debug>() {}
    check::<TransformPlan>();
    check::<TruncatedFourier<f32>>();
    check::<FourierPlan<f64>>();
    check::<sobolev_fft::RowFourier<f64>>();
    check::<sobolev_fft::SineCosinePlan<f64>>();
    check::<sobolev_fft::derivative::SpectralDerivatives<f64>>();
    check::<sobolev_fft::derivative::DealiasingMask>();
}
