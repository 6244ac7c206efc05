//! Words that are stored and sent by name, and text that both databases can hold.

use std::borrow::Cow;
use std::fmt;

use serde::de;

/// A name that is none of the ones allowed for a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {} {what}; allowed are: {allowed}", article(.what))]
pub struct UnknownWord {
    pub what: &'static str,
    pub value: String,
    pub allowed: String,
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// Reads one of the words of a type. Whatever is no text, or another one, is told all of them.
pub(crate) struct OneWord<T: 'static> {
    pub(crate) words: &'static [&'static str],
    pub(crate) values: &'static [T],
}

impl<T: Copy> de::Visitor<'_> for OneWord<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of `{}`", self.words.join("`, `"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        let place = self.words.iter().position(|word| *word == text);
        let value = place.and_then(|place| self.values.get(place)).copied();
        value.ok_or_else(|| E::unknown_variant(text, self.words))
    }
}

/// Replaces U+0000, which Postgres cannot store, by U+FFFD. WhatsApp texts can contain it.
pub fn storable_text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
}

/// An enum whose variants have one fixed name each, the same in the database, in JSON and on the command line.
macro_rules! string_enum {
    ($(#[$doc:meta])* $what:literal $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            const WORDS: &[&str] = &[$($word),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::text::OneWord { words: Self::WORDS, values: Self::ALL })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| $crate::UnknownWord {
                    what: $what,
                    value: text.to_owned(),
                    allowed: Self::WORDS.join(", "),
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::UnknownWord;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
}
pub(crate) use string_enum;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileType, MediaPolicy};

    #[test]
    fn unknown_value_is_refused_with_the_allowed_ones() {
        let error = "keep".parse::<MediaPolicy>().unwrap_err();
        assert_eq!(error.to_string(), "\"keep\" is not a media policy; allowed are: store, on_view, stream");
        let error = "off".parse::<crate::AccountStatus>().unwrap_err();
        assert!(error.to_string().starts_with("\"off\" is not an account status; allowed are: "), "{error}");
    }

    #[test]
    fn names_are_the_same_in_json_and_text() {
        for kind in FileType::ALL {
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{kind}\""));
            assert_eq!(kind.as_str().parse::<FileType>().unwrap(), *kind);
        }
    }

    #[test]
    fn nul_becomes_storable() {
        assert_eq!(storable_text("a\0b"), "a\u{FFFD}b");
        assert!(matches!(storable_text("plain"), Cow::Borrowed("plain")));
    }
}
