//! Messages of SNS as they come; nothing of them is proved yet.

use std::fmt;
use std::time::Duration;

use mediary_core::Timestamp;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::regions::TopicArn;

/// How old a message may be. SNS tries for an hour by default, and for some hours at most.
pub(crate) const OLDEST: Duration = Duration::from_secs(24 * 3600);
/// How far ahead SNS's clock may be.
const AHEAD: Duration = Duration::from_secs(15 * 60);
/// A message of SNS as it came; nothing of it is proved yet.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SnsMessage {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    pub(crate) topic_arn: String,
    message: String,
    timestamp: String,
    pub(crate) signature_version: String,
    pub(crate) signature: String,
    #[serde(rename = "SigningCertURL")]
    pub(crate) certificate_url: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    token: Option<String>,
    #[serde(rename = "SubscribeURL", default)]
    pub(crate) subscribe_url: Option<String>,
}

/// What a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnsMessageKind {
    /// An event, with its text.
    Notification(String),
    /// Somebody subscribed this address to the topic.
    Subscription,
    /// Somebody ended that.
    Unsubscription,
}

/// Why a message is not believed.
#[derive(Debug)]
pub enum SnsError {
    /// It is not SNS's, or not any more.
    Refused(&'static str),
    /// SNS could not be asked for its certificate, or to confirm.
    Unreachable(mediary_graph::Error),
}

impl SnsMessage {
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The topic that it says it is of.
    pub fn topic(&self) -> Option<TopicArn> {
        TopicArn::parse(&self.topic_arn).ok()
    }

    pub(crate) fn kind(&self) -> Option<SnsMessageKind> {
        Some(match self.kind.as_str() {
            "Notification" => SnsMessageKind::Notification(self.message.clone()),
            "SubscriptionConfirmation" => SnsMessageKind::Subscription,
            "UnsubscribeConfirmation" => SnsMessageKind::Unsubscription,
            _ => return None,
        })
    }

    /// What is signed, by the kind: names and values, a line each.
    pub(crate) fn signed_text(&self) -> Option<String> {
        let fields: &[(&str, Option<&str>)] = match self.kind.as_str() {
            "Notification" => &[
                ("Message", Some(&self.message)),
                ("MessageId", Some(&self.message_id)),
                ("Subject", self.subject.as_deref()),
                ("Timestamp", Some(&self.timestamp)),
                ("TopicArn", Some(&self.topic_arn)),
                ("Type", Some(&self.kind)),
            ],
            _ => &[
                ("Message", Some(&self.message)),
                ("MessageId", Some(&self.message_id)),
                ("SubscribeURL", Some(self.subscribe_url.as_deref()?)),
                ("Timestamp", Some(&self.timestamp)),
                ("Token", Some(self.token.as_deref()?)),
                ("TopicArn", Some(&self.topic_arn)),
                ("Type", Some(&self.kind)),
            ],
        };
        let lines = fields.iter().filter_map(|(name, value)| Some(format!("{name}\n{}\n", (*value)?)));
        Some(lines.collect())
    }

    pub(crate) fn is_of_now(&self, now: Timestamp) -> bool {
        let Ok(sent) = OffsetDateTime::parse(&self.timestamp, &Rfc3339) else { return false };
        let sent = i64::try_from(sent.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        sent <= now.plus(AHEAD).millis() && now.millis() <= Timestamp(sent).plus(OLDEST).millis()
    }
}

impl fmt::Debug for SnsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnsMessage")
            .field("kind", &self.kind)
            .field("topic", &self.topic_arn)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "a message {why}"),
            Self::Unreachable(error) => write!(f, "SNS could not be asked: {error}"),
        }
    }
}

impl std::error::Error for SnsError {}
