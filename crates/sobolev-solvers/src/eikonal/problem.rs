//! Data sets of the eikonal equation: from a random speed to arrival times.

use super::Eikonal;
use crate::box_grid::{BoxGrid, LENGTH_HELP, SIZE_HELP};
use crate::problem::{EquationEntry, Field, Problem, Sample};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField, covariance_setting};
use crate::settings;
use crate::solver::SteadySolver;
use ndarray::Axis as ArrayAxis;
use serde::{Deserialize, Serialize};
use sobolev_tensor::{CancellationOnly, Error, Monitor, Result, SettingEntry};

/// The values of a piecewise speed where none are given.
const LOW: f64 = 1.0;
const HIGH: f64 = 2.0;

/// How a speed is made of a Gaussian field g.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RandomSpeed {
    /// `exp(g)`.
    #[default]
    Lognormal,
    /// `high` where g >= 0, `low` elsewhere.
    Piecewise,
}

/// Settings of [`EikonalProblem`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EikonalSettings {
    /// Cells along all axes, or a list with one number for each.
    pub size: toml::Value,
    /// 1 to 3.
    pub dimension: usize,
    /// Side length of the box, or a list.
    pub length: toml::Value,
    /// Points from which the front starts; the centre of the box by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<Vec<f64>>>,
    /// How the speed is made of the field.
    pub coefficient: RandomSpeed,
    /// Smaller value of a piecewise speed; 1 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Larger value of a piecewise speed; 2 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The Gaussian field, of zero slope on the boundary.
    pub field: toml::Value,
}

impl Default for EikonalSettings {
    fn default() -> Self {
        Self {
            size: 64.into(),
            dimension: 2,
            length: 1.0.into(),
            sources: None,
            coefficient: RandomSpeed::Lognormal,
            low: None,
            high: None,
            field: covariance_setting(25.0, 6.0, 2.0),
        }
    }
}

/// The map from a random speed c to the arrival times T of `|grad T| = 1 / c`.
///
/// Input `speed` and target `time` `[n.., 1]` at the cell centres of a box.
#[derive(Debug)]
pub struct EikonalProblem {
    settings: EikonalSettings,
    grid: BoxGrid,
    values: [f64; 2],
    solver: Eikonal,
    field: FieldSampler,
}

impl EikonalProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: EikonalSettings) -> Result<Self> {
        let grid = BoxGrid::read(&settings.size, &settings.length, settings.dimension, 1..=3, 2, 100)?;
        let BoxGrid { cells, lengths } = &grid;
        if settings.coefficient == RandomSpeed::Lognormal {
            settings::unused("low", settings.low, "with a lognormal speed")?;
            settings::unused("high", settings.high, "with a lognormal speed")?;
        }
        let values = [settings.low.unwrap_or(LOW), settings.high.unwrap_or(HIGH)];
        for (name, value) in [("low", values[0]), ("high", values[1])] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::value(name, "a positive finite number", value));
            }
        }
        if values[0] > values[1] {
            return Err(match settings.low {
                Some(low) => Error::value("low", format!("at most high = {}", values[1]), low),
                None => Error::value("high", format!("at least low = {}", values[0]), values[1]),
            });
        }
        let centre = || vec![lengths.iter().map(|length| 0.5 * length).collect()];
        let sources = settings.sources.clone().unwrap_or_else(centre);
        let points: Vec<&[f64]> = sources.iter().map(Vec::as_slice).collect();
        super::check_points("sources", &points, lengths)?;
        let solver = Eikonal::from_points(lengths, &points)?;
        let field =
            GaussianField::from_setting(&settings.field, Boundary::Neumann, lengths)?.sampler(cells)?;
        Ok(Self { settings, grid, values, solver, field })
    }

    fn field(&self, name: &str, channel: &str) -> Field {
        Field::new(name, self.grid.axes(|_| "none".to_string()), &[channel])
    }
}

impl Problem for EikonalProblem {
    fn equation(&self) -> &'static str {
        EIKONAL.name
    }

    fn settings(&self) -> toml::Table {
        let given = &self.settings;
        let values = |value| (given.coefficient == RandomSpeed::Piecewise).then_some(value);
        let (low, high) = (values(self.values[0]), values(self.values[1]));
        settings::write(&EikonalSettings { low, high, ..given.clone() })
    }

    fn input(&self) -> Field {
        self.field("speed", "c")
    }

    fn target(&self) -> Field {
        self.field("time", "T")
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let d = self.grid.dimensions();
        let [low, high] = self.values;
        let field = self.field.sample(seed, index);
        let speed = match self.settings.coefficient {
            RandomSpeed::Piecewise => field.mapv_into(|g| if g >= 0.0 { high } else { low }),
            RandomSpeed::Lognormal => field.mapv_into(f64::exp),
        };
        let speed = speed.insert_axis(ArrayAxis(0)).insert_axis(ArrayAxis(d + 1));
        let mut state = self.solver.start(speed.view())?;
        let residuals = self.solver.rollout(&mut state, &CancellationOnly(monitor))?;
        let first = ArrayAxis(0);
        Ok(Sample {
            input: speed.index_axis_move(first, 0),
            target: self.solver.solution(&state).index_axis_move(first, 0),
            residual: residuals[residuals.len() - 1],
        })
    }
}

/// The line of the eikonal equation in the list of equations.
pub const EIKONAL: EquationEntry = EquationEntry {
    name: "eikonal",
    formula: "|grad T| = 1 / c",
    summary: "box in 1 to 3 dimensions; from a random speed c to the times T at which a front from points arrives",
    method: "factored upwind differences and fast sweeping, order 1",
    source: "Zhao, Math. Comput. 74 (2005); Fomel, Luo and Zhao, J. Comput. Phys. 228 (2009)",
    settings: || {
        vec![
            SettingEntry::new("size", "64", SIZE_HELP),
            SettingEntry::new("dimension", "2", "1 to 3"),
            SettingEntry::new("length", "1.0", LENGTH_HELP),
            SettingEntry::new("sources", "the centre", "list of points from which the front starts"),
            SettingEntry::new(
                "coefficient",
                "\"lognormal\"",
                "\"lognormal\": the exponential of the field; \"piecewise\": high where it is >= 0, low elsewhere",
            ),
            SettingEntry::new("low", "1.0 with a piecewise speed", "smaller value of a piecewise speed"),
            SettingEntry::new("high", "2.0 with a piecewise speed", "larger value of a piecewise speed"),
            SettingEntry::new(
                "field",
                "{ amplitude = 25.0, inverse_length = 6.0, exponent = 2.0 }",
                FIELD_HELP,
            ),
        ]
    },
    build: |table| Ok(Box::new(EikonalProblem::new(settings::read("eikonal", table)?)?)),
};
