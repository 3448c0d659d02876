//! The memory of one group of samples in one thread.

use super::transform::TransformScratch;
use sobolev_tensor::{Buffer, Real};

/// State, stages and rates of a group of samples: the coefficients of each field.
#[derive(Debug)]
pub(crate) struct Work<T: Real> {
    pub(crate) state: Vec<Buffer<T>>,
    pub(crate) stages: Vec<Vec<Buffer<T>>>,
    /// Of the state (0) and of stage i (i + 1); none where there is no nonlinear part.
    pub(crate) rates: Vec<Vec<Buffer<T>>>,
    /// The rate of the last stage.
    pub(crate) reached: Vec<Buffer<T>>,
    pub(crate) slots: Vec<Slot<T>>,
    /// Whether slots are transformed at the same time.
    pub(crate) spread: bool,
}

impl<T: Real> Work<T> {
    /// Makes the last stage the state.
    pub(crate) fn accept(&mut self) {
        if let Some(last) = self.stages.last_mut() {
            std::mem::swap(&mut self.state, last);
        }
    }

    /// As [`accept`](Self::accept), with the rate of the last stage for that of the state.
    pub(crate) fn accept_with_rate(&mut self) {
        self.accept();
        if let Some(first) = self.rates.first_mut() {
            std::mem::swap(first, &mut self.reached);
        }
    }
}

/// The memory of the transform of one slot.
#[derive(Debug)]
pub(crate) struct Slot<T: Real> {
    pub(crate) number: usize,
    /// Values, the arrays of a complex slot side by side.
    pub(crate) values: Buffer<T>,
    pub(crate) coefficients: Buffer<T>,
    pub(crate) scratch: TransformScratch<T>,
}
