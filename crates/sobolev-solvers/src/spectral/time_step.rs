//! One time step of a scheme on one grid.

use super::discretisation::{Discretisation, Terms};
use super::equation::SemiLinear;
use super::scheme::{Factor, Operand, TimeScheme};
use super::table::{Table, combine};
use super::work::Work;
use num_complex::Complex64;
use sobolev_tensor::{Real, Result};

/// The tables of a step of one length, shared by threads.
#[derive(Debug)]
pub(crate) struct TimeStep<T: Real> {
    length: f64,
    /// Stages of each field: tables and what they multiply.
    stages: Vec<Vec<Vec<(Table<T>, Operand)>>>,
    /// For each field, what the rate after a step and that of its last stage are multiplied by in the estimate of its error.
    estimate: Vec<[Table<T>; 2]>,
}

impl<T: Real> TimeStep<T> {
    /// # Errors
    /// [`Error::Value`](sobolev_tensor::Error::Value) when the linear part grows by more than the number range in a step.
    pub(crate) fn new(
        equation: &impl SemiLinear,
        on: &Discretisation<T>,
        scheme: TimeScheme,
        length: f64,
    ) -> Result<Self> {
        let tableau = scheme.tableau();
        // Padding has no wave: whatever transforms leave there must not come back.
        let present = on.transform.table(&|_| Complex64::ONE);
        let (mut stages, mut estimate) = (Vec::new(), Vec::new());
        for field in 0..on.fields {
            let linear = on.transform.table(&|wave| equation.linear(field, wave));
            let factors = |factor: Factor, operand: Operand| {
                let mut factors = TimeScheme::factors(factor, operand, &linear, length)?;
                factors.iter_mut().zip(&present).for_each(|(factor, present)| *factor *= present);
                Ok(factors)
            };
            let table = |&(factor, operand)| Ok((Table::new(&factors(factor, operand)?), operand));
            let of_stages = tableau.stages.iter().map(|stage| stage.iter().map(table).collect());
            stages.push(of_stages.collect::<Result<_>>()?);
            let after = factors(tableau.estimate, Operand::Rate(0))?;
            let before: Vec<Complex64> = after.iter().map(|factor| -*factor).collect();
            estimate.push([Table::new(&after), Table::new(&before)]);
        }
        Ok(Self { length, stages, estimate })
    }

    /// Length of the step.
    pub(crate) fn length(&self) -> f64 {
        self.length
    }

    /// All stages of a step from the state, whose rate is that of number 0. The last one is the next state.
    pub(crate) fn take(
        &self,
        on: &Discretisation<T>,
        equation: &impl SemiLinear,
        work: &mut Work<T>,
    ) -> Result<()> {
        for stage in 0..work.stages.len() {
            if stage > 0 && !work.rates.is_empty() {
                let Work { stages, rates, slots, spread, .. } = work;
                on.evaluate(equation, &stages[stage - 1], &mut rates[stage], slots, *spread)?;
            }
            for field in 0..on.fields {
                let (before, rest) = work.stages.split_at_mut(stage);
                let operand = |operand: Operand| match operand {
                    Operand::State => Some(work.state[field].as_slice()),
                    Operand::Stage(stage) => Some(before[stage][field].as_slice()),
                    Operand::Rate(rate) => work.rates.get(rate).map(|rates| rates[field].as_slice()),
                };
                let terms = self.stages[field][stage].iter();
                let terms: Terms<'_, T> =
                    terms.filter_map(|(table, of)| operand(*of).map(|x| (table, x))).collect();
                combine(rest[0][field].as_mut_slice(), &terms, false);
            }
        }
        Ok(())
    }

    /// Estimates the error of the step that was taken: its last stage again, with the rate that was reached. `see` is told the
    /// difference and the next state of each field. No rates are no errors.
    pub(crate) fn estimate(
        &self,
        on: &Discretisation<T>,
        equation: &impl SemiLinear,
        work: &mut Work<T>,
        mut see: impl FnMut(&[T], &[T]),
    ) -> Result<()> {
        let Work { stages, rates, reached, slots, spread, .. } = work;
        let (Some(last), Some(next)) = (rates.last(), stages.last()) else { return Ok(()) };
        on.evaluate(equation, next, reached, slots, *spread)?;
        for field in 0..on.fields {
            let [after, before] = &self.estimate[field];
            let difference = slots[0].coefficients.as_mut_slice();
            let terms = [(after, reached[field].as_slice()), (before, last[field].as_slice())];
            combine(difference, &terms, false);
            see(difference, next[field].as_slice());
        }
        Ok(())
    }
}
