//! Data sets of waves in a cavity: from the speed of sound to the wave field.

use super::Cavity;
use super::cavity::Flux;
use crate::problem::{Axis, EquationEntry, Field, Problem, Sample};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField, Points};
use crate::settings;
use ndarray::{ArrayD, Axis as ArrayAxis, IxDyn, Slice};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// Memory of the sparse factors for each vertex, measured at 401 x 401.
const BYTES_PER_VERTEX: u128 = 1500;

/// Settings of [`HelmholtzProblem`]; the defaults are the published set-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HelmholtzSettings {
    /// Vertices along each side that are stored.
    pub size: usize,
    /// The equation is solved with this many times finer spacing.
    pub refine: usize,
    /// Angular frequency omega.
    pub frequency: f64,
    /// The speed is `speed + tanh(g)`.
    pub speed: f64,
    /// The Gaussian field g: a name of [`FIELDS`](crate::random_field::FIELDS), or a table of `amplitude`,
    /// `inverse_length` (tau) and `exponent` (alpha).
    pub field: toml::Value,
    /// Where `du/dn = 1` on the upper side of the second axis: from and to along the first axis; zero elsewhere.
    pub opening: [f64; 2],
}

impl Default for HelmholtzSettings {
    fn default() -> Self {
        let field = toml::Table::from_iter([
            ("amplitude".to_string(), toml::Value::Float(1.0)),
            ("inverse_length".to_string(), toml::Value::Float(3.0)),
            ("exponent".to_string(), toml::Value::Float(2.0)),
        ]);
        Self {
            size: 101,
            refine: 2,
            frequency: 1000.0,
            speed: 20.0,
            field: field.into(),
            opening: [0.35, 0.65],
        }
    }
}

/// The map from a speed c to the real wave field u of `-Laplacian u - (omega / c)^2 u = 0` in the unit square, with
/// `du/dn = 1` on a part of the upper side of the second axis and 0 on the rest of the boundary.
///
/// Input `speed` `[size, size, 1]`, target `wave` of the same shape, at vertices, sides included. The residual of a sample is
/// the relative residual of its matrix equation. Set-up of de Hoop, Huang, Qian, Stuart, "The cost-accuracy trade-off in
/// operator learning with neural networks", arXiv:2203.13181 (2022), as it is described by those who use it.
#[derive(Debug)]
pub struct HelmholtzProblem {
    settings: HelmholtzSettings,
    field: FieldSampler,
    flux: Flux,
    points: usize,
}

impl HelmholtzProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: HelmholtzSettings) -> Result<Self> {
        let HelmholtzSettings { size, refine, frequency, speed, opening, .. } = settings;
        if size < 9 {
            return Err(Error::value("size", "at least 9 vertices", size));
        }
        if !(1..=16).contains(&refine) {
            return Err(Error::value("refine", "1 to 16", refine));
        }
        let points = (size - 1).saturating_mul(refine).saturating_add(1);
        settings::memory("size", &[points; 2], BYTES_PER_VERTEX)?;
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
        let finest = frequency / (speed - 1.0) / (points - 1) as f64;
        if finest > 1.0 {
            let needed = (finest * refine as f64).ceil();
            return Err(Error::value(
                "refine",
                format!("at least {needed} for six points a wave length"),
                refine,
            ));
        }
        let field = GaussianField::from_setting(&settings.field, Boundary::Neumann, &[1.0, 1.0])?
            .with_points(Points::Vertices)
            .sampler(&[points, points])?;
        let mut flux = Flux::zero(&[points, points]);
        flux.upper[1] = ArrayD::from_shape_fn(IxDyn(&[points]), |i| {
            let x = i[0] as f64 / (points - 1) as f64;
            f64::from((from..=to).contains(&x))
        });
        Ok(Self { settings, field, flux, points })
    }

    fn kept(&self, values: &ArrayD<f64>) -> ArrayD<f64> {
        let step = Slice::new(0, None, self.settings.refine as isize);
        let mut kept = values.view();
        kept.slice_axis_inplace(ArrayAxis(0), step);
        kept.slice_axis_inplace(ArrayAxis(1), step);
        kept.insert_axis(ArrayAxis(2)).as_standard_layout().into_owned()
    }

    fn axes(&self, sides: [&str; 2]) -> Vec<Axis> {
        let size = self.settings.size;
        let axis = |number: usize| Axis {
            name: format!("x{}", number + 1),
            points: (0..size).map(|i| i as f64 / (size - 1) as f64).collect(),
            boundary: sides[number].to_string(),
            units: "1".to_string(),
        };
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
        Field {
            name: "speed".to_string(),
            axes: self.axes(["none"; 2]),
            channels: vec!["c".to_string()],
            units: "1".to_string(),
        }
    }

    fn target(&self) -> Field {
        let [from, to] = self.settings.opening;
        let upper = format!("du/dn = 0 below; above 1 for x1 in [{from}, {to}], else 0");
        Field {
            name: "wave".to_string(),
            axes: self.axes(["du/dn = 0", &upper]),
            channels: vec!["u".to_string()],
            units: "1".to_string(),
        }
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let HelmholtzSettings { frequency, speed, .. } = self.settings;
        let c = self.field.sample(seed, index).mapv_into(|g| speed + g.tanh());
        if monitor.cancelled() {
            return Err(Error::Cancelled { task: "helmholtz".to_string(), done: 0, total: 1 });
        }
        let cavity = Cavity::new(c.mapv(|c| frequency / c).view(), 1.0 / (self.points - 1) as f64)?;
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
    summary: "unit square, du/dn = 1 on a part of the upper side, 0 elsewhere; from a random speed c to the wave u",
    method: "compact nine-point scheme, order 4; sparse elimination",
    source: "de Hoop et al., arXiv:2203.13181 (2022): omega = 1000, c = 20 + tanh(g), 101 points a side",
    settings: || {
        vec![
            SettingEntry::new("size", "101", "vertices along each side that are stored, at least 9"),
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
                "where du/dn = 1 on the upper side of the second axis",
            ),
        ]
    },
    build: |table| Ok(Box::new(HelmholtzProblem::new(settings::read("helmholtz", table)?)?)),
};
