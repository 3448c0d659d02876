//! The learnable tensors of a model, in a fixed order and by name.

use crate::{Error, Real, Result, Tensor};

/// Place of a parameter in its [`Parameters`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParameterId(pub(crate) usize);

/// The learnable tensors of one model. Layers hold [`ParameterId`]s; optimisers and checkpoints walk the whole list.
#[derive(Debug, Clone, Default)]
pub struct Parameters<T: Real> {
    entries: Vec<(String, Tensor<T>)>,
}

impl<T: Real> Parameters<T> {
    /// No parameters yet.
    pub fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds a parameter.
    pub fn add(&mut self, name: impl Into<String>, value: Tensor<T>) -> ParameterId {
        self.entries.push((name.into(), value));
        ParameterId(self.entries.len() - 1)
    }

    /// The value of a parameter.
    ///
    /// # Panics
    /// When `id` comes from another model with more parameters.
    pub fn value(&self, id: ParameterId) -> &Tensor<T> {
        &self.entries[id.0].1
    }

    /// The value of a parameter, to be changed.
    ///
    /// # Panics
    /// When `id` comes from another model with more parameters.
    pub fn value_mut(&mut self, id: ParameterId) -> &mut Tensor<T> {
        &mut self.entries[id.0].1
    }

    /// Places in order.
    pub fn ids(&self) -> impl Iterator<Item = ParameterId> + use<T> {
        (0..self.entries.len()).map(ParameterId)
    }

    /// Place of the parameter of a name.
    pub fn find(&self, name: &str) -> Option<ParameterId> {
        self.entries.iter().position(|(own, _)| own == name).map(ParameterId)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor<T>)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Number of tensors.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of real numbers in all tensors; a complex weight counts as two.
    pub fn count(&self) -> usize {
        self.entries.iter().map(|(_, value)| value.len()).sum()
    }

    /// Replaces all values by those of `other`.
    ///
    /// # Errors
    /// [`Error::Value`] when a name, [`Error::Shape`] when a shape differs; nothing is changed then.
    pub fn assign(&mut self, other: &Self) -> Result<()> {
        if self.len() != other.len() {
            return Err(Error::value("parameters", format!("{} tensors", self.len()), other.len()));
        }
        for ((name, value), (other_name, other_value)) in self.iter().zip(other.iter()) {
            if name != other_name {
                return Err(Error::value("parameter name", name, other_name));
            }
            if value.shape() != other_value.shape() {
                return Err(Error::shape(name, format!("{:?}", value.shape()), other_value.shape()));
            }
        }
        for ((_, value), (_, other_value)) in self.entries.iter_mut().zip(&other.entries) {
            value.data_mut().copy_from_slice(other_value.data());
        }
        Ok(())
    }
}
