//! Learning-rate schedules: what the learning rate is multiplied by as training goes on.

use serde::{Deserialize, Serialize};
use sobolev_tensor::{Error, Result};
use std::f64::consts::PI;

use crate::settings::word_or_table;

/// A schedule. In files: `"cosine"`, or with settings `{ step = { every = 100, factor = 0.5 } }`.
///
/// With t steps done of T in all:
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// 1.
    Constant {},
    /// `factor^floor(epoch / every)`: the schedule of Li et al. 2021.
    Step {
        /// Epochs between two drops.
        #[serde(default = "step_every")]
        every: usize,
        /// What a drop multiplies by.
        #[serde(default = "step_factor")]
        factor: f64,
    },
    /// `last + (1 - last) (1 + cos(pi t / T)) / 2` (Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts).
    Cosine {
        /// The factor at the end.
        #[serde(default)]
        last: f64,
    },
    /// From `1 / start_divisor` up to 1 over the share `rise` of all steps, then down to `1 / (start_divisor
    /// end_divisor)`, both along half a cosine, the values of PyTorch's `OneCycleLR` (Smith and Topin 2018,
    /// arXiv:1708.07120).
    OneCycle {
        /// Share of the steps that the rise takes.
        #[serde(default = "one_cycle_rise")]
        rise: f64,
        /// The largest learning rate over the first one.
        #[serde(default = "one_cycle_start")]
        start_divisor: f64,
        /// The first learning rate over the last one.
        #[serde(default = "one_cycle_end")]
        end_divisor: f64,
    },
}

word_or_table!(Schedule);

fn step_every() -> usize {
    100
}
fn step_factor() -> f64 {
    0.5
}
fn one_cycle_rise() -> f64 {
    0.3
}
fn one_cycle_start() -> f64 {
    25.0
}
fn one_cycle_end() -> f64 {
    1e4
}

impl Default for Schedule {
    /// Half every 100 epochs.
    fn default() -> Self {
        Self::Step { every: step_every(), factor: step_factor() }
    }
}

impl Schedule {
    /// Checks that all numbers are in range.
    ///
    /// # Errors
    /// [`Error::Value`] that names the setting.
    pub fn check(&self) -> Result<()> {
        let wrong = |name: &str, expected: &str, got: f64| {
            Err(Error::value(format!("schedule {name}"), expected, got))
        };
        match *self {
            Self::Step { every: 0, .. } => wrong("step every", "at least one epoch", 0.0),
            Self::Step { factor, .. } if !(factor > 0.0 && factor.is_finite()) => {
                wrong("step factor", "a positive number", factor)
            }
            Self::Cosine { last } if !(0.0..=1.0).contains(&last) => {
                wrong("cosine last", "a number in [0, 1]", last)
            }
            Self::OneCycle { rise, .. } if !(rise > 0.0 && rise < 1.0) => {
                wrong("one-cycle rise", "a share in (0, 1)", rise)
            }
            Self::OneCycle { start_divisor, end_divisor, .. }
                if !(start_divisor >= 1.0 && end_divisor >= 1.0) =>
            {
                wrong("one-cycle divisors", "numbers of at least 1", start_divisor.min(end_divisor))
            }
            _ => Ok(()),
        }
    }

    /// Whether the factors depend on the number of epochs in all.
    pub fn spans_the_training(&self) -> bool {
        matches!(self, Self::Cosine { .. } | Self::OneCycle { .. })
    }

    /// The factor of step `step` (from 0) in a training of `epochs` epochs of `steps_per_epoch` steps.
    pub fn factor(&self, step: u64, steps_per_epoch: u64, epochs: u64) -> f64 {
        let total = (steps_per_epoch * epochs) as f64;
        let t = step as f64;
        match *self {
            Self::Constant {} => 1.0,
            Self::Step { every, factor } => {
                let drops = step / steps_per_epoch.max(1) / every as u64;
                factor.powf(drops as f64)
            }
            Self::Cosine { last } => half_cosine(1.0, last, t / total),
            Self::OneCycle { rise, start_divisor, end_divisor } => {
                let first = 1.0 / start_divisor;
                let (top, end) = (rise * total - 1.0, total - 1.0);
                if t <= top {
                    half_cosine(first, 1.0, t / top.max(f64::MIN_POSITIVE))
                } else {
                    half_cosine(1.0, first / end_divisor, (t - top) / (end - top))
                }
            }
        }
    }
}

/// The factor of a linear warm-up over the first `steps` steps: `(step + 1) / steps`, then 1.
pub fn warm_up_factor(step: u64, steps: u64) -> f64 {
    if step < steps { (step + 1) as f64 / steps as f64 } else { 1.0 }
}

/// From `from` at 0 to `to` at 1.
fn half_cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * share.min(1.0)).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-14
    }

    #[test]
    fn steps_drop_at_the_epochs_they_name() {
        let schedule = Schedule::Step { every: 3, factor: 0.5 };
        let factors: Vec<f64> = (0..80).map(|step| schedule.factor(step, 10, 8)).collect();
        assert_eq!(
            [factors[0], factors[29], factors[30], factors[59], factors[60]],
            [1.0, 1.0, 0.5, 0.5, 0.25]
        );
    }

    #[test]
    fn cosine_follows_its_formula() {
        let schedule = Schedule::Cosine { last: 0.1 };
        for step in 0..=200 {
            let expected = 0.1 + 0.9 * 0.5 * (1.0 + (PI * step as f64 / 200.0).cos());
            assert!(close(schedule.factor(step, 20, 10), expected));
        }
        assert!(close(schedule.factor(100, 20, 10), 0.55));
    }

    #[test]
    fn one_cycle_has_the_values_of_pytorch() {
        // torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=20): get_last_lr() before each step.
        let expected = [
            0.040_000_000_000_000_036,
            0.131_671_842_700_025_3,
            0.371_671_842_700_025_3,
            0.668_328_157_299_974_7,
            0.908_328_157_299_974_7,
            1.0,
            0.987_464_006_235_087_3,
            0.950_484_632_013_473_7,
            0.890_916_177_571_05,
            0.811_745_653_949_763_1,
            0.716_943_001_791_300_8,
            0.611_262_021_936_289_3,
            0.500_002,
            0.388_741_978_063_710_75,
            0.283_060_998_208_699_23,
            0.188_258_346_050_236_97,
            0.109_087_822_428_950_04,
            0.049_519_367_986_526_286,
            0.012_539_993_764_912_554,
            4e-06,
        ];
        let schedule = Schedule::OneCycle { rise: 0.3, start_divisor: 25.0, end_divisor: 1e4 };
        for (step, expected) in expected.into_iter().enumerate() {
            let factor = schedule.factor(step as u64, 5, 4);
            assert!(close(factor, expected), "step {step}: {factor} against {expected}");
        }
    }

    #[test]
    fn warm_up_is_linear_and_ends() {
        let factors = [0, 1, 2, 3, 4].map(|step| warm_up_factor(step, 4));
        assert_eq!(factors, [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert_eq!(warm_up_factor(0, 0), 1.0);
    }

    #[test]
    fn settings_are_read_and_checked() {
        let read = |text: &str| serde_json::from_str::<Schedule>(text).map_err(|e| e.to_string());
        assert_eq!(read("\"constant\""), Ok(Schedule::Constant {}));
        assert_eq!(read("\"step\""), Ok(Schedule::default()));
        assert_eq!(read(r#"{"step": {"every": 50}}"#), Ok(Schedule::Step { every: 50, factor: 0.5 }));
        assert!(read(r#"{"step": {"ever": 50}}"#).unwrap_err().contains("unknown field `ever`"));
        assert!(read("\"cosin\"").unwrap_err().contains("unknown variant `cosin`"));
        let error = Schedule::Step { every: 0, factor: 0.5 }.check().unwrap_err();
        assert_eq!(error.to_string(), "schedule step every: expected at least one epoch, got 0");
        assert!(Schedule::Cosine { last: f64::NAN }.check().is_err());
        assert!(Schedule::OneCycle { rise: 1.0, start_divisor: 25.0, end_divisor: 1e4 }.check().is_err());
        assert!(Schedule::default().check().is_ok());
    }
}
