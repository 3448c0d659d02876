//! The definitions, as slow as they come.

use sobolev_fft::Complex;
use std::f64::consts::TAU;

/// Discrete Fourier transform of each line of `data`, seen as `[outer, n, inner]`; `sign` -1 forward, +1 inverse, no division.
pub(crate) fn fourier_axis(
    data: &[Complex<f64>],
    (outer, n, inner): (usize, usize, usize),
    sign: f64,
) -> Vec<Complex<f64>> {
    axis(data, (outer, n, inner), |k, j| {
        Complex::from_polar(1.0, sign * TAU * ((j * k) % n) as f64 / n as f64)
    })
}

/// Transform of all spatial axes of `[batch, grid.., channels]`.
pub(crate) fn fourier(
    data: &[Complex<f64>],
    grid: &[usize],
    channels: usize,
    sign: f64,
) -> Vec<Complex<f64>> {
    let points = grid.iter().product::<usize>() * channels;
    let batch = data.len() / points;
    (0..grid.len()).fold(data.to_vec(), |data, a| {
        let outer = batch * grid[..a].iter().product::<usize>();
        let inner = grid[a + 1..].iter().product::<usize>() * channels;
        fourier_axis(&data, (outer, grid[a], inner), sign)
    })
}

/// The first `kept` entries along the axis of length n.
pub(crate) fn first_along<E: Copy>(
    data: &[E],
    (outer, n, inner): (usize, usize, usize),
    kept: usize,
) -> Vec<E> {
    (0..outer).flat_map(|o| data[o * n * inner..][..kept * inner].to_vec()).collect()
}

/// `y_k = sum_j matrix(k, j) x_j` for each line.
pub(crate) fn axis<E, M>(
    data: &[E],
    (outer, n, inner): (usize, usize, usize),
    matrix: impl Fn(usize, usize) -> M,
) -> Vec<E>
where
    E: Copy + std::iter::Sum + std::ops::Mul<M, Output = E>,
{
    let mut result = Vec::with_capacity(data.len());
    for o in 0..outer {
        for k in 0..n {
            for i in 0..inner {
                result.push((0..n).map(|j| data[(o * n + j) * inner + i] * matrix(k, j)).sum());
            }
        }
    }
    result
}

/// Largest difference over the largest value.
pub(crate) fn gap(a: &[Complex<f64>], b: &[Complex<f64>]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().map(|z| z.norm()).fold(f64::MIN_POSITIVE, f64::max);
    sobolev_testing::largest(a.iter().zip(b).map(|(x, y)| (x - y).norm())) / scale
}

/// Real numbers as complex ones.
pub(crate) fn complex(values: &[f64]) -> Vec<Complex<f64>> {
    values.iter().map(|&v| Complex::new(v, 0.0)).collect()
}
