//! Fewer waves for solutions that have become smooth.
//!
//! A solution whose upper waves have died is carried on by a coarser grid, to rounding the same: five to ten times faster for the
//! published data of Burgers' equation on 8192 points. Waves are left out once they are below [`NEGLIGIBLE`] of the largest, and come
//! back, from zero on, once the upper half of those carried exceeds [`NOTICEABLE`] of it.

use super::discretisation::Discretisation;
use super::equation::SemiLinear;
use super::grid::PeriodicGrid;
use super::work::Work;
use sobolev_fft::column::lanes;
use sobolev_tensor::{Buffer, Real, Result};
use std::collections::HashMap;

/// Waves below this share of the largest, in units of the relative distance of numbers, are left out: a thousand of them are
/// below rounding.
const NEGLIGIBLE: f64 = 0.05;

/// Waves above this share of the largest, in the same units, ask for more of them.
const NOTICEABLE: f64 = 0.5;

/// An equation on a grid and on coarser ones, the finest first.
#[derive(Debug)]
pub(crate) struct Resolutions<T: Real> {
    levels: Vec<Level<T>>,
}

/// One of the grids. Places are those of real parts among the coefficients of a field.
#[derive(Debug)]
struct Level<T: Real> {
    on: Discretisation<T>,
    /// Waves in the upper half of those of this grid.
    upper: Vec<usize>,
    /// Waves beyond the lower half of those of the next grid; empty for the last one.
    beyond: Vec<usize>,
    /// Highest waves.
    tail: Vec<usize>,
    /// Pairs of places here and on the grid before, of each wave that both have: to come here, and to go back.
    from_finer: Vec<(usize, usize)>,
    to_finer: Vec<(usize, usize)>,
}

/// What a solver may check of each state that is reached; its errors end the work.
pub(crate) type Check = Box<dyn FnMut(&Spectrum) -> Result<()>>;

/// Where a state was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Before the first of equal steps.
    First,
    /// After a step on the grid that was asked for.
    Whole,
    /// After a step with fewer waves, the others being negligible.
    Reduced,
}

/// Some of the sizes of the waves of a state of one field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spectrum {
    /// The largest of the highest waves, the last tenth of those kept, over the largest of all.
    pub(crate) tail: f64,
    /// Sum of their squares, up to a factor.
    pub(crate) energy: f64,
    /// Where it was seen.
    pub(crate) at: Seen,
}

impl Spectrum {
    /// The places that [`of`](Self::of) takes for the highest waves.
    pub(crate) fn tail_of<T: Real>(on: &Discretisation<T>) -> Vec<usize> {
        on.places(|wave, kept| wave.iter().zip(kept).any(|(k, kept)| *k >= kept - kept / 10))
    }

    pub(crate) fn of<T: Real>(state: &[Buffer<T>], tail: &[usize], at: Seen) -> Self {
        let mut spectrum = Self { tail: 0.0, energy: 0.0, at };
        let mut all = T::zero();
        for field in state.iter().map(Buffer::as_slice) {
            all = larger(all, largest(field));
            let highest = tail.iter().map(|&place| size_at(field, place)).fold(T::zero(), larger);
            spectrum.tail = spectrum.tail.max(highest.to_f64());
            spectrum.energy += square_sum(field);
        }
        spectrum.tail /= all.to_f64().max(f64::MIN_POSITIVE);
        spectrum
    }
}

impl<T: Real> Discretisation<T> {
    /// Places of the waves that `pick` picks by their absolute numbers along the axes and the highest ones kept.
    fn places(&self, pick: impl Fn(&[usize], &[usize]) -> bool) -> Vec<usize> {
        let kept = self.transform.kept();
        let waves = self.transform.waves();
        let picked = |wave: &[i32; 3]| {
            let absolute = wave.map(|k| k.unsigned_abs() as usize);
            pick(&absolute[..kept.len()], &kept)
        };
        let places = waves.iter().enumerate().filter(|(_, wave)| wave.as_ref().is_some_and(picked));
        places.map(|(number, _)| place::<T>(number)).collect()
    }
}

/// Place of the real part of a coefficient by its number; the imaginary part follows `lanes` later.
fn place<T: Real>(number: usize) -> usize {
    let width = lanes::<T>();
    number / width * 2 * width + number % width
}

impl<T: Real> Resolutions<T> {
    /// The equation on `grid`, and with `coarser` also on grids of fewer points where that is right: products of waves
    /// alias onto none of those kept, nothing is forced, and what is left out does not grow.
    ///
    /// # Errors
    /// Those of the transforms.
    pub(crate) fn new(equation: &impl SemiLinear, grid: &PeriodicGrid, coarser: bool) -> Result<Self> {
        let mut levels = vec![Level::new(Discretisation::new(equation, grid)?)];
        let mut next = grid.coarser().filter(|_| coarser && !levels[0].on.is_forced());
        while let Some(grid) = next {
            let finer = &levels[levels.len() - 1].on;
            if !finer.decays_beyond(equation, &grid) {
                break;
            }
            let mut level = Level::new(Discretisation::new(equation, &grid)?);
            level.from_finer = shared(&level.on, finer);
            level.to_finer = shared(finer, &level.on);
            let half = level.on.transform.kept();
            let beyond = finer.places(|wave, _| wave.iter().zip(&half).any(|(k, kept)| *k > kept / 2));
            if let Some(finer) = levels.last_mut() {
                finer.beyond = beyond;
            }
            levels.push(level);
            next = grid.coarser();
        }
        Ok(Self { levels })
    }

    pub(crate) fn len(&self) -> usize {
        self.levels.len()
    }

    /// The equation on one of the grids.
    pub(crate) fn on(&self, level: usize) -> &Discretisation<T> {
        &self.levels[level].on
    }

    /// What there is to be checked of a state on one of the grids.
    pub(crate) fn spectrum(&self, level: usize, state: &[Buffer<T>]) -> Spectrum {
        let at = if level == 0 { Seen::Whole } else { Seen::Reduced };
        Spectrum::of(state, &self.levels[level].tail, at)
    }

    /// The grid on which a state should be carried on from that of number `level`: this one or a neighbour.
    pub(crate) fn choose(&self, level: usize, state: &[Buffer<T>]) -> usize {
        let Level { upper, beyond, .. } = &self.levels[level];
        let within = |places: &[usize], share: f64| {
            let share = T::cast(share) * T::EPSILON;
            let small = |field: &Buffer<T>| {
                let field = field.as_slice();
                let limit = share * largest(field);
                places.iter().all(|&place| size_at(field, place) <= limit)
            };
            state.iter().all(small)
        };
        if level + 1 < self.levels.len() && within(beyond, NEGLIGIBLE) {
            level + 1
        } else if level > 0 && !within(upper, NOTICEABLE) {
            level - 1
        } else {
            level
        }
    }

    /// Copies the state of one of the grids and its rate to a neighbouring one; waves that only the latter has are zero.
    pub(crate) fn carry(&self, (from, source): (usize, &Work<T>), (to, target): (usize, &mut Work<T>)) {
        let pairs = if to > from { &self.levels[to].from_finer } else { &self.levels[from].to_finer };
        let width = lanes::<T>();
        let rates = target.rates.iter_mut().take(1).flatten().zip(source.rates.iter().take(1).flatten());
        for (target, source) in target.state.iter_mut().zip(&source.state).chain(rates) {
            let (target, source) = (target.as_mut_slice(), source.as_slice());
            target.fill(T::zero());
            for &(to, from) in pairs {
                target[to] = source[from];
                target[to + width] = source[from + width];
            }
        }
    }
}

impl<T: Real> Level<T> {
    fn new(on: Discretisation<T>) -> Self {
        let upper = on.places(|wave, kept| wave.iter().zip(kept).any(|(k, kept)| *k > kept / 2));
        let tail = Spectrum::tail_of(&on);
        Self { on, upper, tail, beyond: Vec::new(), from_finer: Vec::new(), to_finer: Vec::new() }
    }
}

impl<T: Real> Discretisation<T> {
    /// Whether no wave that `coarser` lacks grows by the linear part.
    fn decays_beyond(&self, equation: &impl SemiLinear, coarser: &PeriodicGrid) -> bool {
        (0..self.fields).all(|field| {
            let growth = self.transform.table(&|wave| equation.linear(field, wave).re.into());
            let lost = |wave: &[i32; 3]| {
                let beyond = |axis: usize| wave[axis].unsigned_abs() as usize > coarser.kept(axis);
                (0..coarser.points().len()).any(beyond)
            };
            let waves = self.transform.waves();
            waves
                .iter()
                .zip(growth)
                .all(|(wave, growth)| !wave.as_ref().is_some_and(lost) || growth.re <= 0.0)
        })
    }
}

/// Places of each wave of `to` that `from` has, there and in `from`; of several samples in `from`, the first one.
fn shared<T: Real>(to: &Discretisation<T>, from: &Discretisation<T>) -> Vec<(usize, usize)> {
    let mut known: HashMap<[i32; 3], usize> = HashMap::new();
    for (number, wave) in from.transform.waves().into_iter().enumerate() {
        if let Some(wave) = wave {
            known.entry(wave).or_insert(number);
        }
    }
    let waves = to.transform.waves().into_iter().enumerate();
    let pair = |(number, wave): (usize, Option<[i32; 3]>)| {
        known.get(&wave?).map(|from| (place::<T>(number), place::<T>(*from)))
    };
    waves.filter_map(pair).collect()
}

fn larger<T: Real>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// The largest of the absolute real and imaginary parts at a place.
fn size_at<T: Real>(values: &[T], place: usize) -> T {
    larger(values[place].abs(), values[place + lanes::<T>()].abs())
}

/// The largest absolute number.
fn largest<T: Real>(values: &[T]) -> T {
    let mut lanes = [T::zero(); 8];
    let (rows, rest) = values.as_chunks::<8>();
    for row in rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane = larger(*lane, value.abs());
        }
    }
    rest.iter().map(|value| value.abs()).chain(lanes).fold(T::zero(), larger)
}

/// The sum of the squares, in an order of its own that vectors can follow.
pub(crate) fn square_sum<T: Real>(values: &[T]) -> f64 {
    let mut lanes = [0.0; 8];
    let (rows, rest) = values.as_chunks::<8>();
    for row in rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane += value.to_f64() * value.to_f64();
        }
    }
    rest.iter().map(|value| value.to_f64() * value.to_f64()).chain(lanes).sum()
}
