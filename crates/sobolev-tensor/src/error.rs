//! The error that every numeric crate of the workspace returns: what was wanted, what came, where, and what to do.

use std::fmt::Display;

use crate::closest;

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// A wrong argument or a computation that could not be finished. The numbers are fields too, so that a program can react.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array has the wrong rank or the wrong length along an axis.
    #[error("{argument}: expected {expected}, got {got:?}{}", next_step(hint))]
    Shape {
        /// Name of the argument.
        argument: String,
        /// The shape that was wanted, in words such as `[batch, 64, 64, 1]`.
        expected: String,
        /// The shape that came.
        got: Vec<usize>,
        /// What to do about it; may be empty.
        hint: String,
    },
    /// A scalar, a word or an option is outside its range.
    #[error("{argument}: expected {expected}, got {got}{}", next_step(hint))]
    Value {
        /// Name of the argument.
        argument: String,
        /// What was wanted.
        expected: String,
        /// What came.
        got: String,
        /// What to do about it; may be empty.
        hint: String,
    },
    /// An array holds NaN or an infinity.
    #[error("{argument}: expected finite values, got {value} at index {index:?}")]
    NonFinite {
        /// Name of the argument.
        argument: String,
        /// Position of the first such value.
        index: Vec<usize>,
        /// The value.
        value: f64,
    },
    /// An iteration stopped before it reached its tolerance.
    #[error(
        "{solver}: {iterations} iterations left relative residual {residual:.1e} (wanted {tolerance:.1e}){}",
        next_step(hint)
    )]
    NoConvergence {
        /// Name of the method.
        solver: String,
        /// Iterations done.
        iterations: usize,
        /// Relative residual reached.
        residual: f64,
        /// Relative residual wanted.
        tolerance: f64,
        /// What to do about it; may be empty.
        hint: String,
    },
    /// A time-dependent solution is no longer finite.
    #[error("{solver}: the solution is no longer finite at time {time}, step {step}{}", next_step(hint))]
    Diverged {
        /// Name of the solver.
        solver: String,
        /// Time since the initial state at which it was noticed.
        time: f64,
        /// Time step at which it was noticed.
        step: u64,
        /// The likely cause, and what to do about it; may be empty.
        hint: String,
    },
    /// A monitor asked to stop (see [`Monitor`](crate::Monitor)).
    #[error("{task}: interrupted after {done} of {total}")]
    Cancelled {
        /// What was being done.
        task: String,
        /// Units of work finished.
        done: u64,
        /// Units of work wanted.
        total: u64,
    },
}

fn next_step(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("; {hint}") }
}

impl Error {
    /// A [`Error::Shape`] without a hint.
    #[cold]
    pub fn shape(argument: impl Display, expected: impl Display, got: &[usize]) -> Self {
        Self::Shape {
            argument: argument.to_string(),
            expected: expected.to_string(),
            got: got.to_vec(),
            hint: String::new(),
        }
    }

    /// A [`Error::Value`] without a hint.
    #[cold]
    pub fn value(argument: impl Display, expected: impl Display, got: impl Display) -> Self {
        Self::Value {
            argument: argument.to_string(),
            expected: expected.to_string(),
            got: got.to_string(),
            hint: String::new(),
        }
    }

    /// A [`Error::Value`] for a name that is none of `names`; it lists them, and asks whether a near one was meant.
    #[cold]
    pub fn unknown_name(argument: impl Display, names: &[&str], got: &str) -> Self {
        let error = Self::value(argument, format!("one of {}", names.join(", ")), format!("\"{got}\""));
        match closest(got, names) {
            Some(near) => error.with_hint(format!("did you mean \"{near}\"?")),
            None => error,
        }
    }

    /// A [`Error::Value`] for the setting `key` of `table` that a deserialiser refused with `message`, in the words of
    /// `serde`: an unknown key or word, or a value of the wrong type. Other messages are passed on as advice.
    ///
    /// ```
    /// use sobolev_tensor::Error;
    /// let error = Error::setting("fno", "width", "invalid type: string \"wide\", expected usize");
    /// assert_eq!(error.to_string(), "fno setting width: expected a whole number, got string \"wide\"");
    /// let error = Error::setting("fno", "widht", "unknown field `widht`, expected one of `modes`, `width`");
    /// assert_eq!(error.to_string(), "fno setting: expected one of modes, width, got \"widht\"; did you mean \"width\"?");
    /// ```
    #[cold]
    pub fn setting(table: &str, key: &str, message: &str) -> Self {
        let message = message.trim().replace('\n', ", ");
        let argument =
            if key.is_empty() { format!("{table} settings") } else { format!("{table} setting {key}") };
        for (start, argument) in
            [("unknown field ", &format!("{table} setting")), ("unknown variant ", &argument)]
        {
            let Some((unknown, known)) = message.strip_prefix(start).and_then(|rest| rest.split_once(','))
            else {
                continue;
            };
            let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
            return Self::unknown_name(argument, &names, unknown.trim_matches('`'));
        }
        let wrong =
            ["invalid type: ", "invalid value: "].iter().find_map(|start| message.strip_prefix(start));
        match wrong.and_then(|rest| rest.split_once(", expected ")) {
            Some((got, "usize" | "u64" | "u32")) => Self::value(argument, "a whole number", got),
            Some((got, "f64" | "f32")) => Self::value(argument, "a number", got),
            Some((got, expected)) => Self::value(argument, expected, got),
            None => Self::value(argument, "a known value", "another").with_hint(message),
        }
    }

    /// The same error with advice on the next step; an error without room for advice is returned as it is.
    #[must_use]
    pub fn with_hint(mut self, advice: impl Display) -> Self {
        if let Self::Shape { hint, .. }
        | Self::Value { hint, .. }
        | Self::NoConvergence { hint, .. }
        | Self::Diverged { hint, .. } = &mut self
        {
            *hint = advice.to_string();
        }
        self
    }
}

/// Checks a channels-last batch `[batch, x1, .., xd, channels]` with `dimensions` spatial axes.
///
/// # Errors
/// [`Error::Shape`] that names `argument`; it says so when axis 1 looks like the channel axis, and when an axis is empty.
pub fn check_channels_last(
    argument: &str,
    shape: &[usize],
    dimensions: usize,
    channels: usize,
) -> Result<()> {
    let rank_is_right = shape.len() == dimensions + 2;
    if rank_is_right && shape[dimensions + 1] == channels && !shape.contains(&0) {
        return Ok(());
    }
    let axes: Vec<String> = (1..=dimensions).map(|i| format!("x{i}")).collect();
    let expected = format!("[batch, {}, {channels}] (channels last)", axes.join(", "));
    let error = Error::shape(argument, expected, shape);
    Err(if shape.contains(&0) {
        error.with_hint("an axis is empty")
    } else if rank_is_right && shape[1] == channels {
        error.with_hint("axis 1 looks like the channel axis: move it last")
    } else if shape.len() == dimensions + 1 && channels == 1 {
        error.with_hint("the channel axis seems to be missing: add an axis of length 1 at the end")
    } else {
        error
    })
}

/// Checks that all of `values`, an array of shape `shape` in row-major order, are finite.
///
/// # Errors
/// [`Error::NonFinite`] with the index of the first value that is not.
pub fn check_finite<'a, T: crate::Real>(
    argument: &str,
    shape: &[usize],
    values: impl IntoIterator<Item = &'a T>,
) -> Result<()> {
    let Some((position, value)) = values.into_iter().enumerate().find(|(_, v)| !v.is_finite()) else {
        return Ok(());
    };
    let mut index = vec![0; shape.len()];
    let mut rest = position;
    for axis in (0..shape.len()).rev() {
        index[axis] = rest % shape[axis];
        rest /= shape[axis];
    }
    Err(Error::NonFinite { argument: argument.to_string(), index, value: value.to_f64() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_first_is_recognised_and_named() {
        let error = check_channels_last("FNO input", &[20, 1, 64, 64], 2, 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "FNO input: expected [batch, x1, x2, 1] (channels last), got [20, 1, 64, 64]; \
             axis 1 looks like the channel axis: move it last"
        );
        assert!(check_channels_last("FNO input", &[20, 64, 64, 1], 2, 1).is_ok());
        assert!(check_channels_last("x", &[0, 64, 64, 1], 2, 1).unwrap_err().to_string().contains("empty"));
    }

    #[test]
    fn first_value_that_is_not_finite_is_located() {
        let values = [0.0, 1.0, 2.0, f64::NAN, 4.0, f64::INFINITY];
        let Err(Error::NonFinite { index, .. }) = check_finite("a", &[2, 3], &values) else {
            panic!("NaN was accepted");
        };
        assert_eq!(index, [1, 0]);
    }
}
