//! Semi-linear equations on periodic boxes: what an equation says of itself, and the solver of all of them.

mod equation;
mod grid;
mod scheme;
mod solver;
mod stepper;
mod table;
#[cfg(test)]
mod tests;
mod transform;

pub use equation::{SemiLinear, Symbol, Term, each};
pub(crate) use equation::{check_at_least_zero, check_dimensions, check_parameters};
pub(crate) use grid::PeriodicGrid;
pub use grid::Wave;
pub use scheme::TimeScheme;
pub use solver::{Dealiasing, PeriodicSolver, Precision};
