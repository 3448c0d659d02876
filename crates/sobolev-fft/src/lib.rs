//! Fourier, sine and cosine transforms of channels-last arrays `[batch, x1, .., xd, channels]`.
pub mod axis;
pub mod fourier;
mod lines;
mod recipe;
mod rows;
mod scratch;
mod shape;
pub mod sine_cosine;
mod truncated;
mod turn;

pub use fourier::FourierPlan;
pub use num_complex::Complex;
pub use recipe::{Recipe, TransformPlan};
pub use rows::{RowFourier, RowScratch};
pub use sine_cosine::{SineCosine, SineCosinePlan};
pub use sobolev_tensor::{Error, Result};
pub use truncated::TruncatedFourier;
