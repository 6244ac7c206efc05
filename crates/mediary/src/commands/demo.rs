//! `mediary demo`: a fresh Mediary with one company, and a simulated WhatsApp that plays a day of conversations to it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context, bail};
use mediary_core::{MediaPolicy, Provider, Role};
use mediary_engine::{AccountDraft, Proof, UserDraft};
use mediary_simulator::{PlayOptions, Simulator, SimulatorConfig};
use mediary_store::{Actor, NewCompany};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::serve::{self, RunningServer};
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::output::{Outcome, print_line};
use crate::wiring::{self, Parts};
use crate::{files, lifecycle, logging};

/// Marks a folder as a demo's, so that nothing else is ever removed.
const MARKER: &str = ".mediary-demo";
/// Where commands look for settings.
const SETTINGS: &str = "mediary.toml";
const PASSWORD: &str = "harbour-demo";
const PEOPLE: [(&str, &str, Role); 4] = [
    ("admin@demo.test", "Ada Finch", Role::Admin),
    ("manager@demo.test", "Marta Quay", Role::Manager),
    ("agent@demo.test", "Ben Harbour", Role::Agent),
    ("viewer@demo.test", "Vera Shore", Role::Viewer),
];
const VERIFY_TOKEN: &str = "demo-verify-token";

pub(super) async fn run(args: DemoArgs) -> anyhow::Result<Outcome> {
    let shutdown = lifecycle::on_signals()?;
    // Before the folder is emptied: another demo may run in it.
    let listener = serve::listen(args.listen, "--listen").await?;
    let _only_demo = fresh_folder(&args.data_dir)?;
    let address = listener.local_addr()?;
    let url = Url::parse(&format!("http://{address}"))?;
    let app_secret = SecretString::from(format!("{:032x}", rand::random::<u128>()));
    let access_token = SecretString::from(format!("{:032x}", rand::random::<u128>()));
    let simulator = Simulator::start(SimulatorConfig {
        webhook_url: Some(url.join("/api/webhooks/whatsapp")?),
        app_secret: app_secret.clone(),
        access_token: Some(access_token.clone()),
        play: Some(PlayOptions { speed: args.speed * 60.0, ..PlayOptions::default() }),
        ..SimulatorConfig::default()
    })
    .await
    .context("starting the simulated WhatsApp")?;
    let config = Config::for_demo(&args.data_dir, address, simulator.base_url().as_str())?;
    logging::start(&config)?;
    let metrics = serve::metrics()?;
    let parts = wiring::server_parts(&config).await?;
    furnish(&parts, &app_secret, &access_token).await?;
    leave_settings(&config, &args.data_dir)?;
    print_line(&format!("Mediary listens on {url}"))?;
    print_line(&welcome(&url, &simulator, &args.data_dir))?;
    let running = RunningServer {
        parts,
        metrics,
        metrics_listener: None,
        shutdown,
        workers: true,
        workers_only: false,
    };
    running.until_stopped(&config, listener).await?;
    simulator.stop().await;
    Ok(Outcome::Done)
}

/// Has commands that run in the demo's folder work on the demo, and not ask the real WhatsApp.
fn leave_settings(config: &Config, folder: &Path) -> anyhow::Result<()> {
    let settings =
        format!("# For commands beside this demo. Made by `mediary demo`.\n{}", config.for_commands()?);
    let written = fs::write(folder.join(SETTINGS), settings);
    written.with_context(|| format!("writing {SETTINGS} into {}", folder.display()))
}

fn welcome(url: &Url, simulator: &Simulator, folder: &Path) -> String {
    let mut text = format!(
        "\nWelcome to Mediary. Open this in a browser:\n\n  Address:  {url}\n  E-mail:   {}\n  Password: {PASSWORD}\n\n\
         With the same password, in other roles: ",
        PEOPLE[0].0
    );
    let others: Vec<_> = PEOPLE[1..].iter().map(|(email, ..)| *email).collect();
    text.push_str(&others.join(", "));
    text.push_str(&format!(
        "\nThe simulated WhatsApp is at {} and controlled at {}\nCommands for the demo run in its folder, where they find {SETTINGS}: \
         cd {}\nCtrl-C stops the demo.\n",
        simulator.base_url(),
        simulator.control_url(),
        folder.display(),
    ));
    text
}

/// Empties the folder of an earlier demo. Any other folder with something in it is left alone, and so is that of a demo that runs: its
/// marker is locked as long as the file that this returns is open.
fn fresh_folder(folder: &Path) -> anyhow::Result<File> {
    let unusable = |what: &str, error: &io::Error| {
        anyhow::anyhow!("--data-dir: {} cannot be {what}: {}", folder.display(), files::unwritable(error))
    };
    let is_demo = folder.join(MARKER).exists();
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(_) if folder.is_file() => {
            bail!(
                "--data-dir: {} is a file; name a folder, which is made if it is not there",
                folder.display()
            )
        }
        Err(error) => bail!("--data-dir: {}: {}", folder.display(), files::unreadable(&error)),
    };
    if !is_demo && !is_empty {
        bail!("--data-dir: {} is not a demo's folder; name another one, or empty it", folder.display());
    }
    files::make_private_folder(folder).map_err(|error| unusable("made", &error))?;
    let marker = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(MARKER));
    let mut marker = marker.map_err(|error| unusable("written", &error))?;
    if let Err(TryLockError::WouldBlock) = marker.try_lock() {
        bail!("--data-dir: another demo runs in {}; stop it, or name another folder", folder.display());
    }
    remove_all_but_the_marker(folder).map_err(|error| unusable("emptied", &error))?;
    let text = b"Made by `mediary demo`, which empties this folder at each start.\n";
    marker.write_all(text).map_err(|error| unusable("written", &error))?;
    Ok(marker)
}

/// The folder itself stays: it may be a volume, or where the program was started.
fn remove_all_but_the_marker(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == MARKER {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// One company with people in every role and the simulated account.
async fn furnish(
    parts: &Parts,
    app_secret: &SecretString,
    access_token: &SecretString,
) -> anyhow::Result<()> {
    let account = mediary_simulator::played_account()?;
    let company =
        NewCompany { name: account.name.clone(), slug: "demo".to_owned(), media_policy: MediaPolicy::Store };
    let company = parts.engine.access().create_company(&company).await?;
    for (email, name, role) in PEOPLE {
        let draft = UserDraft {
            email: email.to_owned(),
            name: name.to_owned(),
            role,
            password: SecretString::from(PASSWORD),
        };
        parts.engine.access().create_user(company.id, &draft, &Actor::command_line()).await?;
    }
    let draft = AccountDraft {
        provider: Provider::Meta,
        aws: None,
        phone_number_id: account.phone_number_id,
        waba_id: Some(account.waba_id),
        display_phone_number: Some(account.display_phone_number),
        name: account.name,
        access_token: Some(SecretString::from(access_token.expose_secret())),
        app_secret: Some(SecretString::from(app_secret.expose_secret())),
        verify_token: Some(SecretString::from(VERIFY_TOKEN)),
        media_policy: None,
    };
    parts.engine.connect_number(company.id, &draft, Proof::Required, &Actor::command_line()).await?;
    Ok(())
}
