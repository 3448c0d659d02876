//! Data sets of waves in a cavity: from the speed of sound to the wave field.

use super::Cavity;
use super::cavity::Flux;
use crate::box_grid::LENGTH_HELP;
use crate::problem::{Axis, EquationEntry, Field, Problem, Sample};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField, Points, covariance_setting};
use crate::settings;
use crate::walls::{self, Side};
use ndarray::{ArrayD, Axis as ArrayAxis, IxDyn, Slice};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// Memory of the sparse factors for each vertex, measured at 401 x 401.
const BYTES_PER_VERTEX: u128 = 1500;

/// Conditions that the solver has.
const CONDITIONS: [&str; 1] = ["neumann"];

/// Settings of [`HelmholtzProblem`]; the defaults are the published set-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HelmholtzSettings {
    /// Vertices along each side that are stored, sides included; one number or a list.
    pub size: toml::Value,
    /// Side length of the rectangle, or a list in the ratio of `size - 1`: the scheme has square cells.
    pub length: toml::Value,
    /// The normal derivative du/dn on each side.
    pub boundary: toml::Value,
    /// The equation is solved with this many times finer spacing.
    pub refine: usize,
    /// Angular frequency omega.
    pub frequency: f64,
    /// The speed is `speed + tanh(g)`.
    pub speed: f64,
    /// The Gaussian field g: a name of [`FIELDS`](crate::random_field::FIELDS), or a table of `amplitude`,
    /// `inverse_length` (tau) and `exponent` (alpha).
    pub field: toml::Value,
    /// The part of a side with a given derivative that has it: from and to, in lengths of the side; du/dn = 0 on the rest.
    pub opening: [f64; 2],
}

impl Default for HelmholtzSettings {
    fn default() -> Self {
        let wall = || toml::Value::from("neumann");
        let driven = toml::Table::from_iter([("neumann".to_string(), 1.0.into())]);
        Self {
            size: 101.into(),
            length: 1.0.into(),
            boundary: vec![wall(), vec![wall(), driven.into()].into()].into(),
            refine: 2,
            frequency: 1000.0,
            speed: 20.0,
            field: covariance_setting(1.0, 3.0, 2.0),
            opening: [0.35, 0.65],
        }
    }
}

/// The map from a speed c to the real wave field u of `-Laplacian u - (omega / c)^2 u = 0` in a rectangle, with a given
/// `du/dn` on a part of some sides, by default 1 on the upper side of the second axis, and 0 on the rest of the boundary.
///
/// Input `speed` `[n1, n2, 1]`, target `wave` of the same shape, at vertices, sides included. The residual of a sample is
/// the relative residual of its matrix equation. Set-up of de Hoop, Huang, Qian, Stuart, "The cost-accuracy trade-off in
/// operator learning with neural networks", arXiv:2203.13181 (2022), as it is described by those who use it.
#[derive(Debug)]
pub struct HelmholtzProblem {
    settings: HelmholtzSettings,
    /// Of the stored vertices.
    size: Vec<usize>,
    lengths: Vec<f64>,
    sides: Vec<[Side; 2]>,
    field: FieldSampler,
    flux: Flux,
    spacing: f64,
}

impl HelmholtzProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: HelmholtzSettings) -> Result<Self> {
        let HelmholtzSettings { refine, frequency, speed, opening, .. } = settings;
        let size = settings::counts("size", &settings.size, 2, 9)?;
        if !(1..=16).contains(&refine) {
            return Err(Error::value("refine", "1 to 16", refine));
        }
        let fine = |n: usize| (n - 1).saturating_mul(refine).saturating_add(1);
        let points = [fine(size[0]), fine(size[1])];
        settings::memory("size", &points, BYTES_PER_VERTEX)?;
        let lengths = settings::numbers("length", &settings.length, 2)?;
        walls::check_lengths("length", &lengths, 2)?;
        let [spacing, other] = [0, 1].map(|axis| lengths[axis] / (points[axis] - 1) as f64);
        if (spacing - other).abs() > 1e-9 * spacing {
            let expected = format!("lengths as {} to {}, because cells are square", size[0] - 1, size[1] - 1);
            return Err(Error::value("length", expected, format!("{lengths:?}")));
        }
        let sides = walls::sides(&settings.boundary, 2, &CONDITIONS)?;
        if !(frequency.is_finite() && frequency >= 0.0) {
            return Err(Error::value("frequency", "a number of at least 0", frequency));
        }
        if !(speed.is_finite() && speed > 1.0) {
            return Err(Error::value("speed", "above 1, so that speed + tanh(g) is positive", speed));
        }
        let [from, to] = opening;
        if !(0.0 <= from && from < to && to <= 1.0) {
            return Err(Error::value("opening", "two rising numbers in [0, 1]", format!("{opening:?}")));
        }
        // The slowest waves need the most points.
        let finest = frequency / (speed - 1.0) * spacing;
        if finest > 1.0 {
            let needed = (finest * refine as f64).ceil();
            return Err(Error::value(
                "refine",
                format!("at least {needed} for six points a wave length"),
                refine,
            ));
        }
        let field = GaussianField::from_setting(&settings.field, Boundary::Neumann, &lengths)?
            .with_points(Points::Vertices)
            .sampler(&points)?;
        let mut flux = Flux::zero(&points);
        for axis in 0..2 {
            let along = points[1 - axis];
            let on_side = |side: Side| {
                ArrayD::from_shape_fn(IxDyn(&[along]), |i| {
                    let part = i[0] as f64 / (along - 1) as f64;
                    if (from..=to).contains(&part) { side.value() } else { 0.0 }
                })
            };
            [flux.lower[axis], flux.upper[axis]] = sides[axis].map(on_side);
        }
        Ok(Self { settings, size, lengths, sides, field, flux, spacing })
    }

    fn kept(&self, values: &ArrayD<f64>) -> ArrayD<f64> {
        let step = Slice::new(0, None, self.settings.refine as isize);
        let mut kept = values.view();
        kept.slice_axis_inplace(ArrayAxis(0), step);
        kept.slice_axis_inplace(ArrayAxis(1), step);
        kept.insert_axis(ArrayAxis(2)).as_standard_layout().into_owned()
    }

    fn axes(&self, words: impl Fn(usize) -> String) -> Vec<Axis> {
        let axis = |axis| Axis::vertices(axis, self.size[axis], self.lengths[axis], &words(axis));
        vec![axis(0), axis(1)]
    }
}

impl Problem for HelmholtzProblem {
    fn equation(&self) -> &'static str {
        HELMHOLTZ.name
    }

    fn settings(&self) -> toml::Table {
        settings::write(&self.settings)
    }

    fn input(&self) -> Field {
        Field::new("speed", self.axes(|_| "none".to_string()), &["c"])
    }

    fn target(&self) -> Field {
        let [from, to] = self.settings.opening;
        let words = |axis: usize| {
            let driven = self.sides[axis].iter().any(Side::is_given);
            let words = walls::in_words(self.sides[axis], "u", "du/dn");
            if driven { format!("{words}, from {from} to {to} of the side") } else { words }
        };
        Field::new("wave", self.axes(words), &["u"])
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let HelmholtzSettings { frequency, speed, .. } = self.settings;
        let c = self.field.sample(seed, index).mapv_into(|g| speed + g.tanh());
        if monitor.cancelled() {
            return Err(Error::Cancelled { task: "helmholtz".to_string(), done: 0, total: 1 });
        }
        let cavity = Cavity::new(c.mapv(|c| frequency / c).view(), self.spacing)?;
        let source = ArrayD::zeros(c.raw_dim());
        let u = cavity.solve(source.view(), &self.flux)?;
        let residual = cavity.residual(u.view(), source.view(), &self.flux)?;
        Ok(Sample { input: self.kept(&c), target: self.kept(&u), residual })
    }
}

/// The line of the Helmholtz equation in the list of equations.
pub const HELMHOLTZ: EquationEntry = EquationEntry {
    name: "helmholtz",
    formula: "-Laplacian u - (omega / c)^2 u = 0",
    summary: "rectangle, a given du/dn on a part of some sides, 0 elsewhere; from a random speed c to the wave u",
    method: "compact nine-point scheme, order 4; sparse elimination",
    source: "de Hoop et al., arXiv:2203.13181 (2022): omega = 1000, c = 20 + tanh(g), 101 points a side",
    settings: || {
        vec![
            SettingEntry::new(
                "size",
                "101",
                "vertices along each side that are stored, or a list, at least 9",
            ),
            SettingEntry::new("length", "1.0", LENGTH_HELP),
            SettingEntry::new(
                "boundary",
                "[\"neumann\", [\"neumann\", { neumann = 1.0 }]]",
                "\"neumann\" or { neumann = du/dn }; or a list with, for each axis, one or a pair for its two ends",
            ),
            SettingEntry::new("refine", "2", "solve with this many times finer spacing, 1 to 16"),
            SettingEntry::new("frequency", "1000.0", "angular frequency omega"),
            SettingEntry::new("speed", "20.0", "the speed is this plus tanh(g), above 1"),
            SettingEntry::new(
                "field",
                "{ amplitude = 1.0, inverse_length = 3.0, exponent = 2.0 }",
                FIELD_HELP,
            ),
            SettingEntry::new(
                "opening",
                "[0.35, 0.65]",
                "part of a side with a given du/dn that has it, in lengths of the side",
            ),
        ]
    },
    build: |table| Ok(Box::new(HelmholtzProblem::new(settings::read("helmholtz", table)?)?)),
};
