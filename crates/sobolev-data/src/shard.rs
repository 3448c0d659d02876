//! Parts of a data set that are made one by one, on one machine or on many.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sobolev_tensor::{Error, Result};

/// Part `number` of `count` of a data set, counted from 1: written `2/8`.
///
/// The samples are divided into `count` contiguous ranges whose lengths differ by at most one, in order.
///
/// ```
/// use sobolev_data::Shard;
/// let shard: Shard = "2/3".parse()?;
/// assert_eq!(shard.of(&(100..110))?, 103..106);
/// assert_eq!(shard.path("runs/darcy.h5").to_str(), Some("runs/darcy.shard-2-of-3.h5"));
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    count: u64,
}

impl Shard {
    /// Shard `number` of `count`.
    ///
    /// # Errors
    /// [`Error::Value`] unless `1 <= number <= count`.
    pub fn new(number: u64, count: u64) -> Result<Self> {
        if number == 0 || number > count {
            let error = Error::value("shard", "1/n to n/n, such as 2/8", format!("{number}/{count}"));
            return Err(if number == 0 { error.with_hint("shards are counted from 1") } else { error });
        }
        Ok(Self { number, count })
    }

    /// Its number, from 1.
    pub fn number(self) -> u64 {
        self.number
    }

    /// How many shards there are.
    pub fn count(self) -> u64 {
        self.count
    }

    /// All shards of a data set that is divided into `count`.
    pub fn all(count: u64) -> impl Iterator<Item = Self> {
        (1..=count).map(move |number| Self { number, count })
    }

    /// Its part of the samples `whole`.
    ///
    /// # Errors
    /// [`Error::Value`] when there are fewer samples than shards.
    pub fn of(self, whole: &Range<u64>) -> Result<Range<u64>> {
        let samples = whole.end.saturating_sub(whole.start);
        if self.count > samples {
            return Err(Error::value("shard", format!("at most as many shards as samples, {samples}"), self));
        }
        let end = |number: u64| {
            whole.start + (u128::from(samples) * u128::from(number) / u128::from(self.count)) as u64
        };
        Ok(end(self.number - 1)..end(self.number))
    }

    /// The file of this shard of the data set `path`: `darcy.shard-2-of-8.h5` for `darcy.h5`.
    pub fn path(self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        let mut name = path.file_stem().unwrap_or_default().to_os_string();
        name.push(format!(".shard-{}-of-{}", self.number, self.count));
        if let Some(ending) = path.extension() {
            name.push(".");
            name.push(ending);
        }
        path.with_file_name(name)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text
            .split_once('/')
            .and_then(|(number, count)| Some((number.trim().parse().ok()?, count.trim().parse().ok()?)));
        let (number, count) = numbers
            .ok_or_else(|| Error::value("shard", "number/count, such as 2/8", format!("\"{text}\"")))?;
        Self::new(number, count)
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_every_sample_once_and_evenly() {
        for (whole, count) in [(0..10, 3), (5..12, 7), (0..1000, 64), (3..4, 1), (0..u64::MAX, 1 << 40)] {
            let few = count.min(100);
            let parts: Vec<Range<u64>> =
                Shard::all(count).take(few as usize).map(|shard| shard.of(&whole).unwrap()).collect();
            assert_eq!(parts[0].start, whole.start);
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert_eq!(Shard::new(count, count).unwrap().of(&whole).unwrap().end, whole.end);
            let lengths: Vec<u64> = parts.iter().map(|part| part.end - part.start).collect();
            assert!(lengths.iter().max().unwrap() - lengths.iter().min().unwrap() <= 1, "{lengths:?}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        for (text, words) in [
            ("0/8", "shards are counted from 1"),
            ("9/8", "shard: expected 1/n to n/n, such as 2/8, got 9/8"),
            ("8", "shard: expected number/count, such as 2/8, got \"8\""),
            ("a/b", "got \"a/b\""),
            ("-1/4", "got \"-1/4\""),
            ("1/0", "got 1/0"),
        ] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let error = Shard::new(1, 8).unwrap().of(&(0..7)).unwrap_err().to_string();
        assert_eq!(error, "shard: expected at most as many shards as samples, 7, got 1/8");
        assert_eq!(Shard::new(1, 2).unwrap().path("data").to_str(), Some("data.shard-1-of-2"));
    }
}
