//! Clipping of gradients by their norm.

use sobolev_tensor::{Gradients, Parameters, Real};

use crate::parallel::sum_of_squares;

/// Euclidean norm of the gradient with respect to all parameters together, in f64 and in a fixed order. NaN and infinite
/// gradients show in it.
pub fn gradient_norm<T: Real>(parameters: &Parameters<T>, gradients: &Gradients<T>) -> f64 {
    let squares = parameters
        .ids()
        .filter_map(|id| gradients.parameter(id))
        .map(|gradient| sum_of_squares(gradient.data()));
    squares.sum::<f64>().sqrt()
}

/// What gradients of norm `norm` are multiplied by so that their norm is at most `limit` (Pascanu, Mikolov and Bengio,
/// "On the difficulty of training recurrent neural networks", ICML 2013).
pub fn clip_factor(norm: f64, limit: Option<f64>) -> f64 {
    match limit {
        Some(limit) if norm > limit => limit / norm,
        _ => 1.0,
    }
}
