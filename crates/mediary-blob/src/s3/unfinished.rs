//! Uploads whose process died: the store keeps their parts, and charges for them, until somebody ends them.

use std::time::Duration;

use mediary_core::{Clock, SystemClock, Timestamp};
use object_store::client::{HttpRequestBody, HttpResponse};
use object_store::multipart::MultipartStore as _;
use object_store::path::Path;
use object_store::signer::{Method, SignedUrlOptions, Signer as _};
use serde::Deserialize;
use time::OffsetDateTime;

use super::Remote;
use crate::error::{Error, ErrorKind, Result, words};
use crate::key::StorageKey;
use crate::stored::SweepReport;

const SIGNED_FOR: Duration = Duration::from_secs(60);
/// Pages of unfinished uploads that one sweep looks at, a thousand each.
const PAGES_MAX: usize = 100;
/// Bytes of an answer that are read.
const ANSWER_MAX: usize = 8 * 1024 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Page {
    is_truncated: bool,
    next_key_marker: String,
    next_upload_id_marker: String,
    #[serde(rename = "Upload")]
    uploads: Vec<UnfinishedUpload>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UnfinishedUpload {
    key: String,
    upload_id: String,
    #[serde(with = "time::serde::rfc3339")]
    initiated: OffsetDateTime,
}

/// Ends the uploads that began longer ago: all of them, or those of one key.
pub(super) async fn sweep(
    remote: &Remote,
    key: Option<&StorageKey>,
    older_than: Duration,
) -> Result<SweepReport> {
    // Times of uploads are the store's, and machines' clocks agree to the second or so.
    let limit = SystemClock.now().minus(older_than);
    let mut report = SweepReport::default();
    let mut marker = (String::new(), String::new());
    for _ in 0..PAGES_MAX {
        let Some(page) = page(remote, key, &marker).await? else { break };
        for upload in page.uploads {
            // A prefix is the beginning of longer keys as well.
            if key.is_some_and(|key| key.as_str() != upload.key) {
                continue;
            }
            if millis(upload.initiated) > limit {
                report.kept += 1;
            } else if end(remote, &upload).await? {
                report.removed += 1;
            }
        }
        if !page.is_truncated {
            break;
        }
        marker = (page.next_key_marker, page.next_upload_id_marker);
    }
    Ok(report)
}

fn millis(time: OffsetDateTime) -> Timestamp {
    Timestamp(i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
}

async fn end(remote: &Remote, upload: &UnfinishedUpload) -> Result<bool> {
    // What is no key of ours is somebody else's upload.
    let Ok(path) = upload.key.parse::<StorageKey>().and_then(|key| super::path(&key)) else {
        return Ok(false);
    };
    match remote.s3.abort_multipart(&path, &upload.upload_id).await {
        Ok(()) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(Error::object(format!("end the unfinished upload of {}", upload.key), &error)),
    }
}

/// One page of unfinished uploads; `None` if the store does not list them.
async fn page(
    remote: &Remote,
    of: Option<&StorageKey>,
    (key, upload): &(String, String),
) -> Result<Option<Page>> {
    const DOING: &str = "list unfinished uploads";
    let mut query = vec![("uploads", "")];
    if let Some(of) = of {
        query.push(("prefix", of.as_str()));
    }
    if !key.is_empty() {
        query.extend([("key-marker", key.as_str()), ("upload-id-marker", upload)]);
    }
    let options = SignedUrlOptions::new().with_query(query);
    let signed = remote.s3.signed_url_opts(Method::GET, &Path::default(), SIGNED_FOR, &options).await;
    let url = signed.map_err(|error| Error::object(DOING, &error))?;
    // Errors of the client name the URL, which is signed.
    let failed = |said: String| Error::new(ErrorKind::Io, format!("{DOING}: {said}"));
    let request = http::Request::get(url.as_str()).body(HttpRequestBody::empty());
    let request = request.map_err(|error| failed(words(&error)))?;
    let response = remote.http.execute(request).await.map_err(|error| failed(words(&error)))?;
    if response.status() == http::StatusCode::NOT_IMPLEMENTED {
        return Ok(None);
    }
    if !response.status().is_success() {
        return Err(failed(format!("the store answered {}", response.status())));
    }
    let text = body(response).await.map_err(failed)?;
    quick_xml::de::from_str(&text).map(Some).map_err(|error| failed(words(&error)))
}

async fn body(response: HttpResponse) -> std::result::Result<String, String> {
    use futures_util::StreamExt as _;
    let mut stream = response.into_body().bytes_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| words(&error))?);
        if bytes.len() > ANSWER_MAX {
            return Err("the answer is too long".to_owned());
        }
    }
    String::from_utf8(bytes).map_err(|error| words(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_of_the_store_is_understood() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>b</Bucket>
            <NextKeyMarker>media/1/2/3</NextKeyMarker><NextUploadIdMarker>abc</NextUploadIdMarker>
            <IsTruncated>true</IsTruncated>
            <Upload><Key>media/1/2/3</Key><UploadId>abc</UploadId><StorageClass>STANDARD</StorageClass>
            <Initiated>2026-11-20T10:00:00.000Z</Initiated></Upload>
            <Upload><Key>other</Key><UploadId>def</UploadId><Initiated>2026-11-20T10:00:01Z</Initiated></Upload>
            </ListMultipartUploadsResult>"#;
        let page: Page = quick_xml::de::from_str(text).unwrap();
        assert!(
            page.is_truncated && page.next_key_marker == "media/1/2/3" && page.next_upload_id_marker == "abc"
        );
        assert_eq!(page.uploads.len(), 2);
        assert_eq!(millis(page.uploads[0].initiated), Timestamp(1_795_168_800_000));
        let none =
            "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
        assert!(quick_xml::de::from_str::<Page>(none).unwrap().uploads.is_empty());
    }
}
