//! Settings of problems: tables of a spec file, read into typed structs and written back whole.

use serde::{Serialize, de::DeserializeOwned};
use sobolev_tensor::{Error, Result};

/// Reads `table` into settings. Absent keys take the defaults of the type.
///
/// # Errors
/// [`Error::Value`] that names `argument` for unknown keys (it lists the known ones) and values of the wrong type.
pub(crate) fn read<T: DeserializeOwned>(argument: &str, table: toml::Table) -> Result<T> {
    table.clone().try_into().map_err(|error: toml::de::Error| {
        let message = error.message().trim().replace('\n', ", ");
        Error::value(
            argument,
            "known keys with values of their types",
            table.to_string().trim().replace('\n', ", "),
        )
        .with_hint(message)
    })
}

/// Writes settings as a table that [`read`] takes.
pub(crate) fn write<T: Serialize>(settings: &T) -> toml::Table {
    // Structs of numbers and words always become tables.
    toml::Table::try_from(settings).unwrap_or_default()
}
