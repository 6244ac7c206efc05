//! Threads and the inbox as people page through them.

use std::time::Duration;

use mediary_core::{ConversationId, MessageId, Scope};
use mediary_testing::START;

use super::harness::Test;
use super::on_both;
use super::rows::{item, picture, text};
use crate::*;

fn page(cursor: Option<Cursor>, limit: u32) -> PageRequest {
    PageRequest { cursor, limit }
}

/// A thread of 50, two of each second.
async fn thread(test: &Test) -> ConversationId {
    let messages = (0..50_u64).map(|number| {
        let timestamp = START.plus(Duration::from_secs(number / 2));
        item(IncomingMessage { timestamp, ..text(test.acme, &format!("m{number}")) })
    });
    test.ingest(messages.collect()).await;
    test.conversation(test.acme).await.id
}

fn numbers(items: &[MessageWithMedia]) -> Vec<u64> {
    let id = |one: &MessageWithMedia| one.message.provider_message_id.clone().unwrap();
    items.iter().map(|one| id(one).trim_start_matches('m').parse().unwrap()).collect()
}

async fn pages_of_a_thread_are_contiguous(test: &Test) {
    let conversation = thread(test).await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let next = test
            .store
            .messages(&Scope::system(test.acme.company), conversation, &page(cursor, 7))
            .await
            .unwrap();
        assert!(next.items.len() <= 7);
        seen.extend(numbers(&next.items));
        // A cursor is text on its way to the client and back.
        cursor = next.next.map(|cursor| cursor.to_string().parse().unwrap());
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..50).rev().collect::<Vec<_>>());
}

async fn full_last_page_has_no_next(test: &Test) {
    let conversation = thread(test).await;
    let all =
        test.store.messages(&Scope::system(test.acme.company), conversation, &page(None, 50)).await.unwrap();
    assert_eq!((all.items.len(), all.next), (50, None));
}

async fn message_is_shown_among_its_neighbours(test: &Test) {
    let conversation = thread(test).await;
    let company = test.acme.company;
    let middle = test.message(test.acme, "m20").await.message.id;
    let around =
        test.store.messages_around(&Scope::system(company), conversation, middle, 10).await.unwrap().unwrap();
    assert_eq!(numbers(&around.items), (16..=25).rev().collect::<Vec<_>>());
    let older =
        test.store.messages(&Scope::system(company), conversation, &page(around.next, 5)).await.unwrap();
    assert_eq!(numbers(&older.items), [15, 14, 13, 12, 11]);

    let newest = test.message(test.acme, "m49").await.message.id;
    let around =
        test.store.messages_around(&Scope::system(company), conversation, newest, 10).await.unwrap().unwrap();
    assert_eq!(numbers(&around.items), (40..50).rev().collect::<Vec<_>>());
    let oldest = test.message(test.acme, "m0").await.message.id;
    let around =
        test.store.messages_around(&Scope::system(company), conversation, oldest, 10).await.unwrap().unwrap();
    assert_eq!((numbers(&around.items), around.next), ((0..=5).rev().collect(), None));
    let alone =
        test.store.messages_around(&Scope::system(company), conversation, middle, 1).await.unwrap().unwrap();
    assert_eq!(numbers(&alone.items), [20]);
    let older =
        test.store.messages(&Scope::system(company), conversation, &page(alone.next, 1)).await.unwrap();
    assert_eq!(numbers(&older.items), [19]);
    let nowhere = test
        .store
        .messages_around(&Scope::system(company), conversation, MessageId(999_999), 10)
        .await
        .unwrap();
    assert!(nowhere.is_none());
}

async fn media_comes_with_its_message(test: &Test) {
    test.ingest(vec![item(picture(test.acme, "m1")), item(text(test.acme, "m2"))]).await;
    let conversation = test.conversation(test.acme).await.id;
    let thread = test
        .store
        .messages(&Scope::system(test.acme.company), conversation, &PageRequest::default())
        .await
        .unwrap();
    let has_media: Vec<bool> = thread.items.iter().map(|one| one.media.is_some()).collect();
    assert_eq!(has_media, [false, true]);
}

/// Conversations with four people, Dora's the newest.
async fn inbox(test: &Test) {
    let people = [("4911", "Änne Ä"), ("4922", "Bo_b"), ("4933", "Carl 100%"), ("4944", "Dora")];
    let messages = people.iter().zip(0..).map(|((wa_id, name), minutes)| {
        let contact = ContactKey {
            wa_id: Some((*wa_id).into()),
            phone: Some(format!("+{wa_id}")),
            name: Some((*name).into()),
            ..ContactKey::default()
        };
        let timestamp = START.plus(Duration::from_secs(minutes * 60));
        item(IncomingMessage { contact, timestamp, ..text(test.acme, wa_id) })
    });
    test.ingest(messages.collect()).await;
}

async fn found(test: &Test, search: &str) -> Vec<String> {
    let query = ConversationQuery { search: Some(search.into()), ..ConversationQuery::default() };
    let page = test.store.conversations(&Scope::system(test.acme.company), &query).await.unwrap();
    page.items.into_iter().map(|one| one.contact.wa_id.unwrap()).collect()
}

async fn conversations_are_listed_in_pages_by_newest_activity(test: &Test) {
    inbox(test).await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let query = ConversationQuery { page: page(cursor, 3), search: None };
        let next = test.store.conversations(&Scope::system(test.acme.company), &query).await.unwrap();
        seen.extend(next.items.into_iter().map(|one| one.contact.wa_id.unwrap()));
        cursor = next.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["4944", "4933", "4922", "4911"]);
}

async fn search_finds_names_and_numbers_and_nothing_else(test: &Test) {
    inbox(test).await;
    assert_eq!(found(test, "ÄNNE").await, ["4911"]);
    assert_eq!(found(test, "or").await, ["4944"]);
    assert_eq!(found(test, "+49 (2)2").await, ["4922"]);
    assert_eq!(found(test, "49").await.len(), 4);
    assert_eq!(found(test, "o_b").await, ["4922"], "no wildcard");
    assert_eq!(found(test, "100%").await, ["4933"]);
    assert_eq!(found(test, "%").await, ["4933"]);
    assert_eq!(found(test, r"\").await, [""; 0]);
    assert_eq!(found(test, "nobody").await, [""; 0]);
    for odd in ["\"", "a\"b\"c", "'; --", "NEAR(a b)", "abc OR 49", "a\u{1F984}\u{1F984}b"] {
        assert_eq!(found(test, odd).await, [""; 0], "{odd}");
    }
}

async fn search_follows_a_contact_that_changes(test: &Test) {
    inbox(test).await;
    let searching = async |text: &str, at: u64| {
        let page = page(None, 1);
        let query = ConversationQuery { page, search: Some(text.into()) };
        let first = test.store.conversations(&Scope::system(test.acme.company), &query).await.unwrap();
        assert_eq!(first.items.len() as u64, at, "{text}");
        first
    };
    // Page by page, and by the index: three letters or more.
    searching("49", 1).await;
    test.sql("UPDATE contacts SET search_text = 'otto ' || search_text").await.unwrap();
    let first = searching("otto", 1).await;
    let query = ConversationQuery { page: page(first.next, 1), search: Some("OTTO".into()) };
    let second = test.store.conversations(&Scope::system(test.acme.company), &query).await.unwrap();
    assert_ne!(first.items[0].id, second.items[0].id);
    test.sql("UPDATE contacts SET search_text = 'ute' WHERE wa_id <> '4911'").await.unwrap();
    assert_eq!(found(test, "otto").await, ["4911"]);
    assert_eq!(found(test, "ute").await, ["4944", "4933", "4922"]);
    test.sql("DELETE FROM contacts WHERE wa_id = '4933'").await.unwrap();
    assert_eq!(found(test, "ute").await, ["4944", "4922"]);
    assert!(found(test, "nne").await.len() <= 1);
}

on_both!(
    pages_of_a_thread_are_contiguous,
    full_last_page_has_no_next,
    message_is_shown_among_its_neighbours,
    media_comes_with_its_message,
    conversations_are_listed_in_pages_by_newest_activity,
    search_finds_names_and_numbers_and_nothing_else,
    search_follows_a_contact_that_changes,
);
