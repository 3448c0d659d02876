//! Generation of data sets: samples are solved in parallel, and each is written by the thread that has solved it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sobolev_solvers::Problem;
use sobolev_tensor::{CancellationOnly, Error as NumericError, Monitor, bytes_in_words};

use crate::dataset::Side;
use crate::description::Compression;
use crate::draft::Old;
use crate::encode::encode;
use crate::error::{Error, Result};
use crate::file::{Header, Writer, compress};
use crate::shard::Shard;
use crate::space::check_room;
use crate::values::{Precision, spread};

/// What to do when the file is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Existing {
    /// Refuse.
    #[default]
    Refuse,
    /// Go on where it was interrupted; a finished file is left as it is, a missing one is made.
    Resume,
    /// Make it anew. The old file goes when the new one has been laid out.
    Replace,
}

/// How [`generate`] writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GenerateOptions {
    precision: Precision,
    compression: Compression,
    existing: Existing,
    shard: Option<Shard>,
}

impl GenerateOptions {
    /// Number type of the stored values; single by default.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Number type of the stored values.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Compression of the finished file; none by default.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// What to do when the file exists; refuse by default.
    #[must_use]
    pub fn with_existing(mut self, existing: Existing) -> Self {
        self.existing = existing;
        self
    }

    /// Makes a part of the samples only; all of them by default. [`merge`](crate::merge) joins the parts.
    #[must_use]
    pub fn with_shard(mut self, shard: Option<Shard>) -> Self {
        self.shard = shard;
        self
    }
}

/// What [`generate`] did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The file.
    pub path: PathBuf,
    /// Samples in it.
    pub samples: usize,
    /// Samples solved by this call; the others were there.
    pub generated: usize,
    /// Wall-clock time of this call, in seconds.
    pub seconds: f64,
    /// Time spent solving, summed over the threads, in seconds.
    pub solving_seconds: f64,
    /// Time spent writing, in seconds: making the file, writing samples (summed over the threads), compressing.
    pub writing_seconds: f64,
    /// Size of the file.
    pub bytes: u64,
    /// Least, median and largest residual of all samples.
    pub residual: [f64; 3],
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, median, largest] = self.residual;
        write!(
            f,
            "data set {}: {} samples ({} new), {}, in {:.1} s (solving {:.1} s over all threads, writing {:.1} s); \
             residual {median:.1e} median, {largest:.1e} largest",
            self.path.display(),
            self.samples,
            self.generated,
            bytes_in_words(self.bytes),
            self.seconds,
            self.solving_seconds,
            self.writing_seconds
        )
    }
}

/// Solves the samples `samples` of `problem` under `seed` and writes them to `path`, an HDF5 file that says all of this
/// itself.
///
/// Sample i depends on (seed, i) and the settings alone: samples `512..1024` may be made on another machine, into another
/// file, and have the bits they would have had here. Samples are solved on all threads of the current `rayon` pool, one
/// for each thread being in memory at a time, and each is marked in the file when it is safely there. Killed at any
/// moment, the run loses those in flight; called again with [`Existing::Resume`] it goes on, to the same bits. The
/// monitor is told the finished samples, those of earlier runs included, and may cancel in the middle of a sample, which is
/// then solved again by the run that resumes.
///
/// # Errors
/// - The problem's settings or the samples asked for make no sense: [`Error::Numeric`].
/// - `path` exists, is in use, or is a data set of other settings: [`Error::Exists`], [`Error::Locked`],
///   [`Error::Differs`], or that it is no data set at all as in [`Dataset::open`](crate::Dataset::open).
/// - There is no room for it: [`Error::NoRoom`], before anything is written.
/// - It cannot be written: [`Error::Write`] or [`Error::Io`]. Finished samples stay readable.
/// - A sample cannot be solved or is not finite: [`Error::Sample`]. Finished samples stay.
/// - The monitor cancels: [`sobolev_tensor::Error::Cancelled`] in [`Error::Numeric`]; the file can be resumed.
pub fn generate(
    problem: &dyn Problem,
    seed: u64,
    samples: Range<u64>,
    path: impl AsRef<Path>,
    options: &GenerateOptions,
    monitor: &dyn Monitor,
) -> Result<Report> {
    let start = Instant::now();
    let path = path.as_ref();
    let whole = samples;
    let samples = options.shard.map_or(Ok(whole.clone()), |shard| shard.of(&whole))?;
    let mut header = Header::new(problem, seed, samples, options.precision, options.compression)?;
    header.provenance.part_of = options.shard.map(|_| whole);
    let exists = path.try_exists().map_err(|source| Error::io(path, "open", source))?;
    // A file that is there has its room, and its parameters: those of samples that it does not have may not fit into memory.
    if !(exists && options.existing == Existing::Resume) {
        check_room(path, header.bytes_while_made())?;
        header.draw_parameters(problem);
    }
    let create = |old| Writer::create(path, &header, old, monitor);
    let writer = match options.existing {
        // Without a look at drafts: a finished file may lie where nothing can be written.
        Existing::Refuse if exists => return Err(Error::Exists { path: path.to_path_buf() }),
        Existing::Refuse => create(Old::Keep)?,
        Existing::Resume if exists => Writer::resume(path, &header)?,
        Existing::Resume => match create(Old::Keep) {
            // Another run has just made it.
            Err(Error::Exists { .. }) => Writer::resume(path, &header)?,
            made => made?,
        },
        Existing::Replace => create(Old::Replace)?,
    };
    let before = writer.finished();
    let mut writing = start.elapsed();
    let times = solve(problem, &header, &writer, monitor)?;
    let generated = writer.finished() - before;
    let compressed = writer.is_compressed();
    let start_saving = Instant::now();
    let file = writer.into_file();
    let residual = spread(file.residuals().into()).unwrap_or([f64::NAN; 3]);
    match header.compression {
        Compression::Gzip { level } if !compressed => compress(file, level, monitor)?,
        _ => file.save()?,
    }
    let bytes = std::fs::metadata(path).map_err(|source| Error::io(path, "read", source))?.len();
    writing += times.writing;
    writing += start_saving.elapsed();
    Ok(Report {
        path: path.to_path_buf(),
        samples: header.count(),
        generated,
        seconds: start.elapsed().as_secs_f64(),
        solving_seconds: times.solving.as_secs_f64(),
        writing_seconds: writing.as_secs_f64(),
        bytes,
        residual,
    })
}

/// What the threads have spent, together.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    solving: Duration,
    writing: Duration,
}

/// Solves and writes all unfinished samples. Of several samples that fail the error is that of the first.
fn solve(problem: &dyn Problem, header: &Header, writer: &Writer, monitor: &dyn Monitor) -> Result<Times> {
    let rows = writer.unfinished();
    let total = header.count();
    monitor.progress(writer.finished() as u64, total as u64);
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let spent = Mutex::new(Times::default());
    let failure: Mutex<Option<(u64, Error)>> = Mutex::new(None);
    let work = |disk: &Disk| {
        let mut own = Times::default();
        // Kept from sample to sample: fresh memory costs more than what is done with it.
        let mut bytes = Vec::new();
        while !stop.load(Ordering::Relaxed) && !monitor.cancelled() {
            let Some(&row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            match solve_one(problem, header, writer, row, &mut bytes, &mut own, monitor) {
                Ok(written) => disk.add(written),
                Err(Error::Sample { source: NumericError::Cancelled { .. }, .. }) => break,
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    let number = header.provenance.samples.start + row as u64;
                    let mut first = lock(&failure);
                    if first.as_ref().is_none_or(|(other, _)| number < *other) {
                        *first = Some((number, error));
                    }
                }
            }
        }
        let mut all = lock(&spent);
        (all.solving, all.writing) = (all.solving + own.solving, all.writing + own.writing);
    };
    let (sender, full) = sync_channel(1);
    let synced = std::thread::scope(|scope| {
        // The disk works while the threads solve: all of it in the end would be a wait.
        let sync = |()| writer.sync().inspect_err(|_| stop.store(true, Ordering::Relaxed));
        let syncing = scope.spawn(move || full.iter().try_for_each(sync));
        let disk = Disk { written: AtomicUsize::new(0), full: sender };
        rayon::broadcast(|_| work(&disk));
        drop(disk);
        syncing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    if let Some((_, error)) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    synced?;
    let done = writer.finished() as u64;
    if done < total as u64 {
        let task = format!("data set {}", writer.path().display());
        return Err(NumericError::Cancelled { task, done, total: total as u64 }.into());
    }
    Ok(spent.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Bytes that are handed to the disk together while samples are solved.
const TOGETHER: usize = 32 << 20;

/// What was written since the disk was last told to take it.
struct Disk {
    written: AtomicUsize,
    full: SyncSender<()>,
}

impl Disk {
    /// Counts bytes, and wakes the thread that waits for the disk when there are enough.
    fn add(&self, bytes: usize) {
        if self.written.fetch_add(bytes, Ordering::Relaxed) + bytes >= TOGETHER {
            self.written.store(0, Ordering::Relaxed);
            // One that is still at it takes these bytes too, or the end does.
            let _ = self.full.try_send(());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere ends the whole run anyway.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Solves the sample at `row`, rounds it to the precision of the file and writes it. Returns its bytes.
fn solve_one(
    problem: &dyn Problem,
    header: &Header,
    writer: &Writer,
    row: usize,
    bytes: &mut Vec<u8>,
    times: &mut Times,
    monitor: &dyn Monitor,
) -> Result<usize> {
    let (seed, number) = (header.provenance.seed, header.provenance.samples.start + row as u64);
    let failed = |source| Error::Sample { sample: number, seed, source };
    let start = Instant::now();
    let sample = problem.sample(seed, number, &CancellationOnly(monitor)).map_err(failed)?;
    let solved = Instant::now();
    times.solving += solved - start;
    let (mut checksums, mut written) = ([0; 2], 0);
    let fields =
        [(Side::Input, &header.input, &sample.input), (Side::Target, &header.target, &sample.target)];
    for (side, field, values) in fields {
        checksums[side as usize] = encode(values, field, header.precision, bytes).map_err(failed)?;
        writer.write(row, side, bytes)?;
        written += bytes.len();
    }
    let total = header.count() as u64;
    writer.finish(row, sample.residual, checksums, |done| monitor.progress(done as u64, total))?;
    times.writing += solved.elapsed();
    Ok(written)
}
