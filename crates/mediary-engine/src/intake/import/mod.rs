//! Imports of messages from an older system, one JSON object a line: read, checked and written in batches. Messages that are stored
//! already are never changed, so an import that was interrupted is simply run again.

mod given;
mod lines;
mod message;

use std::collections::HashMap;
use std::time::Duration;

use mediary_core::{CompanyId, Error, ErrorCode, Result};
use mediary_store::{Account, IncomingMessage, NewMedia};
use tokio::io::AsyncBufRead;
use tracing::{Instrument as _, Span, field};

use self::given::GivenLine;
use self::lines::{Line, Lines};
use crate::context::Context;

/// Lines of one transaction, and their bytes.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 1024 * 1024;
/// The pause between two transactions, in which others write: on the embedded database there is one writer.
const REST: Duration = Duration::from_millis(20);

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineFate {
    /// With the state of its media, if it has any.
    Imported(Option<ImportedMedia>),
    /// The company has a message with this WhatsApp id; nothing was changed.
    AlreadyThere,
    /// Why, with the field's name.
    Rejected(String),
}

/// What happens to the media of an imported message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportedMedia {
    /// It is downloaded now.
    Due,
    /// The policy waits for the first view.
    Waiting,
    /// WhatsApp's id of it has still to be found.
    Unresolved,
    /// It has expired at WhatsApp.
    Expired,
}

impl ImportedMedia {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Waiting => "waiting",
            Self::Unresolved => "unresolved",
            Self::Expired => "expired",
        }
    }
}

/// A processed line. Empty ones are skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedLine {
    /// From 1 on.
    pub number: u64,
    pub provider_message_id: Option<String>,
    pub fate: LineFate,
}

/// A running import.
#[derive(Debug)]
pub struct Import<R> {
    context: Context,
    company: CompanyId,
    lines: Lines<R>,
    began: bool,
    /// Of the whole import.
    span: Span,
}

/// Lines that go into one transaction.
#[derive(Default)]
struct Batch {
    /// In the order of the file; those to be written have no fate yet.
    lines: Vec<(ImportedLine, Option<IncomingMessage>)>,
    accounts: HashMap<String, Option<Account>>,
    bytes: usize,
}

impl<R: AsyncBufRead + Unpin> Import<R> {
    /// Begins to import messages of a company.
    pub(crate) fn new(context: Context, company: CompanyId, input: R) -> Self {
        let span = tracing::error_span!("import", company.id = company.0, lines = field::Empty);
        Self { context, company, lines: Lines::new(input), began: false, span }
    }

    /// Bytes of the input that were read.
    pub fn bytes_read(&self) -> u64 {
        self.lines.bytes
    }

    /// Processes the next lines, and returns the outcome of each once it is committed. `None` at the end.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<ImportedLine>>> {
        let span = self.span.clone();
        let batch = self.take_batch().instrument(span.clone()).await?;
        if batch.is_none() {
            span.record("lines", self.lines.number);
        }
        Ok(batch)
    }

    async fn take_batch(&mut self) -> Result<Option<Vec<ImportedLine>>> {
        if self.began {
            tokio::time::sleep(REST).await;
        }
        self.began = true;
        let mut batch = Batch::default();
        let mut ended = false;
        while !ended && batch.lines.len() < BATCH && batch.bytes < BATCH_BYTES {
            match self.lines.next().await.map_err(unreadable)? {
                None => ended = true,
                Some(line) => self.take(&mut batch, line).await?,
            }
        }
        if ended && batch.lines.is_empty() {
            return Ok(None);
        }
        self.write(batch).await.map(Some)
    }

    /// Reads a line into the batch.
    async fn take(&self, batch: &mut Batch, line: Line) -> Result<()> {
        let number = self.lines.number;
        let text = match line {
            Line::Whole(text) => text,
            Line::TooLong => {
                let max_bytes = mediary_core::limits::IMPORT_LINE_BYTES;
                let reason =
                    format!("the line is longer than {max_bytes} bytes; leave out what is not needed");
                batch.reject(number, None, reason);
                return Ok(());
            }
        };
        batch.bytes += text.len();
        // Some programs begin a file with a mark of its encoding.
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let given = match given::read(text) {
            Ok(given) => given,
            Err(reason) => {
                batch.reject(number, None, reason);
                return Ok(());
            }
        };
        let id = Some(given.provider_message_id.clone());
        match self.message(batch, given).await? {
            Ok(message) => {
                let fate = LineFate::Imported(message.media.as_ref().map(|media| self.state(media)));
                let line = ImportedLine { number, provider_message_id: id, fate };
                batch.lines.push((line, Some(message)));
            }
            Err(reason) => batch.reject(number, id, reason),
        }
        Ok(())
    }

    /// The message of a line, or what is wrong with the line.
    async fn message(&self, batch: &mut Batch, given: GivenLine) -> Result<Result<IncomingMessage, String>> {
        let phone_number_id = given.phone_number_id.clone();
        if !batch.accounts.contains_key(&phone_number_id) {
            let store = self.context.store();
            let found = store.account_by_phone_number_id(self.company, &phone_number_id).await?;
            batch.accounts.insert(phone_number_id.clone(), found);
        }
        Ok(match batch.accounts.get(&phone_number_id).and_then(Option::as_ref) {
            Some(account) => message::message(given, account, self.context.now()),
            None => Err(format!("phoneNumberId: the company has no account {phone_number_id:.60}")),
        })
    }

    fn state(&self, media: &NewMedia) -> ImportedMedia {
        match media {
            media if media.expires_at <= self.context.now() => ImportedMedia::Expired,
            NewMedia { provider_media_id: None, .. } => ImportedMedia::Unresolved,
            media if media.download_now => ImportedMedia::Due,
            _ => ImportedMedia::Waiting,
        }
    }

    async fn write(&self, batch: Batch) -> Result<Vec<ImportedLine>> {
        let messages: Vec<IncomingMessage> =
            batch.lines.iter().filter_map(|(_, message)| message.clone()).collect();
        let mut written = self.write_messages(messages).await?.into_iter();
        let mut told = Vec::with_capacity(batch.lines.len());
        for (mut line, message) in batch.lines {
            if message.is_some() {
                match written.next() {
                    Some(Ok(true)) => {}
                    Some(Ok(false)) | None => line.fate = LineFate::AlreadyThere,
                    Some(Err(reason)) => line.fate = LineFate::Rejected(reason),
                }
            }
            told.push(line);
        }
        Ok(told)
    }

    /// Whether each message was new. One that the database refuses goes alone, so that it does not stop the others.
    async fn write_messages(&self, messages: Vec<IncomingMessage>) -> Result<Vec<Result<bool, String>>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let store = self.context.store();
        match store.import_messages(self.company, messages.clone()).await {
            Ok(new) => return Ok(new.into_iter().map(Ok).collect()),
            Err(error) if error.retryable() => return Err(error.into()),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a batch of an import goes one by one"
                );
            }
        }
        let mut written = Vec::with_capacity(messages.len());
        for message in messages {
            written.push(match store.import_messages(self.company, vec![message]).await {
                Ok(new) => Ok(new.first().copied().unwrap_or(false)),
                Err(error) if error.retryable() => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a line cannot be recorded");
                    Err(format!("the line cannot be recorded: {}", error.sentence()))
                }
            });
        }
        Ok(written)
    }
}

impl Batch {
    fn reject(&mut self, number: u64, provider_message_id: Option<String>, reason: String) {
        let line = ImportedLine { number, provider_message_id, fate: LineFate::Rejected(reason) };
        self.lines.push((line, None));
    }
}

fn unreadable(error: std::io::Error) -> Error {
    Error::new(ErrorCode::Internal, "read the file").because(error)
}
