//! What a setting of an equation or a model is, for help and documentation.

use std::borrow::Cow;

/// One setting in the list of an equation or a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingEntry {
    /// Its key in a table of settings.
    pub name: &'static str,
    /// Its default as it is written in TOML, or in words when it follows from other settings.
    pub default: Cow<'static, str>,
    /// What it means, in one line.
    pub summary: &'static str,
}

impl SettingEntry {
    /// An entry.
    pub const fn new(name: &'static str, default: &'static str, summary: &'static str) -> Self {
        Self { name, default: Cow::Borrowed(default), summary }
    }
}
