//! Fourier, sine and cosine transforms of arrays `[batch, x1, .., xd, channels]`, d = 1, 2 or 3, in f32 and f64: whole spectra for
//! solvers and measures, and the few modes that a neural operator keeps.
//!
//! ```
//! use ndarray::Array4;
//! use sobolev_fft::{FourierPlan, TruncatedFourier, derivative::SpectralDerivatives};
//! let field = Array4::from_shape_fn((1, 32, 48, 1), |(_, i, j, _)| ((i + 2 * j) as f64 * 0.3).sin());
//! // All waves, as numpy.fft.rfft2 over the spatial axes.
//! let spectrum = FourierPlan::<f64>::new(&[32, 48])?.forward_real(field.view())?;
//! assert_eq!(spectrum.shape(), [1, 32, 25, 1]);
//! // The modes -6 .. 5 of the first axis and 0 .. 4 of the last one: real parts, then imaginary parts of the channels.
//! let mut modes = vec![0.0; 12 * 5 * 2];
//! TruncatedFourier::<f64>::new(&[32, 48], &[6, 5])?.forward(1, 1, field.as_slice().unwrap(), &mut modes)?;
//! assert!((modes[(11 * 5 + 3) * 2] - spectrum[[0, 31, 3, 0]].re).abs() < 1e-10);
//! // On a periodic box with edges 1 and 1.5.
//! let slopes = SpectralDerivatives::<f64>::new(&[32, 48], &[1.0, 1.5])?.gradient(field.view())?;
//! assert_eq!(slopes.shape(), [1, 32, 48, 2]);
//! # Ok::<(), sobolev_fft::Error>(())
//! ```
//!
//! # What is where
//!
//! | you have | use |
//! |---|---|
//! | fields on a periodic grid, and want all waves | [`FourierPlan`] |
//! | contiguous rows in an inner loop | [`RowFourier`] |
//! | fields with zero value or zero slope at the walls, in part or all around | [`SineCosinePlan`] |
//! | a spectral convolution with few modes | [`TruncatedFourier`] ([`TransformPlan`] shows how it computes) |
//! | the same, fused with other work row by row | [`axis`] |
//! | derivatives, gradient, Laplacian and its inverse, the 2/3 rule | [`derivative`] |
//!
//! # Conventions
//!
//! - **Channels last.** The first axis is the batch, the last one the channels; neither is transformed.
//! - **Normalisation.** Forward transforms are plain sums, inverse ones divide by the number of points (`norm="backward"` in NumPy).
//!   Transposes are not inverses: the transpose of the inverse also divides. Sine and cosine transforms are orthonormal
//!   (`norm="ortho"` in SciPy): inverse and transpose are one.
//! - **Order of waves.** 0, 1, .., -2, -1 on all spatial axes but the last; 0 .. n/2 on the last one of real data. Truncated
//!   transforms keep 0 .. m-1, -m .. -1 (2m rows, as the original FNO scripts; newer libraries shift the order to -m .. m-1) and
//!   0 .. m-1 on the last axis.
//! - **Complex numbers** are [`Complex`] in whole spectra. Truncated coefficients hold c real parts, then c imaginary parts in an
//!   axis of length 2c.
//! - **Waves without an imaginary part.** Inverse real transforms ignore the imaginary part of wave 0 and, for even n, n/2 of the
//!   last axis, after the other axes were transformed. Odd derivatives of the wave n/2 are zero.
//!
//! # Which sizes are fast
//!
//! Whole transforms like n = 2^a 3^b; a factor 5 costs up to a half more, larger prime factors two to five times as much: 85 =
//! 5 x 17 takes as long as 170 would. Sine I likes such n + 1. Truncated transforms in matrix form take any n equally well.
//!
//! # Threads
//!
//! Work is spread over rayon's current pool. The bits of a sample depend neither on the number of threads nor on the rest of
//! the batch; between processors with different vector instructions results differ by rounding. Plans are shared freely between
//! threads and keep their buffers from call to call.

pub mod axis;
pub mod column;
pub mod derivative;
pub mod fourier;
mod lines;
mod recipe;
mod rows;
mod scratch;
mod shape;
pub mod sine_cosine;
mod truncated;
mod turn;
mod vector;

pub use fourier::FourierPlan;
pub use num_complex::Complex;
pub use recipe::{Recipe, TransformPlan};
pub use rows::{RowFourier, RowScratch};
pub use sine_cosine::{SineCosine, SineCosinePlan};
pub use sobolev_tensor::{Error, Result};
pub use truncated::TruncatedFourier;
