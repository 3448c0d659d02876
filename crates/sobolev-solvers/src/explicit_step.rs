//! How long the steps of explicit schemes are.

use crate::settings;
use sobolev_tensor::{Error, Result};

/// How long the time steps of an explicit scheme are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ExplicitStep {
    /// At most so long, all equal; refused when above the stability limit.
    Fixed(f64),
    /// At most this part of the stability limit, above 0 and at most 1.
    Courant(f64),
}

impl ExplicitStep {
    /// What the settings `step` and `courant` say, of which at most one is given; `default` is the part of the limit without both.
    ///
    /// # Errors
    /// [`Error::Value`] for both.
    pub(crate) fn from_settings(step: Option<f64>, courant: Option<f64>, default: f64) -> Result<Self> {
        match step {
            Some(step) => {
                settings::unused("courant", courant, "with a fixed step")?;
                Ok(Self::Fixed(step))
            }
            None => Ok(Self::Courant(courant.unwrap_or(default))),
        }
    }

    /// Checks the number.
    ///
    /// # Errors
    /// [`Error::Value`] for a fixed step that is not positive and a part of the limit outside (0, 1].
    pub(crate) fn checked(self) -> Result<Self> {
        match self {
            Self::Fixed(dt) if !(dt.is_finite() && dt > 0.0) => {
                Err(Error::value("step", "a positive finite number", dt))
            }
            Self::Courant(part) if !(part > 0.0 && part <= 1.0) => {
                Err(Error::value("courant", "a number above 0 and at most 1", part))
            }
            step => Ok(step),
        }
    }

    /// The refusal of a step of `dt` above a limit in words.
    pub(crate) fn too_long(dt: f64, limit: &str) -> Error {
        Error::value("step", format!("at most {limit}"), dt)
            .with_hint("use a shorter step, or ExplicitStep::Courant, which chooses it")
    }
}
