//! The list of models: what can be built from a name and settings, as spec files, checkpoints and the command line have them.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sobolev_nn::{GridAlignment, Model};
use sobolev_tensor::{Error, Result, SettingEntry};

use crate::fno;

/// The samples that a model is to be built for.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleGrid {
    /// Shape of an input, `[space.., channels]`.
    pub input: Vec<usize>,
    /// Shape of a target, `[space.., channels]`.
    pub target: Vec<usize>,
    /// Where the points of each axis of the input lie.
    pub alignment: Vec<GridAlignment>,
}

/// One line of the list of models.
#[derive(Clone, Copy)]
pub struct ModelEntry {
    /// Name in specs, in checkpoints and on the command line.
    pub name: &'static str,
    /// What it is and what it is for.
    pub summary: &'static str,
    /// Authors, title and place of the paper.
    pub source: &'static str,
    /// The settings that `build` takes; defaults are those after `fit_to`.
    pub settings: &'static [SettingEntry],
    /// Fills in the settings that the samples determine and that are absent.
    pub fit_to: fn(&mut Map<String, Value>, &SampleGrid) -> Result<()>,
    /// Builds the model from settings (absent ones take their defaults, unknown ones are errors), with initial weights that
    /// are a function of the seed.
    pub build: fn(Map<String, Value>, u64) -> Result<Box<dyn Model<f32>>>,
}

impl fmt::Debug for ModelEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelEntry").field("name", &self.name).field("summary", &self.summary).finish()
    }
}

/// Every model that can be trained. Command line, Python, checkpoints and documentation read this list.
pub static MODELS: &[ModelEntry] = &[fno::ENTRY];

impl ModelEntry {
    /// The entry of a name.
    ///
    /// # Errors
    /// [`Error::Value`] that lists the names, and the nearest one when there is one close by.
    pub fn named(name: &str) -> Result<&'static Self> {
        MODELS.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let names: Vec<&str> = MODELS.iter().map(|entry| entry.name).collect();
            Error::unknown_name("model", &names, name)
        })
    }
}

/// Reads a table of settings whose absent entries take defaults.
///
/// # Errors
/// [`Error::Value`] that names the entry that is unknown or has a value of the wrong type.
pub(crate) fn read_settings<S: DeserializeOwned>(model: &str, table: Map<String, Value>) -> Result<S> {
    serde_json::from_value(Value::Object(table.clone())).map_err(|whole| {
        // The entry to blame is the one that is refused when it stands alone.
        let alone = |(key, value)| {
            let entry = Value::Object(Map::from_iter([(String::clone(key), Value::clone(value))]));
            serde_json::from_value::<S>(entry).err().map(|error| (key.as_str(), error))
        };
        let (key, error) = table.iter().find_map(alone).unwrap_or(("", whole));
        Error::setting(model, key, &error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Small settings, so that the test is quick.
    fn fitted(entry: &ModelEntry, grid: &[usize]) -> Map<String, Value> {
        let mut settings = Map::new();
        settings.insert("modes".to_string(), Value::from(3));
        settings.insert("width".to_string(), Value::from(4));
        let samples = SampleGrid {
            input: [grid, &[2]].concat(),
            target: [grid, &[3]].concat(),
            alignment: vec![GridAlignment::CellCentred; grid.len()],
        };
        (entry.fit_to)(&mut settings, &samples).unwrap();
        settings
    }

    #[test]
    fn every_model_is_rebuilt_from_its_architecture() {
        for entry in MODELS {
            for grid in [&[16][..], &[16, 12], &[8, 10, 8]] {
                let model = (entry.build)(fitted(entry, grid), 1).unwrap();
                assert_eq!(model.name(), entry.name);
                let Value::Object(architecture) = model.architecture() else { panic!("not an object") };
                let again = (ModelEntry::named(entry.name).unwrap().build)(architecture, 1).unwrap();
                assert_eq!(again.architecture(), model.architecture());
                let values = |m: &dyn Model<f32>| {
                    m.parameters().iter().map(|(n, t)| (n.to_string(), t.data().to_vec())).collect::<Vec<_>>()
                };
                assert_eq!(values(again.as_ref()), values(model.as_ref()));
            }
        }
    }

    #[test]
    fn lists_of_settings_are_complete() {
        for entry in MODELS {
            let model = (entry.build)(fitted(entry, &[16, 16]), 1).unwrap();
            let architecture = model.architecture();
            let read: BTreeSet<&str> = architecture.as_object().unwrap().keys().map(String::as_str).collect();
            let listed: BTreeSet<&str> = entry.settings.iter().map(|setting| setting.name).collect();
            assert_eq!(listed, read);
        }
    }

    #[test]
    fn settings_that_were_given_are_kept() {
        let mut settings = Map::new();
        settings.insert("modes".to_string(), Value::from(vec![5, 4]));
        settings.insert("outputs".to_string(), Value::from(7));
        let samples = SampleGrid {
            input: vec![16, 16, 2],
            target: vec![16, 16, 1],
            alignment: vec![GridAlignment::Periodic; 2],
        };
        (fno::ENTRY.fit_to)(&mut settings, &samples).unwrap();
        assert_eq!(settings["modes"], Value::from(vec![5, 4]));
        assert_eq!((&settings["inputs"], &settings["outputs"]), (&Value::from(2), &Value::from(7)));
        assert_eq!(settings["coordinates"], Value::from("periodic"));
        assert!(!settings.contains_key("padding"));
    }

    #[test]
    fn unknown_names_and_settings_are_told_with_those_that_exist() {
        let error = ModelEntry::named("fmo").unwrap_err().to_string();
        assert!(error.contains("one of fno") && error.contains("did you mean \"fno\"?"), "{error}");
        let mut settings = Map::new();
        settings.insert("widht".to_string(), Value::from(4));
        let error = (fno::ENTRY.build)(settings, 0).err().unwrap().to_string();
        assert!(error.starts_with("fno setting: expected one of modes, width"), "{error}");
        assert!(error.ends_with("got \"widht\"; did you mean \"width\"?"), "{error}");
        let mut settings = Map::new();
        settings.insert("width".to_string(), Value::from("wide"));
        let error = (fno::ENTRY.build)(settings, 0).err().unwrap().to_string();
        assert_eq!(error, "fno setting width: expected a whole number, got string \"wide\"");
    }
}
