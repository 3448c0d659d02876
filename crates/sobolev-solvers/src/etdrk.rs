//! Exponential Runge-Kutta schemes for `w_t = L w + N(w)` with a stiff diagonal linear part `L`, real or complex, such as
//! the Fourier coefficients of a diffusive or dispersive equation. The linear part is solved exactly.
//!
//! An equation says its symbol `L` and its nonlinear part; [`march`] takes equal steps, [`Ladder`] steps that the error
//! chooses:
//!
//! ```
//! use num_complex::Complex64;
//! use sobolev_solvers::etdrk::{Control, Ladder, Order, Workspace};
//!
//! // w_t = i w - w |w|^2 from 1: |w|^2 = 1 / (1 + 2 t).
//! let ladder = Ladder::new(Order::Fourth, [Complex64::I].into(), 1.0);
//! let mut work = Workspace::new(1);
//! work.state[0] = Complex64::ONE;
//! let decay = |w: &[Complex64], rate: &mut [Complex64]| rate[0] = -w[0] * w[0].norm_sqr();
//! let control = Control { error_rate: 1e-9, error_floor: 1e-12, first_step: 0.1 };
//! let report = ladder.integrate(&mut work, control, decay)?;
//! assert!((work.state[0].norm_sqr() - 1.0 / 3.0).abs() < 1e-9);
//! assert!(report.error < 2e-9);
//! # Ok::<(), sobolev_tensor::Error>(())
//! ```

mod adaptive;
mod phi;
mod scheme;

pub use adaptive::{Control, Ladder, Report, System, Workspace, march};
pub use phi::{Weights, phi};
pub use scheme::{Order, Scheme, Stages, Symbol};

#[cfg(test)]
mod tests;
