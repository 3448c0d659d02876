use super::*;
use sobolev_tensor::Error;
use sobolev_testing::observed_order;

const BOUNDARIES: [Boundary; 3] = [Boundary::Periodic, Boundary::Neumann, Boundary::Dirichlet];

fn field(boundary: Boundary, extent: &[f64]) -> GaussianField {
    let covariance = Covariance { amplitude: 3.0, inverse_length: 2.0, exponent: 2.5 };
    GaussianField::new(covariance, boundary, extent).unwrap()
}

/// Basis function of mean square one. Periodic: cosine of the wavenumber and, for `sine`, the sine.
fn basis(boundary: Boundary, wavenumber: &[i64], x: &[f64], extent: &[f64], sine: bool) -> f64 {
    let root = 2.0_f64.sqrt();
    let phases = wavenumber.iter().zip(x).zip(extent).map(|((&k, x), length)| (k, k as f64 * x / length));
    match boundary {
        Boundary::Periodic if wavenumber.iter().all(|&k| k == 0) => 1.0,
        Boundary::Periodic => {
            let angle = TAU * phases.map(|(_, phase)| phase).sum::<f64>();
            root * if sine { angle.sin() } else { angle.cos() }
        }
        Boundary::Neumann => {
            phases.map(|(k, phase)| if k == 0 { 1.0 } else { root * (PI * phase).cos() }).product()
        }
        Boundary::Dirichlet => phases.map(|(_, phase)| root * (PI * phase).sin()).product(),
    }
}

/// All points of a grid, in row-major order.
fn points(field: &GaussianField, grid: &[usize]) -> Vec<Vec<f64>> {
    field.coordinates(grid).unwrap().iter().fold(vec![vec![]], |points, axis| {
        points.iter().flat_map(|p| axis.iter().map(|&x| [&p[..], &[x]].concat())).collect()
    })
}

/// Coefficient of a sample in a basis function: the mean of their product over the grid, exact for resolved modes.
fn coefficient(values: &[f64], basis: &[f64]) -> f64 {
    values.iter().zip(basis).map(|(u, psi)| u * psi).sum::<f64>() / values.len() as f64
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[test]
fn every_mode_has_its_exact_variance_in_every_dimension() {
    let samples = 4000;
    let extent = [1.0, 0.5, 2.0];
    for boundary in BOUNDARIES {
        for grid in [&[12][..], &[6, 7], &[5, 4, 6]] {
            let dimensions = grid.len();
            let field = field(boundary, &extent[..dimensions]).with_random_mean();
            let batch = field.sample_batch(5, 0..samples, grid).unwrap();
            let batch = batch.as_slice().unwrap();
            let at = points(&field, grid);
            let mut wavenumbers = [[0, 0, 0], [1, 1, 1], [2, 0, 1], [1, 1, 2], [2, 1, 0]]
                .map(|k| k[..dimensions].to_vec())
                .to_vec();
            wavenumbers.sort();
            wavenumbers.dedup();
            let mut previous: Option<Vec<f64>> = None;
            for wavenumber in wavenumbers.iter().filter(|k| field.mode_variance(k) > 0.0) {
                let single = boundary != Boundary::Periodic || wavenumber.iter().all(|&k| k == 0);
                for sine in [false, true].into_iter().take(if single { 1 } else { 2 }) {
                    let psi: Vec<f64> =
                        at.iter().map(|x| basis(boundary, wavenumber, x, field.extent(), sine)).collect();
                    let coefficients: Vec<f64> =
                        batch.chunks(at.len()).map(|values| coefficient(values, &psi)).collect();
                    let expected = field.mode_variance(wavenumber);
                    let variance = mean(coefficients.iter().map(|c| c * c));
                    // The standard error of the variance of normal numbers is sqrt(2 / samples) of it; five of them.
                    let tolerance = 5.0 * (2.0 / samples as f64).sqrt();
                    assert!(
                        (variance / expected - 1.0).abs() < tolerance,
                        "{boundary:?} {grid:?} {wavenumber:?}: variance {variance:.5}, expected {expected:.5}"
                    );
                    if let Some(other) = &previous {
                        let scale = (variance * mean(other.iter().map(|c| c * c))).sqrt();
                        let correlation = mean(other.iter().zip(&coefficients).map(|(a, b)| a * b)) / scale;
                        assert!(
                            correlation.abs() < 5.0 / (samples as f64).sqrt(),
                            "{boundary:?} {wavenumber:?}"
                        );
                    }
                    previous = Some(coefficients);
                }
            }
        }
    }
}

#[test]
fn covariance_between_points_is_the_sum_over_modes() {
    let (samples, n) = (20_000, 16);
    for boundary in BOUNDARIES {
        let field = field(boundary, &[1.0]);
        let batch = field.sample_batch(11, 0..samples, &[n]).unwrap();
        let x = &field.coordinates(&[n]).unwrap()[0];
        let covariance = |i: usize, j: usize| -> f64 {
            let pair = |k: i64, sine: bool| {
                let psi = |i: usize| basis(boundary, &[k], &[x[i]], &[1.0], sine);
                field.mode_variance(&[k]) * psi(i) * psi(j)
            };
            let sines = |k: i64| if boundary == Boundary::Periodic { pair(k, true) } else { 0.0 };
            (1..field.highest_mode(0, n) as i64 + 1).map(|k| pair(k, false) + sines(k)).sum()
        };
        for (i, j) in [(0, 0), (3, 3), (2, 5), (0, 15), (4, 12)] {
            let expected = covariance(i, j);
            let found = mean(batch.outer_iter().map(|u| u[i] * u[j]));
            // Var(u_i u_j) = C_ii C_jj + C_ij^2; five standard errors.
            let spread = (covariance(i, i) * covariance(j, j) + expected * expected).sqrt();
            assert!(
                (found - expected).abs() < 5.0 * spread / (samples as f64).sqrt(),
                "{boundary:?} {i} {j}"
            );
        }
    }
}

#[test]
fn published_fields_have_the_published_standard_deviations() {
    // Full resolution of the data, and the digits quoted for them.
    for (name, grid, expected, digit) in [
        ("burgers", &[8192][..], 0.594, 5e-4),
        ("burgers-script", &[1024], 0.274, 5e-4),
        ("navier-stokes-today", &[32, 32], 0.18520, 2e-5),
        ("navier-stokes-today", &[1024, 1024], 0.18523, 1e-5),
        ("navier-stokes", &[256, 256], 0.26196, 1e-5),
        ("darcy", &[421, 421], 0.2921, 5e-5),
    ] {
        let exact = FieldEntry::named(name).unwrap().build().unwrap().variance(grid).unwrap().sqrt();
        assert!((exact - expected).abs() < digit, "{name}: {exact}");
    }
}

#[test]
fn samples_of_published_fields_have_their_standard_deviations() {
    for entry in FIELDS {
        let field = entry.build().unwrap();
        let (grid, samples) = if entry.dimensions == 1 { (vec![32], 60_000) } else { (vec![12, 12], 30_000) };
        let batch = field.sample_batch(3, 0..samples, &grid).unwrap();
        let found = (batch.iter().map(|u| u * u).sum::<f64>() / batch.len() as f64).sqrt();
        // The modes of lowest wavenumber, two at least, hold the variance: one standard error is at most
        // 1 / sqrt(4 samples) = 0.2 to 0.3 %.
        let exact = field.variance(&grid).unwrap().sqrt();
        assert!((found / exact - 1.0).abs() < 0.01, "{}: {found} against {exact}", entry.name);
        let average = batch.iter().sum::<f64>() / batch.len() as f64;
        assert!(average.abs() < 1e-14, "{}: mean {average}", entry.name);
    }
}

#[test]
fn band_limited_field_is_the_identical_function_on_every_grid() {
    for boundary in BOUNDARIES {
        for dimensions in 1..=3 {
            let field = field(boundary, &[1.0, 1.3, 1.2][..dimensions]).with_modes_up_to(3).with_mean(0.5);
            // Points of the coarse grid among those of the fine one: every third, from the second on for centres.
            let (coarse, fine) = (vec![7; dimensions], vec![21; dimensions]);
            let first = if boundary == Boundary::Periodic { 0 } else { 1 };
            let (a, b) = (field.sample(1, 2, &coarse).unwrap(), field.sample(1, 2, &fine).unwrap());
            for (index, value) in a.indexed_iter() {
                let same: Vec<usize> = (0..dimensions).map(|axis| 3 * index[axis] + first).collect();
                // A few hundred roundings of numbers of size one.
                assert!((value - b[&same[..]]).abs() < 1e-13, "{boundary:?} {dimensions}");
            }
        }
    }
}

#[test]
fn finer_grids_add_modes_and_change_none() {
    for boundary in BOUNDARIES {
        let field = field(boundary, &[1.0, 1.0]);
        let grids = [vec![8, 10], vec![16, 20]];
        let [coarse, fine] = grids.clone().map(|grid| field.sample(9, 4, &grid).unwrap());
        let low = [[1, 0], [0, 3], [3, 4], [-2, 3]];
        for wavenumber in low.iter().filter(|k| field.mode_variance(&k[..]) > 0.0) {
            let [a, b] = [(&coarse, &grids[0]), (&fine, &grids[1])].map(|(values, grid)| {
                let at = points(&field, grid);
                let psi: Vec<f64> =
                    at.iter().map(|x| basis(boundary, wavenumber, x, &[1.0; 2], true)).collect();
                coefficient(values.as_slice().unwrap(), &psi)
            });
            assert!(a.abs() > 1e-6 && (a - b).abs() < 1e-14, "{boundary:?} {wavenumber:?}: {a} and {b}");
        }
    }
    // What is added is the tail of the spectrum.
    let field = field(Boundary::Periodic, &[1.0]);
    let samples = 4000;
    let (coarse, fine) = (
        field.sample_batch(9, 0..samples, &[16]).unwrap(),
        field.sample_batch(9, 0..samples, &[128]).unwrap(),
    );
    let squares = coarse.outer_iter().zip(fine.outer_iter()).map(|(a, b)| (a[3] - b[24]).powi(2));
    let found = mean(squares);
    let tail = field.variance(&[128]).unwrap() - field.variance(&[16]).unwrap();
    assert!((found / tail - 1.0).abs() < 5.0 * (2.0 / samples as f64).sqrt(), "{found} against {tail}");
}

#[test]
fn centres_and_vertices_show_one_function() {
    for boundary in [Boundary::Neumann, Boundary::Dirichlet] {
        for dimensions in 1..=3 {
            let extent = &[1.0, 0.9, 1.3][..dimensions];
            let field = field(boundary, extent).with_modes_up_to(2).with_random_mean();
            let vertices = field.clone().with_points(Points::Vertices);
            let (grid, nodes) = (&[4, 3, 5][..dimensions], &[5, 4, 6][..dimensions]);
            let values = field.sample(3, 8, grid).unwrap();
            let at = points(&field, grid);
            let wavenumbers =
                (0..3_i64.pow(dimensions as u32)).map(|code| [code % 3, code / 3 % 3, code / 9]);
            let modes: Vec<(f64, Vec<i64>)> = wavenumbers
                .map(|k| k[..dimensions].to_vec())
                .filter(|k| field.mode_variance(k) > 0.0)
                .map(|k| {
                    let psi: Vec<f64> = at.iter().map(|x| basis(boundary, &k, x, extent, false)).collect();
                    (coefficient(values.as_slice().unwrap(), &psi), k)
                })
                .collect();
            let shown = vertices.sample(3, 8, nodes).unwrap();
            for (x, value) in points(&vertices, nodes).iter().zip(&shown) {
                let sum: f64 = modes.iter().map(|(c, k)| c * basis(boundary, k, x, extent, false)).sum();
                assert!((sum - value).abs() < 1e-13, "{boundary:?} {dimensions}: {sum} {value}");
            }
        }
    }
}

#[test]
fn dirichlet_fields_vanish_and_neumann_fields_are_level_at_the_boundary() {
    let values = |boundary, placing, n: usize| {
        let field = field(boundary, &[1.0]).with_modes_up_to(4).with_points(placing);
        field.sample(2, 0, &[n]).unwrap().into_raw_vec_and_offset().0
    };
    let u = values(Boundary::Dirichlet, Points::Vertices, 33);
    assert_eq!((u[0], u[32]), (0.0, 0.0));
    let plane = field(Boundary::Dirichlet, &[1.0, 1.0]).with_points(Points::Vertices);
    let plane = plane.sample(2, 0, &[9, 8]).unwrap();
    assert!((0..9).all(|i| plane[[i, 0]] == 0.0 && plane[[i, 7]] == 0.0));
    assert!((0..8).all(|j| plane[[0, j]] == 0.0 && plane[[8, j]] == 0.0));
    // Quadratic extrapolation from the centres to the face is off by h^3, the one-sided slope of vertices by h^2.
    let cells = [64, 128, 256];
    let steps = cells.map(|n| 1.0 / n as f64);
    let value = cells.map(|n| {
        let u = values(Boundary::Dirichlet, Points::Centres, n);
        ((15.0 * u[0] - 10.0 * u[1] + 3.0 * u[2]) / 8.0).abs()
    });
    assert!((observed_order(&steps, &value) - 3.0).abs() < 0.2, "{value:?}");
    let slope = cells.map(|n| {
        let u = values(Boundary::Neumann, Points::Vertices, n + 1);
        ((-3.0 * u[0] + 4.0 * u[1] - u[2]) * n as f64 / 2.0).abs()
    });
    assert!(observed_order(&steps, &slope) > 1.9, "{slope:?}");
}

#[test]
fn batch_is_the_single_samples_for_any_number_of_threads() {
    for placing in [Points::Centres, Points::Vertices] {
        for boundary in BOUNDARIES {
            let sampler = field(boundary, &[1.0, 2.0]).with_points(placing).sampler(&[65, 54]).unwrap();
            let batches = [1, 2, 5].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| sampler.sample_batch(7, 3..20))
            });
            assert!(batches[0] == batches[1] && batches[0] == batches[2]);
            for (i, values) in batches[0].outer_iter().enumerate() {
                assert_eq!(values, sampler.sample(7, 3 + i as u64));
            }
        }
    }
}

#[test]
fn samples_seeds_and_purposes_are_independent() {
    // Flat spectrum over 2500 modes, so that correlations have standard error 1/50.
    let covariance = Covariance { amplitude: 1.0, inverse_length: 1e4, exponent: 2.0 };
    let field = GaussianField::new(covariance, Boundary::Neumann, &[1.0, 1.0]).unwrap();
    let reference = field.sample(1, 1, &[50, 50]).unwrap();
    let other_purpose = field.clone().with_purpose("forcing");
    for other in [
        field.sample(1, 2, &[50, 50]).unwrap(),
        field.sample(2, 1, &[50, 50]).unwrap(),
        other_purpose.sample(1, 1, &[50, 50]).unwrap(),
    ] {
        let product = (&reference * &other).sum();
        let correlation = product / ((&reference * &reference).sum() * (&other * &other).sum()).sqrt();
        assert!(correlation.abs() < 0.1, "{correlation}");
    }
}

#[test]
fn arguments_without_meaning_are_refused_by_name() {
    let good = Covariance { amplitude: 1.0, inverse_length: 1.0, exponent: 2.0 };
    let named = |result: Result<ArrayD<f64>>, name: &str| {
        let error = result.unwrap_err();
        let found = match &error {
            Error::Value { argument, .. } | Error::Shape { argument, .. } => argument.clone(),
            _ => String::new(),
        };
        assert_eq!(found, name, "{error}");
    };
    let sample = |covariance: Covariance, extent: &[f64], grid: &[usize]| {
        GaussianField::new(covariance, Boundary::Neumann, extent)?.sample(0, 0, grid)
    };
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        named(sample(Covariance { amplitude: value, ..good }, &[1.0], &[8]), "amplitude");
        named(sample(Covariance { exponent: value, ..good }, &[1.0], &[8]), "exponent");
        named(sample(good, &[value], &[8]), "extent");
    }
    named(sample(Covariance { inverse_length: -1.0, ..good }, &[1.0], &[8]), "inverse_length");
    named(sample(Covariance { exponent: 0.5, ..good }, &[1.0], &[8]), "exponent");
    named(sample(good, &[], &[]), "extent");
    named(sample(good, &[1.0; 4], &[8; 4]), "extent");
    named(sample(good, &[1.0], &[8, 8]), "grid");
    named(sample(good, &[1.0], &[1]), "grid");
    let field = GaussianField::new(good, Boundary::Periodic, &[1.0]).unwrap();
    named(field.clone().with_modes_up_to(8).sample(0, 0, &[16]), "grid");
    let flat = Covariance { inverse_length: 0.0, ..good };
    let flat = GaussianField::new(flat, Boundary::Periodic, &[1.0]).unwrap();
    assert!(flat.sample(0, 0, &[16]).is_ok());
    named(flat.with_random_mean().sample(0, 0, &[16]), "inverse_length");
    assert!(FieldEntry::named("burger").unwrap_err().to_string().contains("one of burgers, burgers-script"));
}

#[test]
fn fields_of_boxes_of_any_shape_are_isotropic_in_lengths() {
    let covariance = Covariance { amplitude: 20.0, inverse_length: 20.0, exponent: 2.0 };
    // Products of values three cells apart along each axis, all cells being squares of a thirty-second.
    let products = |boundary: Boundary, extent: [f64; 2]| {
        let grid = extent.map(|length| (32.0 * length) as usize);
        let field = GaussianField::new(covariance, boundary, &extent).unwrap().with_random_mean();
        let u = field.sample_batch(3, 0..60, &grid).unwrap();
        let mean = |shift: [usize; 2]| {
            let [n, m] = [0, 1].map(|axis| grid[axis] - 3);
            let sum: f64 = (0..60)
                .flat_map(|s| (0..n).flat_map(move |i| (0..m).map(move |j| (s, i, j))))
                .map(|(s, i, j)| u[[s, i, j]] * u[[s, i + shift[0], j + shift[1]]])
                .sum();
            sum / (60 * n * m) as f64
        };
        [mean([0, 0]), mean([3, 0]), mean([0, 3])]
    };
    let [variance, first, second] = products(Boundary::Periodic, [1.0, 1.0]);
    assert!((first / variance - second / variance).abs() < 0.03 && first > 0.1 * variance);
    for boundary in [Boundary::Periodic, Boundary::Neumann] {
        for extent in [[2.0, 1.0], [1.0, 3.0]] {
            let wide = products(boundary, extent);
            assert!((wide[1] - wide[2]).abs() < 0.03 * wide[0], "{boundary:?} {extent:?} {wide:?}");
            for (got, expected) in wide.into_iter().zip([variance, first, second]) {
                // A standard error of 2 per cent; Neumann fields have more variance near the sides.
                let bound = if boundary == Boundary::Periodic { 0.06 } else { 0.25 };
                assert!((got - expected).abs() < bound * variance, "{boundary:?} {extent:?} {wide:?}");
            }
        }
    }
    // A band ends at the same wavelength along every axis.
    let band = field(Boundary::Periodic, &[2.0, 1.0]).with_modes_up_to(3);
    assert!(band.mode_variance(&[6, 0]) == band.mode_variance(&[0, 3]) && band.mode_variance(&[0, 3]) > 0.0);
    assert_eq!((band.mode_variance(&[7, 0]), band.mode_variance(&[0, 4])), (0.0, 0.0));
    assert!(band.sampler(&[12, 8]).is_err() && band.sampler(&[13, 8]).is_ok());
}
