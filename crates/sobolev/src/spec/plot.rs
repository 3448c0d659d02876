//! Pictures from a spec.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sobolev_tensor::Error as NumericError;

use super::{DataSpec, SampleRange, Spec};
use crate::error::Result;
use crate::figure::write_gif;
use crate::file::check_output;
use crate::plot::{animation, moves, sample_figure, spectrum_figure};

/// Draws a sample. In TOML:
///
/// ```toml
/// data = "navier_stokes.h5"
/// sample = 3
/// output = "vorticity.gif"
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlotSpec {
    /// The samples.
    pub data: DataSpec,
    /// Position of the sample.
    #[serde(default)]
    pub sample: usize,
    /// A `.png` file, or a `.gif` file for an animation; by default beside the data, an animation for trajectories on a plane
    /// or in a volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<PathBuf>,
    /// The channel to draw; all up to four by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Draw energy spectra instead of fields.
    #[serde(default)]
    pub spectrum: bool,
    /// Frames a second of an animation.
    #[serde(default = "ten")]
    pub rate: f64,
    /// Replace the output if it exists.
    #[serde(default)]
    pub replace: bool,
}

fn ten() -> f64 {
    10.0
}

impl Spec for PlotSpec {
    const KIND: &'static str = "plot spec";
}

impl PlotSpec {
    /// The first sample of a file.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: DataSpec::new(data),
            sample: 0,
            output: None,
            channel: None,
            spectrum: false,
            rate: ten(),
            replace: false,
        }
    }

    /// Draws the sample and returns the name of the file.
    ///
    /// # Errors
    /// When the samples cannot be read, there is no such sample or channel, or the file cannot be written.
    pub fn run(&self) -> Result<PathBuf> {
        // Of a file that is not read sample by sample, this one alone.
        let start = self.data.samples.as_ref().map_or(0, |range| range.0.start);
        let first = start.saturating_add(self.sample as u64).min(u64::MAX - 1);
        let mut one = self.data.clone();
        match &self.data.samples {
            Some(range) if first >= range.0.end => {
                let expected = format!("below {}, the number of samples", range.len());
                return Err(NumericError::value("sample", expected, self.sample).into());
            }
            _ => one.samples = Some(SampleRange(first..first + 1)),
        }
        let data = one.open()?;
        let moving = moves(&data) && !self.spectrum;
        let flat = data.field(sobolev_data::Side::Target).axes.len() < 3;
        let output = self.output.clone().unwrap_or_else(|| {
            let stem = self.data.path.file_stem().unwrap_or_default().to_string_lossy();
            let what = if self.spectrum { "_spectrum" } else { "" };
            let ending = if moving && !flat { "gif" } else { "png" };
            self.data.path.with_file_name(format!("{stem}_{}{what}.{ending}", self.sample))
        });
        let animated = match output.extension().and_then(|ending| ending.to_str()) {
            Some("png") => false,
            Some("gif") if moving => true,
            _ => {
                let expected =
                    if moving { "a name that ends in .png or .gif" } else { "a name that ends in .png" };
                return Err(NumericError::value("output", expected, output.display()).into());
            }
        };
        check_output("output", &output, &[&self.data.path], self.replace)?;
        super::make_folder_of(&output)?;
        let name = self.data.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let title = format!("{name}, sample {}", self.sample);
        let channel = self.channel.as_deref();
        if animated {
            write_gif(&output, animation(&data, 0, channel, &title)?, self.rate)?;
        } else if self.spectrum {
            spectrum_figure(&data, 0, channel)?.title(title).write_png(&output)?;
        } else {
            sample_figure(&data, 0, channel)?.title(title).write_png(&output)?;
        }
        Ok(output)
    }
}
