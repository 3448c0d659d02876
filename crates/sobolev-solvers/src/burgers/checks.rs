//! What is checked of each state: that the grid holds its fronts, and that equal steps are stable.

use super::Burgers;
use crate::etdrk::Step;
use crate::spectral::{Check, Seen, Spectrum};
use sobolev_tensor::{Error, Result};

/// Largest share of the highest waves, relative to the largest wave, that a resolved solution has.
const RESOLVED: f64 = 1e-3;

/// Growth of the energy within one step that shows instability: the equation never increases it.
const UNSTABLE_GROWTH: f64 = 1e-3;

/// The check of the states that follow the values `u` of one sample.
pub(super) fn of(burgers: &Burgers, u: &[f64]) -> Check {
    let speed = u.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    let front = Front { points: u.len(), length: burgers.length, viscosity: burgers.viscosity, speed };
    let step = if let Step::Fixed(step) = burgers.step_control() { Some(step) } else { None };
    let mut before = f64::INFINITY;
    Box::new(move |spectrum: &Spectrum| {
        let energy = spectrum.energy;
        let before = std::mem::replace(&mut before, energy);
        match step {
            Some(step) if !energy.is_finite() || energy > (1.0 + UNSTABLE_GROWTH) * before => {
                Err(front.unstable(step))
            }
            _ if spectrum.at == Seen::Whole => front.check_resolved(spectrum.tail),
            _ => Ok(()),
        }
    })
}

/// Numbers that decide how steep a front becomes, and whether the grid holds it.
struct Front {
    points: usize,
    length: f64,
    viscosity: f64,
    /// max |u| at the start.
    speed: f64,
}

impl Front {
    /// An error when the spectrum does not fall off where viscosity is too weak to make it.
    fn check_resolved(&self, tail: f64) -> Result<()> {
        let Self { points, length, viscosity, speed } = *self;
        if viscosity * points as f64 >= length * speed || tail <= RESOLVED {
            return Ok(());
        }
        let needed = 2.0 * length * speed / viscosity;
        let expected = format!(
            "about {needed:.0} points for viscosity {viscosity}, length {length} and max |u| {speed:.3}"
        );
        let hint = format!(
            "the shock is under-resolved (the shortest waves hold {tail:.0e} of the largest): use a finer grid or a larger \
             viscosity"
        );
        Err(Error::value("Burgers grid", expected, points).with_hint(hint))
    }

    #[cold]
    fn unstable(&self, step: f64) -> Error {
        let dx = self.length / self.points as f64;
        let expected = format!(
            "a stable time step, such as one below the advective limit {:.3e} (dx {dx:.3e}, max |u| {:.3})",
            dx / self.speed,
            self.speed
        );
        Error::value("Burgers step", expected, step)
            .with_hint("the energy grew: pass Step::Auto or a smaller step")
    }
}
