//! Random fields and numerical solvers of partial differential equations.
mod problem;

pub use problem::{Axis, EquationEntry, Field, Problem, Sample};

/// Every equation that data can be generated for. Command line, Python and documentation read this list.
pub static EQUATIONS: &[EquationEntry] = &[];
