//! Activation functions: one visible table, and loops over slices that any layer calls.
//!
//! | name | formula | smoothness |
//! |---|---|---|
//! | `identity` | x | analytic |
//! | `relu` | max(x, 0) | continuous |
//! | `gelu` | x (1 + erf(x / sqrt 2)) / 2 | analytic |
//! | `tanh` | tanh x | analytic |
//! | `silu` | x / (1 + exp(-x)) | analytic |
//! | `sine` | sin x | analytic |
//!
//! In f32 the loops are vectorised, with errors below 6e-7 (times max(1, |x| / 4)) in value and slope; their last bits
//! depend on whether the processor has a fused multiply-add. In f64 they are accurate to rounding.
//!
//! ```
//! use sobolev_nn::activation::{ACTIVATIONS, Activation, GELU};
//! let mut values = [-1.0, 0.0, 2.0];
//! GELU.apply(&mut values);
//! assert!((values[2] - 1.954_499_736_103_641_6_f64).abs() < 1e-15);
//! assert_eq!("gelu".parse::<Activation>()?, GELU);
//! assert!(ACTIVATIONS.contains(&GELU));
//! # Ok::<(), sobolev_tensor::Error>(())
//! ```

mod gelu;
mod identity;
mod kernel;
mod operation;
mod relu;
mod silu;
mod sine;
mod tanh;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sobolev_tensor::{Error, Real, Result};

pub use gelu::GELU;
pub use identity::IDENTITY;
use kernel::AllKernels;
pub use relu::RELU;
pub use silu::SILU;
pub use sine::SINE;
pub use tanh::TANH;

/// All activations.
pub static ACTIVATIONS: &[Activation] = &[IDENTITY, RELU, GELU, TANH, SILU, SINE];

/// How often an activation can be differentiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smoothness {
    /// Continuous derivatives up to this order.
    Derivatives(usize),
    /// All derivatives are continuous, and the Taylor series converges.
    Analytic,
}

/// What is known about an activation: a line of the table.
pub struct ActivationEntry {
    /// Name in files and on the command line.
    pub name: &'static str,
    /// The formula, in text.
    pub formula: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Continuous derivatives.
    pub smoothness: Smoothness,
    /// What it is used for.
    pub good_for: &'static str,
    kernels: AllKernels,
}

/// An activation function f: a handle on its entry in the table. In files it is written as its name.
#[derive(Clone, Copy)]
pub struct Activation(&'static ActivationEntry);

impl Activation {
    /// The activation of a name.
    ///
    /// # Errors
    /// [`Error::Value`] that lists the names, and the nearest one when there is one close by.
    pub fn named(name: &str) -> Result<Self> {
        ACTIVATIONS.iter().find(|entry| entry.0.name == name).copied().ok_or_else(|| {
            let names: Vec<&str> = ACTIVATIONS.iter().map(Self::name).collect();
            Error::unknown_name("activation", &names, name)
        })
    }

    /// Its line of the table.
    #[must_use]
    pub fn entry(&self) -> &'static ActivationEntry {
        self.0
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Replaces every x by f(x).
    pub fn apply<T: Real>(&self, values: &mut [T]) {
        (self.0.kernels.on::<T>().apply)(values);
    }

    /// y = f(x), element by element.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn apply_to<T: Real>(&self, x: &[T], y: &mut [T]) {
        assert_eq!(x.len(), y.len(), "argument and result differ in length");
        (self.0.kernels.on::<T>().apply_to)(x, y);
    }

    /// Multiplies `gradient`, the gradient with respect to f(pre), by f'(pre): the gradient with respect to `pre`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn backward<T: Real>(&self, pre: &[T], gradient: &mut [T]) {
        assert_eq!(pre.len(), gradient.len(), "pre-activation and gradient differ in length");
        (self.0.kernels.on::<T>().backward)(pre, gradient);
    }
}

impl PartialEq for Activation {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Activation {}

impl fmt::Debug for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Activation({})", self.name())
    }
}

impl fmt::Debug for ActivationEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivationEntry").field("name", &self.name).field("formula", &self.formula).finish()
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Activation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::named(name)
    }
}

impl Serialize for Activation {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Activation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
