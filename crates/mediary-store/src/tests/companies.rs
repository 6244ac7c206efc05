//! Companies, their people and programs, the audit log and usage.

use std::time::Duration;

use mediary_core::{FileType, MediaPolicy, Retention, Role, Timestamp};
use mediary_testing::START;

use super::harness::Test;
use super::on_both;
use super::rows::{finished, new_company};
use crate::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn new_user(email: &str) -> NewUser {
    NewUser {
        email: email.into(),
        name: "Ana".into(),
        role: Role::Agent,
        password_hash: "$argon2id$1".into(),
    }
}

fn new_key(name: &str, hash: u8) -> NewApiKey {
    NewApiKey {
        name: name.into(),
        role: Role::Viewer,
        token_hash: [hash; 32],
        prefix: "mdy_abc".into(),
        expires_at: None,
    }
}

async fn company_keeps_its_settings(test: &Test) {
    let company = test.store.company_by_slug("acme").await.unwrap().unwrap();
    assert_eq!((company.id, company.media_policy), (test.acme.company, MediaPolicy::Store));
    let log = test
        .store
        .audits(company.id, &AuditFilter::default(), &PageRequest { cursor: None, limit: 9 })
        .await
        .unwrap()
        .items;
    let made = log.iter().find(|row| row.action == "company.created").unwrap();
    assert_eq!((made.who.as_str(), made.record.as_deref()), ("command_line", Some("company:1")));
    let retention = Retention::days_after_stored(Some(30)).unwrap();
    let settings = MediaSettingsPatch {
        policy: Some(MediaPolicy::Stream),
        retention: Some(retention),
        audit_views: Some(true),
    };
    let changed = test
        .store
        .update_company_settings(company.id, &settings, &Actor::command_line())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (changed.media_policy, changed.retention, changed.audit_views),
        (MediaPolicy::Stream, retention, true)
    );
    let slugs: Vec<String> =
        test.store.list_companies().await.unwrap().into_iter().map(|one| one.slug).collect();
    assert_eq!(slugs, ["acme", "other"]);
    let again = new_company("acme");
    assert!(test.store.add_company(&again).await.unwrap_err().is_conflict());
    let other = test.store.company(test.other.company).await.unwrap().unwrap();
    assert_eq!(other.media_policy, MediaPolicy::Store);
}

async fn users_are_found_by_their_address_in_any_case(test: &Test) {
    let user = test
        .store
        .add_user(test.acme.company, &new_user("Ana@Acme.test "), &Actor::command_line())
        .await
        .unwrap();
    assert_eq!((user.email.as_str(), user.role, user.active), ("ana@acme.test", Role::Agent, true));
    let found = test.store.user_by_email(" ANA@acme.TEST").await.unwrap().unwrap();
    assert_eq!((found.user.id, found.password_hash.as_str()), (user.id, "$argon2id$1"));
    assert!(test.store.user_by_email("bob@acme.test").await.unwrap().is_none());
    let again = test
        .store
        .add_user(test.other.company, &new_user("ana@acme.test"), &Actor::command_line())
        .await
        .unwrap_err();
    assert!(again.is_conflict());
    let patch = UserPatch { role: Some(Role::Admin), active: Some(false), ..UserPatch::default() };
    let changed = test
        .store
        .update_user(test.acme.company, user.id, &patch, &Actor::command_line())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((changed.role, changed.active, changed.name.as_str()), (Role::Admin, false, "Ana"));
}

async fn users_and_api_keys_are_listed_in_pages(test: &Test) {
    for number in 0..5 {
        test.store
            .add_user(test.acme.company, &new_user(&format!("{number}@acme.test")), &Actor::command_line())
            .await
            .unwrap();
    }
    test.store.add_user(test.other.company, &new_user("o@other.test"), &Actor::command_line()).await.unwrap();
    let first = test.store.users(test.acme.company, &PageRequest { cursor: None, limit: 3 }).await.unwrap();
    assert_eq!(first.items.len(), 3);
    let second =
        test.store.users(test.acme.company, &PageRequest { cursor: first.next, limit: 3 }).await.unwrap();
    let emails: Vec<&str> = second.items.iter().map(|user| user.email.as_str()).collect();
    assert_eq!((emails, second.next), (vec!["3@acme.test", "4@acme.test"], None));
}

async fn session_lasts_until_it_expires(test: &Test) {
    let user = test
        .store
        .add_user(test.acme.company, &new_user("a@acme.test"), &Actor::command_line())
        .await
        .unwrap();
    let new = |hash: u8, expires_at: Timestamp| NewSession {
        user_id: user.id,
        company_id: test.acme.company,
        password_hash: "$argon2id$1".into(),
        token_hash: [hash; 32],
        expires_at,
        ip: None,
    };
    test.store.add_session(&new(1, START.plus(DAY))).await.unwrap();
    let who = test.store.session_by_hash(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((who.company_id, who.user_id, who.role), (test.acme.company, user.id, Role::Agent));
    assert_eq!((who.expires_at, who.last_used_at), (START.plus(DAY), START));
    assert!(test.store.session_by_hash(&[2; 32]).await.unwrap().is_none());
    test.clock.advance(DAY);
    assert!(test.store.session_by_hash(&[1; 32]).await.unwrap().is_none());
    test.store.touch_session(&[1; 32], START.plus(DAY * 2)).await.unwrap();
    assert_eq!(test.store.session_by_hash(&[1; 32]).await.unwrap().unwrap().last_used_at, test.now());
    assert!(test.store.delete_session(&[1; 32], None).await.unwrap());
    assert!(!test.store.delete_session(&[1; 32], None).await.unwrap());

    test.store.add_session(&new(3, START.plus(DAY * 9))).await.unwrap();
    test.store.add_session(&new(4, START.plus(DAY * 2))).await.unwrap();
    assert_eq!(test.store.prune_sessions(START.plus(DAY * 3), 10).await.unwrap(), 1);
    let patch = UserPatch { active: Some(false), ..UserPatch::default() };
    test.store.update_user(test.acme.company, user.id, &patch, &Actor::command_line()).await.unwrap();
    assert!(test.store.session_by_hash(&[3; 32]).await.unwrap().is_none(), "not active");
    let back = UserPatch { active: Some(true), ..UserPatch::default() };
    test.store.update_user(test.acme.company, user.id, &back, &Actor::command_line()).await.unwrap();
    assert!(test.store.session_by_hash(&[3; 32]).await.unwrap().is_none(), "it ended for good");
}

async fn log_in_with_the_previous_password_opens_no_session(test: &Test) {
    let company = test.acme.company;
    let user = test.store.add_user(company, &new_user("b@acme.test"), &Actor::command_line()).await.unwrap();
    for round in 0..20_u8 {
        let session = NewSession {
            user_id: user.id,
            company_id: company,
            password_hash: format!("$argon2id${round}"),
            token_hash: [round; 32],
            expires_at: START.plus(DAY),
            ip: None,
        };
        let hash =
            |of: u8| UserPatch { password_hash: Some(format!("$argon2id${of}")), ..UserPatch::default() };
        test.store.update_user(company, user.id, &hash(round), &Actor::command_line()).await.unwrap();
        // The password was checked; now it changes.
        let (patch, by) = (hash(round + 1), Actor::command_line());
        let (opened, changed) = tokio::join!(
            test.store.add_session(&session),
            test.store.update_user(company, user.id, &patch, &by)
        );
        opened.unwrap();
        changed.unwrap().unwrap();
        assert!(test.store.session_by_hash(&[round; 32]).await.unwrap().is_none(), "round {round}");
        assert!(!test.store.add_session(&session).await.unwrap(), "the hash is not the user's any more");
    }
}

async fn settings_changed_twice_at_once_keep_both_changes(test: &Test) {
    let company = test.acme.company;
    let kept = |days: i64| Retention::days_after_stored(Some(days)).unwrap();
    for round in 1..=20 {
        let policy = if round % 2 == 0 { MediaPolicy::Stream } else { MediaPolicy::Store };
        let one = MediaSettingsPatch { policy: Some(policy), ..MediaSettingsPatch::default() };
        let two = MediaSettingsPatch { retention: Some(kept(round)), ..MediaSettingsPatch::default() };
        let three = MediaSettingsPatch { audit_views: Some(round % 2 == 0), ..MediaSettingsPatch::default() };
        let change = |patch| async move {
            test.store.update_company_settings(company, patch, &Actor::command_line()).await.unwrap()
        };
        tokio::join!(change(&one), change(&two), change(&three));
        let now = test.store.company(company).await.unwrap().unwrap();
        assert_eq!((now.media_policy, now.retention, now.audit_views), (policy, kept(round), round % 2 == 0));
    }
}

async fn api_key_works_until_it_is_revoked_or_expires(test: &Test) {
    let company = test.acme.company;
    let key = test.store.add_api_key(company, &new_key("crm", 1), &Actor::command_line()).await.unwrap();
    let who = test.store.api_key_by_hash(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((who.company_id, who.id, who.role, who.name.as_str()), (company, key.id, Role::Viewer, "crm"));
    assert!(
        test.store
            .add_api_key(company, &new_key("crm", 2), &Actor::command_line())
            .await
            .unwrap_err()
            .is_conflict()
    );
    test.store.add_api_key(test.other.company, &new_key("crm", 2), &Actor::command_line()).await.unwrap();
    test.store.touch_api_key(company, key.id).await.unwrap();
    assert_eq!(test.store.api_key_by_hash(&[1; 32]).await.unwrap().unwrap().last_used_at, Some(START));

    assert!(test.store.revoke_api_key_by_name(company, "crm", &Actor::command_line()).await.unwrap());
    assert!(!test.store.revoke_api_key(company, key.id, &Actor::command_line()).await.unwrap());
    assert!(test.store.api_key_by_hash(&[1; 32]).await.unwrap().is_none());
    assert!(test.store.api_key_by_hash(&[2; 32]).await.unwrap().is_some(), "the other company's");
    let ending = NewApiKey { expires_at: Some(START.plus(DAY)), ..new_key("crm", 3) };
    let ending = test.store.add_api_key(company, &ending, &Actor::command_line()).await.unwrap();
    assert!(test.store.api_key_by_hash(&[3; 32]).await.unwrap().is_some());
    test.clock.advance(DAY);
    assert!(test.store.api_key_by_hash(&[3; 32]).await.unwrap().is_none());
    assert!(test.store.revoke_api_key(company, ending.id, &Actor::command_line()).await.unwrap());
    let all = test.store.api_keys(company, &PageRequest::default()).await.unwrap().items;
    assert!(all.len() == 2 && all.iter().all(|key| key.revoked_at.is_some() && key.prefix == "mdy_abc"));
}

async fn audit_log_is_listed_in_pages_newest_first(test: &Test) {
    test.sql("DELETE FROM audit_log").await.unwrap();
    for number in 0..5 {
        let by = Actor { who: "user:1".into(), ip: Some("192.0.2.1".into()) };
        let (action, record) = (format!("action-{number}"), format!("media:{number}"));
        test.store.audit(test.acme.company, &by, &action, &record).await.unwrap();
    }
    let first = test
        .store
        .audits(test.acme.company, &AuditFilter::default(), &PageRequest { cursor: None, limit: 3 })
        .await
        .unwrap();
    let next = PageRequest { cursor: first.next, limit: 3 };
    let second = test.store.audits(test.acme.company, &AuditFilter::default(), &next).await.unwrap();
    let actions: Vec<String> =
        first.items.into_iter().chain(second.items).map(|entry| entry.action).collect();
    assert_eq!(actions, ["action-4", "action-3", "action-2", "action-1", "action-0"]);
    assert!(second.next.is_none());
}

async fn sessions_are_listed_and_ended_by_their_person_alone(test: &Test) {
    let (company, store, by) = (test.acme.company, &test.store, Actor::command_line());
    let person = store.add_user(company, &new_user("a@acme.test"), &by).await.unwrap().id;
    let other = store.add_user(company, &new_user("b@acme.test"), &by).await.unwrap().id;
    let new = |user_id, hash: u8, expires_at: Timestamp| NewSession {
        user_id,
        company_id: company,
        password_hash: "$argon2id$1".into(),
        token_hash: [hash; 32],
        expires_at,
        ip: None,
    };
    for (user, hash, life) in
        [(person, 1, DAY * 9), (other, 2, DAY * 9), (person, 3, DAY), (person, 4, DAY * 9)]
    {
        store.add_session(&new(user, hash, START.plus(life))).await.unwrap();
    }
    test.clock.advance(DAY);
    store.touch_session(&[1; 32], START.plus(DAY * 10)).await.unwrap();
    let of = async |user, limit| store.sessions_of(company, user, &[4; 32], limit).await.unwrap();
    let listed = of(person, 9).await;
    let seen: Vec<_> = listed.iter().map(|session| (session.last_used_at, session.is_current)).collect();
    assert_eq!(seen, [(test.now(), false), (START, true)], "the one that ended is not there");
    assert_eq!(of(person, 1).await.len(), 1);
    let stranger = store.sessions_of(test.other.company, person, &[4; 32], 9).await.unwrap();
    assert!(stranger.is_empty());
    let id = listed[0].id;
    assert!(!store.delete_session_of(company, other, id, &by).await.unwrap());
    assert!(!store.delete_session_of(test.other.company, person, id, &by).await.unwrap());
    assert!(store.delete_session_of(company, person, id, &by).await.unwrap());
    assert!(!store.delete_session_of(company, person, id, &by).await.unwrap());
    assert!(store.session_by_hash(&[1; 32]).await.unwrap().is_none());
    assert_eq!((of(person, 9).await.len(), of(other, 9).await.len()), (1, 1));
}

async fn audit_log_is_filtered_and_paged(test: &Test) {
    test.sql("DELETE FROM audit_log").await.unwrap();
    let company = test.acme.company;
    for (who, action) in [("user:1", "a"), ("user:2", "a"), ("user:1", "b"), ("user:1", "a")] {
        let by = Actor { who: who.into(), ip: None };
        test.store.audit(company, &by, action, "media:1").await.unwrap();
        test.clock.advance(DAY);
    }
    let of = async |filter: AuditFilter, page: PageRequest| {
        test.store.audits(company, &filter, &page).await.unwrap()
    };
    let count = async |filter| of(filter, PageRequest::default()).await.items.len();
    assert_eq!(count(AuditFilter::default()).await, 4);
    let one = AuditFilter { who: Some("user:1".into()), action: Some("a".into()), ..AuditFilter::default() };
    assert_eq!(count(one.clone()).await, 2);
    let days = |from: u32, to: u32| AuditFilter {
        from: Some(START.plus(DAY * from)),
        to: Some(START.plus(DAY * to)),
        ..AuditFilter::default()
    };
    assert_eq!((count(days(1, 3)).await, count(days(0, 1)).await, count(days(4, 9)).await), (2, 1, 0));
    let first = of(one.clone(), PageRequest { cursor: None, limit: 1 }).await;
    let second = of(one, PageRequest { cursor: first.next.clone(), limit: 1 }).await;
    assert_eq!((first.items[0].created_at, second.items[0].created_at), (START.plus(DAY * 3), START));
    assert!(second.next.is_none());
    assert_eq!(
        test.store
            .audits(test.other.company, &days(0, 9), &PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
}

async fn usage_counts_what_is_stored_by_month_and_type(test: &Test) {
    // The start is in October 2025; the next one is stored in November.
    test.stored("m1").await;
    test.stored("m2").await;
    test.picture(test.acme, "not stored").await;
    let claimed = test.claim().await.remove(0);
    assert!(test.store.release_download(&claimed).await.unwrap());
    test.clock.advance(DAY * 30);
    test.picture(test.acme, "m3").await;
    for claimed in test.claim().await {
        if claimed.provider_media_id.as_deref() == Some("media-m3") {
            assert!(test.store.finish_download(finished(&claimed)).await.unwrap());
        }
    }
    let month = |month: &str, files: i64| Usage {
        month: month.into(),
        file_type: FileType::Image,
        files,
        bytes: files * 1234,
    };
    assert_eq!(
        test.store.usage(test.acme.company).await.unwrap(),
        [month("2025-11", 1), month("2025-10", 2)]
    );
    assert_eq!(test.store.usage(test.other.company).await.unwrap(), []);
}

/// What the totals say and what a count says.
async fn usage_is_exact(test: &Test, when: &str) {
    let count =
        "SELECT CAST(COUNT(*) AS BIGINT) FROM media_files WHERE is_active AND download_status = 'completed'
        AND company_id = ";
    for company in [test.acme.company, test.other.company] {
        let usage = test.store.usage(company).await.unwrap();
        let files: i64 = usage.iter().map(|usage| usage.files).sum();
        assert_eq!(files, test.number(&format!("{count}{company}")).await, "{when}");
        let bytes: i64 = usage.iter().map(|usage| usage.bytes).sum();
        assert_eq!(bytes, files * 1234, "{when}");
    }
}

async fn usage_follows_whatever_is_done_to_files(test: &Test) {
    let (company, store) = (test.acme.company, &test.store);
    let mut files = Vec::new();
    for name in ["deleted", "revoked", "replaced", "erased", "lost", "kept"] {
        files.push(test.stored(name).await);
    }
    usage_is_exact(test, "stored").await;
    assert!(store.delete_media(company, files[0].id, None, &Actor::command_line()).await.unwrap());
    usage_is_exact(test, "deleted").await;
    test.ingest(vec![super::edits::revoke(test.acme, "revoked")]).await;
    usage_is_exact(test, "revoked").await;
    assert_eq!(store.add_up_usage(3).await.unwrap(), 3, "some of them");
    usage_is_exact(test, "added up in part").await;
    assert!(store.store_lost_file(company, files[4].id, &files[4].location().unwrap()).await.unwrap());
    usage_is_exact(test, "lost").await;
    let retention = Retention::days_after_stored(Some(1)).unwrap();
    store.set_retention(company, retention, &Actor::command_line()).await.unwrap();
    test.clock.advance(DAY);
    assert_eq!(store.delete_past_retention(company, &[files[2].id]).await.unwrap().len(), 1);
    usage_is_exact(test, "retention").await;
    let settings = MediaSettingsPatch { policy: Some(MediaPolicy::Stream), ..MediaSettingsPatch::default() };
    store.update_company_settings(company, &settings, &Actor::command_line()).await.unwrap();
    assert_eq!(store.erase_files(company, &[files[3].id]).await.unwrap().len(), 1);
    usage_is_exact(test, "erased").await;
    while store.add_up_usage(4).await.unwrap() > 0 {}
    usage_is_exact(test, "added up").await;
    test.sql("DELETE FROM media_files").await.unwrap();
    usage_is_exact(test, "gone").await;
    assert!(store.usage(company).await.unwrap().is_empty());
}

async fn nodes_that_add_up_usage_at_once_count_each_change_once(test: &Test) {
    let node = test.another_node().await;
    for name in 0..20 {
        test.stored(&format!("m{name}")).await;
    }
    for _ in 0..10 {
        let (one, other) = tokio::join!(test.store.add_up_usage(2), node.add_up_usage(2));
        one.and(other).unwrap();
        usage_is_exact(test, "at once").await;
    }
    node.close().await;
}

/// As the step does that introduces the totals.
async fn usage_of_what_was_stored_before_is_counted_once(test: &Test) {
    test.stored("m1").await;
    test.stored("m2").await;
    test.sql("DELETE FROM usage_changes").await.unwrap();
    assert!(test.store.usage(test.acme.company).await.unwrap().is_empty());
    let step = crate::dialect::schema(test.store.backend(), include_str!("../../migrations/0016_usage.sql"));
    let fill = &step[step.rfind("INSERT INTO usage_totals").unwrap()..];
    test.sql(fill.trim_end().trim_end_matches(';')).await.unwrap();
    usage_is_exact(test, "counted").await;
}

on_both!(
    usage_follows_whatever_is_done_to_files,
    nodes_that_add_up_usage_at_once_count_each_change_once,
    usage_of_what_was_stored_before_is_counted_once,
    company_keeps_its_settings,
    users_are_found_by_their_address_in_any_case,
    users_and_api_keys_are_listed_in_pages,
    session_lasts_until_it_expires,
    log_in_with_the_previous_password_opens_no_session,
    settings_changed_twice_at_once_keep_both_changes,
    api_key_works_until_it_is_revoked_or_expires,
    audit_log_is_listed_in_pages_newest_first,
    audit_log_is_filtered_and_paged,
    sessions_are_listed_and_ended_by_their_person_alone,
    usage_counts_what_is_stored_by_month_and_type,
);
