//! A field of two coordinates as colours, with a colour bar.

use super::axes::{Axes, Axis, INK, Margins, Sizes, Texts};
use super::canvas::{Anchor, Canvas, Rect, Rgb, text_width};
use super::colour::{ColourMap, MISSING};
use super::ticks::{Scale, Ticks, spans};
use ndarray::{Array2, ArrayView2};
use sobolev_tensor::{Error, Real, Result};

/// A panel that shows values `[x1, x2]` as colours, x1 to the right and x2 upwards, every value as a cell of equal size.
/// A value that is not finite is grey.
///
/// ```
/// use ndarray::Array2;
/// use sobolev::figure::{ColourMap, HeatMap};
/// let values = Array2::from_shape_fn((64, 64), |(i, j)| (i as f64 - 32.0) * (j as f64 - 32.0));
/// let panel = HeatMap::new(values.view()).title("saddle").colour_map(ColourMap::Coolwarm).range(-1000.0, 1000.0);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a panel is drawn by Figure::panel"]
pub struct HeatMap {
    values: Array2<f64>,
    texts: Texts,
    extent: [[f64; 2]; 2],
    colour_map: ColourMap,
    range: Option<(f64, f64)>,
    colour_bar: bool,
}

/// The colour bar: distance from the data, width, length of ticks, and distance of labels, in points.
const BAR_GAP: f64 = 9.0;
const BAR_WIDTH: f64 = 9.0;
const TICK: f64 = 2.5;
const GAP: f64 = 3.0;

/// Least and largest finite value; `(0, 1)` when there is none, and widened when both are the same to rounding.
pub(super) fn bounds<'a>(values: impl IntoIterator<Item = &'a f64>) -> (f64, f64) {
    let (low, high) = values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    if low > high {
        (0.0, 1.0)
    } else if high - low < f64::INFINITY && !spans(low, high) {
        let size = low.abs().max(high.abs());
        let margin = if size < 1e-290 { 1.0 } else { 0.1 * size };
        (low - margin, high + margin)
    } else {
        (low, high)
    }
}

impl HeatMap {
    /// Shows `values`, `[x1, x2]`, on the unit square with viridis from the least to the largest value.
    pub fn new<T: Real>(values: ArrayView2<'_, T>) -> Self {
        Self {
            values: values.mapv(Real::to_f64),
            texts: Texts { title: String::new(), x_label: "x".into(), y_label: "y".into() },
            extent: [[0.0, 1.0]; 2],
            colour_map: ColourMap::default(),
            range: None,
            colour_bar: true,
        }
    }

    /// The line above the panel; `^{..}` raises what stands in the braces.
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.texts.title = text.into();
        self
    }

    /// Names of the two coordinates (default `x` and `y`); an empty name takes no space.
    pub fn labels(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        self.texts.x_label = x.into();
        self.texts.y_label = y.into();
        self
    }

    /// Outer ends of the first and the last cell along x1 and x2. The panel takes the proportions of this rectangle,
    /// as long as they are milder than 1 to 4.
    pub fn extent(mut self, x: [f64; 2], y: [f64; 2]) -> Self {
        self.extent = [x, y];
        self
    }

    /// The colours (default viridis).
    pub fn colour_map(mut self, map: ColourMap) -> Self {
        self.colour_map = map;
        self
    }

    /// Values of the two ends of the colour map; values beyond have the colour of the nearer end.
    /// Panels that are to be compared take the same range: see [`HeatMap::bounds`].
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Leaves the colour bar out.
    pub fn without_colour_bar(mut self) -> Self {
        self.colour_bar = false;
        self
    }

    /// The values of the two ends of the colour map: the range that was set, else the least and largest finite value
    /// (a constant field gets a margin of a tenth around its value).
    pub fn bounds(&self) -> (f64, f64) {
        self.range.unwrap_or_else(|| bounds(&self.values))
    }

    pub(super) fn map(&self) -> ColourMap {
        self.colour_map
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.values.is_empty() {
            return Err(Error::shape(
                "heat map values",
                "[x1, x2] with both axes filled",
                self.values.shape(),
            ));
        }
        for (axis, [low, high]) in ["x", "y"].iter().zip(self.extent) {
            if !spans(low, high) {
                let got = format!("[{low}, {high}]");
                return Err(Error::value(
                    format!("heat map extent along {axis}"),
                    "finite ends, low < high",
                    got,
                ));
            }
        }
        let (low, high) = self.bounds();
        if !spans(low, high) {
            return Err(Error::value(
                "heat map range",
                "finite ends, low < high",
                format!("[{low}, {high}]"),
            ));
        }
        Ok(())
    }

    /// Width of the data area against its height.
    pub(super) fn aspect(&self) -> f64 {
        let [[left, right], [bottom, top]] = self.extent;
        ((right - left) / (top - bottom)).clamp(0.25, 4.0)
    }

    fn axes(&self, sizes: Sizes) -> Axes<'_> {
        let axis = |[low, high]: [f64; 2]| Axis { low, high, scale: Scale::Linear };
        Axes { texts: &self.texts, x: axis(self.extent[0]), y: axis(self.extent[1]), sizes }
    }

    fn bar_ticks(&self, height: f64, sizes: Sizes) -> Ticks {
        let (low, high) = self.bounds();
        Axis { low, high, scale: Scale::Linear }.ticks(height, sizes.px(28.0))
    }

    /// How far the title makes room for the power of ten above the colour bar.
    fn title_raise(&self, width: f64, height: f64, sizes: Sizes) -> f64 {
        let beyond = text_width(&self.texts.title, sizes.title().size) - width;
        let collides = self.colour_bar
            && beyond / 2.0 > sizes.px(BAR_GAP - GAP)
            && self.bar_ticks(height, sizes).multiplier.is_some();
        if collides { sizes.small().size + sizes.px(GAP) } else { 0.0 }
    }

    pub(super) fn margins(&self, width: f64, height: f64, sizes: Sizes) -> Margins {
        let mut margins = self.axes(sizes).margins(width, height);
        margins.top += self.title_raise(width, height, sizes);
        if self.colour_bar {
            let ticks = self.bar_ticks(height, sizes);
            let small = sizes.small().size;
            let labels = ticks.labels.iter().map(|text| text_width(text, small)).fold(0.0, f64::max);
            let beside = sizes.px(BAR_WIDTH + TICK + GAP) + labels;
            let above = ticks.multiplier.map_or(0.0, |text| text_width(&text, small));
            margins.right = margins.right.max(sizes.px(BAR_GAP) + beside.max(above));
            margins.top = margins.top.max(small + sizes.px(2.0 * GAP));
        }
        margins
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, plot: Rect, sizes: Sizes) {
        self.draw_values(canvas, plot);
        let raise = self.title_raise(plot.width, plot.height, sizes);
        self.axes(sizes).draw(canvas, plot, raise);
        if self.colour_bar {
            let left = plot.right() + sizes.px(BAR_GAP);
            self.draw_bar(canvas, Rect { left, width: sizes.px(BAR_WIDTH), ..plot }, sizes);
        }
    }

    fn colour(&self, value: f64, (low, high): (f64, f64)) -> Rgb {
        if value.is_finite() { self.colour_map.colour((value - low) / (high - low)) } else { MISSING }
    }

    /// Each pixel is the mean of the colours that lie under it, by area: cells larger than a pixel keep their edges, and
    /// a fine field is not sub-sampled.
    fn draw_values(&self, canvas: &mut Canvas, plot: Rect) {
        let range = self.bounds();
        let colours = self.values.mapv(|value| self.colour(value, range).map(f64::from));
        let (columns, rows) = canvas.cells(plot);
        let horizontal: Vec<_> = shares(columns.len(), self.values.nrows()).collect();
        let vertical: Vec<_> = shares(rows.len(), self.values.ncols()).collect();
        for (row, below) in rows.zip(vertical.iter().rev()) {
            for (column, beside) in columns.clone().zip(&horizontal) {
                let mut sum = [0.0; 3];
                for (i, width) in beside {
                    for (j, height) in below {
                        for (total, channel) in sum.iter_mut().zip(colours[[*i, *j]]) {
                            *total += width * height * channel;
                        }
                    }
                }
                canvas.set(column, row, sum.map(|v| v.round() as u8));
            }
        }
    }

    fn draw_bar(&self, canvas: &mut Canvas, bar: Rect, sizes: Sizes) {
        let line = sizes.hairline();
        let small = sizes.small();
        let (columns, rows) = canvas.cells(bar);
        let last = rows.len().saturating_sub(1).max(1);
        for (step, row) in rows.rev().enumerate() {
            for column in columns.clone() {
                canvas.set(column, row, self.colour_map.colour(step as f64 / last as f64));
            }
        }
        canvas.frame(bar, line, INK);
        let ticks = self.bar_ticks(bar.height, sizes);
        let (low, high) = self.bounds();
        for (value, text) in ticks.values.iter().zip(&ticks.labels) {
            let y = bar.bottom() - (value - low) / (high - low) * bar.height;
            let left = bar.right() + line;
            canvas.fill(Rect { left, top: y - line / 2.0, width: sizes.px(TICK), height: line }, INK);
            canvas.text(text, [left + sizes.px(TICK + GAP), y], Anchor::Left, small);
        }
        if let Some(text) = &ticks.multiplier {
            let above = bar.top - sizes.px(1.5 * GAP) - small.size / 2.0;
            canvas.text(text, [bar.left, above], Anchor::Left, small);
        }
    }
}

/// For each of `pixels` equal parts of a line: the cells (of `cells` equal ones) under it, with their shares of the part.
fn shares(pixels: usize, cells: usize) -> impl Iterator<Item = Vec<(usize, f64)>> {
    let ratio = cells as f64 / pixels as f64;
    (0..pixels).map(move |pixel| {
        let (from, to) = (pixel as f64 * ratio, (pixel + 1) as f64 * ratio);
        let last = (to.ceil() as usize).clamp(1, cells);
        ((from as usize).min(last - 1)..last)
            .map(|cell| (cell, (to.min((cell + 1) as f64) - from.max(cell as f64)) / ratio))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const SIZES: Sizes = Sizes { scale: 1.0 };

    fn pixel(canvas: &Canvas, column: usize, row: usize) -> Rgb {
        let start = 3 * (row * canvas.width + column);
        canvas.pixels[start..start + 3].try_into().unwrap()
    }

    #[test]
    fn first_axis_runs_to_the_right_and_second_upwards() {
        let panel = HeatMap::new(array![[0.0, 1.0], [2.0, 3.0]].view());
        let mut canvas = Canvas::new(60, 60);
        panel.draw_values(&mut canvas, Rect { left: 10.0, top: 10.0, width: 40.0, height: 40.0 });
        let viridis = |v: f64| ColourMap::Viridis.colour(v / 3.0);
        assert_eq!(pixel(&canvas, 12, 47), viridis(0.0));
        assert_eq!(pixel(&canvas, 12, 12), viridis(1.0));
        assert_eq!(pixel(&canvas, 47, 47), viridis(2.0));
        assert_eq!(pixel(&canvas, 47, 12), viridis(3.0));
        assert_eq!(pixel(&canvas, 9, 12), [255; 3]);
    }

    #[test]
    fn the_colour_bar_ends_with_the_ends_of_the_map() {
        for map in [ColourMap::Viridis, ColourMap::Magma, ColourMap::Coolwarm] {
            let panel = HeatMap::new(array![[0.0, 1.0]].view()).colour_map(map);
            let mut canvas = Canvas::new(80, 80);
            panel.draw_bar(&mut canvas, Rect { left: 10.0, top: 10.0, width: 9.0, height: 60.0 }, SIZES);
            assert_eq!(pixel(&canvas, 14, 69), map.colour(0.0));
            assert_eq!(pixel(&canvas, 14, 10), map.colour(1.0));
        }
    }

    #[test]
    fn values_that_are_not_finite_are_grey_and_do_not_count_for_the_range() {
        let panel = HeatMap::new(array![[f64::NAN, 2.0], [f64::INFINITY, 4.0]].view());
        assert_eq!(panel.bounds(), (2.0, 4.0));
        let mut canvas = Canvas::new(20, 20);
        panel.draw_values(&mut canvas, Rect { left: 0.0, top: 0.0, width: 20.0, height: 20.0 });
        assert_eq!(pixel(&canvas, 2, 17), MISSING);
        assert_eq!(pixel(&canvas, 17, 17), MISSING);
        assert!(HeatMap::new(array![[f64::NAN]].view()).check().is_ok());
    }

    #[test]
    fn shares_of_a_pixel_sum_to_one_and_a_fine_field_is_averaged() {
        for (pixels, cells) in [(7, 3), (3, 7), (200, 85), (100, 421), (64, 64), (1, 5)] {
            let mut weight = vec![0.0; cells];
            for parts in shares(pixels, cells) {
                assert!((parts.iter().map(|p| p.1).sum::<f64>() - 1.0).abs() < 1e-12);
                parts.into_iter().for_each(|(cell, share)| weight[cell] += share);
            }
            let expected = pixels as f64 / cells as f64;
            assert!(weight.iter().all(|w| (w - expected).abs() < 1e-9), "{pixels} {cells}: {weight:?}");
        }
    }

    #[test]
    fn empty_values_and_impossible_ranges_are_named() {
        let empty = HeatMap::new(Array2::<f64>::zeros((0, 4)).view()).check().unwrap_err().to_string();
        assert_eq!(empty, "heat map values: expected [x1, x2] with both axes filled, got [0, 4]");
        let values = array![[1.0, 2.0]];
        let range = HeatMap::new(values.view()).range(2.0, f64::NAN).check().unwrap_err().to_string();
        assert!(range.contains("heat map range") && range.contains("[2, NaN]"), "{range}");
        let extent =
            HeatMap::new(values.view()).extent([0.0, 1.0], [1.0, 1.0]).check().unwrap_err().to_string();
        assert!(extent.contains("extent along y"), "{extent}");
    }

    #[test]
    fn a_constant_field_has_a_range() {
        assert_eq!(HeatMap::new(array![[0.0, 0.0]].view()).bounds(), (-1.0, 1.0));
        for values in
            [array![[5.0, 5.0]], array![[1.0, 1.0 + 1e-15]], array![[0.0, 1e-310]], array![[-3.0, -3.0]]]
        {
            assert!(HeatMap::new(values.view()).check().is_ok(), "{values}");
        }
    }
}
