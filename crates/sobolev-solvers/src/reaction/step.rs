//! Explicit steps whose length the estimated error chooses.

use ndarray::{ArrayViewD, ArrayViewMutD};
use sobolev_tensor::{Error, Monitor, Result};

/// Stages of Dormand and Prince's pair (J. Comput. Appl. Math. 6, 1980), the last of which begins the next step.
const STAGES: [[f64; 6]; 6] = [
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];

/// Weights of the fifth order less those of the fourth.
const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];

/// Part of the duration below which no step goes.
const SHORTEST: f64 = 1e-12;

/// One sample's grid and buffers. A state holds all u, then all v.
pub(super) struct Stepper {
    /// Distance of neighbours along each axis, length of the axis with all inside it, and `1 / h^2`.
    axes: Vec<(usize, usize, f64)>,
    diffusivities: [f64; 2],
    threshold: f64,
    state: Vec<f64>,
    next: Vec<f64>,
    rates: [Vec<f64>; 7],
}

impl Stepper {
    pub(super) fn new(cells: &[usize], lengths: &[f64], diffusivities: [f64; 2], threshold: f64) -> Self {
        let axis = |axis: usize| {
            let stride: usize = cells[axis + 1..].iter().product();
            (stride, stride * cells[axis], (cells[axis] as f64 / lengths[axis]).powi(2))
        };
        let zeros = || vec![0.0; 2 * cells.iter().product::<usize>()];
        Self {
            axes: (0..cells.len()).map(axis).collect(),
            diffusivities,
            threshold,
            state: zeros(),
            next: zeros(),
            rates: std::array::from_fn(|_| zeros()),
        }
    }

    pub(super) fn load(&mut self, sample: &ArrayViewD<'_, f64>) {
        let half = self.state.len() / 2;
        for (place, value) in sample.iter().enumerate() {
            self.state[place % 2 * half + place / 2] = *value;
        }
    }

    pub(super) fn store(&self, sample: &mut ArrayViewMutD<'_, f64>) {
        let half = self.state.len() / 2;
        for (place, value) in sample.iter_mut().enumerate() {
            *value = self.state[place % 2 * half + place / 2];
        }
    }

    /// Advances the state by `duration`; the sum of the estimated relative errors.
    pub(super) fn march(&mut self, duration: f64, tolerance: f64, monitor: &dyn Monitor) -> Result<f64> {
        let (mut done, mut steps, mut sum) = (0.0, 0_u64, 0.0);
        self.rate_of_state();
        let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
        let change = norm(&self.rates[0]);
        let guess = 0.01 * (norm(&self.state) + tolerance) / change.max(f64::MIN_POSITIVE);
        let mut step = guess.min(duration);
        while done < duration {
            if monitor.cancelled() {
                let total = steps + ((duration - done) / step).ceil() as u64;
                return Err(Error::Cancelled { task: "diffusion-reaction".to_string(), done: steps, total });
            }
            // Two halves of what is left, rather than a last step of any length.
            let left = duration - done;
            let taken = if step >= left { left } else { step.min(0.5 * left) };
            let [error, relative] = self.attempt(taken, tolerance);
            if error <= 1.0 {
                std::mem::swap(&mut self.state, &mut self.next);
                self.rates.swap(0, 6);
                (steps, sum) = (steps + 1, sum + relative);
                done = if taken == left { duration } else { done + taken };
                step = taken * (0.9 * error.max(1e-10).powf(-0.2)).clamp(0.2, 5.0);
                continue;
            }
            // A step far too long makes NaN.
            step = taken * if error.is_finite() { (0.9 * error.powf(-0.2)).clamp(0.1, 0.9) } else { 0.1 };
            if step < SHORTEST * duration {
                let hint = if error.is_finite() {
                    "the error control asks for ever shorter steps: use a larger tolerance, fewer cells or smaller diffusivities"
                } else {
                    "no step is short enough: the state or the diffusivities are too large"
                };
                return Err(Error::Diverged {
                    solver: "diffusion-reaction".to_string(),
                    time: done,
                    step: steps,
                    hint: hint.to_string(),
                });
            }
        }
        Ok(sum)
    }

    /// One step to `next`, its rate the last one. The estimated error over the allowed one and over the state, in the root mean
    /// square.
    fn attempt(&mut self, step: f64, tolerance: f64) -> [f64; 2] {
        for (stage, weights) in STAGES.iter().enumerate() {
            let (known, unknown) = self.rates.split_at_mut(stage + 1);
            self.next.copy_from_slice(&self.state);
            for (weight, rate) in weights.iter().zip(&*known) {
                if *weight != 0.0 {
                    self.next.iter_mut().zip(rate).for_each(|(u, k)| *u += step * weight * k);
                }
            }
            rate(&self.axes, self.diffusivities, self.threshold, &self.next, &mut unknown[0]);
        }
        let [mut weighted, mut plain, mut size] = [0.0; 3];
        for (place, (before, after)) in self.state.iter().zip(&self.next).enumerate() {
            let difference: f64 =
                ERROR.iter().zip(&self.rates).map(|(weight, rate)| weight * rate[place]).sum();
            let allowed = tolerance * (1e-3 + before.abs().max(after.abs()));
            weighted += (step * difference / allowed).powi(2);
            plain += (step * difference).powi(2);
            size += after * after;
        }
        [(weighted / self.state.len() as f64).sqrt(), (plain / size.max(f64::MIN_POSITIVE)).sqrt()]
    }

    fn rate_of_state(&mut self) {
        rate(&self.axes, self.diffusivities, self.threshold, &self.state, &mut self.rates[0]);
    }
}

/// The right-hand sides of both equations.
fn rate(
    axes: &[(usize, usize, f64)],
    diffusivities: [f64; 2],
    threshold: f64,
    state: &[f64],
    rate: &mut [f64],
) {
    let half = state.len() / 2;
    let (u, v) = state.split_at(half);
    let (du, dv) = rate.split_at_mut(half);
    for (((u, v), du), dv) in u.iter().zip(v).zip(&mut *du).zip(&mut *dv) {
        *du = u - u * u * u - threshold - v;
        *dv = u - v;
    }
    for &(stride, block, inverse_square) in axes {
        diffuse(u, du, diffusivities[0] * inverse_square, stride, block);
        diffuse(v, dv, diffusivities[1] * inverse_square, stride, block);
    }
}

/// Adds the second difference along one axis, without flux through its ends.
fn diffuse(field: &[f64], rate: &mut [f64], factor: f64, stride: usize, block: usize) {
    for (field, rate) in field.chunks_exact(block).zip(rate.chunks_exact_mut(block)) {
        let inside = block - stride;
        // What flows from each cell to the next one.
        for p in 0..stride.min(inside) {
            rate[p] += factor * (field[p + stride] - field[p]);
            let last = inside + p;
            rate[last] += factor * (field[last - stride] - field[last]);
        }
        for p in stride..inside {
            rate[p] += factor * (field[p - stride] - 2.0 * field[p] + field[p + stride]);
        }
    }
}
