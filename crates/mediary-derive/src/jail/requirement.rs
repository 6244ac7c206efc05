//! What is done where the kernel cannot lock a process up, as the operator decides.

use std::fmt;
use std::str::FromStr;

use mediary_core::UnknownWord;
use serde::{Deserialize, Serialize};

/// What happens where the kernel cannot lock a process up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Then nothing is read.
    #[default]
    Required,
    /// Then files are read with what protection there is.
    Preferred,
    /// Landlock and the filter are not even tried. Limits hold all the same.
    Off,
}

impl Requirement {
    pub const ALL: [Self; 3] = [Self::Required, Self::Preferred, Self::Off];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Preferred => "preferred",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Requirement {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord {
            what: "way to run a sandbox",
            value: text.to_owned(),
            allowed: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}
