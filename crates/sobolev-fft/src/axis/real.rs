//! The last axis: real points to the first modes.

use super::fft::RealFft;
use super::kernel::{self, RealAnalysis, RealSynthesis};
use super::tables::Tables;
use super::{Form, Normalisation, check_channels, check_len, check_scratch};
use sobolev_tensor::{Accumulate, Error, Real, Result};

/// Truncated real transform of rows of n points to the modes 0 .. m-1.
///
/// - forward: `Re X_k + i Im X_k = sum_j x_j exp(-2 pi i j k / n)`, `x` `[rows, n, c]` to `X` `[rows, m, 2c]`;
/// - inverse: `x_j = (1/n) sum_k f_k (Re X_k cos(2 pi j k / n) - Im X_k sin(2 pi j k / n))` with `f = 1` for mode 0 and, for even
///   n, mode n/2, whose imaginary parts are ignored, and `f = 2` otherwise: what `irfft` does with the missing modes zero;
/// - and the transposes of both.
///
/// Any number of rows may be passed in one call.
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
    Matrix(Tables<T>),
    Fft(RealFft<T>),
}

/// `f_k / n` of [`RealAxis`].
fn inverse_weight(points: usize, k: usize) -> f64 {
    let factor = if k == 0 || 2 * k == points { 1.0 } else { 2.0 };
    factor / points as f64
}

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
        Self::check_sizes(points, modes)?;
        let parts = match form {
            Form::Matrix => Parts::Matrix(Tables::new(points, 0, modes, -1.0, |k| inverse_weight(points, k))),
            Form::Fft => Parts::Fft(RealFft::new(points, modes)),
        };
        Ok(Self { points, modes, parts })
    }

    pub(crate) fn check_sizes(points: usize, modes: usize) -> Result<()> {
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
        Ok(())
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
            Parts::Matrix(_) => Form::Matrix,
            Parts::Fft(_) => Form::Fft,
        }
    }

    /// Values of scratch that each operation needs for rows of `channels` channels; none in matrix form.
    pub fn scratch_len(&self, channels: usize) -> usize {
        match &self.parts {
            Parts::Matrix(_) => 0,
            Parts::Fft(fft) => fft.scratch_len(channels),
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
        let (points, modes) = (self.points, self.modes);
        match &self.parts {
            Parts::Matrix(tables) => {
                let table = tables.analysis(normalisation);
                let rows = x.chunks_exact(points * channels).zip(y.chunks_exact_mut(modes * 2 * channels));
                for (x, y) in rows {
                    let mut kernel = RealAnalysis { points, modes, channels, table, x, y };
                    // SAFETY: the chunks have the lengths that the sizes give, and the table is this axis' own.
                    unsafe { kernel::run(channels, &mut kernel) };
                }
            }
            Parts::Fft(fft) => fft.analyse(channels, x, y, |k| self.weight(normalisation, k), scratch),
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
        let (points, modes) = (self.points, self.modes);
        match &self.parts {
            Parts::Matrix(tables) => {
                let (table, add) = (tables.synthesis(normalisation), accumulate == Accumulate::Add);
                let rows = x.chunks_exact_mut(points * channels).zip(y.chunks_exact(modes * 2 * channels));
                for (x, y) in rows {
                    let mut kernel = RealSynthesis { points, modes, channels, table, y, x, add };
                    // SAFETY: as in `analyse`.
                    unsafe { kernel::run(channels, &mut kernel) };
                }
            }
            Parts::Fft(fft) => {
                fft.synthesise(channels, y, x, |k| self.weight(normalisation, k), accumulate, scratch);
            }
        }
    }

    fn weight(&self, normalisation: Normalisation, k: usize) -> f64 {
        match normalisation {
            Normalisation::Forward => 1.0,
            Normalisation::Inverse => inverse_weight(self.points, k),
        }
    }

    fn check(&self, rows: usize, channels: usize, x: &[T], y: &[T], scratch: &[T]) {
        check_channels(channels);
        // Saturated: no slice has that many values.
        let lines = rows.saturating_mul(channels);
        check_len("points", x, lines.saturating_mul(self.points));
        check_len("modes", y, lines.saturating_mul(2 * self.modes));
        check_scratch(scratch, self.scratch_len(channels));
    }
}
