//! The FFT forms: a full FFT of each line, of which the kept modes are picked.

use super::complex::Columns;
use crate::lines::LANES;
use num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use sobolev_tensor::{Accumulate, Real};
use std::fmt;
use std::sync::Arc;

/// Forward and inverse FFT of n points, and the modes that are kept.
#[derive(Clone)]
struct Lines<T> {
    points: usize,
    modes: usize,
    forward: Arc<dyn Fft<T>>,
    inverse: Arc<dyn Fft<T>>,
}

impl<T: Real> Lines<T> {
    fn new(points: usize, modes: usize) -> Self {
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(points), planner.plan_fft_inverse(points));
        Self { points, modes, forward, inverse }
    }

    fn work_len(&self) -> usize {
        self.forward.get_inplace_scratch_len().max(self.inverse.get_inplace_scratch_len())
    }

    fn scratch_len(&self, lanes: usize) -> usize {
        2 * (lanes * self.points + self.work_len())
    }

    /// Complex lines and the work space of the FFT.
    fn buffers<'a>(
        &self,
        lanes: usize,
        scratch: &'a mut [T],
    ) -> (&'a mut [Complex<T>], &'a mut [Complex<T>]) {
        let (lines, work) = scratch.split_at_mut(2 * lanes * self.points);
        (as_complex(lines), as_complex(&mut work[..2 * self.work_len()]))
    }
}

/// The slice as half as many complex numbers.
fn as_complex<T>(values: &mut [T]) -> &mut [Complex<T>] {
    // SAFETY: `Complex<T>` is `repr(C)` with two fields of type T, hence of the same alignment and twice the size; the
    // result borrows `values` mutably.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len() / 2) }
}

/// FFT form of a real axis. Two channels share one complex FFT as its real and imaginary part.
#[derive(Debug, Clone)]
pub(super) struct RealFft<T: Real> {
    lines: Lines<T>,
}

impl<T: Real> RealFft<T> {
    pub(super) fn new(points: usize, modes: usize) -> Self {
        Self { lines: Lines::new(points, modes) }
    }

    fn lanes(channels: usize) -> usize {
        LANES.min(channels.div_ceil(2))
    }

    pub(super) fn scratch_len(&self, channels: usize) -> usize {
        self.lines.scratch_len(Self::lanes(channels))
    }

    /// `weight(k) sum_j x_j exp(-2 pi i j k / n)`, `[rows, n, c]` to `[rows, m, 2c]`.
    pub(super) fn analyse(
        &self,
        channels: usize,
        x: &[T],
        y: &mut [T],
        weight: impl Fn(usize) -> f64,
        scratch: &mut [T],
    ) {
        let (n, m, c) = (self.lines.points, self.lines.modes, channels);
        let (lines, work) = self.lines.buffers(Self::lanes(channels), scratch);
        for (x, y) in x.chunks_exact(n * c).zip(y.chunks_exact_mut(m * 2 * c)) {
            for first in (0..c).step_by(2 * LANES) {
                let width = (2 * LANES).min(c - first);
                let lines = &mut lines[..width.div_ceil(2) * n];
                for (j, row) in x.chunks_exact(c).enumerate() {
                    for (lane, pair) in row[first..first + width].chunks(2).enumerate() {
                        let second = pair.get(1).copied().unwrap_or_default();
                        lines[lane * n + j] = Complex::new(pair[0], second);
                    }
                }
                self.lines.forward.process_with_scratch(lines, work);
                for (k, row) in y.chunks_exact_mut(2 * c).enumerate() {
                    let half = T::cast(0.5 * weight(k));
                    let (re, im) = row.split_at_mut(c);
                    let (re, im) = (&mut re[first..first + width], &mut im[first..first + width]);
                    for (lane, (re, im)) in re.chunks_mut(2).zip(im.chunks_mut(2)).enumerate() {
                        let z = lines[lane * n + k];
                        let mirrored = lines[lane * n + (n - k) % n];
                        (re[0], im[0]) = (half * (z.re + mirrored.re), half * (z.im - mirrored.im));
                        if re.len() == 2 {
                            (re[1], im[1]) = (half * (z.im + mirrored.im), half * (mirrored.re - z.re));
                        }
                    }
                }
            }
        }
    }

    /// The transpose: `x_j = sum_k weight(k) (Re y_k cos(2 pi j k / n) - Im y_k sin(2 pi j k / n))`.
    pub(super) fn synthesise(
        &self,
        channels: usize,
        y: &[T],
        x: &mut [T],
        weight: impl Fn(usize) -> f64,
        accumulate: Accumulate,
        scratch: &mut [T],
    ) {
        let (n, m, c) = (self.lines.points, self.lines.modes, channels);
        let (lines, work) = self.lines.buffers(Self::lanes(channels), scratch);
        for (x, y) in x.chunks_exact_mut(n * c).zip(y.chunks_exact(m * 2 * c)) {
            for first in (0..c).step_by(2 * LANES) {
                let width = (2 * LANES).min(c - first);
                let lines = &mut lines[..width.div_ceil(2) * n];
                lines.fill(Complex::default());
                for (k, row) in y.chunks_exact(2 * c).enumerate() {
                    // A mode that is its own mirror image has no sine part and gets both halves in one place.
                    let alone = k == 0 || 2 * k == n;
                    let half = T::cast(if alone { weight(k) } else { 0.5 * weight(k) });
                    let (re, im) = row.split_at(c);
                    let (re, im) = (&re[first..first + width], &im[first..first + width]);
                    for (lane, (re, im)) in re.chunks(2).zip(im.chunks(2)).enumerate() {
                        let second = |pair: &[T]| pair.get(1).copied().unwrap_or_default();
                        let (re, im) = ([re[0], second(re)], [im[0], second(im)]);
                        if alone {
                            lines[lane * n + k] = Complex::new(half * re[0], half * re[1]);
                        } else {
                            lines[lane * n + k] =
                                Complex::new(half * (re[0] - im[1]), half * (im[0] + re[1]));
                            lines[lane * n + n - k] =
                                Complex::new(half * (re[0] + im[1]), half * (re[1] - im[0]));
                        }
                    }
                }
                self.lines.inverse.process_with_scratch(lines, work);
                for (j, row) in x.chunks_exact_mut(c).enumerate() {
                    for (lane, pair) in row[first..first + width].chunks_mut(2).enumerate() {
                        let z = lines[lane * n + j];
                        for (to, value) in pair.iter_mut().zip([z.re, z.im]) {
                            match accumulate {
                                Accumulate::Replace => *to = value,
                                Accumulate::Add => *to += value,
                            }
                        }
                    }
                }
            }
        }
    }
}

/// FFT form of a complex axis.
#[derive(Debug, Clone)]
pub(super) struct ComplexFft<T: Real> {
    lines: Lines<T>,
}

impl<T: Real> ComplexFft<T> {
    pub(super) fn new(points: usize, modes: usize) -> Self {
        Self { lines: Lines::new(points, modes) }
    }

    pub(super) fn scratch_len(&self, channels: usize) -> usize {
        self.lines.scratch_len(LANES.min(channels))
    }

    /// `scale sum_j x_j exp(-2 pi i j k / n)` of some columns, for the kept k.
    pub(super) fn analyse(
        &self,
        channels: usize,
        scale: T,
        x: &[T],
        from: Columns,
        y: &mut [T],
        to: Columns,
        scratch: &mut [T],
    ) {
        let (n, m) = (self.lines.points, self.lines.modes);
        let (lines, work) = self.lines.buffers(LANES.min(channels), scratch);
        for (re, width) in channel_runs(channels, from.width) {
            let lines = &mut lines[..width * n];
            for j in 0..n {
                let row = &x[from.offset + j * from.stride..][..from.width];
                let (re, im) = (&row[re..re + width], &row[re + channels..re + channels + width]);
                for lane in 0..width {
                    lines[lane * n + j] = Complex::new(re[lane], im[lane]);
                }
            }
            self.lines.forward.process_with_scratch(lines, work);
            for k in 0..2 * m {
                let row = &mut y[to.offset + k * to.stride..][..to.width];
                let bin = if k < m { k } else { n + k - 2 * m };
                for lane in 0..width {
                    let z = lines[lane * n + bin];
                    row[re + lane] = scale * z.re;
                    row[re + channels + lane] = scale * z.im;
                }
            }
        }
    }

    /// The transpose: `scale sum_k y_k exp(2 pi i j k / n)` over the kept k.
    pub(super) fn synthesise(
        &self,
        channels: usize,
        scale: T,
        y: &[T],
        from: Columns,
        x: &mut [T],
        to: Columns,
        scratch: &mut [T],
    ) {
        let (n, m) = (self.lines.points, self.lines.modes);
        let (lines, work) = self.lines.buffers(LANES.min(channels), scratch);
        for (re, width) in channel_runs(channels, from.width) {
            let lines = &mut lines[..width * n];
            lines.fill(Complex::default());
            for k in 0..2 * m {
                let row = &y[from.offset + k * from.stride..][..from.width];
                let (re, im) = (&row[re..re + width], &row[re + channels..re + channels + width]);
                let bin = if k < m { k } else { n + k - 2 * m };
                for lane in 0..width {
                    lines[lane * n + bin] = Complex::new(scale * re[lane], scale * im[lane]);
                }
            }
            self.lines.inverse.process_with_scratch(lines, work);
            for j in 0..n {
                let row = &mut x[to.offset + j * to.stride..][..to.width];
                for lane in 0..width {
                    let z = lines[lane * n + j];
                    row[re + lane] = z.re;
                    row[re + channels + lane] = z.im;
                }
            }
        }
    }
}

/// Runs `(first real part, width)` of up to [`LANES`] channels in a row of blocks of 2c values.
fn channel_runs(channels: usize, row: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..row).step_by(2 * channels).flat_map(move |block| {
        (0..channels).step_by(LANES).map(move |first| (block + first, LANES.min(channels - first)))
    })
}

impl<T> fmt::Debug for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("points", &self.points)
            .field("modes", &self.modes)
            .finish_non_exhaustive()
    }
}
