//! The message that a receipt names.

use std::time::Duration;

use mediary_core::{Direction, MessageType, Scope, Visibility};
use mediary_testing::START;

use super::harness::Test;
use super::on_both;
use super::rows::{item, text};
use super::sends::queue;
use crate::*;

const SECOND: Duration = Duration::from_secs(1);

/// What is ours and what is a reaction is passed over.
async fn newest_message_of_a_person_is_found_among_others(test: &Test) {
    let (store, scope) = (&test.store, Scope::system(test.acme.company));
    let late =
        |id, seconds: u32| IncomingMessage { timestamp: START.plus(SECOND * seconds), ..text(test.acme, id) };
    // The newest by WhatsApp's time, and not by arrival.
    test.ingest(vec![item(late("m2", 2)), item(late("m1", 1))]).await;
    let conversation = test.message(test.acme, "m1").await.message.conversation_id;
    let newest = async || store.newest_incoming(&scope, conversation).await.unwrap();
    let found = newest().await.unwrap();
    assert_eq!((found.provider_message_id.as_str(), found.sent_at), ("m2", START.plus(SECOND * 2)));
    assert_eq!(found.account_id, test.acme.account);
    let reaction = IncomingMessage {
        message_type: MessageType::Reaction,
        text: None,
        reaction: Some(Reaction { target: "m1".into(), emoji: Some("👍".into()) }),
        ..late("r1", 3)
    };
    let echo = IncomingMessage { direction: Direction::Outbound, ..late("e1", 4) };
    test.ingest(vec![item(reaction), item(echo)]).await;
    queue(test, test.acme, conversation).await;
    assert_eq!(newest().await, Some(found));
    let nobody = Scope::new(test.acme.company, Visibility::Conversations([].into()));
    for scope in [Scope::system(test.other.company), nobody] {
        assert_eq!(store.newest_incoming(&scope, conversation).await.unwrap(), None);
    }
}

async fn thread_of_ours_alone_has_none(test: &Test) {
    let echo = IncomingMessage { direction: Direction::Outbound, ..text(test.acme, "e1") };
    test.ingest(vec![item(echo)]).await;
    let conversation = test.message(test.acme, "e1").await.message.conversation_id;
    let scope = Scope::system(test.acme.company);
    assert_eq!(test.store.newest_incoming(&scope, conversation).await.unwrap(), None);
}

on_both!(newest_message_of_a_person_is_found_among_others, thread_of_ours_alone_has_none);
