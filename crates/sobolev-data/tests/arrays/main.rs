//! Data sets without HDF5: in memory, and from the arrays of other programs.

mod convert;
mod export;
mod formats;
mod hostile;
mod layouts;
mod memory;
