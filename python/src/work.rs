//! Long work for Python: without the lock of the interpreter, with progress, and stopped by Ctrl-C.

use crate::error::{exception, make};
use pyo3::prelude::*;
use sobolev::Result;
use sobolev::nn::{EpochRecord, TrainingObserver};
use sobolev::tensor::Monitor;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often signals and progress are looked at. Ctrl-C is answered within a second if work itself looks ten times in it.
const INTERVAL: Duration = Duration::from_millis(50);

/// What the worker tells and is told.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    note: Mutex<String>,
}

impl Watch {
    fn standing(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    fn note(&self) -> String {
        self.note.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Monitor for Watch {
    fn progress(&self, done: u64, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl TrainingObserver for Watch {
    fn epoch(&self, record: &EpochRecord) {
        let mut note = format!("epoch {}: loss {:.2e}", record.epoch, record.train_loss);
        if let Some(error) = record.validation_error {
            note.push_str(&format!(", validation {error:.2e}"));
        }
        *self.note.lock().unwrap_or_else(PoisonError::into_inner) = note;
    }
}

/// Runs `work` in a thread of its own, while this one waits for it without the lock of the interpreter, handles signals,
/// and calls `progress(done, total, note)` when there is something new. Signals are looked at before and after too, so that
/// short work that cannot be cancelled, such as reading, does not swallow one.
///
/// # Errors
/// What a signal handler or `progress` raises: the work is then cancelled, and this function returns when it has stopped.
/// Otherwise the error of the work; a panic in it becomes a `SobolevError`.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Watch) -> Result<T> + Send,
) -> PyResult<T> {
    py.check_signals()?;
    let watch = Watch::default();
    let (outcome, interruption) = std::thread::scope(|scope| {
        let (finished, mut waiting) = sync_channel::<()>(1);
        let worker = scope.spawn(|| {
            // Dropped at the end of the work, by a panic too; the other side then stops waiting.
            let _finished = finished;
            work(&watch)
        });
        let mut told = (0, 0);
        let mut interruption = None;
        loop {
            let waiting = &mut waiting;
            let over = py.detach(move || waiting.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout));
            let now = watch.standing();
            if interruption.is_none() {
                let mut looked = py.check_signals();
                if let (Some(progress), true, Ok(())) = (progress, now != told, &looked) {
                    looked = progress.call1((now.0, now.1, watch.note())).map(|_| ());
                    told = now;
                }
                if let Err(error) = looked {
                    watch.cancelled.store(true, Ordering::Relaxed);
                    interruption = Some(error);
                }
            }
            if over {
                break;
            }
        }
        (py.detach(|| worker.join()), interruption)
    });
    if let Some(error) = interruption {
        return Err(error);
    }
    match outcome {
        Ok(result) => result.map_err(|error| exception(py, &error)),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
            let text = format!("internal error, please report it: {words}");
            Err(make(py, "SobolevError", text, None))
        }
    }
}
