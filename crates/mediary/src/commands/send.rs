//! `mediary send`: sends a message, or one for each file. It is queued like any other, so whichever process sends first does: this one, or a
//! server. What others have queued is left alone, for this command may run with other settings than the server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::BytesMut;
use mediary_core::{AccountStatus, MessageId, MessageStatus, Scope, limits};
use mediary_engine::{
    Caller, DraftContent, DraftDestination, FileDraft, FileSource, May, MessageDraft, PlainContent,
    ReceivedFile, rights,
};
use mediary_store::{Account, Company, Message};
use serde_json::json;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, sleep};

use super::account;
use crate::cli::{OutputArgs, SendArgs};
use crate::config::Config;
use crate::output::{Outcome, WrongUsage, print};
use crate::wiring::Parts;
use crate::{files as local_files, progress, wiring};

/// A message that waits for longer is left to the server.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);
const PIECE_BYTES: usize = 64 * 1024;

pub(super) async fn run(config: &Config, args: SendArgs) -> anyhow::Result<Outcome> {
    // Files are looked into before they are sent, as by the server.
    let parts = match args.file.is_empty() {
        true => wiring::parts(config).await?,
        false => wiring::parts_with_media_workers(config).await?,
    };
    let company = wiring::company(&parts.store, &args.of.company).await?;
    let account = account::find(&parts.store, &company, &args.account).await?;
    let may = May::<rights::Send>::ask(Arc::new(Caller::of_command_line(company.id)))?;
    let content = if args.file.is_empty() {
        DraftContent::Plain(PlainContent::Text { text: args.text.unwrap_or_default(), preview_url: false })
    } else {
        files(&parts, &may, &args).await?
    };
    let draft = MessageDraft {
        destination: DraftDestination::Recipient { account: account.id, to: args.to },
        content,
        reply_to: None,
        client_id: None,
    };
    let queued = parts.engine.send(&may, draft).await?;
    let mut messages = Vec::with_capacity(queued.ids.len());
    for id in queued.ids {
        messages.push(sent(&parts, &may.caller().scope(), id, account.status).await?);
    }
    report(args.output, &messages, || why_they_wait(&company, &account))?;
    parts.store.close().await;
    let have_left = messages.iter().all(|message| !has_failed(message) && !waits(message));
    Ok(if have_left { Outcome::Done } else { Outcome::SomeFailed })
}

/// The files in their order. The text goes with the first one.
async fn files(parts: &Parts, may: &May<rights::Send>, args: &SendArgs) -> anyhow::Result<DraftContent> {
    let most = limits::FILES_SENT_AT_ONCE;
    if args.file.len() > most {
        let wrong = format!("--file may be given {most} times at most; send the others with another command");
        return Err(WrongUsage(wrong).into());
    }
    let mut files = Vec::with_capacity(args.file.len());
    for path in &args.file {
        let received = receive(parts, may, path, args.output).await?;
        let draft = FileDraft {
            kind: args.r#type.unwrap_or_else(|| received.usual_kind()),
            caption: args.text.clone().filter(|_| files.is_empty()),
            file_name: path.file_name().map(|name| name.to_string_lossy().into_owned()),
            voice: args.voice.then_some(true),
            convert: args.convert,
        };
        files.push((FileSource::Received(received), draft));
    }
    Ok(DraftContent::Files(files))
}

async fn receive(
    parts: &Parts,
    may: &May<rights::Send>,
    path: &Path,
    output: OutputArgs,
) -> anyhow::Result<ReceivedFile> {
    let unreadable = |error: &std::io::Error| {
        WrongUsage(format!(
            "the file {} (--file) cannot be read: {}",
            path.display(),
            local_files::unreadable(error)
        ))
    };
    let mut file = File::open(path).await.map_err(|error| unreadable(&error))?;
    let length = file.metadata().await.map_err(|error| unreadable(&error))?.len();
    let bar = progress::bytes(length, output.json);
    let mut upload = parts.engine.receive_file(may).await?;
    loop {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        if file.read_buf(&mut piece).await.map_err(|error| unreadable(&error))? == 0 {
            break;
        }
        bar.inc(piece.len() as u64);
        upload.write(piece.freeze()).await?;
    }
    bar.finish_and_clear();
    Ok(upload.end().await?)
}

/// The message once WhatsApp took or refused it, or as it is after a while; at once if its account sends nothing.
async fn sent(
    parts: &Parts,
    scope: &Scope,
    id: MessageId,
    account: AccountStatus,
) -> anyhow::Result<Message> {
    let wait = if account == AccountStatus::Active { LONGEST_WAIT } else { Duration::ZERO };
    let deadline = Instant::now() + wait;
    loop {
        parts.engine.send_now(id).await?;
        let row = parts.store.message(scope, id).await?.context("the message was taken back meanwhile")?;
        if !waits(&row.message) || Instant::now() >= deadline {
            return Ok(row.message);
        }
        sleep(POLL).await;
    }
}

fn waits(message: &Message) -> bool {
    matches!(message.status, MessageStatus::Queued | MessageStatus::Uploading)
}

fn has_failed(message: &Message) -> bool {
    matches!(message.status, MessageStatus::Failed | MessageStatus::Unknown)
}

/// One message as it is, several as a list.
fn report(
    output: OutputArgs,
    messages: &[Message],
    why_they_wait: impl Fn() -> String,
) -> anyhow::Result<()> {
    let printed = match messages {
        [only] => described(only),
        several => json!({ "items": several.iter().map(described).collect::<Vec<_>>() }),
    };
    print(output, &printed, || {
        messages.iter().map(|message| said(message, &why_they_wait)).collect::<Vec<_>>().join("\n")
    })
}

fn described(message: &Message) -> serde_json::Value {
    let error = message.error.as_ref().map(|error| json!({ "code": error.code, "message": error.message }));
    json!({
        "id": message.id,
        "conversationId": message.conversation_id,
        "status": message.status,
        "error": error,
    })
}

fn why_they_wait(company: &Company, account: &Account) -> String {
    let update = format!(
        "mediary account update --company {} --phone-number-id {}",
        company.slug, account.phone_number_id
    );
    match account.status {
        AccountStatus::Active => format!(
            "still waits after {} s. It is safe, and a running server sends it; `mediary doctor` says what is in its way.",
            LONGEST_WAIT.as_secs()
        ),
        AccountStatus::Disabled => {
            format!(
                "waits, for its account is disabled. It leaves once that is active: {update} --status active"
            )
        }
        AccountStatus::NeedsToken => format!(
            "waits, for WhatsApp refuses the account's token. It leaves once there is another one: {update} --access-token-env TOKEN"
        ),
    }
}

fn said(message: &Message, why_they_wait: impl Fn() -> String) -> String {
    let id = message.id;
    match message.status {
        MessageStatus::Queued | MessageStatus::Uploading => {
            format!("Message {id} {}", why_they_wait())
        }
        MessageStatus::Failed => {
            let why = message.error.as_ref().map(|error| error.message.as_str());
            format!("Message {id} failed: {}", why.unwrap_or("WhatsApp refused it"))
        }
        MessageStatus::Unknown => {
            format!("WhatsApp did not confirm message {id}; a status will, or send it again in the inbox.")
        }
        status => format!("Message {id} is {status}."),
    }
}
