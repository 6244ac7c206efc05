//! Each act of a person leaves one row in the audit log, in its own transaction; what was done before leaves none.

use std::time::Duration;

use mediary_core::{ApiKeyId, CompanyId, MediaId, MediaPolicy, Retention, Role, Scope, Timestamp};
use mediary_testing::START;

use super::harness::Test;
use super::on_both;
use super::rows::{WEEK, failed, new_company};
use crate::*;

fn ana() -> Actor {
    Actor { who: "user:7".into(), ip: Some("192.0.2.1".into()) }
}

fn user(email: &str, role: Role) -> NewUser {
    NewUser { email: email.into(), name: "Bo".into(), role, password_hash: "$argon2id$1".into() }
}

fn key(hash: u8) -> NewApiKey {
    let name = format!("crm-{hash}");
    NewApiKey { name, role: Role::Viewer, token_hash: [hash; 32], prefix: "mdy_abc".into(), expires_at: None }
}

fn account(number: &str) -> NewAccount {
    NewAccount {
        provider: mediary_core::Provider::Meta,
        aws: None,
        phone_number_id: number.into(),
        waba_id: None,
        display_phone_number: None,
        name: "Sales".into(),
        access_token: None,
        app_secret: None,
        verify_token: None,
        media_policy: None,
    }
}

async fn forget(test: &Test) {
    test.sql("DELETE FROM audit_log").await.unwrap();
}

/// What the log gained since the last call, oldest first.
async fn gained(test: &Test) -> Vec<(String, String)> {
    let page = PageRequest { cursor: None, limit: 100 };
    let log = test.store.audits(test.acme.company, &AuditFilter::default(), &page).await.unwrap().items;
    assert!(
        log.iter()
            .all(|row| row.who == ana().who && row.ip == ana().ip || row.action.starts_with("session."))
    );
    forget(test).await;
    log.into_iter().rev().map(|row| (row.action, row.record.unwrap())).collect()
}

async fn one(test: &Test, action: &str, record: impl Into<String>) {
    assert_eq!(gained(test).await, [(action.to_owned(), record.into())]);
}

async fn none(test: &Test) {
    assert_eq!(gained(test).await, []);
}

async fn users_and_api_keys_leave_one_audit_row_an_act(test: &Test) {
    let (store, company, by) = (&test.store, test.acme.company, &ana());
    forget(test).await;
    let bo = store.add_user(company, &user("bo@acme.test", Role::Agent), by).await.unwrap().id;
    one(test, "user.created", format!("user:{bo}")).await;
    let named = UserPatch { name: Some("B".into()), ..UserPatch::default() };
    store.update_user(company, bo, &named, by).await.unwrap();
    one(test, "user.changed", format!("user:{bo}")).await;
    // So it is already.
    let same = UserPatch { role: Some(Role::Agent), active: Some(true), ..named.clone() };
    assert_eq!(store.update_user(company, bo, &same, by).await.unwrap().unwrap().name, "B");
    none(test).await;
    let session = NewSession {
        user_id: bo,
        company_id: company,
        password_hash: "$argon2id$1".into(),
        token_hash: [9; 32],
        expires_at: START.plus(WEEK),
        ip: Some("192.0.2.2".into()),
    };
    assert!(store.add_session(&session).await.unwrap());
    one(test, "session.created", format!("user:{bo}")).await;
    assert!(store.delete_session(&session.token_hash, ana().ip.as_deref()).await.unwrap());
    assert!(!store.delete_session(&session.token_hash, None).await.unwrap());
    one(test, "session.ended", format!("user:{bo}")).await;
    let off = UserPatch { active: Some(false), ..UserPatch::default() };
    store.update_user(company, bo, &off, by).await.unwrap().unwrap();
    one(test, "user.deactivated", format!("user:{bo}")).await;
    // Done already, of another company, or nothing at all.
    assert!(!store.update_user(company, bo, &off, by).await.unwrap().unwrap().active);
    store.update_user(company, bo, &UserPatch::default(), by).await.unwrap().unwrap();
    assert!(store.update_user(test.other.company, bo, &named, by).await.unwrap().is_none());
    assert!(!store.add_session(&session).await.unwrap(), "they are not active");
    none(test).await;

    let made = store.add_api_key(company, &key(1), by).await.unwrap().id;
    one(test, "api_key.created", format!("api_key:{made}")).await;
    assert!(store.revoke_api_key(company, made, by).await.unwrap());
    one(test, "api_key.revoked", format!("api_key:{made}")).await;
    assert!(!store.revoke_api_key(company, made, by).await.unwrap());
    assert!(!store.revoke_api_key_by_name(company, "crm-1", by).await.unwrap());
    none(test).await;
}

async fn accounts_and_settings_leave_one_audit_row_an_act(test: &Test) {
    let (store, company, by) = (&test.store, test.acme.company, &ana());
    forget(test).await;
    let id = store.add_account(company, &account("999"), by).await.unwrap().id;
    one(test, "account.created", format!("account:{id}")).await;
    let named = AccountPatch { name: Some("S".into()), ..AccountPatch::default() };
    store.update_account(company, id, &named, by).await.unwrap();
    one(test, "account.changed", format!("account:{id}")).await;
    let active = Some(mediary_core::AccountStatus::Active);
    let same =
        AccountPatch { status: active, media_policy: Some(None), retention: Some(None), ..named.clone() };
    assert_eq!(store.update_account(company, id, &same, by).await.unwrap().unwrap().name, "S");
    none(test).await;
    let off = AccountPatch { status: Some(mediary_core::AccountStatus::Disabled), ..AccountPatch::default() };
    store.update_account(company, id, &off, by).await.unwrap();
    one(test, "account.disabled", format!("account:{id}")).await;
    store.update_account(company, id, &off, by).await.unwrap();
    store.update_account(company, id, &AccountPatch::default(), by).await.unwrap();
    assert!(store.update_account(test.other.company, id, &named, by).await.unwrap().is_none());
    assert!(store.add_account(company, &account("999"), by).await.unwrap_err().is_conflict());
    none(test).await;

    // What holds without having been set.
    let kept = MediaSettingsPatch {
        policy: Some(MediaPolicy::Store),
        retention: Some(Retention::FOREVER),
        audit_views: Some(false),
    };
    store.update_company_settings(company, &kept, by).await.unwrap();
    store.set_retention(company, Retention::FOREVER, by).await.unwrap();
    none(test).await;
    let stream = MediaSettingsPatch { policy: Some(MediaPolicy::Stream), ..Default::default() };
    store.update_company_settings(company, &stream, by).await.unwrap();
    one(test, "media_settings.changed", format!("company:{company}")).await;
    store.set_retention(company, Retention::days_after_stored(Some(3)).unwrap(), by).await.unwrap();
    one(test, "media_settings.changed", format!("company:{company}")).await;
    store.update_company_settings(company, &stream, by).await.unwrap();
    store.set_retention(company, Retention::days_after_stored(Some(3)).unwrap(), by).await.unwrap();
    none(test).await;
    store.plan_erasing(company, Some(test.acme.account), by).await.unwrap();
    store.plan_erasing(company, Some(test.acme.account), by).await.unwrap();
    one(test, "media.erased", format!("account:{}", test.acme.account)).await;
    store.update_company_settings(company, &MediaSettingsPatch::default(), by).await.unwrap();
    let nobody = CompanyId(99_999);
    assert!(store.update_company_settings(nobody, &stream, by).await.unwrap().is_none());
    none(test).await;
}

async fn files_leave_one_audit_row_an_act(test: &Test) {
    let (store, company, by) = (&test.store, test.acme.company, &ana());
    forget(test).await;
    let claimed = test.claimed("m1").await;
    let id = claimed.media_id;
    // It runs already.
    assert!(matches!(store.request_download(company, id, by).await.unwrap(), RequeueOutcome::InFlight(_)));
    none(test).await;
    assert!(store.fail_download(&failed(&claimed, None)).await.unwrap());
    assert!(matches!(store.request_download(company, id, by).await.unwrap(), RequeueOutcome::Queued(_)));
    one(test, "media.download_requested", format!("media:{id}")).await;
    // It is due already, and nothing has failed.
    assert!(matches!(store.request_download(company, id, by).await.unwrap(), RequeueOutcome::Queued(_)));
    assert!(store.requeue_failed(company, None, by).await.unwrap().is_empty());
    none(test).await;
    let claimed = test.claim().await.remove(0);
    assert!(store.fail_download(&failed(&claimed, None)).await.unwrap());
    assert_eq!(store.requeue_failed(company, None, by).await.unwrap(), [id]);
    one(test, "media.retried", format!("company:{company}")).await;
    assert!(store.delete_media(company, id, None, by).await.unwrap());
    one(test, "media.deleted", format!("media:{id}")).await;
    assert!(!store.delete_media(company, id, None, by).await.unwrap());
    assert!(matches!(store.request_download(company, id, by).await.unwrap(), RequeueOutcome::NotActive));
    assert!(store.release_quarantine(company, id, by).await.unwrap().is_none());
    // By itself a download is queued without a word.
    store.requeue_download(company, id, false).await.unwrap();
    none(test).await;
}

/// Where the row cannot be written, nothing has been done.
async fn act_that_cannot_be_audited_does_not_happen(test: &Test) {
    let (store, company, by) = (&test.store, test.acme.company, &ana());
    let media = test.stored("m1").await;
    let boss = store.add_user(company, &user("boss@acme.test", Role::Admin), by).await.unwrap().id;
    let held = store.add_api_key(company, &key(1), by).await.unwrap().id;
    let open = NewSession {
        user_id: boss,
        company_id: company,
        password_hash: "$argon2id$1".into(),
        token_hash: [8; 32],
        expires_at: START.plus(WEEK),
        ip: None,
    };
    assert!(store.add_session(&open).await.unwrap());
    test.sql("ALTER TABLE audit_log RENAME TO elsewhere").await.unwrap();
    let rename = UserPatch { name: Some("B".into()), ..UserPatch::default() };
    let settings = MediaSettingsPatch { audit_views: Some(true), ..Default::default() };
    let account_name = AccountPatch { name: Some("S".into()), ..AccountPatch::default() };
    let session = NewSession { token_hash: [9; 32], ..open.clone() };
    let rival = new_company("rival");
    store.add_company(&rival).await.unwrap_err();
    store.delete_session(&open.token_hash, None).await.unwrap_err();
    store.add_user(company, &user("bo@acme.test", Role::Agent), by).await.unwrap_err();
    store.update_user(company, boss, &rename, by).await.unwrap_err();
    store.add_session(&session).await.unwrap_err();
    store.add_api_key(company, &key(2), by).await.unwrap_err();
    store.revoke_api_key(company, held, by).await.unwrap_err();
    store.add_account(company, &account("999"), by).await.unwrap_err();
    store.update_account(company, test.acme.account, &account_name, by).await.unwrap_err();
    store.update_company_settings(company, &settings, by).await.unwrap_err();
    store.set_retention(company, Retention::days_after_stored(Some(3)).unwrap(), by).await.unwrap_err();
    store.plan_erasing(company, None, by).await.unwrap_err();
    store.delete_media(company, media.id, None, by).await.unwrap_err();
    // Last, for it leaves a failed file.
    let claimed = test.claimed("m2").await;
    assert!(store.fail_download(&failed(&claimed, None)).await.unwrap());
    store.requeue_failed(company, None, by).await.unwrap_err();

    assert!(store.user_by_email("bo@acme.test").await.unwrap().is_none());
    assert_eq!(store.user(company, boss).await.unwrap().unwrap().name, "Bo");
    assert!(store.session_by_hash(&[9; 32]).await.unwrap().is_none());
    assert!(store.session_by_hash(&open.token_hash).await.unwrap().is_some());
    assert!(store.company_by_slug("rival").await.unwrap().is_none());
    assert!(store.api_key_by_hash(&[2; 32]).await.unwrap().is_none());
    assert!(store.api_key_by_hash(&[1; 32]).await.unwrap().is_some_and(|key| key.id == ApiKeyId(held.0)));
    assert!(store.account_by_phone_number_id(company, "999").await.unwrap().is_none());
    assert_ne!(store.account(company, test.acme.account).await.unwrap().unwrap().name, "S");
    let now = store.company(company).await.unwrap().unwrap();
    assert!(!now.audit_views && now.retention.days().is_none());
    assert_eq!(test.number("SELECT COUNT(*) FROM media_tasks").await, 0);
    assert!(store.media(&Scope::system(company), media.id).await.unwrap().unwrap().is_active);
}

async fn last_admin_of_a_company_stays_admin(test: &Test) {
    let (store, company, by) = (&test.store, test.acme.company, &ana());
    let admin = async |email: &str| store.add_user(company, &user(email, Role::Admin), by).await.unwrap().id;
    let (one, two) = (admin("one@acme.test").await, admin("two@acme.test").await);
    store.add_user(test.other.company, &user("three@other.test", Role::Admin), by).await.unwrap();
    let demote = UserPatch { role: Some(Role::Manager), ..UserPatch::default() };
    let disable = UserPatch { active: Some(false), ..UserPatch::default() };
    store.update_user(company, one, &demote, by).await.unwrap().unwrap();
    for patch in [&demote, &disable] {
        let refused = store.update_user(company, two, patch, by).await.unwrap_err();
        assert!(refused.is_conflict(), "{refused}");
    }
    let now = store.user(company, two).await.unwrap().unwrap();
    assert!(now.active && now.role == Role::Admin);
    let renamed = UserPatch { name: Some("T".into()), ..UserPatch::default() };
    assert_eq!(store.update_user(company, two, &renamed, by).await.unwrap().unwrap().name, "T");
}

async fn admins_who_disable_each_other_at_once_leave_one(test: &Test) {
    let (company, by) = (test.acme.company, &ana());
    let node = test.another_node().await;
    for round in 0..10 {
        let admin = async |name: &str| {
            let new = user(&format!("{name}{round}@acme.test"), Role::Admin);
            test.store.add_user(company, &new, by).await.unwrap().id
        };
        let (one, two) = (admin("one").await, admin("two").await);
        let off = UserPatch { active: Some(false), ..UserPatch::default() };
        let demote = UserPatch { role: Some(Role::Agent), ..UserPatch::default() };
        let (first, second) = tokio::join!(
            test.store.update_user(company, one, &off, by),
            node.update_user(company, two, &demote, by)
        );
        assert!(first.is_ok() != second.is_ok(), "round {round}: {first:?} {second:?}");
        test.sql("DELETE FROM users").await.unwrap();
    }
    node.close().await;
}

/// The views of a company's file in the log.
async fn views(test: &Test, company: CompanyId) -> usize {
    let filter = AuditFilter { action: Some("media.viewed".into()), ..AuditFilter::default() };
    test.store.audits(company, &filter, &PageRequest::default()).await.unwrap().items.len()
}

async fn view_of_a_file_is_in_the_log_once_in_a_period(test: &Test) {
    const PERIOD: Duration = Duration::from_secs(900);
    forget(test).await;
    let (store, company, by) = (&test.store, test.acme.company, ana());
    let view = async |company, by: &Actor, media, from: Timestamp| {
        store.audit_view(company, by, MediaId(media), from..from.plus(PERIOD)).await.unwrap();
    };
    for _ in 0..3 {
        view(company, &by, 5, START).await;
        test.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(views(test, company).await, 1);
    let elsewhere = Actor { ip: Some("192.0.2.2".into()), ..by.clone() };
    let other = Actor { who: "user:8".into(), ..by.clone() };
    let nowhere = Actor { ip: None, ..by.clone() };
    for by in [&elsewhere, &other, &nowhere, &nowhere] {
        view(company, by, 5, START).await;
    }
    view(company, &by, 6, START).await;
    assert_eq!(views(test, company).await, 5, "another address, viewer or file");
    test.clock.advance(PERIOD);
    view(company, &by, 5, START.plus(PERIOD)).await;
    view(company, &by, 5, START.plus(PERIOD)).await;
    assert_eq!(views(test, company).await, 6, "another period");
    // What was written while the clock was ahead hides nothing.
    view(company, &by, 5, START.minus(PERIOD)).await;
    assert_eq!(views(test, company).await, 7);
    view(test.other.company, &by, 5, START.plus(PERIOD)).await;
    assert_eq!((views(test, test.other.company).await, views(test, company).await), (1, 7));
}

on_both!(
    view_of_a_file_is_in_the_log_once_in_a_period,
    users_and_api_keys_leave_one_audit_row_an_act,
    accounts_and_settings_leave_one_audit_row_an_act,
    files_leave_one_audit_row_an_act,
    act_that_cannot_be_audited_does_not_happen,
    last_admin_of_a_company_stays_admin,
    admins_who_disable_each_other_at_once_leave_one,
);
