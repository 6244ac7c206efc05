//! The calls of the API: JSON, each signed with the account's access key (Signature Version 4).
//!
//! The hosts follow from the account's region, which is a settled form of a name ([`crate::regions`]), or from the operator's own settings
//! where a stand-in on this machine takes AWS's place. No redirect is followed.

use std::fmt;

use data_encoding::BASE64;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method};
use mediary_core::limits::GRAPH_ANSWER_BYTES;
use mediary_graph::wire::PhoneNumber;
use mediary_graph::{Error, ErrorKind};
use mediary_outbound::{Breaker, Client, ClientOptions, RequestBody, Resolver, is_loopback, system_lookup};
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::HttpRequest;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::refusal::{Subject, error_of};
use crate::regions::api_url;
use crate::sns_client::SnsClient;

const SERVICE: &str = "social-messaging";

/// How AWS is asked.
#[derive(Clone, Debug)]
pub struct AwsOptions {
    /// The version of Graph that messages are written for, such as `v27.0`.
    pub meta_api_version: String,
    /// A stand-in on this machine for all of AWS's hosts.
    pub stand_in: Option<Url>,
    pub calls: ClientOptions,
}

/// Asks AWS. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct AwsClient {
    api: Client,
    sns: SnsClient,
    stand_in: Option<Url>,
    version: String,
}

/// An account's number at AWS, and the key to ask with.
#[derive(Clone)]
pub struct AwsAccess {
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    /// AWS's own id of the number: `phone-number-id-…`.
    pub phone_number_id: String,
}

/// An object of a bucket, or the beginning of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketObject {
    pub bucket: String,
    pub key: String,
}

/// What AWS says of a media file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FetchedMedia {
    pub mime_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NumberAnswer {
    phone_number: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Number {
    meta_phone_number_id: String,
    #[serde(default)]
    display_phone_number: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MediaIdAnswer {
    media_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageIdAnswer {
    message_id: String,
}

#[derive(Deserialize)]
struct SuccessAnswer {
    success: bool,
}

impl AwsClient {
    /// Builds the client. Fails when an option cannot be used, naming it.
    pub fn new(options: AwsOptions) -> Result<Self, Error> {
        let AwsOptions { meta_api_version: version, stand_in, calls } = options;
        if stand_in.as_ref().is_some_and(|url| !is_loopback(url)) {
            let context = "a stand-in for AWS must be on this machine, such as http://127.0.0.1:9100";
            return Err(Error::new(ErrorKind::InvalidOptions, context));
        }
        let api = Client::new(&calls, Resolver::any_address(system_lookup()), Breaker::default())?;
        let sns = SnsClient::new(&calls, stand_in.clone())?;
        Ok(Self { api, sns, stand_in, version })
    }

    /// For the messages by which events come.
    pub fn sns(&self) -> &SnsClient {
        &self.sns
    }

    /// Meta's own id of the number, which shows whether the key may use it.
    pub async fn number(&self, access: &AwsAccess) -> Result<PhoneNumber, Error> {
        let query = [("id", access.phone_number_id.as_str())];
        let path = "/v1/whatsapp/waba/phone/details";
        let answer: NumberAnswer =
            self.call(access, Method::GET, path, &query, None, Subject::Number).await?;
        let Number { meta_phone_number_id: id, display_phone_number } = answer.phone_number;
        Ok(PhoneNumber { id, display_phone_number, verified_name: None })
    }

    /// What a media file is, without its bytes.
    pub async fn describe_media(&self, access: &AwsAccess, media_id: &str) -> Result<FetchedMedia, Error> {
        let body = json!({"mediaId": media_id, "originationPhoneNumberId": access.phone_number_id, "metadataOnly": true});
        self.get_media(access, &body).await
    }

    /// Has a media file written into a bucket, to a key that begins with `to.key`: the media id and an ending follow.
    pub async fn fetch_media(
        &self,
        access: &AwsAccess,
        media_id: &str,
        to: &BucketObject,
    ) -> Result<FetchedMedia, Error> {
        let body = json!({"mediaId": media_id, "originationPhoneNumberId": access.phone_number_id,
            "destinationS3File": {"bucketName": to.bucket, "key": to.key}});
        self.get_media(access, &body).await
    }

    async fn get_media(&self, access: &AwsAccess, body: &Value) -> Result<FetchedMedia, Error> {
        let path = "/v1/whatsapp/media/get";
        self.call(access, Method::POST, path, &[], Some(body), Subject::Media).await
    }

    /// Gives WhatsApp the file behind a presigned URL of a bucket, and returns its media id.
    pub async fn post_media(&self, access: &AwsAccess, url: &str, mime: &str) -> Result<String, Error> {
        let body = json!({"originationPhoneNumberId": access.phone_number_id,
            "sourceS3PresignedUrl": {"url": url, "headers": {"Content-Type": mime}}});
        let path = "/v1/whatsapp/media";
        let answer: MediaIdAnswer =
            self.call(access, Method::POST, path, &[], Some(&body), Subject::Number).await?;
        Ok(answer.media_id)
    }

    /// Deletes a file at WhatsApp.
    pub async fn delete_media(&self, access: &AwsAccess, media_id: &str) -> Result<(), Error> {
        let query = [("mediaId", media_id), ("originationPhoneNumberId", access.phone_number_id.as_str())];
        let path = "/v1/whatsapp/media";
        let answer: SuccessAnswer =
            self.call(access, Method::DELETE, path, &query, None, Subject::Media).await?;
        let refused = || Error::new(ErrorKind::Protocol, "AWS answered that it did not succeed, and not why");
        answer.success.then_some(()).ok_or_else(refused)
    }

    /// Sends what Graph takes as a message, a read receipt among them, once. Returns AWS's own id; WhatsApp's comes with the statuses.
    pub async fn send(&self, access: &AwsAccess, message: &Value) -> Result<String, Error> {
        let body = json!({"originationPhoneNumberId": access.phone_number_id, "metaApiVersion": self.version,
            "message": BASE64.encode(message.to_string().as_bytes())});
        let path = "/v1/whatsapp/send";
        let answer: MessageIdAnswer =
            self.call(access, Method::POST, path, &[], Some(&body), Subject::Number).await?;
        Ok(answer.message_id)
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        access: &AwsAccess,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        subject: Subject,
    ) -> Result<T, Error> {
        let url = self.url(&access.region, path, query)?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let headers = signed(access, &method, &url, &body)?;
        let response = self.api.send(method, &url, &headers, RequestBody::bytes(body)).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = response.read(GRAPH_ANSWER_BYTES).await?;
        if !status.is_success() {
            return Err(error_of(status.as_u16(), &headers, &answer, subject));
        }
        serde_json::from_slice(&answer).map_err(|error| {
            Error::new(ErrorKind::Protocol, "AWS's answer lacks what it must have").caused_by(error)
        })
    }

    fn url(&self, region: &str, path: &str, query: &[(&str, &str)]) -> Result<Url, Error> {
        let base = self.stand_in.clone().or_else(|| api_url(region));
        let mut url = base.ok_or_else(|| {
            Error::new(ErrorKind::BadRequest, "the account's region is no region of AWS").without_effect()
        })?;
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

/// The headers of a call, its signature among them.
fn signed(access: &AwsAccess, method: &Method, url: &Url, body: &str) -> Result<HeaderMap, Error> {
    let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::BadRequest, "the call cannot be signed").caused_by(error).without_effect()
    };
    let credential = AwsCredential {
        key_id: access.access_key_id.clone(),
        secret_key: access.secret_access_key.expose_secret().to_owned(),
        token: None,
    };
    let mut request: HttpRequest = http::Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(body.to_owned().into())
        .map_err(|error| unusable(error.into()))?;
    AwsAuthorizer::new(&credential, SERVICE, &access.region)
        .try_authorize(&mut request, None)
        .map_err(|error| unusable(error.into()))?;
    let mut headers = request.headers().clone();
    headers.remove(HOST);
    Ok(headers)
}

impl fmt::Debug for AwsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsClient").field("stand_in", &self.stand_in).finish_non_exhaustive()
    }
}

impl fmt::Debug for AwsAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsAccess").field("region", &self.region).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mediary_testing::whatsapp::client_options;

    use super::*;

    #[test]
    fn stand_in_is_on_this_machine_or_not_at_all() {
        let calls = client_options(Duration::from_millis(10));
        let stand_in = Some("https://sns.example/".parse().unwrap());
        assert!(
            AwsClient::new(AwsOptions { meta_api_version: "v26.0".to_owned(), stand_in, calls }).is_err()
        );
    }
}
