//! Many steps: of equal length, or chosen by the estimated error on a ladder of halved steps.

use super::scheme::{Order, Scheme, Stages, Symbol};
use num_complex::Complex64;
use sobolev_tensor::{Error, Result};
use std::sync::{Arc, OnceLock};

/// Rungs below the whole interval: the shortest step is `2^-26` of it.
const DEEPEST: usize = 26;

/// The nonlinear part of `w_t = L w + N(w)`, and a watch over the states reached. A closure that writes `N(w)` is one.
pub trait System {
    /// Writes `N(state)` into `rate`.
    fn rate(&mut self, state: &[Complex64], rate: &mut [Complex64]);

    /// Sees every state reached. Returns how many coefficients the next steps carry, from the first on: fewer where the
    /// rest is negligible, and more, which begin at zero, where it no longer is.
    ///
    /// # Errors
    /// To end the work.
    fn reached(&mut self, state: &[Complex64]) -> Result<usize> {
        Ok(state.len())
    }
}

impl<F: FnMut(&[Complex64], &mut [Complex64])> System for F {
    fn rate(&mut self, state: &[Complex64], rate: &mut [Complex64]) {
        self(state, rate);
    }
}

/// The state of one sample and the buffers that its steps need.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The state; set it before, read it after. Shorter after than before where the [`System`] says so.
    pub state: Vec<Complex64>,
    next: Vec<Complex64>,
    rate: Vec<Complex64>,
    next_rate: Vec<Complex64>,
    stages: Stages,
}

impl Workspace {
    /// Buffers for states of up to `len` coefficients, the state zero.
    pub fn new(len: usize) -> Self {
        let zeros = || vec![Complex64::ZERO; len];
        Self { state: zeros(), next: zeros(), rate: zeros(), next_rate: zeros(), stages: Stages::new(len) }
    }

    fn start(&mut self, system: &mut impl System) {
        self.resize(self.state.len());
        system.rate(&self.state, &mut self.rate);
    }

    /// One step of `scheme`; returns the estimated error relative to the state.
    fn attempt<S: Symbol>(&mut self, scheme: &Scheme<S>, system: &mut impl System) -> f64 {
        let rate = |state: &[Complex64], rate: &mut [Complex64]| system.rate(state, rate);
        scheme.advance(&self.state, &self.rate, &mut self.next, &mut self.stages, rate);
        system.rate(&self.next, &mut self.next_rate);
        let error = scheme.estimate(&self.stages, &self.next_rate);
        let size = self.state.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
        if error == 0.0 { 0.0 } else { error / size }
    }

    fn accept(&mut self, system: &mut impl System) -> Result<()> {
        std::mem::swap(&mut self.state, &mut self.next);
        std::mem::swap(&mut self.rate, &mut self.next_rate);
        let before = self.state.len();
        let len = system.reached(&self.state)?;
        self.resize(len);
        if len > before {
            system.rate(&self.state, &mut self.rate);
        }
        Ok(())
    }

    fn resize(&mut self, len: usize) {
        for buffer in [&mut self.state, &mut self.next, &mut self.rate, &mut self.next_rate] {
            buffer.resize(len, Complex64::ZERO);
        }
    }
}

/// What an integration cost and how well it went.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[must_use]
pub struct Report {
    /// Steps taken.
    pub steps: u64,
    /// Steps computed and thrown away because their error was too large.
    pub rejected: u64,
    /// Sum of the estimated errors of the steps, relative to the state in the Euclidean norm. For the fourth order an
    /// upper estimate of the error of a problem that does not amplify errors.
    pub error: f64,
}

/// Takes `count` steps of `scheme` from `work.state`.
///
/// # Errors
/// Those of [`System::reached`].
pub fn march<S: Symbol>(
    scheme: &Scheme<S>,
    count: u64,
    work: &mut Workspace,
    mut system: impl System,
) -> Result<Report> {
    let mut report = Report::default();
    work.start(&mut system);
    for _ in 0..count {
        report.error += work.attempt(scheme, &mut system);
        report.steps += 1;
        work.accept(&mut system)?;
    }
    Ok(report)
}

/// How large the error of a step may be, and where to begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Control {
    /// Estimated relative error allowed per unit of time.
    pub error_rate: f64,
    /// Estimated relative error allowed to any step, however short. Without it rough initial states, whose finest waves
    /// die at once, would ask for very short first steps that gain nothing.
    pub error_floor: f64,
    /// Length at which to begin, rounded down to a rung.
    pub first_step: f64,
}

/// The schemes with steps `interval / 2^level`, each made when it is first needed and shared by all samples.
///
/// Steps that are binary fractions of the interval end exactly on it, and few distinct steps mean few tables.
#[derive(Debug)]
pub struct Ladder<S> {
    order: Order,
    symbol: Arc<[S]>,
    interval: f64,
    rungs: Vec<OnceLock<Option<Scheme<S>>>>,
}

impl<S: Symbol> Ladder<S> {
    /// A ladder of steps over `interval` for the linear part `symbol`.
    pub fn new(order: Order, symbol: Arc<[S]>, interval: f64) -> Self {
        Self { order, symbol, interval, rungs: (0..=DEEPEST).map(|_| OnceLock::new()).collect() }
    }

    /// The length that the rungs divide.
    pub fn interval(&self) -> f64 {
        self.interval
    }

    fn step(&self, level: usize) -> f64 {
        self.interval / (1_u64 << level) as f64
    }

    /// The scheme of a level; none where the linear part grows too much within the step.
    fn rung(&self, level: usize) -> Option<&Scheme<S>> {
        let make = || Scheme::new(self.order, &self.symbol, self.step(level)).ok();
        self.rungs[level].get_or_init(make).as_ref()
    }

    /// Takes `work.state` over the whole interval, in steps as long as `control` allows.
    ///
    /// # Errors
    /// [`Error::NoConvergence`] when steps of `2^-26` of the interval are still too long, and those of
    /// [`System::reached`].
    pub fn integrate(
        &self,
        work: &mut Workspace,
        control: Control,
        mut system: impl System,
    ) -> Result<Report> {
        // Twice the step makes `2^power` times the error, of which twice as much is allowed; a further factor of two
        // spares rejections.
        let growth = 2.0_f64.powi(self.order.estimate_power());
        let whole = 1_u64 << DEEPEST;
        let mut report = Report::default();
        let (mut position, mut level) = (0_u64, 0_usize);
        while level < DEEPEST && self.step(level) > control.first_step {
            level += 1;
        }
        work.start(&mut system);
        while position < whole {
            let allowed = (control.error_rate * self.step(level)).max(control.error_floor);
            let error = self.rung(level).map_or(f64::INFINITY, |scheme| work.attempt(scheme, &mut system));
            // A step far too long makes NaN.
            if error.is_nan() || error > allowed {
                report.rejected += 1;
                if level == DEEPEST {
                    return Err(Error::NoConvergence {
                        solver: "adaptive time steps".to_string(),
                        iterations: report.steps as usize,
                        residual: error,
                        tolerance: allowed,
                        hint: "the shortest step is still too long for the tolerance".to_string(),
                    });
                }
                level += 1;
                continue;
            }
            report.steps += 1;
            report.error += error;
            position += whole >> level;
            work.accept(&mut system)?;
            let aligned = level > 0 && position.is_multiple_of(whole >> (level - 1));
            if aligned && error * growth <= allowed {
                level -= 1;
            }
        }
        Ok(report)
    }
}
