//! Learn the solution operators of partial differential equations: the crate that a user adds.
//!
//! Numeric solvers make the data, neural operators learn from it, and the trained surrogates answer on any grid.
//!
//! ```
//! use ndarray::{Array, IxDyn};
//! use sobolev::prelude::*;
//! // Solve Darcy flow, -div(a grad u) = 1, for a coefficient that is 12 or 3.
//! let coefficient = Array::from_shape_fn(IxDyn(&[1, 32, 32, 1]), |i| if (i[1] / 8 + i[2] / 8) % 2 == 0 { 12.0 } else { 3.0 });
//! let solution = SteadySolver::solve(&Darcy::new(), coefficient.view())?;
//! assert_eq!(solution.shape(), [1, 32, 32, 1]);
//! # Ok::<(), sobolev::Error>(())
//! ```
//!
//! - [`Surrogate`]: a model with its normalisers: `fit`, `predict`, `evaluate`, `save`, `load`.
//! - [`spec`]: what to do as plain data, for TOML files, the command line and Python. (feature `hdf5`)
//! - [`quickstart`]: the whole way in one call. (feature `hdf5`)
//! - [`metrics`] judges predictions, [`figure`] draws them, [`plot`] draws samples, [`mod@bench`] measures.
//! - The crates of the workspace are re-exported as modules: [`solvers`], [`data`], [`operators`], [`nn`], [`multigrid`], [`fft`],
//!   [`tensor`]. [`prelude`] has the names that most programs use.
//!
//! Arrays are channels-last everywhere: `[batch, x1, .., xd, channel]`; trajectories `[batch, time, x1, .., xd, channel]`.
//!
//! Features, all on by default: `hdf5` (data sets in HDF5, compiled statically with CMake 3.26 or newer) and `cli` (the command
//! line). Without them solvers, models, training on arrays and prediction remain.

pub mod bench;
mod description;
mod error;
pub mod figure;
mod file;
pub mod metrics;
mod picture;
pub mod plot;
pub mod prelude;
#[cfg(feature = "hdf5")]
pub mod quickstart;
#[cfg(feature = "hdf5")]
pub mod spec;
mod surrogate;
mod threads;

pub use description::{AxisDescription, DataDescription, FieldDescription};
pub use error::{Error, Result};
pub use picture::comparison_figure;
pub use surrogate::{BATCH, NormaliserKinds, Surrogate, SurrogateInfo};
pub use threads::on_threads;

pub use sobolev_data as data;
pub use sobolev_fft as fft;
pub use sobolev_multigrid as multigrid;
pub use sobolev_nn as nn;
pub use sobolev_operators as operators;
pub use sobolev_solvers as solvers;
pub use sobolev_tensor as tensor;

/// The pages whose Rust examples are compiled and run with the tests of the documentation.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/fno.md")]
    struct Fno;
    #[doc = include_str!("../../../docs/multigrid.md")]
    struct Multigrid;
    #[doc = include_str!("../../../docs/solvers.md")]
    struct Solvers;
}
