//! Where values come from: the environment over `mediary.toml`, each remembered with its location, so that a wrong one
//! can be named by line. All problems are collected; none hides another.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use super::settings::{self, SETTINGS};
use crate::files;

/// A value as text and where it stands.
#[derive(Debug)]
struct GivenValue {
    text: String,
    location: String,
}

/// All given values and all problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Values {
    given: BTreeMap<&'static str, GivenValue>,
    problems: Vec<String>,
}

impl Values {
    /// Reads the file if there is one, then the environment over it.
    pub(crate) fn read(file: &Path, env: impl Fn(&str) -> Option<String>) -> Self {
        let mut values = Self::default();
        match std::fs::read_to_string(file) {
            Ok(text) => values.read_file(&file.display().to_string(), &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_link(file) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => values.problem(format!(
                "{} is a link to a file that is not there; put the file there, or remove the link",
                file.display()
            )),
            Err(error) => {
                let why = files::unreadable(&error);
                values.problem(format!("{} cannot be read: {why}", file.display()));
            }
        }
        for setting in SETTINGS {
            if let Some(text) = env(setting.env).filter(|text| !text.is_empty()) {
                values.given.insert(setting.key, GivenValue { text, location: setting.env.to_owned() });
            }
        }
        values
    }

    fn read_file(&mut self, name: &str, text: &str) {
        let table: BTreeMap<toml::Spanned<String>, toml::Value> = match toml::from_str(text) {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(1, |span| line_at(text, span.start));
                self.problems.push(format!("{name} line {line}: {}", error.message()));
                return;
            }
        };
        for (key, value) in table {
            let location = format!("{name} line {}: {}", line_at(text, key.span().start), key.get_ref());
            match (settings::by_key(key.get_ref()), flat(&value)) {
                (None, _) => {
                    self.problems.push(format!("{location} is not a setting{}", hint(key.get_ref())));
                }
                (_, None) => {
                    self.problems.push(format!("{location} must be a text, a number or a list of texts"));
                }
                (Some(setting), Some(text)) => {
                    self.given.insert(setting.key, GivenValue { text, location });
                }
            }
        }
    }

    /// The value as it was given.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.given.get(key).map(|given| given.text.as_str())
    }

    /// The value, if it was given and makes sense. What makes no sense is remembered as a problem.
    pub(crate) fn parsed<T: FromStr>(&mut self, key: &'static str) -> Option<T>
    where
        T::Err: Display,
    {
        self.checked(key, |text| text.parse::<T>().map_err(|error| error.to_string()))
    }

    /// The value as `check` understands it.
    pub(crate) fn checked<T>(
        &mut self,
        key: &'static str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        debug_assert!(settings::by_key(key).is_some(), "{key} is not in the table of settings");
        let given = self.given.get(key)?;
        match check(given.text.trim()) {
            Ok(value) => Some(value),
            Err(why) => {
                // An address may have a password in it, where it does not belong.
                let secret = settings::by_key(key).is_none_or(|setting| setting.secret);
                let shown = !secret && !given.text.contains('@');
                let value = if shown { format!(" ({:?})", given.text) } else { String::new() };
                self.problems.push(format!("{}{value}: {why}", given.location));
                None
            }
        }
    }

    pub(crate) fn problem(&mut self, text: String) {
        self.problems.push(text);
    }

    pub(crate) fn into_problems(self) -> Vec<String> {
        self.problems
    }

    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }
}

/// Whether there is a link of this name, whatever it leads to.
pub(super) fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// Scalars as text, lists of texts joined by commas, anything else not at all.
fn flat(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

/// What may have been meant: the environment's name written in the file, or a name that begins alike.
fn hint(key: &str) -> String {
    let meant = SETTINGS.iter().find(|setting| {
        setting.env.eq_ignore_ascii_case(key)
            || key.get(..4).is_some_and(|start| setting.key.starts_with(start))
    });
    meant.map_or_else(String::new, |setting| format!("; did you mean {}?", setting.key))
}
