//! Messages to people and groups that have no conversation yet, and whom their replies find.

use mediary_simulator::{Customer, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::installation::PHONE_NUMBER_ID;
use serde_json::{Value, json};

use super::{has_status, send};
use crate::harness::World;

/// The number of a second account.
const SALES: &str = "300000000000003";
const GROUP: &str = "Y2FwaV9ncm91cDoxODA1NTU1MDE3MjoxMjAzNjMyMjI3NzE5NjMwNjcZD";

async fn account(world: &World) -> Value {
    world.api().all("/api/whatsapp-accounts").await[0]["id"].clone()
}

fn text(account: &Value, to: &str) -> Value {
    json!({"whatsappAccountId": account, "to": to, "type": "text", "text": format!("to {to}")})
}

/// Sends to somebody new; the message, once WhatsApp has delivered it.
async fn sent(world: &World, account: &Value, to: &str) -> Value {
    let message = send(world, text(account, to)).await.unwrap();
    has_status(world, &message["id"], "read").await;
    message
}

/// The conversation in which a customer's message arrives.
async fn replied(world: &World, customer: Customer, wamid: &str) -> Value {
    world.simulator.send(&MessageSpec::text("a reply").from(customer).id(wamid)).await.unwrap();
    eventually("the reply", async || world.api().message_by_wamid(wamid).await.ok_or("not yet")).await
        ["conversationId"]
        .clone()
}

async fn opens_conversations_that_replies_find(world: World) {
    let account = account(&world).await;
    let mut options = world.simulator.options();
    options.sending.wa_ids = [("5511987612345", "551187612345"), ("490151555", "49151555")]
        .map(|(written, known)| (written.to_owned(), known.to_owned()))
        .into();
    world.simulator.set_options(options).unwrap();
    let plain = sent(&world, &account, "+1 555-010-0042").await;
    assert_eq!(
        replied(&world, Customer::new("15550100042", "Ana"), "wamid.1").await,
        plain["conversationId"]
    );
    // WhatsApp knows them by another spelling, and by another number altogether.
    let spelled = sent(&world, &account, "+55 11 98761-2345").await;
    assert_eq!(
        replied(&world, Customer::new("551187612345", "Bia"), "wamid.2").await,
        spelled["conversationId"]
    );
    let other = sent(&world, &account, "+49 0151 555").await;
    let path = format!("/api/conversations/{}", other["conversationId"]);
    eventually("the number that WhatsApp knows", async || {
        let contact = world.api().json(&path).await["contact"].clone();
        if contact["waId"] == "49151555" { Ok(()) } else { Err(contact) }
    })
    .await;
    assert_eq!(replied(&world, Customer::new("49151555", "Cem"), "wamid.3").await, other["conversationId"]);
    let user = "US.13491208655302741918";
    let scoped = sent(&world, &account, user).await;
    let sent_to_user = world.simulator.sent().pop().unwrap();
    assert_eq!((&sent_to_user.body["recipient"], &sent_to_user.body["to"]), (&user.into(), &Value::Null));
    assert_eq!(replied(&world, Customer::scoped(user, "Dan"), "wamid.4").await, scoped["conversationId"]);
    sent(&world, &account, GROUP).await;
    let to_group = world.simulator.sent().pop().unwrap();
    assert_eq!((&to_group.body["to"], &to_group.body["recipient_type"]), (&GROUP.into(), &"group".into()));
    assert_eq!(world.api().all("/api/conversations").await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn message_opens_the_conversation_that_its_reply_finds_on_sqlite() {
    opens_conversations_that_replies_find(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_opens_the_conversation_that_its_reply_finds_on_postgres() {
    opens_conversations_that_replies_find(World::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_of_two_numbers_has_two_conversations_and_each_leaves_by_its_own() {
    let world = World::sqlite().await;
    let support = account(&world).await;
    let sales = Value::from(world.add_account("acme", SALES, &[]));
    let mut conversations = Vec::new();
    for (account, number) in [(&support, PHONE_NUMBER_ID), (&sales, SALES)] {
        let message = sent(&world, account, "+1 555-010-0042").await;
        assert_eq!(message["whatsappAccountId"], *account);
        let sent = world.simulator.sent().pop().unwrap();
        assert_eq!((sent.phone_number_id.as_str(), sent.to.as_str()), (number, "+15550100042"));
        conversations.push(message["conversationId"].clone());
    }
    assert_ne!(conversations[0], conversations[1]);
    // Within each conversation it stays so.
    for (conversation, number) in conversations.iter().zip([PHONE_NUMBER_ID, SALES]) {
        let body = json!({"conversationId": conversation, "type": "text", "text": "again"});
        let message = send(&world, body).await.unwrap();
        has_status(&world, &message["id"], "read").await;
        assert_eq!(world.simulator.sent().pop().unwrap().phone_number_id, number);
    }
    let contacts: Vec<Value> =
        world.api().all("/api/conversations").await.iter().map(|one| one["contact"]["id"].clone()).collect();
    assert!(contacts.len() == 2 && contacts[0] == contacts[1], "one person: {contacts:?}");
}
