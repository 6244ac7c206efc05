//! Conditional requests (RFC 9110, section 13): whether the caller already has what it asks for.

use http::{HeaderMap, HeaderValue, header};
use mediary_core::Timestamp;

/// Whether `304` is the answer. `etag` is the quoted strong entity tag, if the file has one.
pub(crate) fn not_modified(headers: &HeaderMap, etag: Option<&str>, modified: Timestamp) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        return headers.get_all(header::IF_NONE_MATCH).iter().any(|value| lists(value, etag));
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(http_date_seconds);
    since.is_some_and(|since| seconds(modified) <= since)
}

/// Whether `If-None-Match` names `etag`.
pub(crate) fn names_etag(headers: &HeaderMap, etag: &str) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().any(|value| lists(value, Some(etag)))
}

/// Whether a `Range` may be answered with a part: `If-Range` is absent or names exactly this file, by what validators it has.
pub(crate) fn range_applies(headers: &HeaderMap, etag: Option<&str>, modified: Option<Timestamp>) -> bool {
    let Some(condition) = headers.get(header::IF_RANGE) else { return true };
    match condition.to_str() {
        Ok(tag) if tag.starts_with('"') => Some(tag) == etag,
        Ok(tag) if tag.starts_with("W/") => false,
        _ => modified.is_some_and(|modified| http_date_seconds(condition) == Some(seconds(modified))),
    }
}

/// `moment` in the form of HTTP headers.
pub(crate) fn http_date(moment: Timestamp) -> String {
    let since_epoch = std::time::Duration::from_secs(u64::try_from(seconds(moment)).unwrap_or(0));
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + since_epoch)
}

/// Entity tags are compared weakly here, as the standard wants it for `If-None-Match`.
fn lists(value: &HeaderValue, etag: Option<&str>) -> bool {
    let Ok(list) = value.to_str() else { return false };
    list.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || etag.is_some_and(|etag| tag.strip_prefix("W/").unwrap_or(tag) == etag))
}

fn http_date_seconds(value: &HeaderValue) -> Option<i64> {
    let time = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    let since_epoch = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_secs()).ok()
}

fn seconds(moment: Timestamp) -> i64 {
    moment.millis().div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"abc\"";
    const MODIFIED: Timestamp = Timestamp(1_697_043_379_500);
    const DATE: &str = "Wed, 11 Oct 2023 16:56:19 GMT";

    fn with(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn if_none_match_takes_lists_weak_tags_and_the_star() {
        let same = |value| not_modified(&with(header::IF_NONE_MATCH, value), Some(TAG), MODIFIED);
        assert!(same("\"abc\"") && same("W/\"abc\"") && same("*") && same("\"x\", \"abc\""));
        assert!(!same("\"abcd\"") && !same("abc") && !same(""));
    }

    #[test]
    fn if_modified_since_counts_only_without_a_tag() {
        let since = |value| not_modified(&with(header::IF_MODIFIED_SINCE, value), Some(TAG), MODIFIED);
        assert!(since(DATE));
        assert!(!since("Wed, 11 Oct 2023 16:56:18 GMT") && !since("yesterday"));
        let mut both = with(header::IF_MODIFIED_SINCE, DATE);
        both.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"other\""));
        assert!(!not_modified(&both, Some(TAG), MODIFIED));
    }

    #[test]
    fn if_range_needs_the_exact_file() {
        let applies = |value| range_applies(&with(header::IF_RANGE, value), Some(TAG), Some(MODIFIED));
        assert!(applies(TAG) && applies(DATE));
        assert!(!applies("W/\"abc\"") && !applies("\"old\"") && !applies("Wed, 11 Oct 2023 16:56:20 GMT"));
        assert!(range_applies(&HeaderMap::new(), Some(TAG), Some(MODIFIED)));
        // What has no validator is named by none.
        for value in [TAG, DATE, "\"\"", "yesterday"] {
            assert!(!range_applies(&with(header::IF_RANGE, value), None, None), "{value}");
        }
        assert!(range_applies(&HeaderMap::new(), None, None));
    }

    #[test]
    fn dates_are_written_as_http_writes_them() {
        assert_eq!(http_date(MODIFIED), DATE);
    }
}
