//! Tick marks at numbers that read well.

/// How a coordinate grows along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal distances are equal differences.
    #[default]
    Linear,
    /// Equal distances are equal ratios; values that are not positive are left out.
    Logarithmic,
}

impl Scale {
    /// The coordinate in which the axis is straight.
    pub(super) fn straighten(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.log10(),
        }
    }

    /// Whether the axis can show `value`.
    pub(super) fn shows(self, value: f64) -> bool {
        value.is_finite() && (self == Self::Linear || value > 0.0)
    }
}

/// Whether an axis from `low` to `high` can be divided: finite ends, apart by more than the rounding of their labels.
pub(super) fn spans(low: f64, high: f64) -> bool {
    let distance = high - low;
    distance.is_finite() && distance > 1e-12 * low.abs().max(high.abs()) && distance > 1e-290
}

/// Ticks of an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    /// Values of the ticks with a label.
    pub(super) values: Vec<f64>,
    /// Their labels.
    pub(super) labels: Vec<String>,
    /// Values of smaller ticks without one.
    pub(super) minor: Vec<f64>,
    /// The power of ten that the labels were divided by, ready to be written beside the axis.
    pub(super) multiplier: Option<String>,
}

impl Ticks {
    /// Ticks of `[low, high]`, `count` of them or fewer (two at least).
    pub(super) fn new(scale: Scale, low: f64, high: f64, count: usize) -> Self {
        match scale {
            Scale::Linear => Self::linear(low, high, count.max(2)),
            Scale::Logarithmic => Self::logarithmic(low, high, count.max(2)),
        }
    }

    fn linear(low: f64, high: f64, count: usize) -> Self {
        // A tick at an end must survive the rounding of `low / step`.
        let slack = 1e-9;
        let numbers = |step: f64| ((low / step - slack).ceil(), (high / step + slack).floor());
        let decade = 10_f64.powf(((high - low) / count as f64).log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0]
            .into_iter()
            .map(|factor| factor * decade)
            .find(|step| numbers(*step).1 - numbers(*step).0 < count as f64)
            .unwrap_or(high - low);
        let (first, last) = numbers(step);
        let values: Vec<f64> = (0..=(last - first) as usize).map(|i| (first + i as f64) * step).collect();
        let largest = low.abs().max(high.abs()).log10().floor() as i32;
        let plain = decimals(step);
        let exponent = if largest >= 5 || (largest < 0 && plain > 3) { largest } else { 0 };
        let unit = 10_f64.powi(exponent);
        let digits = decimals(step / unit);
        let labels = values.iter().map(|v| number(v / unit, digits)).collect();
        let multiplier = (exponent != 0).then(|| format!("\u{d7}{}", power_of_ten(exponent)));
        Self { values, labels, minor: Vec::new(), multiplier }
    }

    fn logarithmic(low: f64, high: f64, count: usize) -> Self {
        let slack = 1e-9;
        let inside = |v: f64| v >= low * (1.0 - slack) && v <= high * (1.0 + slack);
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let multiples =
            |factors: &'static [i32]| (first..=last).flat_map(move |e| factors.iter().map(move |f| (*f, e)));
        let value = |(factor, exponent): (i32, i32)| f64::from(factor) * 10_f64.powi(exponent);
        let decades = multiples(&[1]).filter(|t| inside(value(*t))).count();
        if decades < 2 {
            // Within one decade a power of ten alone would not tell the scale.
            let marks: Vec<(i32, i32)> = multiples(&[1, 2, 5]).filter(|t| inside(value(*t))).collect();
            if marks.len() < 2 {
                return Self::linear(low, high, count);
            }
            let label = |&(f, e): &(i32, i32)| {
                if f == 1 { power_of_ten(e) } else { format!("{f}\u{d7}{}", power_of_ten(e)) }
            };
            return Self {
                values: marks.iter().map(|t| value(*t)).collect(),
                labels: marks.iter().map(label).collect(),
                minor: multiples(&[3, 4, 6, 7, 8, 9]).map(value).filter(|v| inside(*v)).collect(),
                multiplier: None,
            };
        }
        let stride = decades.div_ceil(count) as i32;
        let (labelled, bare): (Vec<_>, Vec<_>) =
            multiples(&[1]).filter(|t| inside(value(*t))).partition(|t| t.1 % stride == 0);
        let minor = if stride == 1 {
            multiples(&[2, 3, 4, 5, 6, 7, 8, 9]).map(value).filter(|v| inside(*v)).collect()
        } else {
            bare.into_iter().map(value).collect()
        };
        Self {
            labels: labelled.iter().map(|t| power_of_ten(t.1)).collect(),
            values: labelled.into_iter().map(value).collect(),
            minor,
            multiplier: None,
        }
    }
}

fn power_of_ten(exponent: i32) -> String {
    format!("10^{{{}}}", number(f64::from(exponent), 0))
}

/// Decimals that a step of 1, 2, 2.5 or 5 times a power of ten needs.
fn decimals(step: f64) -> usize {
    let exact = |digits: &usize| {
        let scaled = step * 10_f64.powi(*digits as i32);
        (scaled - scaled.round()).abs() < 1e-6 * scaled
    };
    (0..17).find(exact).unwrap_or(17)
}

/// A number with a typographic minus sign, and zero without a sign.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.contains(|c: char| c.is_ascii_digit() && c != '0') => {
            format!("\u{2212}{digits}")
        }
        Some(digits) => digits.to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, low: f64, high: f64, count: usize) -> Vec<String> {
        Ticks::new(scale, low, high, count).labels
    }

    #[test]
    fn familiar_intervals_get_familiar_ticks() {
        assert_eq!(labels(Scale::Linear, 0.0, 1.0, 5), ["0.00", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(labels(Scale::Linear, 0.0, 1.0, 6), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::Linear, 3.0, 12.0, 6), ["4", "6", "8", "10", "12"]);
        assert_eq!(labels(Scale::Linear, -1.3, 1.1, 4), ["\u{2212}1", "0", "1"]);
    }

    #[test]
    fn steps_are_one_two_two_and_a_half_or_five_times_a_power_of_ten_and_ticks_lie_inside() {
        for i in 0..400 {
            let low = (f64::from(i) * 0.37).sin() * 10_f64.powi(i % 9 - 4);
            let high = low + (1.1 + (f64::from(i) * 1.7).cos()) * 10_f64.powi(i % 7 - 3);
            let count = 3 + (i % 5) as usize;
            let ticks = Ticks::new(Scale::Linear, low, high, count);
            assert!((2..=count).contains(&ticks.values.len()) || count == 3, "{low} {high}: {ticks:?}");
            let slack = 1e-6 * (high - low);
            assert!(ticks.values.iter().all(|v| (low - slack..=high + slack).contains(v)), "{low} {high}");
            if let [first, second, ..] = ticks.values[..] {
                let mantissa = 10_f64.powf((second - first).log10().rem_euclid(1.0));
                let nice = [1.0, 2.0, 2.5, 5.0, 10.0].iter().any(|m| (m - mantissa).abs() < 1e-5);
                assert!(nice, "{low} {high}: {mantissa}");
            }
            let distinct: std::collections::BTreeSet<_> = ticks.labels.iter().collect();
            assert_eq!(distinct.len(), ticks.labels.len(), "{ticks:?}");
        }
    }

    #[test]
    fn small_and_large_numbers_share_a_power_of_ten() {
        let ticks = Ticks::new(Scale::Linear, 0.0, 3.2e-4, 4);
        assert_eq!(ticks.labels, ["0", "1", "2", "3"]);
        assert_eq!(ticks.multiplier.as_deref(), Some("\u{d7}10^{\u{2212}4}"));
        let ticks = Ticks::new(Scale::Linear, 0.0, 0.0148, 6);
        assert_eq!(ticks.labels, ["0.00", "0.25", "0.50", "0.75", "1.00", "1.25"]);
        assert_eq!(Ticks::new(Scale::Linear, 0.0, 0.03, 4).multiplier, None);
        assert_eq!(Ticks::new(Scale::Linear, 0.0, 4e5, 5).multiplier.as_deref(), Some("\u{d7}10^{5}"));
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten_and_thin_out() {
        assert_eq!(
            labels(Scale::Logarithmic, 2e-4, 3.0, 6),
            ["10^{\u{2212}3}", "10^{\u{2212}2}", "10^{\u{2212}1}", "10^{0}"]
        );
        assert!(labels(Scale::Logarithmic, 1e-14, 1.0, 5).len() <= 5);
        assert_eq!(
            labels(Scale::Logarithmic, 0.015, 0.06, 5),
            ["2\u{d7}10^{\u{2212}2}", "5\u{d7}10^{\u{2212}2}"]
        );
    }
}
