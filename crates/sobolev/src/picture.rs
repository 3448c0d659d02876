//! Pictures of one sample: input, target, prediction and error, whatever their dimension.

use ndarray::{ArrayD, ArrayView1, ArrayView2, Axis as ArrayAxis, Ix1, Ix2};
use sobolev_solvers::Axis;
use sobolev_tensor::Error as NumericError;

use crate::error::Result;
use crate::figure::{Dash, Figure, HeatMap, Line, LinePlot, comparison};

/// The first channel of a sample `[space.., channels]` at the last point of all but the last two axes: what a picture can
/// show of it.
fn shown(sample: &ArrayD<f32>) -> ArrayD<f32> {
    let mut shown = sample.index_axis(ArrayAxis(sample.ndim() - 1), 0);
    while shown.ndim() > 2 {
        let last = shown.len_of(ArrayAxis(0)) - 1;
        shown = shown.index_axis_move(ArrayAxis(0), last);
    }
    shown.to_owned()
}

/// The prediction for one sample beside its input and, if there is one, its target. Arrays are `[space.., channels]`; the first
/// channel is shown, of trajectories and volumes the last slice. One axis gives curves, two give heat maps.
///
/// # Errors
/// When a shape does not fit the others.
pub fn comparison_figure(
    axes: &[Axis],
    input: &ArrayD<f32>,
    target: Option<&ArrayD<f32>>,
    prediction: &ArrayD<f32>,
) -> Result<Figure> {
    let [input, prediction] = [shown(input), shown(prediction)];
    let target = target.map(shown);
    let wrong = |_| NumericError::shape("prediction", "one or two axes to draw", prediction.shape());
    if prediction.ndim() == 1 {
        let line = |array: &ArrayD<f32>| array.clone().into_dimensionality::<Ix1>();
        let x: Vec<f64> = axes.last().map_or_else(Vec::new, |axis| axis.points.to_vec());
        let (prediction, target) =
            (line(&prediction).map_err(wrong)?, target.as_ref().map(line).transpose().map_err(wrong)?);
        let input = line(&input).map_err(wrong)?;
        return Ok(curves(&x, input.view(), target.as_ref().map(|t| t.view()), prediction.view()));
    }
    let plane = |array: &ArrayD<f32>| array.clone().into_dimensionality::<Ix2>();
    let (input, prediction) = (plane(&input).map_err(wrong)?, plane(&prediction).map_err(wrong)?);
    let maps = match target {
        Some(target) => {
            let target = plane(&target).map_err(wrong)?;
            comparison(input.view(), target.view(), prediction.view())?.to_vec()
        }
        None => maps(input.view(), prediction.view()),
    };
    let name = |back: usize| {
        axes.len().checked_sub(back).map_or_else(|| "x".to_string(), |index| axes[index].name.clone())
    };
    Ok(Figure::new().panels(maps.into_iter().map(|map| map.labels(name(2), name(1)))))
}

fn maps(input: ArrayView2<'_, f32>, prediction: ArrayView2<'_, f32>) -> Vec<HeatMap> {
    vec![HeatMap::new(input).title("input"), HeatMap::new(prediction).title("prediction")]
}

fn curves(
    x: &[f64],
    input: ArrayView1<'_, f32>,
    target: Option<ArrayView1<'_, f32>>,
    prediction: ArrayView1<'_, f32>,
) -> Figure {
    let mut answer = LinePlot::new().title("solution and prediction").labels("x", "u");
    if let Some(target) = target {
        answer = answer.line(Line::new(x, target).label("solution"));
    }
    answer = answer.line(Line::new(x, prediction).label("prediction").dash(Dash::Dashed));
    let given = LinePlot::new().title("input").labels("x", "").line(Line::new(x, input));
    let figure = Figure::new().panel(given).panel(answer);
    match target {
        None => figure,
        Some(target) => {
            let error: Vec<f64> =
                prediction.iter().zip(&target).map(|(p, t)| f64::from((p - t).abs())).collect();
            figure.panel(LinePlot::new().title("absolute error").labels("x", "").line(Line::new(x, &error)))
        }
    }
}
