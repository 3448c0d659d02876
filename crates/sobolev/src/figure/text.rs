//! Small pictures made of letters, for a terminal.

use ndarray::ArrayView2;
use sobolev_tensor::Real;

use super::colour::ColourMap;
use super::heat_map::bounds;

/// How a terminal shows the values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// 24-bit colours, two rows a line.
    Colours,
    /// Shades of grey by letters: for terminals without colours.
    Shades,
}

/// From the least to the largest value.
const SHADES: [char; 5] = [' ', '\u{2591}', '\u{2592}', '\u{2593}', '\u{2588}'];

/// A field `[x1, x2]` as lines of `width` letters, x1 to the right and x2 upwards, as a [`HeatMap`](super::HeatMap) shows it,
/// each letter about twice as high as it is wide. Colours are those of viridis from the least to the largest value.
pub fn text_map<T: Real>(values: ArrayView2<'_, T>, width: usize, ink: Ink) -> Vec<String> {
    let values = values.mapv(Real::to_f64);
    let (nx, ny) = values.dim();
    if nx == 0 || ny == 0 || width == 0 {
        return Vec::new();
    }
    let (low, high) = bounds(&values);
    let columns = width.min(2 * nx).max(1);
    // Half a letter is about as high as it is wide.
    let halves = (columns * ny).div_ceil(nx).clamp(2, 2 * columns).next_multiple_of(2);
    let place = |value: f64| (value - low) / (high - low);
    let at = |column: usize, half: usize| {
        let (i, j) = (column * nx / columns, (halves - 1 - half) * ny / halves);
        place(values[[i, j]])
    };
    let colour = |position: f64| ColourMap::Viridis.colour(position).map(|v| v.to_string()).join(";");
    let line = |row: usize| -> String {
        match ink {
            Ink::Colours => {
                let pair = |column: usize| {
                    let (above, below) = (at(column, 2 * row), at(column, 2 * row + 1));
                    format!("\x1b[38;2;{}m\x1b[48;2;{}m\u{2580}", colour(above), colour(below))
                };
                (0..columns).map(pair).collect::<String>() + "\x1b[0m"
            }
            Ink::Shades => {
                let shade = |column: usize| {
                    let mean = (at(column, 2 * row) + at(column, 2 * row + 1)) / 2.0;
                    SHADES[((mean * SHADES.len() as f64) as usize).min(SHADES.len() - 1)]
                };
                (0..columns).map(shade).collect()
            }
        }
    };
    (0..halves / 2).map(line).collect()
}

/// A curve as `height` lines of `width` letters, each of two by four dots.
pub fn text_curve<T: Real>(values: &[T], width: usize, height: usize) -> Vec<String> {
    let values: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
    if values.is_empty() || width == 0 || height == 0 {
        return Vec::new();
    }
    let (low, high) = bounds(&values);
    let (across, down) = (2 * width, 4 * height);
    let row_of = |column: usize| {
        let place = column as f64 * (values.len() - 1) as f64 / (across - 1) as f64;
        let (left, share) = (place as usize, place.fract());
        let value = values[left] + share * (values[(left + 1).min(values.len() - 1)] - values[left]);
        value.is_finite().then(|| ((high - value) / (high - low) * (down - 1) as f64).round() as usize)
    };
    let mut dots = vec![vec![0_u8; width]; height];
    let mut before = None;
    for column in 0..across {
        let row = row_of(column);
        if let Some(row) = row {
            // A steep piece is filled so that the curve is not torn.
            let from: usize = before.map_or(row, |before: usize| {
                if before < row {
                    before + 1
                } else if before > row {
                    before - 1
                } else {
                    row
                }
            });
            for dot in from.min(row)..=from.max(row) {
                dots[dot / 4][column / 2] |= braille_dot(column % 2, dot % 4);
            }
        }
        before = row;
    }
    let letter = |dots: &u8| char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' ');
    dots.iter().map(|line| line.iter().map(letter).collect()).collect()
}

/// The bit of a dot in the letters from U+2800 on.
fn braille_dot(column: usize, row: usize) -> u8 {
    match (column, row) {
        (0, 3) => 0x40,
        (_, 3) => 0x80,
        (0, row) => 1 << row,
        (_, row) => 8 << row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn a_map_stands_as_a_heat_map_does() {
        // x1 to the right, x2 upwards.
        let field = array![[0.0, 1.0], [0.0, 0.0]];
        assert_eq!(text_map(field.view(), 4, Ink::Shades), ["\u{2588}\u{2588}  ", "    "]);
        let lines = text_map(field.view(), 4, Ink::Colours);
        let bright = ColourMap::Viridis.colour(1.0).map(|v| v.to_string()).join(";");
        let bright = &format!("38;2;{bright}m");
        assert!(lines[0].contains(bright) && !lines[1].contains(bright), "{lines:?}");
        let wide = text_map(Array2::<f32>::zeros((421, 421)).view(), 30, Ink::Shades);
        assert_eq!((wide.len(), wide[0].chars().count()), (15, 30));
    }

    #[test]
    fn a_curve_rises_from_the_lower_left_to_the_upper_right() {
        let line: Vec<f64> = (0..100).map(f64::from).collect();
        let text = text_curve(&line, 4, 2);
        assert_eq!(text, ["\u{2800}\u{2800}\u{2860}\u{280a}", "\u{2860}\u{280a}\u{2800}\u{2800}"]);
        assert!(
            text_curve(&[1.0, f64::NAN, 1.0], 3, 1)[0].contains('\u{2800}')
                || text_curve(&[f64::NAN], 1, 1)[0] == "\u{2800}"
        );
    }

    #[test]
    fn empty_fields_have_no_lines() {
        assert!(text_map(Array2::<f64>::zeros((0, 3)).view(), 10, Ink::Shades).is_empty());
        assert!(text_curve::<f64>(&[], 10, 2).is_empty());
    }
}
