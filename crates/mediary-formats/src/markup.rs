//! HTML, SVG and XML: text that a browser would run. Looked for as browsers do, past everything that may stand in
//! front of the first element.

use std::borrow::Cow;

/// Elements at the beginning of a text that make it HTML.
const HTML_ELEMENTS: &[&str] = &[
    "a", "b", "base", "body", "br", "button", "canvas", "center", "details", "dialog", "div", "embed",
    "font", "form", "frameset", "h1", "h2", "h3", "head", "hr", "html", "iframe", "img", "input", "link",
    "main", "marquee", "math", "meta", "object", "p", "script", "section", "select", "span", "style",
    "table", "template", "textarea", "title", "ul", "video", "audio",
];

/// `text/html`, `image/svg+xml` or `application/xml`; `None` if the text does not begin with markup.
pub(crate) fn detect(head: &[u8]) -> Option<&'static str> {
    let text = decode(head);
    let mut rest = &*text;
    let mut xml = false;
    loop {
        rest = rest.trim_ascii_start();
        if let Some(instruction) = rest.strip_prefix(b"<?") {
            xml |= starts_with_word(instruction, b"xml");
            // What does not end within sight is judged by what was seen.
            let Some(after) = after(instruction, b"?>") else { break };
            rest = after;
        } else if let Some(comment) = rest.strip_prefix(b"<!--") {
            let Some(after) = after(comment, b"-->") else { return Some("text/html") };
            rest = after;
        } else if rest.len() > 9 && rest[..9].eq_ignore_ascii_case(b"<!doctype") {
            let doctype = rest[9..].trim_ascii_start();
            return Some(match () {
                () if starts_with_word(doctype, b"html") => "text/html",
                () if starts_with_word(doctype, b"svg") => "image/svg+xml",
                () => "application/xml",
            });
        } else {
            break;
        }
    }
    match element(rest).as_deref() {
        Some("svg") => Some("image/svg+xml"),
        Some(name) if HTML_ELEMENTS.contains(&name) => Some("text/html"),
        _ => xml.then_some("application/xml"),
    }
}

/// The text without its byte order mark. UTF-16 becomes one byte a character, which is all that names need.
fn decode(head: &[u8]) -> Cow<'_, [u8]> {
    let narrow = |head: &[u8], low: usize, high: usize| {
        head.chunks_exact(2).map(|pair| if pair[high] == 0 { pair[low] } else { b'?' }).collect()
    };
    match head {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(narrow(rest, 0, 1)),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(narrow(rest, 1, 0)),
        [b'<', 0, ..] => Cow::Owned(narrow(head, 0, 1)),
        [0, b'<', ..] => Cow::Owned(narrow(head, 1, 0)),
        _ => Cow::Borrowed(head),
    }
}

/// The name of the element that begins here, without its namespace prefix, in lower case.
fn element(text: &[u8]) -> Option<String> {
    let tag = text.strip_prefix(b"<")?;
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))?;
    let name = std::str::from_utf8(&tag[..end]).ok()?;
    Some(name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase())
}

fn starts_with_word(text: &[u8], word: &[u8]) -> bool {
    text.len() >= word.len()
        && text[..word.len()].eq_ignore_ascii_case(word)
        && text.get(word.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

fn after<'a>(text: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    text.windows(end.len()).position(|window| window == end).map(|at| &text[at + end.len()..])
}

#[cfg(test)]
mod tests {
    use super::detect;

    #[test]
    fn html_is_found_behind_whatever_stands_before_it() {
        for text in [
            "<!DOCTYPE html><html>",
            "<html>",
            " \r\n\t<HTML lang=en>",
            "\u{FEFF}<!doctype html>",
            "<!-- a comment --> <body onload=x>",
            "<script>alert(1)</script>",
            "<ScRiPt src=//x>",
            "<iframe/src=x>",
            "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\" \"x\"><html>",
            "<!-- it does not end",
        ] {
            assert_eq!(detect(text.as_bytes()), Some("text/html"), "{text}");
        }
    }

    #[test]
    fn svg_is_found_behind_whatever_stands_before_it() {
        for text in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\">",
            "<svg>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Generator: x -->\n<svg:svg xmlns:svg='x'>",
            "\u{FEFF} <!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\"><svg>",
            "<?xml-stylesheet href='x'?><SVG onload=x>",
        ] {
            assert_eq!(detect(text.as_bytes()), Some("image/svg+xml"), "{text}");
        }
    }

    #[test]
    fn wide_characters_hide_nothing() {
        let text = "<svg onload='x'>";
        let wide = |order: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
            format!("{mark}{text}").encode_utf16().flat_map(order).collect()
        };
        for mark in ["", "\u{FEFF}"] {
            assert_eq!(detect(&wide(u16::to_le_bytes, mark)), Some("image/svg+xml"));
            assert_eq!(detect(&wide(u16::to_be_bytes, mark)), Some("image/svg+xml"));
        }
    }

    #[test]
    fn text_of_another_kind_is_not_markup() {
        assert_eq!(detect(b"<?xml version='1.0'?><rss>"), Some("application/xml"));
        for text in ["plain", "a < b", "<3 you", "<ana@acme.test>", "<address>", "", "<", "<!", "<invoice>"] {
            assert_eq!(detect(text.as_bytes()), None, "{text}");
        }
    }
}
