//! Time steps chosen by the estimated error, on a ladder of halved steps whose tables are shared by all samples.

use super::scheme::{Order, Scheme, Stages, Symbol};
use num_complex::Complex64;
use sobolev_tensor::{Error, Result};
use std::sync::{Arc, OnceLock};

/// Rungs below the whole interval: the shortest step is `2^-40` of it.
const DEEPEST: usize = 40;

/// The schemes with steps `interval / 2^level`, each made when it is first needed.
///
/// Steps that are binary fractions of the interval end exactly on it, and few distinct steps mean few tables.
#[derive(Debug)]
pub struct Ladder<S> {
    order: Order,
    symbol: Arc<[S]>,
    interval: f64,
    rungs: Vec<OnceLock<Option<Scheme<S>>>>,
}

/// The state of one sample and the buffers that its steps need.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The state; set it before, read it after.
    pub state: Vec<Complex64>,
    next: Vec<Complex64>,
    rate: Vec<Complex64>,
    next_rate: Vec<Complex64>,
    stages: Stages,
}

impl Workspace {
    /// Buffers for states of `len` coefficients, the state zero.
    pub fn new(len: usize) -> Self {
        let zeros = || vec![Complex64::ZERO; len];
        Self { state: zeros(), next: zeros(), rate: zeros(), next_rate: zeros(), stages: Stages::new(len) }
    }

    /// One step of `scheme`; returns the estimated error relative to the state.
    fn attempt<S: Symbol>(
        &mut self,
        scheme: &Scheme<S>,
        nonlinear: &mut impl FnMut(&[Complex64], &mut [Complex64]),
    ) -> f64 {
        scheme.advance(&self.state, &self.rate, &mut self.next, &mut self.stages, &mut *nonlinear);
        nonlinear(&self.next, &mut self.next_rate);
        let error = scheme.estimate(&self.stages, &self.next_rate);
        let size = self.state.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
        if error == 0.0 { 0.0 } else { error / size }
    }

    fn accept(&mut self) {
        std::mem::swap(&mut self.state, &mut self.next);
        std::mem::swap(&mut self.rate, &mut self.next_rate);
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

/// Takes `count` steps of `scheme` from `work.state`. `watch` sees each state reached and may end the work with an error.
///
/// # Errors
/// Those of `watch`.
pub fn march<S: Symbol>(
    scheme: &Scheme<S>,
    count: u64,
    work: &mut Workspace,
    mut nonlinear: impl FnMut(&[Complex64], &mut [Complex64]),
    mut watch: impl FnMut(&[Complex64]) -> Result<()>,
) -> Result<Report> {
    let mut report = Report::default();
    nonlinear(&work.state, &mut work.rate);
    for _ in 0..count {
        report.error += work.attempt(scheme, &mut nonlinear);
        report.steps += 1;
        work.accept();
        watch(&work.state)?;
    }
    Ok(report)
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

    fn rung(&self, level: usize) -> Option<&Scheme<S>> {
        let make = || Scheme::new(self.order, &self.symbol, self.interval / (1_u64 << level) as f64).ok();
        self.rungs[level].get_or_init(make).as_ref()
    }

    /// Takes `work.state` over the whole interval, in steps whose estimated relative error is at most `error_rate` times
    /// their length, the first about as long as `first_step`. `watch` sees each state reached and may end the work with
    /// an error.
    ///
    /// # Errors
    /// [`Error::NoConvergence`] when steps of `2^-40` of the interval are still too long, and those of `watch`.
    pub fn integrate(
        &self,
        work: &mut Workspace,
        error_rate: f64,
        first_step: f64,
        mut nonlinear: impl FnMut(&[Complex64], &mut [Complex64]),
        mut watch: impl FnMut(&[Complex64]) -> Result<()>,
    ) -> Result<Report> {
        // Twice the step makes `2^power` times the error, of which twice as much is allowed; a further factor of two
        // spares rejections.
        let growth = 2.0_f64.powi(self.order.estimate_power());
        let whole = 1_u64 << DEEPEST;
        let mut report = Report::default();
        let (mut position, mut level) = (0_u64, 0_usize);
        while level < DEEPEST && self.interval / (1_u64 << level) as f64 > first_step {
            level += 1;
        }
        nonlinear(&work.state, &mut work.rate);
        while position < whole {
            let (error, allowed) = match self.rung(level) {
                Some(scheme) => (work.attempt(scheme, &mut nonlinear), error_rate * scheme.step()),
                None => (f64::INFINITY, 0.0),
            };
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
            work.accept();
            watch(&work.state)?;
            let aligned = level > 0 && position % (whole >> (level - 1)) == 0;
            if aligned && error * growth <= allowed {
                level -= 1;
            }
        }
        Ok(report)
    }
}
