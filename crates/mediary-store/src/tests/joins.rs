//! Contacts that are joined while another node writes to them. Each transaction is stopped where it matters: it also
//! brings a status of a message that the test holds.

use mediary_testing::{START, eventually};
use tokio::task::JoinHandle;

use super::harness::{LIMITS, Test, outbound, plan, renamed};
use super::races::on_two_nodes;
use super::rows::{Tenant, ann, item, picture, text};
use super::statuses::status;
use super::{on_both, on_postgres};
use crate::db::Tx;
use crate::value::args;
use crate::*;

fn by(wa_id: Option<&str>, user_id: Option<&str>) -> ContactKey {
    ContactKey {
        wa_id: wa_id.map(str::to_owned),
        user_id: user_id.map(str::to_owned),
        ..ContactKey::default()
    }
}

fn from(tenant: Tenant, id: &str, contact: ContactKey) -> IngestItem {
    item(IncomingMessage { contact, ..text(tenant, id) })
}

/// One person as two contacts, each with a message, and the message whose statuses stop transactions. The contact with the
/// user id is the older one, so a join takes the other's conversation away.
async fn two_contacts(test: &Test) {
    let acme = test.acme;
    test.ingest(vec![
        from(acme, "1", by(Some("49"), None)),
        from(acme, "2", by(None, Some("U1"))),
        item(IncomingMessage { contact: ann(), ..outbound(acme, "gate") }),
    ])
    .await;
}

/// What ties the two contacts.
fn tie(tenant: Tenant, id: &str) -> IngestItem {
    from(tenant, id, by(Some("49"), Some("U1")))
}

/// Holds the message that stops transactions until it is dropped or committed.
pub(super) async fn close_gate(test: &Test) -> Tx {
    let mut tx = test.store.db().begin().await.unwrap();
    let sql =
        "UPDATE messages SET updated_at = updated_at WHERE company_id = $1 AND provider_message_id = 'gate'";
    assert_eq!(tx.execute(sql, args![test.acme.company]).await.unwrap(), 1);
    tx
}

pub(super) fn gate(test: &Test) -> IngestItem {
    IngestItem::Status(status(test.acme, "gate", mediary_core::MessageStatus::Delivered))
}

/// Ingests in the background, on a node of its own.
pub(super) async fn ingesting(test: &Test, items: Vec<IngestItem>) -> JoinHandle<Result<IngestOutcome>> {
    let event = NewWebhookEvent {
        body: "{}".into(),
        received_at: START,
        scope: EventScope::default(),
        company: None,
    };
    test.store.inbox_append(event).await.unwrap();
    let store = test.store.clone();
    let one = IngestLimits { events: 1, ..LIMITS };
    tokio::spawn(async move { store.ingest(one, |events| plan(events, items.clone())).await })
}

/// Until so many transactions wait for others.
pub(super) async fn until_waiting(test: &Test, wanted: i64) {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("waiting transactions", async || match test.number(sql).await {
        waiting if waiting >= wanted => Ok(()),
        waiting => Err(waiting),
    })
    .await;
}

/// Runs `first` until it is stopped, then `second` until it waits or is done, and lets both end.
async fn one_in_the_other(test: &Test, mut first: Vec<IngestItem>, second: Vec<IngestItem>) {
    let closed = close_gate(test).await;
    first.push(gate(test));
    let first = ingesting(test, first).await;
    until_waiting(test, 1).await;
    let second = ingesting(test, second).await;
    until_waiting(test, 2).await;
    closed.commit().await.unwrap();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

/// Runs `first` until it is stopped, then `second` to its end, and lets the first one end.
pub(super) async fn one_while_the_other_is_open(
    test: &Test,
    mut first: Vec<IngestItem>,
    second: Vec<IngestItem>,
) {
    let closed = close_gate(test).await;
    first.push(gate(test));
    let first = ingesting(test, first).await;
    until_waiting(test, 1).await;
    ingesting(test, second).await.await.unwrap().unwrap();
    closed.commit().await.unwrap();
    first.await.unwrap().unwrap();
}

async fn assert_joined(test: &Test, messages: &[&str]) {
    let conversations = test.conversations(test.acme).await;
    let joined: Vec<_> = conversations.iter().filter(|one| one.contact.user_id.is_some()).collect();
    assert_eq!((conversations.len(), joined.len()), (2, 1), "{conversations:?}");
    assert_eq!(joined[0].contact.wa_id.as_deref(), Some("49"));
    let mut thread = test.thread(test.acme, joined[0].id).await;
    thread.sort();
    assert_eq!(thread, messages);
    assert_eq!(joined[0].unread_count, i64::try_from(messages.len()).unwrap());
}

async fn message_written_while_its_contact_is_joined_moves_too(test: &Test) {
    two_contacts(test).await;
    let message = from(test.acme, "3", by(Some("49"), None));
    one_in_the_other(test, vec![message], vec![tie(test.acme, "4")]).await;
    assert_joined(test, &["1", "2", "3", "4"]).await;
}

async fn message_after_a_join_follows_its_contact(test: &Test) {
    two_contacts(test).await;
    let message = from(test.acme, "3", by(Some("49"), None));
    one_in_the_other(test, vec![tie(test.acme, "4")], vec![message]).await;
    assert_joined(test, &["1", "2", "3", "4"]).await;
}

async fn file_added_to_an_old_message_moves_with_it(test: &Test) {
    let acme = test.acme;
    two_contacts(test).await;
    let placeholder = IncomingMessage { placeholder: true, contact: by(None, Some("U1")), ..text(acme, "3") };
    test.ingest(vec![item(placeholder)]).await;
    // The repeat names another contact, so nothing but the message itself ties it to the conversation that goes.
    let filled = item(IncomingMessage { contact: ann(), ..picture(acme, "3") });
    one_in_the_other(test, vec![filled], vec![tie(acme, "4")]).await;
    assert_joined(test, &["1", "2", "3", "4"]).await;
    let message = test.message(acme, "3").await;
    assert_eq!(message.media.unwrap().conversation_id, Some(message.message.conversation_id));
}

async fn file_for_a_message_that_is_being_moved_finds_it(test: &Test) {
    let acme = test.acme;
    two_contacts(test).await;
    let placeholder = IncomingMessage { placeholder: true, contact: by(None, Some("U1")), ..text(acme, "3") };
    test.ingest(vec![item(placeholder)]).await;
    let filled = item(IncomingMessage { contact: ann(), ..picture(acme, "3") });
    one_in_the_other(test, vec![tie(acme, "4")], vec![filled]).await;
    assert_joined(test, &["1", "2", "3", "4"]).await;
    let message = test.message(acme, "3").await;
    assert_eq!(message.media.unwrap().conversation_id, Some(message.message.conversation_id));
}

async fn message_written_while_its_contact_changes_number_stays(test: &Test) {
    let acme = test.acme;
    two_contacts(test).await;
    let change = renamed(acme, "4", by(None, Some("U1")), by(Some("49"), Some("U1")));
    let message = from(acme, "3", by(Some("49"), None));
    one_in_the_other(test, vec![message], vec![change]).await;
    assert_joined(test, &["1", "2", "3", "4"]).await;
}

async fn message_received_twice_before_its_sender_changes_number_is_one(test: &Test) {
    let acme = test.acme;
    let gate = item(IncomingMessage { contact: ann(), ..outbound(acme, "gate") });
    // Held first, as the older one.
    test.ingest(vec![gate]).await;
    test.ingest(vec![from(acme, "1", by(Some("49"), None))]).await;
    let mut held = test.store.db().begin().await.unwrap();
    let sql = "UPDATE contacts SET user_id = 'U9' WHERE company_id = $1 AND wa_id = '4915550100'";
    assert_eq!(held.execute(sql, args![acme.company]).await.unwrap(), 1);
    let message = || from(acme, "2", by(Some("49"), None));
    // It has seen that the message is not known, and waits for the other contact.
    let again = ingesting(test, vec![message(), item(text(acme, "3"))]).await;
    until_waiting(test, 1).await;
    let (old, new) = (by(Some("49"), None), by(Some("50"), None));
    test.ingest(vec![message()]).await;
    let change = ingesting(test, vec![renamed(acme, "new", old, new)]).await;
    until_waiting(test, 2).await;
    held.commit().await.unwrap();
    again.await.unwrap().unwrap();
    change.await.unwrap().unwrap();
    // It may have met the change when it began once more, and left the rest for later.
    let rest = || vec![message(), item(text(acme, "3"))];
    test.store.ingest(LIMITS, |events| plan(events, rest())).await.unwrap();
    let mut threads = Vec::new();
    for conversation in test.conversations(acme).await {
        threads.push((conversation.contact.wa_id.unwrap(), test.thread(acme, conversation.id).await.len()));
    }
    threads.sort();
    assert_eq!(threads, [("4915550100".to_owned(), 2), ("50".to_owned(), 3)]);
}

async fn joins_of_the_same_contacts_at_once_are_one(test: &Test) {
    two_contacts(test).await;
    one_in_the_other(test, vec![tie(test.acme, "3")], vec![tie(test.acme, "4")]).await;
    assert_joined(test, &["1", "2", "3", "4"]).await;
}

async fn details_of_a_contact_from_two_transactions_add_up(test: &Test) {
    let acme = test.acme;
    test.ingest(vec![
        from(acme, "1", by(Some("49"), None)),
        item(IncomingMessage { contact: ann(), ..outbound(acme, "gate") }),
    ])
    .await;
    let named = ContactKey { name: Some("Bo".into()), ..by(Some("49"), None) };
    one_in_the_other(test, vec![tie(acme, "2")], vec![from(acme, "3", named)]).await;
    assert_joined(test, &["1", "2", "3"]).await;
}

async fn user_id_that_two_transactions_write_at_once_is_written_once(test: &Test) {
    let acme = test.acme;
    test.ingest(vec![
        from(acme, "1", by(Some("49"), None)),
        item(IncomingMessage { contact: ann(), ..outbound(acme, "gate") }),
    ])
    .await;
    // One makes a contact with the user id, the other gives it to a contact that is there: a unique key tells.
    one_in_the_other(test, vec![from(acme, "2", by(None, Some("U1")))], vec![tie(acme, "3")]).await;
    assert_joined(test, &["1", "2", "3"]).await;
}

async fn number_that_two_nodes_record_in_two_spellings_is_one_contact(test: &Test) {
    let acme = test.acme;
    test.ingest(vec![item(IncomingMessage { contact: ann(), ..outbound(acme, "gate") })]).await;
    let nine = from(acme, "1", by(Some("5511987612345"), None));
    let eight = from(acme, "2", by(Some("551187612345"), None));
    one_in_the_other(test, vec![nine], vec![eight]).await;
    let conversations = test.conversations(acme).await;
    assert_eq!(conversations.len(), 2, "{conversations:?}");
    let met = conversations.iter().find(|one| one.contact.wa_id.as_deref() == Some("5511987612345")).unwrap();
    assert_eq!((met.unread_count, test.thread(acme, met.id).await.len()), (2, 2));
}

/// A contact that was known by its user id alone gets its number, while another node records the same number in its other spelling.
async fn number_that_a_contact_learns_while_it_is_recorded_in_another_spelling_is_one_contact(test: &Test) {
    let acme = test.acme;
    test.ingest(vec![
        item(IncomingMessage { contact: ann(), ..outbound(acme, "gate") }),
        from(acme, "1", by(None, Some("U1"))),
    ])
    .await;
    let nine = from(acme, "2", by(Some("5511987612345"), Some("U1")));
    let eight = from(acme, "3", by(Some("551187612345"), None));
    one_in_the_other(test, vec![nine], vec![eight]).await;
    let conversations = test.conversations(acme).await;
    assert_eq!(conversations.len(), 2, "{conversations:?}");
    let met = conversations.iter().find(|one| one.contact.user_id.as_deref() == Some("U1")).unwrap();
    assert_eq!(test.thread(acme, met.id).await.len(), 3);
}

async fn import_follows_a_contact_that_was_joined_meanwhile(test: &Test) {
    let acme = test.acme;
    two_contacts(test).await;
    let closed = close_gate(test).await;
    let joining = ingesting(test, vec![tie(acme, "3"), gate(test)]).await;
    until_waiting(test, 1).await;
    let store = test.store.clone();
    let message = IncomingMessage {
        contact: by(Some("49"), None),
        imported: Some(LegacyMedia::default()),
        ..text(acme, "4")
    };
    let importing = tokio::spawn(async move { store.import_messages(acme.company, vec![message]).await });
    until_waiting(test, 2).await;
    closed.commit().await.unwrap();
    joining.await.unwrap().unwrap();
    assert_eq!(importing.await.unwrap().unwrap(), [true]);
    assert_joined(test, &["1", "2", "3", "4"]).await;
}

/// Every person is met by number, by user id, and then by both, all mixed, on two nodes with two ingesters each.
async fn nodes_that_join_and_write_at_once_lose_nothing(test: &Test) {
    const EVENTS: usize = 240;
    const PEOPLE: i64 = 12;
    let acme = test.acme;
    let make = move |number: i64| {
        let person = number % PEOPLE;
        // Every round meets the same people again under new ids, for two contacts are joined only once.
        let round = number / (4 * PEOPLE);
        let (wa_id, user_id) = (format!("4915{round}{person:02}"), format!("U{round}-{person}"));
        let place = |kind: i64| match kind {
            0 => by(Some(&wa_id), None),
            1 => by(None, Some(&user_id)),
            _ => by(Some(&wa_id), Some(&user_id)),
        };
        let tied = (number / PEOPLE) % 4 == 2;
        let mut items = vec![
            from(acme, &format!("a{number}"), place(number % 2)),
            item(IncomingMessage {
                contact: place((number + 1) % 2),
                ..picture(acme, &format!("b{number}"))
            }),
        ];
        if tied {
            items.push(from(acme, &format!("c{number}"), place(2)));
        }
        items
    };
    on_two_nodes(test, EVENTS, make).await;
    let expected: i64 =
        (1..=i64::try_from(EVENTS).unwrap()).map(|n| i64::try_from(make(n).len()).unwrap()).sum();
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, expected);
    assert_eq!(
        test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM media_files").await,
        i64::try_from(EVENTS).unwrap()
    );
    let elsewhere =
        "SELECT CAST(COUNT(*) AS BIGINT) FROM media_files f JOIN messages m ON m.company_id = f.company_id
        AND m.id = f.message_id WHERE m.conversation_id <> f.conversation_id";
    assert_eq!(test.number(elsewhere).await, 0);
}

on_both!(nodes_that_join_and_write_at_once_lose_nothing);
on_postgres!(
    message_written_while_its_contact_is_joined_moves_too,
    message_after_a_join_follows_its_contact,
    file_added_to_an_old_message_moves_with_it,
    file_for_a_message_that_is_being_moved_finds_it,
    message_written_while_its_contact_changes_number_stays,
    message_received_twice_before_its_sender_changes_number_is_one,
    joins_of_the_same_contacts_at_once_are_one,
    details_of_a_contact_from_two_transactions_add_up,
    user_id_that_two_transactions_write_at_once_is_written_once,
    number_that_two_nodes_record_in_two_spellings_is_one_contact,
    number_that_a_contact_learns_while_it_is_recorded_in_another_spelling_is_one_contact,
    import_follows_a_contact_that_was_joined_meanwhile,
);
