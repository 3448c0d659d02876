//! The learnable tensors of a model, in a fixed order and by name.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Pool, Real, Result, Tensor};

/// Place of a parameter in its [`Parameters`], or in a clone of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParameterId {
    /// Tells the parameters of two models on one tape apart.
    owner: u64,
    index: usize,
}

static OWNERS: AtomicU64 = AtomicU64::new(0);

/// The learnable tensors of one model. Layers hold [`ParameterId`]s; optimisers and checkpoints walk the whole list.
#[derive(Debug, Clone)]
pub struct Parameters<T: Real> {
    owner: u64,
    entries: Vec<(String, Tensor<T>)>,
}

impl<T: Real> Default for Parameters<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real> Parameters<T> {
    /// No parameters yet.
    pub fn new() -> Self {
        Self { owner: OWNERS.fetch_add(1, Ordering::Relaxed), entries: Vec::new() }
    }

    /// Adds a parameter.
    pub fn add(&mut self, name: impl Into<String>, value: Tensor<T>) -> ParameterId {
        self.entries.push((name.into(), value));
        self.id(self.entries.len() - 1)
    }

    fn id(&self, index: usize) -> ParameterId {
        ParameterId { owner: self.owner, index }
    }

    fn index(&self, id: ParameterId) -> usize {
        assert_eq!(id.owner, self.owner, "the parameter belongs to another model");
        id.index
    }

    /// The value of a parameter.
    ///
    /// # Panics
    /// When `id` comes from another model.
    pub fn value(&self, id: ParameterId) -> &Tensor<T> {
        &self.entries[self.index(id)].1
    }

    /// The value of a parameter, to be changed.
    ///
    /// # Panics
    /// When `id` comes from another model.
    pub fn value_mut(&mut self, id: ParameterId) -> &mut Tensor<T> {
        let index = self.index(id);
        &mut self.entries[index].1
    }

    /// Places in order.
    pub fn ids(&self) -> impl Iterator<Item = ParameterId> + use<T> {
        let owner = self.owner;
        (0..self.entries.len()).map(move |index| ParameterId { owner, index })
    }

    /// Place of the parameter of a name.
    pub fn find(&self, name: &str) -> Option<ParameterId> {
        self.entries.iter().position(|(own, _)| own == name).map(|index| self.id(index))
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

    /// The same parameters in another precision; the places of these hold for those.
    pub fn cast<U: Real>(&self) -> Parameters<U> {
        let cast = |value: &Tensor<T>| {
            let mut other = Tensor::uninitialised(&Pool::new(), value.shape());
            other.data_mut().iter_mut().zip(value.data()).for_each(|(to, from)| *to = U::cast(from.to_f64()));
            other
        };
        let entries = self.entries.iter().map(|(name, value)| (name.clone(), cast(value))).collect();
        Parameters { owner: self.owner, entries }
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
