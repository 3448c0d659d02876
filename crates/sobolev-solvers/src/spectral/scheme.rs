//! Time steps as sums of products of tables with the state, the stages and their rates.

use crate::etdrk::{Order, Weights, phi};
use num_complex::Complex64;
use sobolev_tensor::{Error, Result};

/// How time is stepped. The linear part L is diagonal, h the time step, N the nonlinear part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeScheme {
    /// Exponential Runge-Kutta (Cox and Matthews 2002): L exactly.
    Exponential(Order),
    /// `(1 - h L/2) w' = (1 + h L/2) w + h N(w)`: the trapezoidal rule for L, Euler's for N, of first order in all. The scheme
    /// of the published Navier-Stokes data (Li et al. 2020).
    CrankNicolsonEuler,
}

/// What a table is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operand {
    /// The state at the begin of the step.
    State,
    /// An earlier stage.
    Stage(usize),
    /// The rate of the state (0) or of stage i (i + 1).
    Rate(usize),
}

/// A factor of a scheme as a function of `z = h L`; rates are multiplied by h too.
pub(crate) type Factor = fn(Complex64) -> Complex64;

/// The stages of a scheme, the last one being the next state.
pub(crate) struct Tableau {
    pub(crate) stages: Vec<Vec<(Factor, Operand)>>,
    /// The error of a step is about this factor times h and the difference of the rate after it from that of its last stage.
    pub(crate) estimate: Factor,
}

impl TimeScheme {
    /// Order of accuracy.
    pub fn order(self) -> i32 {
        match self {
            Self::Exponential(order) => order.number(),
            Self::CrankNicolsonEuler => 1,
        }
    }

    /// The power of the step with which the estimated error of a step falls.
    pub(crate) fn estimate_power(self) -> i32 {
        match self.order() {
            // The last stage of the third order is as accurate as that of the second.
            3 => 3,
            order => (order + 1).min(4),
        }
    }

    pub(crate) fn tableau(self) -> Tableau {
        use Operand::{Rate, Stage, State};
        let half: Factor = |z| (0.5 * z).exp();
        let whole: Factor = |z| z.exp();
        let inner: Factor = |z| 0.5 * phi(0.5 * z)[1];
        let first: Factor = |z| phi(z)[1];
        let second: Factor = |z| phi(z)[2];
        let stages: Vec<Vec<(Factor, Operand)>> = match self {
            Self::Exponential(Order::First) => vec![vec![(whole, State), (first, Rate(0))]],
            Self::Exponential(Order::Second) => vec![
                vec![(whole, State), (first, Rate(0))],
                // a + phi_2 (N(a) - N_0), with a written out so that one pass does.
                vec![(whole, State), (|z| phi(z)[1] - phi(z)[2], Rate(0)), (second, Rate(1))],
            ],
            Self::Exponential(Order::Third) => vec![
                vec![(half, State), (inner, Rate(0))],
                vec![(whole, State), (|z| -phi(z)[1], Rate(0)), (|z| 2.0 * phi(z)[1], Rate(1))],
                vec![
                    (whole, State),
                    (|z| Weights::at(z).first, Rate(0)),
                    (|z| 4.0 * Weights::at(z).middle, Rate(1)),
                    (|z| Weights::at(z).last, Rate(2)),
                ],
            ],
            Self::Exponential(Order::Fourth) => vec![
                vec![(half, State), (inner, Rate(0))],
                vec![(half, State), (inner, Rate(1))],
                vec![(half, Stage(0)), (|z| -0.5 * phi(0.5 * z)[1], Rate(0)), (|z| phi(0.5 * z)[1], Rate(2))],
                vec![
                    (whole, State),
                    (|z| Weights::at(z).first, Rate(0)),
                    (|z| 2.0 * Weights::at(z).middle, Rate(1)),
                    (|z| 2.0 * Weights::at(z).middle, Rate(2)),
                    (|z| Weights::at(z).last, Rate(3)),
                ],
            ],
            Self::CrankNicolsonEuler => {
                vec![vec![
                    (|z| (1.0 + 0.5 * z) / (1.0 - 0.5 * z), State),
                    (|z| 1.0 / (1.0 - 0.5 * z), Rate(0)),
                ]]
            }
        };
        let estimate: Factor = match self {
            Self::Exponential(Order::First | Order::Second) => second,
            Self::Exponential(Order::Third | Order::Fourth) => |z| Weights::at(z).last,
            Self::CrankNicolsonEuler => |z| 0.5 / (1.0 - 0.5 * z),
        };
        Tableau { stages, estimate }
    }

    /// The factors of one stage for all coefficients.
    ///
    /// # Errors
    /// [`Error::Value`] when one is not finite: a linear part that grows by more than the number range in a step.
    pub(crate) fn factors(
        factor: Factor,
        operand: Operand,
        linear: &[Complex64],
        step: f64,
    ) -> Result<Vec<Complex64>> {
        let scale = if matches!(operand, Operand::Rate(_)) { step } else { 1.0 };
        let factors: Vec<Complex64> = linear.iter().map(|l| scale * factor(step * l)).collect();
        if factors.iter().all(|z| z.is_finite()) {
            return Ok(factors);
        }
        Err(Error::value("time step", "one over which the linear part stays finite", step))
    }
}
