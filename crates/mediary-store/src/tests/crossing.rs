//! One company asks for another one's records, by every function there is: nothing is found, nothing changes.

use mediary_core::{ErrorCode, MediaId, MediaPolicy, Role, Scope, StorageBackend, VariantKind, Visibility};
use mediary_testing::START;

use super::derivations::{LEASE, claim, made, reserved, with_thumb};
use super::harness::{CLAIM, TOKEN, Test};
use super::on_both;
use super::rows::{WEEK, failed, finished};
use super::sends::{claim_one, conversation, finish, new_text};
use crate::*;

async fn reads_for_another_company_find_nothing(test: &Test) {
    let media = test.stored("m1").await;
    let (stranger, store) = (test.other.company, &test.store);
    let (message, conversation) = (media.message_id.unwrap(), media.conversation_id.unwrap());
    assert!(store.media(&Scope::system(stranger), media.id).await.unwrap().is_none());
    assert!(store.media_by_message(&Scope::system(stranger), message).await.unwrap().is_none());
    assert!(store.media_by_provider_id(&Scope::system(stranger), "media-m1").await.unwrap().is_none());
    assert!(store.message(&Scope::system(stranger), message).await.unwrap().is_none());
    assert!(store.message_source(&Scope::system(stranger), message).await.unwrap().is_none());
    let page = PageRequest::default();
    assert!(store.messages(&Scope::system(stranger), conversation, &page).await.unwrap().items.is_empty());
    assert!(
        store.messages_around(&Scope::system(stranger), conversation, message, 10).await.unwrap().is_none()
    );
    assert!(store.conversation(&Scope::system(stranger), conversation).await.unwrap().is_none());
    assert!(
        store
            .conversations(&Scope::system(stranger), &ConversationQuery::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let search = ConversationQuery { search: Some("ann".into()), ..ConversationQuery::default() };
    assert!(store.conversations(&Scope::system(stranger), &search).await.unwrap().items.is_empty());
    for conversation in [None, Some(conversation)] {
        let query = MediaQuery { conversation, ..MediaQuery::default() };
        assert!(store.media_list(&Scope::system(stranger), &query).await.unwrap().items.is_empty());
    }
    assert!(store.usage(stranger).await.unwrap().is_empty());
    assert!(store.account(stranger, test.acme.account).await.unwrap().is_none());
    assert!(store.account_by_phone_number_id(stranger, "phone-acme").await.unwrap().is_none());
    let accounts = store.accounts(stranger, &page).await.unwrap().items;
    assert!(accounts.iter().all(|account| account.company_id == stranger));
}

async fn writes_for_another_company_change_nothing(test: &Test) {
    let stored = test.stored("m1").await;
    let claimed = test.claimed("m2").await;
    let (stranger, store) = (test.other.company, &test.store);
    assert!(!store.mark_read(&Scope::system(stranger), stored.conversation_id.unwrap()).await.unwrap());
    assert!(!store.delete_media(stranger, stored.id, None, &Actor::command_line()).await.unwrap());
    assert!(!store.store_lost_file(stranger, stored.id, &stored.location().unwrap()).await.unwrap());
    let named = store.set_provider_media(stranger, &[(stored.id, "x".into())], true).await.unwrap();
    assert!(named.is_empty());
    assert!(matches!(
        store.requeue_download(stranger, claimed.media_id, true).await.unwrap(),
        RequeueOutcome::None
    ));
    assert!(store.requeue_failed(stranger, None, &Actor::command_line()).await.unwrap().is_empty());
    store.touch_media(stranger, stored.id, START.plus(WEEK)).await.unwrap();
    assert!(store.release_quarantine(stranger, stored.id, &Actor::command_line()).await.unwrap().is_none());
    let foreign = ClaimedDownload { company_id: stranger, ..claimed.clone() };
    assert!(!store.renew_lease(&foreign, START.plus(WEEK), 1, None).await.unwrap());
    assert!(!store.release_download(&foreign).await.unwrap());
    assert!(!store.fail_download(&failed(&foreign, None)).await.unwrap());
    assert!(!store.finish_download(finished(&foreign)).await.unwrap());
    let declared = DeclaredMedia { mime_type: None, sha256: None, file_size: Some(1), provider_url: None };
    assert!(!store.declare_media(&foreign, &declared).await.unwrap());
    let account = test.acme.account;
    let paused =
        store.pause_account(stranger, account, &TOKEN, START.plus(WEEK), ErrorCode::RateLimited, "x");
    assert!(!paused.await.unwrap());
    assert!(!store.account_needs_token(stranger, account, &TOKEN, "x").await.unwrap());
    let patch = AccountPatch { name: Some("stolen".into()), ..AccountPatch::default() };
    assert!(store.update_account(stranger, account, &patch, &Actor::command_line()).await.unwrap().is_none());

    let after = store.media(&Scope::system(test.acme.company), stored.id).await.unwrap().unwrap();
    assert!(after.is_active && after.storage_key.is_some() && after.last_accessed_at.is_none());
    assert_eq!(after.provider_media_id.as_deref(), Some("media-m1"));
    assert_eq!(test.conversation(test.acme).await.unread_count, 2);
    assert!(store.finish_download(finished(&claimed)).await.unwrap(), "the lease is as it was");
    let account = store.account(test.acme.company, account).await.unwrap().unwrap();
    assert_eq!((account.name.as_str(), account.paused_until, account.last_error), ("Support", None, None));
    test.picture(test.acme, "m3").await;
    assert_eq!(store.claim_downloads("worker", &CLAIM).await.unwrap().len(), 1);
}

async fn users_and_api_keys_belong_to_one_company(test: &Test) {
    let (acme, stranger, store) = (test.acme.company, test.other.company, &test.store);
    let user =
        NewUser { email: "a@acme".into(), name: "Ana".into(), role: Role::Agent, password_hash: "x".into() };
    let user = store.add_user(acme, &user, &Actor::command_line()).await.unwrap();
    let key = NewApiKey {
        name: "crm".into(),
        role: Role::Agent,
        token_hash: [1; 32],
        prefix: "mdy_".into(),
        expires_at: None,
    };
    let key = store.add_api_key(acme, &key, &Actor::command_line()).await.unwrap();
    store.audit(acme, &Actor::command_line(), "x", "media:1").await.unwrap();
    let page = PageRequest::default();
    assert!(store.user(stranger, user.id).await.unwrap().is_none());
    assert!(store.users(stranger, &page).await.unwrap().items.is_empty());
    let patch = UserPatch { role: Some(Role::Admin), ..UserPatch::default() };
    assert!(store.update_user(stranger, user.id, &patch, &Actor::command_line()).await.unwrap().is_none());
    assert_eq!(store.user(acme, user.id).await.unwrap().unwrap().role, Role::Agent);
    let session = NewSession {
        user_id: user.id,
        company_id: stranger,
        password_hash: "x".into(),
        token_hash: [2; 32],
        expires_at: START.plus(WEEK),
        ip: None,
    };
    assert!(!store.add_session(&session).await.unwrap());
    assert!(store.api_keys(stranger, &page).await.unwrap().items.is_empty());
    assert!(!store.revoke_api_key(stranger, key.id, &Actor::command_line()).await.unwrap());
    assert!(!store.revoke_api_key_by_name(stranger, "crm", &Actor::command_line()).await.unwrap());
    store.touch_api_key(stranger, key.id).await.unwrap();
    assert_eq!(store.api_key_by_hash(&[1; 32]).await.unwrap().unwrap().last_used_at, None);
    assert!(
        store
            .audits(stranger, &AuditFilter::default(), &page)
            .await
            .unwrap()
            .items
            .iter()
            .all(|row| row.company_id == stranger)
    );
    let settings = MediaSettingsPatch { policy: Some(MediaPolicy::Stream), ..Default::default() };
    store.update_company_settings(stranger, &settings, &Actor::command_line()).await.unwrap();
    assert_eq!(store.company(acme).await.unwrap().unwrap().media_policy, MediaPolicy::Store);
}

async fn derivations_and_variants_belong_to_one_company(test: &Test) {
    let (stranger, store) = (test.other.company, &test.store);
    let (file, thumb) = with_thumb(test, "m1").await;
    let nobody = Scope::new(file.company_id, Visibility::Conversations([].into()));
    for scope in [Scope::system(stranger), nobody] {
        assert!(store.variant(&scope, file.id, VariantKind::Thumb).await.unwrap().is_none());
        assert!(store.derivation_results(&scope, &[file.id]).await.unwrap().is_empty());
    }
    assert!(
        store.variants_elsewhere(stranger, StorageBackend::S3, MediaId(0), 9).await.unwrap().is_none(),
        "they are not ours to move"
    );
    let found = FoundFile {
        company_id: stranger,
        message_id: file.message_id.unwrap(),
        key: thumb.storage_key.clone(),
    };
    assert!(store.known_files(StorageBackend::Local, &[found]).await.unwrap().is_empty());
    test.stored("m2").await;
    let claimed = claim(test).await.remove(0);
    let new = reserved(test, &claimed, 2).await;
    let foreign = ClaimedDerivation { company_id: stranger, ..claimed.clone() };
    assert!(!store.renew_derivation(&foreign, START.plus(WEEK)).await.unwrap());
    assert!(!store.finish_derivation(made(&foreign, vec![new.clone()])).await.unwrap());
    let failed = FailedDerivation {
        company_id: stranger,
        media_id: claimed.media_id,
        lease: claimed.lease.clone(),
        version: 1,
        sentence: "x".into(),
        retry_at: None,
    };
    assert!(!store.fail_derivation(failed).await.unwrap());
    assert!(store.claim_derivation_for_viewer("w", stranger, file.id, 1, LEASE).await.unwrap().is_none());
    let all = QueuedDerivations::All;
    assert!(store.queue_derivations(stranger, all, MediaId(0), 9).await.unwrap().is_none());
    assert_eq!(store.derivations_left(stranger).await.unwrap(), 0);
    store.reserve_variants(stranger, file.id, StorageBackend::S3, &["x".into()]).await.unwrap();
    let foreign = Variant { company_id: stranger, ..thumb.clone() };
    assert!(!store.variant_moved(&foreign, StorageBackend::S3, "x").await.unwrap());
    assert!(!store.variant_lost(&foreign).await.unwrap());
    let scope = Scope::system(test.acme.company);
    assert_eq!(store.variant(&scope, file.id, VariantKind::Thumb).await.unwrap(), Some(thumb));
    assert!(store.finish_derivation(made(&claimed, vec![new])).await.unwrap(), "the lease is as it was");
}

async fn sends_belong_to_one_company_and_its_scope(test: &Test) {
    let store = &test.store;
    let ann = conversation(test, test.acme, "491").await;
    let scope = Scope::system(test.acme.company);
    let new = NewSend { client_id: Some("mine".into()), ..new_text(ann) };
    let id = store.queue_send(&scope, &new).await.unwrap().message_id;
    assert_eq!(store.sent_as(&scope, "mine").await.unwrap(), [id]);
    let nobody = Scope::new(test.acme.company, Visibility::Conversations([].into()));
    let ann_key = ContactKey { wa_id: Some("491".into()), ..ContactKey::default() };
    for scope in [Scope::system(test.other.company), nobody] {
        let refused = store.queue_send(&scope, &new_text(ann)).await.unwrap_err();
        assert!(refused.is_not_found());
        assert!(store.queue_sends(&scope, &[new_text(ann)]).await.unwrap_err().is_not_found());
        let with = Destination::Contact(test.acme.account, ann_key.clone());
        let refused =
            store.queue_send(&scope, &NewSend { destination: with, ..new_text(ann) }).await.unwrap_err();
        assert!(refused.is_not_found());
        let found = store.conversation_with(&scope, test.acme.account, &ann_key).await.unwrap();
        assert_eq!(found, None);
        assert_eq!(store.cancel_send(&scope, id).await.unwrap(), CancelledSend::NotFound);
        assert_eq!(store.retry_send(&scope, id).await.unwrap(), RetriedSend::NotFound);
        assert_eq!(store.sent_as(&scope, "mine").await.unwrap(), []);
    }
    let claimed = claim_one(test).await;
    let foreign = ClaimedSend { company_id: test.other.company, ..claimed.clone() };
    assert!(!store.renew_send(&foreign, test.now()).await.unwrap());
    assert!(!store.send_uploading(&foreign).await.unwrap() && !store.mark_asked(&foreign).await.unwrap());
    assert!(store.finish_send(&foreign, "w").await.unwrap().is_none());
    assert!(
        !store.fail_send(&foreign, 1, "x").await.unwrap() && !store.settle_unknown(&foreign).await.unwrap()
    );
    assert!(!store.put_off_send(&foreign, test.now(), true).await.unwrap());
    let other_number = ContactKey { wa_id: Some("492".into()), ..ContactKey::default() };
    assert!(!store.learn_recipient(&foreign, &other_number).await.unwrap());
    store.drop_upload(test.other.company, StorageBackend::Local, "x").await.unwrap();
    finish(test, &claimed).await;
}

on_both!(
    sends_belong_to_one_company_and_its_scope,
    derivations_and_variants_belong_to_one_company,
    reads_for_another_company_find_nothing,
    writes_for_another_company_change_nothing,
    users_and_api_keys_belong_to_one_company
);
