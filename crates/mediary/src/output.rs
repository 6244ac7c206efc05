//! The output of commands: one JSON object for programs, a table or a sentence for people.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use mediary_core::ErrorCode;
use serde::Serialize;

use crate::cli::OutputArgs;

/// How a command ended when it did not fail as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    SomeFailed,
}

/// The command line asked for something that makes no sense; ends with exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUsage(pub(crate) String);

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

/// The output of a command did not reach its reader.
#[derive(Debug, thiserror::Error)]
#[error("the standard output cannot be written: {0}")]
pub(crate) struct OutputError(io::Error);

/// Why a command failed, for people, and its exit code. A refusal is one sentence, without its
/// causes; a failure has all of them.
pub(crate) fn refusal(error: &anyhow::Error) -> (String, u8) {
    if error.is::<WrongUsage>() {
        return (with_causes(error), WRONG_USAGE);
    }
    let Some(refused) = error.downcast_ref::<mediary_core::Error>() else {
        return (with_causes(error), FAILED);
    };
    match (refused.code(), refused.field()) {
        // The sentence stands by itself, and it is the file that is refused, not how the command was given.
        (ErrorCode::PayloadTooLarge | ErrorCode::UnsupportedMediaType, _) => (refused.to_string(), FAILED),
        (_, Some(field)) => (format!("{} {refused}", flag(field)), WRONG_USAGE),
        (ErrorCode::ValidationError | ErrorCode::NotFound, None) => (refused.to_string(), WRONG_USAGE),
        (ErrorCode::Conflict, None) => (refused.to_string(), FAILED),
        _ => (with_causes(error), FAILED),
    }
}

/// An error with its causes, each once: some libraries repeat the cause in their own text.
pub(crate) fn with_causes(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        before if before.ends_with(&cause) => text,
        before => format!("{before}: {cause}"),
    })
}

/// The option of the command line that fills a field of JSON.
fn flag(field: &str) -> String {
    match field {
        "accessToken" | "appSecret" | "verifyToken" | "password" => format!("--{}-env", kebab(field)),
        "expiresAt" => "--expires-in-days".to_owned(),
        "caption" => "--text".to_owned(),
        field => format!("--{}", kebab(field)),
    }
}

fn kebab(camel: &str) -> String {
    let mut text = String::new();
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// Prints `value` as one JSON object, or `sentence` for people.
pub(crate) fn print(
    output: OutputArgs,
    value: &impl Serialize,
    sentence: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    forgive_closed(deliver(output, value, sentence))
}

/// Prints as [`print()`] does what is of no use to anybody unless it is read, so that a closed output is a failure as well.
pub(crate) fn deliver(
    output: OutputArgs,
    value: &impl Serialize,
    sentence: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    let text = if output.json { serde_json::to_string(value)? } else { sentence() };
    Ok(write_out(&format!("{text}\n"))?)
}

/// Prints a line.
pub(crate) fn print_line(line: &str) -> anyhow::Result<()> {
    write(&format!("{line}\n"))
}

/// Prints a piece of text as it is.
pub(crate) fn write(text: &str) -> anyhow::Result<()> {
    forgive_closed(write_out(text).map_err(Into::into))
}

/// Prints a line to standard error. Where that cannot be written, nothing is left to report it to.
pub(crate) fn eprint_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The one way to standard output: `println!` panics where it is closed or full.
fn write_out(text: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(OutputError)
}

/// A reader who has gone, such as `head`, wants no more: the command does what it was asked for all the same, and its exit
/// code says how that ended.
fn forgive_closed(written: anyhow::Result<()>) -> anyhow::Result<()> {
    written.or_else(|error| match error.downcast_ref::<OutputError>() {
        Some(OutputError(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })
}

/// A number of things: `1 file`, `2 files`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// The verb for [`counted`] things.
pub(crate) fn are(count: u64) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

pub(crate) fn were(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

/// Lays rows out in columns under their heads.
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..heads.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{cell:<width$}  ");
        }
        text.trim_end().to_owned()
    };
    let mut lines = vec![line(&mut heads.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["1".to_owned(), "Ana".to_owned()], vec!["12".to_owned(), "Bo".to_owned()]];
        assert_eq!(table(&["ID", "NAME"], &rows), "ID  NAME\n1   Ana\n12  Bo");
    }

    #[test]
    fn causes_of_an_error_are_named_once() {
        let error = anyhow::anyhow!("refused").context("asking: refused").context("opening");
        assert_eq!(with_causes(&error), "opening: asking: refused");
    }

    #[test]
    fn count_of_one_is_in_the_singular() {
        assert_eq!(
            [counted(0, "file"), counted(1, "file"), counted(2, "file")],
            ["0 files", "1 file", "2 files"]
        );
    }

    #[test]
    fn fields_are_named_by_their_options() {
        for (field, option) in [
            ("phoneNumberId", "--phone-number-id"),
            ("name", "--name"),
            ("accessToken", "--access-token-env"),
            ("password", "--password-env"),
        ] {
            assert_eq!(flag(field), option);
        }
    }
}
