//! Semi-linear equations on periodic boxes: what an equation says of itself, and the solver of all of them.

mod adaptive;
mod discretisation;
mod equal;
mod equation;
mod grid;
mod kept;
mod resolution;
mod scheme;
mod solver;
mod table;
#[cfg(test)]
mod tests;
mod time_step;
mod transform;
mod work;

pub use equation::{SemiLinear, Symbol, Term, each};
pub(crate) use equation::{check_at_least_zero, check_dimensions, check_parameters};
pub(crate) use grid::PeriodicGrid;
pub use grid::Wave;
pub(crate) use resolution::{Seen, Spectrum};
pub use scheme::TimeScheme;
pub(crate) use solver::Guide;
pub use solver::{Dealiasing, PeriodicSolver, Precision};
