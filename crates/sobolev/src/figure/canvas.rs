//! A white sheet of pixels: rectangles, anti-aliased strokes and text.

use super::font::{self, CAPITAL, Path};

/// Red, green and blue, 0 to 255.
pub type Rgb = [u8; 3];

/// A rectangle in pixels, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Which point of a text lies at the given position.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    /// Left end, half of the capitals' height.
    Left,
    /// Middle of the width, half of the capitals' height.
    Centre,
    /// Right end, half of the capitals' height.
    Right,
}

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextStyle {
    /// Height of capitals in pixels.
    pub(super) size: f64,
    /// Thickness of the pen against the height of capitals.
    pub(super) weight: f64,
    pub(super) colour: Rgb,
    /// Whether the text runs upwards instead of to the right.
    pub(super) upwards: bool,
}

/// Width of `text` in pixels when capitals are `size` pixels high.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    font::width(text) * size / CAPITAL
}

/// An opaque picture that starts white.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Rows from top to bottom, three bytes a pixel.
    pub(super) pixels: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![255; 3 * width * height] }
    }

    pub(super) fn set(&mut self, column: usize, row: usize, colour: Rgb) {
        let start = 3 * (row * self.width + column);
        self.pixels[start..start + 3].copy_from_slice(&colour);
    }

    fn blend(&mut self, column: usize, row: usize, colour: Rgb, coverage: f64) {
        let start = 3 * (row * self.width + column);
        for (under, over) in self.pixels[start..start + 3].iter_mut().zip(colour) {
            *under = (f64::from(*under) + coverage * (f64::from(over) - f64::from(*under))).round() as u8;
        }
    }

    /// The pixels of a rectangle, its edges rounded to pixel borders and cut at the sheet.
    pub(super) fn cells(&self, rect: Rect) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let bound = |value: f64, limit: usize| (value.round().max(0.0) as usize).min(limit);
        (
            bound(rect.left, self.width)..bound(rect.right(), self.width),
            bound(rect.top, self.height)..bound(rect.bottom(), self.height),
        )
    }

    /// Fills a rectangle whose edges are rounded to pixel borders, so that frames and ticks are crisp.
    pub(super) fn fill(&mut self, rect: Rect, colour: Rgb) {
        let (columns, rows) = self.cells(rect);
        for row in rows {
            for column in columns.clone() {
                self.set(column, row, colour);
            }
        }
    }

    /// Draws a frame of the given thickness around `rect`, outside of it.
    pub(super) fn frame(&mut self, rect: Rect, thickness: f64, colour: Rgb) {
        let Rect { left, top, width, height } = rect;
        let t = thickness;
        for (x, y, w, h) in [
            (left - t, top - t, width + 2.0 * t, t),
            (left - t, top + height, width + 2.0 * t, t),
            (left - t, top, t, height),
            (left + width, top, t, height),
        ] {
            self.fill(Rect { left: x, top: y, width: w, height: h }, colour);
        }
    }

    /// Draws all `paths` with a round pen, cut at `clip`. Where strokes overlap, the ink is laid once.
    pub(super) fn stroke(&mut self, paths: &[Path], thickness: f64, colour: Rgb, clip: Rect) {
        let (columns, rows) = self.cells(clip);
        let reach = thickness / 2.0 + 1.0;
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for [x, y] in paths.iter().flatten() {
            bounds = [bounds[0].min(*x), bounds[1].min(*y), bounds[2].max(*x), bounds[3].max(*y)];
        }
        let window = |low: f64, high: f64, range: &std::ops::Range<usize>| {
            let start = (low.floor().max(0.0) as usize).max(range.start);
            start..((high.ceil().max(0.0) as usize).min(range.end)).max(start)
        };
        let columns = window(bounds[0] - reach, bounds[2] + reach, &columns);
        let rows = window(bounds[1] - reach, bounds[3] + reach, &rows);
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        let mut ink = vec![0.0_f64; columns.len() * rows.len()];
        for path in paths {
            // A path of one point is a dot.
            let single = [path[0], path[0]];
            for ends in if path.len() == 1 { single.windows(2) } else { path.windows(2) } {
                let (from, to) = (ends[0], ends[1]);
                for row in window(from[1].min(to[1]) - reach, from[1].max(to[1]) + reach, &rows) {
                    let y = row as f64 + 0.5;
                    let (low, high) = span(from, to, y - reach, y + reach);
                    for column in window(low - reach, high + reach, &columns) {
                        let gap = distance([column as f64 + 0.5, y], from, to);
                        let coverage = (thickness / 2.0 + 0.5 - gap).clamp(0.0, 1.0).min(thickness);
                        let place = &mut ink[(row - rows.start) * columns.len() + column - columns.start];
                        *place = place.max(coverage);
                    }
                }
            }
        }
        for (row, line) in rows.clone().zip(ink.chunks_exact(columns.len())) {
            for (column, coverage) in columns.clone().zip(line).filter(|(_, coverage)| **coverage > 0.0) {
                self.blend(column, row, colour, *coverage);
            }
        }
    }

    /// Writes one line of text; `^{..}` raises what stands in the braces.
    pub(super) fn text(&mut self, text: &str, at: [f64; 2], anchor: Anchor, style: TextStyle) {
        let unit = style.size / CAPITAL;
        let (mut paths, width) = font::strokes(text);
        let start = match anchor {
            Anchor::Left => 0.0,
            Anchor::Centre => -width / 2.0,
            Anchor::Right => -width,
        };
        for point in paths.iter_mut().flatten() {
            let [x, y] = [(point[0] + start) * unit, (point[1] - CAPITAL / 2.0) * unit];
            *point = if style.upwards { [at[0] - y, at[1] - x] } else { [at[0] + x, at[1] - y] };
        }
        let sheet = Rect { left: 0.0, top: 0.0, width: self.width as f64, height: self.height as f64 };
        self.stroke(&paths, style.weight * style.size, style.colour, sheet);
    }
}

/// Least and largest x of the part of a segment between two heights.
fn span(from: [f64; 2], to: [f64; 2], low: f64, high: f64) -> (f64, f64) {
    let rise = to[1] - from[1];
    if rise.abs() < 1e-9 {
        return (from[0].min(to[0]), from[0].max(to[0]));
    }
    let at = |y: f64| from[0] + (to[0] - from[0]) * ((y - from[1]) / rise).clamp(0.0, 1.0);
    (at(low).min(at(high)), at(low).max(at(high)))
}

/// Distance of a point from a segment.
fn distance(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let (px, py) = (point[0] - from[0], point[1] - from[1]);
    let along = ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-12)).clamp(0.0, 1.0);
    (px - along * dx).hypot(py - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(canvas: &Canvas) -> Rect {
        Rect { left: 0.0, top: 0.0, width: canvas.width as f64, height: canvas.height as f64 }
    }

    fn ink(canvas: &Canvas) -> f64 {
        canvas.pixels.iter().map(|v| 1.0 - f64::from(*v) / 255.0).sum::<f64>() / 3.0
    }

    #[test]
    fn ink_of_a_stroke_is_its_length_times_its_thickness() {
        for to in [[80.0_f64, 20.0], [65.0, 65.0], [50.3, 60.9]] {
            let mut canvas = Canvas::new(100, 100);
            let clip = sheet(&canvas);
            canvas.stroke(&[vec![[20.0, 20.0], to]], 3.0, [0; 3], clip);
            let expected = 3.0 * (to[0] - 20.0).hypot(to[1] - 20.0);
            // The round ends add a disc of diameter 3; a linear ramp of one pixel keeps the area to a few per cent.
            let disc = std::f64::consts::PI * 1.5 * 1.5;
            assert!((ink(&canvas) - expected - disc).abs() < 0.03 * expected, "{to:?}: {}", ink(&canvas));
        }
    }

    #[test]
    fn crossing_strokes_lay_their_ink_once() {
        let mut canvas = Canvas::new(40, 40);
        let clip = sheet(&canvas);
        let bar = vec![[5.0, 20.0], [35.0, 20.0]];
        canvas.stroke(&[bar.clone(), bar], 0.5, [0; 3], clip);
        let mut once = Canvas::new(40, 40);
        once.stroke(&[vec![[5.0, 20.0], [35.0, 20.0]]], 0.5, [0; 3], clip);
        assert_eq!(canvas.pixels, once.pixels);
    }

    #[test]
    fn nothing_is_drawn_outside_the_clip() {
        let mut canvas = Canvas::new(40, 40);
        let clip = Rect { left: 10.0, top: 10.0, width: 20.0, height: 20.0 };
        canvas.stroke(&[vec![[-50.0, -50.0], [90.0, 90.0]]], 4.0, [0; 3], clip);
        for row in 0..40 {
            for column in 0..40 {
                let white = canvas.pixels[3 * (row * 40 + column)] == 255;
                let inside = (10..30).contains(&row) && (10..30).contains(&column);
                assert!(white || inside, "ink at {column}, {row}");
            }
        }
        assert!(ink(&canvas) > 50.0);
    }

    #[test]
    fn every_visible_ascii_character_has_ink_at_both_sizes_and_the_blank_has_none() {
        for size in [7.0, 11.0] {
            for character in ' '..='~' {
                let mut canvas = Canvas::new(30, 30);
                let style = TextStyle { size, weight: 0.1, colour: [0; 3], upwards: false };
                canvas.text(&character.to_string(), [15.0, 15.0], Anchor::Centre, style);
                assert_eq!(ink(&canvas) > 0.5, character != ' ', "{character:?}: {}", ink(&canvas));
            }
        }
    }
}
