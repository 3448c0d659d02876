//! Cosine and sine of fractions of a turn.

use std::f64::consts::FRAC_PI_2;

/// Cosine and sine of `2 pi numerator / denominator`, exact at quarter turns: the imaginary parts that a real transform
/// does not have are zero to the bit.
pub(crate) fn turn(numerator: usize, denominator: usize) -> (f64, f64) {
    let quarters = 4 * (numerator % denominator);
    let (quadrant, rest) = (quarters / denominator, quarters % denominator);
    let (sin, cos) = (FRAC_PI_2 * rest as f64 / denominator as f64).sin_cos();
    match quadrant {
        0 => (cos, sin),
        1 => (-sin, cos),
        2 => (-cos, -sin),
        _ => (sin, -cos),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_turns_are_exact_and_others_agree_with_the_library() {
        for (quarter, expected) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)].iter().enumerate() {
            assert_eq!(turn(3 * quarter, 12), *expected);
        }
        for n in [5, 7, 85] {
            for r in 0..2 * n {
                let angle = std::f64::consts::TAU * r as f64 / n as f64;
                let (cos, sin) = turn(r, n);
                assert!((cos - angle.cos()).abs() < 1e-14 && (sin - angle.sin()).abs() < 1e-14, "{r} of {n}");
            }
        }
    }
}
