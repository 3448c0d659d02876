//! Implicit steps of finite volumes, with Newton's iteration.

use super::Medium;
use sobolev_tensor::{Error, Monitor, Result};

/// Alexander's coefficient `1 - 1 / sqrt(2)`, which makes the scheme L-stable.
const GAMMA: f64 = 1.0 - std::f64::consts::FRAC_1_SQRT_2;

/// Newton's iteration: largest last change of u, and iterations after which a shorter step is taken.
const SETTLED: f64 = 1e-12;
const NEWTON_LIMIT: usize = 20;

/// Part of the duration below which no step goes.
const SHORTEST: f64 = 1e-12;

/// One sample's grid and buffers.
pub(super) struct Stepper {
    medium: Medium,
    /// `D / h^2`, and what the ends contribute.
    inner: f64,
    left: f64,
    right: f64,
    stages: [Vec<f64>; 2],
    rates: [Vec<f64>; 2],
    target: Vec<f64>,
    pivots: Vec<f64>,
    change: Vec<f64>,
}

impl Stepper {
    pub(super) fn new(medium: Medium, cells: usize, length: f64) -> Self {
        let h = length / cells as f64;
        let zeros = || vec![0.0; cells];
        // Half a cell of resistance before the end; there the flux out is u itself.
        let half = 2.0 * medium.diffusivity / h;
        Self {
            medium,
            inner: medium.diffusivity / (h * h),
            left: half / h,
            right: half / (1.0 + half) / h,
            stages: [zeros(), zeros()],
            rates: [zeros(), zeros()],
            target: zeros(),
            pivots: zeros(),
            change: zeros(),
        }
    }

    /// `M(u)_t`: the divergence of the fluxes.
    fn rate(&self, u: &[f64], rate: &mut [f64]) {
        let last = u.len() - 1;
        for i in 0..=last {
            let below = if i == 0 { self.left * (1.0 - u[0]) } else { self.inner * (u[i - 1] - u[i]) };
            let above = if i == last { self.right * u[i] } else { self.inner * (u[i] - u[i + 1]) };
            rate[i] = below - above;
        }
    }

    /// Diagonal of minus the derivative of [`rate`](Self::rate).
    fn diagonal(&self, i: usize, cells: usize) -> f64 {
        let below = if i == 0 { self.left } else { self.inner };
        below + if i + 1 == cells { self.right } else { self.inner }
    }

    /// Solves `(weight_i + step diagonal_i) x_i - step inner (x_(i-1) + x_(i+1)) = x_i` in place of `change`.
    fn solve_tridiagonal(&mut self, weights: impl Fn(usize) -> f64, step: f64) {
        let n = self.change.len();
        let off = step * self.inner;
        for i in 0..n {
            let diagonal = weights(i) + step * self.diagonal(i, n);
            if i == 0 {
                self.pivots[0] = diagonal;
            } else {
                let factor = off / self.pivots[i - 1];
                self.pivots[i] = diagonal - factor * off;
                self.change[i] += factor * self.change[i - 1];
            }
        }
        for i in (0..n).rev() {
            let above = if i + 1 == n { 0.0 } else { off * self.change[i + 1] };
            self.change[i] = (self.change[i] + above) / self.pivots[i];
        }
    }

    /// Solves `M(u) - GAMMA step rate(u) = target` from the guess in `stages[stage]`; whether it converged.
    fn stage(&mut self, stage: usize, step: f64) -> bool {
        let medium = self.medium;
        let mut u = std::mem::take(&mut self.stages[stage]);
        let mut rate = std::mem::take(&mut self.rates[stage]);
        let mut settled = false;
        for _ in 0..NEWTON_LIMIT {
            self.rate(&u, &mut rate);
            for i in 0..u.len() {
                self.change[i] = self.target[i] - medium.content(u[i]) + GAMMA * step * rate[i];
            }
            self.solve_tridiagonal(|i| medium.retardation(u[i]), GAMMA * step);
            let Some(largest) = largest(&self.change) else { break };
            u.iter_mut().zip(&self.change).for_each(|(u, d)| *u += d);
            if largest <= SETTLED {
                settled = true;
                break;
            }
        }
        self.rate(&u, &mut rate);
        self.stages[stage] = u;
        self.rates[stage] = rate;
        settled
    }

    /// One step from `u` to `stages[1]`; the estimated error of u, or none where Newton's iteration fails.
    fn attempt(&mut self, u: &[f64], step: f64) -> Option<f64> {
        for (target, u) in self.target.iter_mut().zip(u) {
            *target = self.medium.content(*u);
        }
        self.stages[0].copy_from_slice(u);
        if !self.stage(0, step) {
            return None;
        }
        for (target, rate) in self.target.iter_mut().zip(&self.rates[0]) {
            *target += (1.0 - GAMMA) * step * rate;
        }
        let (first, second) = self.stages.split_at_mut(1);
        second[0].copy_from_slice(&first[0]);
        if !self.stage(1, step) {
            return None;
        }
        // Against the scheme of first order with weights a half, smoothed by the implicit operator, as stiffness asks.
        for i in 0..u.len() {
            self.change[i] = (0.5 - GAMMA) * step * (self.rates[1][i] - self.rates[0][i]);
        }
        let medium = self.medium;
        let end = std::mem::take(&mut self.stages[1]);
        self.solve_tridiagonal(|i| medium.retardation(end[i]), GAMMA * step);
        self.stages[1] = end;
        largest(&self.change)
    }

    /// Advances u by `duration`; the sum of the estimated errors.
    pub(super) fn march(
        &mut self,
        u: &mut [f64],
        duration: f64,
        tolerance: f64,
        monitor: &dyn Monitor,
    ) -> Result<f64> {
        let (mut done, mut step, mut steps, mut sum) = (0.0, duration, 0_u64, 0.0);
        while done < duration {
            if monitor.cancelled() {
                let total = steps + ((duration - done) / step).ceil() as u64;
                return Err(Error::Cancelled { task: "diffusion-sorption".to_string(), done: steps, total });
            }
            // Two halves of what is left, rather than a last step of any length.
            let left = duration - done;
            let step_now = if step >= left { left } else { step.min(0.5 * left) };
            let error = self.attempt(u, step_now);
            if let Some(error) = error.filter(|error| *error <= tolerance) {
                u.copy_from_slice(&self.stages[1]);
                (steps, sum) = (steps + 1, sum + error);
                done = if step_now == left { duration } else { done + step_now };
                step = step_now * (0.9 * (tolerance / error.max(1e-300)).sqrt()).clamp(0.5, 4.0);
                continue;
            }
            step = step_now * error.map_or(0.1, |error| (0.9 * (tolerance / error).sqrt()).clamp(0.05, 0.7));
            if step < SHORTEST * duration {
                let hint = match error {
                    Some(_) => "the shortest step is still too long: use a larger tolerance",
                    None => "no step is short enough: concentration or sorption is too large",
                };
                return Err(Error::Diverged {
                    solver: "diffusion-sorption".to_string(),
                    time: done,
                    step: steps,
                    hint: hint.to_string(),
                });
            }
        }
        Ok(sum)
    }
}

/// The largest modulus; none unless all values are finite.
fn largest(values: &[f64]) -> Option<f64> {
    let finite = values.iter().all(|value| value.is_finite());
    finite.then(|| values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs())))
}
