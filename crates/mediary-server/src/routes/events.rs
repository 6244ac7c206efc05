//! Live events, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use mediary_core::{DownloadStatus, limits};
use mediary_engine::{Caller, Delivery, EventName, Subscription};
use serde::Deserialize;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::words;
use crate::member::Member;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Credentials, May, Query, RECHECK, rights};
use crate::slots::Slot;

/// The event that says that events were missed.
const RESYNC: &str = "resync";
/// After which a browser that lost the stream comes back.
const RECONNECT: Duration = Duration::from_secs(2);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(listen_to_events))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct From {
    /// Like the header `Last-Event-ID`, for clients that cannot set headers.
    last_event_id: Option<String>,
}

/// One event: its `id:` and `event:` lines, and its `data:` line as JSON.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `event` writes")]
struct LiveEvent {
    /// The position to resume from, as `Last-Event-ID`. Only compared, never ordered.
    id: String,
    event: EventKind,
    data: LiveEventData,
}

/// What happened; `resync` says that events were missed.
struct EventKind;

impl PartialSchema for EventKind {
    fn schema() -> RefOr<Schema> {
        let names = EventName::ALL.iter().map(|name| name.as_str()).chain([RESYNC]);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for EventKind {}

/// What it is about, as far as it applies. Empty for `resync`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes mediary_engine::EventData, which knows nothing of HTTP")]
struct LiveEventData {
    /// Of the record that the event's name speaks of.
    #[schema(nullable = false)]
    id: Option<i64>,
    #[schema(nullable = false)]
    conversation_id: Option<i64>,
    #[schema(nullable = false)]
    message_id: Option<i64>,
    #[schema(nullable = false)]
    media_id: Option<i64>,
    #[schema(value_type = Option<words::DownloadStatus>, nullable = false)]
    status: Option<DownloadStatus>,
    #[schema(nullable = false)]
    bytes_downloaded: Option<u64>,
    #[schema(nullable = false)]
    file_size: Option<u64>,
}

/// Live events of the company
///
/// Server-sent events: `message.created`, `message.updated`, `conversation.updated`, `media.progress`, `media.completed`,
/// `media.failed`, `media.deleted`, `account.updated`, with ids as data. `Last-Event-ID` resumes where a stream broke off;
/// `resync` says that events were missed and everything has to be read again.
#[utoipa::path(get, path = "/api/events", tag = "Events", params(From),
    responses((status = 200, content_type = "text/event-stream", body = LiveEvent,
        description = "A stream of events without an end; the schema is that of each."), (status = 429, body = ProblemBody)))]
async fn listen_to_events(
    State(app): State<App>,
    may: May<rights::Read>,
    credentials: Credentials,
    headers: HeaderMap,
    Query(from): Query<From>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let last = headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default().to_owned());
    let last = last.or(from.last_event_id).filter(|id| !id.is_empty());
    // A position that cannot be read is one that we do not know.
    let last = last.map(|id| id.parse().unwrap_or(0));
    let slot = app.listener_slot(may.caller())?;
    let subscription = app.engine().events().subscribe(may.caller().scope(), last)?;
    // On a timer of its own: events that keep coming must not put it off.
    let mut recheck = tokio::time::interval_at(Instant::now() + RECHECK, RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener =
        Listener { app, credentials, caller: may.caller().clone(), subscription, recheck, _slot: slot };
    let hello = stream::iter([Ok(Event::default().retry(RECONNECT).comment("listening"))]);
    let events = stream::unfold(listener, Listener::next).map(Ok);
    Ok(Sse::new(hello.chain(events))
        .keep_alive(KeepAlive::new().interval(limits::EVENT_HEARTBEAT).text("still here")))
}

struct Listener {
    app: App,
    credentials: Credentials,
    /// Who they were when the stream began.
    caller: Arc<Caller>,
    subscription: Subscription,
    recheck: Interval,
    _slot: Slot<Member>,
}

impl Listener {
    /// The next event; none when the session is over or the server ends.
    async fn next(mut self) -> Option<(Event, Self)> {
        let ending = self.app.ending().clone();
        loop {
            tokio::select! {
                biased;
                () = ending.cancelled() => return None,
                _ = self.recheck.tick() => {
                    if !self.credentials.still_hold(self.app.engine().access(), &self.caller).await {
                        return None;
                    }
                }
                delivery = self.subscription.next() => return Some((event(&delivery), self)),
            }
        }
    }
}

fn event(delivery: &Delivery) -> Event {
    match delivery {
        Delivery::Event(event) => {
            let data = serde_json::to_string(&event.data).expect("ids and numbers can be written");
            Event::default().id(event.seq.to_string()).event(event.name.as_str()).data(data)
        }
        Delivery::Resync { seq } => Event::default().id(seq.to_string()).event(RESYNC).data("{}"),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::Response;
    use http::StatusCode;
    use http_body_util::BodyExt;
    use mediary_core::{CompanyId, Role};
    use mediary_engine::{ApiKeyDraft, EventData, EventName};
    use mediary_store::{Actor, UserPatch};
    use secrecy::ExposeSecret;
    use tower::ServiceExt;

    use super::*;
    use crate::testing::{Company, House, request};

    /// The words like `record.verb` between two of these quotes, each once and in order.
    fn names_in(text: &str, quote: char) -> Vec<&str> {
        let is_name = |word: &&str| {
            let letters = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
            word.split_once('.').is_some_and(|(record, verb)| letters(record) && letters(verb))
        };
        let mut names: Vec<_> = text.split(quote).filter(is_name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn every_event_is_named_by_the_guide_the_document_and_the_inbox() {
        let read = |file: &str| {
            std::fs::read_to_string(format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let mut events: Vec<_> = EventName::ALL.iter().map(|name| name.as_str()).collect();
        events.sort_unstable();
        let guide = read("docs/guide/api.md");
        let section = guide.split("\n## ").find(|section| section.starts_with("Live events\n")).unwrap();
        assert_eq!(names_in(section, '`'), events, "docs/guide/api.md, Live events");
        let document = crate::openapi();
        let operation = document.paths.paths["/api/events"].get.as_ref().unwrap();
        assert_eq!(names_in(operation.description.as_deref().unwrap(), '`'), events, "listen_to_events");
        let inbox = read("web/src/live/connection.ts");
        let listened = inbox.split("EVENT_NAMES").nth(1).unwrap().split("];").next().unwrap();
        assert_eq!(names_in(listened, '"'), events, "web/src/live/connection.ts, EVENT_NAMES");
    }

    async fn open(house: &House, company: &Company, last: Option<&str>) -> Response {
        let asking = request("GET", "/api/events", Some(company.key(Role::Viewer)));
        let asking = match last {
            Some(last) => asking.header("last-event-id", last),
            None => asking,
        };
        house.router.clone().oneshot(asking.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// The stream's text up to and with `end`; an empty `end` waits for the stream's own end.
    async fn read_until(response: &mut Response, end: &str) -> String {
        let mut text = String::new();
        let reading = async {
            while end.is_empty() || !text.contains(end) {
                let Some(frame) = response.body_mut().frame().await else { break };
                text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the event comes in time");
        text
    }

    fn publish(house: &House, company: CompanyId, id: i64) {
        house.engine.events().publish(
            company,
            EventName::MessageCreated,
            EventData { id, ..EventData::default() },
        );
    }

    #[tokio::test]
    async fn events_of_the_company_come_as_they_happen() {
        let house = House::open().await;
        let (ours, theirs) = (house.company("ours").await, house.company("theirs").await);
        let mut response = open(&house, &ours, None).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.headers().get("content-encoding").is_none());
        publish(&house, theirs.id, 1);
        publish(&house, ours.id, 2);
        let text = read_until(&mut response, "\"id\":2").await;
        assert!(text.contains("retry: 2000") && text.contains("event: message.created\n"), "{text}");
        assert!(!text.contains("\"id\":1"), "{text}");
    }

    #[tokio::test]
    async fn listener_that_returns_gets_missed_events_or_a_resync() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let mut first = open(&house, &company, None).await;
        publish(&house, company.id, 1);
        let text = read_until(&mut first, "\"id\":1").await;
        let seq = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
        drop(first);
        publish(&house, company.id, 2);
        let again = read_until(&mut open(&house, &company, Some(&seq)).await, "\"id\":2").await;
        assert!(!again.contains("\"id\":1") && !again.contains("resync"), "{again}");
        for unknown in ["1", "nonsense"] {
            let text = read_until(&mut open(&house, &company, Some(unknown)).await, "data").await;
            assert!(text.contains("event: resync\n"), "{unknown}: {text}");
        }
    }

    async fn ends_though_events_keep_coming(house: &House, company: &Company, mut response: Response) {
        let listening = async {
            loop {
                publish(house, company.id, 1);
                if response.body_mut().frame().await.is_none() {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), listening).await.expect("it ends within five seconds");
    }

    /// By the store alone, as another process does it.
    #[tokio::test]
    async fn busy_stream_ends_with_the_session_or_key_of_its_listener() {
        let house = House::open().await;
        let company = house.company("acme").await;
        for role in [Role::Agent, Role::Manager] {
            house.user(&company, role).await;
        }
        let by_cookie = async |role| {
            let cookie = house.cookie(&company, role).await;
            let asking =
                request("GET", "/api/events", None).header("cookie", cookie).body(Body::empty()).unwrap();
            house.router.clone().oneshot(asking).await.unwrap()
        };
        let draft = ApiKeyDraft {
            name: "short".to_owned(),
            role: Role::Viewer,
            expires_at: Some(house.engine.now().plus(Duration::from_secs(60))),
        };
        let short =
            house.engine.access().create_api_key(company.id, &draft, &Actor::command_line()).await.unwrap();
        let asking = request("GET", "/api/events", Some(short.key.expose_secret()));
        let expired = house.router.clone().oneshot(asking.body(Body::empty()).unwrap()).await.unwrap();
        let revoked = open(&house, &company, None).await;
        let (lowered, inactive) = (by_cookie(Role::Manager).await, by_cookie(Role::Agent).await);

        house.store.revoke_api_key_by_name(company.id, "viewer", &Actor::command_line()).await.unwrap();
        house.clock.advance(Duration::from_secs(60));
        let change = async |role, patch: UserPatch| {
            let user = house.store.user_by_email(&company.email(role)).await.unwrap().unwrap().user;
            house.store.update_user(company.id, user.id, &patch, &Actor::command_line()).await.unwrap();
        };
        change(Role::Manager, UserPatch { role: Some(Role::Viewer), ..UserPatch::default() }).await;
        change(Role::Agent, UserPatch { active: Some(false), ..UserPatch::default() }).await;
        let ends = |response| ends_though_events_keep_coming(&house, &company, response);
        tokio::join!(ends(revoked), ends(expired), ends(lowered), ends(inactive));
        assert_eq!(house.engine.events().listeners(), 0);
    }

    #[tokio::test]
    async fn listener_leaves_places_to_the_others_of_their_company() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let mut streams = Vec::new();
        let refused = loop {
            let answer = open(&house, &company, None).await;
            if answer.status() != StatusCode::OK {
                break answer;
            }
            streams.push(answer);
        };
        assert_eq!(streams.len(), limits::EVENT_LISTENERS_PER_COMPANY / limits::MEMBER_SHARE);
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.headers().contains_key("retry-after"));
        let of_agent = request("GET", "/api/events", Some(company.key(Role::Agent)));
        let of_agent = house.router.clone().oneshot(of_agent.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(of_agent.status(), StatusCode::OK);
        streams.pop();
        assert_eq!(open(&house, &company, None).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn stream_ends_with_the_session_and_with_the_server() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let mut response = open(&house, &company, None).await;
        house
            .engine
            .access()
            .revoke_api_key_by_name(company.id, "viewer", &Actor::command_line())
            .await
            .unwrap();
        read_until(&mut response, "").await;
        let asking =
            request("GET", "/api/events", Some(company.key(Role::Agent))).body(Body::empty()).unwrap();
        let mut response = house.router.clone().oneshot(asking).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        house.shutdown.soft.cancel();
        read_until(&mut response, "").await;
        assert_eq!(house.engine.events().listeners(), 0);
    }
}
