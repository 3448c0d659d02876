//! A small problem with an exact solution: waves on a ring, transported at unit speed.

use std::f64::consts::TAU;
use std::path::Path;

use hdf5_metno as hdf5;
use ndarray::{ArrayD, IxDyn};
use sobolev_data::{GenerateOptions, Report, generate};
use sobolev_solvers::{Axis, Field, Problem, Sample};
use sobolev_tensor::{Error, Monitor, Random, Result};

pub(crate) const TIMES: [f64; 3] = [0.0, 0.25, 0.5];

/// u_t + u_x = 0, periodic; input u(0), target u and u_x at three times.
#[derive(Debug, Clone)]
pub(crate) struct Waves {
    pub(crate) points: usize,
    pub(crate) modes: usize,
    /// Sample number whose solution fails, if any.
    pub(crate) fails_at: Option<u64>,
    /// Sample number whose solution is not finite, if any.
    pub(crate) explodes_at: Option<u64>,
}

impl Waves {
    pub(crate) fn new(points: usize, modes: usize) -> Self {
        Self { points, modes, fails_at: None, explodes_at: None }
    }

    fn axis(&self) -> Axis {
        Axis {
            name: "x1".to_string(),
            points: (0..self.points).map(|i| i as f64 / self.points as f64).collect(),
            boundary: "periodic".to_string(),
            units: "m".to_string(),
        }
    }

    /// Value and slope of sample `index` at `x`.
    fn wave(&self, seed: u64, index: u64, x: f64) -> [f64; 2] {
        let random = Random::new(seed, "waves");
        (1..=self.modes as u64).fold([0.0; 2], |[value, slope], k| {
            let [a, b] = random.normals(index, k);
            let wave = TAU * k as f64;
            let (sin, cos) = (wave * x).sin_cos();
            [value + (a * cos + b * sin) / k as f64, slope + TAU * (b * cos - a * sin)]
        })
    }
}

impl Problem for Waves {
    fn equation(&self) -> &'static str {
        "waves"
    }

    fn settings(&self) -> toml::Table {
        let text = format!(
            "points = {}\nmodes = {}\nspeed = 1.0\nscheme = \"exact\"\ntimes = {TIMES:?}\n[solver]\ntolerance = 1e-8\n",
            self.points, self.modes
        );
        toml::from_str(&text).expect("settings are TOML")
    }

    fn input(&self) -> Field {
        Field {
            name: "initial state".to_string(),
            axes: vec![self.axis()],
            channels: vec!["u".to_string()],
            units: "m/s".to_string(),
        }
    }

    fn target(&self) -> Field {
        let time = Axis {
            name: "time".to_string(),
            points: TIMES.to_vec().into(),
            boundary: "none".to_string(),
            units: "s".to_string(),
        };
        Field {
            name: "state".to_string(),
            axes: vec![time, self.axis()],
            channels: vec!["u".to_string(), "u_x".to_string()],
            units: "m/s".to_string(),
        }
    }

    fn sample(&self, seed: u64, index: u64, _monitor: &dyn Monitor) -> Result<Sample> {
        if self.fails_at == Some(index) {
            return Err(Error::NoConvergence {
                solver: "waves".to_string(),
                iterations: 50,
                residual: 1e-3,
                tolerance: 1e-8,
                hint: String::new(),
            });
        }
        let x = |i: usize| i as f64 / self.points as f64;
        let input = ArrayD::from_shape_fn(IxDyn(&[self.points, 1]), |i| self.wave(seed, index, x(i[0]))[0]);
        let mut target = ArrayD::from_shape_fn(IxDyn(&[TIMES.len(), self.points, 2]), |i| {
            self.wave(seed, index, x(i[1]) - TIMES[i[0]])[i[2]]
        });
        if self.explodes_at == Some(index) {
            target[[1, 2, 0]] = f64::INFINITY;
        }
        Ok(Sample { input, target, residual: 1e-12 * (index + 1) as f64 })
    }
}

/// Generates without a monitor.
pub(crate) fn make(
    waves: &Waves,
    samples: std::ops::Range<u64>,
    path: &Path,
    options: &GenerateOptions,
) -> sobolev_data::Result<Report> {
    generate(waves, 7, samples, path, options, &())
}

/// The bits of all arrays of samples in a file.
pub(crate) fn bits(path: &Path) -> Vec<(&'static str, Vec<u64>)> {
    // HDF5 shares files within a program, and insists on the flags of the first one; ours are without its lock.
    let file = hdf5::File::with_options()
        .with_fapl(|access| access.file_locking(cfg!(not(unix))))
        .open(path)
        .expect("the file opens");
    ["input", "target", "sample", "residual", "finished", "checksum"]
        .into_iter()
        .map(|name| {
            let values = file.dataset(name).expect(name).read_raw::<f64>().expect(name);
            (name, values.into_iter().map(f64::to_bits).collect())
        })
        .collect()
}

/// Cancels when this many samples are finished.
pub(crate) struct CancelAt(pub(crate) u64, pub(crate) std::sync::atomic::AtomicU64);

impl CancelAt {
    pub(crate) fn new(count: u64) -> Self {
        Self(count, 0.into())
    }
}

impl Monitor for CancelAt {
    fn progress(&self, done: u64, _: u64) {
        self.1.fetch_max(done, std::sync::atomic::Ordering::SeqCst);
    }

    fn cancelled(&self) -> bool {
        self.1.load(std::sync::atomic::Ordering::SeqCst) >= self.0
    }
}
