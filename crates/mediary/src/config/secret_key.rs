//! The installation's key: given, or made once and kept in the data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use data_encoding::BASE64;
use secrecy::ExposeSecret;

use super::Config;

const FILE: &str = "secret.key";
const BYTES: usize = 32;

pub(super) const NEEDED_ON_POSTGRES: &str = "MEDIARY_SECRET_KEY is needed with Postgres, the same on every node: 32 bytes in base64. \
     `openssl rand -base64 32` makes one; keep it safe, without it stored tokens cannot be read";

/// Understands a key as it is configured.
pub(super) fn parse(text: &str) -> Result<[u8; BYTES], String> {
    let bytes = BASE64.decode(text.trim().as_bytes()).map_err(|_| "is not base64".to_owned())?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| format!("must be {BYTES} bytes, not {found}"))
}

/// The key of this installation. Makes one in the data folder where none is configured and none was made before; never where
/// secrets are stored that were sealed with one.
pub(crate) fn secret_key(config: &Config, secrets_are_stored: bool) -> anyhow::Result<[u8; BYTES]> {
    if let Some(given) = &config.secret_key {
        return parse(given.expose_secret()).map_err(|why| anyhow::anyhow!("MEDIARY_SECRET_KEY {why}"));
    }
    let path = config.data_dir.join(FILE);
    match fs::read_to_string(&path) {
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
            parse(&text).map_err(|why| anyhow::anyhow!("the key in {} {why}", path.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound && secrets_are_stored => bail!(
            "{0} is missing, and the database holds secrets that were sealed with it. Put it back from a backup, or set \
             MEDIARY_SECRET_KEY to it. If it is lost, make another one (openssl rand -base64 32 > {0}; chmod 600 {0}) and give \
             every account new secrets: mediary account update --help",
            path.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path),
        Err(error) => Err(error).with_context(|| format!("reading the key {}", path.display())),
    }
}

/// Whole or not at all: written and synced under another name, then linked, so that of two processes that start
/// at once both end with the same key.
fn make(path: &Path) -> anyhow::Result<[u8; BYTES]> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
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
        Err(error) if error.kind() == ErrorKind::AlreadyExists => parse(&fs::read_to_string(path)?)
            .map_err(|why| anyhow::anyhow!("the key in {} {why}", path.display())),
        Err(error) => Err(error).with_context(|| format!("writing the key {}", path.display())),
    }
}
