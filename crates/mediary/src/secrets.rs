//! Secrets come from a named variable, from a hidden prompt, or from standard input; never from an argument, which
//! every process on the machine could read.

use std::io::{self, BufRead, IsTerminal};

use anyhow::Context;
use secrecy::SecretString;

use crate::output::WrongUsage;

/// The secret in the variable that the flag names.
#[expect(clippy::disallowed_methods, reason = "the variable is named by the one who runs the command")]
pub(crate) fn from_variable(flag: &str, name: &str) -> anyhow::Result<SecretString> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value.into()),
        Ok(_) => Err(WrongUsage(format!("{flag}: the variable {name} is empty")).into()),
        Err(_) => Err(WrongUsage(format!("{flag}: the variable {name} is not set")).into()),
    }
}

/// The secret in the named variable, if a variable was named.
pub(crate) fn optional(flag: &str, name: Option<&str>) -> anyhow::Result<Option<SecretString>> {
    name.map(|name| from_variable(flag, name)).transpose()
}

/// The secret in the named variable; without a name it is asked for on a terminal, or read as one line.
pub(crate) fn variable_or_ask(flag: &str, name: Option<&str>, what: &str) -> anyhow::Result<SecretString> {
    if let Some(name) = name {
        return from_variable(flag, name);
    }
    let value = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{what}: ")).with_context(|| format!("asking for the {what}"))?
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).with_context(|| format!("reading the {what}"))?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    if value.is_empty() {
        return Err(WrongUsage(format!("no {what} was given; use {flag} VARIABLE, or standard input")).into());
    }
    Ok(value.into())
}
