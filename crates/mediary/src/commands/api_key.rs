//! `mediary api-key`.

use std::time::Duration;

use mediary_engine::ApiKeyDraft;
use mediary_store::{Actor, ApiKey};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::cli::ApiKeyCommand;
use crate::config::Config;
use crate::output::{Outcome, WrongUsage, deliver, print, table};
use crate::wiring::{self, all_pages};

const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn run(config: &Config, command: ApiKeyCommand) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    match command {
        ApiKeyCommand::Add { of, name, role, expires_in_days, output } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            let expires_at = expires_in_days.map(|days| parts.clock.now().plus(DAY * days));
            let draft = ApiKeyDraft { name, role, expires_at };
            let by = Actor::command_line();
            let made = parts.engine.access().create_api_key(company.id, &draft, &by).await?;
            let shown =
                deliver(output, &json!({ "id": made.record.id, "key": made.key.expose_secret() }), || {
                    format!(
                        "{}\nThis is the only time the key is shown. Role: {}.",
                        made.key.expose_secret(),
                        made.record.role
                    )
                });
            if let Err(error) = shown {
                // A key that nobody has seen would be active for ever, and keep its name from the next one.
                parts.engine.access().revoke_api_key(company.id, made.record.id, &by).await?;
                let name = &made.record.name;
                anyhow::bail!("{error}; the key {name:?} was revoked again, since nobody has seen it");
            }
        }
        ApiKeyCommand::Revoke { of, name, output } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            if !parts.store.revoke_api_key_by_name(company.id, &name, &Actor::command_line()).await? {
                let slug = &company.slug;
                let list = format!("`mediary api-key list --company {slug}` shows its keys");
                return Err(WrongUsage(format!("{slug} has no key {name:?} that is active; {list}")).into());
            }
            print(output, &json!({ "name": name, "revoked": true }), || format!("Ended the key {name}."))?;
        }
        ApiKeyCommand::List { of, output } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            let keys = all_pages(async |page| parts.store.api_keys(company.id, &page).await).await?;
            let items: Vec<_> = keys.iter().map(full).collect();
            print(output, &json!({ "items": items }), || {
                let rows = keys.iter().map(|key| {
                    let state = if key.revoked_at.is_some() { "revoked" } else { "active" };
                    let used = key.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
                    vec![
                        key.id.to_string(),
                        key.name.clone(),
                        key.role.to_string(),
                        format!("{}…", key.prefix),
                        state.to_owned(),
                        used,
                    ]
                });
                table(&["ID", "NAME", "ROLE", "KEY", "STATE", "LAST USED"], &rows.collect::<Vec<_>>())
            })?;
        }
    }
    parts.store.close().await;
    Ok(Outcome::Done)
}

fn full(key: &ApiKey) -> serde_json::Value {
    json!({
        "id": key.id,
        "name": key.name,
        "role": key.role,
        "prefix": key.prefix,
        "expiresAt": key.expires_at,
        "lastUsedAt": key.last_used_at,
        "revokedAt": key.revoked_at,
    })
}
