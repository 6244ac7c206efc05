//! The password of a person, from a named variable or from who runs the command.

use std::io::{self, IsTerminal};

use anyhow::Context;
use mediary_core::field;
use secrecy::{ExposeSecret, SecretString};

use crate::output::WrongUsage;
use crate::secrets;

/// The password in the named variable; without a name it is asked for twice on a terminal, or read as one line.
pub(crate) fn given_or_asked(variable: Option<&str>) -> anyhow::Result<SecretString> {
    let given = secrets::variable_or_ask("--password-env", variable, "password")?;
    if variable.is_some() {
        return Ok(given);
    }
    // No option is wrong where none was given.
    field::password("password", given.expose_secret())
        .map_err(|wrong| WrongUsage(format!("the password {}", wrong.rule)))?;
    if io::stdin().is_terminal() {
        let again =
            rpassword::prompt_password("the same password again: ").context("asking for the password")?;
        if again != given.expose_secret() {
            return Err(WrongUsage("the two passwords are not the same; run this again".to_owned()).into());
        }
    }
    Ok(given)
}
