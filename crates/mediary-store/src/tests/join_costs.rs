//! What it costs to join contacts: little more than what is added, however much is there.

use mediary_core::ConversationId;
use mediary_testing::START;

use super::harness::{Test, outbound, renamed};
use super::on_both;
use super::plans::{fill_inbox, plan, statements};
use super::rows::{Tenant, WEEK, item, picture, text};
use crate::*;

/// Enough that conversations are counted in more than one go.
const MANY: usize = 100;

fn by(wa_id: &str) -> ContactKey {
    ContactKey { wa_id: Some(wa_id.to_owned()), ..ContactKey::default() }
}

fn from(tenant: Tenant, id: &str, wa_id: &str) -> IngestItem {
    item(IncomingMessage { contact: by(wa_id), ..text(tenant, id) })
}

async fn messages_from(test: &Test, wa_id: &str, count: usize) {
    let ids: Vec<String> = (0..count).map(|number| format!("{wa_id}-{number}")).collect();
    test.ingest(ids.iter().map(|id| from(test.acme, id, wa_id)).collect()).await;
}

fn changes_number(tenant: Tenant, old: &str, new: &str) -> IngestItem {
    renamed(tenant, &format!("{old} to {new}"), by(old), by(new))
}

/// From now on it is counted how many messages are moved to another conversation.
async fn count_moves(test: &Test) {
    test.sql("CREATE TABLE moved (id BIGINT)").await.unwrap();
    match test.store.backend() {
        Backend::Sqlite => {
            let sql = "CREATE TRIGGER count_moves AFTER UPDATE OF conversation_id ON messages
                BEGIN INSERT INTO moved VALUES (NEW.id); END";
            test.sql(sql).await.unwrap();
        }
        Backend::Postgres => {
            let sql = "CREATE FUNCTION count_moves() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO moved VALUES (NEW.id); RETURN NULL; END $$";
            test.sql(sql).await.unwrap();
            let sql = "CREATE TRIGGER count_moves AFTER UPDATE OF conversation_id ON messages
                FOR EACH ROW EXECUTE FUNCTION count_moves()";
            test.sql(sql).await.unwrap();
        }
    }
}

async fn moved(test: &Test) -> usize {
    usize::try_from(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM moved").await).unwrap()
}

async fn conversation_of(test: &Test, id: &str) -> ConversationId {
    test.message(test.acme, id).await.message.conversation_id
}

async fn contacts_that_take_over_a_busy_number_move_their_own_messages_only(test: &Test) {
    const CONTACTS: usize = 10;
    let acme = test.acme;
    messages_from(test, "49", MANY).await;
    let busy = conversation_of(test, "49-0").await;
    for number in 0..CONTACTS {
        test.ingest(vec![from(acme, &format!("small-{number}"), &format!("50{number}"))]).await;
    }
    count_moves(test).await;
    for number in 0..CONTACTS {
        test.ingest(vec![changes_number(acme, &format!("50{number}"), "49")]).await;
    }
    // Of each its message, and the one that tells of the change.
    assert_eq!(moved(test).await, 2 * CONTACTS, "messages moved");
    let conversation = test.conversation(acme).await;
    assert_eq!((conversation.id, conversation.contact.wa_id.as_deref()), (busy, Some("49")));
    let all = i64::try_from(MANY + 2 * CONTACTS).unwrap();
    assert_eq!(conversation.unread_count, all);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, all);
    // The sender of a message has the number now.
    test.ingest(vec![from(acme, "next", "49")]).await;
    assert_eq!(conversation_of(test, "next").await, busy);
}

async fn smaller_conversation_moves_with_its_files_and_its_newest_message(test: &Test) {
    let acme = test.acme;
    // The contact that stays is the one that changes its number, and so is the conversation that goes.
    messages_from(test, "50", MANY).await;
    let later = IncomingMessage { timestamp: START.plus(WEEK), ..picture(acme, "p") };
    test.ingest(vec![item(IncomingMessage { contact: by("50"), ..later })]).await;
    messages_from(test, "49", 2 * MANY).await;
    test.ingest(vec![item(IncomingMessage { contact: by("49"), ..outbound(acme, "sent") })]).await;
    let larger = conversation_of(test, "49-0").await;
    count_moves(test).await;
    test.ingest(vec![changes_number(acme, "50", "49")]).await;
    assert_eq!(moved(test).await, MANY + 2, "with the message that tells of the change");
    let conversation = test.conversation(acme).await;
    assert_eq!(conversation.id, larger);
    assert_eq!(conversation.unread_count, i64::try_from(3 * MANY + 2).unwrap());
    let message = test.message(acme, "p").await;
    assert_eq!(message.media.unwrap().conversation_id, Some(larger));
    assert_eq!(conversation.last_message.unwrap().message.id, message.message.id);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contacts").await, 1);
}

async fn contacts_joined_by_a_message_move_the_smaller_conversation(test: &Test) {
    let acme = test.acme;
    let user = |id: &str, wa_id: Option<&str>| {
        let contact = ContactKey {
            user_id: Some("U1".into()),
            wa_id: wa_id.map(str::to_owned),
            ..ContactKey::default()
        };
        item(IncomingMessage { contact, ..text(acme, id) })
    };
    // The older contact stays, whose conversation is the smaller one.
    test.ingest(vec![user("u", None)]).await;
    messages_from(test, "49", MANY).await;
    let larger = conversation_of(test, "49-0").await;
    count_moves(test).await;
    let outcome = test.ingest(vec![user("tie", Some("49"))]).await;
    assert_eq!(moved(test).await, 1);
    let conversation = test.conversation(acme).await;
    let ids = (conversation.contact.wa_id.as_deref(), conversation.contact.user_id.as_deref());
    assert_eq!((conversation.id, ids), (larger, (Some("49"), Some("U1"))));
    assert_eq!(conversation.unread_count, i64::try_from(MANY + 2).unwrap());
    assert_eq!(conversation_of(test, "tie").await, larger);
    assert!(outcome.changes.iter().all(|change| change.conversation_id == larger), "{:?}", outcome.changes);
}

async fn join_among_many_conversations_reads_those_of_its_contacts_only(test: &Test) {
    fill_inbox(test, 5000).await;
    let join = || async { Ok(test.ingest(vec![changes_number(test.acme, "wa-5", "wa-4999")]).await) };
    let seen = statements(join()).await;
    let conversations: Vec<_> = seen.into_iter().filter(|(sql, _)| sql.contains("conversations v")).collect();
    assert!(conversations.len() >= 2, "those that are joined, and those that changed");
    for (sql, args) in conversations {
        let lines = plan(test, &sql, args).await;
        // Walked over by company alone, and the rest filtered.
        let walks =
            |line: &String| line.ends_with("(company_id=?)") || line.contains("Rows Removed by Filter");
        assert!(!lines.iter().any(walks), "{sql}\n{}", lines.join("\n"));
    }
}

on_both!(
    contacts_that_take_over_a_busy_number_move_their_own_messages_only,
    smaller_conversation_moves_with_its_files_and_its_newest_message,
    contacts_joined_by_a_message_move_the_smaller_conversation,
    join_among_many_conversations_reads_those_of_its_contacts_only,
);
