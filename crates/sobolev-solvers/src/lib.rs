//! Random fields and numerical solvers of partial differential equations.
mod burgers;
mod darcy;
pub mod etdrk;
mod problem;
pub mod random_field;
mod settings;
mod solver;

pub use burgers::{BURGERS, Burgers, BurgersProblem, BurgersSettings, Step};
pub use darcy::{
    Coefficient, DARCY, Darcy, DarcyProblem, DarcySettings, DarcySolution, DarcyState, DarcyTiming,
};
pub use problem::{Axis, EquationEntry, Field, Problem, Sample};
pub use random_field::GaussianField;
pub use solver::{SteadySolver, TimeSolver};

/// Every equation that data can be generated for. Command line, Python and documentation read this list.
pub static EQUATIONS: &[EquationEntry] = &[BURGERS, DARCY];
