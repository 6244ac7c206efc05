//! Files that forms, headers and carousels name.

use mediary_core::{Direction, DownloadStatus, MessageType, Scope};
use mediary_engine::Target;
use mediary_store::{Actor, MessageWithMedia};
use mediary_testing::simulator::media_node;
use mediary_testing::whatsapp::{message, signature_of, webhook};
use serde_json::{Value, json};

use crate::harness::{World, read_all};

async fn only_message(world: &World) -> MessageWithMedia {
    world.engine.run_due().await.unwrap();
    let conversations =
        world.store.conversations(&Scope::system(world.company), &Default::default()).await.unwrap().items;
    let page = world
        .store
        .messages(&Scope::system(world.company), conversations[0].id, &Default::default())
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    page.items.into_iter().next().unwrap()
}

fn form(answers: &Value) -> Value {
    let reply = json!({"name": "flow", "body": "Sent", "response_json": answers.to_string()});
    webhook(message("wamid.1", "interactive", json!({"type": "nfm_reply", "nfm_reply": reply})))
}

#[tokio::test]
async fn photos_of_a_filled_form_are_kept_like_any_other() {
    let world = World::new().await;
    let (first, second) = (world.png(1).await, world.png(2).await);
    let unasked = world.png(3).await;
    let answers = json!({"flow_token": "t", "claim_no": "A-77", "photos": [media_node(&first), media_node(&second)],
        "scan": [{"cdn_url": "https://mmg.whatsapp.net/x", "file_name": "scan.jpg", "media_id": unasked.id}]});
    world.post(&form(&answers)).await;
    let kept = only_message(&world).await;
    assert_eq!(kept.message.message_type, MessageType::Interactive);
    assert_eq!(
        kept.message.text.as_deref(),
        Some(
            "Sent\nclaim_no: A-77\nphotos: image/png, image/png\nscan: scan.jpg (cannot be fetched from WhatsApp)"
        )
    );
    let states: Vec<_> = kept.attachments.iter().map(|file| (file.part, file.download_status)).collect();
    assert_eq!(states, [(1, DownloadStatus::Completed), (2, DownloadStatus::Completed)]);
    let stats = world.whatsapp.media_stats(&unasked.id);
    assert_eq!((stats.resolves, stats.downloads), (0, 0), "what is encrypted is never asked for");
    for (part, seed) in [(1, 1_u8), (2, 2)] {
        let opened = world.open(Target::Attachment(kept.message.id, part)).await.unwrap();
        assert_eq!(read_all(opened).await.last(), Some(&seed));
    }
    assert!(world.open(Target::Attachment(kept.message.id, 3)).await.is_err());
    assert!(world.open(Target::Message(kept.message.id)).await.is_err(), "it has no media of its own");
    // Two forms may name the same file.
    let mut again = form(&json!({"photos": [media_node(&first)]}));
    again["entry"][0]["changes"][0]["value"]["messages"][0]["id"] = "wamid.2".into();
    world.post(&again).await;
    world.engine.run_due().await.unwrap();
    let all = world.all_media().await;
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|file| file.download_status == DownloadStatus::Completed));
    world.engine.delete_media(&world.may(), kept.attachments[0].id, &Actor::command_line()).await.unwrap();
    assert!(world.open(Target::Attachment(kept.message.id, 1)).await.is_err(), "deleted");
    let opened = world.open(Target::Attachment(kept.message.id, 2)).await.unwrap();
    assert_eq!(read_all(opened).await.last(), Some(&2));
}

#[tokio::test]
async fn files_of_a_revoked_form_are_deleted() {
    let world = World::new().await;
    let photo = world.png(1).await;
    world.post(&form(&json!({"photos": [media_node(&photo)]}))).await;
    let kept = only_message(&world).await;
    drop(world.open(Target::Attachment(kept.message.id, 1)).await.unwrap());
    world.post(&webhook(message("wamid.r", "revoke", json!({"original_message_id": "wamid.1"})))).await;
    let kept = only_message(&world).await;
    assert!(kept.message.revoked && !kept.attachments[0].is_active);
    assert!(world.open(Target::Attachment(kept.message.id, 1)).await.is_err());
}

#[tokio::test]
async fn headers_of_sent_messages_are_kept() {
    let world = World::new().await;
    let picture = world.png(1).await;
    let interactive = json!({"type": "button", "header": {"type": "image", "image": media_node(&picture)},
        "body": {"text": "Is this the right one?"}, "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]}});
    let mut sent = message("wamid.1", "interactive", interactive);
    (sent["to"], sent["from"]) = (sent["from"].take(), "15550783881".into());
    for (field, value) in [
        ("message_echoes", json!({"message_echoes": [sent]})),
        ("standby", json!({"standby": {"message_echoes": [sent]}})),
    ] {
        world.post_change(field, value).await;
        let kept = only_message(&world).await;
        assert_eq!(kept.message.direction, Direction::Outbound, "{field}");
        assert_eq!(kept.message.text.as_deref(), Some("Is this the right one?\n[Yes]"));
        assert_eq!(kept.attachments[0].download_status, DownloadStatus::Completed);
    }
}

#[tokio::test]
async fn voice_note_that_an_ad_led_to_is_kept_whatever_the_ad_says() {
    let world = World::new().await;
    let picture = world.png(1).await;
    let mut note = message("wamid.1", "image", media_node(&picture));
    note["referral"] = json!({"source_url": "javascript:alert(1)", "headline": "Summer \u{FFFD}", "body": "<b>20 %</b>",
        "media_type": "video", "video_url": "http://169.254.169.254/x", "ctwa_clid": "A\u{0}"});
    let body = webhook(note).to_string().replace("\u{FFFD}", "\\ud83c");
    let signature = signature_of(&body);
    world.engine.accept(Some(&signature), body.into()).await.unwrap();
    let kept = only_message(&world).await;
    assert_eq!(kept.media.unwrap().download_status, DownloadStatus::Completed);
}

#[tokio::test]
async fn form_with_a_media_id_too_long_for_the_index_is_parked_alone() {
    let world = World::new().await;
    let media = world.png(1).await;
    let long = json!({"id": "9".repeat(1025), "mime_type": "image/png", "file_name": "a.png"});
    // As it is stored, each U+0000 is three bytes.
    let longer = json!({"id": "\0".repeat(342), "mime_type": "image/png", "file_name": "a.png"});
    let longest = json!({"id": "9".repeat(1024), "mime_type": "image/png", "file_name": "a.png"});
    let form = |id: &str, files: Value| {
        let reply = json!({"name": "flow", "response_json": json!({"photos": files}).to_string()});
        message(id, "interactive", json!({"type": "nfm_reply", "nfm_reply": reply}))
    };
    let list = json!([
        form("wamid.1", json!([media_node(&media), long])),
        form("wamid.2", json!([longer])),
        form("wamid.3", json!([media_node(&media), longest])),
    ]);
    world.post_change("messages", json!({"messages": list})).await;
    let kept = only_message(&world).await;
    assert_eq!((kept.message.provider_message_id.as_deref(), kept.attachments.len()), (Some("wamid.3"), 2));
    let parked = world.store.parked_items(world.company, &Default::default()).await.unwrap().items;
    let reasons: Vec<_> = parked.iter().map(|item| item.reason.as_str()).collect();
    assert_eq!(reasons, ["the media id is longer than 1024 bytes"; 2]);
}
