//! Fourier transforms of many neighbouring columns at once, for the inner loops of solvers.
//!
//! One number of each of a few columns makes a vector, so that a transform along the rows is the scalar algorithm with vectors
//! in place of numbers: no shuffles, and any row may lie anywhere. Rows hold split complex numbers: the real parts of all columns,
//! then the imaginary parts. What a list of rows leaves out costs nothing to store: waves that a dealiasing rule removes.
//!
//! Algorithm: Stockham's self-sorting transform with radices 8, 4, 2 and odd ones (Van Loan 1992, "Computational frameworks
//! for the fast Fourier transform", section 1.7); real columns of even length as complex ones of half the length. Every column
//! is computed by the same operations whatever its neighbours are.
//!
//! Transforms are plain sums in both directions: `X_k = sum_j x_j exp(-+ 2 pi i j k / n)`. Whoever applies both divides by n.

mod complex;
mod kernel;
mod real;
mod rows;
mod scratch;
mod single;
#[cfg(test)]
mod tests;
mod transpose;

pub use complex::ColumnFourier;
pub use real::RealColumnFourier;
pub use rows::Rows;
pub use scratch::ColumnScratch;
pub use single::SingleFourier;
pub use transpose::{to_columns, to_rows};

/// Columns that are transformed together; arrays have a multiple of as many.
pub const fn lanes<T>() -> usize {
    32 / size_of::<T>()
}
