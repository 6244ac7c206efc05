//! `mediary doctor`: each check with its result and, where it is a problem, what to do.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use mediary_blob::{ProbeResult, Storage};
use mediary_core::{AccountStatus, Clock, StorageBackend, SystemClock, error_chain};
use mediary_derive::jail::Requirement;
use mediary_graph::ErrorKind;
use mediary_store::embedded_file;
use rustix::fs::Access;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;

use super::{doctor_sandbox, serve, storage_advice};
use crate::cli::{DoctorArgs, OutputArgs};
use crate::config::{Config, StorageConfig};
use crate::open_files::OpenFiles;
use crate::output::{Outcome, print, with_causes};
use crate::wiring::{self, Parts, all_pages};
use crate::{files, media_workers, start_checks};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    check: String,
    ok: bool,
    /// The finding; where it is a problem, also what to do.
    detail: String,
}

fn ok(check: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding { check: check.into(), ok: true, detail: detail.into() }
}

fn problem(check: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding { check: check.into(), ok: false, detail: detail.into() }
}

pub(super) async fn run(args: DoctorArgs) -> anyhow::Result<Outcome> {
    if args.sandbox { doctor_sandbox::run(args.output).await } else { look(args.output).await }
}

async fn look(output: OutputArgs) -> anyhow::Result<Outcome> {
    let (settings, mut findings) = match Config::load() {
        Err(error) => (Vec::new(), vec![problem("configuration", error.to_string())]),
        Ok(config) => (config.described(), examine(&config).await),
    };
    let warnings = Config::unknown_variables();
    findings.extend(warnings.iter().map(|sentence| ok("environment", format!("warning: {sentence}"))));
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
    let mut findings = vec![ok("configuration", "understood"), data_folder(&config.data_dir), open_files()];
    let sandbox = media_sandbox(config.media_sandbox).await;
    let files_are_read = sandbox.ok;
    findings.push(sandbox);
    if files_are_read {
        findings.push(ffmpeg(config.media_sandbox).await);
    }
    findings.push(address("MEDIARY_LISTEN", config.listen).await);
    if let Some(metrics) = config.metrics_listen {
        findings.push(address("MEDIARY_METRICS_LISTEN", metrics).await);
    }
    if wiring::missing_database(config).is_some() {
        findings.push(new_database(config));
        // A look at the folder would make it.
        if !config.storage.buckets.is_empty() {
            findings.extend(buckets(config).await);
        }
        return findings;
    }
    match opened(config).await {
        Err(problem) => findings.push(problem),
        Ok(parts) => {
            findings.push(ok(
                "database",
                format!("{} answers, is up to date and can be written", database_name(config)),
            ));
            let before = findings.len();
            findings.extend(start_findings(config, &parts).await);
            let may_start = findings[before..].iter().all(|finding| finding.ok);
            let archive = config.storage.archive;
            for storage in parts.storages.all() {
                let backend = storage.backend();
                // Of a folder that nothing goes to the check above is enough.
                if backend != StorageBackend::Local
                    || may_start && [Some(config.storage.backend), archive].contains(&Some(backend))
                {
                    findings.push(storage_finding(&config.storage, storage).await);
                }
            }
            findings.extend(accounts(&parts).await);
            parts.store.close().await;
        }
    }
    findings
}

/// The checks of a server before it starts.
async fn start_findings(config: &Config, parts: &Parts) -> Vec<Finding> {
    let found = start_checks::all(config, parts).await;
    let finding = |(check, result): (&str, anyhow::Result<()>)| match result {
        Ok(()) => ok(check, "as a start needs it"),
        Err(error) => problem(check, with_causes(&error)),
    };
    found.into_iter().map(finding).collect()
}

/// Everything as a server would have it, without a change of the database: one that is not up to date is as far as a look goes.
async fn opened(config: &Config) -> Result<Parts, Finding> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = wiring::store(config, clock.clone()).await;
    let store = store.map_err(|error| problem("database", with_causes(&error)))?;
    if let Err(error) = store.check().await {
        store.close().await;
        return Err(problem("database", with_causes(&error.into())));
    }
    wiring::assemble(config, store, clock, None).await.map_err(|error| problem("start", with_causes(&error)))
}

fn database_name(config: &Config) -> &'static str {
    if config.is_postgres { "Postgres" } else { "SQLite" }
}

/// An embedded database that is not there yet: its folder must be, unless it is the data folder, which a start makes.
fn new_database(config: &Config) -> Finding {
    let file = embedded_file(config.database_url.expose_secret());
    match file.as_deref().and_then(Path::parent) {
        Some(folder) if folder != config.data_dir && !folder.as_os_str().is_empty() && !folder.exists() => {
            let folder = folder.display();
            let words = format!("its folder {folder} is not there; make it, or correct MEDIARY_DATABASE_URL");
            problem("database", words)
        }
        _ => ok("database", "will be made at the first start"),
    }
}

async fn buckets(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for bucket in &config.storage.buckets {
        findings.push(match Storage::open_s3(bucket) {
            Ok(storage) => storage_finding(&config.storage, &storage).await,
            Err(error) => problem(format!("storage {}", bucket.backend), error.to_string()),
        });
    }
    findings
}

fn data_folder(path: &Path) -> Finding {
    let check = "data folder";
    let folder = path.display();
    let remedy = "or set MEDIARY_DATA_DIR to another folder";
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match writable(nearest_folder(path)) {
            Ok(()) => ok(check, format!("{folder} will be made at the first start")),
            Err(error) => {
                let parent = nearest_folder(path).display();
                problem(
                    check,
                    format!(
                        "{folder} cannot be made, for {parent} cannot be written: {}, {remedy}",
                        files::unwritable(&error)
                    ),
                )
            }
        },
        Err(error) => {
            problem(check, format!("{folder} cannot be looked into: {}, {remedy}", files::unreadable(&error)))
        }
        Ok(meta) if !meta.is_dir() => {
            problem(check, format!("{folder} is not a folder; set MEDIARY_DATA_DIR to one"))
        }
        Ok(meta) if meta.permissions().mode() & 0o007 != 0 => problem(
            check,
            format!("{folder} is open to every user of this machine; run: chmod o-rwx {folder}"),
        ),
        Ok(_) => match writable(path) {
            Ok(()) => ok(check, folder.to_string()),
            Err(error) => {
                problem(check, format!("{folder} cannot be written: {}, {remedy}", files::unwritable(&error)))
            }
        },
    }
}

/// The nearest of the folders around it that is there.
fn nearest_folder(path: &Path) -> &Path {
    let here = Path::new(".");
    let mut around =
        path.ancestors().skip(1).map(|folder| if folder.as_os_str().is_empty() { here } else { folder });
    around.find(|folder| folder.exists()).unwrap_or(here)
}

/// Whether this process may make files there, found out without making one.
fn writable(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Whether a server could listen there, or listens already.
async fn address(named_by: &str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => ok(named_by, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            ok(named_by, format!("{address} is taken, by the server if it runs; if not, name another port"))
        }
        Err(error) => problem(named_by, serve::not_listening(address, &error, named_by).to_string()),
    }
}

fn open_files() -> Finding {
    let limit = OpenFiles::of_now();
    match limit.advice() {
        Some(advice) => problem("open files", advice),
        None => ok("open files", format!("this process may have {limit}")),
    }
}

/// It is no problem where there is none.
async fn ffmpeg(requirement: Requirement) -> Finding {
    let check = "ffmpeg";
    match media_workers::ffmpeg(requirement).await {
        Ok(Some(ffmpeg)) => {
            let place = if requirement == Requirement::Off { "without a sandbox" } else { "in its sandbox" };
            ok(check, format!("{ffmpeg} runs {place}; videos get posters"))
        }
        Ok(None) => ok(check, media_workers::NO_FFMPEG),
        Err(error) => problem(check, format!("videos get no posters: {error}")),
    }
}

async fn media_sandbox(requirement: Requirement) -> Finding {
    let check = "media sandbox";
    match media_workers::level(requirement).await {
        Ok(level) => match media_workers::warning(requirement, level) {
            Some(warning) => ok(check, format!("warning: {warning}; there is {level}")),
            None => ok(check, level.to_string()),
        },
        Err(error) => problem(check, media_workers::advice(&error)),
    }
}

async fn storage_finding(config: &StorageConfig, storage: &Storage) -> Finding {
    let backend = storage.backend();
    // New files go to the one without a name; to the others they are moved.
    let check = if backend == config.backend { "storage".to_owned() } else { format!("storage {backend}") };
    if let Some(folder) = storage.folder()
        && storage.is_empty().await.unwrap_or(false)
    {
        return new_folder(check, &folder);
    }
    match storage.probe().await {
        Ok(ProbeResult { refuses_if_match: false }) => ok(
            check,
            "wrote a probe in one part and one in several, read both whole and in ranges, deleted them",
        ),
        Ok(ProbeResult { refuses_if_match: true }) => ok(
            check,
            "works; it refuses If-Match, so files are compared by ETag alone (a proxy or CDN in front of the bucket may cause that: point the endpoint at the bucket itself)",
        ),
        Err(error) => {
            let known = storage_advice::known(config, backend, &error_chain(&error));
            let words = match known {
                Some(advice) => format!("a probe failed: {advice}"),
                None => format!("{error}; {}", storage_advice::general(config, backend)),
            };
            problem(check, words)
        }
    }
}

/// A look takes no folder into use: it may be an unmounted one, and another user's look would make one that the server cannot write.
fn new_folder(check: String, path: &Path) -> Finding {
    let folder = path.display();
    match if path.exists() { writable(path) } else { Ok(()) } {
        Ok(()) => ok(check, format!("{folder} holds nothing; a start takes it into use")),
        Err(error) => problem(check, format!("{folder} cannot be written: {}", files::unwritable(&error))),
    }
}

async fn accounts(parts: &Parts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let companies = match parts.store.list_companies().await {
        Ok(companies) => companies,
        Err(error) => return vec![problem("WhatsApp accounts", error.to_string())],
    };
    for company in companies {
        let accounts = all_pages(async |page| parts.store.accounts(company.id, &page).await).await;
        for account in accounts.unwrap_or_default() {
            let name = format!("WhatsApp account {} of {}", account.phone_number_id, company.slug);
            findings.push(match account.status {
                _ if !parts.engine.accounts().unreadable_secrets(&account).is_empty() => {
                    unreadable(parts, &company.slug, &account, name)
                }
                AccountStatus::Disabled => ok(name, "disabled; its messages wait until it is active again"),
                _ => token(parts, &company.slug, &account, name).await,
            });
        }
    }
    if findings.is_empty() {
        findings.push(ok("WhatsApp accounts", "none yet; `mediary account add` adds one"));
    }
    findings
}

fn unreadable(parts: &Parts, slug: &str, account: &mediary_store::Account, name: String) -> Finding {
    let secrets = parts.engine.accounts().unreadable_secrets(account);
    let flags: Vec<_> =
        secrets.iter().map(|secret| format!("--{}-env VARIABLE", secret.replace('_', "-"))).collect();
    problem(
        name,
        format!(
            "cannot be read: {}; sealed with another MEDIARY_SECRET_KEY, or damaged. Use the former key. Only if it is lost, \
             run: mediary account update --company {slug} --phone-number-id {} --key-lost {}",
            secrets.join(", "),
            account.phone_number_id,
            flags.join(" ")
        ),
    )
}

async fn token(parts: &Parts, slug: &str, account: &mediary_store::Account, name: String) -> Finding {
    let Err(error) = parts.engine.check_token(account.company_id, account.id).await else {
        return ok(name, "WhatsApp takes its token");
    };
    let asked = error.source().and_then(|cause| cause.downcast_ref::<mediary_graph::Error>());
    let why = asked.map_or_else(|| error.to_string(), |error| error.to_string());
    problem(
        name,
        match asked.map(mediary_graph::Error::kind) {
            Some(ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Protocol | ErrorKind::CutOff) => {
                format!(
                    "WhatsApp cannot be asked about its token: {why}; check this machine's way to MEDIARY_GRAPH_URL, and try again"
                )
            }
            Some(ErrorKind::Throttled) => {
                format!("WhatsApp answers no further requests for now: {why}; try again in some minutes")
            }
            _ => format!(
                "{why}; put a new token into a variable, such as TOKEN, and run: mediary account update --company {slug} \
                 --phone-number-id {} --access-token-env TOKEN (the variable's name, not the token)",
                account.phone_number_id
            ),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_folder_that_cannot_be_made_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        let made = data_folder(&folder.path().join("a/b/c"));
        assert!(made.ok && made.detail.contains("will be made"), "{made:?}");
        assert!(!folder.path().join("a").exists(), "and it is not");
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        for (path, text) in [(file.clone(), "is not a folder"), (file.join("data"), "cannot be looked into")]
        {
            let found = data_folder(&path);
            assert!(!found.ok && found.detail.contains(text), "{found:?}");
            assert!(found.detail.contains("MEDIARY_DATA_DIR"), "{found:?}");
        }
    }
}
