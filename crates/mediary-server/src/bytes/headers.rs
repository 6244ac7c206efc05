//! The headers around media bytes: what a browser may do with them, and for how long.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Who may keep an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keep {
    /// The browser, but it asks each time, so that who lost access loses it at once.
    AskEachTime,
    /// The browser, without asking, as long as the link lives.
    For(Duration),
    /// Nobody.
    Never,
}

/// Which other sites may show the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Embedding {
    OwnPages,
    /// Whoever has the link was given it to use.
    Anywhere,
}

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// The headers that every answer with media bytes carries.
pub(crate) fn safe(headers: &mut HeaderMap, mime: &str, inline: bool, keep: Keep, embedding: Embedding) {
    let fixed = HeaderValue::from_static;
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, fixed(policy(mime, inline)));
    headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
    headers.insert(ROBOTS, fixed("noindex"));
    let sites = match embedding {
        Embedding::OwnPages => "same-origin",
        Embedding::Anywhere => "cross-origin",
    };
    headers.insert(CORP, fixed(sites));
    let cache = match keep {
        Keep::AskEachTime => fixed("private, no-cache"),
        Keep::Never => fixed("no-store"),
        Keep::For(life) => HeaderValue::from_str(&format!("private, max-age={}", life.as_secs()))
            .expect("digits are a header value"),
    };
    headers.insert(header::CACHE_CONTROL, cache);
}

/// Nothing may run or load, except what Chromium's own viewer of that type is made of.
fn policy(mime: &str, inline: bool) -> &'static str {
    const NOTHING: &str = "sandbox; default-src 'none'";
    match mime.split('/').next() {
        _ if !inline => NOTHING,
        // The viewer refuses to work in a sandbox.
        _ if mime == "application/pdf" => "default-src 'none'",
        Some("image") => "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        // The player asks for the file once more, as its own page.
        Some("audio" | "video") => "sandbox allow-same-origin; default-src 'none'; media-src 'self'",
        _ => NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(mime: &str, inline: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        safe(&mut headers, mime, inline, Keep::AskEachTime, Embedding::OwnPages);
        headers
    }

    #[test]
    fn only_a_pdf_is_without_sandbox() {
        for mime in ["image/png", "video/mp4", "audio/ogg", "text/html", "application/zip", ""] {
            let policy = headers(mime, true)["content-security-policy"].to_str().unwrap().to_owned();
            assert!(
                policy.starts_with("sandbox") && policy.contains("; default-src 'none'"),
                "{mime}: {policy}"
            );
        }
        let pdf = headers("application/pdf", true);
        assert!(!pdf["content-security-policy"].to_str().unwrap().contains("sandbox"));
        let download = headers("application/pdf", false);
        assert!(download["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
    }

    #[test]
    fn scripts_are_never_allowed() {
        for mime in ["image/svg+xml", "text/html", "application/pdf", "image/png"] {
            for inline in [true, false] {
                let headers = headers(mime, inline);
                let policy = headers["content-security-policy"].to_str().unwrap();
                assert!(!policy.contains("script") && !policy.contains("object"), "{mime}: {policy}");
                assert_eq!(headers["x-content-type-options"], "nosniff");
            }
        }
    }

    #[test]
    fn a_link_is_kept_no_longer_than_it_lives() {
        let mut headers = HeaderMap::new();
        safe(&mut headers, "image/png", true, Keep::For(Duration::from_millis(59_900)), Embedding::Anywhere);
        assert_eq!(headers["cache-control"], "private, max-age=59");
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    }
}
