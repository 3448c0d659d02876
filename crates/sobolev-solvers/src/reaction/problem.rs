//! Data sets of diffusion and reaction between walls: from random activator and inhibitor to both later.

use super::DiffusionReaction;
use crate::box_grid::{BoxGrid, LENGTH_HELP, SIZE_HELP};
use crate::problem::{Axis, EquationEntry, Field, Problem, Sample, trajectory};
use crate::random_field::{Boundary, FieldSampler, GaussianField};
use crate::settings;
use crate::solver::TimeSolver;
use ndarray::{ArrayD, ArrayViewMutD, Axis as ArrayAxis, IxDyn};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{CancellationOnly, Monitor, Random, Result, SettingEntry};

/// Settings of [`DiffusionReactionProblem`]; the defaults are PDEBench's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiffusionReactionSettings {
    /// Cells along all axes, or a list with one number for each.
    pub size: toml::Value,
    /// 1 to 3.
    pub dimension: usize,
    /// Side length of the box, or a list.
    pub length: toml::Value,
    /// Coefficient of the Laplacian of u.
    pub diffusivity_u: f64,
    /// Coefficient of the Laplacian of v.
    pub diffusivity_v: f64,
    /// The constant.
    pub threshold: f64,
    /// "noise": independent standard normal values in every cell; or a Gaussian field of zero slope on the boundary.
    pub field: toml::Value,
    /// Time of the target.
    pub time: f64,
    /// Gives the target a leading time axis of this many equal intervals, each at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<usize>,
    /// Time that passes before the input.
    pub warm_up: f64,
    /// Estimated relative error of a time step.
    pub tolerance: f64,
}

impl Default for DiffusionReactionSettings {
    fn default() -> Self {
        Self {
            size: 128.into(),
            dimension: 2,
            length: 2.0.into(),
            diffusivity_u: 1e-3,
            diffusivity_v: 5e-3,
            threshold: 5e-3,
            field: "noise".into(),
            time: 5.0,
            frames: None,
            warm_up: 0.0,
            tolerance: 1e-6,
        }
    }
}

/// The map from random u and v to both at a later time, or to a trajectory.
///
/// Input `initial` `[n.., 2]`; target `solution` of the same shape, or `[frames, n.., 2]`. The residual of a sample is the sum of
/// the estimated relative errors of its time steps.
#[derive(Debug)]
pub struct DiffusionReactionProblem {
    settings: DiffusionReactionSettings,
    grid: BoxGrid,
    solver: DiffusionReaction,
    /// Of u and of v; none for noise.
    fields: Option<[FieldSampler; 2]>,
}

impl DiffusionReactionProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`](sobolev_tensor::Error::Value) that names the setting that is out of range.
    pub fn new(settings: DiffusionReactionSettings) -> Result<Self> {
        let grid = BoxGrid::read(&settings.size, &settings.length, settings.dimension, 1..=3, 2, 600)?;
        settings::times(settings.time, settings.frames, settings.warm_up, 2 * grid.count() as u128)?;
        for (name, value) in
            [("diffusivity_u", settings.diffusivity_u), ("diffusivity_v", settings.diffusivity_v)]
        {
            super::check_diffusivity(name, value)?;
        }
        let diffusivities = [settings.diffusivity_u, settings.diffusivity_v];
        let solver = DiffusionReaction::new(&grid.lengths, diffusivities, settings.threshold)?
            .with_tolerance(settings.tolerance)?;
        let fields = match settings.field.as_str() {
            Some("noise") => None,
            _ => {
                let field = GaussianField::from_setting(&settings.field, Boundary::Neumann, &grid.lengths)?;
                let inhibitor = field.clone().with_purpose("inhibitor");
                Some([field.sampler(&grid.cells)?, inhibitor.sampler(&grid.cells)?])
            }
        };
        Ok(Self { settings, grid, solver, fields })
    }

    /// u and v at the start, `[1, n.., 2]`.
    fn initial(&self, seed: u64, index: u64) -> ArrayD<f64> {
        let d = self.grid.dimensions();
        let shape = [&self.grid.cells[..], &[2]].concat();
        let state = match &self.fields {
            None => {
                let random = Random::new(seed, "diffusion-reaction noise");
                let values =
                    (0..self.grid.count() as u64).flat_map(|cell| random.normals(index, cell)).collect();
                ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap_or_default()
            }
            Some(fields) => {
                let [u, v] = fields.each_ref().map(|field| field.sample(seed, index));
                ndarray::stack(ArrayAxis(d), &[u.view(), v.view()]).unwrap_or_default()
            }
        };
        state.as_standard_layout().into_owned().insert_axis(ArrayAxis(0))
    }

    fn field(&self, name: &str, time: Option<Axis>) -> Field {
        let space = self.grid.axes(|_| "du/dn = dv/dn = 0".to_string());
        Field::new(name, time.into_iter().chain(space), &["u", "v"])
    }
}

impl Problem for DiffusionReactionProblem {
    fn equation(&self) -> &'static str {
        DIFFUSION_REACTION.name
    }

    fn settings(&self) -> toml::Table {
        settings::write(&self.settings)
    }

    fn input(&self) -> Field {
        self.field("initial", None)
    }

    fn target(&self) -> Field {
        let time = self.settings.frames.map(|frames| Axis::frames(self.settings.time, frames));
        self.field("solution", time)
    }

    fn time_solver(&self) -> Option<&dyn TimeSolver> {
        Some(&self.solver)
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let monitor = CancellationOnly(monitor);
        let mut state = self.initial(seed, index);
        self.solver.advance(state.view_mut(), self.settings.warm_up, &monitor)?;
        let advance =
            |state: ArrayViewMutD<'_, f64>, interval| self.solver.integrate(state, interval, &monitor);
        trajectory(advance, &mut state, self.settings.time, self.settings.frames)
    }
}

/// The line of diffusion and reaction between walls in the list of equations.
pub const DIFFUSION_REACTION: EquationEntry = EquationEntry {
    name: "diffusion-reaction",
    formula: "u_t = diffusivity_u Laplacian u + u - u^3 - threshold - v, v_t = diffusivity_v Laplacian v + u - v",
    summary: "box in 1 to 3 dimensions without flux through the sides; from a random activator and inhibitor to both later",
    method: "second differences of cell averages, order 2; Dormand and Prince's Runge-Kutta pair of order 5(4) with error control",
    source: "PDEBench, arXiv:2210.07182 (2022): side 2, 128 cells, time 5, normal noise in every cell",
    settings: || {
        vec![
            SettingEntry::new("size", "128", SIZE_HELP),
            SettingEntry::new("dimension", "2", "1 to 3"),
            SettingEntry::new("length", "2.0", LENGTH_HELP),
            SettingEntry::new("diffusivity_u", "1e-3", "coefficient of the Laplacian of u"),
            SettingEntry::new("diffusivity_v", "5e-3", "coefficient of the Laplacian of v"),
            SettingEntry::new("threshold", "5e-3", "the constant"),
            SettingEntry::new(
                "field",
                "\"noise\"",
                "\"noise\": independent normal values; or a Gaussian field: a name, or { amplitude, inverse_length, exponent }",
            ),
            SettingEntry::new("time", "5.0", "time of the target"),
            SettingEntry::new("frames", "none", "gives the target a time axis of this many equal intervals"),
            SettingEntry::new("warm_up", "0.0", "time that passes before the input"),
            SettingEntry::new("tolerance", "1e-6", "estimated relative error of a time step, 1e-13 to 0.1"),
        ]
    },
    build: |table| Ok(Box::new(DiffusionReactionProblem::new(settings::read("diffusion-reaction", table)?)?)),
};
