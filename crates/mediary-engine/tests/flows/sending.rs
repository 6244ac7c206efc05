//! Messages of ours, as their account holds them back and lets them go.

use std::time::Duration;

use mediary_core::{MessageId, MessageStatus, Scope};
use mediary_engine::{AccountChange, DraftContent, DraftDestination, MessageDraft, PlainContent};
use mediary_simulator::{FaultKind, FaultSpec, Place};
use mediary_store::Actor;
use mediary_testing::installation::ACCESS_TOKEN;
use secrecy::SecretString;

use crate::harness::World;

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

impl World {
    async fn queue(&self, to: &str) -> MessageId {
        let text = PlainContent::Text { text: format!("to {to}"), preview_url: false };
        let draft = MessageDraft {
            destination: DraftDestination::Recipient { account: self.account, to: to.to_owned() },
            content: DraftContent::Plain(text),
            reply_to: None,
            client_id: None,
        };
        self.engine.send(&self.may(), draft).await.unwrap().ids[0]
    }

    async fn status_of(&self, id: MessageId) -> MessageStatus {
        self.store.message(&Scope::system(self.company), id).await.unwrap().unwrap().message.status
    }

    /// WhatsApp asks to wait for an hour, once.
    fn throttle(&self) {
        let mut throttled = FaultSpec::new(FaultKind::Throttled).at(Place::Send).times(1);
        throttled.retry_after_seconds = Some(HOUR.as_secs());
        self.whatsapp.add_fault(throttled).unwrap();
    }
}

#[tokio::test]
async fn paused_account_holds_its_messages_on_every_node_until_the_pause_ends() {
    let world = World::new().await;
    let another = world.another_engine();
    world.throttle();
    let first = world.queue("15550100001").await;
    world.engine.run_due().await.unwrap();
    let second = world.queue("15550100002").await;
    for wait in [Duration::ZERO, HOUR / 2, HOUR / 2 - SECOND] {
        world.advance(wait);
        for engine in [&world.engine, &another] {
            engine.run_due().await.unwrap();
        }
        assert!(world.whatsapp.sent().is_empty(), "nothing is asked while the account pauses");
        assert_eq!(world.status_of(first).await, MessageStatus::Queued);
    }
    world.advance(SECOND);
    another.run_due().await.unwrap();
    assert_eq!(world.whatsapp.sent().len(), 2);
    for id in [first, second] {
        assert_eq!(world.status_of(id).await, MessageStatus::Accepted);
    }
}

#[tokio::test]
async fn new_token_ends_the_pause_for_all_messages() {
    let world = World::new().await;
    world.throttle();
    let first = world.queue("15550100001").await;
    world.engine.run_due().await.unwrap();
    assert_eq!(world.status_of(first).await, MessageStatus::Queued);
    let token =
        AccountChange { access_token: Some(SecretString::from(ACCESS_TOKEN)), ..AccountChange::default() };
    world.engine.change_account(world.company, world.account, &token, &Actor::command_line()).await.unwrap();
    world.engine.run_due().await.unwrap();
    assert_eq!(world.status_of(first).await, MessageStatus::Accepted);
}
