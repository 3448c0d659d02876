//! Pictures for reports: heat maps and curves as PNG and GIF files, with a font of their own, so that no font and no plotting
//! program need be installed.
//!
//! ```no_run
//! use ndarray::Array2;
//! use sobolev::figure::{Figure, Line, LinePlot, Scale, comparison};
//! # let (a, u, v) = (Array2::<f32>::zeros((64, 64)), Array2::zeros((64, 64)), Array2::zeros((64, 64)));
//! # let (epoch, loss) = (vec![1.0, 2.0], vec![0.1, 0.01]);
//! Figure::new()
//!     .title("Darcy flow, 64 x 64")
//!     .panels(comparison(a.view(), u.view(), v.view())?)
//!     .write_png("darcy.png")?;
//! Figure::new()
//!     .panel(LinePlot::new().labels("epoch", "loss").y_scale(Scale::Logarithmic).line(Line::new(&epoch, &loss)))
//!     .write_png("loss.png")?;
//! # Ok::<(), sobolev::figure::FigureError>(())
//! ```

mod animation;
mod axes;
mod canvas;
mod colour;
mod error;
mod font;
mod heat_map;
mod layout;
mod line_plot;
mod text;
mod ticks;

pub use animation::write_gif;
pub use canvas::Rgb;
pub use colour::ColourMap;
pub use error::FigureError;
pub use heat_map::HeatMap;
pub use layout::{Figure, Image, Panel};
pub use line_plot::{Dash, Line, LinePlot};
pub use text::{Ink, text_curve, text_map};
pub use ticks::Scale;

use ndarray::ArrayView2;
use sobolev_tensor::{Error, Real, Result};

/// The four panels by which a surrogate is judged: coefficient, solution, prediction (on the scale of the solution) and
/// absolute error. Each array is `[x1, x2]`; the coefficient may have another resolution.
///
/// # Errors
/// [`Error::Shape`] when `prediction` and `solution` differ in shape.
pub fn comparison<T: Real>(
    coefficient: ArrayView2<'_, T>,
    solution: ArrayView2<'_, T>,
    prediction: ArrayView2<'_, T>,
) -> Result<[HeatMap; 4]> {
    if prediction.shape() != solution.shape() {
        let expected = format!("the shape of the solution, {:?}", solution.shape());
        return Err(Error::shape("prediction", expected, prediction.shape()));
    }
    let error =
        ndarray::Zip::from(prediction).and(solution).map_collect(|p, s| (p.to_f64() - s.to_f64()).abs());
    let truth = HeatMap::new(solution).title("solution");
    let (low, high) = truth.bounds();
    let largest = error.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let scale_end = if largest > 1e-290 { largest } else { 1.0 };
    Ok([
        HeatMap::new(coefficient).title("coefficient"),
        truth,
        HeatMap::new(prediction).title("prediction").range(low, high),
        HeatMap::new(error.view()).title("absolute error").colour_map(ColourMap::Magma).range(0.0, scale_end),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn prediction_has_the_scale_of_the_solution_and_the_error_starts_at_zero() {
        let field = Array2::from_shape_fn((8, 8), |(i, j)| (i + j) as f64);
        let [_, truth, guess, error] = comparison(field.view(), field.view(), (&field * 1.5).view()).unwrap();
        assert_eq!(truth.bounds(), guess.bounds());
        assert_eq!(error.bounds(), (0.0, 7.0));
        assert!(comparison(field.view(), field.view(), Array2::zeros((4, 8)).view()).is_err());
    }
}
