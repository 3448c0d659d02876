//! From options to specs: the TOML file first, the options on the command line over it.

use std::path::{Path, PathBuf};

use sobolev::spec::{Spec, insert, read_table, setting};
use toml::{Table, Value};

/// The table of a spec under construction.
#[derive(Default)]
pub(crate) struct Overlay(Table);

impl Overlay {
    /// Starts from a TOML file, if there is one.
    pub(crate) fn on(file: Option<&Path>) -> sobolev::Result<Self> {
        file.map_or_else(|| Ok(Self::default()), |path| read_table(path).map(Self))
    }

    /// Sets a key, such as `trainer.epochs`, when the option was given.
    pub(crate) fn set<V: Into<Value>>(&mut self, key: &str, value: Option<V>) -> sobolev::Result<()> {
        value.map_or(Ok(()), |value| insert(&mut self.0, key, value.into()))
    }

    /// Sets a key to a whole number.
    pub(crate) fn count(&mut self, key: &str, value: Option<u64>) -> sobolev::Result<()> {
        // TOML's integers have a sign. Larger ones are written as text, which no number accepts, so that the error names the key.
        self.set(
            key,
            value.map(|n| i64::try_from(n).map_or_else(|_| Value::from(n.to_string()), Value::from)),
        )
    }

    /// Sets a key to a path.
    pub(crate) fn path(&mut self, key: &str, value: Option<&Path>) -> sobolev::Result<()> {
        self.set(key, value.map(|path| path.display().to_string()))
    }

    /// Sets keys below `table` to values, both given as `key=value`.
    pub(crate) fn settings(&mut self, table: &str, settings: &[String]) -> sobolev::Result<()> {
        settings.iter().try_for_each(|text| {
            let (key, value) = setting(text)?;
            insert(&mut self.0, &format!("{table}.{key}"), value)
        })
    }

    /// Makes a data entry that is only the name of a file a table, so that its other keys can be set.
    pub(crate) fn data(&mut self, key: &str, file: Option<&Path>) -> sobolev::Result<()> {
        if let Some(Value::String(name)) = self.0.get(key).cloned() {
            self.0.insert(key.to_string(), Value::Table(Table::new()));
            insert(&mut self.0, &format!("{key}.path"), Value::String(name))?;
        }
        self.path(&format!("{key}.path"), file)
    }

    /// The spec.
    pub(crate) fn spec<S: Spec>(self) -> sobolev::Result<S> {
        S::from_table(self.0)
    }
}

/// Whether a path is that of a spec.
pub(crate) fn is_spec(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "toml")
}

/// Which samples of a file to take: shared by all commands that read data.
#[derive(clap::Args)]
pub(crate) struct DataOptions {
    /// Positions of the samples to take, such as 0..100; all by default
    #[arg(long, value_name = "RANGE")]
    samples: Option<String>,
    /// Keep every N-th grid point
    #[arg(long, value_name = "N")]
    stride: Option<u64>,
    /// Take the finished samples of a data set whose generation was interrupted
    #[arg(long)]
    finished: bool,
    /// Array with the inputs, in a file of another program; several, separated by commas, become channels
    #[arg(long, value_name = "NAME")]
    input: Option<String>,
    /// Array with the targets, in a file of another program
    #[arg(long, value_name = "NAME", requires = "input")]
    target: Option<String>,
    /// File with the targets, when it is another one
    #[arg(long, value_name = "FILE")]
    target_path: Option<PathBuf>,
    /// Frames that are the input, of trajectories of another program; the later ones are the target [default: 1]
    #[arg(long, value_name = "N")]
    input_frames: Option<u64>,
    /// Make the frames of another program's trajectories channels, not points of an axis of time
    #[arg(long)]
    frames_as_channels: bool,
}

impl DataOptions {
    /// Writes the options below `key`.
    pub(crate) fn write(self, overlay: &mut Overlay, key: &str, file: Option<&Path>) -> sobolev::Result<()> {
        overlay.data(key, file)?;
        let name = |option: &str| format!("{key}.{option}");
        overlay.set(&name("samples"), self.samples)?;
        overlay.count(&name("stride"), self.stride)?;
        overlay.set(&name("finished"), self.finished.then_some(true))?;
        overlay.set(&name("input"), self.input)?;
        overlay.set(&name("target"), self.target)?;
        overlay.count(&name("input_frames"), self.input_frames)?;
        overlay.set(&name("frames_as_channels"), self.frames_as_channels.then_some(true))?;
        overlay.path(&name("target_path"), self.target_path.as_deref())
    }
}
