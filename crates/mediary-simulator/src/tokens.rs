//! Which access tokens are good. Any is, unless the simulator was given one or was told otherwise.

use std::collections::HashMap;
use std::fmt;

use parking_lot::RwLock;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// Tokens remembered, at most.
const TOKENS: usize = 10_000;

/// What Graph thinks of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Valid,
    /// Code 190, subcode 463.
    Expired,
    /// Code 190, subcode 460.
    Revoked,
}

#[derive(Default)]
struct Book {
    any_is_valid: bool,
    known: HashMap<String, TokenState>,
}

/// All tokens of a simulator.
#[derive(Default)]
pub(crate) struct Tokens(RwLock<Book>);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// Takes `only`, or any token.
    pub(crate) fn new(only: Option<&str>) -> Self {
        let known = only.map(|token| (token.to_owned(), TokenState::Valid)).into_iter().collect();
        Self(RwLock::new(Book { any_is_valid: only.is_none(), known }))
    }

    pub(crate) fn set(&self, token: &str, state: TokenState) -> Result<(), Error> {
        let mut book = self.0.write();
        if book.known.len() >= TOKENS && !book.known.contains_key(token) {
            return Err(Error::new(ErrorKind::Full, format!("there are {TOKENS} tokens already")));
        }
        book.known.insert(token.to_owned(), state);
        Ok(())
    }

    /// Whether a token that nobody mentioned is taken. Tokens known by name keep their state.
    pub(crate) fn take_unknown(&self, take: bool) {
        self.0.write().any_is_valid = take;
    }

    /// The tokens that begin with this key's id: of those known by name, and the account's own.
    pub(crate) fn of_key(&self, key_id: &str, own: Option<&SecretString>) -> Vec<String> {
        let book = self.0.read();
        let all = book.known.keys().map(String::as_str).chain(own.map(ExposeSecret::expose_secret));
        all.filter(|token| token.split(':').next() == Some(key_id)).map(str::to_owned).collect()
    }

    /// `None` for a token that is no token of ours.
    pub(crate) fn state(&self, token: &str) -> Option<TokenState> {
        let book = self.0.read();
        book.known.get(token).copied().or(book.any_is_valid.then_some(TokenState::Valid))
    }
}
