//! Generation of data sets: samples are solved in parallel and written by one writer.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ndarray::ArrayD;
use serde::{Deserialize, Serialize};
use sobolev_solvers::{Field, Problem};
use sobolev_tensor::{CancellationOnly, Error as NumericError, Monitor, bytes_in_words};

use crate::description::Compression;
use crate::draft::Old;
use crate::error::{Error, Result};
use crate::file::{Finished, Header, Writer, compress};
use crate::shard::Shard;
use crate::space::check_room;
use crate::values::{Numbers, Precision, spread};

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
    /// Time of the writer, in seconds: making the file, writing samples, compressing.
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
/// file, and have the bits they would have had here. Samples are solved on all threads of the current `rayon` pool, about
/// two for each thread being in memory at a time, and each is marked in the file when it is safely there. Killed at any
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
        check_room(path, header.bytes())?;
        header.draw_parameters(problem);
    }
    let create = |old| Writer::create(path, &header, old, monitor);
    let mut writer = match options.existing {
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
    let (solving, error) = solve(problem, &header, &mut writer, &mut writing, monitor);
    if let Some(error) = error {
        return Err(error);
    }
    let generated = writer.finished() - before;
    let residual = spread(writer.residuals().into()).unwrap_or([f64::NAN; 3]);
    let (bytes, compressed) = (writer.bytes(), writer.is_compressed());
    let start_saving = Instant::now();
    let bytes = match header.compression {
        Compression::Gzip { level } if !compressed => {
            compress(writer.into_file(), level, monitor)?;
            std::fs::metadata(path).map_err(|source| Error::io(path, "read", source))?.len()
        }
        _ => {
            writer.into_file().save()?;
            bytes
        }
    };
    writing += start_saving.elapsed();
    Ok(Report {
        path: path.to_path_buf(),
        samples: header.count(),
        generated,
        seconds: start.elapsed().as_secs_f64(),
        solving_seconds: solving.as_secs_f64(),
        writing_seconds: writing.as_secs_f64(),
        bytes,
        residual,
    })
}

/// Solves and writes all unfinished samples. Returns the time spent solving and what stopped the work early.
fn solve(
    problem: &dyn Problem,
    header: &Header,
    writer: &mut Writer,
    writing: &mut Duration,
    monitor: &dyn Monitor,
) -> (Duration, Option<Error>) {
    let rows = writer.unfinished();
    let total = header.count();
    monitor.progress(writer.finished() as u64, total as u64);
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let solving = Mutex::new(Duration::ZERO);
    let failure: Mutex<Option<(u64, Error)>> = Mutex::new(None);
    // One sample in the hands of each thread and one waiting in the channel for each.
    let threads = rayon::current_num_threads();
    let (sender, receiver) = sync_channel::<Finished>(threads);
    let work = |sender: SyncSender<Finished>| {
        while !stop.load(Ordering::Relaxed) && !monitor.cancelled() {
            let Some(&row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let start = Instant::now();
            let solved = solve_one(problem, header, row, &CancellationOnly(monitor));
            *lock(&solving) += start.elapsed();
            match solved {
                // The writer hangs up only when it has failed; its error is the one to tell.
                Ok(sample) => {
                    if sender.send(sample).is_err() {
                        break;
                    }
                }
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
    };
    // The writer has a thread of its own: it must run even when the pool has one thread only.
    let written = std::thread::scope(|scope| {
        let writer = &mut *writer;
        let handle = scope.spawn(move || write_all(writer, &receiver, writing, total, monitor));
        let senders = Mutex::new(vec![sender; threads]);
        rayon::broadcast(|_| {
            // More threads than senders cannot be; without one there is nothing to do.
            let sender = lock(&senders).pop();
            if let Some(sender) = sender {
                work(sender);
            }
        });
        drop(senders);
        handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let failure = failure.into_inner().unwrap_or_else(|poison| poison.into_inner());
    let solving = solving.into_inner().unwrap_or_else(|poison| poison.into_inner());
    let error = match (written, failure) {
        (Err(error), _) => Some(error),
        (Ok(()), Some((_, error))) => Some(error),
        (Ok(()), None) if writer.finished() < total => {
            let (done, total) = (writer.finished() as u64, total as u64);
            Some(
                NumericError::Cancelled {
                    task: format!("data set {}", writer.path().display()),
                    done,
                    total,
                }
                .into(),
            )
        }
        (Ok(()), None) => None,
    };
    (solving, error)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere ends the whole run anyway.
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}

fn write_all(
    writer: &mut Writer,
    receiver: &Receiver<Finished>,
    writing: &mut Duration,
    total: usize,
    monitor: &dyn Monitor,
) -> Result<()> {
    while let Ok(first) = receiver.recv() {
        let start = Instant::now();
        // All that have piled up share their two flushes.
        let batch: Vec<Finished> = [first].into_iter().chain(receiver.try_iter()).collect();
        writer.write(&batch)?;
        *writing += start.elapsed();
        monitor.progress(writer.finished() as u64, total as u64);
    }
    Ok(())
}

/// Solves the sample at `row` and rounds it to the precision of the file.
fn solve_one(problem: &dyn Problem, header: &Header, row: usize, monitor: &dyn Monitor) -> Result<Finished> {
    let (seed, number) = (header.provenance.seed, header.provenance.samples.start + row as u64);
    let solved = || {
        let sample = problem.sample(seed, number, monitor)?;
        let input = rounded(&sample.input, &header.input, header.precision)?;
        let target = rounded(&sample.target, &header.target, header.precision)?;
        let checksums = [&input, &target].map(|numbers| numbers.checksum(0..numbers.len()));
        Ok(Finished { row, input, target, residual: sample.residual, checksums })
    };
    solved().map_err(|source| Error::Sample { sample: number, seed, source })
}

fn rounded(array: &ArrayD<f64>, field: &Field, precision: Precision) -> sobolev_tensor::Result<Numbers> {
    let shape = field.shape();
    if array.shape() != shape {
        return Err(NumericError::shape(&field.name, format!("{shape:?}"), array.shape()));
    }
    let numbers = match precision {
        Precision::F32 => Numbers::F32(array.iter().map(|v| *v as f32).collect()),
        Precision::F64 => Numbers::F64(array.iter().copied().collect()),
    };
    numbers.check_finite(&field.name, &shape)?;
    Ok(numbers)
}
