//! The installation's key: given, or made once and kept in the data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use data_encoding::BASE64;
use secrecy::ExposeSecret;

use super::Config;
use super::source::is_link;
use crate::files;

const FILE: &str = "secret.key";
const BYTES: usize = 32;
const IF_LOST: &str = "If it is lost, put another key there (openssl rand -base64 32, readable by its owner alone) and give every \
     account all its secrets again: mediary account update --key-lost (see mediary account update --help)";

pub(super) const NEEDED_ON_POSTGRES: &str = "MEDIARY_SECRET_KEY is needed with Postgres, the same on every node: 32 bytes in base64. \
     `openssl rand -base64 32` makes one; keep it safe, without it stored tokens cannot be read";

/// Parses a key as it is configured.
pub(super) fn parse(text: &[u8]) -> Result<[u8; BYTES], String> {
    let rule = format!("must be {BYTES} bytes in base64, as `openssl rand -base64 {BYTES}` makes them");
    let bytes = BASE64.decode(text.trim_ascii()).map_err(|_| format!("{rule}; this is not base64"))?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| format!("{rule}; these are {found} bytes"))
}

/// Where the key of this installation is given, for people.
pub(crate) fn secret_key_location(config: &Config) -> String {
    match config.secret_key {
        Some(_) => "MEDIARY_SECRET_KEY".to_owned(),
        None => format!("the key in {}", file(config).display()),
    }
}

fn file(config: &Config) -> PathBuf {
    config.data_dir.join(FILE)
}

/// The key that a file holds. `secrets_are_stored` with it: then it cannot be replaced.
fn parse_file(path: &Path, text: &[u8], secrets_are_stored: bool) -> anyhow::Result<[u8; BYTES]> {
    let remedy = if secrets_are_stored {
        format!("Put the file back from a backup. {IF_LOST}")
    } else {
        "Nothing was sealed with it yet: remove the file, and a new key is made".to_owned()
    };
    parse(text).map_err(|why| anyhow::anyhow!("the key in {} {why}. {remedy}", path.display()))
}

/// The key of this installation. Makes one in the data folder where none is configured and none was made before; never where
/// secrets are stored that were sealed with one.
pub(crate) fn secret_key(config: &Config, secrets_are_stored: bool) -> anyhow::Result<[u8; BYTES]> {
    if let Some(given) = &config.secret_key {
        return parse(given.expose_secret().as_bytes())
            .map_err(|why| anyhow::anyhow!("MEDIARY_SECRET_KEY {why}"));
    }
    let path = file(config);
    match fs::read(&path) {
        Ok(text) => {
            let mode = path.metadata()?.permissions().mode();
            if mode & 0o077 != 0 {
                bail!(
                    "{} can be read by others (mode {:o}); run: chmod 600 {}",
                    path.display(),
                    mode & 0o777,
                    path.display()
                );
            }
            parse_file(&path, &text, secrets_are_stored)
        }
        Err(error) if error.kind() == ErrorKind::NotFound && secrets_are_stored => bail!(
            "{} is missing, and the database holds secrets that were sealed with it. Put it back from a backup, or set \
             MEDIARY_SECRET_KEY to it. {IF_LOST}",
            path.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound && is_link(&path) => bail!(
            "{} is a link to a file that is not there; put the key there, or remove the link",
            path.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path),
        Err(error) => bail!("the key {} cannot be read: {}", path.display(), files::unreadable(&error)),
    }
}

/// Whole or not at all: written and synced under another name, then linked, so that of two processes that start
/// at once both end with the same key.
fn make(path: &Path) -> anyhow::Result<[u8; BYTES]> {
    let folder = path.parent().unwrap_or(Path::new("."));
    files::make_private_folder(folder)
        .with_context(|| format!("making the data folder {}", folder.display()))?;
    let key: [u8; BYTES] = rand::random();
    let temporary = folder.join(format!(".{FILE}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(BASE64.encode(&key).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Ok(()) => {
            File::open(folder)?.sync_all()?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => parse_file(path, &fs::read(path)?, false),
        Err(error) => bail!("the key {} cannot be written: {}", path.display(), files::unwritable(&error)),
    }
}
