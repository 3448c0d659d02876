//! Work buffers that outlive a call, one for each thread that is at work in a plan.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers that are idle now. At most as many are made as threads use the owner at the same moment. Clones share them.
pub(crate) struct ScratchPool<S> {
    inner: Arc<Inner<S>>,
}

struct Inner<S> {
    make: Box<dyn Fn() -> S + Send + Sync>,
    idle: Mutex<Vec<S>>,
}

impl<S> ScratchPool<S> {
    pub(crate) fn new(make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        Self { inner: Arc::new(Inner { make: Box::new(make), idle: Mutex::new(Vec::new()) }) }
    }

    /// Runs `work` with an idle buffer, or with a new one when none is idle. Buffers are handed on dirty.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut S) -> R) -> R {
        let idle = || self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let found = idle().pop();
        let mut scratch = found.unwrap_or_else(&self.inner.make);
        let result = work(&mut scratch);
        idle().push(scratch);
        result
    }
}

impl<S> Clone for ScratchPool<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<S> fmt::Debug for ScratchPool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScratchPool")
    }
}
