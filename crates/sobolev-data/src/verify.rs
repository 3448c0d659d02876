//! Whether a file still holds what was written: checksums, finite values, invariants, and samples made again.

use std::fmt;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis, Dimension};
use serde::Serialize;
use sobolev_solvers::{Drift, EQUATIONS, Problem, Sample};
use sobolev_tensor::{CancellationOnly, Error as NumericError, Monitor};

use crate::dataset::{Dataset, Side};
use crate::error::Result;
use crate::formats::{self, FileDescription};
use crate::values::Precision;

/// Relative distance of a sample that is made again from the stored one beyond which they disagree. Machines with other
/// vector instructions differ by rounding, which unstable solutions magnify.
const TOLERANCE: f64 = 1e-4;

/// Distance of the residual of a sample that is made again from the stored one beyond which they disagree, relative and, for
/// residuals that are rounding alone, absolute.
const RESIDUAL_TOLERANCE: [f64; 2] = [1e-2, 1e-9];

/// What [`verify`] found.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The file.
    pub path: PathBuf,
    /// Samples whose values were read.
    pub samples: usize,
    /// Whether the file holds checksums, which were recomputed.
    pub checksums: bool,
    /// Samples made again from their seed, number and settings, with the relative distance of their targets from the stored
    /// ones: 0 for equal bits.
    pub remade: Vec<(usize, f64)>,
    /// Why no samples were made again; empty when some were.
    pub not_remade: String,
    /// Quantities that the equation keeps, recomputed for all samples: of each the drift that is largest next to its
    /// tolerance.
    pub invariants: Vec<InvariantDrift>,
    /// What is wrong: the sample and what was found, or an array of a file of another program.
    pub problems: Vec<String>,
}

/// How far a quantity that the equation keeps drifts in the worst of all samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InvariantDrift {
    /// The quantity in words, such as `mean`.
    pub quantity: String,
    /// The sample.
    pub sample: usize,
    /// Its drift, relative to the size of the solution.
    pub drift: f64,
    /// The drift that scheme and rounding explain.
    pub tolerance: f64,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.checksums { "checksums and finite values" } else { "finite values" };
        write!(f, "{}: {what} of {} samples", self.path.display(), self.samples)?;
        match self.remade.iter().map(|(_, distance)| *distance).fold(0.0, f64::max) {
            _ if self.remade.is_empty() => write!(f, "; not made again: {}", self.not_remade)?,
            0.0 => write!(f, "; {} made again, to the same bits", self.remade.len())?,
            worst => write!(f, "; {} made again, the farthest differs by {worst:.1e}", self.remade.len())?,
        }
        for InvariantDrift { quantity, drift, tolerance, .. } in &self.invariants {
            write!(f, "; {quantity} kept within {drift:.1e} ({tolerance:.1e} allowed)")?;
        }
        match self.problems.len() {
            0 => writeln!(f, ": all is well"),
            count => writeln!(f, ": {count} problems\n  {}", self.problems.join("\n  ")),
        }
    }
}

/// Reads all samples of a file. Of a data set of this library checksums and the invariants of the equation (mean, mean square,
/// energy, where it keeps them) are recomputed, and `remake` samples, spread evenly, are solved again from (seed, number,
/// settings) and compared, with their residuals; samples that are not finished are a problem. Of other files values are
/// looked at.
///
/// # Errors
/// When the file cannot be opened or is of no known format, and when the monitor cancels. What is wrong with samples is no
/// error but part of the answer.
pub fn verify(path: impl AsRef<Path>, remake: usize, monitor: &dyn Monitor) -> Result<Verification> {
    let path = path.as_ref();
    if formats::recognise(path)?.name != "sobolev" {
        return Ok(of_description(path, &formats::describe(path, true, monitor)?));
    }
    let data = Dataset::open_finished(path)?;
    let mut found = Verification {
        path: path.to_path_buf(),
        samples: data.len(),
        checksums: true,
        remade: Vec::new(),
        not_remade: String::new(),
        invariants: Vec::new(),
        problems: Vec::new(),
    };
    let problem = problem_of(&data);
    let about = data.about();
    if about.finished < about.total {
        found.problems.push(format!("only {} of {} samples are finished", about.finished, about.total));
    }
    for sample in 0..data.len() {
        if monitor.cancelled() {
            return Err(cancelled(sample, data.len()));
        }
        let sides = [Side::Input, Side::Target].map(|side| found.read(&data, side, sample));
        if let (Ok(problem), [Some(input), Some(target)]) = (&problem, sides) {
            found.check_invariants(&data, &**problem, sample, input, target);
        }
        monitor.progress(sample as u64 + 1, data.len() as u64);
    }
    if remake > 0 {
        match problem {
            Ok(problem) => compare(&data, &*problem, remake, &mut found, monitor)?,
            Err(reason) => found.not_remade = reason,
        }
    } else {
        found.not_remade = "not asked for".to_string();
    }
    Ok(found)
}

impl Verification {
    /// One side of a sample, when it is sound.
    fn read(&mut self, data: &Dataset, side: Side, sample: usize) -> Option<ArrayD<f64>> {
        // Reading compares the checksum.
        let values = match data.read_side::<f64>(side, &[sample]) {
            Ok(values) => values.index_axis_move(Axis(0), 0),
            Err(error) => {
                self.problems.push(format!("sample {sample}: {error}"));
                return None;
            }
        };
        let Some((index, value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) else {
            return Some(values);
        };
        let place = index.as_array_view().to_vec();
        self.problems.push(format!("sample {sample}: {} holds {value} at {place:?}", side.name()));
        None
    }

    /// Recomputes what the equation keeps.
    fn check_invariants(
        &mut self,
        data: &Dataset,
        problem: &dyn Problem,
        sample: usize,
        input: ArrayD<f64>,
        target: ArrayD<f64>,
    ) {
        let (Some(provenance), Some(numbers)) = (data.provenance(), data.sample_numbers()) else { return };
        let residual = data.residuals().map_or(f64::NAN, |residuals| residuals[sample]);
        let drifts =
            problem.invariants(provenance.seed, numbers[sample], &Sample { input, target, residual });
        let drifts = match drifts {
            Ok(drifts) => drifts,
            Err(error) => return self.problems.push(format!("sample {sample}: {error}")),
        };
        for Drift { quantity, drift, tolerance } in drifts {
            if drift.is_nan() || drift > tolerance {
                let allowed = format!("{tolerance:.1e} are allowed");
                self.problems.push(format!("sample {sample}: {quantity} drifts by {drift:.1e}, {allowed}"));
            }
            let here = InvariantDrift { quantity: quantity.to_string(), sample, drift, tolerance };
            match self.invariants.iter_mut().find(|other| other.quantity == quantity) {
                None => self.invariants.push(here),
                Some(other) if drift * other.tolerance > other.drift * tolerance => *other = here,
                Some(_) => {}
            }
        }
    }
}

fn cancelled(done: usize, total: usize) -> crate::Error {
    let (done, total) = (done as u64, total as u64);
    NumericError::Cancelled { task: "verification".to_string(), done, total }.into()
}

fn of_description(path: &Path, description: &FileDescription) -> Verification {
    let wrong =
        description.arrays.iter().flat_map(|array| &array.statistics).filter(|one| one.not_finite > 0);
    Verification {
        path: path.to_path_buf(),
        samples: description
            .arrays
            .iter()
            .filter_map(|array| array.shape.first().copied())
            .max()
            .unwrap_or(0),
        checksums: false,
        remade: Vec::new(),
        not_remade: "the file is of another program".to_string(),
        invariants: Vec::new(),
        problems: wrong
            .map(|one| format!("{}: {} values are not finite", one.channel, one.not_finite))
            .collect(),
    }
}

/// The problem that the samples were made of, or why there is none.
fn problem_of(data: &Dataset) -> std::result::Result<Box<dyn Problem>, String> {
    let provenance = data.provenance().ok_or("nothing says where the samples come from")?;
    if provenance.generator.is_empty() {
        return Err(
            "the samples were converted, or are a part that no range of numbers describes".to_string()
        );
    }
    let entry = EQUATIONS.iter().find(|entry| entry.name == provenance.equation);
    let entry = entry.ok_or_else(|| format!("{} is no equation of the list", provenance.equation))?;
    let problem = entry.problem(provenance.settings.clone()).map_err(|error| error.to_string())?;
    let same = problem.input() == *data.field(Side::Input) && problem.target() == *data.field(Side::Target);
    if same { Ok(problem) } else { Err("this version makes other fields of the settings".to_string()) }
}

fn compare(
    data: &Dataset,
    problem: &dyn Problem,
    remake: usize,
    found: &mut Verification,
    monitor: &dyn Monitor,
) -> Result<()> {
    let (Some(provenance), Some(numbers)) = (data.provenance(), data.sample_numbers()) else { return Ok(()) };
    let residuals = data.residuals().unwrap_or_default();
    let count = remake.min(data.len());
    for place in 0..count {
        let sample = if count == 1 { 0 } else { place * (data.len() - 1) / (count - 1) };
        let again = problem.sample(provenance.seed, numbers[sample], &CancellationOnly(monitor));
        let again = match again {
            Ok(again) => again,
            Err(error @ NumericError::Cancelled { .. }) => return Err(error.into()),
            Err(error) => {
                found.problems.push(format!("sample {sample} cannot be made again: {error}"));
                continue;
            }
        };
        let stored = residuals.get(sample).copied().unwrap_or(again.residual);
        if !same_residual(stored, again.residual) {
            let again = again.residual;
            found.problems.push(format!("sample {sample}: residual {stored:.1e}, made again {again:.1e}"));
        }
        let mut worst = 0.0_f64;
        for (side, values) in [(Side::Input, again.input), (Side::Target, again.target)] {
            // What cannot be read has been told.
            let Ok(stored) = data.read_side::<f64>(side, &[sample]) else { continue };
            let distance = distance(&stored, values, data.precision());
            worst = worst.max(distance);
            if distance > TOLERANCE || distance.is_nan() {
                let side = side.name();
                found.problems.push(format!("sample {sample}: {side} made again differs by {distance:.1e}"));
            }
        }
        found.remade.push((sample, worst));
    }
    if found.remade.is_empty() {
        found.not_remade = "none could be solved".to_string();
    }
    Ok(())
}

fn same_residual(stored: f64, again: f64) -> bool {
    let [relative, absolute] = RESIDUAL_TOLERANCE;
    stored.to_bits() == again.to_bits()
        || (stored - again).abs() <= relative * stored.abs().max(again.abs()) + absolute
}

/// Relative L2 distance of a sample from the stored one, both in the precision of the file.
fn distance(stored: &ArrayD<f64>, again: ArrayD<f64>, precision: Precision) -> f64 {
    let rounded = |value: f64| if precision == Precision::F32 { f64::from(value as f32) } else { value };
    let (mut apart, mut size) = (0.0, 0.0);
    for (one, other) in stored.iter().zip(again.iter()) {
        apart += (one - rounded(*other)).powi(2);
        size += other * other;
    }
    if apart == 0.0 { 0.0 } else { (apart / size).sqrt() }
}
