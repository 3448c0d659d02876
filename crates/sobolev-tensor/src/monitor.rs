//! Progress and cancellation of long work.

use std::sync::atomic::{AtomicBool, Ordering};

/// Watches long work: it is told the progress and may ask to stop. Solvers, data generation and training all take one.
///
/// The unit type watches nothing; an [`AtomicBool`] cancels when it becomes true.
pub trait Monitor: Sync {
    /// `done` of `total` units of work are finished. May be called from any thread, and must return quickly.
    fn progress(&self, done: u64, total: u64) {
        let _ = (done, total);
    }

    /// Whether the work should stop at the next safe point.
    fn cancelled(&self) -> bool {
        false
    }
}

impl Monitor for () {}

impl Monitor for AtomicBool {
    fn cancelled(&self) -> bool {
        self.load(Ordering::Relaxed)
    }
}

/// Hands on the wish to stop but not the progress: for a part of the work that counts in other units than the whole.
pub struct CancellationOnly<'a>(pub &'a dyn Monitor);

impl Monitor for CancellationOnly<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}
