//! Building a table key by key, as the command line does.

use toml::{Table, Value};

use crate::error::{Error, Result};

/// Sets `table.a.b.c = value` for the key `a.b.c`; the tables on the way are made.
///
/// # Errors
/// [`Error::Spec`] when a part of the key is empty, or something on the way is not a table.
pub fn insert(table: &mut Table, key: &str, value: Value) -> Result<()> {
    let (path, last) = key.rsplit_once('.').map_or((None, key), |(path, last)| (Some(path), last));
    let mut place = table;
    for part in path.into_iter().flat_map(|path| path.split('.')) {
        let entry = place.entry(part).or_insert_with(|| Value::Table(Table::new()));
        place = entry.as_table_mut().ok_or_else(|| {
            Error::spec(key, format!("{part} is a value already, and has no keys below it"))
        })?;
    }
    if last.is_empty() || key.split('.').any(str::is_empty) {
        return Err(Error::spec(format!("\"{key}\""), "expected a key such as size or field.exponent"));
    }
    place.insert(last.to_string(), value);
    Ok(())
}

/// The key and the value of a text `key=value`. The value is read as TOML (`3`, `0.1`, `true`, `[12, 12]`, `"word"`); what
/// is not TOML is a word.
///
/// # Errors
/// [`Error::Spec`] when there is no `=`.
pub fn setting(text: &str) -> Result<(String, Value)> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| Error::spec(format!("setting \"{text}\""), "expected key=value, such as size=64"))?;
    let (key, value) = (key.trim(), value.trim());
    let parsed =
        toml::from_str::<Table>(&format!("value = {value}")).ok().and_then(|mut t| t.remove("value"));
    Ok((key.to_string(), parsed.unwrap_or_else(|| Value::String(value.to_string()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_keys_make_tables() {
        let mut table = Table::new();
        insert(&mut table, "settings.field.exponent", Value::Float(2.0)).unwrap();
        insert(&mut table, "settings.size", Value::Integer(64)).unwrap();
        assert_eq!(table.to_string().trim(), "[settings]\nsize = 64\n\n[settings.field]\nexponent = 2.0");
        assert!(insert(&mut table, "settings.size.more", Value::Integer(1)).is_err());
        assert!(insert(&mut table, "", Value::Integer(1)).is_err());
        assert!(insert(&mut table, "a..b", Value::Integer(1)).is_err());
    }

    #[test]
    fn values_are_toml_or_words() {
        let read = |text: &str| setting(text).unwrap();
        assert_eq!(read("size=64"), ("size".to_string(), Value::Integer(64)));
        assert_eq!(read("viscosity = 1e-3").1, Value::Float(1e-3));
        assert_eq!(read("field=darcy").1, Value::String("darcy".to_string()));
        assert_eq!(read("modes=[12, 12]").1.as_array().map(Vec::len), Some(2));
        assert!(setting("size").unwrap_err().to_string().contains("expected key=value"));
    }
}
