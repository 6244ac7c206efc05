//! Spans at an OpenTelemetry collector: what arrives, and that one in trouble holds up nothing.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::installation::{ACCESS_TOKEN, APP_SECRET, PASSWORD, VERIFY_TOKEN};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Collector, Database, World, value_of};

const CAPTION: &str = "a private caption";

fn number(span: &Span, name: &str) -> i64 {
    value_of(&span.attributes, name)
        .and_then(|value| value.as_i64())
        .unwrap_or_else(|| panic!("{name} of {span:?}"))
}

/// The span of this name for which `is_it` holds, once it has arrived.
async fn arrived(collector: &Collector, name: &str, is_it: impl Fn(&Span) -> bool) -> Span {
    eventually(&format!("the span {name}"), async || {
        let spans = collector.taken().spans();
        let found = spans.iter().find(|span| span.name == name && is_it(span));
        found.cloned().ok_or_else(|| spans.into_iter().map(|span| span.name).collect::<Vec<_>>())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_of_a_request_an_ingest_and_a_download_arrive_with_ids_and_without_secrets() {
    let collector = Collector::start().await;
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20collector-token"),
        ("OTEL_SERVICE_NAME", "media"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=a%20test,service.name=other"),
    ];
    let mut world = World::new(Database::embedded(), &settings).await;
    let mut options = world.simulator.options();
    // So that Graph is asked.
    options.media.url_in_webhooks = false;
    world.simulator.set_options(options).unwrap();
    let media = world.simulator.add_media(&MediaSpec::generated(5000, 1, "image/jpeg")).await.unwrap();
    let mut message = MessageSpec::media("image", &media.id);
    message.caption = Some(CAPTION.to_owned());
    let sent = world.simulator.send(&message).await.unwrap();
    let message = world.api().completed(&sent.id).await;
    let id = message["media"]["id"].as_i64().unwrap();
    let asked = world.api().get(&format!("/api/media/{id}")).await;
    let request_id = asked.headers()["x-request-id"].to_str().unwrap().to_owned();
    let link = format!("/api/media/{id}/signed-url");
    let made: Value = world.api().post(&link, &json!({ "expiresInSeconds": 60 })).await.json().await.unwrap();
    let link_token = made["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let opened = world.api().stranger(Method::GET, &format!("/m/{link_token}")).send().await.unwrap();
    assert_eq!(opened.status(), 200);

    let request = arrived(&collector, "GET /api/media/{id}", |span| {
        value_of(&span.attributes, "request_id") == Some(Value::from(request_id.as_str()))
    })
    .await;
    assert_eq!(request.kind(), SpanKind::Server);
    assert!(request.parent_span_id.is_empty() && request.end_time_unix_nano > request.start_time_unix_nano);
    assert_eq!(number(&request, "http.response.status_code"), 200);
    assert!(number(&request, "database_statements") >= 1);
    let company = number(&request, "company.id");
    arrived(&collector, "POST /api/webhooks/whatsapp", |_| true).await;
    arrived(&collector, "GET /m/{token}", |_| true).await;
    arrived(&collector, "sweep", |_| true).await;
    let ingest = arrived(&collector, "ingest", |_| true).await;
    assert!(number(&ingest, "webhook_event.id") >= 1 && number(&ingest, "events") >= 1);
    let download = arrived(&collector, "download", |_| true).await;
    assert_eq!((number(&download, "company.id"), number(&download, "media.id")), (company, id));
    assert_eq!(number(&download, "message.id"), message["id"].as_i64().unwrap());
    for step in ["ask_whatsapp", "receive", "keep"] {
        let step = arrived(&collector, step, |span| span.parent_span_id == download.span_id).await;
        assert_eq!(step.trace_id, download.trace_id);
    }
    assert_eq!(world.api().get("/api/usage").await.status(), 200);
    assert!(world.stop());
    assert!(
        collector.taken().spans().iter().any(|span| span.name == "GET /api/usage"),
        "sent before the end"
    );

    let taken = collector.taken();
    assert_eq!(taken.resource("service.name"), Some("media".into()));
    assert_eq!(taken.resource("deployment.environment.name"), Some("a test".into()));
    assert!(taken.heads.iter().all(|head| head.starts_with("post /v1/traces ")), "{:?}", taken.heads);
    assert!(taken.heads.iter().all(|head| head.contains("authorization: bearer collector-token")));
    let port = format!(":{}/whatsapp_business", world.simulator.base_url().port().unwrap());
    let secrets =
        [ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN, PASSWORD, &world.key, link_token, "collector-token"];
    let private = [CAPTION, "15550100001", &port, "attachments/?mid"];
    let log = world.log();
    for secret in secrets.into_iter().chain(private) {
        assert!(!log.contains(secret), "the log tells {secret}");
        let found = taken.bodies.iter().any(|body| memchr::memmem::find(body, secret.as_bytes()).is_some());
        assert!(!found, "a span tells {secret}");
    }
}

/// More than may wait, be under way and be dropped with a batch.
const REQUESTS: usize = 6000;
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn requests_stay_fast_while_the_collector_hangs() {
    let collector = Collector::hanging().await;
    let settings =
        [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.url()), ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500")];
    let mut world = World::new(Database::embedded(), &settings).await;
    let api = world.api();
    let slowest = stream::iter(0..REQUESTS)
        .map(|_| {
            let asked = api.stranger(Method::GET, "/healthz").send();
            async {
                let began = Instant::now();
                assert_eq!(asked.await.unwrap().status(), 200);
                began.elapsed()
            }
        })
        .buffer_unordered(AT_ONCE)
        .fold(Duration::ZERO, async |slowest, took| slowest.max(took))
        .await;
    assert!(slowest < Duration::from_millis(1500), "one request took {slowest:?}");
    let line = "spans are not exported";
    eventually("the line of the log, and dropped spans", async || {
        let dropped = count(&world, "mediary_spans_dropped_total").await;
        if dropped > 1000 && world.log().contains(line) { Ok(()) } else { Err(dropped) }
    })
    .await;
    let log = world.log();
    let lines: Vec<_> = log.lines().filter(|found| found.contains(line)).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].contains("it does not answer in time") && lines[0].contains(collector.url()),
        "{lines:?}"
    );
    let began = Instant::now();
    assert!(world.stop());
    assert!(began.elapsed() < Duration::from_secs(10), "the end took {:?}", began.elapsed());
}

/// A metric without labels.
async fn count(world: &World, name: &str) -> u64 {
    let metrics = world.api().get("/metrics").await.text().await.unwrap();
    let count = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    count.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_that_is_refused_for_now_is_sent_again_and_not_dropped() {
    let collector = Collector::answering(503).await;
    let world = World::new(Database::embedded(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())]).await;
    eventually("a refused batch", async || {
        assert_eq!(world.api().get("/healthz").await.status(), 200);
        if collector.taken().bodies.is_empty() { Err("none yet") } else { Ok(()) }
    })
    .await;
    let refused = collector.taken().bodies.remove(0);
    collector.answer(200);
    eventually("the same batch", async || {
        let bodies = collector.taken().bodies;
        if bodies.iter().filter(|body| **body == refused).count() >= 2 { Ok(()) } else { Err(bodies.len()) }
    })
    .await;
    eventually("exported spans", async || match count(&world, "mediary_spans_exported_total").await {
        0 => Err("none yet"),
        _ => Ok(()),
    })
    .await;
    assert_eq!(count(&world, "mediary_spans_dropped_total").await, 0);
    assert!(!world.log().contains("spans are not exported"));
}

#[tokio::test(flavor = "multi_thread")]
async fn collector_that_refuses_is_reported_once_and_again_when_it_takes_spans() {
    let collector = Collector::answering(401).await;
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=expired-token");
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()), headers];
    let world = World::new(Database::embedded(), &settings).await;
    let lines = |text: &str| {
        world.log().lines().filter(|line| line.contains(text)).map(str::to_owned).collect::<Vec<_>>()
    };
    // Each batch is refused by itself, and what is refused for good is sent once.
    for batches in 1..=3 {
        eventually("a batch", async || {
            assert_eq!(world.api().get("/healthz").await.status(), 200);
            let taken = collector.taken().bodies.len();
            if taken >= batches { Ok(()) } else { Err(taken) }
        })
        .await;
    }
    let refused = lines("spans are not exported");
    assert_eq!(refused.len(), 1, "{refused:#?}");
    assert!(refused[0].contains("it answers 401 Unauthorized"), "{refused:?}");
    collector.answer(200);
    eventually("the line that it works again", async || {
        assert_eq!(world.api().get("/healthz").await.status(), 200);
        let found = lines("spans are exported again");
        if found.len() == 1 && found[0].contains("dropped=") { Ok(()) } else { Err(found) }
    })
    .await;
    assert!(count(&world, "mediary_spans_dropped_total").await > 0);
    assert!(count(&world, "mediary_spans_exported_total").await > 0);
    assert!(!world.log().contains("expired-token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_variable_of_the_export_stops_the_start_and_is_found_by_the_doctor() {
    let mut world = World::furnished(Database::embedded(), &[]).await;
    world.env.insert("OTEL_EXPORTER_OTLP_ENDPOINT".into(), "http://127.0.0.1:4317".into());
    world.env.insert("OTEL_EXPORTER_OTLP_PROTOCOL".into(), "grpc".into());
    let right = "OTEL_EXPORTER_OTLP_PROTOCOL (\"grpc\"): must be http/protobuf";
    for command in ["serve", "doctor"] {
        let output = world.cli_output(&[command]);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.code() == Some(1) && said.contains(right), "{command}: {said}");
    }
}
