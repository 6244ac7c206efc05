//! `mediary doctor`: each check with its result and, where it is not well, what to do.

use std::os::unix::fs::PermissionsExt;

use mediary_blob::{Probed, Storages};
use mediary_core::{AccountStatus, StorageBackend};
use serde::Serialize;
use serde_json::json;

use super::storage_advice;
use crate::cli::OutputArgs;
use crate::config::Config;
use crate::open_files::OpenFiles;
use crate::output::{Outcome, print, with_causes};
use crate::wiring::{self, Parts, all_pages};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    check: String,
    ok: bool,
    /// What was found; where it is not well, also what to do.
    detail: String,
}

fn well(check: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding { check: check.into(), ok: true, detail: detail.into() }
}

fn unwell(check: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding { check: check.into(), ok: false, detail: detail.into() }
}

pub(super) async fn run(output: OutputArgs) -> anyhow::Result<Outcome> {
    let (settings, mut findings) = match Config::load() {
        Err(error) => (Vec::new(), vec![unwell("configuration", error.to_string())]),
        Ok(config) => (config.described(), examine(&config).await),
    };
    let warnings = Config::unknown_variables();
    findings.extend(warnings.iter().map(|sentence| well("environment", format!("warning: {sentence}"))));
    let all_well = findings.iter().all(|finding| finding.ok);
    let effective: serde_json::Map<_, _> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    print(output, &json!({ "ok": all_well, "checks": findings, "settings": effective }), || {
        let mut lines: Vec<_> = settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        lines.push(String::new());
        lines.extend(findings.iter().map(|finding| {
            format!(
                "{} {}: {}",
                if finding.ok { "ok     " } else { "PROBLEM" },
                finding.check,
                finding.detail
            )
        }));
        lines.join("\n")
    })?;
    if all_well { Ok(Outcome::Done) } else { anyhow::bail!("something needs attention; see above") }
}

async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![well("configuration", "understood"), data_folder(config), open_files()];
    if wiring::is_before_first_start(config) {
        findings.push(well("database", "will be made at the first start"));
        if config.storage.backend != StorageBackend::Local {
            findings.push(match wiring::storages(config).await {
                Ok(storages) => storage(config, &storages).await,
                Err(error) => unwell("storage", with_causes(&error)),
            });
        }
        return findings;
    }
    match wiring::parts_as_they_are(config).await {
        Err(error) => findings.push(unwell("start", with_causes(&error))),
        Ok(parts) => {
            findings.push(database(&parts).await);
            findings.push(storage(config, &parts.storages).await);
            findings.extend(accounts(&parts).await);
            parts.store.close().await;
        }
    }
    findings
}

fn data_folder(config: &Config) -> Finding {
    let folder = config.data_dir.display();
    match std::fs::metadata(&config.data_dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            well("data folder", format!("{folder} will be made at the first start"))
        }
        Err(error) => unwell("data folder", format!("{folder} cannot be read: {error}; check its owner")),
        Ok(meta) if meta.permissions().mode() & 0o007 != 0 => unwell(
            "data folder",
            format!("{folder} is open to every user of this machine; run: chmod o-rwx {folder}"),
        ),
        Ok(_) => well("data folder", folder.to_string()),
    }
}

fn open_files() -> Finding {
    let limit = OpenFiles::of_now();
    match limit.advice() {
        Some(advice) => unwell("open files", advice),
        None => well("open files", format!("this process may have {limit}")),
    }
}

async fn database(parts: &Parts) -> Finding {
    match parts.store.check().await {
        Ok(()) => well("database", format!("{:?} answers and is up to date", parts.store.backend())),
        Err(error) => unwell("database", format!("{error}; check MEDIARY_DATABASE_URL and that it runs")),
    }
}

async fn storage(config: &Config, storages: &Storages) -> Finding {
    match storages.primary().probe().await {
        Ok(Probed { refuses_if_match: false }) => well(
            "storage",
            "wrote a probe in one part and one in several, read both whole and in ranges, deleted them",
        ),
        Ok(Probed { refuses_if_match: true }) => well(
            "storage",
            "works; it refuses If-Match, so files are compared by ETag alone (a proxy or CDN in front of the bucket may cause that: point the endpoint at the bucket itself)",
        ),
        Err(error) => {
            let said = storage_advice::chain(&error);
            let advice = storage_advice::advice(&config.storage, &said);
            unwell("storage", format!("{error}; {advice}"))
        }
    }
}

async fn accounts(parts: &Parts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let companies = match parts.store.list_companies().await {
        Ok(companies) => companies,
        Err(error) => return vec![unwell("WhatsApp accounts", error.to_string())],
    };
    for company in companies {
        let accounts = all_pages(async |page| parts.store.accounts(company.id, &page).await).await;
        for account in accounts.unwrap_or_default() {
            let name = format!("WhatsApp account {} of {}", account.phone_number_id, company.slug);
            findings.push(match account.status {
                _ if !parts.engine.accounts().unreadable_secrets(&account).is_empty() => {
                    unreadable(parts, &company.slug, &account, name)
                }
                AccountStatus::Disabled => well(name, "disabled"),
                _ => token(parts, &company.slug, &account, name).await,
            });
        }
    }
    if findings.is_empty() {
        findings.push(well("WhatsApp accounts", "none yet; `mediary account add` adds one"));
    }
    findings
}

fn unreadable(parts: &Parts, slug: &str, account: &mediary_store::Account, name: String) -> Finding {
    let secrets = parts.engine.accounts().unreadable_secrets(account);
    let flags: Vec<_> =
        secrets.iter().map(|secret| format!("--{}-env VARIABLE", secret.replace('_', "-"))).collect();
    unwell(
        name,
        format!(
            "cannot be read: {}; sealed with another MEDIARY_SECRET_KEY, or damaged. Start with the key of before, or run: \
             mediary account update --company {slug} --phone-number-id {} {}",
            secrets.join(", "),
            account.phone_number_id,
            flags.join(" ")
        ),
    )
}

async fn token(parts: &Parts, slug: &str, account: &mediary_store::Account, name: String) -> Finding {
    match parts.engine.check_token(account.company_id, account.id).await {
        Ok(()) => well(name, "WhatsApp takes its token"),
        Err(error) => unwell(
            name,
            format!(
                "{error}; for a new token: mediary account update --company {slug} --phone-number-id {} --access-token-env TOKEN",
                account.phone_number_id
            ),
        ),
    }
}
