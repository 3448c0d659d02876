//! Full Fourier transforms over the 1 to 3 spatial axes of channels-last arrays.
//!
//! `X[k1, .., kd] = sum_j x[j1, .., jd] exp(-2 pi i (j1 k1 / n1 + .. + jd kd / nd))` for each sample and channel; the
//! inverse divides by n1 .. nd. Frequencies stand in the order 0, 1, .., -2, -1; a real transform keeps 0 .. nd/2 of the
//! last spatial axis (not of the channels). This is what `numpy.fft.rfftn` and `fftn` do with `axes` set to the spatial ones.

use crate::lines::{self, LANES, LineBuffers, Spread, around_axis, column_blocks, column_blocks_mut};
use crate::rows::{RowFourier, RowScratch};
use crate::scratch::ScratchPool;
use crate::shape::{check_array, check_grid, check_length, contiguous, from_vec};
use ndarray::{Array, ArrayView, Dimension};
use num_complex::Complex;
use realfft::RealFftPlanner;
use rustfft::{Fft, FftPlanner};
use sobolev_tensor::{Real, Result};
use std::fmt;
use std::sync::Arc;

/// Full transforms of arrays `[batch, x1, .., xd, channels]`, d = 1, 2 or 3, planned once for one grid.
///
/// Works on several threads (over the batch, or within a sample when the batch is small); the bits of a sample depend
/// neither on their number nor on the rest of the batch. Buffers are kept between calls.
///
/// ```
/// use ndarray::Array4;
/// use sobolev_fft::FourierPlan;
/// let plan = FourierPlan::<f64>::new(&[8, 6])?;
/// let x = Array4::from_shape_fn((2, 8, 6, 3), |(b, i, j, c)| (b + i * j + c) as f64);
/// let spectrum = plan.forward_real(x.view())?;
/// assert_eq!(spectrum.shape(), [2, 8, 4, 3]);
/// let back = plan.inverse_real(spectrum.view())?;
/// assert!((back - x).iter().all(|v| v.abs() < 1e-13));
/// # Ok::<(), sobolev_fft::Error>(())
/// ```
#[derive(Clone)]
pub struct FourierPlan<T: Real> {
    grid: Vec<usize>,
    rows: RowFourier<T>,
    axes: Vec<[Arc<dyn Fft<T>>; 2]>,
    line_buffers: ScratchPool<LineBuffers<Complex<T>, Vec<Complex<T>>>>,
    row_buffers: ScratchPool<RowBuffers<T>>,
}

struct RowBuffers<T> {
    lines: Vec<T>,
    spectra: Vec<Complex<T>>,
    scratch: RowScratch<T>,
}

#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Inverse,
}

impl<T: Real> FourierPlan<T> {
    /// Plan for the spatial shape `grid`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when `grid` has no or more than 3 axes or one of them is empty.
    pub fn new(grid: &[usize]) -> Result<Self> {
        check_grid(grid)?;
        let mut planner = FftPlanner::new();
        let axes: Vec<[Arc<dyn Fft<T>>; 2]> =
            grid.iter().map(|&n| [planner.plan_fft_forward(n), planner.plan_fft_inverse(n)]).collect();
        let last = grid[grid.len() - 1];
        let rows = RowFourier::with_planner(last, &mut RealFftPlanner::new())?;
        let longest = grid.iter().copied().max().unwrap_or(1);
        let work = axes.iter().flatten().map(|fft| fft.get_inplace_scratch_len()).max().unwrap_or(0);
        let row_plan = rows.clone();
        Ok(Self {
            grid: grid.to_vec(),
            axes,
            line_buffers: ScratchPool::new(move || LineBuffers {
                lines: vec![Complex::default(); LANES * longest],
                work: vec![Complex::default(); work],
            }),
            row_buffers: ScratchPool::new(move || RowBuffers {
                lines: vec![T::zero(); LANES * last],
                spectra: vec![Complex::default(); LANES * row_plan.frequencies()],
                scratch: row_plan.scratch(),
            }),
            rows,
        })
    }

    /// The spatial shape.
    pub fn grid(&self) -> &[usize] {
        &self.grid
    }

    /// The spatial shape of a real field's spectrum: `[n1, .., nd/2 + 1]`.
    pub fn spectrum_grid(&self) -> Vec<usize> {
        let mut grid = self.grid.clone();
        if let Some(last) = grid.last_mut() {
            *last = self.rows.frequencies();
        }
        grid
    }

    /// Spectrum `[batch, x1, .., xd/2 + 1, channels]` of a real field `[batch, x1, .., xd, channels]`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when the spatial axes are not the plan's.
    pub fn forward_real<D: Dimension>(&self, x: ArrayView<'_, T, D>) -> Result<Array<Complex<T>, D>> {
        let (batch, channels) = check_array("x", x.shape(), &self.grid)?;
        let mut shape = x.raw_dim();
        shape[self.grid.len()] = self.rows.frequencies();
        let mut spectrum = vec![Complex::default(); shape.size()];
        let x = x.as_standard_layout();
        self.forward_real_into(batch, channels, contiguous(&x), &mut spectrum)?;
        from_vec(shape, spectrum)
    }

    /// Real field `[batch, x1, .., xd, channels]` of a spectrum `[batch, x1, .., xd/2 + 1, channels]`.
    ///
    /// After the inverse over the leading axes the imaginary part of column 0 and, for even nd, of column nd/2 is ignored.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when the spatial axes are not the plan's.
    pub fn inverse_real<D: Dimension>(&self, spectrum: ArrayView<'_, Complex<T>, D>) -> Result<Array<T, D>> {
        let (batch, channels) = check_array("spectrum", spectrum.shape(), &self.spectrum_grid())?;
        let mut shape = spectrum.raw_dim();
        shape[self.grid.len()] = self.rows.points();
        let mut x = vec![T::zero(); shape.size()];
        let mut copy = contiguous(&spectrum.as_standard_layout()).to_vec();
        self.inverse_real_into(batch, channels, &mut copy, &mut x)?;
        from_vec(shape, x)
    }

    /// Spectrum of a complex field, both `[batch, x1, .., xd, channels]`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when the spatial axes are not the plan's.
    pub fn forward_complex<D: Dimension>(
        &self,
        x: ArrayView<'_, Complex<T>, D>,
    ) -> Result<Array<Complex<T>, D>> {
        let (batch, channels) = check_array("x", x.shape(), &self.grid)?;
        let mut data = contiguous(&x.as_standard_layout()).to_vec();
        self.forward_complex_in_place(batch, channels, &mut data)?;
        from_vec(x.raw_dim(), data)
    }

    /// Complex field of a spectrum, both `[batch, x1, .., xd, channels]`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when the spatial axes are not the plan's.
    pub fn inverse_complex<D: Dimension>(
        &self,
        spectrum: ArrayView<'_, Complex<T>, D>,
    ) -> Result<Array<Complex<T>, D>> {
        let (batch, channels) = check_array("spectrum", spectrum.shape(), &self.grid)?;
        let mut data = contiguous(&spectrum.as_standard_layout()).to_vec();
        self.inverse_complex_in_place(batch, channels, &mut data)?;
        from_vec(spectrum.raw_dim(), data)
    }

    /// [`FourierPlan::forward_real`] of row-major slices, without an allocation after the first call.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when a slice has not the length that `batch`, the grid and `channels` give.
    pub fn forward_real_into(
        &self,
        batch: usize,
        channels: usize,
        x: &[T],
        spectrum: &mut [Complex<T>],
    ) -> Result<()> {
        let (points, kept) = self.check_lengths(batch, channels, x.len(), spectrum.len())?;
        let spread = Spread::choose(batch, x.len());
        let samples = x.chunks_exact(points).zip(spectrum.chunks_exact_mut(kept));
        spread.over_samples(samples, |(x, spectrum)| {
            self.forward_rows(channels, x, spectrum, spread);
            self.leading_axes(channels, spectrum, spread, Direction::Forward);
        });
        Ok(())
    }

    /// [`FourierPlan::inverse_real`] of row-major slices, without an allocation after the first call; the spectrum is
    /// used as scratch.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when a slice has not the length that `batch`, the grid and `channels` give.
    pub fn inverse_real_into(
        &self,
        batch: usize,
        channels: usize,
        spectrum: &mut [Complex<T>],
        x: &mut [T],
    ) -> Result<()> {
        let (points, kept) = self.check_lengths(batch, channels, x.len(), spectrum.len())?;
        let spread = Spread::choose(batch, x.len());
        let samples = x.chunks_exact_mut(points).zip(spectrum.chunks_exact_mut(kept));
        spread.over_samples(samples, |(x, spectrum)| {
            self.leading_axes(channels, spectrum, spread, Direction::Inverse);
            self.inverse_rows(channels, spectrum, x, spread);
        });
        Ok(())
    }

    /// [`FourierPlan::forward_complex`] in place, without an allocation after the first call.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when the slice has not the length that `batch`, the grid and `channels` give.
    pub fn forward_complex_in_place(
        &self,
        batch: usize,
        channels: usize,
        data: &mut [Complex<T>],
    ) -> Result<()> {
        self.complex_in_place(batch, channels, data, Direction::Forward)
    }

    /// [`FourierPlan::inverse_complex`] in place, without an allocation after the first call.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when the slice has not the length that `batch`, the grid and `channels` give.
    pub fn inverse_complex_in_place(
        &self,
        batch: usize,
        channels: usize,
        data: &mut [Complex<T>],
    ) -> Result<()> {
        self.complex_in_place(batch, channels, data, Direction::Inverse)
    }

    fn complex_in_place(
        &self,
        batch: usize,
        channels: usize,
        data: &mut [Complex<T>],
        direction: Direction,
    ) -> Result<()> {
        let points = self.grid.iter().product::<usize>() * channels;
        check_length("data", batch, &self.grid, channels, data.len())?;
        let spread = Spread::choose(batch, 2 * data.len());
        spread.over_samples(data.chunks_exact_mut(points), |sample| {
            for axis in (0..self.grid.len()).rev() {
                self.axis(axis, &self.grid, channels, sample, spread, direction);
            }
            if matches!(direction, Direction::Inverse) {
                let scale = T::one() / T::cast(self.grid.iter().product::<usize>() as f64);
                sample.iter_mut().for_each(|z| *z = z.scale(scale));
            }
        });
        Ok(())
    }

    /// The axes before the last one of a real field's spectrum, in place and without normalisation.
    fn leading_axes(
        &self,
        channels: usize,
        spectrum: &mut [Complex<T>],
        spread: Spread,
        direction: Direction,
    ) {
        let grid = self.spectrum_grid();
        for axis in (0..grid.len() - 1).rev() {
            self.axis(axis, &grid, channels, spectrum, spread, direction);
        }
    }

    fn axis(
        &self,
        axis: usize,
        grid: &[usize],
        channels: usize,
        data: &mut [Complex<T>],
        spread: Spread,
        direction: Direction,
    ) {
        let [forward, inverse] = &self.axes[axis];
        let fft = match direction {
            Direction::Forward => forward,
            Direction::Inverse => inverse,
        };
        let shape = around_axis(grid, channels, axis);
        lines::transform_lines(data, shape, spread, &self.line_buffers, |lines, work| {
            fft.process_with_scratch(lines, work);
        });
    }

    fn forward_rows(&self, channels: usize, x: &[T], spectrum: &mut [Complex<T>], spread: Spread) {
        let (n, frequencies) = (self.rows.points(), self.rows.frequencies());
        if channels == 1 {
            let blocks = x.chunks(LANES * n).zip(spectrum.chunks_mut(LANES * frequencies));
            return spread.over_blocks(blocks, |(x, spectrum)| {
                self.row_buffers.with(|b| self.rows.forward_unchecked(x, spectrum, &mut b.scratch));
            });
        }
        let outer = x.len() / (n * channels);
        let from = column_blocks(x, (outer, n, channels));
        let to = column_blocks_mut(spectrum, (outer, frequencies, channels));
        spread.over_blocks(from.zip(to), |(x, spectrum)| {
            self.row_buffers.with(|b| {
                let lines = &mut b.lines[..n * x.ncols()];
                let spectra = &mut b.spectra[..frequencies * x.ncols()];
                lines::gather(x, lines);
                self.rows.forward_unchecked(lines, spectra, &mut b.scratch);
                lines::scatter(spectra, spectrum);
            });
        });
    }

    fn inverse_rows(&self, channels: usize, spectrum: &[Complex<T>], x: &mut [T], spread: Spread) {
        let (n, frequencies) = (self.rows.points(), self.rows.frequencies());
        let scale = T::one() / T::cast(self.grid.iter().product::<usize>() as f64);
        if channels == 1 {
            let blocks = spectrum.chunks(LANES * frequencies).zip(x.chunks_mut(LANES * n));
            return spread.over_blocks(blocks, |(spectrum, x)| {
                self.row_buffers.with(|b| self.rows.inverse_unchecked(spectrum, x, &mut b.scratch));
                x.iter_mut().for_each(|v| *v *= scale);
            });
        }
        let outer = x.len() / (n * channels);
        let from = column_blocks(spectrum, (outer, frequencies, channels));
        let to = column_blocks_mut(x, (outer, n, channels));
        spread.over_blocks(from.zip(to), |(spectrum, x)| {
            self.row_buffers.with(|b| {
                let lines = &mut b.lines[..n * x.ncols()];
                let spectra = &mut b.spectra[..frequencies * x.ncols()];
                lines::gather(spectrum, spectra);
                self.rows.inverse_unchecked(spectra, lines, &mut b.scratch);
                lines.iter_mut().for_each(|v| *v *= scale);
                lines::scatter(lines, x);
            });
        });
    }

    /// Values of one sample of the field and of its spectrum.
    fn check_lengths(
        &self,
        batch: usize,
        channels: usize,
        field: usize,
        spectrum: usize,
    ) -> Result<(usize, usize)> {
        check_length("x", batch, &self.grid, channels, field)?;
        let kept = self.spectrum_grid();
        check_length("spectrum", batch, &kept, channels, spectrum)?;
        Ok((self.grid.iter().product::<usize>() * channels, kept.iter().product::<usize>() * channels))
    }
}

impl<T: Real> fmt::Debug for FourierPlan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FourierPlan").field("grid", &self.grid).finish_non_exhaustive()
    }
}
