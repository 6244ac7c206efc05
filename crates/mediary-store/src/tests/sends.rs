//! Messages of ours as jobs: claimed in turns, in the order of their conversation, and ended once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mediary_core::{
    AccountStatus, ConversationId, ErrorCode, MessageId, MessageStatus, MessageType, Scope, Timestamp,
};

use super::harness::{TOKEN, Test, add_tenant, new_account, renamed};
use super::joins::until_waiting;
use super::rows::{Tenant, item, text};
use super::{on_both, on_postgres};
use crate::*;

pub(super) const LEASE: Duration = Duration::from_secs(30);
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// A conversation of a person with a company's account.
pub(super) async fn conversation(test: &Test, tenant: Tenant, wa_id: &str) -> ConversationId {
    let contact = ContactKey { wa_id: Some(wa_id.into()), ..ContactKey::default() };
    let id = format!("of {wa_id} with {}", tenant.account);
    test.ingest(vec![item(IncomingMessage { contact, ..text(tenant, &id) })]).await;
    test.message(tenant, &id).await.message.conversation_id
}

pub(super) fn new_text(conversation: ConversationId) -> NewSend {
    NewSend {
        destination: Destination::Conversation(conversation),
        message_type: MessageType::Text,
        text: Some("hello".into()),
        caption: None,
        reply_to: None,
        forwarded: false,
        reaction: None,
        file: None,
        client_id: None,
        upload: None,
        created_by: None,
        content: "{\"text\":\"hello\"}".into(),
    }
}

pub(super) async fn queue(test: &Test, tenant: Tenant, conversation: ConversationId) -> MessageId {
    let scope = Scope::system(tenant.company);
    test.store.queue_send(&scope, &new_text(conversation)).await.unwrap().message_id
}

pub(super) fn limits(batch: usize) -> SendLimits {
    SendLimits { batch, per_company: 500, per_account: 16, lease: LEASE, only: None }
}

pub(super) async fn claim(test: &Test) -> Vec<ClaimedSend> {
    test.store.claim_sends("sender", &limits(16)).await.unwrap()
}

pub(super) fn ids(claimed: &[ClaimedSend]) -> Vec<MessageId> {
    claimed.iter().map(|one| one.message_id).collect()
}

/// Claims the only message that is due.
pub(super) async fn claim_one(test: &Test) -> ClaimedSend {
    let mut claimed = claim(test).await;
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

pub(super) async fn message(test: &Test, tenant: Tenant, id: MessageId) -> Message {
    test.store.message(&Scope::system(tenant.company), id).await.unwrap().unwrap().message
}

pub(super) async fn status_of(test: &Test, id: MessageId) -> MessageStatus {
    message(test, test.acme, id).await.status
}

pub(super) async fn finish(test: &Test, claimed: &ClaimedSend) {
    let id = format!("sent-{}", claimed.message_id);
    assert!(test.store.mark_asked(claimed).await.unwrap());
    assert!(test.store.finish_send(claimed, &id).await.unwrap().is_some());
}

async fn message_is_claimed_once_and_ends_once(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let id = queue(test, test.acme, ann).await;
    assert_eq!(status_of(test, id).await, MessageStatus::Queued);
    let claimed = claim_one(test).await;
    assert!(claim(test).await.is_empty());
    assert_eq!((claimed.message_id, claimed.conversation_id, claimed.attempts), (id, ann, 1));
    assert_eq!((claimed.wa_id.as_deref(), claimed.content.as_str()), (Some("491"), "{\"text\":\"hello\"}"));
    assert!(!claimed.asked && !claimed.is_group);
    assert!(test.store.renew_send(&claimed, test.now().plus(MINUTE)).await.unwrap());
    assert!(test.store.send_uploading(&claimed).await.unwrap());
    assert_eq!(status_of(test, id).await, MessageStatus::Uploading);
    finish(test, &claimed).await;
    let sent = message(test, test.acme, id).await;
    assert_eq!(
        (sent.status, sent.provider_message_id),
        (MessageStatus::Accepted, Some(format!("sent-{id}")))
    );
    assert_eq!(test.store.finish_send(&claimed, "again").await.unwrap(), None);
    assert!(!test.store.fail_send(&claimed, 1, "no").await.unwrap());
    assert!(!test.store.renew_send(&claimed, test.now().plus(MINUTE)).await.unwrap());
    assert!(claim(test).await.is_empty());
}

async fn messages_of_a_conversation_leave_one_by_one_in_order(test: &Test) {
    let (ann, ben) = (conversation(test, test.acme, "491").await, conversation(test, test.acme, "492").await);
    let mut of_ann = Vec::new();
    for _ in 0..4 {
        of_ann.push(queue(test, test.acme, ann).await);
    }
    let of_ben = queue(test, test.acme, ben).await;
    let awake = "SELECT CAST(COUNT(*) AS BIGINT) FROM sends WHERE due_at IS NOT NULL";
    assert_eq!(test.number(awake).await, 2, "what waits behind another sleeps");
    let first = claim(test).await;
    assert_eq!(ids(&first), [of_ann[0], of_ben]);
    finish(test, &first[0]).await;
    let second = claim_one(test).await;
    assert_eq!(second.message_id, of_ann[1]);
    let until = test.now().plus(MINUTE);
    assert!(test.store.put_off_send(&second, until, false).await.unwrap());
    assert!(claim(test).await.is_empty(), "nobody overtakes it");
    let other = queue(test, test.acme, conversation(test, test.acme, "493").await).await;
    assert_eq!(ids(&claim(test).await), [other], "it holds up no other conversation");
    test.clock.advance(MINUTE);
    let again = claim_one(test).await;
    assert_eq!((again.message_id, again.attempts, again.asked), (of_ann[1], 1, false), "refunded");
    assert!(test.store.fail_send(&again, 131_026, "not on WhatsApp").await.unwrap());
    let failed = message(test, test.acme, of_ann[1]).await;
    let error = MessageError { code: 131_026, message: "not on WhatsApp".into() };
    assert_eq!((failed.status, failed.error), (MessageStatus::Failed, Some(error)));
    let third = claim_one(test).await;
    assert_eq!(third.message_id, of_ann[2], "a failure ends the wait, too");
    assert!(test.store.mark_asked(&third).await.unwrap() && test.store.settle_unknown(&third).await.unwrap());
    assert_eq!(claim_one(test).await.message_id, of_ann[3]);
}

async fn message_sent_again_waits_for_what_is_being_sent(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let (first, second) = (queue(test, test.acme, ann).await, queue(test, test.acme, ann).await);
    assert!(test.store.fail_send(&claim_one(test).await, 1, "no").await.unwrap());
    let running = claim_one(test).await;
    assert_eq!(running.message_id, second);
    let retried = test.store.retry_send(&Scope::system(test.acme.company), first).await.unwrap();
    assert_eq!(retried, RetriedSend::Queued(ann));
    let third = queue(test, test.acme, ann).await;
    assert!(claim(test).await.is_empty());
    finish(test, &running).await;
    let again = claim_one(test).await;
    assert_eq!((again.message_id, again.attempts), (first, 1));
    finish(test, &again).await;
    assert_eq!(claim_one(test).await.message_id, third);
}

async fn joined_conversations_leave_in_one_order(test: &Test) {
    let (old, new) = (conversation(test, test.acme, "491").await, conversation(test, test.acme, "492").await);
    let mut all = Vec::new();
    for conversation in [old, new, old, new] {
        all.push(queue(test, test.acme, conversation).await);
    }
    let key = |wa_id: &str| ContactKey { wa_id: Some(wa_id.into()), ..ContactKey::default() };
    test.ingest(vec![renamed(test.acme, "change", key("491"), key("492"))]).await;
    assert_eq!(test.conversations(test.acme).await.len(), 1);
    let mut sent = Vec::new();
    while sent.len() < all.len() {
        let one = claim_one(test).await;
        finish(test, &one).await;
        sent.push(one.message_id);
    }
    assert_eq!(sent, all);
}

async fn companies_take_turns(test: &Test) {
    let mut companies = Vec::new();
    for (slug, messages) in [("large", 4), ("second", 2), ("third", 1)] {
        let tenant = add_tenant(&test.store, slug).await;
        for number in 0..messages {
            let with = conversation(test, tenant, &format!("49{number}")).await;
            queue(test, tenant, with).await;
        }
        companies.push(tenant.company);
        test.clock.advance(MINUTE);
    }
    let served = async |batch: usize| {
        let claimed = test.store.claim_sends("sender", &limits(batch)).await.unwrap();
        let of = |company: &_| claimed.iter().filter(|one| one.company_id == *company).count();
        companies.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(served(1).await, [1, 0, 0]);
    assert_eq!(served(1).await, [0, 1, 0], "though the first one waits longer");
    assert_eq!(served(1).await, [0, 0, 1]);
    assert_eq!(served(4).await, [3, 1, 0], "a share each, then the rest");
    assert_eq!(served(4).await, [0, 0, 0]);
}

async fn account_sends_so_many_at_once_and_none_while_it_pauses(test: &Test) {
    let (store, acme) = (&test.store, test.acme);
    let by = Actor::command_line();
    let second = store.add_account(acme.company, &new_account("second"), &by).await.unwrap().id;
    let of_second = Tenant { account: second, ..acme };
    for tenant in [acme, of_second] {
        for number in 0..4 {
            let with = conversation(test, tenant, &format!("49{number}")).await;
            queue(test, tenant, with).await;
        }
    }
    let claimed = async |limits: SendLimits| {
        let claimed = store.claim_sends("sender", &limits).await.unwrap();
        let of = |account| claimed.iter().filter(|one| one.account_id == account).count();
        (of(acme.account), of(second))
    };
    let few = SendLimits { per_account: 2, ..limits(16) };
    let until = test.now().plus(MINUTE);
    let paused =
        store.pause_account(acme.company, acme.account, &TOKEN, until, ErrorCode::RateLimited, "slow");
    assert!(paused.await.unwrap());
    assert_eq!(claimed(few).await, (0, 2));
    test.clock.advance(MINUTE);
    assert_eq!(claimed(few).await, (2, 0), "the pause is over");
    assert_eq!(claimed(few).await, (0, 0), "both send two");
    let token = AccountPatch { status: Some(AccountStatus::NeedsToken), ..AccountPatch::default() };
    store.update_account(acme.company, second, &token, &by).await.unwrap();
    assert_eq!(claimed(limits(16)).await, (2, 0), "without a token nothing is sent");
}

async fn holder_whose_lease_was_taken_away_changes_nothing(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let id = queue(test, test.acme, ann).await;
    let first = claim_one(test).await;
    test.clock.advance(LEASE + Duration::from_millis(1));
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
    let second = claim_one(test).await;
    assert_eq!((second.attempts, second.lease.number), (2, first.lease.number + 1));
    let store = &test.store;
    assert!(!store.renew_send(&first, test.now().plus(MINUTE)).await.unwrap());
    assert!(!store.send_uploading(&first).await.unwrap() && !store.mark_asked(&first).await.unwrap());
    assert!(store.finish_send(&first, "late").await.unwrap().is_none());
    assert!(!store.fail_send(&first, 1, "late").await.unwrap());
    assert!(!store.settle_unknown(&first).await.unwrap());
    assert!(!store.put_off_send(&first, Timestamp(0), true).await.unwrap());
    let untouched = message(test, test.acme, id).await;
    assert_eq!((untouched.status, untouched.provider_message_id), (MessageStatus::Queued, None));
    finish(test, &second).await;
    assert_eq!(status_of(test, id).await, MessageStatus::Accepted);
}

/// Four workers on two nodes send what is queued meanwhile, in few conversations.
async fn nodes_send_everything_once_and_one_at_a_time(test: &Test) {
    const MESSAGES: usize = 60;
    let mut conversations = Vec::new();
    for number in 0..3 {
        conversations.push(conversation(test, test.acme, &format!("49{number}")).await);
    }
    let nodes = [test.another_node().await, test.another_node().await];
    let sent = Arc::new(Mutex::new((HashSet::new(), Vec::new())));
    let workers = nodes.iter().chain(&nodes).enumerate().map(|(worker, node)| {
        let (node, sent) = (node.clone(), sent.clone());
        tokio::spawn(async move {
            while sent.lock().unwrap().1.len() < MESSAGES {
                for one in node.claim_sends(&format!("worker-{worker}"), &limits(2)).await.unwrap() {
                    let is_alone = sent.lock().unwrap().0.insert(one.conversation_id);
                    assert!(is_alone, "two of a conversation at once");
                    assert!(node.mark_asked(&one).await.unwrap());
                    {
                        let mut state = sent.lock().unwrap();
                        state.0.remove(&one.conversation_id);
                        state.1.push((one.conversation_id, one.message_id));
                    }
                    assert!(
                        node.finish_send(&one, &format!("sent-{}", one.message_id)).await.unwrap().is_some()
                    );
                }
                tokio::task::yield_now().await;
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    for number in 0..MESSAGES {
        queue(test, test.acme, conversations[number % 3]).await;
    }
    let all = tokio::time::timeout(Duration::from_secs(120), futures_util::future::join_all(workers)).await;
    all.expect("none sleeps for ever").into_iter().for_each(|worker| worker.unwrap());
    let sent = sent.lock().unwrap().1.clone();
    for conversation in conversations {
        let of: Vec<_> = sent.iter().filter(|(of, _)| *of == conversation).map(|(_, id)| *id).collect();
        assert!(of.len() == MESSAGES / 3 && of.is_sorted(), "{of:?}");
    }
    for node in nodes {
        node.close().await;
    }
}

/// Messages leave in the order of their ids, so none may be numbered before another one and come to be seen after it.
async fn message_is_numbered_once_the_one_before_it_is_committed(test: &Test) {
    let conversation = conversation(test, test.acme, "49151").await;
    let before = test.number("SELECT MAX(id) FROM messages").await;
    // The first has its number, and waits to write its job.
    let mut jobs = test.store.db().begin().await.unwrap();
    jobs.execute("LOCK TABLE sends IN EXCLUSIVE MODE", vec![]).await.unwrap();
    let node = test.another_node().await;
    let mut queueing = Vec::new();
    for (store, waiting) in [(test.store.clone(), 1), (node.clone(), 2)] {
        let scope = Scope::system(test.acme.company);
        queueing.push(tokio::spawn(async move { store.queue_send(&scope, &new_text(conversation)).await }));
        until_waiting(test, waiting).await;
    }
    let numbered = test.number("SELECT last_value FROM messages_id_seq").await - before;
    assert_eq!(numbered, 1, "the second one has no number yet");
    jobs.commit().await.unwrap();
    for queued in queueing {
        queued.await.unwrap().unwrap();
    }
    node.close().await;
}

on_both!(
    message_is_claimed_once_and_ends_once,
    messages_of_a_conversation_leave_one_by_one_in_order,
    message_sent_again_waits_for_what_is_being_sent,
    joined_conversations_leave_in_one_order,
    companies_take_turns,
    account_sends_so_many_at_once_and_none_while_it_pauses,
    holder_whose_lease_was_taken_away_changes_nothing,
);
on_postgres!(
    nodes_send_everything_once_and_one_at_a_time,
    message_is_numbered_once_the_one_before_it_is_committed,
);
