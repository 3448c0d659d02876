//! `sobolev equations`, `fields`, `models`, `activations`, `formats`: the lists of the library.

use serde_json::{Value, json};
use sobolev::data::formats::FORMATS;
use sobolev::nn::activation::ACTIVATIONS;
use sobolev::operators::MODELS;
use sobolev::solvers::EQUATIONS;
use sobolev::solvers::random_field::FIELDS;

use crate::Answer;
use crate::console::Console;

/// Prints entries, each a name and its lines of text; as JSON an array of objects.
fn print(console: &Console, entries: Vec<(&str, Vec<(&str, String)>)>) -> Answer {
    if console.wants_json() {
        let objects: Vec<Value> = entries
            .into_iter()
            .map(|(name, lines)| {
                let mut object = json!({ "name": name });
                for (key, text) in lines {
                    object[key] = Value::from(text);
                }
                object
            })
            .collect();
        console.json(&objects)?;
        return Ok(true);
    }
    let blocks = entries.iter().map(|(name, lines)| {
        let lines: Vec<String> = lines
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(key, text)| format!("  {key:<11}{text}"))
            .collect();
        format!("{name}\n{}", lines.join("\n"))
    });
    console.text(&blocks.collect::<Vec<_>>().join("\n\n"))?;
    Ok(true)
}

pub(crate) fn equations(console: &Console) -> Answer {
    let entry = |e: &'static sobolev::solvers::EquationEntry| {
        let lines =
            [("formula", e.formula), ("summary", e.summary), ("method", e.method), ("source", e.source)];
        (e.name, lines.map(|(key, text)| (key, text.to_string())).to_vec())
    };
    print(console, EQUATIONS.iter().map(entry).collect())
}

pub(crate) fn fields(console: &Console) -> Answer {
    let entry = |e: &'static sobolev::solvers::random_field::FieldEntry| {
        let lines = [("summary", e.summary), ("source", e.source), ("trap", e.trap)];
        (e.name, lines.map(|(key, text)| (key, text.to_string())).to_vec())
    };
    print(console, FIELDS.iter().map(entry).collect())
}

pub(crate) fn models(console: &Console) -> Answer {
    let entry = |e: &'static sobolev::operators::ModelEntry| {
        let lines = [("summary", e.summary), ("source", e.source)];
        (e.name, lines.map(|(key, text)| (key, text.to_string())).to_vec())
    };
    print(console, MODELS.iter().map(entry).collect())
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
        (e.name, vec![("summary", e.summary.to_string()), ("endings", e.extensions.join(", "))])
    };
    print(console, FORMATS.iter().map(entry).collect())
}
