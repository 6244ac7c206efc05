//! The headers around media bytes: what a browser may do with them, and for how long.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use mediary_core::{MediaId, Timestamp};
use mediary_derive::VirtualFile;
use mediary_engine::FileInfo;
use moka::sync::Cache;

use super::conditions::http_date;

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Headers of files are made once for each look at their record, not once for each view.
const KEPT_FOR: Duration = Duration::from_secs(2);
const KEPT: u64 = 4096;

/// The headers of files that were served a moment ago. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct FileHeaders(Cache<(MediaId, bool), Arc<CachedHeaders>>);

/// Headers, and what they were made from.
#[derive(Debug)]
struct CachedHeaders {
    info: Arc<FileInfo>,
    headers: HeaderMap,
}

impl Default for FileHeaders {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build())
    }
}

impl FileHeaders {
    /// What the answer for a stored file carries, whole or in part.
    pub(crate) fn stored(&self, info: &Arc<FileInfo>, modified: Timestamp, save: bool) -> HeaderMap {
        self.made_once(info, save, || {
            let mut headers = of_file(info, save);
            if let Some(hash) = info.sha256 {
                set(&mut headers, header::ETAG, &format!("\"{hash}\""));
            }
            set(&mut headers, header::LAST_MODIFIED, &http_date(modified));
            headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            headers
        })
    }

    /// What the answer for a file from WhatsApp carries, apart from its length.
    pub(crate) fn proxied(&self, info: &Arc<FileInfo>, save: bool) -> HeaderMap {
        self.made_once(info, save, || of_file(info, save))
    }

    fn made_once(&self, info: &Arc<FileInfo>, save: bool, make: impl FnOnce() -> HeaderMap) -> HeaderMap {
        let key = (info.media_id, save);
        if let Some(kept) = self.0.get(&key)
            && Arc::ptr_eq(&kept.info, info)
        {
            return kept.headers.clone();
        }
        let headers = make();
        self.0.insert(key, Arc::new(CachedHeaders { info: info.clone(), headers: headers.clone() }));
        headers
    }
}

/// What the answer for a file made of parts of a stored one carries. Its tag names the stored bytes and the map over them.
pub(crate) fn of_mapped(info: &FileInfo, map: &VirtualFile, modified: Timestamp, save: bool) -> HeaderMap {
    let mut headers = of_file(info, save);
    if let Some(hash) = info.sha256 {
        set(&mut headers, header::ETAG, &format!("\"{hash}.{}\"", map.identity()));
    }
    set(&mut headers, header::LAST_MODIFIED, &http_date(modified));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers
}

/// What every answer with a file carries.
pub(crate) fn of_file(info: &FileInfo, save: bool) -> HeaderMap {
    let fixed = HeaderValue::from_static;
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers
        .insert(header::CONTENT_SECURITY_POLICY, fixed(policy(&info.mime_type, info.inline_safe && !save)));
    headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
    headers.insert(ROBOTS, fixed("noindex"));
    headers.insert(CORP, fixed("same-origin"));
    // A browser asks each time, so that who lost access loses it at once; what is not stored here, nobody keeps.
    headers.insert(header::CACHE_CONTROL, fixed(if info.stored { "private, no-cache" } else { "no-store" }));
    set(&mut headers, header::CONTENT_TYPE, &info.mime_type);
    set(&mut headers, header::CONTENT_DISPOSITION, &info.content_disposition(save));
    headers
}

/// What is different when a file is opened by a link: its holder was given it to use, wherever and as long as it lives.
pub(crate) fn by_link(headers: &mut HeaderMap, info: &FileInfo, life: Duration) {
    headers.insert(CORP, HeaderValue::from_static("cross-origin"));
    if info.stored {
        set(headers, header::CACHE_CONTROL, &format!("private, max-age={}", life.as_secs()));
    }
}

/// A value that cannot be written (a sender's type may be anything) is left out.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Nothing may run or load, except what Chromium's own viewer of that type is made of.
fn policy(mime: &str, inline: bool) -> &'static str {
    const NOTHING: &str = "sandbox; default-src 'none'";
    match mime.split('/').next() {
        _ if !inline => NOTHING,
        // The viewer refuses to work in a sandbox.
        _ if mime == "application/pdf" => "default-src 'none'",
        Some("image") => "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        // The player asks for the file again, as its own page.
        Some("audio" | "video") => "sandbox allow-same-origin; default-src 'none'; media-src 'self'",
        _ => NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use mediary_core::{CompanyId, ConversationId, FileType, MessageId, Sha256};

    use super::*;

    fn file(mime: &str) -> FileInfo {
        FileInfo {
            company_id: CompanyId(1),
            media_id: MediaId(2),
            message_id: Some(MessageId(3)),
            conversation_id: Some(ConversationId(4)),
            file_type: FileType::Document,
            mime_type: mime.to_owned(),
            file_name: "a.bin".to_owned(),
            sha256: Some(Sha256([7; 32])),
            size: Some(10),
            last_modified: None,
            stored: true,
            inline_safe: true,
            is_stored_variant: false,
        }
    }

    fn policy_of(mime: &str, save: bool) -> String {
        of_file(&file(mime), save)["content-security-policy"].to_str().unwrap().to_owned()
    }

    #[test]
    fn pdf_alone_is_without_sandbox() {
        for mime in ["image/png", "video/mp4", "audio/ogg", "text/html", "application/zip", ""] {
            let policy = policy_of(mime, false);
            assert!(
                policy.starts_with("sandbox") && policy.contains("; default-src 'none'"),
                "{mime}: {policy}"
            );
        }
        assert!(!policy_of("application/pdf", false).contains("sandbox"));
        assert!(policy_of("application/pdf", true).starts_with("sandbox"));
    }

    #[test]
    fn scripts_are_never_allowed() {
        for mime in ["image/svg+xml", "text/html", "application/pdf", "image/png"] {
            for save in [true, false] {
                let policy = policy_of(mime, save);
                assert!(!policy.contains("script") && !policy.contains("object"), "{mime}: {policy}");
            }
        }
    }

    #[test]
    fn link_is_kept_no_longer_than_it_lives_and_what_is_not_stored_never() {
        let mut headers = of_file(&file("image/png"), false);
        by_link(&mut headers, &file("image/png"), Duration::from_millis(59_900));
        assert_eq!(headers["cache-control"], "private, max-age=59");
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
        let passing = FileInfo { stored: false, ..file("image/png") };
        let mut headers = of_file(&passing, false);
        assert_eq!(headers["cache-control"], "no-store");
        by_link(&mut headers, &passing, Duration::from_secs(60));
        assert_eq!(headers["cache-control"], "no-store");
    }

    #[test]
    fn headers_change_with_the_record() {
        let known = FileHeaders::default();
        let (first, renamed) = (Arc::new(file("image/png")), Arc::new(file("image/jpeg")));
        for info in [&first, &first, &renamed, &first] {
            assert!(!known.proxied(&Arc::new(file("audio/ogg")), false).contains_key("accept-ranges"));
            let headers = known.stored(info, Timestamp(0), false);
            assert_eq!(headers["content-type"].to_str().unwrap(), info.mime_type);
            assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline"));
            let saved = known.stored(info, Timestamp(0), true);
            assert!(saved["content-disposition"].to_str().unwrap().starts_with("attachment"));
        }
    }
}
