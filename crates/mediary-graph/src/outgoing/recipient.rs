//! Whom a message goes to.
//!
//! The three kinds of recipients have places of their own in Graph's request, and one in another's place is lost without a word: of
//! a business-scoped id in `to` Graph cuts off the country and takes the rest for a number, answers 200 with a message id, and
//! delivers nothing. So a recipient is made by its kind alone, and each kind refuses the ids of the others.

use std::fmt;

use mediary_core::field::WrongField;
use serde_json::Value;

use super::{ID_CHARS, check, wrong};
use crate::webhook::is_user_id;

/// Digits of a phone number with its country code, as WhatsApp may have them in its ids.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=20;
/// And of one that people write (E.164).
const WRITTEN_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Characters of a group's id at least: it is made of the business's number, the group's and a word, in base64.
const GROUP_CHARS: usize = 24;
/// `US.`, `ENT.` of a parent's id, and 128 letters and digits.
const USER_ID_CHARS: usize = 3 + 4 + 128;

/// Whom a message goes to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Recipient(Kind);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kind {
    /// Digits alone.
    Phone(String),
    User(String),
    Group(String),
}

impl Recipient {
    /// A person by their phone number with its country code, as people write it or as webhooks do (`wa_id`).
    pub fn phone(number: &str) -> Result<Self, WrongField> {
        check(!is_user_id(number), "to", || {
            "must be a phone number; a business-scoped user id belongs in recipient".to_owned()
        })?;
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let written = number.chars().all(|c| c.is_ascii_digit() || "+-(). ".contains(c));
        let fits = written && PHONE_DIGITS.contains(&digits.len()) && !digits.starts_with('0');
        check(fits, "to", || {
            let (least, most) = PHONE_DIGITS.into_inner();
            format!(
                "must be a phone number of {least} to {most} digits with its country code, like +1 555-078-3881"
            )
        })?;
        Ok(Self(Kind::Phone(digits)))
    }

    /// The recipient that one text names: a phone number as people write it, a business-scoped user id, or a group's id.
    pub fn written(to: &str) -> Result<Self, WrongField> {
        if is_user_id(to) {
            return Self::user(to).map_err(|wrong| WrongField { field: "to", ..wrong });
        }
        // No number has letters, and what is shorter than any group's id is likelier a number with a slip.
        let is_group = to.len() >= GROUP_CHARS
            && to.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte))
            && to.bytes().any(|byte| byte.is_ascii_alphabetic());
        if is_group {
            return Self::group(to);
        }
        let number = Self::phone(to).ok();
        number.filter(|number| number.digits().is_some_and(|digits| WRITTEN_DIGITS.contains(&digits.len()))).ok_or_else(
            || {
                let (least, most) = WRITTEN_DIGITS.into_inner();
                wrong(
                    "to",
                    format!(
                        "must be a phone number of {least} to {most} digits with its country code, like +1 555-078-3881, \
                         a business-scoped user id, or a group's id"
                    ),
                )
            },
        )
    }

    /// The digits of a person's phone number.
    pub fn digits(&self) -> Option<&str> {
        match &self.0 {
            Kind::Phone(digits) => Some(digits),
            Kind::User(_) | Kind::Group(_) => None,
        }
    }

    /// A person's business-scoped user id.
    pub fn user_id(&self) -> Option<&str> {
        match &self.0 {
            Kind::User(id) => Some(id),
            Kind::Phone(_) | Kind::Group(_) => None,
        }
    }

    /// A group's id.
    pub fn group_id(&self) -> Option<&str> {
        match &self.0 {
            Kind::Group(id) => Some(id),
            Kind::Phone(_) | Kind::User(_) => None,
        }
    }

    /// A person by their business-scoped user id, `US.13491208655302741918`.
    pub fn user(id: &str) -> Result<Self, WrongField> {
        let rest = id.bytes().skip(3);
        let fits = is_user_id(id)
            && (4..=USER_ID_CHARS).contains(&id.len())
            && rest.into_iter().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        check(fits, "recipient", || {
            "must be a business-scoped user id: a country's two capitals, a dot and up to 128 letters and digits, like \
             US.13491208655302741918"
                .to_owned()
        })?;
        Ok(Self(Kind::User(id.to_owned())))
    }

    /// A person by whichever of the two ids it is.
    pub fn person(id: &str) -> Result<Self, WrongField> {
        if is_user_id(id) { Self::user(id) } else { Self::phone(id) }
    }

    /// A group by its id, which is sent as it is.
    pub fn group(id: &str) -> Result<Self, WrongField> {
        let fits = (1..=ID_CHARS).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_graphic())
            && !is_user_id(id);
        check(fits, "to", || {
            format!(
                "must be WhatsApp's id of a group: 1 to {ID_CHARS} printable ASCII characters without spaces"
            )
        })?;
        Ok(Self(Kind::Group(id.to_owned())))
    }

    pub fn is_group(&self) -> bool {
        matches!(self.0, Kind::Group(_))
    }

    pub(super) fn write(&self, message: &mut Value) {
        message["recipient_type"] = if self.is_group() { "group" } else { "individual" }.into();
        match &self.0 {
            // Without the plus, Graph puts the business's own country code in front.
            Kind::Phone(digits) => message["to"] = format!("+{digits}").into(),
            Kind::User(id) => message["recipient"] = id.as_str().into(),
            Kind::Group(id) => message["to"] = id.as_str().into(),
        }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Phone(_) => "Recipient::Phone",
            Kind::User(_) => "Recipient::User",
            Kind::Group(_) => "Recipient::Group",
        })
    }
}
