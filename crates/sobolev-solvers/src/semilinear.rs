//! Semi-linear equations on periodic boxes, one file each.

mod kuramoto_sivashinsky;
mod navier_stokes_vorticity;

pub use kuramoto_sivashinsky::{KsForm, KuramotoSivashinsky};
pub use navier_stokes_vorticity::{NavierStokesVorticity, VorticityForcing};
