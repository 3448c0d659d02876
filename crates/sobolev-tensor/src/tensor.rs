//! Contiguous arrays of any rank, row-major, on shared pooled memory.

use crate::{Buffer, Error, Pool, Real, Result};
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, IxDyn};
use std::fmt;
use std::sync::Arc;

/// Number of elements of an array of shape `shape`; nothing when it is beyond the range of numbers.
fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length))
}

/// Number of elements of an array that is to be allocated.
fn elements_in_memory(shape: &[usize]) -> usize {
    elements(shape).unwrap_or_else(|| panic!("an array of shape {shape:?} is larger than any memory"))
}

/// A contiguous row-major array. Clones share memory; a shared tensor is copied when one of its owners writes to it.
#[derive(Clone)]
pub struct Tensor<T> {
    shape: Vec<usize>,
    buffer: Arc<Buffer<T>>,
}

impl<T: Real> Tensor<T> {
    /// A tensor with unspecified contents from `pool`.
    ///
    /// # Panics
    /// When there is no memory for it, as all allocations.
    pub fn uninitialised(pool: &Pool, shape: &[usize]) -> Self {
        Self { shape: shape.to_vec(), buffer: Arc::new(pool.take(elements_in_memory(shape))) }
    }

    /// A tensor of zeros from `pool`.
    ///
    /// # Panics
    /// When there is no memory for it, as all allocations.
    pub fn zeros(pool: &Pool, shape: &[usize]) -> Self {
        Self { shape: shape.to_vec(), buffer: Arc::new(pool.zeros(elements_in_memory(shape))) }
    }

    /// A tensor that holds a copy of `data`, on memory that belongs to no pool.
    ///
    /// # Errors
    /// [`Error::Shape`] when the number of elements is not that of the shape.
    pub fn from_slice(shape: &[usize], data: &[T]) -> Result<Self> {
        if elements(shape) != Some(data.len()) {
            return Err(Error::shape("data", format!("{} elements for {shape:?}", data.len()), shape));
        }
        let mut buffer = Buffer::detached(data.len());
        buffer.as_mut_slice().copy_from_slice(data);
        Ok(Self { shape: shape.to_vec(), buffer: Arc::new(buffer) })
    }

    /// A copy of an array of any layout, on memory from `pool`.
    pub fn from_array(pool: &Pool, array: ArrayViewD<'_, T>) -> Self {
        let mut tensor = Self::uninitialised(pool, array.shape());
        tensor.view_mut().assign(&array);
        tensor
    }

    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.buffer.as_slice().len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in row-major order.
    pub fn data(&self) -> &[T] {
        self.buffer.as_slice()
    }

    /// The elements in row-major order, to be changed; copied first if another tensor shares them.
    pub fn data_mut(&mut self) -> &mut [T] {
        Arc::make_mut(&mut self.buffer).as_mut_slice()
    }

    /// Whether both are clones of one tensor that nobody has written to since.
    pub(crate) fn shares_memory_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.buffer, &other.buffer)
    }

    /// The same elements under another shape.
    ///
    /// # Errors
    /// [`Error::Shape`] when the number of elements differs.
    pub fn reshaped(mut self, shape: &[usize]) -> Result<Self> {
        if elements(shape) != Some(self.len()) {
            return Err(Error::shape(
                "shape",
                format!("{} elements as in {:?}", self.len(), self.shape),
                shape,
            ));
        }
        self.shape = shape.to_vec();
        Ok(self)
    }

    /// A view as an `ndarray`.
    pub fn view(&self) -> ArrayViewD<'_, T> {
        // SAFETY: the shape describes exactly the elements of the contiguous slice (an invariant of the constructors).
        unsafe { ArrayViewD::from_shape_ptr(IxDyn(&self.shape), self.data().as_ptr()) }
    }

    /// A writable view as an `ndarray`.
    pub fn view_mut(&mut self) -> ArrayViewMutD<'_, T> {
        let shape = IxDyn(&self.shape);
        let data = Arc::make_mut(&mut self.buffer).as_mut_slice();
        // SAFETY: as in `view`, and `self` stays mutably borrowed.
        unsafe { ArrayViewMutD::from_shape_ptr(shape, data.as_mut_ptr()) }
    }

    /// A copy as an `ndarray`.
    pub fn to_array(&self) -> ArrayD<T> {
        self.view().to_owned()
    }
}

impl<T: Real> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor<{}>{:?}", T::NAME, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array;

    #[test]
    fn arrays_of_any_layout_come_back_equal() {
        let array = Array::from_shape_fn((3, 4, 5), |(i, j, k)| (100 * i + 10 * j + k) as f64);
        let turned = array.view().permuted_axes([2, 0, 1]).into_dyn();
        let tensor = Tensor::from_array(&Pool::new(), turned.view());
        assert_eq!(tensor.shape(), [5, 3, 4]);
        assert_eq!(tensor.to_array(), turned);
    }

    #[test]
    fn writing_to_a_clone_leaves_the_original() {
        let first = Tensor::from_slice(&[2], &[1.0, 2.0]).unwrap();
        let mut second = first.clone();
        second.data_mut()[0] = 5.0;
        assert_eq!((first.data(), second.data()), (&[1.0, 2.0][..], &[5.0, 2.0][..]));
    }

    #[test]
    fn reshaping_keeps_the_number_of_elements() {
        let tensor = Tensor::from_slice(&[2, 3], &[0.0; 6]).unwrap();
        assert_eq!(tensor.clone().reshaped(&[6]).unwrap().shape(), [6]);
        assert!(tensor.reshaped(&[7]).is_err());
    }

    #[test]
    fn shapes_whose_product_wraps_around_are_refused() {
        // 2^32 * 2^32 is zero in 64 bits.
        let wrapping = [1 << 32, 1 << 32];
        assert!(Tensor::<f32>::from_slice(&wrapping, &[]).is_err());
        assert!(Tensor::<f32>::from_slice(&[0], &[]).unwrap().reshaped(&wrapping).is_err());
        assert!(std::panic::catch_unwind(|| Tensor::<f32>::zeros(&Pool::new(), &wrapping)).is_err());
        // 2^62 numbers of 4 bytes are zero bytes.
        assert!(std::panic::catch_unwind(|| Buffer::<f32>::detached(1 << 62)).is_err());
    }
}
