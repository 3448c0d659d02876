//! Time steps of one sample, of equal length or by the estimated error on a ladder of halved steps.

use super::{GAMMA, Heat};
use crate::solver::steps_of;
use ndarray::ArrayD;
use sobolev_multigrid::Parallelism;
use sobolev_multigrid::general::{SolveParams, StencilMultigrid};
use sobolev_tensor::{Error, Monitor, Result};
use std::f64::consts::SQRT_2;

/// Relative residual of the rates, far below the error of the scheme.
const RATE_TOLERANCE: f64 = 1e-10;

/// Relative residual of the estimated error.
const ESTIMATE_TOLERANCE: f64 = 1e-2;

/// Rungs below the whole interval: the shortest step is `2^-26` of it.
const DEEPEST: usize = 26;

/// Twice the step makes eight times the error; a quarter more spares rejections.
const GROWTH: f64 = 10.0;

/// One sample on its way.
pub(super) struct Stepper<'a> {
    heat: &'a Heat,
    parallelism: Parallelism,
    u: ArrayD<f64>,
    /// The hierarchy of the last step with its length.
    stage: Option<(f64, StencilMultigrid<f64>)>,
    /// Steps taken and the time that they took.
    steps: u64,
    time: f64,
    monitor: &'a dyn Monitor,
}

impl<'a> Stepper<'a> {
    /// Begins at the state `u`.
    pub(super) fn new(
        heat: &'a Heat,
        parallelism: Parallelism,
        u: ArrayD<f64>,
        monitor: &'a dyn Monitor,
    ) -> Self {
        Self { heat, parallelism, u, stage: None, steps: 0, time: 0.0, monitor }
    }

    pub(super) fn state(&self) -> &ArrayD<f64> {
        &self.u
    }

    /// Equal steps; the sum of their estimated errors, zero without an estimate.
    pub(super) fn march_equally(&mut self, duration: f64, estimate: bool) -> Result<f64> {
        let steps = steps_of(duration, self.heat.step)?;
        let h = duration / steps as f64;
        let mut sum = 0.0;
        for _ in 0..steps {
            self.check_cancelled(steps)?;
            let (next, error) = self.attempt(h, estimate)?;
            self.accept(next, h);
            sum += error;
        }
        Ok(sum)
    }

    /// Steps as long as the tolerance allows; the sum of their estimated errors.
    pub(super) fn march_by_error(&mut self, duration: f64, tolerance: f64) -> Result<f64> {
        let whole = 1_u64 << DEEPEST;
        let step = |level: usize| duration / (1_u64 << level) as f64;
        let Some(top) = (0..=DEEPEST).find(|level| step(*level) <= self.heat.step) else {
            let expected = format!("at least {:e}, with a tolerance", step(DEEPEST));
            return Err(Error::value("step", expected, self.heat.step));
        };
        let (mut position, mut level, mut sum) = (0, top, 0.0);
        while position < whole {
            self.check_cancelled(self.steps + ((whole - position) >> (DEEPEST - level)))?;
            let (next, error) = self.attempt(step(level), true)?;
            if error > tolerance {
                if level == DEEPEST {
                    return Err(Error::NoConvergence {
                        solver: "heat".to_string(),
                        iterations: self.steps as usize,
                        residual: error,
                        tolerance,
                        hint: "the shortest step is still too long for the tolerance".to_string(),
                    });
                }
                // Each halving makes an eighth of the error.
                let halvings = ((error / tolerance).log2() / 3.0).ceil().clamp(1.0, 4.0);
                level = (level + halvings as usize).min(DEEPEST);
                continue;
            }
            self.accept(next, step(level));
            sum += error;
            position += whole >> level;
            let aligned = level > top && position.is_multiple_of(whole >> (level - 1));
            if aligned && error * GROWTH <= tolerance {
                level -= 1;
            }
        }
        Ok(sum)
    }

    fn check_cancelled(&self, total: u64) -> Result<()> {
        if self.monitor.cancelled() {
            return Err(Error::Cancelled { task: "heat".to_string(), done: self.steps, total });
        }
        Ok(())
    }

    fn accept(&mut self, next: ArrayD<f64>, h: f64) {
        self.u = next;
        self.steps += 1;
        self.time += h;
    }

    /// The state after one step, and its estimated error relative to the larger one of both states.
    fn attempt(&mut self, h: f64, estimate: bool) -> Result<(ArrayD<f64>, f64)> {
        let mut stage = match self.stage.take() {
            Some((step, stage)) if step == h => stage,
            _ => (*self.heat.stage(h, self.parallelism)?).clone(),
        };
        let outcome = self.attempt_with(&mut stage, h, estimate);
        self.stage = Some((h, stage));
        outcome.map_err(|error| match error {
            Error::NoConvergence { hint, .. } | Error::NonFinite { argument: hint, .. } => {
                let (solver, step) = ("heat".to_string(), self.steps + 1);
                Error::Diverged { solver, time: self.time + h, step, hint }
            }
            other => other,
        })
    }

    fn attempt_with(
        &self,
        stage: &mut StencilMultigrid<f64>,
        h: f64,
        estimate: bool,
    ) -> Result<(ArrayD<f64>, f64)> {
        let u = &self.u;
        let mut solve = |right_hand_side: &ArrayD<f64>, relative_tolerance: f64| {
            let params = SolveParams { relative_tolerance, ..SolveParams::default() };
            Ok(stage.solve(right_hand_side.view(), &params, self.monitor)?.0)
        };
        // The rate k of a stage: (1 + gamma h A) k = b - A u.
        let change = |u: &ArrayD<f64>| -> Result<ArrayD<f64>> {
            Ok((&self.heat.drive - &self.heat.operator.apply(u.view())?) / (GAMMA * h))
        };
        let begin = change(u)?;
        let first = solve(&begin, RATE_TOLERANCE)?;
        let between = u + &(&first * ((1.0 - GAMMA) * h));
        let second = solve(&change(&between)?, RATE_TOLERANCE)?;
        let misfit = estimate.then(|| {
            let stages = (&second * (2.0 - SQRT_2) - &first * 2.0) / GAMMA;
            (begin * (SQRT_2 * h) + stages) / 3.0
        });
        let next = u + &((first * (1.0 - GAMMA) + second * GAMMA) * h);
        let Some(misfit) = misfit else { return Ok((next, 0.0)) };
        let once = solve(&misfit, ESTIMATE_TOLERANCE)? / (GAMMA * h);
        let error = norm(&solve(&once, ESTIMATE_TOLERANCE)?);
        let size = norm(u).max(norm(&next));
        Ok((next, if error == 0.0 { 0.0 } else { error / size }))
    }
}

fn norm(values: &ArrayD<f64>) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}
