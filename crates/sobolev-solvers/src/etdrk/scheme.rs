//! One step of the exponential Runge-Kutta schemes of order one to four, and the estimate of its error.

use super::phi::{Weights, phi};
use num_complex::Complex64;
use sobolev_tensor::{Error, Result};
use std::fmt::Debug;
use std::ops::Mul;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for num_complex::Complex64 {}
}

/// An entry of the diagonal linear part: `f64` (diffusion) or [`Complex64`] (advection, dispersion).
///
/// Real symbols keep real tables, which halves the memory that a step reads.
pub trait Symbol:
    sealed::Sealed + Copy + Debug + Send + Sync + Into<Complex64> + Mul<Complex64, Output = Complex64> + 'static
{
    /// The value of a function that is real for real arguments.
    fn from_complex(value: Complex64) -> Self;
}

impl Symbol for f64 {
    fn from_complex(value: Complex64) -> Self {
        value.re
    }
}

impl Symbol for Complex64 {
    fn from_complex(value: Complex64) -> Self {
        value
    }
}

/// Order of accuracy of a [`Scheme`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Exponential Euler: one rate a step.
    First,
    /// ETDRK2: two rates.
    Second,
    /// ETDRK3: three rates.
    Third,
    /// ETDRK4: four rates.
    Fourth,
}

impl Order {
    /// The order as a number.
    pub fn number(self) -> i32 {
        match self {
            Self::First => 1,
            Self::Second => 2,
            Self::Third => 3,
            Self::Fourth => 4,
        }
    }

    /// The power of the step with which the [error estimate](Scheme::estimate) falls.
    pub fn estimate_power(self) -> i32 {
        match self {
            Self::First => 2,
            // The last stage of the third order is as accurate as that of the second.
            Self::Second | Self::Third => 3,
            Self::Fourth => 4,
        }
    }
}

/// A step of length `h` of `w_t = L w + N(w)` with diagonal `L` (Cox and Matthews, J. Comput. Phys. 176, 2002):
/// tables of functions of `z = h L`, computed once and used for every step and every sample.
///
/// With `N0 = N(w)`, `E = e^z` and `c = (e^{z/2} - 1)/z`, the fourth order reads
///
/// ```text
/// a = e^{z/2} w + h c N0          b = e^{z/2} w + h c N(a)          d = e^{z/2} a + h c (2 N(b) - N0)
/// w' = E w + h (first N0 + 2 middle (N(a) + N(b)) + last N(d))      with the weights of `Weights`
/// ```
#[derive(Debug, Clone)]
pub struct Scheme<S> {
    order: Order,
    step: f64,
    whole: Vec<S>,
    half: Vec<S>,
    inner: Vec<S>,
    second_inner: Vec<S>,
    first: Vec<S>,
    middle: Vec<S>,
    last: Vec<S>,
}

/// The intermediate states and rates of one step.
#[derive(Debug, Clone)]
pub struct Stages {
    stage: Vec<Complex64>,
    later: Vec<Complex64>,
    rates: [Vec<Complex64>; 2],
    last_rate: Vec<Complex64>,
}

impl Stages {
    /// Buffers for states of `len` coefficients.
    pub fn new(len: usize) -> Self {
        let zeros = || vec![Complex64::ZERO; len];
        Self { stage: zeros(), later: zeros(), rates: [zeros(), zeros()], last_rate: zeros() }
    }
}

impl<S: Symbol> Scheme<S> {
    /// The scheme of `order` with time step `step` for the linear part `symbol`.
    ///
    /// # Errors
    /// A step that is not positive and finite, a symbol that is not finite, or one that grows by more than the number
    /// range within the step.
    pub fn new(order: Order, symbol: &[S], step: f64) -> Result<Self> {
        if !(step.is_finite() && step > 0.0) {
            return Err(Error::value("time step", "a positive finite number", step));
        }
        let table = |function: &dyn Fn(Complex64) -> Complex64| -> Vec<S> {
            symbol.iter().map(|&entry| S::from_complex(function(step * entry.into()))).collect()
        };
        let only_from = |least: i32, function: &dyn Fn(Complex64) -> Complex64| {
            if order.number() >= least { table(function) } else { Vec::new() }
        };
        let first = |z: Complex64| step * phi(z)[1];
        let middle_factor = if order == Order::Third { 4.0 } else { 2.0 };
        let scheme = Self {
            order,
            step,
            whole: table(&|z| z.exp()),
            half: only_from(3, &|z| (0.5 * z).exp()),
            inner: only_from(3, &|z| 0.5 * step * phi(0.5 * z)[1]),
            second_inner: if order == Order::Third { table(&first) } else { Vec::new() },
            first: match order {
                Order::First | Order::Second => table(&first),
                Order::Third | Order::Fourth => table(&|z| step * Weights::at(z).first),
            },
            middle: only_from(3, &|z| middle_factor * step * Weights::at(z).middle),
            last: match order {
                Order::First | Order::Second => table(&|z| step * phi(z)[2]),
                Order::Third | Order::Fourth => table(&|z| step * Weights::at(z).last),
            },
        };
        let finite = |values: &[S]| values.iter().all(|&value| value.into().is_finite());
        if !(finite(&scheme.whole) && finite(&scheme.first) && finite(&scheme.last)) {
            return Err(Error::value("time step", "one over which the linear part stays finite", step));
        }
        Ok(scheme)
    }

    /// Order of accuracy.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Length of the time step.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// One step from `state`, whose rate `N(state)` is `rate`, to `next`. `nonlinear(w, n)` writes `N(w)` into `n`. A
    /// state shorter than the symbol holds its first coefficients.
    ///
    /// # Panics
    /// When the state is longer than the symbol, or another slice or the stages are shorter than the state.
    pub fn advance(
        &self,
        state: &[Complex64],
        rate: &[Complex64],
        next: &mut [Complex64],
        stages: &mut Stages,
        mut nonlinear: impl FnMut(&[Complex64], &mut [Complex64]),
    ) {
        let n = state.len();
        let (w, n0, next) = (&state[..n], &rate[..n], &mut next[..n]);
        let Stages { stage, later, rates: [rate_a, rate_b], last_rate } = stages;
        let (stage, later, last_rate) = (&mut stage[..n], &mut later[..n], &mut last_rate[..n]);
        let (rate_a, rate_b) = (&mut rate_a[..n], &mut rate_b[..n]);
        let (whole, first, last) = (&self.whole[..n], &self.first[..n], &self.last[..n]);
        match self.order {
            Order::First => {
                for i in 0..n {
                    next[i] = whole[i] * w[i] + first[i] * n0[i];
                }
                last_rate.copy_from_slice(n0);
            }
            Order::Second => {
                for i in 0..n {
                    stage[i] = whole[i] * w[i] + first[i] * n0[i];
                }
                nonlinear(stage, last_rate);
                for i in 0..n {
                    next[i] = stage[i] + last[i] * (last_rate[i] - n0[i]);
                }
            }
            Order::Third => {
                let (half, inner, middle) = (&self.half[..n], &self.inner[..n], &self.middle[..n]);
                let second_inner = &self.second_inner[..n];
                for i in 0..n {
                    stage[i] = half[i] * w[i] + inner[i] * n0[i];
                }
                nonlinear(stage, rate_a);
                for i in 0..n {
                    stage[i] = whole[i] * w[i] + second_inner[i] * (2.0 * rate_a[i] - n0[i]);
                }
                nonlinear(stage, last_rate);
                for i in 0..n {
                    next[i] =
                        whole[i] * w[i] + first[i] * n0[i] + middle[i] * rate_a[i] + last[i] * last_rate[i];
                }
            }
            Order::Fourth => {
                let (half, inner, middle) = (&self.half[..n], &self.inner[..n], &self.middle[..n]);
                for i in 0..n {
                    stage[i] = half[i] * w[i] + inner[i] * n0[i];
                }
                nonlinear(stage, rate_a);
                for i in 0..n {
                    later[i] = half[i] * w[i] + inner[i] * rate_a[i];
                }
                nonlinear(later, rate_b);
                for i in 0..n {
                    next[i] = whole[i] * w[i] + first[i] * n0[i] + middle[i] * (rate_a[i] + rate_b[i]);
                    later[i] = half[i] * stage[i] + inner[i] * (2.0 * rate_b[i] - n0[i]);
                }
                nonlinear(later, last_rate);
                for i in 0..n {
                    next[i] += last[i] * last_rate[i];
                }
            }
        }
    }

    /// Euclidean norm of the difference between the step just taken and the one whose last rate is replaced by
    /// `next_rate = N(next)`: an estimate of the local error, or for the third and fourth order of the embedded scheme of one
    /// order less (Whalen, Brio and Moloney, J. Comput. Phys. 280, 2015), so there an upper one. It costs nothing, because the next
    /// step begins with `next_rate`. It falls as `h` to the power [`Order::estimate_power`].
    pub fn estimate(&self, stages: &Stages, next_rate: &[Complex64]) -> f64 {
        let differences = self.last.iter().zip(&stages.last_rate).zip(next_rate);
        differences.map(|((&last, &a), &b)| (last * (a - b)).norm_sqr()).sum::<f64>().sqrt()
    }
}
