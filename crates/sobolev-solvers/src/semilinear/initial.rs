//! Random initial states on periodic boxes: the setting `initial` of semi-linear equations.
//!
//! [`KINDS`] lists what there is, one file each. Every state is a function on the box that grids of any size show alike
//! (a Gaussian field without `modes` gains finer waves with the grid).

mod bumps;
mod clusters;
mod shocks;
mod sines;
#[cfg(test)]
mod tests;
mod waves;

use crate::distribution::number;
use crate::settings;
use ndarray::ArrayD;
use serde::Deserialize;
use sobolev_tensor::{Error, Result, closest};
use toml::{Table, Value};

/// Every kind of state; a setting has the name of exactly one of them as a key.
pub(super) static KINDS: [Kind; 6] =
    [waves::FIELD, waves::FOURIER, bumps::KIND, sines::KIND, shocks::KIND, clusters::KIND];

/// What a list of settings says of `initial`; a test compares it with the list of kinds.
pub(super) const HELP: &str = "\
a field's name; or one of { field = .., modes = .. }, { fourier = highest wave }, { bumps = count, sharpness = .. }, \
{ sines = count, highest = .., absolute = .., window = .. }, { shocks = jumps, low = .., high = .. }, \
{ clusters = count, width = .., height = .., centre = .. }; field and fourier with random_phases; all with normalise = \"none\", \
\"max\", \"std\", \"range\" or \"absolute\", scale, offset, shared";

/// Most terms of a sum: each costs a pass over the grid.
const MOST: usize = 10_000;

/// One kind of state.
pub(super) struct Kind {
    name: &'static str,
    /// Its other keys.
    options: &'static [&'static str],
    /// How it is written, with defaults in brackets.
    help: &'static str,
    /// Makes it of its own keys.
    build: fn(Table, &Frame) -> Result<Box<dyn RandomState>>,
}

/// Where states are wanted.
pub(super) struct Frame<'a> {
    grid: &'a [usize],
    lengths: &'a [f64],
    /// How many independent fields.
    fields: usize,
}

/// A distribution of scalar fields on one grid.
pub(super) trait RandomState: std::fmt::Debug + Send + Sync {
    /// Field number `field` of sample `index` under `seed`: `[x1, .., xd]`.
    fn sample(&self, seed: u64, index: u64, field: usize) -> ArrayD<f64>;
}

/// How a field is brought to size before it is scaled and shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Normalisation {
    /// Not at all.
    #[default]
    None,
    /// Its largest absolute value is one.
    Max,
    /// Its mean square is one.
    Std,
    /// Its values go from zero to one.
    Range,
    /// Its absolute value, of which the largest is one (PDEBench's reaction-diffusion sets).
    Absolute,
}

/// What all kinds have in common.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Common {
    normalise: Normalisation,
    /// What each channel is multiplied by; one number for all, or one for each.
    scale: Option<Value>,
    /// What is added to each channel.
    offset: Option<Value>,
    /// Whether all channels are made of one field.
    shared: bool,
}

const COMMON: [&str; 4] = ["normalise", "scale", "offset", "shared"];

/// A planned distribution of initial states on one grid.
#[derive(Debug)]
pub(super) struct Initial {
    state: Box<dyn RandomState>,
    fields: usize,
    normalise: Normalisation,
    scale: Vec<f64>,
    offset: Vec<f64>,
}

impl Initial {
    /// The distribution that the setting describes, for `channels` channels on `grid`, a box of `lengths`.
    ///
    /// # Errors
    /// [`Error::Value`] that names what is wrong.
    pub(super) fn new(setting: &Value, grid: &[usize], lengths: &[f64], channels: usize) -> Result<Self> {
        let table = match setting {
            Value::String(_) => Table::from_iter([("field".to_string(), setting.clone())]),
            Value::Table(table) => table.clone(),
            other => return Err(Error::value("initial", "the name of a field, or a table", other)),
        };
        let kind = kind_of(&table)?;
        let (common, own): (Table, Table) =
            table.into_iter().partition(|(key, _)| COMMON.contains(&key.as_str()));
        let common: Common = settings::read("initial", common)?;
        let fields = if common.shared { 1 } else { channels };
        let state = (kind.build)(own, &Frame { grid, lengths, fields })?;
        let numbers = |name: &str, value: Option<Value>, default: f64| {
            settings::numbers(name, &value.unwrap_or(default.into()), channels)
        };
        Ok(Self {
            state,
            fields,
            normalise: common.normalise,
            scale: numbers("scale", common.scale, 1.0)?,
            offset: numbers("offset", common.offset, 0.0)?,
        })
    }

    /// Sample `index` under `seed`: `[x1, .., xd, channels]`.
    pub(super) fn sample(&self, seed: u64, index: u64) -> ArrayD<f64> {
        let field = |number: usize| {
            let mut field = self.state.sample(seed, index, number);
            normalise(self.normalise, &mut field);
            field
        };
        let fields: Vec<ArrayD<f64>> = (0..self.fields).map(field).collect();
        let views: Vec<ArrayD<f64>> = (self.scale.iter().zip(&self.offset).enumerate())
            .map(|(channel, (scale, offset))| {
                fields[channel.min(fields.len() - 1)].mapv(|v| scale * v + offset)
            })
            .collect();
        let views: Vec<_> = views.iter().map(|v| v.view()).collect();
        let axis = ndarray::Axis(fields[0].ndim());
        // All fields have the shape of the grid.
        ndarray::stack(axis, &views).unwrap_or_default().as_standard_layout().into_owned()
    }
}

/// The one kind that a table names, with keys of its own alone.
fn kind_of(table: &Table) -> Result<&'static Kind> {
    let named: Vec<&Kind> = KINDS.iter().filter(|kind| table.contains_key(kind.name)).collect();
    let names = KINDS.iter().map(|kind| kind.name);
    let [kind] = named[..] else {
        let known: Vec<&str> = names.chain(COMMON).collect();
        let options: Vec<&str> = KINDS.iter().flat_map(|kind| kind.options.iter().copied()).collect();
        let unknown =
            table.keys().find(|key| !known.contains(&key.as_str()) && !options.contains(&key.as_str()));
        if let Some(unknown) = unknown {
            return Err(Error::unknown_name("initial", &known, unknown));
        }
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let expected = format!("exactly one of {}", names.join(", "));
        return Err(Error::value("initial", expected, Value::Table(table.clone())));
    };
    let known: Vec<&str> = [kind.name].iter().chain(kind.options).chain(&COMMON).copied().collect();
    let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(kind) };
    let error = Error::unknown_name("initial setting", &known, unknown);
    Err(if closest(unknown, &known).is_some() { error } else { error.with_hint(kind.help) })
}

/// Adds `height` times a product of functions of one coordinate each, given by their values along the axes.
fn add_product(values: &mut ArrayD<f64>, height: f64, factors: &[Vec<f64>]) {
    for (place, value) in values.indexed_iter_mut() {
        *value +=
            height * factors.iter().enumerate().map(|(axis, factor)| factor[place[axis]]).product::<f64>();
    }
}

/// Checks the number of terms of a sum.
fn check_count(name: &str, count: usize) -> Result<()> {
    if (1..=MOST).contains(&count) {
        return Ok(());
    }
    Err(Error::value(name, format!("1 to {MOST}"), count))
}

/// A number, which is both ends, or `[low, high]`.
fn range(name: &str, value: Option<&Value>, default: [f64; 2]) -> Result<[f64; 2]> {
    let Some(value) = value else { return Ok(default) };
    let ends = match value {
        Value::Array(list) if list.len() == 2 => number(&list[0]).zip(number(&list[1])),
        other => number(other).map(|v| (v, v)),
    };
    match ends {
        Some((low, high)) if low <= high => Ok([low, high]),
        _ => Err(Error::value(name, "a finite number, or two, [low, high]", value)),
    }
}

fn normalise(kind: Normalisation, field: &mut ArrayD<f64>) {
    let largest = || field.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    let (shift, factor) = match kind {
        Normalisation::None => return,
        Normalisation::Max | Normalisation::Absolute => (0.0, largest()),
        Normalisation::Std => (0.0, (field.iter().map(|v| v * v).sum::<f64>() / field.len() as f64).sqrt()),
        Normalisation::Range => {
            let low = field.iter().copied().fold(f64::INFINITY, f64::min);
            let high = field.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low, high - low)
        }
    };
    // A field that is zero stays so.
    if factor > 0.0 {
        field.mapv_inplace(|v| (v - shift) / factor);
    }
    if kind == Normalisation::Absolute {
        field.mapv_inplace(f64::abs);
    }
}
