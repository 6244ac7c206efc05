//! Media policies that change while files wait, come and lie in storage.

use std::time::Duration;

use mediary_core::{
    DownloadStatus, MediaId, MediaPolicy, MediaTask, Retention, RetentionMode, Sha256, StorageBackend,
};
use mediary_testing::START;

use super::harness::{CLAIM, Test, new_account};
use super::joins::until_waiting;
use super::rows::{Tenant, WEEK, failed, finished, item, new_media, picture};
use super::{on_both, on_postgres};
use crate::value::args;
use crate::*;

const LEASE: Duration = Duration::from_secs(30);

async fn set(test: &Test, tenant: Tenant, policy: MediaPolicy) {
    let settings = MediaSettingsPatch { policy: Some(policy), ..Default::default() };
    test.store
        .update_company_settings(tenant.company, &settings, &Actor::command_line())
        .await
        .unwrap()
        .unwrap();
}

async fn set_account(test: &Test, tenant: Tenant, policy: Option<MediaPolicy>) {
    let patch = AccountPatch { media_policy: Some(policy), ..AccountPatch::default() };
    test.store
        .update_account(tenant.company, tenant.account, &patch, &Actor::command_line())
        .await
        .unwrap()
        .unwrap();
}

/// Lets everything follow, one row after another.
async fn follow(test: &Test, tenant: Tenant) -> usize {
    let (mut after, mut followed) = (None, 0);
    while let Some(stretch) = test.store.behind_policy(tenant.company, after, 1).await.unwrap() {
        after = Some(stretch.upto);
        followed += test.store.follow_policy(tenant.company, &stretch.found).await.unwrap().len();
    }
    followed
}

async fn arrive(test: &Test, tenant: Tenant, id: &str, policy: MediaPolicy) -> MediaFile {
    let media = NewMedia { policy, download_now: policy.downloads_on_arrival(), ..new_media(id) };
    test.ingest(vec![item(IncomingMessage { media: Some(media), ..picture(tenant, id) })]).await;
    test.media_of(tenant, id).await
}

async fn claims_against_the_policy_are_not_granted(test: &Test) {
    let waiting = test.picture(test.acme, "m1").await;
    let (company, store) = (test.acme.company, &test.store);
    set(test, test.acme, MediaPolicy::Stream).await;
    // Taken in by a process that had not heard of the change.
    let late = arrive(test, test.acme, "m2", MediaPolicy::Store).await;
    assert!(test.claim().await.is_empty());
    for media in [waiting.id, late.id] {
        assert!(store.claim_for_viewer("viewer", company, media, LEASE).await.unwrap().is_none());
        let asked = store.requeue_download(company, media, true).await.unwrap();
        assert!(matches!(asked, RequeueOutcome::NotKept));
    }
    assert_eq!(follow(test, test.acme).await, 2);
    for id in ["m1", "m2"] {
        let now = test.media_of(test.acme, id).await;
        assert_eq!((now.policy, now.next_attempt_at), (MediaPolicy::Stream, None));
        assert_eq!(now.download_status, DownloadStatus::Pending);
    }
    set_account(test, test.acme, Some(MediaPolicy::OnView)).await;
    assert!(test.claim().await.is_empty(), "nobody has looked");
    let claimed = store.claim_for_viewer("viewer", company, late.id, LEASE).await.unwrap().unwrap();
    assert_eq!(claimed.policy, MediaPolicy::OnView, "also before the record has followed");
}

async fn waiting_files_are_due_once_everything_is_to_be_kept(test: &Test) {
    set(test, test.acme, MediaPolicy::Stream).await;
    let alive = arrive(test, test.acme, "m1", MediaPolicy::Stream).await;
    set(test, test.acme, MediaPolicy::Store).await;
    let late = arrive(test, test.acme, "m2", MediaPolicy::Stream).await;
    let found = test.store.due_for_backfill(None, None, 9).await.unwrap().unwrap().found;
    assert_eq!(found.len(), 2, "found before it follows");
    assert!(test.claim().await.is_empty());
    assert_eq!(follow(test, test.acme).await, 2);
    let claimed: Vec<MediaId> = test.claim().await.iter().map(|one| one.media_id).collect();
    assert_eq!(claimed, [alive.id, late.id]);
    assert_eq!(follow(test, test.acme).await, 0);
}

async fn expired_files_stay_lost(test: &Test) {
    set(test, test.acme, MediaPolicy::Stream).await;
    arrive(test, test.acme, "m1", MediaPolicy::Stream).await;
    set(test, test.acme, MediaPolicy::Store).await;
    test.clock.advance(WEEK);
    assert_eq!(follow(test, test.acme).await, 0);
}

async fn running_download_is_stopped_where_nothing_is_to_be_kept(test: &Test) {
    let claimed = test.claimed("m1").await;
    set(test, test.acme, MediaPolicy::OnView).await;
    assert!(test.store.renew_lease(&claimed, START.plus(LEASE), 1, None).await.unwrap(), "it may be kept");
    set(test, test.acme, MediaPolicy::Stream).await;
    assert!(!test.store.renew_lease(&claimed, START.plus(LEASE), 1, None).await.unwrap());
    assert!(!test.store.fail_download(&failed(&claimed, None)).await.unwrap());
    assert!(!test.store.finish_download(finished(&claimed)).await.unwrap());
    let trash = test.trash().await;
    assert_eq!(trash.len(), 1, "what it has stored goes");
    let now = test.media_of(test.acme, "m1").await;
    assert_eq!((now.policy, now.download_status), (MediaPolicy::Stream, DownloadStatus::Pending));
    assert_eq!((now.download_attempts, now.storage_key), (0, None));
}

async fn account_with_its_own_policy_ignores_that_of_the_company(test: &Test) {
    let account = test
        .store
        .add_account(test.acme.company, &new_account("own"), &Actor::command_line())
        .await
        .unwrap()
        .id;
    let own = Tenant { account, ..test.acme };
    set_account(test, own, Some(MediaPolicy::Store)).await;
    test.picture(own, "m1").await;
    test.picture(test.acme, "m2").await;
    test.picture(test.other, "m3").await;
    set(test, test.acme, MediaPolicy::OnView).await;
    assert_eq!(follow(test, test.acme).await, 1);
    assert_eq!(test.media_of(own, "m1").await.policy, MediaPolicy::Store);
    let waits = test.media_of(test.acme, "m2").await;
    assert_eq!((waits.policy, waits.next_attempt_at), (MediaPolicy::OnView, None));
    assert_eq!(follow(test, test.other).await, 0);
    set_account(test, own, None).await;
    assert_eq!(follow(test, test.acme).await, 1);
}

async fn temporary_failure_waits_for_a_view(test: &Test) {
    let claimed = test.claimed("m1").await;
    test.store.fail_download(&failed(&claimed, Some(START.plus(LEASE)))).await.unwrap();
    set(test, test.acme, MediaPolicy::Stream).await;
    assert_eq!(follow(test, test.acme).await, 1);
    let now = test.media_of(test.acme, "m1").await;
    assert_eq!((now.download_status, now.next_attempt_at), (DownloadStatus::Pending, None));
    assert_eq!((now.last_error_code, now.last_error_retryable), (None, false));
}

async fn policy_change_is_followed_at_once_and_again_when_every_node_knows(test: &Test) {
    let due = async || test.store.due_media_tasks(10).await.unwrap();
    set(test, test.acme, MediaPolicy::Store).await;
    assert_eq!(due().await, [], "it was so before");
    for policy in [MediaPolicy::Stream, MediaPolicy::OnView, MediaPolicy::Stream] {
        set(test, test.acme, policy).await;
    }
    let now = due().await;
    assert_eq!(now.len(), 1, "one for all three");
    test.store.media_task_reached(&now[0], Some(START), MediaId(5)).await.unwrap();
    let reached = due().await.remove(0);
    assert_eq!((reached.reached_at, reached.reached_id), (Some(START), Some(MediaId(5))));
    test.store
        .media_task_reached(&DueTask { company_id: test.other.company, ..reached.clone() }, None, MediaId(9))
        .await
        .unwrap();
    assert_eq!(due().await, [reached], "another company's is not");
    assert_eq!((now[0].company_id, now[0].kind), (test.acme.company, MediaTask::FollowPolicy));
    test.store.media_task_done(&now[0]).await.unwrap();
    assert_eq!(due().await, []);
    test.clock.advance(Duration::from_secs(61));
    assert_eq!(due().await.len(), 1);
    set(test, test.acme, MediaPolicy::Store).await;
    assert_eq!(due().await.len(), 1, "the new one has taken its place");
}

async fn files_that_must_not_be_kept_are_erased_alone(test: &Test) {
    let (store, company) = (&test.store, test.acme.company);
    let stored = test.stored("m1").await;
    assert!(!store.keeps_nothing(company, None).await.unwrap());
    let to_erase = async |company, account, after| {
        let stretch = store.files_to_erase(company, account, after, 9).await.unwrap();
        stretch.map(|stretch| (stretch.found, stretch.upto))
    };
    assert_eq!(to_erase(company, None, MediaId(0)).await, Some((vec![], stored.id)));
    assert!(store.erase_files(company, &[stored.id]).await.unwrap().is_empty());
    set(test, test.acme, MediaPolicy::Stream).await;
    assert!(store.keeps_nothing(company, Some(test.acme.account)).await.unwrap());
    let kept = StoredTally { stored: Tally { files: 1, bytes: 1234 }, ..StoredTally::default() };
    assert_eq!(store.kept_against_policy(company, None).await.unwrap(), kept);
    assert_eq!(to_erase(company, None, MediaId(0)).await, Some((vec![stored.id], stored.id)));
    assert_eq!(to_erase(company, None, stored.id).await, None);
    let stranger = test.other.company;
    assert!(store.erase_files(stranger, &[stored.id]).await.unwrap().is_empty());
    assert_eq!(to_erase(stranger, Some(test.acme.account), MediaId(0)).await, None);
    let erased = store.erase_files(company, &[stored.id]).await.unwrap();
    assert_eq!(erased[0].media_id, Some(stored.id));
    let now = test.media_of(test.acme, "m1").await;
    assert!(now.is_active && now.storage_key.is_none() && now.sha256.is_none() && now.stored_at.is_none());
    assert_eq!((now.download_status, now.policy), (DownloadStatus::Pending, MediaPolicy::Stream));
    let trash = test.trash().await;
    assert_eq!(trash.iter().map(|one| Some(one.key.clone())).collect::<Vec<_>>(), [stored.storage_key]);
    assert!(store.erase_files(company, &[stored.id]).await.unwrap().is_empty(), "once");
}

async fn quarantined_file_is_erased_and_not_released(test: &Test) {
    let claimed = test.claimed("m1").await;
    let quarantined = QuarantinedFile {
        storage_backend: StorageBackend::Local,
        storage_key: "media/1/1/x".into(),
        file_url: "file:///x".into(),
        file_size: 3,
        sha256: Sha256([1; 32]),
        detected_mime_type: None,
    };
    let aside = FailedDownload { retryable: false, quarantined: Some(quarantined), ..failed(&claimed, None) };
    assert!(test.store.fail_download(&aside).await.unwrap());
    set(test, test.acme, MediaPolicy::Stream).await;
    let (company, media) = (test.acme.company, claimed.media_id);
    assert_eq!(test.store.erase_files(company, &[media]).await.unwrap().len(), 1);
    assert_eq!(test.media_of(test.acme, "m1").await.download_status, DownloadStatus::Failed);
    assert!(test.store.release_quarantine(company, media, &Actor::command_line()).await.unwrap().is_none());
}

async fn erasing_is_planned_once(test: &Test) {
    let store = &test.store;
    for account in [None, None, Some(test.acme.account), Some(test.acme.account)] {
        store.plan_erasing(test.acme.company, account, &Actor::command_line()).await.unwrap();
    }
    let due = store.due_media_tasks(10).await.unwrap();
    let planned: Vec<_> = due.iter().map(|task| (task.kind, task.account_id)).collect();
    assert_eq!(planned, [(MediaTask::Erase, None), (MediaTask::Erase, Some(test.acme.account))]);
    let told = async || test.number("SELECT COUNT(*) FROM audit_log WHERE action = 'media.erased'").await;
    assert_eq!(told().await, 2);
    // One that has begun begins again.
    store.media_task_reached(&due[0], None, MediaId(5)).await.unwrap();
    store.plan_erasing(test.acme.company, None, &Actor::command_line()).await.unwrap();
    let due = store.due_media_tasks(10).await.unwrap();
    assert!(due.len() == 2 && due.iter().all(|task| task.reached_id.is_none()), "{due:?}");
    assert_eq!(told().await, 3);
}

async fn preview_counts_the_files_that_a_change_affects(test: &Test) {
    let account = test
        .store
        .add_account(test.acme.company, &new_account("own"), &Actor::command_line())
        .await
        .unwrap()
        .id;
    let own = Tenant { account, ..test.acme };
    test.stored("m1").await;
    test.picture(test.acme, "m2").await;
    test.picture(own, "m3").await;
    let preview = async |account| test.store.policy_preview(test.acme.company, account).await.unwrap();
    let all = preview(None).await;
    assert_eq!(
        (all.kept.stored, all.kept.only_here.files, all.not_here.files),
        (Tally { files: 1, bytes: 1234 }, 0, 2)
    );
    set_account(test, own, Some(MediaPolicy::Stream)).await;
    assert_eq!(preview(None).await.not_here.files, 1, "the other one has its own policy");
    assert_eq!(preview(Some(own.account)).await.not_here.files, 1);
    test.clock.advance(WEEK);
    let later = preview(None).await;
    assert_eq!((later.kept.stored.files, later.kept.only_here.files, later.not_here.files), (1, 1, 0));
    let stranger = test.store.policy_preview(test.other.company, Some(test.acme.account)).await.unwrap();
    assert_eq!(stranger, PolicyPreview::default());
}

async fn preview_of_a_retention_counts_what_it_would_end(test: &Test) {
    let (company, store) = (test.acme.company, &test.store);
    let file = test.stored("m1").await;
    test.picture(test.acme, "m2").await;
    let retention = |mode, days| Retention::new(mode, Some(days)).unwrap();
    let of = async |mode, days| {
        let archive = Some(StorageBackend::S3);
        store.retention_preview(company, None, retention(mode, days), archive).await.unwrap().files
    };
    let (stored, viewed, archived) =
        (RetentionMode::DaysAfterStored, RetentionMode::DaysAfterViewed, RetentionMode::ArchiveAfter);
    assert_eq!(of(stored, 7).await, 0);
    test.clock.advance(WEEK);
    assert_eq!((of(stored, 7).await, of(stored, 8).await), (1, 0));
    assert_eq!((of(viewed, 7).await, of(archived, 7).await), (1, 1));
    store.touch_media(company, file.id, test.now()).await.unwrap();
    assert_eq!((of(stored, 7).await, of(viewed, 7).await), (1, 0));
    let seven = retention(stored, 7);
    let tally = store.retention_preview(company, Some(test.acme.account), seven, None).await.unwrap();
    assert_eq!(tally, Tally { files: 1, bytes: 1234 });
    assert_eq!(
        store.retention_preview(company, None, Retention::FOREVER, None).await.unwrap(),
        Tally::default()
    );
    let own = AccountPatch { retention: Some(Some(Retention::FOREVER)), ..AccountPatch::default() };
    store.update_account(company, test.acme.account, &own, &Actor::command_line()).await.unwrap();
    assert_eq!(of(stored, 7).await, 0, "the account has a retention of its own");
    let account = Some(test.acme.account);
    let stranger = store.retention_preview(test.other.company, account, seven, None).await.unwrap();
    assert_eq!(stranger, Tally::default());
}

async fn queue_of_a_company_is_counted_apart(test: &Test) {
    test.picture(test.acme, "m1").await;
    test.picture(test.acme, "m2").await;
    let of = async |company| test.store.downloads_of_company(company).await.unwrap();
    let (ours, theirs) = (of(test.acme.company).await, of(test.other.company).await);
    assert_eq!((ours.pending_due, ours.downloading, ours.oldest_due_at), (2, 0, Some(START)));
    assert_eq!((theirs.pending_due, theirs.oldest_due_at), (0, None));
    let all = test.store.downloads_overview().await.unwrap();
    assert_eq!((all.pending_due, all.oldest_due_at), (2, Some(START)));
    assert_eq!(test.store.parked_items_of(test.acme.company).await.unwrap(), 0);
    let account = test.acme.account;
    assert_eq!(test.store.last_received(test.acme.company, account).await.unwrap(), Some(START));
    assert_eq!(test.store.last_received(test.other.company, account).await.unwrap(), None);
}

/// Claims and changes at the same time: whatever the order, nothing runs once nothing is to be kept.
async fn policy_change_and_claims_exclude_each_other(test: &Test) {
    let nodes = [test.another_node().await, test.another_node().await];
    for round in 0..20 {
        set(test, test.acme, MediaPolicy::OnView).await;
        let media = arrive(test, test.acme, &format!("m{round}"), MediaPolicy::OnView).await;
        test.store.requeue_download(test.acme.company, media.id, true).await.unwrap();
        let viewer = nodes[0].claim_for_viewer("viewer", test.acme.company, media.id, LEASE);
        let worker = nodes[1].claim_downloads("worker", &CLAIM);
        let (viewer, worker, ()) = tokio::join!(viewer, worker, set(test, test.acme, MediaPolicy::Stream));
        assert!(usize::from(viewer.unwrap().is_some()) + worker.unwrap().len() <= 1);
        let now = test.media_of(test.acme, &format!("m{round}")).await;
        assert_ne!(now.download_status, DownloadStatus::Downloading, "round {round}");
        follow(test, test.acme).await;
    }
    for node in nodes {
        node.close().await;
    }
}

/// Somebody has the file while the policy is acted on and then changes to another. What acts on the policy of before does so
/// before the change has returned, or not at all.
async fn acting_is_over_when_a_change_returns<T: Send + 'static>(
    test: &Test,
    media: MediaId,
    acts: impl Future<Output = T> + Send + 'static,
    to: MediaPolicy,
) -> Option<T> {
    let company = test.acme.company;
    let mut held = test.store.db().begin().await.unwrap();
    let sql = "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND f.id = $2 FOR UPDATE";
    held.all::<(MediaId,)>(sql, args![company, media]).await.unwrap();
    let acts = tokio::spawn(acts);
    until_waiting(test, 1).await;
    let store = test.store.clone();
    let settings = MediaSettingsPatch { policy: Some(to), ..Default::default() };
    let change = tokio::spawn(async move {
        store.update_company_settings(company, &settings, &Actor::command_line()).await
    });
    tokio::select! {
        () = until_waiting(test, 2) => {}
        () = async { while !change.is_finished() { tokio::task::yield_now().await } } => {}
    }
    let returned = change.is_finished();
    held.commit().await.unwrap();
    change.await.unwrap().unwrap().unwrap();
    let acted = acts.await.unwrap();
    returned.then_some(acted)
}

async fn erasing_stops_before_a_policy_change_returns(test: &Test) {
    let media = test.stored("m1").await.id;
    set(test, test.acme, MediaPolicy::Stream).await;
    let (store, company) = (test.store.clone(), test.acme.company);
    let erases = async move { store.erase_files(company, &[media]).await.unwrap().len() };
    let late = acting_is_over_when_a_change_returns(test, media, erases, MediaPolicy::Store).await;
    assert!(late.unwrap_or_default() == 0, "erased by the policy of before");
}

async fn files_do_not_follow_a_policy_that_was_replaced(test: &Test) {
    let media = test.picture(test.acme, "m1").await.id;
    set(test, test.acme, MediaPolicy::Stream).await;
    let (store, company) = (test.store.clone(), test.acme.company);
    let follows = async move { store.follow_policy(company, &[media]).await.unwrap() };
    let late = acting_is_over_when_a_change_returns(test, media, follows, MediaPolicy::Store).await;
    assert!(late.is_none(), "the change did not wait");
    assert_eq!(test.media_of(test.acme, "m1").await.policy, MediaPolicy::Stream);
    assert_eq!(follow(test, test.acme).await, 1);
}

/// Who asks for a download while it is taken from its worker neither waits for the change nor it for him for ever.
async fn policy_change_and_a_request_for_a_download_do_not_deadlock(test: &Test) {
    let node = test.another_node().await;
    for round in 0..20 {
        set(test, test.acme, MediaPolicy::Store).await;
        let claimed = test.claimed(&format!("m{round}")).await;
        let asked = node.requeue_download(test.acme.company, claimed.media_id, true);
        let (asked, ()) = tokio::join!(asked, set(test, test.acme, MediaPolicy::Stream));
        assert!(
            matches!(asked.unwrap(), RequeueOutcome::InFlight(_) | RequeueOutcome::NotKept),
            "round {round}"
        );
        follow(test, test.acme).await;
    }
    node.close().await;
}

on_postgres!(erasing_stops_before_a_policy_change_returns, files_do_not_follow_a_policy_that_was_replaced,);
on_both!(
    policy_change_and_a_request_for_a_download_do_not_deadlock,
    claims_against_the_policy_are_not_granted,
    waiting_files_are_due_once_everything_is_to_be_kept,
    expired_files_stay_lost,
    running_download_is_stopped_where_nothing_is_to_be_kept,
    account_with_its_own_policy_ignores_that_of_the_company,
    temporary_failure_waits_for_a_view,
    policy_change_is_followed_at_once_and_again_when_every_node_knows,
    files_that_must_not_be_kept_are_erased_alone,
    quarantined_file_is_erased_and_not_released,
    erasing_is_planned_once,
    preview_counts_the_files_that_a_change_affects,
    preview_of_a_retention_counts_what_it_would_end,
    queue_of_a_company_is_counted_apart,
    policy_change_and_claims_exclude_each_other,
);
