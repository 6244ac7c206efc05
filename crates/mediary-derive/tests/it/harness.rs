//! What several modules need: a pool that carries out recipes, and files.

use std::path::{Path, PathBuf};

use mediary_derive::pool::{Pool, Settings};

/// The program that plays the worker.
pub(crate) const WORKER: &str = env!("CARGO_BIN_EXE_media-worker-for-tests");

/// Two workers at once, which make what recipes say.
pub(crate) fn pool_for_recipes() -> Pool {
    Pool::new(Settings { max_workers: 2, ..settings_for_recipes() }).unwrap()
}

pub(crate) fn settings_for_recipes() -> Settings {
    Settings::new(WORKER.into(), vec!["recipes".into()])
}

/// A file of the corpus.
pub(crate) fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pictures").join(name)
}

/// The bytes of a file of the corpus.
pub(crate) fn bytes_of_picture(name: &str) -> Vec<u8> {
    let path = picture(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
