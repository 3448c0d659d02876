//! Settings by difficulty: the numbers that decide how hard a step of an equation is, in place of its coefficients.
//!
//! For `u_t = sum_j a_j d^j u + b_0 u^2 + b_1 (u^2)_x / 2 + b_2 (u_x)^2 / 2` on N points along each of D sides of length L, with
//! frames an interval dt apart, Koehler, Niedermayr, Westermann and Thuerey (APEBench, arXiv:2411.00180) define
//!
//! ```text
//! alpha_j = a_j dt / L^j                gamma_0 = alpha_0,  gamma_j = alpha_j N^j 2^(j-1) D
//! beta_k  = b_k dt / L^k                delta_0 = beta_0,   delta_1 = beta_1 M N D,   delta_2 = beta_2 M N^2 D
//! ```
//!
//! with M the largest |u|, 1 by default. `|gamma_1|` is the number of cells that a wave passes in an interval. States of equal
//! difficulties evolve alike, whatever L and dt are; [`settings`] chooses the coefficients for the L that is given.
//!
//! | equation | difficulties | what is chosen |
//! |---|---|---|
//! | advection, diffusion, advection-diffusion, dispersion, hyper-diffusion | gamma1 to gamma4 | coefficients, time |
//! | burgers, burgers-vector | delta1, gamma2 | viscosity, time (the nonlinear coefficient is 1) |
//! | korteweg-de-vries | delta1, gamma2, gamma3, gamma4 | speed, viscosity, dispersion, hyperviscosity, time |
//! | fisher-kpp | gamma0 (= -delta0), gamma2 | growth, diffusivity, time |
//! | kuramoto-sivashinsky | gamma2, gamma4, and delta1 or delta2 by its form | length, time (all coefficients are 1) |
//!
//! A difficulty delta of Kuramoto-Sivashinsky only scales the states, which here are those of coefficient 1. A negative delta1
//! is the usual transport by u itself; the sign of u may be turned with that of delta.

use crate::EQUATIONS;
use crate::settings as tables;
use serde::Deserialize;
use sobolev_tensor::{Error, Result};
use toml::{Table, Value};

/// The equations that have difficulties, and those of each.
const KNOWN: [(&str, &[&str]); 9] = [
    ("advection", &["gamma1"]),
    ("diffusion", &["gamma2"]),
    ("advection-diffusion", &["gamma1", "gamma2"]),
    ("dispersion", &["gamma3"]),
    ("hyper-diffusion", &["gamma4"]),
    ("burgers", &["delta1", "gamma2"]),
    ("burgers-vector", &["delta1", "gamma2"]),
    ("korteweg-de-vries", &["delta1", "gamma2", "gamma3", "gamma4"]),
    ("fisher-kpp", &["gamma0", "gamma2"]),
];

/// Kuramoto-Sivashinsky by its form.
const CONSERVATIVE: [&str; 3] = ["delta1", "gamma2", "gamma4"];
const COMBUSTION: [&str; 3] = ["delta2", "gamma2", "gamma4"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difficulty {
    gamma0: Option<f64>,
    gamma1: Option<f64>,
    gamma2: Option<f64>,
    gamma3: Option<f64>,
    gamma4: Option<f64>,
    delta1: Option<f64>,
    delta2: Option<f64>,
    /// M.
    #[serde(default = "one")]
    largest: f64,
    /// dt, where the difficulties leave it open.
    interval: Option<f64>,
    /// Intervals that pass before the input.
    warm_up: Option<u32>,
    /// Time steps in an interval.
    substeps: Option<u32>,
}

fn one() -> f64 {
    1.0
}

/// The settings of `equation` with coefficients and times of the difficulties in `difficulty`: `gamma0` to `gamma4`, `delta1`,
/// `delta2`, `largest` (M), `interval` (dt where it is free; 1), `warm_up` (intervals), `substeps` (time steps in an interval;
/// 1; not with a `tolerance`). `given` must have `size`, and may have all that is not chosen here; `frames` counts intervals.
///
/// ```
/// let difficulty = "gamma1 = -4.0".parse().unwrap();
/// let given = "size = 160\nframes = 50".parse().unwrap();
/// let settings = sobolev_solvers::difficulty::settings("advection", &difficulty, given)?;
/// // Four cells of 160 in an interval of 1.
/// assert_eq!((settings["velocity"].as_float(), settings["time"].as_float()), (Some(0.025), Some(50.0)));
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
///
/// # Errors
/// [`Error::Value`] for an equation without difficulties, for difficulties that it does not have or that are missing, and for
/// settings that are chosen here.
pub fn settings(equation: &str, difficulty: &Table, given: Table) -> Result<Table> {
    let combustion = given.get("form").and_then(Value::as_str) == Some("combustion");
    let chaos = equation == "kuramoto-sivashinsky";
    let needed = match KNOWN.iter().find(|(name, _)| *name == equation) {
        Some((_, needed)) => *needed,
        None if chaos && combustion => &COMBUSTION[..],
        None if chaos => &CONSERVATIVE[..],
        None => {
            let names: Vec<&str> =
                KNOWN.iter().map(|(name, _)| *name).chain(["kuramoto-sivashinsky"]).collect();
            return Err(Error::unknown_name("equation with difficulties", &names, equation));
        }
    };
    check_names(equation, needed, difficulty)?;
    let read: Difficulty = tables::read("difficulty", difficulty.clone())?;
    check_numbers(difficulty)?;
    let frame = Frame::new(equation, &given)?;
    let (chosen, interval) = choose(equation, &read, &frame)?;
    let mut settings = given;
    let by_error = equation == "burgers" || settings.contains_key("tolerance");
    let mut set = |name: &str, value: Value| match settings.insert(name.to_string(), value) {
        None => Ok(()),
        Some(other) => Err(Error::value(name, "nothing, because the difficulties decide it", other)),
    };
    chosen.into_iter().try_for_each(|(name, value)| set(name, value.into()))?;
    set("time", (interval * frame.frames).into())?;
    if let Some(intervals) = read.warm_up {
        set("warm_up", (interval * f64::from(intervals)).into())?;
    }
    match read.substeps {
        Some(0) => return Err(Error::value("substeps", "at least 1", 0)),
        Some(steps) if by_error => {
            let expected = format!("nothing, because the steps of {equation} follow the error");
            return Err(Error::value("substeps", expected, steps));
        }
        None if by_error => {}
        steps => set("step", (interval / f64::from(steps.unwrap_or(1))).into())?,
    }
    Ok(settings)
}

/// Checks that the difficulties are those of the equation; the linear ones of KdV may be missing.
fn check_names(equation: &str, needed: &[&str], difficulty: &Table) -> Result<()> {
    let known: Vec<&str> =
        needed.iter().copied().chain(["largest", "interval", "warm_up", "substeps"]).collect();
    if let Some(unknown) = difficulty.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(Error::unknown_name(format!("difficulty of {equation}"), &known, unknown));
    }
    let may_miss = |name: &str| equation == "korteweg-de-vries" && ["gamma2", "gamma4"].contains(&name);
    match needed.iter().find(|name| !difficulty.contains_key(**name) && !may_miss(name)) {
        Some(missing) => {
            let expected = format!("a number, as {equation} needs {}", needed.join(", "));
            Err(Error::value(format!("difficulty {missing}"), expected, "nothing"))
        }
        None => Ok(()),
    }
}

fn check_numbers(difficulty: &Table) -> Result<()> {
    for (name, value) in difficulty {
        let finite = value.as_float().is_none_or(f64::is_finite);
        let positive = value.as_float().or(value.as_integer().map(|v| v as f64)).is_some_and(|v| v > 0.0);
        if !finite || (["largest", "interval"].contains(&name.as_str()) && !positive) {
            return Err(Error::value(
                format!("difficulty {name}"),
                "a finite number, positive for a size",
                value,
            ));
        }
    }
    Ok(())
}

/// Grid and box.
struct Frame {
    points: f64,
    dimensions: f64,
    length: f64,
    frames: f64,
}

impl Frame {
    fn new(equation: &str, given: &Table) -> Result<Self> {
        let entries = EQUATIONS.iter().find(|entry| entry.name == equation).map(|entry| (entry.settings)());
        let number = |value: &Value| value.as_float().or(value.as_integer().map(|v| v as f64));
        let setting = |name: &str| match given.get(name) {
            Some(value) => Some(number(value).unwrap_or(f64::NAN)),
            None => entries.iter().flatten().find(|entry| entry.name == name)?.default.parse().ok(),
        };
        let positive = |name: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                Ok(value)
            } else {
                Err(Error::value(name, "one positive number", value))
            }
        };
        let Some(size) = given.get("size").and_then(number) else {
            let error =
                Error::value("size", "the points along a side, on which difficulties depend", "nothing");
            return Err(error.with_hint("give it in [settings]"));
        };
        Ok(Self {
            points: positive("size", size)?,
            dimensions: positive("dimension", setting("dimension").unwrap_or(1.0))?,
            length: positive("length", setting("length").unwrap_or(1.0))?,
            frames: positive("frames", setting("frames").unwrap_or(1.0))?,
        })
    }

    /// `alpha_j` of `gamma_j`.
    fn alpha(&self, order: i32, gamma: Option<f64>) -> f64 {
        let gamma = gamma.unwrap_or(0.0);
        if order == 0 {
            return gamma;
        }
        gamma / (self.points.powi(order) * 2.0_f64.powi(order - 1) * self.dimensions)
    }

    /// `beta_k` of `delta_k`, k = 1 or 2.
    fn beta(&self, order: i32, delta: Option<f64>, largest: f64) -> f64 {
        delta.unwrap_or(0.0) / (largest * self.points.powi(order) * self.dimensions)
    }
}

/// The coefficients by the names of their settings, and the interval.
fn choose(equation: &str, given: &Difficulty, frame: &Frame) -> Result<(Vec<(&'static str, f64)>, f64)> {
    let alpha = |order: i32| {
        let gamma = [given.gamma0, given.gamma1, given.gamma2, given.gamma3, given.gamma4][order as usize];
        frame.alpha(order, gamma)
    };
    let decided = |what: &str| match given.interval {
        None => Ok(()),
        Some(interval) => {
            Err(Error::value("interval", format!("nothing, because {what} decides it"), interval))
        }
    };
    let free = given.interval.unwrap_or(1.0);
    // a_j of alpha_j in an interval.
    let coefficient = |order: i32, interval: f64| alpha(order) * frame.length.powi(order) / interval;
    Ok(match equation {
        "burgers" | "burgers-vector" => {
            decided("delta1")?;
            let beta = frame.beta(1, given.delta1, given.largest);
            if beta == 0.0 {
                return Err(Error::value("difficulty delta1", "a number other than zero", 0));
            }
            let interval = beta.abs() * frame.length;
            (vec![("viscosity", coefficient(2, interval))], interval)
        }
        "korteweg-de-vries" => {
            let speed = -frame.beta(1, given.delta1, given.largest) * frame.length / free;
            let linear = [
                ("viscosity", coefficient(2, free)),
                ("dispersion", -coefficient(3, free)),
                ("hyperviscosity", -coefficient(4, free)),
            ];
            ([("speed", speed)].into_iter().chain(linear).collect(), free)
        }
        "fisher-kpp" => (vec![("growth", coefficient(0, free)), ("diffusivity", coefficient(2, free))], free),
        "kuramoto-sivashinsky" => {
            decided("gamma2 and gamma4")?;
            if given.delta1.or(given.delta2) == Some(0.0) {
                return Err(Error::value("difficulty delta", "a number other than zero", 0));
            }
            let (second, fourth) = (alpha(2), alpha(4));
            if !(second < 0.0 && fourth < 0.0) {
                let got = format!("{} and {}", given.gamma2.unwrap_or(0.0), given.gamma4.unwrap_or(0.0));
                return Err(Error::value("difficulty gamma2 and gamma4", "negative numbers", got));
            }
            let length = (second / fourth).sqrt();
            (vec![("length", length)], -second * length * length)
        }
        // Linear ones have the names of their terms alone.
        _ => {
            let all = [
                ("velocity", -coefficient(1, free), given.gamma1),
                ("diffusivity", coefficient(2, free), given.gamma2),
                ("dispersivity", coefficient(3, free), given.gamma3),
                ("hyperdiffusivity", -coefficient(4, free), given.gamma4),
            ];
            (
                all.into_iter()
                    .filter(|(.., gamma)| gamma.is_some())
                    .map(|(name, value, _)| (name, value))
                    .collect(),
                free,
            )
        }
    })
}

#[cfg(test)]
mod tests;
