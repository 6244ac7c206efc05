//! Where messages of ours go: conversations that are there, that are opened, and several at once.

use std::time::Duration;

use futures_util::future::join_all;
use mediary_core::{AccountId, ConversationId, MessageType, Scope, Visibility};

use super::harness::{Test, new_account};
use super::rows::{Tenant, item, text};
use super::sends::{claim, conversation, ids, new_text, queue};
use super::{on_both, on_postgres};
use crate::*;

/// How long a race may take; on a busy machine it takes some seconds.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

fn number(wa_id: &str) -> ContactKey {
    ContactKey { wa_id: Some(wa_id.into()), phone: Some(wa_id.into()), ..ContactKey::default() }
}

fn to(account: AccountId, contact: ContactKey) -> NewSend {
    NewSend { destination: Destination::Contact(account, contact), ..new_text(ConversationId(0)) }
}

async fn send(test: &Test, contact: ContactKey) -> QueuedSend {
    let new = to(test.acme.account, contact);
    test.store.queue_send(&Scope::system(test.acme.company), &new).await.unwrap()
}

/// A message arrives from somebody; the conversation that it is in.
async fn arrived(test: &Test, id: &str, contact: ContactKey) -> ConversationId {
    test.ingest(vec![item(IncomingMessage { contact, ..text(test.acme, id) })]).await;
    test.message(test.acme, id).await.message.conversation_id
}

async fn count(test: &Test, table: &str) -> i64 {
    test.number(&format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table}")).await
}

async fn conversation_is_opened_where_there_is_none(test: &Test) {
    let first = send(test, number("4915550100")).await;
    let opened = test.conversation(test.acme).await;
    assert_eq!((opened.id, opened.account_id), (first.conversation_id, test.acme.account));
    assert_eq!(opened.contact.wa_id.as_deref(), Some("4915550100"));
    let last = opened.last_message.map(|last| last.message.id);
    assert_eq!((last, opened.last_message_at), (Some(first.message_id), test.now()));
    assert_eq!(send(test, number("4915550100")).await.conversation_id, first.conversation_id);
    assert_eq!(arrived(test, "reply", number("4915550100")).await, first.conversation_id);
    let claimed = claim(test).await;
    assert_eq!((ids(&claimed), claimed[0].wa_id.as_deref()), (vec![first.message_id], Some("4915550100")));
}

async fn contact_that_is_known_is_used_in_either_spelling(test: &Test) {
    for (number, (known, written)) in
        [("551187612345", "5511987612345"), ("5215512345678", "525512345678"), ("4915550100", "4915550100")]
            .into_iter()
            .enumerate()
    {
        let named = ContactKey { name: Some("Ann".into()), ..self::number(known) };
        let conversation = arrived(test, &format!("m{number}"), named).await;
        let queued = send(test, self::number(written)).await;
        assert_eq!(queued.conversation_id, conversation, "{written}");
        let scope = Scope::system(test.acme.company);
        let shown = test.store.conversation(&scope, conversation).await.unwrap().unwrap().contact;
        assert_eq!((shown.wa_id.as_deref(), shown.name.as_deref()), (Some(known), Some("Ann")));
    }
}

async fn people_without_a_number_and_groups_have_conversations_too(test: &Test) {
    let person = ContactKey { user_id: Some("US.1".into()), ..ContactKey::default() };
    let group = ContactKey { group: true, phone: None, ..number("Y2FwaV9ncm91cDo1") };
    let (to_person, to_group) = (send(test, person.clone()).await, send(test, group.clone()).await);
    let claimed = claim(test).await;
    assert_eq!(ids(&claimed), [to_person.message_id, to_group.message_id]);
    assert_eq!((claimed[0].wa_id.as_deref(), claimed[0].user_id.as_deref()), (None, Some("US.1")));
    assert_eq!((claimed[1].wa_id.as_deref(), claimed[1].is_group), (Some("Y2FwaV9ncm91cDo1"), true));
    assert!(!claimed[0].is_group);
    assert_eq!(arrived(test, "m1", person).await, to_person.conversation_id);
    assert_eq!(arrived(test, "m2", group).await, to_group.conversation_id);
}

async fn each_account_has_its_own_conversation_with_a_contact(test: &Test) {
    let acme = test.acme;
    let second = test.store.add_account(acme.company, &new_account("second"), &Actor::command_line()).await;
    let of_second = Tenant { account: second.unwrap().id, ..acme };
    let scope = Scope::system(acme.company);
    let mut queued = Vec::new();
    for tenant in [acme, of_second] {
        let one = test.store.queue_send(&scope, &to(tenant.account, number("491"))).await.unwrap();
        queued.push(one.conversation_id);
    }
    assert_ne!(queued[0], queued[1]);
    assert_eq!((count(test, "contacts").await, count(test, "conversations").await), (1, 2));
    let accounts: Vec<AccountId> = claim(test).await.iter().map(|one| one.account_id).collect();
    assert_eq!(accounts, [acme.account, of_second.account], "each leaves by its own number");
    for (tenant, conversation) in [acme, of_second].into_iter().zip(queued) {
        let found = test.store.conversation_with(&scope, tenant.account, &number("491")).await.unwrap();
        assert_eq!(found, Some(conversation));
    }
}

async fn nothing_is_opened_by_senders_who_may_not(test: &Test) {
    let acme = test.acme;
    let own = conversation(test, acme, "491").await;
    let sees = |ids: &[ConversationId]| Scope::new(acme.company, Visibility::Conversations(ids.into()));
    let refused = async |scope: &Scope, new: NewSend| {
        let error = test.store.queue_send(scope, &new).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound, "{error:?}");
    };
    refused(&Scope::system(acme.company), to(test.other.account, number("492"))).await;
    refused(&Scope::system(acme.company), to(AccountId(999), number("492"))).await;
    refused(&sees(&[own]), to(acme.account, number("492"))).await;
    refused(&sees(&[]), to(acme.account, number("491"))).await;
    assert_eq!((count(test, "contacts").await, count(test, "conversations").await), (1, 1));
    assert_eq!(count(test, "sends").await, 0);
    let seen = test.store.queue_send(&sees(&[own]), &to(acme.account, number("491"))).await.unwrap();
    assert_eq!(seen.conversation_id, own);
    for (scope, found) in
        [(sees(&[own]), Some(own)), (sees(&[]), None), (Scope::system(test.other.company), None)]
    {
        assert_eq!(test.store.conversation_with(&scope, acme.account, &number("491")).await.unwrap(), found);
    }
}

/// Senders on two nodes write to the same new people at the same moment, in both spellings, while these write, too.
async fn senders_at_once_open_one_conversation(test: &Test) {
    const ROUNDS: usize = 12;
    let acme = test.acme;
    let nodes = [test.another_node().await, test.another_node().await];
    let scope = Scope::system(acme.company);
    for round in 0..ROUNDS {
        let spellings = [format!("55119876{round:05}"), format!("5511876{round:05}")];
        let senders = (0..8).map(|sender| {
            let (node, scope) = (nodes[sender % 2].clone(), scope.clone());
            let new = to(acme.account, number(&spellings[sender % 2]));
            tokio::spawn(async move { node.queue_send(&scope, &new).await })
        });
        let senders: Vec<_> = senders.collect();
        let from = number(&spellings[0]);
        let arriving =
            test.ingest(vec![item(IncomingMessage { contact: from, ..text(acme, &format!("m{round}")) })]);
        let (sent, _) = tokio::join!(tokio::time::timeout(ENDS_WITHIN, join_all(senders)), arriving);
        let mut found = vec![test.message(acme, &format!("m{round}")).await.message.conversation_id];
        for one in sent.expect("none waits for ever") {
            found.push(one.unwrap().unwrap().conversation_id);
        }
        assert!(found.iter().all(|id| *id == found[0]), "{found:?}");
    }
    let rounds = i64::try_from(ROUNDS).unwrap();
    assert_eq!((count(test, "contacts").await, count(test, "conversations").await), (rounds, rounds));
    assert_eq!(count(test, "sends").await, 8 * rounds);
    for node in nodes {
        node.close().await;
    }
}

async fn several_messages_are_queued_together_or_not_at_all(test: &Test) {
    let acme = test.acme;
    let mut conversations = Vec::new();
    for number in 0..4 {
        conversations.push(conversation(test, acme, &format!("49{number}")).await);
    }
    let scope = Scope::system(acme.company);
    let before = queue(test, acme, conversations[2]).await;
    // Not in the order of their ids.
    let order = [3, 0, 2].map(|index| conversations[index]);
    let new = |ids: &[ConversationId]| {
        ids.iter().map(|id| NewSend { forwarded: true, ..new_text(*id) }).collect::<Vec<_>>()
    };
    let queued = test.store.queue_sends(&scope, &new(&order)).await.unwrap();
    assert_eq!(queued.iter().map(|one| one.conversation_id).collect::<Vec<_>>(), order);
    for one in &queued {
        let message = test.store.message(&scope, one.message_id).await.unwrap().unwrap().message;
        assert_eq!((message.conversation_id, message.message_type), (one.conversation_id, MessageType::Text));
        assert!(message.forwarded);
    }
    let claimed = ids(&claim(test).await);
    assert!(
        claimed.contains(&before) && !claimed.contains(&queued[2].message_id),
        "in their conversation's order"
    );
    let others = conversation(test, test.other, "491").await;
    let count_before = count(test, "messages").await;
    let seen = Scope::new(acme.company, Visibility::Conversations([conversations[0]].into()));
    for (scope, ids) in [(&scope, [conversations[0], others]), (&seen, [conversations[0], conversations[1]])]
    {
        let error = test.store.queue_sends(scope, &new(&ids)).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound, "{error:?}");
    }
    assert_eq!(count(test, "messages").await, count_before, "not even the first");
}

/// Two nodes queue for the same conversations in opposite orders, again and again.
async fn messages_queued_together_wait_for_each_other_in_no_circle(test: &Test) {
    const ROUNDS: usize = 40;
    let mut order = Vec::new();
    for number in 0..6 {
        order.push(conversation(test, test.acme, &format!("49{number}")).await);
    }
    let nodes = [test.another_node().await, test.another_node().await];
    let scope = Scope::system(test.acme.company);
    let senders = nodes.iter().map(|node| {
        order.reverse();
        let all: Vec<NewSend> = order.iter().map(|id| new_text(*id)).collect();
        let (node, scope) = (node.clone(), scope.clone());
        tokio::spawn(async move {
            for _ in 0..ROUNDS {
                node.queue_sends(&scope, &all).await.unwrap();
            }
        })
    });
    let senders: Vec<_> = senders.collect();
    for ended in tokio::time::timeout(ENDS_WITHIN, join_all(senders)).await.unwrap() {
        ended.unwrap();
    }
    assert_eq!(count(test, "sends").await, 2 * 6 * 40);
    for node in nodes {
        node.close().await;
    }
}

on_both!(
    conversation_is_opened_where_there_is_none,
    contact_that_is_known_is_used_in_either_spelling,
    people_without_a_number_and_groups_have_conversations_too,
    each_account_has_its_own_conversation_with_a_contact,
    nothing_is_opened_by_senders_who_may_not,
    senders_at_once_open_one_conversation,
    several_messages_are_queued_together_or_not_at_all,
);
on_postgres!(messages_queued_together_wait_for_each_other_in_no_circle);
