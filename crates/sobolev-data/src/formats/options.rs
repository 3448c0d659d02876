//! What to read from a file of another program.

use std::ops::Range;
use std::path::PathBuf;

use sobolev_tensor::Error as NumericError;

use crate::error::Result;
use crate::values::Precision;

/// What to read from a foreign file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    pub(super) input: Option<String>,
    pub(super) target: Option<String>,
    pub(super) target_path: Option<PathBuf>,
    pub(super) dimensions: Option<usize>,
    pub(super) channels_last: bool,
    pub(super) input_frames: Option<usize>,
    pub(super) frames_as_channels: bool,
    samples: Option<Range<usize>>,
    pub(super) precision: Precision,
}

impl ReadOptions {
    /// Names of the variables that hold inputs and targets. Of a format that says what its axes are, several names,
    /// separated by commas, become the channels of one field.
    #[must_use]
    pub fn with_variables(mut self, input: impl Into<String>, target: impl Into<String>) -> Self {
        (self.input, self.target) = (Some(input.into()), Some(target.into()));
        self
    }

    /// The name of the variable, or several separated by commas, whose first frames are the inputs and whose later
    /// frames are the targets; all that depend on time by default.
    #[must_use]
    pub fn with_evolution(mut self, variables: impl Into<String>) -> Self {
        (self.input, self.target) = (Some(variables.into()), None);
        self
    }

    /// Frames of a trajectory that are the input, 1 by default; the frames after them are the target.
    #[must_use]
    pub fn with_input_frames(mut self, frames: usize) -> Self {
        self.input_frames = Some(frames);
        self
    }

    /// Frames become channels, `[space.., frames * channels]` with the channels of a frame side by side, as the
    /// two-dimensional models of Li et al. 2021 take them; otherwise several frames have an axis `time`.
    #[must_use]
    pub fn with_frames_as_channels(mut self) -> Self {
        self.frames_as_channels = true;
        self
    }

    /// Reads these samples alone.
    #[must_use]
    pub fn with_samples(mut self, samples: Range<usize>) -> Self {
        self.samples = Some(samples);
        self
    }

    /// Another file that holds the targets, such as a second `.npy` file.
    #[must_use]
    pub fn with_target_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.target_path = Some(path.into());
        self
    }

    /// Number of grid axes; one less than the smaller rank by default.
    #[must_use]
    pub fn with_dimensions(mut self, dimensions: usize) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Both arrays have their channel axis already, however many grid axes each has.
    #[must_use]
    pub fn with_channels_last(mut self) -> Self {
        self.channels_last = true;
        self
    }

    /// The rows of `count` that are wanted.
    pub(super) fn rows(&self, count: usize) -> Result<Range<usize>> {
        match &self.samples {
            None => Ok(0..count),
            Some(rows) if rows.end <= count && !rows.is_empty() => Ok(rows.clone()),
            Some(rows) => {
                let expected = format!("a range within the {count} of the file");
                Err(NumericError::value("samples", expected, format!("{}..{}", rows.start, rows.end)).into())
            }
        }
    }

    /// Number type to keep the values in; single by default.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }
}
