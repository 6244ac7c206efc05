//! Tolerant reading of JSON: a value that is missing or of another type is `None`, never an error, and one broken value
//! does not spoil its neighbours.

use std::collections::BTreeMap;

use mediary_core::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

/// The depth to which a body that JSON libraries refuse is split to save its items. A history message's own fields lie
/// at level 12.
const SALVAGE_DEPTH: usize = 16;

/// Characters that are kept of an id that holds for many items.
const SHARED_ID_CHARS_MAX: usize = 1100;
/// Characters that are kept of a text that is stored with each item: names have up to a hundred characters, business numbers and their ids up to twenty.
const LABEL_CHARS_MAX: usize = 128;

/// Parses a body. Invalid UTF-8, halves of surrogate pairs, numbers beyond every range and absurd nesting are
/// replaced where they stand; only text that is no JSON at all fails.
pub(super) fn parse(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body).or_else(|_| {
        let text = replace_lone_surrogates(&String::from_utf8_lossy(body));
        serde_json::from_str::<&RawValue>(&text).map(|raw| salvage(raw, SALVAGE_DEPTH))
    })
}

/// Text, also where a number stands for it.
pub(super) fn text(node: &Value, key: &str) -> Option<String> {
    match node.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Text that names something: an empty one is none.
pub(super) fn id(node: &Value, key: &str) -> Option<String> {
    text(node, key).filter(|id| !id.is_empty())
}

/// An id that occurs once and then holds for each item of a list: a long one repeated for thousands of items would be
/// gigabytes. One that is cut is still longer than any id that is stored, so it is not mistaken for another.
pub(super) fn shared_id(node: &Value, key: &str) -> Option<String> {
    cut(id(node, key)?, SHARED_ID_CHARS_MAX)
}

/// A text that occurs once and is stored with each item of a list.
pub(super) fn label(node: &Value, key: &str) -> Option<String> {
    cut(id(node, key)?, LABEL_CHARS_MAX)
}

fn cut(text: String, chars: usize) -> Option<String> {
    Some(match text.char_indices().nth(chars) {
        Some((at, _)) => text[..at].to_owned(),
        None => text,
    })
}

/// A whole number, also in text.
pub(super) fn whole(node: &Value, key: &str) -> Option<i64> {
    match node.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A finite number, also in text.
pub(super) fn decimal(node: &Value, key: &str) -> Option<f64> {
    let number = match node.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

pub(super) fn flag(node: &Value, key: &str) -> bool {
    match node.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

pub(super) fn items<'a>(node: &'a Value, key: &str) -> &'a [Value] {
    node.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Seconds since 1970, as WhatsApp writes times.
pub(super) fn time(node: &Value, key: &str) -> Option<Timestamp> {
    whole(node, key).and_then(Timestamp::from_unix_seconds)
}

/// The largest readable parts of a value that does not parse as a whole; the rest becomes `null`.
fn salvage(raw: &RawValue, levels: usize) -> Value {
    if let Ok(value) = serde_json::from_str(raw.get()) {
        return value;
    }
    if levels == 0 {
        return Value::Null;
    }
    if let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) {
        return fields.into_iter().map(|(key, raw)| (key, salvage(raw, levels - 1))).collect();
    }
    match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
        Ok(items) => items.into_iter().map(|raw| salvage(raw, levels - 1)).collect(),
        Err(_) => Value::Null,
    }
}

/// Writes U+FFFD for every `\uD800`–`\uDFFF` escape that is not half of a pair: texts cut in the middle of an emoji.
pub(super) fn replace_lone_surrogates(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (escape, len) = match (surrogate(rest), rest.get(6..).and_then(surrogate)) {
            (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => (&rest[..12], 12),
            (Some(_), _) => ("\\uFFFD", 6),
            (None, _) => {
                let len = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                (&rest[..len], len)
            }
        };
        out.push_str(escape);
        rest = &rest[len..];
    }
    out.push_str(rest);
    out
}

/// The surrogate whose escape the text begins with.
fn surrogate(text: &str) -> Option<u16> {
    let code = u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
    (0xD800..0xE000).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_text_may_be_swapped() {
        let node = json!({"id": 65463453_u64, "size": "303833", "big": "x", "lat": "37.5", "flag": "true", "nan": "NaN"});
        assert_eq!(text(&node, "id").as_deref(), Some("65463453"));
        assert_eq!(whole(&node, "size"), Some(303_833));
        assert_eq!(whole(&node, "big"), None);
        assert_eq!(decimal(&node, "lat"), Some(37.5));
        assert_eq!(decimal(&node, "nan"), None);
        assert!(flag(&node, "flag"));
    }

    #[test]
    fn broken_value_does_not_spoil_its_neighbours() {
        let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
        let body =
            format!(r#"{{"a":[{{"n":1e999,"b":1}},{deep},{{"c":"x\uD83D","c":"y\ud83d\ude00\\ud83d"}}]}}"#);
        let value = parse(body.as_bytes()).unwrap();
        assert_eq!(value["a"][0], json!({"n": null, "b": 1}));
        assert_eq!(value["a"][2], json!({"c": "y😀\\ud83d"}));
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        assert_eq!(
            parse(br#"{"t":"a\ud83d\u0041\udc00\ud83d"}"#).unwrap()["t"],
            "a\u{FFFD}A\u{FFFD}\u{FFFD}"
        );
        assert_eq!(parse(b"{\"t\":\"a\xFFb\"}").unwrap()["t"], "a\u{FFFD}b");
        assert_eq!(parse(br#"{"t":"a\u0000b"}"#).unwrap()["t"], "a\0b");
    }

    #[test]
    fn text_that_is_not_json_stays_an_error() {
        for body in [&b""[..], b"{", b"{} x", b"\\", b"\\u", b"{\"a\":\\ud83d}"] {
            assert!(parse(body).is_err(), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn sound_json_is_not_touched_by_the_repair(text in any::<String>()) {
            let json = serde_json::to_string(&json!({ "t": text })).unwrap();
            prop_assert_eq!(replace_lone_surrogates(&json), json);
        }

        #[test]
        fn bytes_of_any_kind_never_panic(body in any::<Vec<u8>>(), text in r#"[{}\[\]"\\ud83c,:a0 ]{0,60}"#) {
            let _ = parse(&body);
            let _ = parse(text.as_bytes());
        }
    }
}
