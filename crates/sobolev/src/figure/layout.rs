//! Panels in rows and columns, and the picture they make.

use super::axes::{Margins, Sizes};
use super::canvas::{Anchor, Canvas, Rect, text_width};
use super::colour::ColourMap;
use super::error::FigureError;
use super::heat_map::HeatMap;
use super::line_plot::LinePlot;
use crate::file::whole;
use sobolev_tensor::Error;
use std::path::Path;

/// One of the drawings of a [`Figure`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Panel {
    /// A field of two coordinates.
    HeatMap(HeatMap),
    /// Curves.
    LinePlot(LinePlot),
}

impl From<HeatMap> for Panel {
    fn from(panel: HeatMap) -> Self {
        Self::HeatMap(panel)
    }
}

impl From<LinePlot> for Panel {
    fn from(panel: LinePlot) -> Self {
        Self::LinePlot(panel)
    }
}

impl Panel {
    fn check(&self) -> sobolev_tensor::Result<()> {
        match self {
            Self::HeatMap(panel) => panel.check(),
            Self::LinePlot(panel) => panel.check(),
        }
    }

    fn aspect(&self) -> f64 {
        match self {
            Self::HeatMap(panel) => panel.aspect(),
            Self::LinePlot(panel) => panel.aspect(),
        }
    }

    fn margins(&self, width: f64, height: f64, sizes: Sizes) -> Margins {
        match self {
            Self::HeatMap(panel) => panel.margins(width, height, sizes),
            Self::LinePlot(panel) => panel.margins(width, height, sizes),
        }
    }

    fn draw(&self, canvas: &mut Canvas, plot: Rect, sizes: Sizes) {
        match self {
            Self::HeatMap(panel) => panel.draw(canvas, plot, sizes),
            Self::LinePlot(panel) => panel.draw(canvas, plot, sizes),
        }
    }
}

/// A picture in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Pixels in a row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// Rows from top to bottom, each pixel as red, green, blue: `[height, width, 3]`.
    pub pixels: Vec<u8>,
}

impl Image {
    /// The bytes of a PNG file with this picture.
    pub fn to_png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&self.pixels))
            .expect("memory takes every picture whose size was checked");
        bytes
    }
}

/// Panels on a white sheet, in rows of equal height.
///
/// Lengths are in points; the picture has [`resolution`](Figure::resolution) pixels a point.
#[derive(Debug, Clone)]
#[must_use = "a figure is drawn by write_png or render"]
pub struct Figure {
    title: String,
    panels: Vec<Panel>,
    columns: Option<usize>,
    panel_height: f64,
    resolution: f64,
}

impl Default for Figure {
    fn default() -> Self {
        Self { title: String::new(), panels: Vec::new(), columns: None, panel_height: 150.0, resolution: 2.0 }
    }
}

/// White border of the sheet and distance between panels, in points.
const BORDER: f64 = 8.0;
const BETWEEN_COLUMNS: f64 = 16.0;
const BETWEEN_ROWS: f64 = 14.0;
/// Above this number of pixels a figure is refused: it would be a mistake in a size.
const MAX_PIXELS: f64 = 1e8;

/// Where each panel stands, in pixels.
struct Layout {
    width: f64,
    height: f64,
    heading_middle: f64,
    plots: Vec<Rect>,
}

impl Figure {
    /// A figure without panels.
    pub fn new() -> Self {
        Self::default()
    }

    /// The line above all panels; `^{..}` raises what stands in the braces.
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.title = text.into();
        self
    }

    /// Adds a panel.
    pub fn panel(mut self, panel: impl Into<Panel>) -> Self {
        self.panels.push(panel.into());
        self
    }

    /// Adds panels in their order.
    pub fn panels<P: Into<Panel>>(mut self, panels: impl IntoIterator<Item = P>) -> Self {
        self.panels.extend(panels.into_iter().map(Into::into));
        self
    }

    /// Panels in a row; by default all up to four, then rows of four.
    pub fn columns(mut self, count: usize) -> Self {
        self.columns = Some(count);
        self
    }

    /// Height of the data area of each panel in points (default 150).
    pub fn panel_height(mut self, points: f64) -> Self {
        self.panel_height = points;
        self
    }

    /// Pixels in a point (default 2).
    pub fn resolution(mut self, pixels: f64) -> Self {
        self.resolution = pixels;
        self
    }

    fn check(&self) -> sobolev_tensor::Result<()> {
        if self.panels.is_empty() {
            return Err(Error::value("figure", "one panel at least", "none"));
        }
        if self.columns == Some(0) {
            return Err(Error::value("figure columns", "one at least", 0));
        }
        for (name, value, low, high) in [
            ("figure panel height", self.panel_height, 20.0, 4000.0),
            ("figure resolution", self.resolution, 0.5, 20.0),
        ] {
            if !(low..=high).contains(&value) {
                return Err(Error::value(name, format!("{low} to {high}"), value));
            }
        }
        self.panels.iter().try_for_each(Panel::check)
    }

    fn layout(&self, sizes: Sizes) -> Layout {
        let columns = self.columns.unwrap_or(4).min(self.panels.len());
        let rows = self.panels.len().div_ceil(columns);
        let height = sizes.px(self.panel_height).round();
        let width_of = |panel: &Panel| (height * panel.aspect()).round();
        let mut widths = vec![0.0_f64; columns];
        let mut across = vec![Margins::default(); columns];
        let mut down = vec![Margins::default(); rows];
        for (index, panel) in self.panels.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            let margins = panel.margins(width_of(panel), height, sizes);
            widths[column] = widths[column].max(width_of(panel));
            across[column] = across[column].max(margins);
            down[row] = down[row].max(margins);
        }
        let border = sizes.px(BORDER);
        let heading = sizes.heading().size;
        let mut top = border;
        if !self.title.is_empty() {
            top += heading + sizes.px(1.2 * BORDER);
        }
        let mut lefts = Vec::with_capacity(columns);
        let mut right = border;
        for (width, margins) in widths.iter().zip(&across) {
            lefts.push((right + margins.left).round());
            right += margins.left + width + margins.right + sizes.px(BETWEEN_COLUMNS);
        }
        let content = right - sizes.px(BETWEEN_COLUMNS) + border;
        let sheet = content.max(text_width(&self.title, heading) + 2.0 * border);
        let shift = ((sheet - content) / 2.0).round();
        let mut plots = Vec::with_capacity(self.panels.len());
        for (panels, margins) in self.panels.chunks(columns).zip(&down) {
            top = (top + margins.top).round();
            for (panel, left) in panels.iter().zip(&lefts) {
                plots.push(Rect { left: left + shift, top, width: width_of(panel), height });
            }
            top += height + margins.bottom + sizes.px(BETWEEN_ROWS);
        }
        Layout {
            width: sheet.ceil(),
            height: (top - sizes.px(BETWEEN_ROWS) + border).ceil(),
            heading_middle: border + heading / 2.0,
            plots,
        }
    }

    /// The colour maps of its panels, each once.
    pub(super) fn colour_maps(&self) -> Vec<ColourMap> {
        let mut maps: Vec<ColourMap> = Vec::new();
        for panel in &self.panels {
            if let Panel::HeatMap(panel) = panel
                && !maps.contains(&panel.map())
            {
                maps.push(panel.map());
            }
        }
        maps
    }

    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError::Argument`] for a figure without panels, an empty array, an impossible range or extent, lines of
    /// unequal length, sizes out of range, or more than 10^8 pixels.
    pub fn render(&self) -> Result<Image, FigureError> {
        self.check()?;
        let sizes = Sizes { scale: self.resolution };
        let layout = self.layout(sizes);
        if layout.width * layout.height > MAX_PIXELS {
            let got = format!("{} x {}", layout.width, layout.height);
            let advice = "use fewer panels, a smaller panel height or a lower resolution";
            return Err(Error::value("figure", "at most 10^8 pixels", got).with_hint(advice).into());
        }
        let mut canvas = Canvas::new(layout.width as usize, layout.height as usize);
        for (panel, plot) in self.panels.iter().zip(&layout.plots) {
            panel.draw(&mut canvas, *plot, sizes);
        }
        let heading = [layout.width / 2.0, layout.heading_middle];
        canvas.text(&self.title, heading, Anchor::Centre, sizes.heading());
        Ok(Image { width: canvas.width, height: canvas.height, pixels: canvas.pixels })
    }

    /// Draws the figure and writes it as a PNG file. The file appears whole or not at all: it is written beside its
    /// place and then renamed, so an older picture stays if the disk is full.
    ///
    /// # Errors
    /// As [`render`](Figure::render), and [`FigureError::Write`] when the file cannot be written.
    pub fn write_png(&self, path: impl AsRef<Path>) -> Result<(), FigureError> {
        let path = path.as_ref();
        let bytes = self.render()?.to_png();
        whole(path, |partial| std::fs::write(partial, &bytes))
            .map_err(|source| FigureError::Write { path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn field(n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(i, j)| (i as f64 * 0.3).sin() + (j as f64 * 0.2).cos())
    }

    #[test]
    fn the_written_file_decodes_to_the_picture() {
        let figure = Figure::new()
            .title("two")
            .panel(HeatMap::new(field(9).view()))
            .panel(LinePlot::new().line(super::super::Line::new(&[0.0, 1.0], &[0.0, 1.0]).label("identity")));
        let image = figure.render().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("two.png");
        figure.write_png(&path).unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width as usize, frame.height as usize), (image.width, image.height));
        assert_eq!(pixels, image.pixels);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn size_follows_panels_and_resolution() {
        let size = |columns, resolution| {
            let panels = (0..4).map(|_| HeatMap::new(field(5).view()));
            let image =
                Figure::new().panels(panels).columns(columns).resolution(resolution).render().unwrap();
            (image.width as f64, image.height as f64)
        };
        let (row, square, fine) = (size(4, 2.0), size(2, 2.0), size(4, 4.0));
        assert!(
            (row.0 / square.0 - 2.0).abs() < 0.1 && (square.1 / row.1 - 2.0).abs() < 0.1,
            "{row:?} {square:?}"
        );
        assert!(
            (fine.0 / row.0 - 2.0).abs() < 0.01 && (fine.1 / row.1 - 2.0).abs() < 0.01,
            "{row:?} {fine:?}"
        );
    }

    #[test]
    fn the_border_of_the_sheet_stays_white() {
        let long = "a title that is much longer than the panel below it is wide";
        let panel = HeatMap::new((field(30) * 1e-4).view()).title(long).labels("first", "second");
        let image = Figure::new().title(long).panel(panel).render().unwrap();
        let border = 4;
        for row in 0..image.height {
            for column in 0..image.width {
                let outside = row < border
                    || column < border
                    || row >= image.height - border
                    || column >= image.width - border;
                let start = 3 * (row * image.width + column);
                assert!(!outside || image.pixels[start..start + 3] == [255; 3], "ink at {column}, {row}");
            }
        }
    }

    #[test]
    fn impossible_figures_and_paths_are_typed_errors() {
        assert!(matches!(Figure::new().render(), Err(FigureError::Argument(_))));
        let panel = HeatMap::new(field(5).view());
        for wrong in [
            Figure::new().panel(panel.clone()).columns(0),
            Figure::new().panel(panel.clone()).resolution(f64::NAN),
            Figure::new().panel(panel.clone()).panel_height(1e9),
            Figure::new().panel(panel.clone()).panel_height(4000.0).resolution(20.0),
        ] {
            assert!(matches!(wrong.render(), Err(FigureError::Argument(_))));
        }
        let error = Figure::new().panel(panel).write_png("/no/such/folder/picture.png").unwrap_err();
        assert!(matches!(error, FigureError::Write { .. }));
        assert!(error.to_string().contains("/no/such/folder/picture.png"), "{error}");
    }
}
