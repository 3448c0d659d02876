//! What one sample asks of its steps, and what is checked of each state: that the grid holds its fronts, and that equal steps are
//! stable.

use super::Burgers;
use crate::etdrk::Step;
use crate::spectral::{Guide, Seen, Spectrum};
use sobolev_tensor::{Error, Result};

/// Largest share of the highest waves, relative to the largest wave, that a resolved solution has.
const RESOLVED: f64 = 1e-3;

/// Growth of the energy within one step that shows instability: the equation never increases it.
const UNSTABLE_GROWTH: f64 = 1e-3;

/// The guide of the sample with the values `u`.
pub(super) fn of(burgers: &Burgers, u: &[f64]) -> Guide {
    let speed = u.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    let front = Front { points: u.len(), length: burgers.length, viscosity: burgers.viscosity, speed };
    let step = if let Step::Fixed(step) = burgers.step_control() { Some(step) } else { None };
    let mut before = f64::INFINITY;
    let is_needed = step.is_some() || front.may_be_thin();
    let run = front.length / speed;
    let check = move |spectrum: &Spectrum| {
        let energy = spectrum.energy;
        let before = std::mem::replace(&mut before, energy);
        match step {
            Some(step) if !energy.is_finite() || energy > (1.0 + UNSTABLE_GROWTH) * before => {
                Err(front.unstable(step))
            }
            _ if spectrum.at == Seen::Whole => front.check_resolved(spectrum.tail),
            _ => Ok(()),
        }
    };
    Guide { run, check: is_needed.then(|| Box::new(check) as _) }
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
    /// Whether viscosity alone does not see to it that the grid holds a front.
    fn may_be_thin(&self) -> bool {
        self.viscosity * (self.points as f64) < self.length * self.speed
    }

    /// An error when the spectrum does not fall off where viscosity is too weak to make it.
    fn check_resolved(&self, tail: f64) -> Result<()> {
        let Self { points, length, viscosity, speed } = *self;
        if !self.may_be_thin() || tail <= RESOLVED {
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
