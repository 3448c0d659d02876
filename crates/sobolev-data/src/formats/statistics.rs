//! Mean, deviation and extremes of every channel of a file, in one pass and little memory.

use std::path::Path;

use ndarray::{ArrayD, ArrayView, ArrayViewD, IxDyn};
use serde::Serialize;
use sobolev_tensor::{Error as NumericError, Monitor};

use super::{FormatEntry, Variable};
use crate::error::Result;
use crate::values::Precision;

/// Values in memory at once, of formats whose rows can be read one by one.
const BLOCK: usize = 1 << 21;
/// Values whose squares are summed before they are merged with the others.
const CHUNK: usize = 1 << 14;

/// Mean, standard deviation and extremes of one channel, over samples, times and grid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statistics {
    /// Name of the channel.
    pub channel: String,
    /// Values that are finite.
    pub count: u64,
    /// Values that are not.
    pub not_finite: u64,
    /// Mean of the finite values.
    pub mean: f64,
    /// Standard deviation of the finite values: square root of the mean square distance from the mean.
    pub std: f64,
    /// Least finite value.
    pub min: f64,
    /// Largest finite value.
    pub max: f64,
}

/// Sums of a channel so far: number, mean and sum of square distances from it (Chan, Golub and LeVeque 1983).
#[derive(Debug, Clone, Copy)]
struct Moments {
    count: u64,
    not_finite: u64,
    mean: f64,
    squares: f64,
    low: f64,
    high: f64,
}

impl Moments {
    const NONE: Self = Self {
        count: 0,
        not_finite: 0,
        mean: 0.0,
        squares: 0.0,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let mut moments = Self::NONE;
        let mut sum = 0.0;
        for value in values.clone() {
            if value.is_finite() {
                moments.count += 1;
                sum += value;
                moments.low = moments.low.min(value);
                moments.high = moments.high.max(value);
            } else {
                moments.not_finite += 1;
            }
        }
        if moments.count > 0 {
            moments.mean = sum / moments.count as f64;
            moments.squares = values.filter(|v| v.is_finite()).map(|v| (v - moments.mean).powi(2)).sum();
        }
        moments
    }

    fn merge(self, other: Self) -> Self {
        let count = self.count + other.count;
        let not_finite = self.not_finite + other.not_finite;
        if count == 0 {
            return Self { not_finite, ..Self::NONE };
        }
        let (a, b) = (self.count as f64 / count as f64, other.count as f64 / count as f64);
        let apart = other.mean - self.mean;
        Self {
            count,
            not_finite,
            mean: self.mean + apart * b,
            squares: self.squares + other.squares + apart * apart * a * b * count as f64,
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}

/// The statistics of each channel of a variable. The monitor is told the rows and may cancel.
///
/// # Errors
/// When the file cannot be read, and when the monitor cancels.
pub(super) fn statistics(
    path: &Path,
    entry: &FormatEntry,
    variable: &Variable,
    monitor: &dyn Monitor,
) -> Result<Vec<Statistics>> {
    let names = variable.channels();
    let mut moments = vec![Moments::NONE; names.len()];
    let rows = variable.shape.first().copied().unwrap_or(1);
    let each: usize = variable.shape.iter().skip(1).product();
    let at_once = if (entry.by_rows)(path) { (BLOCK / each.max(1)).max(1) } else { rows.max(1) };
    let mut row = 0;
    while row < rows {
        if monitor.cancelled() {
            let (task, done, total) = ("statistics".to_string(), row as u64, rows as u64);
            return Err(NumericError::Cancelled { task, done, total }.into());
        }
        let part = row..(row + at_once).min(rows);
        row = part.end;
        let values = variable.load(entry, path, Precision::F64, part)?;
        let wrong =
            || NumericError::shape(&variable.name, "values of the shape that was announced", &values.shape);
        let numbers = values.numbers.as_slice::<f64>().ok_or_else(wrong)?;
        let view = ArrayView::from_shape(IxDyn(&values.shape), numbers).map_err(|_| wrong())?;
        let own = channels_first(variable, view);
        for (moments, part) in moments.iter_mut().zip(own.outer_iter()) {
            for chunk in part.as_slice().unwrap_or_default().chunks(CHUNK) {
                *moments = moments.merge(Moments::of(chunk.iter().copied()));
            }
        }
        monitor.progress(row as u64, rows as u64);
    }
    let told = names.into_iter().zip(moments).map(|(channel, m)| {
        let known = |value: f64| if m.count > 0 { value } else { f64::NAN };
        Statistics {
            channel,
            count: m.count,
            not_finite: m.not_finite,
            mean: known(m.mean),
            std: known((m.squares / m.count as f64).sqrt()),
            min: known(m.low),
            max: known(m.high),
        }
    });
    Ok(told.collect())
}

/// The values with all axes of components in front, as one: `[channel, ..]`, in the order of [`Variable::channels`].
fn channels_first(variable: &Variable, values: ArrayViewD<'_, f64>) -> ArrayD<f64> {
    let places: Vec<usize> = variable.components().map(|(place, _)| place).collect();
    let others = (0..values.ndim()).filter(|axis| !places.contains(axis));
    let order: Vec<usize> = places.iter().copied().chain(others).collect();
    let channels: usize = places.iter().map(|place| values.shape()[*place]).product();
    let shape = [channels, values.len().checked_div(channels).unwrap_or(0)];
    let numbers: Vec<f64> = values.permuted_axes(order).iter().copied().collect();
    // The lengths of all axes have the product that there are numbers.
    ArrayD::from_shape_vec(IxDyn(&shape), numbers).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::AxisKind;

    #[test]
    fn components_may_stand_on_any_axis() {
        // [sample, component a, x, component b], the value of each says its components.
        let names = |n: usize| AxisKind::Components((0..n).map(|i| i.to_string()).collect());
        let mut variable = Variable::plain("v", vec![2, 3, 4, 2], "float64");
        let points = crate::description::plain_field("v", &[4, 1]).axes.remove(0);
        variable.axes = vec![AxisKind::Sample, names(3), AxisKind::Grid(points), names(2)];
        let values = ArrayD::from_shape_fn(vec![2, 3, 4, 2], |i| (10 * i[1] + i[3]) as f64);
        let first = channels_first(&variable, values.view());
        assert_eq!(first.shape(), [6, 8]);
        for (channel, expected) in [0.0, 1.0, 10.0, 11.0, 20.0, 21.0].into_iter().enumerate() {
            assert!(first.index_axis(ndarray::Axis(0), channel).iter().all(|value| *value == expected));
        }
        assert_eq!(variable.channels().len(), 6);
    }

    #[test]
    fn merged_moments_are_those_of_all_values() {
        // A large mean, at which sums of squares would lose all digits of the deviation.
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 7)).collect();
        let all = Moments::of(values.iter().copied());
        let parts = values
            .chunks(37)
            .map(|part| Moments::of(part.iter().copied()))
            .fold(Moments::NONE, Moments::merge);
        assert!((all.mean - parts.mean).abs() < 1e-6 && (all.squares / parts.squares - 1.0).abs() < 1e-6);
        assert!(((all.squares / 1000.0).sqrt() - 2.0).abs() < 2e-3, "of 0..7 evenly: 2");
        let odd = Moments::of([f64::NAN, 2.0, f64::INFINITY].into_iter()).merge(Moments::NONE);
        assert_eq!((odd.count, odd.not_finite, odd.mean, odd.low, odd.high), (1, 2, 2.0, 2.0, 2.0));
    }
}
