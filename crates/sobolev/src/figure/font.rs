//! A stroke font drawn for this crate, so that pictures need no font of the system.
//!
//! A glyph is a text of strokes in units where capitals are 10 high, small letters 7, and descenders reach -3 (the
//! proportions of technical lettering). Tokens are separated by blanks: `x,y` goes on to a point, `cx,cy,rx,ry,a,b` goes on
//! along an elliptic arc from angle `a` to `b` in degrees (counter-clockwise when `b > a`), and `/` lifts the pen.

/// Height of capitals, in glyph units.
pub(super) const CAPITAL: f64 = 10.0;
/// Blank between two glyphs, in glyph units.
const SPACING: f64 = 2.4;
/// Size of raised text against the text around it.
const RAISED_SIZE: f64 = 0.72;
/// Height of the baseline of raised text, in glyph units.
const RAISED_BY: f64 = 4.8;

/// Points of a pen stroke.
pub(super) type Path = Vec<[f64; 2]>;

/// Character, width without side bearings, strokes. The order is that of ASCII, then the signs beyond it.
#[rustfmt::skip]
const GLYPHS: &[(char, f64, &str)] = &[
    (' ', 2.2, ""),
    ('!', 0.4, "0.2,10 0.2,3 / 0.2,0.2,0.2,0.2,0,360"),
    ('"', 2.2, "0,10 0,7.2 / 2.2,10 2.2,7.2"),
    ('#', 7.2, "1.4,0 2.8,10 / 4.4,0 5.8,10 / 0.3,3.3 6.7,3.3 / 0.6,6.7 7.2,6.7"),
    ('$', 5.9, "2.9,7.3,2.6,2.1,28,270 2.95,2.8,2.95,2.4,90,-152 / 2.95,10.6 2.95,-1"),
    ('%', 8.4, "1.8,7.7,1.8,2.3,0,360 / 6.6,2.3,1.8,2.3,0,360 / 6.8,10 1.6,0"),
    ('&', 7.0, "7,0 1.6,6.5 2.9,7.9,1.9,2.1,205,-35 1.1,4.4 2.7,2.6,2.7,2.6,135,300 4.7,0.9 6.6,4.2"),
    ('\'', 0.2, "0.1,10 0.1,7.2"),
    ('(', 2.2, "6,4,6,9,130,230"),
    (')', 2.2, "-3.8,4,6,9,50,-50"),
    ('*', 4.6, "2.3,10 2.3,5.6 / 0.3,8.9 4.3,6.7 / 4.3,8.9 0.3,6.7"),
    ('+', 6.0, "0,4.2 6,4.2 / 3,7.2 3,1.2"),
    (',', 0.8, "0.6,0.4 0,-1.7"),
    ('-', 3.2, "0,3.9 3.2,3.9"),
    ('.', 0.4, "0.2,0.2,0.2,0.2,0,360"),
    ('/', 4.4, "0,-1.2 4.4,10.8"),
    ('0', 6.0, "3,6.6,3,3.4,0,180 3,3.4,3,3.4,180,360 6,6.6"),
    ('1', 6.0, "1.0,7.9 3.6,10 3.6,0"),
    ('2', 6.0, "3,7.1,2.9,2.9,168,-45 0.1,0 6,0"),
    ('3', 6.0, "2.9,7.5,2.6,2.5,155,-90 2.2,5 2.9,5 2.9,2.5,3.0,2.5,90,-155"),
    ('4', 6.0, "4.5,0 4.5,10 -0.1,2.9 6.2,2.9"),
    ('5', 6.0, "5.4,10 1.1,10 0.7,5.3 2.9,3.25,3.05,3.25,132,-152"),
    ('6', 6.0, "4.3,10 3,3.1,3,3.1,145,505"),
    ('7', 6.0, "0,10 6,10 2.1,0"),
    ('8', 6.0, "3,7.6,2.5,2.4,-90,270 3,2.6,2.95,2.6,90,-270"),
    ('9', 6.0, "1.7,0 3,6.9,3,3.1,325,685"),
    (':', 0.4, "0.2,0.2,0.2,0.2,0,360 / 0.2,5.6,0.2,0.2,0,360"),
    (';', 0.8, "0.6,0.4 0,-1.7 / 0.5,5.6,0.2,0.2,0,360"),
    ('<', 5.4, "5.4,7.4 0,4.2 5.4,1"),
    ('=', 6.0, "0,5.6 6,5.6 / 0,2.8 6,2.8"),
    ('>', 5.4, "0,7.4 5.4,4.2 0,1"),
    ('?', 5.0, "2.4,7.5,2.4,2.5,165,-50 2.4,4.2 2.4,3 / 2.4,0.2,0.2,0.2,0,360"),
    ('@', 9.0, "4.4,3.6,1.9,2.1,0,360 / 6.3,5.7 6.3,2.9 7.65,2.9,1.35,1.5,180,360 9,4 4.5,4,4.5,4.8,0,310"),
    ('A', 7.4, "0,0 3.7,10 7.4,0 / 1.2,3.2 6.2,3.2"),
    ('B', 6.2, "0,5.2 3.3,5.2 3.3,7.6,2.4,2.4,-90,90 0,10 0,0 3.5,0 3.5,2.6,2.7,2.6,-90,90 3.3,5.2"),
    ('C', 6.4, "3.9,5,3.9,5,48,312"),
    ('D', 6.8, "0,0 0,10 2.6,10 2.6,5,4.2,5,90,-90 0,0"),
    ('E', 5.6, "5.6,10 0,10 0,0 5.6,0 / 0,5.2 4.9,5.2"),
    ('F', 5.4, "5.4,10 0,10 0,0 / 0,5.2 4.8,5.2"),
    ('G', 7.1, "3.9,5,3.9,5,48,325 7.1,4.7 4.3,4.7"),
    ('H', 6.8, "0,0 0,10 / 6.8,0 6.8,10 / 0,5.2 6.8,5.2"),
    ('I', 0.2, "0.1,0 0.1,10"),
    ('J', 4.4, "4.4,10 4.4,2.5 2.2,2.5,2.2,2.5,0,-155"),
    ('K', 6.4, "0,0 0,10 / 6,10 0,3.7 / 2.2,6 6.4,0"),
    ('L', 5.2, "0,10 0,0 5.2,0"),
    ('M', 8.2, "0,0 0,10 4.1,2.6 8.2,10 8.2,0"),
    ('N', 7.0, "0,0 0,10 7,0 7,10"),
    ('O', 7.8, "3.9,5,3.9,5,0,360"),
    ('P', 6.2, "0,0 0,10 3.5,10 3.5,7.3,2.7,2.7,90,-90 0,4.6"),
    ('Q', 7.8, "3.9,5,3.9,5,0,360 / 4.8,2.6 7.6,-0.7"),
    ('R', 6.4, "0,0 0,10 3.5,10 3.5,7.3,2.7,2.7,90,-90 0,4.6 / 3.2,4.6 6.4,0"),
    ('S', 5.9, "2.9,7.5,2.6,2.5,28,270 2.95,2.5,2.95,2.5,90,-152"),
    ('T', 7.0, "0,10 7,10 / 3.5,10 3.5,0"),
    ('U', 6.8, "0,10 0,3.4 3.4,3.4,3.4,3.4,180,360 6.8,10"),
    ('V', 7.2, "0,10 3.6,0 7.2,10"),
    ('W', 10.4, "0,10 2.6,0 5.2,9.4 7.8,0 10.4,10"),
    ('X', 6.8, "0,10 6.8,0 / 6.8,10 0,0"),
    ('Y', 7.0, "0,10 3.5,4.7 7,10 / 3.5,4.7 3.5,0"),
    ('Z', 6.4, "0,10 6.4,10 0,0 6.4,0"),
    ('[', 2.0, "2,11 0,11 0,-2.6 2,-2.6"),
    ('\\', 4.4, "0,10.8 4.4,-1.2"),
    (']', 2.0, "0,11 2,11 2,-2.6 0,-2.6"),
    ('^', 4.8, "0,6.6 2.4,10 4.8,6.6"),
    ('_', 6.0, "0,-1.6 6,-1.6"),
    ('`', 1.6, "0,10.4 1.6,8.4"),
    ('a', 5.1, "2.5,4.6,2.6,2.4,158,0 5.1,0 / 5.1,4.1 2.2,4.1 2.2,2.05,2.2,2.05,90,270 2.6,0 5.1,1.7"),
    ('b', 5.6, "0,10 0,0 / 2.8,3.5,2.8,3.5,0,360"),
    ('c', 4.8, "2.8,3.5,2.8,3.5,48,312"),
    ('d', 5.6, "5.6,10 5.6,0 / 2.8,3.5,2.8,3.5,0,360"),
    ('e', 5.6, "0.1,3.7 5.6,3.7 2.8,3.5,2.8,3.5,4,318"),
    ('f', 3.3, "1.2,0 1.2,7.9 3.1,7.9,1.9,2.1,180,85 / 0,6.8 3.2,6.8"),
    ('g', 5.6, "5.6,7 5.6,-0.3 2.8,-0.3,2.8,2.7,0,-150 / 2.8,3.6,2.8,3.4,0,360"),
    ('h', 5.2, "0,0 0,10 / 0,4.4 2.6,4.4,2.6,2.6,180,0 5.2,0"),
    ('i', 0.4, "0.2,0 0.2,7 / 0.2,9.6,0.2,0.2,0,360"),
    ('j', 1.6, "1.4,7 1.4,-1.2 -0.4,-1.2,1.8,1.8,0,-75 / 1.4,9.6,0.2,0.2,0,360"),
    ('k', 4.9, "0,0 0,10 / 4.7,7 0,2.6 / 1.7,4.2 4.9,0"),
    ('l', 1.9, "0,10 0,1.7 1.7,1.7,1.7,1.7,180,275"),
    ('m', 8.6, "0,0 0,7 / 0,4.7 2.15,4.7,2.15,2.3,180,0 4.3,0 / 4.3,4.7 6.45,4.7,2.15,2.3,180,0 8.6,0"),
    ('n', 5.2, "0,0 0,7 / 0,4.4 2.6,4.4,2.6,2.6,180,0 5.2,0"),
    ('o', 5.6, "2.8,3.5,2.8,3.5,0,360"),
    ('p', 5.6, "0,7 0,-3 / 2.8,3.5,2.8,3.5,0,360"),
    ('q', 5.6, "5.6,7 5.6,-3 / 2.8,3.5,2.8,3.5,0,360"),
    ('r', 3.1, "0,0 0,7 / 0,4.4 2.6,4.4,2.6,2.6,180,78"),
    ('s', 4.5, "2.2,5.3,2.0,1.7,30,270 2.25,1.8,2.25,1.8,90,-150"),
    ('t', 3.3, "1.2,9.2 1.2,1.9 3.1,1.9,1.9,1.9,180,275 / 0,6.8 3.2,6.8"),
    ('u', 5.2, "0,7 0,2.6 2.6,2.6,2.6,2.6,180,360 / 5.2,7 5.2,0"),
    ('v', 5.2, "0,7 2.6,0 5.2,7"),
    ('w', 8.0, "0,7 2,0 4,6.6 6,0 8,7"),
    ('x', 4.9, "0,7 4.9,0 / 4.9,7 0,0"),
    ('y', 5.3, "0,7 2.7,0.1 / 5.3,7 1.4,-3"),
    ('z', 4.6, "0,7 4.6,7 0,0 4.6,0"),
    ('{', 2.9, "2.9,9.4,1.6,1.6,90,180 1.3,5.8 -0.1,5.8,1.4,1.6,0,-90 -0.1,2.6,1.4,1.6,90,0 1.3,-1 2.9,-1,1.6,1.6,180,270"),
    ('|', 0.2, "0.1,11 0.1,-2.6"),
    ('}', 2.9, "0,9.4,1.6,1.6,90,0 1.6,5.8 3,5.8,1.4,1.6,180,270 3,2.6,1.4,1.6,90,180 1.6,-1 0,-1,1.6,1.6,0,-90"),
    ('~', 6.0, "1.6,3.6,1.6,1.4,170,40 4.4,4.6,1.6,1.4,220,350"),
    ('\u{2212}', 6.0, "0,4.2 6,4.2"),
    ('\u{d7}', 4.8, "0.2,6.4 4.6,2 / 4.6,6.4 0.2,2"),
    ('\u{b1}', 6.0, "0,5 6,5 / 3,8 3,2 / 0,0 6,0"),
];

/// What stands for a character that the font lacks: an empty box.
const MISSING: (f64, &str) = (5.6, "0,0 5.6,0 5.6,10 0,10 0,0");

fn glyph(character: char) -> (f64, &'static str) {
    GLYPHS.iter().find(|entry| entry.0 == character).map_or(MISSING, |entry| (entry.1, entry.2))
}

/// Pen strokes of a glyph, arcs divided into chords of 12 degrees at most (sagitta below 1 % of the radius).
fn outline(strokes: &str) -> Vec<Path> {
    let mut paths = vec![Path::new()];
    for token in strokes.split_whitespace() {
        if token == "/" {
            paths.push(Path::new());
            continue;
        }
        let numbers: Vec<f64> = token.split(',').filter_map(|n| n.parse().ok()).collect();
        let path = paths.last_mut().expect("one path at least");
        match numbers[..] {
            [x, y] => path.push([x, y]),
            [cx, cy, rx, ry, from, to] => {
                let chords = ((to - from).abs() / 12.0).ceil();
                path.extend((0..=chords as usize).map(|i| {
                    let angle = (from + (to - from) * i as f64 / chords).to_radians();
                    [cx + rx * angle.cos(), cy + ry * angle.sin()]
                }));
            }
            _ => unreachable!("the table of glyphs is tested"),
        }
    }
    paths.retain(|path| !path.is_empty());
    paths
}

/// A character of a text with the scale and the height of its baseline: `^{..}` raises what stands in the braces.
fn runs(text: &str) -> impl Iterator<Item = (char, f64, f64)> {
    let mut rest = text.chars().peekable();
    let mut raised = false;
    std::iter::from_fn(move || {
        let mut character = rest.next()?;
        if !raised && character == '^' && rest.peek() == Some(&'{') {
            rest.next();
            raised = true;
            character = rest.next()?;
        }
        if raised && character == '}' {
            raised = false;
            character = rest.next()?;
        }
        Some(if raised { (character, RAISED_SIZE, RAISED_BY) } else { (character, 1.0, 0.0) })
    })
}

/// Strokes of a line of text that starts at the origin, and its width, in glyph units with y upwards.
pub(super) fn strokes(text: &str) -> (Vec<Path>, f64) {
    let mut paths = Vec::new();
    let mut x = 0.0;
    for (character, size, height) in runs(text) {
        let (width, strokes) = glyph(character);
        for mut path in outline(strokes) {
            for point in &mut path {
                *point = [x + size * point[0], height + size * point[1]];
            }
            paths.push(path);
        }
        x += size * (width + SPACING);
    }
    (paths, (x - SPACING).max(0.0))
}

/// Width of a line of text in glyph units.
pub(super) fn width(text: &str) -> f64 {
    let advance: f64 = runs(text).map(|(character, size, _)| size * (glyph(character).0 + SPACING)).sum();
    (advance - SPACING).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_ascii_character_has_a_glyph_inside_its_box() {
        for character in ' '..='~' {
            assert!(GLYPHS.iter().any(|entry| entry.0 == character), "{character:?} is missing");
        }
        for (character, width, text) in GLYPHS {
            for token in text.split_whitespace().filter(|token| *token != "/") {
                let numbers: Vec<f64> = token.split(',').map(|n| n.parse().unwrap()).collect();
                assert!(numbers.len() == 2 || numbers.len() == 6, "{character:?}: {token}");
            }
            for [x, y] in outline(text).concat() {
                assert!((-0.5..=width + 0.5).contains(&x), "{character:?}: x = {x}");
                assert!((-3.1..=11.0).contains(&y), "{character:?}: y = {y}");
            }
        }
    }

    #[test]
    fn raised_text_is_smaller_and_braces_are_not_drawn() {
        let (paths, total) = strokes("10^{\u{2212}4}");
        assert_eq!(total, width("10^{\u{2212}4}"));
        assert!(total < width("10\u{2212}4"));
        let highest = paths.concat().iter().map(|p| p[1]).fold(0.0, f64::max);
        assert!(highest > CAPITAL && highest < 1.3 * CAPITAL, "{highest}");
        let separate = width("a") + width("^") + width("b") + 2.0 * SPACING;
        assert!((width("a^b") - separate).abs() < 1e-12, "a caret alone is a caret");
    }

    #[test]
    fn a_character_beyond_the_font_is_drawn_as_a_box() {
        assert_eq!(strokes("\u{4e00}").0.len(), 1);
        assert_eq!(width(""), 0.0);
    }
}
