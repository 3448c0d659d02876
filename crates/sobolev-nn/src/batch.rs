//! What a trainer iterates over: a source of samples, and the order in which it is read.

use std::error::Error as StdError;

use sobolev_tensor::{Error, Random, Result};

/// Why a source could not be read: an error of its own kind (a damaged file, say), which [`downcast_ref`] recovers.
///
/// [`downcast_ref`]: std::error::Error#method.downcast_ref
pub type SourceError = Box<dyn StdError + Send + Sync>;

/// Pairs (input, target) that can be read by number, from memory or from a file.
///
/// The arrays of all samples have one shape, `[space.., channels]`, channels last. Reading must be a function of the
/// indices alone, so that a resumed run sees the same numbers.
pub trait SampleSource<T>: Sync {
    /// Number of samples; indices run from zero to it.
    fn samples(&self) -> usize;

    /// Shape of one input, `[space.., channels]`, without the batch axis.
    fn input_shape(&self) -> Vec<usize>;

    /// Shape of one target, `[space.., channels]`, without the batch axis.
    fn target_shape(&self) -> Vec<usize>;

    /// Fills `input` and `target`, arrays `[indices.len(), space.., channels]` in row-major order, with the samples of
    /// `indices` in that order. An empty slice is a side that is not wanted.
    ///
    /// # Errors
    /// When an index is out of range, a slice has the wrong length, or the samples cannot be read.
    fn read(
        &self,
        indices: &[usize],
        input: &mut [T],
        target: &mut [T],
    ) -> std::result::Result<(), SourceError>;
}

/// The batches of every epoch: a function of (samples, batch size, seed, epoch) alone, so that a run resumed in the
/// middle of an epoch goes on with the very batches it would have seen.
///
/// Every sample comes once an epoch; when the batch size does not divide their number, the last batch is smaller.
///
/// ```
/// use sobolev_nn::BatchOrder;
/// let order = BatchOrder::shuffled(10, 4, 7)?;
/// let third = order.epoch(3);
/// assert_eq!(order.batches(), 3);
/// assert_eq!(third.batch(2).len(), 2);
/// assert_eq!(third.batch(1), order.epoch(3).batch(1));
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOrder {
    samples: usize,
    batch: usize,
    seed: Option<u64>,
}

impl BatchOrder {
    /// Batches of `batch` samples in a new random order every epoch.
    ///
    /// # Errors
    /// [`Error::Value`] when there are no samples or a batch has no place for one.
    pub fn shuffled(samples: usize, batch: usize, seed: u64) -> Result<Self> {
        Self::new(samples, batch, Some(seed))
    }

    /// Batches of `batch` samples in the order of the source, the same every epoch.
    ///
    /// # Errors
    /// [`Error::Value`] when there are no samples or a batch has no place for one.
    pub fn in_order(samples: usize, batch: usize) -> Result<Self> {
        Self::new(samples, batch, None)
    }

    fn new(samples: usize, batch: usize, seed: Option<u64>) -> Result<Self> {
        if samples == 0 {
            return Err(Error::value("samples", "at least 1", samples).with_hint("the data set is empty"));
        }
        if batch == 0 {
            return Err(Error::value("batch", "at least 1", batch));
        }
        Ok(Self { samples, batch, seed })
    }

    /// Batches in an epoch.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.samples.div_ceil(self.batch)
    }

    /// The batches of epoch `epoch`.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> EpochOrder {
        let order = match self.seed {
            Some(seed) => Random::new(seed, "batch order").stream(epoch).permutation(self.samples),
            None => (0..self.samples).collect(),
        };
        EpochOrder { order, batch: self.batch }
    }
}

/// The batches of one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochOrder {
    order: Vec<usize>,
    batch: usize,
}

impl EpochOrder {
    /// Indices of the samples of batch `index`; empty past the last batch.
    #[must_use]
    pub fn batch(&self, index: usize) -> &[usize] {
        let start = index.saturating_mul(self.batch).min(self.order.len());
        let end = start.saturating_add(self.batch).min(self.order.len());
        &self.order[start..end]
    }

    /// All batches from `first` on, in order.
    pub fn batches_from(&self, first: usize) -> impl Iterator<Item = &[usize]> {
        self.order.chunks(self.batch).skip(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_holds_every_sample_once_and_keeps_the_short_last_batch() {
        let order = BatchOrder::shuffled(23, 5, 1).unwrap();
        let epoch = order.epoch(0);
        let batches: Vec<&[usize]> = epoch.batches_from(0).collect();
        assert_eq!(batches.iter().map(|b| b.len()).collect::<Vec<_>>(), [5, 5, 5, 5, 3]);
        let mut seen = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..23).collect::<Vec<_>>());
        assert!(epoch.batch(5).is_empty());
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_alone() {
        let order = BatchOrder::shuffled(64, 8, 9).unwrap();
        assert_eq!(order.epoch(4), BatchOrder::shuffled(64, 8, 9).unwrap().epoch(4));
        assert_ne!(order.epoch(4), order.epoch(5));
        assert_ne!(order.epoch(4), BatchOrder::shuffled(64, 8, 10).unwrap().epoch(4));
        // The permutation does not know the batch size: another size cuts the same order elsewhere.
        let wide = BatchOrder::shuffled(64, 16, 9).unwrap().epoch(4);
        let narrow = order.epoch(4);
        assert_eq!(wide.batch(1), [narrow.batch(2), narrow.batch(3)].concat());
    }

    #[test]
    fn resuming_in_the_middle_of_an_epoch_sees_the_remaining_batches() {
        let order = BatchOrder::shuffled(50, 7, 2).unwrap();
        let epoch = order.epoch(11);
        let all: Vec<&[usize]> = epoch.batches_from(0).collect();
        let again = order.epoch(11);
        let rest: Vec<&[usize]> = again.batches_from(3).collect();
        assert_eq!(rest, all[3..]);
        assert_eq!(order.batches(), all.len());
    }

    #[test]
    fn batches_in_order_follow_the_source() {
        let epoch = BatchOrder::in_order(5, 2).unwrap().epoch(8);
        assert_eq!(epoch.batches_from(0).collect::<Vec<_>>(), [&[0, 1][..], &[2, 3], &[4]]);
    }

    #[test]
    fn no_samples_and_empty_batches_are_refused_by_name() {
        assert!(
            BatchOrder::shuffled(0, 4, 0)
                .unwrap_err()
                .to_string()
                .starts_with("samples: expected at least 1")
        );
        assert!(
            BatchOrder::in_order(4, 0).unwrap_err().to_string().starts_with("batch: expected at least 1")
        );
    }
}
