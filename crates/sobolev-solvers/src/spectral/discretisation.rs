//! One equation on one grid: its nonlinear part, and samples to coefficients and back.

use super::equation::{SemiLinear, Term};
use super::grid::PeriodicGrid;
use super::table::{Table, combine};
use super::transform::{FieldTransform, Kind};
use super::work::{Slot, Work};
use num_complex::Complex64;
use rayon::prelude::*;
use sobolev_tensor::{Buffer, Real, Result};

/// Values of a slot from which on slots are transformed at the same time: below, waking another thread costs as much.
const PARALLEL_FROM: usize = 1 << 13;

/// An equation on a grid: transforms and tables, shared by threads and by time steps of any length.
#[derive(Debug)]
pub(crate) struct Discretisation<T: Real> {
    pub(crate) transform: FieldTransform<T>,
    dimensions: usize,
    pub(crate) name: &'static str,
    /// Fields: channels of a real state, one for a complex one.
    pub(crate) fields: usize,
    /// Terms that project the initial state; their slots are channels.
    initial: Vec<Bound<T>>,
    inputs: Vec<Bound<T>>,
    outputs: Vec<Bound<T>>,
    slots: usize,
    /// Coefficients of the forcing of each field that has one.
    forcing: Vec<Option<Buffer<T>>>,
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

impl<T: Real> Discretisation<T> {
    /// The equation on `grid`.
    ///
    /// # Errors
    /// Those of the transforms.
    pub(crate) fn new(equation: &impl SemiLinear, grid: &PeriodicGrid) -> Result<Self> {
        let dimensions = grid.points().len();
        let kind = if equation.is_complex() { Kind::Complex } else { Kind::Real };
        let transform = FieldTransform::<T>::new(grid, kind)?;
        let fields = if equation.is_complex() { 1 } else { equation.channels(dimensions) };
        let points = grid.len() as f64;
        let scale = Table::new(&transform.table(&|_| Complex64::new(1.0 / points, 0.0)));
        let initial = bind(&transform, equation.initial(dimensions).unwrap_or_default(), 1.0);
        let inputs = bind(&transform, equation.inputs(dimensions), 1.0);
        let outputs = bind(&transform, equation.outputs(dimensions), 1.0 / points);
        let slots = inputs.iter().chain(&outputs).map(|term| term.slot + 1).max().unwrap_or(0);
        let mut new = Self {
            dimensions,
            name: equation.name(),
            fields,
            initial,
            inputs,
            outputs,
            slots,
            forcing: Vec::new(),
            scale,
            ones: Table::new(&transform.table(&|_| Complex64::ONE)),
            transform,
        };
        new.forcing =
            (0..fields).map(|field| new.forcing_of(equation, grid, field)).collect::<Result<_>>()?;
        Ok(new)
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
        let mut work = self.work(1, false);
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

    /// Whether something is added to the rates that does not depend on the state.
    pub(crate) fn is_forced(&self) -> bool {
        self.forcing.iter().any(Option::is_some)
    }

    /// Memory for one group of samples and a scheme of so many stages; `spread` tells that there are threads without a group of
    /// their own.
    pub(crate) fn work(&self, stages: usize, spread: bool) -> Work<T> {
        let coefficients = || Buffer::detached(self.transform.coefficients_len());
        let fields = || (0..self.fields).map(|_| coefficients()).collect::<Vec<_>>();
        let values = || Buffer::detached(self.transform.arrays() * self.transform.array_len());
        let is_linear = self.outputs.is_empty();
        Work {
            state: fields(),
            stages: (0..stages).map(|_| fields()).collect(),
            rates: (0..if is_linear { 0 } else { stages }).map(|_| fields()).collect(),
            reached: if is_linear { Vec::new() } else { fields() },
            slots: (0..self.slots.max(1))
                .map(|number| Slot {
                    number,
                    values: values(),
                    coefficients: coefficients(),
                    scratch: self.transform.scratch(),
                })
                .collect(),
            spread: spread && self.transform.array_len() >= PARALLEL_FROM,
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

    /// Takes away what no real field has. Of two waves k and -k of the last axes both are stored when the first axis has none;
    /// rounding makes them differ from conjugates, no value shows the difference, and where waves grow it grows too.
    pub(crate) fn make_real(&self, work: &mut Work<T>) -> Result<()> {
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

    /// The rate of the state to that of number 0.
    pub(crate) fn rate_of_state(&self, equation: &impl SemiLinear, work: &mut Work<T>) -> Result<()> {
        let Work { state, rates, slots, spread, .. } = work;
        rates.first_mut().map_or(Ok(()), |rate| self.evaluate(equation, state, rate, slots, *spread))
    }

    /// The nonlinear part and the forcing of a state.
    pub(crate) fn evaluate(
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

pub(crate) type Terms<'a, T> = Vec<(&'a Table<T>, &'a [T])>;

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
