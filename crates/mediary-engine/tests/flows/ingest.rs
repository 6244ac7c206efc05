//! From webhook items to records.

use mediary_core::{Direction, MessageStatus, MessageType, Scope};
use mediary_store::{Conversation, Message, MessageWithMedia};
use mediary_testing::START;
use mediary_testing::simulator::media_node;
use mediary_testing::whatsapp::{body, change, message, text, webhook};
use serde_json::{Value, json};

use crate::harness::World;

async fn conversations(world: &World) -> Vec<Conversation> {
    world.engine.run_due().await.unwrap();
    world.store.conversations(&Scope::system(world.company), &Default::default()).await.unwrap().items
}

/// All messages, oldest first.
async fn messages(world: &World) -> Vec<MessageWithMedia> {
    let mut all = Vec::new();
    for conversation in conversations(world).await {
        let page = world
            .store
            .messages(&Scope::system(world.company), conversation.id, &Default::default())
            .await
            .unwrap();
        all.extend(page.items);
    }
    all.sort_by_key(|item| (item.message.sent_at, item.message.id));
    all
}

async fn only_message(world: &World) -> Message {
    let all = messages(world).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap().message
}

fn echo(message: Value) -> Value {
    body(&[vec![change("smb_message_echoes", json!({"message_echoes": [message]}))]])
}

#[tokio::test]
async fn items_of_a_body_count_whatever_the_others_are() {
    let world = World::new().await;
    let mut body = webhook(text("wamid.1", "one"));
    body["entry"][0]["changes"][0]["value"]["messages"] = json!([text("wamid.1", "one"), 7, {"id": "wamid.x"}, text("wamid.2", "two\u{0}"), text("wamid.1", "again")]);
    let more = webhook(text("wamid.3", "three"))["entry"][0].take();
    body["entry"].as_array_mut().unwrap().push(more);
    world.post(&body).await;
    let texts: Vec<_> = messages(&world).await.into_iter().filter_map(|item| item.message.text).collect();
    assert_eq!(texts, ["one", "two\u{FFFD}", "three"]);
}

#[tokio::test]
async fn message_keeps_whatsapps_time_or_gets_ours_where_there_is_none() {
    let world = World::new().await;
    let mut strange = message("wamid.1", "text", json!({"body": "hello"}));
    strange["timestamp"] = "soon".into();
    world.post(&webhook(strange)).await;
    let mut early = message("wamid.2", "text", json!({"body": "hello"}));
    early["timestamp"] = "1600000000".into();
    world.post(&webhook(early)).await;
    let times: Vec<_> = messages(&world).await.iter().map(|item| item.message.sent_at.millis()).collect();
    assert_eq!(times, [1_600_000_000_000, START.millis()]);
}

#[tokio::test]
async fn unknown_items_are_kept_as_unsupported() {
    let world = World::new().await;
    world.post(&webhook(message("wamid.1", "hologram", json!({"id": "5"})))).await;
    let kept = only_message(&world).await;
    assert_eq!(kept.message_type, MessageType::Unsupported);
    assert_eq!(kept.direction, Direction::Inbound);
}

#[tokio::test]
async fn media_without_an_id_is_kept_as_unsupported() {
    let world = World::new().await;
    world.post(&webhook(message("wamid.1", "image", json!({"mime_type": "image/png"})))).await;
    let kept = messages(&world).await.remove(0);
    assert_eq!(kept.message.message_type, MessageType::Unsupported);
    assert!(kept.media.is_none());
}

#[tokio::test]
async fn message_without_an_id_is_still_recorded_once() {
    let world = World::new().await;
    let mut nameless = message("", "text", json!({"body": "hello"}));
    nameless.as_object_mut().unwrap().remove("id");
    world.post(&webhook(nameless.clone())).await;
    world.post(&webhook(nameless)).await;
    assert_eq!(only_message(&world).await.text.as_deref(), Some("hello"));
}

#[tokio::test]
async fn messages_sent_from_the_business_phone_are_outbound_with_their_media() {
    let world = World::new().await;
    let media = world.png(1).await;
    let mut sent = message("wamid.1", "image", media_node(&media));
    sent["from"] = "15550783881".into();
    sent["to"] = "15550100001".into();
    world.post(&echo(sent)).await;
    let kept = messages(&world).await.remove(0);
    assert_eq!((kept.message.direction, kept.message.status), (Direction::Outbound, MessageStatus::Sent));
    assert_eq!(kept.media.unwrap().download_attempts, 1);
    let conversation = conversations(&world).await.remove(0);
    assert_eq!(conversation.contact.wa_id.as_deref(), Some("15550100001"));
    assert_eq!(conversation.unread_count, 0);
}

#[tokio::test]
async fn history_fills_its_placeholders_and_counts_nothing_as_unread() {
    let world = World::new().await;
    let past = |id: &str, from: &str, status: &str| {
        json!({"from": from, "id": id, "timestamp": "1759900000", "type": "media_placeholder",
               "history_context": {"status": status}})
    };
    let threads = json!([{"id": "15550100001", "messages": [
        past("wamid.1", "15550100001", "READ"), past("wamid.2", "15550783881", "DELIVERED")]}]);
    world.post_change("history", json!({"history": [{"threads": threads}]})).await;
    let placeholders = messages(&world).await;
    assert_eq!(placeholders.len(), 2);
    assert_eq!(placeholders[0].message.direction, Direction::Inbound);
    assert_eq!(placeholders[1].message.direction, Direction::Outbound);
    assert_eq!(placeholders[1].message.status, MessageStatus::Delivered);

    let media = world.png(1).await;
    let mut later = message("wamid.1", "image", media_node(&media));
    later["timestamp"] = "1759900000".into();
    world.post_change("history", json!({"messages": [later]})).await;
    let filled = messages(&world).await;
    assert_eq!(filled.len(), 2);
    assert_eq!(filled[0].message.message_type, MessageType::Image);
    assert!(filled[0].media.as_ref().unwrap().sha256.is_some(), "its media was downloaded");
    assert_eq!(conversations(&world).await[0].unread_count, 0);
}

#[tokio::test]
async fn group_is_one_contact_and_its_members_are_senders() {
    let world = World::new().await;
    for (id, from) in [("wamid.1", "15550100001"), ("wamid.2", "15550100002")] {
        let mut item = message(id, "text", json!({"body": "hello"}));
        item["group_id"] = "group.7".into();
        item["from"] = from.into();
        world.post(&webhook(item)).await;
    }
    let conversations = conversations(&world).await;
    assert_eq!(conversations.len(), 1);
    assert!(conversations[0].contact.is_group);
    let senders: Vec<_> = messages(&world).await.into_iter().map(|item| item.message.sender_phone).collect();
    assert_eq!(senders, [Some("15550100001".to_owned()), Some("15550100002".to_owned())]);
}

#[tokio::test]
async fn contact_known_by_a_scoped_id_alone_gets_its_number_later() {
    let world = World::new().await;
    let mut item = message("wamid.1", "text", json!({"body": "hello"}));
    item.as_object_mut().unwrap().remove("from");
    item["from_user_id"] = "US.134".into();
    let contact = json!({"profile": {"username": "ana"}, "user_id": "US.134"});
    world.post_change("messages", json!({"contacts": [contact], "messages": [item]})).await;
    assert_eq!(conversations(&world).await[0].contact.user_id.as_deref(), Some("US.134"));
    let mut item = message("wamid.2", "text", json!({"body": "hello"}));
    item["from_user_id"] = "US.134".into();
    world.post(&webhook(item)).await;
    let conversations = conversations(&world).await;
    assert_eq!(conversations.len(), 1);
    assert_eq!(conversations[0].contact.wa_id.as_deref(), Some("15550100001"));
}

#[tokio::test]
async fn statuses_edits_reactions_and_revokes_find_their_message() {
    let world = World::new().await;
    world.post(&webhook(message("wamid.1", "text", json!({"body": "hello"})))).await;
    world
        .post(&webhook(message("wamid.2", "reaction", json!({"message_id": "wamid.1", "emoji": "👍"}))))
        .await;
    let edit = json!({"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "hi"}}});
    world.post(&webhook(message("wamid.3", "edit", edit))).await;
    let kept = only_message(&world).await;
    assert_eq!((kept.text.as_deref(), kept.edited), (Some("hi"), true));
    assert_eq!(kept.reactions.len(), 1);
    world.post(&webhook(message("wamid.4", "revoke", json!({"original_message_id": "wamid.1"})))).await;
    assert!(only_message(&world).await.revoked);

    let status =
        json!({"id": "wamid.9", "status": "read", "timestamp": "1760000000", "recipient_id": "15550100001"});
    world.post_change("messages", json!({"statuses": [status]})).await;
    let mut sent = message("wamid.9", "text", json!({"body": "sent"}));
    sent["to"] = "15550100001".into();
    world.post(&echo(sent)).await;
    let all = messages(&world).await;
    let sent = all.iter().find(|item| item.message.direction == Direction::Outbound).unwrap();
    assert_eq!(sent.message.status, MessageStatus::Read, "the status came first and was kept");
}

#[tokio::test]
async fn edited_picture_is_fetched_again() {
    let world = World::new().await;
    let (first, second) = (world.png(1).await, world.png(2).await);
    let before = world.arrive("wamid.1", "image", &first).await;
    let edit =
        json!({"original_message_id": "wamid.1", "message": {"type": "image", "image": media_node(&second)}});
    world.post(&webhook(message("wamid.2", "edit", edit))).await;
    world.engine.run_due().await.unwrap();
    let after = world.media_of(&second.id).await;
    assert_eq!(before.id, after.id, "one media file per message");
    assert_ne!(before.sha256, after.sha256);
    world.engine.sweep().await.unwrap();
    assert_eq!(world.stored_files(), 1, "the old bytes are gone");
}

#[tokio::test]
async fn revoked_picture_leaves_storage() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.arrive("wamid.1", "image", &media).await;
    assert_eq!(world.stored_files(), 1);
    world.post(&webhook(message("wamid.2", "revoke", json!({"original_message_id": "wamid.1"})))).await;
    world.engine.run_due().await.unwrap();
    world.engine.sweep().await.unwrap();
    assert_eq!(world.stored_files(), 0);
}

#[tokio::test]
async fn duplicate_adds_no_message_but_retries_failed_media() {
    let world = World::new().await;
    let media = world.png(1).await;
    let expired = mediary_simulator::FaultSpec::new(mediary_simulator::FaultKind::Expired).times(1);
    world.whatsapp.add_fault(expired).unwrap();
    let failed = world.arrive("wamid.1", "image", &media).await;
    assert!(failed.sha256.is_none());
    let again = world.arrive("wamid.1", "image", &media).await;
    assert!(again.sha256.is_some(), "{:?}", again.last_error);
    assert_eq!(messages(&world).await.len(), 1);
}

#[tokio::test]
async fn media_of_an_old_message_is_still_tried() {
    let world = World::new().await;
    let media = world.png(1).await;
    let mut old = message("wamid.1", "image", media_node(&media));
    old["timestamp"] = "1697043379".into();
    world.post(&webhook(old)).await;
    world.engine.run_due().await.unwrap();
    let record = world.media_of(&media.id).await;
    assert!(record.sha256.is_some());
    assert!(record.expires_at > START);
}

#[tokio::test]
async fn bad_item_is_parked_alone_and_its_neighbours_are_recorded() {
    let world = World::new().await;
    let text = |id: &str| message(id, "text", json!({"body": id}));
    let mut nobodys = text("wamid.4");
    nobodys.as_object_mut().unwrap().remove("from");
    let mut long = text("wamid.5");
    long["from"] = "1".repeat(3000).into();
    let list = json!([text("wamid.1"), text("wamid.2"), nobodys, text("wamid.3"), long, text("wamid.6")]);
    world.post_change("messages", json!({"messages": list})).await;
    let texts: Vec<_> = messages(&world).await.into_iter().filter_map(|item| item.message.text).collect();
    assert_eq!(texts, ["wamid.1", "wamid.2", "wamid.3", "wamid.6"]);
    assert_eq!(world.store.inbox_depth().await.unwrap().waiting, 0);
    let parked = world.store.parked_items(world.company, &Default::default()).await.unwrap().items;
    let reasons: Vec<_> = parked.iter().map(|item| item.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["neither a sender nor a recipient is named", "the sender's WhatsApp id is longer than 1024 bytes"]
    );
    let by = mediary_store::Actor::command_line();
    let again = world.engine.retry_webhook_item(world.company, parked[0].id, &by).await.unwrap();
    assert_eq!(again.as_deref(), Some("neither a sender nor a recipient is named"));
    let kept = world.store.parked_item(world.company, parked[0].id).await.unwrap().unwrap();
    assert_eq!(kept.attempts, 1);
    let stranger = world.engine.retry_webhook_item(mediary_core::CompanyId(99), parked[0].id, &by).await;
    assert_eq!(stranger.unwrap_err().code(), mediary_core::ErrorCode::NotFound);
}

#[tokio::test]
async fn history_media_without_a_sender_finds_its_message_by_its_id() {
    let world = World::new().await;
    let media = world.png(1).await;
    let mut picture = message("wamid.1", "image", media_node(&media));
    picture.as_object_mut().unwrap().remove("from");
    world.post_change("history", json!({"messages": [picture]})).await;
    assert!(messages(&world).await.is_empty(), "its message is not known yet");
    let parked = world.store.parked_items(world.company, &Default::default()).await.unwrap().items;
    assert_eq!(parked.len(), 1);
    let placeholder = message("wamid.1", "media_placeholder", json!({}));
    let thread = json!({"id": "15550100001", "messages": [placeholder]});
    world.post_change("history", json!({"history": [{"threads": [thread]}]})).await;
    assert_eq!(messages(&world).await.len(), 1);
    // The item is tried again by itself.
    world.advance(std::time::Duration::from_secs(61));
    world.engine.run_due().await.unwrap();
    assert!(world.store.parked_items(world.company, &Default::default()).await.unwrap().items.is_empty());
    assert_eq!(world.all_media().await[0].provider_media_id.as_deref(), Some(media.id.as_str()));
}

#[tokio::test]
async fn impossible_time_becomes_the_time_of_arrival() {
    let world = World::new().await;
    let arrived = START.millis();
    let soon = (arrived / 1000 + 60).to_string();
    for (number, time) in ["4102444800", "1795860400000", "", &soon].into_iter().enumerate() {
        let mut odd = message(&format!("wamid.{number}"), "text", json!({"body": "hello"}));
        odd["timestamp"] = time.into();
        world.post(&webhook(odd)).await;
    }
    let times: Vec<_> = messages(&world).await.iter().map(|item| item.message.sent_at.millis()).collect();
    assert_eq!(times, [arrived, arrived, arrived, arrived + 60_000]);
    let media = world.png(1).await;
    let mut picture = message("wamid.9", "image", media_node(&media));
    picture["timestamp"] = "4102444800".into();
    world.post(&webhook(picture)).await;
    world.engine.run_due().await.unwrap();
    let life = world.media_of(&media.id).await.expires_at.since(START);
    assert_eq!(life, mediary_core::limits::PROVIDER_MEDIA_LIFE);
}

#[tokio::test]
async fn history_knows_the_business_in_either_spelling_of_its_number() {
    let world = World::new().await;
    let from = |wamid: &str, from: &str| {
        let mut message = message(wamid, "text", json!({"body": "hello"}));
        message["from"] = from.into();
        message["to"] = "4915550100".into();
        message
    };
    let thread = json!({"id": "4915550100", "messages": [
        from("wamid.1", "558890000002"), from("wamid.2", "5588990000002"), from("wamid.3", "4915550100")]});
    let mut body = body(&[vec![change("history", json!({"history": [{"threads": [thread]}]}))]]);
    body["entry"][0]["changes"][0]["value"]["metadata"]["display_phone_number"] = "+55 88 99000-0002".into();
    world.post(&body).await;
    let all = messages(&world).await;
    let directions: Vec<_> = all.iter().map(|item| item.message.direction).collect();
    assert_eq!(directions, [Direction::Outbound, Direction::Outbound, Direction::Inbound]);
    assert_eq!(conversations(&world).await.len(), 1);
}
