//! Which points of the stored fields a data set shows: sub-sampling by stride.

use ndarray::{Array1, Slice};
use sobolev_solvers::{Axis, Field};
use sobolev_tensor::{Error, Real, Result};

use crate::values::Numbers;

/// The points `start, start + step, ..` of a stored axis, `len` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AxisSlice {
    start: usize,
    step: usize,
    len: usize,
}

/// The shown part of a field of the storage.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    /// The field as it is shown.
    pub(crate) field: Field,
    stored: Vec<usize>,
    slices: Vec<AxisSlice>,
}

impl View {
    /// All of a field.
    pub(crate) fn whole(field: Field) -> Self {
        let stored = field.shape();
        let slices =
            field.axes.iter().map(|axis| AxisSlice { start: 0, step: 1, len: axis.points.len() }).collect();
        Self { field, stored, slices }
    }

    /// Shape of a stored sample, `[space.., channels]`.
    pub(crate) fn stored_len(&self) -> usize {
        self.stored.iter().product()
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        self.field.shape()
    }

    pub(crate) fn len(&self) -> usize {
        self.shape().iter().product()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.slices.iter().all(|slice| slice.step == 1)
    }

    /// Whether the field has an axis of this name.
    pub(crate) fn has_axis(&self, name: &str) -> bool {
        self.field.axes.iter().any(|axis| axis.name == name)
    }

    /// Every `stride`-th point of the axis `name`.
    ///
    /// # Errors
    /// When the stride would leave a grid of another kind; the error lists those that are possible.
    pub(crate) fn subsample(&mut self, name: &str, stride: usize) -> Result<()> {
        for (axis, slice) in self.field.axes.iter_mut().zip(&mut self.slices) {
            if axis.name != name {
                continue;
            }
            let Some((start, len)) = kept(axis, stride) else {
                let possible: Vec<String> = (2..=axis.points.len() / 2)
                    .filter(|&r| kept(axis, r).is_some())
                    .map(|r| r.to_string())
                    .collect();
                let expected =
                    format!("a stride that keeps the grid of {} points of {name}", axis.points.len());
                return Err(Error::value("stride", expected, stride).with_hint(if possible.is_empty() {
                    "only 1 is possible".to_string()
                } else {
                    format!("possible are 1, {}", possible.join(", "))
                }));
            };
            let points =
                axis.points.slice_axis(ndarray::Axis(0), Slice::new(start as isize, None, stride as isize));
            axis.points = points.iter().take(len).copied().collect::<Array1<f64>>();
            *slice = AxisSlice { start: slice.start + start * slice.step, step: slice.step * stride, len };
        }
        Ok(())
    }

    /// Copies the shown part of the sample that starts at `offset` of `numbers`.
    pub(crate) fn copy<T: Real>(&self, numbers: &Numbers, offset: usize, out: &mut [T]) {
        if self.is_whole() {
            numbers.copy_range(offset, out);
        } else {
            self.copy_axis(numbers, 0, offset, out);
        }
    }

    fn copy_axis<T: Real>(&self, numbers: &Numbers, axis: usize, offset: usize, out: &mut [T]) {
        let inner: usize = self.stored[axis + 1..].iter().product();
        let AxisSlice { start, step, len } = self.slices[axis];
        let first = offset + start * inner;
        let last_axis = axis + 1 == self.slices.len();
        if last_axis && inner == 1 {
            numbers.copy_strided(first, step, out);
            return;
        }
        for (i, part) in out.chunks_mut(out.len() / len).enumerate() {
            let offset = first + i * step * inner;
            if last_axis {
                numbers.copy_range(offset, part);
            } else {
                self.copy_axis(numbers, axis + 1, offset, part);
            }
        }
    }
}

/// First kept point and number of kept points, when stride `r` leaves a grid of the same kind: on a periodic axis r must
/// divide n. On others r must divide n - 1, so that both ends stay; or r is odd and divides the n cells of an axis whose
/// points are cell centres, and the middle one of r cells stays, the centre of the coarse cell.
fn kept(axis: &Axis, r: usize) -> Option<(usize, usize)> {
    let n = axis.points.len();
    if r == 0 || r > n {
        return None;
    }
    if r == 1 {
        return Some((0, n));
    }
    if axis.boundary == "periodic" {
        return n.is_multiple_of(r).then_some((0, n / r));
    }
    if n > 1 && (n - 1).is_multiple_of(r) {
        return Some((0, (n - 1) / r + 1));
    }
    (r % 2 == 1 && n.is_multiple_of(r) && cell_centred(&axis.points)).then_some(((r - 1) / 2, n / r))
}

/// Whether the first point lies half a spacing above zero, as the centre of the first cell does.
fn cell_centred(points: &Array1<f64>) -> bool {
    points.len() > 1 && {
        let spacing = points[1] - points[0];
        (points[0] - 0.5 * spacing).abs() < 1e-6 * spacing.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::plain_field;

    fn axis(points: Vec<f64>, boundary: &str) -> Axis {
        Axis {
            name: "x1".to_string(),
            points: points.into(),
            boundary: boundary.to_string(),
            units: "1".to_string(),
        }
    }

    #[test]
    fn published_strides_are_possible() {
        // Darcy: 421 points, both ends included; Burgers: 8192 periodic points.
        let darcy = axis((0..421).map(|i| f64::from(i) / 420.0).collect(), "u = 0");
        for (stride, points) in [(1, 421), (2, 211), (3, 141), (5, 85), (7, 61), (10, 43), (15, 29)] {
            assert_eq!(kept(&darcy, stride), Some((0, points)));
        }
        assert_eq!(kept(&darcy, 8), None);
        let burgers = axis((0..8192).map(|i| f64::from(i) / 8192.0).collect(), "periodic");
        assert_eq!(kept(&burgers, 8), Some((0, 1024)));
        assert_eq!(kept(&burgers, 3), None);
    }

    #[test]
    fn cell_centres_stay_cell_centres() {
        let n = 9;
        let fine = axis((0..n).map(|i| (f64::from(i) + 0.5) / f64::from(n)).collect(), "u = 0");
        let mut view = View::whole(Field { axes: vec![fine], ..plain_field("u", &[9, 1]) });
        view.subsample("x1", 3).unwrap();
        for (i, x) in view.field.axes[0].points.iter().enumerate() {
            assert!((x - (i as f64 + 0.5) / 3.0).abs() < 1e-15);
        }
    }

    #[test]
    fn strides_compose_and_pick_the_points_of_the_coordinates() {
        let mut view = View::whole(plain_field("u", &[13, 5, 2]));
        view.subsample("x1", 2).unwrap();
        view.subsample("x1", 3).unwrap();
        view.subsample("x2", 4).unwrap();
        assert_eq!(view.shape(), [3, 2, 2]);
        let stored: Vec<f64> = (0..13 * 5 * 2 + 7).map(f64::from).collect();
        let mut out = vec![0.0; view.len()];
        view.copy(&Numbers::F64(stored), 7, &mut out);
        let at = |i: usize, j: usize, c: usize| (7 + (i * 5 + j) * 2 + c) as f64;
        let expected: Vec<f64> = [0, 6, 12]
            .into_iter()
            .flat_map(|i| [0, 4].into_iter().flat_map(move |j| [0, 1].map(move |c| at(i, j, c))))
            .collect();
        assert_eq!(out, expected);
        assert_eq!(view.field.axes[0].points.to_vec(), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn an_impossible_stride_lists_the_possible_ones() {
        let mut view = View::whole(plain_field("u", &[13, 1]));
        let text = view.subsample("x1", 5).unwrap_err().to_string();
        assert_eq!(
            text,
            "stride: expected a stride that keeps the grid of 13 points of x1, got 5; possible are 1, 2, 3, 4, 6"
        );
        let text = View::whole(plain_field("u", &[3, 1])).subsample("x1", 0).unwrap_err().to_string();
        assert!(text.ends_with("got 0; only 1 is possible"), "{text}");
    }
}
