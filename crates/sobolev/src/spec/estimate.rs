//! What a data set will be and cost, before it is made.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;
use sobolev_data::{expected_bytes, free_bytes};
use sobolev_tensor::{Monitor, bytes_in_words};

use super::{GenerateSpec, Spec, on_threads};
use crate::error::Result;

/// A first sample that is faster than this is followed by a second one, whose time has no tables to be made in it.
const SHORT: f64 = 2.0;

/// What [`GenerateSpec::estimate`] finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// The file that would be written.
    pub path: PathBuf,
    /// The spec with all settings, as TOML.
    pub spec: String,
    /// Samples in the file.
    pub samples: u64,
    /// Shape of an input, `[space.., channels]`.
    pub input: Vec<usize>,
    /// Shape of a target, `[space.., channels]`.
    pub target: Vec<usize>,
    /// Bytes of the file before compression.
    pub bytes: u64,
    /// Bytes that the disk has left, where the system tells.
    pub free: Option<u64>,
    /// Threads that would solve.
    pub threads: usize,
    /// Seconds that one sample took on one thread.
    pub sample_seconds: f64,
    /// Seconds for all samples on all threads.
    pub seconds: f64,
    /// Relative residual or estimated error of that sample.
    pub residual: f64,
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.spec.trim_end())?;
        writeln!(f)?;
        let Self { path, samples, input, target, bytes, threads, sample_seconds, seconds, residual, .. } =
            self;
        writeln!(f, "# would write {}", path.display())?;
        writeln!(f, "# samples     {samples}, input {input:?}, target {target:?}")?;
        let free = self.free.map_or_else(String::new, |free| format!(", {} are free", bytes_in_words(free)));
        writeln!(f, "# size        {}{free}", bytes_in_words(*bytes))?;
        let time = Duration::from_secs_f64(seconds.clamp(0.0, 1e12));
        write!(f, "# time        {}", in_words(time))?;
        writeln!(f, " ({sample_seconds:.3} s a sample, {threads} threads); residual {residual:.1e}")
    }
}

/// A time as people write it: `12 s`, `3 min`, `5.2 h`, `3.1 days`.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

impl GenerateSpec {
    /// Bytes of the file before compression.
    ///
    /// # Errors
    /// As [`problem`](Self::problem), and for a shard that has no samples.
    pub fn expected_bytes(&self) -> Result<u64> {
        let problem = self.problem()?;
        Ok(expected_bytes(problem.as_ref(), self.count()?, self.precision))
    }

    /// Samples that would be in the file.
    fn count(&self) -> Result<u64> {
        let whole = self.samples.0.clone();
        let part = self.shard.map_or(Ok(whole.clone()), |shard| shard.of(&whole))?;
        Ok(part.end - part.start)
    }

    /// Solves one sample, or two when the first is quick, and says what all of them will take; nothing is written.
    ///
    /// # Errors
    /// When the spec makes no sense or the sample cannot be solved.
    pub fn estimate(&self, monitor: &dyn Monitor) -> Result<Estimate> {
        let problem = self.problem()?;
        let samples = self.count()?;
        let threads =
            self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let timed = |number: u64| {
            // One thread, as each sample has when many are solved.
            on_threads(Some(1), || {
                let start = Instant::now();
                let sample = problem.sample(self.seed, number, monitor)?;
                Ok((start.elapsed().as_secs_f64(), sample.residual))
            })
        };
        let (mut sample_seconds, residual) = timed(self.samples.0.start)?;
        if sample_seconds < SHORT && samples > 1 {
            sample_seconds = timed(self.samples.0.start + 1)?.0;
        }
        let path = self.path();
        Ok(Estimate {
            spec: self.resolved(problem.as_ref()).to_toml()?,
            samples,
            input: problem.input().shape(),
            target: problem.target().shape(),
            bytes: expected_bytes(problem.as_ref(), samples, self.precision),
            free: free_bytes(&path),
            threads,
            sample_seconds,
            seconds: sample_seconds * samples as f64 / threads.max(1).min(samples.max(1) as usize) as f64,
            residual,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_says_what_would_be_made_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("b.h5");
        let spec = GenerateSpec {
            settings: "size = 32\nsolve_size = 64\nframes = 3\nviscosity = { uniform = [0.1, 0.2] }"
                .parse()
                .unwrap(),
            shard: Some("2/4".parse().unwrap()),
            ..GenerateSpec::new("burgers", &output, 1000)
        };
        let estimate = spec.estimate(&()).unwrap();
        assert_eq!(
            (estimate.samples, &estimate.input[..], &estimate.target[..]),
            (250, &[32, 1][..], &[3, 32, 1][..])
        );
        assert!(estimate.path.ends_with("b.shard-2-of-4.h5"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let text = estimate.to_string();
        // The text is the spec itself: its other lines are comments.
        let again = GenerateSpec::from_toml(&text).unwrap();
        assert_eq!(again.settings["solve_size"].as_integer(), Some(64));
        assert_eq!(again.problem().unwrap().settings(), spec.problem().unwrap().settings());
        assert!(text.contains("# samples     250, input [32, 1], target [3, 32, 1]"), "{text}");
        let report = spec.run(&()).unwrap();
        let ratio = estimate.bytes as f64 / report.bytes as f64;
        assert!((0.9..1.1).contains(&ratio), "{} of {}", estimate.bytes, report.bytes);
        assert_eq!(report.path, estimate.path);
    }

    #[test]
    fn times_are_told_in_words() {
        let text = |seconds: u64| in_words(Duration::from_secs(seconds));
        assert_eq!(
            [text(12), text(600), text(10_000), text(1_000_000)],
            ["12.0 s", "10 min", "2.8 h", "11.6 days"]
        );
    }
}
