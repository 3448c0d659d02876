//! Learn the solution operators of partial differential equations: the crate that a user adds.
//!
//! Numeric solvers make the data, neural operators learn from it, and the trained surrogates answer. The parts are the
//! crates of the workspace, re-exported here as modules; [`metrics`] judges predictions and [`figure`] draws them.

pub mod figure;
pub mod metrics;

pub use sobolev_data as data;
pub use sobolev_fft as fft;
pub use sobolev_multigrid as multigrid;
pub use sobolev_nn as nn;
pub use sobolev_operators as operators;
pub use sobolev_solvers as solvers;
pub use sobolev_tensor as tensor;
