//! Stored contacts, and their locks (rule 1 of [`super`]).

use mediary_core::{CompanyId, ContactId};

use super::types::ContactKey;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::writes::row;
use crate::{Backend, Result, dialect};

record! {
    /// A contact as it is stored.
    #[derive(Clone, PartialEq, Eq)]
    pub(super) struct StoredContact from contacts as c {
        pub id: ContactId,
        pub company_id: CompanyId,
        pub wa_id: Option<String>,
        pub user_id: Option<String>,
        pub phone: Option<String>,
        pub name: Option<String>,
    }
}

impl StoredContact {
    pub(super) fn key(self) -> ContactKey {
        let Self { wa_id, user_id, phone, name, .. } = self;
        ContactKey { wa_id, user_id, phone, name, group: false }
    }
}

/// The kind of lock on a contact.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// To write into its conversations.
    Keep,
    /// To change it, or to join it with another.
    Own,
}

/// Locks contacts until the transaction ends, in the order of their ids, and returns their current values. Removed contacts are left
/// out.
pub(super) async fn hold(tx: &mut Tx, contacts: &[StoredContact], hold: Hold) -> Result<Vec<StoredContact>> {
    let backend = tx.backend();
    if backend == Backend::Sqlite {
        return Ok(contacts.to_vec());
    }
    let lock = match hold {
        Hold::Keep => dialect::keep_rows(backend, "c"),
        Hold::Own => dialect::own_rows(backend, "c"),
    };
    let after = format!(
        "SELECT {} FROM k CROSS JOIN contacts c WHERE c.company_id = k.company_id AND c.id = k.id ORDER BY c.id{lock}",
        StoredContact::SELECT
    );
    let mut select = Bulk::with(after);
    for contact in contacts {
        select.push(row! { company_id => contact.company_id, id => contact.id });
    }
    select.run(tx).await
}

/// The text in which a contact is searched.
pub(super) fn search_text(key: &ContactKey) -> String {
    let parts = [&key.name, &key.phone, &key.wa_id, &key.user_id];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join("\n").to_lowercase()
}
