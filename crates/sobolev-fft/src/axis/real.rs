//! The last axis: real points to the first modes.

use super::fft::RealFft;
use super::folded::{Carve, Folded, Target, padded};
use super::passes::Rows;
use super::{Form, Normalisation, check_len, check_scratch};
use sobolev_tensor::{Accumulate, Error, Mat, Real, Result};

/// Truncated real transform of rows of n points to the modes 0 .. m-1.
///
/// - forward: `Re X_k + i Im X_k = sum_j x_j exp(-2 pi i j k / n)`, `x` `[rows, n, c]` to `X` `[rows, m, 2c]`;
/// - inverse: `x_j = (1/n) sum_k f_k (Re X_k cos(2 pi j k / n) - Im X_k sin(2 pi j k / n))` with `f = 1` for mode 0 and, for even
///   n, mode n/2, whose imaginary parts are ignored, and `f = 2` otherwise: what `irfft` does with the missing modes zero;
/// - and the transposes of both.
///
/// Any number of rows may be passed in one call; narrow rows are computed several at a time to fill the vectors.
///
/// ```
/// use sobolev_fft::axis::RealAxis;
/// use sobolev_tensor::Accumulate;
/// let axis = RealAxis::<f64>::new(8, 3)?;
/// let x: Vec<f64> = (0..8).map(|j| 1.0 + (std::f64::consts::TAU * f64::from(j) / 8.0).cos()).collect();
/// let mut scratch = vec![0.0; axis.scratch_len(1)];
/// let mut modes = vec![0.0; 3 * 2];
/// axis.forward(1, 1, &x, &mut modes, &mut scratch);
/// assert!((modes[0] - 8.0).abs() < 1e-14 && (modes[2] - 4.0).abs() < 1e-14 && modes[4].abs() < 1e-14);
/// let mut back = vec![0.0; 8];
/// axis.inverse(1, 1, &modes, &mut back, Accumulate::Replace, &mut scratch);
/// assert!(back.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-14));
/// # Ok::<(), sobolev_fft::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RealAxis<T: Real> {
    points: usize,
    modes: usize,
    parts: Parts<T>,
}

#[derive(Debug, Clone)]
enum Parts<T: Real> {
    Matrix {
        /// The transform itself.
        plain: Folded<T>,
        /// The same with mode k times f_k / n: its transpose is the inverse.
        weighted: Folded<T>,
    },
    Fft(RealFft<T>),
}

/// `f_k / n` of [`RealAxis`].
fn inverse_weight(points: usize, k: usize) -> f64 {
    let factor = if k == 0 || 2 * k == points { 1.0 } else { 2.0 };
    factor / points as f64
}

/// Values of a row group at least: two vectors of the widest kernels, whose tiles have two.
const GROUP_VALUES: usize = 32;

impl<T: Real> RealAxis<T> {
    /// The matrix form for `points` points and `modes` modes.
    ///
    /// # Errors
    /// [`Error::Value`] when `points` or `modes` is zero, or `modes` exceeds the `points / 2 + 1` frequencies.
    pub fn new(points: usize, modes: usize) -> Result<Self> {
        Self::with_form(points, modes, Form::Matrix)
    }

    /// The form `form` for `points` points and `modes` modes.
    ///
    /// # Errors
    /// As [`RealAxis::new`].
    pub fn with_form(points: usize, modes: usize, form: Form) -> Result<Self> {
        if points == 0 {
            return Err(Error::value("points", "at least 1", points));
        }
        let most = points / 2 + 1;
        if modes == 0 || modes > most {
            let expected = format!(
                "1 to {most} on the last axis (the frequencies of a real transform of {points} points)"
            );
            let error = Error::value("modes", expected, modes);
            return Err(error.with_hint(format!("use at most {most} or a finer grid")));
        }
        let parts = match form {
            Form::Matrix => {
                let weight = |k| inverse_weight(points, k);
                Parts::Matrix {
                    plain: Folded::new(points, 0, modes, |_| 1.0, |_| -1.0),
                    weighted: Folded::new(points, 0, modes, weight, |k| -weight(k)),
                }
            }
            Form::Fft => Parts::Fft(RealFft::new(points, modes)),
        };
        Ok(Self { points, modes, parts })
    }

    /// Points n.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Modes m.
    pub fn modes(&self) -> usize {
        self.modes
    }

    /// How this axis is computed.
    pub fn form(&self) -> Form {
        match self.parts {
            Parts::Matrix { .. } => Form::Matrix,
            Parts::Fft(_) => Form::Fft,
        }
    }

    /// Rows that are computed together: enough to fill whole vectors when a row has few channels.
    pub(crate) fn group(channels: usize) -> usize {
        let lanes = 64 / size_of::<T>();
        if channels >= GROUP_VALUES && (channels >= 3 * lanes || channels.is_multiple_of(lanes)) {
            return 1;
        }
        // The shortest run of rows that ends on a vector boundary, then whole runs up to the wanted length.
        let run = (1..=lanes).find(|rows| (rows * channels).is_multiple_of(lanes)).unwrap_or(lanes);
        run * GROUP_VALUES.div_ceil(run * channels)
    }

    /// Values of scratch that each operation needs for rows of `channels` channels.
    pub fn scratch_len(&self, channels: usize) -> usize {
        match &self.parts {
            Parts::Matrix { plain, .. } => {
                let group = Self::group(channels);
                let staging = if group == 1 { 0 } else { 2 * padded::<T>(self.modes * group * channels) };
                staging + plain.scratch_len(group * channels)
            }
            Parts::Fft(fft) => fft.scratch_len(),
        }
    }

    /// Modes `y` `[rows, m, 2c]` of the points `x` `[rows, n, c]`.
    ///
    /// # Panics
    /// When a slice has not the length that `rows`, `channels` and the axis give, or `scratch` is shorter than
    /// [`RealAxis::scratch_len`].
    pub fn forward(&self, rows: usize, channels: usize, x: &[T], y: &mut [T], scratch: &mut [T]) {
        self.analyse(Normalisation::Forward, rows, channels, x, y, scratch);
    }

    /// Points `x` `[rows, n, c]`, written or added to, of the modes `y` `[rows, m, 2c]`.
    ///
    /// # Panics
    /// As [`RealAxis::forward`].
    pub fn inverse(
        &self,
        rows: usize,
        channels: usize,
        y: &[T],
        x: &mut [T],
        accumulate: Accumulate,
        scratch: &mut [T],
    ) {
        self.synthesise(Normalisation::Inverse, rows, channels, y, x, accumulate, scratch);
    }

    /// Transpose of [`RealAxis::forward`]: `[rows, m, 2c]` to `[rows, n, c]`, written or added to.
    ///
    /// # Panics
    /// As [`RealAxis::forward`].
    pub fn forward_adjoint(
        &self,
        rows: usize,
        channels: usize,
        y: &[T],
        x: &mut [T],
        accumulate: Accumulate,
        scratch: &mut [T],
    ) {
        self.synthesise(Normalisation::Forward, rows, channels, y, x, accumulate, scratch);
    }

    /// Transpose of [`RealAxis::inverse`]: `[rows, n, c]` to `[rows, m, 2c]`.
    ///
    /// # Panics
    /// As [`RealAxis::forward`].
    pub fn inverse_adjoint(&self, rows: usize, channels: usize, x: &[T], y: &mut [T], scratch: &mut [T]) {
        self.analyse(Normalisation::Inverse, rows, channels, x, y, scratch);
    }

    /// [`RealAxis::forward`] or [`RealAxis::inverse_adjoint`].
    pub(crate) fn analyse(
        &self,
        normalisation: Normalisation,
        rows: usize,
        channels: usize,
        x: &[T],
        y: &mut [T],
        scratch: &mut [T],
    ) {
        self.check(rows, channels, x, y, scratch);
        match (&self.parts, normalisation) {
            (Parts::Matrix { plain: table, .. }, Normalisation::Forward)
            | (Parts::Matrix { weighted: table, .. }, Normalisation::Inverse) => {
                self.analyse_by(table, channels, x, y, scratch);
            }
            (Parts::Fft(fft), Normalisation::Forward) => fft.analyse(channels, x, y, |_| 1.0, scratch),
            (Parts::Fft(fft), Normalisation::Inverse) => {
                fft.analyse(channels, x, y, |k| inverse_weight(self.points, k), scratch);
            }
        }
    }

    /// [`RealAxis::inverse`] or [`RealAxis::forward_adjoint`].
    pub(crate) fn synthesise(
        &self,
        normalisation: Normalisation,
        rows: usize,
        channels: usize,
        y: &[T],
        x: &mut [T],
        accumulate: Accumulate,
        scratch: &mut [T],
    ) {
        self.check(rows, channels, x, y, scratch);
        match (&self.parts, normalisation) {
            (Parts::Matrix { plain: table, .. }, Normalisation::Forward)
            | (Parts::Matrix { weighted: table, .. }, Normalisation::Inverse) => {
                self.synthesise_by(table, channels, y, x, accumulate, scratch);
            }
            (Parts::Fft(fft), Normalisation::Forward) => {
                fft.synthesise(channels, y, x, |_| 1.0, accumulate, scratch);
            }
            (Parts::Fft(fft), Normalisation::Inverse) => {
                fft.synthesise(channels, y, x, |k| inverse_weight(self.points, k), accumulate, scratch);
            }
        }
    }

    fn check(&self, rows: usize, channels: usize, x: &[T], y: &[T], scratch: &[T]) {
        check_len("points", x, rows * self.points * channels);
        check_len("modes", y, rows * self.modes * 2 * channels);
        check_scratch(scratch, self.scratch_len(channels));
    }

    fn analyse_by(&self, table: &Folded<T>, channels: usize, x: &[T], y: &mut [T], scratch: &mut [T]) {
        let (n, m, c) = (self.points, self.modes, channels);
        let group = Self::group(c);
        for (x, y) in x.chunks(group * n * c).zip(y.chunks_mut(group * m * 2 * c)) {
            let rows = x.len() / (n * c);
            let from = Rows { offset: 0, row_stride: c, segments: rows, segment_stride: n * c, width: c };
            if group == 1 {
                let target = Target { values: y, cosine: 0, sine: c, stride: 2 * c };
                table.analyse(group * c, x, from, target, &mut [], scratch);
                continue;
            }
            let columns = rows * c;
            let mut carve = Carve::new(&mut *scratch);
            let staging = carve.take(2 * padded::<T>(m * group * c));
            let sine = padded::<T>(m * columns);
            let target = Target { values: &mut *staging, cosine: 0, sine, stride: columns };
            table.analyse(group * c, x, from, target, &mut [], carve.rest());
            for (row, y) in y.chunks_exact_mut(m * 2 * c).enumerate() {
                for (k, y) in y.chunks_exact_mut(2 * c).enumerate() {
                    let (re, im) = y.split_at_mut(c);
                    let at = k * columns + row * c;
                    re.copy_from_slice(&staging[at..at + c]);
                    im.copy_from_slice(&staging[sine + at..sine + at + c]);
                }
            }
        }
    }

    fn synthesise_by(
        &self,
        table: &Folded<T>,
        channels: usize,
        y: &[T],
        x: &mut [T],
        accumulate: Accumulate,
        scratch: &mut [T],
    ) {
        let (n, m, c) = (self.points, self.modes, channels);
        let group = Self::group(c);
        for (x, y) in x.chunks_mut(group * n * c).zip(y.chunks(group * m * 2 * c)) {
            let rows = x.len() / (n * c);
            let to = Rows { offset: 0, row_stride: c, segments: rows, segment_stride: n * c, width: c };
            if group == 1 {
                let cosine = Mat::strided(y, m, c, 2 * c, 1);
                let sine = Mat::strided(&y[c..], m, c, 2 * c, 1);
                table.synthesise(group * c, cosine, sine, &[], x, to, accumulate, scratch);
                continue;
            }
            let columns = rows * c;
            let mut carve = Carve::new(&mut *scratch);
            let staging = carve.take(2 * padded::<T>(m * group * c));
            let start = padded::<T>(m * columns);
            for (row, y) in y.chunks_exact(m * 2 * c).enumerate() {
                for (k, y) in y.chunks_exact(2 * c).enumerate() {
                    let (re, im) = y.split_at(c);
                    let at = k * columns + row * c;
                    staging[at..at + c].copy_from_slice(re);
                    staging[start + at..start + at + c].copy_from_slice(im);
                }
            }
            let cosine = Mat::new(&*staging, m, columns);
            let sine = Mat::new(&staging[start..], m, columns);
            table.synthesise(group * c, cosine, sine, &[], x, to, accumulate, carve.rest());
        }
    }
}
