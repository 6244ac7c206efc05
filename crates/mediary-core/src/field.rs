//! What a field may hold that somebody fills in, over HTTP or on the command line: one rule and one sentence for both.

use crate::limits::SHORT_TEXT_CHARS;

/// Digits of a phone number id or a business account id.
pub const WHATSAPP_ID_DIGITS: usize = 32;
/// Characters of a phone number as people write it.
pub const DISPLAY_NUMBER_CHARS: usize = 32;
/// Characters of an access token, an app secret or a verify token.
pub const TOKEN_CHARS: usize = 4096;
/// Characters of AWS's own id of a number, and of a region.
pub const AWS_ID_CHARS: usize = 64;
pub const AWS_REGION_CHARS: usize = 32;
/// Characters of a company's short name.
pub const SLUG_CHARS: usize = 63;
/// The shortest and the longest password.
pub const PASSWORD_CHARS_MIN: usize = 8;
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// A field that cannot be taken as it is. The sentence says what is allowed and never repeats the value, which may be
/// a secret or very long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub struct WrongField {
    /// As in JSON.
    pub field: &'static str,
    /// What is allowed.
    pub rule: String,
}

fn check(holds: bool, field: &'static str, rule: impl FnOnce() -> String) -> Result<(), WrongField> {
    if holds { Ok(()) } else { Err(WrongField { field, rule: rule() }) }
}

/// The name of a company, a person, a key or an account.
pub fn name(field: &'static str, text: &str) -> Result<(), WrongField> {
    let fits = !text.trim().is_empty()
        && text.chars().take(SHORT_TEXT_CHARS + 1).count() <= SHORT_TEXT_CHARS
        && !text.contains(char::is_control);
    check(fits, field, || {
        format!(
            "must have 1 to {SHORT_TEXT_CHARS} characters, without line breaks or other control characters"
        )
    })
}

/// An id that Meta gave to a number or to a business account.
pub fn whatsapp_id(field: &'static str, text: &str) -> Result<(), WrongField> {
    let fits =
        (1..=WHATSAPP_ID_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    check(fits, field, || {
        format!(
            "must be 1 to {WHATSAPP_ID_DIGITS} digits; copy it from Meta's App Dashboard, WhatsApp > API Setup"
        )
    })
}

/// A phone number as people write it.
pub fn display_number(field: &'static str, text: &str) -> Result<(), WrongField> {
    let fits = text.len() <= DISPLAY_NUMBER_CHARS
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-(). ".contains(&byte));
    check(fits, field, || {
        format!(
            "must be a phone number of at most {DISPLAY_NUMBER_CHARS} digits, spaces and + - ( ) ., like +1 555-078-3881"
        )
    })
}

/// An access token, an app secret or a verify token.
pub fn token(field: &'static str, text: &str) -> Result<(), WrongField> {
    let fits = (1..=TOKEN_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    check(fits, field, || {
        format!(
            "must be 1 to {TOKEN_CHARS} printable ASCII characters without spaces or line breaks; copy it again, \
             without anything around it"
        )
    })
}

/// AWS's own id of a number.
pub fn aws_phone_number_id(field: &'static str, text: &str) -> Result<(), WrongField> {
    let rest = text.strip_prefix("phone-number-id-").unwrap_or_default();
    let fits =
        (1..=AWS_ID_CHARS).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    check(fits, field, || {
        "must look like phone-number-id-01234567890123456789012345678901; copy it from AWS End User Messaging Social".to_owned()
    })
}

/// A region of AWS.
pub fn aws_region(field: &'static str, text: &str) -> Result<(), WrongField> {
    check(is_aws_region(text), field, || "must be a region of AWS, like eu-west-1".to_owned())
}

/// Whether a text has the form of a region's name: words and a number, by hyphens. It becomes part of a host's name, where other words
/// (`s3`) lead to hosts that everybody can have.
pub fn is_aws_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [words @ .., number] = parts.as_slice() else { return false };
    let is_word = |word: &&str| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    (2..=4).contains(&words.len())
        && words.iter().all(is_word)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && text.len() <= AWS_REGION_CHARS
}

/// The name of a bucket.
pub fn aws_bucket(field: &'static str, text: &str) -> Result<(), WrongField> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let fits = (3..=63).contains(&bytes.len())
        && bytes.iter().copied().all(plain)
        && ends(bytes.first())
        && ends(bytes.last())
        && !text.contains("..");
    check(fits, field, || {
        "must be the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens".to_owned()
    })
}

/// A company's short name.
pub fn slug(field: &'static str, text: &str) -> Result<(), WrongField> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=SLUG_CHARS).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-');
    check(fits, field, || {
        format!("must be 1 to {SLUG_CHARS} lower-case letters, digits and hyphens, the first not a hyphen")
    })
}

/// An e-mail address, as far as one can tell without sending to it.
pub fn email(field: &'static str, text: &str) -> Result<(), WrongField> {
    let parts = text.split_once('@');
    let fits = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && text.chars().take(SHORT_TEXT_CHARS + 1).count() <= SHORT_TEXT_CHARS
        && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    check(fits, field, || {
        format!("must be an e-mail address of at most {SHORT_TEXT_CHARS} characters, like ana@example.com")
    })
}

/// A password to be set.
pub fn password(field: &'static str, text: &str) -> Result<(), WrongField> {
    let fits = text.len() <= PASSWORD_BYTES_MAX
        && text.chars().take(PASSWORD_CHARS_MIN).count() == PASSWORD_CHARS_MIN;
    check(fits, field, || {
        format!("must have {PASSWORD_CHARS_MIN} characters or more, and at most {PASSWORD_BYTES_MAX} bytes")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rule = fn(&'static str, &str) -> Result<(), WrongField>;

    #[test]
    fn fields_are_taken_up_to_their_limit_and_no_further() {
        let email_of = |chars: usize| format!("{}@b.test", "a".repeat(chars - "@b.test".len()));
        let table: &[(Rule, &[&str], &[&str])] = &[
            (name, &["A", "Ünï cörn 🦄", &"ü".repeat(200)], &["", "  ", "a\nb", "a\0", &"x".repeat(201)]),
            (whatsapp_id, &["1", &"9".repeat(32)], &["", "x/../y", "12 3", "١٢", "-1", &"9".repeat(33)]),
            (
                display_number,
                &["+1 (555) 078-3881", "1", &"5".repeat(32)],
                &["", "+", "call me", &"5".repeat(33)],
            ),
            (token, &["EAAx|1_2-3", &"x".repeat(4096)], &["", "a b", "a\n", "tökên", &"x".repeat(4097)]),
            (slug, &["a", "a-1", &"a".repeat(63)], &["", "-a", "A", "a/b", "a b", &"a".repeat(64)]),
            (
                email,
                &["a@b", &email_of(200)],
                &["", "ana", "@b", "a@", "a@b@c", "a b@c", "a\0@b", &email_of(201)],
            ),
            (password, &["12345678", "pässwört", &"x".repeat(1024)], &["", "1234567", &"x".repeat(1025)]),
        ];
        for (rule, good, bad) in table {
            for text in *good {
                assert_eq!(rule("field", text), Ok(()), "{text:?}");
            }
            for text in *bad {
                let wrong = rule("field", text).unwrap_err();
                assert!(wrong.to_string().starts_with("field must "), "{wrong}");
                assert!(wrong.rule.len() < 160, "{wrong}");
            }
        }
    }
}
