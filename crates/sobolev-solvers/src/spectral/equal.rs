//! Time steps of equal length.

use super::discretisation::Discretisation;
use super::equation::SemiLinear;
use super::resolution::{Check, Seen, Spectrum};
use super::time_step::TimeStep;
use super::work::Work;
use sobolev_tensor::{Buffer, Error, Monitor, Real, Result};

/// Steps between two looks at whether the solution is still finite, and real.
pub(crate) const LOOK_EVERY: u64 = 64;

/// Takes `steps` equal steps. For each sample the sum of the estimated errors, each relative to the Euclidean norm of its state,
/// judged from one in [`LOOK_EVERY`] of them.
///
/// # Errors
/// [`Error::Cancelled`], [`Error::Diverged`] when the solution is no longer finite, and what `check` finds.
pub(crate) fn march<T: Real>(
    step: &TimeStep<T>,
    on: &Discretisation<T>,
    equation: &impl SemiLinear,
    work: &mut Work<T>,
    steps: u64,
    mut check: Option<Check>,
    monitor: &dyn Monitor,
) -> Result<Vec<f64>> {
    let mut looked = 0;
    let mut errors = vec![0.0; on.samples()];
    let tail = if check.is_some() { Spectrum::tail_of(on) } else { Vec::new() };
    if let Some(check) = &mut check {
        check(&Spectrum::of(&work.state, &tail, Seen::First))?;
    }
    for done in 0..steps {
        if monitor.cancelled() {
            return Err(Error::Cancelled { task: on.name.to_string(), done, total: steps });
        }
        on.rate_of_state(equation, work)?;
        step.take(on, equation, work)?;
        let look = (done + 1) % LOOK_EVERY == 0 || done + 1 == steps;
        if look {
            let (mut error, mut size) = (vec![0.0; errors.len()], vec![0.0; errors.len()]);
            step.estimate(on, equation, work, |difference, next| {
                add_squares(difference, &mut error);
                add_squares(next, &mut size);
            })?;
            for ((sum, error), size) in errors.iter_mut().zip(error).zip(size) {
                let steps = (done + 1 - looked) as f64;
                *sum += if error > 0.0 { steps * (error / size).sqrt() } else { 0.0 };
            }
            looked = done + 1;
        }
        work.accept();
        if let Some(check) = &mut check {
            check(&Spectrum::of(&work.state, &tail, Seen::Whole))?;
        }
        if look {
            check_finite(step.length(), on.name, work, done + 1)?;
            on.make_real(work)?;
        }
    }
    Ok(errors)
}

fn check_finite<T: Real>(length: f64, name: &str, work: &Work<T>, step: u64) -> Result<()> {
    // A coefficient that is not finite makes the sum so.
    let sum = |field: &Buffer<T>| field.as_slice().iter().fold(T::zero(), |sum, v| sum + v.abs());
    if work.state.iter().all(|field| sum(field).is_finite()) {
        return Ok(());
    }
    Err(Error::Diverged {
        solver: name.to_string(),
        time: step as f64 * length,
        step,
        hint: format!("the time step {length} is too long for the nonlinear part, or the equation blows up"),
    })
}

/// Adds the squares of the coefficients of each sample, which lie side by side.
fn add_squares<T: Real>(coefficients: &[T], sums: &mut [f64]) {
    for row in coefficients.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value.to_f64() * value.to_f64();
        }
    }
}
