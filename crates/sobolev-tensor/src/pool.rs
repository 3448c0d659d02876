//! Buffers that are kept from step to step. In a training step the page faults of fresh memory cost more than the
//! arithmetic: a trial step took three times as long before its large buffers were kept.

use crate::Real;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// One cache line. Vectors of it give every buffer an alignment of 64 bytes: an unaligned 64-byte load costs two lines.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line {
    _bytes: [u8; 64],
}

const ZERO_LINE: Line = Line { _bytes: [0; 64] };

type Shelves = Mutex<BTreeMap<usize, Vec<Vec<Line>>>>;

/// A store of buffers. Clones share it. A [`Buffer`] taken from it comes back when it is dropped.
#[derive(Clone, Default)]
pub struct Pool {
    shelves: Arc<Shelves>,
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// A buffer of `len` numbers with unspecified (but initialised) contents.
    pub fn take<T: Real>(&self, len: usize) -> Buffer<T> {
        let lines = lines_for::<T>(len);
        let kept = {
            let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
            // A kept buffer up to a quarter longer is close enough (the last batch of an epoch is a little shorter).
            let found = shelves.range_mut(lines..=lines + lines / 4).find(|(_, shelf)| !shelf.is_empty());
            found.and_then(|(_, shelf)| shelf.pop())
        };
        let lines = kept.unwrap_or_else(|| vec![ZERO_LINE; lines]);
        Buffer { lines, len, home: Arc::downgrade(&self.shelves), number: std::marker::PhantomData }
    }

    /// A buffer of `len` zeros.
    pub fn zeros<T: Real>(&self, len: usize) -> Buffer<T> {
        let mut buffer = self.take(len);
        buffer.as_mut_slice().fill(T::zero());
        buffer
    }

    /// Gives all unused buffers back to the system.
    pub fn clear(&self) {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: usize = shelves.iter().map(|(lines, shelf)| 64 * lines * shelf.len()).sum();
        f.debug_struct("Pool").field("unused_bytes", &bytes).finish()
    }
}

fn lines_for<T>(len: usize) -> usize {
    let bytes = len.checked_mul(size_of::<T>());
    bytes.unwrap_or_else(|| panic!("{len} numbers are more than any memory holds")).div_ceil(64)
}

/// Contiguous numbers, aligned to 64 bytes, that return to their [`Pool`] when dropped.
pub struct Buffer<T> {
    lines: Vec<Line>,
    len: usize,
    home: Weak<Shelves>,
    number: std::marker::PhantomData<T>,
}

impl<T: Real> Buffer<T> {
    /// A buffer of `len` zeros that belongs to no pool.
    pub fn detached(len: usize) -> Self {
        let lines = vec![ZERO_LINE; lines_for::<T>(len)];
        Self { lines, len, home: Weak::new(), number: std::marker::PhantomData }
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: `lines` holds at least `len` numbers, is initialised, aligned to 64 bytes, and every bit pattern is a
        // valid f32 or f64 (`Real` is sealed).
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    /// The numbers, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as in `as_slice`, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            let lines = std::mem::take(&mut self.lines);
            if !lines.is_empty() {
                let mut shelves = home.lock().unwrap_or_else(PoisonError::into_inner);
                shelves.entry(lines.len()).or_default().push(lines);
            }
        }
    }
}

impl<T: Real> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = match self.home.upgrade() {
            Some(shelves) => Pool { shelves }.take(self.len),
            None => Self::detached(self.len),
        };
        copy.as_mut_slice().copy_from_slice(self.as_slice());
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_buffer_is_taken_again() {
        let pool = Pool::new();
        let first = pool.take::<f32>(1000);
        let address = first.as_slice().as_ptr();
        drop(first);
        let second = pool.take::<f32>(980);
        assert_eq!(second.as_slice().as_ptr(), address);
        assert_eq!(second.as_slice().len(), 980);
        let third = pool.take::<f64>(1000);
        assert_ne!(third.as_slice().as_ptr().cast(), address);
    }

    #[test]
    fn zeros_are_zero_in_a_dirty_buffer() {
        let pool = Pool::new();
        let mut dirty = pool.take::<f64>(77);
        dirty.as_mut_slice().fill(f64::NAN);
        drop(dirty);
        assert!(pool.zeros::<f64>(77).as_slice().iter().all(|v| *v == 0.0));
    }

    #[test]
    fn buffers_start_on_a_cache_line() {
        assert_eq!(Pool::new().take::<f32>(3).as_slice().as_ptr() as usize % 64, 0);
    }
}
