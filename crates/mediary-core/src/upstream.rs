//! Words of others (WhatsApp, a media host, a bucket), before they are logged, stored or shown.

/// Characters of upstream's words that are kept.
pub const UPSTREAM_TEXT_CHARS: usize = 300;
/// Letters, digits and signs in a row that make a token, an id or a hash: no word of a sentence is so long and mixed.
const TOKEN_CHARS: usize = 20;
/// How Meta's access tokens begin, and how long a beginning of one gives it away.
const META_TOKEN: &str = "EAA";
const META_TOKEN_CHARS: usize = 6;
/// Digits that make a phone number; Graph's codes have six.
const NUMBER_DIGITS: usize = 7;
/// Names in front of a secret: `Signature=…`, `"access_token": "…"`, `<AWSAccessKeyId>…`, `Authorization: Bearer …`.
const SECRET_NAMES: [&str; 9] = [
    "token",
    "secret",
    "signature",
    "accesskey",
    "access_key",
    "password",
    "authorization",
    "credential",
    "stringtosign",
];
const SECRET_SCHEMES: [&str; 2] = ["bearer", "basic"];
const REMOVED: &str = "[removed]";

/// Upstream's words without what no log may show: Graph repeats a malformed token in its own error, and bodies of
/// errors quote URLs, numbers and ids. Control characters become spaces, and the rest is cut.
pub fn upstream_text(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut clean = String::new();
    let mut names_secret = false;
    for word in words {
        if !clean.is_empty() {
            clean.push(' ');
        }
        if word.contains("://") || word.contains("%3A%2F%2F") || word.contains("www.") {
            clean.push_str(REMOVED);
        } else {
            names_secret = without_tokens(word, names_secret, &mut clean);
        }
    }
    let clean = without_numbers(&clean);
    match clean.char_indices().nth(UPSTREAM_TEXT_CHARS) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// Adds a word without its secrets; `names_secret` says that the one before named one that comes now. Whether this one does.
fn without_tokens(word: &str, mut names_secret: bool, into: &mut String) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-+/=|.%~".contains(c);
    let mut named = false;
    for piece in word.split_inclusive(|c: char| !is_part(c)) {
        let run = piece.trim_end_matches(|c: char| !is_part(c));
        let behind = &piece[run.len()..];
        let scheme = SECRET_SCHEMES.iter().any(|scheme| run.eq_ignore_ascii_case(scheme));
        if !run.is_empty() {
            into.push_str(if (names_secret && !scheme) || is_secret(run) { REMOVED } else { run });
            names_secret = scheme;
            named = is_secret_name(run);
        }
        names_secret |= named && (behind == ":" || behind == ">");
        into.push_str(behind);
    }
    names_secret
}

/// A closing tag names what is over.
fn is_secret_name(run: &str) -> bool {
    let run = run.to_ascii_lowercase();
    !run.starts_with('/') && SECRET_NAMES.iter().any(|name| run.contains(name))
}

fn is_secret(run: &str) -> bool {
    if let Some((name, value)) = run.split_once('=')
        && !value.is_empty()
        && is_secret_name(name)
    {
        return true;
    }
    let has = |kind: fn(&u8) -> bool| run.as_bytes().iter().any(kind);
    let mixed = has(u8::is_ascii_digit) || (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
    let meta = run.find(META_TOKEN).is_some_and(|at| run.len() - at >= META_TOKEN_CHARS);
    meta || (mixed && run.len() >= TOKEN_CHARS && !is_camel_case(run))
}

/// `SignatureDoesNotMatch`: the codes of stores are long words of short ones.
fn is_camel_case(run: &str) -> bool {
    let bytes = run.as_bytes();
    let capitals = bytes.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let letters = bytes.iter().all(u8::is_ascii_alphabetic);
    let apart = bytes.windows(2).all(|pair| !(pair[0].is_ascii_uppercase() && pair[1].is_ascii_uppercase()));
    letters && apart && bytes.first().is_some_and(u8::is_ascii_uppercase) && capitals * 3 <= bytes.len()
}

/// Numbers may be written with spaces and signs between their digits.
fn without_numbers(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| !c.is_ascii_digit() && !" -().".contains(c)).unwrap_or(number.len());
        let run = number[..end].trim_end_matches(|c: char| !c.is_ascii_digit());
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        clean.push_str(before);
        clean.push_str(if digits >= NUMBER_DIGITS { REMOVED } else { run });
        rest = &number[run.len()..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_text_is_kept_without_tokens_urls_and_numbers() {
        let table = [
            ("Malformed access token EAAGm0PX4ZCpsBAKZCexample1234", "Malformed access token [removed]"),
            ("token 'EAAGm0PX'.", "token '[removed]'."),
            ("token=EAAGm0PX;x", "[removed];x"),
            ("see https://lookaside.fbsbx.com/?mid=1&hash=Ab for it", "see [removed] for it"),
            (
                "(#131030) Recipient +1 (555) 078-3881 is not allowed",
                "(#131030) Recipient +[removed] is not allowed",
            ),
            ("wamid.HBgLMTU1NTA3ODM4ODEVAgASGBQ is unknown", "[removed] is unknown"),
            ("needs whatsapp_business_messaging now", "needs whatsapp_business_messaging now"),
            ("<Code>SignatureDoesNotMatch</Code>", "<Code>SignatureDoesNotMatch</Code>"),
            (
                "<AWSAccessKeyId>minio</AWSAccessKeyId><Region>eu</Region>",
                "<AWSAccessKeyId>[removed]</AWSAccessKeyId><Region>eu</Region>",
            ),
            (r#"{"access_token":"abc","x":"y"}"#, r#"{"access_token":"[removed]","x":"y"}"#),
            ("Authorization: Bearer abc is wrong", "Authorization: Bearer [removed] is wrong"),
            ("X-Amz-Signature=abc&x=1", "[removed]&x=1"),
            ("the token is wrong", "the token is wrong"),
            ("aBcDeFgHiJkLmNoPqRsTuV", "[removed]"),
            ("line\nbreak\u{0} and  spaces", "line break and spaces"),
            ("Ünïcode stays 🦄", "Ünïcode stays 🦄"),
            ("", ""),
        ];
        for (given, kept) in table {
            assert_eq!(upstream_text(given), kept);
        }
    }

    #[test]
    fn upstream_text_is_cut() {
        assert_eq!(upstream_text(&"wörd ".repeat(1000)).chars().count(), UPSTREAM_TEXT_CHARS + 1);
        assert_eq!(upstream_text(&"x".repeat(UPSTREAM_TEXT_CHARS)).len(), UPSTREAM_TEXT_CHARS);
    }
}
