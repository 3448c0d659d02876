//! What is kept from call to call: an equation on the grids that it met, with the tables of its time steps.

use super::resolution::Resolutions;
use super::time_step::TimeStep;
use crate::etdrk::Ladder;
use sobolev_tensor::{Real, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// Grids, and on each of them intervals, whose tables are kept: these are large. A rollout with equal frames has a few intervals
/// that differ in the last bit.
const KEPT: usize = 4;

/// The latest things that were made, by what they were made of.
#[derive(Debug)]
pub(super) struct Latest<K, V>(Mutex<Vec<(K, Arc<V>)>>);

impl<K, V> Default for Latest<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V> Latest<K, V> {
    /// One of those kept, or a new one.
    pub(super) fn get(&self, key: K, make: impl FnOnce() -> Result<V>) -> Result<Arc<V>> {
        // The list is whole between any two operations on it.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match kept.iter().position(|(other, _)| *other == key) {
            Some(place) => kept.remove(place).1,
            None => Arc::new(make()?),
        };
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((key, Arc::clone(&found)));
        Ok(found)
    }
}

/// Grids by their points.
pub(super) type Kept<T> = Latest<Vec<usize>, OnGrid<T>>;

/// An equation on a grid, with the tables of its time steps by the bits of the interval.
#[derive(Debug)]
pub(super) struct OnGrid<T: Real> {
    pub(super) resolutions: Resolutions<T>,
    pub(super) ladders: Latest<u64, Vec<Ladder<TimeStep<T>>>>,
}

impl<T: Real> OnGrid<T> {
    /// The tables of steps of `interval / 2^level` for each resolution.
    pub(super) fn ladders(&self, interval: f64) -> Result<Arc<Vec<Ladder<TimeStep<T>>>>> {
        let make = || Ok((0..self.resolutions.len()).map(|_| Ladder::new(interval)).collect());
        self.ladders.get(interval.to_bits(), make)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_things_are_kept_and_errors_are_not() {
        let latest = Latest::<usize, usize>::default();
        let get = |key: usize| latest.get(key, || Ok(key)).unwrap();
        let first = get(0);
        (1..KEPT).for_each(|key| drop(get(key)));
        // Asked for again, it is the latest one.
        assert!(Arc::ptr_eq(&first, &get(0)));
        (10..9 + KEPT).for_each(|key| drop(get(key)));
        assert!(Arc::ptr_eq(&first, &get(0)));
        (20..20 + KEPT).for_each(|key| drop(get(key)));
        assert!(!Arc::ptr_eq(&first, &get(0)));
        assert!(latest.get(30, || Err(sobolev_tensor::Error::value("key", "another", 30))).is_err());
        assert_eq!(*latest.get(30, || Ok(31)).unwrap(), 31);
    }
}
