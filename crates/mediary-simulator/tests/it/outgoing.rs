//! What our own client sends, as the simulator takes it: every kind of message, uploads, and each way of failing.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use mediary_core::FileType;
use mediary_graph::outgoing::{Content, Outgoing, OutgoingMedia, Recipient, Upload};
use mediary_graph::{
    Error, ErrorKind, GraphClient, GraphOptions, SendFailure, Sent, Status, Throttled, UpdateKind,
};
use mediary_simulator::{FaultKind, FaultSpec, Place, Simulator};
use mediary_testing::files::{JPEG, OGG, content_like};
use mediary_testing::installation::{ACCESS_TOKEN, PHONE_NUMBER_ID};
use mediary_testing::whatsapp::graph_options;
use serde_json::json;

use crate::harness::{Receiver, call, client, start, start_with_receiver, url};

const ANA: &str = "15550100001";
const BEN: &str = "15550100002";
const GROUP: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMDFA";
const USER: &str = "US.13491208655302741918";

fn graph(simulator: &Simulator) -> GraphClient {
    let silence_timeout = Duration::from_millis(300);
    let options = graph_options(simulator.base_url().as_str());
    GraphClient::new(GraphOptions { silence_timeout, ..options }).unwrap()
}

fn message(to: &str, content: Content) -> Outgoing {
    let recipient = if to == GROUP { Recipient::group(to) } else { Recipient::person(to) }.unwrap();
    Outgoing { recipient, content, reply_to: None, callback_data: None }
}

async fn send(graph: &GraphClient, message: &Outgoing) -> Result<Sent, Error> {
    graph.send_message(ACCESS_TOKEN, PHONE_NUMBER_ID, message).await
}

async fn send_text(graph: &GraphClient, to: &str) -> Result<Sent, Error> {
    send(graph, &message(to, Content::text("hello"))).await
}

async fn upload(graph: &GraphClient, kind: FileType, mime: &str, bytes: Vec<u8>) -> Result<String, Error> {
    let upload = Upload::new(kind, mime, bytes.len() as u64, false, Some("Angebot.pdf")).unwrap();
    graph.upload_media(ACCESS_TOKEN, PHONE_NUMBER_ID, &upload, once(bytes)).await
}

fn once(bytes: Vec<u8>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::iter([Ok(Bytes::from(bytes))])
}

async fn statuses(receiver: &Receiver, count: usize) -> Vec<Status> {
    let posts = receiver.wait_for(count).await;
    let updates = posts.iter().flat_map(crate::harness::ReceivedPost::updates);
    updates
        .filter_map(|update| match update.kind {
            UpdateKind::Status(status) => Some(status),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn every_kind_of_message_is_taken_and_delivered() {
    let (simulator, receiver) = start_with_receiver(|config| {
        config.options.sending.statuses = vec!["sent".to_owned()];
    })
    .await;
    let graph = graph(&simulator);
    let mut kinds = Vec::new();
    for (kind, mime) in [
        (FileType::Image, "image/jpeg"),
        (FileType::Video, "video/mp4"),
        (FileType::Audio, "audio/ogg; codecs=opus"),
        (FileType::Document, "application/pdf"),
        (FileType::Sticker, "image/webp"),
    ] {
        let id = upload(&graph, kind, mime, vec![7; 1000]).await.unwrap();
        kinds.push(Content::Media(OutgoingMedia::new(kind, &id)));
        if kind == FileType::Audio {
            kinds.push(Content::Media(OutgoingMedia { voice: true, ..OutgoingMedia::new(kind, &id) }));
        }
    }
    let picture = upload(&graph, FileType::Image, "image/jpeg", vec![7; 10]).await.unwrap();
    let header = json!({"type": "image", "image": {"link": "https://x.test/a.jpg"}});
    let body = json!({"text": "Well?"});
    let mut buttons =
        Content::Interactive(json!({"type": "button", "header": header, "body": body, "action": {}}));
    assert!(buttons.set_header_files(&[picture]));
    kinds.extend([
        Content::text("hello"),
        Content::Location { latitude: 52.5, longitude: 13.4, name: None, address: None },
        Content::Contacts(vec![json!({"name": {"formatted_name": "Ana", "first_name": "Ana"}})]),
        Content::Reaction { message_id: "wamid.1".to_owned(), emoji: "👍".to_owned() },
        Content::Reaction { message_id: "wamid.1".to_owned(), emoji: String::new() },
        Content::Template(json!({"name": "hello_world", "language": {"code": "en"}})),
        buttons,
    ]);
    let count = kinds.len();
    for content in kinds {
        let message = Outgoing { reply_to: Some("wamid.0".to_owned()), ..message(ANA, content) };
        let sent = send(&graph, &message).await.unwrap();
        assert_eq!(sent.wa_id.as_deref(), Some(ANA));
        let remembered = simulator.sent().pop().unwrap();
        assert_eq!((remembered.id, remembered.body), (sent.wamid, message.to_json().unwrap()));
    }
    let told = statuses(&receiver, count).await;
    assert!(told.iter().all(|status| status.status == "sent"), "{told:?}");
}

#[tokio::test]
async fn uploaded_file_arrives_as_it_is() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let chunk = content_like(JPEG, 100_000);
    let chunks: Vec<io::Result<Bytes>> = (0..200).map(|_| Ok(Bytes::from(chunk.clone()))).collect();
    let whole = chunk.repeat(200);
    let file =
        Upload::new(FileType::Document, "application/pdf", whole.len() as u64, false, Some("Ängebot 7.pdf"));
    let id = graph
        .upload_media(ACCESS_TOKEN, PHONE_NUMBER_ID, &file.unwrap(), stream::iter(chunks))
        .await
        .unwrap();
    let document = OutgoingMedia {
        file_name: Some("Ängebot 7.pdf".to_owned()),
        ..OutgoingMedia::new(FileType::Document, &id)
    };
    send(&graph, &message(ANA, Content::Media(document))).await.unwrap();
    let media = simulator.sent()[0].media.clone().unwrap();
    assert_eq!((media.id.as_str(), media.mime_type.as_str()), (id.as_str(), "application/pdf"));
    assert_eq!((media.file_size, media.file_name.as_deref()), (20_000_000, Some("ngebot-7.pdf")));
    let content =
        client().get(url(&simulator, &format!("/_control/media/{id}/content"))).send().await.unwrap();
    assert!(content.bytes().await.unwrap() == whole, "every byte arrived");
    assert_eq!(mediary_testing::files::sha256(&whole).to_string(), media.sha256);
}

#[tokio::test]
async fn callback_data_comes_back_with_every_status() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let graph = graph(&simulator);
    let data = "ü".repeat(512);
    let message = Outgoing { callback_data: Some(data.clone()), ..message(ANA, Content::text("hello")) };
    let sent = send(&graph, &message).await.unwrap();
    for status in statuses(&receiver, 3).await {
        assert_eq!((&status.message_id, status.callback_data.as_ref()), (&sent.wamid, Some(&data)));
    }
    let (_, shown) = call(&simulator, "/_control/sent").await;
    assert_eq!(shown[0]["body"]["biz_opaque_callback_data"], data);
}

#[tokio::test]
async fn business_scoped_ids_and_groups_are_reached_in_their_own_places() {
    let (simulator, receiver) = start_with_receiver(|config| {
        config.options.sending.statuses = ["sent", "read"].map(str::to_owned).to_vec();
    })
    .await;
    let graph = graph(&simulator);
    let sent = send_text(&graph, USER).await.unwrap();
    assert_eq!((sent.wa_id, sent.user_id.as_deref()), (None, Some(USER)));
    let told = statuses(&receiver, 2).await;
    assert!(told.iter().all(|status| status.recipient_user_id.as_deref() == Some(USER)), "{told:?}");
    let sent = send_text(&graph, GROUP).await.unwrap();
    let told = statuses(&receiver, 5).await;
    let group: Vec<_> = told.iter().filter(|status| status.message_id == sent.wamid).collect();
    assert!(group.iter().all(|status| status.recipient_id.as_deref() == Some(GROUP)));
    let mut people: Vec<_> = group
        .iter()
        .map(|status| {
            let user_id = status.participant_user_id.as_deref();
            (status.status.as_str(), status.participant_id.as_deref(), user_id.map(|id| id == USER))
        })
        .collect();
    people.sort_unstable();
    let of_each = [("read", None, Some(true)), ("read", Some(ANA), Some(false)), ("sent", None, None)];
    assert_eq!(people, of_each);
}

#[tokio::test]
async fn voice_note_under_a_films_name_fails_later_and_ours_does_not() {
    let (simulator, receiver) = start_with_receiver(|config| {
        config.options.sending.statuses = vec!["sent".to_owned()];
    })
    .await;
    let graph = graph(&simulator);
    let bytes = content_like(OGG, 2000);
    let id = upload(&graph, FileType::Audio, "audio/ogg; codecs=opus", bytes).await.unwrap();
    let (_, shown) = call(&simulator, &format!("/_control/media/{id}")).await;
    assert_eq!(
        (shown["fileName"].as_str(), shown["mimeType"].as_str()),
        (Some("voice.ogg"), Some("audio/ogg; codecs=opus"))
    );
    let voice = OutgoingMedia { voice: true, ..OutgoingMedia::new(FileType::Audio, id) };
    send(&graph, &message(ANA, Content::Media(voice))).await.unwrap();
    assert_eq!(statuses(&receiver, 1).await[0].status, "sent");
}

#[tokio::test]
async fn deleted_file_is_told_when_it_is_sent() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let id = upload(&graph, FileType::Image, "image/jpeg", vec![7; 10]).await.unwrap();
    let picture = message(ANA, Content::Media(OutgoingMedia::new(FileType::Image, &id)));
    let fault = FaultSpec::new(FaultKind::Expired).of(&id).at(Place::Send).times(1);
    simulator.add_fault(fault).unwrap();
    let error = send(&graph, &picture).await.unwrap_err();
    assert_eq!(SendFailure::of(&error), SendFailure::MediaGone, "{error:?}");
    send(&graph, &picture).await.unwrap();
    graph.delete_media(ACCESS_TOKEN, &id).await.unwrap();
    let error = send(&graph, &picture).await.unwrap_err();
    assert_eq!(SendFailure::of(&error), SendFailure::MediaGone, "{error:?}");
    assert_eq!(graph.delete_media(ACCESS_TOKEN, &id).await.unwrap_err().kind(), ErrorKind::MediaGone);
    let image = json!({"type": "image", "image": {"id": id}});
    let header = json!([{"type": "header", "parameters": [image]}]);
    let template = json!({"name": "hello_world", "language": {"code": "en"}, "components": header});
    let error = send(&graph, &message(ANA, Content::Template(template))).await.unwrap_err();
    assert_eq!(SendFailure::of(&error), SendFailure::MediaGone, "{error:?}");
}

#[tokio::test]
async fn throttling_is_about_a_number_or_about_a_pair() {
    let simulator = start().await;
    let graph = graph(&simulator);
    let pair = FaultSpec::new(FaultKind::Throttled).code(131_056).at(Place::Send).to(ANA);
    let pair = simulator.add_fault(pair).unwrap();
    let error = send_text(&graph, ANA).await.unwrap_err();
    assert_eq!(SendFailure::of(&error), SendFailure::Throttled(Throttled::Pair));
    send_text(&graph, BEN).await.unwrap();
    simulator.remove_fault(pair);
    let other = FaultSpec::new(FaultKind::Throttled).at(Place::Send).by("999");
    simulator.add_fault(other).unwrap();
    send_text(&graph, ANA).await.unwrap();
    let own = FaultSpec {
        retry_after_seconds: Some(7),
        ..FaultSpec::new(FaultKind::Throttled).at(Place::Send).by(PHONE_NUMBER_ID).times(1)
    };
    simulator.add_fault(own).unwrap();
    let error = send_text(&graph, BEN).await.unwrap_err();
    assert_eq!(SendFailure::of(&error), SendFailure::Throttled(Throttled::Account));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(simulator.sent().len(), 2, "what was refused was not sent");
}

#[tokio::test]
async fn message_whose_answer_is_lost_was_sent_all_the_same() {
    let (simulator, receiver) = start_with_receiver(|config| {
        config.options.sending.statuses = vec!["sent".to_owned()];
    })
    .await;
    let graph = graph(&simulator);
    let lost = |status: Option<u16>, delay_ms: Option<u64>| {
        let fault = FaultSpec::new(FaultKind::LostAnswer).times(1);
        FaultSpec { status, delay_ms, ..fault }
    };
    let cases = [
        (lost(None, None), "the connection broke"),
        (lost(None, Some(60_000)), "it was silent"),
        (lost(Some(502), None), "a gateway answered"),
        (lost(Some(200), None), "a web page came"),
    ];
    for (number, (fault, what)) in cases.into_iter().enumerate() {
        simulator.add_fault(fault).unwrap();
        let data = format!("m-{number}");
        let message = Outgoing { callback_data: Some(data.clone()), ..message(ANA, Content::text("hello")) };
        let error = send(&graph, &message).await.unwrap_err();
        assert_eq!(SendFailure::of(&error), SendFailure::Unknown, "{what}: {error:?}");
        let told = statuses(&receiver, number + 1).await;
        assert_eq!(told[number].callback_data, Some(data), "{what}: its status tells that it was sent");
    }
    assert_eq!(simulator.sent().len(), 4, "and nothing was sent twice");
}

#[tokio::test]
async fn message_that_graph_fails_on_was_not_sent() {
    let simulator = start().await;
    let graph = graph(&simulator);
    for (fault, failure) in [
        (FaultSpec::new(FaultKind::ServerError), SendFailure::NotSent),
        (FaultSpec::new(FaultKind::TokenExpired), SendFailure::TokenRefused),
        (FaultSpec::new(FaultKind::Permission), SendFailure::Forbidden),
        (FaultSpec::new(FaultKind::TooManyRequests), SendFailure::Throttled(Throttled::Account)),
    ] {
        simulator.add_fault(fault.clone().at(Place::Send).times(1)).unwrap();
        let error = send_text(&graph, ANA).await.unwrap_err();
        assert_eq!(SendFailure::of(&error), failure, "{fault:?}: {error:?}");
    }
    let nobody =
        graph.send_message(ACCESS_TOKEN, "404", &message(ANA, Content::text("x"))).await.unwrap_err();
    assert_eq!(SendFailure::of(&nobody), SendFailure::Forbidden, "the number is not there: {nobody:?}");
    let template = json!({"name": "unknown", "language": {"code": "en"}});
    let error = send(&graph, &message(ANA, Content::Template(template))).await.unwrap_err();
    assert_eq!((SendFailure::of(&error), error.graph_code()), (SendFailure::Refused, Some(132_001)));
    assert!(simulator.sent().is_empty());
    let late = FaultSpec { delay_ms: Some(1), ..FaultSpec::new(FaultKind::Slow).at(Place::Send).times(1) };
    simulator.add_fault(late).unwrap();
    send_text(&graph, ANA).await.unwrap();
}

#[tokio::test]
async fn receipts_are_remembered() {
    let simulator = start().await;
    let graph = graph(&simulator);
    graph.mark_read(ACCESS_TOKEN, PHONE_NUMBER_ID, "wamid.1", false).await.unwrap();
    graph.mark_read(ACCESS_TOKEN, PHONE_NUMBER_ID, "wamid.2", true).await.unwrap();
    let (_, shown) = call(&simulator, "/_control/reads").await;
    assert_eq!((&shown[0]["messageId"], &shown[1]["typing"]), (&json!("wamid.1"), &json!(true)));
    let receipts = simulator.read_receipts();
    assert!(!receipts[0].typing && receipts[1].message_id == "wamid.2");
}
