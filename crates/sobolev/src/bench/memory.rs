//! Peak resident memory of this process, where the system tells it.

use std::fs;

/// A value in MB of `/proc/self/status`; `None` where there is none (other systems than Linux).
fn status(key: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// Runs `work` and returns its result with the peak memory during it above the memory before it, in MB.
pub(super) fn peak_above_idle<R>(work: impl FnOnce() -> R) -> (R, Option<f64>) {
    // Writing 5 resets the peak to what is resident now; where that is refused the peak of the whole run counts.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = status("VmRSS:");
    let result = work();
    let peak = status("VmHWM:");
    (result, peak.zip(before).map(|(peak, before)| peak - before))
}
