//! Distributions of settings that are drawn anew for every sample.
//!
//! In a table of settings a number may be replaced by one of these tables:
//!
//! | table | the number is |
//! |---|---|
//! | `{ uniform = [low, high] }` | uniform between low and high |
//! | `{ log-uniform = [low, high] }` | of uniform logarithm, low above 0 |
//! | `{ normal = [mean, deviation] }` | normal |
//! | `{ choice = [a, b, ..] }` | one of the list, each as likely |
//!
//! The number of a sample is a function of the seed, the number of the sample and the name of the setting alone, so that
//! distributions of other settings do not change it.

use sobolev_tensor::{Error, Random, Result};
use toml::Value;

/// A distribution of one number; see the module.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Distribution {
    Uniform { low: f64, high: f64 },
    LogUniform { low: f64, high: f64 },
    Normal { mean: f64, deviation: f64 },
    Choice(Vec<Value>),
}

impl Distribution {
    /// The distribution that a setting means; nothing for other settings.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting, for numbers that make no distribution.
    pub(crate) fn read(name: &str, setting: &Value) -> Result<Option<Self>> {
        let Some((kind, numbers)) = setting.as_table().filter(|table| table.len() == 1).and_then(only) else {
            return Ok(None);
        };
        let wrong = |expected: &str| Error::value(format!("{name}.{kind}"), expected, numbers);
        let pair = |expected: &str, right: fn(f64, f64) -> bool| match numbers.as_array().map(Vec::as_slice) {
            Some([a, b]) => match (number(a), number(b)) {
                (Some(a), Some(b)) if right(a, b) && (b - a).is_finite() => Ok((a, b)),
                _ => Err(wrong(expected)),
            },
            _ => Err(wrong(expected)),
        };
        Ok(Some(match kind.as_str() {
            "uniform" => {
                let (low, high) = pair("two finite numbers [low, high], low below high", |a, b| a < b)?;
                Self::Uniform { low, high }
            }
            "log-uniform" => {
                let expected = "two positive finite numbers [low, high], low below high";
                let (low, high) = pair(expected, |a, b| 0.0 < a && a < b)?;
                Self::LogUniform { low, high }
            }
            "normal" => {
                let (mean, deviation) = pair("[mean, deviation], a positive deviation", |_, b| b > 0.0)?;
                Self::Normal { mean, deviation }
            }
            "choice" => match numbers.as_array() {
                Some(list) if !list.is_empty() && list.iter().all(|v| number(v).is_some()) => {
                    Self::Choice(list.clone())
                }
                _ => return Err(wrong("a list of finite numbers")),
            },
            _ => return Ok(None),
        }))
    }

    /// The number of sample `index` under `seed`, for the setting `name`.
    pub(crate) fn draw(&self, name: &str, seed: u64, index: u64) -> Value {
        let random = Random::new(seed, &format!("parameter {name}"));
        let [uniform, _] = random.uniforms(index, 0);
        match self {
            Self::Uniform { low, high } => (low + uniform * (high - low)).into(),
            Self::LogUniform { low, high } => (low.ln() + uniform * (high / low).ln()).exp().into(),
            Self::Normal { mean, deviation } => (mean + deviation * random.normals(index, 0)[0]).into(),
            Self::Choice(list) => list[((uniform * list.len() as f64) as usize).min(list.len() - 1)].clone(),
        }
    }

    /// A number in the middle.
    pub(crate) fn typical(&self) -> Value {
        match self {
            Self::Uniform { low, high } => (0.5 * (low + high)).into(),
            Self::LogUniform { low, high } => (low * high).sqrt().into(),
            Self::Normal { mean, .. } => (*mean).into(),
            Self::Choice(list) => list[0].clone(),
        }
    }

    /// The ends of the range, or all values there are; nothing where the range has no ends.
    pub(crate) fn ends(&self) -> Vec<Value> {
        match self {
            Self::Uniform { low, high } | Self::LogUniform { low, high } => {
                vec![(*low).into(), (*high).into()]
            }
            Self::Normal { .. } => Vec::new(),
            Self::Choice(list) => list.clone(),
        }
    }

    /// Number of values there are, where they are few enough to count.
    pub(crate) fn count(&self) -> Option<usize> {
        match self {
            Self::Choice(list) => Some(list.len()),
            _ => None,
        }
    }
}

fn only(table: &toml::Table) -> Option<(&String, &Value)> {
    table.iter().next()
}

/// A finite number of a setting.
pub(crate) fn number(value: &Value) -> Option<f64> {
    value.as_float().or(value.as_integer().map(|v| v as f64)).filter(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Distribution>> {
        let table: toml::Table = format!("x = {text}").parse().unwrap();
        Distribution::read("x", &table["x"])
    }

    fn draws(text: &str) -> Vec<f64> {
        let distribution = read(text).unwrap().unwrap();
        (0..20_000).map(|index| number(&distribution.draw("x", 3, index)).unwrap()).collect()
    }

    fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
        let count = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / count;
        (mean, (values.map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt())
    }

    #[test]
    fn draws_have_the_moments_and_the_range_of_their_distribution() {
        // 20,000 draws: means are within 4 deviations / sqrt(20,000) = 0.03 deviations.
        let uniform = draws("{ uniform = [-1, 3.0] }");
        let (mean, deviation) = moments(uniform.iter().copied());
        assert!((mean - 1.0).abs() < 0.04 && (deviation - 4.0 / 12.0_f64.sqrt()).abs() < 0.02);
        assert!(uniform.iter().all(|v| (-1.0..3.0).contains(v)));
        let wide = draws("{ log-uniform = [1e-5, 1e-1] }");
        let (mean, deviation) = moments(wide.iter().map(|v| v.log10()));
        assert!((mean + 3.0).abs() < 0.04 && (deviation - 4.0 / 12.0_f64.sqrt()).abs() < 0.02);
        assert!(wide.iter().all(|v| (1e-5..=1e-1).contains(v)));
        let (mean, deviation) = moments(draws("{ normal = [2.0, 0.5] }").into_iter());
        assert!((mean - 2.0).abs() < 0.015 && (deviation - 0.5).abs() < 0.015);
        let choice = draws("{ choice = [1, 2.5, 7] }");
        for value in [1.0, 2.5, 7.0] {
            let share = choice.iter().filter(|v| **v == value).count() as f64 / 20_000.0;
            assert!((share - 1.0 / 3.0).abs() < 0.015, "{share}");
        }
    }

    #[test]
    fn names_and_seeds_have_numbers_of_their_own() {
        let distribution = read("{ uniform = [0, 1] }").unwrap().unwrap();
        let value = |name, seed, index| number(&distribution.draw(name, seed, index)).unwrap();
        let first = value("x", 0, 0);
        assert_eq!(first.to_bits(), value("x", 0, 0).to_bits());
        assert!([value("y", 0, 0), value("x", 1, 0), value("x", 0, 1)].iter().all(|v| *v != first));
    }

    #[test]
    fn what_is_no_distribution_is_left_alone_or_named() {
        for text in ["3", "\"word\"", "[1, 2]", "{ amplitude = 1.0 }", "{ uniform = [0, 1], shared = true }"]
        {
            assert_eq!(read(text).unwrap(), None, "{text}");
        }
        for (text, words) in [
            ("{ uniform = 3 }", "x.uniform: expected two finite numbers [low, high], low below high, got 3"),
            ("{ uniform = [2, 1] }", "low below high, got [2, 1]"),
            ("{ uniform = [0, inf] }", "finite"),
            ("{ log-uniform = [0, 1] }", "x.log-uniform: expected two positive"),
            ("{ normal = [0, -1] }", "x.normal: expected [mean, deviation]"),
            ("{ normal = [0] }", "x.normal"),
            ("{ choice = [] }", "x.choice: expected a list"),
            ("{ choice = [1, \"two\"] }", "x.choice"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
