//! Rows to columns and back, in squares of one vector of vectors.

use super::kernel::{Work, dispatch};
use super::lanes;
use crate::vector::Vector;
use sobolev_tensor::{Error, Real, Result};

/// `to[j pitch + i] = from[offsets[i] + j]` for j below `points`: as many rows as a vector has [`lanes`] become columns.
///
/// # Errors
/// [`Error::Shape`] unless there is one row for each lane, and all lie in the slices.
pub fn to_columns<T: Real>(
    from: &[T],
    offsets: &[usize],
    points: usize,
    to: &mut [T],
    pitch: usize,
) -> Result<()> {
    check::<T>(from.len(), offsets, points, to.len(), pitch)?;
    // SAFETY: checked just now; slices do not overlap.
    unsafe { dispatch(ToColumns { from: from.as_ptr(), offsets, points, to: to.as_mut_ptr(), pitch }) };
    Ok(())
}

/// `to[offsets[i] + j] = from[j pitch + i]`: the other way.
///
/// # Errors
/// As [`to_columns`].
pub fn to_rows<T: Real>(
    from: &[T],
    pitch: usize,
    points: usize,
    to: &mut [T],
    offsets: &[usize],
) -> Result<()> {
    check::<T>(to.len(), offsets, points, from.len(), pitch)?;
    // SAFETY: checked just now; slices do not overlap.
    unsafe { dispatch(ToRows { from: from.as_ptr(), pitch, points, to: to.as_mut_ptr(), offsets }) };
    Ok(())
}

fn check<T>(rows: usize, offsets: &[usize], points: usize, columns: usize, pitch: usize) -> Result<()> {
    let lanes = offsets.len();
    let last = offsets.iter().max().copied().unwrap_or(0);
    let fits = rows >= last + points && (points == 0 || columns >= (points - 1) * pitch + lanes);
    if fits && lanes == super::lanes::<T>() && pitch >= lanes {
        return Ok(());
    }
    let expected = format!("{lanes} rows of {points} numbers, and as many columns");
    Err(Error::shape("rows and columns", expected, &[rows, columns]))
}

struct ToColumns<'a, T> {
    from: *const T,
    offsets: &'a [usize],
    points: usize,
    to: *mut T,
    pitch: usize,
}

impl<T: Real> Work<T> for ToColumns<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let Self { from, offsets, points, to, pitch } = self;
        let width = lanes::<T>();
        let whole = points / width * width;
        // SAFETY: the caller vouches for all of both.
        unsafe {
            let mut block = [V::splat(T::zero()); 8];
            for j in (0..whole).step_by(width) {
                for i in 0..width {
                    block[i] = V::load(from.add(offsets[i] + j));
                }
                V::transpose(block.as_mut_ptr());
                for i in 0..width {
                    block[i].store(to.add((j + i) * pitch));
                }
            }
            for j in whole..points {
                for (i, offset) in offsets.iter().enumerate() {
                    *to.add(j * pitch + i) = *from.add(offset + j);
                }
            }
        }
    }
}

struct ToRows<'a, T> {
    from: *const T,
    pitch: usize,
    points: usize,
    to: *mut T,
    offsets: &'a [usize],
}

impl<T: Real> Work<T> for ToRows<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let Self { from, pitch, points, to, offsets } = self;
        let width = lanes::<T>();
        let whole = points / width * width;
        // SAFETY: the caller vouches for all of both.
        unsafe {
            let mut block = [V::splat(T::zero()); 8];
            for j in (0..whole).step_by(width) {
                for i in 0..width {
                    block[i] = V::load(from.add((j + i) * pitch));
                }
                V::transpose(block.as_mut_ptr());
                for i in 0..width {
                    block[i].store(to.add(offsets[i] + j));
                }
            }
            for j in whole..points {
                for (i, offset) in offsets.iter().enumerate() {
                    *to.add(offset + j) = *from.add(j * pitch + i);
                }
            }
        }
    }
}
