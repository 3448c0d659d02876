//! Random fields: the same function at every resolution, addressed by seed and number.
//!
//! `cargo run --release --example random_fields` draws four fields of the list into `runs/random_fields.png`.

use ndarray::Ix2;
use sobolev::figure::{Figure, HeatMap};
use sobolev::solvers::random_field::FIELDS;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size = 128;
    let mut figure = Figure::new().title("Gaussian random fields");
    for entry in FIELDS.iter().filter(|entry| entry.dimensions == 2) {
        let field = entry.build()?;
        let fine = field.sample(7, 0, &[size, size])?.into_dimensionality::<Ix2>()?;
        let deviation = fine.std(0.0);
        println!("{:<16} {}; this sample: standard deviation {deviation:.3}", entry.name, entry.summary);
        figure = figure.panel(HeatMap::new(fine.view()).title(entry.name));
    }
    std::fs::create_dir_all("runs")?;
    figure.write_png("runs/random_fields.png")?;
    println!("picture runs/random_fields.png");
    Ok(())
}
