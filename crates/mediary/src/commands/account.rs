//! `mediary account`.

use mediary_core::{AccountStatus, CompanyId, MediaPolicy, Retention};
use mediary_engine::{AccountChange, AccountDraft, Bound, Engine, Proof};
use mediary_store::{Account, Actor, Store};
use serde_json::json;

use super::retention;
use crate::cli::{AccountCommand, OutputArgs};
use crate::config::Config;
use crate::output::{Outcome, WrongUsage, print, table};
use crate::secrets;
use crate::wiring::{self, all_pages};

/// The word that gives an account back to its company's policy.
const OF_COMPANY: &str = "company";

pub(super) async fn run(config: &Config, command: AccountCommand) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    match command {
        AccountCommand::Add {
            of,
            phone_number_id,
            display_phone_number,
            name,
            waba_id,
            media_policy,
            secrets,
            output,
        } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            let draft = AccountDraft {
                phone_number_id,
                waba_id,
                display_phone_number: Some(display_phone_number),
                name,
                access_token: secrets::optional("--access-token-env", secrets.access_token_env.as_deref())?,
                app_secret: secrets::optional("--app-secret-env", secrets.app_secret_env.as_deref())?,
                verify_token: secrets::optional("--verify-token-env", secrets.verify_token_env.as_deref())?,
                media_policy,
            };
            let by = Actor::command_line();
            let bound = parts.engine.connect_number(company.id, &draft, Proof::IfReachable, &by).await?;
            let account = warned(bound);
            print(output, &brief(&account), || {
                format!(
                    "Added the account {} ({}) to {}.",
                    account.name, account.phone_number_id, company.name
                )
            })?;
        }
        AccountCommand::Update {
            of,
            phone_number_id,
            name,
            media_policy,
            retention,
            status,
            secrets,
            output,
        } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            let account = find(&parts.store, company.id, &phone_number_id).await?;
            let change = AccountChange {
                name,
                access_token: secrets::optional("--access-token-env", secrets.access_token_env.as_deref())?,
                app_secret: secrets::optional("--app-secret-env", secrets.app_secret_env.as_deref())?,
                verify_token: secrets::optional("--verify-token-env", secrets.verify_token_env.as_deref())?,
                media_policy: media_policy.as_deref().map(policy).transpose()?,
                retention: retention.as_deref().map(|text| own_retention(&parts.engine, text)).transpose()?,
                status: status.map(settable).transpose()?,
                ..AccountChange::default()
            };
            let by = Actor::command_line();
            let account = warned(parts.engine.change_account(company.id, account.id, &change, &by).await?);
            print(output, &brief(&account), || {
                format!("Changed {}; it is {}.", account.phone_number_id, account.status)
            })?;
        }
        AccountCommand::List { of, output } => list(&parts.store, &of.company, output).await?,
    }
    parts.store.close().await;
    Ok(Outcome::Done)
}

async fn list(store: &Store, company: &str, output: OutputArgs) -> anyhow::Result<()> {
    let company = wiring::company(store, company).await?;
    let accounts = all_pages(async |page| store.accounts(company.id, &page).await).await?;
    let items: Vec<_> = accounts.iter().map(full).collect();
    print(output, &json!({ "items": items }), || {
        let rows = accounts.iter().map(|a| {
            let error = a.last_error_code.map_or_else(String::new, |code| code.to_string());
            let number = a.display_phone_number.clone().unwrap_or_default();
            vec![a.phone_number_id.clone(), number, a.name.clone(), a.status.to_string(), error]
        });
        table(&["PHONE NUMBER ID", "NUMBER", "NAME", "STATUS", "LAST ERROR"], &rows.collect::<Vec<_>>())
    })
}

/// Who works on the database acts for the installation, also before it can reach WhatsApp; they are told.
fn warned(bound: Bound) -> Account {
    if bound.unproved.is_some() {
        eprintln!(
            "mediary: warning: WhatsApp could not be asked whether the token may use {}; `mediary doctor` asks again",
            bound.account.phone_number_id
        );
    }
    bound.account
}

fn brief(account: &Account) -> serde_json::Value {
    json!({ "id": account.id, "phoneNumberId": account.phone_number_id })
}

fn full(account: &Account) -> serde_json::Value {
    json!({
        "id": account.id,
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

fn settable(status: AccountStatus) -> anyhow::Result<AccountStatus> {
    match status {
        AccountStatus::Active | AccountStatus::Disabled => Ok(status),
        AccountStatus::NeedsToken => Err(WrongUsage(
            "--status: needs_token is set by WhatsApp's answer; use active or disabled".to_owned(),
        )
        .into()),
    }
}

pub(super) async fn find(
    store: &Store,
    company: CompanyId,
    phone_number_id: &str,
) -> anyhow::Result<Account> {
    let found = store.account_by_phone_number_id(company, phone_number_id).await?;
    found.ok_or_else(|| WrongUsage(format!("the company has no account {phone_number_id:?}")).into())
}
