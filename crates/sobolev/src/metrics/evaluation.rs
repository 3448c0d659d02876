//! The outcome of a comparison: every measure for every sample, with a table for reading and serde for files.

use super::Derivative;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Result};
use std::fmt;

/// One measure: its value for each sample and their mean. All values are non-negative; smaller is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    mean: f64,
    per_sample: Vec<f64>,
}

impl Measure {
    fn new(per_sample: Vec<f64>) -> Self {
        let mean = per_sample.iter().sum::<f64>() / per_sample.len() as f64;
        Self { mean, per_sample }
    }

    /// Plain mean over samples.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// One value for each sample, in their order.
    pub fn per_sample(&self) -> &[f64] {
        &self.per_sample
    }

    /// The middle one of the sorted values; the mean of the two middle ones when their number is even.
    pub fn median(&self) -> f64 {
        let mut sorted = self.per_sample.clone();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        if sorted.len() % 2 == 1 { sorted[half] } else { (sorted[half - 1] + sorted[half]) / 2.0 }
    }

    /// Index and value of the sample with the largest value.
    pub fn worst(&self) -> (usize, f64) {
        let larger = |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
        self.per_sample.iter().copied().enumerate().fold((0, f64::NEG_INFINITY), larger)
    }
}

/// All measures of one sample.
#[derive(Debug, Clone)]
pub(super) struct SampleMeasures {
    pub(super) relative_l2: f64,
    pub(super) relative_h1: f64,
    pub(super) rmse: f64,
    pub(super) nrmse: f64,
    pub(super) largest_error: f64,
    pub(super) fourier: [Option<f64>; 3],
}

/// Every measure of a set of predictions; the definitions stand in [`metrics`](super). `Display` writes a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    samples: usize,
    grid: Vec<usize>,
    channels: usize,
    derivative: Derivative,
    relative_l2: Measure,
    relative_h1: Measure,
    rmse: Measure,
    nrmse: Measure,
    largest_error: Measure,
    fourier_low: Option<Measure>,
    fourier_mid: Option<Measure>,
    fourier_high: Option<Measure>,
}

impl Evaluation {
    pub(super) fn new(
        grid: &[usize],
        channels: usize,
        derivative: Derivative,
        samples: Vec<SampleMeasures>,
    ) -> Self {
        let collect = |pick: fn(&SampleMeasures) -> f64| Measure::new(samples.iter().map(pick).collect());
        let band = |index: usize| {
            let values: Option<Vec<f64>> = samples.iter().map(|sample| sample.fourier[index]).collect();
            values.map(Measure::new)
        };
        Self {
            samples: samples.len(),
            grid: grid.to_vec(),
            channels,
            derivative,
            relative_l2: collect(|s| s.relative_l2),
            relative_h1: collect(|s| s.relative_h1),
            rmse: collect(|s| s.rmse),
            nrmse: collect(|s| s.nrmse),
            largest_error: collect(|s| s.largest_error),
            fourier_low: band(0),
            fourier_mid: band(1),
            fourier_high: band(2),
        }
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Points along each axis.
    pub fn grid(&self) -> &[usize] {
        &self.grid
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// How the H1 norm took derivatives.
    pub fn derivative(&self) -> Derivative {
        self.derivative
    }

    /// Error over target in the L2 norm.
    pub fn relative_l2(&self) -> &Measure {
        &self.relative_l2
    }

    /// Error over target in the H1 norm.
    pub fn relative_h1(&self) -> &Measure {
        &self.relative_h1
    }

    /// Root mean square error, in the units of the field.
    pub fn rmse(&self) -> &Measure {
        &self.rmse
    }

    /// Root mean square error over the root mean square of the target.
    pub fn nrmse(&self) -> &Measure {
        &self.nrmse
    }

    /// Largest absolute error, in the units of the field.
    pub fn largest_error(&self) -> &Measure {
        &self.largest_error
    }

    /// Error in the Fourier bins 0 to 3; `None` on a grid without such bins.
    ///
    /// As PDEBench (Takamoto et al. 2022) defines it, for one sample: `|e_hat|^2`, the squared moduli of the unnormalised
    /// transform of the error, are summed over the wave numbers of each bin `floor(|k|)`; the roots of these sums, times
    /// the volume of the domain over N, are averaged over the bins of the band, then over the channels. In one dimension
    /// the bins are 0 to n/2; in more, only wave numbers with `0 <= k_a < n_a / 2` on every axis count, in the bins below
    /// the least `n_a / 2`. It is not normalised in the sense of Parseval: quote bands with their bins. For a whole batch
    /// PDEBench averages the squares over samples before it takes the roots; the mean here is the plain one.
    pub fn fourier_low(&self) -> Option<&Measure> {
        self.fourier_low.as_ref()
    }

    /// Error in the Fourier bins 4 to 11; otherwise as [`fourier_low`](Self::fourier_low).
    pub fn fourier_mid(&self) -> Option<&Measure> {
        self.fourier_mid.as_ref()
    }

    /// Error in the Fourier bins from 12 on; otherwise as [`fourier_low`](Self::fourier_low).
    pub fn fourier_high(&self) -> Option<&Measure> {
        self.fourier_high.as_ref()
    }

    /// Names and measures in the order of the table; bands that the grid lacks are left out.
    pub fn measures(&self) -> impl Iterator<Item = (&'static str, &Measure)> {
        let always = [
            ("relative L2", &self.relative_l2),
            ("relative H1", &self.relative_h1),
            ("RMSE", &self.rmse),
            ("nRMSE", &self.nrmse),
            ("largest error", &self.largest_error),
        ];
        let bands = [
            ("Fourier error, k < 4", &self.fourier_low),
            ("Fourier error, 4 <= k < 12", &self.fourier_mid),
            ("Fourier error, k >= 12", &self.fourier_high),
        ];
        let bands = bands.into_iter().filter_map(|(name, measure)| Some((name, measure.as_ref()?)));
        always.into_iter().chain(bands)
    }

    /// Adds the samples of `other` behind those of this evaluation, so that a large set can be judged in parts.
    ///
    /// # Errors
    /// [`Error::Value`] when grid, channels or derivatives differ.
    pub fn append(&mut self, other: Self) -> Result<()> {
        let kind =
            |e: &Self| format!("grid {:?}, {} channels, {:?} derivatives", e.grid, e.channels, e.derivative);
        if kind(self) != kind(&other) {
            return Err(Error::value("evaluation to append", kind(self), kind(&other)));
        }
        let join = |mine: &mut Measure, theirs: Measure| {
            let mut values = std::mem::take(&mut mine.per_sample);
            values.extend(theirs.per_sample);
            *mine = Measure::new(values);
        };
        self.samples += other.samples;
        join(&mut self.relative_l2, other.relative_l2);
        join(&mut self.relative_h1, other.relative_h1);
        join(&mut self.rmse, other.rmse);
        join(&mut self.nrmse, other.nrmse);
        join(&mut self.largest_error, other.largest_error);
        for (mine, theirs) in [
            (&mut self.fourier_low, other.fourier_low),
            (&mut self.fourier_mid, other.fourier_mid),
            (&mut self.fourier_high, other.fourier_high),
        ] {
            // Both have the band or both lack it, since the grids are equal.
            if let (Some(mine), Some(theirs)) = (mine.as_mut(), theirs) {
                join(mine, theirs);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grid: Vec<String> = self.grid.iter().map(usize::to_string).collect();
        let plural =
            |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let derivative = match self.derivative {
            Derivative::Fourier => "Fourier",
            Derivative::FiniteDifference => "finite-difference",
        };
        let samples = plural(self.samples, "sample");
        let channels = plural(self.channels, "channel");
        writeln!(f, "{samples} on {}, {channels}, H1 with {derivative} derivatives", grid.join(" x "))?;
        write!(f, "{:<27}{:>11}{:>11}{:>11}  at sample", "", "mean", "median", "largest")?;
        for (name, measure) in self.measures() {
            let (place, largest) = measure.worst();
            let (mean, median) = (measure.mean(), measure.median());
            write!(f, "\n{name:<27}{mean:>11.3e}{median:>11.3e}{largest:>11.3e}  {place}")?;
        }
        Ok(())
    }
}
