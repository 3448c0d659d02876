//! Real and complex numbers that stencils may hold.

use ndarray::ArrayViewD;
use num_complex::Complex64;
use sobolev_tensor::linalg::SparseNumber;
use sobolev_tensor::{Error, Result};
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A number of a stencil: `f64` or [`Complex64`].
pub trait Scalar:
    SparseNumber
    + Copy
    + Default
    + Debug
    + Display
    + PartialEq
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + Sum
    + 'static
{
    /// Whether there is an imaginary part.
    const IS_COMPLEX: bool;

    /// The number with the given real part.
    fn from_real(value: f64) -> Self;

    /// The real part.
    fn real(self) -> f64;

    /// The complex conjugate.
    fn conjugate(self) -> Self;

    /// `|x|^2`.
    fn squared(self) -> f64;

    /// The product with a real number.
    fn scaled(self, factor: f64) -> Self;

    /// `|x|`.
    fn modulus(self) -> f64 {
        self.squared().sqrt()
    }
}

impl Scalar for f64 {
    const IS_COMPLEX: bool = false;

    #[inline(always)]
    fn from_real(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn real(self) -> f64 {
        self
    }
    #[inline(always)]
    fn conjugate(self) -> Self {
        self
    }
    #[inline(always)]
    fn squared(self) -> f64 {
        self * self
    }
    #[inline(always)]
    fn scaled(self, factor: f64) -> Self {
        self * factor
    }
    fn modulus(self) -> f64 {
        self.abs()
    }
}

impl Scalar for Complex64 {
    const IS_COMPLEX: bool = true;

    #[inline(always)]
    fn from_real(value: f64) -> Self {
        Self::new(value, 0.0)
    }
    #[inline(always)]
    fn real(self) -> f64 {
        self.re
    }
    #[inline(always)]
    fn conjugate(self) -> Self {
        self.conj()
    }
    #[inline(always)]
    fn squared(self) -> f64 {
        self.norm_sqr()
    }
    #[inline(always)]
    fn scaled(self, factor: f64) -> Self {
        Self::new(self.re * factor, self.im * factor)
    }
}

/// Checks that all values of an array are finite.
pub(crate) fn check_finite<S: Scalar>(argument: &str, values: &ArrayViewD<'_, S>) -> Result<()> {
    match values.indexed_iter().find(|(_, value)| !value.all_finite()) {
        None => Ok(()),
        Some((index, value)) => {
            let index = ndarray::Dimension::slice(&index).to_vec();
            Err(Error::NonFinite { argument: argument.to_string(), index, value: value.wrong_part() })
        }
    }
}
