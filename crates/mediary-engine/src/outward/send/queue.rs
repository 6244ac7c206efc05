//! A message on its way into its rows: checked, its file stored under a key that is reserved, and all of it queued in one transaction.

use mediary_core::{CompanyId, Error, ErrorCode, MessageId, Result, Scope, UploadId, limits};
use mediary_store::{
    Change, ChangeKind, Destination, ErrorKind, NewSend, QueuedSend, USED_UPLOAD, UploadedFile,
};

use super::content::{KeptContent, KeptKind};
use super::draft::{self, DraftContent, FileDraft, FileSource, MessageDraft};
use super::source::{accepted, described, receive};
use super::upload::{SendableFile, StoredUpload};
use super::{Sender, headed, partial};
use crate::access::{May, rights};
use crate::base::fault;
use crate::base::work::Work;
use crate::context::Context;

/// Characters of what a sender calls a message.
const CLIENT_ID_CHARS: usize = 200;

/// Messages that wait to be sent now, or that did before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMessages {
    /// In their order.
    pub ids: Vec<MessageId>,
    /// False if the company has messages with this client id already: then nothing was done.
    pub are_new: bool,
}

/// Queues a message, or one for each file. All of them are checked and stored before the first one is queued, and queued in one
/// transaction: they are all sent, whatever becomes of this process, or none of them is, and nothing is left of it.
pub(super) async fn queue(
    sender: &Sender,
    may: &May<rights::Send>,
    draft: MessageDraft,
) -> Result<QueuedMessages> {
    let (context, scope) = (&sender.context, may.caller().scope());
    let MessageDraft { destination, content, reply_to, client_id } = draft;
    check_client_id(client_id.as_deref())?;
    if let Some(first) = first_with(context, &scope, client_id.as_deref()).await? {
        return Ok(first);
    }
    let destination = destination.parsed()?;
    // Known before a file is stored for nothing; the transaction that queues the messages asks again.
    if let Destination::Contact(account, _) = &destination
        && context.accounts().by_id(scope.company(), *account).await?.is_none()
    {
        return Err(Error::not_found("there is no such WhatsApp account"));
    }
    let reply_to = match reply_to {
        Some(id) => Some(replied_to(context, &scope, id, &destination).await?),
        None => None,
    };
    let upload = used_upload(&content).map(|id| (id, may.caller().label()));
    let prepared = match prepare(sender, may, content, reply_to).await {
        Ok(prepared) => prepared,
        // Of two requests with one client id the other may have used its files up meanwhile, and is the answer.
        Err(error) => {
            return first_with(context, &scope, client_id.as_deref()).await?.ok_or(error);
        }
    };
    let (mut all, mut files) = (Vec::with_capacity(prepared.len()), Vec::new());
    for (kept, sendable) in prepared {
        let stored = match sendable {
            Some(sendable) => Some(sendable.store(context).await?),
            None => None,
        };
        let file = stored.as_ref().zip(kept.kind.file());
        let file = file.map(|(stored, file)| described(context, stored, file)).transpose()?;
        let new = new_send(may, destination.clone(), &kept, file)?;
        all.push(NewSend { client_id: client_id.clone(), ..new });
        files.extend(stored);
    }
    if let Some(first) = all.first_mut() {
        first.upload = upload;
    }
    let uses_upload = all.first().is_some_and(|first| first.upload.is_some());
    let queued = match context.store().queue_sends(&scope, &all).await {
        Ok(queued) => queued,
        // The one that used the upload up may be this one, asked for twice.
        Err(error) if is_used(&error) => {
            let first = first_with(context, &scope, client_id.as_deref()).await?;
            return first.ok_or_else(partial::used_meanwhile);
        }
        Err(error) => return Err(error.into()),
    };
    files.into_iter().for_each(StoredUpload::settled);
    fault::point("send.queued");
    let are_new = queued.iter().all(|one| one.is_new);
    if are_new {
        queued.iter().for_each(|one| publish_new(context, scope.company(), one));
        context.work().wake(Work::Send);
        context.work().wake(Work::Derive);
        if uses_upload {
            context.work().wake(Work::Trash);
        }
    }
    Ok(QueuedMessages { ids: queued.into_iter().map(|one| one.message_id).collect(), are_new })
}

fn is_used(error: &mediary_store::Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict { constraint } if constraint == USED_UPLOAD)
}

/// The upload that a message takes its file from; several files come by none.
fn used_upload(content: &DraftContent) -> Option<UploadId> {
    let sources: Vec<&FileSource> = match content {
        DraftContent::Plain(_) => vec![],
        DraftContent::Headed(draft) => draft.source.iter().collect(),
        DraftContent::Files(files) => files.iter().map(|(source, _)| source).collect(),
    };
    let upload = |source: &FileSource| match source {
        FileSource::Partial(id) => Some(*id),
        _ => None,
    };
    sources.into_iter().find_map(upload)
}

/// The messages of a draft, each with its file, checked and in the form that WhatsApp takes.
async fn prepare(
    sender: &Sender,
    may: &May<rights::Send>,
    content: DraftContent,
    reply_to: Option<String>,
) -> Result<Vec<(KeptContent, Option<SendableFile>)>> {
    match content {
        DraftContent::Plain(plain) => {
            let kept = plain.kept(reply_to)?;
            draft::check(&kept)?;
            Ok(vec![(kept, None)])
        }
        DraftContent::Headed(draft) => Ok(vec![headed::prepare(sender, may, draft, reply_to).await?]),
        DraftContent::Files(files) => prepare_files(sender, may, files, reply_to).await,
    }
}

/// Files as WhatsApp takes them, if it takes all of them. The first message answers, as it does where people send several.
async fn prepare_files(
    sender: &Sender,
    may: &May<rights::Send>,
    files: Vec<(FileSource, FileDraft)>,
    mut reply_to: Option<String>,
) -> Result<Vec<(KeptContent, Option<SendableFile>)>> {
    let (count, most) = (files.len(), limits::FILES_SENT_AT_ONCE);
    if !(1..=most).contains(&count) {
        return Err(Error::invalid("file", format!("must be 1 to {most} files in one request")));
    }
    let mut prepared = Vec::with_capacity(count);
    for (index, (source, file)) in files.into_iter().enumerate() {
        let one = prepare_one(sender, may, source, file, reply_to.take()).await;
        let (kept, sendable) = one.map_err(|error| of_file(error, index, count))?;
        prepared.push((kept, Some(sendable)));
    }
    Ok(prepared)
}

async fn prepare_one(
    sender: &Sender,
    may: &May<rights::Send>,
    source: FileSource,
    mut file: FileDraft,
    reply_to: Option<String>,
) -> Result<(KeptContent, SendableFile)> {
    let field = source.field();
    let received = receive(sender, may, source, &mut file).await?;
    let (sendable, file) = accepted(sender, received, &file, field).await?;
    let kept = KeptContent { kind: KeptKind::File(file), reply_to };
    draft::check(&kept)?;
    Ok((kept, sendable))
}

/// Says which of several files it was.
fn of_file(error: Error, index: usize, count: usize) -> Error {
    let Some(detail) = error.detail().filter(|_| count > 1) else { return error };
    let detail = format!("{detail} (file {} of {count}; nothing of the request was sent)", index + 1);
    error.detailed(detail)
}

/// The rows of a message with this content.
pub(super) fn new_send(
    may: &May<rights::Send>,
    destination: Destination,
    kept: &KeptContent,
    file: Option<UploadedFile>,
) -> Result<NewSend> {
    Ok(NewSend {
        destination,
        message_type: kept.kind.message_type(),
        text: kept.kind.text(),
        caption: kept.kind.file().and_then(|file| file.caption.clone()),
        reply_to: kept.reply_to.clone(),
        forwarded: false,
        reaction: kept.kind.reaction(),
        file,
        client_id: None,
        upload: None,
        created_by: may.caller().user_id(),
        content: kept.to_text()?,
    })
}

pub(super) fn publish_new(context: &Context, company: CompanyId, queued: &QueuedSend) {
    let change = |kind| Change {
        company_id: company,
        conversation_id: queued.conversation_id,
        message_id: Some(queued.message_id),
        media_id: queued.media_id,
        kind,
    };
    context.events().publish_changes(&queued.also_changed);
    context
        .events()
        .publish_changes(&[change(ChangeKind::MessageCreated), change(ChangeKind::ConversationUpdated)]);
}

/// The messages that have this client id already: nothing is fetched or converted for them again.
pub(super) async fn first_with(
    context: &Context,
    scope: &Scope,
    client_id: Option<&str>,
) -> Result<Option<QueuedMessages>> {
    let Some(client_id) = client_id else { return Ok(None) };
    // Messages that come in between are found when these are queued.
    let ids = context.store().sent_as(scope, client_id).await?;
    Ok((!ids.is_empty()).then_some(QueuedMessages { ids, are_new: false }))
}

pub(super) fn check_client_id(id: Option<&str>) -> Result<()> {
    let fits = |id: &str| !id.is_empty() && id.chars().take(CLIENT_ID_CHARS + 1).count() <= CLIENT_ID_CHARS;
    if id.is_none_or(|id| fits(id) && !id.contains(char::is_control)) {
        return Ok(());
    }
    let rule = format!("must have 1 to {CLIENT_ID_CHARS} characters, none of them a control character");
    Err(Error::invalid("clientId", rule))
}

/// WhatsApp's id of a message that is answered, which is in the conversation that the answer goes into.
async fn replied_to(
    context: &Context,
    scope: &Scope,
    id: MessageId,
    destination: &Destination,
) -> Result<String> {
    let store = context.store();
    let conversation = match destination {
        Destination::Conversation(id) => Some(*id),
        Destination::Contact(account, contact) => store.conversation_with(scope, *account, contact).await?,
    };
    let found = store.message(scope, id).await?.map(|row| row.message);
    let found = found.filter(|row| Some(row.conversation_id) == conversation);
    let found = found.ok_or_else(|| Error::invalid("replyTo", "is no message of this conversation"))?;
    found.provider_message_id.ok_or_else(|| {
        Error::refused(
            ErrorCode::Conflict,
            "WhatsApp has not taken that message yet; answer it once it was sent",
        )
    })
}
