//! What a trainer, a checkpoint and a prediction need to know of a model.

use sobolev_tensor::{Parameters, Real, Result, Tape, Var};

/// A model that maps fields `[batch, space.., channels]` to fields.
///
/// A model owns its [`Parameters`]; its layers hold their places. It is built from a plain description, which
/// [`architecture`](Self::architecture) gives back.
pub trait Model<T: Real>: Send + Sync {
    /// Its name in the list of models: `fno`.
    fn name(&self) -> &'static str;

    /// The description that builds a model of this shape (without the weights), as it stands in a checkpoint.
    fn architecture(&self) -> serde_json::Value;

    /// The publications behind it: authors, title, year, and where to find them.
    fn citation(&self) -> &'static str;

    /// The learnable tensors.
    fn parameters(&self) -> &Parameters<T>;

    /// The learnable tensors, to be changed.
    fn parameters_mut(&mut self) -> &mut Parameters<T>;

    /// The prediction for a batch. A model that does not need `input` any more should drop it, so that its memory is used
    /// again.
    ///
    /// # Errors
    /// [`Error::Shape`](sobolev_tensor::Error::Shape) when the model does not fit the shape of `input`.
    fn forward(&self, tape: &mut Tape<T>, input: Var<T>) -> Result<Var<T>>;
}
