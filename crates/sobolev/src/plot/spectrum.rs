//! Energy spectra of fields on periodic grids.

use ndarray::{ArrayD, Axis as ArrayAxis};
use sobolev_data::Dataset;
use sobolev_fft::FourierPlan;
use sobolev_solvers::Axis;
use sobolev_tensor::Error as NumericError;

use super::{Drawn, drawn};
use crate::error::Result;
use crate::figure::{Figure, Line, LinePlot, Scale};

/// The energy in shells of wave numbers, `E(k) = 1/2 sum |u_hat(q)|^2 / N^2` over all waves q with `k - 1/2 <= |q| < k + 1/2`
/// and over channels, of a real field `[space.., channels]` of N points. Wave numbers count waves over the longest of
/// `lengths`. The sum over k is half the mean square of the field (Parseval), but for waves beyond the last whole shell.
///
/// # Errors
/// When the field is empty or has more than three axes of space, or `lengths` has not one positive number for each.
pub fn energy_spectrum(field: &ArrayD<f32>, lengths: &[f64]) -> Result<Vec<f64>> {
    if field.ndim() < 2 || field.is_empty() {
        return Err(NumericError::shape("field", "[space.., channels] with values", field.shape()).into());
    }
    if lengths.len() + 1 != field.ndim() || !lengths.iter().all(|length| *length > 0.0 && length.is_finite())
    {
        let expected = format!("a positive number for each of {} axes", field.ndim() - 1);
        return Err(NumericError::value("lengths", expected, format!("{lengths:?}")).into());
    }
    let values = field.mapv(f64::from).insert_axis(ArrayAxis(0));
    let grid = field.shape()[..field.ndim() - 1].to_vec();
    let spectrum = FourierPlan::<f64>::new(&grid)?.forward_real(values.view())?;
    let longest = lengths.iter().copied().fold(0.0, f64::max);
    let stretch: Vec<f64> = lengths.iter().map(|length| longest / length).collect();
    let last = grid.len() - 1;
    // Shells that the grid resolves in all directions.
    let shells = grid.iter().zip(&stretch).map(|(n, s)| ((n / 2) as f64 * s) as usize + 1).min().unwrap_or(1);
    let points: usize = grid.iter().product();
    let mut energy = vec![0.0; shells];
    for (index, value) in spectrum.indexed_iter() {
        let wave = |axis: usize| {
            let place = index[axis + 1];
            place.min(grid[axis] - place) as f64 * stretch[axis]
        };
        let shell = (0..grid.len()).map(|axis| wave(axis).powi(2)).sum::<f64>().sqrt().round() as usize;
        let column = index[last + 1];
        // Columns between 0 and n/2 stand for their complex conjugates too.
        let copies = if column == 0 || 2 * column == grid[last] { 1.0 } else { 2.0 };
        if shell < shells {
            energy[shell] += 0.5 * copies * value.norm_sqr() / (points as f64).powi(2);
        }
    }
    Ok(energy)
}

/// The energy spectra of a sample: of its input, and of its target, of a trajectory at its first, middle and last time. Both
/// axes are logarithmic; waves without energy are left out. Of fields that are not periodic the jump from one side to the other
/// adds to all waves, which the label says.
///
/// # Errors
/// When there is no such sample or channel, or the samples cannot be read.
pub fn spectrum_figure(data: &Dataset, sample: usize, channel: Option<&str>) -> Result<Figure> {
    let [input, target] = drawn(data, sample, channel)?;
    let mut plot = LinePlot::new()
        .labels("wave number", "energy")
        .x_scale(Scale::Logarithmic)
        .y_scale(Scale::Logarithmic);
    for (side, channels) in [input, target] {
        if channels.is_empty() {
            continue;
        }
        let lengths: Vec<f64> = side.space().iter().map(length).collect();
        let values = side.values.select(ArrayAxis(side.values.ndim() - 1), &channels);
        for (name, frame) in states(&side, &values) {
            let energy = energy_spectrum(&frame, &lengths)?;
            let (k, energy): (Vec<f64>, Vec<f64>) =
                energy.into_iter().enumerate().skip(1).map(|(k, energy)| (k as f64, energy)).unzip();
            let floor = energy.iter().copied().fold(0.0, f64::max) * 1e-16;
            let energy: Vec<f64> = energy.into_iter().map(|e| if e > floor { e } else { f64::NAN }).collect();
            let periodic = side.space().iter().all(|axis| ["periodic", "unknown"].contains(&&*axis.boundary));
            let name = if periodic { name } else { format!("{name}, not periodic") };
            plot = plot.line(Line::new(&k, &energy).label(name));
        }
    }
    Ok(Figure::new().panel(plot).panel_height(220.0))
}

/// The states of a side that are drawn, by name.
fn states(side: &Drawn, values: &ArrayD<f32>) -> Vec<(String, ArrayD<f32>)> {
    let Some(time) = side.time() else { return vec![(side.name.to_string(), values.clone())] };
    let last = time.points.len() - 1;
    let mut frames = vec![0, last / 2, last];
    frames.dedup();
    let state = |frame: usize| {
        let name = format!("{}, t = {:.3}", side.name, time.points[frame]);
        (name, values.index_axis(ArrayAxis(0), frame).to_owned())
    };
    frames.into_iter().map(state).collect()
}

/// Length of a periodic axis: one spacing more than from its first to its last point.
fn length(axis: &Axis) -> f64 {
    let n = axis.points.len();
    if n < 2 { 1.0 } else { (axis.points[n - 1] - axis.points[0]) * n as f64 / (n - 1) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, IxDyn};

    #[test]
    fn a_wave_stands_in_its_shell_and_the_sum_is_half_the_mean_square() {
        let tau = std::f64::consts::TAU;
        let field = Array::from_shape_fn(IxDyn(&[32, 48, 1]), |i| {
            let (x, y) = (i[0] as f64 / 32.0, i[1] as f64 / 48.0);
            ((3.0 * tau * x).sin() * (4.0 * tau * y).cos() + 0.5 * (7.0 * tau * y).sin()) as f32
        });
        let energy = energy_spectrum(&field, &[1.0, 1.0]).unwrap();
        // Mean squares 1/4 and 1/8: the waves (3, +-4) lie in shell 5, (0, 7) in shell 7.
        assert!((energy[5] - 0.125).abs() < 1e-6 && (energy[7] - 0.0625).abs() < 1e-6, "{energy:?}");
        assert!((energy.iter().sum::<f64>() - 0.1875).abs() < 1e-6);
        // On a box that is half as long along x its waves are twice as short.
        let energy = energy_spectrum(&field, &[0.5, 1.0]).unwrap();
        assert!((energy[7] - 0.125 - 0.0625).abs() < 1e-6, "|(6, 4)| is 7.2: {energy:?}");
        for lengths in [&[1.0][..], &[1.0, 0.0], &[1.0, f64::NAN]] {
            let text = energy_spectrum(&field, lengths).unwrap_err().to_string();
            assert!(text.contains("lengths: expected a positive number for each of 2 axes"), "{text}");
        }
        assert!(energy_spectrum(&Array::zeros(IxDyn(&[])), &[]).is_err());
    }
}
