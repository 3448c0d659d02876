//! Time steps: Williamson's third-order Runge-Kutta scheme in two registers, every stage projected.

use super::body::{Body, Forced};
use super::mac::{Mac, Velocity};
use super::projection::{divergence, laplacian, subtract_gradient};
use super::rates::{accumulate, first_free};
use super::sides::{Edge, FlowSide, resolve};
use crate::explicit_step::ExplicitStep;
use crate::solver::steps_of;
use crate::walls::BoxLaplacian;
use ndarray::{ArrayView3, ArrayViewMut3};
use sobolev_tensor::{Error, Monitor, Result};

/// `change = KEEP change + dt F(u)`, `u = u + GAIN change` (Williamson, J. Comput. Phys. 35, 1980).
pub(super) const KEEP: [f64; 3] = [0.0, -5.0 / 9.0, -153.0 / 128.0];
pub(super) const GAIN: [f64; 3] = [1.0 / 3.0, 15.0 / 16.0, 8.0 / 15.0];

/// Ends of the stability region of third-order Runge-Kutta schemes on the imaginary and the negative real axis.
pub(super) const IMAGINARY: f64 = 1.732;
pub(super) const REAL: f64 = 2.512;

/// Divergence over (speed / cell) above which an initial state is projected.
const ROUNDING: f64 = 1e-9;

/// Everything about a grid that all samples share.
#[derive(Debug)]
pub(super) struct Plan {
    pub mac: Mac,
    edges: [[Edge; 2]; 2],
    viscosity: f64,
    laplacian: BoxLaplacian,
    forced: Forced,
    force: Option<Velocity>,
}

/// One sample on its way.
pub(super) struct Work {
    velocity: Velocity,
    change: Velocity,
    saved: Velocity,
    /// Of bodies' flows only: what forces at the surface have to balance before the projection.
    pressure: Vec<f64>,
    potential: Vec<f64>,
    /// Sum of the changes of velocity by bodies.
    impulse: [f64; 2],
}

impl Plan {
    /// # Errors
    /// Those of [`resolve`].
    pub(super) fn new(
        cells: [usize; 2],
        lengths: [f64; 2],
        viscosity: f64,
        sides: &[[FlowSide; 2]; 2],
        bodies: &[Body],
        force: Option<&(dyn Fn([f64; 2]) -> [f64; 2] + Send + Sync)>,
    ) -> Result<Self> {
        let mac = Mac::new(cells, lengths);
        let edges = resolve(sides, &mac)?;
        let laplacian = laplacian(&mac, &edges)?;
        let first = [0, 1].map(|component| first_free(&edges, component));
        let periodic = edges.each_ref().map(|ends| matches!(ends[0], Edge::Periodic));
        let forced = Forced::new(&mac, periodic, bodies);
        let sampled = |force: &(dyn Fn([f64; 2]) -> [f64; 2] + Send + Sync)| {
            let mut values = mac.zeros();
            for component in 0..2 {
                let last = mac.cells[component] + usize::from(matches!(edges[component][1], Edge::Outflow));
                let open = matches!(edges[component][0], Edge::Outflow);
                let from = if open { 0 } else { first[component] };
                for (normal, along) in
                    (from..last).flat_map(|k| (0..mac.cells[1 - component]).map(move |t| (k, t)))
                {
                    let mut x = [0.0; 2];
                    x[component] = normal as f64 * mac.spacing[component];
                    x[1 - component] = (along as f64 + 0.5) * mac.spacing[1 - component];
                    values[component][mac.place(component, normal as isize, along as isize)] =
                        force(x)[component];
                }
            }
            values
        };
        let force = force.map(sampled);
        Ok(Self { mac, edges, viscosity, laplacian, forced, force })
    }

    pub(super) fn work(&self) -> Work {
        let cells = self.mac.cells[0] * self.mac.cells[1];
        Work {
            velocity: self.mac.zeros(),
            change: self.mac.zeros(),
            saved: self.mac.zeros(),
            pressure: vec![0.0; cells],
            potential: vec![0.0; cells],
            impulse: [0.0; 2],
        }
    }

    /// Reads a state as it is.
    pub(super) fn load_faces(&self, state: &ArrayView3<'_, f64>, work: &mut Work) {
        self.mac.load(&self.edges, state, &mut work.velocity);
    }

    /// Reads a state; one that is not free of divergence is projected.
    pub(super) fn load(&self, state: &ArrayView3<'_, f64>, work: &mut Work) -> Result<()> {
        self.load_faces(state, work);
        if self.divergence(work) > ROUNDING * self.fastest(&work.velocity) {
            self.project(work)?;
        }
        Ok(())
    }

    pub(super) fn store(&self, work: &Work, state: ArrayViewMut3<'_, f64>) {
        self.mac.store(&work.velocity, state);
    }

    /// The largest divergence of a cell.
    pub(super) fn divergence(&self, work: &mut Work) -> f64 {
        divergence(&self.mac, &work.velocity, 1.0, &mut work.potential);
        work.potential.iter().fold(0.0, |largest, d| largest.max(d.abs()))
    }

    /// Advances by `duration`. Returns the mean force of the flow on the bodies, per depth and density.
    pub(super) fn march(
        &self,
        work: &mut Work,
        duration: f64,
        step: ExplicitStep,
        monitor: &dyn Monitor,
    ) -> Result<[f64; 2]> {
        let (mut done, mut steps) = (0.0, 0_u64);
        work.impulse = [0.0; 2];
        work.change = self.mac.zeros();
        // Steps of equal length end exactly where they should.
        let mut left = match step {
            ExplicitStep::Fixed(longest) => steps_of(duration, longest)? as f64,
            ExplicitStep::Courant(_) => f64::INFINITY,
        };
        let mut guessed = self.forced.is_empty();
        while left > 0.0 && done < duration {
            if monitor.cancelled() {
                let total = if left.is_finite() { steps + left as u64 } else { steps + 1 };
                return Err(Error::Cancelled { task: "incompressible flow".to_string(), done: steps, total });
            }
            let limit = self.limit(work, done, steps)?;
            let dt = match step {
                ExplicitStep::Fixed(_) => (duration - done) / left,
                ExplicitStep::Courant(part) => {
                    let fast =
                        "the flow is too fast for its cells, or the part of the stability limit too small";
                    left = steps_of(duration - done, part * limit).map_err(|error| error.with_hint(fast))?
                        as f64;
                    (duration - done) / left
                }
            };
            if dt > limit * (1.0 + 1e-9) {
                let words = format!("{limit:.3e}, the stability limit at time {done} (step {steps})");
                return Err(ExplicitStep::too_long(dt, &words));
            }
            if !guessed {
                self.guess_pressure(work, dt)?;
                guessed = true;
            }
            for stage in 0..3 {
                self.stage(work, KEEP[stage], GAIN[stage], dt)?;
            }
            if !self.forced.is_empty() {
                // The part of the last stage's change that is of this step.
                let share = GAIN[2] * (1.0 + KEEP[2] * (1.0 + KEEP[1]));
                let factor = 1.0 / (share * dt);
                work.pressure.iter_mut().zip(&work.potential).for_each(|(p, phi)| *p += factor * phi);
            }
            steps += 1;
            left -= 1.0;
            done = if left == 0.0 { duration } else { done + dt };
        }
        self.limit(work, done, steps)?;
        let cell = self.mac.spacing[0] * self.mac.spacing[1];
        Ok(work.impulse.map(|sum| -sum * cell / duration))
    }

    /// One stage; leaves in `potential` what the projection took off.
    fn stage(&self, work: &mut Work, keep: f64, gain: f64, dt: f64) -> Result<()> {
        let Work { velocity, change, pressure, .. } = work;
        accumulate(&self.mac, &self.edges, self.viscosity, keep, dt, velocity, change);
        for (change, force) in change.iter_mut().zip(self.force.iter().flatten()) {
            change.iter_mut().zip(force).for_each(|(c, f)| *c += dt * f);
        }
        if !self.forced.is_empty() {
            subtract_gradient(&self.mac, &self.edges, pressure, dt, change);
        }
        for (velocity, change) in velocity.iter_mut().zip(&*change) {
            velocity.iter_mut().zip(change).for_each(|(u, c)| *u += gain * c);
        }
        if !self.forced.is_empty() {
            let changes = self.forced.apply(velocity);
            work.impulse.iter_mut().zip(changes).for_each(|(sum, c)| *sum += c);
        }
        self.mac.fill(&self.edges, velocity);
        self.project(work)
    }

    /// Takes the gradient off that leaves no divergence; its potential stays in `potential`.
    fn project(&self, work: &mut Work) -> Result<()> {
        divergence(&self.mac, &work.velocity, -1.0, &mut work.potential);
        self.laplacian.solve(1, &mut work.potential)?;
        subtract_gradient(&self.mac, &self.edges, &work.potential, 1.0, &mut work.velocity);
        self.mac.fill(&self.edges, &mut work.velocity);
        Ok(())
    }

    /// The pressure around bodies by a step that is taken back, so that already the first one knows it.
    fn guess_pressure(&self, work: &mut Work, dt: f64) -> Result<()> {
        work.pressure.fill(0.0);
        work.saved.clone_from(&work.velocity);
        self.stage(work, 0.0, 1.0, dt)?;
        work.pressure.iter_mut().zip(&work.potential).for_each(|(p, phi)| *p = phi / dt);
        work.velocity.clone_from(&work.saved);
        work.impulse = [0.0; 2];
        Ok(())
    }

    /// Largest `|u| / h1 + |v| / h2`; NaN when a value is not finite.
    fn fastest(&self, velocity: &Velocity) -> f64 {
        let [x, y] = self.mac.spacing.map(|h| 1.0 / h);
        let (mut fastest, mut sum) = (0.0_f64, 0.0);
        for (u, v) in velocity[0].iter().zip(&velocity[1]) {
            let rate = x * u.abs() + y * v.abs();
            fastest = fastest.max(rate);
            sum += rate;
        }
        if f64::is_finite(sum) { fastest } else { f64::NAN }
    }

    /// The longest stable step.
    ///
    /// # Errors
    /// [`Error::Diverged`] when a velocity is not finite.
    fn limit(&self, work: &Work, time: f64, step: u64) -> Result<f64> {
        let [x, y] = self.mac.spacing;
        let diffusion = 4.0 * self.viscosity * (1.0 / (x * x) + 1.0 / (y * y)) / REAL;
        let convection = self.fastest(&work.velocity) / IMAGINARY;
        if convection.is_nan() {
            return Err(Error::Diverged {
                solver: "incompressible flow".to_string(),
                time,
                step,
                hint: "the grid does not resolve the flow: use more cells or a larger viscosity".to_string(),
            });
        }
        // A flow at rest without viscosity has no limit.
        Ok(1.0 / joint_rate(diffusion, convection).max(f64::MIN_POSITIVE))
    }
}

/// One over the longest step under both limits, from one over the step of each alone. The eigenvalues of a mode fill an ellipse, which
/// leaves the stability region where both limits are reached at once; with the norm of fourth powers it stays inside.
pub(super) fn joint_rate(diffusion: f64, convection: f64) -> f64 {
    let larger = diffusion.max(convection);
    if larger == 0.0 {
        return 0.0;
    }
    let [a, b] = [diffusion / larger, convection / larger].map(|rate| rate.powi(4));
    larger * (a + b).sqrt().sqrt()
}
