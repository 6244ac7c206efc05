//! Whom a webhook is for: what must be known before its signature can be checked, since every Meta app has its own
//! secret. Read in one pass that keeps nothing else of the body.

use serde::Deserialize;

use super::Webhook;
use crate::error::Error;

/// The numbers and accounts that a webhook speaks about, each once, in the order of their first mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressees {
    pub phone_number_ids: Vec<String>,
    pub waba_ids: Vec<String>,
}

impl Addressees {
    pub(super) fn add(&mut self, waba_id: Option<String>, phone_number_id: Option<String>) {
        add_once(&mut self.waba_ids, waba_id);
        add_once(&mut self.phone_number_ids, phone_number_id);
    }
}

/// Reads only whom a webhook is for. Gives what [`Webhook::addressees`] gives for the same body.
pub fn addressees(body: &[u8]) -> Result<Addressees, Error> {
    // Serde would take a list for a struct, too.
    let object = body.trim_ascii_start().starts_with(b"{");
    match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) if object => Ok(envelope.addressees()),
        // Not the usual shape: let the tolerant reader say what it is.
        _ => Ok(Webhook::parse(body)?.addressees()),
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: Option<String>,
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    value: Option<ChangeValue>,
}

#[derive(Deserialize)]
struct ChangeValue {
    metadata: Option<Metadata>,
    standby: Option<Standby>,
}

#[derive(Deserialize)]
struct Standby {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    phone_number_id: Option<String>,
}

impl Envelope {
    fn addressees(self) -> Addressees {
        let mut addressees = Addressees::default();
        for entry in self.entry {
            addressees.add(entry.id, None);
            for value in entry.changes.into_iter().filter_map(|change| change.value) {
                let metadata = value.metadata.or(value.standby.and_then(|standby| standby.metadata));
                addressees.add(None, metadata.and_then(|metadata| metadata.phone_number_id));
            }
        }
        addressees
    }
}

fn add_once(ids: &mut Vec<String>, id: Option<String>) {
    if let Some(id) = id.filter(|id| !id.is_empty() && !ids.contains(id)) {
        ids.push(id);
    }
}
