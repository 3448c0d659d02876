//! Arrays in the precision they are stored in, read out in the precision that is wanted.

use std::any::Any;
use std::fmt;

use ndarray::{ArrayD, ArrayView1};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Real, Result, check_finite};

/// Number type in which the values of a data set are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision: 24 bits, which is below the error of any learnt operator.
    #[default]
    F32,
    /// Double precision, for the solutions themselves.
    F64,
}

impl Precision {
    /// The precision of a type.
    #[cfg(feature = "hdf5")]
    pub(crate) fn of<T: Real>() -> Self {
        if size_of::<T>() == Self::F32.bytes() { Self::F32 } else { Self::F64 }
    }

    /// Name as in Rust: `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => f32::NAME,
            Self::F64 => f64::NAME,
        }
    }

    /// Bytes a value.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Row-major values of either precision.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Numbers {
    /// Takes the vector over without a copy.
    pub(crate) fn from_vec<T: Real>(values: Vec<T>) -> Self {
        // `Real` is sealed to the two types below.
        let any: Box<dyn Any> = Box::new(values);
        match any.downcast::<Vec<f32>>() {
            Ok(single) => Self::F32(*single),
            Err(other) => Self::F64(other.downcast::<Vec<f64>>().map_or_else(|_| Vec::new(), |v| *v)),
        }
    }

    /// The values, when they are of type `T`.
    pub(crate) fn as_slice<T: Real>(&self) -> Option<&[T]> {
        let any: &dyn Any = match self {
            Self::F32(values) => values,
            Self::F64(values) => values,
        };
        any.downcast_ref::<Vec<T>>().map(Vec::as_slice)
    }

    pub(crate) fn precision(&self) -> Precision {
        match self {
            Self::F32(_) => Precision::F32,
            Self::F64(_) => Precision::F64,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    pub(crate) fn check_finite(&self, argument: &str, shape: &[usize]) -> Result<()> {
        match self {
            Self::F32(values) => check_finite(argument, shape, values),
            Self::F64(values) => check_finite(argument, shape, values),
        }
    }

    /// CRC-32 (as in zip) of the little-endian bytes of the entries `range`.
    #[cfg(feature = "hdf5")]
    pub(crate) fn checksum(&self, range: std::ops::Range<usize>) -> u32 {
        match self {
            Self::F32(values) => checksum(&values[range], f32::to_le_bytes),
            Self::F64(values) => checksum(&values[range], f64::to_le_bytes),
        }
    }

    /// Copies the entries `start..start + out.len()` converted to `T`.
    pub(crate) fn copy_range<T: Real>(&self, start: usize, out: &mut [T]) {
        match self {
            Self::F32(values) => convert(&values[start..start + out.len()], out),
            Self::F64(values) => convert(&values[start..start + out.len()], out),
        }
    }

    /// Copies `out.len()` entries from `start` on, `step` apart, converted to `T`.
    pub(crate) fn copy_strided<T: Real>(&self, start: usize, step: usize, out: &mut [T]) {
        match self {
            Self::F32(values) => strided(values, start, step, out),
            Self::F64(values) => strided(values, start, step, out),
        }
    }
}

#[cfg(feature = "hdf5")]
pub(crate) fn checksum<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let mut block = [0; 4096];
    for part in values.chunks(4096 / N) {
        for (place, value) in block.chunks_exact_mut(N).zip(part) {
            place.copy_from_slice(&bytes(*value));
        }
        hasher.update(&block[..part.len() * N]);
    }
    hasher.finalize()
}

fn convert<S: Real, T: Real>(values: &[S], out: &mut [T]) {
    for (to, from) in out.iter_mut().zip(values) {
        *to = T::cast(from.to_f64());
    }
}

fn strided<S: Real, T: Real>(values: &[S], start: usize, step: usize, out: &mut [T]) {
    for (to, from) in out.iter_mut().zip(values[start..].iter().step_by(step)) {
        *to = T::cast(from.to_f64());
    }
}

/// An array `[samples, space.., channels]` in the precision it is stored in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Numbers,
}

impl Values {
    pub(crate) fn new(shape: Vec<usize>, numbers: Numbers) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), numbers.len());
        Self { shape, numbers }
    }

    /// Takes an array over; a copy is made when it is not in row-major order.
    pub(crate) fn from_array<T: Real>(array: ArrayD<T>) -> Self {
        let shape = array.shape().to_vec();
        let values = if array.is_standard_layout() {
            let (values, offset) = array.into_raw_vec_and_offset();
            match offset {
                // A view into a larger vector keeps the rest of it: cut it off.
                Some(start) if start > 0 || values.len() != shape.iter().product::<usize>() => {
                    values[start..start + shape.iter().product::<usize>()].to_vec()
                }
                _ => values,
            }
        } else {
            array.iter().copied().collect()
        };
        Self::new(shape, Numbers::from_vec(values))
    }

    /// The rows `rows` of an array that was read as a whole.
    pub(crate) fn rows(mut self, rows: std::ops::Range<usize>) -> Self {
        let Some(first) = self.shape.first_mut() else { return self };
        if rows == (0..*first) {
            return self;
        }
        let each = self.numbers.len().checked_div(*first).unwrap_or(0);
        let range = rows.start.min(*first) * each..rows.end.min(*first) * each;
        *first = rows.end.min(*first) - rows.start.min(*first);
        self.numbers = match self.numbers {
            Numbers::F32(values) => Numbers::F32(values[range].to_vec()),
            Numbers::F64(values) => Numbers::F64(values[range].to_vec()),
        };
        self
    }

    /// The error for values that are not finite, with the index of the first one.
    pub(crate) fn check_finite(&self, argument: &str) -> Result<()> {
        self.numbers.check_finite(argument, &self.shape)
    }

    /// The error for an array that is not `[samples, space.., channels]` with at least one of each.
    pub(crate) fn check_shape(&self, argument: &str) -> Result<()> {
        if self.shape.len() < 3 || self.shape.contains(&0) {
            let error = Error::shape(argument, "[samples, x1, .., channels] (channels last)", &self.shape);
            return Err(match self.shape.len() {
                2 => error
                    .with_hint("the channel axis seems to be missing: add an axis of length 1 at the end"),
                _ if self.shape.contains(&0) => error.with_hint("an axis is empty"),
                _ => error,
            });
        }
        Ok(())
    }
}

/// Bytes of an array of `shape` with values of `each` bytes; nothing when no memory could hold it, as a damaged file may say.
/// An empty array counts as if its empty axes had one entry, as `ndarray` counts it.
pub(crate) fn bytes_of(shape: &[usize], each: usize) -> Option<usize> {
    let bytes = shape.iter().try_fold(each, |bytes, &n| bytes.checked_mul(n.max(1)))?;
    (isize::try_from(bytes).is_ok()).then_some(if shape.contains(&0) { 0 } else { bytes })
}

/// Least, median and largest of the values that are not NaN.
pub(crate) fn spread(values: ArrayView1<'_, f64>) -> Option<[f64; 3]> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    Some([*sorted.first()?, sorted[sorted.len() / 2], *sorted.last()?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, IxDyn, s};

    #[test]
    fn arrays_of_any_layout_become_row_major_values() {
        let array = Array::from_shape_fn(IxDyn(&[3, 4, 2]), |i| (100 * i[0] + 10 * i[1] + i[2]) as f64);
        let expected: Vec<f64> = array.iter().copied().collect();
        assert_eq!(Values::from_array(array.clone()).numbers, Numbers::F64(expected));
        let reversed = array.clone().reversed_axes();
        let expected: Vec<f64> = reversed.iter().copied().collect();
        assert_eq!(Values::from_array(reversed).numbers, Numbers::F64(expected));
        let tail = array.clone().slice_move(s![1.., .., ..]).into_dyn();
        let expected: Vec<f64> = array.slice(s![1.., .., ..]).iter().copied().collect();
        assert_eq!(Values::from_array(tail).numbers, Numbers::F64(expected));
        let single = array.mapv(|v| v as f32);
        assert_eq!(Values::from_array(single).numbers.precision(), Precision::F32);
    }

    #[test]
    fn bytes_that_no_memory_holds_are_refused() {
        assert_eq!(bytes_of(&[3, 4], 8), Some(96));
        assert_eq!((bytes_of(&[], 8), bytes_of(&[0, 7], 8)), (Some(8), Some(0)));
        assert_eq!(bytes_of(&[1 << 60], 8), None, "the sign bit");
        assert_eq!(bytes_of(&[1 << 61, 1], 8), None, "wraps to 0");
        assert_eq!(bytes_of(&[0, 1 << 40, 1 << 40], 1), None);
    }

    #[test]
    fn values_that_are_no_samples_are_named() {
        let text = |shape: &[usize], value: f64| {
            let count = shape.iter().product();
            let values = Values::new(shape.to_vec(), Numbers::F64(vec![value; count]));
            values.check_shape("input").and_then(|()| values.check_finite("input")).unwrap_err().to_string()
        };
        assert!(
            text(&[5, 4], 0.0)
                .ends_with("the channel axis seems to be missing: add an axis of length 1 at the end")
        );
        assert!(text(&[5, 0, 1], 0.0).ends_with("an axis is empty"));
        assert_eq!(text(&[2, 3, 1], f64::NAN), "input: expected finite values, got NaN at index [0, 0, 0]");
    }
}
