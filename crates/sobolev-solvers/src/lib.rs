//! Random fields and numerical solvers of partial differential equations, one module per equation.
//!
//! - [`random_field`], [`GaussianField`]: Gaussian fields of covariance `sigma^2 (-Laplacian + tau^2)^-alpha`.
//! - [`Darcy`]: `-div(a grad u) = f` by multigrid. [`Burgers`]: `u_t + (u^2/2)_x = nu u_xx` by Fourier and ETDRK4.
//! - [`Poisson`], [`IncompressibleFlow`], [`Wave`], [`Eikonal`], [`DiffusionReaction`], [`DiffusionSorption`]: boxes with [`walls`].
//! - [`SteadySolver`], [`TimeSolver`]: what a program calls inside its own loop: `step`, `rollout`, `solve`.
//! - [`Problem`], [`EQUATIONS`]: what data sets are generated from; [`difficulty`]: settings by difficulty.
//! - [`etdrk`]: exponential Runge-Kutta steps, of equal length or by a tolerance ([`Step`]).
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

mod box_grid;
mod burgers;
mod darcy;
pub mod difficulty;
mod distribution;
mod eikonal;
pub mod etdrk;
mod explicit_step;
mod flow;
pub mod heat;
pub mod helmholtz;
mod poisson;
mod problem;
pub mod random_field;
mod reaction;
pub mod semilinear;
mod settings;
mod solver;
mod sorption;
pub mod spectral;
mod varied;
pub mod walls;
mod wave;

pub use burgers::{BURGERS, Burgers, BurgersProblem, BurgersSettings};
pub use darcy::{Coefficient, DARCY, Darcy, DarcyProblem, DarcySettings, DarcySolution, DarcyState};
pub use eikonal::{EIKONAL, Eikonal, EikonalProblem, EikonalSettings, EikonalState, RandomSpeed};
pub use etdrk::Step;
pub use explicit_step::ExplicitStep;
pub use flow::{
    Body, FlowProblem, FlowSettings, FlowSide, INCOMPRESSIBLE_FLOW, IncompressibleFlow, Profile, centred,
};
pub use poisson::{POISSON, Poisson, PoissonProblem, PoissonSettings, PoissonState};
pub use problem::{Axis, Drift, EquationEntry, Field, Problem, Sample};
pub use random_field::GaussianField;
pub use reaction::{
    DIFFUSION_REACTION, DiffusionReaction, DiffusionReactionProblem, DiffusionReactionSettings,
};
pub use solver::{SteadySolver, SteppedSolver, TimeSolver};
pub use sorption::{
    DIFFUSION_SORPTION, DiffusionSorption, DiffusionSorptionProblem, DiffusionSorptionSettings, Medium,
};
pub use wave::{SpectralWave, WAVE, Wave, WaveEnd, WaveMethod, WaveProblem, WaveSettings};

/// The equations that stand alone; the semi-linear ones are listed in their module.
const SINGLE: [EquationEntry; 10] = [
    BURGERS,
    DARCY,
    POISSON,
    heat::HEAT,
    helmholtz::HELMHOLTZ,
    INCOMPRESSIBLE_FLOW,
    WAVE,
    EIKONAL,
    DIFFUSION_REACTION,
    DIFFUSION_SORPTION,
];

/// Every equation that data can be generated for. Command line, Python and documentation read this list.
pub static EQUATIONS: &[EquationEntry] = {
    static ALL: [EquationEntry; SINGLE.len() + semilinear::ENTRIES.len()] = {
        let mut all = [BURGERS; SINGLE.len() + semilinear::ENTRIES.len()];
        let mut i = 0;
        while i < all.len() {
            all[i] = if i < SINGLE.len() { SINGLE[i] } else { semilinear::ENTRIES[i - SINGLE.len()] };
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
