//! Who is calling, and whether they may.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use mediary_core::ErrorCode;
use mediary_engine::{Access, Caller, May, Right};

use super::SameOrigin;
use crate::App;
use crate::layers::{CallerSlot, RequestSpan};
use crate::problem::Problem;

/// The name of the cookie that holds a session's token.
pub(crate) const SESSION_COOKIE: &str = "mediary_session";

/// How often what lasts (a stream of events, the sending of a large file) looks whether its session or key still holds, and how
/// long that may take. A caller who may no longer have it gets nothing more after both and the half second for which a caller is remembered.
pub(crate) const RECHECK: Duration = Duration::from_secs(2);
const RECHECK_WITHIN: Duration = Duration::from_secs(2);

/// Handlers take it first, so that nothing of a request is read for who may not.
impl<R: Right> FromRequestParts<App> for May<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = authenticate(parts, app).await?;
        if let Some(slot) = parts.extensions.get::<CallerSlot>() {
            slot.take(app, &caller)?;
        }
        if let Some(span) = parts.extensions.get::<RequestSpan>() {
            span.set_company(caller.company_id);
        }
        Ok(Self::ask(caller)?)
    }
}

async fn authenticate(parts: &Parts, app: &App) -> Result<Arc<Caller>, Problem> {
    let token = Token::find(&parts.headers).ok_or_else(|| Problem::new(ErrorCode::Unauthorized))?;
    let caller = token.caller(app.engine().access()).await?;
    let caller = caller.ok_or_else(|| Problem::new(ErrorCode::Unauthorized))?;
    if matches!(token, Token::Session(_)) && !parts.method.is_safe() {
        SameOrigin::check(parts, app)?;
    }
    #[cfg(test)]
    if let Some(sees) = parts.extensions.get::<mediary_core::Visibility>() {
        return Ok(Arc::new(Caller { sees: sees.clone(), ..Caller::clone(&caller) }));
    }
    Ok(caller)
}

/// What a request says about who sends it.
#[derive(Clone, Copy)]
enum Token<'h> {
    Session(&'h str),
    Key(&'h str),
}

impl<'h> Token<'h> {
    fn find(headers: &'h HeaderMap) -> Option<Self> {
        bearer(headers).map(Self::Key).or_else(|| session_cookie(headers).map(Self::Session))
    }

    async fn caller(self, access: &Access) -> mediary_core::Result<Option<Arc<Caller>>> {
        match self {
            Self::Session(token) => access.authenticate_session(token).await,
            Self::Key(key) => access.authenticate_key(key).await,
        }
    }
}

/// The session or key of a request, kept to check again whether it still holds, or to end it.
pub(crate) struct Credentials(HeaderMap);

impl FromRequestParts<App> for Credentials {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

impl Credentials {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let kept = [header::AUTHORIZATION, header::COOKIE];
        let values = kept
            .iter()
            .flat_map(|name| headers.get_all(name).iter().map(|value| (name.clone(), value.clone())));
        Self(values.collect())
    }

    /// Whether they still open the door to `known`, in the same role. What cannot be found out in time is no.
    pub(crate) async fn still_hold(&self, access: &Access, known: &Caller) -> bool {
        let Some(token) = Token::find(&self.0) else { return false };
        let caller = tokio::time::timeout(RECHECK_WITHIN, token.caller(access)).await;
        let caller = caller.ok().and_then(Result::ok).flatten();
        caller.is_some_and(|now| {
            now.company_id == known.company_id && now.role == known.role && now.sees == known.sees
        })
    }

    /// The session among them.
    pub(crate) fn session(&self) -> Option<&str> {
        session_cookie(&self.0)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookie| cookie.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn session_is_found_among_other_cookies() {
        let cookie = |text| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
        assert_eq!(session_cookie(&cookie("a=1; mediary_session=abc; b=2")), Some("abc"));
        assert_eq!(session_cookie(&cookie("mediary_session2=abc;xmediary_session=d")), None);
        assert_eq!(session_cookie(&HeaderMap::new()), None);
    }

    #[test]
    fn scheme_is_bearer_in_any_case() {
        let with = |text| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(text))]);
        assert_eq!(bearer(&with("Bearer mdy_1")), Some("mdy_1"));
        assert_eq!(bearer(&with("bearer  mdy_1")), Some("mdy_1"));
        assert_eq!(bearer(&with("Basic abc")), None);
        assert_eq!(bearer(&with("Bearer")), None);
    }
}
