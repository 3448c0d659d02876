//! The `zarr.json` of a group or an array.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::axis_kind;
use super::codec::Codec;
use crate::formats::numpy::Kind;
use crate::formats::{AxisKind, Variable};

/// What a folder of a store is.
pub(super) enum Node {
    /// With its attributes, as texts.
    Group(Vec<(String, String)>),
    Array(ArrayMetadata),
    /// A kind of later versions.
    Other,
}

/// How an array is stored.
pub(super) struct ArrayMetadata {
    pub(super) shape: Vec<usize>,
    pub(super) chunk: Vec<usize>,
    /// Nothing for other than real numbers.
    pub(super) kind: Option<Kind>,
    pub(super) codecs: Vec<Codec>,
    pub(super) fill: f64,
    /// Why its values cannot be read.
    pub(super) unsupported: Option<String>,
    type_name: String,
    names: Vec<String>,
    separator: char,
    /// Whether keys start with `c`.
    prefixed: bool,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    configuration: Map<String, Value>,
}

#[derive(Deserialize)]
struct Document {
    zarr_format: u64,
    node_type: String,
    #[serde(default)]
    attributes: Map<String, Value>,
    shape: Option<Vec<usize>>,
    data_type: Option<Value>,
    chunk_grid: Option<Named>,
    chunk_key_encoding: Option<Named>,
    fill_value: Option<Value>,
    #[serde(default)]
    codecs: Vec<Named>,
    dimension_names: Option<Vec<Option<String>>>,
}

/// # Errors
/// A text that says what makes no sense.
pub(super) fn parse(text: &[u8]) -> Result<Node, String> {
    let document: Document = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if document.zarr_format != 3 {
        return Err(format!("Zarr version {}; version 3 is read", document.zarr_format));
    }
    match document.node_type.as_str() {
        "group" => {
            let texts = document.attributes.into_iter().map(|(name, value)| match value {
                Value::String(text) => (name, text),
                other => (name, other.to_string()),
            });
            Ok(Node::Group(texts.collect()))
        }
        "array" => array(document).map(Node::Array),
        _ => Ok(Node::Other),
    }
}

fn array(document: Document) -> Result<ArrayMetadata, String> {
    let missing = |name: &str| format!("{name} is missing");
    let shape = document.shape.ok_or_else(|| missing("shape"))?;
    let grid = document.chunk_grid.ok_or_else(|| missing("chunk_grid"))?;
    let mut unsupported = (grid.name != "regular").then(|| format!("chunks on a {} grid", grid.name));
    let chunk = grid.configuration.get("chunk_shape").cloned().unwrap_or_default();
    let chunk: Vec<usize> = serde_json::from_value(chunk).map_err(|_| missing("chunk_shape"))?;
    if chunk.len() != shape.len() || chunk.contains(&0) {
        return Err(format!("chunks of {chunk:?} for shape {shape:?}"));
    }
    let encoding = document.chunk_key_encoding.ok_or_else(|| missing("chunk_key_encoding"))?;
    let prefixed = encoding.name == "default";
    let separator = encoding.configuration.get("separator").and_then(Value::as_str);
    let separator =
        separator.and_then(|text| text.chars().next()).unwrap_or(if prefixed { '/' } else { '.' });
    if !['/', '.'].contains(&separator) {
        return Err(format!("separator {separator:?}"));
    }
    let mut codecs = Vec::new();
    let mut big_endian = false;
    for codec in document.codecs {
        match codec.name.as_str() {
            "bytes" => big_endian = codec.configuration.get("endian").and_then(Value::as_str) == Some("big"),
            "gzip" => codecs.push(Codec::Gzip),
            "zstd" => codecs.push(Codec::Zstd),
            "crc32c" => codecs.push(Codec::Crc32c),
            other => unsupported = Some(format!("codec {other}; bytes, gzip, zstd and crc32c are read")),
        }
    }
    let type_name = match document.data_type {
        Some(Value::String(name)) => name,
        _ => "other".to_string(),
    };
    let names = document.dimension_names.unwrap_or_default();
    Ok(ArrayMetadata {
        kind: Kind::of_name(&type_name, big_endian),
        fill: document.fill_value.as_ref().map_or(0.0, fill),
        names: names.into_iter().map(Option::unwrap_or_default).collect(),
        shape,
        chunk,
        codecs,
        unsupported,
        type_name,
        separator,
        prefixed,
    })
}

fn fill(value: &Value) -> f64 {
    match value {
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::String(text) if text == "Infinity" => f64::INFINITY,
        Value::String(text) if text == "-Infinity" => f64::NEG_INFINITY,
        Value::String(_) => f64::NAN,
        other => other.as_f64().unwrap_or(0.0),
    }
}

impl ArrayMetadata {
    /// Where the chunk `place` stands below the folder of the array.
    pub(super) fn key(&self, place: &[usize]) -> String {
        let mut parts: Vec<String> = place.iter().map(usize::to_string).collect();
        if self.prefixed {
            parts.insert(0, "c".to_string());
        } else if parts.is_empty() {
            parts.push("0".to_string());
        }
        parts.join(&self.separator.to_string())
    }

    /// The array as a variable. Its axes are known when it names samples.
    pub(super) fn variable(&self, name: &str) -> Variable {
        let mut variable = Variable::plain(name, self.shape.clone(), &self.type_name);
        let all = self.names.len() == self.shape.len() && self.names.iter().all(|name| !name.is_empty());
        let axes = self.names.iter().zip(&self.shape).map(|(name, length)| axis_kind(name, *length));
        let axes: Vec<AxisKind> = axes.collect();
        if all && axes.contains(&AxisKind::Sample) {
            variable.axes = axes;
        }
        variable
    }
}
