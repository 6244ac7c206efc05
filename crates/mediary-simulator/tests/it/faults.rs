//! Every fault, as our own client meets it.

use std::time::Duration;

use mediary_graph::{Error, ErrorKind, GraphClient, GraphOptions, MediaInfo};
use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, Place, RandomFaults, Simulator};
use mediary_testing::installation::{ACCESS_TOKEN, PHONE_NUMBER_ID};
use mediary_testing::whatsapp::graph_options;
use serde_json::json;

use crate::harness::{call, client, image, post, start};

fn graph(simulator: &Simulator) -> GraphClient {
    let silence_timeout = Duration::from_millis(300);
    let options = graph_options(simulator.base_url().as_str());
    GraphClient::new(GraphOptions { silence_timeout, ..options }).unwrap()
}

async fn resolve(graph: &GraphClient, id: &str) -> Result<MediaInfo, Error> {
    graph.media_info(ACCESS_TOKEN, id, Some(PHONE_NUMBER_ID)).await
}

async fn download(graph: &GraphClient, id: &str) -> Result<Vec<u8>, Error> {
    let url = resolve(graph, id).await?.url;
    let mut stream = graph.open_media(ACCESS_TOKEN, &url, None).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.chunk().await? {
        bytes.extend_from_slice(&piece);
        assert!(bytes.len() < 10_000_000, "endless is for clients that set a limit");
    }
    Ok(bytes)
}

#[tokio::test]
async fn faults_of_the_graph_api_are_distinguished_by_code() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let (id, _) = image(&simulator).await;
    let throttled = |code| FaultSpec::new(FaultKind::Throttled).code(code);
    let retry_after =
        FaultSpec { retry_after_seconds: Some(7), ..FaultSpec::new(FaultKind::TooManyRequests) };
    let cases = [
        (FaultSpec::new(FaultKind::Expired), ErrorKind::MediaGone),
        (FaultSpec::new(FaultKind::TokenExpired), ErrorKind::Unauthorized),
        (FaultSpec::new(FaultKind::TokenExpired).code(0), ErrorKind::Unauthorized),
        (FaultSpec::new(FaultKind::Permission), ErrorKind::Permission),
        (throttled(4), ErrorKind::Throttled),
        (throttled(80_007), ErrorKind::Throttled),
        (throttled(130_429), ErrorKind::Throttled),
        (throttled(131_056), ErrorKind::Throttled),
        (retry_after, ErrorKind::Throttled),
        (FaultSpec::new(FaultKind::ServerError), ErrorKind::Unavailable),
        (FaultSpec::new(FaultKind::ServerError).status(503).code(2), ErrorKind::Unavailable),
        (FaultSpec::new(FaultKind::Html), ErrorKind::Protocol),
        (FaultSpec::new(FaultKind::Stalled), ErrorKind::Timeout),
    ];
    for (fault, kind) in cases {
        simulator.add_fault(fault.clone().of(&id).at(Place::Resolve).times(1)).unwrap();
        let error = resolve(&graph, &id).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        if fault.retry_after_seconds.is_some() {
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        }
        assert!(resolve(&graph, &id).await.is_ok(), "once was asked for: {fault:?}");
    }
    assert!(simulator.faults().is_empty());
}

#[tokio::test]
async fn throttling_comes_as_400_unless_429_was_asked_for() {
    let simulator = start().await;
    let (id, _) = image(&simulator).await;
    simulator.add_fault(FaultSpec::new(FaultKind::Throttled).times(1)).unwrap();
    assert_eq!(call(&simulator, &format!("/{id}")).await.0, 400);
    simulator.add_fault(FaultSpec::new(FaultKind::TooManyRequests).times(1)).unwrap();
    let request = client().get(simulator.base_url().join(&id).unwrap()).bearer_auth(ACCESS_TOKEN);
    let answer = request.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"5".parse().unwrap()));
    assert!(answer.headers().contains_key("x-business-use-case-usage"));
}

#[tokio::test]
async fn faults_of_the_media_host_are_distinguished() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let (id, bytes) = image(&simulator).await;
    let cases = [
        (FaultSpec::new(FaultKind::StaleUrl), ErrorKind::StaleUrl),
        (FaultSpec::new(FaultKind::StaleUrl).status(410), ErrorKind::StaleUrl),
        (FaultSpec::new(FaultKind::ServerError).at(Place::Download), ErrorKind::Unavailable),
        (FaultSpec::new(FaultKind::TooManyRequests).at(Place::Download), ErrorKind::Throttled),
        (FaultSpec::new(FaultKind::Stalled), ErrorKind::Timeout),
        (FaultSpec::new(FaultKind::Cut), ErrorKind::CutOff),
        (FaultSpec::new(FaultKind::Gzip), ErrorKind::Protocol),
        (FaultSpec::new(FaultKind::RedirectLoop), ErrorKind::Protocol),
    ];
    for (fault, kind) in cases {
        simulator.clear_faults();
        simulator.add_fault(fault.clone().of(&id)).unwrap();
        let error = download(&graph, &id).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
    }
    simulator.clear_faults();
    assert_eq!(download(&graph, &id).await.unwrap(), bytes);
}

#[tokio::test]
async fn wrong_bytes_are_wrong_in_the_way_that_was_asked_for() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let (id, bytes) = image(&simulator).await;
    let with = async |fault: FaultSpec| {
        simulator.clear_faults();
        simulator.add_fault(fault.of(&id)).unwrap();
        download(&graph, &id).await.unwrap()
    };
    let wrong = with(FaultSpec::new(FaultKind::WrongHash)).await;
    assert!(wrong.len() == bytes.len() && wrong != bytes);
    assert_eq!(with(FaultSpec::new(FaultKind::WrongHash)).await, wrong, "the same wrong bytes again");
    assert_eq!(with(FaultSpec::new(FaultKind::Short)).await, bytes[..bytes.len() / 2]);
    let after = FaultSpec { after_bytes: Some(10), ..FaultSpec::new(FaultKind::Short) };
    assert_eq!(with(after).await, bytes[..10]);
    assert!(with(FaultSpec::new(FaultKind::ZeroBytes)).await.is_empty());
    assert!(with(FaultSpec::new(FaultKind::Html)).await.starts_with(b"<!doctype html>"));
    assert_eq!(
        with(FaultSpec::new(FaultKind::Redirect)).await,
        bytes,
        "a redirect to the same host leads there"
    );
}

#[tokio::test]
async fn gzip_holds_the_true_bytes() {
    use std::io::Read;
    let simulator = start().await;
    let graph = graph(&simulator);
    let media = simulator.add_media(&MediaSpec::generated(300_000, 1, "text/plain")).await.unwrap();
    let whole = download(&graph, &media.id).await.unwrap();
    simulator.add_fault(FaultSpec::new(FaultKind::Gzip)).unwrap();
    let url = resolve(&graph, &media.id).await.unwrap().url;
    let answer = client().get(url).bearer_auth(ACCESS_TOKEN).send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let compressed = answer.bytes().await.unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(compressed.as_ref()).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, whole);
}

#[tokio::test]
async fn endless_answer_does_not_end_and_a_slow_one_does() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let (id, bytes) = image(&simulator).await;
    let slow =
        FaultSpec { delay_ms: Some(1), bytes_per_second: Some(100_000), ..FaultSpec::new(FaultKind::Slow) };
    simulator.add_fault(slow.times(1)).unwrap();
    assert_eq!(download(&graph, &id).await.unwrap(), bytes);
    simulator.add_fault(FaultSpec::new(FaultKind::Endless)).unwrap();
    let url = resolve(&graph, &id).await.unwrap().url;
    let mut stream = graph.open_media(ACCESS_TOKEN, &url, None).await.unwrap();
    assert_eq!(stream.content_length, None);
    let mut received = 0;
    while received < 5_000_000 {
        received += stream.chunk().await.unwrap().expect("there is always more").len();
    }
    assert_eq!(simulator.media_stats(&id).in_flight, 1);
}

#[tokio::test]
async fn fault_is_about_its_media_and_its_call_alone() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let (sick, _) = image(&simulator).await;
    let (healthy, _) = image(&simulator).await;
    simulator.add_fault(FaultSpec::new(FaultKind::ServerError).of(&sick).at(Place::Download)).unwrap();
    assert!(resolve(&graph, &sick).await.is_ok());
    assert!(download(&graph, &sick).await.is_err());
    assert!(download(&graph, &healthy).await.is_ok());
    assert_eq!(simulator.stats().faults, 1);
}

#[tokio::test]
async fn sending_can_be_throttled_too() {
    let simulator = start().await;
    simulator.add_fault(FaultSpec::new(FaultKind::Throttled).at(Place::Send).code(131_056).times(1)).unwrap();
    let text = json!({"messaging_product": "whatsapp", "to": "1", "type": "text", "text": {"body": "a"}});
    let (status, body) = post(&simulator, &format!("/{PHONE_NUMBER_ID}/messages"), &text).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!(131_056)));
    assert_eq!(post(&simulator, &format!("/{PHONE_NUMBER_ID}/messages"), &text).await.0, 200);
}

#[tokio::test]
async fn random_faults_are_repeatable_from_their_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let simulator = start().await;
        let graph = graph(&simulator);
        let random =
            RandomFaults { rate: 0.5, seed, kinds: vec![FaultKind::ServerError, FaultKind::Throttled] };
        simulator.set_random_faults(Some(random)).unwrap();
        let (id, _) = image(&simulator).await;
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(resolve(&graph, &id).await.err().map(|error| error.kind()));
        }
        assert!(run.contains(&None) && run.contains(&Some(ErrorKind::Throttled)), "{run:?}");
        simulator.set_random_faults(None).unwrap();
        assert!(resolve(&graph, &id).await.is_ok());
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn stopping_ends_what_a_fault_keeps_open() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let (id, _) = image(&simulator).await;
    simulator.add_fault(FaultSpec::new(FaultKind::Stalled)).unwrap();
    let url = resolve(&graph, &id).await.unwrap().url;
    let answer = client().get(url).bearer_auth(ACCESS_TOKEN).send().await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), simulator.stop()).await.expect("stopping takes no time");
    assert!(answer.bytes().await.is_err());
}
