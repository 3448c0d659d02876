//! Data sets of Burgers' equation: from a random initial state to the state later.

use super::Burgers;
use crate::etdrk::Step;
use crate::problem::{Axis, Drift, EquationEntry, Field, Problem, Sample};
use crate::random_field::{Boundary, FIELD_HELP, FieldSampler, GaussianField};
use crate::settings;
use ndarray::{ArrayD, Axis as ArrayAxis, IxDyn};
use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Monitor, Result, SettingEntry};

/// Points at which the published data were solved; the default solves on as many or a few more.
const PUBLISHED_SOLVE_SIZE: usize = 8192;

/// Error that is asked for where neither tolerance nor step is given.
const TOLERANCE: f64 = 1e-7;

/// Settings of [`BurgersProblem`]; the defaults are the published set-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BurgersSettings {
    /// Points of the input and the target.
    pub size: usize,
    /// Points on which the field is drawn and the equation is solved, a multiple of `size`; each `solve_size / size`-th
    /// is kept. By default the first multiple from 8192 on, so that sizes that are powers of two show the same samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solve_size: Option<usize>,
    /// nu.
    pub viscosity: f64,
    /// Length of the periodic interval.
    pub length: f64,
    /// Time of the target.
    pub time: f64,
    /// Gives the target a leading time axis of this many equal intervals, each at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<usize>,
    /// The initial state: a name of [`FIELDS`](crate::random_field::FIELDS), or a table of `amplitude`, `inverse_length`
    /// and `exponent`.
    pub field: toml::Value,
    /// Keeps only the waves of the initial state up to this wavenumber.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modes: Option<usize>,
    /// Estimated relative error of the target, see [`Step::Tolerance`]; 1e-7 by default, and none with `step`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// Fixed time step, see [`Step::Fixed`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
}

impl Default for BurgersSettings {
    fn default() -> Self {
        Self {
            size: 1024,
            solve_size: None,
            viscosity: 0.1,
            length: 1.0,
            time: 1.0,
            frames: None,
            field: toml::Value::String("burgers".to_string()),
            modes: None,
            tolerance: None,
            step: None,
        }
    }
}

/// The map from `u(., 0)`, a Gaussian field, to `u(., time)` or to a trajectory.
///
/// Input `initial` `[size, 1]`; target `solution` `[size, 1]`, or `[frames, size, 1]`. The residual of a sample is the
/// upper estimate of its relative error, summed over its time steps.
///
/// The default is the set-up of Li et al., arXiv:2010.08895 (2020): u0 of covariance `625 (-d_xx + 25)^-2` and mean zero,
/// nu = 0.1, t = 1, 8192 points of which every eighth is kept. Its targets are within 1e-8 of those on twice the points with
/// a thousandth of the tolerance, relative in the root mean square; a sample takes about 10 ms on one core, because all 4096
/// waves are carried only until viscosity has removed them.
#[derive(Debug)]
pub struct BurgersProblem {
    settings: BurgersSettings,
    solve_size: usize,
    solver: Burgers,
    field: FieldSampler,
}

impl BurgersProblem {
    /// The problem of `settings`.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting that is out of range.
    pub fn new(settings: BurgersSettings) -> Result<Self> {
        let BurgersSettings { size, frames, time, length, .. } = settings;
        if size < 2 {
            return Err(Error::value("size", "at least 2 points", size));
        }
        let solve_size = settings.solve_size.unwrap_or_else(|| size * PUBLISHED_SOLVE_SIZE.div_ceil(size));
        if solve_size < super::FEWEST_POINTS || !solve_size.is_multiple_of(size) {
            let expected = format!("a multiple of size = {size}, at least {}", super::FEWEST_POINTS);
            return Err(Error::value("solve_size", expected, solve_size));
        }
        settings::times(time, frames, 0.0, size as u128)?;
        let step = match settings.step {
            Some(step) => {
                settings::unused("tolerance", settings.tolerance, "with a fixed step")?;
                Step::Fixed(step)
            }
            None => Step::Tolerance(settings.tolerance.unwrap_or(TOLERANCE)),
        };
        let solver = Burgers::new(settings.viscosity)?.with_length(length)?.with_step(step)?;
        let mut field = GaussianField::from_setting(&settings.field, Boundary::Periodic, &[length])?;
        if let Some(modes) = settings.modes {
            field = field.with_modes_up_to(modes);
        }
        let field = field.sampler(&[solve_size])?;
        Ok(Self { settings, solve_size, solver, field })
    }

    /// The published set-up: the default settings.
    ///
    /// # Errors
    /// None.
    pub fn published() -> Result<Self> {
        Self::new(BurgersSettings::default())
    }

    /// Every `solve_size / size`-th value.
    fn kept(&self, state: &ArrayD<f64>) -> Vec<f64> {
        state.iter().step_by(self.solve_size / self.settings.size).copied().collect()
    }

    fn space(&self) -> Axis {
        Axis::periodic(0, self.settings.size, self.settings.length)
    }
}

impl Problem for BurgersProblem {
    fn equation(&self) -> &'static str {
        BURGERS.name
    }

    fn settings(&self) -> toml::Table {
        let given = &self.settings;
        let tolerance = given.step.is_none().then_some(given.tolerance.unwrap_or(TOLERANCE));
        settings::write(&BurgersSettings { solve_size: Some(self.solve_size), tolerance, ..given.clone() })
    }

    fn input(&self) -> Field {
        field("initial", vec![self.space()])
    }

    fn target(&self) -> Field {
        let time = self.settings.frames.map(|frames| Axis::frames(self.settings.time, frames));
        field("solution", time.into_iter().chain([self.space()]).collect())
    }

    fn sample(&self, seed: u64, index: u64, monitor: &dyn Monitor) -> Result<Sample> {
        let mut state = self.field.sample(seed, index).insert_axis(ArrayAxis(0)).insert_axis(ArrayAxis(2));
        let (mut target, mut residual) = (Vec::new(), 0.0);
        let array = |field: Field, values: Vec<f64>| {
            let shape = field.shape();
            ArrayD::from_shape_vec(IxDyn(&shape), values)
                .map_err(|_| Error::shape(field.name, "the values of one sample", &shape))
        };
        let input = array(self.input(), self.kept(&state))?;
        // Equal intervals, so that all share their step tables.
        let frames = self.settings.frames.unwrap_or(1);
        let interval = self.settings.time / frames as f64;
        for _ in 0..frames {
            residual += self.solver.integrate(state.view_mut(), interval, monitor)?.error;
            target.extend(self.kept(&state));
        }
        Ok(Sample { input, target: array(self.target(), target)?, residual })
    }

    fn invariants(&self, _: u64, _: u64, sample: &Sample) -> Result<Vec<Drift>> {
        sample.check(self)?;
        let mut states = vec![sample.input.view()];
        states.extend(sample.target_states(self.settings.frames));
        Ok(Drift::of_means(&states, self.solve_size == self.settings.size).into_iter().collect())
    }
}

fn field(name: &str, axes: Vec<Axis>) -> Field {
    Field { name: name.to_string(), axes, channels: vec!["u".to_string()], units: "1".to_string() }
}

/// The line of Burgers' equation in the list of equations.
pub const BURGERS: EquationEntry = EquationEntry {
    name: "burgers",
    formula: "u_t + (u^2/2)_x = nu u_xx",
    summary: "periodic interval, viscosity nu; from a random initial state to the state at a later time, or a trajectory",
    method: "Fourier pseudo-spectral by the 2/3 rule, ETDRK4 with error control: spectral in space, order 4 in time",
    source: "Li et al., Fourier neural operator, arXiv:2010.08895 (2020): nu = 0.1, t = 1, 1024 of 8192 points",
    settings: || {
        vec![
            SettingEntry::new("size", "1024", "points that are kept, at least 2"),
            SettingEntry::new(
                "solve_size",
                "the first multiple of size from 8192 on",
                "points on which the equation is solved",
            ),
            SettingEntry::new("viscosity", "0.1", "nu, positive"),
            SettingEntry::new("length", "1.0", "length of the periodic interval"),
            SettingEntry::new("time", "1.0", "time of the target"),
            SettingEntry::new("frames", "none", "gives the target a time axis of this many equal intervals"),
            SettingEntry::new("field", "\"burgers\"", FIELD_HELP),
            SettingEntry::new(
                "modes",
                "all",
                "keep only the waves of the initial state up to this wavenumber",
            ),
            SettingEntry::new("tolerance", "1e-7", "estimated relative error of the target; not with step"),
            SettingEntry::new("step", "none", "a fixed time step in place of error control"),
        ]
    },
    build: |table| Ok(Box::new(BurgersProblem::new(settings::read("burgers", table)?)?)),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solver::TimeSolver;
    use ndarray::s;
    use sobolev_testing::relative_error;

    fn small() -> BurgersSettings {
        BurgersSettings { size: 64, solve_size: Some(256), ..BurgersSettings::default() }
    }

    fn values(array: &ArrayD<f64>) -> Vec<f64> {
        array.iter().copied().collect()
    }

    #[test]
    fn published_targets_are_within_1e_8_of_a_finer_solve() {
        let problem = BurgersProblem::published().unwrap();
        assert_eq!((problem.input().shape(), problem.target().shape()), (vec![1024, 1], vec![1024, 1]));
        let field = GaussianField::from_setting(&"burgers".into(), Boundary::Periodic, &[1.0]).unwrap();
        let finer = field.with_modes_up_to(4095).sampler(&[16384]).unwrap();
        let solver = Burgers::new(0.1).unwrap().with_step(Step::Tolerance(1e-10)).unwrap();
        for index in 0..3 {
            let sample = problem.sample(2020, index, &()).unwrap();
            let initial = finer.sample(2020, index);
            assert!(
                relative_error(
                    &values(&sample.input),
                    &values(&initial.slice(s![..;16]).to_owned().into_dyn())
                ) < 1e-13
            );
            let state = initial.insert_axis(ArrayAxis(0)).insert_axis(ArrayAxis(2));
            let exact = solver.solve(state.view(), 1.0).unwrap();
            let exact: Vec<f64> = exact.iter().step_by(16).copied().collect();
            let error = relative_error(&values(&sample.target), &exact);
            assert!(
                error < 1e-8 && error < sample.residual && sample.residual < 1e-6,
                "{error:.1e} {}",
                sample.residual
            );
        }
    }

    #[test]
    fn sizes_show_the_same_samples() {
        let fine = BurgersProblem::published().unwrap().sample(1, 5, &()).unwrap();
        let settings = BurgersSettings { size: 256, ..BurgersSettings::default() };
        let coarse = BurgersProblem::new(settings).unwrap().sample(1, 5, &()).unwrap();
        assert_eq!(coarse.input, fine.input.slice(s![..;4, ..]).into_dyn());
        assert_eq!(coarse.target, fine.target.slice(s![..;4, ..]).into_dyn());
    }

    #[test]
    fn frames_make_a_trajectory_that_ends_at_the_single_target() {
        let single = BurgersProblem::new(small()).unwrap().sample(1, 0, &()).unwrap();
        let problem = BurgersProblem::new(BurgersSettings { frames: Some(4), ..small() }).unwrap();
        let target = problem.target();
        assert_eq!(target.shape(), [4, 64, 1]);
        assert_eq!(
            (target.axes[0].name.as_str(), target.axes[0].points.to_vec()),
            ("time", vec![0.25, 0.5, 0.75, 1.0])
        );
        let trajectory = problem.sample(1, 0, &()).unwrap();
        assert_eq!(trajectory.target.shape(), [4, 64, 1]);
        assert_eq!(trajectory.input, single.input);
        let last = trajectory.target.index_axis(ArrayAxis(0), 3).to_owned();
        assert!(relative_error(&values(&last), &values(&single.target)) < 1e-7);
    }

    #[test]
    fn settings_make_the_same_problem_again() {
        let table: toml::Table =
            "size = 32\nviscosity = 1\nfield = { amplitude = 7.0, inverse_length = 3.0, exponent = 2.0 }\nmodes = 8\nstep = 0.01"
                .parse()
                .unwrap();
        let problem = (BURGERS.build)(table).unwrap();
        let settings = problem.settings();
        assert_eq!(settings["solve_size"].as_integer(), Some(8192));
        let again = (BURGERS.build)(settings).unwrap();
        assert_eq!(problem.sample(3, 4, &()).unwrap(), again.sample(3, 4, &()).unwrap());
        assert_eq!(problem.equation(), BURGERS.name);
        let default = (BURGERS.build)(toml::Table::new()).unwrap();
        assert_eq!(default.settings(), BurgersProblem::published().unwrap().settings());
    }

    #[test]
    fn settings_out_of_range_are_named() {
        for (text, words) in [
            ("sizes = 64", "burgers setting: expected one of size"),
            ("viscosity = \"large\"", "viscosity"),
            ("viscosity = -0.1", "viscosity: expected a positive"),
            ("size = 1", "size: expected at least 2"),
            ("size = 64\nsolve_size = 100", "solve_size: expected a multiple of size = 64"),
            ("frames = 0", "frames"),
            ("frames = 1000000000000", "frames: expected what fits into memory"),
            ("step = 0.1\ntolerance = 1e-8", "tolerance: expected nothing with a fixed step"),
            ("time = 0.0", "time: expected a positive"),
            ("length = 0.0", "length: expected a positive"),
            ("tolerance = 1.0", "tolerance"),
            ("step = -1.0", "step"),
            ("field = \"darcy\"", "field: expected a Periodic field in 1 dimensions, got \"darcy\""),
            ("field = \"burger\"", "field: expected one of burgers"),
            ("field = 3", "field: expected the name"),
            ("field = { amplitude = 1.0 }", "missing field `inverse_length`"),
            ("modes = 5000", "grid"),
        ] {
            let error = (BURGERS.build)(text.parse().unwrap()).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
