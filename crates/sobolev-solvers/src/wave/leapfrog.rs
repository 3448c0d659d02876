//! The leapfrog scheme on a grid.

use super::WaveEnd;
use ndarray::{ArrayViewD, ArrayViewMutD};
use sobolev_tensor::{Error, Monitor, Result};

/// Time steps between two looks at whether the values are finite.
const CHECKED: u64 = 64;

/// Coefficients of `div(c^2 grad u)` on one grid. Along each axis cell p takes
/// `lower_p (u_(p-1) - u_p) + upper_p (u_(p+1) - u_p)`; `own` is what walls add.
#[derive(Debug)]
pub(super) struct Leapfrog {
    cells: Vec<usize>,
    axes: Vec<Coupling>,
    own: Vec<f64>,
    /// Rate at which absorbing sides take u_t; none without them.
    damping: Option<Vec<f64>>,
    /// Volume of every cell; half of it in the last cells before an absorbing side.
    mass: Vec<f64>,
}

#[derive(Debug)]
struct Coupling {
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// Values between neighbours along the axis.
    stride: usize,
    /// Values of the axis with those inside it.
    block: usize,
    periodic: bool,
}

/// One sample on its way.
pub(super) struct Work {
    u: Vec<f64>,
    speed: Vec<f64>,
    force: Vec<f64>,
}

impl Work {
    pub(super) fn load(&mut self, sample: &ArrayViewD<'_, f64>) {
        let mut values = sample.iter();
        for (u, speed) in self.u.iter_mut().zip(&mut self.speed) {
            *u = values.next().copied().unwrap_or_default();
            *speed = values.next().copied().unwrap_or_default();
        }
    }

    pub(super) fn store(&self, sample: &mut ArrayViewMutD<'_, f64>) {
        let values = self.u.iter().zip(&self.speed).flat_map(|(u, speed)| [*u, *speed]);
        sample.iter_mut().zip(values).for_each(|(to, value)| *to = value);
    }
}

impl Leapfrog {
    pub(super) fn new(cells: &[usize], lengths: &[f64], ends: &[[WaveEnd; 2]], speed: &[f64]) -> Self {
        let len = speed.len();
        let mut own = vec![0.0; len];
        let mut damping = vec![0.0; len];
        let spacing: Vec<f64> = lengths.iter().zip(cells).map(|(length, n)| length / *n as f64).collect();
        let mut mass = vec![spacing.iter().product::<f64>(); len];
        let mut axes = Vec::new();
        for (axis, &n) in cells.iter().enumerate() {
            let stride: usize = cells[axis + 1..].iter().product();
            let h = spacing[axis];
            let (mut lower, mut upper) = (vec![0.0; len], vec![0.0; len]);
            for p in 0..len {
                let i = p / stride % n;
                let square = |p: usize| speed[p] * speed[p] / (h * h);
                let face = |other: usize| 2.0 / (1.0 / square(p) + 1.0 / square(other));
                let far = (n - 1) * stride;
                let sides = [
                    (&mut lower[p], i == 0, p.wrapping_sub(stride), p + far, 0),
                    (&mut upper[p], i + 1 == n, p + stride, p.wrapping_sub(far), 1),
                ];
                for (coefficient, last, neighbour, around, side) in sides {
                    if !last {
                        *coefficient = face(neighbour);
                        continue;
                    }
                    match ends[axis][side] {
                        WaveEnd::Periodic => *coefficient = face(around),
                        // The value beyond the wall is minus that inside.
                        WaveEnd::Dirichlet => own[p] += 2.0 * square(p),
                        WaveEnd::Neumann => {}
                        WaveEnd::Absorbing => {
                            damping[p] += 2.0 * speed[p] / h;
                            mass[p] *= 0.5;
                        }
                    }
                }
                // The side stands at the centre of the last cell, of which half is inside.
                if i == 0 && ends[axis][0] == WaveEnd::Absorbing {
                    upper[p] *= 2.0;
                }
                if i + 1 == n && ends[axis][1] == WaveEnd::Absorbing {
                    lower[p] *= 2.0;
                }
            }
            let periodic = ends[axis][0] == WaveEnd::Periodic;
            axes.push(Coupling { lower, upper, stride, block: stride * n, periodic });
        }
        let absorbs = ends.iter().flatten().any(|end| *end == WaveEnd::Absorbing);
        Self { cells: cells.to_vec(), axes, own, damping: absorbs.then_some(damping), mass }
    }

    pub(super) fn cells(&self) -> &[usize] {
        &self.cells
    }

    pub(super) fn work(&self) -> Work {
        let zeros = || vec![0.0; self.own.len()];
        Work { u: zeros(), speed: zeros(), force: zeros() }
    }

    /// The longest stable step: two over the root of Gershgorin's bound of the largest eigenvalue.
    pub(super) fn limit(&self) -> f64 {
        let bound = |p: usize| {
            self.own[p] + self.axes.iter().map(|axis| 2.0 * (axis.lower[p] + axis.upper[p])).sum::<f64>()
        };
        2.0 / (0..self.own.len()).map(bound).fold(0.0, f64::max).sqrt()
    }

    /// `force = div(c^2 grad u)`.
    pub(super) fn force(&self, u: &[f64], force: &mut [f64]) {
        for ((force, own), u) in force.iter_mut().zip(&self.own).zip(u) {
            *force = -own * u;
        }
        for axis in &self.axes {
            let (s, block) = (axis.stride, axis.block);
            for start in (0..u.len()).step_by(block) {
                let [u, lower, upper] =
                    [u, &axis.lower[..], &axis.upper[..]].map(|values| &values[start..start + block]);
                let force = &mut force[start..start + block];
                for p in 0..s {
                    let below = if axis.periodic { u[block - s + p] } else { 0.0 };
                    force[p] += lower[p] * (below - u[p]) + upper[p] * (u[p + s] - u[p]);
                    let q = block - s + p;
                    let above = if axis.periodic { u[p] } else { 0.0 };
                    force[q] += lower[q] * (u[q - s] - u[q]) + upper[q] * (above - u[q]);
                }
                let inside = block - 2 * s;
                let (below, here, above) = (&u[..inside], &u[s..s + inside], &u[2 * s..]);
                let (lower, upper) = (&lower[s..s + inside], &upper[s..s + inside]);
                let force = &mut force[s..s + inside];
                for p in 0..inside {
                    force[p] += lower[p] * (below[p] - here[p]) + upper[p] * (above[p] - here[p]);
                }
            }
        }
    }

    /// So many steps. Absorption acts as the mean of before and after, which is stable at any rate.
    pub(super) fn march(&self, work: &mut Work, step: f64, steps: u64, monitor: &dyn Monitor) -> Result<()> {
        let half = 0.5 * step;
        self.force(&work.u, &mut work.force);
        for done in 0..steps {
            if monitor.cancelled() {
                return Err(Error::Cancelled { task: "wave".to_string(), done, total: steps });
            }
            let Work { u, speed, force } = work;
            match &self.damping {
                None => speed.iter_mut().zip(&*force).for_each(|(v, f)| *v += half * f),
                Some(damping) => {
                    for ((v, f), rate) in speed.iter_mut().zip(&*force).zip(damping) {
                        *v += half * (f - rate * *v);
                    }
                }
            }
            u.iter_mut().zip(&*speed).for_each(|(u, v)| *u += step * v);
            self.force(u, force);
            match &self.damping {
                None => speed.iter_mut().zip(&*force).for_each(|(v, f)| *v += half * f),
                Some(damping) => {
                    for ((v, f), rate) in speed.iter_mut().zip(&*force).zip(damping) {
                        *v = (*v + half * f) / (1.0 + half * rate);
                    }
                }
            }
            let look = done + 1 == steps || (done + 1).is_multiple_of(CHECKED);
            if look && !(u.iter().sum::<f64>() + speed.iter().sum::<f64>()).is_finite() {
                return Err(Error::Diverged {
                    solver: "wave".to_string(),
                    time: step * (done + 1) as f64,
                    step: done + 1,
                    hint: "the values left the range of numbers: scale the initial state down".to_string(),
                });
            }
        }
        Ok(())
    }

    pub(super) fn energy(&self, work: &mut Work) -> f64 {
        self.force(&work.u, &mut work.force);
        let mut sum = 0.0;
        for (((u, v), f), m) in work.u.iter().zip(&work.speed).zip(&work.force).zip(&self.mass) {
            sum += m * (v * v - u * f);
        }
        0.5 * sum
    }

    /// What steps of this length keep to rounding: the energy minus `step^2 / 8` times the integral of the squared force.
    pub(super) fn kept_energy(&self, work: &mut Work, step: f64) -> f64 {
        let energy = self.energy(work);
        let squares = work.force.iter().zip(&self.mass).map(|(f, m)| m * f * f);
        energy - 0.125 * step * step * squares.sum::<f64>()
    }
}
