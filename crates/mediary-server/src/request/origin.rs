//! Keeps other web sites from using a person's cookie.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use mediary_core::ErrorCode;

use super::IsHttps;
use crate::App;
use crate::problem::Problem;

/// Proof that a request does not come from another web site.
#[derive(Debug)]
pub(crate) struct SameOrigin;

impl FromRequestParts<App> for SameOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Self::check(parts, app)
    }
}

impl SameOrigin {
    pub(crate) fn check(parts: &Parts, app: &App) -> Result<Self, Problem> {
        let IsHttps(is_https) = IsHttps::of(parts, app);
        if is_same_origin(&parts.headers, app.public_origin(), is_https) {
            Ok(Self)
        } else {
            let detail = "this request came from another web site; send it from Mediary's own pages, or with an API key";
            Err(Problem::new(ErrorCode::Forbidden).detail(detail))
        }
    }
}

/// Browsers send `Sec-Fetch-Site`, or at least `Origin`, with every unsafe request; a program that sends neither is no
/// browser that somebody else's page could steer.
fn is_same_origin(headers: &HeaderMap, public_origin: &str, is_https: bool) -> bool {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("null"));
    match (text(header::HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some("same-origin" | "none"), _) | (None, None) => true,
        (_, Some(origin)) if origin == public_origin => true,
        (None, Some(origin)) => {
            // A page that came over http may be anybody's, also under our name.
            let authority = match origin.split_once("://") {
                Some(("https", authority)) => Some(authority),
                Some((_, authority)) if !is_https => Some(authority),
                _ => None,
            };
            authority.is_some() && authority == text(header::HOST)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &'static str)]) -> bool {
        allowed_over(false, pairs)
    }

    fn allowed_over(is_https: bool, pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_same_origin(&headers.collect(), "https://media.example", is_https)
    }

    #[test]
    fn page_over_http_is_another_site_where_people_come_over_https() {
        let from = |origin| [("origin", origin), ("host", "inbox.example")];
        assert!(allowed_over(true, &from("https://inbox.example")));
        assert!(!allowed_over(true, &from("http://inbox.example")));
    }

    #[test]
    fn own_pages_and_programs_pass() {
        assert!(allowed(&[("sec-fetch-site", "same-origin"), ("origin", "https://a.example")]));
        assert!(allowed(&[("sec-fetch-site", "none")]));
        assert!(allowed(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(allowed(&[("origin", "https://media.example"), ("host", "inside:8080")]));
        assert!(allowed(&[("host", "127.0.0.1:8080")]));
    }

    #[test]
    fn pages_of_other_sites_do_not_pass() {
        assert!(!allowed(&[("sec-fetch-site", "cross-site"), ("host", "a")]));
        assert!(!allowed(&[("sec-fetch-site", "same-site"), ("origin", "https://b.media.example")]));
        assert!(!allowed(&[("origin", "https://evil.example"), ("host", "media.example")]));
        assert!(!allowed(&[("origin", "null"), ("host", "null")]));
    }
}
