//! One claimed message, from its claim to WhatsApp's answer.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use mediary_blob::Reader;
use mediary_core::{Error, ErrorCode, Result, Scope, Timestamp};
use mediary_graph::outgoing::{self, Outgoing, Recipient, Upload};
use mediary_graph::{SendFailure, Sent, Throttled};
use mediary_store::{Change, ChangeKind, ClaimedSend, ContactKey, KnownFile, MediaFile};
use tracing::Instrument as _;

use super::content::{KeptContent, KeptFile};
use super::decide::{Outcome, Problem, decide};
use super::source::stored_at;
use crate::base::fault;
use crate::base::lease::{Lease, to_the_end, until_lost};
use crate::base::work::Work;
use crate::context::Context;
use crate::whatsapp::accounts::KnownAccount;
use crate::whatsapp::pauses::throttle_wait;

/// How long WhatsApp keeps a file that was uploaded to it.
const UPLOAD_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// An answer of WhatsApp's is written down so often before it is given up: without it nobody knows whether the message left.
const WRITTEN_TRIES: u32 = 5;
const WRITTEN_WAIT: Duration = Duration::from_secs(1);
/// Where its account does not hold a message back, it comes again after this.
const NOT_HELD_WAIT: Duration = Duration::from_secs(2);

/// Sends a claimed message. Its row records how it ended.
pub(super) async fn run(context: Context, claim: ClaimedSend) {
    let span = tracing::error_span!(
        "send",
        company.id = claim.company_id.0,
        message.id = claim.message_id.0,
        attempt = claim.attempts
    );
    let send = Send { context: &context, claim: &claim };
    send.run().instrument(span).await;
    // Whatever became of it, the next one of its conversation may go now.
    context.work().wake(Work::Send);
}

struct Send<'a> {
    context: &'a Context,
    claim: &'a ClaimedSend,
}

/// Why it did not work, and WhatsApp's id for the file that the message named.
struct Failure {
    problem: Problem,
    media_id: Option<Box<(KnownFile, String)>>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, media_id: None }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let problem = match error.code() {
            ErrorCode::ProviderUnauthorized => Problem::TokenRefused,
            ErrorCode::ValidationError => {
                Problem::Refused { code: 0, message: error.detail().unwrap_or_default().to_owned() }
            }
            // Found to be unsafe after it was queued: nothing changes that by itself.
            ErrorCode::MediaQuarantined => {
                let message = ErrorCode::MediaQuarantined.sentence().to_owned();
                Problem::Refused { code: 0, message }
            }
            ErrorCode::MediaDeleted | ErrorCode::NotFound | ErrorCode::Conflict => Problem::FileLost,
            _ => Problem::Ours,
        };
        tracing::warn!(error = &error as &dyn std::error::Error, "the message could not be sent");
        problem.into()
    }
}

impl From<mediary_store::Error> for Failure {
    fn from(error: mediary_store::Error) -> Self {
        Error::from(error).into()
    }
}

/// How the call for a message ended, as its row says.
enum End {
    Failed { code: i64, message: String },
    PutOff { until: Timestamp, counts: bool },
    Unknown,
}

/// A message that is ready for the call that sends it.
struct Prepared {
    message: Outgoing,
    media_id: Option<(KnownFile, String)>,
}

impl Send<'_> {
    async fn run(&self) {
        let Self { context, claim } = *self;
        if claim.asked {
            // Its last holder died between the call and the answer.
            return self.note(self.context.store().settle_unknown(claim).await);
        }
        let account = match context.whatsapp().account_of(claim.company_id, claim.account_id).await {
            Ok(account) => account,
            Err(error) => return self.end(None, error.into()).await,
        };
        let mut lease = SendLease { context, claim };
        let prepared = match until_lost(&mut lease, self.prepare(&account)).await {
            Some(Ok(prepared)) => prepared,
            Some(Err(failure)) => return self.end(Some(&account), failure).await,
            None => return tracing::debug!("the message was taken from us"),
        };
        // From here on the call is made to its end and its answer written down, even if the lease is lost: the fence of `mark_asked` is
        // what decides who may call, and it lets nobody else call before this answer is known.
        to_the_end(&mut lease, self.call(&account, prepared)).await;
    }

    /// Everything that may be done again: the file is at WhatsApp when it ends.
    async fn prepare(&self, account: &KnownAccount) -> Result<Prepared, Failure> {
        let claim = self.claim;
        let content = KeptContent::of_text(&claim.content).map_err(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a message cannot be sent as it is kept"
            );
            let message = "what was to be sent cannot be read any more; write it again".to_owned();
            Problem::Refused { code: 0, message }
        })?;
        let media_id = match content.kind.file() {
            Some(file) => Some(self.file_at_whatsapp(account, file).await?),
            None => None,
        };
        let message = Outgoing {
            recipient: recipient(claim)?,
            reply_to: content.reply_to.clone(),
            content: content.with_file(media_id.as_ref().map(|(_, id)| id.clone())),
            callback_data: Some(claim.message_id.callback()),
        };
        Ok(Prepared { message, media_id })
    }

    /// WhatsApp's id of the message's file: the one that it gave for the same bytes before, or a new one.
    async fn file_at_whatsapp(
        &self,
        account: &KnownAccount,
        file: &KeptFile,
    ) -> Result<(KnownFile, String), Failure> {
        let Self { context, claim } = *self;
        // The message's own media, or what is attached to a message of another type.
        let part = u32::from(claim.message_type.file_type().is_none());
        let record = context
            .store()
            .media_by_part(&Scope::system(claim.company_id), claim.message_id, part)
            .await?
            .ok_or(Problem::FileLost)?;
        let (upload, known) = self.names(file, &record)?;
        if let Some(id) = context.store().media_id(&known).await? {
            return Ok((known, id));
        }
        let (key, storage) = stored_at(context, &record)?;
        let stored = storage.open(&key).await.map_err(|error| match error.kind() {
            // No wait brings it back.
            mediary_blob::ErrorKind::NotFound => Failure::from(Problem::FileLost),
            _ => Error::from(error).into(),
        })?;
        if !context.store().send_uploading(claim).await? {
            return Err(Problem::Ours.into());
        }
        self.publish(ChangeKind::MessageUpdated);
        let bytes = stream_of(stored.reader(0..stored.size()));
        let id = context.whatsapp().carrier(account)?.upload(&upload, bytes).await;
        let id = id.map_err(|error| of_upload(&error))?;
        fault::point("send.uploaded");
        let expires_at = context.now().plus(UPLOAD_LIFE);
        context.store().keep_media_id(&known, &id, expires_at).await?;
        Ok((known, id))
    }

    fn names(&self, file: &KeptFile, record: &MediaFile) -> Result<(Upload, KnownFile), Failure> {
        let (Some(sha256), Some(size)) = (record.sha256, record.stored_size) else {
            return Err(Problem::FileLost.into());
        };
        let size = u64::try_from(size).unwrap_or_default();
        let name = file.file_name.as_deref();
        let upload =
            Upload::new(file.kind, &file.mime_type, size, file.animated, name).map_err(Error::from)?;
        let known = KnownFile {
            company_id: self.claim.company_id,
            account_id: self.claim.account_id,
            sha256,
            mime_type: upload.mime().to_owned(),
            file_name: Some(upload.file_name().to_owned()),
        };
        Ok((upload, known))
    }

    /// The one call that sends, and what is written down of its answer.
    async fn call(&self, account: &KnownAccount, prepared: Prepared) {
        let Self { context, claim } = *self;
        let carrier = match context.whatsapp().carrier(account) {
            Ok(carrier) => carrier,
            Err(error) => return self.end(Some(account), error.into()).await,
        };
        match context.store().mark_asked(claim).await {
            Ok(true) => fault::point("send.asked"),
            Ok(false) => return tracing::debug!("the message was taken from us"),
            Err(error) => return self.end(Some(account), error.into()).await,
        }
        match carrier.send(&prepared.message).await {
            Ok(sent) => {
                fault::point("send.answered");
                context.pauses().mark_account_ok(claim.account_id);
                self.finish(&sent).await;
                self.learn_recipient(sent).await;
            }
            Err(error) => {
                let problem = of_send(&error);
                tracing::info!(error = &error as &dyn std::error::Error, "WhatsApp did not take the message");
                self.end(Some(account), Failure { problem, media_id: prepared.media_id.map(Box::new) }).await;
            }
        }
    }

    /// Writes down that WhatsApp took it.
    async fn finish(&self, sent: &Sent) {
        let Self { context, claim } = *self;
        match written(|| context.store().finish_send(claim, &sent.wamid)).await {
            Ok(changes) => {
                fault::point("send.finished");
                context.meters().sent.increment(1);
                context.events().publish_changes(&changes.unwrap_or_default());
            }
            Err(error) => self.note(Err(error)),
        }
    }

    /// Notes the ids by which WhatsApp knows the recipient, for their reply comes under these. In a transaction of its own: it locks the
    /// contact, which is first in the order of locks, and the message's end must not wait for that. A process that dies before
    /// it knows the recipient by what the sender wrote, as before.
    async fn learn_recipient(&self, sent: Sent) {
        let fits = |id: &String| {
            (1..=outgoing::ID_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let answered = ContactKey {
            wa_id: sent.wa_id.filter(fits),
            user_id: sent.user_id.filter(fits),
            ..ContactKey::default()
        };
        match self.context.store().learn_recipient(self.claim, &answered).await {
            Ok(true) => self.publish(ChangeKind::ConversationUpdated),
            Ok(false) => {}
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "whom a message went to could not be noted"
            ),
        }
    }

    /// Writes down what became of it. If WhatsApp was asked, its answer allows another call, which nobody knows before that is written.
    async fn end(&self, account: Option<&KnownAccount>, failure: Failure) {
        let end = self.end_of(account, failure).await;
        let (store, claim) = (self.context.store(), self.claim);
        let ended = match &end {
            End::Failed { code, message } => written(|| store.fail_send(claim, *code, message)).await,
            End::PutOff { until, counts } => written(|| store.put_off_send(claim, *until, *counts)).await,
            End::Unknown => written(|| store.settle_unknown(claim)).await,
        };
        self.note(ended);
    }

    /// What is written down of it, once its account and the file at WhatsApp are as the failure leaves them.
    async fn end_of(&self, account: Option<&KnownAccount>, failure: Failure) -> End {
        let Self { context, claim } = *self;
        let Failure { problem, media_id } = failure;
        match decide(problem, claim.attempts, context.now()) {
            Outcome::Fail { code, message } => {
                context.meters().send_failed.increment(1);
                tracing::info!(code, "message_failed");
                End::Failed { code, message }
            }
            Outcome::PutOff { until, counts } => End::PutOff { until, counts },
            Outcome::PauseAccount { retry_after } => {
                End::PutOff { until: self.pause(account, retry_after).await, counts: false }
            }
            Outcome::NeedsToken => {
                if let Some(account) = account
                    && let Err(error) = context.whatsapp().token_refused(account).await
                {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "an account could not be marked"
                    );
                }
                // Of an account without a token nothing is claimed; with a new one it goes on.
                End::PutOff { until: context.now().plus(NOT_HELD_WAIT), counts: false }
            }
            Outcome::UploadAgain => {
                if let Some(sent) = media_id
                    && let Err(error) = context.store().forget_media_id(&sent.0, &sent.1).await
                {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "a media id could not be forgotten"
                    );
                }
                End::PutOff { until: context.now(), counts: true }
            }
            Outcome::Unknown => {
                tracing::warn!("message_unknown");
                End::Unknown
            }
        }
    }

    /// Pauses the account; when the message is due again. It waits by its account, not by itself, as all others of the account do:
    /// what ends the pause early, as a new token does, lets all of them go.
    async fn pause(&self, account: Option<&KnownAccount>, retry_after: Option<Duration>) -> Timestamp {
        let now = self.context.now();
        let Some(account) = account else { return now };
        if let Err(error) = self.context.store().slow_down_sends(account.row.company_id, account.row.id).await
        {
            tracing::error!(error = &error as &dyn std::error::Error, "an account could not be slowed down");
        }
        let (whatsapp, pauses) = (self.context.whatsapp(), self.context.pauses());
        let times = pauses.throttled_in_row(account.row.id, now);
        let wait = throttle_wait(&whatsapp.rules, retry_after, times, rand::random());
        match whatsapp.pause_account(account, wait).await {
            Ok(until) if until > now => now,
            // The token is another one by now, or WhatsApp asked to wait for no time at all.
            Ok(_) => now.plus(NOT_HELD_WAIT),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an account could not be paused");
                now.plus(wait)
            }
        }
    }

    fn note(&self, ended: Result<bool, mediary_store::Error>) {
        match ended {
            Ok(true) => self.publish(ChangeKind::MessageUpdated),
            Ok(false) => tracing::debug!("the message was taken from us"),
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the end of a message could not be recorded; its lease will run out"
            ),
        }
    }

    fn publish(&self, kind: ChangeKind) {
        self.context.events().publish_changes(&[Change {
            company_id: self.claim.company_id,
            conversation_id: self.claim.conversation_id,
            message_id: Some(self.claim.message_id),
            media_id: None,
            kind,
        }]);
    }
}

/// Writes down what is known of a message. A database that is away for a moment must not make it unknown.
async fn written<T, F>(write: impl Fn() -> F) -> Result<T, mediary_store::Error>
where
    F: Future<Output = Result<T, mediary_store::Error>>,
{
    let mut tries = 1;
    loop {
        match write().await {
            Err(error) if tries < WRITTEN_TRIES => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, tries, "the end of a message could not be recorded yet");
            }
            ended => return ended,
        }
        tokio::time::sleep(WRITTEN_WAIT * tries).await;
        tries += 1;
    }
}

/// Whom it goes to: a group by its id, a person by their number or, where that is not known, by the id that Meta gives them for this
/// business.
fn recipient(claim: &ClaimedSend) -> Result<Recipient> {
    let wa_id = claim.wa_id.as_deref();
    let recipient = match (claim.is_group, wa_id, claim.user_id.as_deref()) {
        (true, Some(group), _) => Recipient::group(group)?,
        (false, Some(number), _) => Recipient::person(number)?,
        (_, None, Some(user)) => Recipient::user(user)?,
        (_, None, None) => {
            return Err(Error::invalid("to", "is not known: WhatsApp gave neither a number nor an id"));
        }
    };
    Ok(recipient)
}

fn stream_of(reader: Reader) -> impl futures_util::Stream<Item = io::Result<Bytes>> + std::marker::Send {
    stream::try_unfold(reader, |mut reader| async move {
        let bytes = reader.next().await.map_err(io::Error::other)?;
        Ok(bytes.map(|bytes| (bytes, reader)))
    })
}

/// What the failure of the call that sends means.
fn of_send(error: &mediary_graph::Error) -> Problem {
    let refused =
        || Problem::Refused { code: error.graph_code().unwrap_or_default(), message: error.to_string() };
    match SendFailure::of(error) {
        SendFailure::Refused | SendFailure::Forbidden => refused(),
        SendFailure::TokenRefused => Problem::TokenRefused,
        SendFailure::MediaGone => Problem::MediaGone,
        SendFailure::Throttled(Throttled::Account) => Problem::Throttled { retry_after: error.retry_after() },
        SendFailure::Throttled(Throttled::Pair) => {
            Problem::PairThrottled { retry_after: error.retry_after() }
        }
        SendFailure::NotSent => Problem::NotSent,
        SendFailure::Unknown => Problem::MaybeSent,
    }
}

/// And that of an upload, which sends nothing: one that may have arrived leaves an id that nobody knows.
fn of_upload(error: &mediary_graph::Error) -> Failure {
    match of_send(error) {
        Problem::MaybeSent | Problem::MediaGone => Problem::NotSent.into(),
        problem => problem.into(),
    }
}

/// The lease of a message that is being sent.
struct SendLease<'a> {
    context: &'a Context,
    claim: &'a ClaimedSend,
}

impl Lease for SendLease<'_> {
    fn life(&self) -> Duration {
        self.context.config().rules.lease
    }

    async fn renew(&mut self) -> Result<bool> {
        let until = self.context.now().plus(self.life());
        Ok(self.context.store().renew_send(self.claim, until).await?)
    }

    /// Nothing in memory says so; the next heartbeat finds it.
    async fn may_be_lost(&self) {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_that_is_held_back_or_gone_is_not_waited_for() {
        let problem = |code| Failure::from(Error::plain(code)).problem;
        assert!(matches!(problem(ErrorCode::MediaQuarantined), Problem::Refused { .. }));
        assert_eq!(problem(ErrorCode::MediaDeleted), Problem::FileLost);
        assert_eq!(problem(ErrorCode::StorageError), Problem::Ours);
        assert_eq!(problem(ErrorCode::ProviderUnauthorized), Problem::TokenRefused);
    }
}
