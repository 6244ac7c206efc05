//! `mediary company`.

use mediary_core::{Retention, RetentionMode};
use mediary_store::{Actor, NewCompany};
use serde_json::json;

use super::retention;
use crate::cli::CompanyCommand;
use crate::config::Config;
use crate::output::{Outcome, counted, print, table};
use crate::wiring;

pub(super) async fn run(config: &Config, command: CompanyCommand) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    match command {
        CompanyCommand::Add { name, slug, media_policy, output } => {
            let new = NewCompany { name, slug, media_policy: media_policy.unwrap_or(config.media_policy) };
            let company = parts.engine.access().create_company(&new).await?;
            print(output, &json!({ "id": company.id, "slug": company.slug }), || {
                format!(
                    "Added the company {} ({}), media policy {}.",
                    company.name, company.slug, company.media_policy
                )
            })?;
        }
        CompanyCommand::Update { of, retention, output } => {
            let retention = retention::parse(&parts.engine, &retention)?;
            let company = wiring::company(&parts.store, &of.company).await?;
            let by = Actor::command_line();
            let changed = parts.store.set_retention(company.id, retention, &by).await?.unwrap_or(company);
            print(
                output,
                &json!({ "id": changed.id, "retention": retention::shown(changed.retention) }),
                || format!("Files of {} {}.", changed.name, in_words(changed.retention)),
            )?;
        }
        CompanyCommand::List(output) => {
            let companies = parts.store.list_companies().await?;
            let items: Vec<_> = companies
                .iter()
                .map(|c| json!({ "id": c.id, "slug": c.slug, "name": c.name, "mediaPolicy": c.media_policy, "retention": retention::shown(c.retention) }))
                .collect();
            print(output, &json!({ "items": items }), || {
                let rows = companies.iter().map(|c| {
                    let (policy, retention) = (c.media_policy.to_string(), retention::written(c.retention));
                    vec![c.id.to_string(), c.slug.clone(), c.name.clone(), policy, retention]
                });
                table(&["ID", "SLUG", "NAME", "MEDIA POLICY", "RETENTION"], &rows.collect::<Vec<_>>())
            })?;
        }
    }
    parts.store.close().await;
    Ok(Outcome::Done)
}

fn in_words(retention: Retention) -> String {
    let days = counted(retention.days().unwrap_or(0).unsigned_abs(), "day");
    match retention.mode() {
        RetentionMode::Forever => "are kept forever".to_owned(),
        RetentionMode::DaysAfterStored => format!("are kept for {days} after they were stored"),
        RetentionMode::DaysAfterViewed => format!("are kept for {days} after they were last viewed"),
        RetentionMode::ArchiveAfter => format!("move to the archive {days} after they were stored"),
    }
}
