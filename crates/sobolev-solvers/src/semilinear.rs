//! Semi-linear equations on periodic boxes, one file each. [`PeriodicSolver`](crate::spectral::PeriodicSolver) solves them.

mod allen_cahn;
mod burgers;
mod cahn_hilliard;
mod fisher_kpp;
mod fitzhugh_nagumo;
mod ginzburg_landau;
mod gray_scott;
mod initial;
mod korteweg_de_vries;
mod kuramoto_sivashinsky;
mod linear;
mod navier_stokes_velocity;
mod navier_stokes_vorticity;
mod problem;
mod swift_hohenberg;
#[cfg(test)]
mod tests;

pub use allen_cahn::AllenCahn;
pub use burgers::VectorBurgers;
pub use cahn_hilliard::CahnHilliard;
pub use fisher_kpp::FisherKpp;
pub use fitzhugh_nagumo::FitzHughNagumo;
pub use ginzburg_landau::{GinzburgLandau, Schrodinger};
pub use gray_scott::GrayScott;
pub use korteweg_de_vries::KortewegDeVries;
pub use kuramoto_sivashinsky::{KsForm, KuramotoSivashinsky};
pub use linear::Linear;
pub use navier_stokes_velocity::{NavierStokesVelocity, VelocityForcing};
pub use navier_stokes_vorticity::{NavierStokesVorticity, VorticityForcing};
pub use swift_hohenberg::SwiftHohenberg;

use crate::problem::EquationEntry;
use problem::entry;

/// The lines of these equations in the list of equations.
pub(crate) const ENTRIES: [EquationEntry; 18] = [
    entry::<linear::Advection>(),
    entry::<linear::Diffusion>(),
    entry::<linear::AdvectionDiffusion>(),
    entry::<linear::Dispersion>(),
    entry::<linear::HyperDiffusion>(),
    entry::<VectorBurgers>(),
    entry::<KortewegDeVries>(),
    entry::<KuramotoSivashinsky>(),
    entry::<FisherKpp>(),
    entry::<AllenCahn>(),
    entry::<CahnHilliard>(),
    entry::<GrayScott>(),
    entry::<SwiftHohenberg>(),
    entry::<FitzHughNagumo>(),
    entry::<GinzburgLandau>(),
    entry::<Schrodinger>(),
    entry::<NavierStokesVorticity>(),
    entry::<NavierStokesVelocity>(),
];
