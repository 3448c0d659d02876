//! Colour maps as tables of control points, interpolated linearly in sRGB.

use super::canvas::Rgb;

/// Control points at equal distances, `0xRRGGBB`.
type Table = [u32; 33];

/// From a number in [0, 1] to a colour. The 33 control points leave at most 2 of 255 levels against the full tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ColourMap {
    /// Dark violet to yellow, perceptually uniform (Smith and van der Walt 2015): for any field.
    #[default]
    Viridis,
    /// Black to pale yellow through red, perceptually uniform (Smith and van der Walt 2015): for errors.
    Magma,
    /// Blue through light grey to red (Moreland 2009): for fields with a meaningful middle, such as zero.
    Coolwarm,
}

impl ColourMap {
    /// The colour of `position`; a position beyond [0, 1] has the colour of the nearer end.
    pub fn colour(self, position: f64) -> Rgb {
        let table = match self {
            Self::Viridis => &VIRIDIS,
            Self::Magma => &MAGMA,
            Self::Coolwarm => &COOLWARM,
        };
        let last = table.len() - 1;
        let place = position.clamp(0.0, 1.0) * last as f64;
        let index = (place as usize).min(last - 1);
        let fraction = place - index as f64;
        let channels = |code: u32| [16, 8, 0].map(|shift| f64::from(code >> shift & 255));
        let (low, high) = (channels(table[index]), channels(table[index + 1]));
        std::array::from_fn(|i| (low[i] + fraction * (high[i] - low[i])).round() as u8)
    }
}

/// Colour of values that are not finite.
pub(super) const MISSING: Rgb = [160, 160, 160];

/// Colours of lines in their order; told apart with every common colour blindness (Okabe and Ito 2008).
pub(super) const LINE_COLOURS: [Rgb; 7] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [86, 180, 233],
    [230, 159, 0],
    [60, 60, 60],
];

#[rustfmt::skip]
const VIRIDIS: Table = [
    0x440154, 0x470D60, 0x48186A, 0x482374, 0x472D7B, 0x453681, 0x424086, 0x3F4989, 0x3B528B, 0x375A8D, 0x33638D,
    0x2F6A8E, 0x2C728E, 0x297A8E, 0x26818E, 0x23898E, 0x21908C, 0x1F988B, 0x1F9F88, 0x21A685, 0x28AE80, 0x31B57B,
    0x3EBC74, 0x4CC26C, 0x5DC963, 0x6ECE58, 0x82D34C, 0x96D83F, 0xABDC32, 0xC0DF24, 0xD5E21A, 0xEAE51A, 0xFDE725,
];

#[rustfmt::skip]
const MAGMA: Table = [
    0x000004, 0x030311, 0x0A0822, 0x130D33, 0x1D1146, 0x28115A, 0x36106A, 0x430F76, 0x50127C, 0x5D177F, 0x691C81,
    0x762181, 0x822681, 0x8F2A81, 0x9C2E7F, 0xA9327D, 0xB63779, 0xC33B75, 0xCF4170, 0xDB486A, 0xE65163, 0xEE5C5E,
    0xF5695C, 0xF9785D, 0xFB8761, 0xFD9668, 0xFEA571, 0xFEB47B, 0xFEC387, 0xFED194, 0xFDE0A2, 0xFCEEB0, 0xFCFDBF,
];

#[rustfmt::skip]
const COOLWARM: Table = [
    0x3B4CC0, 0x445ACC, 0x4D68D7, 0x5775E1, 0x6282EA, 0x6C8EF1, 0x779AF7, 0x82A5FB, 0x8DB0FE, 0x98B9FF, 0xA3C2FE,
    0xAEC9FC, 0xB8D0F9, 0xC2D5F4, 0xCCD9EE, 0xD5DBE6, 0xDDDDDD, 0xE5D8D1, 0xECD3C5, 0xF1CCB9, 0xF4C4AD, 0xF7BBA0,
    0xF7B194, 0xF7A687, 0xF49A7B, 0xF18D6F, 0xEC7F63, 0xE57058, 0xDE604D, 0xD55042, 0xCB3E38, 0xC0282F, 0xB40426,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE lightness, 0 to 100.
    fn lightness(colour: Rgb) -> f64 {
        let linear = colour.map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        });
        let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        116.0 * luminance.cbrt() - 16.0
    }

    #[test]
    fn published_colours_are_met_within_two_levels() {
        let known: [(ColourMap, f64, Rgb); 9] = [
            (ColourMap::Viridis, 0.0, [68, 1, 84]),
            (ColourMap::Viridis, 0.5, [33, 145, 140]),
            (ColourMap::Viridis, 0.77, [105, 205, 91]),
            (ColourMap::Viridis, 1.0, [253, 231, 37]),
            (ColourMap::Magma, 0.1, [20, 14, 54]),
            (ColourMap::Magma, 0.77, [253, 146, 102]),
            (ColourMap::Coolwarm, 0.1, [89, 119, 227]),
            (ColourMap::Coolwarm, 0.77, [242, 144, 114]),
            (ColourMap::Coolwarm, 1.0, [180, 4, 38]),
        ];
        for (map, position, colour) in known {
            for (ours, theirs) in map.colour(position).into_iter().zip(colour) {
                assert!(ours.abs_diff(theirs) <= 2, "{map:?} at {position}: {:?}", map.colour(position));
            }
        }
    }

    #[test]
    fn viridis_and_magma_grow_lighter_evenly() {
        for map in [ColourMap::Viridis, ColourMap::Magma] {
            let steps: Vec<f64> = (0..32)
                .map(|i| {
                    lightness(map.colour((i + 1) as f64 / 32.0)) - lightness(map.colour(i as f64 / 32.0))
                })
                .collect();
            let mean = steps.iter().sum::<f64>() / 32.0;
            // Lightness below 8 is linear in luminance, where the cube root overstates the first step of magma.
            assert!(
                steps[1..].iter().all(|step| *step > 0.6 * mean && *step < 1.6 * mean),
                "{map:?}: {steps:?}"
            );
        }
    }

    #[test]
    fn the_diverging_map_is_lightest_in_its_middle_and_even_to_both_sides() {
        let light = |position| lightness(ColourMap::Coolwarm.colour(position));
        for i in 1..=8 {
            let (below, above) = (light(0.5 - f64::from(i) / 16.0), light(0.5 + f64::from(i) / 16.0));
            assert!((below - above).abs() < 4.0 && below < light(0.5), "{i}: {below} {above}");
        }
    }

    #[test]
    fn positions_beyond_the_ends_and_nan_have_a_colour() {
        assert_eq!(ColourMap::Viridis.colour(-3.0), ColourMap::Viridis.colour(0.0));
        assert_eq!(ColourMap::Viridis.colour(f64::INFINITY), ColourMap::Viridis.colour(1.0));
        let _ = ColourMap::Viridis.colour(f64::NAN);
    }
}
