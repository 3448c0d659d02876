//! Real Fourier transforms of contiguous rows, for inner loops that have no use for arrays of several axes.

use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use sobolev_tensor::{Error, Real, Result};
use std::fmt;
use std::sync::Arc;

/// Real transform of rows of n points: `[lines, n]` real <-> `[lines, n/2 + 1]` complex, both row-major slices.
///
/// `X_k = sum_j x_j exp(-2 pi i j k / n)`; the inverse divides by n, as `numpy.fft.rfft` and `irfft` do. The inverse
/// ignores the imaginary part of frequency 0 and, for even n, of frequency n/2. Every row is transformed by itself, so
/// its bits do not depend on its neighbours. Nothing is allocated after [`RowFourier::scratch`].
///
/// ```
/// use sobolev_fft::RowFourier;
/// let plan = RowFourier::<f64>::new(4)?;
/// let mut scratch = plan.scratch();
/// let mut spectrum = vec![Default::default(); plan.frequencies()];
/// plan.forward(&[1.0, 0.0, -1.0, 0.0], &mut spectrum, &mut scratch)?;
/// assert_eq!(spectrum.iter().map(|z| z.re).collect::<Vec<_>>(), [0.0, 2.0, 0.0]);
/// # Ok::<(), sobolev_fft::Error>(())
/// ```
#[derive(Clone)]
pub struct RowFourier<T: Real> {
    points: usize,
    forward: Arc<dyn RealToComplex<T>>,
    inverse: Arc<dyn ComplexToReal<T>>,
}

/// Buffers of [`RowFourier`], one for each thread that uses a plan.
#[derive(Debug, Clone)]
pub struct RowScratch<T> {
    row: Vec<T>,
    spectrum: Vec<Complex<T>>,
    work: Vec<Complex<T>>,
}

impl<T: Real> RowFourier<T> {
    /// Plan for rows of `points` values.
    ///
    /// # Errors
    /// [`Error::Value`] when `points` is zero.
    pub fn new(points: usize) -> Result<Self> {
        Self::with_planner(points, &mut RealFftPlanner::new())
    }

    pub(crate) fn with_planner(points: usize, planner: &mut RealFftPlanner<T>) -> Result<Self> {
        if points == 0 {
            return Err(Error::value("points", "at least 1", points));
        }
        Ok(Self {
            points,
            forward: planner.plan_fft_forward(points),
            inverse: planner.plan_fft_inverse(points),
        })
    }

    /// Points n of a row.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Frequencies of a row: n/2 + 1.
    pub fn frequencies(&self) -> usize {
        self.points / 2 + 1
    }

    /// Buffers for calls from one thread.
    pub fn scratch(&self) -> RowScratch<T> {
        let work = self.forward.get_scratch_len().max(self.inverse.get_scratch_len());
        RowScratch {
            row: vec![T::zero(); self.points],
            spectrum: vec![Complex::default(); self.frequencies()],
            work: vec![Complex::default(); work],
        }
    }

    /// `rows` `[lines, n]` to `spectrum` `[lines, n/2 + 1]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when `rows` is no whole number of rows or `spectrum` has another number of them.
    pub fn forward(
        &self,
        rows: &[T],
        spectrum: &mut [Complex<T>],
        scratch: &mut RowScratch<T>,
    ) -> Result<()> {
        self.check(rows.len(), spectrum.len())?;
        self.forward_unchecked(rows, spectrum, scratch);
        Ok(())
    }

    /// `spectrum` `[lines, n/2 + 1]` to `rows` `[lines, n]`, divided by n.
    ///
    /// # Errors
    /// As [`RowFourier::forward`].
    pub fn inverse(
        &self,
        spectrum: &[Complex<T>],
        rows: &mut [T],
        scratch: &mut RowScratch<T>,
    ) -> Result<()> {
        self.check(rows.len(), spectrum.len())?;
        self.inverse_unchecked(spectrum, rows, scratch);
        let scale = T::one() / T::cast(self.points as f64);
        rows.iter_mut().for_each(|v| *v *= scale);
        Ok(())
    }

    fn check(&self, rows: usize, spectrum: usize) -> Result<()> {
        let (n, frequencies) = (self.points, self.frequencies());
        if !rows.is_multiple_of(n) {
            return Err(Error::shape("rows", format!("[lines * {n}]"), &[rows]));
        }
        if spectrum != rows / n * frequencies {
            return Err(Error::shape("spectrum", format!("[{} * {frequencies}]", rows / n), &[spectrum]));
        }
        Ok(())
    }

    pub(crate) fn forward_unchecked(
        &self,
        rows: &[T],
        spectrum: &mut [Complex<T>],
        scratch: &mut RowScratch<T>,
    ) {
        let lines = rows.chunks_exact(self.points).zip(spectrum.chunks_exact_mut(self.frequencies()));
        for (row, frequencies) in lines {
            scratch.row.copy_from_slice(row);
            let done = self.forward.process_with_scratch(&mut scratch.row, frequencies, &mut scratch.work);
            debug_assert!(done.is_ok(), "all lengths are the plan's");
        }
    }

    /// The inverse without the division by n.
    pub(crate) fn inverse_unchecked(
        &self,
        spectrum: &[Complex<T>],
        rows: &mut [T],
        scratch: &mut RowScratch<T>,
    ) {
        let lines = rows.chunks_exact_mut(self.points).zip(spectrum.chunks_exact(self.frequencies()));
        for (row, frequencies) in lines {
            scratch.spectrum.copy_from_slice(frequencies);
            scratch.spectrum[0].im = T::zero();
            if self.points.is_multiple_of(2) {
                scratch.spectrum[self.points / 2].im = T::zero();
            }
            let done = self.inverse.process_with_scratch(&mut scratch.spectrum, row, &mut scratch.work);
            debug_assert!(done.is_ok(), "all lengths are the plan's");
        }
    }
}

impl<T: Real> fmt::Debug for RowFourier<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowFourier").field("points", &self.points).finish_non_exhaustive()
    }
}
