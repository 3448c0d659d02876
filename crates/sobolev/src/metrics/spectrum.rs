//! Measures on the half spectrum `[1, k1, .., kd / 2 + 1, channel]` of a real field.

use ndarray::ArrayD;
use sobolev_fft::Complex;

/// First bins of the middle and of the high band (Takamoto et al. 2022).
const BAND_STARTS: [usize; 2] = [4, 12];

/// Index along a frequency axis of `n` points as wave number without its sign.
fn wave_number(index: usize, n: usize) -> usize {
    index.min(n - index)
}

/// `sum_k (1 + |k|^2) |v_hat(k)|^2 / N` over all wave numbers and channels: `|v|^2 + sum_a |d_a v|^2` over the N grid
/// points by Parseval's identity, on axes of length 2 pi.
pub(super) fn h1_square(spectrum: &ArrayD<Complex<f64>>, grid: &[usize]) -> f64 {
    let last = grid.len() - 1;
    let sum: f64 = spectrum
        .indexed_iter()
        .map(|(place, value)| {
            let square: usize =
                grid.iter().enumerate().map(|(a, n)| wave_number(place[a + 1], *n).pow(2)).sum();
            let column = place[last + 1];
            // Columns between 0 and n/2 stand for their complex conjugates too.
            let copies = if column == 0 || 2 * column == grid[last] { 1.0 } else { 2.0 };
            copies * (1.0 + square as f64) * value.norm_sqr()
        })
        .sum();
    sum / grid.iter().product::<usize>() as f64
}

/// Error in the low, middle and high band of one sample; see [`Evaluation::fourier_low`](super::Evaluation::fourier_low).
/// `scale` is the volume of the domain over the number of grid points.
pub(super) fn bands(spectrum: &ArrayD<Complex<f64>>, grid: &[usize], scale: f64) -> [Option<f64>; 3] {
    let channels = spectrum.shape()[grid.len() + 1];
    // In one dimension the published definition keeps the bin n/2, in two and three it keeps neither that nor the
    // wave numbers of another sign.
    let bins = match grid {
        [n] => n / 2 + 1,
        _ => grid.iter().map(|n| n / 2).min().unwrap_or(0),
    };
    let mut energy = vec![vec![0.0; bins]; channels];
    for (place, value) in spectrum.indexed_iter() {
        let numbers = || (0..grid.len()).map(|axis| place[axis + 1]);
        let kept = grid.len() == 1 || numbers().zip(grid).all(|(k, n)| k < n / 2);
        let bin = numbers().map(|k| k * k).sum::<usize>().isqrt();
        if kept && bin < bins {
            energy[place[grid.len() + 1]][bin] += value.norm_sqr();
        }
    }
    let [middle, high] = BAND_STARTS;
    [0..middle, middle..high, high..usize::MAX].map(|band| {
        let band = band.start..band.end.min(bins);
        if band.is_empty() {
            return None;
        }
        let mean = |bins: &Vec<f64>| {
            bins[band.clone()].iter().map(|e| e.sqrt() * scale).sum::<f64>() / band.len() as f64
        };
        Some(energy.iter().map(mean).sum::<f64>() / channels as f64)
    })
}
