//! Checkpoints: a safetensors file (weights, statistics of the normalisers) with a JSON header (model, architecture,
//! settings, metrics). Nothing in it is executed, any safetensors reader opens it, and it is written whole or not at all.
//!
//! | content | tensors |
//! |---|---|
//! | model | the parameters under their names, `normaliser.input.shift`, `.scale`, `normaliser.target.shift`, `.scale` |
//! | training | `parameters.NAME`, `best.NAME`, `optimiser.KIND.NAME`, and the normalisers |
//!
//! A training state is read by [`Trainer::resume`](crate::Trainer::resume).

mod error;
mod file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sobolev_tensor::{Parameters, Real, Tensor};

pub use error::CheckpointError;

use crate::normaliser::{Normaliser, NormaliserHeader, NormaliserKind};
use crate::{Model, Normalisers};

/// Newest format that this version writes and reads.
const FORMAT: u32 = 1;

/// Result with [`CheckpointError`].
type Result<T> = std::result::Result<T, CheckpointError>;

/// What a checkpoint holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckpointContent {
    /// A model to predict with.
    Model,
    /// The whole state of a training.
    Training,
}

/// The JSON header of a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointHeader {
    /// Comes first: the file has a fixed place for it.
    checksum: String,
    format: u32,
    content: CheckpointContent,
    model: String,
    architecture: Value,
    number: String,
    normalisers: NormaliserHeaders,
    settings: Value,
    metrics: Value,
    code: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NormaliserHeaders {
    input: NormaliserHeader,
    target: NormaliserHeader,
}

impl CheckpointHeader {
    /// Reads the header of a file and leaves its numbers alone.
    ///
    /// # Errors
    /// [`CheckpointError`] when the file is not a checkpoint, is damaged, or comes from a newer version.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::parse(path, &file::open(path)?.header)
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let damaged = |error: serde_json::Error| CheckpointError::Damaged {
            path: path.to_path_buf(),
            reason: format!("its header: {error}"),
        };
        let value: Value = serde_json::from_str(text).map_err(damaged)?;
        // The format is looked at first: a newer header may well not have the fields of this one.
        let format = value.get("format").and_then(Value::as_u64).unwrap_or(0);
        if format > u64::from(FORMAT) {
            let got = u32::try_from(format).unwrap_or(u32::MAX);
            return Err(CheckpointError::Version { path: path.to_path_buf(), got, supported: FORMAT });
        }
        serde_json::from_value(value).map_err(damaged)
    }

    /// What the file holds.
    pub fn content(&self) -> CheckpointContent {
        self.content
    }

    /// Name of the model in the list of models.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// What the model is built from.
    pub fn architecture(&self) -> &Value {
        &self.architecture
    }

    /// Number type of the weights: `f32` or `f64`.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Shape `[space.., channels]` of the inputs that the normaliser was fitted to.
    pub fn input_shape(&self) -> &[usize] {
        &self.normalisers.input.sample
    }

    /// Shape `[space.., channels]` of the targets that the normaliser was fitted to.
    pub fn target_shape(&self) -> &[usize] {
        &self.normalisers.target.sample
    }

    /// The resolved settings behind the weights.
    pub fn settings(&self) -> &Value {
        &self.settings
    }

    /// What was measured with the weights.
    pub fn metrics(&self) -> &Value {
        &self.metrics
    }

    /// Version of the code that wrote the file.
    pub fn code(&self) -> &str {
        &self.code
    }
}

/// A checkpoint in memory.
///
/// ```no_run
/// # use sobolev_nn::{Checkpoint, Model, Normalisers};
/// # fn example(model: &mut dyn Model<f32>, normalisers: &Normalisers<f32>) -> Result<(), Box<dyn std::error::Error>> {
/// Checkpoint::of_model(model, normalisers).write("darcy.safetensors")?;
/// let checkpoint = Checkpoint::<f32>::read("darcy.safetensors")?;
/// checkpoint.load_into(model)?;
/// let normalisers = checkpoint.normalisers()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Checkpoint<T: Real> {
    path: PathBuf,
    header: CheckpointHeader,
    tensors: BTreeMap<String, Tensor<T>>,
}

impl<T: Real> Checkpoint<T> {
    /// The weights of a model and its normalisers. The weights share memory with the model until one of them changes.
    pub fn of_model(model: &dyn Model<T>, normalisers: &Normalisers<T>) -> Self {
        let mut checkpoint = Self::empty(CheckpointContent::Model, model, normalisers);
        checkpoint.add_parameters("", model.parameters());
        checkpoint
    }

    /// A checkpoint with the normalisers only.
    pub(crate) fn empty(
        content: CheckpointContent,
        model: &dyn Model<T>,
        normalisers: &Normalisers<T>,
    ) -> Self {
        let header = CheckpointHeader {
            checksum: file::NO_CHECKSUM.to_string(),
            format: FORMAT,
            content,
            model: model.name().to_string(),
            architecture: model.architecture(),
            number: T::NAME.to_string(),
            normalisers: NormaliserHeaders {
                input: normalisers.input.header().clone(),
                target: normalisers.target.header().clone(),
            },
            settings: Value::Null,
            metrics: Value::Null,
            code: format!("sobolev {}", env!("CARGO_PKG_VERSION")),
        };
        let mut checkpoint = Self { path: PathBuf::new(), header, tensors: BTreeMap::new() };
        for (side, normaliser) in [("input", &normalisers.input), ("target", &normalisers.target)] {
            for (name, shape, values) in normaliser.tensors() {
                let tensor =
                    Tensor::from_slice(&shape, values).expect("normalisers have as many values as places");
                checkpoint.tensors.insert(format!("normaliser.{side}.{name}"), tensor);
            }
        }
        checkpoint
    }

    /// The same with the settings behind the weights, any JSON value.
    #[must_use]
    pub fn with_settings(mut self, settings: Value) -> Self {
        self.header.settings = settings;
        self
    }

    /// The same with what was measured, any JSON value.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Value) -> Self {
        self.header.metrics = metrics;
        self
    }

    /// Writes `path` by way of `path.part`: a file of that name is whole at any moment.
    ///
    /// # Errors
    /// [`CheckpointError::Write`] with the error of the system.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let header = serde_json::to_string(&self.header)
            .map_err(|error| CheckpointError::Write { path: path.to_path_buf(), source: error.into() })?;
        file::write(path, header, &self.tensors)
    }

    /// Reads a checkpoint. Header and data are checked against each other and against the length of the file.
    ///
    /// # Errors
    /// [`CheckpointError`] that says whether the file is unreadable, foreign, truncated, damaged, from a newer version or
    /// of another number type.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let opened = file::open(path)?;
        let header = CheckpointHeader::parse(path, &opened.header)?;
        if header.number != T::NAME {
            return Err(CheckpointError::Other {
                path: path.to_path_buf(),
                what: "the number type",
                expected: T::NAME.to_string(),
                got: header.number,
            });
        }
        Ok(Self { path: path.to_path_buf(), header, tensors: opened.tensors()? })
    }

    /// The header.
    pub fn header(&self) -> &CheckpointHeader {
        &self.header
    }

    /// Names and tensors, in the order of the names.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &Tensor<T>)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The stored normalisers.
    ///
    /// # Errors
    /// [`CheckpointError`] when their tensors are missing or damaged.
    pub fn normalisers(&self) -> Result<Normalisers<T>> {
        let NormaliserHeaders { input, target } = &self.header.normalisers;
        Ok(Normalisers::new(self.normaliser("input", input)?, self.normaliser("target", target)?))
    }

    fn normaliser(&self, side: &str, header: &NormaliserHeader) -> Result<Normaliser<T>> {
        let values = |name: &str| {
            if header.kind == NormaliserKind::Identity {
                return Ok(Vec::new());
            }
            self.tensor(&format!("normaliser.{side}.{name}")).map(|tensor| tensor.data().to_vec())
        };
        Normaliser::from_parts(header.clone(), values("shift")?, values("scale")?)
            .map_err(|error| self.damaged(format!("normaliser of the {side}: {error}")))
    }

    /// Puts the stored weights into a model of the same architecture.
    ///
    /// # Errors
    /// [`CheckpointError`] when the file holds a training state or another model, or a tensor is missing, unexpected or of
    /// another shape; the model is unchanged then.
    pub fn load_into(&self, model: &mut dyn Model<T>) -> Result<()> {
        self.expect_content(CheckpointContent::Model)?;
        self.expect_model(model)?;
        let names: Vec<&str> = model.parameters().iter().map(|(name, _)| name).collect();
        self.expect_no_others(|name| name.starts_with("normaliser.") || names.contains(&name))?;
        let parameters = self.parameters("", model.parameters())?;
        self.expect_architecture(model)?;
        model.parameters_mut().assign(&parameters).map_err(|error| self.damaged(error.to_string()))
    }

    pub(crate) fn expect_content(&self, expected: CheckpointContent) -> Result<()> {
        let words = |content| match content {
            CheckpointContent::Model => "a model",
            CheckpointContent::Training => "a training state",
        };
        self.expect("the content", words(expected), words(self.header.content))
    }

    pub(crate) fn expect_model(&self, model: &dyn Model<T>) -> Result<()> {
        self.expect("the model", model.name(), &self.header.model)
    }

    /// Checks what the model is made of, once the shapes of the weights are known to fit.
    pub(crate) fn expect_architecture(&self, model: &dyn Model<T>) -> Result<()> {
        let (stored, own) = (&self.header.architecture, model.architecture());
        let differs = |key: &&String| stored.get(key).is_some_and(|value| Some(value) != own.get(key));
        let keys = own.as_object().into_iter().flat_map(|table| table.keys());
        let Some(key) = keys.clone().find(differs) else {
            return Ok(());
        };
        let text = |table: &Value| format!("{key} = {}", table.get(key).unwrap_or(&Value::Null));
        self.expect("the architecture", &text(&own), &text(stored))
    }

    fn expect(&self, what: &'static str, expected: &str, got: &str) -> Result<()> {
        if expected == got {
            return Ok(());
        }
        let path = self.path.clone();
        Err(CheckpointError::Other { path, what, expected: expected.to_string(), got: got.to_string() })
    }

    /// Checks that every stored tensor has a known name.
    pub(crate) fn expect_no_others(&self, known: impl Fn(&str) -> bool) -> Result<()> {
        match self.tensors.keys().find(|name| !known(name)) {
            Some(name) => Err(CheckpointError::Unexpected { path: self.path.clone(), tensor: name.clone() }),
            None => Ok(()),
        }
    }

    pub(crate) fn add(&mut self, name: String, tensor: Tensor<T>) {
        self.tensors.insert(name, tensor);
    }

    pub(crate) fn add_parameters(&mut self, prefix: &str, parameters: &Parameters<T>) {
        for (name, value) in parameters.iter() {
            self.add(format!("{prefix}{name}"), value.clone());
        }
    }

    /// The stored tensors of the names and shapes of `like`.
    pub(crate) fn parameters(&self, prefix: &str, like: &Parameters<T>) -> Result<Parameters<T>> {
        let mut parameters = Parameters::new();
        for (name, value) in like.iter() {
            parameters.add(name, self.tensor_of_shape(&format!("{prefix}{name}"), value.shape())?);
        }
        Ok(parameters)
    }

    pub(crate) fn tensor_of_shape(&self, name: &str, shape: &[usize]) -> Result<Tensor<T>> {
        let tensor = self.tensor(name)?;
        if tensor.shape() != shape {
            return Err(CheckpointError::Shape {
                path: self.path.clone(),
                tensor: name.to_string(),
                expected: shape.to_vec(),
                got: tensor.shape().to_vec(),
            });
        }
        Ok(tensor.clone())
    }

    fn tensor(&self, name: &str) -> Result<&Tensor<T>> {
        self.tensors
            .get(name)
            .ok_or_else(|| CheckpointError::Missing { path: self.path.clone(), tensor: name.to_string() })
    }

    pub(crate) fn damaged(&self, reason: String) -> CheckpointError {
        CheckpointError::Damaged { path: self.path.clone(), reason }
    }
}

#[cfg(test)]
mod tests;
