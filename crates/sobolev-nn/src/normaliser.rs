//! Normalisers: affine maps between physical values and the values that a network sees.
//!
//! Encoding is `y = (x - shift) / scale`, decoding `x = scale y + shift`, entry by entry of arrays
//! `[batch, space.., channels]`. The statistics are taken over the training samples:
//!
//! | kind | shift and scale, one for | shift | scale |
//! |---|---|---|---|
//! | [`Identity`](NormaliserKind::Identity) | - | 0 | 1 |
//! | [`Scalar`](NormaliserKind::Scalar) | everything | mean | standard deviation + 1e-5 |
//! | [`Channel`](NormaliserKind::Channel) | each channel | mean | standard deviation + 1e-5 |
//! | [`Pointwise`](NormaliserKind::Pointwise) | each grid point and channel | mean | standard deviation + 1e-5 |
//! | [`MinMax`](NormaliserKind::MinMax) | each channel | so that the least value becomes `low` | range / (high - low) |
//!
//! Standard deviations are unbiased (divided by n - 1), and 1e-5 is added, both as in the scripts of Li et al. 2021
//! (arXiv:2010.08895), whose `UnitGaussianNormalizer` is the pointwise kind. A channel that never changes is encoded
//! as zeros (by min-max as `low`) and decoded to its value.
//!
//! The pointwise kind belongs to one grid; [`Normaliser::at_resolution`] interpolates it to another one, so that a
//! model trained at one resolution answers at a finer one. All other kinds fit any grid as they are.

mod fit;
mod resample;

use std::borrow::Cow;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Real, Result};

pub use fit::NormaliserFit;
pub use resample::GridAlignment;

/// Which statistics a [`Normaliser`] takes. In TOML and JSON: `"pointwise"`, `{ min-max = { low = 0.0, high = 1.0 } }`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum NormaliserKind {
    /// Values stay as they are.
    Identity,
    /// One mean and standard deviation for all.
    Scalar,
    /// One mean and standard deviation a channel.
    Channel,
    /// One mean and standard deviation a grid point and channel.
    Pointwise,
    /// The range of each channel becomes `[low, high]`.
    MinMax {
        /// What the least value becomes.
        low: f64,
        /// What the largest value becomes.
        high: f64,
    },
}

impl NormaliserKind {
    /// Min-max to `[0, 1]`.
    pub const UNIT_RANGE: Self = Self::MinMax { low: 0.0, high: 1.0 };
    /// Min-max to `[-1, 1]`.
    pub const SYMMETRIC_RANGE: Self = Self::MinMax { low: -1.0, high: 1.0 };

    /// Shape of shift and scale for samples of shape `[space.., channels]`; empty for one number or none.
    fn parameter_shape(self, sample: &[usize]) -> Vec<usize> {
        match self {
            Self::Identity | Self::Scalar => Vec::new(),
            Self::Channel | Self::MinMax { .. } => sample[sample.len() - 1..].to_vec(),
            Self::Pointwise => sample.to_vec(),
        }
    }
}

/// What a checkpoint keeps of a [`Normaliser`] beside its tensors; plain data for JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormaliserHeader {
    /// The kind.
    pub kind: NormaliserKind,
    /// Shape of the samples it was fitted to, `[space.., channels]`.
    pub sample: Vec<usize>,
}

/// A fitted normaliser; see the [module](self) for its formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Normaliser<T> {
    header: NormaliserHeader,
    shift: Vec<T>,
    scale: Vec<T>,
}

impl<T: Real> Normaliser<T> {
    /// The normaliser that changes nothing, for samples of shape `[space.., channels]`.
    pub fn identity(sample: &[usize]) -> Self {
        let header = NormaliserHeader { kind: NormaliserKind::Identity, sample: sample.to_vec() };
        Self { header, shift: Vec::new(), scale: Vec::new() }
    }

    /// The normaliser that was stored as a header and two tensors, both of shape
    /// [`parameter_shape`](Self::parameter_shape).
    ///
    /// # Errors
    /// When the tensors do not have the length that the header asks for, or a scale is not a positive number.
    pub fn from_parts(header: NormaliserHeader, shift: Vec<T>, scale: Vec<T>) -> Result<Self> {
        if header.sample.is_empty() || header.sample.contains(&0) {
            return Err(Error::shape("normaliser", "samples [space.., channels]", &header.sample));
        }
        let shape = header.kind.parameter_shape(&header.sample);
        let wanted = match header.kind {
            NormaliserKind::Identity => 0,
            _ => shape.iter().product(),
        };
        for (name, values) in [("shift", &shift), ("scale", &scale)] {
            if values.len() != wanted {
                return Err(Error::shape(
                    format!("normaliser {name}"),
                    format!("{wanted} values of shape {shape:?}"),
                    &[values.len()],
                ));
            }
        }
        sobolev_tensor::check_finite("normaliser shift", &[shift.len()], &shift)?;
        if let Some(bad) = scale.iter().find(|s| !(s.is_finite() && **s > T::zero())) {
            return Err(Error::value("normaliser scale", "positive numbers", bad));
        }
        Ok(Self { header, shift, scale })
    }

    /// What belongs into the JSON header of a checkpoint.
    pub fn header(&self) -> &NormaliserHeader {
        &self.header
    }

    /// The kind.
    pub fn kind(&self) -> NormaliserKind {
        self.header.kind
    }

    /// Shape of shift and scale: `[]` for one number, `[channels]` or `[space.., channels]`.
    pub fn parameter_shape(&self) -> Vec<usize> {
        self.header.kind.parameter_shape(&self.header.sample)
    }

    /// The shift of [`parameter_shape`](Self::parameter_shape); empty for the identity.
    pub fn shift(&self) -> &[T] {
        &self.shift
    }

    /// The scale of [`parameter_shape`](Self::parameter_shape); empty for the identity.
    pub fn scale(&self) -> &[T] {
        &self.scale
    }

    /// The tensors of a checkpoint, as (name, shape, values); none for the identity.
    pub fn tensors(&self) -> Vec<(&'static str, Vec<usize>, &[T])> {
        if self.header.kind == NormaliserKind::Identity {
            return Vec::new();
        }
        let shape = self.parameter_shape();
        vec![("shift", shape.clone(), &self.shift), ("scale", shape, &self.scale)]
    }

    /// `y = (x - shift) / scale`, in place; `shape` is `[batch, space.., channels]`.
    ///
    /// # Errors
    /// When the shape does not fit the statistics or the slice.
    pub fn encode(&self, shape: &[usize], values: &mut [T]) -> Result<()> {
        self.apply(shape, values, |x, shift, scale| (x - shift) / scale)
    }

    /// `x = scale y + shift`, in place; `shape` is `[batch, space.., channels]`.
    ///
    /// # Errors
    /// When the shape does not fit the statistics or the slice.
    pub fn decode(&self, shape: &[usize], values: &mut [T]) -> Result<()> {
        self.apply(shape, values, |y, shift, scale| y * scale + shift)
    }

    /// Adjoint of the linear part of [`decode`](Self::decode), `g -> scale g`, in place: it turns the gradient of a loss
    /// on decoded values into the gradient on encoded ones.
    ///
    /// # Errors
    /// When the shape does not fit the statistics or the slice.
    pub fn decode_adjoint(&self, shape: &[usize], gradient: &mut [T]) -> Result<()> {
        self.apply(shape, gradient, |g, _, scale| g * scale)
    }

    fn apply(&self, shape: &[usize], values: &mut [T], map: impl Fn(T, T, T) -> T + Sync) -> Result<()> {
        self.check(shape, values.len())?;
        if self.shift.is_empty() {
            return Ok(());
        }
        // Short parameters are repeated to some 64 entries, so that the inner loop is long enough for vector
        // instructions; chunks of about 16384 entries keep the scheduling cost below the cost of the pass.
        let repeats = 64_usize.div_ceil(self.shift.len());
        let (shift, scale) = (repeated(&self.shift, repeats), repeated(&self.scale, repeats));
        let (shift, scale) = (&shift[..], &scale[..]);
        let period = shift.len();
        values.par_chunks_mut(period * 16384_usize.div_ceil(period)).for_each(|chunk| {
            for row in chunk.chunks_mut(period) {
                for ((value, &a), &b) in row.iter_mut().zip(shift).zip(scale) {
                    *value = map(*value, a, b);
                }
            }
        });
        Ok(())
    }

    fn check(&self, shape: &[usize], len: usize) -> Result<()> {
        if shape.iter().product::<usize>() != len {
            return Err(Error::shape("normaliser", format!("{len} values"), shape));
        }
        let sample = &self.header.sample;
        let (expected, fits) = match self.header.kind {
            NormaliserKind::Identity => return Ok(()),
            NormaliserKind::Pointwise => (axes(sample), shape.get(1..) == Some(&sample[..])),
            _ => {
                let channels = sample[sample.len() - 1];
                (format!("[batch, .., {channels}]"), shape.len() >= 2 && shape.last() == Some(&channels))
            }
        };
        if fits {
            return Ok(());
        }
        let error = Error::shape("normaliser", expected, shape);
        let other_grid = self.header.kind == NormaliserKind::Pointwise
            && shape.len() == sample.len() + 1
            && shape.last() == sample.last();
        Err(if other_grid {
            error.with_hint("pointwise statistics belong to one grid: interpolate them with at_resolution")
        } else {
            error
        })
    }
}

fn repeated<T: Real>(values: &[T], times: usize) -> Cow<'_, [T]> {
    if times == 1 { Cow::Borrowed(values) } else { Cow::Owned(values.repeat(times)) }
}

fn axes(sample: &[usize]) -> String {
    let lengths: Vec<String> = sample.iter().map(usize::to_string).collect();
    format!("[batch, {}]", lengths.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sobolev_testing::{adjoint_gap, noise};

    const KINDS: [NormaliserKind; 6] = [
        NormaliserKind::Identity,
        NormaliserKind::Scalar,
        NormaliserKind::Channel,
        NormaliserKind::Pointwise,
        NormaliserKind::UNIT_RANGE,
        NormaliserKind::SYMMETRIC_RANGE,
    ];

    fn fitted(kind: NormaliserKind, shape: &[usize], values: &[f64]) -> Normaliser<f64> {
        let mut fit = NormaliserFit::new(kind, &shape[1..]).unwrap();
        fit.add(values).unwrap();
        fit.finish().unwrap()
    }

    #[test]
    fn decoding_undoes_encoding() {
        // Larger than one chunk of the parallel loop, with a channel count that divides neither 64 nor the chunk.
        let shape = [7, 31, 37, 3];
        let values: Vec<f64> = noise(shape.iter().product(), 1).iter().map(|v| 3.0 * v + 1.0).collect();
        for kind in KINDS {
            let normaliser = fitted(kind, &shape, &values);
            let mut work = values.clone();
            normaliser.encode(&shape, &mut work).unwrap();
            assert_eq!(work != values, kind != NormaliserKind::Identity);
            normaliser.decode(&shape, &mut work).unwrap();
            let worst = sobolev_testing::largest(work.iter().zip(&values).map(|(a, b)| a - b));
            // A subtraction, a division, a product and a sum of numbers below 8: a few roundings of 8 eps.
            assert!(worst < 32.0 * f64::EPSILON, "{kind:?}: {worst:e}");
        }
    }

    #[test]
    fn encoded_samples_have_the_promised_statistics() {
        let shape = [50, 12, 2];
        let values: Vec<f64> =
            noise(1200, 3).chunks(2).flat_map(|pair| [5.0 + 0.1 * pair[0], -3.0 * pair[1]]).collect();
        let mut work = values.clone();
        fitted(NormaliserKind::Channel, &shape, &values).encode(&shape, &mut work).unwrap();
        for channel in 0..2 {
            let column: Vec<f64> = work.iter().skip(channel).step_by(2).copied().collect();
            let mean = column.iter().sum::<f64>() / 600.0;
            let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 599.0;
            // The 1e-5 beside a deviation of 0.06 leaves 2e-4 of relative error in it, twice that in the variance.
            assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 5e-4, "{mean} {variance}");
        }
        for (kind, low, high) in
            [(NormaliserKind::UNIT_RANGE, 0.0, 1.0), (NormaliserKind::SYMMETRIC_RANGE, -1.0, 1.0)]
        {
            let mut work = values.clone();
            fitted(kind, &shape, &values).encode(&shape, &mut work).unwrap();
            for channel in 0..2 {
                let column = || work.iter().skip(channel).step_by(2).copied();
                let (least, largest) = (column().fold(f64::MAX, f64::min), column().fold(f64::MIN, f64::max));
                assert!((least - low).abs() < 1e-13 && (largest - high).abs() < 1e-13, "{least} {largest}");
            }
        }
    }

    #[test]
    fn constant_fields_are_encoded_as_zero_and_decoded_to_their_value() {
        let shape = [4, 5, 1];
        let values = [2.5; 20];
        for kind in KINDS {
            let normaliser = fitted(kind, &shape, &values);
            let mut work = values;
            normaliser.encode(&shape, &mut work).unwrap();
            let expected = match kind {
                NormaliserKind::Identity => 2.5,
                NormaliserKind::MinMax { low, .. } => low,
                _ => 0.0,
            };
            assert_eq!(work, [expected; 20], "{kind:?}");
            normaliser.decode(&shape, &mut work).unwrap();
            assert_eq!(work, values, "{kind:?}");
        }
    }

    #[test]
    fn decode_adjoint_is_the_adjoint_of_the_linear_part_of_decode() {
        let shape = [3, 4, 5, 2];
        let values = noise(120, 5);
        for kind in KINDS {
            let normaliser = fitted(kind, &shape, &values);
            let linear = |x: &[f64]| {
                let (mut at_x, mut at_zero) = (x.to_vec(), vec![0.0; x.len()]);
                normaliser.decode(&shape, &mut at_x).unwrap();
                normaliser.decode(&shape, &mut at_zero).unwrap();
                at_x.iter().zip(&at_zero).map(|(a, b)| a - b).collect()
            };
            let transposed = |g: &[f64]| {
                let mut gradient = g.to_vec();
                normaliser.decode_adjoint(&shape, &mut gradient).unwrap();
                gradient
            };
            assert!(adjoint_gap(linear, transposed, &noise(120, 6), &noise(120, 7)) < 1e-14, "{kind:?}");
        }
    }

    #[test]
    fn a_checkpoint_gives_the_same_normaliser_back() {
        let shape = [6, 9, 2];
        let values = noise(108, 8);
        for kind in KINDS {
            let normaliser = fitted(kind, &shape, &values);
            let json = serde_json::to_string(normaliser.header()).unwrap();
            let stored = |wanted: &str| {
                let tensors = normaliser.tensors();
                let found = tensors.iter().find(|(name, ..)| *name == wanted);
                found.map_or_else(Vec::new, |(_, shape, values)| {
                    assert_eq!(shape.iter().product::<usize>(), values.len());
                    values.to_vec()
                })
            };
            let header = serde_json::from_str(&json).unwrap();
            assert_eq!(Normaliser::from_parts(header, stored("shift"), stored("scale")).unwrap(), normaliser);
        }
        assert_eq!(serde_json::to_string(&NormaliserKind::Pointwise).unwrap(), "\"pointwise\"");
        assert!(serde_json::from_str::<NormaliserHeader>(r#"{"kind":"whitening","sample":[1]}"#).is_err());
    }

    #[test]
    fn damaged_parts_of_a_checkpoint_are_named() {
        let header = NormaliserHeader { kind: NormaliserKind::Channel, sample: vec![8, 2] };
        let text = |shift: &[f64], scale: &[f64]| {
            Normaliser::from_parts(header.clone(), shift.to_vec(), scale.to_vec()).unwrap_err().to_string()
        };
        assert_eq!(text(&[0.0], &[1.0, 1.0]), "normaliser shift: expected 2 values of shape [2], got [1]");
        assert_eq!(text(&[0.0; 2], &[1.0, 0.0]), "normaliser scale: expected positive numbers, got 0");
        assert!(text(&[f64::NAN, 0.0], &[1.0; 2]).starts_with("normaliser shift: expected finite"));
    }

    #[test]
    fn a_wrong_shape_says_what_was_expected() {
        let pointwise = fitted(NormaliserKind::Pointwise, &[2, 4, 4, 1], &noise(32, 1));
        let text = pointwise.encode(&[1, 8, 8, 1], &mut [0.0; 64]).unwrap_err().to_string();
        assert!(
            text.starts_with("normaliser: expected [batch, 4, 4, 1], got [1, 8, 8, 1]; pointwise"),
            "{text}"
        );
        let channel = fitted(NormaliserKind::Channel, &[2, 4, 4, 1], &noise(32, 1));
        let text = channel.decode(&[1, 4, 2], &mut [0.0; 8]).unwrap_err().to_string();
        assert_eq!(text, "normaliser: expected [batch, .., 1], got [1, 4, 2]");
        assert!(channel.encode(&[1, 4, 1], &mut [0.0; 5]).is_err());
    }
}
