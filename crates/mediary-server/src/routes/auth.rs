//! Logging in and out.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{HeaderName, HeaderValue, header};
use mediary_core::{ErrorCode, limits};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::Me;
use crate::layers::RequestSpan;
use crate::login_slots::LoginSlot;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Credentials, IsHttps, May, Peer, SESSION_COOKIE, SameOrigin, rights};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(logout)).routes(routes!(me))
}

/// E-mail and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    email: String,
    #[schema(value_type = String)]
    password: SecretString,
}

/// Log in
///
/// Sets the cookie `mediary_session`. Ten wrong tries a minute for one e-mail, or fifty from one address, and the next
/// wrong ones have to wait.
#[utoipa::path(post, path = "/api/auth/login", tag = "Session", request_body = Login, security(()), responses(
    (status = 200, body = Me), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn login(
    State(app): State<App>,
    _: SameOrigin,
    Peer(address): Peer,
    is_https: IsHttps,
    slot: LoginSlot,
    span: Option<Extension<RequestSpan>>,
    Body(login): Body<Login>,
) -> Result<Response, Problem> {
    if login.email.chars().count() > limits::SHORT_TEXT_CHARS {
        return Err(Problem::field(
            "email",
            format!("must have at most {} characters", limits::SHORT_TEXT_CHARS),
        ));
    }
    let attempt = app.logins().begin(&login.email, address, app.engine().now()).map_err(too_many)?;
    let _turn = slot.turn().await;
    let (token, caller) = match app.engine().access().login(&login.email, &login.password, address).await {
        Ok(found) => found,
        Err(error) if error.code() == ErrorCode::Unauthorized => {
            return Err(attempt.wrong().map_or_else(|| error.into(), too_many));
        }
        Err(error) => {
            // Nobody could look at the password.
            attempt.forgive();
            return Err(error.into());
        }
    };
    attempt.forgive();
    if let Some(Extension(span)) = span {
        span.set_company(caller.company_id);
    }
    let me = Me::of(&caller).ok_or_else(|| Problem::new(ErrorCode::Internal))?;
    let cookie = session_cookie(is_https, token.expose_secret().to_owned());
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

/// Log out
///
/// Ends the session, and has the browser forget the files it kept.
#[utoipa::path(post, path = "/api/auth/logout", tag = "Session", security(()), responses((status = 204), (status = 403, body = ProblemBody)))]
async fn logout(
    State(app): State<App>,
    _: SameOrigin,
    Peer(address): Peer,
    credentials: Credentials,
) -> Result<Response, Problem> {
    if let Some(token) = credentials.session() {
        app.engine().access().logout(token, address).await?;
    }
    let mut over =
        Cookie::build((SESSION_COOKIE, "")).path("/").http_only(true).same_site(SameSite::Lax).build();
    over.make_removal();
    let headers =
        [(header::SET_COOKIE, header_value(&over)), (CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""))];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Who am I
#[utoipa::path(get, path = "/api/auth/me", tag = "Session", responses((status = 200, body = Me)))]
async fn me(may: May<rights::Read>) -> Result<Json<Me>, Problem> {
    Me::of(may.caller()).map(Json).ok_or_else(|| Problem::new(ErrorCode::Unauthorized))
}

fn too_many(wait: std::time::Duration) -> Problem {
    Problem::new(ErrorCode::RateLimited)
        .detail("too many wrong log-ins; please wait before the next one")
        .retry_after(Some(wait))
}

fn session_cookie(IsHttps(is_https): IsHttps, token: String) -> HeaderValue {
    let life = time::Duration::try_from(limits::SESSION_LIFE_MAX).unwrap_or(time::Duration::ZERO);
    let cookie = Cookie::build((SESSION_COOKIE, token))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https)
        .max_age(life);
    header_value(&cookie.build())
}

fn header_value(cookie: &Cookie<'_>) -> HeaderValue {
    let mut value = HeaderValue::from_str(&cookie.to_string()).expect("a token is of plain characters");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body as HttpBody;
    use http::Request;
    use mediary_core::Role;
    use mediary_testing::installation::PASSWORD;
    use serde_json::json;

    use super::*;
    use crate::request::PeerAddress;
    use crate::testing::{Answer, House, PROXY, post};

    async fn log_in(house: &House, email: &str, password: &str) -> Answer {
        house.send(post("/api/auth/login", None, &json!({"email": email, "password": password}))).await
    }

    fn with_cookie(method: &str, path: &str, cookie: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header("host", "media.example").header("cookie", cookie)
    }

    #[tokio::test]
    async fn session_begins_with_a_log_in_and_ends_with_a_log_out() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Agent).await;
        let answer = log_in(&house, " Agent@ACME.test", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["role"], "agent");
        let cookie = answer.header("set-cookie").to_owned();
        for part in ["mediary_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Secure", "Max-Age="] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let me = || house.send(with_cookie("GET", "/api/auth/me", &cookie).body(HttpBody::empty()).unwrap());
        assert_eq!(me().await.json()["email"], "agent@acme.test");
        let out = with_cookie("POST", "/api/auth/logout", &cookie).body(HttpBody::empty()).unwrap();
        let out = house.send(out).await;
        assert_eq!((out.status, out.header("clear-site-data")), (StatusCode::NO_CONTENT, "\"cache\""));
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        assert_eq!(me().await.code(), "unauthorized");
    }

    #[tokio::test]
    async fn log_ins_that_are_wrong_wait_and_right_ones_do_not_count() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Agent).await;
        for _ in 0..3 {
            assert_eq!(log_in(&house, "agent@acme.test", PASSWORD).await.status, StatusCode::OK);
        }
        for _ in 0..limits::WRONG_LOGINS_PER_EMAIL {
            assert_eq!(log_in(&house, "agent@acme.test", "wrong wrong").await.code(), "unauthorized");
        }
        let answer = log_in(&house, "agent@acme.test", "wrong wrong").await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
        assert_eq!(answer.header("retry-after"), "60");
        assert_eq!(answer.json()["retryAfterSeconds"], 60);
        assert_eq!(log_in(&house, "agent@acme.test", PASSWORD).await.status, StatusCode::OK);
        for _ in limits::WRONG_LOGINS_PER_EMAIL + 1..limits::UNCHECKED_LOGINS_PER_EMAIL_AND_ADDRESS {
            log_in(&house, "agent@acme.test", "wrong wrong").await;
        }
        assert_eq!(
            log_in(&house, "agent@acme.test", PASSWORD).await.code(),
            "rate_limited",
            "guessing has an end"
        );
        house.clock.advance(Duration::from_secs(60));
        assert_eq!(log_in(&house, "agent@acme.test", PASSWORD).await.status, StatusCode::OK);
    }

    /// A log-in by a connection from `peer`, which says that it forwards one from `client`.
    async fn log_in_by(house: &House, peer: &str, client: &str, password: &str) -> Answer {
        let body = json!({"email": "agent@acme.test", "password": password});
        let mut request = post("/api/auth/login", None, &body);
        request.headers_mut().insert("x-forwarded-for", HeaderValue::from_str(client).unwrap());
        request.extensions_mut().insert(PeerAddress(peer.parse().unwrap()));
        house.send(request).await
    }

    #[tokio::test]
    async fn guesser_behind_the_same_proxy_keeps_nobody_out() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Agent).await;
        for _ in 0..=limits::UNCHECKED_LOGINS_PER_EMAIL_AND_ADDRESS {
            log_in_by(&house, PROXY, "198.51.100.7", "wrong wrong").await;
        }
        let guesser = log_in_by(&house, PROXY, "198.51.100.7", PASSWORD).await;
        assert_eq!(guesser.code(), "rate_limited");
        // A client that writes an address in front is still the one that the proxy saw.
        let disguised = log_in_by(&house, PROXY, "198.51.100.8, 198.51.100.7", PASSWORD).await;
        assert_eq!(disguised.code(), "rate_limited");
        assert_eq!(log_in_by(&house, PROXY, "198.51.100.8", PASSWORD).await.status, StatusCode::OK);
        let log = house.get("/api/audit", company.key(Role::Admin)).await.json();
        assert_eq!(log["items"][0]["ip"], "198.51.100.8", "{log}");
    }

    #[tokio::test]
    async fn header_of_a_stranger_is_not_trusted() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Agent).await;
        for number in 0..limits::UNCHECKED_LOGINS_PER_EMAIL_AND_ADDRESS {
            log_in_by(&house, "198.51.100.7", &format!("203.0.113.{number}"), "wrong wrong").await;
        }
        let answer = log_in_by(&house, "198.51.100.7", "203.0.113.200", PASSWORD).await;
        assert_eq!(answer.code(), "rate_limited");
    }

    #[tokio::test]
    async fn flood_of_log_ins_from_one_address_leaves_room_for_others() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Agent).await;
        let guesser = "198.51.100.7".parse().unwrap();
        let held: Vec<_> = std::iter::from_fn(|| house.app.login_slots().slot(guesser).ok()).collect();
        let refused = log_in_by(&house, PROXY, "198.51.100.7", PASSWORD).await;
        assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("rate_limited", "1"));
        assert_eq!(log_in_by(&house, PROXY, "198.51.100.8", PASSWORD).await.status, StatusCode::OK);
        drop(held);
        assert_eq!(log_in_by(&house, PROXY, "198.51.100.7", PASSWORD).await.status, StatusCode::OK);
    }

    #[test]
    fn cookie_is_secure_where_the_client_spoke_https() {
        for (is_https, marked) in [(true, true), (false, false)] {
            let cookie = session_cookie(IsHttps(is_https), "abc".to_owned());
            assert_eq!(cookie.to_str().unwrap().contains("Secure"), marked);
        }
    }

    #[tokio::test]
    async fn log_in_with_an_unknown_address_and_with_a_wrong_password_look_the_same() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Agent).await;
        let detail = |answer: Answer| answer.json()["detail"].clone();
        let wrong = detail(log_in(&house, "agent@acme.test", "wrong wrong").await);
        assert_eq!(wrong, detail(log_in(&house, "nobody@acme.test", PASSWORD).await));
    }

    #[tokio::test]
    async fn cookie_cannot_be_used_by_another_site() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Agent).await;
        let made = house.message(&company, "wamid.1").await;
        let cookie = house.cookie(&company, Role::Agent).await;
        let path = format!("/api/conversations/{}/read", made.conversation);
        let from = |name: &'static str, value: &'static str| {
            house.send(
                with_cookie("POST", &path, &cookie).header(name, value).body(HttpBody::empty()).unwrap(),
            )
        };
        assert_eq!(from("sec-fetch-site", "cross-site").await.code(), "forbidden");
        assert_eq!(from("sec-fetch-site", "same-site").await.code(), "forbidden");
        assert_eq!(from("origin", "https://evil.example").await.code(), "forbidden");
        assert_eq!(from("sec-fetch-site", "same-origin").await.status, StatusCode::NO_CONTENT);
        assert_eq!(from("origin", "https://media.example").await.status, StatusCode::NO_CONTENT);
        let read = with_cookie("GET", "/api/conversations", &cookie).header("sec-fetch-site", "cross-site");
        assert_eq!(house.send(read.body(HttpBody::empty()).unwrap()).await.status, StatusCode::OK);
        let body = json!({"email": company.email(Role::Agent), "password": PASSWORD});
        let mut login = post("/api/auth/login", None, &body);
        login.headers_mut().insert("origin", HeaderValue::from_static("https://evil.example"));
        assert_eq!(house.send(login).await.code(), "forbidden");
    }

    #[tokio::test]
    async fn body_is_checked_by_field() {
        let house = House::open().await;
        let field = |body: serde_json::Value| {
            let request = post("/api/auth/login", None, &body);
            async { house.send(request).await.field() }
        };
        assert_eq!(field(json!({"email": "a@b.c"})).await, "password");
        assert_eq!(field(json!({"email": 5, "password": "x"})).await, "email");
        assert_eq!(field(json!({"email": "a@b.c", "password": "x", "remember": true})).await, "remember");
    }
}
