//! Sizes in bytes: whether they fit, and how they read.

use crate::{Error, Result};
use std::fmt::Display;

/// Checks that the system would give `bytes` of memory, without keeping it, so that a size out of all proportion ends in an
/// error at the start instead of an abort in the middle.
///
/// The answer is as good as the system's: one that promises more than it has (Linux up to the size of the whole memory) may
/// still fail later.
///
/// # Errors
/// [`Error::Value`] that names `argument` and says how much `got` would take.
///
/// ```
/// use sobolev_tensor::check_memory;
/// assert!(check_memory("size", 1024, 8 * 1024 * 1024).is_ok());
/// let error = check_memory("size", 900_000, 128 * 900_000 * 900_000).unwrap_err();
/// assert_eq!(error.to_string(), "size: expected what fits into memory, got 900000; it takes about 103.7 TB");
/// ```
pub fn check_memory(argument: &str, got: impl Display, bytes: u128) -> Result<()> {
    let fits = usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    if fits {
        return Ok(());
    }
    let size = bytes_in_words(u64::try_from(bytes).unwrap_or(u64::MAX));
    Err(Error::value(argument, "what fits into memory", got).with_hint(format!("it takes about {size}")))
}

/// A number of bytes as people write it, in decimal units: `1.5 GB`.
pub fn bytes_in_words(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let power = (bytes.max(1).ilog10() / 3).min(4);
    if power == 0 {
        return format!("{bytes} B");
    }
    format!("{:.1} {}", bytes as f64 / 1000_f64.powi(power as i32), UNITS[power as usize])
}
