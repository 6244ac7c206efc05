//! Who is who.

use mediary_core::AccountId;
use mediary_testing::START;

use super::harness::{Test, new_account, renamed};
use super::on_both;
use super::rows::{Tenant, WEEK, ann, item, picture, text};
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

async fn ids(test: &Test) -> Vec<(Option<String>, Option<String>)> {
    let all = test.conversations(test.acme).await;
    let mut ids: Vec<_> = all.into_iter().map(|one| (one.contact.wa_id, one.contact.user_id)).collect();
    ids.sort();
    ids
}

fn both() -> (Option<String>, Option<String>) {
    (Some("49".into()), Some("U1".into()))
}

async fn webhook_with_both_ids_joins_their_contacts(test: &Test) {
    test.ingest(vec![from(test.acme, "1", key(Some("49"), None))]).await;
    test.ingest(vec![from(test.acme, "2", key(Some("49"), Some("U1")))]).await;
    test.ingest(vec![from(test.acme, "3", key(None, Some("U1")))]).await;
    assert_eq!(ids(test).await, [both()]);
    assert_eq!(test.conversation(test.acme).await.unread_count, 3);
}

async fn contacts_are_joined_with_all_their_messages(test: &Test) {
    let picture = IncomingMessage { contact: key(None, Some("U1")), ..picture(test.acme, "2") };
    test.ingest(vec![from(test.acme, "1", key(Some("49"), None)), item(picture)]).await;
    assert_eq!(test.conversations(test.acme).await.len(), 2);
    let outcome = test.ingest(vec![from(test.acme, "3", key(Some("49"), Some("U1")))]).await;
    assert!(outcome.changes.iter().any(|change| change.kind == ChangeKind::ConversationUpdated));
    assert_eq!(ids(test).await, [both()]);
    let conversation = test.conversation(test.acme).await;
    assert_eq!(conversation.unread_count, 3);
    assert_eq!(test.thread(test.acme, conversation.id).await, ["3", "2", "1"]);
    assert_eq!(test.media_of(test.acme, "2").await.conversation_id, Some(conversation.id));
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contacts").await, 1);
}

async fn contacts_are_joined_within_one_batch(test: &Test) {
    test.ingest(vec![
        from(test.acme, "1", key(Some("49"), None)),
        from(test.acme, "2", key(None, Some("U1"))),
        from(test.acme, "3", key(Some("49"), Some("U1"))),
        from(test.acme, "4", key(None, Some("U2"))),
    ])
    .await;
    assert_eq!(ids(test).await, [(None, Some("U2".into())), both()]);
}

async fn conversations_of_another_account_move_along(test: &Test) {
    let account = test
        .store
        .add_account(test.acme.company, &new_account("second"), &Actor::command_line())
        .await
        .unwrap()
        .id;
    let second = Tenant { account, ..test.acme };
    test.ingest(vec![from(test.acme, "1", key(Some("49"), None)), from(second, "2", key(None, Some("U1")))])
        .await;
    test.ingest(vec![from(test.acme, "3", key(Some("49"), Some("U1")))]).await;
    let mut accounts: Vec<(AccountId, Option<String>)> = Vec::new();
    for conversation in test.conversations(test.acme).await {
        accounts.push((conversation.account_id, conversation.contact.user_id));
    }
    accounts.sort();
    assert_eq!(accounts, [(test.acme.account, Some("U1".into())), (account, Some("U1".into()))]);
}

async fn contacts_with_different_user_ids_are_not_joined(test: &Test) {
    test.ingest(vec![
        from(test.acme, "1", key(Some("49"), Some("U1"))),
        from(test.acme, "2", key(Some("50"), Some("U2"))),
    ])
    .await;
    // A number that went to somebody else is no reason to join their conversations.
    test.ingest(vec![from(test.acme, "3", key(Some("49"), Some("U2")))]).await;
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contacts").await, 2);
    assert_eq!(
        test.message(test.acme, "3").await.message.conversation_id,
        test.message(test.acme, "2").await.message.conversation_id
    );
}

async fn companies_do_not_share_contacts(test: &Test) {
    test.ingest(vec![from(test.acme, "1", ann()), from(test.other, "1", ann())]).await;
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contacts").await, 2);
}

async fn new_name_is_recorded(test: &Test) {
    test.ingest(vec![from(test.acme, "1", ann())]).await;
    let renamed = ContactKey { name: Some("Anna".into()), phone: None, ..ann() };
    test.ingest(vec![from(test.acme, "2", renamed)]).await;
    let contact = test.conversation(test.acme).await.contact;
    assert_eq!((contact.name.as_deref(), contact.phone.as_deref()), (Some("Anna"), Some("+4915550100")));
}

async fn number_change_keeps_the_conversation(test: &Test) {
    test.ingest(vec![from(test.acme, "1", key(Some("49"), Some("U1")))]).await;
    let moved = renamed(test.acme, "new", key(Some("49"), Some("U1")), key(Some("50"), Some("U2")));
    test.ingest(vec![moved]).await;
    test.ingest(vec![
        from(test.acme, "2", key(Some("50"), None)),
        from(test.acme, "3", key(None, Some("U2"))),
    ])
    .await;
    assert_eq!(ids(test).await, [(Some("50".into()), Some("U2".into()))]);
}

async fn repeated_message_after_a_number_change_opens_no_conversation(test: &Test) {
    let old = || from(test.acme, "1", key(Some("49"), None));
    test.ingest(vec![old()]).await;
    test.ingest(vec![renamed(test.acme, "new", key(Some("49"), None), key(Some("50"), None))]).await;
    let changes = test.ingest(vec![old()]).await.changes;
    assert!(changes.is_empty(), "{changes:?}");
    assert_eq!(ids(test).await, [(Some("50".into()), None)]);
    // Also beside a new message of somebody who has the number by now.
    test.ingest(vec![old(), from(test.acme, "2", key(Some("49"), None))]).await;
    let threads = test.conversations(test.acme).await;
    assert_eq!(threads.iter().map(|one| one.unread_count).collect::<Vec<_>>(), [1, 2]);
}

async fn contacts_of_an_old_and_a_known_new_identity_are_joined(test: &Test) {
    test.ingest(vec![
        from(test.acme, "1", key(Some("49"), Some("U1"))),
        from(test.acme, "2", key(Some("50"), None)),
        from(test.acme, "3", key(None, Some("U2"))),
    ])
    .await;
    test.ingest(vec![renamed(test.acme, "new", key(None, Some("U1")), key(Some("50"), Some("U2")))]).await;
    assert_eq!(ids(test).await, [(Some("50".into()), Some("U2".into()))]);
    assert_eq!(test.conversation(test.acme).await.unread_count, 4);
}

async fn number_change_applies_to_its_own_company_alone(test: &Test) {
    test.ingest(vec![from(test.acme, "1", ann())]).await;
    test.ingest(vec![renamed(test.other, "new", ann(), key(Some("50"), None))]).await;
    assert_eq!(test.conversation(test.acme).await.contact.wa_id.as_deref(), Some("4915550100"));
    assert_eq!(test.conversation(test.other).await.contact.wa_id.as_deref(), Some("50"));
}

async fn repeated_number_change_leaves_the_next_owner_of_the_number_alone(test: &Test) {
    let change = || renamed(test.acme, "new", key(Some("49"), None), key(Some("50"), None));
    let later = |id: &str| IncomingMessage { timestamp: START.plus(WEEK), ..text(test.acme, id) };
    let next_owner = |id: &str| item(IncomingMessage { contact: key(Some("49"), None), ..later(id) });
    test.ingest(vec![from(test.acme, "1", key(Some("49"), None))]).await;
    test.ingest(vec![change()]).await;
    test.ingest(vec![next_owner("2")]).await;
    test.ingest(vec![change()]).await;
    test.ingest(vec![next_owner("3"), change()]).await;
    assert_eq!(ids(test).await, [(Some("49".into()), None), (Some("50".into()), None)]);
    let place = async |id: &str| test.message(test.acme, id).await.message.conversation_id;
    assert_eq!(place("3").await, place("2").await);
    assert_eq!(place("new").await, place("1").await);
    assert_ne!(place("1").await, place("2").await);
}

async fn repeated_number_change_moves_messages_that_came_late_under_the_old_number(test: &Test) {
    let change = || renamed(test.acme, "new", key(Some("49"), None), key(Some("50"), None));
    test.ingest(vec![from(test.acme, "1", key(Some("49"), None)), change()]).await;
    test.ingest(vec![from(test.acme, "late", key(Some("49"), None))]).await;
    assert_eq!(test.conversations(test.acme).await.len(), 2);
    test.ingest(vec![change()]).await;
    assert_eq!(ids(test).await, [(Some("50".into()), None)]);
}

async fn repeated_number_change_undoes_no_later_one(test: &Test) {
    let key = |wa_id: &str| key(Some(wa_id), Some("U1"));
    let first = || renamed(test.acme, "first", key("49"), key("50"));
    let IngestItem::Message(second) = renamed(test.acme, "second", key("50"), key("51")) else {
        unreachable!()
    };
    let second = item(IncomingMessage { timestamp: START.plus(WEEK), ..*second });
    test.ingest(vec![from(test.acme, "1", key("49")), first()]).await;
    test.ingest(vec![second]).await;
    test.ingest(vec![first()]).await;
    assert_eq!(ids(test).await, [(Some("51".into()), Some("U1".into()))]);
}

async fn number_in_two_spellings_is_one_contact(test: &Test) {
    for (number, (one, other)) in [
        ("558890000001", "5588990000001"),
        ("5215512345678", "525512345678"),
        ("541112345678", "5491112345678"),
    ]
    .into_iter()
    .enumerate()
    {
        for (place, wa_id) in [one, other, one].into_iter().enumerate() {
            test.ingest(vec![from(test.acme, &format!("{number}-{place}"), key(Some(wa_id), None))]).await;
        }
        let both = ["a", "b"].map(|id| format!("{number}-{id}"));
        let batch =
            both.iter().zip([other, one]).map(|(id, wa_id)| from(test.acme, id, key(Some(wa_id), None)));
        test.ingest(batch.collect()).await;
        assert_eq!(test.conversations(test.acme).await.len(), number + 1, "{one}");
    }
    let counts: Vec<_> = test.conversations(test.acme).await.iter().map(|one| one.unread_count).collect();
    assert_eq!(counts, [5, 5, 5]);
}

async fn user_id_decides_which_contact_has_a_spelling(test: &Test) {
    let (one, other) = ("558890000001", "5588990000001");
    test.ingest(vec![
        from(test.acme, "1", key(Some(one), Some("U1"))),
        from(test.acme, "2", key(Some(other), Some("U2"))),
    ])
    .await;
    assert_eq!(test.conversations(test.acme).await.len(), 2);
    test.ingest(vec![from(test.acme, "3", key(Some(other), Some("U2")))]).await;
    test.ingest(vec![from(test.acme, "4", key(Some(one), None))]).await;
    let place = async |id: &str| test.message(test.acme, id).await.message.conversation_id;
    assert_eq!(place("3").await, place("2").await);
    assert_eq!(place("4").await, place("1").await);
}

async fn contacts_of_two_spellings_are_joined(test: &Test) {
    let (one, other) = ("558890000001", "5588990000001");
    test.ingest(vec![
        from(test.acme, "1", key(Some(one), None)),
        from(test.acme, "2", key(Some("49"), None)),
    ])
    .await;
    // As an earlier program left them.
    test.sql(&format!("UPDATE contacts SET wa_id = '{other}' WHERE wa_id = '49'")).await.unwrap();
    test.ingest(vec![from(test.acme, "3", key(Some(other), None))]).await;
    let conversation = test.conversation(test.acme).await;
    assert_eq!(test.thread(test.acme, conversation.id).await, ["3", "2", "1"]);
}

on_both!(
    repeated_message_after_a_number_change_opens_no_conversation,
    number_in_two_spellings_is_one_contact,
    user_id_decides_which_contact_has_a_spelling,
    contacts_of_two_spellings_are_joined,
    webhook_with_both_ids_joins_their_contacts,
    contacts_are_joined_with_all_their_messages,
    contacts_are_joined_within_one_batch,
    conversations_of_another_account_move_along,
    contacts_with_different_user_ids_are_not_joined,
    companies_do_not_share_contacts,
    new_name_is_recorded,
    number_change_keeps_the_conversation,
    contacts_of_an_old_and_a_known_new_identity_are_joined,
    number_change_applies_to_its_own_company_alone,
    repeated_number_change_leaves_the_next_owner_of_the_number_alone,
    repeated_number_change_moves_messages_that_came_late_under_the_old_number,
    repeated_number_change_undoes_no_later_one,
);
