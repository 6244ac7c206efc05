//! A call of the Graph API, taken apart.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};
use mediary_core::Provider;
use serde_json::Value;
use url::form_urlencoded;

use super::error::GraphError;
use crate::config::AccountSpec;
use crate::world::World;

/// JSON bodies of the Graph API.
const JSON_BYTES: usize = 1024 * 1024;
/// What is read of an upload that is refused: as large a file as any that is taken, with its form.
const REFUSED_BYTES: usize = 101_000_000;

/// Method, path without version, query and headers.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) segments: Vec<String>,
    query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

impl Call {
    pub(crate) fn read(request: Request) -> Result<(Self, Body), GraphError> {
        let (parts, body) = request.into_parts();
        let mut segments: Vec<String> =
            parts.uri.path().split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
        if segments.first().is_some_and(|first| is_version(first)) {
            segments.remove(0);
        }
        if segments.is_empty() {
            return Err(GraphError::unknown_path("/"));
        }
        let query =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Ok((Self { method: parts.method, segments, query, headers: parts.headers }, body))
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The object that the call is about.
    pub(crate) fn id(&self) -> &str {
        &self.segments[0]
    }

    pub(crate) fn content_type(&self) -> &str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The caller's token: a good one, or the error that Graph answers.
    pub(crate) fn token(&self, world: &World) -> Result<&str, GraphError> {
        let token = match self.provider() {
            Provider::Meta => token_of(&self.headers).or_else(|| self.parameter("access_token")),
            Provider::Dialog360 => key_of(&self.headers),
            Provider::Aws => None,
        };
        let token = token.filter(|token| !token.is_empty()).ok_or_else(GraphError::no_token)?;
        check_token(world, token)?;
        Ok(token)
    }

    /// Whose form the call has.
    pub(crate) fn provider(&self) -> Provider {
        if key_of(&self.headers).is_some() { Provider::Dialog360 } else { Provider::Meta }
    }

    /// Whether the call may see an account's objects.
    pub(crate) fn may_see(&self, token: &str, account: &AccountSpec) -> bool {
        may_see(token, account, self.provider())
    }

    /// The account of the path's first part, if the token may see it.
    pub(crate) fn account(&self, world: &World) -> Result<std::sync::Arc<AccountSpec>, GraphError> {
        let token = self.token(world)?;
        let account = world.accounts.find(self.id()).filter(|account| self.may_see(token, account));
        account.ok_or_else(|| self.no_object())
    }

    pub(crate) fn no_object(&self) -> GraphError {
        GraphError::no_object(self.method.as_str(), self.id())
    }
}

/// Whether a token may see an account's objects: in the form of the account's provider, and unless the account has a token of its
/// own, any good one may.
pub(crate) fn may_see(token: &str, account: &AccountSpec, form: Provider) -> bool {
    use secrecy::ExposeSecret;
    account.provider == form && account.access_token.as_ref().is_none_or(|own| own.expose_secret() == token)
}

/// `Ok` for a token that is good.
pub(crate) fn check_token(world: &World, token: &str) -> Result<(), GraphError> {
    match world.tokens.state(token) {
        Some(crate::tokens::TokenState::Valid) => Ok(()),
        state => Err(GraphError::token(state)),
    }
}

/// The key of 360dialog's calls and downloads.
pub(crate) fn key_of(headers: &HeaderMap) -> Option<&str> {
    headers.get("d360-api-key")?.to_str().ok()
}

/// The bearer token; the resumable upload says `OAuth` instead.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    known.then(|| token.trim())
}

/// The body, as far as it may be JSON.
pub(crate) async fn json_bytes(body: Body) -> Result<Bytes, GraphError> {
    to_bytes(body, JSON_BYTES).await.map_err(|_| invalid("it cannot be read or is too large"))
}

/// The body as JSON.
pub(crate) async fn json_body(body: Body) -> Result<Value, GraphError> {
    let bytes = json_bytes(body).await?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| invalid("it does not parse"))?;
    if value.is_object() { Ok(value) } else { Err(invalid("it is no object")) }
}

/// Reads what somebody sends who is refused already. Many clients write all of it before they look at the answer, and see
/// none when the connection is closed meanwhile.
pub(crate) async fn read_refused(body: Body) {
    let (mut pieces, mut left) = (body.into_data_stream(), REFUSED_BYTES);
    while let Some(Ok(piece)) = pieces.next().await
        && left > 0
    {
        left = left.saturating_sub(piece.len());
    }
}

fn invalid(why: &str) -> GraphError {
    GraphError::parameter(format!("Invalid JSON body: {why}"))
}

/// `v23.0`, any numbers.
fn is_version(segment: &str) -> bool {
    let Some((major, minor)) = segment.strip_prefix('v').and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(major) && digits(minor)
}
