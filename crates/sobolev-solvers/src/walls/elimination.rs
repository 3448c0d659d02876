//! Half of the transforms spared: transforms along all axes but the first, and Gaussian elimination along it.

use crate::random_field::Boundary;
use sobolev_fft::SineCosinePlan;
use sobolev_tensor::Result;

/// `-Laplacian u = f` by the second difference, for a first axis that is not periodic. Every mode of the other axes leaves a
/// tridiagonal system along the first; neighbouring modes are eliminated side by side.
#[derive(Debug, Clone)]
pub(super) struct Elimination {
    plan: SineCosinePlan<f64>,
    rows: usize,
    /// `1 / h^2` along the first axis.
    off: f64,
    /// One over the pivots, `[rows, modes]`.
    reciprocals: Vec<f64>,
    singular: bool,
}

impl Elimination {
    /// Of `rows` cells of length `h` between `ends`, with the transform and the eigenvalues of the other axes.
    pub(super) fn new(
        plan: SineCosinePlan<f64>,
        rows: usize,
        h: f64,
        ends: [Boundary; 2],
        others: &[f64],
        singular: bool,
    ) -> Self {
        let off = 1.0 / (h * h);
        let wall = |end| if end == Boundary::Dirichlet { 2.0 * off } else { 0.0 };
        let modes = others.len();
        let mut reciprocals = vec![0.0; rows * modes];
        for (mode, value) in others.iter().enumerate() {
            let mut before = 0.0;
            for row in 0..rows {
                let below = if row == 0 { wall(ends[0]) } else { off };
                let above = if row + 1 == rows { wall(ends[1]) } else { off };
                let pivot = value + below + above - off * off * before;
                // The last pivot of a singular system is zero up to rounding: u is set to zero there.
                let free = singular && mode == 0 && row + 1 == rows;
                before = if free { 0.0 } else { 1.0 / pivot };
                reciprocals[row * modes + mode] = before;
            }
        }
        Self { plan, rows, off, reciprocals, singular }
    }

    /// Solves in place for `data` `[batch, cells..]`.
    pub(super) fn solve(&self, batch: usize, data: &mut [f64]) -> Result<()> {
        self.plan.forward_in_place(batch, 1, data)?;
        let modes = self.reciprocals.len() / self.rows;
        for sample in data.chunks_exact_mut(self.reciprocals.len()) {
            if self.singular {
                take_mean_off(sample, modes);
            }
            for row in 1..self.rows {
                let (done, rest) = sample.split_at_mut(row * modes);
                let (before, here) = (&done[(row - 1) * modes..], &mut rest[..modes]);
                let reciprocals = &self.reciprocals[(row - 1) * modes..row * modes];
                for ((u, before), reciprocal) in here.iter_mut().zip(before).zip(reciprocals) {
                    *u += self.off * reciprocal * before;
                }
            }
            for row in (0..self.rows).rev() {
                let (rest, done) = sample.split_at_mut((row + 1) * modes);
                let here = &mut rest[row * modes..];
                let reciprocals = &self.reciprocals[row * modes..(row + 1) * modes];
                if row + 1 < self.rows {
                    here.iter_mut().zip(&done[..modes]).for_each(|(u, after)| *u += self.off * after);
                }
                here.iter_mut().zip(reciprocals).for_each(|(u, reciprocal)| *u *= reciprocal);
            }
            if self.singular {
                take_mean_off(sample, modes);
            }
        }
        self.plan.inverse_in_place(batch, 1, data)
    }
}

/// Takes the mean off mode zero of the other axes: the mean of the whole field.
fn take_mean_off(sample: &mut [f64], modes: usize) {
    let rows = sample.len() / modes;
    let mean = sample.iter().step_by(modes).sum::<f64>() / rows as f64;
    sample.iter_mut().step_by(modes).for_each(|u| *u -= mean);
}
