//! Data sets of PDE solutions: generation, files, and the parts of them that one trains and tests on.
//!
//! - [`generate`]: samples of a [`Problem`](sobolev_solvers::Problem), solved in parallel, into an HDF5 file that says
//!   itself what it holds; a killed run resumes to the same bits. (feature `hdf5`)
//! - [`merge`]: joins the [`Shard`]s that machines have made to the file that one would have made. (feature `hdf5`)
//! - [`Dataset`]: samples in a file or in memory; [`split_at`](Dataset::split_at), [`shuffled`](Dataset::shuffled),
//!   [`subsample`](Dataset::subsample), [`read`](Dataset::read). It is the [`SampleSource`](sobolev_nn::SampleSource) of a
//!   trainer.
//! - [`formats`]: reading PDEBench, The Well, PDEArena, MATLAB (levels 5 and 7.3), NumPy, `torch.save`, Zarr and plain HDF5
//!   files; [`convert`](convert()) for the way back, [`export_npz`] for archives of NumPy.
//! - [`verify`](verify()): checksums, finite values, and samples made again.
//! - [`Error`] says which file, what is wrong with it and what to do.
//!
//! Arrays are channels-last: `[batch, x1, .., xd, channels]`; trajectories carry their `time` axis before the grid.
//!
//! Features: `hdf5` (on by default) compiles the HDF5 library, statically, with CMake 3.26 or newer. Without it, data sets
//! in memory, `.npz`, `.npy` and MATLAB level 5 remain.

mod convert;
mod dataset;
mod description;
mod draft;
#[cfg(feature = "hdf5")]
mod encode;
mod error;
mod export;
#[cfg(feature = "hdf5")]
mod file;
pub mod formats;
#[cfg(feature = "hdf5")]
mod generate;
mod info;
#[cfg(feature = "hdf5")]
mod shard;
mod signature;
#[cfg(feature = "hdf5")]
mod space;
mod values;
#[cfg(feature = "hdf5")]
mod verify;
mod view;

pub use convert::{convert, output_format};
pub use dataset::{Dataset, Side};
pub use description::{Compression, Provenance};
pub use error::{Error, Result};
pub use export::export_npz;
#[cfg(feature = "hdf5")]
pub use file::{MergeReport, merge};
#[cfg(feature = "hdf5")]
pub use generate::{Existing, GenerateOptions, Report, generate};
pub use info::{AxisInfo, FieldInfo, Info, ParameterInfo};
#[cfg(feature = "hdf5")]
pub use shard::Shard;
#[cfg(feature = "hdf5")]
pub use space::{check_room, expected_bytes, free_bytes};
pub use values::Precision;
#[cfg(feature = "hdf5")]
pub use verify::{InvariantDrift, Verification, verify};
