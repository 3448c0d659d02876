use crate::naive;
use ndarray::{ArrayD, IxDyn};
use sobolev_fft::{Error, SineCosine, SineCosinePlan};
use sobolev_testing::noise;
use std::f64::consts::PI;

const KINDS: [SineCosine; 9] = [
    SineCosine::CosineII,
    SineCosine::CosineIII,
    SineCosine::SineI,
    SineCosine::SineII,
    SineCosine::SineIII,
    SineCosine::CosineIV,
    SineCosine::SineIV,
    SineCosine::Periodic,
    SineCosine::PeriodicInverse,
];

/// Entry (k, j) of the orthogonal matrix.
fn entry(kind: SineCosine, n: usize, k: usize, j: usize) -> f64 {
    let (nf, kf, jf) = (n as f64, k as f64, j as f64);
    let alone = |alone: bool| if alone { (1.0 / nf).sqrt() } else { (2.0 / nf).sqrt() };
    match kind {
        SineCosine::CosineII => alone(k == 0) * (PI * (jf + 0.5) * kf / nf).cos(),
        SineCosine::SineII => alone(k + 1 == n) * (PI * (jf + 0.5) * (kf + 1.0) / nf).sin(),
        SineCosine::SineI => (2.0 / (nf + 1.0)).sqrt() * (PI * (jf + 1.0) * (kf + 1.0) / (nf + 1.0)).sin(),
        SineCosine::CosineIV => (2.0 / nf).sqrt() * (PI * (jf + 0.5) * (kf + 0.5) / nf).cos(),
        SineCosine::SineIV => (2.0 / nf).sqrt() * (PI * (jf + 0.5) * (kf + 0.5) / nf).sin(),
        SineCosine::Periodic => {
            let angle = 2.0 * PI * jf * k.div_ceil(2) as f64 / nf;
            let sine = k > 0 && k.is_multiple_of(2);
            alone(k == 0 || (n.is_multiple_of(2) && k + 1 == n))
                * if sine { -angle.sin() } else { angle.cos() }
        }
        SineCosine::CosineIII | SineCosine::SineIII | SineCosine::PeriodicInverse => {
            entry(kind.inverse(), n, j, k)
        }
    }
}

#[test]
fn the_oracle_is_an_orthogonal_matrix() {
    for kind in KINDS {
        for (a, b) in (0..5).flat_map(|a| (0..5).map(move |b| (a, b))) {
            let product: f64 = (0..5).map(|j| entry(kind, 5, a, j) * entry(kind, 5, b, j)).sum();
            assert!((product - f64::from(u8::from(a == b))).abs() < 1e-15, "{kind:?} {a} {b}");
        }
    }
}

#[test]
fn each_kind_equals_its_definition_and_is_undone_by_its_inverse() {
    for kind in KINDS {
        for n in [1, 2, 3, 7, 16, 30, 31, 85] {
            for channels in [1, 11] {
                let x = noise(2 * n * channels, 1);
                let array = ArrayD::from_shape_vec(IxDyn(&[2, n, channels]), x.clone()).unwrap();
                let plan = SineCosinePlan::<f64>::new(&[n], &[Some(kind)]).unwrap();
                let y = plan.forward(array.view()).unwrap();
                let expected = naive::axis(&x, (2, n, channels), |k, j| entry(kind, n, k, j));
                for (a, b) in y.iter().zip(&expected) {
                    // Sums of n terms of size 1: sqrt(n) eps is 2e-15 at n = 85.
                    assert!((a - b).abs() < 5e-14, "{kind:?}, n {n}, channels {channels}: {a} {b}");
                }
                let back = plan.inverse(y.view()).unwrap();
                assert!((back - array).iter().all(|v| v.abs() < 5e-14), "{kind:?}, n {n}");
            }
        }
    }
}

#[test]
fn kinds_differ_by_axis_and_none_leaves_an_axis_alone() {
    let grid = [6, 5, 4];
    let kinds = [Some(SineCosine::SineI), None, Some(SineCosine::CosineII)];
    let x = noise(2 * 120 * 3, 2);
    let array = ArrayD::from_shape_vec(IxDyn(&[2, 6, 5, 4, 3]), x.clone()).unwrap();
    let y = SineCosinePlan::<f64>::new(&grid, &kinds).unwrap().forward(array.view()).unwrap();
    let step = naive::axis(&x, (2, 6, 60), |k, j| entry(SineCosine::SineI, 6, k, j));
    let expected = naive::axis(&step, (60, 4, 3), |k, j| entry(SineCosine::CosineII, 4, k, j));
    assert!(y.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14));
}

#[test]
fn bits_do_not_depend_on_threads() {
    let x = ArrayD::from_shape_vec(IxDyn(&[1, 40, 60, 10]), noise(24_000, 3)).unwrap();
    let kinds = [Some(SineCosine::CosineII), Some(SineCosine::SineII)];
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| SineCosinePlan::<f64>::new(&[40, 60], &kinds).unwrap().forward(x.view()).unwrap())
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(5));
}

#[test]
fn wrong_arguments_are_named() {
    assert!(matches!(SineCosinePlan::<f64>::new(&[4, 4], &[None]), Err(Error::Value { .. })));
    assert!(matches!(SineCosinePlan::<f64>::new(&[0], &[None]), Err(Error::Shape { .. })));
    let plan = SineCosinePlan::<f64>::new(&[4], &[Some(SineCosine::SineI)]).unwrap();
    assert!(plan.forward(ndarray::Array3::zeros((1, 5, 1)).view()).is_err());
    assert!(plan.forward_in_place(1, 1, &mut [0.0; 3]).is_err());
}
