//! What all panels share: frame, ticks, labels, title, and the sizes of text.

use super::canvas::{Anchor, Canvas, Rect, Rgb, TextStyle, text_width};
use super::ticks::{Scale, Ticks};

pub(super) const INK: Rgb = [30, 30, 30];
pub(super) const GRID: Rgb = [228, 228, 228];

/// Sizes in points, and how many pixels a point has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Pixels in a point.
    pub(super) scale: f64,
}

impl Sizes {
    /// Pixels of `points`.
    pub(super) fn px(self, points: f64) -> f64 {
        points * self.scale
    }

    fn style(self, points: f64, weight: f64) -> TextStyle {
        TextStyle { size: self.px(points), weight, colour: INK, upwards: false }
    }

    /// Numbers at ticks and texts in legends.
    pub(super) fn small(self) -> TextStyle {
        self.style(6.6, 0.105)
    }

    /// Names of axes.
    pub(super) fn label(self) -> TextStyle {
        self.style(7.2, 0.105)
    }

    /// Title of a panel.
    pub(super) fn title(self) -> TextStyle {
        self.style(8.2, 0.13)
    }

    /// Title of the figure.
    pub(super) fn heading(self) -> TextStyle {
        self.style(9.6, 0.13)
    }

    /// Frames and ticks, a whole number of pixels.
    pub(super) fn hairline(self) -> f64 {
        self.px(0.6).round().max(1.0)
    }
}

/// Space around the data area of a panel, in pixels.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Margins {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Margins {
    /// The larger of two margins on each side.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            right: self.right.max(other.right),
            top: self.top.max(other.top),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// One axis: the interval it shows and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) scale: Scale,
}

impl Axis {
    /// Place of `value` between 0 (low end) and 1 (high end).
    pub(super) fn place(self, value: f64) -> f64 {
        let at = |v| self.scale.straighten(v);
        (at(value) - at(self.low)) / (at(self.high) - at(self.low))
    }

    /// Ticks for an axis of `length` pixels with labels about `room` pixels apart.
    pub(super) fn ticks(self, length: f64, room: f64) -> Ticks {
        Ticks::new(self.scale, self.low, self.high, (length / room) as usize + 1)
    }
}

/// Title and names of the axes.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
}

/// A frame with two axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axes<'a> {
    pub(super) texts: &'a Texts,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) sizes: Sizes,
}

/// A symbol such as `y` is easier to read upright; a longer name would take too much space.
fn runs_upwards(name: &str) -> bool {
    name.chars().count() > 2
}

/// Length of ticks, and distance between neighbours, in points.
const TICK: f64 = 3.0;
const GAP: f64 = 3.0;

impl Axes<'_> {
    fn x_ticks(&self, width: f64) -> Ticks {
        self.x.ticks(width, self.sizes.px(36.0))
    }

    fn y_ticks(&self, height: f64) -> Ticks {
        self.y.ticks(height, self.sizes.px(32.0))
    }

    /// Position of a point of the data in pixels.
    pub(super) fn pixel(&self, plot: Rect, x: f64, y: f64) -> [f64; 2] {
        [plot.left + self.x.place(x) * plot.width, plot.bottom() - self.y.place(y) * plot.height]
    }

    /// Space that ticks, labels and title need around a data area.
    pub(super) fn margins(&self, width: f64, height: f64) -> Margins {
        let sizes = self.sizes;
        let (small, label, title) = (sizes.small().size, sizes.label().size, sizes.title().size);
        let x_ticks = self.x_ticks(width);
        let y_ticks = self.y_ticks(height);
        let ticks_to_label = sizes.px(TICK + GAP);
        let name = |text: &str| if text.is_empty() { 0.0 } else { label + sizes.px(2.0 * GAP) };
        let y_name = match self.texts.y_label.as_str() {
            text if runs_upwards(text) => name(text),
            "" => 0.0,
            text => text_width(text, label) + sizes.px(2.0 * GAP),
        };
        let widest = y_ticks.labels.iter().map(|text| text_width(text, small)).fold(0.0, f64::max);
        let title_beyond = (text_width(&self.texts.title, title) - width).max(0.0) / 2.0;
        let last_label = x_ticks.labels.last().map_or(0.0, |text| text_width(text, small) / 2.0);
        let multiplier = |ticks: &Ticks| if ticks.multiplier.is_some() { small + sizes.px(GAP) } else { 0.0 };
        let title_height = if self.texts.title.is_empty() { 0.0 } else { title + sizes.px(2.0 * GAP) };
        Margins {
            left: (ticks_to_label + widest + y_name).max(title_beyond),
            right: last_label.max(title_beyond),
            top: title_height.max(sizes.px(GAP)) + multiplier(&y_ticks),
            bottom: ticks_to_label + small + name(&self.texts.x_label) + multiplier(&x_ticks),
        }
    }

    /// Faint lines at the ticks, to be drawn below the data.
    pub(super) fn draw_grid(&self, canvas: &mut Canvas, plot: Rect) {
        let line = self.sizes.hairline();
        for value in self.x_ticks(plot.width).values {
            let x = plot.left + self.x.place(value) * plot.width - line / 2.0;
            canvas.fill(Rect { left: x, width: line, ..plot }, GRID);
        }
        for value in self.y_ticks(plot.height).values {
            let y = plot.bottom() - self.y.place(value) * plot.height - line / 2.0;
            canvas.fill(Rect { top: y, height: line, ..plot }, GRID);
        }
    }

    /// Frame, ticks, labels and title, to be drawn above the data. The title stands `raise` pixels higher than needed.
    pub(super) fn draw(&self, canvas: &mut Canvas, plot: Rect, raise: f64) {
        let sizes = self.sizes;
        let line = sizes.hairline();
        let small = sizes.small();
        canvas.frame(plot, line, INK);
        let x_ticks = self.x_ticks(plot.width);
        for (values, length) in [(&x_ticks.values, TICK), (&x_ticks.minor, TICK / 2.0)] {
            for value in values {
                let x = plot.left + self.x.place(*value) * plot.width - line / 2.0;
                let mark = Rect { left: x, top: plot.bottom() + line, width: line, height: sizes.px(length) };
                canvas.fill(mark, INK);
            }
        }
        let below = plot.bottom() + sizes.px(TICK + GAP);
        for (value, text) in x_ticks.values.iter().zip(&x_ticks.labels) {
            let x = plot.left + self.x.place(*value) * plot.width;
            canvas.text(text, [x, below + small.size / 2.0], Anchor::Centre, small);
        }
        let y_ticks = self.y_ticks(plot.height);
        for (values, length) in [(&y_ticks.values, TICK), (&y_ticks.minor, TICK / 2.0)] {
            for value in values {
                let y = plot.bottom() - self.y.place(*value) * plot.height - line / 2.0;
                let length = sizes.px(length);
                canvas
                    .fill(Rect { left: plot.left - line - length, top: y, width: length, height: line }, INK);
            }
        }
        let beside = plot.left - sizes.px(TICK + GAP);
        for (value, text) in y_ticks.values.iter().zip(&y_ticks.labels) {
            let y = plot.bottom() - self.y.place(*value) * plot.height;
            canvas.text(text, [beside, y], Anchor::Right, small);
        }
        let mut title_bottom = plot.top - sizes.px(2.0 * GAP) - raise;
        if let Some(text) = &y_ticks.multiplier {
            canvas.text(text, [plot.left, plot.top - sizes.px(GAP) - small.size / 2.0], Anchor::Left, small);
            title_bottom -= small.size + sizes.px(GAP);
        }
        let mut name_top = below + small.size + sizes.px(2.0 * GAP);
        if let Some(text) = &x_ticks.multiplier {
            canvas.text(text, [plot.right(), name_top + small.size / 2.0], Anchor::Right, small);
            name_top += small.size + sizes.px(GAP);
        }
        let middle = plot.left + plot.width / 2.0;
        let label = sizes.label();
        canvas.text(&self.texts.x_label, [middle, name_top + label.size / 2.0], Anchor::Centre, label);
        let widest = y_ticks.labels.iter().map(|text| text_width(text, small.size)).fold(0.0, f64::max);
        let y_label = &self.texts.y_label;
        let y_thickness = if runs_upwards(y_label) { label.size } else { text_width(y_label, label.size) };
        let name_right = beside - widest - sizes.px(2.0 * GAP);
        canvas.text(
            y_label,
            [name_right - y_thickness / 2.0, plot.top + plot.height / 2.0],
            Anchor::Centre,
            TextStyle { upwards: runs_upwards(y_label), ..label },
        );
        let title = sizes.title();
        canvas.text(&self.texts.title, [middle, title_bottom - title.size / 2.0], Anchor::Centre, title);
    }
}
