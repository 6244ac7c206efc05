//! What an older system left, brought in and saved as far as it can be.

use std::time::Duration;

use mediary_core::{
    Direction, DownloadStatus, ErrorCode, MediaPolicy, MessageStatus, MessageType, Scope, Sha256, limits,
};
use mediary_engine::{
    BackfillOptions, BackfillOutcome, BackfillReport, ImportedLine, ImportedMedia, LineFate,
};
use mediary_simulator::{FaultKind, FaultSpec};
use mediary_store::{Actor, ConversationQuery, MessageWithMedia, PageRequest};
use mediary_testing::installation::PHONE_NUMBER_ID;
use mediary_testing::rows::new_company;
use mediary_testing::{START, eventually};
use serde_json::{Value, json};

use crate::harness::{World, draft};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A picture, `ago` before now, with nothing that leads to its media.
fn picture(wamid: &str, ago: Duration) -> Value {
    json!({
        "phoneNumberId": PHONE_NUMBER_ID, "providerMessageId": wamid, "direction": "inbound", "type": "image",
        "timestamp": START.minus(ago), "contact": {"waId": "15550100001", "name": "Ana"},
    })
}

fn with(mut line: Value, fields: &Value) -> Value {
    line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    line
}

async fn import_text(world: &World, text: &str) -> Vec<ImportedLine> {
    let mut import = world.engine.import(world.company, text.as_bytes());
    let mut told = Vec::new();
    while let Some(lines) = import.next_batch().await.unwrap() {
        told.extend(lines);
    }
    assert_eq!(import.bytes_read(), text.len() as u64);
    told
}

async fn import(world: &World, lines: &[Value]) -> Vec<LineFate> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    import_text(world, &text).await.into_iter().map(|line| line.fate).collect()
}

/// Every message of the only conversation, newest first.
async fn thread(world: &World) -> Vec<MessageWithMedia> {
    let conversations = world
        .store
        .conversations(&Scope::system(world.company), &ConversationQuery::default())
        .await
        .unwrap();
    assert_eq!(conversations.items.len(), 1);
    let page = PageRequest::default();
    world.store.messages(&Scope::system(world.company), conversations.items[0].id, &page).await.unwrap().items
}

fn options(world: &World) -> BackfillOptions {
    BackfillOptions { company: Some(world.company), files_per_second: None }
}

#[tokio::test]
async fn imported_line_becomes_the_message_that_it_was() {
    let world = World::new().await;
    let payload = json!({"type": "audio", "audio": {"id": "77", "mime_type": "audio/ogg; codecs=opus", "voice": true,
        "sha256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}});
    let lines = [
        json!({
            "phoneNumberId": 106540352242922_u64, "providerMessageId": "wamid.text", "direction": "outbound",
            "type": "text", "status": "read", "timestamp": START.millis() / 1000 - 60, "text": "hello",
            "contact": {"waId": "+1 (555) 010-0001"}, "replyTo": "wamid.before", "mediaUrl": "", "caption": null,
        }),
        with(picture("wamid.voice", HOUR), &json!({"type": "audio", "rawPayload": payload})),
        with(
            picture("wamid.old", DAY),
            &json!({
                "timestamp": "2020-01-01T10:00:00+02:00", "text": "look", "mimeType": "image/png", "fileName": "Ä.png",
                "mediaUrl": "https://old.example/x.png", "providerMediaId": 5, "rawPayload": "not JSON",
            }),
        ),
    ];
    let fates = import(&world, &lines).await;
    let media = [None, Some(ImportedMedia::Unresolved), Some(ImportedMedia::Expired)];
    assert_eq!(fates, media.map(LineFate::Imported));

    let thread = thread(&world).await;
    let text = &thread[0].message;
    assert_eq!(
        (text.direction, text.status, text.message_type),
        (Direction::Outbound, MessageStatus::Read, MessageType::Text)
    );
    assert_eq!((text.text.as_deref(), text.sent_at), (Some("hello"), START.minus(Duration::from_secs(60))));
    assert_eq!(
        (text.sender_phone.as_deref(), text.receiving_phone.as_deref()),
        (Some("15550783881"), Some("15550100001"))
    );
    assert_eq!(text.reply_to.as_ref().unwrap().provider_message_id, "wamid.before");
    let voice = thread[1].media.as_ref().unwrap();
    assert!(voice.voice && voice.provider_media_id.is_none());
    assert_eq!(
        (voice.mime_type.as_deref(), voice.declared_sha256),
        (Some("audio/ogg; codecs=opus"), Some(Sha256([0; 32])))
    );
    let (old, media) = (&thread[2].message, thread[2].media.as_ref().unwrap());
    assert_eq!((old.text.as_deref(), old.caption.as_deref()), (None, Some("look")));
    assert_eq!((media.file_name.as_deref(), media.mime_type.as_deref()), (Some("Ä.png"), Some("image/png")));
    assert_eq!(
        (media.download_status, media.last_error_code),
        (DownloadStatus::Failed, Some(ErrorCode::MediaExpired))
    );
}

/// A company that has this number.
async fn add_another_company(world: &World, number: &str) {
    let other = world.store.add_company(&new_company("o")).await.unwrap().id;
    world.engine.accounts().create(other, &draft(number), &Actor::command_line()).await.unwrap();
}

/// Fields that make a line refused, and why.
fn refused_fields() -> Vec<(Value, &'static str)> {
    let outbound = "status: of an outbound message must be one of: sent, delivered, read, played, failed";
    vec![
        (json!({"phoneNumberId": "999"}), "phoneNumberId: the company has no account 999"),
        (json!({"phoneNumberId": null}), "phoneNumberId: must not be empty"),
        (json!({"providerMessageId": ""}), "providerMessageId: must not be empty"),
        (json!({"providerMessageId": "a b"}), "providerMessageId: must have no spaces"),
        (json!({"providerMessageId": "x".repeat(513)}), "512 bytes"),
        (json!({"direction": "in"}), "direction: must be one of: inbound, outbound"),
        (json!({"direction": null}), "direction: cannot be null; must be one of: inbound, outbound"),
        (json!({"type": "ptt"}), "type: must be one of: text, image, video,"),
        (json!({"timestamp": "yesterday"}), "timestamp: must be RFC 3339"),
        (json!({"timestamp": 1_760_000_000_000_i64}), "timestamp: must be RFC 3339"),
        (json!({"timestamp": -5}), "timestamp: must be"),
        (
            json!({"timestamp": 0}),
            "timestamp: 1970-01-01T00:00:00Z is before 2009, when there was no WhatsApp;",
        ),
        (json!({"timestamp": "2008-12-31T23:59:59Z"}), "timestamp: 2008-12-31T23:59:59Z is before 2009"),
        (json!({"timestamp": START.plus(2 * DAY)}), "timestamp: 2025-10-11T08:53:20Z has not come yet"),
        (json!({"contact": {}}), "contact: needs a waId"),
        (json!({"contact": {"waId": "ana@s.whatsapp.net"}}), "contact.waId: must be the digits"),
        (
            json!({"contact": {"waId": "5", "nam": "Ana"}}),
            "contact.nam: is not known here; known are: waId, userId, name",
        ),
        (json!({"contact": 5}), "contact: must be an object"),
        (json!({"contact": null}), "contact: cannot be null; must be an object"),
        (json!({"status": "sent"}), "status: of an inbound message must be received"),
        (json!({"direction": "outbound", "status": "queued"}), outbound),
        (json!({"direction": "outbound", "status": "gone"}), outbound),
        (json!({"type": "text", "mediaUrl": "5"}), "mediaUrl: a message of type text has no media"),
        (
            json!({"text": "one", "caption": "another"}),
            "text: a message with media has a caption and no text besides; give one of both",
        ),
        (json!({"type": "reaction"}), "replyTo: a reaction needs"),
        (json!({"emoji": "x"}), "emoji: belongs to messages of type reaction"),
        (json!({"mediaURL": "5"}), "mediaURL: is not known here; known are: phoneNumberId,"),
        (json!({"text": ["a"]}), "text: must be a string, not an array"),
        (json!({"rawPayload": 5}), "rawPayload: must be an object or a string, not a number"),
    ]
}

#[tokio::test]
async fn bad_line_says_what_is_wrong_and_stops_no_other() {
    let world = World::new().await;
    add_another_company(&world, "999").await;
    let cases = refused_fields();
    let mut text = format!("\u{feff}{}\r\n\n", picture("wamid.first", HOUR));
    for (number, (fields, _)) in cases.iter().enumerate() {
        let line = with(picture(&format!("wamid.{number}"), HOUR), fields);
        text.push_str(&format!("{line}\n"));
    }
    text.push_str("[1]\n{\"type\":\n{\"type\"; 5}\n{} {}\n");
    text.push_str(&format!("{{\"x\":\"{}\"}}\n", "x".repeat(limits::IMPORT_LINE_BYTES)));
    text.push_str(&picture("wamid.last", HOUR).to_string());
    let told = import_text(&world, &text).await;

    let reasons: Vec<(u64, &str)> = told
        .iter()
        .filter_map(|line| match &line.fate {
            LineFate::Rejected(reason) => Some((line.number, reason.as_str())),
            _ => None,
        })
        .collect();
    let lines = [
        "the line is not a JSON object",
        "the line ends in the middle of its JSON object; an object must be on one line",
        "the line is not valid JSON",
        "phoneNumberId: is missing",
        "longer than 262144 bytes",
    ];
    let expected: Vec<&str> = cases.iter().map(|(_, reason)| *reason).chain(lines).collect();
    assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
    for ((line, reason), (number, expected)) in reasons.iter().zip((3..).zip(expected)) {
        assert_eq!(*line, number);
        assert!(reason.contains(expected), "line {line} says {reason:?}, not {expected:?}");
        assert!(!reason.contains('`'), "line {line} says {reason:?}");
    }
    assert_eq!(thread(&world).await.len(), 2, "the first and the last");
}

#[tokio::test]
async fn lines_are_imported_once() {
    let world = World::new().await;
    let lines: Vec<Value> = (0..600).map(|number| picture(&format!("wamid.{number}"), DAY)).collect();
    let fates = import(&world, &lines).await;
    assert_eq!(fates, vec![LineFate::Imported(Some(ImportedMedia::Unresolved)); 600]);
    // As if it had been broken off half-way: the rest is all that is new.
    let more: Vec<Value> = (300..700).map(|number| picture(&format!("wamid.{number}"), DAY)).collect();
    let fates = import(&world, &more).await;
    let there = fates.iter().filter(|fate| **fate == LineFate::AlreadyThere).count();
    assert_eq!((there, fates.len()), (300, 400));
}

#[tokio::test]
async fn imported_media_waits_under_other_policies() {
    let world = World::new().await;
    world.set_policy(MediaPolicy::OnView).await;
    let media = world.png(1).await;
    let fates =
        import(&world, &[with(picture("wamid.1", HOUR), &json!({"providerMediaId": media.id}))]).await;
    assert_eq!(fates, [LineFate::Imported(Some(ImportedMedia::Waiting))]);
    world.engine.run_due().await.unwrap();
    assert_eq!(world.media_of(&media.id).await.download_status, DownloadStatus::Pending);
}

#[tokio::test]
async fn backfill_fetches_media_that_an_import_left() {
    let world = World::new().await;
    let (by_url, by_payload, given, gone) =
        (world.png(1).await, world.png(2).await, world.png(3).await, world.png(4).await);
    world.whatsapp.remove_media(&gone.id);
    let lines = [
        with(picture("wamid.url", DAY), &json!({"mediaUrl": by_url.id})),
        with(
            picture("wamid.payload", 2 * DAY),
            &json!({
            "mediaUrl": "uploads/1.png", "rawPayload": {"type": "image", "image": {"id": by_payload.id}}}),
        ),
        with(picture("wamid.given", 3 * DAY), &json!({"providerMediaId": given.id})),
        with(picture("wamid.gone", 4 * DAY), &json!({"mediaUrl": gone.id})),
        with(picture("wamid.http", DAY), &json!({"mediaUrl": "https://lookaside.fbsbx.com/1"})),
        with(picture("wamid.expired", 8 * DAY), &json!({"mediaUrl": "123"})),
    ];
    import(&world, &lines).await;

    let mut outcomes = Vec::new();
    let report =
        world.engine.backfill(options(&world), |id, outcome| outcomes.push((id, outcome))).await.unwrap();
    let expected = BackfillReport { resolved: 3, missing: 1, saved: 3, lost: 1, waiting: 0 };
    assert_eq!(report, expected);
    let mut nearest_first = Vec::new();
    for (media, how) in [
        (&gone, BackfillOutcome::Lost(ErrorCode::MediaExpired)),
        (&given, BackfillOutcome::Saved),
        (&by_payload, BackfillOutcome::Saved),
        (&by_url, BackfillOutcome::Saved),
    ] {
        nearest_first.push((world.media_of(&media.id).await.id, how));
    }
    assert_eq!(outcomes, nearest_first);
    let saved = world.media_of(&by_url.id).await;
    assert_eq!(saved.sha256, by_url.sha256.parse().ok());

    let again = world.engine.backfill(options(&world), |_, _| {}).await.unwrap();
    assert_eq!(again, BackfillReport { missing: 1, ..BackfillReport::default() });
    assert_eq!(world.whatsapp.media_stats(&by_url.id).resolves, 1, "nothing is fetched twice");
}

#[tokio::test]
async fn backfill_resumes_where_it_was_interrupted() {
    let world = World::new().await;
    let mut lines = Vec::new();
    for seed in 0..6_u8 {
        let media = world.png(seed).await;
        let ago = HOUR * u32::from(seed);
        lines.push(with(picture(&format!("wamid.{seed}"), ago), &json!({"mediaUrl": media.id})));
    }
    import(&world, &lines).await;
    let slowly = BackfillOptions { files_per_second: Some(2), ..options(&world) };
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let (engine, began) = (world.engine.clone(), tokio::time::Instant::now());
    let running =
        tokio::spawn(async move { engine.backfill(slowly, move |_, _| told.send(()).unwrap()).await });
    for _ in 0..4 {
        hears.recv().await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_secs(1), "two a second, and this is the second second");
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    let completed = async || {
        let all = world.all_media().await;
        all.iter().filter(|media| media.download_status == DownloadStatus::Completed).count()
    };
    assert_eq!(completed().await, 4);
    let report = world.engine.backfill(options(&world), |_, _| {}).await.unwrap();
    assert_eq!((report.resolved, report.saved), (0, 2));
    assert_eq!(completed().await, 6);
}

#[tokio::test]
async fn backfill_waits_while_a_server_holds_all_slots_of_the_company() {
    let world = World::with(|config| config.downloads_per_company = 1).await;
    let (slow, left) = (world.png(1).await, world.png(2).await);
    let trickle = FaultSpec { delay_ms: Some(700), ..FaultSpec::new(FaultKind::Slow).times(1) };
    world.whatsapp.add_fault(trickle.of(&slow.id)).unwrap();
    world.announce("wamid.live", "image", &slow).await;
    let shutdown = mediary_engine::Shutdown::default();
    let (server, stop) = (world.another_engine(), shutdown.clone());
    let running = tokio::spawn(async move { server.run(stop).await.unwrap() });
    eventually("the server's download", async || {
        match world.all_media().await.pop().map(|live| live.download_status) {
            Some(DownloadStatus::Downloading) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    import(&world, &[with(picture("wamid.1", HOUR), &json!({"mediaUrl": left.id}))]).await;
    let report = world.engine.backfill(options(&world), |_, _| {}).await.unwrap();
    assert_eq!((report.saved, report.waiting), (1, 0));
    shutdown.soft.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn media_id_is_found_by_a_retry_and_a_single_download_too() {
    let world = World::new().await;
    let (one, other) = (world.png(1).await, world.png(2).await);
    import(&world, &[with(picture("wamid.1", HOUR), &json!({"mediaUrl": one.id}))]).await;
    let record = world.all_media().await.remove(0);
    world.engine.download_now(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    world.engine.run_due().await.unwrap();
    assert_eq!(world.media_of(&one.id).await.download_status, DownloadStatus::Completed);

    let lines = [
        with(picture("wamid.2", HOUR), &json!({"rawPayload": {"image": {"id": other.id}}})),
        picture("wamid.3", HOUR),
    ];
    import(&world, &lines).await;
    let shutdown = mediary_engine::Shutdown::default();
    let (engine, stop) = (world.engine.clone(), shutdown.clone());
    let running = tokio::spawn(async move { engine.run(stop).await.unwrap() });
    let outcome = world.engine.retry_failed(&world.may(), None, &Actor::command_line()).await.unwrap();
    assert_eq!((outcome.retried, outcome.succeeded, outcome.failed), (1, 1, 0));
    shutdown.soft.cancel();
    running.await.unwrap();
    let unknown =
        world.all_media().await.into_iter().find(|media| media.provider_media_id.is_none()).unwrap();
    let refused =
        world.engine.download_now(&world.may(), unknown.id, &Actor::command_line()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::MediaExpired);
}
