//! The business phone numbers, and where the webhooks of each go.

use std::collections::HashMap;
use std::sync::Arc;

use mediary_core::Provider;
use parking_lot::RwLock;
use secrecy::SecretString;
use url::Url;

use crate::config::AccountSpec;
use crate::error::{Error, ErrorKind};

/// Accounts, at most.
const ACCOUNTS: usize = 10_000;

/// Where webhooks go and what signs them.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) provider: Provider,
    pub(crate) url: Url,
    pub(crate) secret: SecretString,
}

#[derive(Debug, Default)]
struct Book {
    /// In the order in which they came.
    accounts: Vec<Arc<AccountSpec>>,
    /// Callback overrides, by phone number id or WABA id.
    overrides: HashMap<String, Url>,
    webhook_url: Option<Url>,
}

/// All accounts of a simulator.
#[derive(Debug)]
pub(crate) struct Accounts {
    book: RwLock<Book>,
    app_secret: SecretString,
}

impl Accounts {
    pub(crate) fn new(app_secret: SecretString, webhook_url: Option<Url>) -> Self {
        Self { book: RwLock::new(Book { webhook_url, ..Book::default() }), app_secret }
    }

    /// Adds an account, or replaces the one with the same phone number id.
    pub(crate) fn put(&self, account: AccountSpec) -> Result<(), Error> {
        for (field, id) in [("phoneNumberId", &account.phone_number_id), ("wabaId", &account.waba_id)] {
            if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(Error::invalid(format!("{field} must be 1 to 64 letters or digits")));
            }
        }
        let mut book = self.book.write();
        let account = Arc::new(account);
        let same = |known: &Arc<AccountSpec>| known.phone_number_id == account.phone_number_id;
        match book.accounts.iter().position(same) {
            Some(at) => book.accounts[at] = account,
            None if book.accounts.len() >= ACCOUNTS => {
                return Err(Error::new(ErrorKind::Full, format!("there are {ACCOUNTS} accounts already")));
            }
            None => book.accounts.push(account),
        }
        Ok(())
    }

    pub(crate) fn all(&self) -> Vec<Arc<AccountSpec>> {
        self.book.read().accounts.clone()
    }

    pub(crate) fn find(&self, phone_number_id: &str) -> Option<Arc<AccountSpec>> {
        let book = self.book.read();
        book.accounts.iter().find(|account| account.phone_number_id == phone_number_id).cloned()
    }

    /// The numbers of a business account.
    pub(crate) fn of_waba(&self, waba_id: &str) -> Vec<Arc<AccountSpec>> {
        let book = self.book.read();
        book.accounts.iter().filter(|account| account.waba_id == waba_id).cloned().collect()
    }

    /// The account that is meant: the named one, or the first.
    pub(crate) fn meant(&self, phone_number_id: Option<&str>) -> Result<Arc<AccountSpec>, Error> {
        match phone_number_id {
            Some(id) => self.find(id).ok_or_else(|| {
                Error::not_found(format!("there is no account {id:?}; POST /_control/accounts adds one"))
            }),
            None => self.all().into_iter().next().ok_or_else(|| Error::not_found("there is no account")),
        }
    }

    pub(crate) fn set_webhook_url(&self, url: Option<Url>) {
        self.book.write().webhook_url = url;
    }

    /// Sends the webhooks of a number or a business account elsewhere, or no longer.
    pub(crate) fn set_override(&self, id: &str, url: Option<Url>) {
        let mut book = self.book.write();
        match url {
            Some(url) => book.overrides.insert(id.to_owned(), url),
            None => book.overrides.remove(id),
        };
    }

    pub(crate) fn override_of(&self, id: &str) -> Option<Url> {
        self.book.read().overrides.get(id).cloned()
    }

    /// Meta looks at the number first, then at the business account, then at the app.
    pub(crate) fn destination(&self, account: &AccountSpec) -> Option<Destination> {
        let book = self.book.read();
        let url = book.overrides.get(&account.phone_number_id).or(account.webhook_url.as_ref());
        let url = url.or_else(|| book.overrides.get(&account.waba_id)).or(book.webhook_url.as_ref())?.clone();
        let secret = account.app_secret.as_ref().unwrap_or(&self.app_secret).clone();
        Some(Destination { provider: account.provider, url, secret })
    }
}
