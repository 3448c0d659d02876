//! Work on a thread pool of its own.

use crate::error::Result;

/// Runs `work` on a pool of `threads` threads, or on the present one. Results do not depend on the number.
///
/// # Errors
/// When there are to be no threads or more than the system allows, and those of `work`.
pub fn on_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let Some(threads) = threads else { return work() };
    if threads == 0 {
        return Err(sobolev_tensor::Error::value("threads", "at least 1", 0).into());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
        sobolev_tensor::Error::value("threads", "as many as the system allows", threads).with_hint(error)
    })?;
    pool.install(work)
}
