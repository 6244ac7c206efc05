//! `mediary account`.

use mediary_core::{AccountStatus, ErrorCode, MediaPolicy, Retention};
use mediary_engine::{AccountChange, AccountDraft, BoundAccount, Engine, Proof};
use mediary_store::{Account, Actor, Company, Store};
use serde_json::json;

use super::retention;
use crate::cli::{AccountCommand, AccountSecrets, OutputArgs};
use crate::config::Config;
use crate::output::{Outcome, WrongUsage, eprint_line, print, table};
use crate::wiring::{self, Parts, all_pages};
use crate::{secrets, start_checks};

/// The word by which an account follows its company's policy again.
const OF_COMPANY: &str = "company";
const LIST_COLUMNS: [&str; 7] =
    ["PHONE NUMBER ID", "NUMBER", "NAME", "STATUS", "MEDIA POLICY", "RETENTION", "LAST ERROR"];

pub(super) async fn run(config: &Config, command: AccountCommand) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    match command {
        AccountCommand::Add {
            of,
            provider,
            aws,
            phone_number_id,
            display_phone_number,
            name,
            waba_id,
            media_policy,
            secrets,
            output,
        } => {
            check_key(config, &parts, &secrets).await?;
            let draft = AccountDraft {
                provider,
                aws: aws.settings(),
                phone_number_id,
                waba_id,
                display_phone_number: Some(display_phone_number),
                name,
                access_token: secrets::optional("--access-token-env", secrets.access_token_env.as_deref())?,
                app_secret: secrets::optional("--app-secret-env", secrets.app_secret_env.as_deref())?,
                verify_token: secrets::optional("--verify-token-env", secrets.verify_token_env.as_deref())?,
                media_policy,
            };
            add(&parts, &of.company, &draft, output).await?;
        }
        AccountCommand::Update {
            of,
            phone_number_id,
            name,
            media_policy,
            retention,
            status,
            aws,
            secrets,
            output,
        } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            let account = find(&parts.store, &company, &phone_number_id).await?;
            check_key(config, &parts, &secrets).await?;
            let change = AccountChange {
                name,
                access_token: secrets::optional("--access-token-env", secrets.access_token_env.as_deref())?,
                app_secret: secrets::optional("--app-secret-env", secrets.app_secret_env.as_deref())?,
                verify_token: secrets::optional("--verify-token-env", secrets.verify_token_env.as_deref())?,
                media_policy: media_policy.as_deref().map(policy).transpose()?,
                retention: retention.as_deref().map(|text| own_retention(&parts.engine, text)).transpose()?,
                status,
                aws_bucket: aws.aws_bucket,
                aws_topic_arn: aws.aws_topic_arn,
                ..AccountChange::default()
            };
            let by = Actor::command_line();
            let account = warned(parts.engine.change_account(company.id, account.id, &change, &by).await?);
            print(output, &brief(&account), || {
                format!("Changed {}; it is {}.", account.phone_number_id, account.status)
            })?;
        }
        AccountCommand::List { of, output } => list(&parts, &of.company, output).await?,
    }
    parts.store.close().await;
    Ok(Outcome::Done)
}

async fn add(parts: &Parts, company: &str, draft: &AccountDraft, output: OutputArgs) -> anyhow::Result<()> {
    let company = wiring::company(&parts.store, company).await?;
    let by = Actor::command_line();
    let bound = parts.engine.connect_number(company.id, draft, Proof::IfReachable, &by).await;
    let account = match bound {
        Ok(bound) => warned(bound),
        Err(error) => return Err(taken(&parts.store, &company, &draft.phone_number_id, error).await),
    };
    if draft.access_token.is_none() {
        without_token(&company, &account);
    }
    print(output, &brief(&account), || {
        format!("Added the account {} ({}) to {}.", account.name, account.phone_number_id, company.name)
    })
}

/// What is sealed here has to be opened by the server. Two first accounts that are added at one moment with different keys both
/// pass, for nothing is stored yet; `mediary doctor` and the list show the one that cannot be read.
async fn check_key(config: &Config, parts: &Parts, given: &AccountSecrets) -> anyhow::Result<()> {
    let sealed = [&given.access_token_env, &given.app_secret_env, &given.verify_token_env];
    if given.key_lost || sealed.iter().all(|name| name.is_none()) {
        return Ok(());
    }
    start_checks::key_fits(config, parts).await
}

async fn list(parts: &Parts, company: &str, output: OutputArgs) -> anyhow::Result<()> {
    let company = wiring::company(&parts.store, company).await?;
    let accounts = all_pages(async |page| parts.store.accounts(company.id, &page).await).await?;
    let unreadable = |account: &Account| parts.engine.accounts().unreadable_secrets(account);
    let items = accounts.iter().map(|account| {
        let mut item = full(account);
        item["unreadableSecrets"] = json!(unreadable(account));
        item
    });
    print(output, &json!({ "items": items.collect::<Vec<_>>() }), || {
        let rows = accounts.iter().map(|a| {
            let error = match unreadable(a).as_slice() {
                [] => a.last_error_code.map_or_else(String::new, |code| code.to_string()),
                secrets => format!("cannot read {}; run mediary doctor", secrets.join(", ")),
            };
            let number = a.display_phone_number.clone().unwrap_or_default();
            let policy = a.media_policy.map_or_else(|| OF_COMPANY.to_owned(), |policy| policy.to_string());
            let retention = a.retention.map_or_else(|| OF_COMPANY.to_owned(), retention::written);
            let (id, status) = (a.phone_number_id.clone(), a.status.to_string());
            vec![id, number, a.name.clone(), status, policy, retention, error]
        });
        table(&LIST_COLUMNS, &rows.collect::<Vec<_>>())
    })
}

/// Accepts a number that could not be proved, with a warning: the command line acts for the installation, also before it can reach
/// WhatsApp.
fn warned(bound: BoundAccount) -> Account {
    let number = &bound.account.phone_number_id;
    if bound.unproved.is_some() {
        eprint_line(&format!(
            "mediary: warning: WhatsApp could not be asked whether the token may use {number}; `mediary doctor` asks again"
        ));
    }
    bound.account
}

fn without_token(company: &Company, account: &Account) {
    let (slug, number) = (&company.slug, &account.phone_number_id);
    eprint_line(&format!(
        "mediary: warning: without an access token WhatsApp was not asked whether {number} may be used, and nothing can be \
         downloaded; `mediary account update --company {slug} --phone-number-id {number} --access-token-env VARIABLE` gives it one"
    ));
}

/// Names the company that has a number, which the operator of the installation may know; over HTTP nobody learns that.
async fn taken(store: &Store, company: &Company, number: &str, error: mediary_core::Error) -> anyhow::Error {
    if error.code() != ErrorCode::Conflict {
        return error.into();
    }
    match owner(store, number).await {
        Ok(Some((owner, account))) => {
            let whose = if owner.id == company.id {
                "is here already"
            } else {
                "has one account, and it is another company's"
            };
            let update =
                format!("mediary account update --company {} --phone-number-id {number}", owner.slug);
            if account.status == AccountStatus::Disabled {
                anyhow::anyhow!(
                    "the number {number} {whose}, and it is disabled; `{update} --status active` takes it into use again"
                )
            } else {
                anyhow::anyhow!("the number {number} {whose}; `{update}` changes it")
            }
        }
        Ok(None) => error.into(),
        Err(failed) => failed,
    }
}

async fn owner(store: &Store, number: &str) -> anyhow::Result<Option<(Company, Account)>> {
    for company in store.list_companies().await? {
        if let Some(account) = store.account_by_phone_number_id(company.id, number).await? {
            return Ok(Some((company, account)));
        }
    }
    Ok(None)
}

fn brief(account: &Account) -> serde_json::Value {
    json!({ "id": account.id, "phoneNumberId": account.phone_number_id })
}

fn full(account: &Account) -> serde_json::Value {
    json!({
        "id": account.id,
        "provider": account.provider,
        "phoneNumberId": account.phone_number_id,
        "wabaId": account.waba_id,
        "displayPhoneNumber": account.display_phone_number,
        "name": account.name,
        "mediaPolicy": account.media_policy,
        "retention": account.retention.map(retention::shown),
        "status": account.status,
        "lastError": account.last_error_code,
    })
}

fn policy(word: &str) -> anyhow::Result<Option<MediaPolicy>> {
    if word == OF_COMPANY {
        return Ok(None);
    }
    let policy =
        word.parse().map_err(|error| WrongUsage(format!("--media-policy: {error}, {OF_COMPANY}")))?;
    Ok(Some(policy))
}

fn own_retention(engine: &Engine, text: &str) -> anyhow::Result<Option<Retention>> {
    if text == OF_COMPANY { Ok(None) } else { retention::parse(engine, text).map(Some) }
}

pub(super) async fn find(store: &Store, company: &Company, phone_number_id: &str) -> anyhow::Result<Account> {
    let found = store.account_by_phone_number_id(company.id, phone_number_id).await?;
    found.ok_or_else(|| {
        let slug = &company.slug;
        let list = format!("`mediary account list --company {slug}` shows its accounts");
        WrongUsage(format!("{slug} has no account {phone_number_id:?}; {list}")).into()
    })
}
