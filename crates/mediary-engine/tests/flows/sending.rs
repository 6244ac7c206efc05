//! Messages of ours, as their account holds them back and lets them go.

use std::time::Duration;

use mediary_core::{FileType, MessageId, MessageStatus, Provider, Scope};
use mediary_engine::{
    AccountChange, DraftContent, DraftDestination, FileDraft, FileSource, MessageDraft, PlainContent,
};
use mediary_simulator::{FaultKind, FaultSpec, Place, Route};
use mediary_store::Actor;
use mediary_testing::eventually;
use mediary_testing::files::PNG;
use mediary_testing::installation::{ANA, PHONE_NUMBER_ID};
use mediary_testing::whatsapp::{text, webhook};
use serde_json::json;

use crate::harness::{World, on_every_provider};

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

impl World {
    fn draft(&self, to: &str, content: DraftContent) -> MessageDraft {
        let destination = DraftDestination::Recipient { account: self.account, to: to.to_owned() };
        MessageDraft { destination, content, reply_to: None, client_id: None }
    }

    async fn queue(&self, to: &str) -> MessageId {
        let text = PlainContent::Text { text: format!("to {to}"), preview_url: false };
        self.engine.send(&self.may(), self.draft(to, DraftContent::Plain(text))).await.unwrap().ids[0]
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

async fn paused_account_holds_its_messages_on_every_node_until_the_pause_ends(provider: Provider) {
    let world = World::of(provider).await;
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

async fn message_is_sent_once_and_settled_by_its_statuses(provider: Provider) {
    let world = World::of(provider).await;
    let id = world.queue(ANA).await;
    world.engine.run_due().await.unwrap();
    assert_eq!(world.status_of(id).await, MessageStatus::Accepted);
    let [sent] = world.whatsapp.sent().try_into().unwrap();
    assert_eq!((sent.to.trim_start_matches('+'), sent.phone_number_id.as_str()), (ANA, PHONE_NUMBER_ID));
    let status = json!({"id": sent.id, "status": "delivered", "timestamp": "1767225600", "recipient_id": ANA,
        "biz_opaque_callback_data": sent.body["biz_opaque_callback_data"]});
    world.post_change("messages", json!({"statuses": [status]})).await;
    world.engine.run_due().await.unwrap();
    assert_eq!(world.status_of(id).await, MessageStatus::Delivered);
    let message = world.store.message(&Scope::system(world.company), id).await.unwrap().unwrap().message;
    assert_eq!(message.provider_message_id, Some(sent.id), "by WhatsApp's own id");
}

async fn file_is_uploaded_once_for_the_messages_that_have_it(provider: Provider) {
    let world = World::of(provider).await;
    for to in [ANA, "15550100002"] {
        let mut upload = world.engine.receive_file(&world.may()).await.unwrap();
        upload.write([PNG, &[7; 1000]].concat().into()).await.unwrap();
        let source = FileSource::Received(upload.end().await.unwrap());
        let file =
            FileDraft { kind: FileType::Image, caption: None, file_name: None, voice: None, convert: false };
        world
            .engine
            .send(&world.may(), world.draft(to, DraftContent::Files(vec![(source, file)])))
            .await
            .unwrap();
        world.engine.run_due().await.unwrap();
    }
    let sent = world.whatsapp.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(world.whatsapp.stats().requests(Route::UploadMedia), 1);
}

async fn whatsapp_is_told_what_was_read(provider: Provider) {
    let world = World::of(provider).await;
    world.post(&webhook(text("wamid.1", "hello"))).await;
    world.engine.run_due().await.unwrap();
    let scope = Scope::system(world.company);
    let conversation = world.store.conversations(&scope, &Default::default()).await.unwrap().items[0].id;
    world.engine.mark_read(&world.may(), conversation).await.unwrap();
    let receipt =
        eventually("the receipt", async || world.whatsapp.read_receipts().pop().ok_or("none")).await;
    assert_eq!((receipt.message_id.as_str(), receipt.typing), ("wamid.1", false));
}

async fn new_token_ends_the_pause_for_all_messages(provider: Provider) {
    let world = World::of(provider).await;
    world.throttle();
    let first = world.queue("15550100001").await;
    world.engine.run_due().await.unwrap();
    assert_eq!(world.status_of(first).await, MessageStatus::Queued);
    let token = AccountChange { access_token: Some(world.renewed_token()), ..AccountChange::default() };
    world.engine.change_account(world.company, world.account, &token, &Actor::command_line()).await.unwrap();
    world.engine.run_due().await.unwrap();
    assert_eq!(world.status_of(first).await, MessageStatus::Accepted);
}

on_every_provider! {
    message_is_sent_once_and_settled_by_its_statuses,
    file_is_uploaded_once_for_the_messages_that_have_it,
    whatsapp_is_told_what_was_read,
    paused_account_holds_its_messages_on_every_node_until_the_pause_ends,
    new_token_ends_the_pause_for_all_messages,
}
