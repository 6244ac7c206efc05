//! WhatsApp accounts.

use mediary_core::{AccountStatus, ErrorCode, MediaPolicy, Provider};
use mediary_testing::START;

use super::harness::{TOKEN, Test, new_account};
use super::on_both;
use super::rows::WEEK;
use crate::*;

async fn account_keeps_its_values(test: &Test) {
    let company = test.acme.company;
    let account = test.store.account(company, test.acme.account).await.unwrap().unwrap();
    assert_eq!((account.provider, account.phone_number_id.as_str()), (Provider::Meta, "phone-acme"));
    assert_eq!((account.access_token, account.app_secret), (Some(vec![1, 2, 3]), Some(vec![4])));
    assert_eq!((account.verify_token, account.status), (None, AccountStatus::Active));
    assert_eq!((account.media_policy, account.effective_policy), (None, MediaPolicy::Store));
    let found = test.store.account_by_phone_number_id(company, "phone-acme").await.unwrap().unwrap();
    assert_eq!(found.id, account.id);
    let again = test
        .store
        .add_account(test.other.company, &new_account("phone-acme"), &Actor::command_line())
        .await
        .unwrap_err();
    assert!(again.is_conflict(), "{again}");
}

async fn patch_changes_only_what_it_names(test: &Test) {
    let (company, id) = (test.acme.company, test.acme.account);
    let patch = AccountPatch {
        name: Some("Sales".into()),
        verify_token: Some(vec![8]),
        media_policy: Some(Some(MediaPolicy::Stream)),
        ..AccountPatch::default()
    };
    let account =
        test.store.update_account(company, id, &patch, &Actor::command_line()).await.unwrap().unwrap();
    assert_eq!((account.name.as_str(), account.verify_token.as_deref()), ("Sales", Some(&[8][..])));
    assert_eq!((account.effective_policy, account.access_token), (MediaPolicy::Stream, Some(vec![1, 2, 3])));
    let unchanged = test
        .store
        .update_account(company, id, &AccountPatch::default(), &Actor::command_line())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(unchanged.media_policy, Some(MediaPolicy::Stream));
    let patch = AccountPatch { media_policy: Some(None), ..AccountPatch::default() };
    let account =
        test.store.update_account(company, id, &patch, &Actor::command_line()).await.unwrap().unwrap();
    assert_eq!((account.media_policy, account.effective_policy), (None, MediaPolicy::Store));
}

async fn new_token_ends_the_pause_of_its_account(test: &Test) {
    let (company, id) = (test.acme.company, test.acme.account);
    let until = START.plus(WEEK);
    test.store
        .pause_account(company, id, &TOKEN, until, ErrorCode::ProviderRateLimited, "slow down")
        .await
        .unwrap();
    let paused = test.store.account(company, id).await.unwrap().unwrap();
    assert_eq!((paused.paused_until, paused.last_error.as_deref()), (Some(until), Some("slow down")));
    let patch = AccountPatch { access_token: Some(vec![7]), ..AccountPatch::default() };
    let renewed =
        test.store.update_account(company, id, &patch, &Actor::command_line()).await.unwrap().unwrap();
    assert_eq!((renewed.paused_until, renewed.last_error_code, renewed.last_error), (None, None, None));
    let patch = AccountPatch { access_token: Some(vec![7]), status: Some(AccountStatus::Disabled), ..patch };
    let disabled =
        test.store.update_account(company, id, &patch, &Actor::command_line()).await.unwrap().unwrap();
    assert_eq!(disabled.status, AccountStatus::Disabled);
    assert!(!test.store.account_needs_token(company, id, &[7], "code 190").await.unwrap());
    let still = test.store.account(company, id).await.unwrap().unwrap();
    assert_eq!(still.status, AccountStatus::Disabled, "what is disabled stays so");
}

/// What WhatsApp said of the token before may be written down only now, by whichever node.
async fn new_token_is_not_blamed_for_the_previous_one(test: &Test) {
    let (company, id) = (test.acme.company, test.acme.account);
    let patch = AccountPatch { access_token: Some(vec![7]), ..AccountPatch::default() };
    test.store.update_account(company, id, &patch, &Actor::command_line()).await.unwrap().unwrap();
    let until = START.plus(WEEK);
    let code = ErrorCode::ProviderRateLimited;
    assert!(!test.store.account_needs_token(company, id, &TOKEN, "code 190").await.unwrap());
    assert!(!test.store.pause_account(company, id, &TOKEN, until, code, "slow down").await.unwrap());
    let renewed = test.store.account(company, id).await.unwrap().unwrap();
    assert_eq!((renewed.status, renewed.paused_until), (AccountStatus::Active, None));
    assert_eq!(renewed.last_error, None);
    assert!(test.store.pause_account(company, id, &[7], until, code, "slow down").await.unwrap());
    assert!(test.store.account_needs_token(company, id, &[7], "code 190").await.unwrap());
}

async fn accounts_of_any_company_are_found_by_webhooks(test: &Test) {
    let ids = ["phone-other", "unknown", "phone-acme"].map(str::to_owned);
    let found = test.store.accounts_by_phone_number_ids(&ids).await.unwrap();
    let companies: Vec<_> = found.iter().map(|account| account.company_id).collect();
    assert_eq!(companies, [test.acme.company, test.other.company]);
    assert!(test.store.accounts_by_phone_number_ids(&[]).await.unwrap().is_empty());
    assert_eq!(test.store.accounts_by_waba_id("waba").await.unwrap().len(), 2);
    assert!(test.store.accounts_by_waba_id("other").await.unwrap().is_empty());
    assert!(test.store.accounts_with_verify_token().await.unwrap().is_empty());
    let patch = AccountPatch { verify_token: Some(vec![8]), ..AccountPatch::default() };
    test.store
        .update_account(test.other.company, test.other.account, &patch, &Actor::command_line())
        .await
        .unwrap();
    assert_eq!(test.store.accounts_with_verify_token().await.unwrap()[0].id, test.other.account);
}

async fn accounts_are_listed_in_pages(test: &Test) {
    let company = test.acme.company;
    for number in 0..3 {
        test.store
            .add_account(company, &new_account(&format!("more-{number}")), &Actor::command_line())
            .await
            .unwrap();
    }
    let first = test.store.accounts(company, &PageRequest { cursor: None, limit: 3 }).await.unwrap();
    let second = test.store.accounts(company, &PageRequest { cursor: first.next, limit: 3 }).await.unwrap();
    assert_eq!((first.items.len(), second.items.len()), (3, 1));
    assert_eq!(second.items[0].phone_number_id, "more-2");
}

async fn secrets_of_an_account_are_not_shown(test: &Test) {
    let account = test.store.account(test.acme.company, test.acme.account).await.unwrap().unwrap();
    let shown = format!("{account:?} {:?}", new_account("x"));
    assert!(!shown.contains("token") && !shown.contains("secret") && !shown.contains("1555"), "{shown}");
}

on_both!(
    account_keeps_its_values,
    patch_changes_only_what_it_names,
    new_token_ends_the_pause_of_its_account,
    new_token_is_not_blamed_for_the_previous_one,
    accounts_of_any_company_are_found_by_webhooks,
    accounts_are_listed_in_pages,
    secrets_of_an_account_are_not_shown,
);
