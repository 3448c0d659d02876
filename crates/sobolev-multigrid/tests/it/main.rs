//! What the crate promises, tested from outside.

mod accuracy;
mod any_grid;
mod convergence;
mod general;
mod refusals;
