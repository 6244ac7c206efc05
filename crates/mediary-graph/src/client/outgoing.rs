//! What a business sends: uploads, messages, read receipts. Nothing of it is idempotent at WhatsApp, so each call is made once, and
//! its error says whether it may have had an effect.

use std::io;

use bytes::Bytes;
use futures_util::Stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use mediary_outbound::RequestBody;
use serde_json::Value;

use super::{GraphClient, answer, header_value};
use crate::error::{Error, ErrorKind};
use crate::outgoing::{Outgoing, Upload, read_receipt};
use crate::redact::redacted_debug;
use crate::webhook::by_kind;
use crate::wire::{SendAnswer, SuccessAnswer, UploadAnswer};

/// A message that WhatsApp took. It means no more than that: failures come later, as statuses.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// WhatsApp's id of the message.
    pub wamid: String,
    /// The recipient as WhatsApp knows them; absent where a message went to a business-scoped id or to a group.
    pub wa_id: Option<String>,
    /// The recipient's business-scoped id, where WhatsApp says it.
    pub user_id: Option<String>,
    /// Of templates: `accepted`, `held_for_quality_assessment` or `paused`.
    pub message_status: Option<String>,
}

impl GraphClient {
    /// Uploads a file for messages of this number: `POST /{version}/{phone-number-id}/media`. The media id lives for 30 days. The
    /// file is read while it is sent, once; each call makes another id.
    pub async fn upload_media(
        &self,
        token: &str,
        phone_number_id: &str,
        upload: &Upload,
        file: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<String, Error> {
        let form = super::multipart::Form::new(upload)?;
        let (url, mut headers) = (self.api.call_url(phone_number_id, "media")?, self.api.credentials(token)?);
        headers.insert(CONTENT_TYPE, header_value(&form.content_type())?);
        let response =
            self.client.send(Method::POST, &url, &headers, form.body(upload.length(), file)).await?;
        Ok(answer::read_at::<UploadAnswer>(&self.api, phone_number_id, response).await?.id)
    }

    /// Sends a message: `POST /{version}/{phone-number-id}/messages`. [`crate::SendFailure`] says what an error means.
    pub async fn send_message(
        &self,
        token: &str,
        phone_number_id: &str,
        message: &Outgoing,
    ) -> Result<Sent, Error> {
        let body = message.to_json().map_err(|wrong| {
            Error::new(ErrorKind::BadRequest, wrong.to_string()).without_effect().caused_by(wrong)
        })?;
        let answer: SendAnswer = self.post(token, phone_number_id, &body).await?;
        let message = answer
            .messages
            .into_iter()
            .next()
            .ok_or_else(|| Error::new(ErrorKind::Protocol, "WhatsApp's answer names no message"))?;
        let contact = answer.contacts.into_iter().next();
        let (wa_id, user_id) =
            contact.map_or((None, None), |contact| by_kind(contact.wa_id, contact.user_id));
        Ok(Sent { wamid: message.id, wa_id, user_id, message_status: message.message_status })
    }

    /// Marks a message as read, and with it those before; `typing` shows the customer for up to 25 seconds that somebody writes.
    pub async fn mark_read(
        &self,
        token: &str,
        phone_number_id: &str,
        wamid: &str,
        typing: bool,
    ) -> Result<(), Error> {
        let body = read_receipt(wamid, typing);
        succeeded(self.post(token, phone_number_id, &body).await?)
    }

    /// Deletes a file at WhatsApp: `DELETE /{version}/{media-id}`. One that is not there is [`ErrorKind::MediaGone`].
    pub async fn delete_media(&self, token: &str, media_id: &str) -> Result<(), Error> {
        let (url, headers) = (self.api.object_url(media_id)?, self.api.credentials(token)?);
        let response = self.client.send(Method::DELETE, &url, &headers, RequestBody::empty()).await?;
        succeeded(answer::read(&self.api, response).await?)
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        token: &str,
        phone_number_id: &str,
        body: &Value,
    ) -> Result<T, Error> {
        let (url, mut headers) =
            (self.api.call_url(phone_number_id, "messages")?, self.api.credentials(token)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = RequestBody::bytes(body.to_string());
        let response = self.client.send(Method::POST, &url, &headers, body).await?;
        answer::read_at(&self.api, phone_number_id, response).await
    }
}

fn succeeded(answer: SuccessAnswer) -> Result<(), Error> {
    let refused =
        || Error::new(ErrorKind::Protocol, "WhatsApp answered that it did not succeed, and not why");
    answer.success.then_some(()).ok_or_else(refused)
}

redacted_debug! {
    Sent { message_status }
}
