//! `sobolev equations`, `fields`, `models`, `activations`, `formats`: the lists of the library.

use serde_json::{Value, json};
use sobolev::data::formats::FORMATS;
use sobolev::nn::activation::ACTIVATIONS;
use sobolev::operators::MODELS;
use sobolev::solvers::EQUATIONS;
use sobolev::solvers::random_field::FIELDS;
use sobolev::tensor::{Error as NumericError, SettingEntry};

use crate::Answer;
use crate::console::Console;

/// A name and its lines of text.
type Entry = (&'static str, Vec<(&'static str, String)>);

/// Prints entries; as JSON an array of objects.
fn print(console: &Console, entries: Vec<Entry>) -> Answer {
    if console.wants_json() {
        return json_of(console, entries.into_iter().map(object).collect());
    }
    console.text(&entries.iter().map(block).collect::<Vec<_>>().join("\n\n"))?;
    Ok(true)
}

fn json_of(console: &Console, objects: Vec<Value>) -> Answer {
    console.json(&objects)?;
    Ok(true)
}

fn object((name, lines): Entry) -> Value {
    let mut object = json!({ "name": name });
    for (key, text) in lines {
        object[key] = Value::from(text);
    }
    object
}

fn block((name, lines): &Entry) -> String {
    let lines: Vec<String> = lines
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| format!("  {key:<11}{text}"))
        .collect();
    format!("{name}\n{}", lines.join("\n"))
}

/// Prints entries that have settings: all entries, or the one called `name` with its settings. JSON has the settings always.
fn print_with_settings(
    console: &Console,
    list: &str,
    entries: Vec<(Entry, Vec<SettingEntry>)>,
    name: Option<&str>,
) -> Answer {
    let names: Vec<&str> = entries.iter().map(|((name, _), _)| *name).collect();
    if let Some(wanted) = name.filter(|name| !names.contains(name)) {
        return Err(NumericError::unknown_name(list, &names, wanted).into());
    }
    let chosen = entries.into_iter().filter(|((entry, _), _)| name.is_none_or(|name| name == *entry));
    if console.wants_json() {
        let with_settings = |(entry, settings): (Entry, Vec<SettingEntry>)| {
            let mut object = object(entry);
            object["settings"] = settings
                .iter()
                .map(|s| json!({ "name": s.name, "default": s.default, "summary": s.summary }))
                .collect();
            object
        };
        return json_of(console, chosen.map(with_settings).collect());
    }
    let blocks = chosen.map(|(entry, settings)| {
        let block = block(&entry);
        if name.is_none() {
            return block;
        }
        let lines = settings.iter().map(|s| format!("  {} = {}\n      {}", s.name, s.default, s.summary));
        format!("{block}\n\nsettings, with their defaults\n{}", lines.collect::<Vec<_>>().join("\n"))
    });
    console.text(&blocks.collect::<Vec<_>>().join("\n\n"))?;
    Ok(true)
}

pub(crate) fn equations(console: &Console, name: Option<&str>) -> Answer {
    let entry = |e: &'static sobolev::solvers::EquationEntry| {
        let lines =
            [("formula", e.formula), ("summary", e.summary), ("method", e.method), ("source", e.source)];
        ((e.name, lines.map(|(key, text)| (key, text.to_string())).to_vec()), (e.settings)())
    };
    print_with_settings(console, "equation", EQUATIONS.iter().map(entry).collect(), name)
}

pub(crate) fn fields(console: &Console) -> Answer {
    let entry = |e: &'static sobolev::solvers::random_field::FieldEntry| {
        let lines = [("summary", e.summary), ("source", e.source), ("trap", e.trap)];
        (e.name, lines.map(|(key, text)| (key, text.to_string())).to_vec())
    };
    print(console, FIELDS.iter().map(entry).collect())
}

pub(crate) fn models(console: &Console, name: Option<&str>) -> Answer {
    let entry = |e: &'static sobolev::operators::ModelEntry| {
        let lines = [("summary", e.summary), ("source", e.source)];
        ((e.name, lines.map(|(key, text)| (key, text.to_string())).to_vec()), e.settings.to_vec())
    };
    print_with_settings(console, "model", MODELS.iter().map(entry).collect(), name)
}

pub(crate) fn activations(console: &Console) -> Answer {
    let entry = |e: &'static sobolev::nn::activation::ActivationEntry| {
        let lines = [("formula", e.formula), ("good for", e.good_for), ("source", e.source)];
        (e.name, lines.map(|(key, text)| (key, text.to_string())).to_vec())
    };
    print(console, ACTIVATIONS.iter().map(|activation| entry(activation.entry())).collect())
}

pub(crate) fn formats(console: &Console) -> Answer {
    let entry = |e: &'static sobolev::data::formats::FormatEntry| {
        let does = if e.is_written() { "read and written" } else { "read" };
        let lines = [
            ("summary", e.summary.to_string()),
            ("is", does.to_string()),
            ("endings", e.extensions.join(", ")),
        ];
        (e.name, lines.to_vec())
    };
    print(console, FORMATS.iter().map(entry).collect())
}
