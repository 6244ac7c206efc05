//! What is wrong with a field that could not be read, in the words of the people who sent it. Serde's own sentences name
//! types of Rust and repeat what was sent, which may be a secret or very long.

/// Characters of a field's name that is not ours and is repeated all the same.
const FOREIGN_NAME_CHARS: usize = 64;

/// A field that could not be read. The rule says what is allowed and repeats no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableField {
    /// Its path, with dots where it lies deeper; empty where the whole is wrong.
    pub field: String,
    pub rule: String,
}

impl UnreadableField {
    /// From the path at which reading stopped, and serde's sentence. A rule of ours, which begins with "must", stays.
    pub fn new(path: &str, sentence: &str) -> Self {
        let path = path.trim_start_matches('.');
        let sentence = without_position(sentence);
        if let Some(name) = quoted(sentence, "missing field `") {
            return Self { field: join(path, name), rule: "is missing".to_owned() };
        }
        if let Some(name) = quoted(sentence, "duplicate field `") {
            return Self { field: join(path, name), rule: MORE_THAN_ONCE.to_owned() };
        }
        if let Some(unknown) = sentence.strip_prefix("unknown field `") {
            return unknown_field(path, unknown);
        }
        Self { field: path.to_owned(), rule: rule(sentence) }
    }
}

const MORE_THAN_ONCE: &str = "is given more than once";
const WHOLE: &str = "must be a whole number";

fn rule(sentence: &str) -> String {
    if sentence.starts_with("must ") {
        return sentence.to_owned();
    }
    if let Some(unknown) = sentence.strip_prefix("unknown variant `") {
        let allowed = unknown.rsplit_once("`, expected ").map_or("", |(_, allowed)| allowed);
        return one_of(allowed);
    }
    for beginning in ["invalid type: ", "invalid value: "] {
        let parts = sentence.strip_prefix(beginning).and_then(|rest| rest.rsplit_once(", expected "));
        if let Some((found, expected)) = parts {
            return mismatch(found, expected);
        }
    }
    if sentence.starts_with("invalid length ") {
        return "has the wrong number of items".to_owned();
    }
    match sentence {
        "invalid digit found in string" | "cannot parse integer from empty string" => WHOLE,
        "number too large to fit in target type" | "number out of range" => "must be a smaller number",
        "number too small to fit in target type" => "must be a larger number",
        "invalid float literal" | "cannot parse float from empty string" => "must be a number",
        "provided string was not `true` or `false`" => "must be true or false",
        // What the reader of queries says of a second value, and of a word with something behind it.
        "unsupported value" => MORE_THAN_ONCE,
        "expected value" | "expected unit variant" => "must be a string",
        "recursion limit exceeded" => "is nested too deeply",
        _ => "cannot be read",
    }
    .to_owned()
}

/// A value of another type, or out of its type's range.
fn mismatch(found: &str, expected: &str) -> String {
    let allowed = expectation(found, expected);
    match found {
        "null" | "unit value" | "Option value" => format!("cannot be null; {allowed}"),
        _ => allowed,
    }
}

fn expectation(found: &str, expected: &str) -> String {
    if let Some((min, max)) = bounds(expected) {
        return if is_whole(found) { format!("{WHOLE} from {min} to {max}") } else { WHOLE.to_owned() };
    }
    if expected.starts_with("one of ") {
        return one_of(expected);
    }
    let kinds: [(&[&str], &str); 5] = [
        (&["f32", "f64"], "must be a number"),
        (&["a boolean"], "must be true or false"),
        (
            &["a string", "a borrowed string", "a character", "string or map", "variant identifier"],
            "must be a string",
        ),
        (&["a sequence", "a tuple", "tuple ", "an array"], "must be an array"),
        (&["struct ", "a map"], "must be an object"),
    ];
    let kind = kinds.iter().find(|(begins, _)| begins.iter().any(|begin| expected.starts_with(begin)));
    kind.map_or("cannot be read", |(_, rule)| rule).to_owned()
}

/// The range of one of Rust's whole numbers.
fn bounds(name: &str) -> Option<(i128, i128)> {
    Some(match name {
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => (i64::MIN.into(), i64::MAX.into()),
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" | "usize" => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// Whether a whole number was found, which then is out of range. JSON's large ones arrive as floating point.
fn is_whole(found: &str) -> bool {
    let float = quoted(found, "floating point `").and_then(|text| text.parse::<f64>().ok());
    found.starts_with("integer `") || float.is_some_and(|float| float.fract() == 0.0)
}

/// The names between backticks, as a choice.
fn one_of(list: &str) -> String {
    let names = names_in(list);
    match names.as_slice() {
        [] => "cannot be read".to_owned(),
        [only] => format!("must be {only}"),
        names => format!("must be one of: {}", names.join(", ")),
    }
}

/// What stands between backticks.
fn names_in(list: &str) -> Vec<&str> {
    list.split('`').skip(1).step_by(2).collect()
}

fn unknown_field(path: &str, unknown: &str) -> UnreadableField {
    let (name, known) = unknown
        .rsplit_once("`, expected ")
        .or_else(|| unknown.rsplit_once("`, there "))
        .unwrap_or((unknown, ""));
    // The path may end at the unknown field, or at what has it.
    let parent = match path.strip_suffix(name) {
        Some("") => "",
        Some(parent) => parent.strip_suffix('.').unwrap_or(path),
        None => path,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let (field, mut rule) = if (1..=FOREIGN_NAME_CHARS).contains(&name.len()) && name.chars().all(plain) {
        (join(parent, name), "is not known here".to_owned())
    } else {
        (parent.to_owned(), "has a field that is not known here".to_owned())
    };
    let known = names_in(known);
    if !known.is_empty() {
        rule.push_str("; known are: ");
        rule.push_str(&known.join(", "));
    }
    UnreadableField { field, rule }
}

/// The path of a field of the object at `path`, where that does not name it already.
fn join(path: &str, name: &str) -> String {
    let named = path == name || path.strip_suffix(name).is_some_and(|parent| parent.ends_with('.'));
    match (path, named) {
        ("", _) => name.to_owned(),
        (path, true) => path.to_owned(),
        (path, false) => format!("{path}.{name}"),
    }
}

fn quoted<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    text.strip_prefix(beginning)?.strip_suffix('`')
}

/// Line and column are of no use to people who did not write the JSON by hand.
fn without_position(sentence: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match sentence.rsplit_once(" at line ") {
        Some((said, place)) if place.split(" column ").all(digits) => said,
        _ => sentence,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::value::{BoolDeserializer, Error, StrDeserializer};
    use serde::de::{DeserializeOwned, Error as _, IntoDeserializer};

    use super::*;
    use crate::{MediaPolicy, Timestamp};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what cannot be read matters here")]
    struct Whole {
        days: i64,
        #[serde(default)]
        part: Part,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {}

    #[derive(Debug, Deserialize)]
    enum Tide {
        High,
        Low,
    }

    /// What is wrong with this JSON as a `T`.
    fn read<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> (String, String) {
        let error = serde_json::from_str::<T>(json).unwrap_err().to_string();
        let wrong = UnreadableField::new(".", &error);
        (wrong.field, wrong.rule)
    }

    fn rule_of<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
        read::<T>(json).1
    }

    #[test]
    fn json_of_a_wrong_type_is_refused_with_the_right_one() {
        let policy = "must be one of: store, on_view, stream";
        let null = |rule: &str| format!("cannot be null; {rule}");
        for (said, plain) in [
            (rule_of::<i64>("\"30\""), "must be a whole number"),
            (rule_of::<i64>("3.5"), "must be a whole number"),
            (rule_of::<i64>("true"), "must be a whole number"),
            (rule_of::<u8>("300"), "must be a whole number from 0 to 255"),
            (rule_of::<u32>("-1"), "must be a whole number from 0 to 4294967295"),
            (
                rule_of::<i64>("1e20"),
                "must be a whole number from -9223372036854775808 to 9223372036854775807",
            ),
            (rule_of::<i32>("1e999"), "must be a smaller number"),
            (rule_of::<f64>("\"a\""), "must be a number"),
            (rule_of::<bool>("\"yes\""), "must be true or false"),
            (rule_of::<String>("5"), "must be a string"),
            (rule_of::<char>("\"ab\""), "must be a string"),
            (rule_of::<Vec<u8>>("{}"), "must be an array"),
            (rule_of::<[u8; 2]>("5"), "must be an array"),
            (rule_of::<[u8; 2]>("[5]"), "has the wrong number of items"),
            (rule_of::<Whole>("5"), "must be an object"),
            (rule_of::<std::collections::BTreeMap<String, u8>>("5"), "must be an object"),
            (rule_of::<MediaPolicy>("\"keep, expected `a`\""), policy),
            (rule_of::<MediaPolicy>("5"), policy),
            (rule_of::<MediaPolicy>("{\"store\": null}"), policy),
            (rule_of::<MediaPolicy>("null"), &null(policy)),
            (rule_of::<Whole>("null"), &null("must be an object")),
            (rule_of::<bool>("null"), &null("must be true or false")),
            (rule_of::<Tide>("\"Ebb\""), "must be one of: High, Low"),
            (rule_of::<Tide>("5"), "must be a string"),
            (rule_of::<Timestamp>("\"soon\""), "must be an RFC 3339 time, like 2026-11-20T09:30:00Z"),
            (rule_of::<()>("5"), "cannot be read"),
        ] {
            assert_eq!(said, plain);
        }
    }

    #[test]
    fn fields_are_named_and_foreign_names_only_where_they_are_harmless() {
        let known = "is not known here; known are: days, part";
        let long = "x".repeat(65);
        for (json, field, rule) in [
            ("{}", "days", "is missing"),
            ("{\"days\": 1, \"days\": 2}", "days", "is given more than once"),
            ("{\"colour\": 1}", "colour", known),
            ("{\"a`, expected `b\": 1}", "", "has a field that is not known here; known are: days, part"),
            (&format!("{{\"{long}\": 1}}"), "", "has a field that is not known here; known are: days, part"),
            ("{\"days\": 1, \"part\": {\"a\": 1}}", "a", "is not known here"),
        ] {
            assert_eq!(read::<Whole>(json), (field.to_owned(), rule.to_owned()), "{json}");
        }
        let of = |path, sentence| UnreadableField::new(path, sentence).field;
        for path in ["part.items[0]", "part.items[0].name"] {
            assert_eq!(of(path, "missing field `name`"), "part.items[0].name");
            assert_eq!(of(path, "unknown field `name`, expected `a`"), "part.items[0].name");
            assert_eq!(of(path, "unknown field `name`, there are no fields"), "part.items[0].name");
        }
        assert_eq!(of("name", "missing field `name`"), "name");
        assert_eq!(of("part", "invalid type: string \"a field `x`\", expected i64"), "part");
    }

    #[test]
    fn query_values_of_a_wrong_type_are_refused_with_the_right_one() {
        let parsed = |error: String| UnreadableField::new("limit", &error).rule;
        let word: StrDeserializer<'_, Error> = "keep".into_deserializer();
        let flag: BoolDeserializer<Error> = true.into_deserializer();
        for (said, plain) in [
            (parsed("five".parse::<i64>().unwrap_err().to_string()), "must be a whole number"),
            (parsed("".parse::<i64>().unwrap_err().to_string()), "must be a whole number"),
            (parsed("300".parse::<u8>().unwrap_err().to_string()), "must be a smaller number"),
            (parsed("-300".parse::<i8>().unwrap_err().to_string()), "must be a larger number"),
            (parsed("x".parse::<f64>().unwrap_err().to_string()), "must be a number"),
            (parsed("".parse::<f64>().unwrap_err().to_string()), "must be a number"),
            (parsed("yes".parse::<bool>().unwrap_err().to_string()), "must be true or false"),
            (parsed("unsupported value".to_owned()), "is given more than once"),
            (
                parsed(MediaPolicy::deserialize(word).unwrap_err().to_string()),
                "must be one of: store, on_view, stream",
            ),
            (
                parsed(MediaPolicy::deserialize(flag).unwrap_err().to_string()),
                "must be one of: store, on_view, stream",
            ),
            (parsed(Error::unknown_variant("x", &["parked"]).to_string()), "must be parked"),
            (parsed(Error::unknown_variant("x", &[]).to_string()), "cannot be read"),
            (parsed(Error::custom("must be 1 or 0").to_string()), "must be 1 or 0"),
            (parsed(Error::custom("thread 'main' panicked").to_string()), "cannot be read"),
            (parsed("recursion limit exceeded at line 1 column 128".to_owned()), "is nested too deeply"),
        ] {
            assert_eq!(said, plain);
        }
    }
}
