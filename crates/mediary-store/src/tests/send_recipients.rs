//! Whom a message went to, as WhatsApp's answer says.

use mediary_core::{ConversationId, Scope};

use super::harness::{Test, renamed};
use super::on_both;
use super::rows::{item, text};
use super::sends::{claim_one, finish, new_text};
use crate::*;

fn key(wa_id: Option<&str>, user_id: Option<&str>) -> ContactKey {
    ContactKey {
        wa_id: wa_id.map(str::to_owned),
        user_id: user_id.map(str::to_owned),
        phone: wa_id.map(str::to_owned),
        ..ContactKey::default()
    }
}

/// Sends a message to somebody by a number or a user id.
async fn sent(test: &Test, contact: ContactKey) -> ClaimedSend {
    let destination = Destination::Contact(test.acme.account, contact);
    let new = NewSend { destination, ..new_text(ConversationId(0)) };
    test.store.queue_send(&Scope::system(test.acme.company), &new).await.unwrap();
    let claimed = claim_one(test).await;
    finish(test, &claimed).await;
    claimed
}

/// The conversation in which a message from somebody lands.
async fn reply(test: &Test, id: &str, contact: ContactKey) -> ConversationId {
    test.ingest(vec![item(IncomingMessage { contact, ..text(test.acme, id) })]).await;
    test.message(test.acme, id).await.message.conversation_id
}

/// The ids of the contact of a conversation.
async fn ids_of(test: &Test, conversation: ConversationId) -> (Option<String>, Option<String>) {
    let found =
        test.store.conversation(&Scope::system(test.acme.company), conversation).await.unwrap().unwrap();
    (found.contact.wa_id, found.contact.user_id)
}

fn ids(wa_id: Option<&str>, user_id: Option<&str>) -> (Option<String>, Option<String>) {
    (wa_id.map(str::to_owned), user_id.map(str::to_owned))
}

async fn reply_of_whom_whatsapp_knows_by_another_number_lands_in_the_conversation(test: &Test) {
    let claimed = sent(test, key(Some("490151555"), None)).await;
    let answered = key(Some("49151555"), Some("DE.1"));
    assert!(test.store.learn_recipient(&claimed, &answered).await.unwrap());
    assert_eq!(ids_of(test, claimed.conversation_id).await, ids(Some("49151555"), Some("DE.1")));
    assert_eq!(reply(test, "1", key(Some("49151555"), None)).await, claimed.conversation_id);
    assert_eq!(reply(test, "2", key(None, Some("DE.1"))).await, claimed.conversation_id);
    assert!(!test.store.learn_recipient(&claimed, &answered).await.unwrap(), "it is no news any more");
    let again = sent(test, key(Some("490151555"), None)).await;
    assert_eq!(
        again.conversation_id, claimed.conversation_id,
        "who writes to the same number again finds it"
    );
    assert_eq!(again.wa_id.as_deref(), Some("49151555"));
    let scope = Scope::system(test.acme.company);
    let with = key(Some("490151555"), None);
    let found = test.store.conversation_with(&scope, test.acme.account, &with).await.unwrap();
    assert_eq!(found, Some(claimed.conversation_id));
    let found = ConversationQuery { search: Some("49151555".into()), ..ConversationQuery::default() };
    let found = test.store.conversations(&Scope::system(test.acme.company), &found).await.unwrap();
    assert_eq!(found.items.len(), 1, "the search knows the number");
}

async fn reply_in_another_spelling_lands_in_the_conversation(test: &Test) {
    for (number, (written, answered)) in
        [("5511987612345", "551187612345"), ("525512345678", "5215512345678")].into_iter().enumerate()
    {
        let claimed = sent(test, key(Some(written), None)).await;
        assert!(!test.store.learn_recipient(&claimed, &key(Some(answered), None)).await.unwrap());
        let landed = reply(test, &format!("m{number}"), key(Some(answered), None)).await;
        assert_eq!(landed, claimed.conversation_id, "{written}");
    }
}

async fn person_without_a_number_learns_the_one_that_whatsapp_names(test: &Test) {
    let claimed = sent(test, key(None, Some("US.1"))).await;
    assert!(!test.store.learn_recipient(&claimed, &key(None, None)).await.unwrap());
    assert!(test.store.learn_recipient(&claimed, &key(Some("15550100"), Some("US.1"))).await.unwrap());
    assert_eq!(ids_of(test, claimed.conversation_id).await, ids(Some("15550100"), Some("US.1")));
}

async fn ids_of_another_contact_stay_with_it(test: &Test) {
    let theirs = reply(test, "1", key(Some("5511987612345"), Some("BR.1"))).await;
    let claimed = sent(test, key(Some("490151555"), None)).await;
    // In the spelling that the other contact does not have.
    let answered = key(Some("551187612345"), Some("BR.1"));
    assert!(!test.store.learn_recipient(&claimed, &answered).await.unwrap());
    assert_eq!(ids_of(test, claimed.conversation_id).await, ids(Some("490151555"), None));
    assert_eq!(reply(test, "2", key(Some("551187612345"), None)).await, theirs);
    let again = sent(test, key(Some("490151555"), None)).await;
    assert_eq!(again.conversation_id, theirs, "the next message goes where the reply came");
}

async fn answer_about_somebody_else_changes_nothing(test: &Test) {
    let known = reply(test, "1", key(Some("4915551"), Some("DE.1"))).await;
    let claimed = sent(test, key(Some("4915551"), None)).await;
    assert_eq!(claimed.conversation_id, known);
    assert!(!test.store.learn_recipient(&claimed, &key(Some("4915552"), Some("DE.2"))).await.unwrap());
    // The contact has another number since the message was claimed.
    let change =
        renamed(test.acme, "2", key(Some("4915551"), Some("DE.1")), key(Some("4915553"), Some("DE.1")));
    test.ingest(vec![change]).await;
    assert!(!test.store.learn_recipient(&claimed, &key(Some("4915552"), None)).await.unwrap());
    assert_eq!(ids_of(test, known).await, ids(Some("4915553"), Some("DE.1")));
}

on_both!(
    reply_of_whom_whatsapp_knows_by_another_number_lands_in_the_conversation,
    reply_in_another_spelling_lands_in_the_conversation,
    person_without_a_number_learns_the_one_that_whatsapp_names,
    ids_of_another_contact_stay_with_it,
    answer_about_somebody_else_changes_nothing,
);
