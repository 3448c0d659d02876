//! Curves over a common axis, with a legend.

use super::axes::{Axes, Axis, INK, Margins, Sizes, Texts};
use super::canvas::{Anchor, Canvas, Rect, Rgb, text_width};
use super::colour::LINE_COLOURS;
use super::font::Path;
use super::heat_map::bounds;
use super::ticks::{Scale, spans};
use ndarray::ArrayView1;
use sobolev_tensor::{Error, Real, Result};

/// How a line is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
    /// Dots.
    Dotted,
}

impl Dash {
    /// Lengths of ink and blank in points.
    fn pattern(self) -> Option<[f64; 2]> {
        match self {
            Self::Solid => None,
            Self::Dashed => Some([5.0, 3.6]),
            Self::Dotted => Some([0.01, 2.8]),
        }
    }
}

/// One curve of a [`LinePlot`]. It is interrupted where a coordinate is not finite (or not positive on a logarithmic axis).
#[derive(Debug, Clone)]
#[must_use = "a line is drawn by LinePlot::line"]
pub struct Line {
    x: Vec<f64>,
    y: Vec<f64>,
    label: String,
    colour: Option<Rgb>,
    dash: Dash,
}

impl Line {
    /// The curve through the points (`x[i]`, `y[i]`); slices, vectors and views of `ndarray` are accepted.
    pub fn new<'a, 'b, X: Real, Y: Real>(
        x: impl Into<ArrayView1<'a, X>>,
        y: impl Into<ArrayView1<'b, Y>>,
    ) -> Self {
        Self {
            x: x.into().iter().map(|v| v.to_f64()).collect(),
            y: y.into().iter().map(|v| v.to_f64()).collect(),
            label: String::new(),
            colour: None,
            dash: Dash::Solid,
        }
    }

    /// Its name in the legend; a line without a name is not in the legend.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Its colour; by default the next one of seven that every colour vision tells apart.
    pub fn colour(mut self, colour: Rgb) -> Self {
        self.colour = Some(colour);
        self
    }

    /// How it is interrupted (default solid).
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }
}

/// A panel of curves.
///
/// ```
/// use sobolev::figure::{Dash, Line, LinePlot, Scale};
/// let epoch = [1.0, 2.0, 3.0, 4.0];
/// let panel = LinePlot::new()
///     .title("relative L2 error")
///     .labels("epoch", "")
///     .y_scale(Scale::Logarithmic)
///     .line(Line::new(&epoch, &[0.5, 0.1, 0.04, 0.02]).label("training"))
///     .line(Line::new(&epoch, &[0.6, 0.2, 0.08, 0.06]).label("test").dash(Dash::Dashed));
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a panel is drawn by Figure::panel"]
pub struct LinePlot {
    lines: Vec<Line>,
    texts: Texts,
    scales: [Scale; 2],
    ranges: [Option<(f64, f64)>; 2],
}

/// Thickness of curves in points.
const PEN: f64 = 1.3;
/// Legend: length of the sample of a line, and distances, in points.
const SAMPLE: f64 = 18.0;
const PADDING: f64 = 5.0;
const LINE_HEIGHT: f64 = 11.0;

impl LinePlot {
    /// A panel without lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// The line above the panel; `^{..}` raises what stands in the braces.
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.texts.title = text.into();
        self
    }

    /// Names of the two axes; an empty name takes no space.
    pub fn labels(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        self.texts.x_label = x.into();
        self.texts.y_label = y.into();
        self
    }

    /// Adds a curve.
    pub fn line(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    /// How the horizontal axis grows (default linear).
    pub fn x_scale(mut self, scale: Scale) -> Self {
        self.scales[0] = scale;
        self
    }

    /// How the vertical axis grows (default linear).
    pub fn y_scale(mut self, scale: Scale) -> Self {
        self.scales[1] = scale;
        self
    }

    /// Ends of the horizontal axis; by default those of the data.
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.ranges[0] = Some((low, high));
        self
    }

    /// Ends of the vertical axis; by default a little beyond those of the data.
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.ranges[1] = Some((low, high));
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.lines.is_empty() {
            return Err(Error::value("line plot", "one line at least", "none"));
        }
        for (number, line) in self.lines.iter().enumerate() {
            let name =
                if line.label.is_empty() { format!("{number}") } else { format!("\"{}\"", line.label) };
            if line.x.is_empty() {
                return Err(Error::shape(format!("line {name}"), "one point at least", &[0]));
            }
            if line.x.len() != line.y.len() {
                let expected = format!("y of the length of x, [{}]", line.x.len());
                return Err(Error::shape(format!("line {name}"), expected, &[line.y.len()]));
            }
        }
        let axes = self.axes(Sizes { scale: 1.0 });
        for (name, Axis { low, high, scale }) in [("x", axes.x), ("y", axes.y)] {
            let ends = [low, high].map(|v| scale.straighten(v));
            if !(scale.shows(low) && scale.shows(high) && spans(low, high) && spans(ends[0], ends[1])) {
                let expected = match scale {
                    Scale::Linear => "finite ends, low < high",
                    Scale::Logarithmic => "positive finite ends, low < high",
                };
                return Err(Error::value(format!("{name} range"), expected, format!("[{low}, {high}]")));
            }
        }
        Ok(())
    }

    /// Width of the data area against its height.
    pub(super) fn aspect(&self) -> f64 {
        1.5
    }

    /// The interval of an axis: as set, else that of the data with `margin` on both sides.
    fn axis(&self, index: usize, margin: f64) -> Axis {
        let scale = self.scales[index];
        let (low, high) = self.ranges[index].unwrap_or_else(|| {
            let shown = self.lines.iter().flat_map(|line| if index == 0 { &line.x } else { &line.y });
            let straight: Vec<f64> =
                shown.filter(|v| scale.shows(**v)).map(|v| scale.straighten(*v)).collect();
            let (low, high) = bounds(&straight);
            let (low, high) = (low - margin * (high - low), high + margin * (high - low));
            match scale {
                Scale::Linear => (low, high),
                Scale::Logarithmic => (10_f64.powf(low), 10_f64.powf(high)),
            }
        });
        Axis { low, high, scale }
    }

    fn axes(&self, sizes: Sizes) -> Axes<'_> {
        Axes { texts: &self.texts, x: self.axis(0, 0.0), y: self.axis(1, 0.05), sizes }
    }

    pub(super) fn margins(&self, width: f64, height: f64, sizes: Sizes) -> Margins {
        self.axes(sizes).margins(width, height)
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, plot: Rect, sizes: Sizes) {
        let axes = self.axes(sizes);
        axes.draw_grid(canvas, plot);
        let curves: Vec<Vec<Path>> = self.lines.iter().map(|line| self.paths(line, &axes, plot)).collect();
        for (index, (line, paths)) in self.lines.iter().zip(&curves).enumerate() {
            let paths = match line.dash.pattern() {
                Some(pattern) => dashes(paths, pattern.map(|points| sizes.px(points))),
                None => paths.clone(),
            };
            let pen = sizes.px(PEN) * if line.dash == Dash::Dotted { 1.25 } else { 1.0 };
            canvas.stroke(&paths, pen, self.colour_of(index), plot);
        }
        axes.draw(canvas, plot, 0.0);
        self.draw_legend(canvas, plot, sizes, &curves);
    }

    fn colour_of(&self, index: usize) -> Rgb {
        self.lines[index].colour.unwrap_or(LINE_COLOURS[index % LINE_COLOURS.len()])
    }

    /// Connected pieces of a curve in pixels, kept within reach of the data area.
    fn paths(&self, line: &Line, axes: &Axes<'_>, plot: Rect) -> Vec<Path> {
        let mut paths = vec![Path::new()];
        for (x, y) in line.x.iter().zip(&line.y) {
            if self.scales[0].shows(*x) && self.scales[1].shows(*y) {
                let [column, row] = axes.pixel(plot, *x, *y);
                let limit = 1e6;
                paths
                    .last_mut()
                    .expect("one path")
                    .push([column.clamp(-limit, limit), row.clamp(-limit, limit)]);
            } else {
                paths.push(Path::new());
            }
        }
        paths.retain(|path| !path.is_empty());
        paths
    }

    /// The legend stands in the corner that hides the least of the curves.
    fn draw_legend(&self, canvas: &mut Canvas, plot: Rect, sizes: Sizes, curves: &[Vec<Path>]) {
        let small = sizes.small();
        let named: Vec<usize> = (0..self.lines.len()).filter(|i| !self.lines[*i].label.is_empty()).collect();
        if named.is_empty() {
            return;
        }
        let widest = named.iter().map(|i| text_width(&self.lines[*i].label, small.size)).fold(0.0, f64::max);
        let width = widest + sizes.px(SAMPLE + 3.0 * PADDING);
        let height = sizes.px(LINE_HEIGHT * named.len() as f64 + PADDING);
        let inset = sizes.px(PADDING);
        let (left, right) = (plot.left + inset, plot.right() - inset - width);
        let (top, bottom) = (plot.top + inset, plot.bottom() - inset - height);
        let corners = [(right, top), (left, top), (right, bottom), (left, bottom)];
        let points = samples(curves, plot.width / 200.0);
        let hidden = |&(x, y): &(f64, f64)| {
            let margin = inset;
            let inside = |p: &&[f64; 2]| {
                (x - margin..=x + width + margin).contains(&p[0])
                    && (y - margin..=y + height + margin).contains(&p[1])
            };
            points.iter().filter(inside).count()
        };
        let (left, top) = corners.into_iter().min_by_key(hidden).expect("four corners");
        let frame =
            Rect { left: left.round(), top: top.round(), width: width.round(), height: height.round() };
        canvas.fill(frame, [255; 3]);
        canvas.frame(frame, sizes.hairline(), [190; 3]);
        for (row, index) in named.into_iter().enumerate() {
            let y = frame.top + sizes.px(PADDING / 2.0 + LINE_HEIGHT * (row as f64 + 0.5));
            let from = frame.left + sizes.px(PADDING);
            let sample = vec![vec![[from, y], [from + sizes.px(SAMPLE), y]]];
            let line = &self.lines[index];
            let sample = match line.dash.pattern() {
                Some(pattern) => dashes(&sample, pattern.map(|points| sizes.px(points))),
                None => sample,
            };
            canvas.stroke(&sample, sizes.px(PEN), self.colour_of(index), frame);
            let text = [from + sizes.px(SAMPLE + PADDING), y];
            canvas.text(&line.label, text, Anchor::Left, super::canvas::TextStyle { colour: INK, ..small });
        }
    }
}

/// Points along the curves about `step` pixels apart (at most 1000 on a segment).
fn samples(curves: &[Vec<Path>], step: f64) -> Vec<[f64; 2]> {
    let mut points = Vec::new();
    for path in curves.iter().flatten() {
        points.extend(path.first());
        for ends in path.windows(2) {
            let (from, to) = (ends[0], ends[1]);
            let parts = ((to[0] - from[0]).hypot(to[1] - from[1]) / step).ceil().clamp(1.0, 1000.0);
            points.extend((1..=parts as usize).map(|i| {
                let t = i as f64 / parts;
                [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]
            }));
        }
    }
    points
}

/// Cuts curves into strokes of `pattern[0]` pixels with `pattern[1]` pixels between them.
fn dashes(paths: &[Path], pattern: [f64; 2]) -> Vec<Path> {
    let mut pieces = Vec::new();
    for path in paths {
        let (mut inked, mut left) = (true, pattern[0]);
        let mut piece = vec![path[0]];
        for ends in path.windows(2) {
            let (from, to) = (ends[0], ends[1]);
            let length = (to[0] - from[0]).hypot(to[1] - from[1]);
            let mut done = 0.0;
            while length - done > left {
                done += left;
                let t = done / length;
                let cut = [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
                if inked {
                    piece.push(cut);
                    pieces.push(std::mem::take(&mut piece));
                } else {
                    piece = vec![cut];
                }
                inked = !inked;
                left = pattern[usize::from(!inked)];
            }
            left -= length - done;
            if inked {
                piece.push(to);
            }
        }
        if inked {
            pieces.push(piece);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_their_share_of_the_length() {
        let path = vec![vec![[0.0, 0.0], [37.0, 0.0], [37.0, 63.0]]];
        let pieces = dashes(&path, [5.0, 5.0]);
        let length: f64 = pieces
            .iter()
            .flat_map(|p| p.windows(2))
            .map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1]))
            .sum();
        assert!((length - 50.0).abs() < 1e-9, "{length}");
        assert_eq!(pieces.len(), 10);
    }

    #[test]
    fn a_line_is_interrupted_at_values_the_axis_cannot_show() {
        let y = [1.0, 2.0, f64::NAN, 4.0, -5.0, 6.0];
        let line = Line::new(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &y);
        let plot = Rect { left: 0.0, top: 0.0, width: 100.0, height: 100.0 };
        let pieces = |panel: LinePlot| panel.paths(&line, &panel.axes(Sizes { scale: 1.0 }), plot).len();
        assert_eq!(pieces(LinePlot::new().line(line.clone())), 2);
        assert_eq!(pieces(LinePlot::new().line(line.clone()).y_scale(Scale::Logarithmic)), 3);
    }

    #[test]
    fn the_legend_avoids_the_curve() {
        let x: Vec<f64> = (0..50).map(f64::from).collect();
        let falling: Vec<f64> = x.iter().map(|v| (-0.2 * v).exp()).collect();
        let panel = LinePlot::new().line(Line::new(&x, &falling).label("falling"));
        let mut canvas = Canvas::new(300, 200);
        let plot = Rect { left: 0.0, top: 0.0, width: 300.0, height: 200.0 };
        panel.draw(&mut canvas, plot, Sizes { scale: 1.0 });
        let right_of = |column: usize| 3 * (10 * 300 + column);
        assert_eq!(
            canvas.pixels[right_of(290)..right_of(290) + 3],
            [255; 3],
            "inside of the legend, top right"
        );
    }

    #[test]
    fn lines_of_unequal_length_and_empty_panels_are_named() {
        let unequal = LinePlot::new().line(Line::new(&[0.0, 1.0], &[1.0]).label("loss")).check().unwrap_err();
        assert_eq!(unequal.to_string(), "line \"loss\": expected y of the length of x, [2], got [1]");
        assert!(LinePlot::new().check().unwrap_err().to_string().contains("one line at least, got none"));
        let none: [f64; 0] = [];
        assert!(LinePlot::new().line(Line::new(&none, &none)).check().is_err());
        let line = Line::new(&[0.0, 1.0], &[1.0, 2.0]);
        let range =
            LinePlot::new().line(line).y_scale(Scale::Logarithmic).y_range(0.0, 1.0).check().unwrap_err();
        assert!(range.to_string().contains("positive"), "{range}");
        let far = LinePlot::new().line(Line::new(&[0.0, 1.0], &[-f64::MAX, f64::MAX])).check().unwrap_err();
        assert!(far.to_string().contains("y range"), "{far}");
    }
}
