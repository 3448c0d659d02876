//! The names that most programs use: `use sobolev::prelude::*;`.

pub use crate::Error;
pub use crate::metrics::{Evaluation, Evaluator};
pub use crate::surrogate::{NormaliserKinds, Surrogate};
pub use sobolev_data::{Dataset, Side};
pub use sobolev_nn::{Model, NormaliserKind, Schedule, TrainerSettings};
pub use sobolev_operators::{Fno, FnoSettings};
pub use sobolev_solvers::{Burgers, Darcy, GaussianField, Problem, SteadySolver, TimeSolver};
pub use sobolev_tensor::Monitor;
