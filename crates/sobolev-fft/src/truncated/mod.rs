//! Truncated Fourier transforms over 1 to 3 axes: the few modes that a spectral convolution keeps.

mod samples;

use crate::axis::{ComplexAxis, Form, Normalisation, RealAxis};
use crate::lines::Spread;
use crate::recipe::TransformPlan;
use crate::shape::check_length;
use rayon::prelude::*;
use samples::Job;
use sobolev_tensor::{Accumulate, Pool, Real, Result};

/// Truncated transform of `[batch, x1, .., xd, c]`, real, to `[batch, 2 m1, .., 2 m(d-1), md, 2c]`.
///
/// A leading axis keeps the modes 0 .. m-1, -m .. -1 in this order, the last spatial axis 0 .. m-1. The last axis of the
/// coefficients holds c real parts and then c imaginary parts. Forward transforms are plain sums, inverse ones divide by the
/// number of points, like `rfftn` and `irfftn` with all other modes zero: a mode of the last axis stands for its mirror image
/// too, except mode 0 and, for even n, n/2, whose imaginary parts (after the inverse over the leading axes) are ignored.
///
/// [`TruncatedFourier::forward_adjoint`] and [`TruncatedFourier::inverse_adjoint`] are the transposes with respect to the real
/// inner product over all stored numbers. Work is spread over the batch, or within a sample when the batch is smaller than
/// the number of threads; the bits of a sample depend neither on that nor on the rest of the batch. Buffers are kept.
///
/// A layer that fuses the last axis with other work calls [`TruncatedFourier::last_axis`] on its rows and
/// [`TruncatedFourier::leading_forward`] or its siblings on their modes.
///
/// ```
/// use sobolev_fft::TruncatedFourier;
/// use sobolev_tensor::Accumulate;
/// let (batch, channels) = (2, 3);
/// let transform = TruncatedFourier::<f64>::new(&[16, 9], &[4, 3])?;
/// let x: Vec<f64> = (0..batch * 16 * 9 * channels).map(|i| (i % 7) as f64).collect();
/// let mut modes = vec![0.0; batch * 8 * 3 * 2 * channels];
/// transform.forward(batch, channels, &x, &mut modes)?;
/// let mean = x.iter().step_by(channels).take(16 * 9).sum::<f64>();
/// assert!((modes[0] - mean).abs() < 1e-10);
/// let mut smooth = vec![0.0; x.len()];
/// transform.inverse(batch, channels, &modes, &mut smooth, Accumulate::Replace)?;
/// # Ok::<(), sobolev_fft::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TruncatedFourier<T: Real> {
    grid: Vec<usize>,
    modes: Vec<usize>,
    leading: Vec<ComplexAxis<T>>,
    last: RealAxis<T>,
    pool: Pool,
}

impl<T: Real> TruncatedFourier<T> {
    /// The transform of `grid` that keeps `modes`, in the form that the cost model holds for the fastest at 32 channels.
    ///
    /// # Errors
    /// As [`TransformPlan::choose`].
    pub fn new(grid: &[usize], modes: &[usize]) -> Result<Self> {
        TransformPlan::choose::<T>(grid, modes, 32)?.build()
    }

    pub(crate) fn from_forms(grid: &[usize], modes: &[usize], forms: &[Form]) -> Result<Self> {
        let last = grid.len() - 1;
        let leading = (0..last).map(|a| ComplexAxis::with_form(grid[a], modes[a], forms[a]));
        Ok(Self {
            grid: grid.to_vec(),
            modes: modes.to_vec(),
            leading: leading.collect::<Result<_>>()?,
            last: RealAxis::with_form(grid[last], modes[last], forms[last])?,
            pool: Pool::new(),
        })
    }

    /// The spatial shape.
    pub fn grid(&self) -> &[usize] {
        &self.grid
    }

    /// The modes m1 .. md.
    pub fn modes(&self) -> &[usize] {
        &self.modes
    }

    /// The shape of the kept modes: `[2 m1, .., 2 m(d-1), md]`.
    pub fn mode_grid(&self) -> Vec<usize> {
        let mut grid: Vec<usize> = self.modes.iter().map(|m| 2 * m).collect();
        if let Some(last) = grid.last_mut() {
            *last /= 2;
        }
        grid
    }

    /// How each axis is computed.
    pub fn forms(&self) -> Vec<Form> {
        self.leading.iter().map(ComplexAxis::form).chain([self.last.form()]).collect()
    }

    /// The transform of the rows of the last spatial axis.
    pub fn last_axis(&self) -> &RealAxis<T> {
        &self.last
    }

    /// Rows of the last spatial axis in a sample: n1 .. n(d-1).
    pub fn rows(&self) -> usize {
        self.grid[..self.grid.len() - 1].iter().product()
    }

    /// Modes `y` `[batch, 2 m1, .., md, 2c]` of `x` `[batch, x1, .., xd, c]`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when a slice has not the length that `batch`, the transform and `channels` give.
    pub fn forward(&self, batch: usize, channels: usize, x: &[T], y: &mut [T]) -> Result<()> {
        self.analyse(Normalisation::Forward, batch, channels, x, y)
    }

    /// `x` `[batch, x1, .., xd, c]`, written or added to, of the modes `y` `[batch, 2 m1, .., md, 2c]`.
    ///
    /// # Errors
    /// As [`TruncatedFourier::forward`].
    pub fn inverse(
        &self,
        batch: usize,
        channels: usize,
        y: &[T],
        x: &mut [T],
        accumulate: Accumulate,
    ) -> Result<()> {
        self.synthesise(Normalisation::Inverse, batch, channels, y, x, accumulate)
    }

    /// Transpose of [`TruncatedFourier::forward`]: `[batch, 2 m1, .., md, 2c]` to `[batch, x1, .., xd, c]`, written or added to.
    ///
    /// # Errors
    /// As [`TruncatedFourier::forward`].
    pub fn forward_adjoint(
        &self,
        batch: usize,
        channels: usize,
        y: &[T],
        x: &mut [T],
        accumulate: Accumulate,
    ) -> Result<()> {
        self.synthesise(Normalisation::Forward, batch, channels, y, x, accumulate)
    }

    /// Transpose of [`TruncatedFourier::inverse`]: `[batch, x1, .., xd, c]` to `[batch, 2 m1, .., md, 2c]`.
    ///
    /// # Errors
    /// As [`TruncatedFourier::forward`].
    pub fn inverse_adjoint(&self, batch: usize, channels: usize, x: &[T], y: &mut [T]) -> Result<()> {
        self.analyse(Normalisation::Inverse, batch, channels, x, y)
    }

    /// Values of scratch that [`TruncatedFourier::leading_forward`] and its siblings need.
    pub fn leading_scratch_len(&self, channels: usize) -> usize {
        let axes = self.leading.iter().map(|axis| axis.scratch_len(channels)).max().unwrap_or(0);
        self.between_len(channels) + axes
    }

    /// The transform over all axes but the last of one sample: `rows` `[n1, .., n(d-1), md, 2c]`, modes of the last axis, to
    /// `y` `[2 m1, .., md, 2c]`. Serial.
    ///
    /// # Panics
    /// When a slice has another length, or `scratch` is shorter than [`TruncatedFourier::leading_scratch_len`].
    pub fn leading_forward(&self, channels: usize, rows: &[T], y: &mut [T], scratch: &mut [T]) {
        self.leading_analyse(Normalisation::Forward, channels, rows, y, scratch);
    }

    /// The inverse over all axes but the last of one sample, to modes of the last axis. Serial.
    ///
    /// # Panics
    /// As [`TruncatedFourier::leading_forward`].
    pub fn leading_inverse(&self, channels: usize, y: &[T], rows: &mut [T], scratch: &mut [T]) {
        self.leading_synthesise(Normalisation::Inverse, channels, y, rows, scratch);
    }

    /// Transpose of [`TruncatedFourier::leading_forward`]. Serial.
    ///
    /// # Panics
    /// As [`TruncatedFourier::leading_forward`].
    pub fn leading_forward_adjoint(&self, channels: usize, y: &[T], rows: &mut [T], scratch: &mut [T]) {
        self.leading_synthesise(Normalisation::Forward, channels, y, rows, scratch);
    }

    /// Transpose of [`TruncatedFourier::leading_inverse`]. Serial.
    ///
    /// # Panics
    /// As [`TruncatedFourier::leading_forward`].
    pub fn leading_inverse_adjoint(&self, channels: usize, rows: &[T], y: &mut [T], scratch: &mut [T]) {
        self.leading_analyse(Normalisation::Inverse, channels, rows, y, scratch);
    }

    /// Values of a row of the last axis' modes.
    fn row(&self, channels: usize) -> usize {
        self.last.modes() * 2 * channels
    }

    /// Values between the two leading axes of a 3-D sample, `[n1, 2 m2, m3, 2c]`.
    fn between_len(&self, channels: usize) -> usize {
        match self.leading.as_slice() {
            [_, second] => self.grid[0] * 2 * second.modes() * self.row(channels),
            _ => 0,
        }
    }

    fn leading_analyse(
        &self,
        normalisation: Normalisation,
        channels: usize,
        rows: &[T],
        y: &mut [T],
        scratch: &mut [T],
    ) {
        match self.leading.as_slice() {
            [] => y.copy_from_slice(rows),
            [first] => first.analyse(normalisation, channels, rows, y, scratch),
            [first, second, ..] => {
                let (between, scratch) = scratch.split_at_mut(self.between_len(channels));
                let slab = rows.len() / first.points();
                let to = between.len() / first.points();
                for (rows, between) in rows.chunks_exact(slab).zip(between.chunks_exact_mut(to)) {
                    second.analyse(normalisation, channels, rows, between, scratch);
                }
                first.analyse(normalisation, channels, between, y, scratch);
            }
        }
    }

    fn leading_synthesise(
        &self,
        normalisation: Normalisation,
        channels: usize,
        y: &[T],
        rows: &mut [T],
        scratch: &mut [T],
    ) {
        match self.leading.as_slice() {
            [] => rows.copy_from_slice(y),
            [first] => first.synthesise(normalisation, channels, y, rows, scratch),
            [first, second, ..] => {
                let (between, scratch) = scratch.split_at_mut(self.between_len(channels));
                let slab = rows.len() / first.points();
                let from = between.len() / first.points();
                first.synthesise(normalisation, channels, y, between, scratch);
                for (rows, between) in rows.chunks_exact_mut(slab).zip(between.chunks_exact(from)) {
                    second.synthesise(normalisation, channels, between, rows, scratch);
                }
            }
        }
    }

    fn analyse(
        &self,
        normalisation: Normalisation,
        batch: usize,
        channels: usize,
        x: &[T],
        y: &mut [T],
    ) -> Result<()> {
        let (points, modes) = self.check(batch, channels, x, y)?;
        let job = Job::new(self, normalisation, channels);
        let samples = x.chunks_exact(points).zip(y.chunks_exact_mut(modes));
        match Spread::choose(batch, x.len()) {
            Spread::Samples => {
                let samples = x.par_chunks_exact(points).zip(y.par_chunks_exact_mut(modes));
                samples.for_each_init(|| job.buffers(), |buffers, (x, y)| job.analyse(x, y, buffers));
            }
            Spread::Blocks => samples.for_each(|(x, y)| job.analyse_in_parallel(x, y)),
            Spread::None => {
                let mut buffers = job.buffers();
                samples.for_each(|(x, y)| job.analyse(x, y, &mut buffers));
            }
        }
        Ok(())
    }

    fn synthesise(
        &self,
        normalisation: Normalisation,
        batch: usize,
        channels: usize,
        y: &[T],
        x: &mut [T],
        accumulate: Accumulate,
    ) -> Result<()> {
        let (points, modes) = self.check(batch, channels, x, y)?;
        let job = Job::new(self, normalisation, channels);
        let samples = x.chunks_exact_mut(points).zip(y.chunks_exact(modes));
        match Spread::choose(batch, samples.len() * points) {
            Spread::Samples => {
                let samples = x.par_chunks_exact_mut(points).zip(y.par_chunks_exact(modes));
                samples.for_each_init(
                    || job.buffers(),
                    |buffers, (x, y)| job.synthesise(y, x, accumulate, buffers),
                );
            }
            Spread::Blocks => samples.for_each(|(x, y)| job.synthesise_in_parallel(y, x, accumulate)),
            Spread::None => {
                let mut buffers = job.buffers();
                samples.for_each(|(x, y)| job.synthesise(y, x, accumulate, &mut buffers));
            }
        }
        Ok(())
    }

    /// Values of one sample in space and in modes.
    fn check(&self, batch: usize, channels: usize, x: &[T], y: &[T]) -> Result<(usize, usize)> {
        check_length("x", batch, &self.grid, channels, x.len())?;
        let kept = self.mode_grid();
        check_length("modes", batch, &kept, 2 * channels, y.len())?;
        let points = self.grid.iter().product::<usize>() * channels;
        Ok((points, kept.iter().product::<usize>() * 2 * channels))
    }
}
