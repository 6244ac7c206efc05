//! The upload sessions of the Resumable Upload API.

use std::collections::HashMap;

use parking_lot::Mutex;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) length: u64,
    pub(crate) received: u64,
}

/// All upload sessions; of their files only the length is kept.
#[derive(Debug, Default)]
pub(crate) struct Uploads(pub(crate) Mutex<HashMap<String, Session>>);
