//! Random fields and numerical solvers of partial differential equations.
mod burgers;
pub mod etdrk;
mod problem;
pub mod random_field;
mod settings;
mod solver;

pub use burgers::{BURGERS, Burgers, BurgersProblem, BurgersSettings, Step};
pub use problem::{Axis, EquationEntry, Field, Problem, Sample};
pub use solver::{SteadySolver, TimeSolver};

/// Every equation that data can be generated for. Command line, Python and documentation read this list.
pub static EQUATIONS: &[EquationEntry] = &[BURGERS];
