use crate::naive;
use proptest::prelude::*;
use sobolev_fft::axis::{ComplexAxis, Form, RealAxis};
use sobolev_fft::{Complex, Error};
use sobolev_tensor::Accumulate;
use sobolev_testing::{adjoint_gap, noise, relative_error};
use std::f64::consts::TAU;

const FORMS: [Form; 2] = [Form::Matrix, Form::Fft];

/// Sizes: one point, odd, even, prime, power of two, more than one block of the half axis.
const POINTS: [usize; 9] = [1, 2, 3, 8, 12, 17, 64, 85, 211];

/// Sums of n terms of size 1 have relative errors of about sqrt(n) eps = 3e-15 at n = 211.
const ROUNDING: f64 = 5e-14;

/// Modes worth testing of the `most` there are: one, some, all.
fn some_modes(most: usize) -> Vec<usize> {
    let mut modes = vec![1, most.div_ceil(3), most.saturating_sub(1).max(1), most];
    modes.retain(|m| *m <= 48);
    modes.dedup();
    modes
}

fn dirty(len: usize) -> Vec<f64> {
    vec![f64::NAN; len]
}

fn forward(axis: &RealAxis<f64>, rows: usize, c: usize, x: &[f64]) -> Vec<f64> {
    let (mut y, mut scratch) = (dirty(rows * axis.modes() * 2 * c), dirty(axis.scratch_len(c)));
    axis.forward(rows, c, x, &mut y, &mut scratch);
    y
}

fn inverse(axis: &RealAxis<f64>, rows: usize, c: usize, y: &[f64]) -> Vec<f64> {
    let (mut x, mut scratch) = (dirty(rows * axis.points() * c), dirty(axis.scratch_len(c)));
    axis.inverse(rows, c, y, &mut x, Accumulate::Replace, &mut scratch);
    x
}

fn forward_adjoint(axis: &RealAxis<f64>, rows: usize, c: usize, y: &[f64]) -> Vec<f64> {
    let (mut x, mut scratch) = (dirty(rows * axis.points() * c), dirty(axis.scratch_len(c)));
    axis.forward_adjoint(rows, c, y, &mut x, Accumulate::Replace, &mut scratch);
    x
}

fn inverse_adjoint(axis: &RealAxis<f64>, rows: usize, c: usize, x: &[f64]) -> Vec<f64> {
    let (mut y, mut scratch) = (dirty(rows * axis.modes() * 2 * c), dirty(axis.scratch_len(c)));
    axis.inverse_adjoint(rows, c, x, &mut y, &mut scratch);
    y
}

/// The kept modes of `[rows, n, c]` in the layout of the axis, by definition.
fn naive_forward(x: &[f64], rows: usize, n: usize, m: usize, c: usize) -> Vec<f64> {
    let spectrum = naive::fourier(&naive::complex(x), &[n], c, -1.0);
    let mut y = vec![0.0; rows * m * 2 * c];
    for (r, k, i) in (0..rows).flat_map(|r| (0..m).flat_map(move |k| (0..c).map(move |i| (r, k, i)))) {
        let z = spectrum[(r * n + k) * c + i];
        y[(r * m + k) * 2 * c + i] = z.re;
        y[(r * m + k) * 2 * c + c + i] = z.im;
    }
    y
}

/// `irfft` with the missing modes zero, by definition.
fn naive_inverse(y: &[f64], rows: usize, n: usize, m: usize, c: usize) -> Vec<f64> {
    let mut x = vec![0.0; rows * n * c];
    for (r, j, i) in (0..rows).flat_map(|r| (0..n).flat_map(move |j| (0..c).map(move |i| (r, j, i)))) {
        let value: f64 = (0..m)
            .map(|k| {
                let angle = TAU * ((j * k) % n) as f64 / n as f64;
                let (re, im) = (y[(r * m + k) * 2 * c + i], y[(r * m + k) * 2 * c + c + i]);
                if k == 0 || 2 * k == n {
                    re * angle.cos()
                } else {
                    2.0 * (re * angle.cos() - im * angle.sin())
                }
            })
            .sum();
        x[(r * n + j) * c + i] = value / n as f64;
    }
    x
}

#[test]
fn real_axis_equals_the_definition_in_both_forms() {
    for (n, c, rows) in POINTS.iter().flat_map(|&n| [(n, 1, 3), (n, 5, 9), (n, 32, 2)]) {
        for m in some_modes(n / 2 + 1) {
            let (x, y) = (noise(rows * n * c, 1), noise(rows * m * 2 * c, 2));
            let (modes, points) = (naive_forward(&x, rows, n, m, c), naive_inverse(&y, rows, n, m, c));
            for form in FORMS {
                let axis = RealAxis::with_form(n, m, form).unwrap();
                let gap = relative_error(&forward(&axis, rows, c, &x), &modes);
                assert!(gap < ROUNDING, "forward {form:?}, n {n}, m {m}, c {c}: {gap:e}");
                let gap = relative_error(&inverse(&axis, rows, c, &y), &points);
                assert!(gap < ROUNDING, "inverse {form:?}, n {n}, m {m}, c {c}: {gap:e}");
            }
        }
    }
}

#[test]
fn modes_without_an_imaginary_part_ignore_it() {
    for (form, n) in FORMS.into_iter().flat_map(|form| [(form, 8), (form, 9)]) {
        let axis = RealAxis::with_form(n, n / 2 + 1, form).unwrap();
        let mut y = vec![0.0; (n / 2 + 1) * 2];
        y[1] = 1.0;
        if n == 8 {
            y[2 * (n / 2) + 1] = 1.0;
        }
        assert!(inverse(&axis, 1, 1, &y).iter().all(|v| *v == 0.0), "{form:?}");
        let modes = forward(&axis, 1, 1, &noise(n, 3));
        assert_eq!(modes[1], 0.0);
        assert!(n != 8 || modes[2 * (n / 2) + 1] == 0.0);
    }
}

#[test]
fn adding_to_the_points_adds_the_replaced_values() {
    for (form, c) in FORMS.into_iter().flat_map(|form| [(form, 32), (form, 3)]) {
        let (n, m, rows) = (85, 12, 5);
        let axis = RealAxis::<f64>::with_form(n, m, form).unwrap();
        let (y, start) = (noise(rows * m * 2 * c, 4), noise(rows * n * c, 5));
        let mut scratch = dirty(axis.scratch_len(c));
        for adjoint in [false, true] {
            let mut x = start.clone();
            let replaced = if adjoint {
                axis.forward_adjoint(rows, c, &y, &mut x, Accumulate::Add, &mut scratch);
                forward_adjoint(&axis, rows, c, &y)
            } else {
                axis.inverse(rows, c, &y, &mut x, Accumulate::Add, &mut scratch);
                inverse(&axis, rows, c, &y)
            };
            let expected: Vec<f64> = start.iter().zip(&replaced).map(|(a, b)| a + b).collect();
            assert!(relative_error(&x, &expected) < 1e-15);
        }
    }
}

/// Operators of a complex axis: the name, `[n, L] -> [2m, L]` or back, and its transpose.
fn complex_operation(axis: &ComplexAxis<f64>, c: usize, row: usize, name: &str, values: &[f64]) -> Vec<f64> {
    let mut scratch = dirty(axis.scratch_len(c));
    let (mut points, mut modes) = (dirty(axis.points() * row), dirty(2 * axis.modes() * row));
    match name {
        "forward" => axis.forward(c, values, &mut modes, &mut scratch),
        "inverse adjoint" => axis.inverse_adjoint(c, values, &mut modes, &mut scratch),
        "inverse" => axis.inverse(c, values, &mut points, &mut scratch),
        _ => axis.forward_adjoint(c, values, &mut points, &mut scratch),
    }
    if name == "forward" || name == "inverse adjoint" { modes } else { points }
}

/// Rows of blocks `[c real, c imaginary]` as complex numbers, and back.
fn to_complex(values: &[f64], c: usize) -> Vec<Complex<f64>> {
    let blocks = values.chunks(2 * c);
    blocks.flat_map(|b| (0..c).map(|i| Complex::new(b[i], b[c + i])).collect::<Vec<_>>()).collect()
}

fn from_complex(values: &[Complex<f64>], c: usize) -> Vec<f64> {
    let blocks = values.chunks(c);
    blocks.flat_map(|b| b.iter().map(|z| z.re).chain(b.iter().map(|z| z.im)).collect::<Vec<_>>()).collect()
}

/// The frequency of each of the 2m rows.
fn frequency(row: usize, m: usize, n: usize) -> usize {
    if row < m { row } else { n - (2 * m - row) }
}

#[test]
fn complex_axis_equals_the_definition_in_both_forms() {
    for (n, c, blocks) in POINTS.iter().filter(|n| **n > 1).flat_map(|&n| [(n, 1, 3), (n, 5, 9), (n, 32, 5)])
    {
        for m in some_modes(n / 2) {
            let row = blocks * 2 * c;
            let lanes = blocks * c;
            let (x, y) = (noise(n * row, 1), noise(2 * m * row, 2));
            let spectrum = naive::fourier_axis(&to_complex(&x, c), (1, n, lanes), -1.0);
            let kept: Vec<_> =
                (0..2 * m).flat_map(|r| spectrum[frequency(r, m, n) * lanes..][..lanes].to_vec()).collect();
            let mut padded = vec![Complex::default(); n * lanes];
            for (r, modes) in to_complex(&y, c).chunks(lanes).enumerate() {
                padded[frequency(r, m, n) * lanes..][..lanes].copy_from_slice(modes);
            }
            let points: Vec<_> =
                naive::fourier_axis(&padded, (1, n, lanes), 1.0).iter().map(|z| z / n as f64).collect();
            for form in FORMS {
                let axis = ComplexAxis::with_form(n, m, form).unwrap();
                let gap =
                    relative_error(&complex_operation(&axis, c, row, "forward", &x), &from_complex(&kept, c));
                assert!(gap < ROUNDING, "forward {form:?}, n {n}, m {m}, c {c}: {gap:e}");
                let gap = relative_error(
                    &complex_operation(&axis, c, row, "inverse", &y),
                    &from_complex(&points, c),
                );
                assert!(gap < ROUNDING, "inverse {form:?}, n {n}, m {m}, c {c}: {gap:e}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn real_axis_operations_have_their_transposes(
        n in 1_usize..200, part in 0.0..1.0, c in 1_usize..40, rows in 1_usize..6, fft: bool,
    ) {
        let m = 1 + (part * (n / 2 + 1) as f64) as usize;
        let axis = RealAxis::<f64>::with_form(n, m.min(n / 2 + 1), FORMS[usize::from(fft)]).unwrap();
        let (x, y) = (noise(rows * n * c, 1), noise(rows * axis.modes() * 2 * c, 2));
        let gap = adjoint_gap(|x| forward(&axis, rows, c, x), |y| forward_adjoint(&axis, rows, c, y), &x, &y);
        prop_assert!(gap < 1e-12, "forward: {gap:e}");
        let gap = adjoint_gap(|y| inverse(&axis, rows, c, y), |x| inverse_adjoint(&axis, rows, c, x), &y, &x);
        prop_assert!(gap < 1e-12, "inverse: {gap:e}");
    }

    #[test]
    fn complex_axis_operations_have_their_transposes(
        n in 2_usize..200, part in 0.0..1.0, c in 1_usize..40, blocks in 1_usize..6, fft: bool,
    ) {
        let m = (1 + (part * (n / 2) as f64) as usize).min(n / 2);
        let axis = ComplexAxis::<f64>::with_form(n, m, FORMS[usize::from(fft)]).unwrap();
        let row = blocks * 2 * c;
        let (x, y) = (noise(n * row, 1), noise(2 * m * row, 2));
        let operation = |name: &'static str| {
            let axis = &axis;
            move |values: &[f64]| complex_operation(axis, c, row, name, values)
        };
        let gap = adjoint_gap(operation("forward"), operation("forward adjoint"), &x, &y);
        prop_assert!(gap < 1e-12, "forward: {gap:e}");
        let gap = adjoint_gap(operation("inverse"), operation("inverse adjoint"), &y, &x);
        prop_assert!(gap < 1e-12, "inverse: {gap:e}");
    }

    #[test]
    fn bits_of_a_row_do_not_depend_on_its_neighbours(
        n in 1_usize..100, c in 1_usize..40, rows in 2_usize..20, which in 0_usize..20, fft: bool,
    ) {
        let m = n.div_ceil(4).min(n / 2 + 1);
        let axis = RealAxis::<f64>::with_form(n, m, FORMS[usize::from(fft)]).unwrap();
        let (x, y) = (noise(rows * n * c, 1), noise(rows * m * 2 * c, 2));
        let row = which % rows;
        let alone = forward(&axis, 1, c, &x[row * n * c..][..n * c]);
        prop_assert!(forward(&axis, rows, c, &x)[row * m * 2 * c..][..m * 2 * c] == alone[..]);
        let alone = inverse(&axis, 1, c, &y[row * m * 2 * c..][..m * 2 * c]);
        prop_assert!(inverse(&axis, rows, c, &y)[row * n * c..][..n * c] == alone[..]);
    }
}

#[test]
fn too_many_modes_are_refused_with_the_number_that_fits() {
    assert_eq!(
        RealAxis::<f32>::new(64, 40).unwrap_err().to_string(),
        "modes: expected 1 to 33 on the last axis (the frequencies of a real transform of 64 points), got 40; \
         use at most 33 or a finer grid"
    );
    assert!(RealAxis::<f32>::new(64, 33).is_ok());
    assert!(matches!(RealAxis::<f32>::new(64, 0), Err(Error::Value { .. })));
    assert!(matches!(RealAxis::<f32>::new(0, 1), Err(Error::Value { .. })));
    assert_eq!(
        ComplexAxis::<f32>::new(21, 11).unwrap_err().to_string(),
        "modes: expected 1 to 10 on a leading axis (21 points, two rows a mode: k and -k), got 11; \
         use at most 10 or a finer grid"
    );
    assert!(ComplexAxis::<f32>::new(20, 10).is_ok());
    assert!(matches!(ComplexAxis::<f32>::new(1, 1), Err(Error::Value { .. })));
}
