//! The contacts that messages are from or to. A contact is identified by its `wa_id`, in either of the spellings that WhatsApp
//! mixes, by its user id, or by both once a webhook has both.
//!
//! What was decided from a contact's row stays true until the commit, because the contact is locked (rule 1 of [`super`]):
//!
//! 1. Contacts are read, which shows which of them change.
//! 2. All are locked in the order of their ids; exclusively if any of them changes, so that two transactions never have to upgrade
//!    locks that both hold.
//! 3. If the lock returns other values than were read, the transaction is retried. It does not go on with the locks that it has: the
//!    next ones would be out of order, and two transactions could wait for each other.
//! 4. A new contact is inserted unless another transaction inserted it meanwhile; then the transaction is retried, too. One of the new
//!    ids may still go to another contact between 1 and the commit: a unique key refuses that, and the transaction is retried.
//! 5. No unique key knows that two spellings are one number. So a transaction that gives a contact a number with two spellings, a new
//!    contact or one that was known by its user id alone, locks that number until its commit, and looks for the other spelling in a
//!    later statement. Of two that write both spellings at once, the second gets the lock after the first commit, finds its contact,
//!    and is retried.

use std::collections::{BTreeSet, HashMap, HashSet};

use mediary_core::{CompanyId, ContactId, Timestamp, canonical_number, other_spelling, same_number};

use super::applied::{AppliedChanges, MessageKey};
use super::merge;
use super::stored_contacts::{Hold, StoredContact, hold, search_text};
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
    /// Whether this transaction gives it its number.
    is_numbered: bool,
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
pub(super) enum ContactEvidence {
    /// The contact's details as they are now.
    Current,
    /// Details from the past: they fill gaps and change nothing.
    Historic,
    /// Details from a message that is stored already: they fill gaps, and make no contact.
    Repeated,
}

/// Somebody whom a message is from or to, by the ids that are given.
pub(super) struct Correspondent<'a> {
    pub(super) company_id: CompanyId,
    pub(super) contact: &'a ContactKey,
    pub(super) evidence: ContactEvidence,
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
    let correspondents = messages.iter().map(|message| Correspondent {
        company_id: message.company_id,
        contact: &message.contact,
        evidence: evidence_of(message, known),
    });
    find_or_add(tx, now, &correspondents.collect::<Vec<_>>(), applied).await
}

/// The contact of each correspondent, in order; of one that is only [`ContactEvidence::Repeated`] if it is known.
pub(super) async fn find_or_add(
    tx: &mut Tx,
    now: Timestamp,
    correspondents: &[Correspondent<'_>],
    applied: &mut AppliedChanges,
) -> Result<Vec<Option<ContactId>>> {
    let mut people = People::default();
    let stored = load(tx, correspondents).await?;
    for contact in stored.iter().cloned() {
        people.know(contact);
    }
    let indices: Vec<Option<usize>> =
        correspondents.iter().map(|one| people.meet(one.company_id, one.contact, one.evidence)).collect();
    if hold(tx, &stored, people.wants()).await? != stored {
        return Err(Error::collision("another transaction changed the same contacts at this moment"));
    }
    for (company, stays, goes) in std::mem::take(&mut people.merges) {
        merge::contacts(tx, now, company, stays, goes, applied).await?;
    }
    people.keep_numbers_apart(tx).await?;
    people.update(tx, now).await?;
    people.insert(tx, now).await?;
    let id = |index: &Option<usize>| match index {
        Some(index) => people.person(*index).id.map(Some),
        None => Some(None),
    };
    let ids: Option<Vec<Option<ContactId>>> = indices.iter().map(id).collect();
    ids.ok_or_else(|| Error::collision("another transaction recorded the same contacts at this moment"))
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
        let index = self.add(Person { company, id, key, changed: false, is_numbered: false });
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
                let person =
                    Person { company, id: None, key: key.clone(), changed: false, is_numbered: true };
                return Some(self.add(person));
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
        let number = person.key.wa_id.clone();
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
        person.is_numbered |= person.key.wa_id != number;
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
    /// Locks the numbers that this transaction gives to contacts, and fails if one of them got a contact in its other spelling since
    /// contacts were read. None gets one until the commit.
    async fn keep_numbers_apart(&self, tx: &mut Tx) -> Result<()> {
        let Some(lock) = dialect::lock_names(tx.backend()) else { return Ok(()) };
        // In one order on all nodes.
        let (mut numbers, mut others) = (BTreeSet::new(), BTreeSet::new());
        let given =
            |(index, person): &(usize, &Person)| person.is_numbered && !self.merged_into.contains_key(index);
        for (_, Person { company, key, .. }) in self.persons.iter().enumerate().filter(given) {
            let Some(wa_id) = &key.wa_id else { continue };
            if let Some(other) = other_spelling(wa_id) {
                numbers.insert((*company, canonical_number(wa_id).into_owned()));
                others.insert((*company, other));
            }
        }
        let (mut lock, mut look) = (Bulk::with(lock), stored_by("wa_id"));
        for (company, number) in &numbers {
            lock.push(row! { company_id => *company, name => number.as_str() });
        }
        for (company, other) in &others {
            look.push(row! { company_id => *company, name => other.as_str() });
        }
        lock.run::<(bool,)>(tx).await?;
        let found: Vec<StoredContact> = look.run(tx).await?;
        // A contact that was read already is another person with the same number, according to the user id.
        let read: HashSet<ContactId> = self.persons.iter().filter_map(|person| person.id).collect();
        if found.iter().any(|stored| !read.contains(&stored.id)) {
            return Err(Error::collision("another transaction recorded a number in its other spelling"));
        }
        Ok(())
    }
}

/// The stored contacts that are named by either id, in the order of their own ids.
async fn load(tx: &mut Tx, correspondents: &[Correspondent<'_>]) -> Result<Vec<StoredContact>> {
    let mut by_wa_id = stored_by("wa_id");
    let mut by_user_id = stored_by("user_id");
    let wa_ids = correspondents.iter().map(|one| (one.company_id, one.contact.wa_id.as_deref()));
    for (company, wa_id) in wa_ids.collect::<BTreeSet<_>>() {
        if let Some(wa_id) = wa_id {
            by_wa_id.push(row! { company_id => company, name => wa_id });
            if let Some(other) = other_spelling(wa_id) {
                by_wa_id.push(row! { company_id => company, name => other });
            }
        }
    }
    let user_ids = correspondents.iter().map(|one| (one.company_id, one.contact.user_id.as_deref()));
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
