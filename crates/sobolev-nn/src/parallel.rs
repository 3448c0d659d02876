//! What parallel loops share: lengths of chunks that do not depend on the number of threads.

/// Elements of an elementwise loop that one task handles: 64 KiB in f32, a part of the second-level cache, and tens of
/// microseconds of work.
pub(crate) const CHUNK: usize = 16 * 1024;
