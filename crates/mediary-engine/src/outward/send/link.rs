//! A file behind a link: fetched here, never by WhatsApp, and from then on like any file that was received.
//!
//! WhatsApp follows no redirect, has its pace with a host limited for all who use that host, looks at the file after it took the
//! message, and fetches it again for every message. Here it is read once, under the guard of `mediary-outbound` for hosts that
//! somebody else named: no header of ours goes along, and no private address is asked, by whatever name or redirect.
//!
//! A link may hold a signature, so it is not logged. Its sender learns no more of the host's answer than its status.

use std::time::Duration;

use mediary_core::{CompanyId, Error, ErrorCode, FileType, Result};
use mediary_formats::{name_of_disposition, name_of_path, name_with_ending};
use mediary_outbound::{Body, ErrorKind, Response};
use url::Url;

use super::Sender;
use super::draft::{FileDraft, of_file_in};
use super::upload::{FileUpload, MAX_BYTES, ReceivedFile};

/// The field of the request.
pub(super) const FIELD: &str = "link";
/// Characters of a link. Those that a store signs have one or two thousand.
const MAX_CHARS: usize = 4096;
/// From the question to the last byte. A host that is silent, or slower than any line, is given up sooner.
const WITHIN: Duration = Duration::from_secs(300);
/// Files that are fetched at once in a process, and of them those of one company.
pub(super) const AT_ONCE: usize = 64;
pub(super) const AT_ONCE_OF_COMPANY: usize = 8;
/// How long one waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(30);

/// Fetches the file. A document without a name gets the one that its host gives it.
pub(super) async fn fetch(
    sender: &Sender,
    company: CompanyId,
    link: &str,
    file: &mut FileDraft,
) -> Result<ReceivedFile> {
    let url = parsed(link)?;
    let Some(_slot) = sender.fetched_links.take(company, TURN_WITHIN).await else {
        let detail = format!("{AT_ONCE_OF_COMPANY} links of your company are being fetched; send it again");
        return Err(Error::refused(ErrorCode::RateLimited, detail).after(Some(TURN_WITHIN)));
    };
    let fetched = async {
        let response = sender.context.public_hosts().get(url.clone()).await.map_err(failed)?;
        let name = announced_name(&response, &url);
        let upload = FileUpload::begin(&sender.context, company).await?;
        Ok::<_, Error>((name, receive(upload, opened(response)?).await?))
    };
    let in_time = tokio::time::timeout(WITHIN, fetched).await;
    let late = || refused(format!("took longer than {} seconds", WITHIN.as_secs()));
    let (name, received) = in_time.map_err(|_| late())??;
    if file.kind == FileType::Document && file.file_name.is_none() {
        // The type is proved by now: a name without an ending gets that of the type.
        let mime = received.content.mime_type.unwrap_or_default();
        file.file_name = name.map(|name| name_with_ending(&name, mime, true));
    }
    Ok(received)
}

async fn receive(mut upload: FileUpload, mut body: Body) -> Result<ReceivedFile> {
    let mut is_empty = true;
    while let Some(bytes) = body.chunk().await.map_err(failed)? {
        is_empty &= bytes.is_empty();
        // The only field that can be wrong by now.
        upload.write(bytes).await.map_err(|error| of_file_in(FIELD, error))?;
    }
    if is_empty {
        return Err(refused("leads to an empty file"));
    }
    upload.end().await
}

fn parsed(link: &str) -> Result<Url> {
    let chars = link.chars().take(MAX_CHARS + 1).count();
    // A URL parser leaves out or encodes some of these, and the host would be asked for another file.
    let written = link.bytes().all(|byte| byte > b' ' && byte != 0x7f);
    if !(1..=MAX_CHARS).contains(&chars) || !written {
        let rule = format!(
            "must be a URL of at most {MAX_CHARS} characters, without spaces and control characters (a space is %20)"
        );
        return Err(refused(rule));
    }
    let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    let mut url = url.ok_or_else(|| refused("must be a URL that begins with https:// or http://"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must hold neither a user name nor a password"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Refuses answers that are no file, and files that are too large by their own word.
fn opened(response: Response) -> Result<Body> {
    let status = response.status().as_u16();
    if status != 200 {
        let hint = match status {
            401 | 403 => "; it must lead to the file without a log-in, and not have expired",
            _ => "",
        };
        return Err(refused(format!("cannot be fetched: its host answered {status}{hint}")));
    }
    if let Some(length) = response.content_length().filter(|length| *length > MAX_BYTES) {
        let detail = format!(
            "the file has {length} bytes; WhatsApp takes at most {MAX_BYTES}, and of most kinds fewer"
        );
        return Err(Error::refused(ErrorCode::PayloadTooLarge, detail).in_field(FIELD));
    }
    response.into_body().map_err(failed)
}

fn announced_name(response: &Response, url: &Url) -> Option<String> {
    let header = response.headers().get("content-disposition");
    let header = header.and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    header.and_then(name_of_disposition).or_else(|| name_of_path(url.path()))
}

fn refused(rule: impl Into<String>) -> Error {
    Error::invalid(FIELD, rule.into())
}

fn failed(error: mediary_outbound::Error) -> Error {
    let rule = match error.kind() {
        // One sentence for both: a sender must not learn which names the operator's own network has.
        ErrorKind::ForbiddenUrl | ErrorKind::Unreachable => {
            "cannot be fetched: its host cannot be reached, or is no public one; of others only those are asked that the operator \
             allows (MEDIARY_LINK_HOSTS)"
        }
        ErrorKind::InvalidOptions | ErrorKind::InvalidRequest | ErrorKind::RequestBody => {
            "cannot be asked for; check how it is written"
        }
        ErrorKind::Timeout => "cannot be fetched: its host did not answer in time, or sent too slowly",
        ErrorKind::CutOff => "cannot be fetched: the file broke off before its end",
        ErrorKind::TooLarge | ErrorKind::Protocol => {
            "cannot be fetched: its host redirects too often or to nowhere, or encodes the file although asked not to"
        }
    };
    tracing::info!(error = &error as &dyn std::error::Error, "a link could not be fetched");
    refused(rule).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_is_asked_for_as_it_is_written() {
        for link in [
            "https://scontent.example/v/h.jpg?a=1&b=2&sig=%2B%3D&oe=6A1B+x",
            "http://cdn.example:8080/a%20b/%C3%A4;x=1?q=a/b?c&amp;d",
            "https://cdn.example/?X-Amz-Signature=ab%2Fcd==&response-content-disposition=attachment%3B%20filename%3D%22x.pdf%22",
        ] {
            assert_eq!(parsed(link).unwrap().as_str(), link);
        }
        assert_eq!(parsed("https://cdn.example/x#page=2").unwrap().as_str(), "https://cdn.example/x");
    }

    #[test]
    fn what_is_no_link_is_refused_by_its_field() {
        let long = format!("https://cdn.example/{}", "x".repeat(MAX_CHARS));
        for (link, said) in [
            ("", "must be a URL"),
            ("cdn.example/x.jpg", "begins with https://"),
            ("/x.jpg", "begins with https://"),
            ("ftp://cdn.example/x.jpg", "begins with https://"),
            ("file:///etc/passwd", "begins with https://"),
            ("data:image/png;base64,AAAA", "begins with https://"),
            ("https://", "begins with https://"),
            ("https://cdn.example/a b.jpg", "%20"),
            ("https://cdn.example/a\nb.jpg", "without spaces"),
            ("https://ana@cdn.example/x.jpg", "user name"),
            ("https://:secret@cdn.example/x.jpg", "password"),
            (&long, "at most 4096"),
        ] {
            let error = parsed(link).unwrap_err();
            assert_eq!((error.code(), error.field()), (ErrorCode::ValidationError, Some(FIELD)), "{link}");
            assert!(error.detail().unwrap().contains(said), "{link}: {error}");
        }
    }
}
