//! Figures one after the other, as a GIF file.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufWriter};
use std::path::Path;

use gif::{Encoder, Frame, Repeat};
use sobolev_tensor::Error;

use super::canvas::Rgb;
use super::colour::{ColourMap, LINE_COLOURS};
use super::error::FigureError;
use super::layout::{Figure, Image};
use crate::file::whole;

/// Colours of a GIF picture.
const COLOURS: usize = 256;
/// Levels of grey for text and frames.
const GREYS: usize = 32;

/// Writes figures of one size as an animation that repeats, `per_second` of them a second. A GIF picture has 256 colours:
/// those of the colour maps, of lines and greys; others take the nearest. The file appears whole or not at all.
///
/// Give all frames the same [`range`](super::HeatMap::range), so that colours mean the same in each.
///
/// # Errors
/// As [`Figure::render`], [`FigureError::Argument`] for no figures or an impossible rate, and [`FigureError::Write`].
pub fn write_gif(
    path: impl AsRef<Path>,
    frames: impl IntoIterator<Item = Figure>,
    per_second: f64,
) -> Result<(), FigureError> {
    let path = path.as_ref();
    if !(0.1..=50.0).contains(&per_second) {
        return Err(Error::value("frames a second", "0.1 to 50", per_second).into());
    }
    let mut frames = frames.into_iter();
    let Some(first) = frames.next() else {
        return Err(Error::value("animation", "one figure at least", "none").into());
    };
    let image = first.render()?;
    let size = |n: usize| {
        u16::try_from(n).map_err(|_| Error::value("animation", "at most 65535 pixels along each side", n))
    };
    let (width, height) = (size(image.width)?, size(image.height)?);
    let mut palette = Palette::new(&first.colour_maps());
    // The format counts hundredths of a second.
    let delay = (100.0 / per_second).round() as u16;
    let mut failure = None;
    let written = whole(path, |partial| {
        let file = BufWriter::new(std::fs::File::create(partial)?);
        let mut encoder = Encoder::new(file, width, height, &palette.bytes()).map_err(io::Error::other)?;
        encoder.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
        let mut image = image;
        loop {
            let buffer = Cow::Owned(palette.indices(&image, width.into(), height.into()));
            let frame = Frame { width, height, delay, buffer, ..Frame::default() };
            encoder.write_frame(&frame).map_err(io::Error::other)?;
            match frames.next().map(|figure| figure.render()) {
                None => return Ok(()),
                Some(Ok(next)) => image = next,
                Some(Err(error)) => {
                    failure = Some(error);
                    return Err(io::Error::other("a frame cannot be drawn"));
                }
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => written.map_err(|source| FigureError::Write { path: path.to_owned(), source }),
    }
}

/// The colours of an animation, and the nearest one of each colour that was met.
struct Palette {
    colours: Vec<Rgb>,
    nearest: HashMap<Rgb, u8>,
}

impl Palette {
    fn new(maps: &[ColourMap]) -> Self {
        let mut colours: Vec<Rgb> = (0..GREYS).map(|i| [(255 * i / (GREYS - 1)) as u8; 3]).collect();
        colours.extend(LINE_COLOURS);
        // Edges of lines are mixed with the white below them.
        let mixed =
            |share: f64| LINE_COLOURS.map(|c| c.map(|v| (255.0 + share * (f64::from(v) - 255.0)) as u8));
        colours.extend([0.33, 0.66].into_iter().flat_map(mixed));
        let each = (COLOURS - colours.len()) / maps.len().max(1);
        let of_map = |map: &ColourMap| {
            let map = *map;
            (0..each).map(move |i| map.colour(i as f64 / (each - 1) as f64))
        };
        colours.extend(maps.iter().flat_map(of_map));
        let distinct: BTreeSet<Rgb> = colours.into_iter().collect();
        Self { colours: distinct.into_iter().collect(), nearest: HashMap::new() }
    }

    fn bytes(&self) -> Vec<u8> {
        self.colours.concat()
    }

    /// The place of the nearest colour of each pixel; a picture of another size is cut or filled with white.
    fn indices(&mut self, image: &Image, width: usize, height: usize) -> Vec<u8> {
        let mut indices = Vec::with_capacity(width * height);
        for row in 0..height {
            for column in 0..width {
                let inside = row < image.height && column < image.width;
                let start = 3 * (row * image.width + column);
                let colour = if inside { [0, 1, 2].map(|i| image.pixels[start + i]) } else { [255; 3] };
                indices.push(self.index(colour));
            }
        }
        indices
    }

    fn index(&mut self, colour: Rgb) -> u8 {
        let colours = &self.colours;
        *self.nearest.entry(colour).or_insert_with(|| {
            let distance = |other: &Rgb| -> i32 {
                other.iter().zip(colour).map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2)).sum()
            };
            (0..colours.len()).min_by_key(|&i| distance(&colours[i])).unwrap_or(0) as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::HeatMap;
    use ndarray::Array2;

    #[test]
    fn frames_decode_to_the_pictures_up_to_the_palette() {
        let figure = |shift: usize| {
            let field =
                Array2::from_shape_fn((12, 12), |(i, j)| ((i + shift) as f64 * 0.5).sin() + j as f64 * 0.1);
            Figure::new().title(format!("time {shift}")).panel(HeatMap::new(field.view()).range(-1.0, 2.2))
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gif");
        write_gif(&path, (0..3).map(figure), 10.0).unwrap();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(std::fs::File::open(&path).unwrap()).unwrap();
        let mut count = 0;
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            let image = figure(count).render().unwrap();
            assert_eq!(
                (usize::from(frame.width), usize::from(frame.height), frame.delay),
                (image.width, image.height, 10)
            );
            let far = frame
                .buffer
                .chunks(4)
                .zip(image.pixels.chunks(3))
                .map(|(a, b)| (0..3).map(|i| a[i].abs_diff(b[i])).max().unwrap_or(0));
            assert!(far.max().unwrap() < 30, "the nearest colour is near");
            count += 1;
        }
        assert_eq!(count, 3);
        assert!(write_gif(&path, [], 10.0).is_err() && write_gif(&path, [figure(0)], 0.0).is_err());
    }
}
