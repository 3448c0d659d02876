//! Measurements of this machine and of this program on it: what `sobolev bench` prints.
//!
//! Speeds are quoted against a floor that the machine sets: operations over the best product rate measured, activations at
//! their measured cost, bytes over the measured bandwidth.

pub mod darcy;
pub mod fno;
pub mod machine;
mod memory;
pub mod multigrid;
pub mod solver;
#[cfg(feature = "hdf5")]
pub mod write;

use std::time::Instant;

/// Seconds of repeated calls.
#[derive(Debug, Clone)]
struct Timings {
    sorted: Vec<f64>,
}

impl Timings {
    /// Calls `work` once to warm up, then at least `least` times and until `seconds` have passed.
    fn of<E>(least: usize, seconds: f64, mut work: impl FnMut() -> Result<(), E>) -> Result<Self, E> {
        Self::of_prepared(least, seconds, || (), |()| work())
    }

    /// As [`of`](Self::of), with something that `prepare` makes anew before each call, on no clock.
    fn of_prepared<P, E>(
        least: usize,
        seconds: f64,
        mut prepare: impl FnMut() -> P,
        mut work: impl FnMut(P) -> Result<(), E>,
    ) -> Result<Self, E> {
        work(prepare())?;
        let begin = Instant::now();
        let mut sorted = Vec::new();
        while sorted.len() < least || begin.elapsed().as_secs_f64() < seconds {
            let prepared = prepare();
            let start = Instant::now();
            work(prepared)?;
            sorted.push(start.elapsed().as_secs_f64());
        }
        sorted.sort_by(f64::total_cmp);
        Ok(Self { sorted })
    }

    fn median(&self) -> f64 {
        self.sorted[self.sorted.len() / 2]
    }

    fn min(&self) -> f64 {
        self.sorted[0]
    }

    /// Distance of the quartiles over the median.
    fn spread(&self) -> f64 {
        let n = self.sorted.len();
        (self.sorted[3 * n / 4] - self.sorted[n / 4]) / self.median()
    }
}
