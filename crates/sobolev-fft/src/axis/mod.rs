//! Truncated Fourier transforms of one axis: few modes of many points, the building blocks of spectral convolutions.
//!
//! [`RealAxis`] takes real points to the modes 0 .. m-1, [`ComplexAxis`] takes complex points to the 2m modes 0 .. m-1,
//! -m .. -1 (in this order, as the original FNO scripts keep them). Forward transforms are plain sums, inverse ones divide by n.
//! A complex row holds the real parts of all channels, then the imaginary parts: `[c real, c imaginary]`, so that a product
//! with a complex number per mode is a real product of width 2c.
//!
//! Each axis has two forms that agree to rounding ([`Form`]): products with cosine and sine matrices, folded by the even/odd
//! symmetry of the points, which cost a half (real axis) or a quarter (complex axis) of the plain products; and a full FFT of
//! which the modes are picked.
//!
//! The four operations are the transform, its inverse, and the transposes of both with respect to the real inner product
//! `<a, b> = sum a_i b_i` over all stored numbers, which is what reverse-mode differentiation needs. Work buffers come from the
//! caller: `scratch_len` values of any content.

mod complex;
mod fft;
mod kernel;
mod real;
mod tables;

pub(crate) use complex::Columns;
pub use complex::ComplexAxis;
pub use real::RealAxis;

/// How a truncated axis is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Products with folded cosine and sine matrices: the faster one for few modes.
    Matrix,
    /// Full FFT of each line.
    Fft,
}

/// The factor of the transform: none, or that of the inverse (1/n, and 2/n for modes that stand for two). An operation and
/// its transpose have the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Normalisation {
    /// Of the forward transform and its transpose.
    Forward,
    /// Of the inverse transform and its transpose.
    Inverse,
}

#[cold]
#[inline(never)]
fn wrong_length(what: &str, expected: usize, got: usize) -> ! {
    panic!("{what}: expected {expected}, got {got}")
}

/// Kernels panic on wrong lengths, as slices do; the plans above them check with errors.
#[inline]
fn check_channels(channels: usize) {
    if channels == 0 {
        wrong_length("channels", 1, channels);
    }
}

#[inline]
fn check_len<T>(what: &str, values: &[T], expected: usize) {
    if values.len() != expected {
        wrong_length(what, expected, values.len());
    }
}

#[inline]
fn check_scratch<T>(scratch: &[T], expected: usize) {
    if scratch.len() < expected {
        wrong_length("scratch", expected, scratch.len());
    }
}
