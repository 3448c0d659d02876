//! The truncated Fourier transform of one grid, cut so that a layer can fuse its last axis with other work on the rows.

use sobolev_fft::axis::{ComplexAxis, RealAxis};
use sobolev_tensor::{Error, Pool, Real, Result};

/// Tables for one grid.
#[derive(Debug)]
pub(crate) struct Transform<T: Real> {
    /// The last axis; `rows` of it make a sample.
    pub(super) real: RealAxis<T>,
    /// All axes before it.
    leading: Vec<ComplexAxis<T>>,
    /// Lines along the last axis in a sample.
    pub(super) rows: usize,
    /// Kept modes in a sample.
    pub(super) modes: usize,
}

/// One of the two directions along the leading axes, or its transpose.
type AxisStep<T> = fn(&ComplexAxis<T>, usize, &[T], &mut [T], &mut [T]);

impl<T: Real> Transform<T> {
    /// Tables for the grid `grid` and the modes `modes` of each axis (as many of each sign on all axes but the last).
    ///
    /// # Errors
    /// [`Error::Value`] when the grid is smaller than the modes need.
    pub(crate) fn new(grid: &[usize], modes: &[usize]) -> Result<Self> {
        let named = |axis: usize, error: Error| match error {
            Error::Value { expected, got, hint, .. } => Error::Value {
                argument: format!("modes of axis {} on the grid {grid:?}", axis + 1),
                expected,
                got,
                hint,
            },
            other => other,
        };
        let last = grid.len() - 1;
        let leading = (0..last)
            .map(|axis| ComplexAxis::new(grid[axis], modes[axis]).map_err(|error| named(axis, error)))
            .collect::<Result<Vec<_>>>()?;
        let real = RealAxis::new(grid[last], modes[last]).map_err(|error| named(last, error))?;
        Ok(Self {
            rows: grid[..last].iter().product(),
            modes: leading.iter().map(|axis| 2 * axis.modes()).product::<usize>() * real.modes(),
            real,
            leading,
        })
    }

    /// Rows of one sample after the last axis, `[rows, m_d, 2c]`, to its modes, `[2 m_1, .., m_d, 2c]`.
    pub(super) fn leading_forward(&self, pool: &Pool, channels: usize, rows: &[T], modes: &mut [T]) {
        self.analyse(pool, channels, rows, modes, ComplexAxis::forward);
    }

    /// Transpose of [`Transform::leading_inverse`].
    pub(super) fn leading_inverse_adjoint(&self, pool: &Pool, channels: usize, rows: &[T], modes: &mut [T]) {
        self.analyse(pool, channels, rows, modes, ComplexAxis::inverse_adjoint);
    }

    /// Modes of one sample to the rows before the last axis.
    pub(super) fn leading_inverse(&self, pool: &Pool, channels: usize, modes: &[T], rows: &mut [T]) {
        self.synthesise(pool, channels, modes, rows, ComplexAxis::inverse);
    }

    /// Transpose of [`Transform::leading_forward`].
    pub(super) fn leading_forward_adjoint(&self, pool: &Pool, channels: usize, modes: &[T], rows: &mut [T]) {
        self.synthesise(pool, channels, modes, rows, ComplexAxis::forward_adjoint);
    }

    /// From points to modes, the innermost leading axis first, so that every later axis has fewer values to carry.
    fn analyse(&self, pool: &Pool, channels: usize, rows: &[T], modes: &mut [T], step: AxisStep<T>) {
        let Some((outermost, inner)) = self.leading.split_first() else {
            modes.copy_from_slice(rows);
            return;
        };
        let mut length = self.real.modes() * 2 * channels;
        let mut outer = self.rows;
        let mut current = None;
        for axis in inner.iter().rev() {
            outer /= axis.points();
            let mut next = pool.take::<T>(outer * 2 * axis.modes() * length);
            let mut scratch = pool.take::<T>(axis.scratch_len(channels));
            let from = current.as_ref().map_or(rows, |buffer: &sobolev_tensor::Buffer<T>| buffer.as_slice());
            let blocks = from.chunks_exact(axis.points() * length);
            for (x, y) in blocks.zip(next.as_mut_slice().chunks_exact_mut(2 * axis.modes() * length)) {
                step(axis, channels, x, y, scratch.as_mut_slice());
            }
            length *= 2 * axis.modes();
            current = Some(next);
        }
        let from = current.as_ref().map_or(rows, |buffer| buffer.as_slice());
        let mut scratch = pool.take::<T>(outermost.scratch_len(channels));
        step(outermost, channels, from, modes, scratch.as_mut_slice());
    }

    /// From modes to points, in the opposite order.
    fn synthesise(&self, pool: &Pool, channels: usize, modes: &[T], rows: &mut [T], step: AxisStep<T>) {
        let Some((innermost, outer_axes)) = self.leading.split_last() else {
            rows.copy_from_slice(modes);
            return;
        };
        let mut length = modes.len();
        let mut outer = 1;
        let mut current = None;
        for axis in outer_axes {
            length /= 2 * axis.modes();
            let mut next = pool.take::<T>(outer * axis.points() * length);
            let mut scratch = pool.take::<T>(axis.scratch_len(channels));
            let from = current.as_ref().map_or(modes, |buffer: &sobolev_tensor::Buffer<T>| buffer.as_slice());
            let blocks = from.chunks_exact(2 * axis.modes() * length);
            for (y, x) in blocks.zip(next.as_mut_slice().chunks_exact_mut(axis.points() * length)) {
                step(axis, channels, y, x, scratch.as_mut_slice());
            }
            outer *= axis.points();
            current = Some(next);
        }
        length /= 2 * innermost.modes();
        let from = current.as_ref().map_or(modes, |buffer| buffer.as_slice());
        let mut scratch = pool.take::<T>(innermost.scratch_len(channels));
        let blocks = from.chunks_exact(2 * innermost.modes() * length);
        for (y, x) in blocks.zip(rows.chunks_exact_mut(innermost.points() * length)) {
            step(innermost, channels, y, x, scratch.as_mut_slice());
        }
    }
}
