//! Initial values of parameters, addressed by (seed, name of the parameter): adding a layer does not change the others.

use sobolev_tensor::{Random, Real, Tensor};

/// Numbers uniform on `[low, high)`, a function of the seed and the name of the parameter.
pub fn uniform<T: Real>(shape: &[usize], low: f64, high: f64, seed: u64, name: &str) -> Tensor<T> {
    let mut numbers = Random::new(seed, name).stream(0);
    filled(shape, || low + (high - low) * numbers.uniform())
}

/// Normal numbers with mean zero, a function of the seed and the name of the parameter.
pub fn normal<T: Real>(shape: &[usize], deviation: f64, seed: u64, name: &str) -> Tensor<T> {
    let mut numbers = Random::new(seed, name).stream(0);
    filled(shape, || deviation * numbers.normal())
}

/// Uniform on +-1 / sqrt(fan in), which is PyTorch's default for the weights and biases of linear layers
/// (`kaiming_uniform_` with a = sqrt 5).
pub fn fan_in_uniform<T: Real>(shape: &[usize], fan_in: usize, seed: u64, name: &str) -> Tensor<T> {
    let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
    uniform(shape, -bound, bound, seed, name)
}

fn filled<T: Real>(shape: &[usize], mut next: impl FnMut() -> f64) -> Tensor<T> {
    let values: Vec<T> = (0..shape.iter().product::<usize>()).map(|_| T::cast(next())).collect();
    Tensor::from_slice(shape, &values).expect("as many values as the shape has places")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_moments_of_their_distribution() {
        let values = fan_in_uniform::<f64>(&[100, 400], 100, 1, "weight");
        let mean = |power: i32| values.data().iter().map(|v| v.powi(power)).sum::<f64>() / 40_000.0;
        // Variance of a uniform number on +-0.1 is 0.01 / 3; five standard errors of 40 000 numbers.
        assert!(mean(1).abs() < 5.0 * 0.058 / 200.0);
        assert!((mean(2) - 0.01 / 3.0).abs() < 5.0 * 0.003 / 200.0);
        assert!(values.data().iter().all(|v| v.abs() <= 0.1));
        let values = normal::<f64>(&[40_000], 2.0, 1, "weight");
        let variance = values.data().iter().map(|v| v * v).sum::<f64>() / 40_000.0;
        assert!((variance - 4.0).abs() < 5.0 * 5.7 / 200.0);
    }

    #[test]
    fn the_name_and_the_seed_choose_the_numbers() {
        let first = uniform::<f32>(&[10], 0.0, 1.0, 1, "a");
        assert_eq!(first.data(), uniform::<f32>(&[10], 0.0, 1.0, 1, "a").data());
        assert_ne!(first.data(), uniform::<f32>(&[10], 0.0, 1.0, 1, "b").data());
        assert_ne!(first.data(), uniform::<f32>(&[10], 0.0, 1.0, 2, "a").data());
    }
}
