//! What every solver offers to a program that has its own loop: one step, a whole rollout, and the plain answer.
//!
//! Evolution equations implement [`TimeSolver`], steady ones [`SteadySolver`]. Both take a
//! [`Monitor`] where the work is long, so that a caller sees the progress and can stop it.

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis, IxDyn};
use sobolev_tensor::{CancellationOnly, Error, Monitor, Result};

/// A solver of an evolution equation `u_t = F(u)`. States are `[batch, x1, .., xd, channel]`.
pub trait TimeSolver: Send + Sync {
    /// Checks shape and values of a state.
    ///
    /// # Errors
    /// When the shape does not fit the equation, or a value is not finite or outside the range of the method.
    fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()>;

    /// Advances a checked `state` by `duration >= 0`, in as many time steps as accuracy and stability ask for. Asks
    /// `monitor` between time steps whether to stop; reporting progress is optional.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor asks to stop (the state is then somewhere on the way), and the solver's own
    /// errors, such as a solution that is no longer finite.
    fn advance(&self, state: ArrayViewMutD<'_, f64>, duration: f64, monitor: &dyn Monitor) -> Result<()>;

    /// As [`advance`](Self::advance), as a part of a run of length `run`: a solver whose steps follow a tolerance allows this part
    /// its share of the error of the run.
    ///
    /// # Errors
    /// As there.
    fn advance_part(
        &self,
        state: ArrayViewMutD<'_, f64>,
        duration: f64,
        run: f64,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let _ = run;
        self.advance(state, duration, monitor)
    }

    /// Advances `state` in place by `duration`: what a simulation calls inside its own loop.
    ///
    /// # Errors
    /// Those of [`check`](Self::check) and [`advance`](Self::advance), and a duration that is negative or not finite.
    fn step(&self, state: ArrayViewMutD<'_, f64>, duration: f64) -> Result<()> {
        if !(duration.is_finite() && duration >= 0.0) {
            return Err(Error::value("duration", "a finite number of at least 0", duration));
        }
        self.check(state.view())?;
        self.advance(state, duration, &())
    }

    /// The trajectory `[batch, time, x1, .., xd, channel]` from `initial` (at time 0) at the given `times`, which
    /// increase strictly; a first time of 0 returns the initial state. The monitor is told the times reached.
    ///
    /// # Errors
    /// Those of [`check`](Self::check) and [`advance`](Self::advance); times that are empty, negative, not finite or not
    /// increasing; [`Error::Cancelled`].
    fn rollout(
        &self,
        initial: ArrayViewD<'_, f64>,
        times: &[f64],
        monitor: &dyn Monitor,
    ) -> Result<ArrayD<f64>> {
        check_times(times)?;
        self.check(initial.view())?;
        let mut shape = initial.shape().to_vec();
        shape.insert(1, times.len());
        let mut trajectory = ArrayD::zeros(IxDyn(&shape));
        // Not `to_owned`, which keeps the memory order of a transposed view: solvers get row-major states.
        let mut state = ArrayD::zeros(initial.raw_dim());
        state.assign(&initial);
        let total = times.len() as u64;
        let run = times[times.len() - 1];
        let mut reached = 0.0;
        for (index, &time) in times.iter().enumerate() {
            let done = index as u64;
            let cancelled = || Error::Cancelled { task: "rollout".to_string(), done, total };
            if monitor.cancelled() {
                return Err(cancelled());
            }
            if time > reached {
                let monitor = CancellationOnly(monitor);
                self.advance_part(state.view_mut(), time - reached, run, &monitor).map_err(|error| {
                    match error {
                        Error::Cancelled { .. } => cancelled(),
                        // The solver knows the time since the frame before.
                        Error::Diverged { solver, time, step, hint } => {
                            Error::Diverged { solver, time: reached + time, step, hint }
                        }
                        other => other,
                    }
                })?;
            }
            reached = time;
            trajectory.index_axis_mut(Axis(1), index).assign(&state);
            monitor.progress(done + 1, total);
        }
        Ok(trajectory)
    }

    /// The state at `time`, from `initial` at time 0.
    ///
    /// # Errors
    /// As [`rollout`](Self::rollout).
    fn solve(&self, initial: ArrayViewD<'_, f64>, time: f64) -> Result<ArrayD<f64>> {
        Ok(self.rollout(initial, &[time], &())?.index_axis_move(Axis(1), 0))
    }
}

/// A [`TimeSolver`] of equal time steps, whose cost is known beforehand.
pub trait SteppedSolver: TimeSolver {
    /// The longest time step.
    fn step_size(&self) -> f64;

    /// Additions and multiplications of the transforms of one time step of one sample on `points`: what a step cannot do
    /// without.
    ///
    /// # Errors
    /// When the grid does not fit the equation.
    fn operations_per_step(&self, points: &[usize]) -> Result<f64>;
}

/// A solver of a steady equation `A(coefficient) u = f` by iteration. Fields are `[batch, x1, .., xd, channel]`.
pub trait SteadySolver: Send + Sync {
    /// Everything that an iteration keeps: matrices, iterate, residual.
    type State;

    /// Sets up the systems of `coefficient`, at the initial guess zero.
    ///
    /// # Errors
    /// When the coefficient has the wrong shape, or values that are not finite or outside the range of the equation.
    fn start(&self, coefficient: ArrayViewD<'_, f64>) -> Result<Self::State>;

    /// One iteration of every sample in the batch that has not converged; returns the largest relative residual.
    ///
    /// # Errors
    /// When the iteration breaks down.
    fn step(&self, state: &mut Self::State) -> Result<f64>;

    /// The largest relative residual in the batch.
    fn residual(&self, state: &Self::State) -> f64;

    /// The present iterate.
    fn solution(&self, state: &Self::State) -> ArrayD<f64>;

    /// The relative residual at which the iteration ends.
    fn tolerance(&self) -> f64;

    /// The number of iterations after which the solver gives up.
    fn iteration_limit(&self) -> usize;

    /// Iterates until the tolerance is met; returns the relative residual at the start and after each iteration. The
    /// monitor is told the iterations done, out of the iteration limit. A cancelled state can be continued.
    ///
    /// # Errors
    /// [`Error::NoConvergence`] at the iteration limit, [`Error::Cancelled`], and those of [`step`](Self::step).
    fn rollout(&self, state: &mut Self::State, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let (tolerance, limit) = (self.tolerance(), self.iteration_limit());
        let mut residuals = vec![self.residual(state)];
        let mut last = residuals[0];
        while last > tolerance {
            let (done, total) = (residuals.len() as u64 - 1, limit as u64);
            if monitor.cancelled() {
                return Err(Error::Cancelled { task: "steady solve".to_string(), done, total });
            }
            if done >= total {
                return Err(Error::NoConvergence {
                    solver: "steady solve".to_string(),
                    iterations: limit,
                    residual: last,
                    tolerance,
                    hint: String::new(),
                });
            }
            last = self.step(state)?;
            residuals.push(last);
            monitor.progress(done + 1, total);
        }
        Ok(residuals)
    }

    /// The solution for `coefficient`, to the solver's tolerance.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`rollout`](Self::rollout).
    fn solve(&self, coefficient: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>> {
        let mut state = self.start(coefficient)?;
        self.rollout(&mut state, &())?;
        Ok(self.solution(&state))
    }
}

/// More steps are taken for a mistake: none of the solvers would end within a day, and far more cannot be counted in f64.
const MOST_STEPS: f64 = 1e9;

/// The least number of equal time steps of at most `longest` that make up `duration`; 10.000001 by rounding counts as 10.
///
/// # Errors
/// [`Error::Value`] that names `step`, when they are more than a billion.
pub(crate) fn steps_of(duration: f64, longest: f64) -> Result<u64> {
    let steps = (duration / longest * (1.0 - 1e-12)).ceil().max(1.0);
    if longest.is_nan() || longest <= 0.0 || steps > MOST_STEPS {
        let expected =
            format!("at least {:.3e}, so that {duration} takes at most 1e9 steps", duration / MOST_STEPS);
        return Err(Error::value("step", expected, format!("{longest:e}")));
    }
    Ok(steps as u64)
}

fn check_times(times: &[f64]) -> Result<()> {
    let expected = "at least one finite time, from 0 on, strictly increasing";
    let first_is_right = times.first().is_some_and(|&first| first >= 0.0);
    let finite = times.iter().all(|time| time.is_finite());
    if !(first_is_right && finite && times.windows(2).all(|pair| pair[0] < pair[1])) {
        return Err(Error::value("times", expected, format!("{times:?}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;

    /// `u_t = -u`, exactly, in time steps of at most 0.1.
    struct Decay;

    impl TimeSolver for Decay {
        fn check(&self, state: ArrayViewD<'_, f64>) -> Result<()> {
            sobolev_tensor::check_channels_last("initial", state.shape(), 1, 1)
        }

        fn advance(
            &self,
            mut state: ArrayViewMutD<'_, f64>,
            duration: f64,
            monitor: &dyn Monitor,
        ) -> Result<()> {
            let steps = (duration / 0.1).ceil() as u64;
            for done in 0..steps {
                if monitor.cancelled() {
                    return Err(Error::Cancelled { task: "decay".to_string(), done, total: steps });
                }
                state *= (-duration / steps as f64).exp();
                monitor.progress(done + 1, steps);
            }
            Ok(())
        }
    }

    /// Halves `u = 0` towards `coefficient` at each iteration.
    struct Halving;

    impl SteadySolver for Halving {
        type State = (ArrayD<f64>, f64);

        fn start(&self, coefficient: ArrayViewD<'_, f64>) -> Result<Self::State> {
            Ok((coefficient.to_owned(), 1.0))
        }
        fn step(&self, state: &mut Self::State) -> Result<f64> {
            state.1 *= 0.5;
            Ok(state.1)
        }
        fn residual(&self, state: &Self::State) -> f64 {
            state.1
        }
        fn solution(&self, state: &Self::State) -> ArrayD<f64> {
            &state.0 * (1.0 - state.1)
        }
        fn tolerance(&self) -> f64 {
            1e-3
        }
        fn iteration_limit(&self) -> usize {
            12
        }
    }

    fn ones() -> ArrayD<f64> {
        ArrayD::ones(IxDyn(&[2, 3, 1]))
    }

    #[derive(Default)]
    struct Recorder(Mutex<Vec<(u64, u64)>>);

    impl Monitor for Recorder {
        fn progress(&self, done: u64, total: u64) {
            self.0.lock().unwrap().push((done, total));
        }
        fn cancelled(&self) -> bool {
            self.0.lock().unwrap().len() >= 2
        }
    }

    #[test]
    fn steps_are_the_fewest_and_at_most_a_billion() {
        for (duration, longest, steps) in [(1.0, 0.1, 10), (1.0, 0.3, 4), (0.3, 0.1, 3), (1e-300, 1.0, 1)] {
            assert_eq!(steps_of(duration, longest).unwrap(), steps, "{duration} {longest}");
        }
        assert_eq!(steps_of(1.0, 1e-9).unwrap(), 1_000_000_000);
        for longest in [1e-300, 9e-10, 0.0, f64::NAN] {
            let error = steps_of(1.0, longest).unwrap_err().to_string();
            assert!(error.starts_with("step: expected at least 1.000e-9"), "{error}");
        }
    }

    #[test]
    fn endless_runs_of_every_fixed_step_are_refused() {
        for (equation, settings) in [
            ("wave", "size = 8"),
            ("incompressible-flow", "size = 8"),
            ("burgers", "size = 32\nsolve_size = 64"),
            ("advection", "size = 16"),
        ] {
            let entry = crate::EQUATIONS.iter().find(|entry| entry.name == equation).unwrap();
            let problem = (entry.build)(format!("{settings}\nstep = 1e-300").parse().unwrap()).unwrap();
            let error = problem.sample(0, 0, &()).unwrap_err().to_string();
            assert!(error.starts_with("step: expected at least"), "{equation}: {error}");
        }
    }

    #[test]
    fn rollout_holds_the_state_at_every_time() {
        let times = [0.0, 0.25, 1.0];
        let trajectory = Decay.rollout(ones().view(), &times, &()).unwrap();
        assert_eq!(trajectory.shape(), [2, 3, 3, 1]);
        for (index, time) in times.iter().enumerate() {
            // About ten multiplications by rounded factors.
            let error = trajectory.index_axis(Axis(1), index).mapv(|u| (u - (-time).exp()).abs());
            assert!(error.iter().all(|e| *e < 1e-14));
        }
        let last = Decay.solve(ones().view(), 1.0).unwrap();
        assert_eq!(last.shape(), [2, 3, 1]);
        let mut state = ones();
        Decay.step(state.view_mut(), 1.0).unwrap();
        assert_eq!(state, last);
    }

    #[test]
    fn monitor_hears_the_times_reached_and_stops_the_rollout() {
        let recorder = Recorder::default();
        let error = Decay.rollout(ones().view(), &[0.5, 1.0, 1.5], &recorder).unwrap_err();
        assert_eq!(*recorder.0.lock().unwrap(), [(1, 3), (2, 3)]);
        assert_eq!(error, Error::Cancelled { task: "rollout".to_string(), done: 2, total: 3 });
        let stop = AtomicBool::new(true);
        assert!(matches!(Decay.rollout(ones().view(), &[1.0], &stop), Err(Error::Cancelled { done: 0, .. })));
    }

    #[test]
    fn times_that_do_not_increase_are_refused() {
        for times in [&[][..], &[-1.0], &[1.0, 1.0], &[1.0, 0.5], &[f64::NAN], &[0.0, f64::INFINITY]] {
            assert!(matches!(Decay.rollout(ones().view(), times, &()), Err(Error::Value { .. })));
        }
        assert!(matches!(Decay.step(ones().view_mut(), -1.0), Err(Error::Value { .. })));
    }

    #[test]
    fn steady_rollout_returns_a_residual_per_iteration_and_stops_at_the_limit() {
        let mut state = Halving.start(ones().view()).unwrap();
        let residuals = Halving.rollout(&mut state, &()).unwrap();
        assert_eq!(residuals.len(), 11);
        assert!(residuals[10] <= 1e-3 && residuals[9] > 1e-3);
        let solution = Halving.solve(ones().view()).unwrap();
        assert!((solution[[0, 0, 0]] - 1.0).abs() <= 1e-3);

        struct Stuck;
        impl SteadySolver for Stuck {
            type State = ();
            fn start(&self, _: ArrayViewD<'_, f64>) -> Result<()> {
                Ok(())
            }
            fn step(&self, (): &mut ()) -> Result<f64> {
                Ok(0.5)
            }
            fn residual(&self, (): &()) -> f64 {
                1.0
            }
            fn solution(&self, (): &()) -> ArrayD<f64> {
                ones()
            }
            fn tolerance(&self) -> f64 {
                1e-3
            }
            fn iteration_limit(&self) -> usize {
                12
            }
        }
        let error = Stuck.rollout(&mut (), &()).unwrap_err();
        assert!(matches!(error, Error::NoConvergence { iterations: 12, .. }));
    }
}
