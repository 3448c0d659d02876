//! Problems some of whose settings are drawn anew for every sample.

use crate::distribution::{Distribution, number};
use crate::problem::{Drift, EquationEntry, Field, Problem, Sample};
use sobolev_tensor::{Error, Monitor, Result};
use std::sync::{Arc, Mutex, PoisonError};
use toml::{Table, Value};

/// Problems that are kept where the settings have few values: each has tables of its own.
const KEPT: usize = 16;

type Build = fn(Table) -> Result<Box<dyn Problem>>;

impl EquationEntry {
    /// The problem of a table of settings, in which numbers may be distributions: `{ uniform = [low, high] }`,
    /// `{ log-uniform = [low, high] }`, `{ normal = [mean, deviation] }` or `{ choice = [a, b, ..] }`.
    ///
    /// The number of a sample depends on the seed, the number of the sample and the name of the setting;
    /// [`Problem::parameters`] tells it.
    ///
    /// ```
    /// let entry = sobolev_solvers::EQUATIONS.iter().find(|entry| entry.name == "burgers").unwrap();
    /// let problem = entry.problem("size = 64\nviscosity = { log-uniform = [1e-3, 1e-1] }".parse().unwrap())?;
    /// let [(name, value)] = &problem.parameters(7, 0)[..] else { panic!() };
    /// assert!(name == "viscosity" && (1e-3..1e-1).contains(value));
    /// # Ok::<(), sobolev_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is unknown or out of range, at an end of its distribution too, and a
    /// distribution of a setting on which the grid of the data set depends.
    pub fn problem(&self, settings: Table) -> Result<Box<dyn Problem>> {
        let drawn = distributions(&settings)?;
        if drawn.is_empty() {
            return (self.build)(settings);
        }
        Ok(Box::new(VariedProblem::new(self.build, settings, drawn)?))
    }
}

/// A problem whose settings are drawn for each sample.
#[derive(Debug)]
struct VariedProblem {
    build: Build,
    settings: Table,
    drawn: Vec<(String, Distribution)>,
    typical: Box<dyn Problem>,
    /// Problems by the bits of their drawn settings.
    kept: Option<Mutex<Vec<(Vec<u64>, Arc<dyn Problem>)>>>,
}

impl VariedProblem {
    fn new(build: Build, given: Table, drawn: Vec<(String, Distribution)>) -> Result<Self> {
        let typical: Vec<Value> = drawn.iter().map(|(_, distribution)| distribution.typical()).collect();
        let problem = build(with_values(&given, &drawn, &typical))?;
        let fields = [problem.input(), problem.target()];
        for (which, (name, distribution)) in drawn.iter().enumerate() {
            for end in distribution.ends() {
                let mut values = typical.clone();
                values[which] = end;
                let at_end = build(with_values(&given, &drawn, &values))?;
                if [at_end.input(), at_end.target()] != fields {
                    let expected =
                        "one value for all samples, because the grid of the data set depends on it";
                    return Err(Error::value(name, expected, "a distribution"));
                }
            }
        }
        let mut settings = problem.settings();
        for (name, setting) in given {
            let part = Table::from_iter([(name, setting)]);
            if !distributions(&part)?.is_empty() {
                settings.extend(part);
            }
        }
        let combinations =
            drawn.iter().try_fold(1, |product: usize, (_, d)| d.count().and_then(|n| product.checked_mul(n)));
        let kept = combinations.is_some_and(|count| count <= KEPT).then(Mutex::default);
        Ok(Self { build, settings, drawn, typical: problem, kept })
    }

    fn values(&self, seed: u64, index: u64) -> Vec<Value> {
        self.drawn.iter().map(|(name, distribution)| distribution.draw(name, seed, index)).collect()
    }

    /// The problem with drawn settings: one that is kept, or a new one.
    fn with(&self, values: &[Value]) -> Result<Arc<dyn Problem>> {
        let make = || Ok(Arc::from((self.build)(with_values(&self.settings, &self.drawn, values))?));
        let Some(kept) = &self.kept else { return make() };
        let key: Vec<u64> = values.iter().filter_map(number).map(f64::to_bits).collect();
        // The list is whole between any two operations on it.
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = kept.iter().find(|(other, _)| *other == key) {
            return Ok(Arc::clone(found));
        }
        let made: Arc<dyn Problem> = make()?;
        kept.push((key, Arc::clone(&made)));
        Ok(made)
    }
}

impl Problem for VariedProblem {
    fn equation(&self) -> &'static str {
        self.typical.equation()
    }

    fn settings(&self) -> Table {
        self.settings.clone()
    }

    fn input(&self) -> Field {
        self.typical.input()
    }

    fn target(&self) -> Field {
        self.typical.target()
    }

    fn parameters(&self, seed: u64, index: u64) -> Vec<(String, f64)> {
        let values = self.values(seed, index);
        let numbers = values.iter().map(|value| number(value).unwrap_or(f64::NAN));
        self.drawn.iter().map(|(name, _)| name.clone()).zip(numbers).collect()
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        self.with(&self.values(seed, index))?.sample(seed, index, monitor)
    }

    fn invariants(&self, seed: u64, index: u64, sample: &Sample) -> Result<Vec<Drift>> {
        self.with(&self.values(seed, index))?.invariants(seed, index, sample)
    }
}

/// All distributions in a table, by the names of their settings: `viscosity`, `forcing.amplitude`, `velocity[1]`.
fn distributions(settings: &Table) -> Result<Vec<(String, Distribution)>> {
    let mut found = Vec::new();
    let mut failure = None;
    visit(settings, &mut |name, value| match Distribution::read(name, value) {
        Ok(Some(distribution)) => {
            found.push((name.to_string(), distribution));
            Some(Value::from(0))
        }
        Ok(None) => None,
        Err(error) => {
            failure.get_or_insert(error);
            Some(Value::from(0))
        }
    });
    failure.map_or(Ok(found), Err)
}

/// The table with `values` in place of its distributions.
fn with_values(settings: &Table, drawn: &[(String, Distribution)], values: &[Value]) -> Table {
    visit(settings, &mut |name, _| {
        drawn.iter().position(|(other, _)| other == name).map(|which| values[which].clone())
    })
}

/// A copy of a table in which `replace` may replace every setting, by its name.
fn visit(settings: &Table, replace: &mut dyn FnMut(&str, &Value) -> Option<Value>) -> Table {
    let copy = |(key, value): (&String, &Value)| (key.clone(), visit_value(key, value, replace));
    settings.iter().map(copy).collect()
}

fn visit_value(name: &str, value: &Value, replace: &mut dyn FnMut(&str, &Value) -> Option<Value>) -> Value {
    if let Some(other) = replace(name, value) {
        return other;
    }
    match value {
        Value::Table(table) => {
            let entry = |(key, value): (&String, &Value)| {
                (key.clone(), visit_value(&format!("{name}.{key}"), value, replace))
            };
            Value::Table(table.iter().map(entry).collect())
        }
        Value::Array(list) => {
            let entry = |(i, value): (usize, &Value)| visit_value(&format!("{name}[{i}]"), value, replace);
            Value::Array(list.iter().enumerate().map(entry).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EQUATIONS;

    fn problem(equation: &str, settings: &str) -> Result<Box<dyn Problem>> {
        let entry = EQUATIONS.iter().find(|entry| entry.name == equation).unwrap();
        entry.problem(settings.parse().unwrap())
    }

    /// Input and target: residuals may be NaN.
    fn fields(problem: &dyn Problem, seed: u64, index: u64) -> [ndarray::ArrayD<f64>; 2] {
        let sample = problem.sample(seed, index, &()).unwrap();
        [sample.input, sample.target]
    }

    #[test]
    fn a_sample_is_that_of_the_problem_with_its_drawn_settings() {
        let common = "size = 32\nsolve_size = 64\ntime = 0.1\n";
        let varied =
            problem("burgers", &format!("{common}viscosity = {{ log-uniform = [0.01, 1.0] }}")).unwrap();
        let mut seen = Vec::new();
        for index in 0..6 {
            let [(name, viscosity)] = &varied.parameters(5, index)[..] else { panic!() };
            assert_eq!(name, "viscosity");
            let plain = problem("burgers", &format!("{common}viscosity = {viscosity:?}")).unwrap();
            assert!(plain.parameters(5, index).is_empty());
            assert_eq!(varied.sample(5, index, &()).unwrap(), plain.sample(5, index, &()).unwrap());
            seen.push(viscosity.to_bits());
        }
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn settings_keep_their_distributions_and_make_the_same_problem_again() {
        let text = "size = 16\nvelocity = { choice = [1, 2] }\ninitial = { bumps = 3, sharpness = { uniform = [5, 50] } }";
        let first = problem("advection", text).unwrap();
        let settings = first.settings();
        assert_eq!(settings["length"].as_float(), Some(1.0), "defaults are filled in");
        assert_eq!(settings["velocity"]["choice"].as_array().map(Vec::len), Some(2));
        let names: Vec<String> = first.parameters(0, 0).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), 2);
        assert!(names.contains(&"velocity".to_string()) && names.contains(&"initial.sharpness".to_string()));
        let again = problem("advection", &settings.to_string()).unwrap();
        for index in 0..4 {
            assert_eq!(first.parameters(1, index), again.parameters(1, index));
            assert_eq!(fields(first.as_ref(), 1, index), fields(again.as_ref(), 1, index));
        }
    }

    #[test]
    fn each_number_of_a_list_may_have_a_distribution() {
        let text = "dimension = 2\nsize = 16\nvelocity = [{ uniform = [0, 1] }, { normal = [0, 1] }]";
        let problem = problem("advection", text).unwrap();
        let names: Vec<String> = problem.parameters(0, 0).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["velocity[0]", "velocity[1]"]);
        problem.sample(0, 0, &()).unwrap();
    }

    #[test]
    fn problems_of_few_values_are_kept_and_give_the_same_samples() {
        let varied = problem("advection", "size = 16\nvelocity = { choice = [0.5, 1.0] }").unwrap();
        for index in 0..8 {
            let [(_, velocity)] = varied.parameters(2, index)[..] else { panic!() };
            let plain = problem("advection", &format!("size = 16\nvelocity = {velocity:?}")).unwrap();
            assert_eq!(fields(varied.as_ref(), 2, index), fields(plain.as_ref(), 2, index));
        }
    }

    #[test]
    fn distributions_that_make_no_sense_are_named() {
        for (equation, text, words) in [
            ("burgers", "size = { choice = [64, 128] }", "size: expected one value for all samples"),
            ("burgers", "frames = { choice = [1, 2] }", "frames: expected one value for all samples"),
            (
                "burgers",
                "time = { uniform = [1, 2] }\nframes = 2",
                "time: expected one value for all samples",
            ),
            ("darcy", "size = 8\nstride = { choice = [1, 2] }", "stride: expected one value for all samples"),
            ("advection", "length = { uniform = [1, 2] }", "length: expected one value for all samples"),
            ("burgers", "size = { uniform = [64, 128] }", "burgers setting size: expected a whole number"),
            ("burgers", "viscosity = { uniform = [-1, 1] }", "viscosity: expected a positive"),
            ("burgers", "viscosity = { uniform = [1] }", "viscosity.uniform: expected two finite numbers"),
            ("burgers", "viscosity = { unifrm = [1, 2] }", "burgers setting viscosity: expected a number"),
            ("burgers", "viscosty = { uniform = [1, 2] }", "did you mean \"viscosity\"?"),
            ("burgers", "field = { uniform = [1, 2] }", "field"),
        ] {
            let error = problem(equation, text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        // Only a sample shows what a normal distribution reaches.
        let wide =
            problem("burgers", "size = 16\nsolve_size = 64\nviscosity = { normal = [0.1, 1.0] }").unwrap();
        let negative = (0..50).find(|index| wide.parameters(0, *index)[0].1 < 0.0).unwrap();
        assert!(wide.sample(0, negative, &()).unwrap_err().to_string().contains("viscosity"));
    }
}
