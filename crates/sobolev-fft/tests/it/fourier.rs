use crate::naive;
use ndarray::{Array2, ArrayD, IxDyn};
use sobolev_fft::{Complex, Error, FourierPlan, RowFourier};
use sobolev_testing::{largest, noise};

/// Odd, even, prime, power-of-two and degenerate sizes in 1 to 3 dimensions.
const GRIDS: &[&[usize]] = &[
    &[1],
    &[2],
    &[3],
    &[8],
    &[13],
    &[85],
    &[64],
    &[1, 5],
    &[5, 1],
    &[6, 7],
    &[7, 6],
    &[16, 9],
    &[11, 17],
    &[3, 4, 5],
    &[4, 2, 8],
];

/// Rounding of a transform of n points grows as log n; 1e-13 leaves a factor of 50 at the largest size here.
const ROUNDING: f64 = 1e-13;

fn random_complex(len: usize, seed: u64) -> Vec<Complex<f64>> {
    noise(2 * len, seed).chunks(2).map(|z| Complex::new(z[0], z[1])).collect()
}

fn shape(batch: usize, grid: &[usize], channels: usize) -> Vec<usize> {
    [&[batch], grid, &[channels]].concat()
}

#[test]
fn the_oracle_knows_a_single_wave() {
    let wave: Vec<_> =
        (0..6).map(|j| Complex::from_polar(1.0, std::f64::consts::TAU * (2 * j) as f64 / 6.0)).collect();
    let spectrum = naive::fourier(&wave, &[6], 1, -1.0);
    let expected: Vec<_> = (0..6).map(|k| Complex::new(if k == 2 { 6.0 } else { 0.0 }, 0.0)).collect();
    assert!(naive::gap(&spectrum, &expected) < 1e-15);
}

#[test]
fn complex_transforms_equal_the_definition_and_invert_each_other() {
    for &grid in GRIDS {
        for channels in [1, 3, 9] {
            let points = grid.iter().product::<usize>();
            let x = random_complex(2 * points * channels, 1);
            let plan = FourierPlan::<f64>::new(grid).unwrap();
            let array = ArrayD::from_shape_vec(IxDyn(&shape(2, grid, channels)), x.clone()).unwrap();
            let spectrum = plan.forward_complex(array.view()).unwrap();
            let expected = naive::fourier(&x, grid, channels, -1.0);
            assert!(naive::gap(spectrum.as_slice().unwrap(), &expected) < ROUNDING, "{grid:?} {channels}");
            let back = plan.inverse_complex(spectrum.view()).unwrap();
            assert!(naive::gap(back.as_slice().unwrap(), &x) < ROUNDING, "{grid:?} {channels}");
        }
    }
}

#[test]
fn real_transforms_equal_the_definition_and_invert_each_other() {
    for &grid in GRIDS {
        for channels in [1, 3, 9] {
            let points = grid.iter().product::<usize>();
            let x = noise(2 * points * channels, 2);
            let plan = FourierPlan::<f64>::new(grid).unwrap();
            let array = ArrayD::from_shape_vec(IxDyn(&shape(2, grid, channels)), x.clone()).unwrap();
            let spectrum = plan.forward_real(array.view()).unwrap();
            let full = naive::fourier(&naive::complex(&x), grid, channels, -1.0);
            let (last, leading) = grid.split_last().unwrap();
            let outer = 2 * leading.iter().product::<usize>();
            let expected = naive::first_along(&full, (outer, *last, channels), last / 2 + 1);
            assert!(naive::gap(spectrum.as_slice().unwrap(), &expected) < ROUNDING, "{grid:?} {channels}");
            let back = plan.inverse_real(spectrum.view()).unwrap();
            assert!((back - array).iter().all(|v| v.abs() < ROUNDING), "{grid:?} {channels}");
        }
    }
}

/// The documented rule for spectra that no real field has: transform the leading axes, then drop what a real row cannot have.
#[test]
fn inverse_ignores_imaginary_parts_of_column_zero_and_nyquist_after_the_leading_axes() {
    for grid in [[5, 6], [6, 5], [4, 8]] {
        let plan = FourierPlan::<f64>::new(&grid).unwrap();
        let columns = grid[1] / 2 + 1;
        let spectrum = random_complex(grid[0] * columns, 3);
        let array = ArrayD::from_shape_vec(IxDyn(&[1, grid[0], columns, 1]), spectrum.clone()).unwrap();
        let x = plan.inverse_real(array.view()).unwrap();
        let rows = naive::fourier_axis(&spectrum, (1, grid[0], columns), 1.0);
        for i in 0..grid[0] {
            for j in 0..grid[1] {
                let sum: f64 = (0..columns)
                    .map(|k| {
                        let angle = std::f64::consts::TAU * (j * k) as f64 / grid[1] as f64;
                        let term = (rows[i * columns + k] * Complex::from_polar(1.0, angle)).re;
                        let alone = k == 0 || 2 * k == grid[1];
                        if alone { rows[i * columns + k].re * angle.cos() } else { 2.0 * term }
                    })
                    .sum();
                let expected = sum / (grid[0] * grid[1]) as f64;
                assert!((x[[0, i, j, 0]] - expected).abs() < 1e-14, "{grid:?} at {i}, {j}");
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads_or_on_the_batch() {
    let (grid, channels) = ([24, 25], 20);
    let x = ArrayD::from_shape_vec(IxDyn(&[3, 24, 25, 20]), noise(3 * 600 * channels, 4)).unwrap();
    let run = |threads: usize, x: &ArrayD<f64>| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let plan = FourierPlan::<f64>::new(&grid).unwrap();
            let spectrum = plan.forward_real(x.view()).unwrap();
            (plan.inverse_real(spectrum.view()).unwrap(), spectrum)
        })
    };
    let (back, spectrum) = run(1, &x);
    for threads in [2, 5] {
        assert_eq!((&back, &spectrum), (&run(threads, &x).0, &run(threads, &x).1), "{threads} threads");
    }
    let alone = x.slice_axis(ndarray::Axis(0), (1..2).into()).to_owned();
    assert_eq!(run(5, &alone).1.index_axis(ndarray::Axis(0), 0), spectrum.index_axis(ndarray::Axis(0), 1));
}

#[test]
fn rows_equal_the_plan_with_dirty_buffers() {
    for n in [1, 2, 7, 12, 64] {
        let rows = RowFourier::<f64>::new(n).unwrap();
        let plan = FourierPlan::<f64>::new(&[n]).unwrap();
        let x = noise(5 * n, 5);
        let mut scratch = rows.scratch();
        let mut spectrum = vec![Complex::new(f64::NAN, f64::NAN); 5 * rows.frequencies()];
        let mut back = vec![f64::NAN; 5 * n];
        for _ in 0..2 {
            rows.forward(&x, &mut spectrum, &mut scratch).unwrap();
            rows.inverse(&spectrum, &mut back, &mut scratch).unwrap();
        }
        let array = Array2::from_shape_vec((5, n), x.clone()).unwrap().insert_axis(ndarray::Axis(2));
        let expected = plan.forward_real(array.view()).unwrap();
        assert_eq!(spectrum, expected.as_slice().unwrap());
        assert!(back.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-14));
    }
}

#[test]
fn single_precision_is_exact_to_its_rounding() {
    let plan = FourierPlan::<f32>::new(&[85, 64]).unwrap();
    let x = noise(85 * 64 * 4, 6);
    let narrow =
        ArrayD::from_shape_vec(IxDyn(&[1, 85, 64, 4]), x.iter().map(|&v| v as f32).collect()).unwrap();
    let wide = narrow.mapv(f64::from);
    let expected = FourierPlan::<f64>::new(&[85, 64]).unwrap().forward_real(wide.view()).unwrap();
    let spectrum = plan.forward_real(narrow.view()).unwrap();
    let scale = largest(expected.iter().map(|z| z.norm()));
    let gap = largest(
        spectrum
            .iter()
            .zip(&expected)
            .map(|(a, b)| (Complex::new(f64::from(a.re), f64::from(a.im)) - b).norm()),
    );
    // eps log2(85 * 64) = 1.5e-6.
    assert!(gap / scale < 1.5e-6, "{}", gap / scale);
}

#[test]
fn wrong_shapes_are_named() {
    assert!(matches!(FourierPlan::<f64>::new(&[]), Err(Error::Shape { .. })));
    assert!(matches!(FourierPlan::<f64>::new(&[4, 0]), Err(Error::Shape { .. })));
    assert!(matches!(FourierPlan::<f64>::new(&[2, 2, 2, 2]), Err(Error::Shape { .. })));
    assert!(matches!(RowFourier::<f64>::new(0), Err(Error::Value { .. })));
    let plan = FourierPlan::<f64>::new(&[4, 6]).unwrap();
    let error = plan.forward_real(ndarray::Array4::zeros((1, 6, 4, 2)).view()).unwrap_err();
    assert_eq!(error.to_string(), "x: expected [batch, 4, 6, channels], got [1, 6, 4, 2]");
    assert!(plan.forward_real(ndarray::Array3::zeros((4, 6, 2)).view()).is_err());
    assert!(plan.forward_real(ndarray::Array4::zeros((0, 4, 6, 2)).view()).is_err());
    let error = plan.forward_real_into(2, 3, &[0.0; 5], &mut []).unwrap_err();
    assert_eq!(error.to_string(), "x: expected the values of [2, 4, 6, 3], got [5]");
    let rows = RowFourier::<f64>::new(4).unwrap();
    assert!(rows.forward(&[0.0; 6], &mut [], &mut rows.scratch()).is_err());
    assert!(rows.forward(&[0.0; 8], &mut [Complex::default(); 5], &mut rows.scratch()).is_err());
}
