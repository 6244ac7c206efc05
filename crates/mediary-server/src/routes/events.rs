//! Live events, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use mediary_core::limits;
use mediary_engine::{Delivery, Subscription};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Credentials, May, Query, rights};

/// How often an open stream looks whether its session still holds.
const RECHECK: Duration = Duration::from_secs(3);
/// After which a browser that lost the stream comes back.
const RECONNECT: Duration = Duration::from_secs(2);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(listen))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct From {
    /// Like the header `Last-Event-ID`, for clients that cannot set headers.
    last_event_id: Option<String>,
}

/// Live events of the company
///
/// Server-sent events: `message.created`, `message.updated`, `conversation.updated`, `media.progress`, `media.completed`,
/// `media.failed`, `media.deleted`, `account.updated`, with ids as data. `Last-Event-ID` goes on where a stream broke off;
/// `resync` says that events were missed and everything has to be read anew.
#[utoipa::path(get, path = "/api/events", tag = "Events", params(From),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 429, body = ProblemBody)))]
async fn listen(
    State(app): State<App>,
    may: May<rights::Read>,
    credentials: Credentials,
    headers: HeaderMap,
    Query(from): Query<From>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let last = headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default().to_owned());
    let last = last.or(from.last_event_id).filter(|id| !id.is_empty());
    // A place we cannot read is one we do not know.
    let last = last.map(|id| id.parse().unwrap_or(0));
    let subscription = app.engine().events().subscribe(may.caller.company_id, last)?;
    let hello = stream::iter([Ok(Event::default().retry(RECONNECT).comment("listening"))]);
    let events = stream::unfold(Listener { app, credentials, subscription }, Listener::next).map(Ok);
    Ok(Sse::new(hello.chain(events))
        .keep_alive(KeepAlive::new().interval(limits::EVENT_HEARTBEAT).text("still here")))
}

struct Listener {
    app: App,
    credentials: Credentials,
    subscription: Subscription,
}

impl Listener {
    /// The next event; none when the session is over or the server ends.
    async fn next(mut self) -> Option<(Event, Self)> {
        let ending = self.app.ending().clone();
        loop {
            tokio::select! {
                biased;
                () = ending.cancelled() => return None,
                delivery = self.subscription.next() => return Some((event(&delivery), self)),
                () = tokio::time::sleep(RECHECK) => {
                    if !self.credentials.hold(self.app.engine().access()).await {
                        return None;
                    }
                }
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
        Delivery::Resync { seq } => Event::default().id(seq.to_string()).event("resync").data("{}"),
    }
}
