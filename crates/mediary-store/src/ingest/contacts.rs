//! The contacts that messages are from or to. A contact is identified by its `wa_id`, in either of the spellings that WhatsApp
//! mixes, by its user id, or by both once a webhook has both.
//!
//! What was decided from a contact's row stays true until the commit, because the contact is locked (rule 1 of [`super`]):
//!
//! 1. Contacts are read, which shows which of them change.
//! 2. All are locked in the order of their ids; exclusively if any of them changes, so that two transactions never have to upgrade
//!    locks that both hold.
//! 3. If the lock returns other values than were read, everything starts again, now with the locks.
//! 4. A new contact is inserted unless another transaction inserted it meanwhile, in which case it is looked up again. One of the new
//!    ids may still go to another contact between 1 and the commit: a unique key refuses that, and the transaction is retried.
//! 5. No unique key knows that two spellings are one number. So a transaction that inserts a contact whose number has two spellings
//!    locks that number until its commit, and looks for the other spelling in a later statement. Of two that insert both spellings
//!    at once, the second gets the lock after the first commit, finds its contact, and starts again with that.

use std::collections::{BTreeSet, HashMap, HashSet};

use mediary_core::{CompanyId, ContactId, Timestamp, canonical_number, other_spelling, same_number};

use super::applied::{AppliedChanges, MessageKey};
use super::merge;
use super::stored_contacts::{Hold, ROUNDS, StoredContact, hold, search_text};
use super::types::{ContactKey, IncomingMessage};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::Record as _;
use crate::writes::row;
use crate::{Error, Result, dialect};

/// A person of this batch.
struct Person {
    company: CompanyId,
    /// `None` until it is inserted.
    id: Option<ContactId>,
    key: ContactKey,
    changed: bool,
}

/// All persons of this batch, found by either id.
#[derive(Default)]
struct People {
    persons: Vec<Person>,
    /// The person that another one was merged into, by their indices.
    merged_into: HashMap<usize, usize>,
    by_wa_id: HashMap<(CompanyId, String), usize>,
    /// The persons by their number in its canonical spelling.
    by_number: HashMap<(CompanyId, String), usize>,
    by_user_id: HashMap<(CompanyId, String), usize>,
    /// Stored contacts that are one person: the one that stays, the one that goes.
    merges: Vec<(CompanyId, ContactId, ContactId)>,
}

/// What a message says about its contact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ContactEvidence {
    /// The contact's details as they are now.
    Current,
    /// Details from the past: they fill gaps and change nothing.
    Historic,
    /// Details from a message that is stored already: they fill gaps, and make no contact.
    Repeated,
}

fn evidence_of(message: &IncomingMessage, known: &HashSet<MessageKey>) -> ContactEvidence {
    if known.contains(&MessageKey::of(message)) {
        return ContactEvidence::Repeated;
    }
    if message.imported.is_some() { ContactEvidence::Historic } else { ContactEvidence::Current }
}

/// The contact of each message, in order; of a message that is known already only if its contact is, too.
pub(super) async fn resolve(
    tx: &mut Tx,
    now: Timestamp,
    messages: &[IncomingMessage],
    known: &HashSet<MessageKey>,
    applied: &mut AppliedChanges,
) -> Result<Vec<Option<ContactId>>> {
    for _ in 0..ROUNDS {
        let mut people = People::default();
        let stored = load(tx, messages).await?;
        for contact in stored.iter().cloned() {
            people.know(contact);
        }
        let indices: Vec<Option<usize>> = messages
            .iter()
            .map(|message| people.meet(message.company_id, &message.contact, evidence_of(message, known)))
            .collect();
        if hold(tx, &stored, people.wants()).await? != stored {
            continue;
        }
        for (company, stays, goes) in std::mem::take(&mut people.merges) {
            merge::contacts(tx, now, company, stays, goes, applied).await?;
        }
        people.update(tx, now).await?;
        people.insert(tx, now).await?;
        let id = |index: &Option<usize>| match index {
            Some(index) => people.person(*index).id.map(Some),
            None => Some(None),
        };
        let ids: Option<Vec<Option<ContactId>>> = indices.iter().map(id).collect();
        if let Some(ids) = ids {
            return Ok(ids);
        }
    }
    Err(Error::collision("other nodes keep writing the same contacts"))
}

impl People {
    fn settled(&self, mut index: usize) -> usize {
        while let Some(next) = self.merged_into.get(&index) {
            index = *next;
        }
        index
    }

    fn person(&self, index: usize) -> &Person {
        &self.persons[self.settled(index)]
    }

    fn know(&mut self, stored: StoredContact) {
        let (company, id, key) = (stored.company_id, Some(stored.id), stored.key());
        let twin = self.by_other_spelling(company, &key);
        let index = self.add(Person { company, id, key, changed: false });
        // They were recorded at the same moment, or by a release that took them for two people.
        if let Some(twin) = twin {
            self.unite(twin, index);
        }
    }

    /// The lock that the stored contacts need.
    fn wants(&self) -> Hold {
        let changes = self.persons.iter().any(|person| person.id.is_some() && person.changed);
        if changes || !self.merges.is_empty() { Hold::Own } else { Hold::Keep }
    }

    fn add(&mut self, person: Person) -> usize {
        let index = self.persons.len();
        self.note_ids(index, person.company, &person.key);
        self.persons.push(person);
        index
    }

    /// The person of a number in whatever spelling, unless a user id says that it is somebody else.
    fn by_other_spelling(&self, company: CompanyId, key: &ContactKey) -> Option<usize> {
        let number = canonical_number(key.wa_id.as_ref()?).into_owned();
        let index = self.settled(*self.by_number.get(&(company, number))?);
        let known = &self.persons[index].key.user_id;
        (known.is_none() || key.user_id.is_none() || *known == key.user_id).then_some(index)
    }

    fn note_ids(&mut self, index: usize, company: CompanyId, key: &ContactKey) {
        if let Some(wa_id) = &key.wa_id {
            self.by_wa_id.insert((company, wa_id.clone()), index);
            self.by_number.insert((company, canonical_number(wa_id).into_owned()), index);
        }
        if let Some(user_id) = &key.user_id {
            self.by_user_id.insert((company, user_id.clone()), index);
        }
    }

    /// The index of the person with these ids: an existing one, two that are merged, or a new one.
    fn meet(&mut self, company: CompanyId, key: &ContactKey, evidence: ContactEvidence) -> Option<usize> {
        let find = |map: &HashMap<(CompanyId, String), usize>, id: &Option<String>| {
            id.as_ref().and_then(|id| map.get(&(company, id.clone())).copied())
        };
        let by_wa_id = find(&self.by_wa_id, &key.wa_id).map(|index| self.settled(index));
        let by_wa_id = by_wa_id.or_else(|| self.by_other_spelling(company, key));
        let by_user_id = find(&self.by_user_id, &key.user_id).map(|index| self.settled(index));
        let index = match (by_wa_id, by_user_id) {
            (None, None) if evidence == ContactEvidence::Repeated => return None,
            (None, None) => {
                return Some(self.add(Person { company, id: None, key: key.clone(), changed: false }));
            }
            (Some(index), None) | (None, Some(index)) => index,
            (Some(one), Some(other)) if one == other => one,
            (Some(one), Some(other)) if self.can_be_one(one, other) => self.unite(one, other),
            // Each has a second id of its own, so they are two people. The user id decides, for it is never reused.
            (Some(_), Some(other)) => {
                self.learn(other, &ContactKey { wa_id: None, ..key.clone() }, evidence);
                return Some(other);
            }
        };
        self.learn(index, key, evidence);
        Some(index)
    }

    fn can_be_one(&self, by_wa_id: usize, by_user_id: usize) -> bool {
        self.persons[by_wa_id].key.user_id.is_none() || self.persons[by_user_id].key.wa_id.is_none()
    }

    /// Makes one person of two; the stored one stays, or the older of two stored ones.
    fn unite(&mut self, one: usize, other: usize) -> usize {
        let (stays, goes) = match (self.persons[one].id, self.persons[other].id) {
            (None, Some(_)) => (other, one),
            (Some(a), Some(b)) if b < a => (other, one),
            _ => (one, other),
        };
        if let (Some(stays_id), Some(goes_id)) = (self.persons[stays].id, self.persons[goes].id) {
            self.merges.push((self.persons[stays].company, stays_id, goes_id));
        }
        self.merged_into.insert(goes, stays);
        let key = self.persons[goes].key.clone();
        self.learn(stays, &key, ContactEvidence::Current);
        stays
    }

    /// Updates a person with what a message says about them.
    fn learn(&mut self, index: usize, key: &ContactKey, evidence: ContactEvidence) {
        let person = &mut self.persons[index];
        let mut changed = false;
        let mut take = |old: &mut Option<String>, new: &Option<String>| {
            let tells = evidence == ContactEvidence::Current || old.is_none();
            // The first spelling stays, for WhatsApp alternates between the two.
            let respelled = old.as_ref().zip(new.as_ref()).is_some_and(|(old, new)| same_number(old, new));
            if new.is_some() && old != new && tells && !respelled {
                old.clone_from(new);
                changed = true;
            }
        };
        take(&mut person.key.wa_id, &key.wa_id);
        take(&mut person.key.user_id, &key.user_id);
        take(&mut person.key.phone, &key.phone);
        take(&mut person.key.name, &key.name);
        person.changed |= changed;
        let company = person.company;
        self.note_ids(index, company, key);
    }

    async fn update(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let mut update = Bulk::with(
            "UPDATE contacts SET wa_id = k.wa_id, user_id = k.user_id, phone = k.phone, name = k.name,
                search_text = k.search_text, updated_at = k.at
                FROM k WHERE contacts.company_id = k.company_id AND contacts.id = k.id",
        );
        for (index, person) in self.persons.iter().enumerate() {
            if let Some(id) = person.id
                && person.changed
                && !self.merged_into.contains_key(&index)
            {
                let ContactKey { wa_id, user_id, phone, name, .. } = &person.key;
                update.push(row! {
                    company_id => person.company,
                    id => id,
                    wa_id => wa_id.as_deref(),
                    user_id => user_id.as_deref(),
                    phone => phone.as_deref(),
                    name => name.as_deref(),
                    search_text => search_text(&person.key),
                    at => now,
                });
            }
        }
        update.execute(tx).await?;
        Ok(())
    }

    async fn insert(&mut self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let mut indices: Vec<usize> = (0..self.persons.len())
            .filter(|index| self.persons[*index].id.is_none() && !self.merged_into.contains_key(index))
            .collect();
        // In one order on all nodes, so that they cannot wait for each other in a circle.
        let order = |index: &usize| {
            let person = &self.persons[*index];
            (person.company, person.key.wa_id.clone(), person.key.user_id.clone())
        };
        indices.sort_by_key(order);
        let met = self.met_meanwhile(tx, &indices).await?;
        indices.retain(|index| !met.contains(index));
        let mut insert =
            Bulk::insert("contacts", "ON CONFLICT DO NOTHING RETURNING id, company_id, wa_id, user_id");
        for index in &indices {
            let person = &self.persons[*index];
            let ContactKey { wa_id, user_id, phone, name, group } = &person.key;
            insert.push(row! {
                company_id => person.company,
                wa_id => wa_id.as_deref(),
                user_id => user_id.as_deref(),
                phone => phone.as_deref(),
                name => name.as_deref(),
                is_group => *group,
                search_text => search_text(&person.key),
                created_at => now,
                updated_at => now,
            });
        }
        type InsertedContact = (ContactId, CompanyId, Option<String>, Option<String>);
        let mut ids = HashMap::new();
        for (id, company, wa_id, user_id) in insert.run::<InsertedContact>(tx).await? {
            ids.insert((company, wa_id, user_id), id);
        }
        for index in indices {
            let person = &mut self.persons[index];
            let key = (person.company, person.key.wa_id.clone(), person.key.user_id.clone());
            person.id = ids.get(&key).copied();
        }
        Ok(())
    }
}

impl People {
    /// The new persons whose number got a contact in its other spelling since contacts were read. The numbers of the others stay
    /// without one until the commit.
    async fn met_meanwhile(&self, tx: &mut Tx, indices: &[usize]) -> Result<HashSet<usize>> {
        let Some(lock) = dialect::lock_names(tx.backend()) else { return Ok(HashSet::new()) };
        let mut index_of: HashMap<(CompanyId, String), usize> = HashMap::new();
        // In one order on all nodes.
        let mut numbers = BTreeSet::new();
        for index in indices {
            let Person { company, key, .. } = &self.persons[*index];
            let Some(wa_id) = &key.wa_id else { continue };
            if let Some(other) = other_spelling(wa_id) {
                numbers.insert((*company, canonical_number(wa_id).into_owned()));
                index_of.insert((*company, other), *index);
            }
        }
        let (mut lock, mut look) = (Bulk::with(lock), stored_by("wa_id"));
        for (company, number) in &numbers {
            lock.push(row! { company_id => *company, name => number.as_str() });
        }
        for (company, other) in index_of.keys() {
            look.push(row! { company_id => *company, name => other.as_str() });
        }
        lock.run::<(bool,)>(tx).await?;
        let found: Vec<StoredContact> = look.run(tx).await?;
        // A contact that was read already is another person with the same number, according to the user id.
        let read: HashSet<ContactId> = self.persons.iter().filter_map(|person| person.id).collect();
        let found = found.into_iter().filter(|stored| !read.contains(&stored.id));
        let index = |stored: StoredContact| index_of.get(&(stored.company_id, stored.wa_id?)).copied();
        Ok(found.filter_map(index).collect())
    }
}

/// The stored contacts that messages name by either id, in the order of their own ids.
async fn load(tx: &mut Tx, messages: &[IncomingMessage]) -> Result<Vec<StoredContact>> {
    let mut by_wa_id = stored_by("wa_id");
    let mut by_user_id = stored_by("user_id");
    let wa_ids = messages.iter().map(|message| (message.company_id, message.contact.wa_id.as_deref()));
    for (company, wa_id) in wa_ids.collect::<BTreeSet<_>>() {
        if let Some(wa_id) = wa_id {
            by_wa_id.push(row! { company_id => company, name => wa_id });
            if let Some(other) = other_spelling(wa_id) {
                by_wa_id.push(row! { company_id => company, name => other });
            }
        }
    }
    let user_ids = messages.iter().map(|message| (message.company_id, message.contact.user_id.as_deref()));
    for (company, user_id) in user_ids.collect::<BTreeSet<_>>() {
        if let Some(user_id) = user_id {
            by_user_id.push(row! { company_id => company, name => user_id });
        }
    }
    let mut found: Vec<StoredContact> = by_wa_id.run(tx).await?;
    found.extend(by_user_id.run::<StoredContact>(tx).await?);
    found.sort_by_key(|stored| stored.id);
    found.dedup_by_key(|stored| stored.id);
    Ok(found)
}

/// Looks stored contacts up by one of their ids.
fn stored_by(id: &'static str) -> Bulk {
    let after = format!(
        "SELECT {} FROM k CROSS JOIN contacts c WHERE c.company_id = k.company_id AND c.{id} = k.name",
        StoredContact::SELECT
    );
    Bulk::with(after)
}
