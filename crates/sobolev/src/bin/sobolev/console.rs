//! What the user sees: progress on standard error, results on standard output, and Ctrl-C.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use sobolev::Error;
use sobolev::tensor::Monitor;

/// Status of a program that a second Ctrl-C ended, as shells write it.
const INTERRUPTED: i32 = 130;

/// Where results and progress go.
pub(crate) struct Console {
    json: bool,
    quiet: bool,
    threads: Option<usize>,
    stop: Arc<AtomicBool>,
}

impl Console {
    /// A console as the options ask for it.
    pub(crate) fn new(json: bool, quiet: bool, threads: Option<usize>) -> sobolev::Result<Self> {
        // A file-size limit is to be an error of the write, which is told, not the end of the program.
        flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map_err(signals)?;
        Ok(Self { json, quiet, threads, stop: Arc::default() })
    }

    /// Takes over Ctrl-C: the first one asks the work to stop, the second one ends the program. For work that has a monitor;
    /// without this call Ctrl-C ends the program at once.
    pub(crate) fn take_over_interrupts(&self) -> sobolev::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            // The order matters: the handler of the second signal looks at what the first one stored.
            flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&self.stop))
                .map_err(signals)?;
            flag::register(signal, Arc::clone(&self.stop)).map_err(signals)?;
        }
        Ok(())
    }

    /// The option `--threads`.
    pub(crate) fn threads(&self) -> Option<usize> {
        self.threads
    }

    /// Prints a result: as text, or as JSON when that was asked for.
    pub(crate) fn result<R: Serialize + Display>(&self, result: &R) -> sobolev::Result<()> {
        if self.json { self.json(result) } else { self.text(&result.to_string()) }
    }

    /// Whether results are printed as JSON.
    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }

    /// Prints a value as one line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> sobolev::Result<()> {
        let line = serde_json::to_string(value).map_err(|error| Error::Io {
            path: "JSON".into(),
            action: "write",
            source: error.into(),
        })?;
        self.text(&line)
    }

    /// Prints lines.
    pub(crate) fn text(&self, text: &str) -> sobolev::Result<()> {
        match writeln!(io::stdout(), "{}", text.trim_end()) {
            // The reader, such as `head`, has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|source| Error::Io {
                path: "standard output".into(),
                action: "write",
                source,
            }),
        }
    }

    /// A remark on the work, on standard error.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// A progress bar that counts `unit`.
    pub(crate) fn progress(&self, task: &str, unit: &str) -> Progress {
        let bar = ProgressBar::with_draw_target(
            None,
            if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() },
        );
        let template =
            format!("{{prefix}} {{bar:32}} {{pos}}/{{len}} {unit}, {{elapsed}}, {{eta}} left  {{msg}}");
        // The template is a constant but for the unit; the default style does for one that indicatif does not take.
        bar.set_style(
            ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(task.to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress { bar, began: AtomicBool::new(false), stop: Arc::clone(&self.stop) }
    }
}

fn signals(source: io::Error) -> Error {
    Error::Io { path: "signals".into(), action: "watch", source }
}

/// A progress bar that is also the monitor of the work: it hands on Ctrl-C.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Whether any work was told of.
    began: AtomicBool,
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// A word on the state of the work behind the bar.
    pub(crate) fn message(&self, text: String) {
        self.bar.set_message(text);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Monitor for Progress {
    fn progress(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        if !self.began.swap(true, Ordering::Relaxed) {
            // What an earlier run has done says nothing of the speed of this one.
            self.bar.reset_eta();
        }
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
