//! Seconds to write a data set whose samples are solved already: all that lies between a solved sample and the disk.

use super::Timings;
use ndarray::{Array3, ArrayD};
use serde::Serialize;
use sobolev_data::{Error, GenerateOptions, Result, expected_bytes, free_bytes, generate};
use sobolev_solvers::{Axis, Field, Problem, Sample};
use sobolev_tensor::{Error as NumericError, Monitor, Random};
use std::f64::consts::PI;
use std::path::PathBuf;
use std::sync::Mutex;

/// What was measured: a data set in single precision, one chunk a field, from the making of the file to its being handed to the
/// disk (`fsync`). The solved fields lie in memory in double precision; rounding and checksums are part of the work.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Shape of a chunk, of inputs and of targets: one sample.
    pub chunk: Vec<usize>,
    /// Samples, each an input and a target.
    pub samples: usize,
    /// Threads.
    pub threads: usize,
    /// Size of the file.
    pub bytes: u64,
    /// Seconds of all samples, median.
    pub seconds: f64,
    /// The same, best.
    pub min: f64,
    /// Distance of the quartiles over the median.
    pub spread: f64,
    /// Size over median seconds.
    pub gigabytes_per_second: f64,
}

/// Writes `samples` pairs of fields on `grid` x `grid` points into the folder of temporary files, again and again for about
/// `seconds` seconds, on the threads of the current pool.
///
/// # Errors
/// When a number is zero, or memory or disk have no room.
pub fn run(grid: usize, samples: usize, seconds: f64) -> Result<Report> {
    for (name, count) in [("grid", grid), ("samples", samples)] {
        if count == 0 {
            return Err(NumericError::value(name, "at least 1", 0).into());
        }
    }
    let file = Temporary(std::env::temp_dir().join(format!("sobolev_bench_{}.h5", std::process::id())));
    let empty = Solved { grid, ready: Mutex::new(Vec::new()) };
    let (needed, free) = (expected_bytes(&empty, samples as u64, Default::default()), free_bytes(&file.0));
    if let Some(free) = free.filter(|free| *free < needed) {
        return Err(Error::NoRoom { path: file.0.clone(), needed, free });
    }
    let fields: Vec<ArrayD<f64>> = (0..FIELDS.min(samples)).map(|field| smooth(grid, field as u64)).collect();
    // Each sample has memory of its own, as one that has just been solved.
    let solved = || {
        let field = |i: usize| fields[i % fields.len()].clone();
        let sample = |i| Sample { input: field(i), target: field(i + 1), residual: 0.0 };
        Solved { grid, ready: Mutex::new((0..samples).map(sample).collect()) }
    };
    let mut bytes = 0;
    let timings = Timings::of_prepared(3, seconds, solved, |solved| {
        file.remove();
        bytes = generate(&solved, 0, 0..samples as u64, &file.0, &GenerateOptions::default(), &())?.bytes;
        Ok::<(), Error>(())
    })?;
    Ok(Report {
        chunk: vec![1, grid, grid, 1],
        samples,
        threads: rayon::current_num_threads(),
        bytes,
        seconds: timings.median(),
        min: timings.min(),
        spread: timings.spread(),
        gigabytes_per_second: bytes as f64 / timings.median() * 1e-9,
    })
}

/// Fields that differ.
const FIELDS: usize = 20;

/// Sum of products of sines with normal coefficients that decay as solutions do, `[grid, grid, 1]`.
fn smooth(grid: usize, stream: u64) -> ArrayD<f64> {
    const MODES: usize = 12;
    let mut random = Random::new(0, "bench write").stream(stream);
    let sines = |k: usize| -> Vec<f64> {
        (0..grid)
            .map(|i| (PI * (k + 1) as f64 * i as f64 / grid.max(2).saturating_sub(1) as f64).sin())
            .collect()
    };
    let sines: Vec<Vec<f64>> = (0..MODES).map(sines).collect();
    let mut field = Array3::zeros((grid, grid, 1));
    for (k, along_x) in sines.iter().enumerate() {
        for (l, along_y) in sines.iter().enumerate() {
            let size = random.normal() / (1 + k * k + l * l) as f64;
            for (x, mut row) in along_x.iter().zip(field.outer_iter_mut()) {
                row.iter_mut().zip(along_y).for_each(|(value, y)| *value += size * x * y);
            }
        }
    }
    field.into_dyn()
}

/// Samples that are solved already, and handed out in any order.
#[derive(Debug)]
struct Solved {
    grid: usize,
    ready: Mutex<Vec<Sample>>,
}

impl Solved {
    fn field(&self, name: &str) -> Field {
        let axis = |name: &str| Axis {
            name: name.to_string(),
            points: (0..self.grid).map(|i| i as f64 / self.grid as f64).collect(),
            boundary: "u = 0".to_string(),
            units: "1".to_string(),
        };
        Field {
            name: name.to_string(),
            axes: vec![axis("x1"), axis("x2")],
            channels: vec![name.to_string()],
            units: "1".to_string(),
        }
    }
}

impl Problem for Solved {
    fn equation(&self) -> &'static str {
        "solved"
    }

    fn settings(&self) -> toml::Table {
        toml::Table::new()
    }

    fn input(&self) -> Field {
        self.field("a")
    }

    fn target(&self) -> Field {
        self.field("u")
    }

    fn sample(&self, _: u64, index: u64, _: &dyn Monitor) -> sobolev_tensor::Result<Sample> {
        let ready = self.ready.lock().ok().and_then(|mut ready| ready.pop());
        ready.ok_or_else(|| NumericError::value("sample", "one that is ready", index))
    }
}

/// A file that is removed in the end.
struct Temporary(PathBuf);

impl Temporary {
    fn remove(&self) {
        // It may not be there.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.remove();
    }
}
