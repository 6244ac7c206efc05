//! The search over messages and conversations.

use std::time::Duration;

use mediary_core::{MessageType, Scope, Visibility, WordQuery};
use mediary_testing::START;

use super::edits::revoke;
use super::harness::Test;
use super::joins::until_waiting;
use super::rows::{Tenant, item, picture, text};
use super::searched_lists::index;
use super::{on_both, on_postgres};
use crate::*;

/// More messages than a search looks at before it asks the index.
const MANY: u64 = 4100;

fn said(tenant: Tenant, id: &str, words: &str, at: u64) -> IncomingMessage {
    let timestamp = START.plus(Duration::from_secs(at));
    IncomingMessage { text: Some(words.into()), timestamp, ..text(tenant, id) }
}

async fn found_by(test: &Test, scope: &Scope, typed: &str) -> Vec<String> {
    let words = WordQuery::new(typed).unwrap();
    let (mut seen, mut page) = (Vec::new(), PageRequest { cursor: None, limit: 2 });
    loop {
        let found = test.store.search_messages(scope, &words, &page).await.unwrap();
        seen.extend(found.items.into_iter().map(|one| one.message.provider_message_id.unwrap()));
        page.cursor = found.next.map(|cursor| cursor.to_string().parse().unwrap());
        if page.cursor.is_none() {
            return seen;
        }
    }
}

async fn found(test: &Test, typed: &str) -> Vec<String> {
    found_by(test, &Scope::system(test.acme.company), typed).await
}

async fn many(test: &Test) {
    for batch in (0..MANY).collect::<Vec<_>>().chunks(1000) {
        let plain = batch.iter().map(|n| item(said(test.acme, &format!("plain-{n}"), "plain talk", 100 + n)));
        test.ingest(plain.collect()).await;
    }
}

async fn old_messages_are_found_behind_very_many_others(test: &Test) {
    let contact = ContactKey { wa_id: Some("777".into()), ..ContactKey::default() };
    let stranger = IncomingMessage { contact, ..said(test.acme, "b", "die RECHNUNG an Zoë", 2) };
    let caption = IncomingMessage { caption: Some("Rechnung im Bild".into()), ..picture(test.acme, "c") };
    // The newest by arrival is the oldest by WhatsApp's time.
    let items = [said(test.acme, "a", "rechnung 2024: 你好世界 مرحبا", 3), stranger, caption];
    test.ingest(items.map(item).to_vec()).await;
    many(test).await;
    test.ingest(vec![item(said(test.acme, "new", "noch eine Rechnung", 90_000))]).await;
    assert_eq!(found(test, "rechnung").await, ["new"], "before the index has the others");
    index(test).await;
    assert_eq!(found(test, "rechnung").await, ["new", "a", "b", "c"]);
    for (typed, ids) in [
        ("RECH", &["new", "a", "b", "c"][..]),
        ("rechnung zoe", &["b"]),
        ("世界", &["a"]),
        ("مَرْحَبًا", &["a"]),
        ("2024 rechnung", &["a"]),
        ("202 rechnung", &[]),
        ("bild", &["c"]),
        ("chnung", &[]),
    ] {
        assert_eq!(found(test, typed).await, ids, "{typed}");
    }
    assert_eq!(found(test, "plain").await.len() as u64, MANY);
    let own = test.message(test.acme, "b").await.message.conversation_id;
    let seeing = Scope::new(test.acme.company, Visibility::Conversations([own].into()));
    assert_eq!(found_by(test, &seeing, "rechnung").await, ["b"]);
    assert!(found_by(test, &Scope::system(test.other.company), "rechnung").await.is_empty());
}

/// What very many have, but next to none of the newest, comes in pages that may be empty and lead to the end.
async fn words_of_very_many_old_messages_are_found_in_short_pages(test: &Test) {
    many(test).await;
    for batch in (0..MANY + 300).collect::<Vec<_>>().chunks(1000) {
        let newer =
            batch.iter().map(|n| item(said(test.acme, &format!("newer-{n}"), "other words", 10_000 + n)));
        test.ingest(newer.collect()).await;
    }
    index(test).await;
    let (scope, words) = (Scope::system(test.acme.company), WordQuery::new("talk").unwrap());
    let mut page = PageRequest { cursor: None, limit: 100 };
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let found = test.store.search_messages(&scope, &words, &page).await.unwrap();
        assert!(
            pages > 0 || (found.items.is_empty() && found.next.is_some()),
            "four thousand others are newer"
        );
        seen.extend(found.items.into_iter().map(|one| one.message.provider_message_id.unwrap()));
        pages += 1;
        page.cursor = found.next;
        if page.cursor.is_none() {
            break;
        }
    }
    let all: Vec<String> = (0..MANY).rev().map(|n| format!("plain-{n}")).collect();
    assert!(seen == all, "each once and in order: {} of {MANY}", seen.len());
}

async fn what_was_taken_back_changed_or_erased_is_not_found(test: &Test) {
    let items = [said(test.acme, "a", "secret word", 1), said(test.acme, "b", "secret word", 2)];
    test.ingest(items.map(item).to_vec()).await;
    many(test).await;
    index(test).await;
    assert_eq!(found(test, "secret").await, ["b", "a"]);
    test.ingest(vec![revoke(test.acme, "a")]).await;
    assert_eq!(found(test, "secret").await, ["b"], "at once");
    test.sql("UPDATE messages SET text = 'public word' WHERE provider_message_id = 'b'").await.unwrap();
    index(test).await;
    assert_eq!((found(test, "secret").await.len(), found(test, "public").await), (0, vec!["b".to_owned()]));
    let indexed = "SELECT CAST(COUNT(*) AS BIGINT) FROM message_words";
    assert_eq!(test.number(indexed).await, i64::try_from(MANY).unwrap() + 1);
    test.sql("DELETE FROM messages WHERE provider_message_id = 'b'").await.unwrap();
    assert_eq!(
        (test.number(indexed).await, found(test, "public").await.len()),
        (i64::try_from(MANY).unwrap(), 0)
    );
}

async fn conversations_are_found_by_their_contact(test: &Test) {
    let contact = |number: u64, name: Option<&str>| ContactKey {
        wa_id: Some(format!("4915{number:06}")),
        phone: Some(format!("+4915{number:06}")),
        name: name.map(str::to_owned),
        ..ContactKey::default()
    };
    let from = |contact, id: String, at| item(IncomingMessage { contact, ..said(test.acme, &id, "x", at) });
    test.ingest(vec![from(contact(1, Some("José 山田")), "jose".into(), 1)]).await;
    for batch in (10..10 + MANY).collect::<Vec<_>>().chunks(1000) {
        test.ingest(batch.iter().map(|n| from(contact(*n, None), format!("m{n}"), *n)).collect()).await;
    }
    index(test).await;
    let names = async |scope: &Scope, typed: &str| -> Vec<Option<String>> {
        let words = WordQuery::new(typed).unwrap();
        let page = test.store.search_conversations(scope, &words, &PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|one| one.contact.name).collect()
    };
    let scope = Scope::system(test.acme.company);
    for typed in ["jose", "山田 jos", "4915000001"] {
        assert_eq!(names(&scope, typed).await, [Some("José 山田".to_owned())], "{typed}");
    }
    assert_eq!(names(&scope, "4915").await.len(), 20);
    assert!(names(&scope, "josefine").await.is_empty());
    assert!(names(&Scope::system(test.other.company), "jose").await.is_empty());
}

async fn reactions_are_not_found(test: &Test) {
    let reaction = IncomingMessage {
        message_type: MessageType::Reaction,
        reaction: Some(Reaction { target: "a".into(), emoji: Some("👍".into()) }),
        ..said(test.acme, "r", "word", 2)
    };
    test.ingest(vec![item(said(test.acme, "a", "word", 1)), item(reaction)]).await;
    assert_eq!(found(test, "word").await, ["a"]);
}

async fn message_that_is_being_removed_is_waited_for(test: &Test) {
    test.ingest(vec![item(said(test.acme, "a", "word", 1)), item(said(test.acme, "b", "word", 2))]).await;
    let mut removing = test.store.db().begin().await.unwrap();
    removing.execute("DELETE FROM messages WHERE provider_message_id = 'a'", vec![]).await.unwrap();
    let store = test.store.clone();
    let indexing = tokio::spawn(async move { store.index_changes(100).await });
    until_waiting(test, 1).await;
    removing.commit().await.unwrap();
    indexing.await.unwrap().unwrap();
    assert_eq!(found(test, "word").await, ["b"]);
}

on_both!(
    old_messages_are_found_behind_very_many_others,
    words_of_very_many_old_messages_are_found_in_short_pages,
    what_was_taken_back_changed_or_erased_is_not_found,
    conversations_are_found_by_their_contact,
    reactions_are_not_found,
);
on_postgres!(message_that_is_being_removed_is_waited_for);
