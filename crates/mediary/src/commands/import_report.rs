//! The report of `mediary import`: the outcome of each line. The file that it replaces is an earlier report or an empty
//! file, never an export or a database that somebody named by mistake.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use mediary_core::limits;
use mediary_engine::{ImportedLine, LineFate};
use serde::{Deserialize, Serialize};

use crate::files;
use crate::output::WrongUsage;

/// Bytes of a report's first line: it may hold an id as long as a line of the import, each byte of it escaped.
const FIRST_LINE_BYTES: u64 = 8 * limits::IMPORT_LINE_BYTES as u64;

/// The outcome of each line, written once it is final.
pub(super) struct Report {
    file: BufWriter<File>,
    path: PathBuf,
}

/// A file that a report may be written to; what is in it has not been changed.
pub(super) struct ReportFile {
    path: PathBuf,
    /// An earlier report, or an empty file.
    earlier: Option<File>,
}

impl ReportFile {
    /// Refuses a file that is no report. To be called before the database is opened: closing a file that turns out to be the
    /// database's would give up the locks that SQLite has on it.
    pub(super) fn check(path: &Path, input: &File) -> anyhow::Result<Self> {
        let path = path.to_owned();
        let earlier = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(wrong(&path, &error).into()),
            // Not opened: that has effects of its own on a pipe or a device.
            Ok(about) if !about.is_file() => return Err(no_report(&path).into()),
            Ok(_) => Some(open_earlier(&path, input)?),
        };
        Ok(Self { path, earlier })
    }

    /// Empties an earlier report, or makes a new file. One that came into being after the check is left alone.
    pub(super) fn begin(self) -> anyhow::Result<Report> {
        let Self { path, earlier } = self;
        let opened = match earlier {
            Some(mut file) => file.set_len(0).and_then(|()| file.rewind()).map(|()| file),
            None => File::create_new(&path),
        };
        match opened {
            Ok(file) => Ok(Report { file: BufWriter::new(file), path }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(no_report(&path).into()),
            Err(error) => Err(wrong(&path, &error).into()),
        }
    }
}

fn open_earlier(path: &Path, input: &File) -> anyhow::Result<File> {
    // What is found out about the open file holds for what is emptied, wherever the path leads by then.
    let found = OpenOptions::new().read(true).write(true).open(path).and_then(|file| {
        let same = same_file(&file, input)?;
        Ok((same, !same && is_report(&file)?, file))
    });
    match found.map_err(|error| wrong(path, &error))? {
        (true, ..) => {
            let words = format!("--report: {} is the file to import; name a new file", path.display());
            Err(WrongUsage(words).into())
        }
        (_, true, file) => Ok(file),
        _ => Err(no_report(path).into()),
    }
}

/// Whether two open files are one, by whichever names.
fn same_file(one: &File, other: &File) -> io::Result<bool> {
    let (one, other) = (one.metadata()?, other.metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Whether it is empty, or begins as a report does.
fn is_report(file: &File) -> io::Result<bool> {
    let mut first = Vec::new();
    BufReader::new(file.take(FIRST_LINE_BYTES)).read_until(b'\n', &mut first)?;
    // Serde would also take an array of the fields in order.
    let is_told = first.starts_with(b"{") && serde_json::from_slice::<ReportLine<'_>>(&first).is_ok();
    Ok(first.is_empty() || is_told)
}

fn no_report(path: &Path) -> WrongUsage {
    WrongUsage(format!(
        "--report: {} exists already and is no report of an import; name a new file",
        path.display()
    ))
}

fn wrong(path: &Path, error: &io::Error) -> WrongUsage {
    WrongUsage(format!("--report: {}: {}", path.display(), files::unwritable(error)))
}

impl Report {
    pub(super) fn write(&mut self, lines: &[ImportedLine]) -> anyhow::Result<()> {
        let mut write = || -> io::Result<()> {
            for line in lines {
                serde_json::to_writer(&mut self.file, &ReportLine::from(line))?;
                self.file.write_all(b"\n")?;
            }
            self.file.flush()
        };
        write().with_context(|| format!("writing the report {}", self.path.display()))
    }
}

/// A line of a report.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReportLine<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_message_id: Option<Cow<'a, str>>,
    fate: Fate,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    Imported,
    AlreadyThere,
    Rejected,
}

impl<'a> From<&'a ImportedLine> for ReportLine<'a> {
    fn from(line: &'a ImportedLine) -> Self {
        let (fate, media, reason) = match &line.fate {
            LineFate::Imported(media) => (Fate::Imported, media.map(|media| media.as_str()), None),
            LineFate::AlreadyThere => (Fate::AlreadyThere, None, None),
            LineFate::Rejected(reason) => (Fate::Rejected, None, Some(reason.as_str())),
        };
        Self {
            line: line.number,
            provider_message_id: line.provider_message_id.as_deref().map(Cow::Borrowed),
            fate,
            media: media.map(Cow::Borrowed),
            reason: reason.map(Cow::Borrowed),
        }
    }
}
