//! Against the definition, for all kinds of lengths.

use super::*;
use num_complex::Complex64;
use sobolev_tensor::Real;
use sobolev_testing::{largest, noise};
use std::f64::consts::TAU;

/// Powers of two, mixed, odd, prime with and without a radix.
const LENGTHS: [usize; 26] =
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 20, 32, 48, 64, 85, 96, 100, 128, 143, 256, 1024];

/// `sum_j x_j exp(sign 2 pi i j k / n)`
fn definition(x: &[Complex64], sign: f64) -> Vec<Complex64> {
    let n = x.len();
    let term = |j: usize, k: usize| x[j] * Complex64::cis(sign * TAU * (j * k % n) as f64 / n as f64);
    (0..n).map(|k| (0..n).map(|j| term(j, k)).sum()).collect()
}

fn as_t<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&v| T::cast(v)).collect()
}

/// Column `column` of contiguous rows.
fn column<T: Real>(values: &[T], rows: &Rows, column: usize) -> Vec<Complex64> {
    let at = |i: usize| values[i].to_f64();
    rows.offsets().iter().map(|o| Complex64::new(at(o + column), at(o + rows.imaginary() + column))).collect()
}

fn complex_gap<T: Real>(n: usize) -> f64 {
    let columns = 2 * lanes::<T>();
    let rows = Rows::contiguous(n, columns);
    let from: Vec<T> = as_t(&noise(2 * n * columns, n as u64));
    let plan = ColumnFourier::<T>::new(n).unwrap();
    let (mut to, mut scratch) = (vec![T::zero(); from.len()], ColumnScratch::default());
    let mut worst = 0.0_f64;
    for sign in [-1.0, 1.0] {
        if sign < 0.0 {
            plan.forward((&from, &rows), (&mut to, &rows), columns, &mut scratch).unwrap();
        } else {
            plan.inverse((&from, &rows), (&mut to, &rows), columns, &mut scratch).unwrap();
        }
        for c in [0, 3, columns - 1] {
            let exact = definition(&column(&from, &rows, c), sign);
            let got = column(&to, &rows, c);
            let gap = largest(got.iter().zip(&exact).map(|(a, b)| (a - b).norm()));
            worst = largest([worst, gap / largest(exact.iter().map(|z| z.norm()))]);
        }
    }
    worst
}

#[test]
fn complex_columns_agree_with_the_definition() {
    for n in LENGTHS {
        // Some roundings for each factor.
        let tolerance = 4.0 * (n as f64).log2().max(1.0);
        let (wide, narrow) = (complex_gap::<f64>(n), complex_gap::<f32>(n));
        assert!(wide < tolerance * f64::EPSILON, "{n}: {wide:e}");
        assert!(narrow < tolerance * f64::from(f32::EPSILON), "{n}: {narrow:e}");
    }
}

#[test]
fn real_columns_keep_their_lowest_waves() {
    for n in LENGTHS {
        let pitch = 3 * lanes::<f64>();
        let columns = 2 * lanes::<f64>();
        for waves in [1, (n / 3).max(1), n / 2 + 1] {
            let plan = RealColumnFourier::<f64>::new(n, waves, pitch).unwrap();
            let from = noise(n * pitch, 3);
            let rows = Rows::contiguous(waves, columns);
            let mut scratch = ColumnScratch::default();
            let mut to = vec![0.0; 2 * waves * columns];
            plan.forward(&from, (&mut to, &rows), columns, &mut scratch).unwrap();
            let mut back = vec![9.0; n * pitch];
            plan.inverse((&to, &rows), &mut back, columns, &mut scratch).unwrap();
            for c in [0, columns - 1] {
                let x: Vec<_> = (0..n).map(|j| Complex64::from(from[j * pitch + c])).collect();
                let mut exact = definition(&x, -1.0);
                let got = column(&to, &rows, c);
                let scale = (n as f64).log2().max(1.0) * f64::EPSILON;
                let gap = largest(got.iter().zip(&exact).map(|(a, b)| (a - b).norm()));
                assert!(gap < 4.0 * scale * (n as f64).sqrt(), "{n} {waves}: {gap:e}");
                (0..n).filter(|&k| k.min(n - k) >= waves).for_each(|k| exact[k] = Complex64::ZERO);
                let field = definition(&exact, 1.0);
                let gap = largest(field.iter().enumerate().map(|(j, z)| z.re - back[j * pitch + c]));
                assert!(gap < 8.0 * scale * n as f64, "{n} {waves}: {gap:e}");
            }
            assert!(back.chunks(pitch).all(|row| row[columns..].iter().all(|v| *v == 9.0)));
        }
    }
}

#[test]
fn rows_that_are_left_out_are_zero_waves() {
    // Waves -5 .. 5 of 16, stored without the others; those share one row of zeros, and one that nobody reads.
    let (n, width) = (16, lanes::<f64>());
    let kept: Vec<usize> = (0..n).filter(|&k| k.min(n - k) <= 5).collect();
    let place = |k: usize| kept.iter().position(|&other| other == k).unwrap_or(kept.len());
    let short = Rows::new((0..n).map(|k| 2 * width * place(k)).collect(), width);
    let mut packed = noise(2 * width * (kept.len() + 1), 4);
    packed[2 * width * kept.len()..].fill(0.0);
    let whole = Rows::contiguous(n, width);
    let (mut field, mut scratch) = (vec![0.0; 2 * n * width], ColumnScratch::default());
    let plan = ColumnFourier::new(n).unwrap();
    plan.inverse((&packed, &short), (&mut field, &whole), width, &mut scratch).unwrap();
    let mut again = vec![0.0; packed.len()];
    plan.forward((&field, &whole), (&mut again, &short), width, &mut scratch).unwrap();
    let gap = largest(packed.iter().zip(&again).take(2 * width * kept.len()).map(|(a, b)| a - b / n as f64));
    assert!(gap < 8.0 * f64::EPSILON, "{gap:e}");
}

#[test]
fn columns_do_not_depend_on_their_neighbours() {
    let width = lanes::<f32>();
    for n in [48, 64, 17] {
        let plan = RealColumnFourier::<f32>::new(n, n / 3, 2 * width).unwrap();
        let from: Vec<f32> = as_t(&noise(n * 2 * width, 5));
        let run = |from: &[f32], columns: usize| {
            let rows = Rows::contiguous(n / 3, columns);
            let mut to = vec![0.0; 2 * n / 3 * columns];
            plan.forward(from, (&mut to, &rows), columns, &mut ColumnScratch::default()).unwrap();
            (to, rows)
        };
        let (all, wide) = run(&from, 2 * width);
        // The second vector of columns moved to the place of the first, next to nothing.
        let mut moved = vec![0.0; from.len()];
        (0..n).for_each(|j| moved[2 * width * j] = from[2 * width * j + width + 3]);
        let (one, rows) = run(&moved, width);
        assert_eq!(column(&one, &rows, 0), column(&all, &wide, width + 3));
    }
}

#[test]
fn transposing_there_and_back_changes_nothing() {
    for points in [1, 3, 8, 21] {
        let (pitch, width) = (11, lanes::<f32>());
        let from: Vec<f32> = as_t(&noise(30 * width, 6));
        let offsets: Vec<usize> = (0..width).map(|i| 29 * ((3 * i) % width)).collect();
        let mut columns = vec![0.0; points * pitch];
        to_columns(&from, &offsets, points, &mut columns, pitch).unwrap();
        for (i, offset) in offsets.iter().enumerate() {
            (0..points).for_each(|j| assert_eq!(columns[j * pitch + i], from[offset + j]));
        }
        let mut back = vec![0.0; from.len()];
        to_rows(&columns, pitch, points, &mut back, &offsets).unwrap();
        for offset in &offsets {
            assert_eq!(back[*offset..][..points], from[*offset..][..points]);
        }
        let wide = noise(25 * 4, 7);
        let mut columns = vec![0.0; 25 * 4];
        to_columns(&wide, &[0, 50, 25, 75], 25, &mut columns, 4).unwrap();
        assert!((0..25).all(|j| columns[4 * j + 1] == wide[50 + j]));
    }
}

#[test]
fn wrong_sizes_are_named() {
    assert!(ColumnFourier::<f32>::new(0).is_err());
    assert!(
        RealColumnFourier::<f32>::new(8, 6, 8).unwrap_err().to_string().contains("waves: expected 1 to 5")
    );
    let plan = ColumnFourier::<f32>::new(8).unwrap();
    let rows = Rows::contiguous(8, 8);
    let (from, mut to) = (vec![0.0; 128], vec![0.0; 127]);
    let mut run = |columns: usize, rows: &Rows| {
        plan.forward((&from, rows), (&mut to, rows), columns, &mut ColumnScratch::default())
            .unwrap_err()
            .to_string()
    };
    assert!(run(8, &rows).contains("at least 128 numbers"));
    assert!(run(7, &rows).contains("multiple of the lanes"));
    assert!(run(8, &Rows::contiguous(7, 8)).contains("rows"));
}

/// A single column against the same one in a block.
fn compare_single<T: Real>(n: usize, waves: usize) -> bool {
    let width = lanes::<T>();
    let Some(single) = SingleFourier::<T>::new(n, waves).unwrap() else { return false };
    let block = RealColumnFourier::<T>::new(n, waves, width).unwrap();
    let column: Vec<T> = as_t(&noise(n, n as u64));
    let mut columns = vec![T::one(); n * width];
    (0..n).for_each(|j| columns[j * width + 2] = column[j]);
    let split: Vec<T> = column.iter().step_by(2).chain(column.iter().skip(1).step_by(2)).copied().collect();
    let rows = Rows::contiguous(waves, width);
    let mut scratch = ColumnScratch::default();
    let mut expected = vec![T::zero(); 2 * waves * width];
    block.forward(&columns, (&mut expected, &rows), width, &mut scratch).unwrap();
    let mut got = vec![T::zero(); 2 * width * single.rows()];
    single.forward(&split, &mut got, &mut scratch).unwrap();
    for k in 0..waves {
        let at = 2 * width * (k / width) + k % width;
        let wave = [expected[2 * width * k + 2], expected[2 * width * k + width + 2]];
        assert_eq!([got[at], got[at + width]], wave, "{} {n} {waves}: wave {k}", T::NAME);
    }
    block.inverse((&expected, &rows), &mut columns, width, &mut scratch).unwrap();
    // What is left over in the last row does not count.
    for k in waves..width * single.rows() {
        got[2 * width * (k / width) + k % width] = T::cast(f64::NAN);
    }
    let mut back = vec![T::zero(); n];
    single.inverse(&got, &mut back, &mut scratch).unwrap();
    for j in 0..n {
        let value = back[j / 2 + if j % 2 == 0 { 0 } else { n / 2 }];
        assert_eq!(value, columns[j * width + 2], "{} {n} {waves}: value {j}", T::NAME);
    }
    true
}

#[test]
fn a_single_column_has_the_bits_of_one_in_a_block() {
    let lengths =
        [24, 30, 32, 36, 42, 48, 64, 66, 96, 100, 128, 130, 192, 250, 256, 286, 360, 512, 1000, 1024, 2048];
    let mut compared = 0;
    for n in lengths {
        for waves in [1, n / 4, n / 3 + 1, n / 2, n / 2 + 1] {
            compared +=
                usize::from(compare_single::<f32>(n, waves)) + usize::from(compare_single::<f64>(n, waves));
        }
    }
    assert!(compared > 180, "{compared}");
    assert!(SingleFourier::<f64>::new(17, 3).unwrap().is_none());
}
