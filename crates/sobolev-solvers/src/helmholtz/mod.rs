//! Waves of one frequency:  -Laplacian u - k(x)^2 u = f  in a rectangle, with  k = omega / c(x).
//!
//! Solution u `[n1, n2]` at vertices, complex for [`Helmholtz`], real for [`Cavity`]. Units: with c in m/s, omega in 1/s and
//! lengths in m, k is in 1/m and f in that of u per m^2.
//!
//! Behaviour: waves of length 2 pi / k. Between walls without losses ([`Cavity`]) the answer is large near resonances, where
//! -k^2 is close to an eigenvalue of the Laplacian; with open sides ([`Helmholtz`]) waves leave.
//!
//! Method: [`Helmholtz`] has finite volumes of order 2 with fixed, flux, radiating or absorbing sides (perfectly matched
//! layers: Berenger, Journal of Computational Physics 114, 1994, by complex coordinates after Chew and Weedon, 1994), solved
//! directly or by BiCGStab with the multigrid cycle of a shifted operator -Laplacian - (1 - i/2) k^2 (Erlangga, Oosterlee, Vuik,
//! SIAM Journal on Scientific Computing 27, 2006). [`Cavity`] has a compact nine-point scheme of order 4 (Singer and Turkel,
//! Computer Methods in Applied Mechanics and Engineering 163, 1998), solved directly.
//!
//! Accuracy: a wave drifts by a phase of (k h)^2 / 24 per radian at order 2 and of about (k h)^4 / 1440 at order 4: ten points
//! a wave length are 1.6 per cent and 0.01 per cent per radian.
//!
//! Fails when: k h is above 1 (six points a wave length at least); near a resonance of a cavity, where the answer is as
//! uncertain as k. Good start: 12 points a wave length, order 4.

mod cavity;
mod open;
mod problem;
#[cfg(test)]
mod tests;

pub use cavity::{Cavity, Flux};
pub use open::{Edge, Helmholtz, Method};
pub use problem::{HELMHOLTZ, HelmholtzProblem, HelmholtzSettings};

use ndarray::ArrayViewD;
use sobolev_tensor::{Error, Result, check_finite};

/// Checks a wave number field: two axes of at least 3 vertices, finite, not negative, at least six points a wave length.
fn check_wave_number(k: &ArrayViewD<'_, f64>, spacing: f64) -> Result<()> {
    if k.ndim() != 2 || k.shape().iter().any(|n| *n < 3) {
        return Err(Error::shape("wave number", "two axes of at least 3 vertices", k.shape()));
    }
    if !(spacing > 0.0 && spacing.is_finite()) {
        return Err(Error::value("spacing", "a positive number", spacing));
    }
    check_finite("wave number", k.shape(), k)?;
    let largest = k.iter().fold(0.0, |largest: f64, k| largest.max(*k));
    if let Some(negative) = k.iter().find(|k| **k < 0.0) {
        return Err(Error::value("wave number", "values of at least 0", negative));
    }
    if largest * spacing > 1.05 {
        let got = format!("{:.1} points", std::f64::consts::TAU / (largest * spacing));
        return Err(Error::value("wave number", "at least 6 points a wave length", got)
            .with_hint("take a finer grid or a smaller wave number"));
    }
    Ok(())
}
