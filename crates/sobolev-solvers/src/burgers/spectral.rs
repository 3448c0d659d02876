//! One sample of Burgers' equation in Fourier space: transforms, the dealiased nonlinear term and the time integration.

use super::Step;
use crate::etdrk::{Control, Ladder, Order, Report, Scheme, System, Workspace, march};
use crate::solver::steps_of;
use num_complex::Complex64;
use sobolev_fft::{RowFourier, RowScratch};
use sobolev_tensor::{Error, Monitor, Result};
use std::f64::consts::TAU;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Largest share of the highest waves, relative to the largest wave, that a resolved solution has.
const RESOLVED: f64 = 1e-3;

/// Growth of the energy within one step that shows instability: the equation never increases it.
const UNSTABLE_GROWTH: f64 = 1e-3;

/// Waves below this share of the largest are left out: a thousand of them are below rounding.
const NEGLIGIBLE: f64 = 1e-17;

/// Waves above this share of the largest in the upper half of those carried ask for more of them.
const NOTICEABLE: f64 = 1e-16;

/// Points of the coarsest evaluation.
const FEWEST_POINTS: usize = 32;

/// Intervals whose step tables are kept. A rollout with equal frames has a few that differ in the last bit.
const KEPT_LADDERS: usize = 8;

/// Everything about one grid that samples share.
#[derive(Debug)]
pub(super) struct SpectralGrid {
    points: usize,
    length: f64,
    viscosity: f64,
    step: Step,
    /// `-nu kappa^2`.
    symbol: Arc<[f64]>,
    /// The grid itself, then powers of two: a solution that viscosity has smoothed is carried on by fewer waves, to
    /// rounding the same. Five to ten times faster than all waves for the published data on 8192 points.
    evaluations: Vec<Evaluation>,
    ladders: Mutex<Vec<Arc<Ladder<f64>>>>,
    buffers: Mutex<Vec<Buffers>>,
}

/// Points at which products are taken.
#[derive(Debug)]
struct Evaluation {
    fourier: RowFourier<f64>,
    /// The highest wavenumber that the nonlinear term sees and makes: below a third of the points, so that products of
    /// two kept waves never alias onto a kept wave.
    highest: usize,
    /// Coefficients that a state carries.
    carried: usize,
}

impl Evaluation {
    fn new(points: usize, all: bool) -> Result<Self> {
        let fourier = RowFourier::new(points)?;
        let highest = (points - 1) / 3;
        // Waves from n/3 on only decay. They belong to the initial state, and have died when a coarser grid is enough.
        let carried = if all { fourier.frequencies() } else { highest + 1 };
        Ok(Self { fourier, highest, carried })
    }
}

/// What one sample needs; kept between calls.
#[derive(Debug)]
struct Buffers {
    work: Workspace,
    transforms: Transforms,
}

#[derive(Debug)]
struct Transforms {
    values: Vec<f64>,
    spectrum: Vec<Complex64>,
    /// One for each evaluation.
    scratch: Vec<RowScratch<f64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The lists are whole between any two operations on them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SpectralGrid {
    pub(super) fn new(points: usize, length: f64, viscosity: f64, step: Step) -> Result<Self> {
        let finest = Evaluation::new(points, true)?;
        let symbol = (0..finest.carried).map(|k| -viscosity * (TAU * k as f64 / length).powi(2)).collect();
        let mut evaluations = vec![finest];
        let powers = (0..usize::BITS).rev().map(|exponent| 1_usize << exponent);
        for fewer in powers.filter(|&power| power < points && power >= FEWEST_POINTS) {
            evaluations.push(Evaluation::new(fewer, false)?);
        }
        Ok(Self {
            points,
            length,
            viscosity,
            step,
            symbol,
            evaluations,
            ladders: Mutex::default(),
            buffers: Mutex::default(),
        })
    }

    pub(super) fn points(&self) -> usize {
        self.points
    }

    fn buffers(&self) -> Buffers {
        lock(&self.buffers).pop().unwrap_or_else(|| Buffers {
            work: Workspace::new(self.symbol.len()),
            transforms: Transforms {
                values: vec![0.0; self.points],
                spectrum: vec![Complex64::ZERO; self.symbol.len()],
                scratch: self.evaluations.iter().map(|evaluation| evaluation.fourier.scratch()).collect(),
            },
        })
    }

    /// The ladder of `interval`, from the latest ones used or a new one.
    fn ladder(&self, interval: f64) -> Arc<Ladder<f64>> {
        let mut ladders = lock(&self.ladders);
        if let Some(position) = ladders.iter().position(|ladder| ladder.interval() == interval) {
            let ladder = ladders.remove(position);
            ladders.push(Arc::clone(&ladder));
            return ladder;
        }
        if ladders.len() == KEPT_LADDERS {
            ladders.remove(0);
        }
        let ladder = Arc::new(Ladder::new(Order::Fourth, Arc::clone(&self.symbol), interval));
        ladders.push(Arc::clone(&ladder));
        ladder
    }

    /// Advances the values `u` of one sample by `duration`.
    pub(super) fn advance(&self, u: &mut [f64], duration: f64, monitor: &dyn Monitor) -> Result<Report> {
        let mut buffers = self.buffers();
        let outcome = self.advance_in(&mut buffers, u, duration, monitor);
        lock(&self.buffers).push(buffers);
        outcome
    }

    fn advance_in(
        &self,
        buffers: &mut Buffers,
        u: &mut [f64],
        duration: f64,
        monitor: &dyn Monitor,
    ) -> Result<Report> {
        let Buffers { work, transforms } = buffers;
        let (n, fourier) = (self.points as f64, &self.evaluations[0].fourier);
        let speed = u.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
        // The state is c = F u / n, the Fourier coefficients proper.
        work.state.resize(self.symbol.len(), Complex64::ZERO);
        fourier.forward(u, &mut work.state, &mut transforms.scratch[0])?;
        work.state.iter_mut().for_each(|c| *c /= n);
        let mut sample = Sample {
            grid: self,
            transforms,
            monitor,
            speed,
            evaluation: 0,
            energy: if let Step::Fixed(_) = self.step { energy(&work.state) } else { f64::INFINITY },
        };
        let advective_limit = self.length / n / speed;
        let report = match self.step {
            Step::Fixed(step) => {
                let count = steps_of(duration, step)?;
                let scheme = Scheme::new(Order::Fourth, &self.symbol, duration / count as f64)?;
                march(&scheme, count, work, &mut sample)?
            }
            Step::Auto | Step::Tolerance(_) => {
                // Rounding of the nonlinear term alone is about epsilon kappa |u|; no step can be asked to beat it.
                let rounding = 4.0 * f64::EPSILON * TAU * self.evaluations[0].highest as f64;
                let tolerance = self.step.tolerance().max(rounding);
                let control = Control {
                    error_rate: tolerance * speed / self.length,
                    error_floor: tolerance / 1000.0,
                    first_step: advective_limit,
                };
                self.ladder(duration).integrate(work, control, &mut sample)?
            }
        };
        work.state.resize(self.symbol.len(), Complex64::ZERO);
        fourier.inverse(&work.state, u, &mut transforms.scratch[0])?;
        u.iter_mut().for_each(|v| *v *= n);
        Ok(report)
    }
}

/// One sample on its way.
struct Sample<'a> {
    grid: &'a SpectralGrid,
    transforms: &'a mut Transforms,
    monitor: &'a dyn Monitor,
    /// max |u| at the start.
    speed: f64,
    /// Position of the evaluation in use.
    evaluation: usize,
    /// Energy of the state before, with fixed steps.
    energy: f64,
}

impl System for &mut Sample<'_> {
    /// `-(u^2/2)_x` by the 2/3 rule.
    fn rate(&mut self, state: &[Complex64], rate: &mut [Complex64]) {
        let Evaluation { fourier, highest, .. } = &self.grid.evaluations[self.evaluation];
        let Transforms { values, spectrum, scratch } = &mut *self.transforms;
        let (kept, points) = (highest + 1, fourier.points());
        let (values, spectrum) = (&mut values[..points], &mut spectrum[..fourier.frequencies()]);
        let scratch = &mut scratch[self.evaluation];
        spectrum[..kept].copy_from_slice(&state[..kept]);
        spectrum[kept..].fill(Complex64::ZERO);
        // All lengths are the plan's own. The inverse divides by n: its square lacks n^2, and the coefficients of the
        // square are the transform divided by n.
        let _ = fourier.inverse(spectrum, values, scratch);
        values.iter_mut().for_each(|v| *v *= *v);
        let _ = fourier.forward(values, spectrum, scratch);
        let factor = -0.5 * points as f64 * TAU / self.grid.length;
        for (k, (rate, square)) in rate[..kept].iter_mut().zip(&spectrum[..kept]).enumerate() {
            let factor = factor * k as f64;
            *rate = Complex64::new(-factor * square.im, factor * square.re);
        }
        rate[kept..].fill(Complex64::ZERO);
    }

    fn reached(&mut self, state: &[Complex64]) -> Result<usize> {
        if let Step::Fixed(step) = self.grid.step {
            let before = std::mem::replace(&mut self.energy, energy(state));
            if !self.energy.is_finite() || self.energy > (1.0 + UNSTABLE_GROWTH) * before {
                return Err(self.unstable(step));
            }
        }
        let squares = |range: &[Complex64]| range.iter().map(Complex64::norm_sqr).fold(0.0, f64::max);
        let largest = squares(state);
        if self.evaluation == 0 {
            self.check_resolved(state, largest.sqrt())?;
        }
        let evaluations = &self.grid.evaluations;
        let upper_half =
            |evaluation: &Evaluation| squares(&state[(evaluation.highest / 2).min(state.len())..]);
        let coarser = |position: usize| evaluations.get(position + 1);
        while coarser(self.evaluation)
            .is_some_and(|coarser| upper_half(coarser) <= NEGLIGIBLE.powi(2) * largest)
        {
            self.evaluation += 1;
        }
        if self.evaluation > 0 && upper_half(&evaluations[self.evaluation]) > NOTICEABLE.powi(2) * largest {
            self.evaluation -= 1;
        }
        if self.monitor.cancelled() {
            return Err(Error::Cancelled { task: "Burgers".to_string(), done: 0, total: 1 });
        }
        Ok(evaluations[self.evaluation].carried)
    }
}

impl Sample<'_> {
    /// An error when the spectrum does not fall off where viscosity is too weak to make it.
    fn check_resolved(&self, state: &[Complex64], largest: f64) -> Result<()> {
        let SpectralGrid { points, length, viscosity, .. } = *self.grid;
        let speed = self.speed;
        if viscosity * points as f64 >= length * speed {
            return Ok(());
        }
        let highest = self.grid.evaluations[0].highest;
        let tail = &state[highest - highest / 10..=highest];
        let tail = tail.iter().map(|c| c.norm()).fold(0.0, f64::max);
        if tail <= RESOLVED * largest {
            return Ok(());
        }
        let needed = 2.0 * length * speed / viscosity;
        let expected = format!(
            "about {needed:.0} points for viscosity {viscosity}, length {length} and max |u| {speed:.3}"
        );
        let hint = format!(
            "the shock is under-resolved (the shortest waves hold {:.0e} of the largest): use a finer grid or a larger \
             viscosity",
            tail / largest
        );
        Err(Error::value("Burgers grid", expected, points).with_hint(hint))
    }

    #[cold]
    fn unstable(&self, step: f64) -> Error {
        let dx = self.grid.length / self.grid.points as f64;
        let expected = format!(
            "a stable time step, such as one below the advective limit {:.3e} (dx {dx:.3e}, max |u| {:.3})",
            dx / self.speed,
            self.speed
        );
        Error::value("Burgers step", expected, step)
            .with_hint("the energy grew: pass Step::Auto or a smaller step")
    }
}

/// Sum of squares of the coefficients of a half spectrum, the mean counted half.
fn energy(c: &[Complex64]) -> f64 {
    0.5 * c[0].norm_sqr() + c[1..].iter().map(Complex64::norm_sqr).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest difference between carrying as many waves as are needed and carrying all.
    fn difference(u0: impl Fn(f64) -> f64, points: usize, viscosity: f64, duration: f64) -> (f64, usize) {
        let values: Vec<f64> = (0..points).map(|i| u0(i as f64 / points as f64)).collect();
        let solve = |evaluations: usize| {
            let step = Step::Fixed(duration / 400.0);
            let mut grid = SpectralGrid::new(points, 1.0, viscosity, step).unwrap();
            grid.evaluations.truncate(evaluations);
            let mut u = values.clone();
            let _ = grid.advance(&mut u, duration, &()).unwrap();
            u
        };
        let (few, all) = (solve(usize::MAX), solve(1));
        let largest = sobolev_testing::largest(few.iter().zip(&all).map(|(a, b)| a - b));
        (largest, few.iter().zip(&all).filter(|(a, b)| a != b).count())
    }

    #[test]
    fn carrying_only_the_waves_that_are_there_changes_nothing_beyond_rounding() {
        // A jump of the slope, smoothed; a single wave that steepens to a front; and one that the coarsest grid holds.
        let kink = |x: f64| 1.0 - 4.0 * (x - 0.5).abs();
        let sine = |x: f64| (TAU * x).sin();
        for (u0, points, viscosity, duration) in [
            (&kink as &dyn Fn(f64) -> f64, 1000, 0.05, 0.5),
            (&sine, 2048, 2e-3, 0.3),
            (&sine, 256, 0.1, 1.0),
        ] {
            let (largest, changed) = difference(u0, points, viscosity, duration);
            // Four hundred steps of a state of size one.
            assert!(largest < 2e-14, "{points} points: {largest:.1e}");
            assert!(changed > 0, "{points} points: fewer waves were never carried");
        }
    }

    #[test]
    fn tables_of_the_latest_intervals_are_kept() {
        let grid = SpectralGrid::new(64, 1.0, 0.1, Step::Auto).unwrap();
        let first = grid.ladder(0.5);
        for interval in 1..KEPT_LADDERS {
            grid.ladder(interval as f64);
        }
        assert!(Arc::ptr_eq(&first, &grid.ladder(0.5)));
        for interval in 20..20 + KEPT_LADDERS {
            grid.ladder(interval as f64);
        }
        assert!(!Arc::ptr_eq(&first, &grid.ladder(0.5)));
        assert_eq!(lock(&grid.ladders).len(), KEPT_LADDERS);
    }
}
