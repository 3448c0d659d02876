//! The command line, run as a program in a folder of its own.

mod bad_input;
mod batch;
mod formats;
mod full_disk;
mod fuzz;
mod interruption;
#[cfg(unix)]
mod kill;
mod lists;
mod presets;
mod round_trip;
mod sample_data;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder to run the program in.
struct Folder(TempDir);

/// What a run of the program left.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), contents).unwrap();
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sobolev"));
        command.current_dir(self.0.path());
        command
    }

    /// Runs the program; arguments are separated by blanks.
    fn run(&self, arguments: &str) -> Run {
        self.command().args(arguments.split_whitespace()).output().unwrap().into()
    }

    /// Runs the program, which is to succeed; returns what it printed.
    fn ok(&self, arguments: &str) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments}: {}", run.err);
        run.out
    }

    /// Runs the program, which is to fail with exit code 2 and one error; returns the error.
    fn fails(&self, arguments: &str) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(2), "{arguments}: {}{}", run.out, run.err);
        assert_eq!(run.err.matches("error:").count(), 1, "{}", run.err);
        assert!(!run.err.contains("panicked"), "{}", run.err);
        run.err
    }

    /// A small set of Darcy flow and a model trained on it: `d.h5` and `m.safetensors`.
    fn with_model() -> Self {
        let folder = Self::new();
        folder.ok("generate darcy --size 12 --samples 0..6 -o d.h5");
        folder.ok(&format!("train d.h5 -o m.safetensors {SMALL} --epochs 2"));
        folder
    }
}

/// A model and batches for tests of seconds.
const SMALL: &str = "--modes 3 --width 4 --set projection=8 --batch 2";

/// Array files of NumPy, as tests need them.
fn write_npy(path: &Path, shape: &[usize], value: impl Fn(usize) -> f32) {
    let values: Vec<f32> = (0..shape.iter().product()).map(value).collect();
    ndarray_npy::write_npy(path, &ndarray::ArrayD::from_shape_vec(shape, values).unwrap()).unwrap();
}
