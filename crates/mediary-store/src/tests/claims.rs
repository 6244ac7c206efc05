//! Handing out downloads.

use std::collections::HashMap;
use std::time::Duration;

use mediary_core::{AccountStatus, CompanyId, DownloadStatus, ErrorCode, Scope, Sha256, Timestamp};
use mediary_testing::START;

use super::harness::{CLAIM, TOKEN, Test, add_tenant, new_account};
use super::on_both;
use super::rows::{Tenant, failed, finished, item, new_media, picture};
use crate::*;

async fn flood(test: &Test, tenant: Tenant, count: usize) {
    let items = (0..count).map(|number| item(picture(tenant, &format!("flood-{number}"))));
    test.ingest(items.collect()).await;
}

fn by_company(claimed: &[ClaimedDownload]) -> HashMap<CompanyId, usize> {
    claimed.iter().fold(HashMap::new(), |mut counts, one| {
        *counts.entry(one.company_id).or_default() += 1;
        counts
    })
}

async fn claim_has_all_that_a_worker_needs(test: &Test) {
    let media = test.picture(test.acme, "m1").await;
    let claimed = test.claim().await.remove(0);
    assert_eq!((claimed.media_id, claimed.company_id), (media.id, test.acme.company));
    assert_eq!((Some(claimed.message_id), claimed.account_id), (media.message_id, test.acme.account));
    assert_eq!(claimed.provider_media_id.as_deref(), Some("media-m1"));
    assert_eq!(claimed.provider_url.as_deref(), Some("https://lookaside.example/1"));
    assert_eq!((claimed.provider_url_at, claimed.message_timestamp), (Some(START), START));
    assert_eq!((claimed.sha256, claimed.attempts, claimed.mismatch_count), (Some(Sha256([7; 32])), 1, 0));
    assert_eq!(claimed.lease.owner, "worker");
    let media = test.media_of(test.acme, "m1").await;
    assert_eq!((media.download_status, media.download_attempts), (DownloadStatus::Downloading, 1));
    assert_eq!(media.lease_until, Some(START.plus(CLAIM.lease)));
    assert!(test.claim().await.is_empty(), "claimed once");
}

async fn company_has_no_more_than_its_share_running(test: &Test) {
    flood(test, test.acme, 10).await;
    assert_eq!(test.claim().await.len(), 4);
    assert!(test.claim().await.is_empty());
    let query = MediaQuery { download_status: Some(DownloadStatus::Downloading), ..MediaQuery::default() };
    let running = test.store.media_list(&Scope::system(test.acme.company), &query).await.unwrap().items;
    assert!(
        test.store
            .delete_media(test.acme.company, running[0].id, None, &Actor::command_line())
            .await
            .unwrap()
    );
    assert_eq!(test.claim().await.len(), 1, "one place became free");
}

async fn account_has_no_more_than_its_share_running(test: &Test) {
    let account = test
        .store
        .add_account(test.acme.company, &new_account("second"), &Actor::command_line())
        .await
        .unwrap()
        .id;
    let second = Tenant { account, ..test.acme };
    flood(test, test.acme, 10).await;
    test.ingest(vec![item(picture(second, "single"))]).await;
    let limits = ClaimLimits { per_account: Some(2), ..CLAIM };
    let claimed = test.store.claim_downloads("worker", &limits).await.unwrap();
    assert_eq!(claimed.iter().filter(|one| one.account_id == test.acme.account).count(), 2);
    assert_eq!(claimed.iter().filter(|one| one.account_id == account).count(), 1);
}

async fn flood_of_a_company_does_not_delay_a_single_file(test: &Test) {
    flood(test, test.acme, 50).await;
    test.ingest(vec![item(picture(test.other, "single"))]).await;
    let limits = ClaimLimits { batch: 2, per_company: 100, ..CLAIM };
    let first = test.store.claim_downloads("worker", &limits).await.unwrap();
    assert_eq!(by_company(&first), HashMap::from([(test.acme.company, 1), (test.other.company, 1)]));
}

async fn turns_rotate_while_the_clock_stands_still(test: &Test) {
    let mut companies = vec![test.acme, test.other];
    for number in 0..4 {
        companies.push(add_tenant(&test.store, &format!("company-{number}")).await);
    }
    for tenant in &companies {
        flood(test, *tenant, 5).await;
    }
    let limits = ClaimLimits { batch: 1, per_company: 100, ..CLAIM };
    let mut served = Vec::new();
    for _ in 0..companies.len() * 2 {
        served.push(test.store.claim_downloads("worker", &limits).await.unwrap()[0].company_id);
    }
    let (first, second) = served.split_at(companies.len());
    assert_eq!(first, second);
    let mut all = first.to_vec();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), companies.len(), "each company once before any one twice");
}

async fn slots_that_other_companies_do_not_need_are_used(test: &Test) {
    flood(test, test.acme, 50).await;
    test.ingest(vec![item(picture(test.other, "single"))]).await;
    let limits = ClaimLimits { batch: 16, per_company: 100, ..CLAIM };
    let claimed = test.store.claim_downloads("worker", &limits).await.unwrap();
    assert_eq!(by_company(&claimed), HashMap::from([(test.acme.company, 15), (test.other.company, 1)]));
}

async fn nearest_expiry_comes_first(test: &Test) {
    let days = |days: u64| START.plus(Duration::from_secs(days * 86_400));
    let expiring = |id: &str, expires_at: Timestamp| {
        let media = NewMedia { expires_at, ..new_media(id) };
        item(IncomingMessage { media: Some(media), ..picture(test.acme, id) })
    };
    test.ingest(vec![expiring("late", days(7)), expiring("soon", days(1)), expiring("later", days(3))]).await;
    let limits = ClaimLimits { batch: 2, ..CLAIM };
    let claimed = test.store.claim_downloads("worker", &limits).await.unwrap();
    let ids: Vec<_> = claimed.iter().map(|one| one.provider_media_id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["media-soon", "media-later"]);
}

async fn waiting_files_become_due_in_time(test: &Test) {
    let claimed = test.claimed("m1").await;
    let again = START.plus(Duration::from_secs(5));
    assert!(test.store.fail_download(&failed(&claimed, Some(again))).await.unwrap());
    assert!(test.claim().await.is_empty());
    test.clock.advance(Duration::from_secs(5));
    assert_eq!(test.claim().await[0].attempts, 2);
}

async fn account_that_pauses_is_not_claimed_and_its_rows_stay_unchanged(test: &Test) {
    flood(test, test.acme, 3).await;
    test.ingest(vec![item(picture(test.other, "m1"))]).await;
    let Tenant { company, account } = test.acme;
    let until = START.plus(Duration::from_secs(60));
    let code = ErrorCode::ProviderRateLimited;
    test.store.pause_account(company, account, &TOKEN, until, code, "code 130429").await.unwrap();
    test.store.pause_account(company, account, &TOKEN, START, code, "earlier").await.unwrap();
    let claimed = test.claim().await;
    assert_eq!(by_company(&claimed), HashMap::from([(test.other.company, 1)]));
    let media = test.media_of(test.acme, "flood-0").await;
    assert_eq!((media.download_status, media.download_attempts), (DownloadStatus::Pending, 0));
    test.clock.advance(Duration::from_secs(60));
    assert_eq!(test.claim().await.len(), 3);
}

async fn refused_token_stops_an_account_until_it_is_renewed(test: &Test) {
    flood(test, test.acme, 1).await;
    let Tenant { company, account } = test.acme;
    test.store.account_needs_token(company, account, &TOKEN, "code 190").await.unwrap();
    assert!(test.claim().await.is_empty());
    let stopped = test.store.account(company, account).await.unwrap().unwrap();
    assert_eq!(stopped.status, AccountStatus::NeedsToken);
    assert_eq!(stopped.last_error_code, Some(ErrorCode::ProviderUnauthorized));
    let patch = AccountPatch { access_token: Some(vec![9]), ..AccountPatch::default() };
    let renewed =
        test.store.update_account(company, account, &patch, &Actor::command_line()).await.unwrap().unwrap();
    assert_eq!((renewed.status, renewed.last_error), (AccountStatus::Active, None));
    assert_eq!(test.claim().await.len(), 1);
}

async fn claimers_at_once_never_share_a_file_nor_exceed_the_limit(test: &Test) {
    flood(test, test.acme, 40).await;
    flood(test, test.other, 40).await;
    let nodes = [test.another_node().await, test.another_node().await];
    let mut all = Vec::new();
    loop {
        let claims = (0..6).map(|number| {
            let node = nodes[number % 2].clone();
            tokio::spawn(
                async move { node.claim_downloads(&format!("worker-{number}"), &CLAIM).await.unwrap() },
            )
        });
        let round: Vec<ClaimedDownload> = futures_util::future::join_all(claims)
            .await
            .into_iter()
            .flat_map(|claimed| claimed.unwrap())
            .collect();
        if round.is_empty() {
            break;
        }
        assert!(
            by_company(&round).values().all(|running| *running <= CLAIM.per_company),
            "{:?}",
            by_company(&round)
        );
        for claimed in &round {
            assert!(test.store.finish_download(finished(claimed)).await.unwrap());
        }
        all.extend(round.into_iter().map(|one| one.media_id));
    }
    assert_eq!(all.len(), 80);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 80);
    for node in nodes {
        node.close().await;
    }
}

async fn file_of_a_viewer_is_claimed_past_the_queue_and_once(test: &Test) {
    flood(test, test.acme, CLAIM.per_company).await;
    let media = test.picture(test.acme, "m1").await;
    assert_eq!(test.claim().await.len(), CLAIM.per_company, "every place of the company is taken");
    let claim = async |company, media| {
        test.store.claim_for_viewer("viewers", company, media, CLAIM.lease).await.unwrap()
    };
    assert!(claim(test.other.company, media.id).await.is_none(), "somebody else's");
    let claimed = claim(test.acme.company, media.id).await.unwrap();
    assert_eq!((claimed.media_id, claimed.attempts), (media.id, 1));
    assert_eq!(claimed.lease.owner, "viewers");
    assert!(claim(test.acme.company, media.id).await.is_none(), "it runs");
    let failure = failed(&claimed, Some(START.plus(Duration::from_secs(60))));
    assert!(test.store.fail_download(&failure).await.unwrap());
    let again = claim(test.acme.company, media.id).await.unwrap();
    assert_eq!(again.attempts, 2, "he does not wait for the next try");
    assert!(
        test.store.fail_download(&FailedDownload { retryable: false, ..failed(&again, None) }).await.unwrap()
    );
    assert!(claim(test.acme.company, media.id).await.is_none(), "it cannot be had");
}

on_both!(
    file_of_a_viewer_is_claimed_past_the_queue_and_once,
    claim_has_all_that_a_worker_needs,
    company_has_no_more_than_its_share_running,
    account_has_no_more_than_its_share_running,
    flood_of_a_company_does_not_delay_a_single_file,
    turns_rotate_while_the_clock_stands_still,
    slots_that_other_companies_do_not_need_are_used,
    nearest_expiry_comes_first,
    waiting_files_become_due_in_time,
    account_that_pauses_is_not_claimed_and_its_rows_stay_unchanged,
    refused_token_stops_an_account_until_it_is_renewed,
    claimers_at_once_never_share_a_file_nor_exceed_the_limit,
);
