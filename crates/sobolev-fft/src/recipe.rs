//! Which form of a truncated transform is the fastest, from the sizes alone.
//!
//! The constants are fitted to `cargo bench -p sobolev-fft --bench axes` on one core of an AMD EPYC of 2023 (Zen 4, AVX-512,
//! 1 MiB of second-level cache), mean of forward and inverse. Some of that table, f32, 32 channels, nanoseconds a real line:
//!
//! | points | 64 | 64 | 85 | 85 | 256 | 256 | 256 | 421 | 421 | 1024 | 1024 |
//! |---|---|---|---|---|---|---|---|---|---|---|---|
//! | modes | 12 | 32 | 12 | 42 | 24 | 48 | 96 | 12 | 120 | 16 | 48 |
//! | matrix | 18 | 41 | 23 | 69 | 121 | 229 | 447 | 110 | 910 | 344 | 928 |
//! | FFT | 50 | 66 | 150 | 174 | 202 | 221 | 261 | 975 | 1020 | 879 | 909 |
//!
//! So a power of two changes to the FFT near 48 modes (below 100 points never), and 85 points, whose factor 17 is slow, never.

use crate::axis::{ComplexAxis, Form, RealAxis};
use crate::shape::check_grid;
use crate::truncated::TruncatedFourier;
use sobolev_tensor::{Error, Real, Result};

/// The form of all axes of a truncated transform.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// Products with folded matrices on every axis.
    Matrix,
    /// An FFT on every axis.
    Fft,
    /// The form of each axis.
    Mixed(Vec<Form>),
}

/// A plan of a truncated transform: sizes and the form of each axis, without tables.
///
/// ```
/// use sobolev_fft::{Recipe, TransformPlan};
/// let plan = TransformPlan::choose::<f32>(&[85, 85], &[12, 12], 32)?;
/// assert_eq!(plan.recipe(), Recipe::Matrix);
/// let transform = plan.build::<f32>()?;
/// assert_eq!(transform.mode_grid(), [24, 12]);
/// # Ok::<(), sobolev_fft::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransformPlan {
    grid: Vec<usize>,
    modes: Vec<usize>,
    forms: Vec<Form>,
}

impl TransformPlan {
    /// The forms that the cost model holds for the fastest for numbers of type `T`.
    ///
    /// # Errors
    /// [`Error::Shape`] when `grid` has no or more than 3 axes or one is empty, [`Error::Value`] when `modes` has another
    /// length, is zero or exceeds `n/2` on a leading axis or `n/2 + 1` on the last one, or `channels` is zero.
    pub fn choose<T: Real>(grid: &[usize], modes: &[usize], channels: usize) -> Result<Self> {
        check_grid(grid)?;
        if modes.len() != grid.len() {
            return Err(Error::value("modes", format!("{} numbers, one an axis", grid.len()), modes.len()));
        }
        if channels == 0 {
            return Err(Error::value("channels", "at least 1", channels));
        }
        let last = grid.len() - 1;
        let mut forms = Vec::with_capacity(grid.len());
        for (axis, (&n, &m)) in grid.iter().zip(modes).enumerate() {
            if axis == last {
                RealAxis::<T>::check_sizes(n, m)?;
            } else {
                ComplexAxis::<T>::check_sizes(n, m)?;
            }
            let matrix = matrix_cost::<T>(n, m, channels);
            let fft = fft_cost::<T>(n, m, channels, axis < last);
            forms.push(if matrix <= fft { Form::Matrix } else { Form::Fft });
        }
        Ok(Self { grid: grid.to_vec(), modes: modes.to_vec(), forms })
    }

    /// The same sizes with chosen forms, for comparisons.
    ///
    /// # Errors
    /// [`Error::Value`] when a mixed recipe has not one form for each axis.
    pub fn with_recipe(mut self, recipe: &Recipe) -> Result<Self> {
        let axes = self.grid.len();
        self.forms = match recipe {
            Recipe::Matrix => vec![Form::Matrix; axes],
            Recipe::Fft => vec![Form::Fft; axes],
            Recipe::Mixed(forms) if forms.len() == axes => forms.clone(),
            Recipe::Mixed(forms) => {
                return Err(Error::value("recipe", format!("{axes} forms, one an axis"), forms.len()));
            }
        };
        Ok(self)
    }

    /// The form of the axes.
    pub fn recipe(&self) -> Recipe {
        if self.forms.iter().all(|f| *f == Form::Matrix) {
            Recipe::Matrix
        } else if self.forms.iter().all(|f| *f == Form::Fft) {
            Recipe::Fft
        } else {
            Recipe::Mixed(self.forms.clone())
        }
    }

    /// The spatial shape.
    pub fn grid(&self) -> &[usize] {
        &self.grid
    }

    /// The modes of each axis.
    pub fn modes(&self) -> &[usize] {
        &self.modes
    }

    /// Computes the tables.
    ///
    /// # Errors
    /// None that [`TransformPlan::choose`] has not found before.
    pub fn build<T: Real>(&self) -> Result<TruncatedFourier<T>> {
        TruncatedFourier::from_forms(&self.grid, &self.modes, &self.forms)
    }
}

/// Multiply-adds of f32 a nanosecond and thread in matrix form: 54 (forward) and 38 to 54 (inverse, more modes) on a real
/// axis, 46 to 53 on a complex one. f64 goes half as fast.
const MATRIX_RATE: f64 = 50.0;

/// The same beyond [`MATRIX_TABLE`]: 20 for 96 of 1024 points.
const LARGE_MATRIX_RATE: f64 = 20.0;

/// Bytes of the table up to which the full rate holds: tables and points share the second-level cache.
const MATRIX_TABLE: usize = 256 * 1024;

/// Nanoseconds for one channel of a real line, or half of what one of a complex line takes.
fn matrix_cost<T: Real>(points: usize, modes: usize, channels: usize) -> f64 {
    let size = size_of::<T>();
    let rate = if points * modes * size <= MATRIX_TABLE { MATRIX_RATE } else { LARGE_MATRIX_RATE };
    // Full vectors of 64 bytes, then such of 16 bytes and single numbers, each of which takes half of the time of a full one.
    let (full, rest) = (channels / (64 / size), channels % (64 / size));
    let vectors = full as f64 + 0.5 * (rest / (16 / size) + rest % (16 / size)) as f64;
    let idle_lanes = vectors * 64.0 / (size * channels) as f64;
    idle_lanes * (points * modes) as f64 * (size as f64 / 4.0) / rate
}

/// Nanoseconds for one channel of a real line, or half of what one of a complex line takes, with the copies to lines.
///
/// A point of an f32 line takes 0.35 + 0.05 log2 n (0.6 at 32 and 0.85 at 1024 points) and more when n has slow factors: 0.6 with
/// 5 (100 points), 0.3 with 11, 1.0 with 17 (85), 1.5 and 2.2 at the primes 421 and 101. A kept mode takes 0.8. Complex lines
/// take 1.9 times the time of real ones, two of which share a transform. f64: 1.25 to 1.5 times as long.
fn fft_cost<T: Real>(points: usize, modes: usize, channels: usize, complex: bool) -> f64 {
    let slow = match largest_prime_factor(points) {
        0..=3 => 0.0,
        5..=11 => 0.3,
        _ => 1.5,
    };
    let point = 0.35 + 0.05 * (points as f64).log2() + slow;
    let precision = if size_of::<T>() == 4 { 1.0 } else { 1.35 };
    let shared = if complex { 0.95 } else { (2 * channels.div_ceil(2)) as f64 / channels as f64 };
    (points as f64 * point + 0.8 * modes as f64) * precision * shared
}

fn largest_prime_factor(mut n: usize) -> usize {
    let (mut factor, mut largest) = (2, 1);
    while n > 1 {
        while n.is_multiple_of(factor) {
            largest = factor;
            n /= factor;
        }
        factor = if factor * factor > n { n } else { factor + 1 };
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_prime_factors_are_found() {
        let known = [(1, 1), (2, 2), (3, 3), (64, 2), (85, 17), (97, 97), (121, 11), (1001, 13), (1024, 2)];
        assert!(known.iter().all(|&(n, p)| largest_prime_factor(n) == p));
    }
}
