//! Derivatives of periodic fields by multiplication in Fourier space, exact for every wave that the grid resolves.
//!
//! A field `[batch, x1, .., xd, channels]` on `n_j` points of spacing `L_j / n_j` (the point `L_j` is the point 0 again) is read as
//! its trigonometric interpolant of least oscillation. On an even number of points the wave n/2 is then a cosine, half of
//! which belongs to each of the wavenumbers `+- pi n / L`: an operator takes the mean of its symbol at both. So odd derivatives
//! of that wave are zero, even ones are not, and the divergence of the gradient differs from the Laplacian in that wave alone.
//!
//! Products of fields alias; the 2/3 rule (Orszag 1971, "On the elimination of aliasing in finite-difference schemes by filtering
//! high-wavenumber components", J. Atmos. Sci. 28) keeps the wavenumbers below n/3, [`DealiasingMask`].

use crate::fourier::FourierPlan;
use crate::scratch::ScratchPool;
use crate::shape::{check_array, check_grid, check_length, contiguous, from_vec};
use ndarray::{Array, ArrayView, Dimension};
use num_complex::Complex;
use sobolev_tensor::{Error, Real, Result};
use std::f64::consts::TAU;

/// Wavenumbers `2 pi k / length` in the order of a complex transform: k = 0, 1, .., -2, -1. For even n the middle one is
/// `-pi n / length`, as in `numpy.fft.fftfreq`.
pub fn wavenumbers(points: usize, length: f64) -> Vec<f64> {
    let signed = |k: usize| if 2 * k < points { k as f64 } else { k as f64 - points as f64 };
    (0..points).map(|k| TAU * signed(k) / length).collect()
}

/// Wavenumbers `2 pi k / length`, k = 0 .. n/2, of a real transform.
pub fn real_wavenumbers(points: usize, length: f64) -> Vec<f64> {
    (0..=points / 2).map(|k| TAU * k as f64 / length).collect()
}

/// The highest wave that the 2/3 rule keeps on `points` points: the largest k with `3 k < n`. A product of two waves up to k
/// reaches 2k and appears at `2k - n < -k`, among those that are left out.
pub fn highest_dealiased(points: usize) -> usize {
    points.saturating_sub(1) / 3
}

/// Differential operators on periodic boxes, planned for one grid.
///
/// ```
/// use ndarray::Array3;
/// use sobolev_fft::derivative::SpectralDerivatives;
/// let (n, length) = (24, 2.0);
/// let operators = SpectralDerivatives::<f64>::new(&[n], &[length])?;
/// let k = 3.0 * std::f64::consts::TAU / length;
/// let x = |i: usize| i as f64 * length / n as f64;
/// let field = Array3::from_shape_fn((1, n, 1), |(_, i, _)| (k * x(i)).sin());
/// let slope = operators.derivative(field.view(), 0, 1)?;
/// assert!(slope.indexed_iter().all(|((_, i, _), v)| (v - k * (k * x(i)).cos()).abs() < 1e-12));
/// # Ok::<(), sobolev_fft::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SpectralDerivatives<T: Real> {
    plan: FourierPlan<T>,
    /// Transforms of one axis alone, for operators that need no more.
    lines: Vec<FourierPlan<T>>,
    lengths: Vec<f64>,
    spectra: ScratchPool<Vec<Complex<T>>>,
}

impl<T: Real> SpectralDerivatives<T> {
    /// Operators for the spatial shape `grid` of a box with edges `lengths`.
    ///
    /// # Errors
    /// [`Error::Shape`] when `grid` has no or more than 3 axes or one is empty, [`Error::Value`] when `lengths` has another number of
    /// entries or one is not positive and finite.
    pub fn new(grid: &[usize], lengths: &[f64]) -> Result<Self> {
        check_grid(grid)?;
        if lengths.len() != grid.len() {
            return Err(Error::value(
                "lengths",
                format!("{} numbers, one an axis", grid.len()),
                lengths.len(),
            ));
        }
        if let Some(length) = lengths.iter().find(|l| !(l.is_finite() && **l > 0.0)) {
            return Err(Error::value("lengths", "positive finite numbers", length));
        }
        Ok(Self {
            plan: FourierPlan::new(grid)?,
            lines: grid.iter().map(|n| FourierPlan::new(&[*n])).collect::<Result<_>>()?,
            lengths: lengths.to_vec(),
            spectra: ScratchPool::new(Vec::new),
        })
    }

    /// The spatial shape.
    pub fn grid(&self) -> &[usize] {
        self.plan.grid()
    }

    /// The edges of the box.
    pub fn lengths(&self) -> &[f64] {
        &self.lengths
    }

    /// The derivative of some order along one spatial axis (0 is the first), same shape. Order 0 gives the field back.
    ///
    /// # Errors
    /// [`Error::Shape`] when the spatial axes are not the grid's, [`Error::Value`] when there is no such axis.
    pub fn derivative<D: Dimension>(
        &self,
        x: ArrayView<'_, T, D>,
        axis: usize,
        order: u32,
    ) -> Result<Array<T, D>> {
        let (batch, channels) = check_array("x", x.shape(), self.grid())?;
        let mut result = vec![T::zero(); x.len()];
        let x_values = x.as_standard_layout();
        self.derivative_into(batch, channels, axis, order, contiguous(&x_values), &mut result)?;
        from_vec(x.raw_dim(), result)
    }

    /// [`SpectralDerivatives::derivative`] of row-major slices.
    ///
    /// # Errors
    /// [`Error::Shape`] when a slice has not the length that `batch`, the grid and `channels` give, [`Error::Value`] when there
    /// is no such axis.
    pub fn derivative_into(
        &self,
        batch: usize,
        channels: usize,
        axis: usize,
        order: u32,
        x: &[T],
        result: &mut [T],
    ) -> Result<()> {
        let grid = self.grid();
        if axis >= grid.len() {
            return Err(Error::value("axis", format!("less than {}", grid.len()), axis));
        }
        check_length("x", batch, grid, channels, x.len())?;
        check_length("result", batch, grid, channels, result.len())?;
        // What lies before the axis joins the batch, what lies behind it joins the channels.
        let outer = batch * grid[..axis].iter().product::<usize>();
        let inner = grid[axis + 1..].iter().product::<usize>() * channels;
        let symbol = symbols(&grid[axis..=axis], &self.lengths[axis..=axis], |k| power(k[0], order));
        self.multiply_by(&self.lines[axis], &symbol, outer, inner, x, result)
    }

    /// The partial derivative of order `orders[j]` along each axis j, same shape.
    ///
    /// # Errors
    /// [`Error::Shape`] when the spatial axes are not the grid's, [`Error::Value`] when `orders` has not one entry for each axis.
    pub fn mixed<D: Dimension>(&self, x: ArrayView<'_, T, D>, orders: &[u32]) -> Result<Array<T, D>> {
        if orders.len() != self.grid().len() {
            let expected = format!("{} numbers, one an axis", self.grid().len());
            return Err(Error::value("orders", expected, orders.len()));
        }
        self.multiply(x, |k| k.iter().zip(orders).map(|(k, order)| power(*k, *order)).product())
    }

    /// All first derivatives `[batch, x1, .., xd, channels * d]`; those of channel c stand at `c d .. c d + d`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the spatial axes are not the grid's.
    pub fn gradient<D: Dimension>(&self, x: ArrayView<'_, T, D>) -> Result<Array<T, D>> {
        let (batch, channels) = check_array("x", x.shape(), self.grid())?;
        let dimensions = self.grid().len();
        let standard = x.as_standard_layout();
        let mut slope = vec![T::zero(); x.len()];
        let mut result = vec![T::zero(); x.len() * dimensions];
        for axis in 0..dimensions {
            self.derivative_into(batch, channels, axis, 1, contiguous(&standard), &mut slope)?;
            for (to, value) in result[axis..].iter_mut().step_by(dimensions).zip(&slope) {
                *to = *value;
            }
        }
        let mut shape = x.raw_dim();
        shape[dimensions + 1] = channels * dimensions;
        from_vec(shape, result)
    }

    /// The Laplacian, same shape.
    ///
    /// # Errors
    /// [`Error::Shape`] when the spatial axes are not the grid's.
    pub fn laplacian<D: Dimension>(&self, x: ArrayView<'_, T, D>) -> Result<Array<T, D>> {
        self.multiply(x, |k| Complex::new(-square(k), 0.0))
    }

    /// The field of mean zero whose Laplacian is `x` less its mean (which no Laplacian has), same shape.
    ///
    /// # Errors
    /// [`Error::Shape`] when the spatial axes are not the grid's.
    pub fn inverse_laplacian<D: Dimension>(&self, x: ArrayView<'_, T, D>) -> Result<Array<T, D>> {
        self.multiply(x, |k| {
            let square = square(k);
            Complex::new(if square == 0.0 { 0.0 } else { -1.0 / square }, 0.0)
        })
    }

    /// The operator with a symbol: the wave `exp(i k.x)` is multiplied by `symbol(k)`, k the d wavenumbers. Real fields stay real
    /// when `symbol(-k)` is the conjugate of `symbol(k)`; a part that breaks this is dropped.
    ///
    /// # Errors
    /// [`Error::Shape`] when the spatial axes are not the grid's.
    pub fn multiply<D: Dimension>(
        &self,
        x: ArrayView<'_, T, D>,
        symbol: impl Fn(&[f64]) -> Complex<f64>,
    ) -> Result<Array<T, D>> {
        let (batch, channels) = check_array("x", x.shape(), self.grid())?;
        let symbol = symbols(self.grid(), &self.lengths, symbol);
        let mut result = vec![T::zero(); x.len()];
        let x_values = x.as_standard_layout();
        self.multiply_by(&self.plan, &symbol, batch, channels, contiguous(&x_values), &mut result)?;
        from_vec(x.raw_dim(), result)
    }

    fn multiply_by(
        &self,
        plan: &FourierPlan<T>,
        symbol: &[Complex<T>],
        batch: usize,
        channels: usize,
        x: &[T],
        result: &mut [T],
    ) -> Result<()> {
        self.spectra.with(|spectrum| {
            spectrum.resize(batch * symbol.len() * channels, Complex::default());
            plan.forward_real_into(batch, channels, x, spectrum)?;
            for (wave, factor) in spectrum.chunks_exact_mut(channels).zip(symbol.iter().cycle()) {
                wave.iter_mut().for_each(|z| *z *= *factor);
            }
            plan.inverse_real_into(batch, channels, spectrum, result)
        })
    }
}

/// `(i k)^order`
fn power(k: f64, order: u32) -> Complex<f64> {
    // Whole turns by quarters, so that the real or imaginary part that is zero is zero to the bit.
    let size = k.powi(order as i32);
    match order % 4 {
        0 => Complex::new(size, 0.0),
        1 => Complex::new(0.0, size),
        2 => Complex::new(-size, 0.0),
        _ => Complex::new(0.0, -size),
    }
}

fn square(k: &[f64]) -> f64 {
    k.iter().map(|k| k * k).sum()
}

/// The symbol at the waves `[n1, .., nd/2 + 1]` of a real transform; where a wave stands for both signs of a wavenumber, the mean.
fn symbols<T: Real>(
    grid: &[usize],
    lengths: &[f64],
    symbol: impl Fn(&[f64]) -> Complex<f64>,
) -> Vec<Complex<T>> {
    let last = grid.len() - 1;
    let axes: Vec<Vec<f64>> =
        (0..grid.len())
            .map(|a| {
                if a == last {
                    real_wavenumbers(grid[a], lengths[a])
                } else {
                    wavenumbers(grid[a], lengths[a])
                }
            })
            .collect();
    let count = axes.iter().map(Vec::len).product();
    let mut index = vec![0; grid.len()];
    let mut waves = Vec::with_capacity(count);
    for _ in 0..count {
        let k: Vec<f64> = index.iter().zip(&axes).map(|(i, axis)| axis[*i]).collect();
        let middle: Vec<usize> = (0..grid.len()).filter(|&a| 2 * index[a] == grid[a]).collect();
        let sum: Complex<f64> = (0..1_usize << middle.len())
            .map(|signs| {
                let mut k = k.clone();
                for (bit, &axis) in middle.iter().enumerate() {
                    if signs >> bit & 1 == 1 {
                        k[axis] = -k[axis];
                    }
                }
                symbol(&k)
            })
            .sum();
        let mean = sum / (1_usize << middle.len()) as f64;
        waves.push(Complex::new(T::cast(mean.re), T::cast(mean.im)));
        for axis in (0..grid.len()).rev() {
            index[axis] += 1;
            if index[axis] < axes[axis].len() {
                break;
            }
            index[axis] = 0;
        }
    }
    waves
}

/// The waves `[n1, .., nd/2 + 1]` of a real transform that the 2/3 rule keeps: `3 |k_j| < n_j` on every axis.
#[derive(Debug, Clone)]
pub struct DealiasingMask {
    keep: Vec<bool>,
}

impl DealiasingMask {
    /// The mask for the spatial shape `grid`.
    ///
    /// # Errors
    /// [`Error::Shape`] when `grid` has no or more than 3 axes or one is empty.
    pub fn new(grid: &[usize]) -> Result<Self> {
        check_grid(grid)?;
        let mut keep = vec![true];
        for (axis, &points) in grid.iter().enumerate() {
            let waves = if axis + 1 == grid.len() { points / 2 + 1 } else { points };
            let kept = |k: usize| k.min(points - k) <= highest_dealiased(points);
            keep = keep.iter().flat_map(|outer| (0..waves).map(move |k| *outer && kept(k))).collect();
        }
        Ok(Self { keep })
    }

    /// Whether each wave is kept, in the order of the spectrum.
    pub fn keep(&self) -> &[bool] {
        &self.keep
    }

    /// Sets the other waves of a spectrum `[batch, n1, .., nd/2 + 1, channels]` to zero.
    ///
    /// # Errors
    /// [`Error::Shape`] when `spectrum` holds no whole number of samples.
    pub fn apply<T: Real>(&self, channels: usize, spectrum: &mut [Complex<T>]) -> Result<()> {
        if channels == 0 || !spectrum.len().is_multiple_of(self.keep.len() * channels) {
            let expected = format!("[batch * {} * {channels}]", self.keep.len());
            return Err(Error::shape("spectrum", expected, &[spectrum.len()]));
        }
        for (wave, keep) in spectrum.chunks_exact_mut(channels).zip(self.keep.iter().cycle()) {
            if !keep {
                wave.fill(Complex::default());
            }
        }
        Ok(())
    }
}
