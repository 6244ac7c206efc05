//! Ids with U+0000, which is replaced when they are stored: what is written and what is looked for are the same.

use mediary_core::{MessageStatus, MessageType};

use super::edits::{edit, revoke};
use super::harness::{Test, outbound, renamed};
use super::on_both;
use super::rows::{Tenant, ann, item, picture, text};
use super::statuses::status;
use crate::*;

fn key(wa_id: Option<&str>, user_id: Option<&str>) -> ContactKey {
    ContactKey {
        wa_id: wa_id.map(str::to_owned),
        user_id: user_id.map(str::to_owned),
        ..ContactKey::default()
    }
}

fn from(tenant: Tenant, id: &str, contact: ContactKey) -> IngestItem {
    item(IncomingMessage { contact, ..text(tenant, id) })
}

async fn contact_whose_ids_have_a_nul_is_one_contact(test: &Test) {
    let acme = test.acme;
    test.ingest(vec![from(acme, "1", key(Some("49\0"), None)), from(acme, "2", key(None, Some("U\u{0}1")))])
        .await;
    test.ingest(vec![
        from(acme, "3", key(Some("49\0"), Some("U\u{0}1"))),
        from(acme, "4", key(Some("49\u{FFFD}"), None)),
    ])
    .await;
    test.ingest(vec![from(acme, "5", key(None, Some("U\u{0}1")))]).await;
    let contact = test.conversation(acme).await.contact;
    assert_eq!(
        (contact.wa_id.as_deref(), contact.user_id.as_deref()),
        (Some("49\u{FFFD}"), Some("U\u{FFFD}1"))
    );
    let (old, new) = (key(Some("49\0"), None), key(Some("50\0"), None));
    test.ingest(vec![renamed(acme, "new", old, new)]).await;
    test.ingest(vec![from(acme, "6", key(Some("50\0"), None))]).await;
    let conversation = test.conversation(acme).await;
    assert_eq!((conversation.contact.wa_id.as_deref(), conversation.unread_count), (Some("50\u{FFFD}"), 7));
    let imported =
        IncomingMessage { imported: Some(LegacyMedia::default()), unread: false, ..text(acme, "7\0") };
    let again = IncomingMessage { contact: key(Some("50\0"), None), ..imported };
    let new = test.store.import_messages(acme.company, vec![again.clone(), again.clone()]).await.unwrap();
    assert_eq!(new, [true, false]);
    assert_eq!(test.store.import_messages(acme.company, vec![again]).await.unwrap(), [false]);
    assert_eq!(test.thread(acme, test.conversation(acme).await.id).await.len(), 8);
}

async fn name_with_a_nul_is_written_once(test: &Test) {
    let named = || ContactKey { name: Some("A\0nn".into()), ..ann() };
    test.ingest(vec![from(test.acme, "1", named())]).await;
    let changed = "SELECT CAST(MAX(updated_at) AS BIGINT) FROM contacts";
    let before = test.number(changed).await;
    test.clock.advance(std::time::Duration::from_secs(1));
    test.ingest(vec![from(test.acme, "2", named())]).await;
    assert_eq!(test.number(changed).await, before, "it says nothing new");
}

/// All that is about a message, whose id has a U+0000.
fn about(tenant: Tenant) -> Vec<IngestItem> {
    let reaction = Some(Reaction { target: "m\0".into(), emoji: Some("👍".into()) });
    let reaction = IncomingMessage {
        message_type: MessageType::Reaction,
        reaction,
        unread: false,
        ..text(tenant, "r\0")
    };
    vec![
        IngestItem::Status(status(tenant, "m\0", MessageStatus::Read)),
        IngestItem::Edit(edit(tenant, "m\0", "better")),
        item(reaction),
        revoke(tenant, "m\0"),
    ]
}

async fn updates_of_a_message_with_a_nul_find_it(test: &Test) {
    let acme = test.acme;
    for early in [false, true] {
        // The same once more under the other company, where all of it waits for the message.
        let tenant = if early { test.other } else { acme };
        let message = item(outbound(tenant, "m\0"));
        if early {
            test.ingest(about(tenant)).await;
            test.ingest(vec![message]).await;
        } else {
            test.ingest(vec![message]).await;
            test.ingest(about(tenant)).await;
        }
        let message = test.message(tenant, "m\u{FFFD}").await.message;
        assert_eq!((message.status, message.revoked), (MessageStatus::Read, true), "early: {early}");
        assert_eq!(message.text.as_deref(), Some("better"));
        assert_eq!(message.reactions.len(), 1);
    }
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM message_updates").await, 0);
}

async fn edit_with_the_same_media_id_changes_no_file(test: &Test) {
    let acme = test.acme;
    let message = picture(acme, "p");
    let media = NewMedia { provider_media_id: Some("f\0".into()), ..message.media.clone().unwrap() };
    test.ingest(vec![item(IncomingMessage { media: Some(media.clone()), ..message })]).await;
    let before = test.media_of(acme, "p").await;
    test.clock.advance(std::time::Duration::from_secs(1));
    let same = IncomingEdit { media: Some(media), text: None, ..edit(acme, "p", "") };
    test.ingest(vec![IngestItem::Edit(same)]).await;
    assert_eq!(test.media_of(acme, "p").await.updated_at, before.updated_at);
}

on_both!(
    contact_whose_ids_have_a_nul_is_one_contact,
    name_with_a_nul_is_written_once,
    updates_of_a_message_with_a_nul_find_it,
    edit_with_the_same_media_id_changes_no_file,
);
