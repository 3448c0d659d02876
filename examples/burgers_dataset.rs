//! A data set of Burgers' equation, made in two parts as if on two machines, and read back.
//!
//! `cargo run --release --example burgers_dataset` writes `runs/burgers_*.h5` (some seconds).

use sobolev::data::{Dataset, Existing};
use sobolev::spec::{GenerateSpec, SampleRange};

fn main() -> sobolev::Result<()> {
    let mut settings = toml::Table::new();
    settings.insert("size".to_string(), 256.into());
    settings.insert("viscosity".to_string(), 0.01.into());
    for (name, samples) in [("a", 0..24), ("b", 24..48)] {
        let spec = GenerateSpec {
            samples: SampleRange(samples),
            existing: Existing::Replace,
            settings: settings.clone(),
            ..GenerateSpec::new("burgers", format!("runs/burgers_{name}.h5"), 1)
        };
        println!("{}", spec.run(&())?);
    }
    let data = Dataset::open("runs/burgers_b.h5")?;
    println!("\n{}", data.info());
    // The viscosity takes energy away, and never adds any.
    let (initial, solution) = data.read_range::<f64>(0..data.len())?;
    let energy = |array: &ndarray::ArrayD<f64>| array.iter().map(|u| u * u).sum::<f64>() / array.len() as f64;
    println!("mean energy: {:.4} at the start, {:.4} at the end", energy(&initial), energy(&solution));
    assert!(energy(&solution) < energy(&initial));
    Ok(())
}
