//! What the crate promises, tested from outside.

mod accuracy;
mod convergence;
mod refusals;
