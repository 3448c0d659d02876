//! Multigrid for any stencil: one to three axes, vertices or cells, real or complex entries, symmetric or not, with a choice
//! of smoothers, transfers, cycles and iterations.

mod coarsest;
mod direct;
mod elliptic;
mod galerkin;
mod krylov;
mod lattice;
mod multigrid;
mod operator;
mod scalar;
mod settings;
mod smoother;
mod transfer;

pub use direct::Direct;
pub use elliptic::{Condition, Elliptic};
pub use krylov::{Iteration, SolveInfo, SolveParams};
pub use lattice::{Centring, Lattice, Side};
pub use multigrid::{Rediscretise, StencilMultigrid};
pub use operator::StencilOperator;
pub use scalar::Scalar;
pub use settings::{Coarsening, MultigridParams};
pub use smoother::Smoother;
pub use transfer::Interpolation;
