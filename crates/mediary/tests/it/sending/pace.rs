//! Many messages of one number: in order, at the number's pace, and in nobody's way.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use mediary_simulator::{Customer, FaultKind, FaultSpec, MessageSpec, Place};
use mediary_testing::eventually;
use mediary_testing::installation::{ACCESS_TOKEN, PHONE_NUMBER_ID};
use reqwest::Method;
use serde_json::{Value, json};

use super::{has_status, own_id, send};
use crate::harness::World;

const MESSAGES: usize = 1000;
const CONVERSATIONS: usize = 20;
/// What WhatsApp takes of a number in a second.
const PACE: usize = 80;
/// The number of another account.
const SALES: &str = "300000000000003";

async fn conversations(world: &World) -> Vec<i64> {
    for number in 0..CONVERSATIONS {
        let customer = Customer::new(format!("4915550{number:04}"), "Ana");
        world.simulator.send(&MessageSpec::text("hello").from(customer)).await.unwrap();
    }
    world.delivered().await;
    eventually("the conversations", async || {
        let all = world.api().all("/api/conversations").await;
        let ids: Vec<i64> = all.iter().filter_map(|one| one["id"].as_i64()).collect();
        if ids.len() == CONVERSATIONS { Ok(ids) } else { Err(ids.len()) }
    })
    .await
}

/// Queues them one after the other in each conversation, and all conversations at once.
async fn queue_all(world: &World, conversations: &[i64]) {
    let each = stream::iter(conversations).map(|conversation| async move {
        for _ in 0..MESSAGES / CONVERSATIONS {
            let text = json!({"conversationId": conversation, "type": "text", "text": "on its way"});
            send(world, text).await.unwrap();
        }
    });
    each.buffer_unordered(CONVERSATIONS).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thousand_messages_of_a_number_leave_in_order_at_its_pace_and_delay_no_other() {
    let world = World::sqlite().await;
    let conversations = conversations(&world).await;
    let sales = Value::from(world.add_account("acme", SALES, &[]));
    // However slowly they are queued here, they leave together: WhatsApp refuses the token until all of them wait.
    let refused = FaultSpec::new(FaultKind::TokenExpired).at(Place::Send);
    let refused = world.simulator.add_fault(refused).unwrap();
    queue_all(&world, &conversations).await;
    let support = world.api().all("/api/whatsapp-accounts").await.remove(0);
    let path = format!("/api/whatsapp-accounts/{}", support["id"]);
    eventually("the account to need a token", async || {
        let account = world.api().json(&path).await;
        if account["status"] == "needs_token" { Ok(()) } else { Err(account) }
    })
    .await;
    world.simulator.remove_fault(refused);
    let renewed = world.api().request(Method::PATCH, &path).json(&json!({"accessToken": ACCESS_TOKEN}));
    assert_eq!(renewed.send().await.unwrap().status(), 200);
    let of_number =
        || world.simulator.sent().into_iter().filter(|sent| sent.phone_number_id == PHONE_NUMBER_ID);
    let other = json!({"whatsappAccountId": sales, "to": "+1 555-010-0042", "type": "text", "text": "now"});
    let other = send(&world, other).await.unwrap();
    eventually("the message of the other number", async || {
        let sent = world.simulator.sent().into_iter().any(|sent| other["id"] == own_id(&sent));
        if sent { Ok(()) } else { Err(world.simulator.sent().len()) }
    })
    .await;
    assert!(of_number().count() < MESSAGES / 2, "it does not wait for those that came first");
    eventually("all of them", async || {
        let count = of_number().count();
        if count == MESSAGES { Ok(()) } else { Err(count) }
    })
    .await;
    let mut last = BTreeMap::new();
    for sent in of_number() {
        let before = last.insert(sent.to.clone(), own_id(&sent));
        assert!(before < Some(own_id(&sent)), "out of order to {}", sent.to);
    }
    let at: Vec<i64> = of_number().map(|sent| sent.at.millis()).collect();
    // A second of ours and one of theirs need not begin together.
    let fastest = at.windows(2 * PACE + 1).map(|some| some[2 * PACE] - some[0]).min().unwrap();
    assert!(fastest >= 1000, "more than {} in {fastest} ms", 2 * PACE);
    let whole = at[MESSAGES - 1] - at[0];
    assert!(whole >= 1000 * (MESSAGES / PACE - 1) as i64, "{whole} ms");
    has_status(&world, &other["id"], "read").await;
}
