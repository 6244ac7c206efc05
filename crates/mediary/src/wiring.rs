//! Puts the parts together as configured.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use mediary_aws::{AwsClient, AwsOptions};
use mediary_blob::{Storage, Storages};
use mediary_core::{Clock, CompanyId, SystemClock};
use mediary_derive::Workers;
use mediary_engine::{AwsProvider, Engine, EngineConfig, EngineParts, Providers, Vault};
use mediary_graph::{GraphClient, GraphOptions};
use mediary_outbound::{ClientOptions, PublicHosts};
use mediary_store::{Company, Page, PageRequest, Store, StoreOptions, embedded_file};
use secrecy::ExposeSecret;

use crate::config::{Config, secret_key};
use crate::files;
use crate::media_workers::{self, StartedWorkers};
use crate::open_files::OpenFiles;
use crate::output::WrongUsage;

/// Connections to Postgres, at most; the embedded database decides by itself.
const DATABASE_CONNECTIONS: usize = 24;
const USER_AGENT: &str = concat!("Mediary/", env!("CARGO_PKG_VERSION"));

/// The store, the engine and the clock of this process.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) storages: Storages,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Opens the database as it is, making the data folder if need be.
pub(crate) async fn store(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Store> {
    files::make_private_folder(&config.data_dir).map_err(|error| {
        let (folder, why) = (config.data_dir.display(), files::unwritable(&error));
        anyhow::anyhow!("the data folder {folder} (MEDIARY_DATA_DIR) cannot be made: {why}")
    })?;
    let options = StoreOptions {
        url: config.database_url.expose_secret().to_owned(),
        max_connections: DATABASE_CONNECTIONS,
    };
    Store::open(&options, clock).await.context("the database of MEDIARY_DATABASE_URL cannot be opened")
}

/// Everything, with the database up to date, for commands that make no variants.
pub(crate) async fn parts(config: &Config) -> anyhow::Result<Parts> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = migrated(config, clock.clone()).await?;
    assemble(config, store, clock, None).await
}

/// Everything, with the database up to date and processes that make variants of stored files, which the log tells about.
pub(crate) async fn server_parts(config: &Config) -> anyhow::Result<Parts> {
    let (parts, started) = started_parts(config).await?;
    started.iter().for_each(StartedWorkers::report);
    Ok(parts)
}

/// The parts of a server, for a command that reports on its own work only.
pub(crate) async fn parts_with_media_workers(config: &Config) -> anyhow::Result<Parts> {
    Ok(started_parts(config).await?.0)
}

async fn started_parts(config: &Config) -> anyhow::Result<(Parts, Option<StartedWorkers>)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (store, started) =
        tokio::join!(migrated(config, clock.clone()), media_workers::start(config.media_sandbox));
    let workers = started.as_ref().map(|started| started.workers.clone());
    Ok((assemble(config, store?, clock, workers).await?, started))
}

async fn migrated(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Store> {
    let store = store(config, clock).await?;
    let steps = store.migrate().await.context("bringing the database up to date")?;
    if !steps.is_empty() {
        tracing::info!(steps = steps.join(","), "brought the database up to date");
    }
    Ok(store)
}

/// Everything, on an open database that is up to date.
pub(crate) async fn assemble(
    config: &Config,
    store: Store,
    clock: Arc<dyn Clock>,
    workers: Option<Arc<dyn Workers>>,
) -> anyhow::Result<Parts> {
    let storages = storages(config).await.context("opening the storage")?;
    let providers = providers(config)?;
    let secrets_are_stored = !store.accounts_with_secrets(1).await?.is_empty();
    let key = secret_key(config, secrets_are_stored)?;
    let engine = Engine::new(EngineParts {
        store: store.clone(),
        storages: storages.clone(),
        providers,
        public_hosts: public_hosts(config)?,
        vault: Vault::new(key),
        clock: clock.clone(),
        media_workers: workers,
        config: engine_config(config),
    });
    Ok(Parts { store, storages, engine, clock })
}

/// Asks those who carry WhatsApp's messages.
fn providers(config: &Config) -> anyhow::Result<Providers> {
    let meta = GraphClient::new(GraphOptions {
        graph_url: config.graph_url.clone(),
        version: config.graph_version.clone(),
        media_hosts: config.media_hosts.clone(),
        connect_timeout: config.rules.connect_timeout,
        silence_timeout: config.rules.silence_timeout,
        user_agent: USER_AGENT.to_owned(),
    })
    .context("preparing the client for WhatsApp")?;
    let dialog360 = GraphClient::dialog360(config.dialog360_url.clone(), &client_options(config))
        .context("preparing the client for 360dialog")?;
    let aws = AwsClient::new(AwsOptions {
        meta_api_version: config.graph_version.clone(),
        stand_in: config.aws_stand_in.clone(),
        calls: client_options(config),
    })
    .context("preparing the client for AWS")?;
    // A stand-in takes the place of S3, too, where the storage's own settings name one.
    let s3_endpoint =
        config.aws_stand_in.as_ref().and_then(|_| config.storage.buckets.first()?.endpoint.clone());
    Ok(Providers { meta, dialog360, aws: AwsProvider::new(aws, s3_endpoint) })
}

/// Asks hosts that people name in links.
fn public_hosts(config: &Config) -> anyhow::Result<PublicHosts> {
    PublicHosts::new(&client_options(config), &config.link_hosts).context("preparing the client for links")
}

fn client_options(config: &Config) -> ClientOptions {
    ClientOptions {
        connect_timeout: config.rules.connect_timeout,
        silence_timeout: config.rules.silence_timeout,
        user_agent: USER_AGENT.to_owned(),
    }
}

/// The file of the embedded database where nothing was started with it yet: a look at it then makes nothing.
pub(crate) fn missing_database(config: &Config) -> Option<PathBuf> {
    embedded_file(config.database_url.expose_secret()).filter(|file| !file.exists())
}

/// The storage that takes new files, and every other one that has settings: files may lie there from before.
pub(crate) async fn storages(config: &Config) -> anyhow::Result<Storages> {
    let mut primary = None;
    let mut others = Vec::new();
    let local = Storage::open_local(&config.data_dir).await?;
    let buckets = config.storage.buckets.iter().map(Storage::open_s3).collect::<Result<Vec<_>, _>>()?;
    for storage in std::iter::once(local).chain(buckets) {
        if storage.backend() == config.storage.backend {
            primary = Some(storage);
        } else {
            others.push(storage);
        }
    }
    let primary = primary.with_context(|| format!("storage {} has no settings", config.storage.backend))?;
    Ok(Storages::new(primary, others))
}

fn engine_config(config: &Config) -> EngineConfig {
    EngineConfig {
        workers: config.workers,
        downloads_per_company: config.downloads_per_company,
        downloads_per_account: config.downloads_per_account,
        rules: config.rules,
        inbound_limits: config.inbound_limits,
        default_policy: config.media_policy,
        installation_app_secret: config.app_secret.clone(),
        installation_verify_token: config.verify_token.clone(),
        node: format!("{}-{:08x}", std::process::id(), rand::random::<u32>()),
        webhook_retention: config.webhook_retention,
        archive: config.storage.archive,
        spool: config.data_dir.clone(),
        files_kept_open: OpenFiles::of_now().kept_open(),
    }
}

/// The company with this slug.
pub(crate) async fn company(store: &Store, slug: &str) -> anyhow::Result<Company> {
    let found = store.company_by_slug(slug).await?;
    found.ok_or_else(|| {
        WrongUsage(format!("there is no company {slug:?}; `mediary company list` shows them")).into()
    })
}

/// The company that was named, or all of them.
pub(crate) async fn companies(store: &Store, slug: Option<&str>) -> anyhow::Result<Vec<CompanyId>> {
    match slug {
        Some(slug) => Ok(vec![company(store, slug).await?.id]),
        None => Ok(store.list_companies().await?.into_iter().map(|company| company.id).collect()),
    }
}

/// Every item of a paged list.
pub(crate) async fn all_pages<T>(
    fetch: impl AsyncFn(PageRequest) -> mediary_store::Result<Page<T>>,
) -> anyhow::Result<Vec<T>> {
    let mut items = Vec::new();
    let mut request = PageRequest { cursor: None, limit: mediary_core::limits::PAGE_MAX };
    loop {
        let page = fetch(request.clone()).await?;
        items.extend(page.items);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(items),
        }
    }
}
