//! Data sets in HDF5 files: generation, interruption, damage.
#![cfg(feature = "hdf5")]

mod damage;
mod generation;
mod interruption;
mod invariants;
mod race;
mod shards;
mod waves;
