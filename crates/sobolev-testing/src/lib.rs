//! Numerical assertions shared by the tests of the workspace. They know slices and closures only.

/// Slope of log error over log step by least squares: the observed order of convergence.
///
/// # Panics
/// When the lengths differ, fewer than two points are given, or a value is not positive and finite.
pub fn observed_order(steps: &[f64], errors: &[f64]) -> f64 {
    assert_eq!(steps.len(), errors.len(), "steps and errors differ in length");
    assert!(steps.len() >= 2, "an order needs two points");
    assert!(
        steps.iter().chain(errors).all(|v| v.is_finite() && *v > 0.0),
        "steps {steps:?} and errors {errors:?} must be positive"
    );
    let x: Vec<f64> = steps.iter().map(|v| v.ln()).collect();
    let y: Vec<f64> = errors.iter().map(|v| v.ln()).collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(&x), mean(&y));
    let covariance: f64 = x.iter().zip(&y).map(|(a, b)| (a - mx) * (b - my)).sum();
    let variance: f64 = x.iter().map(|a| (a - mx).powi(2)).sum();
    covariance / variance
}

/// `|<A x, y> - <x, A^T y>| / (|A x| |y| + |x| |A^T y|)`: zero to rounding when `transposed` is the adjoint of `operator`.
pub fn adjoint_gap(
    operator: impl Fn(&[f64]) -> Vec<f64>,
    transposed: impl Fn(&[f64]) -> Vec<f64>,
    x: &[f64],
    y: &[f64],
) -> f64 {
    let (ax, aty) = (operator(x), transposed(y));
    let scale = norm(&ax) * norm(y) + norm(x) * norm(&aty);
    (dot(&ax, y) - dot(x, &aty)).abs() / scale.max(f64::MIN_POSITIVE)
}

/// Relative difference between the slope of `function` at `x` along `direction` by a central difference
/// (step 1e-6, error about 1e-9 for well-scaled functions) and `<gradient, direction>`.
pub fn gradient_gap(
    mut function: impl FnMut(&[f64]) -> f64,
    gradient: &[f64],
    x: &[f64],
    direction: &[f64],
) -> f64 {
    let step = 1e-6;
    let mut moved = |sign: f64| {
        let point: Vec<f64> = x.iter().zip(direction).map(|(a, d)| a + sign * step * d).collect();
        function(&point)
    };
    let slope = (moved(1.0) - moved(-1.0)) / (2.0 * step);
    let expected = dot(gradient, direction);
    (slope - expected).abs() / (slope.abs() + expected.abs() + norm(gradient) * norm(direction)).max(1e-30)
}

/// `|a - b| / |b|` in the Euclidean norm.
///
/// # Panics
/// When the lengths differ.
pub fn relative_error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "vectors differ in length");
    let difference: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    norm(&difference) / norm(b).max(f64::MIN_POSITIVE)
}

/// Largest absolute value; NaN when there is one among them, so that no bound holds. `f64::max` would pass over it.
pub fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |largest, value| {
        let value = value.abs();
        if largest.is_nan() || value <= largest { largest } else { value }
    })
}

/// Deterministic numbers in [-1, 1) without structure, for inputs of tests.
pub fn noise(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    (0..len)
        .map(|_| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        })
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "vectors differ in length");
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_a_power_is_its_exponent() {
        let steps = [0.1, 0.05, 0.025];
        let errors = steps.map(|h: f64| 3.0 * h.powi(4));
        assert!((observed_order(&steps, &errors) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn nan_is_the_largest() {
        assert_eq!(largest([1.0, -3.0, 2.0]), 3.0);
        assert!(largest([1.0, f64::NAN, 2.0]).is_nan() && largest([f64::NAN, 9.0]).is_nan());
    }

    #[test]
    fn a_wrong_adjoint_and_a_wrong_gradient_are_seen() {
        let double = |x: &[f64]| x.iter().map(|v| 2.0 * v).collect::<Vec<_>>();
        let (x, y) = (noise(5, 1), noise(5, 2));
        assert!(adjoint_gap(double, double, &x, &y) < 1e-15);
        assert!(adjoint_gap(double, |y| y.to_vec(), &x, &y) > 1e-3);
        let square = |x: &[f64]| x.iter().map(|v| v * v).sum::<f64>();
        assert!(gradient_gap(square, &double(&x), &x, &y) < 1e-8);
        assert!(gradient_gap(square, &x, &x, &y) > 1e-3);
    }
}
