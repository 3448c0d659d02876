//! A small picture of the first sample of a file, where standard output is a terminal.

use std::path::Path;

use sobolev::data::Side;
use sobolev::figure::{Ink, text_curve, text_map};
use sobolev::spec::{DataSpec, SampleRange};

/// Letters of a picture at most, and between two pictures.
const WIDEST: usize = 40;
const BETWEEN: usize = 3;
/// Lines of a curve.
const HEIGHT: usize = 6;

/// The first sample's input and target side by side; nothing when standard output is no terminal, or the file holds no samples
/// that can be told from its names alone.
pub(crate) fn picture(path: &Path) -> Option<String> {
    let terminal = ::console::Term::stdout();
    // Columns are asked for by tests, and where the terminal does not tell.
    let forced = std::env::var("SOBOLEV_PICTURE_COLUMNS").ok().and_then(|text| text.parse::<usize>().ok());
    let columns = match forced {
        Some(columns) => columns,
        None if terminal.is_term() => terminal.size_checked().map_or(80, |(_, columns)| usize::from(columns)),
        None => return None,
    };
    let plain =
        std::env::var_os("NO_COLOR").is_some() || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    draw(path, columns, if plain { Ink::Shades } else { Ink::Colours })
}

fn draw(path: &Path, columns: usize, ink: Ink) -> Option<String> {
    let spec = DataSpec { samples: Some(SampleRange(0..1)), finished: true, ..DataSpec::new(path) };
    let data = spec.open().ok()?;
    let width = (columns.saturating_sub(2 + BETWEEN) / 2).min(WIDEST);
    if width < 8 {
        return None;
    }
    let mut blocks = Vec::new();
    for (side, name) in [(Side::Input, "input"), (Side::Target, "target")] {
        let field = data.field(side);
        let mut shown = data.read_side::<f32>(side, &[0]).ok()?.index_axis_move(ndarray::Axis(0), 0);
        shown = shown.index_axis_move(ndarray::Axis(field.axes.len()), 0);
        let mut title = match &field.channels[..] {
            [_] => name.to_string(),
            channels => format!("{name}: {}", channels[0]),
        };
        let timed = field.axes.first().is_some_and(|axis| axis.name == "time") && field.axes.len() > 1;
        if timed && shown.ndim() > 1 {
            // The last state of a trajectory.
            let last = shown.len_of(ndarray::Axis(0)) - 1;
            shown = shown.index_axis_move(ndarray::Axis(0), last);
            title += ", last frame";
        }
        while shown.ndim() > 2 {
            let middle = shown.len_of(ndarray::Axis(2)) / 2;
            shown = shown.index_axis_move(ndarray::Axis(2), middle);
        }
        let lines = match shown.ndim() {
            1 => text_curve(&shown.iter().copied().collect::<Vec<f32>>(), width, HEIGHT),
            _ => text_map(shown.into_dimensionality::<ndarray::Ix2>().ok()?.view(), width, ink),
        };
        blocks.push((title, lines));
    }
    Some(side_by_side(&blocks, width))
}

/// Blocks of lines beside each other, each `width` letters wide.
fn side_by_side(blocks: &[(String, Vec<String>)], width: usize) -> String {
    let height = blocks.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
    let pad = |text: &str| " ".repeat((width + BETWEEN).saturating_sub(::console::measure_text_width(text)));
    let mut rows = vec![String::new(); height + 1];
    for (title, lines) in blocks {
        let title = ::console::truncate_str(title, width, "").into_owned();
        rows[0] += &format!("{title}{}", pad(&title));
        for (row, text) in rows[1..].iter_mut().enumerate() {
            let line = lines.get(text_row(row, height, lines.len())).filter(|_| row >= height - lines.len());
            let line = line.map_or("", String::as_str);
            *text += &format!("{line}{}", pad(line));
        }
    }
    rows.iter().map(|row| format!("  {}\n", row.trim_end())).collect()
}

/// Blocks stand on one line at the bottom.
fn text_row(row: usize, height: usize, own: usize) -> usize {
    row.saturating_sub(height - own)
}
