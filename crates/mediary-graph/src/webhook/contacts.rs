//! Which of a change's `contacts` an item belongs to.

use std::collections::HashMap;

use serde_json::Value;

use super::message::Profile;
use super::tolerant::items;

/// The people of one change, found by their ids: a body can hold thousands of them beside thousands of messages.
pub(super) struct Contacts<'a> {
    all: &'a [Value],
    by_user_id: HashMap<String, &'a Value>,
    by_wa_id: HashMap<String, &'a Value>,
}

impl<'a> Contacts<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        let all = items(value, "contacts");
        let people = || all.iter().rev().map(|contact| (Profile::read(contact), contact));
        Self {
            all,
            by_user_id: people().filter_map(|(profile, contact)| Some((profile.user_id?, contact))).collect(),
            by_wa_id: people().filter_map(|(profile, contact)| Some((profile.wa_id?, contact))).collect(),
        }
    }

    /// The contact with this user id, else with the first of these phone ids that is known. An item without
    /// ids belongs to the only contact, if there is only one.
    pub(super) fn find(&self, user_id: Option<&String>, wa_ids: &[Option<&String>]) -> Option<Profile> {
        let wa_ids: Vec<&String> = wa_ids.iter().copied().flatten().collect();
        if user_id.is_none() && wa_ids.is_empty() {
            return self.only().map(Profile::read);
        }
        let by_user_id = user_id.and_then(|id| self.by_user_id.get(id));
        by_user_id
            .or_else(|| wa_ids.iter().find_map(|id| self.by_wa_id.get(*id)))
            .map(|contact| Profile::read(contact))
    }

    /// For messages of one person beside one contact: the name is theirs even if the ids differ. The ids are left
    /// out then, so that two people are not mistaken for one.
    pub(super) fn only_name(&self) -> Option<Profile> {
        let profile = Profile::read(self.only()?);
        Some(Profile { wa_id: None, user_id: None, parent_user_id: None, ..profile })
    }

    fn only(&self) -> Option<&'a Value> {
        match self.all {
            [only] => Some(only),
            _ => None,
        }
    }
}
