//! Settings in files: an enum that may be written as a word, or as a table with its settings.

use serde::de::IntoDeserializer;
use serde::de::value::MapDeserializer;

/// Implements `Serialize` and `Deserialize` for an enum of struct variants with `#[serde(remote = "Self")]`: `"word"` means
/// the same as `{ word = {} }`.
macro_rules! word_or_table {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                use serde::de::value::{MapAccessDeserializer, MapDeserializer};

                struct WordOrTable;
                impl<'de> serde::de::Visitor<'de> for WordOrTable {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a word, or a table of one word and its settings")
                    }

                    fn visit_str<E: serde::de::Error>(self, word: &str) -> std::result::Result<$name, E> {
                        let entry = std::iter::once((word, $crate::settings::EmptyTable));
                        $name::deserialize(MapAccessDeserializer::new(MapDeserializer::new(entry)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> std::result::Result<$name, A::Error> {
                        $name::deserialize(MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_any(WordOrTable)
            }
        }
    };
}
pub(crate) use word_or_table;

/// The settings of a word that stands alone.
pub(crate) struct EmptyTable;

impl<'de, E: serde::de::Error> IntoDeserializer<'de, E> for EmptyTable {
    type Deserializer = MapDeserializer<'de, std::iter::Empty<(&'static str, &'static str)>, E>;

    fn into_deserializer(self) -> Self::Deserializer {
        MapDeserializer::new(std::iter::empty())
    }
}
