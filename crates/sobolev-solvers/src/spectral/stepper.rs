//! Time stepping of one equation on one grid.

use super::equation::{SemiLinear, Term};
use super::grid::PeriodicGrid;
use super::scheme::{Operand, TimeScheme};
use super::table::{Table, combine};
use super::transform::{FieldTransform, Kind, TransformScratch};
use num_complex::Complex64;
use rayon::prelude::*;
use sobolev_tensor::{Buffer, Error, Monitor, Real, Result};

/// Steps between two looks at whether the solution is still finite, and real.
const LOOK_EVERY: u64 = 64;

/// Values of a slot from which on slots are transformed at the same time: below, waking another thread costs as much.
const PARALLEL_FROM: usize = 1 << 13;

/// An equation on a grid with one time step: transforms and tables, shared by threads.
#[derive(Debug)]
pub(crate) struct Stepper<T: Real> {
    transform: FieldTransform<T>,
    dimensions: usize,
    name: &'static str,
    /// Fields: channels of a real state, one for a complex one.
    fields: usize,
    step: f64,
    /// Stages of each field: tables and what they multiply.
    stages: Vec<Vec<Vec<(Table<T>, Operand)>>>,
    /// Terms that project the initial state; their slots are channels.
    initial: Vec<Bound<T>>,
    inputs: Vec<Bound<T>>,
    outputs: Vec<Bound<T>>,
    slots: usize,
    /// Coefficients of the forcing of each field that has one.
    forcing: Vec<Option<Buffer<T>>>,
    /// For each field, what the rate after a step and that of its last stage are multiplied by in the estimate of its error.
    estimate: Vec<[Table<T>; 2]>,
    /// One over the number of points, and one; zero at padding.
    scale: Table<T>,
    ones: Table<T>,
}

/// A term with its table; none multiplies by one.
#[derive(Debug)]
struct Bound<T: Real> {
    field: usize,
    slot: usize,
    table: Option<Table<T>>,
    /// Whether it is added to what its field has already, of outputs.
    accumulate: bool,
}

/// The memory of one group of samples in one thread.
#[derive(Debug)]
pub(crate) struct Work<T: Real> {
    /// Coefficients of each field.
    state: Vec<Buffer<T>>,
    stages: Vec<Vec<Buffer<T>>>,
    rates: Vec<Vec<Buffer<T>>>,
    slots: Vec<Slot<T>>,
    /// Whether slots are transformed at the same time.
    spread: bool,
    /// Estimated errors of the samples so far, relative to their state.
    errors: Vec<f64>,
}

impl<T: Real> Work<T> {
    /// Estimated errors of the samples since they were loaded, each relative to the Euclidean norm of its state: the sum of the
    /// errors of the steps, from one in [`LOOK_EVERY`] of them.
    pub(crate) fn errors(&self) -> &[f64] {
        &self.errors
    }
}

/// The memory of the transform of one slot.
#[derive(Debug)]
struct Slot<T: Real> {
    number: usize,
    /// Values, the arrays of a complex slot side by side.
    values: Buffer<T>,
    coefficients: Buffer<T>,
    scratch: TransformScratch<T>,
}

impl<T: Real> Stepper<T> {
    pub(crate) fn new(
        equation: &impl SemiLinear,
        grid: &PeriodicGrid,
        scheme: TimeScheme,
        step: f64,
    ) -> Result<Self> {
        let dimensions = grid.points().len();
        let kind = if equation.is_complex() { Kind::Complex } else { Kind::Real };
        let transform = FieldTransform::<T>::new(grid, kind)?;
        let fields = if equation.is_complex() { 1 } else { equation.channels(dimensions) };
        let points = grid.len() as f64;
        let scale = Table::new(&transform.table(&|_| Complex64::new(1.0 / points, 0.0)));
        let tableau = scheme.tableau();
        let stages = (0..fields)
            .map(|field| {
                let linear = transform.table(&|wave| equation.linear(field, wave));
                // Padding has no wave: whatever transforms leave there must not come back.
                let present = transform.table(&|_| Complex64::ONE);
                let table = |&(factor, operand)| {
                    let mut factors = TimeScheme::factors(factor, operand, &linear, step)?;
                    factors.iter_mut().zip(&present).for_each(|(factor, present)| *factor *= present);
                    Ok((Table::new(&factors), operand))
                };
                tableau.stages.iter().map(|stage| stage.iter().map(table).collect()).collect()
            })
            .collect::<Result<_>>()?;
        let estimate = (0..fields)
            .map(|field| {
                let linear = transform.table(&|wave| equation.linear(field, wave));
                let present = transform.table(&|_| Complex64::ONE);
                let mut factors = TimeScheme::factors(tableau.estimate, Operand::Rate(0), &linear, step)?;
                factors.iter_mut().zip(&present).for_each(|(factor, present)| *factor *= present);
                let after = Table::new(&factors);
                factors.iter_mut().for_each(|factor| *factor = -*factor);
                Ok([after, Table::new(&factors)])
            })
            .collect::<Result<_>>()?;
        let initial = bind(&transform, equation.initial(dimensions).unwrap_or_default(), 1.0);
        let inputs = bind(&transform, equation.inputs(dimensions), 1.0);
        let outputs = bind(&transform, equation.outputs(dimensions), 1.0 / points);
        let slots = inputs.iter().chain(&outputs).map(|term| term.slot + 1).max().unwrap_or(0);
        let mut stepper = Self {
            dimensions,
            name: equation.name(),
            fields,
            step,
            stages,
            initial,
            inputs,
            outputs,
            slots,
            forcing: Vec::new(),
            estimate,
            scale,
            ones: Table::new(&transform.table(&|_| Complex64::ONE)),
            transform,
        };
        stepper.forcing =
            (0..fields).map(|field| stepper.forcing_of(equation, grid, field)).collect::<Result<_>>()?;
        Ok(stepper)
    }

    /// Coefficients of what the equation adds to the rate of a field.
    fn forcing_of(
        &self,
        equation: &impl SemiLinear,
        grid: &PeriodicGrid,
        field: usize,
    ) -> Result<Option<Buffer<T>>> {
        let values: Option<Vec<f64>> = grid.positions().map(|x| equation.forcing(field, &x)).collect();
        let Some(values) = values else { return Ok(None) };
        let mut work = self.work(false);
        for lane in 0..self.samples() {
            let sample = values.iter().map(|v| T::cast(*v));
            self.transform.load(
                sample,
                lane,
                &mut work.slots[0].values.as_mut_slice()[..self.transform.array_len()],
            );
        }
        let mut coefficients = Buffer::detached(self.transform.coefficients_len());
        self.to_coefficients(&mut work, coefficients.as_mut_slice())?;
        Ok(Some(coefficients))
    }

    /// Samples that are advanced together.
    pub(crate) fn samples(&self) -> usize {
        self.transform.samples()
    }

    /// Memory for one group of samples; `spread` tells that there are threads without a group of their own.
    pub(crate) fn work(&self, spread: bool) -> Work<T> {
        let coefficients = || Buffer::detached(self.transform.coefficients_len());
        let fields = || (0..self.fields).map(|_| coefficients()).collect::<Vec<_>>();
        let stages = self.stages.first().map_or(0, Vec::len);
        let values = || Buffer::detached(self.transform.arrays() * self.transform.array_len());
        Work {
            state: fields(),
            stages: (0..stages).map(|_| fields()).collect(),
            rates: (0..if self.outputs.is_empty() { 0 } else { stages }).map(|_| fields()).collect(),
            slots: (0..self.slots.max(1))
                .map(|number| Slot {
                    number,
                    values: values(),
                    coefficients: coefficients(),
                    scratch: self.transform.scratch(),
                })
                .collect(),
            spread: spread && self.transform.array_len() >= PARALLEL_FROM,
            errors: vec![0.0; self.samples()],
        }
    }

    /// The values in the first slot to coefficients divided by the number of points.
    fn to_coefficients(&self, work: &mut Work<T>, out: &mut [T]) -> Result<()> {
        let slot = &mut work.slots[0];
        self.transform.forward(
            slot.values.as_slice(),
            slot.coefficients.as_mut_slice(),
            &mut slot.scratch,
        )?;
        combine(out, &[(&self.scale, slot.coefficients.as_slice())], false);
        Ok(())
    }

    /// Takes over samples `[points.., channels]`, at most as many as are advanced together.
    pub(crate) fn load(&self, samples: &[&[f64]], work: &mut Work<T>) -> Result<()> {
        work.errors.fill(0.0);
        let (channels, len) = (self.fields * self.transform.arrays(), self.transform.array_len());
        for field in 0..self.fields {
            for array in 0..self.transform.arrays() {
                let channel = field * self.transform.arrays() + array;
                let values = &mut work.slots[0].values.as_mut_slice()[array * len..][..len];
                for lane in 0..self.samples() {
                    // Lanes without a sample of their own carry the last one: no zeros that an equation might divide by.
                    let Some(sample) = samples.get(lane).or(samples.last()) else { return Ok(()) };
                    let points = sample.iter().skip(channel).step_by(channels).map(|v| T::cast(*v));
                    self.transform.load(points, lane, values);
                }
            }
            let mut state = std::mem::replace(&mut work.state[field], Buffer::detached(0));
            let result = self.to_coefficients(work, state.as_mut_slice());
            work.state[field] = state;
            result?;
        }
        if !self.initial.is_empty() {
            let projected = &mut work.stages[0];
            for term in &self.initial {
                let table = term.table.as_ref().unwrap_or(&self.ones);
                let operand = work.state[term.slot].as_slice();
                combine(projected[term.field].as_mut_slice(), &[(table, operand)], term.accumulate);
            }
            std::mem::swap(&mut work.state, projected);
        }
        Ok(())
    }

    /// Writes the state into samples, the reverse of [`load`](Self::load).
    pub(crate) fn store(&self, samples: &mut [&mut [f64]], work: &mut Work<T>) -> Result<()> {
        let (channels, len) = (self.fields * self.transform.arrays(), self.transform.array_len());
        let Work { state, slots, .. } = work;
        let Slot { values, scratch, .. } = &mut slots[0];
        for (field, state) in state.iter().enumerate() {
            self.transform.inverse(state.as_slice(), values.as_mut_slice(), scratch)?;
            for array in 0..self.transform.arrays() {
                let channel = field * self.transform.arrays() + array;
                let values = &values.as_slice()[array * len..][..len];
                for (lane, sample) in samples.iter_mut().enumerate() {
                    let points = sample.iter_mut().skip(channel).step_by(channels);
                    points.zip(self.transform.read(values, lane)).for_each(|(to, from)| *to = from.to_f64());
                }
            }
        }
        Ok(())
    }

    /// Takes `steps` time steps.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and [`Error::Diverged`] when the solution is no longer finite.
    pub(crate) fn march(
        &self,
        equation: &impl SemiLinear,
        work: &mut Work<T>,
        steps: u64,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let mut looked = 0;
        for done in 0..steps {
            if monitor.cancelled() {
                return Err(Error::Cancelled { task: self.name.to_string(), done, total: steps });
            }
            self.advance(equation, work)?;
            if (done + 1) % LOOK_EVERY == 0 || done + 1 == steps {
                self.check_finite(work, done + 1)?;
                self.estimate_error(equation, work, (done + 1 - looked) as f64)?;
                self.make_real(work)?;
                looked = done + 1;
            }
        }
        Ok(())
    }

    fn check_finite(&self, work: &Work<T>, step: u64) -> Result<()> {
        // A coefficient that is not finite makes the sum so.
        let sum = |field: &Buffer<T>| field.as_slice().iter().fold(T::zero(), |sum, v| sum + v.abs());
        if work.state.iter().all(|field| sum(field).is_finite()) {
            return Ok(());
        }
        Err(Error::Diverged {
            solver: self.name.to_string(),
            time: step as f64 * self.step,
            step,
            hint: format!(
                "the time step {} is too long for the nonlinear part, or the equation blows up",
                self.step
            ),
        })
    }

    /// Adds `steps` times the estimated error of the last step: its last stage again, with the rate that was reached. No rates
    /// are no errors.
    fn estimate_error(&self, equation: &impl SemiLinear, work: &mut Work<T>, steps: f64) -> Result<()> {
        let Work { state, stages, rates, slots, spread, errors } = work;
        // The last stage holds the state before the step, which nobody needs any more.
        let (Some(last), Some(reached)) = (rates.last(), stages.last_mut()) else { return Ok(()) };
        self.evaluate(equation, state, reached, slots, *spread)?;
        let (mut error, mut size) = (vec![0.0; errors.len()], vec![0.0; errors.len()]);
        for field in 0..self.fields {
            let [after, before] = &self.estimate[field];
            let difference = slots[0].coefficients.as_mut_slice();
            let terms = [(after, reached[field].as_slice()), (before, last[field].as_slice())];
            combine(difference, &terms, false);
            add_squares(difference, &mut error);
            add_squares(state[field].as_slice(), &mut size);
        }
        for ((sum, error), size) in errors.iter_mut().zip(error).zip(size) {
            *sum += if error > 0.0 { steps * (error / size).sqrt() } else { 0.0 };
        }
        Ok(())
    }

    /// Takes away what no real field has. Of two waves k and -k of the last axes both are stored when the first axis has none;
    /// rounding makes them differ from conjugates, no value shows the difference, and where waves grow it grows too.
    fn make_real(&self, work: &mut Work<T>) -> Result<()> {
        if self.dimensions == 1 || self.transform.arrays() > 1 {
            return Ok(());
        }
        let Work { state, slots, .. } = work;
        let Slot { values, coefficients, scratch, .. } = &mut slots[0];
        for field in state {
            self.transform.inverse(field.as_slice(), values.as_mut_slice(), scratch)?;
            self.transform.forward(values.as_slice(), coefficients.as_mut_slice(), scratch)?;
            combine(field.as_mut_slice(), &[(&self.scale, coefficients.as_slice())], false);
        }
        Ok(())
    }

    /// One time step.
    fn advance(&self, equation: &impl SemiLinear, work: &mut Work<T>) -> Result<()> {
        let stages = self.stages.first().map_or(0, Vec::len);
        for stage in 0..stages {
            if !work.rates.is_empty() {
                let Work { state, stages, rates, slots, spread, .. } = work;
                let from = if stage == 0 { &*state } else { &stages[stage - 1] };
                let to = &mut rates[stage];
                self.evaluate(equation, from, to, slots, *spread)?;
            }
            for field in 0..self.fields {
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
        std::mem::swap(&mut work.state, &mut work.stages[stages - 1]);
        Ok(())
    }

    /// The nonlinear part and the forcing of a state.
    fn evaluate(
        &self,
        equation: &impl SemiLinear,
        state: &[Buffer<T>],
        rates: &mut [Buffer<T>],
        slots: &mut [Slot<T>],
        spread: bool,
    ) -> Result<()> {
        over_slots(slots, spread, |slot| self.slot_inverse(state, slot))?;
        let len = self.transform.array_len();
        let mut arrays: Vec<&mut [T]> =
            slots.iter_mut().flat_map(|slot| slot.values.as_mut_slice().chunks_exact_mut(len)).collect();
        equation.pointwise(self.dimensions, &mut arrays);
        over_slots(slots, spread, |slot| {
            if self.outputs.iter().all(|term| term.slot != slot.number) {
                return Ok(());
            }
            let Slot { values, coefficients, scratch, .. } = slot;
            self.transform.forward(values.as_slice(), coefficients.as_mut_slice(), scratch)
        })?;
        for (rate, forcing) in rates.iter_mut().zip(&self.forcing) {
            if let Some(forcing) = forcing {
                rate.as_mut_slice().copy_from_slice(forcing.as_slice());
            }
        }
        for term in &self.outputs {
            let table = term.table.as_ref().unwrap_or(&self.scale);
            let operand = slots[term.slot].coefficients.as_slice();
            let accumulate = term.accumulate || self.forcing[term.field].is_some();
            combine(rates[term.field].as_mut_slice(), &[(table, operand)], accumulate);
        }
        Ok(())
    }

    /// The values of a slot from its inputs.
    fn slot_inverse(&self, state: &[Buffer<T>], slot: &mut Slot<T>) -> Result<()> {
        let Slot { number, values, coefficients, scratch } = slot;
        let terms: Vec<&Bound<T>> = self.inputs.iter().filter(|term| term.slot == *number).collect();
        let source = match terms[..] {
            [] => return Ok(()),
            [Bound { table: None, field, .. }] => state[*field].as_slice(),
            _ => {
                let mut sum: Terms<'_, T> = Vec::with_capacity(terms.len());
                for term in terms {
                    let table = term.table.as_ref().unwrap_or(&self.ones);
                    sum.push((table, state[term.field].as_slice()));
                }
                combine(coefficients.as_mut_slice(), &sum, false);
                coefficients.as_slice()
            }
        };
        self.transform.inverse(source, values.as_mut_slice(), scratch)
    }
}

/// Does `work` for every slot, several at once if they are to be spread.
fn over_slots<T: Real>(
    slots: &mut [Slot<T>],
    spread: bool,
    work: impl Fn(&mut Slot<T>) -> Result<()> + Sync + Send,
) -> Result<()> {
    if spread { slots.par_iter_mut().try_for_each(work) } else { slots.iter_mut().try_for_each(work) }
}

type Terms<'a, T> = Vec<(&'a Table<T>, &'a [T])>;

/// Terms with their tables, times `scale`.
fn bind<T: Real>(transform: &FieldTransform<T>, terms: Vec<Term>, scale: f64) -> Vec<Bound<T>> {
    let one = transform.table(&|_| Complex64::ONE);
    let mut bound: Vec<Bound<T>> = Vec::with_capacity(terms.len());
    for Term { channel, slot, symbol } in terms {
        let factors = transform.table(&|wave| scale * symbol(wave));
        let table = (factors != one).then(|| Table::new(&factors));
        let accumulate = bound.iter().any(|other| other.field == channel);
        bound.push(Bound { field: channel, slot, table, accumulate });
    }
    bound
}

/// Adds the squares of the coefficients of each sample, which lie side by side.
fn add_squares<T: Real>(coefficients: &[T], sums: &mut [f64]) {
    for row in coefficients.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value.to_f64() * value.to_f64();
        }
    }
}
