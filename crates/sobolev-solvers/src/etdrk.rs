//! Exponential Runge-Kutta steps of `w_t = L w + N(w)` with a stiff diagonal linear part `L`, real or complex, such as the
//! Fourier coefficients of a diffusive or dispersive equation: what their coefficients are made of, and how long they are.
//!
//! The linear part is solved exactly (Cox and Matthews, J. Comput. Phys. 176, 2002). With `z = h L`, `N0 = N(w)` and
//! `c = (e^{z/2} - 1)/z`, the fourth order reads
//!
//! ```text
//! a = e^{z/2} w + h c N0          b = e^{z/2} w + h c N(a)          d = e^{z/2} a + h c (2 N(b) - N0)
//! w' = e^z w + h (first N0 + 2 middle (N(a) + N(b)) + last N(d))    with the weights of `Weights`
//! ```
//!
//! The difference between the step and the one whose last rate is replaced by `N(w')` estimates the local error, for the fourth
//! order that of the embedded third one (Whalen, Brio and Moloney, J. Comput. Phys. 280, 2015), so there an upper estimate.
//! It costs nothing, because the next step begins with `N(w')`. [`Step`] says how steps are chosen; the stages of all
//! orders stand in [`TimeScheme`](crate::spectral::TimeScheme), and [`PeriodicSolver`](crate::spectral::PeriodicSolver) takes them.

mod control;
mod phi;

pub(crate) use control::{Control, Ladder, Outcome};
pub use control::{Report, Step};
pub use phi::{Weights, phi};

/// Order of accuracy of an exponential Runge-Kutta scheme.
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
}

#[cfg(test)]
mod tests;
