//! The people on a contact card (vCard: RFC 6350, and version 2.1, which phones still write).

use crate::disposition::is_deceptive;

/// Of a card that is looked at, since one may carry a portrait and a file may hold a whole address book.
const MAX_CARD_BYTES: usize = 1024 * 1024;
/// Names that are given back.
pub const MAX_NAMES: usize = 50;
/// Characters of a name that are given back.
pub const MAX_NAME_CHARS: usize = 200;

/// The names of the people on a contact card, in its order; at most 50 of them.
pub fn contact_names(card: &[u8]) -> Vec<String> {
    let card = &card[..card.len().min(MAX_CARD_BYTES)];
    let names = unfolded(card).into_iter().filter_map(|line| name(&line));
    names.filter(|name| !name.is_empty()).take(MAX_NAMES).collect()
}

/// Lines are folded by a line break and a space (RFC 6350, 3.2), or by `=` at the end where they are quoted-printable.
fn unfolded(card: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut continues = false;
    for line in card.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let folded = line.strip_prefix(b" ").or_else(|| line.strip_prefix(b"\t"));
        match (lines.last_mut(), folded) {
            (Some(last), Some(rest)) => last.extend(rest),
            (Some(last), None) if continues => {
                last.pop();
                last.extend(line);
            }
            _ => lines.push(line.to_vec()),
        }
        continues = lines.last().is_some_and(|last| is_quoted(last) && last.ends_with(b"="));
    }
    lines
}

fn is_quoted(line: &[u8]) -> bool {
    let parameters = line.split(|byte| *byte == b':').next().unwrap_or_default();
    parameters.to_ascii_uppercase().windows(16).any(|window| window == b"QUOTED-PRINTABLE")
}

/// The value of a line `FN`, which may have a group in front and parameters behind it.
fn name(line: &[u8]) -> Option<String> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let property = head.split(|byte| *byte == b';').next()?;
    let property = property.rsplit(|byte| *byte == b'.').next()?;
    if !property.eq_ignore_ascii_case(b"FN") {
        return None;
    }
    let value = if is_quoted(line) { decoded(value) } else { value.to_vec() };
    let text = String::from_utf8_lossy(&value);
    Some(plain(text.trim()))
}

/// Quoted-printable (RFC 2045, 6.7).
fn decoded(value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}

/// Without the backslashes in front of punctuation, and without what is not shown.
fn plain(value: &str) -> String {
    let mut escaped = false;
    let shown = value.chars().filter(|character| {
        let drop = *character == '\\' && !escaped;
        escaped = drop;
        !drop && !character.is_control() && !is_deceptive(*character)
    });
    shown.take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_have_the_names_of_their_cards() {
        let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Silva;Ana;;;\r\nFN:Ana\\, the\r\n  first\r\nEND:VCARD\r\n\
                    BEGIN:VCARD\nVERSION:2.1\nitem1.fn;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Jos=C3=A9 =\nda=20Silva\nEND:VCARD\n";
        assert_eq!(contact_names(card.as_bytes()), ["Ana, the first", "José da Silva"]);
    }

    #[test]
    fn cards_without_names_and_other_texts_have_none() {
        for text in ["", "FN", "FN:", "BEGIN:VCARD\r\nN:;;;;\r\nEND:VCARD", "NOTE:FN:x", "\u{FEFF}"] {
            assert!(contact_names(text.as_bytes()).is_empty(), "{text:?}");
        }
        assert!(contact_names(b"FN;ENCODING=QUOTED-PRINTABLE:=").len() <= 1, "cut off");
    }

    #[test]
    fn names_do_not_turn_the_reading_direction() {
        assert_eq!(contact_names("FN:Ana\u{202E}avliS".as_bytes()), ["AnaavliS"]);
    }

    #[test]
    fn names_are_bounded_in_number_and_length() {
        let book = format!("FN:{}\n", "x".repeat(500)).repeat(100);
        let names = contact_names(book.as_bytes());
        assert_eq!(names.len(), MAX_NAMES);
        assert!(names.iter().all(|name| name.chars().count() == MAX_NAME_CHARS));
        let late = [vec![b'\n'; MAX_CARD_BYTES], b"FN:Late\n".to_vec()].concat();
        assert!(contact_names(&late).is_empty());
    }
}
