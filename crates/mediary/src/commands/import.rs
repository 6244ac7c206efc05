//! `mediary import`: brings in what an older system left.

use std::fmt::Display;
use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use mediary_engine::{ImportedLine, ImportedMedia, LineFate};
use serde_json::json;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};

use super::import_report::ReportFile;
use crate::cli::{ImportMessagesArgs, OutputArgs};
use crate::config::Config;
use crate::output::{Outcome, WrongUsage, counted, print};
use crate::{files, wiring};

/// Rejected lines that are named one by one.
const NAMED_MAX: usize = 20;
const READ_AT_ONCE: usize = 256 * 1024;
/// Bytes at its beginning that show what a file is.
const HEAD_BYTES: usize = 4096;

pub(super) async fn messages(config: &Config, args: &ImportMessagesArgs) -> anyhow::Result<Outcome> {
    let (file, size) = open(&args.file)?;
    let report = args.report.as_deref().map(|path| ReportFile::check(path, &file)).transpose()?;
    let mut input = BufReader::with_capacity(READ_AT_ONCE, tokio::fs::File::from_std(file));
    check_form(&args.file, &mut input).await?;
    let parts = wiring::parts(config).await?;
    let company = wiring::company(&parts.store, &args.of.company).await?;
    let mut report = report.map(ReportFile::begin).transpose()?;
    let bar = progress(size, args.output);
    let mut import = parts.engine.import(company.id, input);
    let mut tally = Tally::default();
    while let Some(lines) =
        import.next_batch().await.with_context(|| format!("importing {}", args.file.display()))?
    {
        for line in &lines {
            tally.add(line);
        }
        if let Some(report) = &mut report {
            report.write(&lines)?;
        }
        bar.set_position(import.bytes_read());
        bar.set_message(format!("{} imported, {} rejected", tally.imported, tally.rejected));
    }
    bar.finish_and_clear();
    parts.store.close().await;
    tally.print(args)
}

fn wrong(path: &Path, why: &dyn Display) -> WrongUsage {
    WrongUsage(format!("{}: {why}", path.display()))
}

fn open(path: &Path) -> anyhow::Result<(File, u64)> {
    if path == Path::new("-") {
        return Err(WrongUsage("standard input is not read; give a file".to_owned()).into());
    }
    let unreadable = |error| wrong(path, &files::unreadable(&error));
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if about.is_dir() {
        return Err(wrong(path, &"is a folder; name a file with one JSON object a line").into());
    }
    Ok((file, about.len()))
}

/// Refuses at once what would be refused line by line. The input is looked at without being taken, for it may be a pipe.
async fn check_form(path: &Path, input: &mut (impl AsyncBufRead + Unpin)) -> anyhow::Result<()> {
    let head = input.fill_buf().await.map_err(|error| wrong(path, &files::unreadable(&error)))?;
    match other_form(&head[..head.len().min(HEAD_BYTES)]) {
        Some(form) => Err(wrong(path, &form).into()),
        None => Ok(()),
    }
}

/// The form of a file that holds no lines of JSON, and what to do with it.
fn other_form(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    Some(match head {
        _ if text.starts_with(b"[") => {
            "is one JSON array; write each of its objects on a line of its own, as `jq -c '.[]'` does"
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "is text in UTF-16; write it in UTF-8",
        [0x1F, 0x8B, ..] => "is compressed by gzip; decompress it first, as `gunzip` does",
        _ if head.starts_with(b"SQLite format 3") => {
            "is an SQLite database; write its messages to a file with one JSON object a line"
        }
        _ if head.contains(&0) => {
            "has bytes that are 0, so it is not text in UTF-8; name a file with one JSON object a line"
        }
        _ => return None,
    })
}

/// The progress on a terminal: bytes of the file, where it has a size.
fn progress(size: u64, output: OutputArgs) -> ProgressBar {
    if output.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    if size == 0 {
        return ProgressBar::new_spinner();
    }
    let bar = ProgressBar::new(size);
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}, {msg}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// The outcome of all lines.
#[derive(Default)]
struct Tally {
    imported: u64,
    already_there: u64,
    rejected: u64,
    /// Media whose id has still to be found.
    unresolved: u64,
    /// The first that were rejected.
    first: Vec<(u64, String)>,
}

impl Tally {
    fn add(&mut self, line: &ImportedLine) {
        match &line.fate {
            LineFate::Imported(media) => {
                self.imported += 1;
                self.unresolved += u64::from(*media == Some(ImportedMedia::Unresolved));
            }
            LineFate::AlreadyThere => self.already_there += 1,
            LineFate::Rejected(reason) => {
                self.rejected += 1;
                if self.first.len() < NAMED_MAX {
                    self.first.push((line.number, reason.clone()));
                }
            }
        }
    }

    fn print(&self, args: &ImportMessagesArgs) -> anyhow::Result<Outcome> {
        let Self { imported, already_there, rejected, unresolved, first } = self;
        let named: Vec<_> =
            first.iter().map(|(line, reason)| json!({ "line": line, "reason": reason })).collect();
        let printed = json!({ "imported": imported, "alreadyThere": already_there, "rejected": rejected,
            "first": named });
        print(args.output, &printed, || {
            if imported + already_there + rejected == 0 {
                return format!("{} is empty: there is nothing to import.", args.file.display());
            }
            let mut lines =
                vec![format!("{imported} imported, {already_there} already there, {rejected} rejected.")];
            lines.extend(first.iter().map(|(line, reason)| format!("  line {line}: {reason}")));
            if *rejected > first.len() as u64 {
                lines.push("  and more; --report FILE names all of them".to_owned());
            }
            if *unresolved > 0 {
                let slug = &args.of.company;
                lines.push(format!(
                    "{} came without WhatsApp's id; `mediary backfill --company {slug}` looks for it.",
                    counted(*unresolved, "media file")
                ));
            }
            lines.join("\n")
        })?;
        Ok(if *rejected == 0 { Outcome::Done } else { Outcome::SomeFailed })
    }
}
