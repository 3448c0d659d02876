//! Fourier neural operator in 1, 2 and 3 dimensions (Li et al. 2021, "Fourier neural operator for parametric partial
//! differential equations", ICLR; Kovachki et al. 2023, JMLR 24, article 89).
//!
//! `u = Q( L_depth ( .. L_1 ( P [a, x] ) ) )`, `[batch, x1, .., xd, inputs]` -> `[batch, x1, .., xd, outputs]`:
//! the lifting `P` is a linear map of the data and the coordinates to `width` channels; each `L` is a
//! [Fourier layer](crate::spectral), the last one without activation; the projection `Q` is linear to `projection` channels,
//! activation, linear. For problems that are not periodic the lifted field is padded with zeros after its last point.
//!
//! Parameters, a complex weight counted as two: `(inputs + d + 1) width + depth (2 width^2 (2 m_1) .. m_d + width^2 + width)
//! + (width + 1) projection + (projection + 1) outputs`.
//!
//! The weights do not depend on the grid: the same model answers on any grid that has its modes.

use crate::grid::{Coordinates, append_coordinates, crop, pad};
use crate::models::{ModelEntry, SampleGrid, read_settings};
use crate::spectral::{FourierLayer, FourierLayerSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sobolev_fft::{TransformPlan, TruncatedFourier};
use sobolev_nn::activation::GELU;
use sobolev_nn::{Activation, GridAlignment, Linear, Model, PointwiseMlp};
use sobolev_tensor::{Error, Parameters, Real, Result, SettingEntry, Tape, Var, check_channels_last};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What an [`Fno`] is made of. Absent fields take the values of [`FnoSettings::default`]; unknown ones are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FnoSettings {
    /// Kept modes of each axis; their number is the dimension.
    pub modes: Vec<usize>,
    /// Channels inside.
    pub width: usize,
    /// Fourier layers.
    pub depth: usize,
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Hidden channels of the projection.
    pub projection: usize,
    /// Activation of all layers but the last, and of the projection.
    pub activation: Activation,
    /// Coordinates appended to the input.
    pub coordinates: Coordinates,
    /// Zeros after the last point of each axis, as a part of its length; empty for none. A part and not a number of points, so
    /// that the model means the same on every grid.
    pub padding: Vec<f64>,
}

impl Default for FnoSettings {
    fn default() -> Self {
        Self {
            modes: vec![12, 12],
            width: 32,
            depth: 4,
            inputs: 1,
            outputs: 1,
            projection: 128,
            activation: GELU,
            coordinates: Coordinates::Inclusive,
            padding: Vec::new(),
        }
    }
}

impl FnoSettings {
    /// The set-up of `fourier_1d.py` for Burgers' equation: 549,569 parameters.
    pub fn burgers() -> Self {
        Self { modes: vec![16], width: 64, ..Self::default() }
    }

    /// The set-up of `fourier_2d.py` for Darcy flow: 2,368,001 parameters, 9 of 85 points of padding.
    pub fn darcy() -> Self {
        Self { padding: vec![9.0 / 85.0; 2], ..Self::default() }
    }

    /// The set-up of `fourier_2d_time.py` for the vorticity of a flow, ten past frames to the next: 926,357 parameters.
    /// The script's 926,517 count four batch normalisations (160 numbers) that it makes but never uses.
    pub fn navier_stokes_2d() -> Self {
        Self { inputs: 10, width: 20, ..Self::default() }
    }

    /// The set-up of `fourier_3d.py`, ten past frames repeated along the time axis to all later frames: 6,558,377
    /// parameters, 6 of 40 points of padding in time. The script's 6,558,537 count 160 unused numbers, as above.
    pub fn navier_stokes_3d() -> Self {
        Self {
            modes: vec![8; 3],
            inputs: 10,
            width: 20,
            padding: vec![0.0, 0.0, 6.0 / 40.0],
            ..Self::default()
        }
    }

    /// Number of learnable numbers by the formula of the module's page; nothing when it is beyond the range of numbers.
    fn count(&self) -> Option<usize> {
        let product = |factors: &[usize]| factors.iter().try_fold(1_usize, |p, &f| p.checked_mul(f));
        let (last, leading) = self.modes.split_last()?;
        let modes = leading.iter().try_fold(*last, |p, &m| p.checked_mul(m.checked_mul(2)?))?;
        let inputs = self.inputs.checked_add(self.coordinates.channels(self.modes.len()) + 1)?;
        let spectral = product(&[2, modes, self.width, self.width])?;
        let pointwise = product(&[self.width, self.width.checked_add(1)?])?;
        let layers = product(&[self.depth, spectral.checked_add(pointwise)?])?;
        let projection = product(&[self.width.checked_add(1)?, self.projection])?;
        let outputs = product(&[self.projection.checked_add(1)?, self.outputs])?;
        [product(&[inputs, self.width])?, layers, projection, outputs]
            .into_iter()
            .try_fold(0_usize, usize::checked_add)
    }

    /// `grid` with the padding after each axis.
    fn padded_grid(&self, grid: &[usize]) -> Vec<usize> {
        let part = |axis: usize| self.padding.get(axis).copied().unwrap_or(0.0);
        grid.iter().enumerate().map(|(axis, &n)| n + (part(axis) * n as f64).round() as usize).collect()
    }

    fn check(&self) -> Result<()> {
        if !(1..=3).contains(&self.modes.len()) {
            return Err(Error::value(
                "modes",
                "one number for each of 1 to 3 axes",
                format!("{:?}", self.modes),
            ));
        }
        let sizes = [
            ("width", self.width),
            ("depth", self.depth),
            ("inputs", self.inputs),
            ("outputs", self.outputs),
            ("projection", self.projection),
        ];
        for (argument, size) in sizes {
            if size == 0 {
                return Err(Error::value(argument, "at least 1", size));
            }
        }
        if self.count().is_none_or(|count| count > MOST_PARAMETERS) {
            let sizes = format!("modes {:?} and width {}", self.modes, self.width);
            return Err(Error::value("fno settings", "at most 2^31 learnable numbers", sizes));
        }
        let in_range = self.padding.iter().all(|part| (0.0..=4.0).contains(part));
        if !in_range || !(self.padding.is_empty() || self.padding.len() == self.modes.len()) {
            let expected = format!("nothing, or {} numbers from 0 to 4, parts of the axes", self.modes.len());
            return Err(Error::value("padding", expected, format!("{:?}", self.padding)));
        }
        Ok(())
    }
}

/// Tables of transforms by grid; made at the first use of a grid.
type Transforms<T> = Mutex<HashMap<Vec<usize>, Arc<TruncatedFourier<T>>>>;

/// A Fourier neural operator; see the module's page.
#[derive(Debug)]
pub struct Fno<T: Real> {
    settings: FnoSettings,
    parameters: Parameters<T>,
    lifting: Linear,
    layers: Vec<FourierLayer>,
    projection: PointwiseMlp,
    transforms: Transforms<T>,
}

impl<T: Real> Clone for Fno<T> {
    fn clone(&self) -> Self {
        Self {
            settings: self.settings.clone(),
            parameters: self.parameters.clone(),
            lifting: self.lifting.clone(),
            layers: self.layers.clone(),
            projection: self.projection.clone(),
            transforms: Mutex::default(),
        }
    }
}

impl<T: Real> Fno<T> {
    /// A model with initial weights that are a function of `seed`.
    ///
    /// # Errors
    /// [`Error::Value`] when a setting is out of range.
    pub fn new(settings: FnoSettings, seed: u64) -> Result<Self> {
        settings.check()?;
        let mut parameters = Parameters::new();
        let lifted = settings.inputs + settings.coordinates.channels(settings.modes.len());
        let lifting = Linear::new(&mut parameters, "lifting", lifted, settings.width, seed)?;
        let layers = (0..settings.depth)
            .map(|i| {
                let layer = FourierLayerSettings {
                    modes: &settings.modes,
                    inputs: settings.width,
                    outputs: settings.width,
                    activation: (i + 1 < settings.depth).then_some(settings.activation),
                };
                FourierLayer::new(&mut parameters, &format!("layers.{i}"), layer, seed)
            })
            .collect::<Result<_>>()?;
        let sizes = [settings.width, settings.projection, settings.outputs];
        let projection = PointwiseMlp::new(&mut parameters, "projection", sizes, settings.activation, seed)?;
        Ok(Self { settings, parameters, lifting, layers, projection, transforms: Mutex::default() })
    }

    /// What the model is made of.
    pub fn settings(&self) -> &FnoSettings {
        &self.settings
    }

    fn transform(&self, grid: &[usize]) -> Result<Arc<TruncatedFourier<T>>> {
        let mut transforms = self.transforms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = transforms.get(grid) {
            return Ok(Arc::clone(found));
        }
        let made =
            Arc::new(TransformPlan::choose::<T>(grid, &self.settings.modes, self.settings.width)?.build()?);
        transforms.insert(grid.to_vec(), Arc::clone(&made));
        Ok(made)
    }
}

impl<T: Real> Model<T> for Fno<T> {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn architecture(&self) -> serde_json::Value {
        serde_json::json!(self.settings)
    }

    fn citation(&self) -> &'static str {
        ENTRY.source
    }

    fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters<T> {
        &mut self.parameters
    }

    /// `[batch, x1, .., xd, inputs]` -> `[batch, x1, .., xd, outputs]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the rank or the number of channels is wrong, [`Error::Value`] when the grid is too coarse for
    /// the modes.
    fn forward(&self, tape: &mut Tape<T>, input: Var<T>) -> Result<Var<T>> {
        let dimensions = self.settings.modes.len();
        check_channels_last("FNO input", input.shape(), dimensions, self.settings.inputs)?;
        let grid = input.shape()[1..=dimensions].to_vec();
        let padded = self.settings.padded_grid(&grid);
        let transform = self.transform(&padded)?;
        let with_coordinates = append_coordinates(tape, &input, self.settings.coordinates);
        drop(input);
        let mut v = self.lifting.forward(&self.parameters, tape, &with_coordinates)?;
        drop(with_coordinates);
        if padded != grid {
            v = pad(tape, &v, &padded);
        }
        for layer in &self.layers {
            v = layer.forward(&self.parameters, tape, &transform, &v)?;
        }
        if padded != grid {
            v = crop(tape, &v, &grid);
        }
        self.projection.forward(&self.parameters, tape, &v)
    }
}

/// The line of the FNO in the list of models.
pub(crate) const ENTRY: ModelEntry = ModelEntry {
    name: "fno",
    summary: "Fourier neural operator in 1 to 3 dimensions; the same weights answer on any grid",
    source: "Li, Kovachki, Azizzadenesheli, Liu, Bhattacharya, Stuart, Anandkumar: Fourier neural operator for \
             parametric partial differential equations, ICLR 2021, arXiv:2010.08895",
    settings: &[
        SettingEntry::new(
            "modes",
            "16, 12 or 8 in 1, 2 or 3 dimensions",
            "kept modes, one number or one for each axis",
        ),
        SettingEntry::new("width", "32", "channels inside"),
        SettingEntry::new("depth", "4", "Fourier layers"),
        SettingEntry::new("inputs", "those of the data", "channels of the input"),
        SettingEntry::new("outputs", "those of the data", "channels of the output"),
        SettingEntry::new("projection", "128", "hidden channels of the projection"),
        SettingEntry::new("activation", "\"gelu\"", "a name of the list of activations"),
        SettingEntry::new(
            "coordinates",
            "as the points of the data lie",
            "\"none\", \"inclusive\", \"cell_centred\" or \"periodic\"",
        ),
        SettingEntry::new(
            "padding",
            "9/85 on axes of cell centres, else 0",
            "zeros after the last point, as a part of each axis",
        ),
    ],
    fit_to,
    build: |settings, seed| Ok(Box::new(Fno::<f32>::new(read_settings("fno", settings)?, seed)?)),
};

/// Most learnable numbers of a model: 8 GiB in single precision, and twice that again for the moments of Adam.
const MOST_PARAMETERS: usize = 1 << 31;

/// Part of a non-periodic axis that is added as padding, 9 of 85 points as in the original script for Darcy flow.
const PADDING: f64 = 9.0 / 85.0;

/// Channels, coordinates and padding from the samples: coordinates as the points lie (inclusive where the axes differ), padding
/// where they are cell centres, which periodic axes never have; arrays that do not say where their points lie are not padded. `modes` and `padding` may be one number for all axes; the modes of the original scripts
/// are the default: 16, 12 x 12, 8 x 8 x 8.
fn fit_to(settings: &mut Map<String, Value>, samples: &SampleGrid) -> Result<()> {
    let (Some((inputs, grid)), Some((outputs, _))) =
        (samples.input.split_last(), samples.target.split_last())
    else {
        return Err(Error::shape("samples", "[x1, .., xd, channels]", &samples.input));
    };
    for (key, channels) in [("inputs", inputs), ("outputs", outputs)] {
        settings.entry(key).or_insert_with(|| Value::from(*channels));
    }
    settings.entry("modes").or_insert_with(|| Value::from([16, 12, 8][grid.len().clamp(1, 3) - 1]));
    let alignment = &samples.alignment;
    if let Some(first) = alignment.first().filter(|first| alignment.iter().all(|other| other == *first)) {
        let coordinates = match first {
            GridAlignment::CellCentred => Coordinates::CellCentred,
            GridAlignment::Inclusive => Coordinates::Inclusive,
            GridAlignment::Periodic => Coordinates::Periodic,
        };
        settings.entry("coordinates").or_insert_with(|| serde_json::json!(coordinates));
    }
    if alignment.contains(&GridAlignment::CellCentred) {
        let part = |a: &GridAlignment| if *a == GridAlignment::CellCentred { PADDING } else { 0.0 };
        settings.entry("padding").or_insert_with(|| alignment.iter().map(part).collect());
    }
    for key in ["modes", "padding"] {
        if let Some(value) = settings.get_mut(key).filter(|value| value.is_number()) {
            *value = Value::from(vec![value.clone(); grid.len()]);
        }
    }
    // Whether the grid has the modes is told before the weights of all modes are made.
    let read: FnoSettings = read_settings(ENTRY.name, settings.clone())?;
    read.check()?;
    TransformPlan::choose::<f32>(&read.padded_grid(grid), &read.modes, read.width).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sobolev_tensor::{Gradients, NodeId, Operation, Pool, Tensor};
    use sobolev_testing::{gradient_gap, noise, relative_error};

    fn answer(model: &Fno<f64>, shape: &[usize], values: &[f64]) -> Result<Tensor<f64>> {
        let input = Var::constant(Tensor::from_slice(shape, values)?);
        model.forward(&mut Tape::inference(&Pool::new()), input).map(Var::into_value)
    }

    #[test]
    fn parameter_counts_are_those_of_the_original_scripts() {
        let count = |settings| Fno::<f32>::new(settings, 0).unwrap().parameters().count();
        assert_eq!(count(FnoSettings::burgers()), 549_569);
        assert_eq!(count(FnoSettings::darcy()), 2_368_001);
        // The Navier-Stokes scripts count four batch normalisations (2 x 20 numbers each) that they make but never use.
        assert_eq!(count(FnoSettings::navier_stokes_2d()) + 4 * 2 * 20, 926_517);
        assert_eq!(count(FnoSettings::navier_stokes_3d()) + 4 * 2 * 20, 6_558_537);
    }

    #[test]
    fn the_formula_counts_the_parameters_and_absurd_ones_are_refused_before_they_are_made() {
        for settings in [FnoSettings::burgers(), FnoSettings::darcy(), FnoSettings::navier_stokes_3d()] {
            let model = Fno::<f32>::new(settings.clone(), 0).unwrap();
            assert_eq!(settings.count(), Some(model.parameters().count()));
        }
        for (modes, width) in
            [(vec![1 << 20, 1 << 20], 32), (vec![usize::MAX; 3], 32), (vec![12], usize::MAX)]
        {
            let error =
                Fno::<f32>::new(FnoSettings { modes, width, ..FnoSettings::default() }, 0).unwrap_err();
            assert!(error.to_string().starts_with("fno settings: expected at most 2^31"), "{error}");
        }
    }

    /// Central differences of the loss `w . f(a; weights)` along random directions of the input and of all weights at once.
    #[test]
    fn gradients_of_the_whole_model_are_those_of_finite_differences() {
        for (modes, grid, padding) in [
            (vec![3], vec![9], vec![0.3]),
            (vec![2, 3], vec![6, 7], vec![0.2, 0.4]),
            (vec![2, 2, 2], vec![5, 4, 6], vec![0.0, 0.3, 0.0]),
        ] {
            let settings = FnoSettings {
                modes,
                width: 3,
                depth: 2,
                inputs: 2,
                outputs: 2,
                projection: 4,
                padding,
                ..FnoSettings::default()
            };
            let model = Fno::<f64>::new(settings, 5).unwrap();
            let shape = [&[2][..], &grid, &[2]].concat();
            let len: usize = shape.iter().product();
            let (input, seed) = (noise(len, 1), Tensor::from_slice(&shape, &noise(len, 2)).unwrap());
            let weights: Vec<f64> =
                model.parameters().iter().flat_map(|(_, value)| value.data().to_vec()).collect();
            let at = |x: &[f64]| {
                let (a, mut rest) = x.split_at(len);
                let mut moved = model.clone();
                for id in model.parameters().ids() {
                    let value = moved.parameters_mut().value_mut(id).data_mut();
                    let (own, later) = rest.split_at(value.len());
                    value.copy_from_slice(own);
                    rest = later;
                }
                let answer = answer(&moved, &shape, a).unwrap();
                answer.data().iter().zip(seed.data()).map(|(y, w)| y * w).sum::<f64>()
            };
            let mut tape = Tape::recording(&Pool::new());
            let a = tape.input(Tensor::from_slice(&shape, &input).unwrap());
            let answer = model.forward(&mut tape, a.clone()).unwrap();
            let loss = dot(&mut tape, &answer, &seed);
            let gradients = tape.backward(loss).unwrap();
            let mut gradient = gradients.input(&a).unwrap().data().to_vec();
            for id in model.parameters().ids() {
                gradient.extend(gradients.parameter(id).unwrap().data());
            }
            let x = [input, weights].concat();
            // Central differences with h = 1e-6 in double precision are right to some 1e-9.
            let gap = gradient_gap(at, &gradient, &x, &noise(x.len(), 3));
            assert!(gap < 1e-7, "{grid:?}: {gap:e}");
        }
    }

    /// `sum_i w_i y_i`, to differentiate along.
    struct Dot {
        node: NodeId,
        weights: Tensor<f64>,
    }

    impl Operation<f64> for Dot {
        fn backward(self: Box<Self>, gradient: Tensor<f64>, gradients: &mut Gradients<f64>) {
            let factor = gradient.data()[0];
            let mut weights = self.weights.clone();
            weights.data_mut().iter_mut().for_each(|w| *w *= factor);
            gradients.add(self.node, weights);
        }
    }

    fn dot(tape: &mut Tape<f64>, y: &Var<f64>, weights: &Tensor<f64>) -> Var<f64> {
        let sum = y.value().data().iter().zip(weights.data()).map(|(y, w)| y * w).sum::<f64>();
        let operation = Dot { node: y.node().unwrap(), weights: weights.clone() };
        tape.record(Tensor::from_slice(&[1], &[sum]).unwrap(), Some(operation))
    }

    #[test]
    fn a_smooth_field_has_the_same_answer_at_every_resolution() {
        // Inside, GELU makes waves beyond the modes, so that the answers differ by their aliases, which fall fast.
        let settings = FnoSettings {
            modes: vec![4, 4],
            width: 6,
            depth: 3,
            coordinates: Coordinates::None,
            ..FnoSettings::default()
        };
        let model = Fno::<f64>::new(settings, 2).unwrap();
        let on = |n: usize| {
            let field = |i: usize| (std::f64::consts::TAU * i as f64 / n as f64).sin();
            let values: Vec<f64> = (0..n * n).map(|p| field(p / n) + 0.5 * field(2 * (p % n))).collect();
            let answer = answer(&model, &[1, n, n, 1], &values).unwrap();
            (0..16 * 16).map(|p| answer.data()[(p / 16 * n / 16) * n + p % 16 * n / 16]).collect::<Vec<f64>>()
        };
        let finest = on(64);
        let gap = |n: usize| relative_error(&on(n), &finest);
        let (coarse, fine) = (gap(16), gap(32));
        assert!(coarse < 1e-3 && fine < 1e-2 * coarse + 1e-12, "{coarse:e} {fine:e}");
    }

    #[test]
    fn padding_is_nine_of_85_points_as_published() {
        assert_eq!(FnoSettings::darcy().padded_grid(&[85, 85]), [94, 94]);
        assert_eq!(FnoSettings::darcy().padded_grid(&[421, 421]), [466, 466]);
        assert_eq!(FnoSettings::navier_stokes_3d().padded_grid(&[64, 64, 40]), [64, 64, 46]);
    }

    #[test]
    fn one_model_answers_on_any_grid_and_samples_do_not_mix() {
        let settings = FnoSettings {
            modes: vec![3, 3],
            width: 5,
            projection: 7,
            padding: vec![0.25, 0.25],
            ..FnoSettings::default()
        };
        let model = Fno::new(settings, 3).unwrap();
        for (n1, n2) in [(8, 8), (9, 13), (16, 11)] {
            let values = noise(2 * n1 * n2, 1);
            let both = answer(&model, &[2, n1, n2, 1], &values).unwrap();
            let second = answer(&model, &[1, n1, n2, 1], &values[n1 * n2..]).unwrap();
            assert_eq!(both.shape(), [2, n1, n2, 1]);
            let gap = both.data()[n1 * n2..]
                .iter()
                .zip(second.data())
                .fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
            assert!(gap < 1e-13);
        }
    }

    #[test]
    fn bad_settings_and_inputs_are_named() {
        let message = |settings| Fno::<f64>::new(settings, 0).unwrap_err().to_string();
        assert!(message(FnoSettings { width: 0, ..FnoSettings::default() }).starts_with("width"));
        assert!(message(FnoSettings { modes: vec![2; 4], ..FnoSettings::default() }).starts_with("modes"));
        assert!(message(FnoSettings { padding: vec![0.1], ..FnoSettings::default() }).starts_with("padding"));
        assert!(
            serde_json::from_str::<FnoSettings>(r#"{"widht": 3}"#).unwrap_err().to_string().contains("widht")
        );

        let model = Fno::new(FnoSettings { modes: vec![4, 4], ..FnoSettings::default() }, 0).unwrap();
        let message = |shape: &[usize]| {
            answer(&model, shape, &vec![0.0; shape.iter().product()]).unwrap_err().to_string()
        };
        assert!(message(&[2, 1, 16, 16]).contains("axis 1 looks like the channel axis"));
        assert!(message(&[16, 16, 1]).contains("channels last"));
        assert!(message(&[1, 6, 16, 1]).contains("on a leading axis"));
    }
}
