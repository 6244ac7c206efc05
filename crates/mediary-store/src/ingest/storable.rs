//! Ids in the form in which they are stored. Both databases compare and return what [`storable_text`] made of an id, so an id can be
//! matched with what they return only in that form. Every item is converted before anything else uses it.

use mediary_core::storable_text;

use super::types::{
    ContactKey, IdentityChange, IncomingEdit, IncomingMessage, IncomingRevoke, IncomingStatus, IngestItem,
    NewMedia,
};

pub(super) trait Storable {
    /// Replaces what no database stores in every id, and in everything else that is compared with stored text.
    fn make_storable(&mut self);

    fn storable(mut self) -> Self
    where
        Self: Sized,
    {
        self.make_storable();
        self
    }
}

impl Storable for String {
    fn make_storable(&mut self) {
        if self.contains('\0') {
            *self = storable_text(self).into_owned();
        }
    }
}

impl<T: Storable> Storable for Box<T> {
    fn make_storable(&mut self) {
        self.as_mut().make_storable();
    }
}

impl<T: Storable> Storable for Option<T> {
    fn make_storable(&mut self) {
        self.iter_mut().for_each(T::make_storable);
    }
}

impl Storable for IngestItem {
    fn make_storable(&mut self) {
        match self {
            Self::Message(message) => message.make_storable(),
            Self::Status(status) => status.make_storable(),
            Self::Edit(edit) => edit.make_storable(),
            Self::Revoke(revoke) => revoke.make_storable(),
        }
    }
}

impl Storable for IncomingMessage {
    fn make_storable(&mut self) {
        self.provider_message_id.make_storable();
        self.contact.make_storable();
        self.media.make_storable();
        self.attachments.iter_mut().for_each(NewMedia::make_storable);
        self.identity_change.make_storable();
        if let Some(reaction) = &mut self.reaction {
            reaction.target.make_storable();
        }
    }
}

impl Storable for ContactKey {
    fn make_storable(&mut self) {
        for part in [&mut self.wa_id, &mut self.user_id, &mut self.phone, &mut self.name] {
            part.make_storable();
        }
    }
}

impl Storable for NewMedia {
    fn make_storable(&mut self) {
        self.provider_media_id.make_storable();
    }
}

impl Storable for IncomingStatus {
    fn make_storable(&mut self) {
        self.provider_message_id.make_storable();
    }
}

impl Storable for IncomingEdit {
    fn make_storable(&mut self) {
        self.target.make_storable();
        self.media.make_storable();
    }
}

impl Storable for IncomingRevoke {
    fn make_storable(&mut self) {
        self.target.make_storable();
    }
}

impl Storable for IdentityChange {
    fn make_storable(&mut self) {
        self.old.make_storable();
        self.new.make_storable();
    }
}
