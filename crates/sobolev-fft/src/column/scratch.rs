//! Memory of column transforms.

use sobolev_tensor::{Buffer, Real};

/// Memory that transforms of any length share, one for each thread; it grows as needed and is aligned to cache lines, which
/// vectors of half a line must not straddle.
#[derive(Clone)]
pub struct ColumnScratch<T: Real>(Buffer<T>);

impl<T: Real> Default for ColumnScratch<T> {
    fn default() -> Self {
        Self(Buffer::detached(0))
    }
}

impl<T: Real> std::fmt::Debug for ColumnScratch<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ColumnScratch").field(&self.0.as_slice().len()).finish()
    }
}

impl<T: Real> ColumnScratch<T> {
    /// At least `len` numbers.
    pub(super) fn take(&mut self, len: usize) -> *mut T {
        if self.0.as_slice().len() < len {
            self.0 = Buffer::detached(len);
        }
        self.0.as_mut_slice().as_mut_ptr()
    }
}
