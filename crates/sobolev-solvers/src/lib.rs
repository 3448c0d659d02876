//! Random fields and numerical solvers of partial differential equations, one module per equation.
//!
//! - [`random_field`], [`GaussianField`]: Gaussian fields of covariance `sigma^2 (-Laplacian + tau^2)^-alpha`.
//! - [`Darcy`]: `-div(a grad u) = f` by multigrid. [`Burgers`]: `u_t + (u^2/2)_x = nu u_xx` by Fourier and ETDRK4.
//! - [`SteadySolver`], [`TimeSolver`]: what a program calls inside its own loop: `step`, `rollout`, `solve`.
//! - [`Problem`], [`EQUATIONS`]: what data sets are generated from; [`difficulty`]: settings by difficulty.
//! - [`etdrk`]: exponential Runge-Kutta schemes.
//!
//! States are `[batch, x1, .., xd, channel]`, trajectories `[batch, time, x1, .., xd, channel]`, in f64.
//!
//! ```
//! use ndarray::Array;
//! use sobolev_solvers::{Burgers, TimeSolver};
//! let n = 128;
//! let u0 = Array::from_shape_fn((1, n, 1), |(_, i, _)| (std::f64::consts::TAU * i as f64 / n as f64).sin()).into_dyn();
//! let frames = Burgers::new(0.01)?.rollout(u0.view(), &[0.25, 0.5], &())?;
//! assert_eq!(frames.shape(), [1, 2, n, 1]);
//! # Ok::<(), sobolev_tensor::Error>(())
//! ```

mod burgers;
mod darcy;
pub mod difficulty;
mod distribution;
pub mod etdrk;
mod problem;
pub mod random_field;
pub mod semilinear;
mod settings;
mod solver;
pub mod spectral;
mod varied;

pub use burgers::{BURGERS, Burgers, BurgersProblem, BurgersSettings, Step};
pub use darcy::{Coefficient, DARCY, Darcy, DarcyProblem, DarcySettings, DarcySolution, DarcyState};
pub use problem::{Axis, EquationEntry, Field, Problem, Sample};
pub use random_field::GaussianField;
pub use solver::{SteadySolver, SteppedSolver, TimeSolver};

/// Every equation that data can be generated for. Command line, Python and documentation read this list.
pub static EQUATIONS: &[EquationEntry] = {
    static ALL: [EquationEntry; 2 + semilinear::ENTRIES.len()] = {
        let mut all = [BURGERS; 2 + semilinear::ENTRIES.len()];
        all[1] = DARCY;
        let mut i = 0;
        while i < semilinear::ENTRIES.len() {
            all[2 + i] = semilinear::ENTRIES[i];
            i += 1;
        }
        all
    };
    &ALL
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn lists_of_settings_are_complete_and_have_the_defaults() {
        for entry in EQUATIONS {
            let defaults = (entry.build)(toml::Table::new()).unwrap().settings();
            let unknown = toml::Table::from_iter([("nonsense".to_string(), toml::Value::Integer(1))]);
            let error = (entry.build)(unknown).unwrap_err().to_string();
            let names = error.split("expected one of ").nth(1).and_then(|rest| rest.split(", got").next());
            let known: BTreeSet<&str> = names.unwrap().split(", ").collect();
            let settings = (entry.settings)();
            let listed: BTreeSet<&str> = settings.iter().map(|setting| setting.name).collect();
            assert_eq!(listed, known, "{}", entry.name);
            for setting in &settings {
                let Ok(stated) = format!("value = {}", setting.default).parse::<toml::Table>() else {
                    continue;
                };
                assert_eq!(Some(&stated["value"]), defaults.get(setting.name), "{}", setting.name);
            }
        }
    }
}
